//! A `redis-server` of its own for every test, on a free port, which can be stopped, killed and started again.

use crate::Redis;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A server has started by then.
const START: Duration = Duration::from_secs(20);

pub(super) struct Server {
    pub(super) port: u16,
    pub(super) folder: TempDir,
    options: Vec<String>,
    child: Option<Child>,
}

impl Server {
    /// Starts a server with options of `redis.conf`; `None`, said aloud, where it is not installed.
    #[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
    pub(super) fn start(options: &[&str]) -> Option<Self> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            let required = std::env::var("ORION_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|name| name == "redis"), "redis-server is required and not installed");
            eprintln!("SKIPPED: redis-server is not installed");
            return None;
        }
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let folder = tempfile::tempdir().unwrap();
        // Another program may take the port in between; then another one is tried.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut server =
                Self { port, folder: tempfile::tempdir().unwrap(), options: Vec::clone(&options), child: None };
            if server.try_start() {
                return Some(server);
            }
        }
        panic!("no redis-server starts in {}", folder.path().display());
    }

    pub(super) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(super) fn redis(&self) -> Redis {
        Redis::open(&self.address()).unwrap()
    }

    /// Starts it again at its port.
    pub(super) fn start_again(&mut self) {
        assert!(self.child.is_none() && self.try_start(), "the server does not start again");
    }

    fn try_start(&mut self) -> bool {
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
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if child.try_wait().unwrap().is_some() || begun.elapsed() > START {
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.child = Some(child);
        true
    }

    /// Kills it; what it held is gone.
    pub(super) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Lets it sleep: connections stay open, and nothing answers.
    pub(super) fn pause(&self) {
        self.signal("-STOP");
    }

    /// Wakes it.
    pub(super) fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
