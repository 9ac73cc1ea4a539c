//! Pages of own text, served and at hand.

use crate::{ReadableArticles, read_article};
use orion_core::ErrorKind;
use orion_core::domain::Article;
use orion_core::port::{ArticleReader, NamedBy};
use orion_fetch::HttpFetcher;
use std::sync::Arc;
use std::time::Duration;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

const PAGE: &str = include_str!("page.html");
const URL: &str = "https://lighthouse.example/2026/lamp.html";

fn check(article: &Article) {
    assert_eq!(article.title, "The last lamp of the coast goes out");
    let paragraphs: Vec<&str> = article.text.split("\n\n").collect();
    assert_eq!(paragraphs.len(), 5, "{paragraphs:#?}");
    assert!(paragraphs[0].starts_with("On Monday morning at half past six the last keeper"));
    assert_eq!(paragraphs[2], "What comes next");
    assert!(paragraphs[4].ends_with("“Lamps do not retire,” she says."));
    for unwanted in ["Cookies", "Home", "Subscribe", "Comment", "function", "Photograph", "More from the coast"] {
        assert!(!article.text.contains(unwanted), "{unwanted} in {}", article.text);
    }
    assert_eq!(article.author.as_deref(), Some("Ada Quay"));
    assert_eq!(article.publisher.as_deref(), Some("The Lighthouse"));
    assert_eq!(article.published_at.map(|time| time.to_string()).as_deref(), Some("2026-11-23T06:30:00Z"));
    assert_eq!(article.language.as_deref(), Some("en-gb"));
    let picture = article.picture.as_ref().unwrap();
    assert!(picture.url.ends_with("/pictures/lamp.jpg?width=1200"), "{}", picture.url);
    assert_eq!(
        (picture.caption.as_deref(), picture.credit.as_deref()),
        (Some("The lamp on its last night."), Some("Photograph: J. Keeper/Coast Pictures"))
    );
    assert_eq!((picture.width, picture.height), (Some(1200), Some(800)));
}

#[test]
fn a_page_at_hand() {
    let article = read_article(PAGE.as_bytes(), Some("text/html; charset=utf-8"), URL).unwrap();
    check(&article);
    assert_eq!(article.url, URL);
}

#[tokio::test]
async fn a_page_that_is_served() {
    let server = MockServer::start().await;
    Mock::given(path("/old"))
        .respond_with(ResponseTemplate::new(301).insert_header("location", "/lamp"))
        .mount(&server)
        .await;
    Mock::given(path("/lamp"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(PAGE, "text/html"))
        .mount(&server)
        .await;
    Mock::given(path("/picture"))
        .respond_with(ResponseTemplate::new(200).set_body_raw("\u{89}PNG", "image/png"))
        .mount(&server)
        .await;
    let fetcher = HttpFetcher::builder().allow_private(["127.0.0.1"]).pause(Duration::ZERO).build().unwrap();
    let articles = ReadableArticles::new(Arc::new(fetcher));
    let article = articles.read(&format!("{}/old", server.uri()), NamedBy::Person).await.unwrap();
    check(&article);
    assert_eq!(article.url, format!("{}/lamp", server.uri()));
    assert_eq!(
        articles.read(&format!("{}/picture", server.uri()), NamedBy::Person).await.unwrap_err().kind(),
        ErrorKind::Invalid
    );
    assert_eq!(
        articles.read(&format!("{}/none", server.uri()), NamedBy::Person).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(articles.read("http://192.168.0.1/", NamedBy::Feed).await.unwrap_err().kind(), ErrorKind::Forbidden);
}

#[test]
fn pages_without_an_article() {
    let links: String = (0..80).map(|n| format!("<li><a href='/{n}'>Link number {n}</a></li>")).collect();
    for page in [
        String::new(),
        "<html><body><p>404 Not found</p></body></html>".to_owned(),
        format!("<html><body><nav><ul>{links}</ul></nav></body></html>"),
        "<html><body><h1>Sign in</h1><form><input name=user><button>Go</button></form></body></html>".to_owned(),
        "<html><body><script>document.write('all of it')</script><noscript>Please enable JavaScript.</noscript></body></html>".to_owned(),
    ] {
        let error = read_article(page.as_bytes(), Some("text/html"), URL).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{page:.80}");
    }
    assert_eq!(read_article(b"%PDF-1.7", Some("application/pdf"), URL).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(read_article(PAGE.as_bytes(), None, "lamp.html").unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn pages_in_other_encodings_and_scripts() {
    let text = "昨日、海岸の最後の灯台守が灯を消した。これからは灯台は自分で光り続ける。住民は丘の上に集まり、静かに見守った。".repeat(4);
    let page = format!(
        "<html lang=ja><head><meta charset=shift_jis><title>灯台</title></head><body><article><h1>灯台</h1><p>{text}</p></article></body></html>"
    );
    let bytes = encoding_rs::SHIFT_JIS.encode(&page).0.into_owned();
    let article = read_article(&bytes, Some("text/html"), URL).unwrap();
    assert_eq!(
        (article.title.as_str(), article.text.as_str(), article.language.as_deref()),
        ("灯台", text.as_str(), Some("ja"))
    );
    assert_eq!(article.publisher.as_deref(), Some("lighthouse.example"));
    assert_eq!((article.author, article.picture, article.published_at), (None, None, None));
}
