//! Google.

use crate::client::{Client, below, nonsense, text};
use async_trait::async_trait;
use orion_core::Result;
use orion_core::domain::{LoginKind, Secret};
use orion_core::port::{OauthProfile, OauthProvider, OauthStart};
use url::Url;

/// Where a provider that speaks as Google does (OpenID Connect) is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoogleEndpoints {
    /// Its page.
    pub authorize: String,
    /// Where codes are exchanged.
    pub token: String,
    /// Where it says who somebody is.
    pub userinfo: String,
}

impl Default for GoogleEndpoints {
    fn default() -> Self {
        Self {
            authorize: "https://accounts.google.com/o/oauth2/v2/auth".to_owned(),
            token: "https://oauth2.googleapis.com/token".to_owned(),
            userinfo: "https://www.googleapis.com/oauth2/v3/userinfo".to_owned(),
        }
    }
}

/// Signs people in with their Google account.
#[derive(Debug, Clone)]
pub struct GoogleOauth {
    client: Client,
    page: Url,
    token: Url,
    userinfo: Url,
}

impl GoogleOauth {
    /// An application registered at Google.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an empty id or secret.
    pub fn new(client_id: &str, client_secret: Secret) -> Result<Self> {
        Self::at(&GoogleEndpoints::default(), client_id, client_secret)
    }

    /// An application registered at another server of this kind.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for what are no addresses, and for an empty id or secret.
    pub fn at(endpoints: &GoogleEndpoints, client_id: &str, client_secret: Secret) -> Result<Self> {
        // Through `below`, so that each is checked; an address is below its own folder.
        let parse = |address: &str| match address.rsplit_once('/') {
            Some((base, path)) => below(base, path),
            None => below(address, ""),
        };
        Ok(Self {
            client: Client::new(client_id, client_secret)?,
            page: parse(&endpoints.authorize)?,
            token: parse(&endpoints.token)?,
            userinfo: parse(&endpoints.userinfo)?,
        })
    }
}

#[async_trait]
impl OauthProvider for GoogleOauth {
    fn kind(&self) -> LoginKind {
        LoginKind::Google
    }

    fn begin(&self, redirect_uri: &str, state: &Secret) -> Result<OauthStart> {
        self.client.begin(&self.page, &["openid", "email", "profile"], redirect_uri, state)
    }

    async fn finish(&self, code: &Secret, verifier: &Secret, redirect_uri: &str) -> Result<OauthProfile> {
        let tokens = self.client.exchange(&self.token, code, verifier, redirect_uri).await?;
        let user = self.client.ask(&self.userinfo, &tokens.access).await?.ok_or_else(|| nonsense(&self.userinfo))?;
        let subject = text(&user["sub"]).ok_or_else(|| nonsense(&self.userinfo))?;
        let email = text(&user["email"]);
        // Some answers write the flag as a text.
        let flag = &user["email_verified"];
        let verified = flag.as_bool().unwrap_or_else(|| flag.as_str() == Some("true"));
        let name = text(&user["name"]).or_else(|| email.clone()).unwrap_or_else(|| subject.clone());
        Ok(OauthProfile {
            email_verified: email.is_some() && verified,
            subject,
            email,
            name,
            avatar_url: text(&user["picture"]),
            tokens: tokens.all,
        })
    }
}
