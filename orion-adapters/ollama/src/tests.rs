//! Against a server on this machine that speaks the documented protocol, with good days and bad ones.

use crate::{OllamaEmbedder, OllamaLanguageModel, OllamaOptions, OllamaServer};
use orion_core::port::{CompletionRequest, Embedder, LanguageModel, Message, MessageRole};
use orion_core::testing::language::{BadDay, Conversation};
use orion_core::{Cancellation, ErrorKind, Operation, Result};
use orion_faithful::ollama::{self, lines, stream};
use orion_faithful::{Reply, Server, bad_days};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

/// A deadline that is over before any answer of a bad day ends.
const HASTE: Duration = Duration::from_millis(300);

fn model(server: &Server) -> OllamaLanguageModel {
    OllamaLanguageModel::new("llama3.2", OllamaOptions::at(server.url())).unwrap()
}

fn request(schema: Option<Value>) -> CompletionRequest {
    let message = |role, content: &str| Message { role, content: content.to_owned() };
    CompletionRequest {
        messages: vec![message(MessageRole::System, "Be brief."), message(MessageRole::User, "Hello?")],
        temperature: 0.5,
        max_tokens: 64,
        schema,
    }
}

async fn complete(server: &Server, reply: Reply, schema: Option<Value>) -> Result<String> {
    server.next(reply);
    Ok(model(server).complete(&request(schema), &Operation::detached()).await?.text)
}

async fn make_conversation() -> (Conversation, Arc<Server>) {
    let server = Arc::new(ollama::start().await);
    let bad = server.clone();
    let next = move |day| {
        let whole = stream(&["Hi ", "there."], "stop");
        bad.next(match day {
            BadDay::EndsEarly => whole.ends_after(2),
            BadDay::Breaks => whole.cut_after(150),
            BadDay::FallsSilent => whole.silent_after(2),
            BadDay::IsNoJson => stream(&["I would say: ", "brown."], "stop"),
        });
    };
    let away = OllamaLanguageModel::new("llama3.2", OllamaOptions::at(nobody())).unwrap();
    (Conversation { model: Arc::new(model(&server)), away: Arc::new(away), next: Arc::new(next) }, server)
}

orion_core::language_conformance!(make_conversation);

/// The address of a port that was free a moment ago: nobody listens.
fn nobody() -> String {
    format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

async fn make_embedder() -> (Arc<dyn Embedder>, Server) {
    let server = ollama::start().await;
    let embedder = OllamaEmbedder::new("nomic-embed-text", 16, OllamaOptions::at(server.url())).unwrap();
    (Arc::new(embedder), server)
}

orion_core::embedder_conformance!(make_embedder);

#[tokio::test]
async fn the_request_is_what_ollama_expects_and_the_stream_is_joined() {
    let server = ollama::start().await;
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]});
    server.next(stream(&["<think>1", " + 1</think>{\"a\"", ": 2}"], "stop"));
    let options = OllamaOptions { keep_alive: "-1".to_owned(), context: 4096, ..OllamaOptions::at(server.url()) };
    let model = OllamaLanguageModel::new("llama3.2", options).unwrap();
    let completion = model.complete(&request(Some(schema.clone())), &Operation::detached()).await.unwrap();
    assert_eq!((completion.text.as_str(), completion.usage.units), ("{\"a\": 2}", 14.0));
    assert_eq!(
        server.seen().remove(0).json(),
        json!({
            "model": "llama3.2",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}],
            "stream": true,
            "format": schema,
            "keep_alive": -1,
            "options": {"temperature": 0.5, "num_predict": 64, "num_ctx": 4096},
        })
    );
}

#[tokio::test]
async fn what_is_left_to_the_server_is_not_sent() {
    let server = ollama::start().await;
    let options = OllamaOptions { context: 0, ..OllamaOptions::at(server.url()) };
    let model = OllamaLanguageModel::new("llama3.2", options).unwrap();
    model.complete(&request(None), &Operation::detached()).await.unwrap();
    let asked = server.seen().remove(0).json();
    assert_eq!((asked.get("format"), asked.get("keep_alive")), (None, None));
    assert_eq!(asked["options"].get("num_ctx"), None);
    let with_length = OllamaOptions { keep_alive: "10m".to_owned(), ..OllamaOptions::at(server.url()) };
    let model = OllamaLanguageModel::new("llama3.2", with_length).unwrap();
    model.complete(&request(None), &Operation::detached()).await.unwrap();
    assert_eq!(server.seen().remove(1).json()["keep_alive"], "10m");
}

