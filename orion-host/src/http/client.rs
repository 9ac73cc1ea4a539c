//! Who is at the other end of the connection.

use super::{Platform, cookies};
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, header};
use ipnet::IpNet;
use orion_core::service::identity::Client;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Names of programs are cut at this length.
const LONGEST_AGENT: usize = 256;

/// A handler's argument: who asks, as the network sees it.
#[derive(Debug)]
pub(super) struct Asker(pub(super) Client);

impl FromRequestParts<Arc<Platform>> for Asker {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, platform: &Arc<Platform>) -> Result<Self, Infallible> {
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        Ok(Self(Client {
            agent: agent.chars().filter(|letter| !letter.is_control()).take(LONGEST_AGENT).collect(),
            address: address(&parts.extensions, &parts.headers, &platform.settings.proxies).to_string(),
            device: cookies::device(&parts.headers),
        }))
    }
}

/// The client's address: the peer, or, if the peer is a trusted proxy, the last in its `X-Forwarded-For` that is none.
pub(super) fn address(extensions: &Extensions, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    forwarded(peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0.ip()), headers, proxies)
}

/// As [`address`], of a peer and the headers it sent.
fn forwarded(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let trusted = |address: &IpAddr| proxies.iter().any(|network| network.contains(address));
    if !trusted(&peer) {
        return peer;
    }
    let named = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let mut named: Vec<&str> = named.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut last = peer;
    while let Some(address) = named.pop().and_then(|text| text.parse::<IpAddr>().ok()) {
        last = address.to_canonical();
        if !trusted(&last) {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_trusted_proxies_are_believed_and_only_as_far_as_they_are_trusted() {
        let check = |peer: &str, forwarded_for: &str, expected: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", HeaderValue::from_str(forwarded_for).unwrap());
            let proxies = ["10.0.0.0/8".parse().unwrap()];
            assert_eq!(forwarded(peer.parse().unwrap(), &headers, &proxies).to_string(), expected);
        };
        check("203.0.113.9", "198.51.100.1", "203.0.113.9");
        check("10.0.0.1", "198.51.100.1", "198.51.100.1");
        check("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", "198.51.100.1");
        check("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1");
        check("10.0.0.1", "forged", "10.0.0.1");
        check("10.0.0.1", "198.51.100.1, forged, 10.0.0.2", "10.0.0.2");
        check("10.0.0.1", "", "10.0.0.1");
    }
}
