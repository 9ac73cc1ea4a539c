//! Hands a finished video over: one folder, every file written whole or not at all, `run.json` last.
//! Where there is a `run.json`, everything it names is there too.

use orion_core::domain::Sha256;
use orion_core::port::BlobStore;
use orion_core::service::editor::Cover;
use orion_core::service::production::Product;
use orion_core::{Error, ErrorKind, Result};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder of thumbnails, within that of the video.
const COVERS: &str = "thumbnails";

/// The names of the thumbnails of a shape.
fn cover_names(cover: &Cover) -> Vec<String> {
    (1..=cover.candidates.len()).map(|number| format!("{COVERS}/{}-{number}.jpg", cover.shape)).collect()
}

/// The folder of a finished video.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// The folder.
    pub folder: PathBuf,
    /// `video.mp4`
    pub video: PathBuf,
    /// `thumbnail.jpg`
    pub thumbnail: PathBuf,
    /// `thumbnails/tall-1.jpg`, `thumbnails/wide-1.jpg`, …: every candidate of every shape, the best of each first.
    pub thumbnails: Vec<PathBuf>,
    /// `captions.srt`, `captions.vtt`, `captions.ass`
    pub captions: [PathBuf; 3],
    /// `script.md`
    pub script: PathBuf,
    /// `run.json`
    pub report: PathBuf,
}

impl Delivery {
    fn at(folder: &Path, covers: &[Cover]) -> Self {
        let file = |name: &str| folder.join(name);
        Self {
            folder: folder.to_owned(),
            video: file("video.mp4"),
            thumbnail: file("thumbnail.jpg"),
            thumbnails: covers.iter().flat_map(cover_names).map(|name| file(&name)).collect(),
            captions: [file("captions.srt"), file("captions.vtt"), file("captions.ass")],
            script: file("script.md"),
            report: file("run.json"),
        }
    }

    /// All files in the order they are written.
    pub fn files(&self) -> Vec<&Path> {
        let [srt, vtt, ass] = &self.captions;
        let files = [&self.video, &self.thumbnail].into_iter().chain(&self.thumbnails);
        files.chain([srt, vtt, ass, &self.script, &self.report]).map(PathBuf::as_path).collect()
    }
}

/// Writes a product into a folder, which is made if it is not there.
///
/// # Errors
/// [`Exhausted`](ErrorKind::Exhausted) if the disk is full, [`Forbidden`](ErrorKind::Forbidden) if the folder must
/// not be written; then there is no `run.json`, and no file is half written.
pub async fn deliver(blobs: &dyn BlobStore, product: &Product, folder: &Path) -> Result<Delivery> {
    let delivery = Delivery::at(folder, &product.report.covers);
    let inner = folder.join(COVERS);
    std::fs::create_dir_all(&inner).map_err(|error| unwritable(&inner, error))?;
    match std::fs::remove_file(&delivery.report) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(unwritable(&delivery.report, error)),
        _ => {}
    }
    let mut report = product.report.clone();
    let covers = product.report.covers.iter().flat_map(|cover| &cover.candidates).map(|candidate| &candidate.picture);
    let thumbnails = delivery.thumbnails.iter().zip(covers);
    let whole = [(&delivery.video, &product.video), (&delivery.thumbnail, &product.thumbnail)];
    for (path, blob) in whole.into_iter().chain(thumbnails) {
        blobs.export(blob.sha256, path).await?;
        let name = path.strip_prefix(folder).unwrap_or(path).to_string_lossy().replace('\\', "/");
        report.files.insert(name, blob.sha256);
    }
    let captions = [&product.captions.srt, &product.captions.vtt, &product.captions.ass];
    let texts = delivery.captions.iter().zip(captions).chain([(&delivery.script, &product.script_markdown)]);
    for (path, text) in texts {
        write_file(path, text.as_bytes())?;
        report.files.insert(name_of(path), Sha256::of(text.as_bytes()));
    }
    let mut json = serde_json::to_vec_pretty(&report)?;
    json.push(b'\n');
    write_file(&delivery.report, &json)?;
    Ok(delivery)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Writes a file whole or not at all: under another name, synced, then renamed, and the name synced too.
