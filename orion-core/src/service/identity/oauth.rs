//! Signing in with an account elsewhere.
//!
//! An account elsewhere is known by the provider and its own identifier, never by an address alone. An address links
//! only where both sides have shown it to be the same person's: the provider says that it is verified, and it was
//! verified here.

use super::accounts::{insert_user, linked};
use super::tokens::hash;
use super::{Caller, Client, Identity, SignedIn, refused, rules, settled};
use crate::domain::{LoginKind, Role, Secret, TicketKind, User};
use crate::id::UserId;
use crate::port::{OauthProfile, OauthProvider, RepositoryExt, Tx};
use crate::{Error, ErrorKind, Result, Timestamp};
use serde::{Deserialize, Serialize};

/// What must be known again when the browser comes back.
#[derive(Debug, Serialize, Deserialize)]
struct Journey {
    provider: LoginKind,
    redirect: String,
    verifier: Secret,
    link: Option<UserId>,
}

const VERIFIER: &str = "oauth verifier";

impl Identity {
    /// Sends a browser to a provider. Gives the address, and the state that must come back both in the address and
    /// from the browser itself: bind it by a cookie. With `link`, the account there becomes one more way in for the
    /// caller.
    ///
    /// # Errors
    /// `Invalid` for a redirect that leads elsewhere than to the dashboard.
    pub async fn oauth_begin(
        &self,
        provider: &dyn OauthProvider,
        redirect: &str,
        link: Option<&Caller>,
    ) -> Result<(String, Secret)> {
        let redirect = self.own_page(redirect)?;
        let state = self.random_token();
        let start = provider.begin(&self.callback(provider.kind()), &state)?;
        let journey = Journey {
            provider: provider.kind(),
            redirect,
            verifier: self.vault.seal(&start.verifier, VERIFIER)?,
            link: link.map(|caller| caller.user_id),
        };
        let mut tx = self.store.begin().await?;
        let data = serde_json::to_value(&journey)?;
        self.keep_ticket(tx.as_mut(), TicketKind::OauthState, None, &state, data, self.clock.now()).await?;
        tx.commit().await?;
        Ok((start.url, state))
    }

    /// Where a provider sends browsers back to.
    fn callback(&self, provider: LoginKind) -> String {
        format!("{}/api/v1/auth/oauth/{provider}/callback", self.settings.gateway_url)
    }

    /// The absolute address of a page of the dashboard; nothing leads anywhere else.
    fn own_page(&self, redirect: &str) -> Result<String> {
        let elsewhere = || Error::invalid("redirect must be a page of the dashboard").with_context("field", "redirect");
        let dashboard = self.settings.dashboard_url.as_str();
        let odd = |c: char| c == '\\' || c.is_whitespace() || c.is_control();
        if redirect.len() > 2048 || redirect.contains(odd) {
            return Err(elsewhere());
        }
        let host_at = dashboard.find("://").map_or(0, |at| at + 3);
        let path_at =
            dashboard.get(host_at..).and_then(|rest| rest.find('/')).map_or(dashboard.len(), |at| host_at + at);
        let origin = dashboard.get(..path_at).unwrap_or(dashboard);
        if redirect.is_empty() {
            return Ok(format!("{dashboard}/"));
        }
        if redirect.starts_with('/') && !redirect.starts_with("//") {
            return Ok(format!("{dashboard}{redirect}"));
        }
        let rest = redirect.strip_prefix(origin).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']));
        rest.map(|_| redirect.to_owned()).ok_or_else(elsewhere)
    }

    /// Signs in whom a provider sends back. The second part is the address to go to, absolute.
    ///
    /// # Errors
    /// `Unauthorized` if the state is not this browser's, was used or has expired, or the provider refuses the code;
    /// `Forbidden` for a disabled account, and for an address that nobody has verified; `AlreadyExists` if the address
    /// has an account here to which it cannot be shown to belong, or the account there is linked to somebody else.
    pub async fn oauth_finish(
        &self,
        provider: &dyn OauthProvider,
        state: &Secret,
        browser_state: &Secret,
        code: &Secret,
        client: &Client,
    ) -> Result<(SignedIn, String)> {
        let lost = || refused("the sign-in has expired or began elsewhere; begin again");
        if hash(state) != hash(browser_state) {
            return Err(lost());
        }
        // Used before the provider is asked: whatever comes of it, this state was good for one try.
        let ticket = settled(|| async {
            let mut tx = self.store.begin().await?;
            let now = self.clock.now();
            let ticket = self.take_ticket(tx.as_mut(), TicketKind::OauthState, state, now).await;
            let ticket =
                ticket.map_err(|error| if error.kind() == ErrorKind::Unauthorized { lost() } else { error })?;
            tx.commit().await?;
            Ok(ticket)
        });
        let journey: Journey = serde_json::from_value(ticket.await?.data)?;
        if journey.provider != provider.kind() {
            return Err(lost());
        }
        let verifier = self.vault.open(&journey.verifier, VERIFIER)?;
        let profile = provider.finish(code, &verifier, &self.callback(provider.kind())).await?;
        let id = settled(|| self.recognize(provider.kind(), &profile, journey.link)).await?;
        Ok((self.sign_in(id, client).await?, journey.redirect))
    }

