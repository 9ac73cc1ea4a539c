//! What both providers have in common: the way to their page, the exchange of the code, and asking with a token.

use oauth2::basic::{BasicClient, BasicErrorResponseType};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest,
    HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse, TokenUrl,
};
use orion_core::domain::Secret;
use orion_core::port::OauthStart;
use orion_core::{Error, ErrorKind, Result, Retry};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::pin::Pin;
use std::time::Duration;
use url::Url;

/// No answer of a provider is longer.
const LONGEST_ANSWER: usize = 1 << 20;
/// Longest time for one request (contract, section 1.8).
const DEADLINE: Duration = Duration::from_secs(10);

/// An application as a provider knows it.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    id: String,
    secret: Secret,
    http: reqwest::Client,
}

/// What a provider gave for a code.
pub(crate) struct Tokens {
    pub(crate) access: Secret,
    /// Everything, as JSON, to be kept.
    pub(crate) all: Secret,
}

impl Client {
    pub(crate) fn new(id: &str, secret: Secret) -> Result<Self> {
        if id.trim().is_empty() || secret.expose().trim().is_empty() {
            return Err(Error::invalid("an OAuth client has an id and a secret"));
        }
        // A provider's endpoints redirect nowhere: a redirect would carry the secret to where nobody named.
        let http = orion_http::client()
            .user_agent(concat!("Orion/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(DEADLINE)
            .build()
            .map_err(|error| Error::unavailable("the HTTP client cannot be set up").with_source(error))?;
        Ok(Self { id: id.trim().to_owned(), secret, http })
    }

    /// Replaces the deadline, so that a test need not wait for the real one.
    #[cfg(test)]
    pub(crate) fn hurried(&mut self) {
        self.http = reqwest::Client::builder().timeout(Duration::from_millis(300)).no_proxy().build().unwrap();
    }

    /// Where to send the browser.
    pub(crate) fn begin(&self, page: &Url, scopes: &[&str], redirect_uri: &str, state: &Secret) -> Result<OauthStart> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = BasicClient::new(ClientId::new(self.id.clone())).set_auth_uri(AuthUrl::from_url(page.clone()));
        let state = CsrfToken::new(state.expose().to_owned());
        let (url, _) = client
            .authorize_url(|| state)
            .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
            .set_pkce_challenge(challenge)
            .set_redirect_uri(Cow::Owned(redirect(redirect_uri)?))
            .url();
        Ok(OauthStart { url: url.to_string(), verifier: Secret::new(verifier.into_secret()) })
    }

    /// Exchanges the code that came back.
    pub(crate) async fn exchange(
        &self,
        endpoint: &Url,
        code: &Secret,
        verifier: &Secret,
        redirect_uri: &str,
    ) -> Result<Tokens> {
        let client = BasicClient::new(ClientId::new(self.id.clone()))
            .set_client_secret(ClientSecret::new(self.secret.expose().to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(TokenUrl::from_url(endpoint.clone()));
        let exchanged = client
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()))
            .set_redirect_uri(Cow::Owned(redirect(redirect_uri)?))
            .request_async(self)
            .await;
        let tokens = exchanged.map_err(|error| refused(error, endpoint))?;
        let all = json!({
            "access_token": tokens.access_token().secret(),
            "refresh_token": tokens.refresh_token().map(|token| token.secret()),
            "expires_in": tokens.expires_in().map(|time| time.as_secs()),
            "scopes": tokens.scopes(),
        });
        Ok(Tokens { access: Secret::new(tokens.access_token().secret()), all: Secret::new(all.to_string()) })
    }

    /// Asks something with an access token; `None` if this token may not.
    pub(crate) async fn ask(&self, endpoint: &Url, access: &Secret) -> Result<Option<Value>> {
        let request = self.http.get(endpoint.clone()).bearer_auth(access.expose());
        let request = request.header(http::header::ACCEPT, "application/json");
        let response = request.send().await.map_err(|error| unreachable(error, endpoint))?;
        let status = response.status();
        if matches!(status.as_u16(), 401 | 403 | 404) {
            return Ok(None);
        }
        let body = body(response, endpoint).await?;
        let answer = status.is_success().then(|| serde_json::from_slice(&body).ok()).flatten();
        answer.map(Some).ok_or_else(|| nonsense(endpoint).with_context("status", status.as_u16()))
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        let (head, sent) = request.into_parts();
        let endpoint = Url::parse(&head.uri.to_string())
            .map_err(|error| Error::unexpected("the provider's address does not parse").with_source(error))?;
        let request = self.http.request(head.method, endpoint.clone()).headers(head.headers).body(sent);
        let response = request.send().await.map_err(|error| unreachable(error, &endpoint))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut answer = HttpResponse::new(body(response, &endpoint).await?);
        (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
        Ok(answer)
    }
}

impl<'c> AsyncHttpClient<'c> for Client {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// The body, as far as any honest one goes.
async fn body(mut response: reqwest::Response, endpoint: &Url) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(error, endpoint))? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(nonsense(endpoint));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn redirect(redirect_uri: &str) -> Result<RedirectUrl> {
    RedirectUrl::new(redirect_uri.to_owned()).map_err(|error| {
        Error::invalid("this is no address to come back to")
            .with_context("redirect_uri", redirect_uri)
            .with_source(error)
    })
}

/// Why a code was not exchanged. The answer itself is never kept: it may hold a token.
fn refused(error: RequestTokenError<Error, oauth2::basic::BasicErrorResponse>, endpoint: &Url) -> Error {
    let told = match error {
        RequestTokenError::Request(error) => return error,
        RequestTokenError::ServerResponse(answer) => match answer.error() {
            BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => {
                "invalid_client".to_owned()
            }
            other => other.as_ref().to_owned(),
        },
        // GitHub answers 200 whatever it has to say.
        RequestTokenError::Parse(_, body) => {
            let answer: Option<Value> = serde_json::from_slice(&body).ok();
            match answer.as_ref().and_then(|answer| answer.get("error")).and_then(Value::as_str) {
                Some(error) => error.to_owned(),
                None => return nonsense(endpoint),
            }
        }
        RequestTokenError::Other(_) => return nonsense(endpoint),
    };
    let told: String = told.chars().filter(|letter| letter.is_ascii_graphic()).take(64).collect();
    if matches!(told.as_str(), "invalid_client" | "incorrect_client_credentials" | "redirect_uri_mismatch") {
        return Error::unavailable("the provider does not know this application")
            .with_retry(Retry::Never)
            .with_context("host", endpoint.host_str().unwrap_or_default())
            .with_context("error", told)
            .with_hint("check the client id, the client secret and the callback address at the provider");
    }
    Error::new(ErrorKind::Unauthorized, "the provider refuses this sign-in").with_context("error", told)
}

pub(crate) fn nonsense(endpoint: &Url) -> Error {
    Error::unavailable("the provider's answer makes no sense")
        .with_context("host", endpoint.host_str().unwrap_or_default())
}

fn unreachable(error: reqwest::Error, endpoint: &Url) -> Error {
    let told = if error.is_timeout() {
        Error::new(ErrorKind::Timeout, "the provider took too long")
    } else {
        Error::unavailable("the provider cannot be reached")
    };
    told.with_context("host", endpoint.host_str().unwrap_or_default()).with_source(error.without_url())
}

/// A text of an answer that says something.
pub(crate) fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// An address below another, whatever its path ends with.
pub(crate) fn below(base: &str, path: &str) -> Result<Url> {
    let address = format!("{}/{path}", base.trim_end_matches('/'));
    let wrong = |message: &'static str| Error::invalid(message).with_context("address", base);
    let url = Url::parse(&address).map_err(|error| wrong("this is no address of a provider").with_source(error))?;
    if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("a provider's address begins with https and has no query"));
    }
    Ok(url)
}
