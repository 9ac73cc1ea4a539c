//! What each site is asked, and what is made of its answer.

use super::{Bed, titles};
use crate::{
    GithubSource, GoogleTrendsSource, HackerNewsSource, RedditSource, WikipediaSource, XTrendsSource, YoutubeSource,
};
use orion_core::port::{Clock, TrendSource};
use orion_core::{ErrorKind, Operation};
use serde_json::json;
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, ResponseTemplate};

const GOOGLE: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<rss xmlns:atom="http://www.w3.org/2005/Atom" xmlns:ht="https://trends.google.com/trending/rss" version="2.0">
<channel><title>Daily Search Trends</title><description>Recent searches</description>
<item><title>rhine bridge</title><ht:approx_traffic>5,000+</ht:approx_traffic><description/>
<link>https://trends.google.com/trending/rss?geo=US</link><pubDate>Fri, 27 Nov 2026 02:00:00 -0800</pubDate>
<ht:picture>https://pictures.example/1.jpg</ht:picture><ht:picture_source>The Post</ht:picture_source>
<ht:news_item><ht:news_item_title>Old Rhine bridge is closed</ht:news_item_title><ht:news_item_snippet/>
<ht:news_item_url>https://post.example/bridge</ht:news_item_url>
<ht:news_item_picture>https://pictures.example/2.jpg</ht:news_item_picture>
<ht:news_item_source>The Post</ht:news_item_source></ht:news_item></item>
<item><title>lottery numbers</title><ht:approx_traffic>200K+</ht:approx_traffic></item>
</channel></rss>"#;

