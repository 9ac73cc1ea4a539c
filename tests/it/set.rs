//! Every part of the platform twice, as real processes on one PostgreSQL database and one Redis server, while members of the set and
//! the Redis server itself are killed and started again.

use crate::program::{Program, told};
use orion_private_redis::{Listener, Server};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PASSWORD: &str = "correct horse battery staple";
const ROLES: [&str; 8] = ["gateway", "scout", "director", "media", "editor", "pulse", "publisher", "identity"];
/// Nothing takes longer.
const SOON: Duration = Duration::from_secs(300);

/// One process.
struct Member {
    role: &'static str,
    port: u16,
    child: Option<Child>,
}

impl Member {
    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.kill();
    }
}

/// All of them.
struct Set {
    program: Program,
    redis: Server,
    members: Vec<Member>,
    /// Lets in at both gateways.
    token: String,
}

impl Set {
    fn start() -> Option<Self> {
        let (mut program, redis) = (Program::find()?, Server::start(&[])?);
        // Where there is no PostgreSQL the record is a file.
        program.store = orion_private_postgres::Server::shared().map(orion_private_postgres::Server::database);
        let free = |role| Member { role, port: free_port(), child: None };
        let members = ROLES.into_iter().flat_map(|role| [free(role), free(role)]).collect();
        let mut set = Self { program, redis, members, token: String::new() };
        let made = set.command(None, &["admin", "create", "--email", "ada@example.org", "--name", "Ada"]).output();
        let made = made.unwrap();
        assert!(made.status.success(), "{}", told(&made));
        for place in 0..set.members.len() {
            set.spawn(place);
        }
        for place in 0..set.members.len() {
            set.ready(place);
        }
        Some(set)
    }

