//! Getting in from outside: an account elsewhere, a password by mail, sessions on several devices.

use crate::http::{Answer, send};
use crate::platform::{Platform, token};
use crate::program::{Program, told};
use orion_faithful::{Reply, Request, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// GitHub, as far as somebody signs in there: codes are good once, and only with their verifier's challenge on record.
struct Github {
    server: Server,
    /// Whose the next code is: number, login, address, and whether it is verified.
    who: Arc<Mutex<(u64, &'static str, &'static str, bool)>>,
    _runtime: Runtime,
}

impl Github {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let who = Arc::new(Mutex::new((1, "ann", "ann@example.org", true)));
        let known = who.clone();
        let answer = move |request: &Request| {
            let (number, login, email, verified) = *known.lock().unwrap();
            let signed = request.header("authorization") == Some("Bearer gho_of_the_test");
            match (request.method.as_str(), request.path.as_str()) {
                ("POST", "/login/oauth/access_token") => {
                    let sent = String::from_utf8_lossy(&request.body).into_owned();
                    let whole = ["code=good", "code_verifier=", "redirect_uri=", "grant_type=authorization_code"];
                    if whole.iter().all(|part| sent.contains(part)) {
                        Reply::json(
                            200,
                            &json!({ "access_token": "gho_of_the_test", "token_type": "bearer", "scope": "user:email" }),
                        )
                    } else {
                        Reply::json(200, &json!({ "error": "bad_verification_code" }))
                    }
                }
                ("GET", "/user") if signed => {
                    Reply::json(200, &json!({ "id": number, "login": login, "name": null, "email": null }))
                }
                ("GET", "/user/emails") if signed => {
                    Reply::json(200, &json!([{ "email": email, "primary": true, "verified": verified }]))
                }
                _ => Reply::json(404, &json!({ "message": "Not Found" })),
            }
        };
        let server = runtime.block_on(Server::start(answer));
        Self { server, who, _runtime: runtime }
    }

    fn is(&self, number: u64, login: &'static str, email: &'static str, verified: bool) {
        *self.who.lock().unwrap() = (number, login, email, verified);
    }
}

