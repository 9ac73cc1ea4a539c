//! Keys of 256 bits and how they are written.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE};
use base64::engine::{DecodePaddingMode, general_purpose};
use orion_core::domain::Secret;
use orion_core::port::Entropy;
use orion_core::{Error, Result};
use std::fmt;

/// A secret key of 256 bits, written as URL-safe base64, which is also how Fernet keys are written.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

/// Reads keys with and without padding.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const FORMS: [GeneralPurpose; 2] = [
    GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT),
    GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        general_purpose::NO_PAD.with_decode_padding_mode(DecodePaddingMode::Indifferent),
    ),
];

impl Key {
    /// A new key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// A key from its bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads a key.
    ///
    /// # Errors
    /// `Invalid` for what is not base64 of exactly 32 bytes; the error does not show the text.
    pub fn parse(text: &Secret) -> Result<Self> {
        let text = text.expose().trim();
        let bytes = FORMS.iter().find_map(|form| form.decode(text).ok());
        let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).ok_or_else(|| {
            Error::invalid("a key must be 32 random bytes in base64")
                .with_hint("make one with `openssl rand -base64 32`")
        })?;
        Ok(Self(bytes))
    }

    /// Reads keys that are separated by commas.
    ///
    /// # Errors
    /// `Invalid` if there is none, or for one that is not base64 of exactly 32 bytes.
    pub fn parse_list(text: &Secret) -> Result<Vec<Self>> {
        let parts = text.expose().split(',').map(str::trim).filter(|part| !part.is_empty());
        let keys: Vec<Self> = parts.map(|part| Self::parse(&Secret::new(part))).collect::<Result<_>>()?;
        if keys.is_empty() { Self::parse(&Secret::new("")).map(|key| vec![key]) } else { Ok(keys) }
    }

    /// The key as text, to be kept where only its owner can read.
    pub fn to_text(&self) -> Secret {
        Secret::new(URL_SAFE.encode(self.0))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key([redacted])")
    }
}
