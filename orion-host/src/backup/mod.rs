//! Copies of an installation: its record as entries, one a line, and the files that its rows name. The form is the same
//! for every database and every place of files, so that a copy of one can be restored into another.
//!
//! A backup is a folder:
//!
//! - `record.jsonl`: the record at one moment, an [`Entry`](orion_core::port::Entry) a line;
//! - `files.jsonl`: which files there are, with hash, length and media type;
//! - `files/`: they themselves, each under its hash;
//! - `manifest.json`, written last: versions, counts, and the hashes of the other two.
//!
//! What lets somebody in for a while (sessions, links in mails) is left out: to bring back what was revoked since would
//! let a thief in again. Keys are no part of the record and so of no backup.

mod restore;
mod verify;
mod write;

pub use restore::restore;
pub use verify::verify;
pub use write::back_up;

use orion_core::domain::{Session, Sha256, Ticket};
use orion_core::port::Entity;
use orion_core::{Error, ErrorKind, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::Digest;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The form of backups that this program writes, and the highest that it reads.
const FORMAT: u32 = 1;
/// Entries that are read or written at once.
const BATCH: u32 = 500;
/// Rows that no backup has.
const LEFT_OUT: [&str; 2] = [Session::TABLE, Ticket::TABLE];

const MANIFEST: &str = "manifest.json";
const RECORD: &str = "record.jsonl";
const LIST: &str = "files.jsonl";
const FILES: &str = "files";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The form of the backup.
    pub format: u32,
    /// The Orion that wrote it.
    pub orion: String,
    /// The moment of the record.
    pub made_at: Timestamp,
    /// The record.
    pub record: Listing,
    /// How many entries there are of each table and each part of the log.
    pub entries: BTreeMap<String, u64>,
    /// The list of the files.
    pub list: Listing,
    /// How many files there are.
    pub files: u64,
    /// Their length together.
    pub file_bytes: u64,
    /// Files that rows name, but that were missing or damaged where they were stored.
    pub missing: Vec<Sha256>,
    /// What is in it that should stay secret.
    pub secrets_inside: Vec<String>,
    /// What is not in it.
    pub left_out: Vec<String>,
}

/// A file of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Lines.
    pub lines: u64,
    /// Bytes.
    pub bytes: u64,
    /// Hash of the bytes.
    pub sha256: Sha256,
}

/// One line of the list of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    sha256: Sha256,
    length: u64,
    media_type: String,
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is counted: `entries`, `files checked`, `files`.
    pub unit: &'static str,
    /// How many are done.
    pub done: u64,
    /// Of how many; zero if that is not known yet.
    pub total: u64,
}

/// Hears how far a copy is.
pub type Tell<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// What a person should know of what is in every backup.
fn secrets_inside() -> Vec<String> {
    [
        "password hashes (Argon2id) and the addresses of all users",
        "credentials of publishing accounts, sealed by the key auth.encryption_key",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn left_out() -> Vec<String> {
    [
        "the keys: auth.jwt_secret, auth.encryption_key and auth.internal_token (keys.toml of the data folder, or your own); without the same auth.encryption_key the sealed credentials cannot be opened again",
        "sessions and links in mails: everybody signs in again, and open invitations are sent anew",
        "configuration (orion.toml, variables), voices, the memory of hooks (`vectors`), and what was delivered or published into folders",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Where a file of a backup stands.
fn place(folder: &Path, sha256: Sha256) -> PathBuf {
    let digest = sha256.to_string();
    let (first, rest) = digest.split_at(2);
    folder.join(FILES).join(first).join(rest)
}

/// Counts and hashes lines on their way.
#[derive(Debug, Clone, Default)]
struct Tally {
    hasher: sha2::Sha256,
    lines: u64,
    bytes: u64,
}

impl Tally {
    fn add(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    }

    fn listing(self) -> Listing {
        Listing { lines: self.lines, bytes: self.bytes, sha256: Sha256(self.hasher.finalize().into()) }
    }
}

/// A backup that is not what it was when it was written.
fn broken(message: &'static str, path: &Path) -> Error {
    Error::new(ErrorKind::Corrupt, message)
        .with_context("path", path.display())
        .with_hint("nothing was changed; take another backup")
}

/// Runs work on files where it holds up nobody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> orion_core::Result<T> + Send + 'static,
) -> orion_core::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Error::unexpected("work on a backup broke off").with_source(error)))
}

#[cfg(test)]
mod tests;
