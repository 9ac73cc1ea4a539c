//! The files of content.

use super::super::super::bounds::within;
use super::super::super::caller::Signed;
use super::super::super::extract::{Path, Query};
use super::super::super::{Answer, Platform, Routes};
use super::{LimitQuery, path_of};
use axum::Json;
use axum::extract::State;
use orion_core::Timestamp;
use orion_core::domain::{Asset, AssetKind};
use orion_core::id::ContentId;
use orion_core::port::{Filter, Order, Page, RepositoryExt};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

/// Contents of a user whose files are listed.
const MOST_CONTENTS: usize = 500;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(all_assets)).routes(routes!(assets))
}

/// A file of content.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Asset)]
struct AssetView {
    id: Uuid,
    content_id: Uuid,
    /// `image`, `video` or `audio`.
    asset_type: &'static str,
    /// The same.
    r#type: &'static str,
    provider: String,
    /// Its path below the gateway; only `url` can be followed.
    file_path: String,
    /// A signed link to it.
    url: String,
    #[schema(value_type = Option<Object>)]
    metadata: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u64>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<f64>,
    file_size: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl AssetView {
    fn of(platform: &Platform, asset: Asset, now: Timestamp) -> Self {
        let kind = match asset.kind {
            AssetKind::Image | AssetKind::Thumbnail => "image",
            AssetKind::Video => "video",
            AssetKind::Audio => "audio",
            AssetKind::Captions => "captions",
        };
        let mut metadata = asset.metadata;
        if let (AssetKind::Thumbnail, Some(keys)) = (asset.kind, metadata.as_object_mut()) {
            keys.insert("type".to_owned(), "thumbnail".into());
        }
        let url = platform.links.to(&asset.blob, asset.kind.as_str(), now);
        Self {
            id: asset.id.0,
            content_id: asset.content_id.0,
            asset_type: kind,
            r#type: kind,
            provider: asset.provider,
            file_path: path_of(&url),
            url,
            width: metadata.get("width").and_then(serde_json::Value::as_u64),
            height: metadata.get("height").and_then(serde_json::Value::as_u64),
            duration: metadata.get("duration_seconds").and_then(serde_json::Value::as_f64),
            file_size: asset.blob.length,
            created_at: asset.created_at,
            metadata: (!metadata.is_null()).then_some(metadata),
        }
    }
}

/// The files of one piece of content, newest first.
#[utoipa::path(get, path = "/assets/{content_id}", tag = "media", params(("content_id" = Uuid, Path)),
    responses((status = OK, body = Vec<AssetView>), (status = FORBIDDEN)))]
async fn assets(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
) -> Answer<Vec<AssetView>> {
    let production = platform.orion.production();
    let mut tx = production.store.read().await?;
    match tx.contents().get(id).await? {
        // Content that is not there has no files.
        None => return Ok(Json(Vec::new())),
        Some(content) => caller.owns(content.owner)?,
    }
    let now = production.clock.now();
    let filter = Filter { parent: Some(id.0), ..Filter::default() };
    let assets = tx.assets().list(&filter, &Page::first(Order::Newest, Page::MOST)).await?.items;
    Ok(Json(assets.into_iter().map(|asset| AssetView::of(&platform, asset, now)).collect()))
}

/// Files of the caller's content.
#[derive(Debug, Serialize, ToSchema)]
struct AssetList {
    items: Vec<AssetView>,
    total: u64,
}

/// The files of the caller's newest content; everybody's for administrators.
#[utoipa::path(get, path = "/assets", tag = "media", params(LimitQuery), responses((status = OK, body = AssetList)))]
async fn all_assets(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Query(query): Query<LimitQuery>,
) -> Answer<AssetList> {
    let limit = within(&["query", "limit"], query.limit.unwrap_or(50), 1..=200)?;
    let production = platform.orion.production();
    let now = production.clock.now();
    let mut tx = production.store.read().await?;
    let (mut found, mut total) = (Vec::new(), 0);
    match caller.sees() {
        None => {
            total = tx.assets().count(&Filter::default()).await?;
            found = tx.assets().window(&Filter::default(), Order::Newest, 0, limit).await?;
        }
        Some(owner) => {
            let mine = Filter { owner: Some(owner.0), ..Filter::default() };
            for content in tx.contents().every(&mine, Order::Newest, MOST_CONTENTS).await? {
                let filter = Filter { parent: Some(content.id.0), ..Filter::default() };
                total += tx.assets().count(&filter).await?;
                if found.len() < limit as usize {
                    found.extend(tx.assets().window(&filter, Order::Newest, 0, limit).await?);
                }
            }
            found.truncate(limit as usize);
        }
    }
    let items = found.into_iter().map(|asset| AssetView::of(&platform, asset, now)).collect();
    Ok(Json(AssetList { items, total }))
}
