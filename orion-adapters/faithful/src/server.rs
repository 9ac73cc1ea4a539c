//! A server on this machine: reads requests, keeps them, and answers as it is told, badly too.

use crate::request::{Request, find};
use serde_json::Value;
use std::collections::VecDeque;
use std::fmt;
use std::io::Result as IoResult;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A piece of an answer.
#[derive(Debug, Clone)]
pub enum Part {
    /// Bytes, sent at once.
    Bytes(Vec<u8>),
    /// A pause.
    Pause(Duration),
    /// Silence until the client hangs up.
    Silence,
    /// The connection is closed in the middle.
    Cut,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    parts: Vec<Part>,
    /// The length is told at the start; else the body is sent in chunks and its end is told.
    whole: bool,
}

impl Reply {
    /// An answer of bytes.
    pub fn bytes(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".to_owned(), media_type.to_owned())];
        Self { status, headers, parts: vec![Part::Bytes(body.into())], whole: true }
    }

    /// An answer of JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::bytes(status, "application/json", body.to_string())
    }

    /// A successful answer in pieces, each sent when it is its turn.
    pub fn stream(media_type: &str, parts: Vec<Part>) -> Self {
        Self { parts, whole: false, ..Self::bytes(200, media_type, "") }
    }

    /// The connection is closed without an answer.
    pub fn nothing() -> Self {
        Self { status: 0, headers: Vec::new(), parts: Vec::new(), whole: true }
    }

    /// No answer comes, and the connection stays.
    pub fn never() -> Self {
        Self { parts: vec![Part::Silence], ..Self::nothing() }
    }

    /// With a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Cut to so many bytes of its body, and then the connection is closed: what was announced never comes.
    #[must_use]
    pub fn cut_after(mut self, bytes: usize) -> Self {
        let mut left = bytes;
        let mut kept = Vec::new();
        for part in self.parts {
            match part {
                Part::Bytes(body) => {
                    kept.push(Part::Bytes(body[..body.len().min(left)].to_vec()));
                    left -= body.len().min(left);
                }
                other => kept.push(other),
            }
        }
        kept.push(Part::Cut);
        self.parts = kept;
        self.whole = false;
        self
    }

    /// Ends in good order after so many of its pieces, as if that were all.
    #[must_use]
    pub fn ends_after(mut self, parts: usize) -> Self {
        self.parts.truncate(parts);
        self
    }

    /// Falls silent after so many of its pieces.
    #[must_use]
    pub fn silent_after(mut self, parts: usize) -> Self {
        self.parts.truncate(parts);
        self.parts.push(Part::Silence);
        self.whole = false;
        self
    }

    /// Pauses before each of its bytes pieces.
    #[must_use]
    pub fn dripping(mut self, pause: Duration) -> Self {
        self.parts = self.parts.into_iter().flat_map(|part| [Part::Pause(pause), part]).collect();
        self.whole = false;
        self
    }
}

type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

/// Who answers when no bad day is queued.
enum Behind {
    Handler(Box<Handler>),
    Server(SocketAddr),
}

struct Shared {
    behind: Behind,
    seen: Mutex<Vec<Request>>,
    next: Mutex<VecDeque<Reply>>,
    hang_ups: watch::Sender<usize>,
    asked: watch::Sender<usize>,
}

