//! Addresses of mail servers.

use crate::{Security, SmtpMailer, SmtpOptions};
use orion_core::ErrorKind;
use std::time::Duration;

#[test]
fn addresses_say_where_and_how() {
    let options = SmtpOptions::parse("smtp://user:p%3Aw@mail.example.org?timeout=5").unwrap();
    assert_eq!((options.host.as_str(), options.port, options.security), ("mail.example.org", None, Security::StartTls));
    assert_eq!(options.timeout, Duration::from_secs(5));
    let (user, password) = options.login.clone().unwrap();
    assert_eq!((user.as_str(), password.expose()), ("user", "p:w"));
    assert!(!format!("{options:?}").contains("p:w"));
    assert_eq!(SmtpOptions::parse("smtps://mail.example.org:4465").unwrap().port, Some(4465));
    assert_eq!(SmtpOptions::parse("smtps://mail.example.org").unwrap().security, Security::Tls);
    assert_eq!(SmtpOptions::parse("smtp://localhost:2525?tls=none").unwrap().security, Security::None);
}

#[test]
fn wrong_addresses_are_refused_without_their_password() {
    for wrong in [
        "smtp://u:s3cret@",
        "imap://u:s3cret@host",
        "smtp://u:s3cret@host/path",
        "smtp://u:s3cret@host?tls=maybe",
        "smtps://u:s3cret@host?tls=none",
        "smtp://u:s3cret@host?timeout=0",
        "smtp://u:s3cret@host?timeout=never",
        "smtp://u:s3cret@host?color=red",
        "smtp://u:s3cret%FF@host",
        "smtp://:s3cret@host",
        "smtp://user@host",
        "mail.example.org",
    ] {
        let error = SmtpOptions::parse(wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{wrong}");
        assert!(error.hint().is_some() && !format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}

#[test]
fn a_password_never_travels_unprotected() {
    let from = "noreply@orion.example";
    let open = |address: &str| SmtpMailer::new(&SmtpOptions::parse(address).unwrap(), from);
    assert_eq!(open("smtp://u:p@mail.example.org?tls=none").unwrap_err().kind(), ErrorKind::Invalid);
    for fine in ["smtp://u:p@mail.example.org", "smtp://mail.example.org?tls=none", "smtp://u:p@[::1]:25?tls=none"] {
        open(fine).unwrap();
    }
    let shown = format!("{:?}", open("smtp://u:s3cret@localhost").unwrap());
    assert!(!shown.contains("s3cret"), "{shown}");
    let options = SmtpOptions::at("localhost");
    for wrong in ["", "nobody", "a@b\r\nBcc: c@d"] {
        assert_eq!(SmtpMailer::new(&options, wrong).unwrap_err().kind(), ErrorKind::Invalid, "{wrong}");
    }
    let options = SmtpOptions { certificate: Some("/no/such/file".into()), ..SmtpOptions::at("localhost") };
    assert_eq!(SmtpMailer::new(&options, from).unwrap_err().kind(), ErrorKind::Invalid);
}
