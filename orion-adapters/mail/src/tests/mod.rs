//! Against servers on the loopback: one of our own that checks the dialogue and misbehaves on demand, and a real one.

mod address;
mod outbox;
mod real;
mod server;

use crate::{SmtpMailer, SmtpOptions};
use orion_core::port::{Mail, Mailer};
use orion_core::{Error, ErrorKind, Retry};
use server::{Server, Trouble};

fn mail() -> Mail {
    Mail {
        to: "reader@example.org".to_owned(),
        subject: "Grüße: your link".to_owned(),
        text: "Open https://orion.example/verify?token=s3cret\n.\nA line that is one dot, and ünïcode.\n".to_owned(),
    }
}

fn mailer(address: &str) -> SmtpMailer {
    SmtpMailer::new(&SmtpOptions::parse(address).unwrap(), "Orion <noreply@orion.example>").unwrap()
}

async fn sent_to(trouble: Trouble) -> (Server, orion_core::Result<()>) {
    let server = Server::start(trouble).await;
    let address = format!("smtp://orion:p%40ss@{}?tls=none&timeout=2", server.address);
    let outcome = mailer(&address).send(&mail()).await;
    (server, outcome)
}

#[tokio::test]
async fn a_message_arrives_as_it_was_written() {
    let (server, outcome) = sent_to(Trouble::None).await;
    outcome.unwrap();
    let taken = server.taken();
    assert_eq!(taken.len(), 1);
    let message = &taken[0];
    assert_eq!((message.from.as_str(), message.to.as_str()), ("noreply@orion.example", "reader@example.org"));
    assert_eq!(message.login, "\0orion\0p@ss", "the password is decoded");
    let (head, body) = message.data.split_once("\r\n\r\n").unwrap();
    for line in [
        "From: Orion <noreply@orion.example>",
        "To: reader@example.org",
        "Subject: =?utf-8?b?",
        "Auto-Submitted: auto-generated",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "Date: ",
    ] {
        assert!(head.lines().any(|found| found.starts_with(line)), "{line} in {head}");
    }
    assert!(head.contains("@orion.example>"), "the message has an identity of its own: {head}");
    let body = server::from_quoted_printable(body);
    assert_eq!(body.replace("\r\n", "\n").trim_end(), mail().text.trim_end());
}

#[tokio::test]
async fn a_line_serves_more_than_one_message() {
    let server = Server::start(Trouble::None).await;
    let mailer = mailer(&format!("smtp://{}?tls=none", server.address));
    for _ in 0..10 {
        mailer.send(&mail()).await.unwrap();
        // The line is put back in the background.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(server.taken().len(), 10);
    assert!(server.connections() < 10, "{}", server.connections());
}

#[tokio::test]
async fn a_dead_line_is_opened_anew() {
    let server = Server::start(Trouble::HangUpBetween).await;
    let mailer = mailer(&format!("smtp://{}?tls=none", server.address));
    for _ in 0..3 {
        mailer.send(&mail()).await.unwrap();
    }
    assert_eq!((server.taken().len(), server.connections()), (3, 3));
}

#[tokio::test]
async fn success_means_that_the_server_has_taken_it() {
    let kinds = [
        (Trouble::Answer("RCPT", "451 try again later"), ErrorKind::Unavailable, true),
        (Trouble::Answer("DATA", "452 no room"), ErrorKind::Unavailable, true),
        (Trouble::Answer("MAIL", "421 closing"), ErrorKind::Unavailable, true),
        (Trouble::Answer(".", "451 greylisted"), ErrorKind::Unavailable, true),
        (Trouble::Answer("RCPT", "550 no such user"), ErrorKind::Invalid, false),
        (Trouble::Answer(".", "554 looks like spam"), ErrorKind::Invalid, false),
        (Trouble::Answer("AUTH", "535 wrong password"), ErrorKind::Unavailable, false),
        (Trouble::Answer("EHLO", "what?"), ErrorKind::Unavailable, true),
        (Trouble::HangUpAt("MAIL"), ErrorKind::Unavailable, true),
        (Trouble::HangUpAt("."), ErrorKind::Unavailable, true),
        (Trouble::SilentAt("."), ErrorKind::Timeout, true),
        (Trouble::SilentAt("EHLO"), ErrorKind::Timeout, true),
    ];
    for (trouble, kind, again) in kinds {
        let (server, outcome) = sent_to(trouble).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (kind, again), "{trouble:?}: {error:?}");
        assert!(server.taken().is_empty(), "{trouble:?}");
        let told = format!("{error} {error:?}");
        assert!(!told.contains("s3cret") && !told.contains("p@ss") && !told.contains("p%40ss"), "{told}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = mailer(&format!("smtp://{address}?tls=none")).send(&mail()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Unavailable, true), "{error:?}");
}

#[tokio::test]
async fn no_mail_goes_out_where_starttls_is_not_offered() {
    let server = Server::start(Trouble::None).await;
    let error = mailer(&format!("smtp://orion:pw@{}", server.address)).send(&mail()).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Never), "{error:?}");
    assert!(server.taken().is_empty());
    assert!(!server.heard().iter().any(|line| line.starts_with("AUTH")), "{:?}", server.heard());
}

#[tokio::test]
async fn nothing_that_a_stranger_wrote_adds_a_header_or_a_recipient() {
    let server = Server::start(Trouble::None).await;
    let mailer = mailer(&format!("smtp://{}?tls=none", server.address));
    let hostile = [
        ("a@example.org\r\nBcc: b@example.org", "x"),
        ("a@example.org>\r\nRCPT TO:<b@example.org", "x"),
        ("a@example.org, b@example.org", "x"),
        ("Eve <a@example.org>", "x"),
        ("", "x"),
        ("a@example.org", "x\r\nBcc: b@example.org"),
        ("a@example.org", "x\nBcc: b@example.org"),
        ("a@example.org", "x\0"),
    ];
    for (to, subject) in hostile {
        let mail = Mail { to: to.to_owned(), subject: subject.to_owned(), text: "x".to_owned() };
        let error: Error = mailer.send(&mail).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{to:?} {subject:?}");
    }
    assert_eq!(server.connections(), 0);
    // A text may say what it likes: it ends neither itself nor the message.
    let text = "x\r\n.\r\nMAIL FROM:<eve@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nhi\r\n.\r\n";
    let mail = Mail { to: "a@example.org".to_owned(), subject: "x".to_owned(), text: text.to_owned() };
    mailer.send(&mail).await.unwrap();
    let taken = server.taken();
    assert_eq!((taken.len(), taken[0].to.as_str()), (1, "a@example.org"));
    assert!(taken[0].data.contains("RCPT TO:<b@example.org>"), "it is only text");
}
