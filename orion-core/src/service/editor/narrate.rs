//! Speaking the lines of a script, one journaled step each.

use super::{Editor, encode_wav};
use crate::domain::{BlobRef, CostCategory, Script, Stage};
use crate::port::{Speech, SpeechModel, SpeechRequest, SpokenWord, WordTimes};
use crate::service::journal::{Journal, Work};
use crate::strategy::Turn;
use crate::{Error, MediaTime, Operation, ProgressUpdate, Result};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Nothing is heard below this share of full scale: half a step of 16 bits.
const INAUDIBLE: f32 = 0.5 / 32_768.0;

/// A script as it is spoken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Narration {
    /// One per line of the script, in order.
    pub lines: Vec<SpokenLine>,
    /// Who spoke: `piper`.
    pub provider: String,
    /// Whether every line had been spoken by an earlier attempt.
    pub reused: bool,
}

impl Narration {
    /// A note for people if not all of its word times are the voice's own.
    pub fn note(&self) -> Option<String> {
        let provider = &self.provider;
        let some = |times| self.lines.iter().any(|line| line.times == times);
        match (some(WordTimes::Estimated), some(WordTimes::Heard)) {
            (true, _) => Some(format!(
                "speech: {provider} tells no word times; the captions follow the pauses and the length of the words"
            )),
            (false, true) => {
                Some(format!("speech: {provider} tells no word times; a transcriber heard when each word is said"))
            }
            (false, false) => None,
        }
    }
}

/// A line as it is spoken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpokenLine {
    /// The sound, a WAV file; `None` for silence.
    #[serde(default)]
    pub audio: Option<BlobRef>,
    /// Its length.
    pub duration: MediaTime,
    /// Its words, from the start of the sound.
    pub words: Vec<SpokenWord>,
    /// How their times were found.
    #[serde(default, skip_serializing_if = "WordTimes::are_exact")]
    pub times: WordTimes,
}

impl Editor {
    /// Speaks every line of a script, each with the voice that is named for it, all of them by one model: if it fails on
    /// a line, the next one speaks all of them. A line for which none is named has the model's own voice. One line after
    /// another: a voice that runs here takes every core for one line already, so two at once would only take
    /// twice the memory. Reports `sentences` of [`Stage::Video`].
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) for a script without lines;
    /// as [`SpeechModel::speak`], with the line; the journal's own.
    pub async fn narrate(
        &self,
        journal: &Journal,
        script: &Script,
        voices: &[Option<String>],
        speed: f64,
        operation: &Operation,
    ) -> Result<Narration> {
        let requests: Vec<SpeechRequest> = script
            .lines
            .iter()
            .enumerate()
            .map(|(index, line)| SpeechRequest {
                text: line.text.clone(),
                voice: voices.get(index).cloned().flatten(),
                language: script.language.clone(),
                speed,
            })
            .collect();
        let Some(opening) = requests.first() else {
            return Err(Error::invalid("a script without lines cannot be spoken"));
        };
        for (index, request) in requests.iter().enumerate() {
            request.check().map_err(|error| error.with_context("line", index + 1))?;
        }
        if let Some(narration) = spoken(journal, &requests, operation).await? {
            return Ok(narration);
        }
        // Who has begun goes on.
        let begun = journal.holder(&key(0), &self.speech, |by| (opening, by.clone())).await?;
        let requests = &requests;
        let speak = |turn| async move { self.narrate_in_turn(&turn, journal, requests, operation).await };
        Ok(self.speech.in_turn(begun, speak).await?.value)
    }

    async fn narrate_in_turn(
        &self,
        turn: &Turn<dyn SpeechModel>,
        journal: &Journal,
        requests: &[SpeechRequest],
        operation: &Operation,
    ) -> Result<Narration> {
        let total = requests.len() as u64;
        let mut narration = Narration { lines: Vec::new(), provider: turn.by().name.clone(), reused: true };
        operation.report(ProgressUpdate::running(Stage::Video, 0, total, "sentences"));
        for (index, request) in requests.iter().enumerate() {
            operation.cancellation.check()?;
            // Another voice behind the same request speaks anew.
            let done = journal
                .step(&key(index), &(request, turn.by()), || speak(turn, journal, request, operation))
                .await
                .map_err(|error| error.with_context("line", index + 1))?;
            narration.reused &= done.reused;
            narration.lines.push(done.value);
            let mut update = ProgressUpdate::running(Stage::Video, index as u64 + 1, total, "sentences");
            update.reused = done.reused;
            operation.report(update);
        }
        Ok(narration)
    }
}

