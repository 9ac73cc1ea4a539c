//! Identity: who uses Orion and what they are told.
//!
//! Four promises hold all of it together. Nothing that lets somebody in is stored: of tokens and tickets only hashes
//! are. What ends takes effect at once: a session, and every access token made from it, is refused in the transaction
//! that ends it. A stranger learns nothing: known and unknown names get the same answer after the same work. And nobody
//! can guess, nor lock out whom they guess at: guesses are counted in the store, apart for strangers and for those
//! who have been here before.

mod accounts;
mod admin;
mod caller;
mod first;
mod guesses;
mod hex;
mod mails;
mod notifier;
mod oauth;
mod passwords;
mod revoked;
mod rules;
mod sessions;
mod sweep;
#[cfg(test)]
mod tests;
mod tickets;
mod tokens;

pub use accounts::{Profile, ProfileChange};
pub use caller::Caller;
pub use notifier::{NotificationPage, Notifier};
pub use revoked::Revoked;

use crate::domain::{Secret, User};
use crate::port::{AccessTokens, Clock, Entropy, Mailer, PasswordHasher, Store, Vault, Wire};
use crate::service::lease::Worker;
use crate::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::time::Duration;

/// How long an access token lives.
pub const ACCESS_LIFE: Duration = Duration::from_secs(15 * 60);

/// How long a session lives after its last refresh.
pub const SESSION_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Where people and programs reach this installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentitySettings {
    /// Address of the gateway, without a slash at its end; providers send browsers back to it.
    pub gateway_url: String,
    /// Address of the dashboard, without a slash at its end; links in mails lead there.
    pub dashboard_url: String,
}

/// Who asks, as the network sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Client {
    /// The program, as it names itself.
    pub agent: String,
    /// The network address.
    pub address: String,
    /// What [`SignedIn::device`] gave to this device earlier.
    pub device: Option<Secret>,
}

/// What somebody gets who has signed in.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedIn {
    /// Lets its bearer in, for a short time.
    pub access_token: Secret,
    /// Gives the next pair of tokens, once.
    pub refresh_token: Secret,
    /// How long the access token lives.
    pub expires_in: Duration,
    /// Who it is.
    pub user: User,
    /// Shows that this device belongs to the user; guesses of strangers never keep it out.
    pub device: Secret,
    /// Whether they still must choose a username and a password.
    pub onboarding: bool,
}

/// Accounts, sessions and everything that lets people in.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The record.
    pub store: Arc<dyn Store>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes identifiers and tokens.
    pub entropy: Arc<dyn Entropy>,
    /// Hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Signs access tokens.
    pub tokens: Arc<dyn AccessTokens>,
    /// Derives refresh tokens and seals what providers give.
    pub vault: Arc<dyn Vault>,
    /// Sends mail.
    pub mailer: Arc<dyn Mailer>,
    /// Takes the leases under which mails are sent.
    pub worker: Worker,
    /// Wakes other processes when somebody is sent away.
    pub wire: Arc<dyn Wire>,
    /// What is refused before it expires. Clones share it.
    pub revoked: Revoked,
    /// Where this installation is reached.
    pub settings: IdentitySettings,
}

/// How often a use case that lost a race is tried in all.
const TRIES: usize = 8;

/// Runs a transaction again while somebody else is faster. A move that is illegal in itself stays illegal.
async fn settled<T, F: Future<Output = Result<T>>>(work: impl Fn() -> F) -> Result<T> {
    for _ in 1..TRIES {
        match work().await {
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            other => return other,
        }
    }
    work().await
}

/// The one answer to whoever is not let in; it tells nobody why.
fn refused(message: &'static str) -> Error {
    Error::new(ErrorKind::Unauthorized, message)
}
