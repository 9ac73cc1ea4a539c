//! The platform as its users meet it: `orion up` as a process, and the command line as its client.

use crate::program::{Program, root, told};
use orion_private_postgres::{Durability, Server};
use serde_json::Value;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PASSWORD: &str = "correct horse battery staple";

/// A running platform with its data in the program's folder.
pub(crate) struct Platform {
    pub(crate) program: Program,
    child: Child,
    port: u16,
}

impl Platform {
    /// Starts the platform on a free port and signs an administrator in; `None` without the program.
    fn start() -> Option<Self> {
        Self::start_as(|_| Vec::new())
    }

    /// As [`start`](Self::start), with more settings.
    pub(crate) fn start_with(settings: &[&str]) -> Option<Self> {
        Self::start_as(|_| settings.iter().flat_map(|set| ["--set".to_owned(), (*set).to_owned()]).collect())
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// As [`start`](Self::start), the gateway with more arguments, which may need other processes: they are given the
    /// program.
    fn start_as(arguments: impl FnOnce(&Program) -> Vec<String>) -> Option<Self> {
        Self::start_on(Program::find()?, arguments)
    }

    pub(crate) fn start_on(program: Program, arguments: impl FnOnce(&Program) -> Vec<String>) -> Option<Self> {
        let made = program
            .command(["admin", "create", "--email", "ada@example.org", "--name", "Ada"])
            .env("ORION_PASSWORD", PASSWORD)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", told(&made));
        Self::start_again(program, arguments)
    }

    /// As [`start_on`](Self::start_on), where the administrator is there already.
    pub(crate) fn start_again(program: Program, arguments: impl FnOnce(&Program) -> Vec<String>) -> Option<Self> {
        let port = free_port();
        let more = arguments(&program);
        let child = spawn(&program, port, &more);
        let platform = Self { program, child, port };
        platform.ready();
        let signed_in =
            platform.command(&["auth", "login", "--email", "ada@example.org"]).env("ORION_PASSWORD", PASSWORD).output();
        let signed_in = signed_in.unwrap();
        assert!(signed_in.status.success(), "{}\n{}", told(&signed_in), platform.log());
        Some(platform)
    }

    fn ready(&self) {
        let begun = Instant::now();
        while !self.command(&["system", "health"]).output().unwrap().status.success() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the platform does not start:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.program.path("up.log")).unwrap_or_default()
    }

