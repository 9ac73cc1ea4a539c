//! What it costs that Redis is asleep, slow, emptied or killed while a platform works: figures are printed, and what must
//! not be is asserted.

use crate::program::{Program, root, told};
use crate::set::{ask, authorized, free_port, get};
use orion_private_redis::{Listener, Server};
use serde_json::Value;
use std::fs::File;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const PASSWORD: &str = "correct horse battery staple";
/// How long each bad day lasts.
const DAY: Duration = Duration::from_secs(2);
/// Far longer than anything takes.
const SOON: Duration = Duration::from_secs(60);
/// Sessions that are ended while Redis is dead.
const SESSIONS: usize = 20;

/// Two whole platforms on one record.
struct Pair {
    program: Program,
    ports: [u16; 2],
    children: Vec<Child>,
}

impl Drop for Pair {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Pair {
    fn start(redis: &Server, store: Option<String>) -> Option<Self> {
        let mut program = Program::find()?;
        program.store = store;
        let mut pair = Self { program, ports: [free_port(), free_port()], children: Vec::new() };
        let mut create = pair.program.command(["admin", "create", "--email", "ada@example.org", "--name", "Ada"]);
        let made = create.env("ORION_PASSWORD", PASSWORD).output().unwrap();
        assert!(made.status.success(), "{}", told(&made));
        for (place, port) in pair.ports.into_iter().enumerate() {
            let log = File::create(pair.program.path(&format!("{place}.log"))).unwrap();
            let feed = root().join("samples/feed.xml");
            let mut command = pair.program.command(["up"]);
            command.env("ORION_REDIS", redis.address());
            for setting in [
                format!("http.listen=127.0.0.1:{port}"),
                format!("feeds={}", feed.display()),
                "create.voice=silent:".to_owned(),
                "offline=true".to_owned(),
                "scout.interval=0".to_owned(),
                "http.rate_factor=100000".to_owned(),
            ] {
                command.args(["--set".to_owned(), setting]);
            }
            pair.children.push(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
            let begun = Instant::now();
            while !get(port, "/ready").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
                assert!(begun.elapsed() < SOON, "{}", pair.log(place));
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        Some(pair)
    }

    fn log(&self, place: usize) -> String {
        std::fs::read_to_string(self.program.path(&format!("{place}.log"))).unwrap_or_default()
    }

    /// A new session.
    fn token(&self) -> String {
        let body = serde_json::json!({ "email": "ada@example.org", "password": PASSWORD }).to_string();
        let answer = send(self.ports[0], "POST", "/api/v1/auth/login", "", &body);
        let json = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
        let json: Value = serde_json::from_str(json).unwrap_or_default();
        assert!(json["access_token"].is_string(), "{answer}");
        json["access_token"].as_str().unwrap_or_default().to_owned()
    }
}

fn send(port: u16, method: &str, path: &str, token: &str, body: &str) -> String {
    let authorization = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{authorization}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    ask(port, &request).unwrap_or_default()
}

/// How a day went.
#[derive(Default)]
struct Day {
    calls: usize,
    errors: Vec<String>,
    /// Events that were appended.
    events: usize,
}

/// Reads, and writes what appends an event, at both gateways in turn, for so long.
fn work(pair: &Pair, token: &str, until: Instant) -> Day {
    let mut day = Day::default();
    let mut note = |answer: String, expected: &str| {
        day.calls += 1;
        let good = answer.starts_with(expected);
        if !good {
            day.errors.push(answer.lines().next().unwrap_or("no answer").to_owned());
        }
        good
    };
    let mut events = 0;
    while Instant::now() < until {
        for port in pair.ports {
            note(authorized(port, "GET", "/api/v1/identity/users/me", token), "HTTP/1.1 200");
            let choice = r#"{"provider":"LOCAL","model":"scene-graphics"}"#;
            events +=
                usize::from(note(send(port, "PUT", "/api/v1/providers/image/config", token, choice), "HTTP/1.1 200"));
        }
    }
    day.events = events;
    day
}

/// The figures of each day are printed. The goals (0 events lost, 0 errors, heard within a second of its return, refused
/// within 200 ms) are for a machine that does nothing else; a busy one passes too, as long as nothing is lost.
#[test]
#[expect(clippy::print_stdout, reason = "what is measured is printed")]
fn while_redis_is_away_nothing_is_lost_and_nobody_notices() {
    let Some(redis) = Server::start(&[]) else { return };
    let Some(pair) = Pair::start(&redis, None) else { return };
    let outside = Listener::start(&redis);
    let token = pair.token();
    let switched = || outside.count("orion.provider.switched");
    let mut expected = 0;
    for (name, begin, end) in [
        ("on a good day", None, None),
        ("stopped", Some(Server::pause as fn(&Server)), Some(Server::go_on as fn(&Server))),
        ("killed", Some(Server::kill as _), Some(Server::start_again as _)),
        ("flushed", Some(Server::flush as _), None),
        ("slow", Some(Server::drag as _), Some(Server::go_on as _)),
    ] {
        if let Some(begin) = begin {
            begin(&redis);
        }
        let day = work(&pair, &token, Instant::now() + DAY);
        assert_eq!(day.errors, Vec::<String>::new(), "{name}: {}", pair.log(0));
        if let Some(end) = end {
            end(&redis);
        }
        let back = Instant::now();
        expected += day.events;
        while switched() < expected {
            assert!(back.elapsed() < SOON, "{name}: heard {} of {expected}: {}", switched(), pair.log(0));
            std::thread::sleep(Duration::from_millis(5));
        }
        println!(
            "redis {name}: n = {} calls, 0 errors; n = {} events, 0 lost, the last heard {} ms after its return",
            day.calls,
            day.events,
            back.elapsed().as_millis()
        );
    }
    a_choice_is_followed(&pair);
    times_of_leaving(&pair, &redis, "a file");
}

/// The processes wake each other by PostgreSQL while Redis is dead.
#[test]
fn who_leaves_is_out_everywhere_while_redis_is_dead_beside_postgres() {
    let Some(redis) = Server::start(&[]) else { return };
    let Some(postgres) = orion_private_postgres::Server::shared() else { return };
    let Some(pair) = Pair::start(&redis, Some(postgres.database())) else { return };
    a_choice_is_followed(&pair);
    times_of_leaving(&pair, &redis, "PostgreSQL");
}

/// Who serves is chosen at one platform and followed by the other, without a restart.
fn a_choice_is_followed(pair: &Pair) {
    let token = pair.token();
    let chosen = || {
        let answer = authorized(pair.ports[1], "GET", "/api/v1/providers", &token);
        let json: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap_or_default()).unwrap_or_default();
        let llm =
            json["items"].as_array().and_then(|items| items.iter().find(|item| item["service"] == "llm").cloned());
        llm.unwrap_or_default()["chosen"]["name"].clone()
    };
    assert_eq!(chosen(), Value::Null);
    let choice = r#"{"provider":"LOCAL","name":"extractive"}"#;
    let answer = send(pair.ports[0], "PUT", "/api/v1/providers/llm/config", &token, choice);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let begun = Instant::now();
    while chosen() != "extractive" {
        assert!(begun.elapsed() < SOON, "not followed: {}", pair.log(1));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Who leaves is refused, at the gateway that was told and at the other one, although Redis is dead.
#[expect(clippy::print_stdout, reason = "what is measured is printed")]
fn times_of_leaving(pair: &Pair, redis: &Server, record: &str) {
    let sessions: Vec<String> = (0..SESSIONS).map(|_| pair.token()).collect();
    redis.kill();
    let me = "/api/v1/identity/users/me";
    let mut times = [Vec::new(), Vec::new()];
    for token in &sessions {
        for port in pair.ports {
            assert!(authorized(port, "GET", me, token).starts_with("HTTP/1.1 200"));
        }
        assert!(authorized(pair.ports[0], "POST", "/api/v1/auth/logout", token).starts_with("HTTP/1.1 200"));
        let left = Instant::now();
        for (port, times) in pair.ports.into_iter().zip(&mut times) {
            while !authorized(port, "GET", me, token).starts_with("HTTP/1.1 401") {
                assert!(left.elapsed() < SOON, "still let in");
            }
            times.push(left.elapsed().as_millis());
        }
    }
    for (place, mut times) in ["the same gateway", "another process"].into_iter().zip(times) {
        times.sort_unstable();
        let (middle, worst) = (times[times.len() / 2], times[times.len() - 1]);
        println!(
            "redis killed, record in {record}: from logout to the refusal by {place}: p50 {middle} ms, worst {worst} ms, n = {SESSIONS}"
        );
    }
}
