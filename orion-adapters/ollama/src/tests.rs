//! Against a local server that answers as Ollama does and checks what it is asked.

use crate::{OllamaEmbedder, OllamaLanguageModel, OllamaOptions};
use orion_core::port::{CompletionRequest, Embedder, LanguageModel, Message, MessageRole};
use orion_core::{Cancellation, Error, ErrorKind, Operation, Result};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use url::Url;
use wiremock::matchers::{body_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn options(address: &str) -> OllamaOptions {
    OllamaOptions::at(Url::parse(address).unwrap())
}

fn model(address: &str) -> OllamaLanguageModel {
    OllamaLanguageModel::new("llama3.2", options(address)).unwrap()
}

fn request(schema: Option<Value>) -> CompletionRequest {
    CompletionRequest {
        messages: vec![
            Message { role: MessageRole::System, content: "Be brief.".to_owned() },
            Message { role: MessageRole::User, content: "Hello?".to_owned() },
        ],
        temperature: 0.5,
        max_tokens: 64,
        schema,
    }
}

/// The lines of a stream: one for each part, then the last with the counts.
fn stream(parts: &[&str], reason: &str) -> String {
    let mut lines: Vec<String> = parts
        .iter()
        .map(|part| {
            json!({"model": "llama3.2", "message": {"role": "assistant", "content": part}, "done": false}).to_string()
        })
        .collect();
    lines.push(
        json!({"model": "llama3.2", "message": {"role": "assistant", "content": ""}, "done": true, "done_reason": reason,
               "prompt_eval_count": 11, "eval_count": 5})
        .to_string(),
    );
    lines.join("\n") + "\n"
}

async fn answering(status: u16, body: impl Into<Vec<u8>>) -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(status).set_body_raw(body, "application/x-ndjson");
    Mock::given(method("POST")).and(path("/api/chat")).respond_with(answer).mount(&server).await;
    server
}

async fn complete(server: &MockServer, schema: Option<Value>) -> Result<String> {
    let completion = model(&server.uri()).complete(&request(schema), &Operation::detached()).await?;
    Ok(completion.text)
}

#[tokio::test]
async fn the_request_is_what_ollama_expects_and_the_stream_is_joined() {
    let server = MockServer::start().await;
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]});
    let expected = json!({
        "model": "llama3.2",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}],
        "stream": true,
        "format": schema,
        "options": {"temperature": 0.5, "num_predict": 64},
    });
    let answer = ResponseTemplate::new(200)
        .set_body_raw(stream(&["<think>1", " + 1</think>{\"a\"", ": 2}"], "stop"), "application/x-ndjson");
    Mock::given(method("POST"))
        .and(path("/api/chat"))
        .and(body_json(expected))
        .respond_with(answer)
        .expect(1)
        .mount(&server)
        .await;
    let completion = model(&server.uri()).complete(&request(Some(schema)), &Operation::detached()).await.unwrap();
    assert_eq!(completion.text, "{\"a\": 2}");
    assert_eq!(completion.usage.units, 16.0);
    assert_eq!(model(&server.uri()).provider().model, "llama3.2");
}

#[tokio::test]
async fn without_a_schema_no_format_is_asked_for() {
    let server = answering(200, stream(&["Hi ", "there."], "stop")).await;
    assert_eq!(complete(&server, None).await.unwrap(), "Hi there.");
    let asked: Value = server.received_requests().await.unwrap()[0].body_json().unwrap();
    assert_eq!(asked.get("format"), None);
}

