//! One spelling of every path (contract, section 1.13): clients write `/api/v1/scout/api/v1/trends` or
//! `/api/v1/media/media/providers/` and reach what `/api/v1/scout/trends` and `/api/v1/media/providers` name. Nobody is
//! redirected: some clients do not follow.

use axum::extract::Request;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;

const API: &str = "/api/v1/";

/// Rewrites a request to the canonical path before it is routed.
pub(super) fn normalise(mut request: Request) -> Request {
    if let Some(path) = canonical(request.uri().path()) {
        let mut parts = request.uri().clone().into_parts();
        let path_and_query = match request.uri().query() {
            Some(query) => format!("{path}?{query}"),
            None => path,
        };
        // What is left out of a path leaves a path.
        if let Ok(path_and_query) = PathAndQuery::try_from(path_and_query) {
            parts.path_and_query = Some(path_and_query);
            if let Ok(uri) = Uri::from_parts(parts) {
                *request.uri_mut() = uri;
            }
        }
    }
    request
}

/// The canonical path, if it differs.
fn canonical(path: &str) -> Option<String> {
    let trimmed = match path.trim_end_matches('/') {
        "" => "/",
        trimmed => trimmed,
    };
    let short = trimmed.strip_prefix(API).and_then(|rest| {
        let (service, rest) = rest.split_once('/')?;
        let mut short = rest.strip_prefix("api/v1/").unwrap_or(rest);
        if let "media" | "editor" = service {
            short = short.strip_prefix(service).and_then(|rest| rest.strip_prefix('/')).unwrap_or(short);
        }
        (short != rest).then(|| format!("{API}{service}/{short}"))
    });
    short.or_else(|| (trimmed != path).then(|| trimmed.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_contract_means_one_path() {
        let check = |spelling: &str, path: &str| {
            let request = Request::builder().uri(spelling).body(axum::body::Body::empty()).unwrap();
            assert_eq!(normalise(request).uri().to_string(), path, "{spelling}");
        };
        check("/api/v1/scout/trends", "/api/v1/scout/trends");
        check("/api/v1/scout/api/v1/trends?page=2&x=/api/v1/", "/api/v1/scout/trends?page=2&x=/api/v1/");
        check("/api/v1/media/providers", "/api/v1/media/providers");
        check("/api/v1/media/media/providers", "/api/v1/media/providers");
        check("/api/v1/media/api/v1/media/providers", "/api/v1/media/providers");
        check("/api/v1/editor/editor/render", "/api/v1/editor/render");
        check("/api/v1/publisher/publish/", "/api/v1/publisher/publish");
        check("/api/v1/publisher/publish/?a=b", "/api/v1/publisher/publish?a=b");
        check("/api/v1/identity/users/me", "/api/v1/identity/users/me");
        check("/api/v1/content", "/api/v1/content");
        check("/health/", "/health");
        check("/", "/");
        check("///", "/");
        check("/api/v1/scout/", "/api/v1/scout");
        check("/api/v1/director/media/x", "/api/v1/director/media/x");
    }
}
