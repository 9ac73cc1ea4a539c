//! Publisher's routes, below `/api/v1/publisher`: accounts, publishing, and what came of it.

use super::super::bounds::{text, within};
use super::super::caller::Signed;
use super::super::extract::{Body, Path, Query};
use super::super::{Answer, ApiError, Platform, Routes};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::domain::{Destination, Publication, Role, SocialAccount};
use orion_core::event::{PostResult, PostStatus};
use orion_core::id::{ContentId, PublicationId, SocialAccountId};
use orion_core::service::publisher::{PublishOutcome, result_of};
use orion_core::{Error, ErrorKind, Operation, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

/// An answer is given within the time that clients wait; an upload that takes longer goes on.
const PATIENCE: Duration = Duration::from_secs(45);

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(publish))
        .routes(routes!(publish_history))
        .routes(routes!(history))
        .routes(routes!(decide))
        .routes(routes!(accounts, connect))
        .routes(routes!(disconnect))
}

#[derive(Debug, Deserialize, ToSchema)]
struct PublishRequest {
    content_id: Uuid,
    /// Where, 1 to 20: `youtube`, `folder`, `webhook`.
    #[serde(default)]
    platforms: Vec<String>,
    /// In place of `platforms`, for one.
    platform: Option<String>,
}

/// What came of one platform.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PostResult)]
struct PostView {
    platform: String,
    /// `published`, `failed`, or `pending` while it goes on or is in doubt.
    status: &'static str,
    platform_post_id: Option<String>,
    error: Option<String>,
}

impl From<PostResult> for PostView {
    fn from(result: PostResult) -> Self {
        let status = result.status.as_str();
        Self { platform: result.platform, status, platform_post_id: result.platform_post_id, error: result.error }
    }
}

/// What came of publishing.
#[derive(Debug, Serialize, ToSchema)]
struct PublishAnswer {
    content_id: Uuid,
    results: Vec<PostView>,
    #[schema(value_type = Option<String>, format = DateTime)]
    published_at: Option<Timestamp>,
}

/// Publishes the approved file of content. What takes long goes on in the background and shows up in the history.
#[utoipa::path(post, path = "/publish", tag = "publisher", request_body = PublishRequest,
    responses((status = OK, body = PublishAnswer), (status = NOT_FOUND), (status = CONFLICT),
    (status = UNPROCESSABLE_ENTITY)))]
async fn publish(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(request): Body<PublishRequest>,
) -> Answer<PublishAnswer> {
    caller.require(Role::Editor)?;
    let names: Vec<String> = request.platforms.into_iter().chain(request.platform).collect();
    within(&["body", "platforms"], names.len(), 1..=20)?;
    for name in &names {
        text(&["body", "platforms"], name, 128)?;
    }
    let content = ContentId(request.content_id);
    let (publisher, asked) = (platform.publisher.clone(), names.clone());
    let mut work =
        tokio::spawn(async move { publisher.publish(&caller, content, asked, &Operation::detached()).await });
    let outcome = match tokio::time::timeout(PATIENCE, &mut work).await {
        Ok(Ok(outcome)) => outcome.map_err(missing)?,
        Ok(Err(error)) => return Err(Error::unexpected("publishing ended by a panic").with_source(error).into()),
        Err(_) => {
            let pending =
                |platform| PostResult { platform, status: PostStatus::Pending, platform_post_id: None, error: None };
            let results = names.into_iter().map(pending).collect();
            PublishOutcome { content_id: content, results, published_at: None }
        }
    };
    Ok(Json(PublishAnswer {
        content_id: outcome.content_id.0,
        results: outcome.results.into_iter().map(PostView::from).collect(),
        published_at: outcome.published_at,
    }))
}

