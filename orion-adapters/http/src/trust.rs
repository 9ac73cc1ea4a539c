//! Whom this machine trusts to say who a server is: read once, however many clients there are.

use reqwest::{Client, ClientBuilder};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use std::sync::{Arc, OnceLock};

/// A builder of clients that share one set of certificates of the system. Reading it takes several milliseconds and some
/// hundred kilobytes, which a program with many clients need not spend for each.
pub fn client() -> ClientBuilder {
    match trusting() {
        Some(trusting) => Client::builder().tls_backend_preconfigured(trusting.clone()),
        // Building it will fail, and say why.
        None => Client::builder(),
    }
}

/// As reqwest sets TLS up by itself.
fn trusting() -> Option<&'static ClientConfig> {
    static TRUSTING: OnceLock<Option<ClientConfig>> = OnceLock::new();
    let read = || {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
        let mut config = versions.with_platform_verifier().ok()?.with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Some(config)
    };
    TRUSTING.get_or_init(read).as_ref()
}
