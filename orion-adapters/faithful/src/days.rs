//! The bad days that any server over HTTP can have, and what a client must make of each.

use crate::{Part, Reply, Server};
use orion_core::{Error, ErrorKind, Result, Retry};
use serde_json::{Value, json};
use std::time::Duration;

/// What a refusal asks to wait.
const WAIT: Duration = Duration::from_secs(7);

/// Has a server answer the first request of a call in every bad way: too many requests, faults of its own, connections
/// that break before an answer and within one, wrong types (`wrong` are those at home in the protocol), and, for the
/// call of a client whose deadline is over soon, silence and an answer that drips. Each must be told as what it is, with
/// the wait that was asked for, and the call must go well right after it.
///
/// # Panics
/// If it is not so.
pub async fn bad_days(
    server: &Server,
    wrong: &[Value],
    call: impl AsyncFn() -> Result<()>,
    hasty: impl AsyncFn() -> Result<()>,
) {
    let said = |status: u16| Reply::json(status, &json!({"error": {"message": "so it is", "code": "so"}}));
    for (status, kind, waits) in [
        (429, ErrorKind::RateLimited, true),
        (429, ErrorKind::RateLimited, false),
        (500, ErrorKind::Unavailable, false),
        (502, ErrorKind::Unavailable, false),
        (503, ErrorKind::Unavailable, true),
        (504, ErrorKind::Timeout, false),
    ] {
        let reply = if waits { said(status).with("retry-after", &WAIT.as_secs().to_string()) } else { said(status) };
        let error = failure(server, &call, &format!("status {status}"), reply).await;
        let expected = (kind, Retry::Later(waits.then_some(WAIT)));
        assert_eq!((error.kind(), error.retry()), expected, "status {status}: {error:?}");
    }
    let long = Reply::json(200, &json!({"words": "word ".repeat(1000)}));
    for (what, reply) in [("no answer", Reply::nothing()), ("a broken answer", long.cut_after(100))] {
        let error = failure(server, &call, what, reply).await;
        assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Unavailable, true), "{what}: {error:?}");
    }
    for body in [json!(7), json!("words"), Value::Null, json!([[]])].iter().chain(wrong) {
        let error = failure(server, &call, &body.to_string(), Reply::json(200, body)).await;
        assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Unexpected), "{body}: {error:?}");
    }
    // A minute of it.
    let drip = Reply::stream("application/json", vec![Part::Bytes(b" ".to_vec()); 6000]);
    for (what, reply) in [("silence", Reply::never()), ("a drip", drip.dripping(Duration::from_millis(10)))] {
        let error = failure(server, &hasty, what, reply).await;
        assert_eq!(error.kind(), ErrorKind::Timeout, "{what}: {error:?}");
    }
    let after = call().await;
    assert!(after.is_ok(), "these were days, and not the server: {after:?}");
}

async fn failure(server: &Server, call: &impl AsyncFn() -> Result<()>, what: &str, reply: Reply) -> Error {
    server.next(reply);
    let made = call().await;
    assert!(made.is_err(), "{what} is taken for an answer");
    made.unwrap_err()
}
