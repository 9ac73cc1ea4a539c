//! The first administrator. No password comes with Orion: who installs it gets a token to set one, once.

use super::accounts::insert_user;
use super::admin::{administrators, has_a_way_in, hold_administrators};
use super::{Client, Identity, SignedIn, refused, rules, settled};
use crate::domain::{Role, Secret, TicketKind, User};
use crate::id::UserId;
use crate::port::{Filter, RepositoryExt, Tx};
use crate::{Error, ErrorKind, Result, Timestamp};
use serde_json::Value;
use uuid::Uuid;

/// The identity of the first administrator, where it is still free (contract, section 4.4).
const FIRST_ADMIN: UserId = UserId(Uuid::from_u128(2));

const SYSTEM_EMAIL: &str = "system@orion.internal";

impl Identity {
    /// Makes the system's own user and, as long as no administrator can sign in, a token with which the user of this
    /// address becomes one by [`set_up`](Self::set_up). Earlier tokens become void, whatever address they are for: of
    /// several processes that start at once, the last one's token counts. The host calls it at every start.
    ///
    /// # Errors
    /// `Invalid` for what is no address.
    pub async fn first_admin(&self, email: &str) -> Result<Option<Secret>> {
        let email = rules::email(email)?;
        settled(|| self.try_first_admin(&email)).await
    }

    async fn try_first_admin(&self, email: &str) -> Result<Option<Secret>> {
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        self.ensure_system(tx.as_mut(), now).await?;
        if !nobody_administers(tx.as_mut(), now).await? {
            tx.commit().await?;
            return Ok(None);
        }
        let user = match tx.users().find(email).await? {
            Some(user) => user,
            None => {
                let mut user = self.new_user(email.to_owned(), "Admin".to_owned(), Role::Admin, now);
                if tx.users().get(FIRST_ADMIN).await?.is_none() {
                    user.id = FIRST_ADMIN;
                }
                insert_user(tx.as_mut(), &mut user).await?;
                user
            }
        };
        let open = Filter { states: vec!["open".to_owned()], ..Filter::default() };
        for mut ticket in tx.tickets().all(&open).await? {
            if ticket.kind == TicketKind::Setup {
                ticket.used_at = Some(now);
                tx.tickets().update(&mut ticket).await?;
            }
        }
        let token = self.issue(tx.as_mut(), TicketKind::Setup, Some(user.id), Value::Null, now).await?;
        tx.commit().await?;
        Ok(Some(token))
    }

    /// The owner of what nobody asked for by name. It has no password and no way in.
    async fn ensure_system(&self, tx: &mut dyn Tx, now: Timestamp) -> Result<()> {
        if tx.users().get(UserId::SYSTEM).await?.is_none() {
            let system = self.new_user(SYSTEM_EMAIL.to_owned(), "System".to_owned(), Role::Admin, now);
            // Another process that starts at the same moment may be faster; then this one looks again.
            insert_user(tx, &mut User { id: UserId::SYSTEM, ..system }).await.map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => Error::conflict("another process starts too").with_source(error),
                _ => error,
            })?;
        }
        Ok(())
    }

    /// Makes an administrator with a password, for installations that nobody watches.
    ///
    /// # Errors
    /// `Invalid` naming the field; `AlreadyExists` if the address has an account.
    pub async fn create_admin(&self, email: &str, name: &str, password: &Secret) -> Result<User> {
        let (email, name) = (rules::email(email)?, rules::name(name)?);
        rules::password(password)?;
        let hashed = self.hasher.hash(password).await?;
        settled(|| async {
            let mut tx = self.store.begin().await?;
            let now = self.clock.now();
            self.ensure_system(tx.as_mut(), now).await?;
            let mut user = self.new_user(email.clone(), name.clone(), Role::Admin, now);
            user.password = Some(hashed.clone());
            user.email_verified = true;
            insert_user(tx.as_mut(), &mut user).await?;
            tx.commit().await?;
            Ok(user)
        })
        .await
    }

    /// Sets the first administrator's password by the token of [`first_admin`](Self::first_admin), and signs them in.
    ///
    /// # Errors
    /// `Invalid` for a password that breaks the rules, which leaves the token good; `Unauthorized` for a token that is
    /// not good, was used or has expired, and for any once an administrator can sign in.
    pub async fn set_up(&self, token: &Secret, password: &Secret, client: &Client) -> Result<SignedIn> {
        let user = self.set_password_by(TicketKind::Setup, token, password, |user| {
            user.role = Role::Admin;
            user.active = true;
        });
        let user = user.await?;
        self.sign_in(user.id, client).await
    }

    /// Begins a session of somebody who has just shown who they are.
    pub(super) async fn sign_in(&self, id: UserId, client: &Client) -> Result<SignedIn> {
        settled(|| async {
            let mut tx = self.store.begin().await?;
            let now = self.clock.now();
            let user = tx.users().get(id).await?.filter(|user| user.active && user.id != UserId::SYSTEM);
            let mut user = user.ok_or_else(|| refused("this account cannot sign in"))?;
            let session = self.begin_session(tx.as_mut(), &mut user, client, now).await?;
            tx.commit().await?;
            self.signed_in(&session, user, client, now)
        })
        .await
    }
}

/// Whether no administrator has a way in. Until the transaction ends, nobody else's answer to this can change.
pub(super) async fn nobody_administers(tx: &mut dyn Tx, now: Timestamp) -> Result<bool> {
    hold_administrators(tx, now).await?;
    for admin in administrators(tx).await? {
        if has_a_way_in(tx, &admin).await? {
            return Ok(false);
        }
    }
    Ok(true)
}
