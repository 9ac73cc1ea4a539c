//! One exchange from address to body.

use crate::answer::{fresh_for, header, refused};
use crate::guard::{self, PrivateAddress, PrivateHosts, PublicResolver};
use crate::turn::Turns;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use orion_core::domain::Secret;
use orion_core::port::{FetchLimits, Fetched, Fetcher};
use orion_core::{Error, ErrorKind, Result};
use reqwest::header::{
    CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION,
};
use reqwest::{Client, Response, redirect};
use std::time::Duration;
use url::{Origin, Url};

/// Redirects followed at most.
const REDIRECTS: u32 = 5;

/// Settings of an [`HttpFetcher`].
#[derive(Debug, Clone)]
pub struct FetcherBuilder {
    user_agent: String,
    pause: Duration,
    connect_timeout: Duration,
    private: PrivateHosts,
    credentials: Vec<Credential>,
}

/// A header that one origin is shown, and nobody else.
#[derive(Debug, Clone)]
struct Credential {
    origin: Origin,
    name: HeaderName,
    /// Marked as sensitive, so that no log shows it.
    value: HeaderValue,
}

impl Default for FetcherBuilder {
    /// A pause of 250 ms between two requests to one host, 10 s to connect, no private host.
    fn default() -> Self {
        Self {
            user_agent: concat!("Orion/", env!("CARGO_PKG_VERSION"), " (feed and article reader)").to_owned(),
            pause: Duration::from_millis(250),
            connect_timeout: Duration::from_secs(10),
            private: PrivateHosts::default(),
            credentials: Vec::new(),
        }
    }
}

impl FetcherBuilder {
    /// Sets who asks; it should name Orion and a way to reach its operator.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Sets the pause between two requests to one host.
    #[must_use]
    pub fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Sets how long to wait for a connection.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Lets these hosts be private and have any port, for tests and for servers of one's own: names or literal
    /// addresses without a port (`localhost`, `127.0.0.1`). Whoever writes the addresses to fetch can reach them
    /// too; a public host that *redirects* to one of them is refused all the same.
    #[must_use]
    pub fn allow_private<H: AsRef<str>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        hosts.into_iter().for_each(|host| self.private.add(host.as_ref()));
        self
    }

    /// Shows a header with a secret to the origin (scheme, host and port) of this address, and to nobody else: not to
    /// other ports of the host, and not to whom it redirects. A secret of an origin that is there takes its place.
    ///
    /// # Errors
    /// `Invalid` for what is no web address, and for a secret that no header can hold; it is never shown.
    pub fn credential(mut self, address: &str, name: &'static str, secret: &Secret) -> Result<Self> {
        let origin = guard::parse(address)?.origin();
        let name = HeaderName::from_static(name);
        let mut value = HeaderValue::from_str(secret.expose().trim())
            .map_err(|_| Error::invalid("this key fits no header").with_context("for", guard::redacted(address)))?;
        value.set_sensitive(true);
        self.credentials.retain(|known| known.origin != origin || known.name != name);
        self.credentials.push(Credential { origin, name, value });
        Ok(self)
    }

    /// Builds the fetcher.
    ///
    /// # Errors
    /// `Invalid` for a user agent that no header can hold, `Unavailable` if TLS cannot be set up.
    pub fn build(self) -> Result<HttpFetcher> {
        let client = || {
            orion_http::client()
                .user_agent(&self.user_agent)
                .redirect(redirect::Policy::none())
                .referer(false)
                .no_proxy()
                .connect_timeout(self.connect_timeout)
                .pool_idle_timeout(Duration::from_secs(15))
                .pool_max_idle_per_host(1)
        };
        let failed = |error: reqwest::Error| {
            let kind = if error.is_builder() { ErrorKind::Invalid } else { ErrorKind::Unavailable };
            Error::new(kind, "the HTTP client cannot be set up").with_source(error)
        };
        if reqwest::header::HeaderValue::from_str(&self.user_agent).is_err() {
            return Err(Error::invalid("this user agent fits no header").with_context("user agent", &self.user_agent));
        }
        Ok(HttpFetcher {
            public: client().dns_resolver(PublicResolver).build().map_err(failed)?,
            private: client().build().map_err(failed)?,
            hosts: self.private,
            credentials: self.credentials,
            turns: Turns::new(self.pause),
        })
    }
}

