//! A folder of this machine.

use async_trait::async_trait;
use orion_core::domain::{BlobRef, Credentials, Destination, Sha256};
use orion_core::id::{ContentId, PublicationId};
use orion_core::port::{BlobStore, PlatformPublisher, PublishRequest, PublishStatus};
use orion_core::{Error, ErrorKind, Operation, Result};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Longest part of a name that is made from a title.
const LONGEST_SLUG: usize = 40;
/// The description beside the files.
const POST: &str = "post.json";

/// Puts every video with its still and its words into a folder of its own, below the root that the operator chose.
///
/// The files are written aside; then the folder gets its name in one step. The name tells the publication, so that a
/// second attempt finds the first, and whoever watches the place sees everything or nothing.
#[derive(Debug, Clone)]
pub struct FolderDestination {
    root: PathBuf,
    blobs: Arc<dyn BlobStore>,
}

/// What is written beside the files.
#[derive(Debug, Serialize, Deserialize)]
struct Post {
    publication_id: PublicationId,
    content_id: ContentId,
    title: String,
    description: String,
    video: PostFile,
    thumbnail: Option<PostFile>,
}

#[derive(Debug, Serialize, Deserialize)]
struct PostFile {
    file: String,
    sha256: Sha256,
    length: u64,
    media_type: String,
}

impl FolderDestination {
    /// Publishes below a root, which is made if it is not there.
    ///
    /// # Errors
    /// [`Forbidden`](ErrorKind::Forbidden) or [`Unavailable`](ErrorKind::Unavailable) if the root cannot be made.
    pub fn new(root: impl Into<PathBuf>, blobs: Arc<dyn BlobStore>) -> Result<Self> {
        let root = root.into();
        let made = fs::create_dir_all(&root).and_then(|()| root.canonicalize());
        let root = made.map_err(|error| failed(error, "cannot make the folder for published videos", &root))?;
        Ok(Self { root, blobs })
    }

    /// The folder that credentials name, made if it is not there.
    fn place(&self, credentials: &Credentials) -> Result<PathBuf> {
        let path = Path::new(credentials.get("path").unwrap_or(""));
        let forbidden = || {
            Error::new(ErrorKind::Forbidden, "videos are only put below the folder that the operator chose")
                .with_hint("name a path within it, such as `shorts`")
        };
        let within = path.strip_prefix(&self.root).unwrap_or(path);
        if within.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(forbidden());
        }
        let place = self.root.join(within);
        // Whatever exists of it must lie within the root, symbolic links followed, before anything is made.
        let existing = place.ancestors().find_map(|part| part.canonicalize().ok());
        if existing.is_none_or(|existing| !existing.starts_with(&self.root)) {
            return Err(forbidden());
        }
        fs::create_dir_all(&place).map_err(|error| failed(error, "cannot make the folder", &place))?;
        let place = place.canonicalize().map_err(|error| failed(error, "cannot read the folder", &place))?;
        if place.starts_with(&self.root) { Ok(place) } else { Err(forbidden()) }
    }

    /// What clients are told: the folder's path within the root.
    fn told(&self, target: &Path) -> String {
        target.strip_prefix(&self.root).unwrap_or(target).display().to_string()
    }

    fn status(&self, target: &Path, id: PublicationId) -> Option<PublishStatus> {
        let post = fs::read(target.join(POST)).ok()?;
        let post: Post = serde_json::from_slice(&post).ok()?;
        (post.publication_id == id).then(|| PublishStatus::Published(self.told(target)))
    }

    /// Writes the files and their description into a folder.
    async fn fill(&self, staging: &Path, request: &PublishRequest, operation: &Operation) -> Result<()> {
        let export = async |blob: &BlobRef, name: &str| {
            let file = format!("{name}.{}", extension(&blob.media_type));
            self.blobs.export(blob.sha256, &staging.join(&file)).await?;
            let media_type = blob.media_type.clone();
            Ok::<_, Error>(PostFile { file, sha256: blob.sha256, length: blob.length, media_type })
        };
        let video = operation.cancellation.unless_cancelled(export(&request.video, "video")).await?;
        let thumbnail = match &request.thumbnail {
            Some(still) => Some(operation.cancellation.unless_cancelled(export(still, "thumbnail")).await?),
            None => None,
        };
        let post = Post {
            publication_id: request.id,
            content_id: request.content_id,
            title: request.title.clone(),
            description: request.description.clone(),
            video,
            thumbnail,
        };
        let post = serde_json::to_vec_pretty(&post)?;
        let place = staging.to_owned();
        self.blocking(move |_| {
            let written = File::create(place.join(POST)).and_then(|mut file| file.write_all(&post));
            written.and_then(|()| sync_all(&place)).map_err(|error| failed(error, "cannot write into a folder", &place))
        })
        .await
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce(&Self) -> Result<T> + Send + 'static) -> Result<T> {
        let this = self.clone();
        tokio::task::spawn_blocking(move || work(&this))
            .await
            .unwrap_or_else(|error| Err(Error::unexpected("work on the folder broke off").with_source(error)))
    }
}

#[async_trait]
impl PlatformPublisher for FolderDestination {
    fn destination(&self) -> Destination {
        Destination::Folder
    }

    fn text_limit(&self) -> Option<usize> {
        None
    }