///
/// # Errors
/// As [`deliver`].
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path
        .file_name()
        .ok_or_else(|| Error::invalid("this path names no file").with_context("path", path.display()))?;
    let partial = path.with_file_name(format!(".{}.{}.partial", name.to_string_lossy(), std::process::id()));
    let write = || {
        let mut file = std::fs::File::create(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&partial, path)
    };
    let written = write().map_err(|error| {
        // If it cannot be removed it was never made.
        let _ = std::fs::remove_file(&partial);
        unwritable(path, error)
    });
    written.and_then(|()| sync_folder(path.parent().unwrap_or(path)))
}

/// Moves a file to a place, whole or not at all, also to another disk.
///
/// # Errors
/// As [`deliver`].
pub(crate) fn move_file(from: &Path, to: &Path) -> Result<()> {
    let name =
        to.file_name().ok_or_else(|| Error::invalid("this path names no file").with_context("path", to.display()))?;
    let partial = to.with_file_name(format!(".{}.{}.partial", name.to_string_lossy(), std::process::id()));
    let write = || {
        if std::fs::rename(from, &partial).is_err() {
            std::fs::copy(from, &partial)?;
        }
        std::fs::File::open(&partial)?.sync_all()?;
        std::fs::rename(&partial, to)
    };
    let moved = write().map_err(|error| {
        let _ = std::fs::remove_file(&partial);
        unwritable(to, error)
    });
    moved.and_then(|()| sync_folder(to.parent().unwrap_or(to)))
}

/// Makes the names in a folder survive a power cut. Windows does it by itself and cannot open a folder.
///
/// # Errors
/// As [`write_file`].
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| unwritable(folder, error))
}

/// The error of a path that could not be written, by its cause.
pub(crate) fn unwritable(path: &Path, error: std::io::Error) -> Error {
    use std::io::ErrorKind as Io;
    let starved = match error.kind() {
        Io::StorageFull | Io::QuotaExceeded => Some(("the disk is full", "free some space, then go on")),
        Io::ReadOnlyFilesystem => {
            Some(("the disk can only be read now", "name another folder, or mount the disk to be written again"))
        }
        _ => None,
    };
    if let Some((message, hint)) = starved {
        return Error::starved(message).with_context("path", path.display()).with_source(error).with_hint(hint);
    }
    let (kind, message, hint) = match error.kind() {
        Io::PermissionDenied => {
            (ErrorKind::Forbidden, "this place must not be written", "name another folder, or change its permissions")
        }
        Io::NotADirectory | Io::AlreadyExists | Io::IsADirectory => {
            (ErrorKind::Invalid, "a file is in the way", "name another folder, or move what is there")
        }
        _ => {
            (ErrorKind::Unavailable, "this place cannot be written", "check that the folder exists and can be written")
        }
    };
    Error::new(kind, message).with_context("path", path.display()).with_source(error).with_hint(hint)
}

/// A folder name for a title: its words in lower case, joined by hyphens, as many as fit in 60 bytes; then the first
/// eight digits of the run's identifier.
pub fn folder_name(title: &str, run: orion_core::id::RunId) -> String {
    let lower = title.to_lowercase().replace(['\'', '\u{2019}'], "");
    let mut slug = String::new();
    for word in lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if slug.len() + word.len() > 60 {
            break;
        }
        slug.push_str(word);
        slug.push('-');
    }
    let short: String = run.to_string().chars().take(8).collect();
    match slug.trim_end_matches('-') {
        "" => format!("video-{short}"),
        slug => format!("{slug}-{short}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::id::{Id, RunId};

    #[test]
    fn folder_names_are_plain() {
        let run = RunId::from_uuid(uuid::Uuid::from_u128(0x1234_5678 << 96));
        let check = |title: &str, expected: &str| assert_eq!(folder_name(title, run), expected);
        check("Why your phone's battery ages", "why-your-phones-battery-ages-12345678");
        check("../../etc/passwd", "etc-passwd-12345678");
        check("¡Hola! ¿Qué tal?", "hola-qué-tal-12345678");
        check("🎉 \u{0}\n", "video-12345678");
        assert!(folder_name(&"字".repeat(500), run).len() <= 60 + 9);
    }

    #[test]
    fn a_failed_write_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        std::fs::create_dir(&taken).unwrap();
        std::fs::write(taken.join("inside"), "x").unwrap();
        assert!(write_file(&taken, b"bytes").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        write_file(&folder.path().join("free"), b"bytes").unwrap();
        assert_eq!(std::fs::read(folder.path().join("free")).unwrap(), b"bytes");
    }
}
