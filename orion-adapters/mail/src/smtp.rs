//! Mail by SMTP submission (RFC 6409).

use crate::message::{build, sender};
use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{AsyncSmtpTransportBuilder, Error as SmtpError};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use orion_core::domain::Secret;
use orion_core::port::{Mail, Mailer};
use orion_core::{Error, ErrorKind, Result, Retry};
use percent_encoding::percent_decode_str;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use url::{Host, Url};

/// How the line to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte; port 465 unless another is named.
    Tls,
    /// TLS by STARTTLS, and no mail without it; port 587 unless another is named.
    StartTls,
    /// None; port 25 unless another is named. For a server on this machine or within one's own network.
    None,
}

/// Where the mail server is and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpOptions {
    /// Its name or address.
    pub host: String,
    /// Its port, if it is not the usual one.
    pub port: Option<u16>,
    /// How the line is protected.
    pub security: Security,
    /// Name and password, if it wants some.
    pub login: Option<(String, Secret)>,
    /// A certificate (PEM) to trust besides those of the system, for a server of one's own.
    pub certificate: Option<PathBuf>,
    /// Longest time for one message.
    pub timeout: Duration,
}

impl SmtpOptions {
    /// A server with STARTTLS on its usual port, without a login, and 30 seconds for a message.
    pub fn at(host: impl Into<String>) -> Self {
        let (host, security, timeout) = (host.into(), Security::StartTls, Duration::from_secs(30));
        Self { host, port: None, security, login: None, certificate: None, timeout }
    }

    /// Reads `smtp://USER:PASSWORD@HOST:PORT?tls=starttls|none&timeout=SECONDS&certificate=FILE`, or `smtps://…` for
    /// TLS from the first byte. Name and password are percent-encoded.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for what is no such address; the error never shows the password.
    pub fn parse(address: &str) -> Result<Self> {
        let wrong = |message: &'static str| {
            Error::invalid(message).with_hint("write smtp://USER:PASSWORD@HOST:587, or smtps://… for port 465")
        };
        let url =
            Url::parse(address).map_err(|error| wrong("this is no address of a mail server").with_source(error))?;
        let implicit = match url.scheme() {
            "smtp" => false,
            "smtps" => true,
            scheme => return Err(wrong("mail goes by smtp or smtps").with_context("scheme", scheme)),
        };
        let host = url.host_str().filter(|host| !host.is_empty());
        let mut options = Self::at(host.ok_or_else(|| wrong("the address names no mail server"))?);
        options.port = url.port();
        if implicit {
            options.security = Security::Tls;
        }
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(wrong("the address of a mail server has no path"));
        }
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8();
            text.map(|text| text.into_owned()).map_err(|_| wrong("name and password must be percent-encoded UTF-8"))
        };
        options.login = match (decoded(url.username())?, url.password()) {
            (user, None) if user.is_empty() => None,
            (user, Some(password)) if !user.is_empty() => Some((user, Secret::new(decoded(password)?))),
            _ => return Err(wrong("a login needs both a name and a password")),
        };
        for (key, value) in url.query_pairs() {
            match (&*key, &*value) {
                ("tls", "starttls") if !implicit => options.security = Security::StartTls,
                ("tls", "none") if !implicit => options.security = Security::None,
                ("tls", _) => return Err(wrong("`tls` is starttls or none, and only with smtp://")),
                ("timeout", seconds) => {
                    let seconds = seconds.parse().ok().filter(|seconds| (1..=600).contains(seconds));
                    options.timeout =
                        Duration::from_secs(seconds.ok_or_else(|| wrong("`timeout` is 1 to 600 seconds"))?);
                }
                ("certificate", path) => options.certificate = Some(path.into()),
                (key, _) => return Err(wrong("unknown setting of a mail server").with_context("key", key)),
            }
        }
        Ok(options)
    }

    /// Whether the server is on this very machine.
    fn is_local(&self) -> bool {
        match Host::parse(&self.host) {
            Ok(Host::Ipv4(address)) => address.is_loopback(),
            Ok(Host::Ipv6(address)) => address.is_loopback(),
            _ => self.host == "localhost",
        }
    }

    fn tls(&self) -> Result<Tls> {
        // A literal IPv6 address stands in brackets in a URL, and without them in a certificate.
        let name = self.host.trim_matches(['[', ']']).to_owned();
        let mut parameters = TlsParameters::builder(name);
        if let Some(path) = &self.certificate {
            let pem = std::fs::read(path).map_err(|error| {
                Error::invalid("the certificate of the mail server cannot be read")
                    .with_context("path", path.display())
                    .with_source(error)
            })?;
            let unread = |error: SmtpError| {
                Error::invalid("this is no certificate in PEM form")
                    .with_context("path", path.display())
                    .with_source(error)
            };
            parameters = parameters.add_root_certificate(Certificate::from_pem(&pem).map_err(unread)?);
        }
        let failed = |error: SmtpError| Error::unavailable("TLS cannot be set up").with_source(error);
        Ok(match self.security {
            Security::Tls => Tls::Wrapper(parameters.build().map_err(failed)?),
            Security::StartTls => Tls::Required(parameters.build().map_err(failed)?),
            Security::None => Tls::None,
        })
    }
}

