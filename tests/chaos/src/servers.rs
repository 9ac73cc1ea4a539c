//! A Redis server of one's own that can be stopped, killed and emptied, and somebody who listens to it from outside.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A running server.
#[derive(Debug)]
pub(crate) struct Redis {
    port: u16,
    child: Mutex<Option<Child>>,
}

impl Redis {
    /// Starts one; `None` where it is not installed.
    pub(crate) fn start() -> Option<Self> {
        Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().ok()?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { port, child: Mutex::default() };
        server.start_again();
        Some(server)
    }

    pub(crate) fn start_again(&self) {
        let port = self.port.to_string();
        let child = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        *self.child.lock().unwrap() = Some(child.unwrap());
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "redis-server does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Lets it stand still, or go on.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(child) = &*self.child.lock().unwrap() {
            let id = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
            kill_process(id, signal).unwrap();
        }
    }

    /// Forgets everything.
    pub(crate) fn flush(&self) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(b"*1\r\n$8\r\nFLUSHALL\r\n").unwrap();
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"+OK\r\n");
    }

    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// When each event was heard first, by its identity.
type Heard = Arc<Mutex<BTreeMap<String, Instant>>>;

/// Hears everything on `orion.*`; comes back whenever the server does.
#[derive(Debug)]
pub(crate) struct Listener {
    heard: Heard,
    stop: Arc<AtomicBool>,
}

impl Listener {
    pub(crate) fn start(server: &Redis) -> Self {
        let (heard, stop) = (Heard::default(), Arc::new(AtomicBool::new(false)));
        let (port, into, stopped) = (server.port, heard.clone(), stop.clone());
        let subscribed = Arc::new(AtomicBool::new(false));
        let ready = subscribed.clone();
        std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                // Ends when the connection does.
                let _ = listen(port, &into, &ready);
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        while !subscribed.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(5));
        }
        Self { heard, stop }
    }

    /// When an event was heard first.
    pub(crate) fn heard(&self, event: &str) -> Option<Instant> {
        self.heard.lock().unwrap().get(event).copied()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn listen(port: u16, heard: &Heard, subscribed: &AtomicBool) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.write_all(b"*2\r\n$10\r\nPSUBSCRIBE\r\n$7\r\norion.*\r\n")?;
    let mut lines = BufReader::new(stream);
    loop {
        let parts = message(&mut lines)?;
        match &parts[..] {
            [kind, _, _, text] if kind == "pmessage" => {
                let event: Value = serde_json::from_str(text).unwrap();
                let id = event["_event_id"].as_str().unwrap_or_default().to_owned();
                heard.lock().unwrap().entry(id).or_insert_with(Instant::now);
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
    let odd = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    let count: usize = line(lines)?.get(1..).and_then(|count| count.parse().ok()).ok_or_else(odd)?;
    let mut parts = Vec::new();
    for _ in 0..count {
        let head = line(lines)?;
        if let Some(length) = head.strip_prefix('$') {
            let mut bytes = vec![0; length.parse::<usize>().map_err(|_| odd())? + 2];
            lines.read_exact(&mut bytes)?;
            bytes.truncate(bytes.len() - 2);
            parts.push(String::from_utf8_lossy(&bytes).into_owned());
        } else {
            parts.push(head.get(1..).unwrap_or_default().to_owned());
        }
    }
    Ok(parts)
}
