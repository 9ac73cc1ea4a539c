//! A message as it goes over the wire.

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use orion_core::port::Mail;
use orion_core::{Error, Result};

/// Longest subject, in characters.
const LONGEST_SUBJECT: usize = 300;

/// Who sends: `Orion <noreply@example.org>` or `noreply@example.org`.
pub(crate) fn sender(from: &str) -> Result<Mailbox> {
    from.parse().map_err(|error| {
        Error::invalid("mail cannot be sent from this address")
            .with_context("from", from)
            .with_hint("write it as `noreply@example.org` or `Orion <noreply@example.org>`")
            .with_source(error)
    })
}

/// Builds the message. Nothing that a stranger wrote can add a header: addresses are parsed and a subject with a
/// line break is refused.
pub(crate) fn build(from: &Mailbox, mail: &Mail) -> Result<Message> {
    // An address alone, without a name: it is what users registered with.
    let to = mail.to.trim().parse().map_err(|error| {
        Error::invalid("this is no mail address").with_context("length", mail.to.len()).with_source(error)
    })?;
    let wrong = |message: &'static str| Error::invalid(message).with_context("length", mail.subject.chars().count());
    if mail.subject.chars().any(char::is_control) {
        return Err(wrong("a subject is one line without control characters"));
    }
    if mail.subject.chars().count() > LONGEST_SUBJECT {
        return Err(wrong("the subject is too long"));
    }
    let id = format!("<{}@{}>", random_name()?, from.email.domain());
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(mail.subject.as_str())
        .message_id(Some(id))
        .date_now()
        // No holiday notices in answer (RFC 3834).
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
        .header(ContentType::TEXT_PLAIN)
        .body(mail.text.clone())
        .map_err(|error| Error::invalid("the message cannot be written").with_source(error))
}

/// Thirty-two random hex digits.
pub(crate) fn random_name() -> Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::unexpected("the system gives no randomness").with_context("reason", error))?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}