/// Hands messages to a mail server.
#[derive(Clone)]
pub struct SmtpMailer {
    builder: AsyncSmtpTransportBuilder,
    /// Built when it is first needed: it looks after its lines in the background, for which a runtime must be there.
    transport: Arc<OnceLock<AsyncSmtpTransport<Tokio1Executor>>>,
    from: Mailbox,
    timeout: Duration,
}

impl std::fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the builder: it knows the password.
        f.debug_struct("SmtpMailer").field("from", &self.from).field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl SmtpMailer {
    /// A mailer for a server. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a sender that is no address, for a certificate that cannot be read, and
    /// for a password that would travel unprotected to another machine.
    pub fn new(options: &SmtpOptions, from: &str) -> Result<Self> {
        let from = sender(from)?;
        if options.security == Security::None && options.login.is_some() && !options.is_local() {
            return Err(Error::invalid("a password must not travel unprotected")
                .with_context("host", &options.host)
                .with_hint("leave `tls=none` away, or use smtps://"));
        }
        let port = options.port.unwrap_or(match options.security {
            Security::Tls => 465,
            Security::StartTls => 587,
            Security::None => 25,
        });
        let host = options.host.trim_matches(['[', ']']);
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(options.tls()?)
            .timeout(Some(options.timeout));
        if let Some((user, password)) = &options.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
        }
        Ok(Self { builder, transport: Arc::default(), from, timeout: options.timeout })
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<()> {
        let message = build(&self.from, mail)?;
        // The transport's own limit counts anew with every command; this one is for the whole message.
        let transport = self.transport.get_or_init(|| self.builder.clone().build());
        let sent = tokio::time::timeout(self.timeout, transport.send(message)).await;
        match sent {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failed(error)),
            Err(_) => Err(Error::new(ErrorKind::Timeout, "the mail server took too long")
                .with_context("seconds", self.timeout.as_secs())),
        }
    }
}

/// Translates the transport's errors. What the server said stays in the source, for the log of the operator.
fn failed(error: SmtpError) -> Error {
    let status = error.status().map(u16::from);
    let told = match status {
        // RFC 4954: no login, a weak or a wrong one.
        Some(530 | 534 | 535 | 538) => Error::unavailable("the mail server refuses the login")
            .with_retry(Retry::Never)
            .with_hint("check name and password of the mail server"),
        Some(_) if error.is_permanent() => Error::invalid("the mail server refuses the message"),
        Some(_) => Error::unavailable("the mail server asks to come back later"),
        None if error.is_timeout() => Error::new(ErrorKind::Timeout, "the mail server took too long"),
        None if error.is_tls() => Error::unavailable("no protected line to the mail server")
            .with_retry(Retry::Never)
            .with_hint("check its certificate, or trust one of your own with `certificate=FILE`"),
        None if error.is_client() => Error::unavailable("the mail server does not offer what is needed")
            .with_retry(Retry::Never)
            .with_hint("it may lack STARTTLS or a way to log in; see `tls` and the login of its address"),
        None => Error::unavailable("the mail server cannot be reached").with_hint("check its address and the network"),
    };
    let told = match status {
        Some(status) => told.with_context("status", status),
        None => told,
    };
    told.with_source(error)
}
