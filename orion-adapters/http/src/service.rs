//! One server: where it is, what it wants, how long to wait for it.

use crate::Call;
use orion_core::domain::Secret;
use orion_core::port::Side;
use orion_core::{Error, Result};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method};
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;
use url::Url;

/// Longest time until a server takes a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// One server and the client for it. Clones share the connections.
#[derive(Clone)]
pub struct Service {
    name: Cow<'static, str>,
    base: Url,
    headers: HeaderMap,
    secret: Option<Secret>,
    deadline: Duration,
    idle: Duration,
    hint: Option<Cow<'static, str>>,
    client: Client,
}

impl Service {
    /// A server by the name that people know it by, and its address; a path in the address comes before the path of
    /// every call. A whole answer may take 120 seconds, and 30 without a sign of life once it has begun. Nothing is
    /// contacted yet.
    ///
    /// Proxies of the environment stand only between this machine and the [`Cloud`](Side::Cloud). No redirect is
    /// followed: it would carry the key to where nobody named.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an address that is not `http://HOST` or `https://HOST`, with or
    /// without a path.
    pub fn new(name: impl Into<Cow<'static, str>>, address: &str, side: Side) -> Result<Self> {
        let name = name.into();
        let wrong = |what: &'static str| {
            // The address itself is not shown: what cannot be read may hold a password.
            Error::invalid(format!("the address of {name} {what}"))
                .with_hint("write it as `http://HOST:PORT` or `https://HOST/PATH`")
        };
        let base = Url::parse(address.trim()).map_err(|error| wrong("is malformed").with_source(error))?;
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(wrong("must begin with http or https").with_context("scheme", base.scheme()));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(wrong("must end with its path"));
        }
        let builder = crate::client()
            .user_agent(concat!("Orion/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none());
        let client = match side {
            Side::Local => builder.no_proxy(),
            Side::Cloud => builder,
        };
        let client =
            client.build().map_err(|error| Error::unexpected("the HTTP client cannot be built").with_source(error))?;
        Ok(Self {
            name,
            base,
            headers: HeaderMap::new(),
            secret: None,
            deadline: Duration::from_secs(120),
            idle: Duration::from_secs(30),
            hint: None,
            client,
        })
    }

    /// Sends a key with every call: `authorization`, `Bearer `, and the key. It is shown in no log and no error, also
    /// where the server repeats it.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for a key that is empty or cannot be a header.
    pub fn with_secret(mut self, header: &'static str, before: &str, key: &Secret) -> Result<Self> {
        let bare = key.expose().trim();
        if bare.is_empty() {
            return Err(Error::invalid(format!("the key for {} is empty", self.name)));
        }
        let mut value = HeaderValue::try_from(format!("{before}{bare}"))
            .map_err(|_| Error::invalid(format!("the key for {} holds characters that no key has", self.name)))?;
        value.set_sensitive(true);
        self.headers.insert(HeaderName::from_static(header), value);
        self.secret = Some(Secret::new(bare));
        Ok(self)
    }

    /// Sets the longest time for a whole answer.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets the longest time without a sign of life once an answer has begun.
    #[must_use]
    pub fn with_idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// Sets what people can do when nobody listens at the address.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Its name for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address as it may be shown: without user and password.
    pub fn address(&self) -> String {
        let mut shown = self.base.clone();
        // These fail only for addresses that can have neither.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        shown.to_string().trim_end_matches('/').to_owned()
    }

    /// A call that asks. Each segment of the path is escaped: text of others cannot leave its place.
    pub fn get(&self, path: &[&str]) -> Call<'_> {
        self.call(Method::GET, path)
    }

    /// A call that sends.
    pub fn post(&self, path: &[&str]) -> Call<'_> {
        self.call(Method::POST, path)
    }

    /// A call by any other method.
    pub fn call(&self, method: Method, path: &[&str]) -> Call<'_> {
        let request = self.url(path).map(|url| self.client.request(method, url).headers(self.headers.clone()));
        Call::new(self, request)
    }

    fn url(&self, path: &[&str]) -> Result<Url> {
        if let Some(wrong) = path.iter().find(|segment| matches!(**segment, "" | "." | "..")) {
            return Err(Error::invalid("this cannot be part of an address").with_context("part", wrong));
        }
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| Error::invalid(format!("the address of {} has no path", self.name)))?
            .pop_if_empty()
            .extend(path);
        Ok(url)
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.deadline
    }

    pub(crate) fn idle(&self) -> Duration {
        self.idle
    }

    /// What a server said as it may be shown: in one line, without controls and without the key.
    pub(crate) fn shown(&self, said: &str) -> String {
        let said = match &self.secret {
            Some(secret) => said.replace(secret.expose(), "[redacted]"),
            None => said.to_owned(),
        };
        let words: Vec<&str> = said.split(|c: char| c.is_whitespace() || c.is_control()).collect();
        let line = words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(" ");
        line.chars().take(300).collect()
    }

    /// The error of a request that got no answer.
    pub(crate) fn unanswered(&self, error: reqwest::Error) -> Error {
        // The address of a request may hold what nobody should read.
        let error = error.without_url();
        if error.is_builder() {
            return Error::unexpected(format!("the request to {} cannot be made", self.name)).with_source(error);
        }
        let told = Error::unavailable(format!("{} does not answer", self.name))
            .with_context("server", self.address())
            .with_source(error);
        match &self.hint {
            Some(hint) => told.with_hint(hint.clone()),
            None => told,
        }
    }

    /// The error of an answer that broke off on its way.
    pub(crate) fn broken_off(&self, error: reqwest::Error) -> Error {
        Error::unavailable(format!("the answer of {} broke off", self.name))
            .with_context("server", self.address())
            .with_source(error.without_url())
    }

    /// The error of a wait that was too long.
    pub(crate) fn too_slow(&self, what: &str, after: Duration) -> Error {
        Error::new(orion_core::ErrorKind::Timeout, format!("{} {what}", self.name))
            .with_context("server", self.address())
            .with_context("seconds", after.as_secs_f64())
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("name", &self.name)
            .field("address", &self.address())
            .field("secret", &self.secret)
            .field("deadline", &self.deadline)
            .field("idle", &self.idle)
            .finish_non_exhaustive()
    }
}
