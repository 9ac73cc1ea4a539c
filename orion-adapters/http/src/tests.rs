//! Against a server on this machine, with good days and bad ones.

use crate::{Event, Events, Service};
use orion_core::domain::Secret;
use orion_core::port::Side;
use orion_core::{Cancellation, Error, ErrorKind, Result, Retry};
use orion_faithful::{Part, Reply, Server};
use serde_json::{Value, json};
use std::time::Duration;

fn service(server: &Server) -> Service {
    Service::new("Example", &format!("{}/base/", server.url()), Side::Local).unwrap()
}

fn lines(parts: &[&str]) -> Reply {
    Reply::stream("text/plain", parts.iter().map(|part| Part::Bytes(part.as_bytes().to_vec())).collect())
}

async fn start() -> Server {
    Server::start(|request| Reply::json(200, &json!({"path": request.path, "query": request.query}))).await
}

async fn failure(server: &Server, reply: Reply) -> Error {
    server.next(reply);
    service(server).get(&["models"]).send(&Cancellation::new()).await.unwrap_err()
}

#[tokio::test]
async fn a_call_keeps_the_path_of_the_address_and_escapes_its_own() {
    let server = start().await;
    let service = service(&server).with_secret("authorization", "Bearer ", &Secret::new(" key\n")).unwrap();
    let call = service.post(&["voices", "a/b?c d"]).query(&[("q", "x&y")]).json(&json!({"a": 1})).header("x-a", "b");
    let answer: Value = call.send(&Cancellation::new()).await.unwrap().json(1000).await.unwrap();
    assert_eq!(answer, json!({"path": "/base/voices/a%2Fb%3Fc%20d", "query": "q=x%26y"}));
    let asked = server.seen().remove(0);
    assert_eq!((asked.method.as_str(), asked.json()), ("POST", json!({"a": 1})));
    assert_eq!(asked.header("authorization"), Some("Bearer key"));
    assert_eq!(asked.header("x-a"), Some("b"));
    assert!(asked.header("user-agent").unwrap().starts_with("Orion/"));
    for wrong in ["..", ".", ""] {
        let refused = service.get(&["voices", wrong]).send(&Cancellation::new()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Invalid);
    }
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_form_is_sent_as_one() {
    let server = start().await;
    let file = reqwest::multipart::Part::bytes(b"RIFF".to_vec()).file_name("a.wav").mime_str("audio/wav").unwrap();
    let form = reqwest::multipart::Form::new().text("model", "whisper-1").part("file", file);
    service(&server).post(&["t"]).form(form).send(&Cancellation::new()).await.unwrap();
    let fields = server.seen().remove(0).form();
    assert_eq!((fields[0].name.as_str(), fields[0].content.as_slice()), ("model", b"whisper-1".as_slice()));
    assert_eq!((fields[1].file.as_deref(), fields[1].content.as_slice()), (Some("a.wav"), b"RIFF".as_slice()));
}

#[test]
fn addresses_and_keys_are_checked_at_once() {
    for wrong in ["", "localhost:80", "ftp://a", "http://", "http://a/?b=c", "http://a/#b", "http://user:pw@ a"] {
        let error = Service::new("Example", wrong, Side::Cloud).unwrap_err();
        assert!(error.kind() == ErrorKind::Invalid && !format!("{error:?}").contains("pw"), "{wrong}: {error:?}");
    }
    let service = Service::new("Example", "http://user:pw@host/v1/", Side::Cloud).unwrap();
    assert_eq!(service.address(), "http://host/v1");
    for wrong in ["", " ", "a\nb"] {
        let refused = service.clone().with_secret("xi-api-key", "", &Secret::new(wrong));
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Invalid, "{wrong:?}");
    }
    let service = service.with_secret("xi-api-key", "", &Secret::new("geheim")).unwrap();
    let shown = format!("{service:?} {:?}", service.get(&["a"]));
    assert!(!shown.contains("geheim") && !shown.contains("pw"), "{shown}");
}

#[tokio::test]
async fn statuses_have_kinds() {
    let server = start().await;
    for (status, kind, temporary) in [
        (302, ErrorKind::Unexpected, false),
        (400, ErrorKind::Unsupported, false),
        (401, ErrorKind::Unauthorized, false),
        (402, ErrorKind::Exhausted, false),
        (403, ErrorKind::Unauthorized, false),
        (404, ErrorKind::NotFound, false),
        (408, ErrorKind::Timeout, true),
        (422, ErrorKind::Unsupported, false),
        (429, ErrorKind::RateLimited, true),
        (500, ErrorKind::Unavailable, true),
        (502, ErrorKind::Unavailable, true),
        (503, ErrorKind::Unavailable, true),
        (504, ErrorKind::Timeout, true),
    ] {
        let error = failure(&server, Reply::json(status, &json!({"error": {"message": "so it is"}}))).await;
        assert_eq!((error.kind(), error.is_temporary()), (kind, temporary), "{status}");
        assert!(error.to_string().contains(&format!("status: {status}")) && error.to_string().contains("so it is"));
    }
}

