//! A stored file as an answer: whole or in part (RFC 9110, sections 13 and 14), passed on piece by piece.

use super::ApiError;
use super::links::media_type;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use orion_core::domain::Sha256;
use orion_core::port::BlobStore;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// No more of a file than this is in memory at a time.
const PIECE: usize = 256 * 1024;

/// Answers with a file under a name, as the request's headers ask.
pub(super) async fn answer(
    blobs: &Arc<dyn BlobStore>,
    sha256: Sha256,
    name: &str,
    method: &Method,
    request: &HeaderMap,
) -> Result<Response, ApiError> {
    let Some(length) = blobs.length(sha256).await? else {
        return Err(ApiError::new(StatusCode::NOT_FOUND, "this file is no longer there"));
    };
    let tag = format!("\"{sha256}\"");
    if has_tag(request, header::IF_NONE_MATCH, &tag) {
        return Ok(respond(StatusCode::NOT_MODIFIED, &tag, name, Body::empty()));
    }
    // A part of another version would be worse than the whole of this one.
    let fresh = !request.contains_key(header::IF_RANGE) || has_tag(request, header::IF_RANGE, &tag);
    let asked = request.get(header::RANGE).filter(|_| fresh).and_then(|range| range.to_str().ok());
    let (status, part) = match asked.map_or(Asked::Whole, |range| read_range(range, length)) {
        Asked::Whole => (StatusCode::OK, 0..length),
        Asked::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Asked::Nothing => {
            let mut response = respond(StatusCode::RANGE_NOT_SATISFIABLE, &tag, name, Body::empty());
            set(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{length}"));
            return Ok(response);
        }
    };
    let body = if *method == Method::HEAD { Body::empty() } else { stream(blobs.clone(), sha256, part.clone()) };
    let mut response = respond(status, &tag, name, body);
    let headers = response.headers_mut();
    set(headers, header::CONTENT_LENGTH, &(part.end - part.start).to_string());
    if status == StatusCode::PARTIAL_CONTENT {
        set(headers, header::CONTENT_RANGE, &format!("bytes {}-{}/{length}", part.start, part.end - 1));
    }
    Ok(response)
}

fn respond(status: StatusCode, tag: &str, name: &str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    set(headers, header::ACCEPT_RANGES, "bytes");
    set(headers, header::ETAG, tag);
    set(headers, header::CONTENT_TYPE, media_type(name));
    set(headers, header::CONTENT_DISPOSITION, &format!("inline; filename=\"{}\"", safe(name)));
    set(headers, header::CACHE_CONTROL, "private, max-age=3600, immutable");
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// A name that means nothing to any header or file system.
fn safe(name: &str) -> String {
    name.chars().filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_')).collect()
}

fn has_tag(request: &HeaderMap, name: HeaderName, tag: &str) -> bool {
    let mut told = request.get_all(name).iter().filter_map(|value| value.to_str().ok());
    told.any(|list| list.split(',').any(|one| matches!(one.trim(), "*") || one.trim() == tag))
}

/// What a range asks of a file.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part(Range<u64>),
    Nothing,
}

/// Reads one range; what is malformed, or several at once, is answered with the whole, as the standard allows.
fn read_range(text: &str, length: u64) -> Asked {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-')) else {
        return Asked::Whole;
    };
    let digits = |text: &str| text.is_empty() || text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(first) || !digits(last) {
        return Asked::Whole;
    }
    // More digits than fit lie behind every end.
    let number = |text: &str| text.parse::<u64>().unwrap_or(u64::MAX);
    let part = match (first, last) {
        ("", "") => return Asked::Whole,
        ("", suffix) => length.saturating_sub(number(suffix))..length,
        (first, "") => number(first)..length,
        (first, last) if number(last) < number(first) => return Asked::Whole,
        (first, last) => number(first)..number(last).saturating_add(1).min(length),
    };
    if part.start < part.end { Asked::Part(part) } else { Asked::Nothing }
}

