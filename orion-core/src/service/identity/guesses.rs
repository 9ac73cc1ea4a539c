//! How often passwords may be guessed at, and who is never kept out by the guesses of others.
//!
//! An account has three counts: one for strangers, one for network addresses that it is signed in from, and one for
//! devices that it signed in from earlier. Together they allow twenty guesses, and a count begins anew only after an
//! hour without one, so no hour sees more than twenty. A right password is no guess. Counts are rows: a restart
//! forgets nothing.

use super::{Client, HOUR, Identity, hex, settled};
use crate::domain::{Guesses, Secret, Sha256};
use crate::id::{GuessesId, Id, UserId};
use crate::port::Tx;
use crate::{Error, ErrorKind, Result, Retry};

const STRANGERS: u32 = 8;
const ADDRESSES: u32 = 4;
const DEVICES: u32 = 8;
const _: () = assert!(STRANGERS + ADDRESSES + DEVICES <= 20);

/// How many mails to one address an hour may be asked for, and how many by one client.
const MAILS: u32 = 5;
const MAILS_BY_CLIENT: u32 = 20;

/// What a device token begins with.
const PREFIX: &str = "ord_";

/// One guess: the count it belongs to, and how far that may go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guess {
    key: Sha256,
    most: u32,
}

impl Guess {
    /// Somebody who was never here.
    pub(super) fn stranger(account: &str) -> Self {
        Self::of("stranger", account, STRANGERS)
    }

    /// Somebody at an address where the account is signed in.
    pub(super) fn address(account: &str) -> Self {
        Self::of("address", account, ADDRESSES)
    }

    /// Somebody who has signed in before.
    pub(super) fn device(account: &str) -> Self {
        Self::of("device", account, DEVICES)
    }

    /// Somebody who wants a mail sent to an address.
    pub(super) fn mail(address: &str) -> Self {
        Self::of("mail", address, MAILS)
    }

    /// Somebody who wants mails sent, to whatever address.
    pub(super) fn mails_by(client: &Client) -> Self {
        Self::of("mails by", &client.address, MAILS_BY_CLIENT)
    }

    fn of(who: &str, account: &str, most: u32) -> Self {
        Self { key: Sha256::of(format!("{who}\0{account}").as_bytes()), most }
    }
}

impl Identity {
    /// Counts a guess before it is evaluated, so that many at once are counted too.
    ///
    /// # Errors
    /// `RateLimited` with the time to wait.
    pub(super) async fn count_guess(&self, guess: &Guess) -> Result<()> {
        settled(|| self.try_count_guess(guess)).await
    }

    async fn try_count_guess(&self, guess: &Guess) -> Result<()> {
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let fresh = || Guesses {
            id: GuessesId::random(self.entropy.as_ref()),
            key: guess.key,
            count: 0,
            last_at: now,
            version: 0,
        };
        let mut counted = tx.guesses().find(&guess.key.to_string()).await?.unwrap_or_else(fresh);
        let quiet_at = counted.last_at.after(HOUR);
        if now >= quiet_at {
            counted.count = 0;
        }
        if counted.count >= guess.most {
            return Err(Error::new(ErrorKind::RateLimited, "too many attempts; try again later")
                .with_retry(Retry::Later(Some(quiet_at.since(now)))));
        }
        counted.count += 1;
        counted.last_at = now;
        if counted.version == 0 {
            // Somebody else may have begun the same count meanwhile.
            tx.guesses().insert(&mut counted).await.map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => Error::conflict("another guess was counted").with_source(error),
                _ => error,
            })?;
        } else {
            tx.guesses().update(&mut counted).await?;
        }
        tx.commit().await
    }

    /// Takes a guess back that turned out to be right.
    pub(super) async fn take_back_guess(&self, tx: &mut dyn Tx, guess: &Guess) -> Result<()> {
        if let Some(mut counted) = tx.guesses().find(&guess.key.to_string()).await? {
            counted.count = counted.count.saturating_sub(1);
            tx.guesses().update(&mut counted).await?;
        }
        Ok(())
    }

    /// The token of the client's device: the one it showed, if it is this user's, else a new one.
    pub(super) fn device_of(&self, user_id: UserId, client: &Client) -> Result<Secret> {
        if let Some(device) = client.device.as_ref().filter(|_| self.is_device_of(user_id, client).unwrap_or(false)) {
            return Ok(device.clone());
        }
        let mut name = [0_u8; 16];
        self.entropy.fill(&mut name);
        self.device(user_id, name)
    }

    fn device(&self, user_id: UserId, name: [u8; 16]) -> Result<Secret> {
        let mut data = [0_u8; 32];
        data[..16].copy_from_slice(user_id.as_uuid().as_bytes());
        data[16..].copy_from_slice(&name);
        let proof = self.vault.derive("device", &data)?;
        Ok(Secret::new(format!("{PREFIX}{}{}", hex::encode(&name), hex::encode(&proof))))
    }

    /// Whether the client shows a token that this user got on an earlier visit.
    pub(super) fn is_device_of(&self, user_id: UserId, client: &Client) -> Result<bool> {
        let shown = client.device.as_ref().and_then(|device| device.expose().strip_prefix(PREFIX));
        let Some(bytes) = shown.and_then(hex::decode::<48>) else { return Ok(false) };
        let Some((name, _)) = bytes.split_first_chunk::<16>() else { return Ok(false) };
        // Hashes are compared, so that time tells nothing.
        let right = self.device(user_id, *name)?;
        Ok(client.device.as_ref().map(super::tokens::hash) == Some(super::tokens::hash(&right)))
    }
}