#[tokio::test]
async fn the_wait_that_is_asked_for_is_kept() {
    let server = start().await;
    for status in [429, 503] {
        let reply = Reply::json(status, &json!({})).with("retry-after", "7");
        assert_eq!(failure(&server, reply).await.retry(), Retry::Later(Some(Duration::from_secs(7))));
        let date = Reply::json(status, &json!({}))
            .with("date", "Sun, 06 Nov 1994 08:49:37 GMT")
            .with("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT");
        assert_eq!(failure(&server, date).await.retry(), Retry::Later(Some(Duration::from_secs(10))));
    }
    assert_eq!(failure(&server, Reply::json(429, &json!({}))).await.retry(), Retry::Later(None));
}

#[tokio::test]
async fn what_is_said_is_found_cleaned_and_cut() {
    let server = start().await;
    let said = |error: Error| error.context().iter().find(|(key, _)| *key == "said").map(|(_, said)| said.clone());
    for body in [
        json!({"error": "so it is"}),
        json!({"error": {"message": "so it is"}}),
        json!({"detail": "so it is"}),
        json!({"detail": {"status": "x", "message": "so it is"}}),
        json!({"detail": [{"msg": "so it is"}]}),
        json!({"message": "so\n\u{1b}it  is"}),
    ] {
        assert_eq!(said(failure(&server, Reply::json(400, &body)).await).unwrap(), "so it is", "{body}");
    }
    let long = Reply::bytes(500, "text/html", "word ".repeat(1_000_000));
    assert_eq!(said(failure(&server, long).await).unwrap().chars().count(), 300);
    assert_eq!(said(failure(&server, Reply::bytes(500, "text/plain", "")).await), None);
    // What never ends, or breaks off, tells its status.
    let cut = Reply::bytes(500, "text/plain", "broken").cut_after(3);
    assert_eq!(said(failure(&server, cut).await).unwrap(), "bro");

    let service = service(&server).with_secret("authorization", "Bearer ", &Secret::new("sk-geheim")).unwrap();
    server.next(Reply::json(401, &json!({"error": {"message": "Incorrect API key: sk-geheim.", "code": "bad_key"}})));
    let refusal = service.get(&["a"]).attempt(&Cancellation::new()).await.unwrap().unwrap_err();
    assert_eq!((refusal.said.as_str(), refusal.code()), ("Incorrect API key: [redacted].", Some("bad_key")));
    assert!(!format!("{:?}", refusal.error()).contains("geheim"));
}

#[tokio::test]
async fn nobody_there_is_unavailable_with_a_hint() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let service = Service::new("Example", &format!("http://user:pw@{free}"), Side::Local).unwrap();
    let error = service.with_hint("start it").get(&["a"]).send(&Cancellation::new()).await.unwrap_err();
    assert_eq!((error.kind(), error.hint(), error.is_temporary()), (ErrorKind::Unavailable, Some("start it"), true));
    assert!(!format!("{error:?}").contains("pw"), "{error:?}");
    let server = start().await;
    let error = failure(&server, Reply::nothing()).await;
    assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Unavailable, true));
}

#[tokio::test]
async fn bodies_are_bounded_whole_and_of_the_right_form() {
    let server = start().await;
    let kind = async |reply: Reply, most: usize| {
        server.next(reply);
        let answer = service(&server).get(&["a"]).send(&Cancellation::new()).await.unwrap();
        answer.json::<Value>(most).await.map(drop).map_err(|error| error.kind())
    };
    let body = || Reply::json(200, &json!({"a": "b".repeat(100)}));
    assert_eq!(kind(body(), 200).await, Ok(()));
    assert_eq!(kind(body(), 50).await, Err(ErrorKind::Exhausted));
    assert_eq!(kind(body().cut_after(50), 200).await, Err(ErrorKind::Unavailable));
    assert_eq!(kind(Reply::bytes(200, "text/html", "<html>"), 200).await, Err(ErrorKind::Corrupt));
    server.next(Reply::bytes(200, "Audio/WAV; rate=1", "a"));
    let answer = service(&server).get(&["a"]).send(&Cancellation::new()).await.unwrap();
    assert_eq!((answer.media_type().as_str(), answer.header("content-length")), ("audio/wav", Some("1")));
}

