//! Every voice against the behaviour that the port promises. Voices that are not on this machine are skipped
//! loudly, unless `ORION_REQUIRE` names them.

use crate::{EspeakSpeech, PiperSpeech, SilentSpeech, VoiceLibrary};
use orion_core::port::{SpeechModel, SpeechRequest};
use orion_core::{Cancellation, ErrorKind, MediaTime, Operation, ProgressUpdate};
use std::path::PathBuf;
use std::sync::Arc;

const TEXTS: &[&str] = &[
    "Hello, world.",
    "One",
    "SQLite 4 writes data 2.1x faster — that is $36 billion saved, the FBI said in 2026!",
    "… 🎉 — begins and ends with nothing to say 🎉",
    "'\"\\:;[],%{}<> stays harmless",
    "a\u{0}b \u{7} c",
];

fn request(text: &str) -> SpeechRequest {
    SpeechRequest { text: text.to_owned(), voice: None, language: "en".to_owned(), speed: 1.0 }
}

async fn keeps_its_promises(model: &dyn SpeechModel) {
    let operation = Operation::detached();
    for text in TEXTS {
        let speech = model.speak(&request(text), &operation).await.unwrap();
        let shown: Vec<&str> = text.split_whitespace().collect();
        let spoken: Vec<&str> = speech.words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(spoken, shown);
        let length = MediaTime::from_units(speech.samples.len() as u64, speech.sample_rate);
        let mut at = MediaTime::ZERO;
        for word in &speech.words {
            assert!(word.start >= at && word.end > word.start && word.end <= length, "{text}: {word:?}");
            at = word.end;
        }
        assert!(speech.samples.iter().all(|sample| (-1.0..=1.0).contains(sample)));
    }
    for wrong in ["", "   ", &"word ".repeat(2000)] {
        assert_eq!(model.speak(&request(wrong), &operation).await.unwrap_err().kind(), ErrorKind::Invalid);
    }
    let too_fast = SpeechRequest { speed: 9.0, ..request("Hello") };
    assert_eq!(model.speak(&too_fast, &operation).await.unwrap_err().kind(), ErrorKind::Invalid);
    let stopped = Operation::new(Cancellation::new(), Arc::new(|_: ProgressUpdate| {}));
    stopped.cancellation.cancel();
    assert_eq!(model.speak(&request("Hello"), &stopped).await.unwrap_err().kind(), ErrorKind::Cancelled);
}

#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn absent(what: &str) -> bool {
    let required = std::env::var("ORION_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|name| name == what), "{what} is required and not there");
    eprintln!("SKIPPED: {what} is not on this machine");
    true
}

fn library() -> VoiceLibrary {
    let home = std::env::home_dir().unwrap_or_default().join(".local/share/orion/voices");
    VoiceLibrary::new(std::env::var_os("ORION_VOICES_DIR").map_or(home, PathBuf::from))
}

#[tokio::test]
async fn silence() {
    keeps_its_promises(&SilentSpeech::new()).await;
}

#[tokio::test]
async fn espeak() {
    match EspeakSpeech::find(None) {
        Ok(model) => keeps_its_promises(&model).await,
        Err(_) => assert!(absent("espeak")),
    }
}

#[tokio::test]
async fn piper() {
    match library().find(None) {
        Ok(files) => {
            let model = PiperSpeech::new(files);
            keeps_its_promises(&model).await;
            let slow = SpeechRequest { speed: 0.7, ..request("The quick brown fox jumps over the lazy dog.") };
            let fast = SpeechRequest { speed: 1.6, ..slow.clone() };
            let operation = Operation::detached();
            let (slow, fast) =
                (model.speak(&slow, &operation).await.unwrap(), model.speak(&fast, &operation).await.unwrap());
            assert!(slow.samples.len() > fast.samples.len() * 3 / 2);
        }
        Err(_) => assert!(absent("voice")),
    }
}
