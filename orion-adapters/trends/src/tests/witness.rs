//! X, which is asked about the topics of others.

use super::{Bed, titles};
use crate::XWitness;
use orion_core::port::{Clock, SourceScan, TrendWitness};
use orion_core::{ErrorKind, Operation, Result};
use serde_json::{Value, json};
use std::time::Duration;
use wiremock::matchers::{header, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

const RULES: &str = " -is:retweet lang:en";

/// Hourly counts of the day that ends at half a minute to noon.
fn counts(an_hour: u64) -> Value {
    let hour = |day: u32, hour: u32| {
        let (end_day, end) = if hour == 23 { (day + 1, 0) } else { (day, hour + 1) };
        json!({
            "start": format!("2026-11-{day}T{hour:02}:00:00.000Z"), "end": format!("2026-11-{end_day}T{end:02}:00:00.000Z"),
            "tweet_count": an_hour,
        })
    };
    let hours: Vec<Value> = (11..24).map(|h| hour(26, h)).chain((0..12).map(|h| hour(27, h))).collect();
    json!({"data": hours, "meta": {"total_tweet_count": an_hour * 25}})
}

async fn topic(server: &MockServer, words: &str, an_hour: u64) {
    let query = format!("\"{words}\"{RULES}");
    Mock::given(path("/2/tweets/counts/recent"))
        .and(query_param("query", &query))
        .and(query_param("granularity", "hour"))
        .and(query_param("start_time", "2026-11-26T11:59:30Z"))
        .and(query_param("end_time", "2026-11-27T11:59:30Z"))
        .and(header("authorization", "Bearer geheim"))
        .respond_with(ResponseTemplate::new(200).set_body_json(counts(an_hour)))
        .mount(server)
        .await;
    let posts = json!({"data": [
        {"id": "1", "text": "Nobody likes this", "created_at": "2026-11-27T11:00:00.000Z", "public_metrics": {"like_count": 1}},
        {"id": "2", "text": "Everybody\nlikes this", "created_at": "2026-11-27T10:00:00.000Z", "public_metrics": {"like_count": 99}},
    ], "meta": {"result_count": 2}});
    Mock::given(path("/2/tweets/search/recent"))
        .and(query_param("query", &query))
        .and(query_param("max_results", "100"))
        .and(header("authorization", "Bearer geheim"))
        .respond_with(ResponseTemplate::new(200).set_body_json(posts))
        .mount(server)
        .await;
}

async fn verify(bed: &Bed, topics: &[&str]) -> Result<SourceScan> {
    let witness = XWitness::new(bed.asking.clone(), &bed.server.uri()).unwrap();
    let topics: Vec<String> = topics.iter().map(|topic| (*topic).to_owned()).collect();
    witness.verify(&topics, bed.clock.now(), &Operation::detached()).await
}

#[tokio::test]
async fn what_enough_is_said_of_is_scored() {
    let bed = Bed::showing("authorization", "Bearer geheim").await;
    topic(&bed.server, "rhine bridge", 100).await;
    topic(&bed.server, "quiet", 2).await;
    let scan = verify(&bed, &["rhine bridge", "quiet", "\"\""]).await.unwrap();
    // 2400 posts: velocity 60/24 + 40/4 = 12.5, volume 25 * log10(2400) = 84.5; 1.2 * (7.5 + 33.8).
    assert_eq!(titles(&scan), [("rhine bridge", 49.56)]);
    let said = &scan.items[0];
    assert_eq!((said.source.as_str(), said.item.url.as_deref()), ("twitter_v2", Some("https://x.com/i/status/2")));
    let posts = |key: &str| said.signals[key].as_f64().unwrap();
    assert_eq!([posts("posts_1h"), posts("posts_6h"), posts("posts_24h")], [100.0, 600.0, 2400.0]);
    assert_eq!(said.signals["liked_most"][0], json!({"text": "Everybody likes this", "likes": 99}));
    let searches = bed.server.received_requests().await.unwrap();
    let searches = searches.iter().filter(|request| request.url.path().contains("search")).count();
    assert_eq!(searches, 1, "posts are paid for, so those of quiet topics are not read");
}

#[tokio::test]
async fn at_most_ten_topics_are_asked_about() {
    let bed = Bed::showing("authorization", "Bearer geheim").await;
    let nothing = ResponseTemplate::new(200).set_body_json(json!({"meta": {"total_tweet_count": 0}}));
    Mock::given(path("/2/tweets/counts/recent")).respond_with(nothing).mount(&bed.server).await;
    let topics: Vec<String> = (0..30).map(|n| format!("topic {n}")).collect();
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    assert!(verify(&bed, &topics).await.unwrap().items.is_empty());
    assert_eq!(bed.requests().await, 10);
}

#[tokio::test]
async fn a_refusal_ends_the_questions_until_its_time() {
    for (refusal, kind) in [
        (ResponseTemplate::new(401), ErrorKind::Forbidden),
        (
            ResponseTemplate::new(429)
                .insert_header("x-rate-limit-remaining", "0")
                .insert_header("x-rate-limit-reset", "600"),
            ErrorKind::RateLimited,
        ),
    ] {
        let bed = Bed::showing("authorization", "Bearer wrong").await;
        Mock::given(path("/2/tweets/counts/recent")).respond_with(refusal).mount(&bed.server).await;
        let error = verify(&bed, &["one", "two", "three"]).await.unwrap_err();
        assert_eq!((error.kind(), bed.requests().await), (kind, 1));
        assert!(!format!("{error:?}").contains("wrong"));
        bed.clock.advance(Duration::from_secs(30));
        assert_eq!(verify(&bed, &["one"]).await.unwrap_err().kind(), ErrorKind::RateLimited);
        assert_eq!(bed.requests().await, 1);
    }
}
