//! Asks a platform over HTTP, and what came of it.

use std::error::Error;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a benchmark gives.
pub type Anything<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// One connection that stays open.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Opens it.
    ///
    /// # Errors
    /// What the network says.
    pub async fn open(address: SocketAddr) -> Anything<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(8192) })
    }

    /// Sends a request, reads the whole answer, and gives its status and head.
    ///
    /// # Errors
    /// If the server hangs up or answers something else than HTTP with a length.
    pub async fn ask(&mut self, request: &[u8]) -> Anything<(u16, String)> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server hung up".into());
            }
            let Some(end) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(self.buffer.get(..end).unwrap_or_default())?;
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(Ok(0), str::parse)?;
            if self.buffer.len() >= end + 4 + length {
                let status = head.split(' ').nth(1).ok_or("no status")?.parse()?;
                return Ok((status, head.to_owned()));
            }
        }
    }

    /// The body of the last answer.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        let end = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        end.and_then(|end| self.buffer.get(end + 4..)).unwrap_or_default()
    }
}

/// A request of the JSON API.
#[must_use]
pub fn request(method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    let authorization = if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
    let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\n{authorization}{kind}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Reads one's own profile over so many connections, each asking again as soon as it is answered: answers a second, and
/// how long each took.
///
/// # Errors
/// For any other answer than 200.
pub async fn load(
    address: SocketAddr,
    token: &str,
    connections: usize,
    time: Duration,
) -> Anything<(f64, Vec<Duration>)> {
    let request = request("GET", "/api/v1/identity/users/me", token, "");
    let begun = Instant::now();
    let until = begun + time;
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let request = request.clone();
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut times = Vec::new();
            while Instant::now() < until {
                let begun = Instant::now();
                let (status, head) = connection.ask(&request).await?;
                if status != 200 {
                    return Err(head.into());
                }
                times.push(begun.elapsed());
            }
            Anything::Ok(times)
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.append(&mut task.await??);
    }
    Ok((all.len() as f64 / begun.elapsed().as_secs_f64(), all))
}

/// The value below which that part of the times lies; sorts them.
pub fn quantile(times: &mut [Duration], part: f64) -> Duration {
    times.sort_unstable();
    times.get(((times.len() as f64 - 1.0) * part) as usize).copied().unwrap_or_default()
}

/// KiB of memory of a process.
#[must_use]
pub fn resident(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
