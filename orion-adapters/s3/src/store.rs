//! The store itself.

use crate::error::failed;
use crate::local::{self, Part};
use crate::options::S3Options;
use crate::upload;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use object_store::path::Path as Key;
use object_store::{
    Attribute, Attributes, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions,
    PutPayload,
};
use orion_core::domain::{BlobRef, Sha256};
use orion_core::port::{BlobStore, Shelf, Stored};
use orion_core::{Error, ErrorKind, Result, Timestamp};
use std::path::Path;
use std::sync::Arc;

/// Most memory that is set aside because a server says how long something is.
const MOST_RESERVED: usize = 64 << 20;

/// Blobs in a bucket. Clones share the connections; other processes may share the bucket.
#[derive(Debug, Clone)]
pub struct S3Blobs {
    pub(crate) store: Arc<dyn ObjectStore>,
    prefix: Key,
    name: Arc<str>,
}

impl S3Blobs {
    /// A bucket; nothing is contacted yet.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for settings that cannot be right.
    pub fn open(options: S3Options) -> Result<Self> {
        let store = Arc::new(options.client()?);
        Ok(Self { store, prefix: Key::from(options.prefix.as_str()), name: options.name().into() })
    }

    /// The client's own store in memory, for tests without a server.
    #[cfg(test)]
    pub(crate) fn in_memory() -> Self {
        let store = Arc::new(object_store::memory::InMemory::new());
        Self { store, prefix: Key::default(), name: "s3:memory".into() }
    }

    /// Asks for an object that never is, to see whether the bucket can be had.
    ///
    /// # Errors
    /// What keeps it from being used, with the next step.
    pub async fn check(&self) -> Result<()> {
        let listed = self.store.list_with_delimiter(Some(&self.prefix.clone().join("none"))).await;
        listed.map(drop).map_err(|error| failed(error, "the bucket cannot be used", &self.name))
    }

    /// Where the bytes of a digest stand.
    pub(crate) fn key(&self, sha256: Sha256) -> Key {
        self.on(Shelf::Kept, sha256)
    }

    fn shelf(&self, shelf: Shelf) -> Key {
        match shelf {
            Shelf::Kept => self.prefix.clone(),
            Shelf::Aside => self.prefix.clone().join("aside"),
        }
    }

    /// Where the bytes of a digest stand on a shelf.
    fn on(&self, shelf: Shelf, sha256: Sha256) -> Key {
        let digest = sha256.to_string();
        let (folder, name) = digest.split_at(2);
        self.shelf(shelf).join(folder).join(name)
    }

    /// The digest whose bytes stand under a key of a shelf, if it is one.
    fn digest_at(&self, shelf: Shelf, key: &Key) -> Option<Sha256> {
        let mut parts = key.prefix_match(&self.shelf(shelf))?;
        let (folder, name) = (parts.next()?, parts.next()?);
        let digest = format!("{}{}", folder.as_ref(), name.as_ref()).parse().ok()?;
        parts.next().is_none().then_some(digest)
    }

    /// The length of what is read under a digest: in its place, or aside, or in its place again if it was taken back
    /// between the two looks.
    async fn found(&self, sha256: Sha256) -> Result<Option<u64>> {
        for shelf in [Shelf::Kept, Shelf::Aside, Shelf::Kept] {
            match self.store.head(&self.on(shelf, sha256)).await {
                Ok(found) => return Ok(Some(found.size)),
                Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(failed(error, "cannot look for a stored file", &self.name)),
            }
        }
        Ok(None)
    }

