//! `espeak-ng` as a child process: robotic, but in a hundred languages and tiny.
//!
//! Its command line gives no word times. Clauses are spoken one by one, so their borders are exact; within a
//! clause each word gets the share of the sound that the word takes when it is spoken alone.

use crate::normal::{self, Lexicon, Pause};
use async_trait::async_trait;
use orion_core::domain::{CostCategory, Money};
use orion_core::port::{Provider, Side, Speech, SpeechModel, SpeechRequest, SpokenWord, Usage, Voice};
use orion_core::{Error, MediaTime, Operation, Result};
use std::collections::HashMap;
use std::io::Write;
use std::process::{Command, Stdio};

const RATE: u32 = 22_050;
/// Words a minute at normal speed; the program's own default is 175.
const PACE: f64 = 165.0;
/// Quieter than this counts as silence at the ends of a clause.
const SILENCE: f32 = 0.004;

/// `espeak-ng` as a [`SpeechModel`].
#[derive(Debug, Clone)]
pub struct EspeakSpeech {
    provider: Provider,
    language: Option<String>,
}

impl EspeakSpeech {
    /// Finds the program. Without a language it speaks that of each request.
    ///
    /// # Errors
    /// [`Unavailable`](orion_core::ErrorKind::Unavailable) if it is not installed.
    pub fn find(language: Option<&str>) -> Result<Self> {
        let output = Command::new("espeak-ng").arg("--version").stdin(Stdio::null()).output().map_err(missing)?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        let model = version.unwrap_or("unknown version").to_owned();
        let provider = Provider { name: "espeak-ng".to_owned(), model, side: Side::Local };
        Ok(Self { provider, language: language.map(str::to_owned) })
    }
}

fn missing(error: std::io::Error) -> Error {
    Error::unavailable("espeak-ng is not installed")
        .with_hint("install it (Debian: `apt-get install espeak-ng`), or run `orion voices install`")
        .with_source(error)
}

#[async_trait]
impl SpeechModel for EspeakSpeech {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn voices(&self) -> Result<Vec<Voice>> {
        Ok(vec![Voice {
            id: "espeak".to_owned(),
            name: "espeak-ng (robotic, any language)".to_owned(),
            language: self.language.clone().unwrap_or_else(|| "mul".to_owned()),
            licence: "espeak-ng is a separate program under GPL-3; its sound is free to use".to_owned(),
            installed: true,
        }])
    }

    async fn speak(&self, request: &SpeechRequest, operation: &Operation) -> Result<Speech> {
        request.check()?;
        let language = self.language.clone().unwrap_or_else(|| request.language.clone());
        let (request, cancellation) = (request.clone(), operation.cancellation.clone());
        let spoken = tokio::task::spawn_blocking(move || {
            let voice = Program { language: language.replace('_', "-").to_lowercase(), pace: PACE * request.speed };
            voice.speak(&request.text, &|| cancellation.check())
        });
        spoken.await.map_err(|error| Error::unexpected("speaking was cut off").with_source(error))?
    }
}

/// Only the pauses are wanted here; how words are said is left to the program.
struct NoWords;

impl Lexicon for NoWords {
    fn knows(&self, _: &str) -> bool {
        false
    }
}

struct Program {
    language: String,
    pace: f64,
}

impl Program {
    fn speak(&self, text: &str, check: &dyn Fn() -> Result<()>) -> Result<Speech> {
        let shown: Vec<&str> = text.split_whitespace().collect();
        let pauses: Vec<Pause> = normal::say(&shown, &NoWords).into_iter().map(|said| said.pause).collect();
        let mut lengths: HashMap<&str, usize> = HashMap::new();
        let mut samples: Vec<f32> = Vec::new();
        let mut words: Vec<SpokenWord> = Vec::new();
        let mut first = 0;
        for (index, pause) in pauses.iter().enumerate() {
            if *pause == Pause::None && index + 1 < shown.len() {
                continue;
            }
            check()?;
            let clause = shown.get(first..=index).unwrap_or_default();
            first = index + 1;
            let sound = trimmed(self.sound(&clause.join(" "))?);
            // A clause without any sound still holds its words for a moment.
            let length = sound.len().max(clause.len() * RATE as usize / 20);
            let mut weights = Vec::with_capacity(clause.len());
            for word in clause {
                let known = lengths.get(word).copied();
                let weight = match known {
                    Some(weight) => weight,
                    None => trimmed(self.sound(word)?).len().max(RATE as usize / 50),
                };
                lengths.insert(word, weight);
                weights.push(weight);
            }
            let total: usize = weights.iter().sum();
            let mut passed = 0;
            for (word, weight) in clause.iter().zip(weights) {
                let border = |units: usize| samples.len() + length * units / total.max(1);
                let (start, end) = (border(passed), border(passed + weight));
                passed += weight;
                words.push(SpokenWord {
                    text: (*word).to_owned(),
                    start: MediaTime::from_units(start as u64, RATE),
                    end: MediaTime::from_units(end.max(start + 1) as u64, RATE),
                });
            }
            let silence = length - sound.len();
            samples.extend(sound);
            samples.extend(std::iter::repeat_n(0.0, silence + rest_after(*pause)));
        }
        let units = text.chars().count() as f64;
        let usage = Usage { category: CostCategory::TtsCharacters, units, cost: Money::ZERO };
        Ok(Speech { samples, sample_rate: RATE, words, usage })
    }

    /// Speaks to standard output. The text goes in by standard input, never by the command line.
    fn sound(&self, text: &str) -> Result<Vec<f32>> {
        let mut child = Command::new("espeak-ng")
            .args(["--stdin", "--stdout", "-z", "-v", &self.language, "-s", &format!("{:.0}", self.pace)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(missing)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A child that ends early is told by its exit status.
            let _ = stdin.write_all(text.as_bytes());
        }
        let output = child.wait_with_output().map_err(missing)?;
        if !output.status.success() {
            return Err(Error::invalid("espeak-ng cannot speak this")
                .with_context("language", &self.language)
                .with_hint("`espeak-ng --voices` lists its languages"));
        }
        // A streamed WAV does not know its length: 44 bytes of header, then 16-bit samples to the end.
        let data = output.stdout.get(44..).unwrap_or_default();
        let pairs = data.chunks_exact(2);
        Ok(pairs
            .map(|pair| {
                f32::from(i16::from_le_bytes([pair.first().copied().unwrap_or(0), pair.last().copied().unwrap_or(0)]))
                    / 32768.0
            })
            .collect())
    }
}

fn rest_after(pause: Pause) -> usize {
    let millis = match pause {
        Pause::None => 0,
        Pause::Clause => 120,
        Pause::Sentence(_) => 280,
    };
    RATE as usize * millis / 1000
}

/// The sound without the silence at both ends.
fn trimmed(mut samples: Vec<f32>) -> Vec<f32> {
    let loud = |sample: &f32| sample.abs() > SILENCE;
    let end = samples.iter().rposition(loud).map_or(0, |last| last + 1);
    samples.truncate(end);
    let start = samples.iter().position(loud).unwrap_or(0);
    samples.split_off(start)
}