    /// Finds or makes the user that an account elsewhere belongs to, and keeps its tokens sealed.
    async fn recognize(&self, kind: LoginKind, profile: &OauthProfile, link: Option<UserId>) -> Result<UserId> {
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let sealed = self.vault.seal(&profile.tokens, &format!("oauth tokens {kind}"))?;
        if let Some(mut login) = tx.logins().find(&format!("{kind}/{}", profile.subject)).await? {
            if link.is_some_and(|user_id| user_id != login.user_id) {
                return Err(Error::new(ErrorKind::AlreadyExists, "this account is linked to another user"));
            }
            active(tx.users().require(login.user_id).await?)?;
            login.email.clone_from(&profile.email);
            login.tokens = Some(sealed);
            login.updated_at = now;
            tx.logins().update(&mut login).await?;
            tx.commit().await?;
            return Ok(login.user_id);
        }
        let user = match link {
            Some(user_id) => active(tx.users().require(user_id).await?)?,
            None => self.match_by_email(tx.as_mut(), profile, now).await?,
        };
        let mut login = self.new_login(user.id, kind, profile.subject.clone(), now);
        login.email.clone_from(&profile.email);
        login.tokens = Some(sealed);
        tx.logins().insert(&mut login).await.map_err(|error| match error.kind() {
            // Somebody else did the same a moment ago; another try finds it.
            ErrorKind::AlreadyExists => Error::conflict("the account was linked meanwhile").with_source(error),
            _ => error,
        })?;
        tx.commit().await?;
        Ok(user.id)
    }

    /// The user with the verified address of an account elsewhere, or a new one.
    async fn match_by_email(&self, tx: &mut dyn Tx, profile: &OauthProfile, now: Timestamp) -> Result<User> {
        let unverified = || Error::new(ErrorKind::Forbidden, "the provider has no verified address of this account");
        let email = profile.email.as_deref().filter(|_| profile.email_verified).ok_or_else(unverified)?;
        let email = rules::email(email)?;
        if let Some(user) = tx.users().find(&email).await? {
            if !user.email_verified || user.id == UserId::SYSTEM {
                return Err(Error::new(
                    ErrorKind::AlreadyExists,
                    "this address has an account that never confirmed it",
                )
                .with_hint("sign in with the password and link the account from the profile"));
            }
            return active(user);
        }
        let name = rules::name(&profile.name);
        let name = name.unwrap_or_else(|_| email.split('@').next().unwrap_or_default().to_owned());
        let mut user = self.new_user(email, name, Role::Editor, now);
        user.email_verified = true;
        user.avatar_url = profile.avatar_url.as_deref().and_then(|url| rules::picture(url).ok());
        insert_user(tx, &mut user).await?;
        Ok(user)
    }

    /// Removes the account elsewhere as a way in.
    ///
    /// # Errors
    /// `NotFound` if none is linked; `Conflict` if it is the caller's only way in; `Invalid` for what is no provider.
    pub async fn unlink(&self, caller: &Caller, kind: LoginKind) -> Result<()> {
        if kind == LoginKind::Username {
            return Err(Error::invalid("a username is no provider").with_context("field", "provider"));
        }
        settled(|| async {
            let mut tx = self.store.begin().await?;
            let user = tx.users().require(caller.user_id).await?;
            let (gone, kept): (Vec<_>, Vec<_>) =
                linked(tx.as_mut(), user.id).await?.into_iter().partition(|login| login.kind == kind);
            if gone.is_empty() {
                return Err(Error::not_found("no account of this provider is linked").with_context("provider", kind));
            }
            if user.password.is_none() && kept.is_empty() {
                return Err(Error::conflict("this is the only way to sign in").with_hint("set a password first"));
            }
            for login in gone {
                tx.logins().delete(login.id).await?;
            }
            // Two at once would each leave the other's login; the user's row makes one of them see.
            let mut user = user;
            user.updated_at = self.clock.now();
            tx.users().update(&mut user).await?;
            tx.commit().await
        })
        .await
    }
}

/// Refuses who is disabled.
fn active(user: User) -> Result<User> {
    if user.active { Ok(user) } else { Err(Error::new(ErrorKind::Forbidden, "this account is disabled")) }
}
