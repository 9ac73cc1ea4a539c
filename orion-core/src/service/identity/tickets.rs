//! Tickets: tokens that can be used once, of which only the hash is stored.
//!
//! A ticket that goes out by mail is derived from its identity under a secret key instead of drawn at random, so that
//! the mail can be written again after a failure without the token having been kept anywhere.

use super::tokens::{hash, of_session};
use super::{Caller, DAY, HOUR, Identity, hex, refused, settled};
use crate::domain::{Secret, Sha256, Ticket, TicketKind};
use crate::id::{Id, RevocationId, TicketId, UserId};
use crate::port::{Filter, RepositoryExt, Tx};
use crate::{Error, Result, Timestamp};
use serde_json::{Value, json};
use std::time::Duration;

fn life(kind: TicketKind) -> Duration {
    match kind {
        TicketKind::ResetPassword => HOUR,
        TicketKind::VerifyEmail | TicketKind::Setup => DAY,
        TicketKind::Invite => DAY * 7,
        TicketKind::OauthState => Duration::from_secs(600),
        TicketKind::Socket => Duration::from_secs(30),
    }
}

fn bad_ticket() -> Error {
    refused("invalid or expired token")
}

impl Identity {
    /// Makes a ticket and gives its token, which is stored nowhere.
    pub(super) async fn issue(
        &self,
        tx: &mut dyn Tx,
        kind: TicketKind,
        user_id: Option<UserId>,
        data: Value,
        now: Timestamp,
    ) -> Result<Secret> {
        let token = self.random_token();
        self.keep_ticket(tx, kind, user_id, &token, data, now).await?;
        Ok(token)
    }

    /// Makes a ticket of a token that is known already.
    pub(super) async fn keep_ticket(
        &self,
        tx: &mut dyn Tx,
        kind: TicketKind,
        user_id: Option<UserId>,
        token: &Secret,
        data: Value,
        now: Timestamp,
    ) -> Result<()> {
        let mut ticket = self.ticket(kind, user_id, now);
        ticket.hash = hash(token);
        ticket.data = data;
        tx.tickets().insert(&mut ticket).await
    }

    /// 256 bits that nobody can guess.
    pub(super) fn random_token(&self) -> Secret {
        let mut bytes = [0_u8; 32];
        self.entropy.fill(&mut bytes);
        Secret::new(hex::encode(&bytes))
    }

    /// Makes a ticket that [`deliver_mails`](Self::deliver_mails) sends to its user.
    pub(super) async fn issue_by_mail(
        &self,
        tx: &mut dyn Tx,
        kind: TicketKind,
        user_id: Option<UserId>,
        now: Timestamp,
    ) -> Result<TicketId> {
        let mut ticket = self.ticket(kind, user_id, now);
        ticket.hash = hash(&self.mailed_token(ticket.id)?);
        ticket.mail_at = Some(now);
        tx.tickets().insert(&mut ticket).await?;
        Ok(ticket.id)
    }

    fn ticket(&self, kind: TicketKind, user_id: Option<UserId>, now: Timestamp) -> Ticket {
        Ticket {
            id: TicketId::random(self.entropy.as_ref()),
            kind,
            hash: Sha256([0; 32]),
            user_id,
            data: Value::Null,
            created_at: now,
            expires_at: now.after(life(kind)),
            used_at: None,
            mail_at: None,
            version: 0,
        }
    }

    pub(super) fn mailed_token(&self, id: TicketId) -> Result<Secret> {
        Ok(Secret::new(hex::encode(&self.vault.derive("mailed ticket", id.as_uuid().as_bytes())?)))
    }

    /// Finds a ticket that can still be used.
    pub(super) async fn open_ticket(
        &self,
        tx: &mut dyn Tx,
        kind: TicketKind,
        token: &Secret,
        now: Timestamp,
    ) -> Result<Ticket> {
        let ticket = tx.tickets().find(&hash(token).to_string()).await?;
        ticket.filter(|ticket| ticket.kind == kind && ticket.is_open(now)).ok_or_else(bad_ticket)
    }

    /// Uses a ticket: nobody else can, once the transaction commits.
    pub(super) async fn take_ticket(
        &self,
        tx: &mut dyn Tx,
        kind: TicketKind,
        token: &Secret,
        now: Timestamp,
    ) -> Result<Ticket> {
        let mut ticket = self.open_ticket(tx, kind, token, now).await?;
        ticket.used_at = Some(now);
        tx.tickets().update(&mut ticket).await?;
        Ok(ticket)
    }

    /// Whose ticket it is.
    pub(super) fn holder(ticket: &Ticket) -> Result<UserId> {
        ticket.user_id.ok_or_else(bad_ticket)
    }

    /// Makes all of a user's tickets of one kind useless.
    pub(super) async fn void_tickets(
        &self,
        tx: &mut dyn Tx,
        kind: TicketKind,
        user_id: UserId,
        now: Timestamp,
    ) -> Result<()> {
        let states = vec!["open".to_owned(), "unsent".to_owned()];
        let filter = Filter { owner: Some(user_id.as_uuid()), states, ..Filter::default() };
        for mut ticket in tx.tickets().all(&filter).await? {
            if ticket.kind == kind {
                ticket.used_at = Some(now);
                tx.tickets().update(&mut ticket).await?;
            }
        }
        Ok(())
    }

    /// A ticket that opens one socket, within half a minute, so that no access token is ever part of an address: a
    /// UUID of version 4 (contract, section 1.7), 122 bits of which are random.
    ///
    /// # Errors
    /// What the store says.
    pub async fn socket_ticket(&self, caller: &Caller) -> Result<Secret> {
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let data = json!({
            "session": caller.session_id, "token": caller.token_id, "expires_at": caller.expires_at,
        });
        let token = Secret::new(self.entropy.uuid().to_string());
        self.keep_ticket(tx.as_mut(), TicketKind::Socket, Some(caller.user_id), &token, data, now).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Who may open a socket with this ticket, as they are now. A second time nobody may.
    ///
    /// # Errors
    /// `Unauthorized` for a ticket that is not good, was used or has expired, or whose session has ended meanwhile.
    pub async fn redeem_socket_ticket(&self, ticket: &Secret) -> Result<Caller> {
        settled(|| self.try_redeem_socket_ticket(ticket)).await
    }

    async fn try_redeem_socket_ticket(&self, token: &Secret) -> Result<Caller> {
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let ticket = self.take_ticket(tx.as_mut(), TicketKind::Socket, token, now).await?;
        let field = |name: &str| ticket.data.get(name).cloned().unwrap_or_default();
        let session_id = serde_json::from_value(field("session"))?;
        let token_id: RevocationId = serde_json::from_value(field("token"))?;
        let session = tx.sessions().get(session_id).await?.filter(|session| session.is_live(now));
        let user = tx.users().get(Self::holder(&ticket)?).await?.filter(|user| user.active);
        tx.commit().await?;
        let (Some(session), Some(user)) = (session, user) else { return Err(bad_ticket()) };
        if self.revoked.contains_any(&[token_id, of_session(session.id)])? {
            return Err(bad_ticket());
        }
        Ok(Caller {
            user_id: user.id,
            role: user.role,
            email: user.email,
            name: user.name,
            session_id: session.id,
            token_id,
            expires_at: serde_json::from_value(field("expires_at"))?,
        })
    }
}
