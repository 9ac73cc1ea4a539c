//! What keeps secrets: password hashes, access tokens, sealed values, and accounts at other providers.

use crate::domain::{LoginKind, Role, Secret};
use crate::id::{RevocationId, SessionId, UserId};
use crate::{Result, Timestamp};
use async_trait::async_trait;
use std::fmt::Debug;

/// What a hash says of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCheck {
    /// Whether it is this password.
    pub matches: bool,
    /// Whether the hash should be made anew with the present algorithm; only ever with `matches`.
    pub outdated: bool,
}

/// Hashes passwords slowly, a bounded number at a time.
#[async_trait]
pub trait PasswordHasher: Debug + Send + Sync {
    /// Hashes a password with a fresh salt.
    ///
    /// # Behavior
    /// - Two hashes of one password differ; each verifies.
    /// - The whole password counts: two that differ only behind byte 72 do not verify for each other.
    async fn hash(&self, password: &Secret) -> Result<Secret>;

    /// Holds a password against a hash, of the present algorithm or of bcrypt.
    ///
    /// # Behavior
    /// - With no hash it takes as long as with one and answers "no".
    /// - `Corrupt` for a hash that is none.
    async fn verify(&self, password: &Secret, hash: Option<&Secret>) -> Result<PasswordCheck>;
}

/// What an access token says.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    /// The token's own identity, `jti`.
    pub id: RevocationId,
    /// The session it belongs to, `sid`.
    pub session_id: SessionId,
    /// Whose it is, `sub`.
    pub user_id: UserId,
    /// Address.
    pub email: String,
    /// Name for people.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they still must choose a password.
    pub onboarding: bool,
    /// When it was made, in whole seconds.
    pub issued_at: Timestamp,
    /// From when on it is refused, in whole seconds.
    pub expires_at: Timestamp,
}

/// Signs and reads access tokens.
pub trait AccessTokens: Debug + Send + Sync {
    /// Signs claims.
    ///
    /// # Behavior
    /// - What it signs, [`verify`](Self::verify) reads back the same.
    fn sign(&self, claims: &Claims) -> Result<Secret>;

    /// Reads a token at `now`.
    ///
    /// # Behavior
    /// - `Unauthorized` for any token that was not signed with this key and algorithm for this issuer, audience and
    ///   type, or that has expired, lacks a claim, or was changed by a single bit; the error does not say which.
    fn verify(&self, token: &str, now: Timestamp) -> Result<Claims>;
}

/// Seals values for storage and derives tokens from a secret key.
pub trait Vault: Debug + Send + Sync {
    /// Encrypts and authenticates a text, bound to what it is for.
    ///
    /// # Behavior
    /// - Two seals of one text differ; each opens with the same `purpose` and with no other.
    fn seal(&self, text: &Secret, purpose: &str) -> Result<Secret>;

    /// Opens a seal made with any of the keys.
    ///
    /// # Behavior
    /// - `Corrupt` for a seal that was changed, was made for another purpose, or by a key that is gone.
    fn open(&self, sealed: &Secret, purpose: &str) -> Result<Secret>;

    /// A value that only the holder of the key can compute: HMAC-SHA-256 under a key of this purpose.
    ///
    /// # Behavior
    /// - The same for the same purpose and data, over restarts; unrelated for others.
    fn derive(&self, purpose: &str, data: &[u8]) -> Result<[u8; 32]>;
}

/// Where to send a browser that wants to sign in elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthStart {
    /// The provider's page.
    pub url: String,
    /// The PKCE verifier, to be kept for [`OauthProvider::finish`].
    pub verifier: Secret,
}

/// Who a provider says somebody is.
#[derive(Debug, Clone, PartialEq)]
pub struct OauthProfile {
    /// The provider's own identifier of the account.
    pub subject: String,
    /// An address, if there is one.
    pub email: Option<String>,
    /// Whether the provider has verified that the address is theirs.
    pub email_verified: bool,
    /// Name for people.
    pub name: String,
    /// Address of a picture.
    pub avatar_url: Option<String>,
    /// The provider's tokens as JSON.
    pub tokens: Secret,
}

/// Signs people in with their account at one provider (OAuth 2.0 authorization code with PKCE).
#[async_trait]
pub trait OauthProvider: Debug + Send + Sync {
    /// Which provider.
    fn kind(&self) -> LoginKind;

    /// Where to send the browser, with a state that comes back with it.
    ///
    /// # Behavior
    /// - Every call has a verifier of its own; the address carries its S256 challenge, never the verifier.
    fn begin(&self, redirect_uri: &str, state: &Secret) -> Result<OauthStart>;

    /// Exchanges the code that came back, and asks who it is.
    ///
    /// # Behavior
    /// - `Unauthorized` if the provider refuses the code; `Unavailable` if it is not there or answers nonsense.
    /// - An address that the provider does not call verified is never given as verified.
    async fn finish(&self, code: &Secret, verifier: &Secret, redirect_uri: &str) -> Result<OauthProfile>;
}
