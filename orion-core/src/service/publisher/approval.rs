//! Which file may go out: the newest, and only if a person approved that very file.

use crate::domain::{ApprovalState, Asset, AssetKind, BlobRef, Content, Gate, Sha256};
use crate::port::{Filter, Order, Page, Tx};
use crate::{Error, Result};

/// The newest file of a kind.
pub(super) async fn newest(tx: &mut dyn Tx, content: &Content, kind: AssetKind) -> Result<Option<Asset>> {
    let filter = Filter { parent: Some(content.id.0), states: vec![kind.to_string()], ..Filter::default() };
    Ok(tx.assets().list(&filter, &Page::first(Order::Newest, 1)).await?.items.into_iter().next())
}

/// The thumbnail of the video's own shape: that of the lowest position; the others are for single platforms.
pub(super) async fn thumbnail(tx: &mut dyn Tx, content: &Content) -> Result<Option<Asset>> {
    let states = vec![AssetKind::Thumbnail.to_string()];
    let filter = Filter { parent: Some(content.id.0), states, ..Filter::default() };
    let found = tx.assets().list(&filter, &Page::first(Order::Newest, Page::MOST)).await?;
    Ok(found.items.into_iter().min_by_key(|asset| asset.position))
}

/// The file that may go out.
///
/// # Errors
/// [`Conflict`](crate::ErrorKind::Conflict) with the next step if there is none.
pub(super) async fn approved_file(tx: &mut dyn Tx, content: &Content) -> Result<BlobRef> {
    let video = newest(tx, content, AssetKind::Video).await?.ok_or_else(|| {
        Error::conflict("there is no video to publish").with_hint("let its run go on until it is rendered")
    })?;
    if is_approved(tx, content, video.blob.sha256).await? {
        return Ok(video.blob);
    }
    Err(Error::conflict("nobody has approved this very video")
        .with_context("content", content.id)
        .with_context("sha256", video.blob.sha256)
        .with_hint("look at the video and approve it; an approval is void once the video changes"))
}

/// Whether a person approved exactly this file at the review of one of the content's runs.
async fn is_approved(tx: &mut dyn Tx, content: &Content, file: Sha256) -> Result<bool> {
    let mut runs = Page::first(Order::Newest, Page::MOST);
    loop {
        let of_content = Filter { parent: Some(content.id.0), ..Filter::default() };
        let slice = tx.runs().list(&of_content, &runs).await?;
        for run in slice.items {
            let approved = vec![ApprovalState::Approved.to_string()];
            let filter = Filter { parent: Some(run.id.0), states: approved, ..Filter::default() };
            let mut page = Page::first(Order::Newest, Page::MOST);
            loop {
                let approvals = tx.approvals().list(&filter, &page).await?;
                let permits = |approval: &crate::domain::Approval| {
                    approval.gate == Gate::Review && approval.content_id == content.id && approval.permits(file)
                };
                if approvals.items.iter().any(permits) {
                    return Ok(true);
                }
                match approvals.next {
                    Some(cursor) => page.after = Some(cursor),
                    None => break,
                }
            }
        }
        match slice.next {
            Some(cursor) => runs.after = Some(cursor),
            None => return Ok(false),
        }
    }
}
