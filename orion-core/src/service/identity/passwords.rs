//! Passwords that are forgotten, reset and changed.

use super::first::nobody_administers;
use super::guesses::Guess;
use super::{Caller, Client, Identity, refused, rules, settled};
use crate::domain::{Secret, SessionEnd, TicketKind, User};
use crate::id::UserId;
use crate::port::{RepositoryExt, Tx};
use crate::{Error, ErrorKind, Result, Timestamp};

impl Identity {
    /// Has a mail sent that lets its reader set a new password, if an active user has this address.
    ///
    /// It always succeeds, after the same work: a ticket is made for unknown addresses too, and mails go out later, by
    /// [`deliver_mails`](Self::deliver_mails). More than five an hour to one address, or twenty by one client, are not sent.
    ///
    /// # Errors
    /// What the store says; nothing that tells one address from another.
    pub async fn forgot_password(&self, email: &str, client: &Client) -> Result<()> {
        self.mail_if_known(TicketKind::ResetPassword, email, client, |_| true).await
    }

    /// Has the mail sent again that confirms an address, if an active user has it and has not confirmed it yet. It always
    /// succeeds, after the same work and within the same limits as [`forgot_password`](Self::forgot_password). Links of
    /// earlier mails stay good.
    ///
    /// # Errors
    /// What the store says; nothing that tells one address from another.
    pub async fn resend_verification(&self, email: &str, client: &Client) -> Result<()> {
        self.mail_if_known(TicketKind::VerifyEmail, email, client, |user| !user.email_verified).await
    }

    async fn mail_if_known(
        &self,
        kind: TicketKind,
        email: &str,
        client: &Client,
        wants: impl Fn(&User) -> bool,
    ) -> Result<()> {
        let Ok(email) = rules::email(email) else { return Ok(()) };
        for guess in [Guess::mails_by(client), Guess::mail(&email)] {
            match self.count_guess(&guess).await {
                Err(error) if error.kind() == ErrorKind::RateLimited => return Ok(()),
                other => other?,
            }
        }
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let found = tx.users().find(&email).await?;
        let user = found.filter(|user| user.active && user.id != UserId::SYSTEM && wants(user));
        // A ticket of nobody is never sent; it only takes as long to make.
        self.issue_by_mail(tx.as_mut(), kind, user.map(|user| user.id), now).await?;
        tx.commit().await
    }

    /// Sets a new password by the token of a mail. All sessions of the user end. Gives the token of the device, as
    /// [`SignedIn`](super::SignedIn) does: who reads the user's mail is no stranger, and gets in with the new password
    /// however many strangers guess meanwhile.
    ///
    /// # Errors
    /// `Invalid` for a password that breaks the rules, which leaves the token good; `Unauthorized` for a token that is
    /// not good, was used or has expired.
    pub async fn reset_password(&self, token: &Secret, password: &Secret) -> Result<Secret> {
        let user = self.set_password_by(TicketKind::ResetPassword, token, password, |_| {}).await?;
        self.device_of(user.id, &Client::default())
    }

    /// Takes a ticket that came by mail, sets the password of its user, and ends what went before.
    pub(super) async fn set_password_by(
        &self,
        kind: TicketKind,
        token: &Secret,
        password: &Secret,
        change: impl Fn(&mut User),
    ) -> Result<User> {
        rules::password(password)?;
        // No work is done for a token that is made up.
        let mut tx = self.store.read().await?;
        self.open_ticket(tx.as_mut(), kind, token, self.clock.now()).await?;
        drop(tx);
        let hashed = self.hasher.hash(password).await?;
        settled(|| async {
            let mut tx = self.store.begin().await?;
            let now = self.clock.now();
            if kind == TicketKind::Setup && !nobody_administers(tx.as_mut(), now).await? {
                return Err(refused("invalid or expired token"));
            }
            let ticket = self.take_ticket(tx.as_mut(), kind, token, now).await?;
            let user =
                tx.users().get(Self::holder(&ticket)?).await?.filter(|user| user.active || kind == TicketKind::Setup);
            let mut user = user.ok_or_else(|| refused("invalid or expired token"))?;
            // The token came by a mail to this address, or from who installed Orion.
            user.email_verified = true;
            change(&mut user);
            self.set_password(tx, &mut user, &hashed, now).await?;
            Ok(user)
        })
        .await
    }

    /// Sets a password, ends all sessions and voids what could set it again; commits.
    async fn set_password(&self, mut tx: Box<dyn Tx>, user: &mut User, hashed: &Secret, now: Timestamp) -> Result<()> {
        user.password = Some(hashed.clone());
        user.updated_at = now;
        tx.users().update(user).await?;
        for kind in [TicketKind::ResetPassword, TicketKind::Invite, TicketKind::Setup] {
            self.void_tickets(tx.as_mut(), kind, user.id, now).await?;
        }
        let revocations = self.end_all(tx.as_mut(), user.id, None, SessionEnd::PasswordChanged, now).await?;
        tx.commit().await?;
        self.refuse(&revocations).await;
        Ok(())
    }

    /// Changes the caller's password. All their sessions end, this one too.
    ///
    /// # Errors
    /// `Unauthorized` for a wrong current password, or where there is none yet; `Invalid` for a new one that breaks the
    /// rules; `RateLimited` after too many guesses.
    pub async fn change_password(&self, caller: &Caller, current: &Secret, new: &Secret) -> Result<()> {
        rules::password(new)?;
        let wrong = || refused("current password is wrong");
        if !rules::can_be_password(current) {
            return Err(wrong());
        }
        let user = self.store.read().await?.users().require(caller.user_id).await?;
        // Who bears a token is no stranger, but may have found it.
        let guess = Guess::device(&user.id.to_string());
        self.count_guess(&guess).await?;
        if !self.hasher.verify(current, user.password.as_ref()).await?.matches {
            return Err(wrong());
        }
        let hashed = self.hasher.hash(new).await?;
        settled(|| async {
            let mut tx = self.store.begin().await?;
            let now = self.clock.now();
            let mut present = tx.users().require(user.id).await?;
            if present.password != user.password {
                return Err(Error::conflict("the password was changed meanwhile"));
            }
            self.take_back_guess(tx.as_mut(), &guess).await?;
            self.set_password(tx, &mut present, &hashed, now).await
        })
        .await
    }
}
