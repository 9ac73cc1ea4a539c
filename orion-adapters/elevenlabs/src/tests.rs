//! Against a server on this machine that speaks the documented protocol, with good days and bad ones.

use crate::{ElevenLabsOptions, ElevenLabsSpeech};
use orion_core::domain::{Money, Secret};
use orion_core::port::{SpeechModel, SpeechRequest, WordTimes};
use orion_core::{ErrorKind, Operation};
use orion_faithful::elevenlabs::{self, KEY, OTHER_VOICE};
use orion_faithful::{Reply, Server, bad_days};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

fn voice(server: &Server) -> ElevenLabsSpeech {
    let options = ElevenLabsOptions { address: server.url(), ..ElevenLabsOptions::cloud(Secret::new(KEY)) };
    ElevenLabsSpeech::new("", options).unwrap()
}

fn request(text: &str) -> SpeechRequest {
    SpeechRequest { text: text.to_owned(), voice: None, language: "en".to_owned(), speed: 1.0 }
}

async fn make_speech() -> (Arc<dyn SpeechModel>, Server) {
    let server = elevenlabs::start().await;
    (Arc::new(voice(&server)), server)
}

orion_core::speech_conformance!(make_speech);

#[tokio::test]
async fn character_times_become_word_times_and_characters_are_paid() {
    let server = elevenlabs::start().await;
    let speech = voice(&server).speak(&request("Well, — nine dogs!"), &Operation::detached()).await.unwrap();
    assert_eq!(speech.times, WordTimes::Voice);
    assert_eq!(speech.usage.cost, Money::from_dollars(18.0 * 0.000_015));
    // `Well,` is four letters of 50 ms and a mark of 300 ms.
    let seconds: Vec<f64> = speech.words.iter().map(|word| word.end.0 as f64 / 1e6).collect();
    assert!((seconds[0] - 0.5).abs() < 0.01, "{seconds:?}");
    let asked = server.seen().remove(0);
    assert_eq!(asked.path, "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM/with-timestamps");
    assert_eq!((asked.query.as_str(), asked.header("xi-api-key")), ("output_format=pcm_24000", Some(KEY)));
    assert_eq!(
        asked.json(),
        json!({
            "text": "Well, — nine dogs!", "model_id": "eleven_multilingual_v2",
            "voice_settings": {"stability": 0.5, "similarity_boost": 0.75, "speed": 1.0},
        })
    );
}

#[tokio::test]
async fn a_pace_that_the_service_does_not_have_is_made_here() {
    let server = elevenlabs::start().await;
    let length = async |speed: f64| {
        let request = SpeechRequest { speed, ..request("One two three four five.") };
        let speech = voice(&server).speak(&request, &Operation::detached()).await.unwrap();
        (speech.samples.len() as f64, speech.words.last().unwrap().start.0 as f64)
    };
    let (normal, last) = length(1.0).await;
    for speed in [0.5, 2.0] {
        let (paced, moved) = length(speed).await;
        assert!((paced * speed / normal - 1.0).abs() < 0.02, "{paced} of {normal} at {speed}");
        assert!((moved * speed / last - 1.0).abs() < 0.02, "{moved} of {last} at {speed}");
    }
}

#[tokio::test]
async fn voices_are_listed_with_the_chosen_first() {
    let server = elevenlabs::start().await;
    let voices = voice(&server).voices().await.unwrap();
    assert_eq!((voices[0].id.as_str(), voices[0].name.as_str()), (ElevenLabsOptions::VOICE, "Rachel"));
    assert_eq!(voices[1].id, OTHER_VOICE);
}

#[tokio::test]
async fn refusals_keep_their_meaning_and_hide_the_key() {
    let server = elevenlabs::start().await;
    let said = |status: &str| json!({"detail": {"status": status, "message": format!("{status} of {KEY}")}});
    for (reply, kind) in [
        (Reply::json(401, &said("invalid_api_key")), ErrorKind::Unauthorized),
        (Reply::json(401, &said("quota_exceeded")), ErrorKind::Exhausted),
        (Reply::json(429, &said("too_many_concurrent_requests")), ErrorKind::RateLimited),
        (Reply::json(400, &said("voice_not_found")), ErrorKind::NotFound),
        (Reply::json(500, &json!({"detail": "oops"})), ErrorKind::Unavailable),
        (Reply::nothing(), ErrorKind::Unavailable),
        (Reply::json(200, &json!({"audio_base64": "AAAA"})).cut_after(10), ErrorKind::Unavailable),
        (Reply::json(200, &json!({"audio_base64": "!"})), ErrorKind::Corrupt),
        (Reply::json(200, &json!({"audio_base64": ""})), ErrorKind::Corrupt),
        (Reply::json(200, &json!({"audio": 7})), ErrorKind::Corrupt),
    ] {
        server.next(reply);
        let error = voice(&server).speak(&request("Hello."), &Operation::detached()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(!format!("{error:?}").contains(KEY), "{error:?}");
    }
}

#[tokio::test]
async fn times_that_are_not_those_of_the_text_are_not_believed() {
    let server = elevenlabs::start().await;
    let audio = "AEAAwABA".repeat(2000);
    let times = json!({
        "characters": ["H", "i"], "character_start_times_seconds": [0.0], "character_end_times_seconds": [0.1, "no"],
    });
    server.next(Reply::json(200, &json!({"audio_base64": audio, "alignment": times})));
    let error = voice(&server).speak(&request("Hi there."), &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    let short = json!({
        "characters": ["H", "i"], "character_start_times_seconds": [0.0], "character_end_times_seconds": [0.1, 0.2],
    });
    for alignment in [short, serde_json::Value::Null] {
        server.next(Reply::json(200, &json!({"audio_base64": audio, "alignment": alignment})));
        let speech = voice(&server).speak(&request("Hi there."), &Operation::detached()).await.unwrap();
        assert_eq!((speech.times, speech.words.len()), (WordTimes::Estimated, 2));
    }
}

#[test]
fn settings_are_checked_before_any_work() {
    let error = ElevenLabsSpeech::new("", ElevenLabsOptions::cloud(Secret::new(""))).unwrap_err();
    assert!(error.hint().unwrap().contains("ELEVENLABS_API_KEY"), "{error:?}");
    let wild = ElevenLabsOptions { stability: 1.5, ..ElevenLabsOptions::cloud(Secret::new("a")) };
    assert_eq!(ElevenLabsSpeech::new("", wild).unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn every_bad_day_is_told_as_what_it_is() {
    let server = elevenlabs::start().await;
    let patient = voice(&server);
    let options = ElevenLabsOptions { address: server.url(), ..ElevenLabsOptions::cloud(Secret::new(KEY)) };
    // Over before any answer of a bad day ends.
    let options = ElevenLabsOptions { deadline: Duration::from_millis(300), ..options };
    let hasty = ElevenLabsSpeech::new("", options).unwrap();
    let speak =
        async |voice: &ElevenLabsSpeech| voice.speak(&request("Hello."), &Operation::detached()).await.map(drop);
    let wrong = [json!({"audio_base64": 7}), json!({"audio_base64": "AAAA", "alignment": 7}), json!({})];
    bad_days(&server, &wrong, async || speak(&patient).await, async || speak(&hasty).await).await;
}
