//! What sites ask of programs, and what is left of it when they cannot be asked.

use crate::ReadableArticles;
use orion_core::ErrorKind;
use orion_core::port::{ArticleReader, NamedBy};
use orion_fetch::HttpFetcher;
use std::sync::Arc;
use std::time::Duration;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

const PAGE: &str = include_str!("page.html");

/// A site with two pages, a way from one address to the other, and this answer to who asks for its rules.
async fn site(rules: ResponseTemplate) -> (MockServer, ReadableArticles) {
    let server = MockServer::start().await;
    let page = || ResponseTemplate::new(200).set_body_raw(PAGE, "text/html");
    let away = ResponseTemplate::new(301).insert_header("location", "/private/lamp");
    for (place, answer) in [("/robots.txt", rules), ("/lamp", page()), ("/private/lamp", page()), ("/old", away)] {
        Mock::given(path(place)).respond_with(answer).mount(&server).await;
    }
    let fetcher = HttpFetcher::builder().allow_private(["127.0.0.1"]).pause(Duration::ZERO).build().unwrap();
    (server, ReadableArticles::new(Arc::new(fetcher)))
}

async fn asked(server: &MockServer) -> Vec<String> {
    server.received_requests().await.unwrap().iter().map(|request| request.url.path().to_owned()).collect()
}

fn forbidding() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw("User-agent: orion\nDisallow: /private/\n", "text/plain")
}

#[tokio::test]
async fn what_a_site_keeps_from_programs_is_left_alone() {
    let (server, articles) = site(forbidding()).await;
    let read = |place: &str| {
        let url = format!("{}{place}", server.uri());
        let articles = &articles;
        async move { articles.read(&url, NamedBy::Feed).await }
    };
    let error = read("/private/lamp").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.to_string().contains("robots.txt"), "{error}");
    let (first, second) = tokio::join!(read("/lamp"), read("/lamp"));
    assert_eq!(first.unwrap(), second.unwrap());
    assert_eq!(asked(&server).await, ["/robots.txt", "/lamp", "/lamp"], "the rules are asked for once");
    assert_eq!(read("/old").await.unwrap_err().kind(), ErrorKind::Forbidden, "a redirect is no way around");
}

#[tokio::test]
async fn who_wants_one_page_is_no_crawler() {
    let (server, articles) = site(forbidding()).await;
    let url = format!("{}/private/lamp", server.uri());
    assert!(articles.read(&url, NamedBy::Person).await.is_ok());
    assert!(articles.without_robots().read(&url, NamedBy::Feed).await.is_ok());
    assert_eq!(asked(&server).await, ["/private/lamp", "/private/lamp"]);
}

#[tokio::test]
async fn a_site_without_rules_allows_and_a_site_with_a_fault_does_not() {
    for status in [404, 410, 401, 403, 418] {
        let (server, articles) = site(ResponseTemplate::new(status)).await;
        assert!(articles.read(&format!("{}/lamp", server.uri()), NamedBy::Feed).await.is_ok(), "{status}");
    }
    for status in [500, 503, 429] {
        let (server, articles) = site(ResponseTemplate::new(status)).await;
        let error = articles.read(&format!("{}/lamp", server.uri()), NamedBy::Feed).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{status}");
        assert_eq!(asked(&server).await, ["/robots.txt"], "{status}: the page is not asked for");
    }
}