    /// Copies and then removes, so that the bytes stand on one shelf at least at every moment.
    async fn carry(&self, sha256: Sha256, from: Shelf, to: Shelf) -> Result<()> {
        let unmoved = |error| failed(error, "cannot move a stored file", &self.name);
        match self.store.copy(&self.on(from, sha256), &self.on(to, sha256)).await {
            Ok(()) => self.remove(sha256, from).await,
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unmoved(error)),
        }
    }

    async fn remove(&self, sha256: Sha256, shelf: Shelf) -> Result<()> {
        match self.store.delete(&self.on(shelf, sha256)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(error, "cannot remove a stored file", &self.name)),
        }
    }

    /// What stands in its place.
    async fn head(&self, sha256: Sha256) -> Result<Option<u64>> {
        match self.store.head(&self.key(sha256)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error, "cannot look for a stored file", &self.name)),
        }
    }

    /// Stores bytes in one request. Where nothing stands yet they are only written if that is still so; the name says
    /// what they are, so whoever was faster has written the same.
    pub(crate) async fn write(&self, blob: &BlobRef, bytes: Bytes, stands: Option<u64>) -> Result<()> {
        let key = self.key(blob.sha256);
        let put = |mode| {
            let options = PutOptions { mode, attributes: attributes(&blob.media_type), ..PutOptions::default() };
            self.store.put_opts(&key, PutPayload::from(bytes.clone()), options)
        };
        let unwritten = |error| failed(error, "cannot store a file", &self.name);
        if stands.is_none() {
            match put(PutMode::Create).await {
                Ok(_) => return Ok(()),
                // Somebody was faster, or is: then it may still come to nothing.
                Err(object_store::Error::AlreadyExists { .. })
                    if self.head(blob.sha256).await? == Some(blob.length) =>
                {
                    return Ok(());
                }
                Err(object_store::Error::AlreadyExists { .. }) => {}
                // A server that knows no conditions.
                Err(error) if error.to_string().contains("NotImplemented") => {}
                Err(error) => return Err(unwritten(error)),
            }
        }
        put(PutMode::Overwrite).await.map(drop).map_err(unwritten)
    }

    fn damaged(&self, sha256: Sha256) -> Error {
        Error::new(ErrorKind::Corrupt, "a stored file has changed since it was written")
            .with_context("object", format!("{}: {}", self.name, self.key(sha256)))
            .with_hint("remove the object, and make it again by resuming the run")
    }

    /// Some bytes of what stands under a digest, and the length of the whole. A part behind the end is empty.
    async fn part(&self, sha256: Sha256, offset: u64, most: usize) -> Result<Option<(Bytes, u64)>> {
        for shelf in [Shelf::Kept, Shelf::Aside, Shelf::Kept] {
            let range = GetRange::Bounded(offset..offset.saturating_add(most as u64));
            let options = GetOptions { range: Some(range), ..GetOptions::default() };
            let read = async {
                let found = self.store.get_opts(&self.on(shelf, sha256), options).await?;
                let length = found.meta.size;
                Ok((found.bytes().await?, length))
            };
            match read.await {
                Ok(part) => return Ok(Some(part)),
                Err(object_store::Error::NotFound { .. }) => {}
                // To the server, a part behind the end is an error.
                Err(error) => {
                    return match self.found(sha256).await? {
                        Some(length) if offset < length => Err(self.unread(error)),
                        length => Ok(length.map(|length| (Bytes::new(), length))),
                    };
                }
            }
        }
        Ok(None)
    }

    /// Reads the whole in parts, so that each request has a deadline; tells its length before the first. `None` if
    /// there is nothing.
    async fn whole<T, F>(
        &self,
        sha256: Sha256,
        begin: impl FnOnce(u64) -> T,
        mut each: impl FnMut(T, Bytes) -> F,
    ) -> Result<Option<T>>
    where
        F: Future<Output = Result<T>>,
    {
        let Some((first, length)) = self.part(sha256, 0, upload::PART).await? else { return Ok(None) };
        let mut offset = first.len() as u64;
        let mut kept = each(begin(length), first).await?;
        while offset < length {
            match self.part(sha256, offset, upload::PART).await? {
                Some((part, _)) if !part.is_empty() => {
                    offset += part.len() as u64;
                    kept = each(kept, part).await?;
                }
                _ => return Err(self.damaged(sha256)),
            }
        }
        Ok(Some(kept))
    }

    fn unread(&self, error: object_store::Error) -> Error {
        failed(error, "cannot read a stored file", &self.name)
    }
}

fn attributes(media_type: &str) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.insert(Attribute::ContentType, media_type.to_owned().into());
    attributes
}

#[async_trait]
impl BlobStore for S3Blobs {
    async fn put(&self, bytes: Bytes, media_type: &str) -> Result<BlobRef> {
        let (bytes, sha256) = local::blocking(move || {
            let sha256 = Sha256::of(&bytes);
            Ok((bytes, sha256))
        })
        .await?;
        let blob = BlobRef { sha256, length: bytes.len() as u64, media_type: media_type.to_owned() };
        let stands = self.head(sha256).await?;
        if stands != Some(blob.length) {
            self.write(&blob, bytes, stands).await?;
        }
        Ok(blob)
    }

    async fn import(&self, file: &Path, media_type: &str) -> Result<BlobRef> {
        let path = file.to_owned();
        let (sha256, length) = local::blocking(move || local::digest(&path)).await?;
        let blob = BlobRef { sha256, length, media_type: media_type.to_owned() };
        let stands = self.head(sha256).await?;
        if stands != Some(length) {
            if length <= upload::PART as u64 {
                let path = file.to_owned();
                let bytes = local::blocking(move || {
                    std::fs::read(&path).map_err(|error| local::failed(error, "cannot read the file to import", &path))
                })
                .await?;
                if Sha256::of(&bytes) != sha256 {
                    return Err(Error::conflict("the file was changed while it was imported")
                        .with_context("path", file.display())
                        .with_hint("import a file only once it is finished"));
                }
                self.write(&blob, bytes.into(), stands).await?;
            } else {
                let unwritten = |error| failed(error, "cannot store a file", &self.name);
                let options =
                    PutMultipartOptions { attributes: attributes(media_type), ..PutMultipartOptions::default() };
                let upload = self.store.put_multipart_opts(&self.key(sha256), options).await.map_err(unwritten)?;
                upload::send(upload, file, (sha256, length), unwritten).await?;
            }
        }
        let path = file.to_owned();
        local::blocking(move || {
            std::fs::remove_file(&path).map_err(|error| local::failed(error, "cannot remove the imported file", &path))
        })
        .await?;
        Ok(blob)
    }

