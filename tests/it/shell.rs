//! The command line as a shell meets it, and lines that try to be two.

use crate::http::{raw, send};
use crate::platform::{Platform, token};
use crate::program::{Program, told};
use serde_json::json;
use std::process::{Command, Stdio};

#[test]
fn every_shell_gets_its_completions() {
    let Some(program) = Program::find() else { return };
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let printed = program.run(&["completions", shell]);
        assert!(printed.status.success(), "{shell}: {}", told(&printed));
        let script = String::from_utf8(printed.stdout).unwrap();
        assert!(script.contains("pipeline") && script.contains("doctor"), "{shell}");
        if shell == "bash" {
            let file = program.file("completions.bash", script.as_bytes());
            let read = Command::new("bash").args(["-n", &file]).status().unwrap();
            assert!(read.success(), "bash does not read its completions");
        }
    }
    assert_eq!(program.run(&["completions", "tcsh"]).status.code(), Some(2));
}

#[test]
fn what_shows_something_is_a_table_json_or_plain_lines() {
    let Some(program) = Program::find() else { return };
    for arguments in [["config", "show"], ["runs", "list"], ["voices", "list"]] {
        let shown = |format: &str| {
            let output = program.command(arguments.iter().chain(&["--format", format])).output().unwrap();
            assert!(output.status.success(), "{arguments:?}: {}", told(&output));
            String::from_utf8(output.stdout).unwrap()
        };
        let json: serde_json::Value = serde_json::from_str(&shown("json")).unwrap();
        assert!(json.is_object() || json.is_array(), "{arguments:?}");
        for line in shown("plain").lines() {
            assert!(line.split('\t').count() >= 3, "{arguments:?}: {line}");
        }
        let by_variable = program.command(arguments).env("ORION_FORMAT", "json").output().unwrap();
        assert!(serde_json::from_slice::<serde_json::Value>(&by_variable.stdout).is_ok(), "{arguments:?}");
        assert_eq!(
            program.command(arguments.iter().chain(&["--format", "yaml"])).output().unwrap().status.code(),
            Some(2)
        );
    }
    let doctor = program.command(["doctor", "--format", "plain", "--set", "offline=true"]).output().unwrap();
    let parts = String::from_utf8(doctor.stdout).unwrap();
    assert!(parts.lines().any(|line| line.starts_with("ok\tdatabase\t")), "{parts}");
}