#[tokio::test]
async fn an_incomplete_answer_is_an_error() {
    let server = ollama::start().await;
    let whole = || stream(&["Hi ", "there."], "stop");
    assert_eq!(complete(&server, whole(), None).await.unwrap(), "Hi there.");
    for (reply, kind) in [
        (whole().ends_after(3), ErrorKind::Unexpected),
        (whole().ends_after(0), ErrorKind::Unexpected),
        (whole().cut_after(150), ErrorKind::Unavailable),
        (Reply::nothing(), ErrorKind::Unavailable),
        (stream(&["Hi"], "length"), ErrorKind::Exhausted),
        (stream(&["<think>Hm"], "stop"), ErrorKind::Corrupt),
        (lines(&[json!({"error": "out of memory"})]), ErrorKind::Unavailable),
        (lines(&[json!({"message": {"content": 7}})]), ErrorKind::Corrupt),
        (Reply::bytes(200, "text/html", "<html>"), ErrorKind::Corrupt),
    ] {
        let shown = format!("{reply:?}");
        assert_eq!(complete(&server, reply, None).await.unwrap_err().kind(), kind, "{shown}");
    }
}

#[tokio::test]
async fn with_a_schema_what_is_no_json_is_corrupt() {
    let server = ollama::start().await;
    let wordy = stream(&["I would say: {\"a\": 2}"], "stop");
    assert_eq!(complete(&server, wordy, Some(json!({}))).await.unwrap_err().kind(), ErrorKind::Corrupt);
    let fenced = stream(&["```json\n{\"a\": 2}\n```"], "stop");
    assert_eq!(complete(&server, fenced, Some(json!({}))).await.unwrap(), "{\"a\": 2}");
}

#[tokio::test]
async fn a_missing_model_and_a_missing_server_say_what_to_do() {
    let server = ollama::start().await;
    let model = OllamaLanguageModel::new("mistral", OllamaOptions::at(server.url())).unwrap();
    let error = model.complete(&request(None), &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.hint().unwrap().contains("ollama pull mistral") && !error.is_temporary(), "{error:?}");
    let model = OllamaLanguageModel::new("llama3.2", OllamaOptions::at(nobody())).unwrap();
    let error = model.complete(&request(None), &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.hint().unwrap().contains("ollama serve"));
}