/// What an address asks for.
fn asked(address: &str) -> BTreeMap<String, String> {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Goes to GitHub and comes back, as a browser does.
fn round_trip(platform: &Platform, page: &str) -> Answer {
    let begun = send(platform.port(), "GET", &format!("/api/v1/auth/oauth/github?redirect={page}"), &[], b"");
    assert_eq!(begun.status, 307, "{begun:?}");
    come_back(platform, begun.header("location"), begun.cookie("orion_oauth_state").unwrap(), "good")
}

fn come_back(platform: &Platform, way: &str, cookie: &str, code: &str) -> Answer {
    let asked = asked(way);
    assert_eq!(asked["code_challenge_method"], "S256", "{way}");
    let path = format!("/api/v1/auth/oauth/github/callback?state={}&code={code}", asked["state"]);
    send(platform.port(), "GET", &path, &[("Cookie", &format!("orion_oauth_state={cookie}"))], b"")
}

fn me(platform: &Platform, token: &str) -> Answer {
    send(platform.port(), "GET", "/api/v1/identity/users/me", &[("Authorization", &format!("Bearer {token}"))], b"")
}

#[test]
fn an_account_elsewhere_signs_in_is_linked_and_unlinked() {
    let Some(program) = Program::find() else { return };
    let github = Github::start();
    let url = github.server.url();
    let Some(mut platform) = Platform::start_on(program, |_| {
        let set = ["oauth.github_id=id", "oauth.github_secret=hush-of-the-test", "http.rate_factor=100"];
        let servers = [format!("oauth.github_url={url}"), format!("oauth.github_api_url={url}")];
        set.map(str::to_owned).into_iter().chain(servers).flat_map(|set| ["--set".to_owned(), set]).collect()
    }) else {
        return;
    };

    // A new person: an editor, who chooses name and password first.
    let back = round_trip(&platform, "/profile");
    assert_eq!(back.status, 307, "{back:?}");
    assert!(back.header("location").ends_with("/onboarding"), "{back:?}");
    let ann = back.cookie("orion_token").unwrap().to_owned();
    let shown = me(&platform, &ann).json();
    assert_eq!((&shown["email"], &shown["role"]), (&json!("ann@example.org"), &json!("editor")));
    assert_eq!(shown["oauth_providers"], json!(["github"]));

    // An address that GitHub has not verified lets nobody in, nor into anybody's account.
    for (number, address) in [(2, "eve@example.org"), (3, "ada@example.org")] {
        github.is(number, "eve", address, false);
        let back = round_trip(&platform, "/");
        assert_eq!(back.status, 307, "{back:?}");
        assert!(back.header("location").contains("error=") && back.cookie("orion_token").is_none(), "{back:?}");
    }
    // What another browser began, and a code that GitHub does not know.
    let begun = send(platform.port(), "GET", "/api/v1/auth/oauth/github", &[], b"");
    let way = begun.header("location").to_owned();
    assert_eq!(come_back(&platform, &way, "somebody-elses", "good").status, 400);
    let refused = come_back(&platform, &way, begun.cookie("orion_oauth_state").unwrap(), "bad");
    assert!(refused.status >= 400 && refused.cookie("orion_token").is_none(), "{refused:?}");

    // The administrator links an account of another address, signs in with it, and unlinks it.
    github.is(4, "ada-gh", "ada@elsewhere.example", true);
    let ada = token(&platform);
    let bearer = format!("Bearer {ada}");
    let link = |bearer: &str| {
        send(
            platform.port(),
            "POST",
            "/api/v1/auth/oauth/github/link?redirect=/profile",
            &[("Authorization", bearer)],
            b"",
        )
    };
    assert_eq!(link("Bearer made-up").status, 401);
    let way = link(&bearer);
    let back =
        come_back(&platform, way.json()["url"].as_str().unwrap(), way.cookie("orion_oauth_state").unwrap(), "good");
    assert!(back.header("location").ends_with("/profile?oauth=success"), "{back:?}");
    assert_eq!(me(&platform, &ada).json()["oauth_providers"], json!(["github"]));
    let again = round_trip(&platform, "/");
    let signed = me(&platform, again.cookie("orion_token").unwrap()).json();
    assert_eq!(signed["email"], "ada@example.org", "{signed}");
    let path = "/api/v1/identity/users/me/oauth/github";
    assert_eq!(send(platform.port(), "DELETE", path, &[("Authorization", &bearer)], b"").status, 200);
    assert_eq!(me(&platform, &ada).json()["oauth_providers"], json!([]));

    // Nothing of it stands in the log or, readable, in the record.
    let log = platform.log();
    for secret in ["gho_of_the_test", "hush-of-the-test", ann.as_str()] {
        assert!(!log.contains(secret), "{log}");
    }
    platform.kill();
    for file in ["orion.db", "orion.db-wal"] {
        let bytes = std::fs::read(platform.program.path("data").join(file)).unwrap_or_default();
        assert!(!bytes.windows(15).any(|window| window == b"gho_of_the_test"), "a token lies open in {file}");
    }
}

/// The token of the newest mail that leads to this page.
fn mailed(platform: &Platform, page: &str) -> String {
    let begun = Instant::now();
    loop {
        let outbox = std::fs::read_dir(platform.program.path("data/outbox")).into_iter().flatten().flatten();
        let mut mails: Vec<_> =
            outbox.map(|mail| mail.path()).filter(|path| path.extension().is_some_and(|kind| kind == "eml")).collect();
        mails.sort_by_key(|path| path.metadata().and_then(|data| data.modified()).ok());
        for mail in mails.iter().rev() {
            // Long lines of mails are folded.
            let mail =
                std::fs::read_to_string(mail).unwrap().replace("=\r\n", "").replace("=\n", "").replace("=3D", "=");
            if let Some((_, rest)) = mail.split_once(&format!("/{page}?token=")) {
                return rest.split(|letter: char| !letter.is_ascii_hexdigit()).next().unwrap().to_owned();
            }
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "no mail leads to {page}:\n{}", platform.log());
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_forgotten_password_comes_by_mail_and_sessions_are_ended_from_elsewhere() {
    let Some(platform) = Platform::start_with(&["http.rate_factor=100"]) else { return };
    let post = |path: &str, body: Value| send(platform.port(), "POST", path, &[], body.to_string().as_bytes());

    // A second device, seen and ended from the first.
    let second = platform.program.path("second");
    let elsewhere = |arguments: &[&str]| {
        platform
            .command(arguments)
            .env("HOME", &second)
            .env("ORION_PASSWORD", "correct horse battery staple")
            .output()
            .unwrap()
    };
    std::fs::create_dir_all(&second).unwrap();
    assert!(elsewhere(&["auth", "login", "--email", "ada@example.org"]).status.success());
    assert!(elsewhere(&["auth", "whoami"]).status.success());
    let sessions = platform.json(&["auth", "sessions"])["sessions"].as_array().unwrap().clone();
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    let other = sessions.iter().find(|session| session["current"] == false).unwrap()["id"].as_str().unwrap();
    assert!(platform.run(&["auth", "end", other]).status.success());
    assert_eq!(elsewhere(&["auth", "whoami"]).status.code(), Some(2));
    assert!(platform.run(&["auth", "whoami"]).status.success());

    // Known or not, the answer is the same; the mail sets another password once, and ends what went before.
    let known = post("/api/v1/auth/forgot-password", json!({ "email": "ada@example.org" }));
    let unknown = post("/api/v1/auth/forgot-password", json!({ "email": "nobody@example.org" }));
    assert_eq!((known.status, known.body), (200, unknown.body));
    let token = mailed(&platform, "reset-password");
    let reset = |password: &str| post("/api/v1/auth/reset-password", json!({ "token": token, "password": password }));
    assert_eq!(reset("short").status, 422);
    assert_eq!(reset(&"x".repeat(10_000)).status, 422);
    let done = reset("another horse entirely");
    assert_eq!(done.status, 200, "{}", String::from_utf8_lossy(&done.body));
    assert_eq!(reset("another horse entirely").status, 400, "once");
    assert_eq!(platform.run(&["auth", "whoami"]).status.code(), Some(2), "sessions of before have ended");
    let login = |password: &str| {
        platform
            .command(&["auth", "login", "--email", "ada@example.org"])
            .env("ORION_PASSWORD", password)
            .output()
            .unwrap()
    };
    assert_eq!(login("correct horse battery staple").status.code(), Some(2));
    let signed = login("another horse entirely");
    assert!(signed.status.success(), "{}", told(&signed));
    assert!(!platform.log().contains(&token), "no token in a log");
}
