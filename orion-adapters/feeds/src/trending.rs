//! Google's feed of trending searches: RSS whose items carry how often something was searched for, and what the news say
//! of it, in a namespace whose address has changed over the years (`ht:approx_traffic`, `ht:news_item`, `ht:picture`).
//!
//! The elements go by their local names, so any spelling of the namespace will do, also one that was not declared.

use crate::picture::absolute;
use crate::text::{headline, html, line};
use crate::xml::{self, Element, Ns};
use crate::{FeedLimits, date, decode};
use orion_core::{Error, ErrorKind, Result, Timestamp};

/// Most news kept of one search.
const MOST_NEWS: usize = 8;

/// Something that many search for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trending {
    /// What they search for.
    pub title: String,
    /// How often, at least: `200,000+` and `200K+` are 200,000.
    pub traffic: Option<u64>,
    /// Since when.
    pub published_at: Option<Timestamp>,
    /// A picture, and who is to be credited for it.
    pub picture: Option<(String, Option<String>)>,
    /// What the news say.
    pub news: Vec<News>,
}

/// News about a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Its headline.
    pub title: String,
    /// Its page.
    pub url: Option<String>,
    /// Its teaser; mostly empty.
    pub snippet: String,
    /// Who published it.
    pub source: Option<String>,
    /// Its picture.
    pub picture: Option<String>,
}

/// Reads a feed of trending searches. Pure.
///
/// # Errors
/// `Invalid` for what is no such feed, `Exhausted` beyond the limits.
pub fn parse_trending(bytes: &[u8], content_type: Option<&str>, limits: &FeedLimits) -> Result<Vec<Trending>> {
    if bytes.len() as u64 > limits.bytes {
        return Err(
            Error::new(ErrorKind::Exhausted, "the feed is too large").with_context("limit in bytes", limits.bytes)
        );
    }
    let text = decode::decode(bytes, content_type);
    let mut searches = Vec::new();
    let root = xml::read(text.trim_start(), |element| {
        searches.extend(search(&element));
        searches.len() < limits.items
    })?;
    match root {
        Some(root) if root.name.eq_ignore_ascii_case("rss") => Ok(searches),
        _ => Err(Error::invalid("this is no feed of trending searches").with_hint("the site may have changed it")),
    }
}

fn search(item: &Element<'_>) -> Option<Trending> {
    let title = item.first(Ns::Core, "title").map(|title| headline(&title.characters()));
    let line_of = |name| named(item, name).and_then(Element::line);
    let picture = line_of("picture").and_then(|url| absolute(&url, None));
    let news = item.elements().filter(|child| child.name.eq_ignore_ascii_case("news_item")).filter_map(news);
    Some(Trending {
        title: title.filter(|title| !title.is_empty())?,
        traffic: line_of("approx_traffic").as_deref().and_then(count),
        published_at: item.first(Ns::Core, "pubDate").and_then(|at| date::parse(&at.characters())),
        picture: picture.map(|url| (url, line_of("picture_source"))),
        news: news.take(MOST_NEWS).collect(),
    })
}

/// The first element of this local name, whatever its namespace.
fn named<'e, 'a>(element: &'e Element<'a>, name: &str) -> Option<&'e Element<'a>> {
    element.elements().find(|child| child.name.eq_ignore_ascii_case(name))
}

fn news(item: &Element<'_>) -> Option<News> {
    let line_of = |name| named(item, name).and_then(Element::line);
    let title = named(item, "news_item_title").map(|title| headline(&title.characters()));
    Some(News {
        title: title.filter(|title| !title.is_empty())?,
        url: line_of("news_item_url").and_then(|url| absolute(&url, None)),
        snippet: named(item, "news_item_snippet").map(|text| html(&text.characters()).text).unwrap_or_default(),
        source: line_of("news_item_source"),
        picture: line_of("news_item_picture").and_then(|url| absolute(&url, None)),
    })
}

