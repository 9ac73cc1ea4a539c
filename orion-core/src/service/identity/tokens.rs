//! Access tokens, which are read without a query, and refresh tokens, of which a session has exactly one that is live.
//!
//! A refresh token names its session and its place in the session's family; the rest is derived from both under a
//! secret key. So a token need not be stored to be given a second time: a client whose answer was lost, or that asked
//! twice at once, gets the same successor again. Whoever shows a token that was replaced earlier is a thief, or was
//! robbed; then the family ends.

use super::{ACCESS_LIFE, Caller, Client, Identity, SESSION_LIFE, SignedIn, hex, refused, settled};
use crate::domain::{Secret, Session, SessionEnd, Sha256, User};
use crate::id::{Id, RevocationId, SessionId, UserId};
use crate::port::{Claims, Tx};
use crate::{Result, Timestamp};
use std::time::Duration;
use uuid::Uuid;

/// What a refresh token begins with.
const PREFIX: &str = "ort_";

/// For how long the token before the live one still gives the live one again.
const GRACE: Duration = Duration::from_secs(10);

/// Where a refresh token stands, by its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) session_id: SessionId,
    pub(super) generation: u64,
}

impl Place {
    /// Reads a token's place; none if it is no refresh token.
    pub(super) fn of(token: &Secret) -> Option<Self> {
        let bytes = hex::decode::<64>(token.expose().strip_prefix(PREFIX)?)?;
        let (session, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, _) = rest.split_first_chunk::<8>()?;
        Some(Self { session_id: SessionId(Uuid::from_bytes(*session)), generation: u64::from_be_bytes(*generation) })
    }
}

/// The one answer to a refresh token that is not good.
fn bad_refresh() -> crate::Error {
    refused("invalid or expired refresh token")
}

impl Identity {
    /// The refresh token of a place: the same however often it is asked for.
    pub(super) fn refresh_token(&self, place: Place) -> Result<Secret> {
        let mut bytes = [0_u8; 64];
        let mut name = [0_u8; 24];
        name[..16].copy_from_slice(place.session_id.as_uuid().as_bytes());
        name[16..].copy_from_slice(&place.generation.to_be_bytes());
        bytes[..24].copy_from_slice(&name);
        bytes[24..56].copy_from_slice(&self.vault.derive("refresh token", &name)?);
        bytes[56..].copy_from_slice(&self.vault.derive("refresh token, end", &name)?[..8]);
        Ok(Secret::new(format!("{PREFIX}{}", hex::encode(&bytes))))
    }

    /// Whether a token was made here for its place. Hashes are compared, so that time tells nothing.
    fn is_genuine(&self, token: &Secret, place: Place) -> Result<bool> {
        Ok(hash(&self.refresh_token(place)?) == hash(token))
    }

    /// Begins a session of a user.
    pub(super) async fn open_session(
        &self,
        tx: &mut dyn Tx,
        user_id: UserId,
        client: &Client,
        now: Timestamp,
    ) -> Result<Session> {
        let id = SessionId::random(self.entropy.as_ref());
        let token = self.refresh_token(Place { session_id: id, generation: 1 })?;
        let mut session = Session {
            id,
            user_id,
            generation: 1,
            token: hash(&token),
            rotated_at: None,
            agent: shown(&client.agent, 256),
            address: shown(&client.address, 64),
            created_at: now,
            used_at: now,
            expires_at: now.after(SESSION_LIFE),
            ended_at: None,
            ended_for: None,
            version: 0,
        };
        tx.sessions().insert(&mut session).await?;
        Ok(session)
    }

