//! Ways in: names to sign in with, sessions, tickets, and what guards them.

use super::{Secret, Sha256, named};
use crate::Timestamp;
use crate::id::{GuessesId, LoginId, RevocationId, SessionId, TicketId, UserId};
use serde::{Deserialize, Serialize};

named! {
    /// By what somebody is known.
    LoginKind {
        /// A name of their own choice.
        Username = "username",
        /// A GitHub account.
        Github = "github",
        /// A Google account.
        Google = "google",
    }
}

/// A name under which a user signs in: `(kind, subject)` is unique. Accounts elsewhere are known by the provider's own
/// subject, never by an e-mail address (RFC 9700).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Login {
    /// Identity.
    pub id: LoginId,
    /// Whose it is.
    pub user_id: UserId,
    /// What kind of name.
    pub kind: LoginKind,
    /// The username, or the provider's own identifier of the account.
    pub subject: String,
    /// The address that the provider told.
    pub email: Option<String>,
    /// The provider's tokens, sealed.
    pub tokens: Option<Secret>,
    /// Creation.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// Count of changes, for optimistic locking.
    pub version: u64,
}

named! {
    /// Why a session ended.
    SessionEnd {
        /// Its user left.
        Logout = "logout",
        /// Its user, or an administrator, ended it from elsewhere.
        Ended = "ended",
        /// The password was changed or reset.
        PasswordChanged = "password_changed",
        /// The user was disabled, or their role changed.
        UserChanged = "user_changed",
        /// A refresh token that had been replaced came back: it was stolen.
        Reuse = "reuse",
    }
}

/// One session: a family of refresh tokens, of which exactly one is live. Tokens themselves are never stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Identity.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// Counts the tokens of the family; the live one is derived from it.
    pub generation: u64,
    /// Hash of the live token.
    pub token: Sha256,
    /// When the live token replaced the one before.
    pub rotated_at: Option<Timestamp>,
    /// The program that signed in, as it names itself.
    pub agent: String,
    /// The network address that signed in.
    pub address: String,
    /// Creation.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub used_at: Timestamp,
    /// After this, it cannot be refreshed.
    pub expires_at: Timestamp,
    /// When it ended before its time.
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    pub ended_for: Option<SessionEnd>,
    /// Count of changes, for optimistic locking.
    pub version: u64,
}

impl Session {
    /// Whether it can be used at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}

named! {
    /// What a ticket is good for.
    TicketKind {
        /// Shows that an address is the user's.
        VerifyEmail = "verify_email",
        /// Sets a new password.
        ResetPassword = "reset_password",
        /// Takes up an invitation.
        Invite = "invite",
        /// Makes the first administrator's password.
        Setup = "setup",
        /// Comes back from a provider with the browser that went there.
        OauthState = "oauth_state",
        /// Opens one socket.
        Socket = "socket",
    }
}

/// A token that can be used once. Only its hash is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Identity.
    pub id: TicketId,
    /// What it is good for.
    pub kind: TicketKind,
    /// Hash of the token; unique.
    pub hash: Sha256,
    /// For whom.
    pub user_id: Option<UserId>,
    /// What belongs to it: where to go afterwards, a sealed verifier.
    pub data: serde_json::Value,
    /// Creation.
    pub created_at: Timestamp,
    /// After this, it is void.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
    /// When to send it by mail; none if it was sent or is not to be.
    #[serde(default)]
    pub mail_at: Option<Timestamp>,
    /// Count of changes, for optimistic locking.
    pub version: u64,
}

impl Ticket {
    /// Whether it can be used at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && now < self.expires_at
    }
}

/// How often somebody has guessed at something of late.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guesses {
    /// Identity.
    pub id: GuessesId,
    /// Hash of what is guessed at and by whom; unique.
    pub key: Sha256,
    /// Guesses, the last of which was then.
    pub count: u32,
    /// When the last of them was. Counting begins anew after an hour without one.
    pub last_at: Timestamp,
    /// Count of changes, for optimistic locking.
    pub version: u64,
}

/// An access token, or all of a session, that is refused before it expires.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Revocation {
    /// The token's `jti`, or the session's identity.
    pub id: RevocationId,
    /// When the last token concerned expires by itself.
    pub expires_at: Timestamp,
    /// Creation.
    pub created_at: Timestamp,
    /// Count of changes, for optimistic locking.
    pub version: u64,
}
