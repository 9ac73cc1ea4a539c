//! What the store's errors mean, said once at this crate's edge.

use object_store::client::{HttpError, HttpErrorKind};
use orion_core::{Error, ErrorKind};

/// Translates an error of the store. The server's own words are not kept: an answer to a wrong signature repeats the
/// session's token.
pub(crate) fn failed(error: object_store::Error, message: &'static str, place: &str) -> Error {
    use object_store::Error as Store;
    let told = error.to_string();
    let (status, code) = (between(&told, "status code: ", ' '), between(&told, "<Code>", '<'));
    let (kind, hint) = match &error {
        _ if matches!(error, Store::NotFound { .. }) || status == Some("404") => {
            (ErrorKind::NotFound, "make the bucket, or check its name, `s3.endpoint` and `s3.region`")
        }
        _ if matches!(error, Store::PermissionDenied { .. }) || status == Some("403") => (
            ErrorKind::Forbidden,
            "check `s3.access_key` and `s3.secret_key`; the key needs to get, put, delete and list objects of the bucket",
        ),
        _ if matches!(error, Store::Unauthenticated { .. }) || status == Some("401") => {
            (ErrorKind::Unauthorized, "check `s3.access_key` and `s3.secret_key`")
        }
        Store::AlreadyExists { .. } | Store::Precondition { .. } => (ErrorKind::Conflict, "try again"),
        _ if is_full(status, code) => (ErrorKind::Exhausted, "the store is full; free some space and try again"),
        _ if status == Some("429") || code == Some("SlowDown") => (ErrorKind::RateLimited, "try again later"),
        _ if status.is_some_and(|status| status.starts_with('4')) => (
            ErrorKind::Invalid,
            "the server does not take the request; check `s3.region`, `s3.endpoint` and `s3.path_style`",
        ),
        _ if timed_out(&error) => (ErrorKind::Timeout, "check the way to the server"),
        _ => (ErrorKind::Unavailable, "check that the server runs, and `s3.endpoint`"),
    };
    let new = if kind == ErrorKind::Exhausted { Error::starved(message) } else { Error::new(kind, message) };
    let mut translated = new.with_context("blobs", place).with_hint(hint);
    if let Some(status) = status {
        translated = translated.with_context("status", status);
    }
    match code {
        Some(code) => translated.with_context("code", code),
        // Without an answer there are only words of the client's own.
        None if status.is_none() => translated.with_source(error),
        None => translated,
    }
}

/// The short word that stands behind a mark.
fn between<'t>(text: &'t str, mark: &str, end: char) -> Option<&'t str> {
    let (_, rest) = text.split_once(mark)?;
    let word = rest.split([end, ':']).next()?;
    let short = !word.is_empty() && word.len() <= 60 && word.chars().all(|letter| letter.is_ascii_alphanumeric());
    short.then_some(word)
}

fn is_full(status: Option<&str>, code: Option<&str>) -> bool {
    const FULL: [&str; 4] =
        ["QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage"];
    status == Some("507") || code.is_some_and(|code| FULL.contains(&code))
}

fn timed_out(error: &object_store::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<HttpError>() {
            return error.kind() == HttpErrorKind::Timeout;
        }
        cause = error.source();
    }
    false
}