/// A server that listens until it is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens on a free port of this machine.
    pub async fn start(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(Behind::Handler(Box::new(handler))).await
    }

    /// Listens before another server of this machine, at `http://127.0.0.1:PORT`: requests go on to it, and sockets
    /// too, but for the bad days.
    pub async fn before(url: &str) -> Self {
        Self::listen(Behind::Server(url.trim_start_matches("http://").parse().unwrap())).await
    }

    async fn listen(behind: Behind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            behind,
            seen: Mutex::default(),
            next: Mutex::default(),
            hang_ups: watch::Sender::new(0),
            asked: watch::Sender::new(0),
        });
        let serving = shared.clone();
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let Ok((connection, _)) = listener.accept().await else { continue };
                let shared = serving.clone();
                connections.spawn(async move {
                    // A client that leaves is no fault of the server's.
                    let _ = shared.serve(connection).await;
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, shared, task }
    }

    /// Its address: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next request gets this answer; several wait in line.
    pub fn next(&self, reply: Reply) {
        self.shared.next.lock().unwrap_or_else(PoisonError::into_inner).push_back(reply);
    }

    /// Every request so far, in order.
    pub fn seen(&self) -> Vec<Request> {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The requests so far of one path.
    pub fn seen_at(&self, path: &str) -> Vec<Request> {
        self.seen().into_iter().filter(|request| request.path == path).collect()
    }

    /// Completes once so many requests have come.
    pub async fn asked(&self, times: usize) {
        let mut asked = self.shared.asked.subscribe();
        asked.wait_for(|count| *count >= times).await.unwrap();
    }

    /// Completes once a client has hung up on an answer that was not finished.
    pub async fn hung_up(&self) {
        let mut hang_ups = self.shared.hang_ups.subscribe();
        hang_ups.wait_for(|count| *count > 0).await.unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Shared {
    async fn serve(&self, mut connection: TcpStream) -> IoResult<()> {
        let Some(request) = read(&mut connection).await? else { return Ok(()) };
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        let socket = request.header("upgrade").is_some();
        let queued = || self.next.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let queued = if socket { None } else { queued() };
        self.asked.send_modify(|count| *count += 1);
        let reply = match (queued, &self.behind) {
            (Some(reply), _) => reply,
            (None, Behind::Handler(handler)) => handler(&request),
            (None, Behind::Server(address)) => return pass_on(&request, socket, connection, *address).await,
        };
        let sent = self.answer(&mut connection, &reply).await;
        if sent.is_err() {
            self.hang_ups.send_modify(|count| *count += 1);
        }
        sent
    }

    async fn answer(&self, connection: &mut TcpStream, reply: &Reply) -> IoResult<()> {
        if reply.status > 0 {
            connection.write_all(head(reply).as_bytes()).await?;
        }
        for part in &reply.parts {
            match part {
                Part::Bytes(bytes) if reply.whole => connection.write_all(bytes).await?,
                Part::Bytes(bytes) if bytes.is_empty() => {}
                Part::Bytes(bytes) => {
                    connection.write_all(format!("{:x}\r\n", bytes.len()).as_bytes()).await?;
                    connection.write_all(bytes).await?;
                    connection.write_all(b"\r\n").await?;
                }
                Part::Pause(pause) => {
                    let gone = gone(connection);
                    tokio::select! {
                        () = tokio::time::sleep(*pause) => {}
                        () = gone => return Err(std::io::ErrorKind::ConnectionReset.into()),
                    }
                }
                Part::Silence => {
                    gone(connection).await;
                    return Err(std::io::ErrorKind::ConnectionReset.into());
                }
                Part::Cut => return connection.shutdown().await,
            }
        }
        if reply.status > 0 && !reply.whole {
            connection.write_all(b"0\r\n\r\n").await?;
        }
        connection.shutdown().await
    }
}

/// Has another server answer. One request a connection, so that the next one comes by here again.
async fn pass_on(request: &Request, socket: bool, mut connection: TcpStream, to: SocketAddr) -> IoResult<()> {
    let mut beyond = TcpStream::connect(to).await?;
    let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
    let mut head = format!("{} {}{query} HTTP/1.1\r\n", request.method, request.path);
    let ours = |name: &str| matches!(name, "connection" | "content-length" | "transfer-encoding");
    for (name, value) in request.headers.iter().filter(|(name, _)| socket || !ours(name)) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !socket {
        head.push_str(&format!("connection: close\r\ncontent-length: {}\r\n", request.body.len()));
    }
    beyond.write_all(format!("{head}\r\n").as_bytes()).await?;
    beyond.write_all(&request.body).await?;
    tokio::io::copy_bidirectional(&mut connection, &mut beyond).await.map(drop)
}

/// The first lines of an answer.
fn head(reply: &Reply) -> String {
    let mut head = format!("HTTP/1.1 {} Answer\r\nconnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if reply.whole {
        let length: usize = reply.parts.iter().map(|part| if let Part::Bytes(it) = part { it.len() } else { 0 }).sum();
        head.push_str(&format!("content-length: {length}\r\n\r\n"));
    } else {
        head.push_str("transfer-encoding: chunked\r\n\r\n");
    }
    head
}

/// Completes once the client has hung up.
async fn gone(connection: &mut TcpStream) {
    let mut buffer = [0; 1024];
    while connection.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
}

/// Reads one request; `None` if the client says nothing.
async fn read(connection: &mut TcpStream) -> IoResult<Option<Request>> {
    let mut buffer = Vec::new();
    let end = loop {
        if let Some(end) = find(&buffer, b"\r\n\r\n") {
            break end;
        }
        if connection.read_buf(&mut buffer).await? == 0 {
            return Ok(None);
        }
    };
    let text = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let mut lines = text.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let method = first.next().unwrap_or_default().to_owned();
    let target = first.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut request =
        Request { method, path: path.to_owned(), query: query.to_owned(), headers, body: buffer.split_off(end + 4) };
    if request.header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
        request.body = unchunked(connection, std::mem::take(&mut request.body)).await?;
    } else {
        let length: usize = request.header("content-length").and_then(|it| it.parse().ok()).unwrap_or(0);
        while request.body.len() < length {
            if connection.read_buf(&mut request.body).await? == 0 {
                return Ok(None);
            }
        }
    }
    Ok(Some(request))
}

/// A body that was sent in chunks.
async fn unchunked(connection: &mut TcpStream, mut buffer: Vec<u8>) -> IoResult<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let Some(end) = find(&buffer, b"\r\n") else {
            if connection.read_buf(&mut buffer).await? == 0 {
                return Ok(body);
            }
            continue;
        };
        let size = usize::from_str_radix(String::from_utf8_lossy(&buffer[..end]).trim(), 16).unwrap_or(0);
        while buffer.len() < end + 2 + size + 2 {
            if connection.read_buf(&mut buffer).await? == 0 {
                return Ok(body);
            }
        }
        body.extend_from_slice(&buffer[end + 2..end + 2 + size]);
        buffer.drain(..end + 2 + size + 2);
        if size == 0 {
            return Ok(body);
        }
    }
}
