//! Against a server on this machine that speaks the documented protocol, with good days and bad ones.

use crate::{OpenAiEmbedder, OpenAiImages, OpenAiLanguageModel, OpenAiOptions, OpenAiSpeech, OpenAiTranscriber};
use orion_core::domain::{Card, CostCategory, Money, Secret};
use orion_core::port::{
    CompletionRequest, Embedder, ImageModel, ImageRequest, LanguageModel, Message, MessageRole, Side, SpeechModel,
    SpeechRequest, Submission, Transcriber, Usage, WordTimes,
};
use orion_core::strategy::Strategy;
use orion_core::testing::language::{BadDay, Conversation};
use orion_core::testing::transcribe::Hearing;
use orion_core::{Bill, ErrorKind, Operation, Result, Retry};
use orion_faithful::openai::{self, Options, stream};
use orion_faithful::{Part, Reply, Server, bad_days, tones};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const KEY: &str = "sk-test";

/// A deadline that is over before any answer of a bad day ends.
const HASTE: Duration = Duration::from_millis(300);

async fn server(refuses: &[&'static str]) -> Server {
    openai::start(Options { key: KEY.to_owned(), refuses: refuses.to_vec() }).await
}

fn options(server: &Server) -> OpenAiOptions {
    OpenAiOptions { address: server.url(), ..OpenAiOptions::cloud(Secret::new(KEY)) }
}

fn model(server: &Server) -> OpenAiLanguageModel {
    OpenAiLanguageModel::new("m", &options(server)).unwrap()
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

async fn complete(server: &Server, reply: Reply) -> Result<String> {
    server.next(reply);
    model(server).complete(&request(None), &Operation::detached()).await.map(|completion| completion.text)
}

async fn conversation(refuses: &[&'static str]) -> (Conversation, Arc<Server>) {
    let server = Arc::new(server(refuses).await);
    let bad = server.clone();
    let next = move |day| {
        let whole = stream(&["Hi ", "there."], "stop");
        bad.next(match day {
            BadDay::EndsEarly => whole.ends_after(4),
            BadDay::Breaks => whole.cut_after(500),
            BadDay::FallsSilent => whole.silent_after(3),
            BadDay::IsNoJson => stream(&["I would say: ", "brown."], "stop"),
        });
    };
    // A port that was free a moment ago: nobody listens.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let away = OpenAiOptions { address: format!("http://{free}"), ..options(&server) };
    let away = Arc::new(OpenAiLanguageModel::new("m", &away).unwrap());
    (Conversation { model: Arc::new(model(&server)), away, next: Arc::new(next) }, server)
}

async fn make_conversation() -> (Conversation, Arc<Server>) {
    conversation(&[]).await
}

orion_core::language_conformance!(make_conversation);

mod stubborn {
    //! A server that takes none of the newer parameters.
    use super::*;

    async fn make_conversation() -> (Conversation, Arc<Server>) {
        conversation(&["json_schema", "json_object", "max_tokens", "temperature", "stream_options"]).await
    }

    orion_core::language_conformance!(make_conversation);
}

async fn make_embedder() -> (Arc<dyn Embedder>, Server) {
    let server = server(&[]).await;
    (Arc::new(OpenAiEmbedder::new("text-embedding-3-small", 16, &options(&server)).unwrap()), server)
}

orion_core::embedder_conformance!(make_embedder);

async fn make_images() -> (Arc<dyn ImageModel>, Server) {
    let server = server(&[]).await;
    (Arc::new(OpenAiImages::new("gpt-image-1", &options(&server)).unwrap()), server)
}

orion_core::image_conformance!(make_images);

async fn make_speech() -> (Arc<dyn SpeechModel>, Server) {
    let server = server(&[]).await;
    (Arc::new(OpenAiSpeech::new("tts-1", "alloy", &options(&server), Strategy::nobody()).unwrap()), server)
}

orion_core::speech_conformance!(make_speech);

async fn make_hearing() -> (Hearing, Arc<Server>) {
    let server = Arc::new(server(&[]).await);
    let transcriber = Arc::new(OpenAiTranscriber::new("whisper-1", &options(&server)).unwrap());
    let silent = server.clone();
    let hold = Arc::new(move || silent.next(Reply::never()));
    (Hearing { transcriber, samples: tones(3, 16_000), sample_rate: 16_000, words: 3, hold }, server)
}

orion_core::transcriber_conformance!(make_hearing);

#[tokio::test]
async fn the_request_is_what_the_reference_says_and_is_paid() {
    let server = server(&[]).await;
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]});
    let answer = model(&server).complete(&request(Some(schema.clone())), &Operation::detached()).await.unwrap();
    assert_eq!(answer.text, r#"{"a":4}"#);
    // Three tokens were asked and one was answered, at the contract's rate.
    assert_eq!(answer.usage.units, 4.0);
    assert_eq!(answer.usage.cost, Money::from_dollars(4.0 * CostCategory::LlmTokens.default_rate()));
    let asked = server.seen().remove(0);
    assert_eq!((asked.path.as_str(), asked.header("authorization")), ("/v1/chat/completions", Some("Bearer sk-test")));
    assert_eq!(
        asked.json(),
        json!({
            "model": "m",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}],
            "temperature": 0.5, "max_tokens": 64, "stream": true, "stream_options": {"include_usage": true},
            "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}},
        })
    );
    assert_eq!(model(&server).models().await.unwrap(), ["m"]);
}