    /// The pair of tokens for the present state of a session.
    pub(super) fn signed_in(&self, session: &Session, user: User, client: &Client, now: Timestamp) -> Result<SignedIn> {
        let onboarding = user.password.is_none();
        let issued_at = now.whole_seconds();
        let claims = Claims {
            id: RevocationId::random(self.entropy.as_ref()),
            session_id: session.id,
            user_id: user.id,
            email: user.email.clone(),
            name: user.name.clone(),
            role: user.role,
            onboarding,
            issued_at,
            expires_at: issued_at.after(ACCESS_LIFE),
        };
        Ok(SignedIn {
            access_token: self.tokens.sign(&claims)?,
            refresh_token: self.refresh_token(Place { session_id: session.id, generation: session.generation })?,
            expires_in: ACCESS_LIFE,
            device: self.device_of(user.id, client)?,
            user,
            onboarding,
        })
    }

    /// Tells who bears an access token, without a query.
    ///
    /// # Errors
    /// `Unauthorized` for a token that is not good, has expired or was revoked; `Unavailable` as long as
    /// [`follow_revocations`](Self::follow_revocations) was never called.
    pub fn authenticate(&self, access_token: &str) -> Result<Caller> {
        let claims = self.tokens.verify(access_token, self.clock.now())?;
        if self.revoked.contains_any(&[claims.id, of_session(claims.session_id)])? {
            return Err(refused("invalid or expired token"));
        }
        Ok(Caller {
            user_id: claims.user_id,
            role: claims.role,
            email: claims.email,
            name: claims.name,
            session_id: claims.session_id,
            token_id: claims.id,
            expires_at: claims.expires_at,
        })
    }

    /// Exchanges a refresh token for the next pair; the access token that `old` came by is refused from now on.
    ///
    /// Showing the token again within ten seconds of its replacement gives the same successor. Showing it later, or
    /// one from before, ends the session.
    ///
    /// # Errors
    /// `Unauthorized` for anything but the live token of a live session of an active user.
    pub async fn refresh(&self, token: &Secret, old: Option<&Caller>, client: &Client) -> Result<SignedIn> {
        let place = Place::of(token).ok_or_else(bad_refresh)?;
        settled(|| self.try_refresh(token, place, old, client)).await
    }

    async fn try_refresh(
        &self,
        token: &Secret,
        place: Place,
        old: Option<&Caller>,
        client: &Client,
    ) -> Result<SignedIn> {
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let mut session = tx.sessions().get(place.session_id).await?.ok_or_else(bad_refresh)?;
        let user = tx.users().get(session.user_id).await?.ok_or_else(bad_refresh)?;
        if !session.is_live(now) || !user.active {
            return Err(bad_refresh());
        }
        if hash(token) == session.token {
            session.generation += 1;
            session.token = hash(&self.refresh_token(Place { generation: session.generation, ..place })?);
            session.rotated_at = Some(now);
            session.used_at = now;
            session.expires_at = now.after(SESSION_LIFE);
            tx.sessions().update(&mut session).await?;
        } else if !self.is_genuine(token, place)? {
            return Err(bad_refresh());
        } else if !is_fresh_predecessor(&session, place, now) {
            let revocation = self.end(tx.as_mut(), &mut session, SessionEnd::Reuse, now).await?;
            tx.commit().await?;
            self.refuse(&[revocation]).await;
            return Err(bad_refresh());
        }
        let mut revocations = Vec::new();
        if let Some(old) = old.filter(|old| old.session_id == session.id) {
            revocations.extend(self.revoke(tx.as_mut(), old.token_id, old.expires_at, now).await?);
        }
        tx.commit().await?;
        self.refuse(&revocations).await;
        self.signed_in(&session, user, client, now)
    }
}

fn is_fresh_predecessor(session: &Session, place: Place, now: Timestamp) -> bool {
    let rotated = session.rotated_at.is_some_and(|at| now.since(at) <= GRACE);
    rotated && place.generation.checked_add(1) == Some(session.generation)
}

/// The name under which all access tokens of a session are refused.
pub(super) fn of_session(id: SessionId) -> RevocationId {
    RevocationId(id.as_uuid())
}

pub(super) fn hash(token: &Secret) -> Sha256 {
    Sha256::of(token.expose().as_bytes())
}

/// What a stranger says of itself, fit to be shown: no control characters, not too long.
fn shown(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(most).collect()
}
