//! Checks a backup from its manifest down to the last byte, and changes nothing.

use super::{
    FORMAT, LIST, Listed, Listing, MANIFEST, Manifest, Progress, RECORD, Tally, Tell, blocking, broken, place,
};
use orion_core::domain::Sha256;
use orion_core::port::Entry;
use orion_core::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Longest manifest.
const LONGEST: u64 = 4 << 20;

/// Checks that a backup is whole: every hash, every length, every count.
///
/// # Errors
/// - [`NotFound`](ErrorKind::NotFound) if there is no backup.
/// - [`Corrupt`](ErrorKind::Corrupt) if it is not what it was when it was written.
/// - [`Unsupported`](ErrorKind::Unsupported) if a newer Orion wrote it in another form.
pub async fn verify(source: &Path, tell: Tell<'_>) -> Result<Manifest> {
    Ok(checked(source, tell).await?.0)
}

/// As [`verify`], with the list of files.
pub(super) async fn checked(source: &Path, tell: Tell<'_>) -> Result<(Manifest, Vec<Listed>)> {
    let folder = source.to_owned();
    let (manifest, list) = blocking(move || {
        let manifest = manifest(&folder)?;
        record(&folder, &manifest)?;
        let list = list(&folder, &manifest)?;
        Ok((manifest, list))
    })
    .await?;
    for (done, file) in (1..).zip(&list) {
        let (path, file) = (place(source, file.sha256), file.clone());
        blocking(move || check_file(&path, &file)).await?;
        tell(Progress { unit: "files checked", done, total: manifest.files });
    }
    Ok((manifest, list))
}

fn manifest(folder: &Path) -> Result<Manifest> {
    let path = folder.join(MANIFEST);
    let file = File::open(&path).map_err(|error| {
        Error::not_found("there is no backup")
            .with_context("path", path.display())
            .with_hint("name the folder that `orion backup` wrote; one without a manifest was not finished")
            .with_source(error)
    })?;
    let mut text = Vec::new();
    file.take(LONGEST).read_to_end(&mut text).map_err(|error| unread(&path, error))?;
    let format = serde_json::from_slice::<serde_json::Value>(&text)
        .map_err(|error| broken("the manifest of the backup is damaged", &path).with_source(error))?;
    let format = format.get("format").and_then(serde_json::Value::as_u64).unwrap_or_default();
    if format > u64::from(FORMAT) {
        return Err(Error::new(ErrorKind::Unsupported, "a newer Orion wrote this backup")
            .with_context("format", format)
            .with_context("known", FORMAT)
            .with_hint("upgrade Orion"));
    }
    serde_json::from_slice(&text)
        .map_err(|error| broken("the manifest of the backup is damaged", &path).with_source(error))
}

fn unread(path: &Path, error: std::io::Error) -> Error {
    broken("a file of the backup is missing or cannot be read", path).with_source(error)
}

/// Reads lines, each handed on, and tells what they are together.
fn each_line(path: &Path, mut each: impl FnMut(&str) -> Result<()>) -> Result<Listing> {
    let mut reader = BufReader::new(File::open(path).map_err(|error| unread(path, error))?);
    let (mut tally, mut line) = (Tally::default(), String::new());
    loop {
        line.clear();
        if reader.read_line(&mut line).map_err(|error| unread(path, error))? == 0 {
            return Ok(tally.listing());
        }
        tally.add(line.as_bytes());
        each(line.trim_end_matches('\n'))?;
    }
}

fn record(folder: &Path, manifest: &Manifest) -> Result<()> {
    let path = folder.join(RECORD);
    let mut counts = BTreeMap::<String, u64>::new();
    let found = each_line(&path, |line| {
        let entry: Entry = serde_json::from_str(line)
            .map_err(|error| broken("the record of the backup is damaged", &path).with_source(error))?;
        *counts.entry(super::write::kind(&entry).to_owned()).or_default() += 1;
        Ok(())
    })?;
    if found != manifest.record || counts != manifest.entries {
        return Err(broken("the record of the backup is damaged", &path)
            .with_context("lines", found.lines)
            .with_context("expected", manifest.record.lines));
    }
    Ok(())
}

fn list(folder: &Path, manifest: &Manifest) -> Result<Vec<Listed>> {
    let path = folder.join(LIST);
    let mut list = Vec::new();
    let found = each_line(&path, |line| {
        let listed = serde_json::from_str(line);
        list.push(listed.map_err(|error| broken("the list of files is damaged", &path).with_source(error))?);
        Ok(())
    })?;
    if found != manifest.list || list.len() as u64 != manifest.files {
        return Err(broken("the list of files is damaged", &path));
    }
    Ok(list)
}

fn check_file(path: &PathBuf, listed: &Listed) -> Result<()> {
    let mut file = File::open(path).map_err(|error| unread(path, error))?;
    let (mut tally, mut buffer) = (Tally::default(), vec![0; 1 << 18]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => tally.add(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unread(path, error)),
        }
    }
    let Listing { bytes, sha256, .. } = tally.listing();
    let same: (u64, Sha256) = (listed.length, listed.sha256);
    if (bytes, sha256) == same { Ok(()) } else { Err(broken("a file of the backup is damaged", path)) }
}