#[tokio::test]
async fn an_incomplete_answer_is_an_error() {
    let whole = stream(&["Hi ", "there."], "stop");
    let cut = &whole[..whole.find("\"done\":true").unwrap() - 40];
    for (body, kind) in [
        (cut.to_owned(), ErrorKind::Corrupt),
        (whole.lines().take(2).collect::<Vec<_>>().join("\n") + "\n", ErrorKind::Unexpected),
        (String::new(), ErrorKind::Unexpected),
        (stream(&["Hi"], "length"), ErrorKind::Exhausted),
        (stream(&["<think>Hm"], "stop"), ErrorKind::Corrupt),
        ("{\"error\": \"out of memory\"}\n".to_owned(), ErrorKind::Unexpected),
        ("<html>".to_owned(), ErrorKind::Corrupt),
    ] {
        let server = answering(200, body.clone()).await;
        assert_eq!(complete(&server, None).await.unwrap_err().kind(), kind, "{body}");
    }
}

#[tokio::test]
async fn with_a_schema_what_is_no_json_is_corrupt() {
    let server = answering(200, stream(&["I would say: {\"a\": 2}"], "stop")).await;
    assert_eq!(complete(&server, Some(json!({}))).await.unwrap_err().kind(), ErrorKind::Corrupt);
    let server = answering(200, stream(&["```json\n{\"a\": 2}\n```"], "stop")).await;
    assert_eq!(complete(&server, Some(json!({}))).await.unwrap(), "{\"a\": 2}");
}

#[tokio::test]
async fn a_missing_model_and_a_missing_server_say_what_to_do() {
    let server = answering(404, r#"{"error":"model \"llama3.2\" not found, try pulling it first"}"#).await;
    let error = complete(&server, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.hint(), Some("run `ollama pull llama3.2`"));
    assert!(!error.is_temporary());
    // A port that was free a moment ago: nobody listens.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = model(&format!("http://{free}")).complete(&request(None), &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.hint().unwrap().contains("ollama serve"));
}

#[tokio::test]
async fn refusals_keep_their_meaning() {
    for (status, kind) in [
        (400, ErrorKind::Invalid),
        (401, ErrorKind::Unauthorized),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Unexpected),
        (503, ErrorKind::Unavailable),
        (302, ErrorKind::Unexpected),
    ] {
        let server = answering(status, r#"{"error":"the server says why"}"#).await;
        let error = complete(&server, None).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}");
        assert!(error.to_string().contains("the server says why"), "{error}");
    }
}

