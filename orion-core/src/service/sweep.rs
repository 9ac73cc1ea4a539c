//! Removes stored files that nothing points at, and never one that something does.
//!
//! A file comes before the row that points at it, and several processes write at once, so no single look can tell that
//! a file is of no use. So nothing is removed at once: a file that was stored a while ago, and that no row names, is
//! set aside, where everybody can still read it; one that has lain there as long and is still named by nobody is
//! discarded, and one that is named by now is taken back. What must hold for nothing to be lost is that a worker which
//! stores a file commits the row within two of these whiles, or before the second sweep from then.
//!
//! What a row points at is every SHA-256 that its document holds, whatever it is called there, so that a new kind of
//! row needs no line here.

use crate::domain::Sha256;
use crate::port::{BlobStore, Clock, Entry, Place, Shelf, Store, Stored};
use crate::{Operation, Result, Timestamp};
use serde::Serialize;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// Files that are held against the record in one reading of it.
const CHUNK: usize = 100_000;
/// Files that are listed at once.
const LISTED: usize = 1000;
/// Entries of the record that are read at once.
const ENTRIES: u32 = 500;

/// Removes stored files that nothing points at.
#[derive(Debug, Clone)]
pub struct Sweeper {
    /// The record.
    pub store: Arc<dyn Store>,
    /// The files.
    pub blobs: Arc<dyn BlobStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Files, and the bytes in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Heap {
    /// How many.
    pub files: u64,
    /// Their length together.
    pub bytes: u64,
}

impl Heap {
    fn add(&mut self, stored: &Stored) {
        self.files += 1;
        self.bytes += stored.length;
    }
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// What was old enough to be looked at.
    pub looked_at: Heap,
    /// What nothing points at was set aside.
    pub set_aside: Heap,
    /// What had been set aside, but something points at, was taken back.
    pub taken_back: Heap,
    /// What had been set aside, and nothing points at, was discarded.
    pub discarded: Heap,
    /// Half-written files that were removed.
    pub leftovers: u64,
}

impl Sweeper {
    /// Sweeps once. A file is touched only `grace` after it was stored, and `grace` after it was set aside; a dry run
    /// tells what would be done.
    ///
    /// # Errors
    /// Those of the record and of the files; [`Cancelled`](crate::ErrorKind::Cancelled) if it was stopped. What was
    /// done until then is sound.
    pub async fn sweep(&self, grace: Duration, dry_run: bool, operation: &Operation) -> Result<Swept> {
        let before = self.clock.now().before(grace);
        let mut swept = Swept::default();
        // First what was set aside, so that nothing is discarded in the sweep that set it aside.
        for shelf in [Shelf::Aside, Shelf::Kept] {
            let mut after = None;
            loop {
                let (candidates, next) = self.candidates(shelf, after, before, operation).await?;
                if !candidates.is_empty() {
                    self.judge(shelf, &candidates, before, dry_run, operation, &mut swept).await?;
                }
                after = next;
                if after.is_none() {
                    break;
                }
            }
        }
        if !dry_run {
            swept.leftovers = self.blobs.tidy(before).await?;
        }
        Ok(swept)
    }

    /// What of a shelf is to be held against the record, and behind which file the rest of the shelf is.
    async fn candidates(
        &self,
        shelf: Shelf,
        mut after: Option<Sha256>,
        before: Timestamp,
        operation: &Operation,
    ) -> Result<(Vec<Stored>, Option<Sha256>)> {
        let mut candidates = Vec::new();
        while candidates.len() < CHUNK {
            operation.cancellation.check()?;
            let listed = self.blobs.list(shelf, after, LISTED).await?;
            let Some(last) = listed.last() else { return Ok((candidates, None)) };
            after = Some(last.sha256);
            // What is named again is taken back at once, however short it has lain there.
            candidates.extend(listed.into_iter().filter(|stored| shelf == Shelf::Aside || stored.since < before));
        }
        Ok((candidates, after))
    }

    async fn judge(
        &self,
        shelf: Shelf,
        candidates: &[Stored],
        before: Timestamp,
        dry_run: bool,
        operation: &Operation,
        swept: &mut Swept,
    ) -> Result<()> {
        let mut unnamed: HashSet<Sha256> = candidates.iter().map(|stored| stored.sha256).collect();
        self.strike_named(&mut unnamed, operation).await?;
        for stored in candidates {
            let (sha256, is_named) = (stored.sha256, !unnamed.contains(&stored.sha256));
            swept.looked_at.add(stored);
            match shelf {
                Shelf::Kept if is_named => {}
                Shelf::Kept => {
                    swept.set_aside.add(stored);
                    if !dry_run {
                        self.blobs.set_aside(sha256).await?;
                    }
                }
                Shelf::Aside if is_named => {
                    swept.taken_back.add(stored);
                    if !dry_run {
                        self.blobs.take_back(sha256).await?;
                    }
                }
                Shelf::Aside if stored.since < before => {
                    swept.discarded.add(stored);
                    if !dry_run {
                        self.blobs.discard(sha256).await?;
                    }
                }
                Shelf::Aside => {}
            }
        }
        Ok(())
    }

    /// Strikes out what a row names, in one look at the record as it is at this moment.
    async fn strike_named(&self, unnamed: &mut HashSet<Sha256>, operation: &Operation) -> Result<()> {
        let mut tx = self.store.read().await?;
        let mut place = Some(Place::default());
        while let Some(from) = place {
            operation.cancellation.check()?;
            let (entries, next) = tx.walk(&from, ENTRIES).await?;
            for entry in &entries {
                match entry {
                    Entry::Row { doc, .. } => each_digest(doc, |digest| {
                        unnamed.remove(&digest);
                    }),
                    // The log comes after the rows, and what it tells of is in them.
                    _ => return Ok(()),
                }
            }
            place = next;
        }
        Ok(())
    }
}

/// Every run of exactly 64 hex digits in a text.
pub fn each_digest(text: &str, mut each: impl FnMut(Sha256)) {
    for run in text.split(|letter: char| !letter.is_ascii_hexdigit()) {
        if run.len() == 64
            && let Ok(digest) = run.parse()
        {
            each(digest);
        }
    }
}

#[cfg(test)]
mod tests;
