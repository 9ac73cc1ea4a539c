//! Sealed values and derived tokens, under a list of keys of which the first is the present one.

use crate::Key;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use fernet::Fernet;
use hmac::{Hmac, Mac};
use orion_core::domain::Secret;
use orion_core::port::{Entropy, Vault};
use orion_core::{Error, ErrorKind, Result};
use sha2::Sha256;
use std::fmt;
use std::sync::Arc;

/// What a seal begins with. Fernet tokens begin with `gAAAA`.
const FORM: &str = "v1.";

const NONCE: usize = 24;

/// Seals with XChaCha20-Poly1305, bound to the purpose, and derives with HMAC-SHA-256. It also opens Fernet tokens that
/// were made with any of its keys; those know no purpose.
#[derive(Clone)]
pub struct KeyVault {
    keys: Arc<[Keys]>,
    entropy: Arc<dyn Entropy>,
}

/// What is made of one key: a part for each use, so that no use tells anything about another.
struct Keys {
    seal: XChaCha20Poly1305,
    derive: [u8; 32],
    fernet: Fernet,
}

impl fmt::Debug for KeyVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyVault").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

impl KeyVault {
    /// A vault that seals and derives with the first key and opens with any.
    ///
    /// # Errors
    /// `Invalid` without a key.
    pub fn new(keys: &[Key], entropy: Arc<dyn Entropy>) -> Result<Self> {
        if keys.is_empty() {
            return Err(Error::invalid("a vault needs a key"));
        }
        let keys = keys.iter().map(Keys::of).collect::<Result<Vec<_>>>()?;
        Ok(Self { keys: keys.into(), entropy })
    }

    fn present(&self) -> Result<&Keys> {
        self.keys.first().ok_or_else(broken)
    }
}

impl Keys {
    fn of(key: &Key) -> Result<Self> {
        let part = |name: &str| mac(key.bytes(), &[b"orion vault 1", name.as_bytes()]);
        Ok(Self {
            seal: XChaCha20Poly1305::new(&part("seal")?.into()),
            derive: part("derive")?,
            fernet: Fernet::new(key.to_text().expose()).ok_or_else(broken)?,
        })
    }

    fn open(&self, sealed: &[u8], purpose: &str) -> Option<Vec<u8>> {
        let (nonce, msg) = sealed.split_first_chunk::<NONCE>()?;
        self.seal.decrypt(&XNonce::from(*nonce), Payload { msg, aad: purpose.as_bytes() }).ok()
    }
}

fn broken() -> Error {
    Error::unexpected("the vault cannot use its key")
}

/// HMAC-SHA-256 over parts, each with its length before it, so that no two lists of parts read the same.
fn mac(key: &[u8; 32], parts: &[&[u8]]) -> Result<[u8; 32]> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).map_err(|_| broken())?;
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    Ok(mac.finalize().into_bytes().into())
}

impl Vault for KeyVault {
    fn seal(&self, text: &Secret, purpose: &str) -> Result<Secret> {
        let mut nonce = [0_u8; NONCE];
        self.entropy.fill(&mut nonce);
        let payload = Payload { msg: text.expose().as_bytes(), aad: purpose.as_bytes() };
        let sealed = self.present()?.seal.encrypt(&XNonce::from(nonce), payload).map_err(|_| broken())?;
        Ok(Secret::new(format!("{FORM}{}", URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))))
    }

    fn open(&self, sealed: &Secret, purpose: &str) -> Result<Secret> {
        let corrupt = || {
            Error::new(ErrorKind::Corrupt, "a sealed value cannot be opened")
                .with_context("purpose", purpose)
                .with_hint("add the key that it was sealed with to the list of keys")
        };
        let text = match sealed.expose().strip_prefix(FORM) {
            Some(sealed) => {
                let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| corrupt())?;
                self.keys.iter().find_map(|keys| keys.open(&sealed, purpose))
            }
            None => self.keys.iter().find_map(|keys| keys.fernet.decrypt(sealed.expose()).ok()),
        };
        let text = text.and_then(|text| String::from_utf8(text).ok()).ok_or_else(corrupt)?;
        Ok(Secret::new(text))
    }

    fn derive(&self, purpose: &str, data: &[u8]) -> Result<[u8; 32]> {
        mac(&self.present()?.derive, &[purpose.as_bytes(), data])
    }
}
