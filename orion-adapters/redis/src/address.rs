//! Addresses of servers: `redis://USER:PASSWORD@HOST:PORT/DATABASE`, `rediss://…` with TLS.

use orion_core::{Error, Result};
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, TlsCertificates};
use std::path::Path;
use url::Url;

/// The default port.
const PORT: u16 = 6379;

/// Reads an address. What it says of it shows no password.
///
/// # Errors
/// `Invalid` for what is no such address; `Unavailable` for a certificate that cannot be read.
pub(crate) fn client(address: &str) -> Result<(Client, String)> {
    let malformed = |why: &'static str| {
        Error::invalid("this is no address of a Redis server")
            .with_context("reason", why)
            .with_hint("write it like redis://user:password@host:6379/0, or rediss://… with TLS")
    };
    let mut url = Url::parse(address).map_err(|_| malformed("it is malformed"))?;
    if !matches!(url.scheme(), "redis" | "rediss") {
        return Err(malformed("its scheme is neither redis nor rediss"));
    }
    if url.fragment().is_some() {
        return Err(malformed("it has a fragment; certificates are always checked"));
    }
    let tls = url.scheme() == "rediss";
    let mut ca = None;
    for (name, value) in url.query_pairs() {
        match &*name {
            "ca" if tls => ca = Some(value.into_owned()),
            "ca" => return Err(malformed("`ca` needs rediss")),
            _ => return Err(malformed("it has an unknown parameter; `ca` is known")),
        }
    }
    url.set_query(None);
    let info: ConnectionInfo = url
        .as_str()
        .into_connection_info()
        .map_err(|_| malformed("host, database number or password cannot be read"))?;
    let name = name(&info);
    let refused = |error: redis::RedisError| malformed("it does not fit").with_context("cause", error.category());
    if !tls {
        return Ok((Client::open(info).map_err(refused)?, name));
    }
    // The only one that is built in; where another crate has chosen it already, so much the better.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = match ca {
        None => Client::open(info),
        Some(file) => {
            let certificates = TlsCertificates { client_tls: None, root_cert: Some(read(Path::new(&file))?) };
            Client::build_with_tls(info, certificates)
        }
    };
    Ok((client.map_err(refused)?, name))
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).map_err(|error| {
        Error::unavailable("the certificate of the Redis server's authority cannot be read")
            .with_context("file", file.display())
            .with_source(error)
            .with_hint("`ca` of the address names a PEM file")
    })
}

/// Host, port and database, and nothing that is secret.
fn name(info: &ConnectionInfo) -> String {
    let place = match info.addr() {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
            if *port == PORT { format!("{host}:{PORT}") } else { format!("{host}:{port}") }
        }
        other => other.to_string(),
    };
    match info.redis_settings().db() {
        0 => place,
        database => format!("{place}/{database}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::ErrorKind;

    #[test]
    fn addresses_are_named_without_their_secrets() {
        for (address, expected) in [
            ("redis://localhost", "localhost:6379"),
            ("redis://:hunter2@10.0.0.7:6380/3", "10.0.0.7:6380/3"),
            ("redis://orion:hunter2@[::1]/", "[::1]:6379"),
            ("rediss://orion:hunter2@redis.example.org:6390/0", "redis.example.org:6390"),
        ] {
            let (client, name) = client(address).unwrap();
            assert_eq!(name, expected);
            assert!(!format!("{client:?}").contains("hunter2"));
        }
        let (client, _) = client("redis://or%40ion:p%2Fw@localhost").unwrap();
        let settings = client.get_connection_info().redis_settings();
        assert_eq!((settings.username(), settings.password()), (Some("or@ion"), Some("p/w")));
    }

    #[test]
    fn what_is_no_address_is_refused_without_its_secrets() {
        for address in [
            "",
            "localhost:6379",
            "http://:hunter2@localhost",
            "unix:///hunter2",
            "redis://:hunter2@localhost/zero",
            "redis://:hunter2@localhost:port",
            "rediss://:hunter2@localhost/#insecure",
            "redis://:hunter2@localhost/?protocol=resp3",
            "redis://:hunter2@localhost/?ca=/x",
        ] {
            let error = client(address).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{address}: {error:?}");
            assert!(!format!("{error:?}").contains("hunter2") && error.hint().is_some(), "{error:?}");
        }
        let missing = client("rediss://localhost/?ca=/nonexistent/ca.pem").unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::Unavailable);
        assert!(missing.to_string().contains("/nonexistent/ca.pem"), "{missing}");
    }
}
