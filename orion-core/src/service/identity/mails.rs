//! The mails of identity: what they say, and how they are sent until the mail server has taken them.
//!
//! A mail that is due is a row, written with the account or ticket it belongs to. No mail server that is away can lose
//! an account, and none that is slow can tell a known address from an unknown one.

use super::{Identity, settled};
use crate::domain::{Ticket, TicketKind, User};
use crate::id::{TicketId, UserId};
use crate::port::{Filter, Mail, RepositoryExt};
use crate::service::lease::Tenure;
use crate::{Error, ErrorKind, Result, Timestamp};
use std::time::Duration;

/// How many are sent in one go.
const BATCH: usize = 50;

/// So many leases are shared by all mails: as many are sent at a time, and the record keeps no row for each mail.
const LEASES: u128 = 64;

/// The first pause after a failure is as long as the mail is old, but no longer and no shorter than these.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(600));

impl Identity {
    /// Sends the mails that are due, and tries those again that failed before; gives how many were sent. The host calls
    /// it every second or so; it alone sends those of [`forgot_password`](Self::forgot_password).
    ///
    /// # Errors
    /// What the store says; and the first refusal of the mail server, after every mail was tried. What was refused is
    /// tried again, ever later, until it expires.
    pub async fn deliver_mails(&self) -> Result<usize> {
        let now = self.clock.now();
        let filter = Filter { states: vec!["unsent".to_owned()], ..Filter::default() };
        let mut due = self.store.read().await?.tickets().all(&filter).await?;
        due.retain(|ticket| ticket.mail_at.is_some_and(|at| at <= now));
        due.sort_by_key(|ticket| ticket.mail_at);
        let (mut sent, mut refusal) = (0, None);
        for ticket in due.iter().take(BATCH) {
            match self.deliver(ticket.id).await {
                Ok(delivered) => sent += usize::from(delivered),
                Err(error) => refusal = refusal.or(Some(error)),
            }
        }
        refusal.map_or(Ok(sent), Err)
    }

    /// Sends one mail at once. If that fails, [`deliver_mails`](Self::deliver_mails) tries again and tells.
    pub(super) async fn deliver_now(&self, id: TicketId) {
        drop(self.deliver(id).await);
    }

    /// Sends one mail; false if it is not due any more.
    async fn deliver(&self, id: TicketId) -> Result<bool> {
        let name = format!("mail/{}", id.0.as_u128() % LEASES);
        let tenure = match self.worker.take(&self.store, &self.clock, &name).await {
            // Somebody is at it, or at another mail of the same lease; then this one has its turn a moment later.
            Err(error) if error.kind() == ErrorKind::Conflict => return Ok(false),
            taken => taken?,
        };
        let fenced = Self { store: tenure.store(), ..self.clone() };
        let delivered = tenure.during(fenced.deliver_under(&tenure, id)).await;
        tenure.end().await;
        delivered
    }

    /// Sends one mail under its lease, of which no transaction is left to a worker that was overtaken.
    async fn deliver_under(&self, tenure: &Tenure, id: TicketId) -> Result<bool> {
        let Some((ticket, user)) = settled(|| self.due_mail(id)).await? else { return Ok(false) };
        let mail = self.compose(&ticket, &user)?;
        tenure.check().await?;
        let sent = self.mailer.send(&mail).await;
        let now = self.clock.now();
        let age = now.since(ticket.created_at).clamp(PAUSES.0, PAUSES.1);
        let next = if sent.is_ok() { None } else { Some(now.after(age)) };
        settled(|| self.plan_mail(id, next)).await?;
        sent.map(|()| true)
    }

    /// A mail that is still due, and to whom. One whose user or ticket is gone is dropped.
    async fn due_mail(&self, id: TicketId) -> Result<Option<(Ticket, User)>> {
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let Some(mut ticket) = tx.tickets().get(id).await? else { return Ok(None) };
        if ticket.mail_at.is_none_or(|at| at > now) {
            return Ok(None);
        }
        let user = tx.users().get(ticket.user_id.unwrap_or(UserId::SYSTEM)).await?;
        let user = user.filter(|user| user.active && user.id != UserId::SYSTEM && ticket.is_open(now));
        // A key may have been replaced since the ticket was made; its token must be what the mail will say.
        let hash = super::tokens::hash(&self.mailed_token(id)?);
        if user.is_none() {
            ticket.mail_at = None;
        }
        if user.is_none() || ticket.hash != hash {
            ticket.hash = hash;
            tx.tickets().update(&mut ticket).await?;
            tx.commit().await?;
        }
        Ok(user.map(|user| (ticket, user)))
    }

    async fn plan_mail(&self, id: TicketId, next: Option<Timestamp>) -> Result<()> {
        let mut tx = self.store.begin().await?;
        if let Some(mut ticket) = tx.tickets().get(id).await? {
            ticket.mail_at = next;
            tx.tickets().update(&mut ticket).await?;
        }
        tx.commit().await
    }

    fn compose(&self, ticket: &Ticket, user: &User) -> Result<Mail> {
        let token = self.mailed_token(ticket.id)?;
        let link = |page: &str| format!("{}/{page}?token={}", self.settings.dashboard_url, token.expose());
        let (subject, text) = match ticket.kind {
            TicketKind::Invite => (
                "You are invited to Orion",
                format!(
                    "Hello,\n\nyou are invited to Orion. Choose a password here, within seven days:\n\n{}\n",
                    link("accept-invite")
                ),
            ),
            TicketKind::ResetPassword => (
                "Set a new password for Orion",
                format!(
                    "Hello,\n\nsomebody asked for a new password for your account. If it was you, set it here, within \
                     one hour:\n\n{}\n\nIf it was not you, do nothing: your password stays as it is.\n",
                    link("reset-password")
                ),
            ),
            TicketKind::VerifyEmail => (
                "Confirm your address for Orion",
                format!(
                    "Hello,\n\nconfirm that this address is yours, within one day:\n\n{}\n\nIf you did not ask for an \
                     account, do nothing.\n",
                    link("verify-email")
                ),
            ),
            TicketKind::Setup | TicketKind::OauthState | TicketKind::Socket => {
                return Err(Error::unexpected("a ticket of this kind is never sent").with_context("kind", ticket.kind));
            }
        };
        Ok(Mail { to: user.email.clone(), subject: subject.to_owned(), text })
    }
}