    fn spawn(&mut self, place: usize) {
        let Member { role, port, .. } = self.members[place];
        let elsewhere = self.members.iter().filter(|member| member.role != "gateway");
        let services: Vec<String> =
            elsewhere.map(|member| format!("{}=http://127.0.0.1:{}", member.role, member.port)).collect();
        let log = File::options().create(true).append(true).open(self.program.path(&format!("{role}.log"))).unwrap();
        let feed = crate::program::root().join("samples/feed.xml");
        let mut command = self.command(None, &["up", "--role", role]);
        command
            .args(["--set", &format!("http.listen=127.0.0.1:{port}")])
            .args(["--set", &format!("urls.gateway=http://127.0.0.1:{port}")])
            .args(["--set", &format!("feeds={}", feed.display())])
            .args(["--set", "create.voice=silent:", "--set", "create.seconds=5", "--set", "create.quality=draft"])
            .args([
                "--set",
                "offline=true",
                "--set",
                "create.niche=",
                "--set",
                "log=info",
                "--set",
                "scout.interval=1",
            ]);
        if role == "gateway" {
            command.args(["--set", &format!("services={}", services.join(","))]);
        }
        self.members[place].child = Some(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
    }

    /// A command of the program; as a client of the gateway at a port, if one is given.
    fn command(&self, gateway: Option<u16>, arguments: &[&str]) -> Command {
        let mut command = self.program.command(arguments);
        command.env("HOME", self.program.folder.path()).env("ORION_PASSWORD", PASSWORD);
        command.env("ORION_REDIS", self.redis.address());
        if let Some(port) = gateway {
            command.env("ORION_GATEWAY_URL", format!("http://127.0.0.1:{port}"));
            if !self.token.is_empty() {
                command.env("ORION_AUTH_TOKEN", &self.token);
            }
        }
        command
    }

    fn run(&self, gateway: u16, arguments: &[&str]) -> Output {
        self.command(Some(gateway), arguments).output().unwrap()
    }

    /// What a command answers as JSON. While members of the set are killed a call may fail: then it is made again.
    #[track_caller]
    fn json(&self, gateway: u16, arguments: &[&str]) -> Value {
        let begun = Instant::now();
        loop {
            let output = self.command(Some(gateway), arguments).arg("--json").output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            if output.status.success() {
                return serde_json::from_str(&said).unwrap();
            }
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "{arguments:?}: {said}{}\n{}",
                told(&output),
                self.logs()
            );
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    fn gateways(&self) -> [u16; 2] {
        [self.members[0].port, self.members[1].port]
    }

    fn ready(&self, place: usize) {
        let begun = Instant::now();
        while !get(self.members[place].port, "/ready").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
            assert!(begun.elapsed() < SOON, "{} does not start:\n{}", self.members[place].role, self.logs());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn kill_and_start_again(&mut self, place: usize) {
        self.members[place].kill();
        std::thread::sleep(Duration::from_millis(200));
        self.spawn(place);
    }

    fn logs(&self) -> String {
        let log = |role| std::fs::read_to_string(self.program.path(&format!("{role}.log"))).unwrap_or_default();
        let last = |role| log(role).lines().rev().take(15).map(|line| format!("{role}: {line}\n")).collect::<String>();
        ROLES.into_iter().map(last).collect()
    }

    /// The status of every content, by its identity.
    fn statuses(&self, gateway: u16) -> Vec<(String, String)> {
        let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let list = self.json(gateway, &["content", "list"]);
        list.as_array().unwrap().iter().map(|row| (text(row, "id"), text(row, "status"))).collect()
    }

    fn wait_for_all(&self, gateway: u16, state: &str) {
        let begun = Instant::now();
        loop {
            let statuses = self.statuses(gateway);
            if statuses.iter().all(|(_, status)| status == state) {
                return;
            }
            assert!(begun.elapsed() < SOON, "not all get to {state}: {statuses:?}\n{}", self.logs());
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// The token that the client keeps.
    fn kept_token(&self) -> String {
        let session = std::fs::read_to_string(self.program.path(".orion/session.json")).unwrap();
        let session: Value = serde_json::from_str(&session).unwrap();
        session["access_token"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Sends a request as it stands, and gives what comes back until the other side closes or says nothing more.
pub(crate) fn ask(port: u16, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(length) => answer.extend_from_slice(&buffer[..length]),
        }
        // An upgraded connection stays open.
        if answer.starts_with(b"HTTP/1.1 101") {
            break;
        }
    }
    Some(String::from_utf8_lossy(&answer).into_owned()).filter(|answer| !answer.is_empty())
}

pub(crate) fn get(port: u16, path: &str) -> Option<String> {
    ask(port, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
}

pub(crate) fn authorized(port: u16, method: &str, path: &str, token: &str) -> String {
    let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n");
    ask(port, &format!("{head}Authorization: Bearer {token}\r\n\r\n")).unwrap_or_default()
}

fn open_socket(port: u16, ticket: &str) -> String {
    let head =
        format!("GET /ws?ticket={ticket} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n");
    let key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    ask(port, &format!("{head}{key}")).unwrap_or_default()
}

#[test]
fn two_of_every_part_work_together_while_members_are_killed() {
    let Some(mut set) = Set::start() else { return };
    let outside = Listener::start(&set.redis);
    let [one, other] = set.gateways();

    // Each says who it is, and is counted by itself.
    for member in &set.members {
        let health = get(member.port, "/health").unwrap();
        assert!(health.contains(&format!("\"service\":\"{}\"", member.role)), "{health}");
        let metrics = get(member.port, "/metrics").unwrap();
        assert!(metrics.contains("orion_gateway_requests_total"), "{metrics}");
    }
    let signed_in = set.run(one, &["auth", "login", "--email", "ada@example.org"]);
    assert!(signed_in.status.success(), "{}", told(&signed_in));
    set.token = set.kept_token();
    let status = set.json(other, &["system", "status"]);
    assert_eq!((&status["status"], &status["infrastructure"]["redis"]["status"]), (&"ok".into(), &"connected".into()));

    // The first scan was made by one of the two scouts.
    let begun = Instant::now();
    let trends = loop {
        let trends = set.json(other, &["scout", "list-trends"])["items"].as_array().unwrap().clone();
        if trends.len() >= 3 {
            break trends;
        }
        assert!(begun.elapsed() < SOON, "nothing was found:\n{}", set.logs());
        std::thread::sleep(Duration::from_millis(1000));
    };

    // Three contents, begun at either gateway, while members die; each member once, and Redis.
    let mut begun = Vec::new();
    for (trend, gateway) in trends.iter().take(3).zip([one, other, one]) {
        let started = set.json(gateway, &["pipeline", "run", trend["id"].as_str().unwrap()]);
        begun.push(started["content_id"].as_str().unwrap().to_owned());
    }
    for place in (2..set.members.len()).step_by(2) {
        set.kill_and_start_again(place);
        if place == 4 {
            set.redis.kill();
            std::thread::sleep(Duration::from_millis(500));
            set.redis.start_again();
        }
        std::thread::sleep(Duration::from_millis(400));
    }
    for place in 0..set.members.len() {
        set.ready(place);
    }
    set.wait_for_all(one, "review");
    let known: BTreeSet<String> = set.statuses(other).into_iter().map(|(id, _)| id).collect();
    assert_eq!(known, begun.iter().cloned().collect(), "nothing lost, nothing twice");

    // Published once, although a publisher dies.
    set.json(one, &["publish", "connect", "--platform", "folder", "--name", "Exports", "--credential", "path=out"]);
    for (content, gateway) in begun.iter().zip([one, other, one]) {
        set.json(gateway, &["content", "approve", content]);
    }
    let publisher = ROLES.iter().position(|role| *role == "publisher").unwrap() * 2;
    for (content, gateway) in begun.iter().zip([one, other, one]) {
        let sent = set.run(gateway, &["publish", "send", content, "--platform", "folder"]);
        set.members[publisher].kill();
        assert!(matches!(sent.status.code(), Some(0 | 1)), "{}", told(&sent));
    }
    set.spawn(publisher);
    set.ready(publisher);
    set.wait_for_all(other, "published");
    let history = set.json(one, &["publish", "history"]);
    let published = |content: &String| {
        let rows = history.as_array().unwrap().iter();
        rows.filter(|row| row["content_id"] == content.as_str() && row["status"] == "published").count()
    };
    assert!(begun.iter().all(|content| published(content) == 1), "{history}");
    assert_eq!(videos(&set), 3, "one file each");

    // Who listens from outside has heard of everything, over the death of Redis too.
    for content in &begun {
        for channel in ["orion.content.created", "orion.content.updated", "orion.content.published"] {
            outside.wait_for(channel, content);
        }
    }

    // Tickets of one gateway open sockets at the other, once.
    let token = set.token.clone();
    let ticket = authorized(one, "POST", "/api/v1/ws/ticket", &token);
    let ticket = ticket.split("\"ticket\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(open_socket(other, &ticket).starts_with("HTTP/1.1 101"));
    assert!(open_socket(one, &ticket).starts_with("HTTP/1.1 401"));

    // Calls are counted by both together: of twelve, five, and one more where a minute begins meanwhile.
    let body = r#"{"email":"nobody@example.org","password":"x"}"#;
    let login = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answers: Vec<String> = (0..12).map(|n| ask(if n % 2 == 0 { one } else { other }, &login).unwrap()).collect();
    let counted = answers.iter().filter(|answer| !answer.starts_with("HTTP/1.1 429")).count();
    assert!((5..=6).contains(&counted), "{counted} of 12: {answers:?}");

    // Who leaves at one gateway is out at the other.
    let me = "/api/v1/identity/users/me";
    assert!(authorized(other, "GET", me, &token).starts_with("HTTP/1.1 200"));
    assert!(authorized(one, "POST", "/api/v1/auth/logout", &token).starts_with("HTTP/1.1 200"));
    let left = Instant::now();
    while !authorized(other, "GET", me, &token).starts_with("HTTP/1.1 401") {
        assert!(left.elapsed() < Duration::from_secs(10), "still let in at the other gateway");
    }

    // One scan an interval, whoever of the two made it. A minute may have begun and not ended.
    let scouts = std::fs::read_to_string(set.program.path("scout.log")).unwrap();
    let scans = scouts.matches("scanned on schedule").count();
    let minutes = usize::try_from(set.redis.age().as_secs() / 60).unwrap();
    assert!((1..=minutes + 1).contains(&scans), "{scans} scans in {minutes} minutes and a bit");
}

/// Videos within the folder to which is published.
fn videos(set: &Set) -> usize {
    let mut folders = vec![set.program.folder.path().to_owned()];
    let mut found = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            let published = path.components().any(|part| part.as_os_str() == "orion-published");
            match path.is_dir() {
                true => folders.push(path),
                false => found += usize::from(published && path.extension().is_some_and(|kind| kind == "mp4")),
            }
        }
    }
    found
}
