//! Signing in and out, and the list of where one is signed in.

use super::guesses::Guess;
use super::tokens::{Place, hash, of_session};
use super::{ACCESS_LIFE, Caller, Client, Identity, SignedIn, refused, rules, settled};
use crate::domain::{LoginKind, Revocation, Secret, Session, SessionEnd, User};
use crate::id::{Id, RevocationId, SessionId, UserId};
use crate::port::{Filter, Order, Page, RepositoryExt, Tx};
use crate::{Error, ErrorKind, Result, Timestamp};
use uuid::Uuid;

/// How many of a user's sessions are looked at for an address that is known.
const REMEMBERED: u32 = 20;

/// Whom a name belongs to, and whether they are signed in from where the question comes from.
struct Found {
    user: Option<User>,
    known_address: bool,
}

fn bad_credentials() -> Error {
    refused("invalid credentials")
}

impl Identity {
    /// Signs in with an e-mail address or a username, and a password.
    ///
    /// # Errors
    /// `Unauthorized`, the same for an unknown name, a wrong password and a disabled account; `RateLimited` with the
    /// time to wait when too many guesses were made at the account, known or not.
    pub async fn login(&self, identifier: &str, password: &Secret, client: &Client) -> Result<SignedIn> {
        if !rules::can_be_identifier(identifier) || !rules::can_be_password(password) {
            return Err(bad_credentials());
        }
        let name = identifier.trim().to_lowercase();
        let Found { user, known_address } = self.find_user(identifier.trim(), &name, client).await?;
        let account = user.as_ref().map_or_else(|| name.clone(), |user| user.id.to_string());
        let guess = match &user {
            Some(user) if self.is_device_of(user.id, client)? => Guess::device(&account),
            Some(_) if known_address => Guess::address(&account),
            _ => Guess::stranger(&account),
        };
        self.count_guess(&guess).await?;
        match self.check_and_let_in(user.as_ref(), password, &guess, client).await {
            // Somebody else who knows the password may have had its old hash replaced; it is still the password.
            Err(error) if error.kind() == ErrorKind::Conflict => {
                let Found { user, .. } = self.find_user(identifier.trim(), &name, client).await?;
                self.check_and_let_in(user.as_ref(), password, &guess, client).await
            }
            other => other,
        }
    }

    async fn check_and_let_in(
        &self,
        user: Option<&User>,
        password: &Secret,
        guess: &Guess,
        client: &Client,
    ) -> Result<SignedIn> {
        let check = self.hasher.verify(password, user.and_then(|user| user.password.as_ref())).await?;
        let user = user.filter(|user| check.matches && user.active).ok_or_else(bad_credentials)?;
        let better = if check.outdated { Some(self.hasher.hash(password).await?) } else { None };
        settled(|| self.let_in(user, better.as_ref(), guess, client)).await
    }

    /// Finds an account by what somebody signs in with. Does the same reading whether there is one or not.
    async fn find_user(&self, exact: &str, name: &str, client: &Client) -> Result<Found> {
        let mut tx = self.store.read().await?;
        let user = if name.contains('@') {
            tx.users().find(name).await?
        } else {
            let login = tx.logins().find(&format!("{}/{exact}", LoginKind::Username)).await?;
            tx.users().get(login.map_or(UserId(Uuid::nil()), |login| login.user_id)).await?
        };
        let owner = user.as_ref().map_or(Uuid::nil(), |user| user.id.as_uuid());
        let filter = Filter { owner: Some(owner), states: vec!["live".to_owned()], ..Filter::default() };
        let sessions = tx.sessions().list(&filter, &Page::first(Order::Newest, REMEMBERED)).await?.items;
        let now = self.clock.now();
        let known_address = sessions.iter().any(|session| session.is_live(now) && session.address == client.address);
        Ok(Found { user, known_address: known_address && !client.address.is_empty() })
    }

    /// Begins the session of somebody whose password was right a moment ago.
    async fn let_in(
        &self,
        checked: &User,
        better: Option<&Secret>,
        guess: &Guess,
        client: &Client,
    ) -> Result<SignedIn> {
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let mut user = tx.users().get(checked.id).await?.ok_or_else(bad_credentials)?;
        if !user.active {
            return Err(bad_credentials());
        }
        if user.password != checked.password {
            return Err(Error::conflict("the password was changed while it was checked"));
        }
        if let Some(better) = better {
            user.password = Some(better.clone());
        }
        self.take_back_guess(tx.as_mut(), guess).await?;
        let session = self.begin_session(tx.as_mut(), &mut user, client, now).await?;
        tx.commit().await?;
        self.signed_in(&session, user, client, now)
    }

    /// Begins a session and notes when its user was last here.
    pub(super) async fn begin_session(
        &self,
        tx: &mut dyn Tx,
        user: &mut User,
        client: &Client,
        now: Timestamp,
    ) -> Result<Session> {
        user.last_login_at = Some(now);
        tx.users().update(user).await?;
        self.open_session(tx, user.id, client, now).await
    }

