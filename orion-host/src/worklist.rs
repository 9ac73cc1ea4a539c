//! What this machine remembers of its runs beside the record: where the files go and which parts were chosen,
//! so that a run can go on with the same ones. One small file a run. Who is at work on a run is in the record: its lease.

use crate::config::Config;
use crate::delivery::{unwritable, write_file};
use orion_core::id::RunId;
use orion_core::port::{Filter, Order, Page};
use orion_core::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A note about one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The run.
    pub run_id: RunId,
    /// Where its files go, if that was said; after delivery: where they are.
    pub out: Option<PathBuf>,
    /// The voice, as the configuration names it.
    pub voice: String,
    /// The writer, as the configuration names it.
    pub writer: String,
    /// Who makes pictures, as the configuration names them; `None` in notes of before there was a choice.
    #[serde(default)]
    pub images: Option<String>,
    /// Who of them all may serve; `None` in notes of before there was a choice.
    #[serde(default)]
    pub policy: Option<String>,
    /// Whether nothing may be fetched.
    pub offline: bool,
}

impl Note {
    /// A note about a run with these settings.
    pub fn new(run_id: RunId, out: Option<PathBuf>, config: &Config) -> Self {
        Self {
            run_id,
            out,
            voice: config.voice.clone(),
            writer: config.writer.clone(),
            images: Some(config.images.clone()),
            policy: Some(config.policy.clone()),
            offline: config.offline,
        }
    }
}

fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("runs")
}

fn path(data_dir: &Path, run: RunId) -> PathBuf {
    folder(data_dir).join(format!("{run}.json"))
}

/// Writes a note.
///
/// # Errors
/// As [`write_file`].
pub fn write(data_dir: &Path, note: &Note) -> Result<()> {
    let folder = folder(data_dir);
    std::fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, error))?;
    write_file(&path(data_dir, note.run_id), &serde_json::to_vec(note)?)
}

/// Whether the command line has a run in its care.
#[cfg(feature = "http")]
pub(crate) fn is_noted(data_dir: &Path, run: RunId) -> bool {
    path(data_dir, run).exists()
}

/// Notes where the files of a run are.
///
/// # Errors
/// As [`write_file`].
pub fn delivered(data_dir: &Path, run: RunId, out: &Path) -> Result<()> {
    let Some(mut note) = read(&path(data_dir, run)) else { return Ok(()) };
    note.out = Some(out.to_owned());
    write_file(&path(data_dir, run), &serde_json::to_vec(&note)?)
}

/// The folder of a run's files, if it is known.
pub fn folder_of(data_dir: &Path, run: RunId) -> Option<PathBuf> {
    read(&path(data_dir, run))?.out
}

fn read(path: &Path) -> Option<Note> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Finds the run that `which` means: a folder (the last run into it), an identifier or its beginning, or, if empty,
/// the latest run that is not finished.
///
/// # Errors
/// [`NotFound`](orion_core::ErrorKind::NotFound) if there is none, [`Invalid`](orion_core::ErrorKind::Invalid) if
/// several are meant.
pub async fn find(config: &Config, which: &str) -> Result<Note> {
    let notes = all(&config.data_dir);
    if which.is_empty() {
        return latest(config, &notes).await;
    }
    let place = std::path::absolute(which).ok();
    let of_folder = |note: &&Note| place.is_some() && note.out == place;
    if let Some(note) = notes.iter().rev().find(of_folder) {
        return Ok(note.clone());
    }
    let mut meant = notes.into_iter().filter(|note| note.run_id.to_string().starts_with(&which.to_lowercase()));
    let found = meant.next().ok_or_else(|| {
        Error::not_found("no run has this folder or identifier")
            .with_context("run", which)
            .with_hint("`orion runs list` shows all of them")
    })?;
    match meant.next() {
        Some(_) => Err(Error::invalid("several runs begin like this").with_context("run", which)),
        None => Ok(found),
    }
}

/// All notes, oldest first.
fn all(data_dir: &Path) -> Vec<Note> {
    let files = std::fs::read_dir(folder(data_dir)).into_iter().flatten().flatten();
    let mut dated: Vec<_> =
        files.filter_map(|file| Some((file.metadata().ok()?.modified().ok()?, read(&file.path())?))).collect();
    dated.sort_by_key(|(modified, note)| (*modified, note.run_id));
    dated.into_iter().map(|(_, note)| note).collect()
}

async fn latest(config: &Config, notes: &[Note]) -> Result<Note> {
    let store = orion_adapters::Parts::new(&config.data_dir).store(&config.store).await?;
    let states = ["pending", "running", "waiting", "failed", "cancelled"].map(str::to_owned).to_vec();
    let filter = Filter { states, ..Filter::default() };
    let open = store.read().await?.runs().list(&filter, &Page::first(Order::Newest, Page::MOST)).await?;
    let known = |id: RunId| notes.iter().find(|note| note.run_id == id).cloned();
    open.items
        .into_iter()
        .find_map(|run| known(run.id))
        .ok_or_else(|| Error::not_found("there is no unfinished run").with_hint("begin one: orion create --feed FILE"))
}