/// `500K+`, `5,000+`, `2M+`, `1.5M+` as a number.
fn count(text: &str) -> Option<u64> {
    let text = line(text).to_ascii_uppercase();
    let bare = text.trim_end_matches('+').trim();
    let (digits, unit) = match bare.as_bytes().last()? {
        b'K' => (&bare[..bare.len() - 1], 1e3),
        b'M' => (&bare[..bare.len() - 1], 1e6),
        b'B' => (&bare[..bare.len() - 1], 1e9),
        _ => (bare, 1.0),
    };
    if !digits.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '.' | ' ' | '\u{a0}' | '\u{202f}')) {
        return None;
    }
    // Commas, dots and spaces part thousands, unless a unit follows, before which a dot is a decimal point.
    let kept = |c: &char| c.is_ascii_digit() || unit > 1.0 && *c == '.';
    let number: f64 = digits.chars().filter(kept).collect::<String>().parse().ok()?;
    Some((number * unit) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEED: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
        <rss xmlns:atom="http://www.w3.org/2005/Atom" xmlns:ht="https://trends.google.com/trending/rss" version="2.0"><channel>
        <title>Daily Search Trends</title><link>https://trends.google.com/trending/rss?geo=US</link>
        <item><title>rhine bridge</title><ht:approx_traffic>5,000+</ht:approx_traffic><description/>
          <link>https://trends.google.com/trending/rss?geo=US</link><pubDate>Fri, 27 Nov 2026 10:00:00 -0800</pubDate>
          <ht:picture>https://pictures.example/1.jpg</ht:picture><ht:picture_source>The Post</ht:picture_source>
          <ht:news_item><ht:news_item_title>Old Rhine bridge is closed &amp;amp; guarded</ht:news_item_title>
            <ht:news_item_snippet>It &lt;b&gt;will&lt;/b&gt; be closed.</ht:news_item_snippet>
            <ht:news_item_url>https://post.example/bridge</ht:news_item_url>
            <ht:news_item_picture>https://pictures.example/2.jpg</ht:news_item_picture>
            <ht:news_item_source>The Post</ht:news_item_source></ht:news_item>
          <ht:news_item><ht:news_item_title/></ht:news_item></item>
        <item><title>bare</title></item><item><title></title></item></channel></rss>"#;

    #[test]
    fn searches_come_with_their_traffic_and_news() {
        let spellings = [
            ("https://trends.google.com/trending/rss", "ht"),
            ("https://trends.google.com/trends/trendingsearches/daily", "ht"),
            ("https://trends.google.com/trends/hottrends", "trends"),
        ];
        for (address, prefix) in spellings {
            let declared = format!("xmlns:{prefix}=\"{address}\"");
            let feed = FEED.replace("xmlns:ht=\"https://trends.google.com/trending/rss\"", &declared);
            let feed = feed.replace("<ht:", &format!("<{prefix}:")).replace("</ht:", &format!("</{prefix}:"));
            let searches = parse_trending(feed.as_bytes(), None, &FeedLimits::default()).unwrap();
            let titles: Vec<&str> = searches.iter().map(|search| search.title.as_str()).collect();
            assert_eq!(titles, ["rhine bridge", "bare"]);
            let first = &searches[0];
            assert_eq!((first.traffic, first.news.len(), searches[1].traffic), (Some(5000), 1, None));
            assert_eq!(first.published_at, Some("2026-11-27T18:00:00Z".parse().unwrap()));
            let (url, credit) = first.picture.clone().unwrap();
            assert_eq!((url.as_str(), credit.as_deref()), ("https://pictures.example/1.jpg", Some("The Post")));
            let news = &first.news[0];
            assert_eq!(news.title, "Old Rhine bridge is closed & guarded");
            assert_eq!((news.snippet.as_str(), news.source.as_deref()), ("It will be closed.", Some("The Post")));
        }
    }

    #[test]
    fn traffic_is_a_number() {
        let numbers = [
            ("500K+", Some(500_000)),
            ("5,000+", Some(5000)),
            ("2M+", Some(2_000_000)),
            ("1.5M+", Some(1_500_000)),
            ("10.000+", Some(10_000)),
            ("200", Some(200)),
            ("", None),
            ("many", None),
            ("+", None),
            ("1e9", None),
        ];
        for (text, number) in numbers {
            assert_eq!(count(text), number, "{text}");
        }
    }

    #[test]
    fn what_is_no_feed_is_refused() {
        for wrong in ["", "<html><title>Sorry</title></html>", "{}", "<rs"] {
            let refused = parse_trending(wrong.as_bytes(), None, &FeedLimits::default());
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::Invalid, "{wrong}");
        }
        let cut = &FEED[..FEED.find("bare").unwrap()];
        assert_eq!(parse_trending(cut.as_bytes(), None, &FeedLimits::default()).unwrap().len(), 1);
    }
}
