//! The behaviour that the port asks for, over every model that is there.
//!
//! A Piper voice is looked for in the folder `ORION_VOICES` names, or in the usual data folder. Without one the tests
//! that need it say so and pass, unless `ORION_REQUIRE` names `voice`.

use crate::{PiperSpeech, SilentSpeech, VoiceLibrary};
use orion_core::port::{Speech, SpeechModel, SpeechRequest};
use orion_core::{Cancellation, ErrorKind, Operation};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

fn required(part: &str) -> bool {
    std::env::var("ORION_REQUIRE").is_ok_and(|parts| parts.split(',').any(|required| required.trim() == part))
}

/// Says loudly that a part is missing, and fails if it was required.
fn missing(part: &str, why: &str) {
    assert!(!required(part), "ORION_REQUIRE names {part}: {why}");
    // Not through a macro: those are swallowed when the test passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED, NOT TESTED: {part}: {why}");
}

fn library() -> VoiceLibrary {
    let folder = std::env::var_os("ORION_VOICES").map(PathBuf::from).unwrap_or_else(|| {
        let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
        let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        data.unwrap_or_else(|| home.join(".local/share")).join("orion/voices")
    });
    VoiceLibrary::new(folder)
}

fn piper() -> Option<PiperSpeech> {
    match library().find(None) {
        Ok(files) => Some(PiperSpeech::new(files)),
        Err(error) => {
            missing("voice", &error.to_string());
            None
        }
    }
}

fn request(text: &str) -> SpeechRequest {
    SpeechRequest { text: text.to_owned(), voice: None, language: "en".to_owned(), speed: 1.0 }
}

/// What must hold of every answer.
fn check(request: &SpeechRequest, speech: &Speech) {
    let shown: Vec<&str> = request.text.split_whitespace().collect();
    let words: Vec<&str> = speech.words.iter().map(|word| word.text.as_str()).collect();
    assert_eq!(words, shown);
    assert!((8_000..=48_000).contains(&speech.sample_rate));
    let mut at = 0;
    for word in &speech.words {
        assert!(word.start.0 >= at && word.end > word.start, "{word:?} of {:?}", request.text);
        at = word.end.0;
    }
    assert!(at as f64 / 1e6 <= speech.samples.len() as f64 / f64::from(speech.sample_rate) + 1e-6);
    assert!(speech.samples.iter().all(|sample| sample.is_finite() && sample.abs() <= 1.0));
}

async fn conforms(model: Arc<dyn SpeechModel>) {
    let detached = Operation::detached();
    for text in [
        "Hello.",
        "SQLite 4 is 2.1x faster — really: $36bn says so! 🚀",
        "— 🚀 …",
        "\u{200b} ok\tthen\n\nDr. Smith (NASA) said “go”",
        "x",
        "東京 is big",
    ] {
        let request = request(text);
        check(&request, &model.speak(&request, &detached).await.unwrap());
    }
    let kind = async |request: SpeechRequest| model.speak(&request, &detached).await.map(|_| ()).unwrap_err().kind();
    assert_eq!(kind(request("")).await, ErrorKind::Invalid);
    assert_eq!(kind(request(" \n")).await, ErrorKind::Invalid);
    assert_eq!(kind(request(&"a ".repeat(2501))).await, ErrorKind::Invalid);
    for speed in [0.49, 2.01, f64::NAN, -1.0] {
        assert_eq!(kind(SpeechRequest { speed, ..request("one") }).await, ErrorKind::Invalid);
    }
    let unknown = SpeechRequest { voice: Some("nobody-has-this-voice".to_owned()), ..request("one") };
    assert_eq!(kind(unknown).await, ErrorKind::NotFound);
    let cancellation = Cancellation::new();
    cancellation.cancel();
    let stopped = Operation::new(cancellation, Arc::new(|_| {}));
    assert_eq!(model.speak(&request("one"), &stopped).await.unwrap_err().kind(), ErrorKind::Cancelled);
    let slow = model.speak(&SpeechRequest { speed: 0.5, ..request("one two three four") }, &detached).await.unwrap();
    let fast = model.speak(&SpeechRequest { speed: 2.0, ..request("one two three four") }, &detached).await.unwrap();
    assert!(slow.samples.len() > 2 * fast.samples.len(), "{} {}", slow.samples.len(), fast.samples.len());
    assert!(model.voices().await.unwrap().iter().any(|voice| voice.installed));
}

#[tokio::test]
async fn silence_conforms() {
    let model = Arc::new(SilentSpeech::new());
    conforms(model.clone()).await;
    let text = "a line of about ten words that takes some time";
    let speech = model.speak(&request(text), &Operation::detached()).await.unwrap();
    let seconds = speech.samples.len() as f64 / f64::from(speech.sample_rate);
    assert!((3.0..6.0).contains(&seconds), "{seconds}");
    assert_eq!(model.provider().name, "silent");
}

#[tokio::test]
async fn piper_conforms() {
    if let Some(model) = piper() {
        conforms(Arc::new(model)).await;
    }
}

#[tokio::test]
async fn the_same_words_sound_the_same() {
    let Some(model) = piper() else { return };
    let request = request("The same words, twice.");
    let first = model.speak(&request, &Operation::detached()).await.unwrap();
    let again = model.speak(&request, &Operation::detached()).await.unwrap();
    assert_eq!(first, again);
    let peak = first.samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!((0.8..0.95).contains(&peak), "{peak}");
    assert_eq!((first.samples[0], first.samples.last()), (0.0, Some(&0.0)));
}

#[tokio::test]
async fn a_foreign_language_is_refused() {
    let Some(model) = piper() else { return };
    let german = SpeechRequest { language: "de".to_owned(), ..request("Guten Tag") };
    let error = model.speak(&german, &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.hint().is_some());
}

#[test]
fn the_choice_is_visible() {
    let folder = tempfile::tempdir().unwrap();
    let empty = VoiceLibrary::new(folder.path());
    assert_eq!(crate::open(Some("silent:"), &empty).unwrap().provider().name, "silent");
    let kind = |voice| crate::open(Some(voice), &empty).map(|_| ()).unwrap_err().kind();
    assert_eq!(kind("joe"), ErrorKind::NotFound);
    assert_eq!(kind("nobody"), ErrorKind::NotFound);
    assert_eq!(kind("/no/such/voice.onnx"), ErrorKind::NotFound);
}
