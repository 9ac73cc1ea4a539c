//! GitHub, and GitHub Enterprise.

use crate::client::{Client, below, nonsense, text};
use async_trait::async_trait;
use orion_core::Result;
use orion_core::domain::{LoginKind, Secret};
use orion_core::port::{OauthProfile, OauthProvider, OauthStart};
use serde_json::Value;
use url::Url;

/// Signs people in with their GitHub account.
#[derive(Debug, Clone)]
pub struct GithubOauth {
    client: Client,
    page: Url,
    token: Url,
    user: Url,
    emails: Url,
}

impl GithubOauth {
    /// An application registered at github.com.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an empty id or secret.
    pub fn new(client_id: &str, client_secret: Secret) -> Result<Self> {
        Self::at("https://github.com", "https://api.github.com", client_id, client_secret)
    }

    /// An application registered at a server of one's own: its pages, and its API (`https://HOST/api/v3`).
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for what are no addresses, and for an empty id or secret.
    pub fn at(pages: &str, api: &str, client_id: &str, client_secret: Secret) -> Result<Self> {
        Ok(Self {
            client: Client::new(client_id, client_secret)?,
            page: below(pages, "login/oauth/authorize")?,
            token: below(pages, "login/oauth/access_token")?,
            user: below(api, "user")?,
            emails: below(api, "user/emails")?,
        })
    }

    #[cfg(test)]
    pub(crate) fn hurried(mut self) -> Self {
        self.client.hurried();
        self
    }
}

#[async_trait]
impl OauthProvider for GithubOauth {
    fn kind(&self) -> LoginKind {
        LoginKind::Github
    }

    fn begin(&self, redirect_uri: &str, state: &Secret) -> Result<OauthStart> {
        self.client.begin(&self.page, &["user:email"], redirect_uri, state)
    }

    async fn finish(&self, code: &Secret, verifier: &Secret, redirect_uri: &str) -> Result<OauthProfile> {
        let tokens = self.client.exchange(&self.token, code, verifier, redirect_uri).await?;
        let user = self.client.ask(&self.user, &tokens.access).await?.ok_or_else(|| nonsense(&self.user))?;
        // A number that GitHub never gives to anybody else, unlike the login.
        let subject = user["id"].as_u64().ok_or_else(|| nonsense(&self.user))?;
        let login = text(&user["login"]).ok_or_else(|| nonsense(&self.user))?;
        // Only this list tells what is verified; an account may keep it to itself.
        let emails = self.client.ask(&self.emails, &tokens.access).await?;
        let (email, email_verified) = match emails.as_ref().and_then(primary) {
            Some(primary) => (Some(primary), true),
            None => (text(&user["email"]), false),
        };
        Ok(OauthProfile {
            subject: subject.to_string(),
            email,
            email_verified,
            name: text(&user["name"]).unwrap_or(login),
            avatar_url: text(&user["avatar_url"]),
            tokens: tokens.all,
        })
    }
}

/// The address that is both primary and verified.
fn primary(emails: &Value) -> Option<String> {
    let is = |entry: &Value, key: &str| entry[key].as_bool() == Some(true);
    let primary = emails.as_array()?.iter().find(|entry| is(entry, "primary") && is(entry, "verified"));
    text(&primary?["email"])
}