/// Whoever writes line breaks into names, addresses or headers finds them neither in answers nor in the log.
#[test]
fn nothing_that_is_sent_adds_a_line_to_an_answer_or_to_the_log() {
    let Some(platform) = Platform::start_with(&["http.rate_factor=100", "log=info,orion_host=debug"]) else { return };
    let port = platform.port();
    let forged = "2026-01-01T00:00:00Z  INFO orion: forged line";
    for (path, body) in [
        ("/api/v1/auth/login", json!({ "email": format!("a@b.c\r\n{forged}"), "password": format!("x\n{forged}") })),
        (
            "/api/v1/auth/register",
            json!({ "email": format!("a@b.c\n{forged}"), "password": "correct horse battery", "name": format!("n\r\n{forged}") }),
        ),
        (
            "/api/v1/auth/forgot-password",
            json!({ "email": format!("ada@example.org\r\nBcc: eve@example.org\n{forged}") }),
        ),
    ] {
        let answer = send(port, "POST", path, &[], body.to_string().as_bytes());
        assert!(matches!(answer.status, 200 | 400..=429), "{path}: {answer:?}");
        assert_eq!(answer.header("bcc"), "");
    }
    // In the request's identity, a path, a query, a header that says whom it came for.
    let id = format!("abc\t{forged}");
    let answer = send(port, "GET", "/health", &[("X-Request-ID", &id)], b"");
    assert_eq!(answer.status, 200);
    assert!(!answer.header("x-request-id").contains("forged"), "{answer:?}");
    for path in ["/health%0d%0aX-Injected:%20yes", "/api/v1/auth/oauth/github?redirect=%0d%0aX-Injected:%20yes"] {
        let answer = send(port, "GET", path, &[("User-Agent", forged), ("X-Forwarded-For", forged)], b"");
        assert!(answer.status >= 400 && answer.header("x-injected").is_empty(), "{path}: {answer:?}");
    }
    let bearer = format!("Bearer {}", token(&platform));
    let profile = json!({ "name": format!("Ada\r\n{forged}") }).to_string();
    let named = send(port, "PATCH", "/api/v1/identity/users/me", &[("Authorization", &bearer)], profile.as_bytes());
    assert!(matches!(named.status, 200 | 422), "{named:?}");
    let shown = platform.run(&["auth", "whoami"]);
    assert!(String::from_utf8_lossy(&shown.stdout).lines().all(|line| !line.starts_with("2026-01-01")), "{shown:?}");

    // What is no request, and what is no text.
    assert_eq!(raw(port, b"GET /health HTTP/1.1\r\nHost: a\r\nBad Header\r\n\r\n").status, 400);
    assert_eq!(
        send(port, "POST", "/api/v1/auth/login", &[], b"{\"email\":\"\xff\xfe\",\"password\":\"x\"}").status,
        400
    );
    let long = json!({ "email": "ada@example.org", "password": "x".repeat(10_000) }).to_string();
    assert_eq!(send(port, "POST", "/api/v1/auth/login", &[], long.as_bytes()).status, 400);

    let log = platform.log();
    assert!(
        log.lines().all(|line| !line.trim_start().starts_with("2026-01-01T00:00:00Z  INFO orion: forged")),
        "{log}"
    );
    assert!(!log.contains("correct horse battery"), "{log}");
}

#[test]
fn exit_codes_tell_what_kind_of_no_it_was() {
    let Some(platform) = Platform::start_with(&["http.rate_factor=100"]) else { return };
    let nobody = "00000000-0000-0000-0000-00000000abcd";
    assert_eq!(platform.run(&["content", "view", nobody]).status.code(), Some(1), "the platform says no");
    assert_eq!(platform.run(&["content", "view", "no-id"]).status.code(), Some(2), "the line is wrong");
    let made_up = platform.command(&["auth", "whoami"]).env("ORION_AUTH_TOKEN", "made-up").output().unwrap();
    assert_eq!(made_up.status.code(), Some(2), "not signed in: {}", told(&made_up));
    let away = platform.command(&["system", "health"]).env("ORION_GATEWAY_URL", "http://127.0.0.1:1").output().unwrap();
    assert_eq!(away.status.code(), Some(3), "nobody there: {}", told(&away));
    let failed = platform.command(&["content", "view", nobody, "--format", "json"]).output().unwrap();
    let told_so: serde_json::Value = serde_json::from_slice(&failed.stdout).unwrap();
    assert_eq!((&told_so["event"], &told_so["exit_code"]), (&json!("error"), &json!(1)));

    // An administrator unattended: the password on standard input, nothing asked, nothing shown.
    let mut made = platform
        .program
        .command(["admin", "create", "--email", "bob@example.org", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut made.stdin.take().unwrap(), b"another good password\n").unwrap();
    let made = made.wait_with_output().unwrap();
    assert!(made.status.success(), "{}", told(&made));
    let said = String::from_utf8_lossy(&made.stdout).into_owned() + &told(&made);
    assert!(said.contains("\"admin\"") && !said.contains("another good password"), "{said}");
    let twice = platform
        .program
        .command(["admin", "create", "--email", "bob@example.org"])
        .env("ORION_PASSWORD", "another good password")
        .output()
        .unwrap();
    assert_ne!(twice.status.code(), Some(0), "{}", told(&twice));
    let users = platform.json(&["admin", "users", "--role", "admin"]);
    let mut names: Vec<&str> =
        users["users"].as_array().unwrap().iter().filter_map(|user| user["email"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["ada@example.org", "bob@example.org"]);
}
