//! A PostgreSQL server of one's own, for tests and benchmarks: a real one, on a free port, gone with the process.
//!
//! A shell watches over it at the other end of a pipe. When the process that started it ends in any way, a panic or
//! `kill -9` included, the pipe closes, and the shell stops the server and removes its folder. PostgreSQL refuses to
//! run as root, so there the shell runs as `nobody`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and skips aloud"
)]

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// `$1` folder of the programs, `$2` port, `$3` more settings, one a line.
const WATCH: &str = r#"
trap '' INT
cd / && folder=$(mktemp -d "${TMPDIR:-/tmp}/orion-postgres-XXXXXX") || exit 1
trap 'rm -rf "$folder"' EXIT
"$1/initdb" -D "$folder/data" -U orion -A trust --no-sync -E UTF8 --locale=C.UTF-8 >"$folder/log" 2>&1 &&
printf '%s\n' "port = $2" "listen_addresses = '127.0.0.1'" "unix_socket_directories = '$folder'" \
    "max_connections = 200" "$3" >>"$folder/data/postgresql.conf" &&
"$1/pg_ctl" -D "$folder/data" -w -l "$folder/log" start >/dev/null ||
{ cat "$folder/log"; exit 1; }
echo "ready $folder"
read -r _
"$1/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1
"#;

/// What the server does for a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Nothing: for tests, which then take half the time.
    None,
    /// What it does for users: the commit is on the disk before it is acknowledged.
    Full,
}

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    databases: AtomicU32,
    stdin: Option<ChildStdin>,
    watcher: Child,
}

impl Server {
    /// The one server of this process, which runs until the process ends. `None` where PostgreSQL is not installed,
    /// unless `ORION_REQUIRE` names `postgres`; what asks for it is then skipped, and standard error says so.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Server>> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(Durability::None)).as_ref()
    }

    /// A server of its own. `None` as for [`shared`](Self::shared).
    ///
    /// # Panics
    /// If PostgreSQL is installed and does not start.
    pub fn start(durability: Durability) -> Option<Self> {
        let Some(programs) = programs() else {
            let required = std::env::var("ORION_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|name| name == "postgres"), "PostgreSQL is required and not installed");
            eprintln!("skipped: PostgreSQL is not installed (Debian package postgresql)");
            return None;
        };
        let settings = match durability {
            Durability::None => "fsync = off\nfull_page_writes = off\nsynchronous_commit = off",
            Durability::Full => "",
        };
        let mut told = String::new();
        // Another process may take the port between its choice and its use.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut watcher = watch(&programs, port, settings);
            let mut output = BufReader::new(watcher.stdout.take().unwrap());
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            if let Some(folder) = line.trim().strip_prefix("ready ") {
                let stdin = watcher.stdin.take();
                let databases = AtomicU32::new(0);
                return Some(Self { programs, folder: folder.into(), port, databases, stdin, watcher });
            }
            told = line;
            output.read_to_string(&mut told).unwrap();
            watcher.wait().unwrap();
        }
        panic!("PostgreSQL does not start:\n{told}");
    }

    /// The address of a new, empty database.
    pub fn database(&self) -> String {
        let name = format!("orion_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let made = Command::new(self.programs.join("createdb"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "orion", "-T", "template0", &name])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        format!("postgres://orion@127.0.0.1:{}/{name}", self.port)
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops the server as a crash would, without a checkpoint and with every connection cut.
    pub fn crash(&self) {
        self.control(&["-m", "immediate", "stop"]);
    }

    /// Starts the server again after [`crash`](Self::crash); it recovers from its log first.
    pub fn recover(&self) {
        let log = self.folder.join("log");
        self.control(&["-w", "-l", &log.display().to_string(), "start"]);
    }

    fn control(&self, arguments: &[&str]) {
        let mut command = as_nobody(&self.programs.join("pg_ctl"));
        let status = command
            .arg("-D")
            .arg(self.folder.join("data"))
            .args(arguments)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        assert!(status.unwrap().success(), "pg_ctl {arguments:?}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.watcher.wait();
    }
}

fn watch(programs: &Path, port: u16, settings: &str) -> Child {
    as_nobody(Path::new("/bin/sh"))
        .args(["-c", WATCH, "sh"])
        .arg(programs)
        .args([&port.to_string(), settings])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A command that does not run as root.
fn as_nobody(program: &Path) -> Command {
    let user = Command::new("id").arg("-u").output().unwrap().stdout;
    if user.trim_ascii() != b"0" {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "nobody", "--"]).arg(program);
    command
}

/// The folder of `initdb` and the others: in the `PATH`, or where Debian puts the newest.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = debian.map(|entry| entry.path().join("bin")).collect();
    debian.sort_by_key(|folder| {
        let version = folder.parent().and_then(Path::file_name).and_then(|name| name.to_str()?.parse::<u32>().ok());
        std::cmp::Reverse(version)
    });
    let complete = |folder: &PathBuf| ["initdb", "pg_ctl", "createdb"].iter().all(|name| folder.join(name).is_file());
    debian.into_iter().chain(std::env::split_paths(&path)).find(complete)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn a_dropped_server_is_gone_with_its_folder() {
        let Some(server) = Server::start(Durability::None) else { return };
        let (port, folder) = (server.port(), server.folder.clone());
        assert!(server.database() != server.database());
        assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
        server.crash();
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
        server.recover();
        assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
        drop(server);
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err() && !folder.exists());
    }
}
