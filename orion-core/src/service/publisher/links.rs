//! Links to stored files that end, signed with a key of this installation.

use crate::domain::{BlobRef, Secret, Sha256};
use crate::port::{FileLinks, Vault};
use crate::{Error, ErrorKind, Result, Timestamp};
use std::sync::Arc;

/// What the key is for.
const PURPOSE: &str = "orion/file-link";

/// Makes links of the form `BASE/SHA256?expires=SECONDS&signature=HEX`, and checks what comes back.
#[derive(Debug, Clone)]
pub struct SignedLinks {
    /// Holds the key.
    pub vault: Arc<dyn Vault>,
    /// Where the host serves files: `https://orion.example/api/v1/media/files`.
    pub base: String,
}

impl SignedLinks {
    /// Checks what came back with a link, at `now`.
    ///
    /// # Errors
    /// [`Forbidden`](ErrorKind::Forbidden) for a link that has ended or was not made here; it does not say which.
    pub fn check(&self, file: Sha256, expires: i64, signature: &str, now: Timestamp) -> Result<()> {
        let expected = self.signature(file, expires)?;
        // Every digit is compared, however many match, so that the time tells nothing.
        let differs = expected.bytes().zip(signature.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b));
        let holds =
            differs == 0 && signature.len() == expected.len() && now.as_micros() < expires.saturating_mul(1_000_000);
        if holds { Ok(()) } else { Err(Error::new(ErrorKind::Forbidden, "this link does not hold")) }
    }

    fn signature(&self, file: Sha256, expires: i64) -> Result<String> {
        Ok(Sha256(self.vault.derive(PURPOSE, format!("{file}/{expires}").as_bytes())?).to_string())
    }
}

impl FileLinks for SignedLinks {
    fn link(&self, file: &BlobRef, until: Timestamp) -> Result<Secret> {
        let expires = until.as_micros() / 1_000_000;
        let signature = self.signature(file.sha256, expires)?;
        let base = self.base.trim_end_matches('/');
        Ok(Secret::new(format!("{base}/{}?expires={expires}&signature={signature}", file.sha256)))
    }
}
