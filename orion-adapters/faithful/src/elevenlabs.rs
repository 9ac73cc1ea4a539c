//! ElevenLabs' API, as its reference describes it: `/v1/text-to-speech/{voice}/with-timestamps`, `/v1/voices`.

use crate::{Reply, Request, Server, sound};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The key that the server wants.
pub const KEY: &str = "xi-key";

/// A voice of the server besides its best known.
pub const OTHER_VOICE: &str = "AZnzlk1XvdvUeBnXmlld";

const VOICES: [(&str, &str); 2] = [("21m00Tcm4TlvDq8ikWAM", "Rachel"), (OTHER_VOICE, "Domi")];

/// Starts a server.
pub async fn start() -> Server {
    Server::start(answer).await
}

fn refusal(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({"detail": {"status": code, "message": message}}))
}

fn answer(request: &Request) -> Reply {
    if request.header("xi-api-key") != Some(KEY) {
        return refusal(401, "invalid_api_key", "Invalid API key");
    }
    let path: Vec<&str> = request.path.split('/').skip(1).collect();
    match (request.method.as_str(), path.as_slice()) {
        ("GET", ["v1", "voices"]) => {
            let voices: Vec<Value> = VOICES
                .iter()
                .rev()
                .map(|(id, name)| json!({"voice_id": id, "name": name, "labels": {"language": "en"}}))
                .collect();
            Reply::json(200, &json!({"voices": voices}))
        }
        ("POST", ["v1", "text-to-speech", voice, "with-timestamps"]) => speech(voice, request),
        _ => Reply::json(404, &json!({"detail": "Not Found"})),
    }
}

fn speech(voice: &str, request: &Request) -> Reply {
    if !VOICES.iter().any(|(known, _)| *known == voice) {
        return refusal(404, "voice_not_found", "A voice with this voice_id was not found.");
    }
    let body = request.json();
    let settings = &body["voice_settings"];
    let speed = settings["speed"].as_f64().unwrap_or(1.0);
    let share = |name: &str| settings[name].as_f64().is_some_and(|it| (0.0..=1.0).contains(&it));
    let right = share("stability") && share("similarity_boost") && (0.7..=1.2).contains(&speed);
    let text = body["text"].as_str().unwrap_or_default();
    if !right || text.is_empty() || !body["model_id"].is_string() || request.asked("output_format") != Some("pcm_24000")
    {
        return Reply::json(422, &json!({"detail": [{"loc": ["body"], "msg": "invalid", "type": "value_error"}]}));
    }
    let (samples, spans) = sound::spoken(text, 24_000, speed);
    let characters: Vec<String> = text.chars().map(String::from).collect();
    let (starts, ends): (Vec<f64>, Vec<f64>) = spans.into_iter().unzip();
    let alignment = json!({
        "characters": characters, "character_start_times_seconds": starts, "character_end_times_seconds": ends,
    });
    Reply::json(
        200,
        &json!({
            "audio_base64": STANDARD.encode(sound::raw(&samples)),
            "alignment": alignment, "normalized_alignment": alignment,
        }),
    )
}