#[tokio::test]
async fn what_is_refused_is_asked_for_in_another_way_and_remembered() {
    let server = server(&["json_schema", "max_tokens"]).await;
    let model = model(&server);
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
    for _ in 0..2 {
        let answer = model.complete(&request(Some(schema.clone())), &Operation::detached()).await.unwrap();
        assert_eq!(answer.text, r#"{"a":4}"#);
    }
    let seen = server.seen();
    assert_eq!(seen.len(), 4, "two refusals, then two answers");
    let last = seen[3].json();
    assert_eq!(last["response_format"], json!({"type": "json_object"}));
    assert_eq!((last["max_completion_tokens"].as_u64(), last.get("max_tokens")), (Some(64), None));
    assert!(last["messages"][1]["content"].as_str().unwrap().contains("JSON of this schema"));
}

#[tokio::test]
async fn an_incomplete_answer_is_an_error() {
    let server = server(&[]).await;
    let whole = || stream(&["Hi ", "there."], "stop");
    assert_eq!(complete(&server, whole()).await.unwrap(), "Hi there.");
    // Without the last mark, but with the reason: some servers end so.
    assert_eq!(complete(&server, whole().ends_after(5)).await.unwrap(), "Hi there.");
    for (reply, kind, temporary) in [
        (whole().ends_after(4), ErrorKind::Unexpected, true),
        (whole().ends_after(0), ErrorKind::Unexpected, true),
        (whole().cut_after(500), ErrorKind::Unavailable, true),
        (Reply::nothing(), ErrorKind::Unavailable, true),
        (stream(&["Hi"], "length"), ErrorKind::Exhausted, false),
        (stream(&["Hi"], "content_filter"), ErrorKind::Unsupported, false),
        (stream(&["<think>Hm"], "stop"), ErrorKind::Corrupt, false),
        (stream(&[], "stop"), ErrorKind::Corrupt, false),
        (Reply::bytes(200, "text/html", "data: <html>\n\n"), ErrorKind::Corrupt, false),
        (Reply::bytes(200, "text/html", "<html>"), ErrorKind::Unexpected, true),
        (
            Reply::stream(
                "text/event-stream",
                vec![Part::Bytes(b"data: {\"error\": {\"message\": \"overloaded\"}}\n\n".to_vec())],
            ),
            ErrorKind::Unavailable,
            true,
        ),
        (
            Reply::stream(
                "text/event-stream",
                vec![Part::Bytes(b"data: {\"choices\": [{\"delta\": {\"content\": 7}}]}\n\n".to_vec())],
            ),
            ErrorKind::Corrupt,
            false,
        ),
    ] {
        let shown = format!("{reply:?}");
        let error = complete(&server, reply).await.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (kind, temporary), "{shown}: {error:?}");
    }
}

