//! Somebody who subscribes from outside, by nothing but the protocol.

use super::Server;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Nothing is waited for longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was heard.
#[derive(Debug, Default)]
struct Heard {
    /// By channel, in order; some twice.
    events: Vec<(String, Value)>,
    /// When each event was heard first, by its identity.
    first: BTreeMap<String, Instant>,
}

/// Hears everything on `orion.*`; comes back whenever the server does.
#[derive(Debug)]
pub struct Listener {
    heard: Arc<Mutex<Heard>>,
    stop: Arc<AtomicBool>,
}

impl Listener {
    /// Listens to a server, from the return of this call on.
    pub fn start(server: &Server) -> Self {
        let (heard, stop) = (Arc::new(Mutex::new(Heard::default())), Arc::new(AtomicBool::new(false)));
        let (port, into, stopped) = (server.port(), heard.clone(), stop.clone());
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
    pub fn heard(&self, event: &str) -> Option<Instant> {
        self.heard.lock().unwrap().first.get(event).copied()
    }

    /// How many different events of a channel were heard.
    pub fn count(&self, channel: &str) -> usize {
        let heard = self.heard.lock().unwrap();
        let of_it = heard.events.iter().filter(|(name, _)| name == channel);
        of_it.filter_map(|(_, event)| event["_event_id"].as_str()).collect::<BTreeSet<_>>().len()
    }

    /// Waits until an event of a channel about a content was heard, in the form that listeners expect.
    ///
    /// # Panics
    /// If it has another form, or does not come.
    pub fn wait_for(&self, channel: &str, content: &str) {
        let begun = Instant::now();
        loop {
            let heard = self.heard.lock().unwrap().events.clone();
            let found = heard.iter().find(|(name, event)| name == channel && event["content_id"] == content);
            if let Some((_, event)) = found {
                let text = |key: &str| event[key].as_str().unwrap_or_default();
                assert_eq!(text("_channel"), channel, "{event}");
                assert!(["_event_id", "timestamp", "user_id"].iter().all(|key| !text(key).is_empty()), "{event}");
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{channel} of {content} was not heard among {heard:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn listen(port: u16, heard: &Mutex<Heard>, subscribed: &AtomicBool) -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.write_all(b"*2\r\n$10\r\nPSUBSCRIBE\r\n$7\r\norion.*\r\n")?;
    let mut lines = BufReader::new(stream);
    loop {
        let parts = message(&mut lines)?;
        match &parts[..] {
            [kind, _, channel, text] if kind == "pmessage" => {
                let event: Value = serde_json::from_str(text).unwrap();
                let id = event["_event_id"].as_str().unwrap_or_default().to_owned();
                let mut heard = heard.lock().unwrap();
                heard.first.entry(id).or_insert_with(Instant::now);
                heard.events.push((channel.clone(), event));
            }
            _ => subscribed.store(true, Ordering::Relaxed),
        }
    }
}

/// One array of the protocol, its numbers as text.
fn message(lines: &mut BufReader<TcpStream>) -> Result<Vec<String>> {
    let line = |lines: &mut BufReader<TcpStream>| {
        let mut text = String::new();
        match lines.read_line(&mut text)? {
            0 => Err(Error::from(ErrorKind::UnexpectedEof)),
            _ => Ok(text.trim_end().to_owned()),
        }
    };
    let odd = || Error::from(ErrorKind::InvalidData);
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