    /// Signs out: the caller's session ends, and that of the refresh token if it is the caller's too.
    ///
    /// # Errors
    /// What the store says. Signing out twice succeeds.
    pub async fn logout(&self, caller: &Caller, refresh: Option<&Secret>) -> Result<()> {
        settled(|| self.try_logout(caller, refresh)).await
    }

    async fn try_logout(&self, caller: &Caller, refresh: Option<&Secret>) -> Result<()> {
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let mut revocations = Vec::new();
        revocations.extend(self.revoke(tx.as_mut(), caller.token_id, caller.expires_at, now).await?);
        let own = tx.sessions().get(caller.session_id).await?;
        let other = match refresh.and_then(|token| Some((token, Place::of(token)?))) {
            Some((token, place)) if place.session_id != caller.session_id => {
                tx.sessions().get(place.session_id).await?.filter(|session| session.token == hash(token))
            }
            _ => None,
        };
        for mut session in own.into_iter().chain(other) {
            if session.user_id == caller.user_id && session.ended_at.is_none() {
                revocations.push(self.end(tx.as_mut(), &mut session, SessionEnd::Logout, now).await?);
            }
        }
        tx.commit().await?;
        self.refuse(&revocations).await;
        Ok(())
    }

    /// Where the caller is signed in, latest first.
    ///
    /// # Errors
    /// What the store says.
    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<Session>> {
        let now = self.clock.now();
        let mut sessions = self.store.read().await?.sessions().all(&live_of(caller.user_id)).await?;
        sessions.retain(|session| session.is_live(now));
        Ok(sessions)
    }

    /// Ends one of the caller's sessions; an administrator may end anybody's.
    ///
    /// # Errors
    /// `NotFound` if there is no such session, or it is somebody else's. Ending it twice succeeds.
    pub async fn end_session(&self, caller: &Caller, id: SessionId) -> Result<()> {
        settled(|| self.try_end_session(caller, id)).await
    }

    async fn try_end_session(&self, caller: &Caller, id: SessionId) -> Result<()> {
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let session = tx.sessions().get(id).await?.filter(|session| caller.owns(session.user_id).is_ok());
        let mut session = session.ok_or_else(|| Error::not_found("session not found"))?;
        if session.ended_at.is_some() {
            return Ok(());
        }
        let revocation = self.end(tx.as_mut(), &mut session, SessionEnd::Ended, now).await?;
        tx.commit().await?;
        self.refuse(&[revocation]).await;
        Ok(())
    }

    /// Ends every session of the caller but the present one; tells how many there were.
    ///
    /// # Errors
    /// What the store says.
    pub async fn end_other_sessions(&self, caller: &Caller) -> Result<u64> {
        settled(|| async {
            let mut tx = self.store.begin().await?;
            let now = self.clock.now();
            let keep = Some(caller.session_id);
            let revocations = self.end_all(tx.as_mut(), caller.user_id, keep, SessionEnd::Ended, now).await?;
            tx.commit().await?;
            self.refuse(&revocations).await;
            Ok(revocations.len() as u64)
        })
        .await
    }

    /// Ends a session within a transaction; the caller adds the revocation to `revoked` after the commit.
    pub(super) async fn end(
        &self,
        tx: &mut dyn Tx,
        session: &mut Session,
        why: SessionEnd,
        now: Timestamp,
    ) -> Result<Revocation> {
        session.ended_at = Some(now);
        session.ended_for = Some(why);
        tx.sessions().update(session).await?;
        let until = now.after(ACCESS_LIFE);
        let id = of_session(session.id);
        let mut revocation = Revocation { id, expires_at: until, created_at: now, version: 0 };
        tx.revocations().insert(&mut revocation).await?;
        Ok(revocation)
    }

    /// Ends every live session of a user but one.
    pub(super) async fn end_all(
        &self,
        tx: &mut dyn Tx,
        user_id: UserId,
        keep: Option<SessionId>,
        why: SessionEnd,
        now: Timestamp,
    ) -> Result<Vec<Revocation>> {
        let mut revocations = Vec::new();
        for mut session in tx.sessions().all(&live_of(user_id)).await? {
            if Some(session.id) != keep && session.is_live(now) {
                revocations.push(self.end(tx, &mut session, why, now).await?);
            }
        }
        Ok(revocations)
    }

    /// Refuses one access token for the rest of its life; none if it is refused already or has expired.
    pub(super) async fn revoke(
        &self,
        tx: &mut dyn Tx,
        id: RevocationId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Revocation>> {
        if until <= now {
            return Ok(None);
        }
        let mut revocation = Revocation { id, expires_at: until, created_at: now, version: 0 };
        match tx.revocations().insert(&mut revocation).await {
            Ok(()) => Ok(Some(revocation)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn live_of(user_id: UserId) -> Filter {
    Filter { owner: Some(user_id.as_uuid()), states: vec!["live".to_owned()], ..Filter::default() }
}
