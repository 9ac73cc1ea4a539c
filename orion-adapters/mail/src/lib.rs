//! Mail by SMTP, or into an outbox folder.
//!
//! [`SmtpMailer`] hands a message to a mail server and succeeds only once the server has taken it. [`OutboxMailer`]
//! is for machines without one: it writes each message as an `.eml` file that only its owner can read, and logs where.
//! Neither ever logs what a message says, as it may carry a token.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod message;
mod outbox;
mod smtp;

#[cfg(test)]
mod tests;

pub use outbox::OutboxMailer;
pub use smtp::{Security, SmtpMailer, SmtpOptions};