/// What one voice has spoken of all of it, if one has: then none is needed any more.
async fn spoken(journal: &Journal, requests: &[SpeechRequest], operation: &Operation) -> Result<Option<Narration>> {
    let (total, mut lines, mut provider) = (requests.len() as u64, Vec::new(), None::<String>);
    for (index, request) in requests.iter().enumerate() {
        let Some(done) = journal.done(&key(index), |by| (request, by.clone())).await? else { return Ok(None) };
        if provider.get_or_insert_with(|| done.provider.clone()) != &done.provider {
            return Ok(None);
        }
        lines.push(done.value);
    }
    let update = ProgressUpdate::running(Stage::Video, total, total, "sentences");
    operation.report(ProgressUpdate { reused: true, ..update });
    Ok(Some(Narration { lines, provider: provider.unwrap_or_default(), reused: true }))
}

/// Has a line spoken, and stores its sound.
async fn speak(
    turn: &Turn<dyn SpeechModel>,
    journal: &Journal,
    request: &SpeechRequest,
    operation: &Operation,
) -> Result<Work<SpokenLine>> {
    let characters = request.text.chars().count() as f64;
    let speak = |model: Arc<dyn SpeechModel>| async move {
        let taken = operation.afford(model.provider(), CostCategory::TtsCharacters, characters).await?;
        let speech = model.speak(request, operation).await?;
        operation.settle(taken, speech.usage.cost).await;
        Ok(speech)
    };
    let Speech { samples, sample_rate, words, times, usage } = turn.ask(&operation.cancellation, speak).await?;
    let duration = MediaTime::from_units(samples.len() as u64, sample_rate);
    if samples.is_empty() || sample_rate == 0 {
        return Err(Error::unexpected("the voice gave no sound").with_context("text", &request.text));
    }
    let audio = match samples.iter().any(|sample| sample.abs() > INAUDIBLE) {
        true => Some(journal.keep(encode_wav(&samples, sample_rate), "audio/wav", usage.cost, operation).await?),
        false => None,
    };
    let blobs = audio.clone().into_iter().collect();
    turn.paid(usage.cost);
    Ok(Work { blobs, usage: Some(usage), ..Work::of(turn, SpokenLine { audio, duration, words, times }) })
}

