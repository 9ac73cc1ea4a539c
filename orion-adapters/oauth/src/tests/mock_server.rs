//! Against `oauth2-mock-server`, which others wrote: it checks PKCE on its own. Where it cannot be had, this is skipped
//! loudly, unless `ORION_REQUIRE` names `oauth2-mock-server`.

use super::{BACK, google, sign_in};
use crate::{GoogleEndpoints, GoogleOauth};
use orion_core::ErrorKind;
use orion_core::domain::Secret;
use orion_core::port::OauthProvider;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Starts the server; `None`, said aloud, where it cannot be had.
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
async fn start() -> Option<(Child, String)> {
    let skip = |why: &str| {
        let required = std::env::var("ORION_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name == "oauth2-mock-server"), "required and not there: {why}");
        eprintln!("SKIPPED: {why}");
        None
    };
    let arguments = ["--yes", "--package", "oauth2-mock-server@9", "oauth2-mock-server", "-a", "127.0.0.1", "-p", "0"];
    let spawned = Command::new("npx")
        .args(arguments)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let Ok(mut child) = spawned else { return skip("npx is not on this machine") };
    let mut lines = BufReader::new(child.stdout.take()?).lines();
    let found = tokio::time::timeout(Duration::from_secs(60), async {
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(at) = line.find("http://") {
                return line[at..].split_whitespace().next().map(|base| base.trim_end_matches('/').to_owned());
            }
        }
        None
    });
    match found.await {
        Ok(Some(base)) => Some((child, base)),
        _ => skip("npx cannot start oauth2-mock-server (no network?)"),
    }
}

#[tokio::test]
async fn a_server_of_others_signs_in_whom_we_send() {
    let Some((_child, base)) = start().await else { return };
    let provider = google(&base, "secret");
    let (start, code) = sign_in(&provider).await;
    let profile = provider.finish(&code, &start.verifier, BACK).await.unwrap();
    assert_eq!((profile.subject.as_str(), profile.email_verified), ("johndoe", false));
    // Its own check of the verifier refuses another one.
    let (_, code) = sign_in(&provider).await;
    let error = provider.finish(&code, &start.verifier, BACK).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Unavailable), "{error:?}");
    let endpoints = GoogleEndpoints { userinfo: format!("{base}/nowhere"), ..at(&base) };
    let lost = GoogleOauth::at(&endpoints, "orion", Secret::new("secret")).unwrap();
    let (start, code) = sign_in(&lost).await;
    let error = lost.finish(&code, &start.verifier, BACK).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
}

fn at(base: &str) -> GoogleEndpoints {
    let at = |path: &str| format!("{base}/{path}");
    GoogleEndpoints { authorize: at("authorize"), token: at("token"), userinfo: at("userinfo") }
}
