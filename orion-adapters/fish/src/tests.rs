//! Against a server on this machine that speaks the protocol of its source, with good days and bad ones.

use crate::{FishOptions, FishSpeech};
use orion_core::domain::{Money, Secret};
use orion_core::port::{SpeechModel, SpeechRequest, WordTimes};
use orion_core::strategy::Strategy;
use orion_core::{ErrorKind, Operation};
use orion_faithful::{Reply, Server, bad_days, fish};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

fn voice(server: &Server, id: &str) -> FishSpeech {
    FishSpeech::new(id, &FishOptions::at(server.url()), Strategy::nobody()).unwrap()
}

fn request(text: &str) -> SpeechRequest {
    SpeechRequest { text: text.to_owned(), voice: None, language: "en".to_owned(), speed: 1.0 }
}

async fn make_speech() -> (Arc<dyn SpeechModel>, Server) {
    let server = fish::start().await;
    (Arc::new(voice(&server, "anna")), server)
}

orion_core::speech_conformance!(make_speech);

#[tokio::test]
async fn the_request_is_what_the_server_takes() {
    let server = fish::start().await;
    let speech = voice(&server, "").speak(&request("Well, nine dogs!"), &Operation::detached()).await.unwrap();
    assert_eq!((speech.times, speech.sample_rate, speech.usage.cost), (WordTimes::Estimated, 44_100, Money::ZERO));
    assert_eq!(
        server.seen().remove(0).json(),
        json!({
            "text": "Well, nine dogs!", "format": "wav", "streaming": false, "normalize": true, "references": [],
        })
    );
    voice(&server, "ben").speak(&request("Hello."), &Operation::detached()).await.unwrap();
    assert_eq!(server.seen_at("/v1/tts").remove(1).json()["reference_id"], "ben");
    voice(&server, "").health().await.unwrap();
}

#[tokio::test]
async fn a_voice_that_the_server_does_not_know_is_not_left_to_chance() {
    let server = fish::start().await;
    let error = voice(&server, "carl").speak(&request("Hello."), &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(server.seen_at("/v1/tts").is_empty());
    let ids: Vec<String> = voice(&server, "ben").voices().await.unwrap().into_iter().map(|voice| voice.id).collect();
    assert_eq!(ids, ["ben", "default", "anna"]);
}

#[tokio::test]
async fn a_key_is_sent_and_bad_days_are_errors() {
    let server = fish::start().await;
    let options = FishOptions { key: Secret::new("fish-key"), ..FishOptions::at(server.url()) };
    let voice = FishSpeech::new("", &options, Strategy::nobody()).unwrap();
    for (reply, kind) in [
        (Reply::json(401, &json!({"detail": "Invalid token fish-key"})), ErrorKind::Unauthorized),
        (Reply::json(500, &json!({"detail": "Failed to generate speech"})), ErrorKind::Unavailable),
        (Reply::json(400, &json!({"detail": "Text is too long, max length is 100"})), ErrorKind::Unsupported),
        (Reply::nothing(), ErrorKind::Unavailable),
        (Reply::bytes(200, "audio/wav", vec![0; 5000]).cut_after(100), ErrorKind::Unavailable),
        (Reply::bytes(200, "audio/wav", "RIFF"), ErrorKind::Corrupt),
        (Reply::bytes(200, "text/html", "<html>"), ErrorKind::Corrupt),
    ] {
        server.next(reply);
        let error = voice.speak(&request("Hello."), &Operation::detached()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(!format!("{error:?}").contains("fish-key"), "{error:?}");
    }
    assert_eq!(server.seen()[0].header("authorization"), Some("Bearer fish-key"));
    server.next(Reply::json(503, &json!({})));
    assert_eq!(voice.health().await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn every_bad_day_is_told_as_what_it_is() {
    let server = fish::start().await;
    // Over before any answer of a bad day ends.
    let hurried = FishOptions { deadline: Duration::from_millis(300), ..FishOptions::at(server.url()) };
    let (patient, hasty) = (voice(&server, ""), FishSpeech::new("", &hurried, Strategy::nobody()).unwrap());
    let speak = async |voice: &FishSpeech| voice.speak(&request("Hello."), &Operation::detached()).await.map(drop);
    bad_days(&server, &[json!({"audio": 7})], async || speak(&patient).await, async || speak(&hasty).await).await;
}
