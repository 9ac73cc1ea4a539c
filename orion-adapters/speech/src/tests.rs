//! The behaviour that the port asks for, over every model that is there.
//!
//! A Piper voice is looked for in the folder `ORION_VOICES` names, or in the usual data folder. Without one the tests
//! that need it say so and pass, unless `ORION_REQUIRE` names `voice`.

use crate::{EspeakSpeech, PiperSpeech, SilentSpeech, VoiceLibrary};
use orion_core::port::{Speech, SpeechModel, SpeechRequest};
use orion_core::testing::generate as suite;
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

/// What must hold of those that make sound as well as of silence.
async fn behaves(model: Arc<dyn SpeechModel>) {
    let detached = Operation::detached();
    for text in [
        "SQLite 4 is 2.1x faster — really: $36bn says so! 🚀",
        "— 🚀 …",
        "\u{200b} ok\tthen\n\nDr. Smith (NASA) said “go”",
        "'\"\\:;[],%{}<> -v /etc/passwd a\u{0}b \u{7} c",
        "x",
        "東京 is big",
    ] {
        let request = request(text);
        check(&request, &model.speak(&request, &detached).await.unwrap());
    }
    let slow = model.speak(&SpeechRequest { speed: 0.5, ..request("one two three four") }, &detached).await.unwrap();
    let fast = model.speak(&SpeechRequest { speed: 2.0, ..request("one two three four") }, &detached).await.unwrap();
    assert!(slow.samples.len() > 2 * fast.samples.len(), "{} {}", slow.samples.len(), fast.samples.len());
    suite::speech_refuses_what_it_cannot_speak(model.clone()).await;
    suite::speech_lists_its_voices(model.clone()).await;
    suite::cancelled_speech_stops(model).await;
}

async fn conforms(model: Arc<dyn SpeechModel>) {
    suite::speech_times_every_word(model.clone()).await;
    behaves(model).await;
}

#[tokio::test]
async fn silence_conforms() {
    let model = Arc::new(SilentSpeech::new());
    behaves(model.clone()).await;
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

fn espeak() -> Option<EspeakSpeech> {
    EspeakSpeech::find(None).inspect_err(|error| missing("espeak", &error.to_string())).ok()
}

#[tokio::test]
async fn espeak_conforms() {
    if let Some(model) = espeak() {
        conforms(Arc::new(model)).await;
    }
}

#[tokio::test]
async fn espeak_speaks_other_languages_and_knows_which() {
    let Some(model) = espeak() else { return };
    for (language, text) in [("de", "Am 3. Mai 1984 kostete es 2,50 € – für alle!"), ("fr", "C’est l’été, déjà.")]
    {
        let request = SpeechRequest { language: language.to_owned(), ..request(text) };
        let speech = model.speak(&request, &Operation::detached()).await.unwrap();
        check(&request, &speech);
    }
    let unknown = SpeechRequest { language: "xx-nowhere".to_owned(), ..request("one") };
    assert_eq!(model.speak(&unknown, &Operation::detached()).await.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn foreign_words_get_sounds_one_by_one() {
    if espeak().is_none() {
        return;
    }
    let text = "Das kostet 1984 Euro — sehr viel, sagt IBM.";
    let shown: Vec<&str> = text.split_whitespace().collect();
    let voiced = crate::espeak::sounds(&shown, "de", &Cancellation::new()).await.unwrap();
    assert_eq!(voiced.len(), shown.len());
    let silent: Vec<&str> =
        shown.iter().zip(&voiced).filter(|(_, voiced)| voiced.sounds.is_empty()).map(|(word, _)| *word).collect();
    assert_eq!(silent, ["—"]);
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