/// A server that sends the beginning of a stream and then nothing more, until the client hangs up.
/// The channels tell that it has begun, and that the client did.
fn stalling() -> (String, Receiver<()>, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (started, begun) = channel();
    let (hung_up, told) = channel();
    std::thread::spawn(move || -> Result<(), std::io::Error> {
        let (mut connection, _) = listener.accept()?;
        let mut buffer = [0; 4096];
        let _ = connection.read(&mut buffer)?;
        let line = "{\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},\"done\":false}\n";
        write!(connection, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{line}\r\n", line.len())?;
        connection.flush()?;
        let _ = started.send(());
        while connection.read(&mut buffer).is_ok_and(|count| count > 0) {}
        let _ = hung_up.send(());
        Ok(())
    });
    (address, begun, told)
}

#[tokio::test]
async fn a_stream_that_stalls_is_given_up() {
    let (address, _, told) = stalling();
    let options = OllamaOptions { idle: Duration::from_millis(50), ..options(&address) };
    let model = OllamaLanguageModel::new("llama3.2", options).unwrap();
    let error = model.complete(&request(None), &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    tokio::task::spawn_blocking(move || told.recv()).await.unwrap().unwrap();
    let (address, _, _told) = stalling();
    let options = OllamaOptions { deadline: Duration::from_millis(50), ..self::options(&address) };
    let model = OllamaLanguageModel::new("llama3.2", options).unwrap();
    let error = model.complete(&request(None), &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn cancelling_hangs_up_so_that_the_server_stops() {
    let (address, begun, told) = stalling();
    let cancellation = Cancellation::new();
    let operation = Operation::new(cancellation.clone(), Arc::new(|_| {}));
    let task = tokio::spawn(async move { model(&address).complete(&request(None), &operation).await.map(drop) });
    tokio::task::spawn_blocking(move || begun.recv()).await.unwrap().unwrap();
    cancellation.cancel();
    let outcome: Result<(), Error> = task.await.unwrap();
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled);
    tokio::task::spawn_blocking(move || told.recv()).await.unwrap().unwrap();
}

#[test]
fn names_and_addresses_are_checked_at_once() {
    assert_eq!(OllamaLanguageModel::new(" ", options("http://127.0.0.1")).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(OllamaLanguageModel::new("a", options("file:///etc")).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(OllamaEmbedder::new("a", 0, options("http://127.0.0.1")).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(OllamaOptions::local().unwrap().server.as_str(), "http://127.0.0.1:11434/");
}

async fn embedding(answer: Value) -> (MockServer, OllamaEmbedder) {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_json(answer);
    Mock::given(method("POST")).and(path("/api/embed")).respond_with(answer).mount(&server).await;
    let embedder = OllamaEmbedder::new("nomic-embed-text", 2, options(&server.uri())).unwrap();
    (server, embedder)
}

#[tokio::test]
async fn vectors_are_normalised_and_empty_text_is_embedded_too() {
    let (server, embedder) = embedding(json!({"embeddings": [[3.0, 4.0], [0.0, -2.0]]})).await;
    let vectors = embedder.embed(&["a".to_owned(), " ".to_owned()]).await.unwrap();
    assert_eq!(vectors, [[0.6, 0.8], [0.0, -1.0]]);
    let asked: Value = server.received_requests().await.unwrap()[0].body_json().unwrap();
    assert_eq!(asked, json!({"model": "nomic-embed-text", "input": ["a", "."], "truncate": true}));
    assert!(embedder.embed(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn vectors_that_cannot_be_used_are_errors() {
    for (answer, kind) in [
        (json!({"embeddings": [[1.0, 2.0, 3.0]]}), ErrorKind::Invalid),
        (json!({"embeddings": [[0.0, 0.0]]}), ErrorKind::Corrupt),
        (json!({"embeddings": []}), ErrorKind::Corrupt),
        (json!({"other": 1}), ErrorKind::Corrupt),
    ] {
        let (_server, embedder) = embedding(answer.clone()).await;
        assert_eq!(embedder.embed(&["a".to_owned()]).await.unwrap_err().kind(), kind, "{answer}");
    }
}

/// Embeds as Ollama does: a vector of any length for every input, and none for an input without words. A batch is
/// refused that is larger than the adapter promises.
struct Embeds;

impl wiremock::Respond for Embeds {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        let asked: Value = request.body_json().unwrap();
        let texts: Vec<&str> = asked["input"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        if asked["model"] != "nomic-embed-text" || texts.is_empty() || texts.len() > 64 {
            return ResponseTemplate::new(400).set_body_json(json!({"error": "invalid input"}));
        }
        let vectors: Vec<Vec<f64>> = texts.iter().map(|text| vector(text)).collect();
        ResponseTemplate::new(200).set_body_json(json!({"model": "nomic-embed-text", "embeddings": vectors}))
    }
}

/// Sixteen numbers that follow from the text alone: FNV-1a over it, once for each.
fn vector(text: &str) -> Vec<f64> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    let hash = |seed: u8| {
        let bytes = std::iter::once(seed).chain(text.bytes());
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    };
    (0..16).map(|seed| (hash(seed) >> 40) as f64 / 1e6 - 8.0).collect()
}

async fn make_embedder() -> (Arc<dyn Embedder>, MockServer) {
    let server = MockServer::start().await;
    Mock::given(method("POST")).and(path("/api/embed")).respond_with(Embeds).mount(&server).await;
    let embedder = OllamaEmbedder::new("nomic-embed-text", 16, options(&server.uri())).unwrap();
    (Arc::new(embedder), server)
}

orion_core::embedder_conformance!(make_embedder);