#[tokio::test]
async fn silence_and_slowness_are_given_up() {
    let server = start().await;
    let soon = Duration::from_millis(50);
    let read = async |service: Service, reply: Reply| {
        server.next(reply);
        let answer = service.get(&["a"]).send(&Cancellation::new()).await?;
        answer.bytes(1000).await.map(drop)
    };
    let error = read(service(&server).with_deadline(soon), Reply::never()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Timeout, true));
    let silent = lines(&["a", "b"]).silent_after(1);
    assert_eq!(read(service(&server).with_idle(soon), silent).await.unwrap_err().kind(), ErrorKind::Timeout);
    let drip = lines(&["a"; 400]).dripping(Duration::from_millis(5));
    assert_eq!(read(service(&server).with_deadline(soon), drip).await.unwrap_err().kind(), ErrorKind::Timeout);
    server.hung_up().await;
}

#[tokio::test]
async fn a_stop_closes_the_connection_at_once() {
    for reply in [Reply::never(), lines(&["a"]).silent_after(1), Reply::json(500, &json!({})).silent_after(0)] {
        let server = start().await;
        server.next(reply);
        let (service, cancellation) = (service(&server), Cancellation::new());
        let stopped = cancellation.clone();
        let task = tokio::spawn(async move {
            let answer = service.get(&["a"]).send(&stopped).await?;
            answer.bytes(1000).await
        });
        server.asked(1).await;
        cancellation.cancel();
        assert_eq!(task.await.unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
        server.hung_up().await;
        let again = self::service(&server).get(&["a"]).send(&cancellation).await.unwrap_err();
        assert_eq!((again.kind(), server.seen().len()), (ErrorKind::Cancelled, 1));
    }
}

async fn read_lines(server: &Server, reply: Reply, most: usize) -> Result<Vec<String>> {
    server.next(reply);
    let mut lines = service(server).get(&["a"]).send(&Cancellation::new()).await?.lines(most);
    let mut all = Vec::new();
    while let Some(line) = lines.next().await? {
        all.push(String::from_utf8_lossy(&line).into_owned());
    }
    Ok(all)
}

#[tokio::test]
async fn lines_are_joined_from_pieces() {
    let server = start().await;
    let split = lines(&["a", "b\r", "\n\nc\nd", "\u{e9}"]);
    assert_eq!(read_lines(&server, split, 100).await.unwrap(), ["ab", "", "c", "d\u{e9}"]);
    assert_eq!(read_lines(&server, lines(&["a\n"]), 100).await.unwrap(), ["a"]);
    assert!(read_lines(&server, lines(&[]), 100).await.unwrap().is_empty());
    let kind = |lines: Result<Vec<String>>| lines.unwrap_err().kind();
    assert_eq!(kind(read_lines(&server, lines(&["a\n"; 60]), 100).await), ErrorKind::Exhausted);
    let endless = lines(&[&"a".repeat(700_000), &"a".repeat(700_000), "\n"]);
    assert_eq!(kind(read_lines(&server, endless, 10_000_000).await), ErrorKind::Exhausted);
    assert_eq!(kind(read_lines(&server, lines(&["a\n", "b\n"]).cut_after(3), 100).await), ErrorKind::Unavailable);
}

async fn events(server: &Server, text: &str) -> (Vec<Event>, Events) {
    server.next(lines(&[text]));
    let mut events = service(server).get(&["a"]).send(&Cancellation::new()).await.unwrap().events(10_000);
    let mut all = Vec::new();
    while let Some(event) = events.next().await.unwrap() {
        all.push(event);
    }
    (all, events)
}

#[tokio::test]
async fn events_are_read_as_the_standard_says() {
    let server = start().await;
    let event = |name: &str, data: &str| Event { name: name.to_owned(), data: data.to_owned() };
    let text = ": hello\r\n\r\nevent: add\r\ndata: a\r\ndata:b\r\nid: 1\r\n\r\nevent: nothing\n\ndata\n\ndata: [DONE]";
    let (all, events) = events(&server, text).await;
    assert_eq!(all, [event("add", "a\nb"), event("", ""), event("", "[DONE]")]);
    let cut = events.cut_off();
    assert_eq!((cut.kind(), cut.is_temporary()), (ErrorKind::Unexpected, true));
}
