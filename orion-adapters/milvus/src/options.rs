//! Which server, which database, and how one is known there.

use orion_core::domain::Secret;
use orion_core::{Error, Result};
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Port of Milvus.
const PORT: u16 = 19530;

/// Settings of a [`MilvusVectors`](crate::MilvusVectors).
#[derive(Debug, Clone)]
pub struct MilvusOptions {
    /// `http://host:port` or `https://host:port`.
    pub(crate) endpoint: String,
    /// Empty for the default one.
    pub(crate) database: String,
    /// `user:password` or an API key.
    pub(crate) token: Option<Secret>,
    /// File of the authority that signed the server's certificate, if it is one of one's own.
    pub(crate) authority: Option<PathBuf>,
    pub(crate) deadline: Duration,
}

impl MilvusOptions {
    /// Reads `milvus://HOST:PORT/DATABASE`, or `milvus+tls://…` (`?ca=FILE` for an authority of one's own); port and
    /// database may be left out, and a name with a password may stand before the host.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for anything else; it shows no password.
    pub fn parse(address: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid("this is no address of a Milvus server")
                .with_hint("write it as milvus://HOST:PORT/DATABASE, or milvus+tls://…?ca=FILE for TLS")
        };
        let url = Url::parse(address.trim()).map_err(|_| wrong())?;
        let scheme = match url.scheme() {
            "milvus" => "http",
            "milvus+tls" => "https",
            _ => return Err(wrong()),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let database = url.path().trim_matches('/');
        if !database.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(wrong());
        }
        let mut authority = None;
        for (name, value) in url.query_pairs() {
            if name != "ca" || scheme != "https" || value.is_empty() {
                return Err(wrong());
            }
            authority = Some(PathBuf::from(value.into_owned()));
        }
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let token = match (url.username(), url.password()) {
            ("", None) => None,
            (name, Some(password)) => Some(Secret::new(format!("{}:{}", decoded(name), decoded(password)))),
            (key, None) => Some(Secret::new(decoded(key))),
        };
        Ok(Self {
            endpoint: format!("{scheme}://{host}:{}", url.port().unwrap_or(PORT)),
            database: database.to_owned(),
            token,
            authority,
            deadline: Duration::from_secs(10),
        })
    }

    /// Sets what the server asks for, `user:password` or an API key; empty changes nothing.
    #[must_use]
    pub fn with_token(mut self, token: &Secret) -> Self {
        if !token.expose().trim().is_empty() {
            self.token = Some(Secret::new(token.expose().trim()));
        }
        self
    }

    /// Sets how long one call may take.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let options = MilvusOptions::parse("milvus://localhost").unwrap();
        assert_eq!((options.endpoint.as_str(), options.database.as_str()), ("http://localhost:19530", ""));
        assert!(options.token.is_none());
        let options = MilvusOptions::parse("milvus+tls://orion:ge%3Aheim@db.example:443/videos").unwrap();
        assert_eq!((options.endpoint.as_str(), options.database.as_str()), ("https://db.example:443", "videos"));
        assert_eq!(options.token.as_ref().unwrap().expose(), "orion:ge:heim");
        assert!(!format!("{options:?}").contains("heim"));
        let options = MilvusOptions::parse("milvus+tls://db.example/videos?ca=/etc/own.pem").unwrap();
        assert_eq!(options.authority.as_deref(), Some(std::path::Path::new("/etc/own.pem")));
        let wrong = ["milvus:", "http://x", "milvus://h/a/b", "milvus://h/a;b", "milvus://h/?x=1", "milvus://h/?ca=a"];
        for wrong in wrong {
            assert!(MilvusOptions::parse(wrong).is_err(), "{wrong}");
        }
    }
}
