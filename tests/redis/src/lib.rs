//! A `redis-server` of one's own, for tests: a real one, on a free port, which can be stopped, slowed down, killed,
//! emptied and started again, and somebody who listens to it from outside.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and skips aloud"
)]

mod listener;

pub use listener::Listener;

use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A server has started by then.
const START: Duration = Duration::from_secs(20);

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    port: u16,
    folder: TempDir,
    options: Vec<String>,
    started: Instant,
    child: Mutex<Option<Child>>,
    /// What keeps it from working most of the time.
    dragging: Mutex<Option<Child>>,
}

impl Server {
    /// Starts a server with options of `redis.conf`, in which `PORT` is its port. `None` where Redis is not installed,
    /// unless `ORION_REQUIRE` names `redis`; what asks for it is then skipped, and standard error says so.
    ///
    /// # Panics
    /// If Redis is installed and does not start.
    pub fn start(options: &[&str]) -> Option<Self> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            let required = std::env::var("ORION_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|name| name == "redis"), "redis-server is required and not installed");
            eprintln!("SKIPPED: redis-server is not installed (Debian package redis-server)");
            return None;
        }
        // Another process may take the port between its choice and its use.
        for _ in 0..5 {
            let server = Self {
                port: TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port(),
                folder: tempfile::tempdir().unwrap(),
                options: options.iter().map(|option| (*option).to_owned()).collect(),
                started: Instant::now(),
                child: Mutex::default(),
                dragging: Mutex::default(),
            };
            if server.try_start() {
                return Some(server);
            }
        }
        panic!("redis-server does not start with {options:?}");
    }

    /// Starts it again at its port after [`kill`](Self::kill); it has forgotten everything.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_again(&self) {
        assert!(self.try_start(), "redis-server does not start again");
    }

    fn try_start(&self) -> bool {
        let port = self.port.to_string();
        let tls = self.options.iter().any(|option| option == "--tls-port");
        let child = Command::new("redis-server")
            .args(["--port", if tls { "0" } else { &port }, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(self.options.iter().map(|option| option.replace("PORT", &port)))
            .current_dir(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.unwrap();
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if child.try_wait().unwrap().is_some() || begun.elapsed() > START {
                end(child);
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        *self.child.lock().unwrap() = Some(child);
        true
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where clients find it.
    pub fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Since when there is this server.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Kills it; what it held is gone.
    pub fn kill(&self) {
        self.stop_dragging();
        if let Some(child) = self.child.lock().unwrap().take() {
            end(child);
        }
    }

    /// Lets it stand still: connections stay open, and nothing answers.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it work as it should.
    pub fn go_on(&self) {
        self.stop_dragging();
        self.signal(Signal::CONT);
    }

    /// Lets it work for a tenth of the time only.
    pub fn drag(&self) {
        let Some(pid) = self.pid() else { return };
        let pid = pid.as_raw_nonzero();
        let script = format!("while kill -STOP {pid}; do sleep 0.18; kill -CONT {pid} || exit; sleep 0.02; done");
        let child = Command::new("sh").args(["-c", &script]).stderr(Stdio::null()).spawn();
        *self.dragging.lock().unwrap() = Some(child.unwrap());
    }

    /// Has it forget everything. It must not ask for a password or for TLS.
    pub fn flush(&self) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(b"*1\r\n$8\r\nFLUSHALL\r\n").unwrap();
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"+OK\r\n");
    }

    fn pid(&self) -> Option<Pid> {
        let child = self.child.lock().unwrap();
        child.as_ref().and_then(|child| Pid::from_raw(i32::try_from(child.id()).unwrap()))
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            kill_process(pid, signal).unwrap();
        }
    }

    fn stop_dragging(&self) {
        if let Some(child) = self.dragging.lock().unwrap().take() {
            end(child);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn end(mut child: Child) {
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_can_be_killed_and_started_again_and_is_gone_when_dropped() {
        let Some(server) = Server::start(&[]) else { return };
        let port = server.port();
        server.flush();
        server.kill();
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
        server.start_again();
        server.pause();
        server.go_on();
        server.flush();
        drop(server);
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    }
}