#[tokio::test]
async fn google_gives_searches_by_their_traffic_with_the_news() {
    let bed = Bed::new().await;
    let answer = ResponseTemplate::new(200).set_body_raw(GOOGLE, "application/rss+xml; charset=utf-8");
    Mock::given(method("GET"))
        .and(path("/trending/rss"))
        .and(query_param("geo", "US"))
        .respond_with(answer)
        .mount(&bed.server)
        .await;
    let source = GoogleTrendsSource::new(bed.asking.clone(), &bed.at("/trending/rss")).unwrap();
    let scan = bed.fetch(&source, 20).await.unwrap();
    assert_eq!(titles(&scan), [("rhine bridge", 73.98), ("lottery numbers", 100.0)]);
    let first = &scan.items[0];
    assert_eq!((first.source.as_str(), source.name()), ("google_trends_daily", "google_trends_daily"));
    assert_eq!(first.signals, json!({"region": "US", "traffic": 5000, "news": ["Old Rhine bridge is closed"]}));
    let news = &first.more[0];
    assert_eq!((news.url.as_deref(), news.feed_title.as_str()), (Some("https://post.example/bridge"), "The Post"));
    assert_eq!(first.item.picture.as_ref().unwrap().credit.as_deref(), Some("The Post"));
    assert_eq!(bed.fetch(&source, 1).await.unwrap().items.len(), 1);
    assert_eq!(bed.requests().await, 1, "the answer was fresh");
    let nowhere = source.fetch("Mars", 20, bed.clock.now(), &Operation::detached()).await;
    assert_eq!(nowhere.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn hacker_news_gives_its_front_page_in_its_own_order() {
    let bed = Bed::new().await;
    // 2026-11-27T12:00:00Z is 1795780800.
    let story = |id: &str, title: &str, points: u64, hours: i64| {
        json!({
            "objectID": id, "title": title, "url": format!("https://site.example/{id}"), "author": "ada",
            "points": points, "num_comments": 7, "created_at": "2026-11-27T00:00:00Z",
            "created_at_i": 1_795_780_800 - 3600 * hours, "story_text": null, "_tags": ["story", "front_page"],
        })
    };
    let mut ask = story("3", "Ask HN: What do you read?", 300, 4);
    ask["url"] = json!(null);
    ask["story_text"] = json!("I &quot;read&quot; this:<p>Nothing.");
    let page = json!({
        "hits": [story("1", "Old and large", 900, 40), story("2", "New and small", 80, 1), ask, {"objectID": "4", "created_at_i": 0}],
        "nbHits": 4, "page": 0, "hitsPerPage": 60,
    });
    Mock::given(path("/api/v1/search"))
        .and(query_param("tags", "front_page"))
        .respond_with(ResponseTemplate::new(200).set_body_json(page))
        .mount(&bed.server)
        .await;
    let source = HackerNewsSource::new(bed.asking.clone(), &bed.at("/api/v1")).unwrap();
    let scan = bed.fetch(&source, 20).await.unwrap();
    assert_eq!(titles(&scan), [("Ask HN: What do you read?", 70.0), ("New and small", 66.5), ("Old and large", 63.0)]);
    let talk = &scan.items[0];
    assert_eq!(talk.item.url.as_deref(), Some("https://news.ycombinator.com/item?id=3"));
    assert_eq!(talk.item.summary, "I \"read\" this: Nothing.");
    assert_eq!(scan.items[1].signals["points"], 80);
    assert_eq!(scan.items[1].item.published_at, Some("2026-11-27T11:00:00Z".parse().unwrap()));
}

#[tokio::test]
async fn reddit_gives_what_is_hot_by_its_feed() {
    let bed = Bed::new().await;
    let feed = r#"<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
        <category term="multi" label="r/technology"/><title>hot</title><id>/r/technology+science/.rss</id>
        <entry><author><name>/u/ada</name><uri>https://www.reddit.com/user/ada</uri></author>
        <category term="technology" label="r/technology"/><id>t3_1</id><title>A chip is made of glass</title>
        <link href="https://www.reddit.com/r/technology/comments/1/a_chip/"/><updated>2026-11-27T10:00:00+00:00</updated>
        <content type="html">&lt;p&gt;It is clear.&lt;/p&gt;</content></entry>
        <entry><category term="science" label="r/science"/><id>t3_2</id><title>Bees can count</title>
        <link href="https://www.reddit.com/r/science/comments/2/bees/"/><updated>2026-11-27T09:00:00+00:00</updated></entry></feed>"#;
    let answer = ResponseTemplate::new(200).set_body_raw(feed, "application/atom+xml; charset=UTF-8");
    Mock::given(path("/r/technology+science/hot/.rss")).respond_with(answer).mount(&bed.server).await;
    let source = RedditSource::new(bed.asking.clone(), &bed.at("/r/technology+science")).unwrap();
    let scan = bed.fetch(&source, 20).await.unwrap();
    assert_eq!(titles(&scan), [("A chip is made of glass", 70.0), ("Bees can count", 66.5)]);
    assert_eq!(
        (scan.items[0].source.as_str(), scan.items[1].source.as_str()),
        ("reddit:r/technology", "reddit:r/science")
    );
    assert_eq!(scan.items[0].item.content, "It is clear.");
    assert!(
        RedditSource::new(bed.asking.clone(), "").is_ok() && RedditSource::new(bed.asking.clone(), "a_1+b").is_ok()
    );
    for wrong in ["../etc", "a b", "a/b", "ftp://x/y"] {
        assert!(RedditSource::new(bed.asking.clone(), wrong).is_err(), "{wrong}");
    }
}

fn pages(pages: &[(&str, &str, u64)]) -> ResponseTemplate {
    let articles: Vec<_> = pages
        .iter()
        .zip(1..)
        .map(|((article, project, views), rank)| {
            json!({"article": article, "project": project, "views_ceil": views, "rank": rank})
        })
        .collect();
    let list = json!({"country": "US", "access": "all-access", "year": "2026", "month": "11", "day": "26", "articles": articles});
    ResponseTemplate::new(200).set_body_json(json!({ "items": [list] }))
}

#[tokio::test]
async fn wikipedia_gives_what_is_read_more_than_the_day_before() {
    let bed = Bed::new().await;
    let day = |day: &str| path(format!("/metrics/pageviews/top-per-country/US/all-access/2026/11/{day}"));
    let yesterday = pages(&[
        ("Main_Page", "en.wikipedia", 9_000_000),
        ("Special:Search", "en.wikipedia", 800_000),
        ("ChatGPT", "en.wikipedia", 90_000),
        ("Mission:_Impossible", "en.wikipedia", 60_000),
        ("Rhine_Bridge_(Köln)", "de.wikipedia", 50_000),
        ("Q42", "www.wikidata", 40_000),
        ("Quiet", "en.wikipedia", 30_000),
    ]);
    Mock::given(day("26")).respond_with(yesterday).mount(&bed.server).await;
    let before = pages(&[
        ("ChatGPT", "en.wikipedia", 88_000),
        ("Quiet", "en.wikipedia", 31_000),
        ("Other", "en.wikipedia", 20_000),
    ]);
    Mock::given(day("25")).respond_with(before).mount(&bed.server).await;
    let source = WikipediaSource::new(bed.asking.clone(), &bed.server.uri()).unwrap();
    let scan = bed.fetch(&source, 20).await.unwrap();
    let expected = [("Mission: Impossible", 70.0), ("Rhine Bridge (Köln)", 66.5), ("ChatGPT", 63.0)];
    assert_eq!((titles(&scan).as_slice(), scan.problems.len()), (expected.as_slice(), 0));
    let bridge = &scan.items[1];
    assert_eq!(bridge.item.url.as_deref(), Some("https://de.wikipedia.org/wiki/Rhine_Bridge_(K%C3%B6ln)"));
    assert_eq!(bridge.item.language.as_deref(), Some("de"));
    assert_eq!((bridge.signals["views"].clone(), bridge.signals["rise"].clone()), (json!(50_000), json!(30_000.0)));
}

#[tokio::test]
async fn wikipedia_takes_an_earlier_day_where_yesterday_is_not_counted_yet() {
    let bed = Bed::new().await;
    let day = |day: &str| path(format!("/metrics/pageviews/top-per-country/US/all-access/2026/11/{day}"));
    Mock::given(day("25")).respond_with(pages(&[("Bees", "en.wikipedia", 500)])).mount(&bed.server).await;
    let source = WikipediaSource::new(bed.asking.clone(), &bed.server.uri()).unwrap();
    for _ in 0..2 {
        let scan = bed.fetch(&source, 20).await.unwrap();
        assert_eq!(titles(&scan), [("Bees", 70.0)]);
        assert!(scan.problems[0].starts_with("nothing to compare the day with"), "{:?}", scan.problems);
    }
    assert_eq!(bed.requests().await, 3, "two days are not there and are left alone, one is fresh");
}

#[tokio::test]
async fn github_gives_new_repositories_by_their_stars() {
    let bed = Bed::showing("authorization", "Bearer ghp_geheim").await;
    let found = json!({
        "total_count": 2, "incomplete_results": false,
        "items": [
            {"full_name": "ada/engine", "html_url": "https://github.com/ada/engine", "description": "Computes\nanything",
             "stargazers_count": 4200, "language": "Rust", "created_at": "2026-11-22T08:00:00Z", "topics": ["math"]},
            {"full_name": "ada/bare", "html_url": "https://github.com/ada/bare", "description": null,
             "stargazers_count": 900, "language": null, "created_at": "2026-11-23T08:00:00Z"},
        ],
    });
    Mock::given(path("/search/repositories"))
        .and(query_param("q", "created:>=2026-11-20"))
        .and(query_param("sort", "stars"))
        .and(query_param("order", "desc"))
        .and(header("authorization", "Bearer ghp_geheim"))
        .respond_with(ResponseTemplate::new(200).set_body_json(found))
        .mount(&bed.server)
        .await;
    let source = GithubSource::new(bed.asking.clone(), &bed.server.uri()).unwrap();
    let scan = bed.fetch(&source, 20).await.unwrap();
    assert_eq!(titles(&scan), [("engine: Computes anything", 70.0), ("ada/bare", 66.5)]);
    assert_eq!(scan.items[0].item.categories, ["Rust", "math"]);
    assert_eq!(scan.items[0].signals["stars"], 4200);
}

#[tokio::test]
async fn youtube_gives_its_chart_for_a_key() {
    let bed = Bed::showing(YoutubeSource::KEY, "geheim").await;
    let chart = json!({
        "kind": "youtube#videoListResponse", "etag": "e",
        "items": [{
            "kind": "youtube#video", "id": "a-b_c",
            "snippet": {
                "publishedAt": "2026-11-26T18:00:00Z", "channelId": "c", "title": "A bridge falls", "description": "Seen\nlive.",
                "channelTitle": "News Channel", "tags": ["bridge"], "categoryId": "25", "defaultLanguage": "en-GB",
                "thumbnails": {"default": {"url": "https://i.ytimg.com/s.jpg", "width": 120, "height": 90},
                               "maxres": {"url": "https://i.ytimg.com/l.jpg", "width": 1280, "height": 720}},
            },
            "statistics": {"viewCount": "1234567", "likeCount": "890"},
        }],
        "pageInfo": {"totalResults": 30, "resultsPerPage": 50},
    });
    Mock::given(path("/videos"))
        .and(query_param("chart", "mostPopular"))
        .and(query_param("regionCode", "US"))
        .and(header(YoutubeSource::KEY, "geheim"))
        .respond_with(ResponseTemplate::new(200).set_body_json(chart))
        .mount(&bed.server)
        .await;
    let source = YoutubeSource::new(bed.asking.clone(), &bed.server.uri()).unwrap();
    let scan = bed.fetch(&source, 20).await.unwrap();
    assert_eq!(titles(&scan), [("A bridge falls", 70.0)]);
    let video = &scan.items[0];
    assert_eq!(video.item.url.as_deref(), Some("https://www.youtube.com/watch?v=a-b_c"));
    assert_eq!(video.item.picture.as_ref().unwrap().url, "https://i.ytimg.com/l.jpg");
    assert_eq!(video.signals, json!({"views": 1_234_567, "likes": 890, "comments": null}));
    let asked = &bed.server.received_requests().await.unwrap()[0];
    assert!(!asked.url.as_str().contains("geheim"), "a key in an address ends up in logs");
}

#[tokio::test]
async fn x_gives_the_trends_of_a_country_for_a_token() {
    let bed = Bed::showing("authorization", "Bearer geheim").await;
    let trends = json!({"data": [
        {"trend_name": "#RhineBridge", "tweet_count": 232_408}, {"trend_name": "St James"}, {"trend_name": "Manning"},
    ]});
    Mock::given(path("/2/trends/by/woeid/23424977"))
        .and(query_param("max_trends", "50"))
        .and(query_param("trend.fields", "trend_name,tweet_count"))
        .and(header("authorization", "Bearer geheim"))
        .respond_with(ResponseTemplate::new(200).set_body_json(trends))
        .mount(&bed.server)
        .await;
    let source = XTrendsSource::new(bed.asking.clone(), &bed.server.uri()).unwrap();
    for _ in 0..2 {
        let scan = bed.fetch(&source, 2).await.unwrap();
        assert_eq!(titles(&scan), [("RhineBridge", 70.0), ("St James", 35.0)]);
        assert_eq!(scan.items[0].item.url.as_deref(), Some("https://x.com/search?q=%23RhineBridge"));
        assert_eq!(
            (&scan.items[0].signals["posts_24h"], &scan.items[1].signals["posts_24h"]),
            (&json!(232_408), &json!(null))
        );
    }
    assert_eq!(bed.requests().await, 1, "a question is paid for");
    let unknown = source.fetch("AQ", 2, bed.clock.now(), &Operation::detached()).await.unwrap_err();
    assert_eq!((unknown.kind(), bed.requests().await), (ErrorKind::Invalid, 1));
}
