//! Ollama's API, as its documentation describes it: `/api/chat`, `/api/embed`, `/api/tags`, `/api/pull`.

use crate::{Part, Reply, Request, Server, model};
use serde_json::{Value, json};

/// The models that the server has.
pub const MODELS: [&str; 2] = ["llama3.2", "nomic-embed-text"];

/// Starts a server.
pub async fn start() -> Server {
    Server::start(answer).await
}

/// The lines of a stream, each a piece of its own.
pub fn lines(lines: &[Value]) -> Reply {
    let parts = lines.iter().map(|line| Part::Bytes(format!("{line}\n").into_bytes())).collect();
    Reply::stream("application/x-ndjson", parts)
}

/// The stream of a chat that says these pieces and is done for a reason.
pub fn stream(pieces: &[&str], reason: &str) -> Reply {
    let mut all: Vec<Value> = vec![said(json!({"role": "assistant", "content": "", "thinking": "Hm."}))];
    all.extend(pieces.iter().map(|piece| said(json!({"role": "assistant", "content": piece}))));
    all.push(done(reason, 11, pieces.len()));
    lines(&all)
}

fn said(message: Value) -> Value {
    json!({"model": "llama3.2", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": false})
}

fn done(reason: &str, prompt: usize, tokens: usize) -> Value {
    json!({
        "model": "llama3.2", "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": ""},
        "done": true, "done_reason": reason, "total_duration": 1, "prompt_eval_count": prompt, "eval_count": tokens,
    })
}

fn refusal(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({"error": message}))
}

fn answer(request: &Request) -> Reply {
    let body = request.json();
    let model = body["model"].as_str().unwrap_or_default();
    let missing = || refusal(404, &format!("model '{model}' not found"));
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/api/tags") => {
            let models: Vec<Value> = MODELS
                .iter()
                .map(|name| json!({"name": format!("{name}:latest"), "size": 2_019_393_189_u64}))
                .collect();
            Reply::json(200, &json!({"models": models}))
        }
        ("POST", "/api/chat" | "/api/embed") if !MODELS.contains(&model) => missing(),
        ("POST", "/api/chat") => chat(&body),
        ("POST", "/api/embed") => embed(&body),
        ("POST", "/api/pull") => pull(model),
        _ => refusal(404, "404 page not found"),
    }
}

fn chat(body: &Value) -> Reply {
    let messages = body["messages"].as_array().cloned().unwrap_or_default();
    let limit = body.pointer("/options/num_predict").and_then(Value::as_u64);
    let (Some(limit), false, true) = (limit, messages.is_empty(), body["stream"] == true) else {
        return refusal(400, "invalid request");
    };
    if body.get("keep_alive").is_some_and(|it| it.as_str().is_some_and(|it| it.parse::<i64>().is_ok())) {
        return refusal(400, "time: missing unit in duration");
    }
    let text = model::answer(&messages, body.get("format"));
    let mut tokens = model::tokens(&text);
    let cut = tokens.len() as u64 > limit;
    tokens.truncate(limit as usize);
    let mut all = vec![said(json!({"role": "assistant", "content": "", "thinking": "Let me think."}))];
    all.extend(tokens.iter().map(|token| said(json!({"role": "assistant", "content": token}))));
    all.push(done(if cut { "length" } else { "stop" }, model::counted(&messages), tokens.len()));
    lines(&all)
}

fn embed(body: &Value) -> Reply {
    let input: Vec<&str> = body["input"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if input.is_empty() {
        return refusal(400, "invalid input");
    }
    // A text without words has no vector.
    let vector = |text: &&str| if text.trim().is_empty() { Vec::new() } else { model::vector(text) };
    let vectors: Vec<Vec<f64>> = input.iter().map(vector).collect();
    Reply::json(200, &json!({"model": body["model"], "embeddings": vectors}))
}

fn pull(model: &str) -> Reply {
    if model == "nobody/nothing" {
        return lines(&[
            json!({"status": "pulling manifest"}),
            json!({"error": "pull model manifest: file does not exist"}),
        ]);
    }
    let file = |completed: u64| json!({"status": "pulling dde5aa3fc5ff", "digest": "sha256:dde5", "total": 1000, "completed": completed});
    lines(&[
        json!({"status": "pulling manifest"}),
        file(0),
        file(400),
        file(1000),
        json!({"status": "verifying sha256 digest"}),
        json!({"status": "writing manifest"}),
        json!({"status": "success"}),
    ])
}