    async fn get(&self, sha256: Sha256) -> Result<Option<Bytes>> {
        let begin = |length| BytesMut::with_capacity(usize::try_from(length).unwrap_or_default().min(MOST_RESERVED));
        let gather = |mut bytes: BytesMut, part: Bytes| async move {
            bytes.extend_from_slice(&part);
            Ok(bytes)
        };
        let Some(bytes) = self.whole(sha256, begin, gather).await? else { return Ok(None) };
        let (bytes, whole) = local::blocking(move || {
            let whole = Sha256::of(&bytes) == sha256;
            Ok((bytes, whole))
        })
        .await?;
        if whole { Ok(Some(bytes.freeze())) } else { Err(self.damaged(sha256)) }
    }

    async fn length(&self, sha256: Sha256) -> Result<Option<u64>> {
        self.found(sha256).await
    }

    async fn read(&self, sha256: Sha256, offset: u64, most: usize) -> Result<Option<Bytes>> {
        if most == 0 {
            return Ok(self.found(sha256).await?.map(|_| Bytes::new()));
        }
        Ok(self.part(sha256, offset, most).await?.map(|(bytes, _)| bytes))
    }

    async fn export(&self, sha256: Sha256, file: &Path) -> Result<()> {
        let target = file.to_owned();
        let begin = |_| None;
        let write = |part: Option<Part>, bytes: Bytes| {
            let target = target.clone();
            local::blocking(move || {
                let mut part = part.map_or_else(|| Part::beside(&target), Ok)?;
                part.write(&bytes)?;
                Ok(Some(part))
            })
        };
        let written = self.whole(sha256, begin, write).await?.flatten();
        let part = written.ok_or_else(|| Error::not_found("stored file is missing").with_context("sha256", sha256))?;
        if local::blocking(move || part.finish(sha256)).await? { Ok(()) } else { Err(self.damaged(sha256)) }
    }

    async fn contains(&self, sha256: Sha256) -> Result<bool> {
        Ok(self.found(sha256).await?.is_some())
    }

    async fn delete(&self, sha256: Sha256) -> Result<()> {
        self.remove(sha256, Shelf::Kept).await?;
        self.remove(sha256, Shelf::Aside).await
    }

    async fn list(&self, shelf: Shelf, after: Option<Sha256>, most: usize) -> Result<Vec<Stored>> {
        let root = self.shelf(shelf);
        let offset = after.map_or_else(Key::default, |after| self.on(shelf, after));
        let objects = match after {
            Some(_) => self.store.list_with_offset(Some(&root), &offset),
            None => self.store.list(Some(&root)),
        };
        let stored = objects.try_filter_map(|object| {
            // What is aside lies among what is kept, and other programs' objects may.
            let stored = self.digest_at(shelf, &object.location).map(|sha256| Stored {
                sha256,
                length: object.size,
                since: Timestamp::from_micros(object.last_modified.timestamp_micros()),
            });
            std::future::ready(Ok(stored))
        });
        let unlisted = |error| failed(error, "cannot list stored files", &self.name);
        let mut stored = std::pin::pin!(stored);
        let mut listed = Vec::new();
        while listed.len() < most
            && let Some(one) = stored.try_next().await.map_err(unlisted)?
        {
            listed.push(one);
        }
        Ok(listed)
    }

    async fn set_aside(&self, sha256: Sha256) -> Result<()> {
        self.carry(sha256, Shelf::Kept, Shelf::Aside).await
    }

    async fn take_back(&self, sha256: Sha256) -> Result<()> {
        self.carry(sha256, Shelf::Aside, Shelf::Kept).await
    }

    async fn discard(&self, sha256: Sha256) -> Result<()> {
        self.remove(sha256, Shelf::Aside).await
    }

    /// An upload in parts that broke off with its process has no name yet, and is not seen by whoever lists objects: the
    /// bucket's own rule `AbortIncompleteMultipartUpload` removes it.
    async fn tidy(&self, _before: Timestamp) -> Result<u64> {
        Ok(0)
    }
}
