//! What may be fetched: which addresses a URL may name, and names that resolve to public addresses only.

use crate::address::is_public;
use orion_core::{Error, ErrorKind, Result};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use url::{Host, Url};

/// Longest address that is fetched, in bytes.
const LONGEST_URL: usize = 8192;

/// Hosts that may be private: exactly these names or literal addresses, as a URL writes them.
#[derive(Debug, Clone, Default)]
pub(crate) struct PrivateHosts(Vec<String>);

impl PrivateHosts {
    pub(crate) fn add(&mut self, host: &str) {
        // Through the URL parser, so that the spelling is the one that URLs end up with.
        let host = Url::parse(&format!("http://{host}")).ok().and_then(|url| url.host_str().map(str::to_owned));
        self.0.extend(host);
    }

    pub(crate) fn contains(&self, url: &Url) -> bool {
        url.host_str().is_some_and(|host| self.0.iter().any(|known| known == host))
    }
}

/// Parses an address and refuses what must never be fetched, before anything is resolved.
///
/// Ports are those of the web and everything from 1024 on: below live services that speak other protocols.
pub(crate) fn parse(text: &str) -> Result<Url> {
    let invalid = |message: &'static str| Error::invalid(message).with_context("url", redacted(text));
    if text.len() > LONGEST_URL {
        return Err(invalid("the address is too long"));
    }
    let mut url =
        Url::parse(text.trim()).map_err(|error| invalid("this is not a web address").with_context("reason", error))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("only http and https addresses are fetched"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("an address must not carry a name or password"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(invalid("the address names no host"));
    }
    url.set_fragment(None);
    Ok(url)
}

/// Refuses ports below 1024 that are not the web's, and literal addresses that are not public.
pub(crate) fn check(url: &Url) -> Result<()> {
    let port = url.port_or_known_default().unwrap_or_default();
    if port < 1024 && port != 80 && port != 443 {
        return Err(forbidden("this port is not the web's", url).with_context("port", port));
    }
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        _ => None,
    };
    match literal {
        Some(address) if !is_public(address) => Err(private(url)),
        _ => Ok(()),
    }
}

pub(crate) fn forbidden(message: &'static str, url: &Url) -> Error {
    Error::new(ErrorKind::Forbidden, message).with_context("url", redacted(url.as_str()))
}

pub(crate) fn private(url: &Url) -> Error {
    forbidden("this host is not on the public internet", url)
        .with_hint("only a host that the configuration names may be private")
}

/// An address fit for messages: without its query, which may hold a token, and without a name or password.
pub(crate) fn redacted(text: &str) -> String {
    let Ok(mut url) = Url::parse(text.trim()) else { return text.chars().take(80).collect() };
    let hidden = url.query().is_some();
    url.set_query(None);
    let plain = url.set_password(None).and_then(|()| url.set_username("")).is_ok();
    let url = if plain { url.to_string() } else { format!("{}:…", url.scheme()) };
    format!("{}{}", url.chars().take(300).collect::<String>(), if hidden { "?…" } else { "" })
}

/// Resolves names and gives only public addresses; the connection is made to one of exactly these.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PublicResolver;

/// A name that resolves to an address that is not public.
#[derive(Debug)]
pub(crate) struct PrivateAddress;

impl fmt::Display for PrivateAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name resolves to an address that is not public")
    }
}

impl std::error::Error for PrivateAddress {}

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            checked(addresses)
        })
    }
}

/// One private address among public ones condemns the name: it is either misconfigured or an attack.
fn checked(addresses: Vec<SocketAddr>) -> Result<Addrs, Box<dyn std::error::Error + Send + Sync>> {
    if addresses.iter().all(|address| is_public(address.ip())) {
        Ok(Box::new(addresses.into_iter()))
    } else {
        Err(Box::new(PrivateAddress))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_odd_spellings() {
        for url in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://0x7f.1/",
            "http://2130706433/",
            "http://0177.0.0.1/",
            "http://127.0.0.1./",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]:8080/x",
            "http://0/",
            "http://169.254.169.254/latest/meta-data",
            "http://①②⑦.⓪.⓪.①/",
            "http://%31%32%37.0.0.1/",
            "https://[fd00:ec2::254]/",
            "http://192.168.1.1:8080",
        ] {
            let url = parse(url).unwrap();
            assert_eq!(check(&url).unwrap_err().kind(), ErrorKind::Forbidden, "{url}");
        }
        for port in ["22", "25", "6", "143", "993"] {
            let url = parse(&format!("http://example.org:{port}/")).unwrap();
            assert_eq!(check(&url).unwrap_err().kind(), ErrorKind::Forbidden, "{url}");
        }
        for url in [
            "http://example.org",
            "https://example.org:8443/a?b#c",
            "http://8.8.8.8:3000/",
            "http://127.0.0.1.example.org/",
        ] {
            check(&parse(url).unwrap()).unwrap();
        }
    }

    #[test]
    fn what_is_no_web_address() {
        for text in [
            "",
            "example.org",
            "ftp://example.org/",
            "file:///etc/passwd",
            "gopher://x",
            "data:text/html,x",
            "http://",
            "http://a b/",
            "http://u:p@example.org/",
            "http://u@example.org/",
            "javascript:alert(1)",
            "http://[::1",
            "http://256.256.256.256/",
        ] {
            assert_eq!(parse(text).unwrap_err().kind(), ErrorKind::Invalid, "{text}");
        }
        assert!(parse(&format!("http://example.org/{}", "a".repeat(9000))).is_err());
    }

    #[test]
    fn messages_keep_secrets() {
        assert_eq!(redacted("https://u:secret@example.org/a?token=1"), "https://example.org/a?…");
        assert!(!parse("https://u:secret@example.org/").unwrap_err().to_string().contains("secret"));
    }

    #[test]
    fn one_private_address_condemns_a_name() {
        let address = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
        assert!(checked(vec![address("8.8.8.8"), address("10.0.0.1")]).is_err());
        assert_eq!(checked(vec![address("8.8.8.8"), address("1.1.1.1")]).map(Iterator::count).unwrap_or(0), 2);
    }
}
