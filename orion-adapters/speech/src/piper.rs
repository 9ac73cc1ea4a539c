//! Piper voices in pure Rust: phonemes in, sound and the exact length of every phoneme out.
//!
//! A Piper voice is a VITS model in ONNX form beside a JSON description. Its graph computes, on the way to the
//! sound, how many frames each phoneme lasts; asking for that node too gives word times that are exact to the sample.

use crate::normalize::{Pause, SpokenForm, spoken_forms};
use crate::phonemes::Phonemes;
use crate::voices::VoiceFiles;
use async_trait::async_trait;
use orion_core::domain::{CostCategory, Money};
use orion_core::port::{Provider, Side, Speech, SpeechModel, SpeechRequest, SpokenWord, Usage, Voice};
use orion_core::{Error, ErrorKind, MediaTime, Operation, Result};
use rten::{Model, NodeId, ValueOrView};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;

/// Samples per frame of the durations; fixed in VITS as Piper trains it.
const HOP: usize = 256;
/// The node that holds each phoneme's length in frames.
const DURATIONS: &str = "/Ceil_output_0";
/// Longer stretches are spoken in parts, so that memory stays bounded.
const MOST_PHONEMES: usize = 400;

/// The part of a voice's JSON description that is needed.
#[derive(Debug, Deserialize)]
struct Description {
    audio: Audio,
    #[serde(default)]
    espeak: Espeak,
    #[serde(default)]
    inference: Inference,
    #[serde(default = "one")]
    num_speakers: u32,
    phoneme_id_map: HashMap<String, Vec<i32>>,
}

#[derive(Debug, Deserialize)]
struct Audio {
    sample_rate: u32,
}

#[derive(Debug, Default, Deserialize)]
struct Espeak {
    voice: String,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
struct Inference {
    noise_scale: f32,
    length_scale: f32,
    noise_w: f32,
}

impl Default for Inference {
    fn default() -> Self {
        Self { noise_scale: 0.667, length_scale: 1.0, noise_w: 0.8 }
    }
}

fn one() -> u32 {
    1
}

/// A loaded voice.
struct Loaded {
    model: Model,
    inputs: [NodeId; 3],
    speaker: Option<NodeId>,
    outputs: [NodeId; 2],
    description: Description,
    phonemes: Phonemes,
}

/// A Piper voice as a [`SpeechModel`]. The model is loaded at the first sentence and kept.
#[derive(Clone)]
pub struct PiperSpeech {
    provider: Provider,
    files: VoiceFiles,
    loaded: Arc<tokio::sync::OnceCell<Arc<Loaded>>>,
}

impl std::fmt::Debug for PiperSpeech {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PiperSpeech").field("files", &self.files).finish_non_exhaustive()
    }
}

impl PiperSpeech {
    /// A voice by its files; nothing is read yet.
    pub fn new(files: VoiceFiles) -> Self {
        let provider = Provider { name: "piper".to_owned(), model: files.id.clone(), side: Side::Local };
        Self { provider, files, loaded: Arc::default() }
    }

    async fn loaded(&self) -> Result<Arc<Loaded>> {
        let load = || async {
            let files = self.files.clone();
            let loaded = tokio::task::spawn_blocking(move || Loaded::load(&files)).await;
            loaded.map_err(|error| Error::unexpected("loading the voice was cut off").with_source(error))?.map(Arc::new)
        };
        self.loaded.get_or_try_init(load).await.cloned()
    }
}

#[async_trait]
impl SpeechModel for PiperSpeech {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn voices(&self) -> Result<Vec<Voice>> {
        Ok(vec![self.files.voice()])
    }

    async fn speak(&self, request: &SpeechRequest, operation: &Operation) -> Result<Speech> {
        request.check()?;
        if let Some(voice) = request.voice.as_ref().filter(|voice| **voice != self.files.id) {
            return Err(Error::not_found("this voice is not loaded").with_context("voice", voice));
        }
        operation.cancellation.check()?;
        let loaded = self.loaded().await?;
        let request = request.clone();
        let cancellation = operation.cancellation.clone();
        let spoken = tokio::task::spawn_blocking(move || loaded.speak(&request, &|| cancellation.check())).await;
        spoken.map_err(|error| Error::unexpected("speaking was cut off").with_source(error))?
    }
}

/// The phonemes of one stretch with the place of each display word in them.
#[derive(Default)]
struct Stretch {
    ids: Vec<i32>,
    /// First and one-past-last index into `ids` of each display word; equal where nothing is spoken.
    words: Vec<(usize, usize)>,
}