    /// A command of the client.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program.command(arguments);
        command
            .env("HOME", self.program.folder.path())
            .env("ORION_GATEWAY_URL", format!("http://127.0.0.1:{}", self.port));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command of the client answers as JSON.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.command(arguments).arg("--json").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{arguments:?}: {said}{}\n{}", told(&output), self.log());
        let answer = serde_json::from_str(&said);
        assert!(answer.is_ok(), "{arguments:?}: {said}");
        answer.unwrap()
    }

    /// One request over a connection of its own: status line and headers, and the body.
    pub(crate) fn http(&self, request: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(answer.len() - 4);
        (String::from_utf8_lossy(&answer[..end]).to_lowercase(), answer[end + 4..].to_vec())
    }

    /// Waits until content is in one of these states.
    pub(crate) fn wait_for(&self, content: &str, states: &[&str]) -> Value {
        let begun = Instant::now();
        loop {
            let view = self.json(&["content", "view", content]);
            let status = view["status"].as_str().unwrap_or_default().to_owned();
            if states.contains(&status.as_str()) {
                return view;
            }
            assert!(begun.elapsed() < Duration::from_secs(300), "content stays {status}:\n{}", self.log());
            // Reading has its limits.
            std::thread::sleep(Duration::from_millis(if begun.elapsed() < Duration::from_secs(5) {
                200
            } else {
                1500
            }));
        }
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn restart(&mut self) {
        self.restart_with(&[]);
    }

    pub(crate) fn restart_with(&mut self, more: &[String]) {
        self.child = spawn(&self.program, self.port, more);
        self.ready();
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn spawn(program: &Program, port: u16, more: &[String]) -> Child {
    let log = File::options().create(true).append(true).open(program.path("up.log")).unwrap();
    let feed = root().join("samples/feed.xml");
    program
        .command(["up"])
        .args(["--set", &format!("http.listen=127.0.0.1:{port}")])
        .args(["--set", &format!("urls.gateway=http://127.0.0.1:{port}")])
        .args(["--set", &format!("feeds={}", feed.display())])
        .args(["--set", "create.voice=silent:", "--set", "create.seconds=8", "--set", "create.quality=draft"])
        .args(["--set", "offline=true", "--set", "create.niche="])
        .args(more)
        .env("HOME", program.folder.path())
        .envs(program.serving.iter().cloned())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// The first trend that the platform has found.
pub(crate) fn trend(platform: &Platform) -> String {
    let scanned = platform.json(&["scout", "trigger", "--niche", "tech"]);
    assert!(scanned["trends_found"].as_u64().is_some(), "{scanned}");
    let trends = platform.json(&["scout", "list-trends"]);
    let items = trends["items"].as_array().unwrap();
    assert!(!items.is_empty(), "{trends}");
    items.iter().find(|trend| trend["status"] == "NEW").unwrap()["id"].as_str().unwrap().to_owned()
}

#[test]
fn content_goes_from_trend_to_published() {
    let Some(mut platform) = Platform::start() else { return };
    let me = platform.json(&["auth", "whoami"]);
    assert_eq!(me["email"], "ada@example.org");
    assert_eq!(me["role"], "admin");
    let status = platform.json(&["system", "status"]);
    assert!(status["services"].as_array().unwrap().len() >= 7, "{status}");

    let started = platform.json(&["pipeline", "run", &trend(&platform)]);
    let content = started["content_id"].as_str().unwrap().to_owned();
    let view = platform.wait_for(&content, &["review"]);
    assert!(view["script"]["hook"].as_str().is_some_and(|hook| !hook.is_empty()), "{view}");

    // What is not approved is not published.
    let folder =
        platform.json(&["publish", "connect", "--platform", "folder", "--name", "Exports", "--credential", "path=out"]);
    assert!(folder.get("credentials").is_none(), "{folder}");
    let early = platform.run(&["publish", "send", &content, "--platform", "folder"]);
    assert_eq!(early.status.code(), Some(1), "{}", told(&early));

    platform.json(&["content", "approve", &content]);
    let sent = platform.json(&["publish", "send", &content, "--platform", "folder"]);
    assert_eq!(sent["results"][0]["status"], "published", "{sent}");
    assert_eq!(platform.wait_for(&content, &["published"])["status"], "published");
    let history = platform.json(&["publish", "history"]);
    assert_eq!(history[0]["content_id"], content.as_str(), "{history}");

    // The video is served by a link that needs no header, in parts.
    let (head, body) = {
        let (head, body) = platform.http(&format!(
            "GET /api/v1/content/{content} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
            token(&platform)
        ));
        assert!(head.starts_with("http/1.1 200"), "{head}");
        let card: Value = serde_json::from_slice(&body).unwrap();
        let url = card["video_url"].as_str().unwrap().to_owned();
        let path = url.split_once("127.0.0.1").unwrap().1.split_once('/').unwrap().1.to_owned();
        platform
            .http(&format!("GET /{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nRange: bytes=4-7\r\n\r\n"))
    };
    assert!(head.starts_with("http/1.1 206") && head.contains("content-range: bytes 4-7/"), "{head}");
    assert_eq!(body, b"ftyp", "an MP4 begins with its type");

    // Its owner is told.
    let begun = Instant::now();
    while !platform.json(&["notifications", "list"])["notifications"]
        .as_array()
        .unwrap()
        .iter()
        .any(|told| told["type"] == "content_published")
    {
        assert!(begun.elapsed() < Duration::from_secs(10), "nobody was told:\n{}", platform.log());
        std::thread::sleep(Duration::from_millis(100));
    }

    // Signing out ends the session, here and there.
    let token = token(&platform);
    assert!(platform.run(&["auth", "logout"]).status.success());
    let refused = platform.command(&["auth", "whoami"]).env("ORION_AUTH_TOKEN", token).output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "{}", told(&refused));
    assert_eq!(platform.run(&["auth", "whoami"]).status.code(), Some(2));
    platform.kill();
    assert_eq!(platform.run(&["auth", "login", "--email", "a", "--password", "b"]).status.code(), Some(3));
}

/// The access token that the client keeps.
pub(crate) fn token(platform: &Platform) -> String {
    let session = std::fs::read_to_string(platform.program.path(".orion/session.json")).unwrap();
    let session: Value = serde_json::from_str(&session).unwrap();
    session["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn a_run_goes_on_after_the_platform_was_killed() {
    let Some(mut platform) = Platform::start() else { return };
    let started = platform.json(&["pipeline", "run", &trend(&platform)]);
    let content = started["content_id"].as_str().unwrap().to_owned();
    std::thread::sleep(Duration::from_millis(700));
    platform.kill();
    platform.restart();
    let view = platform.wait_for(&content, &["review"]);
    assert!(view["script"]["hook"].as_str().is_some_and(|hook| !hook.is_empty()), "{view}");
    let list = platform.json(&["content", "list"]);
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
}

/// A process that is killed with the test.
struct Part(Child);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn parts_run_in_processes_of_their_own() {
    let mut parts = Vec::new();
    let started = Platform::start_as(|program| {
        let mut addresses = Vec::new();
        for role in ["scout", "director", "media", "publisher", "identity"] {
            let port = free_port();
            parts.push(Part(spawn(program, port, &["--role".to_owned(), role.to_owned()])));
            addresses.push(format!("{role}=http://127.0.0.1:{port}"));
        }
        ["--role", "gateway,editor,pulse", "--set", &format!("services={}", addresses.join(","))]
            .map(str::to_owned)
            .to_vec()
    });
    let Some(platform) = started else { return };
    let begun = Instant::now();
    while platform.json(&["system", "status"])["status"] != "ok" {
        assert!(begun.elapsed() < Duration::from_secs(60), "not all parts start:\n{}", platform.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    let trend = trend(&platform);
    let watched = platform.run(&["pipeline", "run", &trend, "--watch", "--format", "plain"]);
    let seen = String::from_utf8_lossy(&watched.stdout).into_owned();
    assert!(watched.status.success() && seen.contains("orion.pipeline.stage_changed\t"), "{seen}{}", told(&watched));
    let content = platform.json(&["content", "list"])[0]["id"].as_str().unwrap().to_owned();
    platform.json(&["content", "approve", &content]);
    platform.json(&["publish", "connect", "--platform", "folder", "--name", "Exports", "--credential", "path=out"]);
    let sent = platform.json(&["publish", "send", &content, "--platform", "folder"]);
    assert_eq!(sent["results"][0]["status"], "published", "{sent}");

    // One part less: its own paths fail, the others go on, and the platform says so.
    drop(parts.remove(0));
    assert_eq!(platform.run(&["scout", "list-trends"]).status.code(), Some(1));
    assert_eq!(platform.json(&["content", "view", &content])["status"], "published");
    assert_eq!(platform.json(&["system", "status"])["status"], "degraded");
}

/// The record on a server: parts in processes of their own wake each other through it, and its restart stops nobody
/// for longer than it takes.
#[test]
fn parts_share_a_postgres_database() {
    let Some(server) = Server::start(Durability::Full) else { return };
    let Some(mut program) = Program::find() else { return };
    let store = server.database().replace("orion@", "orion:hunter2@");
    program.store = Some(store.clone());
    let mut parts = Vec::new();
    let started = Platform::start_on(program, |program| {
        let port = free_port();
        parts.push(Part(spawn(program, port, &["--role", "scout,director,media,editor"].map(str::to_owned))));
        let scout = format!(
            "services=scout=http://127.0.0.1:{port},director=http://127.0.0.1:{port},media=http://127.0.0.1:{port},editor=http://127.0.0.1:{port}"
        );
        ["--role", "gateway,publisher,pulse,identity", "--set", &scout].map(str::to_owned).to_vec()
    });
    let Some(platform) = started else { return };
    let begun = Instant::now();
    while platform.json(&["system", "status"])["status"] != "ok" {
        assert!(begun.elapsed() < Duration::from_secs(60), "not all parts start:\n{}", platform.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    let status = platform.json(&["system", "status"]);
    assert_eq!(status["infrastructure"]["postgres"]["status"], "connected", "{status}");
    let started = platform.json(&["pipeline", "run", &trend(&platform)]);
    let content = started["content_id"].as_str().unwrap().to_owned();
    server.crash();
    server.recover();
    // What asks meanwhile is told to come again; the client does not.
    while !platform.run(&["content", "view", &content]).status.success() {
        assert!(begun.elapsed() < Duration::from_secs(120), "the record never comes back:\n{}", platform.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    let view = platform.wait_for(&content, &["review"]);
    assert!(view["script"]["hook"].as_str().is_some_and(|hook| !hook.is_empty()), "{view}");
    platform.json(&["content", "approve", &content]);

    let doctor = told_all(&platform.run(&["doctor"]));
    assert!(doctor.contains("postgres://") && !doctor.contains("hunter2"), "{doctor}");
    let shown = told_all(&platform.run(&["config", "show"]));
    assert!(shown.contains("postgres://") && !shown.contains("hunter2"), "{shown}");
    server.crash();
    let doctor = told_all(&platform.run(&["doctor"]));
    assert!(doctor.contains("cannot be reached") && !doctor.contains("hunter2"), "{doctor}");
    assert!(!platform.log().contains("hunter2"), "{}", platform.log());
}

/// Two gateways that start for the first time on one database at the same moment: one link lets one person in.
#[test]
fn one_link_counts_of_two_first_starts() {
    let Some(server) = Server::start(Durability::Full) else { return };
    let Some(mut program) = Program::find() else { return };
    program.store = Some(server.database());
    let folders = ["one", "two"].map(|name| program.path(name));
    let ports = [free_port(), free_port()];
    let gateways: Vec<Part> = (0..2)
        .map(|place| {
            let folder = &folders[place];
            std::fs::create_dir_all(folder).unwrap();
            let log = File::create(folder.join("up.log")).unwrap();
            let listen = format!("http.listen=127.0.0.1:{}", ports[place]);
            let more = ["up", "--set", &listen, "--set", "create.voice=silent:", "--set", "offline=true"];
            let mut command = program.command(more);
            command.args(["--set", "scout.sources="]).env("ORION_DATA_DIR", folder).env("HOME", folder);
            Part(command.stdout(Stdio::null()).stderr(log).spawn().unwrap())
        })
        .collect();
    let begun = Instant::now();
    let links: Vec<String> = folders
        .iter()
        .map(|folder| {
            loop {
                let log = std::fs::read_to_string(folder.join("up.log")).unwrap();
                if let Some((_, rest)) = log.split_once("/setup?token=") {
                    break rest.split_whitespace().next().unwrap().to_owned();
                }
                assert!(begun.elapsed() < Duration::from_secs(60), "it does not start: {log}");
                std::thread::sleep(Duration::from_millis(50));
            }
        })
        .collect();
    let statuses: Vec<bool> = links
        .iter()
        .map(|token| {
            let body = serde_json::json!({ "token": token, "password": PASSWORD }).to_string();
            let mut stream = TcpStream::connect(("127.0.0.1", ports[0])).unwrap();
            let length = body.len();
            let head = "POST /api/v1/auth/set-up HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n";
            stream.write_all(format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer.starts_with("HTTP/1.1 200")
        })
        .collect();
    assert_eq!(statuses.iter().filter(|good| **good).count(), 1, "{statuses:?}");
    drop(gateways);
}

/// All that a program wrote.
fn told_all(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &told(output)
}