/// A [`Fetcher`] that is safe to point at addresses that strangers wrote.
#[derive(Debug)]
pub struct HttpFetcher {
    /// Connects to public addresses only.
    public: Client,
    /// Connects to the hosts that the configuration names.
    private: Client,
    hosts: PrivateHosts,
    credentials: Vec<Credential>,
    turns: Turns,
}

/// What a server said to a body that it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posted {
    /// The status code, whatever it is.
    pub status: u16,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
}

/// Validators of an earlier answer.
#[derive(Clone, Copy)]
struct Validators<'a> {
    etag: Option<&'a str>,
    last_modified: Option<&'a str>,
}

impl HttpFetcher {
    /// A fetcher with the default settings.
    ///
    /// # Errors
    /// As [`FetcherBuilder::build`].
    pub fn new() -> Result<Self> {
        Self::builder().build()
    }

    /// Settings to start from.
    pub fn builder() -> FetcherBuilder {
        FetcherBuilder::default()
    }

    /// Refuses an address that [`post`](Self::post) would refuse without asking anybody: one that is none, one of a
    /// private host, and one without TLS unless the configuration names its host.
    ///
    /// # Errors
    /// `Invalid` or `Forbidden`.
    pub fn check(&self, url: &str) -> Result<()> {
        self.checked(url).map(drop)
    }

    fn checked(&self, url: &str) -> Result<(Url, bool)> {
        let url = guard::parse(url)?;
        let trusted = self.hosts.contains(&url);
        if !trusted {
            guard::check(&url)?;
            if url.scheme() != "https" {
                return Err(Error::invalid("what is sent there must be protected: the address begins with https")
                    .with_context("url", guard::redacted(url.as_str())));
            }
        }
        Ok((url, trusted))
    }

    /// Sends a body once and tells what the server said. The guard is that of [`get`](Fetcher::get); a redirect is
    /// not followed but given as it is, as what was signed for one address is not for another.
    ///
    /// # Errors
    /// Those of [`check`](Self::check); `Timeout` or `Unavailable` if no answer came, in which case nobody knows whether
    /// the server has taken it.
    pub async fn post(&self, url: &str, headers: &[(&str, &str)], body: Bytes, time: Duration) -> Result<Posted> {
        let (url, trusted) = self.checked(url)?;
        let client = if trusted { &self.private } else { &self.public };
        let mut request = client.post(url.clone()).body(body);
        for (name, value) in headers {
            let value = reqwest::header::HeaderValue::from_str(value)
                .map_err(|_| Error::invalid("this fits no header").with_context("header", name))?;
            request = request.header(*name, value);
        }
        tracing::debug!(url = %guard::redacted(url.as_str()), "post");
        let Ok(sent) = tokio::time::timeout(time, request.send()).await else {
            return Err(Error::new(ErrorKind::Timeout, "the server took too long")
                .with_context("url", guard::redacted(url.as_str()))
                .with_context("seconds", time.as_secs_f64()));
        };
        let response = sent.map_err(|error| unreachable_host(error, &url))?;
        Ok(Posted { status: response.status().as_u16(), retry_after: orion_http::retry_after(response.headers()) })
    }

    async fn exchange(&self, url: Url, validators: Validators<'_>, limits: FetchLimits) -> Result<Fetched> {
        let mut url = url;
        let mut trusted = self.hosts.contains(&url);
        for _ in 0..=REDIRECTS {
            if !trusted {
                guard::check(&url)?;
            }
            let host = url.host_str().unwrap_or_default().to_owned();
            let turn = self.turns.take(&host).await;
            let response = self.send(&url, trusted, validators).await?;
            let Some(next) = redirect_target(&response, &url)? else {
                let fetched = read(response, url, validators, limits).await;
                drop(turn);
                return fetched;
            };
            // A private host may send on to another one that is allowed; a public one may not.
            trusted = trusted && self.hosts.contains(&next);
            url = next;
        }
        Err(Error::invalid("the address redirects too often")
            .with_context("url", guard::redacted(url.as_str()))
            .with_context("limit", REDIRECTS))
    }