#[tokio::test]
async fn a_stream_that_stalls_is_given_up() {
    let server = ollama::start().await;
    let soon = Duration::from_millis(50);
    for options in [
        OllamaOptions { idle: soon, ..OllamaOptions::at(server.url()) },
        OllamaOptions { deadline: soon, ..OllamaOptions::at(server.url()) },
    ] {
        server.next(stream(&["Hi ", "there."], "stop").silent_after(2));
        let model = OllamaLanguageModel::new("llama3.2", options).unwrap();
        let error = model.complete(&request(None), &Operation::detached()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
    server.hung_up().await;
}

#[tokio::test]
async fn cancelling_hangs_up_so_that_the_server_stops() {
    let server = ollama::start().await;
    server.next(stream(&["Hi ", "there."], "stop").silent_after(2));
    let (model, cancellation) = (model(&server), Cancellation::new());
    let operation = Operation::new(cancellation.clone(), Arc::new(|_| {}));
    let task = tokio::spawn(async move { model.complete(&request(None), &operation).await.map(drop) });
    server.asked(1).await;
    cancellation.cancel();
    assert_eq!(task.await.unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
    server.hung_up().await;
}

#[test]
fn names_and_addresses_are_checked_at_once() {
    let invalid = |made: Result<()>| assert_eq!(made.unwrap_err().kind(), ErrorKind::Invalid);
    invalid(OllamaLanguageModel::new(" ", OllamaOptions::local()).map(drop));
    invalid(OllamaLanguageModel::new("a", OllamaOptions::at("file:///etc")).map(drop));
    invalid(OllamaEmbedder::new("a", 8193, OllamaOptions::local()).map(drop));
}

#[tokio::test]
async fn vectors_that_cannot_be_used_are_errors() {
    let server = ollama::start().await;
    let embedder = OllamaEmbedder::new("nomic-embed-text", 2, OllamaOptions::at(server.url())).unwrap();
    server.next(Reply::json(200, &json!({"embeddings": [[3.0, 4.0], [0.0, -2.0]]})));
    let operation = Operation::detached();
    let vectors = embedder.embed(&["a".to_owned(), " ".to_owned()], &operation).await.unwrap();
    assert_eq!(vectors, [[0.6, 0.8], [0.0, -1.0]]);
    assert_eq!(server.seen()[0].json(), json!({"model": "nomic-embed-text", "input": ["a", "."], "truncate": true}));
    for (answer, kind) in [
        (json!({"embeddings": [[1.0, 2.0, 3.0]]}), ErrorKind::Unsupported),
        (json!({"embeddings": [[0.0, 0.0]]}), ErrorKind::Corrupt),
        (json!({"embeddings": []}), ErrorKind::Corrupt),
        (json!({"other": 1}), ErrorKind::Corrupt),
    ] {
        server.next(Reply::json(200, &answer));
        assert_eq!(embedder.embed(&["a".to_owned()], &operation).await.unwrap_err().kind(), kind, "{answer}");
    }
}

#[tokio::test]
async fn the_model_tells_how_long_its_vectors_are() {
    let server = ollama::start().await;
    let embedder = OllamaEmbedder::new("nomic-embed-text", 0, OllamaOptions::at(server.url())).unwrap();
    assert_eq!(embedder.dimension(), 0, "nobody was asked");
    let embed = async || embedder.embed(&["a".to_owned()], &Operation::detached()).await;
    assert_eq!((embed().await.unwrap()[0].len(), embedder.dimension()), (16, 16));
    server.next(Reply::json(200, &json!({"embeddings": [[1.0, 2.0, 3.0]]})));
    let error = embed().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "another model behind the same name");
    assert!(error.hint().unwrap().contains("embedding.dimension"), "{error:?}");
}

#[tokio::test]
async fn models_are_listed_and_pulled_with_progress() {
    let server = ollama::start().await;
    let ollama = OllamaServer::new(&OllamaOptions::at(server.url())).unwrap();
    let models = ollama.models().await.unwrap();
    let bare = OllamaOptions::at(server.url().replace("http://", ""));
    assert_eq!(OllamaServer::new(&bare).unwrap().models().await.unwrap(), models);
    assert_eq!((models[0].name.as_str(), models[0].size), ("llama3.2:latest", 2_019_393_189));
    let mut told = Vec::new();
    let note = |pulled: &crate::Pulled| told.push((pulled.completed, pulled.total));
    ollama.pull("llama3.2", &Cancellation::new(), note).await.unwrap();
    assert_eq!(told, [(0, 0), (0, 1000), (400, 1000), (1000, 1000), (0, 0), (0, 0)]);
    let asked = server.seen_at("/api/pull").remove(0).json();
    assert_eq!(asked, json!({"model": "llama3.2", "stream": true}));
    let pull = async |model: &str| ollama.pull(model, &Cancellation::new(), |_| {}).await.map_err(|error| error.kind());
    assert_eq!(pull("nobody/nothing").await, Err(ErrorKind::NotFound));
    assert_eq!(pull(" ").await, Err(ErrorKind::Invalid));
    let status = |status: &str| json!({"status": status});
    server.next(lines(&[status("pulling manifest"), status("writing manifest")]));
    assert_eq!(pull("llama3.2").await, Err(ErrorKind::Unexpected));
    server.next(lines(&[status("pulling manifest"), json!({"error": "dial tcp: no route to host"})]));
    assert_eq!(pull("llama3.2").await, Err(ErrorKind::Unavailable));
}

#[tokio::test]
async fn a_download_stops_on_request() {
    let server = ollama::start().await;
    let ollama = OllamaServer::new(&OllamaOptions::at(server.url())).unwrap();
    server.next(lines(&[json!({"status": "pulling manifest"}), json!({"status": "success"})]).silent_after(1));
    let cancellation = Cancellation::new();
    let switch = cancellation.clone();
    let error = ollama.pull("llama3.2", &cancellation, move |_| switch.cancel()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    server.hung_up().await;
}

#[tokio::test]
async fn every_bad_day_is_told_as_what_it_is() {
    let server = ollama::start().await;
    let operation = Operation::detached();
    let hurried = || OllamaOptions { deadline: HASTE, ..OllamaOptions::at(server.url()) };
    let (patient, hasty) = (model(&server), OllamaLanguageModel::new("llama3.2", hurried()).unwrap());
    let ask = async |model: &OllamaLanguageModel| model.complete(&request(None), &operation).await.map(drop);
    let wrong = [json!({"message": 7}), json!({"message": {"content": "Hi"}, "done": "yes"}), json!({"done": null})];
    bad_days(&server, &wrong, async || ask(&patient).await, async || ask(&hasty).await).await;

    let embedder = |options| OllamaEmbedder::new("nomic-embed-text", 16, options).unwrap();
    let (patient, hasty) = (embedder(OllamaOptions::at(server.url())), embedder(hurried()));
    let embed = async |embedder: &OllamaEmbedder| embedder.embed(&["a".to_owned()], &operation).await.map(drop);
    let wrong = [json!({"embeddings": 7}), json!({"embeddings": [["a"]]}), json!({"embeddings": [{}]})];
    bad_days(&server, &wrong, async || embed(&patient).await, async || embed(&hasty).await).await;
}