/// The bytes of a part, read as fast as the client takes them.
fn stream(blobs: Arc<dyn BlobStore>, sha256: Sha256, part: Range<u64>) -> Body {
    let pieces = futures_util::stream::try_unfold(part, move |left: Range<u64>| {
        let blobs = blobs.clone();
        async move {
            if left.is_empty() {
                return Ok(None);
            }
            let most = usize::try_from(left.end - left.start).unwrap_or(PIECE).min(PIECE);
            let piece = blobs.read(sha256, left.start, most).await.map_err(io::Error::other)?;
            // The length was promised: a file that shrinks breaks the answer off instead of ending it.
            let piece: Bytes = piece.filter(|piece| !piece.is_empty()).ok_or(io::ErrorKind::UnexpectedEof)?;
            let next = left.start + piece.len() as u64..left.end;
            Ok::<_, io::Error>(Some((piece, next)))
        }
    });
    Body::from_stream(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::memory::MemoryBlobs;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let check = |text: &str, expected: Asked| assert_eq!(read_range(text, 100), expected, "{text}");
        check("bytes=0-0", Asked::Part(0..1));
        check("bytes=0-99", Asked::Part(0..100));
        check("bytes=10-", Asked::Part(10..100));
        check("bytes=90-500", Asked::Part(90..100));
        check("bytes=-10", Asked::Part(90..100));
        check("bytes=-500", Asked::Part(0..100));
        check("bytes=99-99999999999999999999999", Asked::Part(99..100));
        for unsatisfiable in ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999999-"] {
            check(unsatisfiable, Asked::Nothing);
        }
        for other in
            ["", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "bytes=+1-2", "bytes=0-1,3-4", "items=0-1"]
        {
            check(other, Asked::Whole);
        }
        assert_eq!(read_range("bytes=0-0", 0), Asked::Nothing);
        assert_eq!(safe("../a\"b\r\nc.mp4"), "..abc.mp4");
    }

    async fn ask(method: Method, bytes: &'static [u8], headers: &[(HeaderName, &str)]) -> (u16, HeaderMap, Vec<u8>) {
        let blobs: Arc<dyn BlobStore> = Arc::new(MemoryBlobs::new());
        let blob = blobs.put(Bytes::from_static(bytes), "video/mp4").await.unwrap();
        let mut request = HeaderMap::new();
        for (name, value) in headers {
            request.insert(name, HeaderValue::from_str(value).unwrap());
        }
        let response = answer(&blobs, blob.sha256, "video.mp4", &method, &request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 24).await.unwrap();
        (parts.status.as_u16(), parts.headers, body.to_vec())
    }

    #[tokio::test]
    async fn parts_are_answered_with_parts() {
        static LARGE: [u8; 600_000] = [5; 600_000];
        let (status, headers, body) = ask(Method::GET, &LARGE, &[]).await;
        assert_eq!((status, body.len(), &headers[header::CONTENT_LENGTH]), (200, 600_000, &HeaderValue::from(600_000)));
        assert_eq!(headers[header::CONTENT_TYPE], "video/mp4");
        assert_eq!(headers[header::ACCEPT_RANGES], "bytes");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let tag = headers[header::ETAG].to_str().unwrap().to_owned();

        let bytes: &[u8] = b"0123456789";
        let tag_of = format!("\"{}\"", Sha256::of(bytes));
        let (status, headers, body) = ask(Method::GET, bytes, &[(header::RANGE, "bytes=2-4")]).await;
        assert_eq!((status, body.as_slice()), (206, b"234".as_slice()));
        assert_eq!(headers[header::CONTENT_RANGE], "bytes 2-4/10");
        let (status, headers, body) = ask(Method::GET, bytes, &[(header::RANGE, "bytes=10-")]).await;
        assert_eq!(
            (status, body.len(), &headers[header::CONTENT_RANGE]),
            (416, 0, &HeaderValue::from_static("bytes */10"))
        );
        for (condition, expected) in
            [(tag_of.as_str(), 206), (tag.as_str(), 200), ("Tue, 24 Nov 2026 00:00:00 GMT", 200)]
        {
            let asked = [(header::RANGE, "bytes=2-4"), (header::IF_RANGE, condition)];
            assert_eq!(ask(Method::GET, bytes, &asked).await.0, expected, "{condition}");
        }
        assert_eq!(ask(Method::GET, bytes, &[(header::IF_NONE_MATCH, &tag_of)]).await.0, 304);
        let (status, headers, body) = ask(Method::HEAD, bytes, &[(header::RANGE, "bytes=2-4")]).await;
        assert_eq!((status, body.len(), &headers[header::CONTENT_LENGTH]), (206, 0, &HeaderValue::from(3)));
    }
}