impl Loaded {
    fn load(files: &VoiceFiles) -> Result<Self> {
        let damaged = |what: &'static str| {
            Error::new(ErrorKind::Corrupt, what)
                .with_context("voice", files.model.display())
                .with_hint("run `orion voices install` again, or point to another Piper voice")
        };
        let json = std::fs::read(&files.description)
            .map_err(|error| damaged("the voice's description cannot be read").with_source(error))?;
        let description: Description = serde_json::from_slice(&json)
            .map_err(|error| damaged("the voice's description is not valid").with_source(error))?;
        let model = Model::load_file(&files.model)
            .map_err(|error| damaged("the voice's model cannot be read").with_source(error))?;
        let node =
            |name: &str| model.node_id(name).map_err(|error| damaged("this is not a Piper voice").with_source(error));
        let inputs = [node("input")?, node("input_lengths")?, node("scales")?];
        let outputs = [node("output")?, node(DURATIONS)?];
        let speaker = if description.num_speakers > 1 { Some(node("sid")?) } else { None };
        let phonemes = Phonemes::for_language(&description.espeak.voice);
        Ok(Self { model, inputs, speaker, outputs, description, phonemes })
    }

    fn speak(&self, request: &SpeechRequest, check: &dyn Fn() -> Result<()>) -> Result<Speech> {
        let shown: Vec<&str> = request.text.split_whitespace().collect();
        let mut samples: Vec<f32> = Vec::new();
        let mut times: Vec<(usize, usize)> = Vec::new();
        for stretch in self.stretches(&spoken_forms(&request.text))? {
            check()?;
            let offset = samples.len();
            let (sound, durations) = self.infer(&stretch.ids, request.speed)?;
            let border = |index: usize| offset + durations.iter().take(index).sum::<usize>() * HOP;
            times.extend(stretch.words.iter().map(|(from, to)| (border(*from), border(*to))));
            samples.extend(sound);
        }
        if samples.is_empty() {
            return Err(Error::invalid("there is nothing to speak in this text").with_context("text", &request.text));
        }
        give_silent_words_time(&mut times, samples.len());
        finish(&mut samples, self.description.audio.sample_rate);
        let rate = self.description.audio.sample_rate;
        let at = |sample: usize| MediaTime::from_units(sample as u64, rate);
        let words = shown.iter().zip(&times);
        let words =
            words.map(|(text, (from, to))| SpokenWord { text: (*text).to_owned(), start: at(*from), end: at(*to) });
        let units = request.text.chars().count() as f64;
        Ok(Speech {
            words: words.collect(),
            samples,
            sample_rate: rate,
            usage: Usage { category: CostCategory::TtsCharacters, units, cost: Money::ZERO },
        })
    }

    /// Phoneme identifiers `^ _ p _ p _ … $` of the whole text, cut at pauses where it grows too long.
    fn stretches(&self, forms: &[SpokenForm]) -> Result<Vec<Stretch>> {
        let mut stretches = Vec::new();
        let mut stretch = Stretch::default();
        for (index, form) in forms.iter().enumerate() {
            if stretch.ids.is_empty() {
                self.push(&mut stretch.ids, "^");
            }
            let from = stretch.ids.len();
            if !form.words.is_empty() {
                for phoneme in self.phonemes.of(&form.words)? {
                    self.push_known(&mut stretch.ids, &phoneme);
                }
            }
            stretch.words.push((from, stretch.ids.len()));
            let mark = match form.pause {
                Pause::None => " ",
                Pause::Short => ",",
                Pause::Full => ".",
                Pause::Question => "?",
                Pause::Exclamation => "!",
            };
            let last = index + 1 == forms.len();
            self.push(&mut stretch.ids, mark);
            if form.pause != Pause::None && !last {
                self.push(&mut stretch.ids, " ");
            }
            let long = stretch.ids.len() > MOST_PHONEMES * 2;
            if last || (long && form.pause != Pause::None) || stretch.ids.len() > MOST_PHONEMES * 4 {
                if let Some(end) = self.description.phoneme_id_map.get("$") {
                    stretch.ids.extend(end);
                }
                stretches.push(std::mem::take(&mut stretch));
            }
        }
        stretches.retain(|stretch| stretch.words.iter().any(|(from, to)| to > from) || stretches_text(forms));
        Ok(stretches)
    }

    /// Adds a symbol and the blank that follows each.
    fn push(&self, ids: &mut Vec<i32>, symbol: &str) -> bool {
        let map = &self.description.phoneme_id_map;
        let Some(symbol) = map.get(symbol) else { return false };
        ids.extend(symbol);
        ids.extend(map.get("_").into_iter().flatten());
        true
    }

    /// Adds a phoneme by the closest symbol that the voice knows.
    fn push_known(&self, ids: &mut Vec<i32>, phoneme: &str) {
        if self.push(ids, phoneme) {
            return;
        }
        for c in phoneme.chars() {
            let stand_in = match c {
                'g' => "ɡ",
                'ɫ' => "l",
                'r' => "ɹ",
                'ɝ' => "ɚ",
                'ɾ' => "t",
                '\u{361}' | '\u{200d}' | '\'' => continue,
                _ => "",
            };
            if !self.push(ids, c.encode_utf8(&mut [0; 4])) && !stand_in.is_empty() {
                self.push(ids, stand_in);
            }
        }
    }

    /// Runs the model: samples, and the frames of every identifier.
    fn infer(&self, ids: &[i32], speed: f64) -> Result<(Vec<f32>, Vec<usize>)> {
        let failed =
            |error: Box<dyn std::error::Error + Send + Sync>| Error::unexpected("the voice failed").with_source(error);
        let input = NdTensor::from_data([1, ids.len()], ids.to_vec());
        let length = NdTensor::from_data([1], vec![ids.len() as i32]);
        let Inference { noise_scale, length_scale, noise_w } = self.description.inference;
        let scales = NdTensor::from_data([3], vec![noise_scale, length_scale / speed as f32, noise_w]);
        let [input_id, length_id, scales_id] = self.inputs;
        let mut inputs: Vec<(NodeId, ValueOrView)> =
            vec![(input_id, input.view().into()), (length_id, length.view().into()), (scales_id, scales.view().into())];
        let speaker = NdTensor::from_data([1], vec![0_i32]);
        if let Some(id) = self.speaker {
            inputs.push((id, speaker.view().into()));
        }
        let [sound, durations] =
            self.model.run_n(inputs, self.outputs, None).map_err(|error| failed(Box::new(error)))?;
        let sound: Tensor<f32> = sound.try_into().map_err(|error| failed(format!("{error:?}").into()))?;
        let durations: Tensor<f32> = durations.try_into().map_err(|error| failed(format!("{error:?}").into()))?;
        let durations: Vec<usize> = durations.iter().map(|frames| frames.max(0.0) as usize).collect();
        let sound: Vec<f32> = sound.iter().copied().collect();
        if durations.len() != ids.len() || durations.iter().sum::<usize>() * HOP != sound.len() {
            return Err(Error::unexpected("the voice's sound and phoneme lengths disagree")
                .with_context("samples", sound.len())
                .with_context("frames", durations.iter().sum::<usize>()));
        }
        Ok((sound, durations))
    }
}

