//! `orion backup`, `orion restore` and `orion sweep`: what an installation keeps, as a whole.

use super::{Failure, Setting, output};
use crate::backup::{self, Manifest, Progress};
use crate::providers::parts;
use crate::system::SystemClock;
use clap::Args;
use orion_core::port::{BlobStore, Clock, Store};
use orion_core::service::sweep::{Heap, Sweeper};
use orion_core::{Error, ErrorKind, Operation, Result};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// `orion backup`
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// Folder that is made; nothing may be there
    folder: PathBuf,
}

/// `orion restore`
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// Folder that `orion backup` wrote
    folder: PathBuf,
    /// Replace all that the record holds; stop the platform before
    #[arg(long)]
    force: bool,
    /// Check the backup, and restore nothing
    #[arg(long, conflicts_with = "force")]
    verify: bool,
}

/// `orion sweep`
#[derive(Debug, Args)]
pub(super) struct Sweep {
    /// Tell what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// How many hours ago a file must have been stored, or set aside [default: the setting sweep.hours]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=87_600))]
    hours: Option<u32>,
}

impl Backup {
    pub(super) async fn run(self, setting: Setting) -> Result<ExitCode, Failure> {
        let (store, blobs) = open(&setting).await?;
        let tell = teller();
        let made = backup::back_up(&*store, &*blobs, &self.folder, SystemClock.now(), &tell).await?;
        told(&setting, &made, &format!("backed up into {}", self.folder.display()))?;
        if !setting.json() {
            made.secrets_inside.iter().for_each(|line| output::say(&format!("in it, keep it safe: {line}")));
            made.left_out.iter().for_each(|line| output::say(&format!("not in it: {line}")));
        }
        match made.missing.len() {
            0 => Ok(ExitCode::SUCCESS),
            count => {
                Err(Error::new(ErrorKind::Corrupt, "the backup was written, but files that rows name are missing")
                    .with_context("files", count)
                    .with_hint("the manifest names them; they were missing or damaged where they are stored")
                    .into())
            }
        }
    }
}

impl Restore {
    pub(super) async fn run(self, setting: Setting) -> Result<ExitCode, Failure> {
        let tell = teller();
        if self.verify {
            let made = backup::verify(&self.folder, &tell).await?;
            told(&setting, &made, "the backup is whole")?;
            return Ok(ExitCode::SUCCESS);
        }
        let (store, blobs) = open(&setting).await?;
        let work = &setting.config.data_dir;
        let made = backup::restore(&self.folder, &*store, &*blobs, work, self.force, &tell).await?;
        told(&setting, &made, "restored")?;
        if !setting.json() {
            made.left_out.iter().for_each(|line| output::say(&format!("not restored: {line}")));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Sweep {
    pub(super) async fn run(self, setting: Setting) -> Result<ExitCode, Failure> {
        let (store, blobs) = open(&setting).await?;
        let hours = self.hours.unwrap_or(setting.config.sweep_hours).max(1);
        let sweeper = Sweeper { store, blobs, clock: Arc::new(SystemClock) };
        let operation = Operation::detached();
        let grace = Duration::from_secs(3600) * hours;
        let swept = tokio::select! {
            swept = sweeper.sweep(grace, self.dry_run, &operation) => swept?,
            _ = tokio::signal::ctrl_c() => return Err(Error::cancelled().into()),
        };
        if setting.json() {
            let mut object = serde_json::to_value(swept).map_err(Error::from)?;
            object["dry_run"] = self.dry_run.into();
            output::print_json(&object)?;
        } else {
            let rows = [
                ("looked at", swept.looked_at),
                ("set aside", swept.set_aside),
                ("taken back", swept.taken_back),
                ("deleted", swept.discarded),
                ("left half-written", Heap { files: swept.leftovers, bytes: 0 }),
            ];
            let rows: Vec<Vec<String>> = rows
                .into_iter()
                .map(|(what, heap)| vec![what.to_owned(), heap.files.to_string(), heap.bytes.to_string()])
                .collect();
            output::print(&output::table(&["WHAT", "FILES", "BYTES"], &rows, 80))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The record and the files of an installation.
async fn open(setting: &Setting) -> Result<(Arc<dyn Store>, Arc<dyn BlobStore>)> {
    let config = &setting.config;
    if config.store.trim() == "memory:" || config.blobs.trim() == "memory:" {
        return Err(Error::invalid("what is kept in memory ends with its process")
            .with_hint("set `store` and `blobs` to what the platform uses"));
    }
    let parts = parts(config)?;
    let (store, blobs) = (parts.store(&config.store).await?, parts.blobs(&config.blobs)?);
    #[cfg(feature = "faults")]
    let (store, blobs) = (crate::fault::store(store), crate::fault::blobs(blobs));
    Ok((store, blobs))
}

/// Tells a person who watches how far it is, a few times a second.
fn teller() -> impl Fn(Progress) + Send + Sync {
    let (begun, last) = (Instant::now(), AtomicU64::new(0));
    move |progress: Progress| {
        let now = begun.elapsed().as_millis() as u64 / 300;
        let is_last = progress.total > 0 && progress.done == progress.total;
        if output::watched() && (is_last || last.swap(now, Ordering::Relaxed) != now) {
            let of = if progress.total > 0 { format!(" of {}", progress.total) } else { String::new() };
            output::say(&format!("{}{of} {}", progress.done, progress.unit));
        }
    }
}

fn told(setting: &Setting, made: &Manifest, done: &str) -> Result<()> {
    if setting.json() {
        return output::print_json(made);
    }
    let rows: u64 = made.entries.values().sum();
    let (files, bytes) = (made.files, made.file_bytes as f64 / 1e6);
    output::say(&format!("{done}: {rows} entries of {}, {files} files of {bytes:.1} MB", made.made_at));
    made.missing.iter().for_each(|sha256| output::say(&format!("missing where it was stored: {sha256}")));
    Ok(())
}