/// Journal key of a line.
fn key(index: usize) -> String {
    format!("speech/{index}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::timeline::Timeline;
    use crate::domain::{Money, StepState};
    use crate::memory::{ManualClock, MemoryBlobs, MemoryStore, SeededEntropy};
    use crate::port::{
        MediaInfo, MediaProbe, Provider, RenderSettings, Rendered, Renderer, Repair, Side, Thumbnail, ThumbnailRequest,
        Usage, Voice,
    };
    use crate::testing::sample;
    use crate::{Cancellation, ErrorKind, RecordedProgress};
    use async_trait::async_trait;
    use std::collections::BTreeSet;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Speaks, and notes what and how much of it at once; there is nothing else in this studio.
    #[derive(Debug)]
    struct Speaker {
        provider: Provider,
        busy: AtomicUsize,
        most: AtomicUsize,
        spoken: Mutex<Vec<String>>,
        voices: Mutex<Vec<Option<String>>>,
        fails_at: Option<&'static str>,
    }

    #[async_trait]
    impl SpeechModel for Speaker {
        fn provider(&self) -> &Provider {
            &self.provider
        }

        async fn voices(&self) -> Result<Vec<Voice>> {
            Ok(Vec::new())
        }

        async fn speak(&self, request: &SpeechRequest, _: &Operation) -> Result<Speech> {
            self.most.fetch_max(self.busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            self.busy.fetch_sub(1, Ordering::SeqCst);
            self.spoken.lock().unwrap().push(request.text.clone());
            self.voices.lock().unwrap().push(request.voice.clone());
            if self.fails_at == Some(&request.text) {
                return Err(Error::unavailable("no voice is installed"));
            }
            let usage = Usage { category: CostCategory::TtsCharacters, units: 1.0, cost: Money::ZERO };
            let (samples, times) = (vec![0.5; request.text.len() * 100], WordTimes::Voice);
            Ok(Speech { samples, sample_rate: 1000, words: Vec::new(), times, usage })
        }
    }

    #[async_trait]
    impl Renderer for Speaker {
        async fn render(&self, _: &Timeline, _: &RenderSettings, _: &Operation) -> Result<Rendered> {
            Err(Error::new(ErrorKind::Unsupported, "nothing is rendered here"))
        }

        async fn frame(&self, _: &Timeline, _: MediaTime) -> Result<BlobRef> {
            Err(Error::new(ErrorKind::Unsupported, "nothing is drawn here"))
        }

        async fn thumbnail(&self, _: &ThumbnailRequest) -> Result<Thumbnail> {
            Err(Error::new(ErrorKind::Unsupported, "nothing is drawn here"))
        }

        async fn repair(&self, _: &Rendered, _: &BTreeSet<Repair>, _: &Operation) -> Result<(BlobRef, MediaInfo)> {
            Err(Error::new(ErrorKind::Unsupported, "nothing is repaired here"))
        }
    }

    #[async_trait]
    impl MediaProbe for Speaker {
        async fn probe(&self, _: &BlobRef, _: &Operation) -> Result<MediaInfo> {
            Err(Error::new(ErrorKind::Unsupported, "nothing is probed here"))
        }
    }

    fn studio(fails_at: Option<&'static str>) -> (Editor, Arc<Speaker>, Journal) {
        let provider = Provider { name: "speaker".to_owned(), model: "test".to_owned(), side: Side::Local };
        let (busy, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let speaker =
            Arc::new(Speaker { provider, busy, most, spoken: Mutex::default(), voices: Mutex::default(), fails_at });
        let blobs = Arc::new(MemoryBlobs::new());
        let clock = Arc::new(ManualClock::at(sample::time(0)));
        let entropy = Arc::new(SeededEntropy::new(7));
        let journal = Journal::new(Arc::new(MemoryStore::new()), blobs.clone(), clock, entropy, &sample::run(1));
        let editor =
            Editor { speech: speaker.clone().into(), blobs, renderer: speaker.clone(), probe: speaker.clone() };
        (editor, speaker, journal)
    }

    #[tokio::test]
    async fn lines_are_spoken_one_after_another_and_once() {
        let (editor, speaker, journal) = studio(None);
        let script = sample::script();
        let narration = editor.narrate(&journal, &script, &[], 1.0, &Operation::detached()).await.unwrap();
        let texts: Vec<&String> = script.lines.iter().map(|line| &line.text).collect();
        assert_eq!(speaker.spoken.lock().unwrap().iter().collect::<Vec<_>>(), texts);
        assert_eq!(speaker.most.load(Ordering::SeqCst), 1);
        let lengths = texts.iter().map(|text| MediaTime::from_units(text.len() as u64 * 100, 1000));
        assert!(narration.lines.iter().map(|line| line.duration).eq(lengths));
        assert!(!narration.reused);
        let again = editor.narrate(&journal, &script, &[], 1.0, &Operation::detached()).await.unwrap();
        assert_eq!(again, Narration { reused: true, ..narration });
        assert_eq!(speaker.spoken.lock().unwrap().len(), texts.len());
    }

    #[tokio::test]
    async fn every_line_has_its_voice_and_only_another_voice_is_another_line() {
        let (editor, speaker, journal) = studio(None);
        let (script, operation) = (sample::script(), Operation::detached());
        let voices = |names: &[&str]| names.iter().map(|name| Some((*name).to_owned())).collect::<Vec<_>>();
        editor.narrate(&journal, &script, &voices(&["ann", "bob"]), 1.0, &operation).await.unwrap();
        let mut heard = voices(&["ann", "bob"]);
        heard.resize(script.lines.len(), None);
        assert_eq!(*speaker.voices.lock().unwrap(), heard);
        editor.narrate(&journal, &script, &voices(&["ann", "eve"]), 1.0, &operation).await.unwrap();
        assert_eq!(speaker.voices.lock().unwrap()[heard.len()..], voices(&["eve"]));
    }

    #[tokio::test]
    async fn what_was_spoken_is_there_where_nobody_can_speak_any_more() {
        let (mut editor, speaker, journal) = studio(None);
        let (mut script, operation) = (sample::script(), Operation::detached());
        let narration = editor.narrate(&journal, &script, &[], 1.0, &operation).await.unwrap();
        let said = speaker.spoken.lock().unwrap().len();
        editor.speech = crate::strategy::Strategy::nobody();
        let again = editor.narrate(&journal, &script, &[], 1.0, &operation).await.unwrap();
        assert_eq!(again, Narration { reused: true, ..narration });
        assert_eq!(speaker.spoken.lock().unwrap().len(), said);
        script.lines[0].text.push_str(" And more.");
        let error = editor.narrate(&journal, &script, &[], 1.0, &operation).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }

    #[tokio::test]
    async fn a_line_that_fails_is_named_and_those_before_it_are_kept() {
        let (editor, speaker, journal) = studio(Some("It happened on Monday."));
        let script = sample::script();
        let error = editor.narrate(&journal, &script, &[], 1.0, &Operation::detached()).await.unwrap_err();
        assert!(error.context().contains(&("line", "2".to_owned())), "{error}");
        let states: Vec<StepState> = journal.steps().await.unwrap().into_iter().map(|step| step.state).collect();
        assert!(states.len() == 2 && states.contains(&StepState::Finished) && states.contains(&StepState::Failed));
        assert_eq!(speaker.spoken.lock().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_stop_begins_no_further_line() {
        let (editor, speaker, journal) = studio(None);
        let cancellation = Cancellation::new();
        let operation = Operation::new(cancellation.clone(), Arc::new(RecordedProgress::default()));
        let script = sample::script();
        let stop = async {
            while speaker.spoken.lock().unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
            cancellation.cancel();
        };
        let (outcome, ()) = tokio::join!(editor.narrate(&journal, &script, &[], 1.0, &operation), stop);
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled);
        assert!(speaker.spoken.lock().unwrap().len() < script.lines.len());
    }
}
