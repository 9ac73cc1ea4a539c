//! The signature of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use orion_core::{Error, Result};
use std::fmt;

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// A secret has so many bytes (Standard Webhooks, "Signature scheme").
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// A key that sender and receiver share.
#[derive(Clone)]
pub struct WebhookSecret(Vec<u8>);

impl WebhookSecret {
    /// Reads `whsec_` and 24 to 64 bytes in Base64.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for anything else; it never shows the text.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid("this is no secret of a webhook")
                .with_hint("make one with: echo whsec_$(openssl rand -base64 32)")
        };
        let encoded = text.trim().strip_prefix(PREFIX).ok_or_else(wrong)?;
        let key = STANDARD.decode(encoded).map_err(|_| wrong())?;
        if LENGTHS.contains(&key.len()) { Ok(Self(key)) } else { Err(wrong()) }
    }

    /// The value of the header `webhook-signature` for a message.
    ///
    /// # Errors
    /// None in practice: a key may have any length.
    pub fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> Result<String> {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&self.0)
            .map_err(|error| Error::unexpected("the key cannot sign").with_context("reason", error))?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn the_signature_is_that_of_the_specification() {
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#).unwrap();
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(!format!("{secret:?}").contains("MfKQ"));
    }

    #[test]
    fn what_is_no_secret() {
        for wrong in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_%%%"] {
            let error = WebhookSecret::parse(wrong).unwrap_err();
            assert!(error.hint().is_some() && !format!("{error:?}").contains("MfKQ"), "{error:?}");
        }
        assert!(WebhookSecret::parse(&format!("whsec_{}", STANDARD.encode([7; 65]))).is_err());
    }
}
