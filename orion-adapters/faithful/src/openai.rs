//! OpenAI's API, as its reference describes it: `chat/completions`, `embeddings`, `images/generations`,
//! `audio/speech`, `audio/transcriptions`, `models`.

use crate::{Part, Reply, Request, Server, model, sound};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::io::Cursor;
use std::sync::{Mutex, PoisonError};

/// Most bytes of a sound that is transcribed: 25 MiB.
const MOST_SOUND: usize = 26_214_400;

/// What the server is like.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The key that it wants; empty for none.
    pub key: String,
    /// Parameters that it refuses by name: `json_schema`, `json_object`, `max_tokens`, `temperature`,
    /// `stream_options`.
    pub refuses: Vec<&'static str>,
}

/// Starts a server.
pub async fn start(options: Options) -> Server {
    let last = Mutex::new(String::new());
    Server::start(move |request| answer(&options, &last, request)).await
}

/// The events of a stream that says these tokens and ends for a reason.
pub fn stream(tokens: &[&str], reason: &str) -> Reply {
    let tokens: Vec<String> = tokens.iter().map(|token| (*token).to_owned()).collect();
    events(&tokens, reason, Some(7))
}

fn events(tokens: &[String], reason: &str, prompt: Option<usize>) -> Reply {
    let chunk = |delta: Value, reason: Value| {
        json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
        })
    };
    let mut events = vec![chunk(json!({"role": "assistant", "content": ""}), Value::Null)];
    events.push(chunk(json!({"reasoning_content": "Let me think."}), Value::Null));
    events.extend(tokens.iter().map(|token| chunk(json!({"content": token}), Value::Null)));
    events.push(chunk(json!({}), json!(reason)));
    if let Some(prompt) = prompt {
        let usage = json!({
            "prompt_tokens": prompt, "completion_tokens": tokens.len(), "total_tokens": prompt + tokens.len(),
        });
        events.push(json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [], "usage": usage}));
    }
    let mut parts: Vec<Part> =
        events.iter().map(|event| Part::Bytes(format!("data: {event}\n\n").into_bytes())).collect();
    parts.push(Part::Bytes(b"data: [DONE]\n\n".to_vec()));
    Reply::stream("text/event-stream", parts)
}

fn refusal(status: u16, message: &str, param: &str) -> Reply {
    let kind = if status == 401 { "authentication_error" } else { "invalid_request_error" };
    let error = json!({"message": message, "type": kind, "param": param, "code": Value::Null});
    Reply::json(status, &json!({"error": error}))
}

fn answer(options: &Options, last: &Mutex<String>, request: &Request) -> Reply {
    if !options.key.is_empty() && request.header("authorization") != Some(&format!("Bearer {}", options.key)) {
        return refusal(401, "Incorrect API key provided.", "");
    }
    let body = request.json();
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/v1/models") => Reply::json(200, &json!({"object": "list", "data": [{"id": "m", "object": "model"}]})),
        ("GET", "/v1/audio/voices") => Reply::json(200, &json!({"voices": ["alloy", "nova"]})),
        ("POST", "/v1/chat/completions") => chat(options, &body),
        ("POST", "/v1/embeddings") => embeddings(&body),
        ("POST", "/v1/images/generations") => picture(&body),
        ("POST", "/v1/audio/speech") => speech(last, &body),
        ("POST", "/v1/audio/transcriptions") => transcription(last, request),
        _ => refusal(404, "Invalid URL", ""),
    }
}

fn chat(options: &Options, body: &Value) -> Reply {
    let refused = |name: &&&str| match **name {
        "json_schema" => body.pointer("/response_format/type") == Some(&json!("json_schema")),
        "json_object" => body.pointer("/response_format/type") == Some(&json!("json_object")),
        name => body.get(name).is_some(),
    };
    if let Some(name) = options.refuses.iter().find(refused) {
        let name = if name.starts_with("json") { "response_format" } else { name };
        return refusal(400, &format!("Unsupported parameter: '{name}' is not supported with this model."), name);
    }
    let Some(messages) = body["messages"].as_array().filter(|messages| !messages.is_empty()) else {
        return refusal(400, "Missing required parameter: 'messages'.", "messages");
    };
    let roles = ["system", "user", "assistant"];
    if !messages
        .iter()
        .all(|message| roles.iter().any(|role| message["role"] == *role) && message["content"].is_string())
    {
        return refusal(400, "Invalid message.", "messages");
    }
    let limit = body.get("max_tokens").or(body.get("max_completion_tokens")).and_then(Value::as_u64);
    let (Some(limit), true, true) = (limit, body["stream"] == true, body["model"].is_string()) else {
        return refusal(400, "A model, a stream and a limit are expected.", "");
    };
    let format = body.pointer("/response_format/type").and_then(Value::as_str);
    let schema = match format {
        None | Some("json_object") => told_schema(messages),
        Some("json_schema") => {
            let named = body.pointer("/response_format/json_schema/name").is_some_and(Value::is_string);
            match body.pointer("/response_format/json_schema/schema").filter(|_| named) {
                Some(schema) => Some(schema.clone()),
                None => return refusal(400, "Missing required parameter: 'response_format.json_schema'.", ""),
            }
        }
        Some(_) => return refusal(400, "Invalid value.", "response_format.type"),
    };
    if format == Some("json_object") && !messages.iter().any(|it| it["content"].to_string().contains("JSON")) {
        return refusal(
            400,
            "'messages' must contain the word 'json' in some form, to use 'response_format'.",
            "messages",
        );
    }
    let text = model::answer(messages, schema.as_ref());
    let mut tokens = model::tokens(&text);
    let cut = tokens.len() as u64 > limit;
    tokens.truncate(limit as usize);
    let usage = body.pointer("/stream_options/include_usage") == Some(&json!(true));
    events(&tokens, if cut { "length" } else { "stop" }, usage.then(|| model::counted(messages)))
}