/// Content that is somebody else's is not there, as far as publishing goes.
fn missing(error: Error) -> ApiError {
    match error.kind() {
        ErrorKind::NotFound => ApiError::new(StatusCode::NOT_FOUND, "Content not found"),
        _ => error.into(),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct HistoryQuery {
    /// Only what became of this content.
    content_id: Option<Uuid>,
    /// 1 to 200, else 50.
    limit: Option<u32>,
}

/// One attempt to publish.
#[derive(Debug, Serialize, ToSchema)]
struct PublishRecord {
    id: Uuid,
    content_id: Uuid,
    platform: String,
    platform_post_id: Option<String>,
    /// `pending`, `published` or `failed`.
    status: &'static str,
    /// Where it stands exactly; `unknown` waits for reconciliation or a person.
    state: &'static str,
    error_message: Option<String>,
    account_id: Option<Uuid>,
    #[schema(value_type = Option<String>, format = DateTime)]
    published_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Publication> for PublishRecord {
    fn from(publication: Publication) -> Self {
        let result = result_of(&publication);
        Self {
            id: publication.id.0,
            content_id: publication.content_id.0,
            platform: result.platform,
            platform_post_id: result.platform_post_id,
            status: result.status.as_str(),
            state: publication.state.as_str(),
            error_message: result.error,
            account_id: publication.account_id.map(|id| id.0),
            published_at: publication.published_at,
            created_at: publication.created_at,
        }
    }
}

async fn records(platform: &Platform, caller: &Signed, query: HistoryQuery) -> Answer<Vec<PublishRecord>> {
    let limit = within(&["query", "limit"], query.limit.unwrap_or(50), 1..=200)?;
    let found = platform.publisher.history(&caller.0, query.content_id.map(ContentId), limit).await?;
    Ok(Json(found.into_iter().map(PublishRecord::from).collect()))
}

/// What the caller published or tried to, newest first; everybody for administrators.
#[utoipa::path(get, path = "/publish/history", tag = "publisher", params(HistoryQuery),
    responses((status = OK, body = Vec<PublishRecord>)))]
async fn publish_history(
    State(platform): State<Arc<Platform>>,
    caller: Signed,
    Query(query): Query<HistoryQuery>,
) -> Answer<Vec<PublishRecord>> {
    records(&platform, &caller, query).await
}

/// The same as `publish/history`.
#[utoipa::path(get, path = "/history", tag = "publisher", params(HistoryQuery),
    responses((status = OK, body = Vec<PublishRecord>)))]
async fn history(
    State(platform): State<Arc<Platform>>,
    caller: Signed,
    Query(query): Query<HistoryQuery>,
) -> Answer<Vec<PublishRecord>> {
    records(&platform, &caller, query).await
}

#[derive(Debug, Deserialize, ToSchema)]
struct Seen {
    /// Whether the post is on the platform.
    published: bool,
}

/// Tells what a person has seen of a publication that is in doubt.
#[utoipa::path(post, path = "/publish/{id}/decide", tag = "publisher", params(("id" = Uuid, Path)),
    request_body = Seen, responses((status = OK, body = PublishRecord), (status = NOT_FOUND), (status = CONFLICT)))]
async fn decide(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<PublicationId>,
    Body(seen): Body<Seen>,
) -> Answer<PublishRecord> {
    caller.require(Role::Editor)?;
    Ok(Json(platform.publisher.decide(&caller, id, seen.published).await?.into()))
}

/// An account at a place to publish. Its credentials are shown to nobody.
#[derive(Debug, Serialize, ToSchema)]
struct Account {
    id: Uuid,
    platform: &'static str,
    display_name: String,
    is_active: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<SocialAccount> for Account {
    fn from(account: SocialAccount) -> Self {
        Self {
            id: account.id.0,
            platform: account.destination.as_str(),
            display_name: account.display_name,
            is_active: account.active,
            created_at: account.created_at,
        }
    }
}

/// The caller's accounts, newest first.
#[utoipa::path(get, path = "/accounts", tag = "publisher", responses((status = OK, body = Vec<Account>)))]
async fn accounts(State(platform): State<Arc<Platform>>, Signed(caller): Signed) -> Answer<Vec<Account>> {
    let accounts = platform.publisher.accounts(&caller).await?;
    Ok(Json(accounts.into_iter().map(Account::from).collect()))
}

/// An account to connect. Not `Debug`: it holds credentials.
#[derive(Deserialize, ToSchema)]
struct AccountRequest {
    /// `youtube`, `folder`, `webhook`, ...
    platform: String,
    display_name: String,
    /// What the platform asks for, by name.
    #[serde(default)]
    #[schema(value_type = Object)]
    credentials: serde_json::Map<String, serde_json::Value>,
}

/// Connects an account; its credentials are sealed at once.
#[utoipa::path(post, path = "/accounts", tag = "publisher", request_body = AccountRequest,
    responses((status = CREATED, body = Account), (status = FORBIDDEN), (status = UNPROCESSABLE_ENTITY)))]
async fn connect(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(request): Body<AccountRequest>,
) -> Result<(StatusCode, Json<Account>), ApiError> {
    caller.require(Role::Editor)?;
    let destination: Destination = request
        .platform
        .parse()
        .map_err(|error: Error| ApiError::field(&["body", "platform"], "enum", error.to_string()))?;
    text(&["body", "display_name"], &request.display_name, 256)?;
    let account = platform.publisher.connect(&caller, destination, &request.display_name, &request.credentials).await?;
    Ok((StatusCode::CREATED, Json(account.into())))
}

/// Disconnects an account and forgets its credentials; what was published with it stays on record.
#[utoipa::path(delete, path = "/accounts/{id}", tag = "publisher", params(("id" = Uuid, Path)),
    responses((status = NO_CONTENT), (status = FORBIDDEN), (status = NOT_FOUND)))]
async fn disconnect(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<SocialAccountId>,
) -> Result<StatusCode, ApiError> {
    caller.require(Role::Editor)?;
    platform.publisher.disconnect(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
