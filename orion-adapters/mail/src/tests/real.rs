//! Against `aiosmtpd`, a mail server that others wrote, with STARTTLS, TLS and AUTH. Without it these tests are skipped
//! loudly, unless `ORION_REQUIRE` names `aiosmtpd`. `TEST_PYTHON` names a Python that has it.

use super::{mail, server};
use crate::{SmtpMailer, SmtpOptions};
use orion_core::port::Mailer;
use orion_core::{ErrorKind, Retry};
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const SERVER: &str = include_str!("aiosmtpd_server.py");

/// The server; dropping it ends it.
struct Real {
    child: Child,
    port: u16,
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Real {
    fn start(folder: &Path, mode: &str) -> Self {
        let mut child = Command::new(python())
            .args(["-c", SERVER, mode])
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap();
        Self { child, port }
    }
}

fn python() -> OsString {
    std::env::var_os("TEST_PYTHON").unwrap_or_else(|| "python3".into())
}

/// A folder with a certificate for `localhost`, or `None`, said aloud, where the programs for it are not installed.
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn prepared() -> Option<tempfile::TempDir> {
    let runs = |program: &dyn AsRef<OsStr>, arguments: &[&str]| {
        let ended = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        ended.is_ok_and(|status| status.success())
    };
    if !runs(&python(), &["-c", "import aiosmtpd"]) || !runs(&"openssl", &["version"]) {
        let required = std::env::var("ORION_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name == "aiosmtpd"), "aiosmtpd is required and not there");
        eprintln!("SKIPPED: needs openssl, and python3 with aiosmtpd");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (key, certificate) = (file("key.pem"), file("cert.pem"));
    let made = runs(
        &"openssl",
        &[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "1",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-addext",
            "extendedKeyUsage=serverAuth",
            "-keyout",
            &key,
            "-out",
            &certificate,
        ],
    );
    assert!(made, "openssl makes a certificate");
    Some(folder)
}

fn mailer(address: &str) -> SmtpMailer {
    SmtpMailer::new(&SmtpOptions::parse(address).unwrap(), "noreply@orion.example").unwrap()
}

#[tokio::test]
async fn a_real_server_takes_mail_over_tls_with_a_login() {
    let Some(folder) = prepared() else { return };
    let certificate = folder.path().join("cert.pem");
    for (mode, scheme) in [("starttls", "smtp"), ("tls", "smtps")] {
        let real = Real::start(folder.path(), mode);
        let at =
            |login: &str| format!("{scheme}://{login}@localhost:{}?certificate={}", real.port, certificate.display());
        mailer(&at("orion:right")).send(&mail()).await.unwrap();
        let taken = std::fs::read_to_string(folder.path().join("taken.eml")).unwrap();
        std::fs::remove_file(folder.path().join("taken.eml")).unwrap();
        let (head, body) =
            taken.replace("\r\n", "\n").split_once("\n\n").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        assert!(head.contains("To: reader@example.org"), "{head}");
        let body = server::from_quoted_printable(&body.replace('\n', "\r\n")).replace("\r\n", "\n");
        assert_eq!(body.trim_end(), mail().text.trim_end());

        let error = mailer(&at("orion:wrong")).send(&mail()).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Never), "{mode}: {error:?}");
        assert!(error.message().contains("login"), "{error:?}");
        // Who is not trusted gets neither mail nor password.
        let stranger = format!("{scheme}://orion:right@localhost:{}", real.port);
        let error = mailer(&stranger).send(&mail()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{mode}: {error:?}");
        let other_name = at("orion:right").replace("localhost", "127.0.0.1");
        let error = mailer(&other_name).send(&mail()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{mode}: {error:?}");
        assert!(!folder.path().join("taken.eml").exists(), "{mode}");
    }
}
