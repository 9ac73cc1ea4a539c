//! Bad days, which every source has alike.

use super::Bed;
use crate::{
    GithubSource, GoogleTrendsSource, HackerNewsSource, RedditSource, WikipediaSource, XTrendsSource, YoutubeSource,
};
use orion_core::port::TrendSource;
use orion_core::{ErrorKind, Retry};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wiremock::matchers::any;
use wiremock::{Mock, ResponseTemplate};

fn sources(bed: &Bed, address: &str) -> Vec<Box<dyn TrendSource>> {
    let asking = || bed.asking.clone();
    vec![
        Box::new(GoogleTrendsSource::new(asking(), address).unwrap()),
        Box::new(HackerNewsSource::new(asking(), address).unwrap()),
        Box::new(RedditSource::new(asking(), address).unwrap()),
        Box::new(WikipediaSource::new(asking(), address).unwrap()),
        Box::new(GithubSource::new(asking(), address).unwrap()),
        Box::new(YoutubeSource::new(asking(), address).unwrap()),
        Box::new(XTrendsSource::new(asking(), address).unwrap()),
    ]
}

#[tokio::test]
async fn who_is_asked_to_slow_down_does_not_ask_again_before_its_time() {
    let slow_down = || ResponseTemplate::new(429).insert_header("retry-after", "1800");
    for place in 0..7 {
        let bed = Bed::new().await;
        Mock::given(any()).respond_with(slow_down()).mount(&bed.server).await;
        let source = sources(&bed, &bed.server.uri()).remove(place);
        let error = bed.fetch(&*source, 20).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited, "{}", source.name());
        let asked = bed.requests().await;
        bed.clock.advance(Duration::from_secs(1799));
        let error = bed.fetch(&*source, 20).await.unwrap_err();
        assert_eq!((error.kind(), bed.requests().await), (ErrorKind::RateLimited, asked), "{}", source.name());
        assert_eq!(error.retry(), Retry::Later(Some(Duration::from_secs(1))), "{}", source.name());
        assert!(error.to_string().contains("asks to slow down"), "the reason is told: {error}");
        bed.clock.advance(Duration::from_secs(1));
        bed.fetch(&*source, 20).await.unwrap_err();
        assert!(bed.requests().await > asked, "{}", source.name());
    }
}

#[tokio::test]
async fn answers_that_make_no_sense_are_failures_with_a_reason() {
    let page = "<!DOCTYPE html><html><head><title>Before you continue</title></head><body>Consent</body></html>";
    let answers = [
        ResponseTemplate::new(200).set_body_raw(page, "text/html"),
        ResponseTemplate::new(200).set_body_raw(r#"{"hits": [{"title": "#, "application/json"),
        ResponseTemplate::new(200).set_body_raw(r#"{"hits": 7, "items": "none", "data": []}"#, "application/json"),
        ResponseTemplate::new(200).set_body_raw("", "application/json"),
        ResponseTemplate::new(200).set_body_raw("null", "application/json"),
        ResponseTemplate::new(200).set_body_raw(vec![0xff_u8, 0xfe, 0, 1, 2], "application/xml"),
        ResponseTemplate::new(500),
        ResponseTemplate::new(403).set_body_raw(page, "text/html"),
    ];
    for answer in answers {
        let bed = Bed::new().await;
        Mock::given(any()).respond_with(answer.clone()).mount(&bed.server).await;
        for source in sources(&bed, &bed.server.uri()) {
            let name = source.name().to_owned();
            let error = bed.fetch(&*source, 20).await.map(|scan| panic!("{name}: {scan:?}")).unwrap_err();
            assert!(matches!(error.retry(), Retry::Later(Some(_))), "{name}: {error:?}");
            let asked = bed.requests().await;
            let again = bed.fetch(&*source, 20).await.unwrap_err();
            assert_eq!((again.kind(), bed.requests().await), (ErrorKind::RateLimited, asked), "{name}");
        }
    }
}

#[tokio::test]
async fn answers_are_bounded() {
    let bed = Bed::new().await;
    let huge = format!("{{\"hits\": [], \"items\": [], \"x\": \"{}\"}}", "x".repeat(5 << 20));
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_raw(huge, "application/json"))
        .mount(&bed.server)
        .await;
    for source in sources(&bed, &bed.server.uri()) {
        assert_eq!(bed.fetch(&*source, 20).await.unwrap_err().kind(), ErrorKind::Exhausted, "{}", source.name());
    }
}

#[tokio::test]
async fn connections_that_break_are_failures() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"hits\": [").await;
        }
    });
    let bed = Bed::new().await;
    for source in sources(&bed, &address) {
        let error = bed.fetch(&*source, 20).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{}: {error:?}", source.name());
    }
}

#[tokio::test]
async fn nothing_new_is_told_by_validators() {
    let bed = Bed::new().await;
    let front = r#"{"hits": [{"objectID": "1", "title": "One", "points": 5, "created_at_i": 1795780000}]}"#;
    let answer = ResponseTemplate::new(200).insert_header("etag", "\"7\"").set_body_raw(front, "application/json");
    Mock::given(wiremock::matchers::header("if-none-match", "\"7\""))
        .respond_with(ResponseTemplate::new(304))
        .with_priority(1)
        .mount(&bed.server)
        .await;
    Mock::given(any()).respond_with(answer).mount(&bed.server).await;
    let source = HackerNewsSource::new(bed.asking.clone(), &bed.server.uri()).unwrap();
    for _ in 0..3 {
        assert_eq!(bed.fetch(&source, 20).await.unwrap().items.len(), 1);
        bed.clock.advance(Duration::from_secs(300));
    }
    assert_eq!(bed.requests().await, 3);
}
