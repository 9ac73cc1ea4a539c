//! Names of stored bytes: a file is known by the hash of what is in it.

use crate::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Digest;
use std::fmt;
use std::str::FromStr;

/// A SHA-256 digest; 64 lower-case hex digits in text and JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// The digest of a value's JSON form; the input hash of journal steps.
    ///
    /// # Errors
    /// [`Corrupt`](crate::ErrorKind::Corrupt) if the value cannot be written as JSON.
    pub fn of_json<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        Ok(Self::of(&serde_json::to_vec(value)?))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

impl FromStr for Sha256 {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let malformed = || Error::invalid("not a SHA-256 digest").with_context("value", text);
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(malformed());
        }
        let mut digest = [0_u8; 32];
        for (index, byte) in digest.iter_mut().enumerate() {
            let pair = text.get(index * 2..index * 2 + 2).ok_or_else(malformed)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| malformed())?;
        }
        Ok(Self(digest))
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Bytes in a [`BlobStore`](crate::port::BlobStore): what they are, how many, and their hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BlobRef {
    /// Hash of the bytes, which is also their address.
    pub sha256: Sha256,
    /// Length in bytes.
    pub length: u64,
    /// Media type, such as `image/png`.
    pub media_type: String,
}

impl BlobRef {
    /// Whether it is a file of moving pictures.
    pub fn is_clip(&self) -> bool {
        self.media_type.starts_with("video/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_64_hex_digits() {
        let digest = Sha256::of(b"orion");
        let text = digest.to_string();
        assert_eq!(text.parse::<Sha256>().unwrap(), digest);
        assert_eq!(text.to_uppercase().parse::<Sha256>().unwrap(), digest);
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(serde_json::from_str::<Sha256>(&json).unwrap(), digest);
        for wrong in ["", &text[1..], &format!("{text}0"), &"+f".repeat(32), &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(wrong.parse::<Sha256>().unwrap_err().kind(), crate::ErrorKind::Invalid, "{wrong}");
            assert!(serde_json::from_value::<Sha256>(wrong.into()).is_err());
        }
    }
}
