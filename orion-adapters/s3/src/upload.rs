//! A large file on its way up, in parts: a few at a time, and nothing left behind.

use crate::local;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use object_store::{MultipartUpload, PutPayload};
use orion_core::domain::Sha256;
use orion_core::{Error, Result};
use sha2::Digest;
use std::fs::File;
use std::path::Path;

/// Smallest part, and the largest file that goes up in one request. S3 wants 5 MiB or more.
pub(crate) const PART: usize = 8 << 20;
/// Most parts of one file that S3 takes.
const MOST_PARTS: u64 = 10_000;
/// Parts on their way at the same time: with the one being read, as many are held in memory and one more.
const AT_ONCE: usize = 3;

/// An upload under way. Dropped before its end it is aborted, so that nobody pays for its parts.
struct Upload(Option<Box<dyn MultipartUpload>>);

impl Drop for Upload {
    fn drop(&mut self) {
        if let (Some(mut upload), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                if let Err(error) = upload.abort().await {
                    tracing::warn!(%error, "an upload to S3 could not be aborted");
                }
            });
        }
    }
}

/// Sends a file of this digest and length.
///
/// # Errors
/// [`Conflict`](orion_core::ErrorKind::Conflict) if the file is no longer what it was.
pub(crate) async fn send(
    upload: Box<dyn MultipartUpload>,
    path: &Path,
    (sha256, length): (Sha256, u64),
    failed: impl Fn(object_store::Error) -> Error,
) -> Result<()> {
    let mut upload = Upload(Some(upload));
    // Every part but the last has the same size, as some servers demand.
    let size = PART.max(usize::try_from(length.div_ceil(MOST_PARTS)).unwrap_or(usize::MAX));
    let owned = path.to_owned();
    let mut file = local::blocking(move || {
        File::open(&owned).map_err(|error| local::failed(error, "cannot read the file to import", &owned))
    })
    .await?;
    let mut hasher = sha2::Sha256::new();
    let mut under_way = FuturesUnordered::new();
    loop {
        let owned = path.to_owned();
        let bytes;
        (file, hasher, bytes) = local::blocking(move || {
            let bytes = local::next(&mut file, size, &owned)?;
            hasher.update(&bytes);
            Ok((file, hasher, bytes))
        })
        .await?;
        if bytes.is_empty() {
            break;
        }
        if under_way.len() >= AT_ONCE
            && let Some(sent) = under_way.next().await
        {
            Result::map_err(sent, &failed)?;
        }
        if let Some(upload) = &mut upload.0 {
            under_way.push(upload.put_part(PutPayload::from(bytes)));
        }
    }
    while let Some(sent) = under_way.next().await {
        Result::map_err(sent, &failed)?;
    }
    if Sha256(hasher.finalize().into()) != sha256 {
        return Err(Error::conflict("the file was changed while it was imported")
            .with_context("path", path.display())
            .with_hint("import a file only once it is finished"));
    }
    if let Some(inner) = &mut upload.0 {
        inner.complete().await.map_err(&failed)?;
    }
    upload.0 = None;
    Ok(())
}
