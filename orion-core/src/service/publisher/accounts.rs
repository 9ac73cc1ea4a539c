//! Accounts at destinations. Their credentials are sealed at once and shown to nobody.

use super::Publisher;
use crate::domain::{Credentials, Destination, Role, Secret, SocialAccount};
use crate::id::{SocialAccountId, UserId};
use crate::port::{Filter, Order, Page, RepositoryExt, Tx};
use crate::service::identity::Caller;
use crate::{Error, Result};
use serde_json::{Map, Value};

/// Longest name of an account, in characters.
const LONGEST_NAME: usize = 256;

impl Publisher {
    /// Connects an account of the caller.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) for a name or credentials that cannot be;
    /// [`Forbidden`](crate::ErrorKind::Forbidden) for viewers, and for a place that must not be written to.
    pub async fn connect(
        &self,
        caller: &Caller,
        destination: Destination,
        display_name: &str,
        credentials: &Map<String, Value>,
    ) -> Result<SocialAccount> {
        caller.require(Role::Editor)?;
        let display_name = display_name.trim();
        let length = display_name.chars().count();
        if length == 0 || length > LONGEST_NAME || display_name.chars().any(char::is_control) {
            return Err(Error::invalid("an account has a name of 1 to 256 characters").with_context("length", length));
        }
        let credentials = Credentials::from_map(credentials)?;
        match self.adapter(destination) {
            Some(adapter) => adapter.check(&credentials).await?,
            // Kept for the day when this installation can publish there.
            None if destination == Destination::Twitter => {
                for key in ["api_key", "api_secret", "access_token", "access_token_secret"] {
                    credentials.require(key)?;
                }
            }
            None => {}
        }
        let id = SocialAccountId::random(&*self.entropy);
        let mut account = SocialAccount {
            id,
            user_id: caller.user_id,
            destination,
            display_name: display_name.to_owned(),
            credentials: self.vault.seal(&Secret::new(serde_json::to_string(&credentials)?), &purpose(id))?,
            active: true,
            created_at: self.clock.now(),
            version: 0,
        };
        let mut tx = self.store.begin().await?;
        tx.accounts().insert(&mut account).await?;
        tx.commit().await?;
        Ok(account)
    }

    /// The caller's connected accounts, newest first.
    ///
    /// # Errors
    /// The store's own.
    pub async fn accounts(&self, caller: &Caller) -> Result<Vec<SocialAccount>> {
        let mut tx = self.store.read().await?;
        let mut page = Page::first(Order::Newest, Page::MOST);
        let mut accounts = Vec::new();
        loop {
            let slice = tx.accounts().list(&active(caller.user_id), &page).await?;
            accounts.extend(slice.items);
            match slice.next {
                Some(cursor) => page.after = Some(cursor),
                None => return Ok(accounts),
            }
        }
    }

    /// Disconnects an account and forgets its credentials; what was published with it stays on record.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is none; [`Forbidden`](crate::ErrorKind::Forbidden) if it is
    /// somebody else's.
    pub async fn disconnect(&self, caller: &Caller, id: SocialAccountId) -> Result<()> {
        let mut tx = self.store.begin().await?;
        let account = tx.accounts().require(id).await?;
        caller.owns(account.user_id)?;
        if !account.active {
            return Err(Error::no_row::<SocialAccount>(id));
        }
        close(&mut *tx, account).await?;
        tx.commit().await
    }

    /// What opens an account, or why nothing does.
    pub(super) async fn open(
        &self,
        tx: &mut dyn Tx,
        id: Option<SocialAccountId>,
    ) -> Result<Result<Credentials, String>> {
        let Some(id) = id else { return Ok(Ok(Credentials::default())) };
        let account = tx.accounts().get(id).await?.filter(|account| account.active);
        let Some(account) = account else { return Ok(Err("the account is no longer connected".to_owned())) };
        let opened = self.vault.open(&account.credentials, &purpose(id));
        let read = opened.and_then(|opened| Ok(serde_json::from_str(opened.expose())?));
        Ok(read.map_err(|_| "the account's credentials can no longer be read; connect it again".to_owned()))
    }
}

/// Ends an account's use.
pub(super) async fn close(tx: &mut dyn Tx, mut account: SocialAccount) -> Result<()> {
    account.active = false;
    account.credentials = Secret::new("");
    tx.accounts().update(&mut account).await
}

/// A user's newest account at a destination.
pub(super) async fn newest(tx: &mut dyn Tx, user: UserId, destination: Destination) -> Result<Option<SocialAccount>> {
    let mut page = Page::first(Order::Newest, Page::MOST);
    loop {
        let slice = tx.accounts().list(&active(user), &page).await?;
        if let Some(found) = slice.items.into_iter().find(|account| account.destination == destination) {
            return Ok(Some(found));
        }
        match slice.next {
            Some(cursor) => page.after = Some(cursor),
            None => return Ok(None),
        }
    }
}

fn active(user: UserId) -> Filter {
    Filter { owner: Some(user.0), states: vec!["active".to_owned()], ..Filter::default() }
}

/// A seal opens for the account that it was made for, and for no other.
fn purpose(id: SocialAccountId) -> String {
    format!("orion/account/{id}")
}
