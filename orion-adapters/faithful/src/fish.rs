//! Fish Speech's API server, as its source describes it: `/v1/tts`, `/v1/health`, `/v1/references/list`.

use crate::{Reply, Request, Server, sound};
use serde_json::json;

/// The references that the server has.
pub const REFERENCES: [&str; 2] = ["anna", "ben"];

/// Starts a server.
pub async fn start() -> Server {
    Server::start(answer).await
}

fn answer(request: &Request) -> Reply {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET" | "POST", "/v1/health") => Reply::json(200, &json!({"status": "ok"})),
        ("GET", "/v1/references/list") if request.asked("format") == Some("json") => {
            Reply::json(200, &json!({"success": true, "reference_ids": REFERENCES, "message": "Success"}))
        }
        // Unless it is asked for JSON it answers in MessagePack.
        ("GET", "/v1/references/list") => Reply::bytes(200, "application/msgpack", [0x81, 0xa7]),
        ("POST", "/v1/tts") => speech(request),
        _ => Reply::json(404, &json!({"detail": "Not Found"})),
    }
}

fn speech(request: &Request) -> Reply {
    let body = request.json();
    let text = body["text"].as_str().unwrap_or_default();
    if text.is_empty() || body["format"] != "wav" || body["streaming"] != false {
        return Reply::json(400, &json!({"detail": "invalid request"}));
    }
    // An id that it does not know gets a voice of chance.
    let (samples, _) = sound::spoken(text, 44_100, 1.0);
    Reply::bytes(200, "audio/wav", sound::wav(&samples, 44_100))
}
