//! JSON Feed 1 and 1.1 (jsonfeed.org).

use crate::dialect::language;
use crate::picture::{self, absolute};
use crate::text::{Inline, first_words, html, line};
use crate::{FeedLimits, date};
use orion_core::domain::{Feed, FeedItem};
use orion_core::{Error, Result};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    version: Value,
    title: Option<String>,
    home_page_url: Option<String>,
    language: Option<String>,
    items: Option<Vec<Item>>,
    #[serde(default)]
    authors: Value,
    #[serde(default)]
    author: Value,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Item {
    /// Some write numbers.
    id: Value,
    url: Option<String>,
    external_url: Option<String>,
    title: Option<String>,
    content_html: Option<String>,
    content_text: Option<String>,
    summary: Option<String>,
    image: Option<String>,
    banner_image: Option<String>,
    date_published: Option<String>,
    date_modified: Option<String>,
    author: Value,
    authors: Value,
    tags: Value,
    language: Option<String>,
}

/// Reads a JSON feed.
pub(crate) fn parse(document: &str, limits: &FeedLimits) -> Result<Feed> {
    let malformed = |error: serde_json::Error| Error::invalid("this JSON is no feed").with_context("reason", error);
    let document: Document = serde_json::from_str(document).map_err(malformed)?;
    let (Some(items), true) =
        (document.items, document.version.as_str().is_none_or(|version| version.contains("jsonfeed")))
    else {
        return Err(Error::invalid("this JSON is no feed")
            .with_hint("a JSON Feed has a version of jsonfeed.org and a list of items"));
    };
    let site = document.home_page_url.as_deref().and_then(|url| absolute(url, None));
    let base = site.as_deref().and_then(|site| Url::parse(site).ok());
    let title = document.title.as_deref().map(line).unwrap_or_default();
    let tag = document.language.as_deref().and_then(language);
    let author = names(&document.authors).or_else(|| names(&document.author));
    let items = items.into_iter().filter_map(item).take(limits.items);
    let items = items.enumerate().map(|(rank, mut item)| {
        picture::resolve(&mut item, base.as_ref());
        FeedItem {
            rank: rank as u32,
            feed_title: title.clone(),
            language: item.language.or_else(|| tag.clone()),
            author: item.author.or_else(|| author.clone()),
            ..item
        }
    });
    Ok(Feed { items: items.collect(), title, language: tag, site_url: site })
}

fn item(item: Item) -> Option<FeedItem> {
    let id = item.id.as_str().filter(|id| id.starts_with("http"));
    let url = item.url.as_deref().or(item.external_url.as_deref()).or(id).map(str::to_owned);
    let mut content = item.content_html.as_deref().map(html).unwrap_or_default();
    if content.text.is_empty() {
        let paragraphs = item.content_text.as_deref().unwrap_or_default().replace("\r\n", "\n");
        content.text = paragraphs.split("\n\n").map(line).filter(|p| !p.is_empty()).collect::<Vec<_>>().join("\n\n");
    }
    let summary = item.summary.as_deref().map(line).unwrap_or_default();
    let title = item.title.as_deref().map(line).filter(|title| !title.is_empty());
    let title = title.unwrap_or_else(|| first_words(if summary.is_empty() { &content.text } else { &summary }));
    let own = [item.image, item.banner_image].into_iter().flatten();
    let own = own.map(|url| Inline { url, caption: None, width: None, height: None });
    (!title.is_empty()).then(|| FeedItem {
        picture: picture::of_text(own.chain(content.pictures).collect()),
        title,
        url,
        summary,
        content: content.text,
        author: names(&item.authors).or_else(|| names(&item.author)),
        published_at: item.date_published.or(item.date_modified).and_then(|date| date::parse(&date)),
        categories: strings(&item.tags).into_iter().take(24).collect(),
        feed_title: String::new(),
        language: item.language.as_deref().and_then(language),
        rank: 0,
    })
}

/// Names of authors, written as an object, a list of objects, or plain strings.
fn names(value: &Value) -> Option<String> {
    let found = match value {
        Value::Array(list) => list.iter().filter_map(names).collect::<Vec<_>>().join(", "),
        Value::Object(person) => person.get("name").and_then(Value::as_str).map(line).unwrap_or_default(),
        Value::String(name) => line(name),
        _ => String::new(),
    };
    Some(found).filter(|found| !found.is_empty())
}

fn strings(value: &Value) -> Vec<String> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(line).filter(|word| !word.is_empty()).collect()
}