#[tokio::test]
async fn refusals_keep_their_meaning() {
    let server = server(&[]).await;
    let said = |code: &str| json!({"error": {"message": "so it is", "type": code, "code": code}});
    for (reply, kind, retry) in [
        (Reply::json(400, &said("invalid")), ErrorKind::Unsupported, Retry::Never),
        (Reply::json(401, &said("invalid_api_key")), ErrorKind::Unauthorized, Retry::Never),
        (Reply::json(402, &said("balance")), ErrorKind::Exhausted, Retry::Never),
        (Reply::json(404, &said("model_not_found")), ErrorKind::NotFound, Retry::Never),
        (Reply::json(429, &said("insufficient_quota")), ErrorKind::Exhausted, Retry::Never),
        (
            Reply::json(429, &said("rate_limit_exceeded")).with("retry-after", "3"),
            ErrorKind::RateLimited,
            Retry::Later(Some(Duration::from_secs(3))),
        ),
        (Reply::json(503, &said("overloaded")), ErrorKind::Unavailable, Retry::Later(None)),
    ] {
        let error = complete(&server, reply).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (kind, retry), "{error:?}");
        assert!(error.to_string().contains("so it is") && !format!("{error:?}").contains(KEY), "{error:?}");
    }
}

#[tokio::test]
async fn a_stream_that_falls_silent_is_left() {
    let server = server(&[]).await;
    server.next(stream(&["Hi ", "there."], "stop").silent_after(3));
    let options = OpenAiOptions { deadline: Duration::from_millis(200), ..options(&server) };
    let model = OpenAiLanguageModel::new("m", &options).unwrap();
    let error = model.complete(&request(None), &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    server.hung_up().await;
}

#[tokio::test]
async fn without_usage_tokens_are_estimated() {
    let server = server(&["stream_options"]).await;
    let answer = model(&server).complete(&request(None), &Operation::detached()).await.unwrap();
    assert!((5.0..20.0).contains(&answer.usage.units), "{answer:?}");
}

#[test]
fn options_are_checked_before_any_work() {
    let cloud = OpenAiOptions::cloud(Secret::new(" "));
    let error = OpenAiLanguageModel::new("m", &cloud).unwrap_err();
    assert!(error.kind() == ErrorKind::Invalid && error.hint().unwrap().contains("OPENAI_API_KEY"), "{error:?}");
    let local = OpenAiOptions::local("http://127.0.0.1:8000");
    assert_eq!(OpenAiLanguageModel::new("m", &local).unwrap().provider().side, Side::Local);
    assert!(OpenAiLanguageModel::new(" ", &local).is_err());
    assert!(OpenAiLanguageModel::new("m", &OpenAiOptions::local("ftp://a")).is_err());
    assert!(OpenAiEmbedder::new("m", 8193, &local).is_err());
    assert!(OpenAiSpeech::new("tts-1", "", &local, Strategy::nobody()).is_err());
}

#[tokio::test]
async fn vectors_that_cannot_be_used_are_errors() {
    let server = server(&[]).await;
    let embedder = OpenAiEmbedder::new("e", 2, &options(&server)).unwrap();
    let vectors = |data: Value| Reply::json(200, &json!({"data": data}));
    server.next(vectors(json!([{"index": 1, "embedding": [0.0, -2.0]}, {"index": 0, "embedding": [3.0, 4.0]}])));
    let operation = Operation::detached();
    assert_eq!(embedder.embed(&["a".to_owned(), " ".to_owned()], &operation).await.unwrap(), [[0.6, 0.8], [0.0, -1.0]]);
    assert_eq!(server.seen()[0].json()["input"], json!(["a", "."]));
    for (data, kind) in [
        (json!([{"index": 0, "embedding": [1.0, 2.0, 3.0]}]), ErrorKind::Unsupported),
        (json!([{"index": 0, "embedding": [0.0, 0.0]}]), ErrorKind::Corrupt),
        (json!([{"index": 3, "embedding": [1.0, 0.0]}]), ErrorKind::Corrupt),
        (json!([]), ErrorKind::Corrupt),
        (json!([{"index": "0", "embedding": "no"}]), ErrorKind::Corrupt),
    ] {
        server.next(vectors(data.clone()));
        assert_eq!(embedder.embed(&["a".to_owned()], &operation).await.unwrap_err().kind(), kind, "{data}");
    }
}

#[tokio::test]
async fn the_tokens_of_vectors_are_paid_as_the_server_counts_them() {
    let server = server(&[]).await;
    let embedder = OpenAiEmbedder::new("text-embedding-3-small", 0, &options(&server)).unwrap();
    let bill = Bill::new();
    let operation = Operation::detached().billed(&bill);
    embedder.embed(&["a".to_owned(), "b".to_owned()], &operation).await.unwrap();
    assert_eq!(embedder.dimension(), 16, "as the model gives them");
    server.next(Reply::json(200, &json!({"data": [{"index": 0, "embedding": vec![0.25; 16]}]})));
    embedder.embed(&["12345678".to_owned()], &operation).await.unwrap();
    let charges = bill.settle();
    let told = (charges.len(), charges[0].usage.category, charges[0].usage.units);
    assert_eq!(told, (1, CostCategory::EmbeddingTokens, 10.0), "8 were counted, and 2 estimated");
    let dear = OpenAiOptions { rate: Some(0.1), ..options(&server) };
    OpenAiEmbedder::new("e", 0, &dear).unwrap().embed(&["a".to_owned()], &operation).await.unwrap();
    assert_eq!(bill.settle()[0].usage.cost, Money::from_dollars(0.8));
}

fn picture() -> ImageRequest {
    ImageRequest {
        prompt: "a city".to_owned(),
        negative_prompt: "text".to_owned(),
        card: Card::Closing { headline: String::new(), credits: Vec::new() },
        look: orion_core::testing::sample::look(),
        picture: None,
        width: 1080,
        height: 1920,
        seed: 1,
        scene_number: 1,
    }
}

#[tokio::test]
async fn pictures_are_cut_to_the_shape_and_broken_ones_are_errors() {
    let server = server(&[]).await;
    let request = picture();
    let images = OpenAiImages::new("gpt-image-1", &options(&server)).unwrap();
    let drawn = images.submit(&request, &Operation::detached()).await.unwrap();
    let cost = Money::from_dollars(CostCategory::ImageGeneration.default_rate());
    let usage = Usage { category: CostCategory::ImageGeneration, units: 1.0, cost };
    assert!(matches!(&drawn, Submission::Done(image) if image.usage == usage), "{drawn:?}");
    let asked = server.seen().remove(0).json();
    assert_eq!((asked["size"].as_str(), asked.get("response_format")), (Some("1024x1536"), None));
    assert!(asked["prompt"].as_str().unwrap().contains("none of this: text"));
    // Servers of one's own draw what they are asked for.
    let own = OpenAiImages::new("stablediffusion", &options(&server)).unwrap();
    own.submit(&request, &Operation::detached()).await.unwrap();
    let asked = server.seen().remove(1).json();
    assert_eq!((asked["size"].as_str(), asked["response_format"].as_str()), (Some("1080x1920"), Some("b64_json")));
    for data in [
        json!([]),
        json!([{"url": "https://elsewhere.example"}]),
        json!([{"b64_json": "!"}]),
        json!([{"b64_json": "aGVsbG8="}]),
    ] {
        server.next(Reply::json(200, &json!({"data": data})));
        let error = own.submit(&request, &Operation::detached()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{data}");
    }
}

#[tokio::test]
async fn words_are_timed_by_an_ear_or_estimated_and_it_is_said() {
    let server = server(&[]).await;
    let ear = Arc::new(OpenAiTranscriber::new("whisper-1", &options(&server)).unwrap());
    let voice = OpenAiSpeech::new("tts-1", "alloy", &options(&server), ear.into()).unwrap();
    assert_eq!(voice.provider().to_string(), "openai/tts-1/alloy");
    let request = SpeechRequest {
        text: "Well, — nine dogs!".to_owned(),
        voice: Some("nova".to_owned()),
        language: "en-GB".to_owned(),
        speed: 1.0,
    };
    let heard = voice.speak(&request, &Operation::detached()).await.unwrap();
    assert_eq!(heard.times, WordTimes::Heard);
    assert!(heard.usage.cost > Money::from_dollars(18.0 * CostCategory::TtsCharacters.default_rate()), "the ear too");
    // `Well` is four letters of 50 ms, then a mark of 300 ms and a gap of 120 ms.
    let near = |time: orion_core::MediaTime, seconds: f64| (time.0 as f64 / 1e6 - seconds).abs() < 0.03;
    assert!(near(heard.words[0].end, 0.2), "{:?}", heard.words);
    assert!(near(heard.words[2].start, 0.75), "{:?}", heard.words);
    assert_eq!(server.seen()[1].form().iter().find(|field| field.name == "language").unwrap().content, b"en");
    // An ear that fails is no reason not to speak, but it is said.
    server.next(Reply::json(200, &json!({})));
    let speech = OpenAiSpeech::new("tts-1", "alloy", &options(&server), Strategy::nobody()).unwrap();
    assert_eq!(speech.speak(&request, &Operation::detached()).await.unwrap_err().kind(), ErrorKind::Corrupt);
    let estimated = speech.speak(&request, &Operation::detached()).await.unwrap();
    assert_eq!(estimated.times, WordTimes::Estimated);
    assert!(near(estimated.words[2].start, 0.75), "{:?}", estimated.words);
}

#[tokio::test]
async fn transcripts_are_brought_into_order() {
    let server = server(&[]).await;
    let ear = OpenAiTranscriber::new("whisper-1", &options(&server)).unwrap();
    let wav = orion_core::service::editor::encode_wav(&tones(3, 16_000), 16_000);
    let hear = async |body: Value| {
        server.next(Reply::json(200, &body));
        ear.transcribe(wav.clone(), None, &Operation::detached()).await
    };
    let word = |word: &str, start: f64, end: f64| json!({"word": word, "start": start, "end": end});
    // Spaces, overlaps, words without a length, and what lies behind the end.
    let words = json!([word(" Hello", 0.0, 0.3), word("a b", 0.2, 0.4), word("c", 0.4, 0.4), word("ghost", 9.0, 9.5)]);
    let heard = hear(json!({"language": "german", "text": "x", "words": words})).await.unwrap();
    let texts: Vec<&str> = heard.words.iter().map(|word| word.text.as_str()).collect();
    assert_eq!((texts, heard.language.as_str()), (vec!["Hello", "a", "b", "c"], "de"));
    assert!(heard.words.windows(2).all(|pair| pair[0].end <= pair[1].start));
    // Words as the API tells them, and a text that has marks, and a number that was heard as two words.
    let words = json!([
        word("hello", 0.0, 0.2),
        word("world", 0.2, 0.3),
        word("twenty", 0.3, 0.35),
        word("five", 0.35, 0.4),
        word("years", 0.4, 0.45),
        word("um", 0.45, 0.5),
        word("later", 0.5, 0.6),
    ]);
    let heard =
        hear(json!({"text": " Hello, World! Twenty-five years \u{201c}later.\u{201d}", "words": words})).await.unwrap();
    let texts: Vec<&str> = heard.words.iter().map(|word| word.text.as_str()).collect();
    assert_eq!(texts, ["Hello,", "World!", "twenty", "five", "years", "um", "\u{201c}later.\u{201d}"]);
    assert!(hear(json!({"text": ""})).await.unwrap().words.is_empty());
    assert_eq!(hear(json!({"text": "Hello"})).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(hear(json!({"text": "a", "words": "none"})).await.unwrap_err().kind(), ErrorKind::Corrupt);
}

#[tokio::test]
async fn a_long_sound_is_sent_in_pieces_and_their_times_are_joined() {
    let server = server(&[]).await;
    let mut ear = OpenAiTranscriber::new("whisper-1", &options(&server)).unwrap();
    // Four minutes: a word of half a second begins with each of the first five seconds, and from the third minute on one
    // with every tenth.
    let rate = 8_000;
    let said = |second: usize| second < 5 || second >= 180 && second % 10 == 2;
    let tone = |n: usize| if said(n / rate) && n % rate < rate / 2 { (n as f32 * 0.15).sin() * 0.5 } else { 0.0 };
    let samples: Vec<f32> = (0..240 * rate).map(tone).collect();
    let wav = orion_core::service::editor::encode_wav(&samples, rate as u32);
    // A minute fits into a piece.
    ear.most = 60 * 2 * rate + 128;
    let heard = ear.transcribe(wav.clone(), Some("en"), &Operation::detached()).await.unwrap();
    let sent: Vec<usize> = server.seen().iter().map(|request| request.body.len()).collect();
    assert!(sent.len() >= 2 && sent.iter().all(|bytes| *bytes < ear.most + 1_000), "{sent:?}");
    let seconds: Vec<f64> = heard.words.iter().map(|word| word.start.seconds()).collect();
    let wanted = [0.0, 1.0, 2.0, 3.0, 4.0, 182.0, 192.0, 202.0, 212.0, 222.0, 232.0];
    let near = seconds.iter().zip(wanted).all(|(start, wanted)| (start - wanted).abs() < 0.02);
    assert!(near && seconds.len() == wanted.len(), "{seconds:?}");
    // What is silent is not sent, and not paid.
    assert!((60.0..180.0).contains(&heard.usage.units), "{:?}", heard.usage);
    // What goes wrong with one piece goes wrong with the whole.
    server.next(Reply::json(200, &json!({})));
    let failed = ear.transcribe(wav, None, &Operation::detached()).await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Corrupt);
}

#[tokio::test]
async fn pieces_that_were_heard_are_not_sent_again_when_a_later_one_fails() {
    let server = server(&[]).await;
    let mut ear = OpenAiTranscriber::new("whisper-1", &options(&server)).unwrap();
    let rate = 8_000;
    // A word of half a second in every tenth of two minutes, each of another length, so that no piece is like another.
    let long = |second: usize| rate / 4 + second * 20;
    let said = |n: usize| (n / rate).is_multiple_of(10) && n % rate < long(n / rate);
    let tone = |n: usize| if said(n) { (n as f32 * 0.15).sin() * 0.5 } else { 0.0 };
    let samples: Vec<f32> = (0..120 * rate).map(tone).collect();
    let wav = orion_core::service::editor::encode_wav(&samples, rate as u32);
    let operation = Operation::detached();
    ear.most = 30 * 2 * rate + 128;
    let whole = ear.transcribe(wav.clone(), None, &operation).await.unwrap();
    let pieces = server.seen().len();
    assert!(pieces >= 4, "{pieces}");

    let heard = |piece: usize| {
        let word = json!({"word": format!("word{piece}"), "start": 0.1, "end": 0.4});
        Reply::json(200, &json!({"language": "english", "text": format!("word{piece}"), "words": [word]}))
    };
    let busy = || Reply::json(503, &json!({"error": {"message": "loading"}}));
    let begun = server.seen().len();
    (0..pieces - 2).for_each(|piece| server.next(heard(piece)));
    // The last but one fails twice, and is all that is sent meanwhile; a clone is the same ear.
    for asked in [pieces - 1, pieces] {
        server.next(busy());
        let failed = ear.clone().transcribe(wav.clone(), None, &operation).await;
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::Unavailable);
        assert_eq!(server.seen().len() - begun, asked);
    }
    (pieces - 2..pieces).for_each(|piece| server.next(heard(piece)));
    let again = ear.transcribe(wav.clone(), None, &operation).await.unwrap();
    assert_eq!(server.seen().len() - begun, pieces + 2);
    let words: Vec<String> = again.words.iter().map(|word| word.text.clone()).collect();
    assert_eq!(words, (0..pieces).map(|piece| format!("word{piece}")).collect::<Vec<_>>());
    assert!(again.words.windows(2).all(|pair| pair[1].start > pair[0].end), "{:?}", again.words);
    assert_eq!(again.usage, whole.usage, "what was paid before is told as well");
    // Asked in another language, and once all is heard, it is another question.
    let (told, anew) = (Some("en"), server.seen().len());
    ear.transcribe(wav.clone(), told, &operation).await.unwrap();
    ear.transcribe(wav, None, &operation).await.unwrap();
    assert_eq!(server.seen().len() - anew, 2 * pieces);
}

#[tokio::test]
async fn a_large_file_is_brought_below_what_the_server_takes() {
    let server = server(&[]).await;
    let ear = OpenAiTranscriber::new("whisper-1", &options(&server)).unwrap();
    // Fractions on eight channels: half a minute of 48 kHz is more than the server takes.
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x03\0\x08\0".to_vec();
    file.extend(48_000_u32.to_le_bytes());
    file.extend([0, 0, 0, 0, 32, 0, 32, 0]);
    file.extend(b"data\xff\xff\xff\xff");
    let tones = tones(3, 48_000).into_iter().flat_map(|sample| [sample.to_le_bytes(); 8]);
    file.extend(tones.flatten());
    file.resize(27_000_000, 0);
    let heard = ear.transcribe(file.into(), None, &Operation::detached()).await.unwrap();
    assert_eq!(heard.words.len(), 3);
    assert!(server.seen()[0].body.len() < 2_000_000);
    let large = vec![0; 26_300_000];
    let form = reqwest::multipart::Form::new().text("model", "m").text("response_format", "verbose_json");
    let form = form
        .text("timestamp_granularities[]", "word")
        .part("file", reqwest::multipart::Part::bytes(large).file_name("a.wav"));
    let sent = reqwest::Client::new()
        .post(format!("{}/v1/audio/transcriptions", server.url()))
        .bearer_auth(KEY)
        .multipart(form);
    assert_eq!(sent.send().await.unwrap().status(), 413, "the server is as strict as the real one");
}

#[tokio::test]
async fn every_bad_day_is_told_as_what_it_is() {
    let server = server(&[]).await;
    let operation = Operation::detached();
    let patient = options(&server);
    let hasty = OpenAiOptions { deadline: HASTE, ..options(&server) };

    let ask = async |options: &OpenAiOptions| {
        let model = OpenAiLanguageModel::new("m", options)?;
        model.complete(&request(None), &operation).await.map(drop)
    };
    bad_days(&server, &[], async || ask(&patient).await, async || ask(&hasty).await).await;

    let embed = async |options: &OpenAiOptions| {
        OpenAiEmbedder::new("e", 16, options)?.embed(&["a".to_owned()], &operation).await.map(drop)
    };
    let wrong = [json!({"data": 7}), json!({"data": [7]}), json!({"data": [{"index": 0, "embedding": ["a"]}]})];
    bad_days(&server, &wrong, async || embed(&patient).await, async || embed(&hasty).await).await;

    let draw = async |options: &OpenAiOptions| {
        OpenAiImages::new("gpt-image-1", options)?.submit(&picture(), &operation).await.map(drop)
    };
    let wrong = [json!({"data": 7}), json!({"data": [{"b64_json": 7}]}), json!({"data": [null]})];
    bad_days(&server, &wrong, async || draw(&patient).await, async || draw(&hasty).await).await;

    let speak = async |options: &OpenAiOptions| {
        let (text, language) = ("Hello.".to_owned(), "en".to_owned());
        let request = SpeechRequest { text, voice: None, language, speed: 1.0 };
        OpenAiSpeech::new("tts-1", "alloy", options, Strategy::nobody())?.speak(&request, &operation).await.map(drop)
    };
    bad_days(&server, &[json!({"audio": 7})], async || speak(&patient).await, async || speak(&hasty).await).await;

    let wav = orion_core::service::editor::encode_wav(&tones(3, 16_000), 16_000);
    let hear = async |options: &OpenAiOptions| {
        OpenAiTranscriber::new("whisper-1", options)?.transcribe(wav.clone(), None, &operation).await.map(drop)
    };
    let wrong = [json!({"text": 7}), json!({"text": "a", "words": [{"word": 7}]}), json!({})];
    bad_days(&server, &wrong, async || hear(&patient).await, async || hear(&hasty).await).await;
}
