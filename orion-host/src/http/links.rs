//! Links to stored files that a browser can follow with no header: they are signed, name exactly one file, and expire.

use super::ApiError;
use axum::http::StatusCode;
use hmac::{Hmac, KeyInit, Mac};
use orion_core::domain::{BlobRef, Secret, Sha256};
use orion_core::port::FileLinks;
use orion_core::{Result, Timestamp};
use serde::Deserialize;
use std::fmt;
use std::time::Duration;

/// The path below which files are served.
pub(super) const FILES: &str = "/api/v1/media/files";

/// A link is good for at least this long, and at most an hour longer: links of one hour are alike, so that browsers
/// keep what they have fetched.
const LIFE: Duration = Duration::from_secs(12 * 3600);
const HOUR: i64 = 3600;

/// Makes links to files and tells its own from others.
#[derive(Clone)]
pub struct Links {
    key: [u8; 32],
    base: String,
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("base", &self.base).finish_non_exhaustive()
    }
}

/// What a link says beside the file.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Ticket {
    /// Unix seconds.
    pub(super) expires: i64,
    signature: String,
}

impl Links {
    /// Links below the gateway's address, signed with a key that nobody else knows.
    pub fn new(key: [u8; 32], gateway_url: &str) -> Self {
        Self { key, base: gateway_url.trim_end_matches('/').to_owned() }
    }

    /// The link to a file under a name that tells what it is: `video.mp4`.
    pub fn to(&self, blob: &BlobRef, stem: &str, now: Timestamp) -> String {
        self.until(blob.sha256, &format!("{stem}.{}", ending(&blob.media_type)), now.after(LIFE))
    }

    /// The link to a file, good until about this time.
    pub fn until(&self, sha256: Sha256, name: &str, until: Timestamp) -> String {
        let expires = (until.as_micros().div_euclid(1_000_000).div_euclid(HOUR) + 1) * HOUR;
        let signature: String = self.sign(sha256, name, expires).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}{FILES}/{sha256}/{name}?expires={expires}&signature={signature}", self.base)
    }

    /// Refuses a link that is not one of its own, or has expired.
    pub(super) fn check(&self, sha256: Sha256, name: &str, ticket: &Ticket, now: Timestamp) -> Result<(), ApiError> {
        let refused = |message| ApiError::new(StatusCode::FORBIDDEN, message);
        let told = bytes(&ticket.signature).ok_or_else(|| refused("this link is not valid"))?;
        // In constant time: how much of a guess is right must not show.
        self.mac(sha256, name, ticket.expires).verify_slice(&told).map_err(|_| refused("this link is not valid"))?;
        match now.as_micros() < ticket.expires.saturating_mul(1_000_000) {
            true => Ok(()),
            false => Err(refused("this link has expired")),
        }
    }

    fn mac(&self, sha256: Sha256, name: &str, expires: i64) -> Hmac<sha2::Sha256> {
        // The standard fills a short key up with zeros.
        let mut block = [0; 64];
        block[..32].copy_from_slice(&self.key);
        let mut mac = Hmac::<sha2::Sha256>::new(&block.into());
        mac.update(format!("file/{sha256}/{name}/{expires}").as_bytes());
        mac
    }

    fn sign(&self, sha256: Sha256, name: &str, expires: i64) -> [u8; 32] {
        self.mac(sha256, name, expires).finalize().into_bytes().into()
    }
}

impl FileLinks for Links {
    fn link(&self, file: &BlobRef, until: Timestamp) -> Result<Secret> {
        let name = format!("{}.{}", "file", ending(&file.media_type));
        Ok(Secret::new(self.until(file.sha256, &name, until)))
    }
}

/// The 32 bytes of 64 hex digits.
fn bytes(hex: &str) -> Option<[u8; 32]> {
    hex.parse::<Sha256>().ok().map(|digest| digest.0)
}

/// The usual ending of a file of this type.
fn ending(media_type: &str) -> &'static str {
    TYPES.iter().find(|(_, known)| *known == media_type).map_or("bin", |(ending, _)| ending)
}

/// What a file is by its ending; only what is harmless to show.
pub(super) fn media_type(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    TYPES.iter().find(|(known, _)| *known == ending).map_or("application/octet-stream", |(_, media_type)| media_type)
}

const TYPES: &[(&str, &str)] = &[
    ("mp4", "video/mp4"),
    ("jpg", "image/jpeg"),
    ("png", "image/png"),
    ("webp", "image/webp"),
    ("gif", "image/gif"),
    ("wav", "audio/wav"),
    ("mp3", "audio/mpeg"),
    ("flac", "audio/flac"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(link: &str) -> (Sha256, String, Ticket) {
        let (path, query) = link.split_once('?').unwrap();
        let mut parts = path.rsplit('/');
        let (name, sha256) = (parts.next().unwrap().to_owned(), parts.next().unwrap().parse().unwrap());
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let expires = pairs.next().unwrap().1.parse().unwrap();
        (sha256, name, Ticket { expires, signature: pairs.next().unwrap().1.into_owned() })
    }

    #[test]
    fn a_link_is_good_for_its_file_name_and_time_and_for_nothing_else() {
        let now: Timestamp = "2026-11-24T02:30:00Z".parse().unwrap();
        let links = Links::new([7; 32], "https://orion.example/");
        let blob = BlobRef { sha256: Sha256::of(b"a video"), length: 7, media_type: "video/mp4".to_owned() };
        let link = links.to(&blob, "video", now);
        assert!(
            link.starts_with("https://orion.example/api/v1/media/files/") && link.contains("/video.mp4?"),
            "{link}"
        );
        assert_eq!(link, links.to(&blob, "video", now.after(Duration::from_secs(600))), "alike within the hour");
        let (sha256, name, good) = ticket(&link);
        assert!(links.check(sha256, &name, &good, now.after(LIFE)).is_ok());
        assert!(links.check(sha256, &name, &good, now.after(LIFE + Duration::from_secs(3600))).is_err());
        assert!(links.check(Sha256::of(b"another"), &name, &good, now).is_err());
        assert!(links.check(sha256, "video.html", &good, now).is_err());
        assert!(links.check(sha256, &name, &Ticket { expires: good.expires + 1, ..good.clone() }, now).is_err());
        assert!(Links::new([8; 32], "https://orion.example").check(sha256, &name, &good, now).is_err());
        for position in 0..64 {
            let mut signature = good.signature.clone().into_bytes();
            signature[position] = if signature[position] == b'0' { b'1' } else { b'0' };
            let forged = Ticket { signature: String::from_utf8(signature).unwrap(), ..good.clone() };
            assert!(links.check(sha256, &name, &forged, now).is_err());
        }
        for signature in ["", "00", &"é".repeat(32), &format!("{}0", good.signature)] {
            let forged = Ticket { signature: signature.to_owned(), ..good.clone() };
            assert!(links.check(sha256, &name, &forged, now).is_err(), "{signature}");
        }
        assert!(!format!("{links:?}").contains('7'));
    }

    #[test]
    fn types_and_endings_agree() {
        for (name, media_type_of) in TYPES {
            assert_eq!((ending(media_type_of), media_type(&format!("a.{name}"))), (*name, *media_type_of));
        }
        assert_eq!(
            (ending("text/html"), media_type("x.html"), media_type("x")),
            ("bin", "application/octet-stream", "application/octet-stream")
        );
    }
}
