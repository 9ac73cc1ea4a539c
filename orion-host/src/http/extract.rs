//! What handlers read from a request. They do what axum's own do, and refuse in the contract's shape: a part that does
//! not fit is a 422 that names it.

use super::ApiError;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

/// A JSON body. `Option<Body<T>>` takes an empty one as none.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

/// The query string.
#[derive(Debug)]
pub(super) struct Query<T>(pub(super) T);

/// The variable parts of the path.
#[derive(Debug)]
pub(super) struct Path<T>(pub(super) T);

/// The JSON body of a request for tokens: at most 1024 bytes, and everything that is wrong with it is a plain 400.
#[derive(Debug)]
pub(super) struct SmallBody<T>(pub(super) T);

/// No longer body is a request for tokens.
pub(super) const SMALL_BODY: usize = 1024;

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let json = is_json(request.headers());
        let bytes = Bytes::from_request(request, state).await.map_err(unreadable)?;
        if !json {
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send the body as application/json"));
        }
        read(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, ApiError> {
        let json = is_json(request.headers());
        let bytes = Bytes::from_request(request, state).await.map_err(unreadable)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if !json {
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send the body as application/json"));
        }
        read(&bytes).map(|body| Some(Self(body)))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for SmallBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let refused = || ApiError::new(StatusCode::BAD_REQUEST, "invalid request body");
        let bytes = axum::body::to_bytes(request.into_body(), SMALL_BODY).await.map_err(|_| refused())?;
        serde_json::from_slice(&bytes).map(Self).map_err(|_| refused())
    }
}

impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for SmallBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Option<Self>, ApiError> {
        let refused = || ApiError::new(StatusCode::BAD_REQUEST, "invalid request body");
        let bytes = axum::body::to_bytes(request.into_body(), SMALL_BODY).await.map_err(|_| refused())?;
        if bytes.is_empty() {
            return Ok(None);
        }
        serde_json::from_slice(&bytes).map(|body| Some(Self(body))).map_err(|_| refused())
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(rejection) => Err(misfit("query", "query_parsing", &query_fault(&rejection))),
        }
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => {
                let text = error.body_text();
                Err(misfit("path", "path_parsing", text.strip_prefix("Invalid URL: ").unwrap_or(&text)))
            }
            Err(error) => Err(ApiError::new(error.status(), error.body_text())),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn unreadable(rejection: BytesRejection) -> ApiError {
    match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => ApiError::too_large(),
        _ => ApiError::new(StatusCode::BAD_REQUEST, "the request body did not arrive whole"),
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let kind = match error.inner().classify() {
            serde_json::error::Category::Data => "value_error",
            _ => "json_invalid",
        };
        let mut location = vec!["body".to_owned()];
        location.extend(error.path().iter().map(ToString::to_string).filter(|segment| segment != "?"));
        let location: Vec<&str> = location.iter().map(|segment| segment.trim_matches(['[', ']'])).collect();
        ApiError::field(&location, kind, error.inner().to_string())
    })?;
    json.end().map_err(|error| ApiError::field(&["body"], "json_invalid", error.to_string()))?;
    Ok(value)
}

/// What axum says of a query string, without what is always the same.
fn query_fault(rejection: &QueryRejection) -> String {
    let text = rejection.body_text();
    text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text).to_owned()
}

/// The 422 of a text like `page: invalid digit found in string`.
fn misfit(place: &str, kind: &str, text: &str) -> ApiError {
    match text.split_once(": ") {
        Some((name, fault)) if !name.contains(' ') => ApiError::field(&[place, name], kind, fault),
        _ => ApiError::field(&[place], kind, text),
    }
}
