//! A `redis-server` of its own, and somebody who subscribes to it from outside, by nothing but its protocol.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A running server.
pub(crate) struct RedisServer {
    port: u16,
    started: Instant,
    child: Option<Child>,
    /// What keeps it from working most of the time.
    dragging: Option<Child>,
}

impl RedisServer {
    /// Starts one; `None`, said aloud, where it is not installed.
    #[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
    pub(crate) fn start() -> Option<Self> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            let required = std::env::var("ORION_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|name| name == "redis"), "redis-server is required and not installed");
            eprintln!("SKIPPED: redis-server is not installed");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self { port, started: Instant::now(), child: None, dragging: None };
        server.start_again();
        Some(server)
    }

    pub(crate) fn start_again(&mut self) {
        let port = self.port.to_string();
        let child = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.child = Some(child.unwrap());
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "redis-server does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    pub(crate) fn set_dragging(&mut self, child: Child) {
        self.dragging = Some(child);
    }

    pub(crate) fn stop_dragging(&mut self) {
        if let Some(mut child) = self.dragging.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    pub(crate) fn kill(&mut self) {
        self.stop_dragging();
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Since when there is this server.
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Hears everything on `orion.*`; comes back whenever the server does.
pub(crate) struct Subscriber {
    heard: Arc<Mutex<Vec<(String, Value)>>>,
    stop: Arc<AtomicBool>,
}

impl Subscriber {
    pub(crate) fn start(server: &RedisServer) -> Self {
        let (heard, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let port = server.port;
        let (into, stopped, subscribed) = (heard.clone(), stop.clone(), Arc::new(AtomicBool::new(false)));
        let ready = subscribed.clone();
        std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                // Ends when the connection does.
                let _ = listen(port, &into, &ready);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        while !subscribed.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { heard, stop }
    }

    /// How many different events of a channel were heard.
    pub(crate) fn count(&self, channel: &str) -> usize {
        let heard = self.heard.lock().unwrap();
        let ids: std::collections::BTreeSet<&str> = heard
            .iter()
            .filter(|(name, _)| name == channel)
            .filter_map(|(_, event)| event["_event_id"].as_str())
            .collect();
        ids.len()
    }

    /// Waits until an event of a channel about a content was heard, in the form that the contract gives it.
    pub(crate) fn wait_for(&self, channel: &str, content: &str) {
        let begun = Instant::now();
        loop {
            let heard = self.heard.lock().unwrap().clone();
            let found = heard.iter().find(|(name, event)| name == channel && event["content_id"] == content);
            if let Some((_, event)) = found {
                let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
                assert_eq!(text("_channel"), channel, "{event}");
                assert!(
                    [text("_event_id"), text("timestamp"), text("user_id")].iter().all(|text| !text.is_empty()),
                    "{event}"
                );
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{channel} of {content} was not heard among {heard:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn listen(port: u16, heard: &Mutex<Vec<(String, Value)>>, subscribed: &AtomicBool) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(600)))?;
    stream.write_all(b"*2\r\n$10\r\nPSUBSCRIBE\r\n$7\r\norion.*\r\n")?;
    let mut lines = BufReader::new(stream);
    loop {
        let parts = message(&mut lines)?;
        match &parts[..] {
            [kind, _, channel, text] if kind == "pmessage" => {
                heard.lock().unwrap().push((channel.clone(), serde_json::from_str(text).unwrap()));
            }
            _ => subscribed.store(true, Ordering::Relaxed),
        }
    }
}

/// One array of the protocol, its numbers as text.
fn message(lines: &mut BufReader<TcpStream>) -> std::io::Result<Vec<String>> {
    let line = |lines: &mut BufReader<TcpStream>| {
        let mut text = String::new();
        match lines.read_line(&mut text)? {
            0 => Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof)),
            _ => Ok(text.trim_end().to_owned()),
        }
    };
    let count: usize = line(lines)?[1..].parse().unwrap();
    let mut parts = Vec::new();
    for _ in 0..count {
        let head = line(lines)?;
        if let Some(length) = head.strip_prefix('$') {
            let mut bytes = vec![0; length.parse::<usize>().unwrap() + 2];
            lines.read_exact(&mut bytes)?;
            bytes.truncate(bytes.len() - 2);
            parts.push(String::from_utf8(bytes).unwrap());
        } else {
            parts.push(head[1..].to_owned());
        }
    }
    Ok(parts)
}