/// A schema that is told in words.
fn told_schema(messages: &[Value]) -> Option<Value> {
    let told = |message: &Value| {
        let (_, schema) = message["content"].as_str()?.split_once("JSON of this schema and nothing else: ")?;
        serde_json::from_str(schema).ok()
    };
    messages.iter().find_map(told)
}

fn embeddings(body: &Value) -> Reply {
    let input: Vec<&str> = body["input"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if input.is_empty() || input.len() > 2048 || input.iter().any(|text| text.is_empty()) || !body["model"].is_string()
    {
        return refusal(400, "'$.input' is invalid.", "input");
    }
    // The order is told by the index, not by the place.
    let data: Vec<Value> = (0..input.len())
        .rev()
        .map(|index| json!({"object": "embedding", "index": index, "embedding": model::vector(input[index])}))
        .collect();
    let usage = json!({"prompt_tokens": 8, "total_tokens": 8});
    Reply::json(200, &json!({"object": "list", "data": data, "model": body["model"], "usage": usage}))
}

fn picture(body: &Value) -> Reply {
    let (model, size) = (body["model"].as_str().unwrap_or_default(), body["size"].as_str().unwrap_or_default());
    let own = model.starts_with("gpt-image");
    if own && body.get("response_format").is_some() {
        return refusal(400, "Unknown parameter: 'response_format'.", "response_format");
    }
    let allowed = ["1024x1024", "1536x1024", "1024x1536"];
    let sides: Vec<u32> = size.split('x').filter_map(|side| side.parse().ok()).collect();
    if own && !allowed.contains(&size) || sides.len() != 2 || body["n"] != 1 {
        return refusal(400, "Invalid value: 'size'.", "size");
    }
    if body["prompt"].as_str().is_none_or(|prompt| prompt.is_empty() || prompt.chars().count() > 32_000) {
        return refusal(400, "Invalid value: 'prompt'.", "prompt");
    }
    let picture = image::RgbImage::from_fn(sides[0], sides[1], |x, y| image::Rgb([x as u8, y as u8, 128]));
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    Reply::json(200, &json!({"created": 1, "data": [{"b64_json": STANDARD.encode(png.into_inner())}]}))
}

fn speech(last: &Mutex<String>, body: &Value) -> Reply {
    let text = body["input"].as_str().unwrap_or_default();
    let speed = body["speed"].as_f64().unwrap_or(1.0);
    if text.is_empty() || text.chars().count() > 4096 || !(0.25..=4.0).contains(&speed) || !body["model"].is_string() {
        return refusal(400, "Invalid value.", "input");
    }
    if !["alloy", "nova"].iter().any(|voice| body["voice"] == *voice) || body["response_format"] != "wav" {
        return refusal(400, "Invalid value.", "voice");
    }
    text.clone_into(&mut last.lock().unwrap_or_else(PoisonError::into_inner));
    let (samples, _) = sound::spoken(text, 24_000, speed);
    Reply::bytes(200, "audio/wav", sound::wav(&samples, 24_000))
}

/// Hears the tones of a sound; the words are those that were spoken last, or numbers.
fn transcription(last: &Mutex<String>, request: &Request) -> Reply {
    let form = request.form();
    let field = |name: &str| form.iter().find(|field| field.name == name);
    let text = |name: &str| field(name).map(|field| String::from_utf8_lossy(&field.content).into_owned());
    if text("model").is_none() || text("response_format").as_deref() != Some("verbose_json") {
        return refusal(400, "verbose_json of a model is expected.", "response_format");
    }
    if text("timestamp_granularities[]").as_deref() != Some("word") {
        return refusal(400, "Invalid value.", "timestamp_granularities");
    }
    if text("language").is_some_and(|language| language.len() != 2) {
        return refusal(400, "Invalid language: ISO-639-1 is expected.", "language");
    }
    if field("file").is_some_and(|file| file.content.len() > MOST_SOUND) {
        let message = format!("Maximum content size limit ({MOST_SOUND}) exceeded.");
        return Reply::json(413, &json!({"error": {"message": message, "type": "server_error", "code": Value::Null}}));
    }
    let sound = field("file").filter(|file| file.file.is_some()).and_then(|file| sound::samples(&file.content));
    let Some((samples, rate)) = sound else { return refusal(400, "Invalid file format.", "file") };
    let said = last.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let bare = |word: &str| word.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect::<String>();
    let shown: Vec<&str> = said.split_whitespace().filter(|word| !bare(word).is_empty()).collect();
    let words: Vec<Value> = sound::heard(&samples, rate)
        .iter()
        .enumerate()
        .map(|(number, (start, end))| {
            let word = shown.get(number).map_or_else(|| format!("word{number}"), |word| bare(word));
            json!({"word": word, "start": start, "end": end})
        })
        .collect();
    // Capitals and marks are in the text alone.
    let bare = words.iter().filter_map(|word| word["word"].as_str()).enumerate();
    let text: Vec<&str> = bare.map(|(number, word)| shown.get(number).copied().unwrap_or(word)).collect();
    let duration = samples.len() as f64 / f64::from(rate);
    Reply::json(
        200,
        &json!({"task": "transcribe", "language": "english", "duration": duration, "text": text.join(" "), "words": words}),
    )
}
