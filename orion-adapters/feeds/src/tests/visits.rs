//! Feeds visited over HTTP and from files.

use crate::{FeedLimits, HttpFeedReader};
use orion_core::domain::FeedState;
use orion_core::id::{FeedStateId, Id};
use orion_core::port::{FeedReader, FeedReading, FeedVisit};
use orion_core::{ErrorKind, Timestamp};
use orion_fetch::HttpFetcher;
use std::sync::Arc;
use std::time::Duration;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const FEED: &str = include_str!("fixture.rss");

fn reader() -> HttpFeedReader {
    let fetcher = HttpFetcher::builder().allow_private(["127.0.0.1"]).pause(Duration::ZERO).build();
    HttpFeedReader::new(Arc::new(fetcher.unwrap()))
}

fn visit(location: &str) -> FeedVisit {
    FeedVisit { location: location.to_owned(), state: None }
}

fn state(url: &str, etag: &str) -> FeedState {
    let now = Timestamp::default();
    FeedState {
        id: FeedStateId::from_uuid(Default::default()),
        url: url.to_owned(),
        etag: Some(etag.to_owned()),
        last_modified: None,
        body: None,
        not_before: now,
        failures: 0,
        problem: None,
        checked_at: now,
        version: 1,
    }
}

#[tokio::test]
async fn a_second_visit_is_conditional() {
    let server = MockServer::start().await;
    let unchanged = ResponseTemplate::new(304).insert_header("cache-control", "max-age=900");
    Mock::given(header("if-none-match", "\"v1\"")).respond_with(unchanged).with_priority(1).mount(&server).await;
    let full = ResponseTemplate::new(200).insert_header("etag", "\"v1\"").set_body_raw(FEED, "application/rss+xml");
    Mock::given(method("GET")).and(path("/rss")).respond_with(full).mount(&server).await;
    let url = format!("{}/rss", server.uri());
    let FeedReading::Read { feed, etag, body, content_type, .. } = reader().visit(&visit(&url)).await.unwrap() else {
        panic!("not read")
    };
    assert_eq!((feed.items.len(), etag.as_deref(), body.as_ref()), (2, Some("\"v1\""), FEED.as_bytes()));
    assert_eq!(reader().parse(&body, content_type.as_deref()).unwrap(), feed);
    let again = FeedVisit { location: url.clone(), state: Some(state(&url, "\"v1\"")) };
    assert_eq!(
        reader().visit(&again).await.unwrap(),
        FeedReading::NotModified { fresh_for: Some(Duration::from_secs(900)) }
    );
}

#[tokio::test]
async fn the_charset_of_the_answer_counts() {
    let server = MockServer::start().await;
    let bytes =
        encoding_rs::KOI8_R.encode("<rss><channel><item><title>Новости</title></item></channel></rss>").0.into_owned();
    let answer = ResponseTemplate::new(200).set_body_raw(bytes, "text/xml; charset=koi8-r");
    Mock::given(path("/rss")).respond_with(answer).mount(&server).await;
    let reading = reader().visit(&visit(&format!("{}/rss", server.uri()))).await.unwrap();
    let FeedReading::Read { feed, .. } = reading else { panic!("not read") };
    assert_eq!((feed.items[0].title.as_str(), feed.title.as_str()), ("Новости", "127.0.0.1"));
}

#[tokio::test]
async fn errors_name_the_feed() {
    let server = MockServer::start().await;
    Mock::given(path("/page"))
        .respond_with(ResponseTemplate::new(200).set_body_raw("<html>Hi</html>", "text/html"))
        .mount(&server)
        .await;
    let page = format!("{}/page", server.uri());
    let error = reader().visit(&visit(&page)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains(&page), "{error}");
    for (location, kind) in [
        (format!("{}/none", server.uri()), ErrorKind::NotFound),
        ("http://10.0.0.1/feed".to_owned(), ErrorKind::Forbidden),
        ("no/such/file.rss".to_owned(), ErrorKind::NotFound),
        ("ftp://a.example/feed".to_owned(), ErrorKind::Invalid),
        (env!("CARGO_MANIFEST_DIR").to_owned(), ErrorKind::Invalid),
    ] {
        assert_eq!(reader().visit(&visit(&location)).await.unwrap_err().kind(), kind, "{location}");
    }
}

#[tokio::test]
async fn files_are_feeds_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("harbour.rss");
    std::fs::write(&file, "<rss><channel><item><title>x</title></item></channel></rss>").unwrap();
    for location in [file.display().to_string(), format!("file://{}", file.display())] {
        let FeedReading::Read { feed, .. } = reader().visit(&visit(&location)).await.unwrap() else {
            panic!("not read")
        };
        assert_eq!((feed.title.as_str(), feed.items.len()), ("harbour", 1));
    }
    let small = reader().with_limits(FeedLimits { bytes: 10, ..FeedLimits::default() });
    assert_eq!(small.visit(&visit(&file.display().to_string())).await.unwrap_err().kind(), ErrorKind::Exhausted);
    std::fs::write(&file, "").unwrap();
    assert_eq!(reader().visit(&visit(&file.display().to_string())).await.unwrap_err().kind(), ErrorKind::Invalid);
}