fn stretches_text(forms: &[SpokenForm]) -> bool {
    forms.iter().any(|form| !form.words.is_empty())
}

/// Words that are not spoken (a dash, an emoji) share the rest before the next word; every word gets a length.
pub(crate) fn give_silent_words_time(times: &mut [(usize, usize)], total: usize) {
    let mut index = 0;
    while index < times.len() {
        let (from, to) = times.get(index).copied().unwrap_or_default();
        if to > from {
            index += 1;
            continue;
        }
        let silent = times.iter().skip(index).take_while(|(from, to)| to <= from).count();
        let next = times.get(index + silent).map_or(total, |(from, _)| *from);
        let before = if index == 0 { 0 } else { times.get(index - 1).map_or(0, |(_, to)| *to) };
        // Too little rest for all of them: the word before gives up its end.
        let start = before.min(next.saturating_sub(silent * 64));
        if let Some(previous) = index.checked_sub(1).and_then(|previous| times.get_mut(previous)) {
            previous.1 = previous.1.min(start).max(previous.0 + 1);
        }
        let share = (next.saturating_sub(start) / silent).max(1);
        for (place, time) in times.iter_mut().skip(index).take(silent).enumerate() {
            *time = (start + place * share, start + (place + 1) * share);
        }
        index += silent;
    }
}

/// Brings the sound to a common peak, and takes the click from both ends.
fn finish(samples: &mut [f32], rate: u32) {
    let peak = samples.iter().filter(|sample| sample.is_finite()).fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    let gain = if peak > 1e-4 { 0.89 / peak } else { 1.0 };
    for sample in samples.iter_mut() {
        *sample = if sample.is_finite() { (*sample * gain).clamp(-1.0, 1.0) } else { 0.0 };
    }
    let fade = (rate as usize / 200).min(samples.len() / 2).max(1);
    for index in 0..fade {
        let gain = index as f32 / fade as f32;
        if let Some(sample) = samples.get_mut(index) {
            *sample *= gain;
        }
        let end = samples.len() - 1 - index;
        if let Some(sample) = samples.get_mut(end) {
            *sample *= gain;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silent_words_share_the_rest() {
        let mut times = [(100, 200), (200, 200), (200, 200), (400, 500)];
        give_silent_words_time(&mut times, 500);
        assert_eq!(times, [(100, 200), (200, 300), (300, 400), (400, 500)]);
        let mut cramped = [(0, 200), (200, 200), (200, 300)];
        give_silent_words_time(&mut cramped, 300);
        assert!(cramped.windows(2).all(|pair| pair[0].1 <= pair[1].0) && cramped.iter().all(|(from, to)| to > from));
        let mut at_end = [(0, 200), (200, 200)];
        give_silent_words_time(&mut at_end, 200);
        assert!(at_end.iter().all(|(from, to)| to > from && *to <= 200), "{at_end:?}");
    }
}
