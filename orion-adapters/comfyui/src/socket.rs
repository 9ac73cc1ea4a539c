//! The socket: what happens to a prompt while it happens. Nothing depends on it but how soon we know.

use crate::client::Server;
use futures_util::StreamExt;
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

/// Longest wait for a socket.
const CONNECT: Duration = Duration::from_secs(5);
/// Largest message; previews of pictures come through here too.
const MOST_BYTES: usize = 16 << 20;

/// What a message means for a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// So many steps of so many.
    Step(u64, u64),
    /// It has ended, well or not.
    Ended,
    /// The socket is closed; there will be no more.
    Closed,
}

/// An open socket.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Socket")
    }
}

impl Socket {
    /// Opens the socket of a client. `None` if there is none to be had: asking does as well.
    pub(crate) async fn open(server: &Server, client: &str) -> Option<Self> {
        let url = server.socket(client)?;
        let config = WebSocketConfig::default().max_message_size(Some(MOST_BYTES)).max_frame_size(Some(MOST_BYTES));
        match timeout(CONNECT, connect_async_with_config(url.as_str(), Some(config), true)).await {
            Ok(Ok((stream, _))) => Some(Self(stream)),
            Ok(Err(error)) => {
                tracing::debug!(%error, "no socket to ComfyUI");
                None
            }
            Err(_) => None,
        }
    }

    /// The next news of a prompt. What concerns others, or is not understood, is passed over.
    pub(crate) async fn news(&mut self, prompt: &str) -> News {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => {
                    if let Some(news) = read(&text, prompt) {
                        return news;
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return News::Closed,
                Some(Ok(_)) => {}
            }
        }
    }
}

fn read(text: &str, prompt: &str) -> Option<News> {
    let message: Value = serde_json::from_str(text).ok()?;
    let data = message.get("data")?;
    if data.get("prompt_id").and_then(Value::as_str).is_some_and(|named| named != prompt) {
        return None;
    }
    match message.get("type")?.as_str()? {
        "progress" => Some(News::Step(whole(data.get("value")?)?, whole(data.get("max")?)?)),
        "executing" if data.get("node")?.is_null() => Some(News::Ended),
        "execution_success" | "execution_error" | "execution_interrupted" => Some(News::Ended),
        _ => None,
    }
}

/// Python counts in floats now and then.
fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64().filter(|number| (0.0..1e9).contains(number)).map(|number| number as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_for_what_they_mean() {
        let check = |text: &str, expected: Option<News>| assert_eq!(read(text, "a"), expected, "{text}");
        check(r#"{"type":"progress","data":{"value":3,"max":20,"prompt_id":"a","node":"5"}}"#, Some(News::Step(3, 20)));
        check(r#"{"type":"progress","data":{"value":3.0,"max":20.0}}"#, Some(News::Step(3, 20)));
        check(r#"{"type":"progress","data":{"value":3,"max":20,"prompt_id":"b"}}"#, None);
        check(r#"{"type":"executing","data":{"node":"5","prompt_id":"a"}}"#, None);
        check(r#"{"type":"executing","data":{"node":null,"prompt_id":"a"}}"#, Some(News::Ended));
        check(r#"{"type":"executing","data":{"node":null,"prompt_id":"b"}}"#, None);
        check(r#"{"type":"execution_success","data":{"prompt_id":"a"}}"#, Some(News::Ended));
        check(r#"{"type":"execution_error","data":{"prompt_id":"a"}}"#, Some(News::Ended));
        check(r#"{"type":"status","data":{"status":{"exec_info":{"queue_remaining":1}}}}"#, None);
        for odd in ["", "[]", "{}", r#"{"type":"progress","data":{"value":"x","max":1}}"#, r#"{"type":7,"data":{}}"#] {
            check(odd, None);
        }
    }
}