    async fn check(&self, credentials: &Credentials) -> Result<()> {
        credentials.only(&["path"])?;
        credentials.require("path")?;
        let credentials = credentials.clone();
        self.blocking(move |this| this.place(&credentials).map(drop)).await
    }

    async fn prepare(&self, request: &PublishRequest, operation: &Operation) -> Result<String> {
        let name = format!("{}-{}", slug(&request.title), request.id);
        let (credentials, aside) = (request.credentials.clone(), aside(&name));
        let staging = self
            .blocking(move |this| {
                let staging = this.place(&credentials)?.join(aside);
                match fs::remove_dir_all(&staging) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(failed(error, "cannot clear what an earlier attempt left", &staging));
                    }
                    _ => {}
                }
                fs::create_dir(&staging).map_err(|error| failed(error, "cannot make a folder", &staging))?;
                Ok(staging)
            })
            .await?;
        if let Err(error) = self.fill(&staging, request, operation).await {
            // A publication that failed is not prepared again under this name: nothing of it is to take room for ever.
            let _ = self.blocking(move |_| Ok(fs::remove_dir_all(staging))).await;
            return Err(error);
        }
        Ok(name)
    }

    async fn publish(&self, request: &PublishRequest, handle: &str, _: &Operation) -> Result<PublishStatus> {
        let (credentials, name, id) = (request.credentials.clone(), handle.to_owned(), request.id);
        self.blocking(move |this| {
            let place = this.place(&credentials)?;
            let target = place.join(&name);
            if let Some(status) = this.status(&target, id) {
                return Ok(status);
            }
            if let Err(error) = fs::rename(place.join(aside(&name)), &target) {
                // A rename happens or does not: there is no doubt.
                let error = failed(error, "the prepared files cannot be put in place", &target);
                if error.is_starved() {
                    return Err(error);
                }
                return Ok(this.status(&target, id).unwrap_or_else(|| PublishStatus::Failed(error.to_string())));
            }
            sync_folder(&place).map_err(|error| failed(error, "cannot sync a folder", &place))?;
            Ok(PublishStatus::Published(this.told(&target)))
        })
        .await
    }

    async fn reconcile(&self, request: &PublishRequest, handle: &str) -> Result<PublishStatus> {
        let (credentials, name, id) = (request.credentials.clone(), handle.to_owned(), request.id);
        self.blocking(move |this| {
            let target = this.place(&credentials)?.join(&name);
            Ok(this.status(&target, id).unwrap_or(PublishStatus::Absent))
        })
        .await
    }
}

/// Where files are written before they are shown.
fn aside(name: &str) -> String {
    format!(".{name}.part")
}

/// Letters and digits of a title, in ASCII, with dashes between its words.
fn slug(title: &str) -> String {
    let mut slug = String::new();
    for letter in title.chars().map(|letter| letter.to_ascii_lowercase()) {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= LONGEST_SLUG {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "video".to_owned() } else { slug.to_owned() }
}

/// The ending of a file name, from what is known here only: a media type is not a name.
fn extension(media_type: &str) -> &'static str {
    match media_type {
        "video/mp4" => "mp4",
        "video/webm" => "webm",
        "video/quicktime" => "mov",
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/webp" => "webp",
        _ => "bin",
    }
}

/// Makes everything in a folder, and the folder, survive a power cut.
fn sync_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        File::open(entry?.path())?.sync_all()?;
    }
    sync_folder(folder)
}

/// Windows does it by itself and cannot open a folder.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(windows) { Ok(()) } else { File::open(folder)?.sync_all() }
}

fn failed(source: io::Error, message: &'static str, path: &Path) -> Error {
    let starved = match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some("free some space there"),
        io::ErrorKind::ReadOnlyFilesystem => Some("the disk can only be read now; mount it to be written again"),
        _ => None,
    };
    let error = match (starved, source.kind()) {
        (Some(hint), _) => Error::starved(message).with_hint(hint),
        (None, io::ErrorKind::PermissionDenied) => Error::new(ErrorKind::Forbidden, message),
        (None, io::ErrorKind::NotFound) => Error::new(ErrorKind::NotFound, message),
        (None, _) => Error::new(ErrorKind::Unavailable, message),
    };
    error.with_context("path", path.display()).with_source(source)
}

#[cfg(test)]
mod names {
    use super::*;

    #[test]
    fn a_place_without_room_is_told_from_a_forbidden_one() {
        // ENOSPC, EROFS, EDQUOT; EACCES, EIO, as the system gives them.
        for (code, starved) in [(28, true), (30, true), (122, true), (13, false), (5, false)] {
            let error = failed(io::Error::from_raw_os_error(code), "cannot write", Path::new("/out"));
            assert_eq!((error.is_starved(), error.hint().is_some()), (starved, starved), "{code}: {error:?}");
        }
    }

    #[test]
    fn a_title_becomes_a_name_that_every_file_system_takes() {
        for (title, expected) in [
            ("Bridge opens, at last!", "bridge-opens-at-last"),
            ("../../etc/passwd", "etc-passwd"),
            ("日本語", "video"),
            ("-rf *", "rf"),
            ("CON\0\n", "con"),
            ("", "video"),
            (&"a".repeat(100), &"a".repeat(40)),
        ] {
            assert_eq!(slug(title), expected);
        }
    }
}