    async fn send(&self, url: &Url, trusted: bool, validators: Validators<'_>) -> Result<Response> {
        let client = if trusted { &self.private } else { &self.public };
        let mut request = client.get(url.clone()).header(reqwest::header::ACCEPT, "*/*");
        for (name, value) in [(IF_NONE_MATCH, validators.etag), (IF_MODIFIED_SINCE, validators.last_modified)] {
            // A validator that no header can hold is none.
            if let Some(value) = value.and_then(|value| reqwest::header::HeaderValue::from_str(value).ok()) {
                request = request.header(HeaderName::clone(&name), value);
            }
        }
        let origin = url.origin();
        for credential in self.credentials.iter().filter(|credential| credential.origin == origin) {
            request = request.header(credential.name.clone(), credential.value.clone());
        }
        tracing::debug!(url = %guard::redacted(url.as_str()), "fetch");
        request.send().await.map_err(|error| unreachable_host(error, url))
    }
}

#[async_trait]
impl Fetcher for HttpFetcher {
    async fn get(
        &self,
        url: &str,
        etag: Option<&str>,
        last_modified: Option<&str>,
        limits: FetchLimits,
    ) -> Result<Fetched> {
        let parsed = guard::parse(url)?;
        let exchange = self.exchange(parsed, Validators { etag, last_modified }, limits);
        tokio::time::timeout(limits.time, exchange).await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Timeout, "the server took too long")
                .with_context("url", guard::redacted(url))
                .with_context("seconds", limits.time.as_secs_f64()))
        })
    }
}

/// Where an answer sends on to; checked as if it had been asked for.
fn redirect_target(response: &Response, url: &Url) -> Result<Option<Url>> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let wrong =
        || Error::invalid("the address redirects to nowhere").with_context("url", guard::redacted(url.as_str()));
    let location = header(response, LOCATION).ok_or_else(wrong)?;
    let next = url.join(&location).map_err(|_| wrong())?;
    guard::parse(next.as_str()).map(Some)
}

async fn read(response: Response, url: Url, validators: Validators<'_>, limits: FetchLimits) -> Result<Fetched> {
    let status = response.status().as_u16();
    let validated = validators.etag.is_some() || validators.last_modified.is_some();
    if !(response.status().is_success() || status == 304 && validated) {
        return Err(refused(&response));
    }
    let mut fetched = Fetched {
        url: url.to_string(),
        status,
        content_type: header(&response, CONTENT_TYPE),
        etag: header(&response, ETAG),
        last_modified: header(&response, LAST_MODIFIED),
        fresh_for: fresh_for(response.headers()),
        body: Bytes::new(),
    };
    if status != 304 {
        fetched.body = body(response, &url, limits.bytes).await?;
    }
    Ok(fetched)
}

/// The body, counted as it comes out of decompression.
async fn body(mut response: Response, url: &Url, most: u64) -> Result<Bytes> {
    let too_large = || {
        Error::new(ErrorKind::Exhausted, "the answer is too large")
            .with_context("url", guard::redacted(url.as_str()))
            .with_context("limit in bytes", most)
    };
    if response.content_length().is_some_and(|length| length > most) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken_off(error, url))? {
        if (body.len() + chunk.len()) as u64 > most {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The error with all its causes.
fn causes<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

/// No answer came: the host is private, unknown, silent, or speaks something else.
fn unreachable_host(error: reqwest::Error, url: &Url) -> Error {
    if causes(&error).any(|cause| cause.is::<PrivateAddress>()) {
        return guard::private(url);
    }
    let (kind, message) = if error.is_timeout() {
        (ErrorKind::Timeout, "the server took too long to connect")
    } else {
        (ErrorKind::Unavailable, "the server cannot be reached")
    };
    Error::new(kind, message)
        .with_context("url", guard::redacted(url.as_str()))
        .with_hint("check the address and the network")
        .with_source(error.without_url())
}

/// The body stopped: it cannot be decompressed, or the connection ended.
fn broken_off(error: reqwest::Error, url: &Url) -> Error {
    use std::io::ErrorKind::{InvalidData, InvalidInput, Other};
    let damaged = causes(&error)
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| matches!(cause.kind(), InvalidData | InvalidInput | Other));
    let (kind, message) = if damaged {
        (ErrorKind::Corrupt, "the answer is damaged")
    } else {
        (ErrorKind::Unavailable, "the answer broke off")
    };
    Error::new(kind, message).with_context("url", guard::redacted(url.as_str())).with_source(error.without_url())
}
