//! Research: from a subject to material, with a citation for everything.
//!
//! Articles are read where a reader is at hand; what cannot be read is noted, and the feed's own text stands in.

use super::clean::{headline, is_live, story, without_controls};
use super::extractive::{shorten, tells_a_story};
use super::passage::{overlap, terms};
use super::roundup::{LEAST_HEADLINES, MOST_HEADLINES, spoken_headline};
use crate::domain::{Article, FeedItem, Material, Picture, Source, Stage, Trend};
use crate::port::{ArticleReader, NamedBy};
use crate::service::journal::{Journal, Work};
use crate::text::language::Language;
use crate::text::sentence::{sentences, word_count};
use crate::{Error, ErrorKind, Operation, ProgressUpdate, Result};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;

/// Most sources of one script.
pub const MOST_SOURCES: usize = 5;

/// Longest text that a user may give, in characters.
pub const MOST_TEXT: usize = 200_000;

/// What a script is to be about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A trend with the items it was seen in.
    Trend(Trend),
    /// One page, by its address.
    Url(String),
    /// A topic in words; the items that speak of it are the sources.
    Topic(String),
    /// The user's own text, from which a script is written.
    Text(String),
    /// The user's own script; see [`user_script`](super::user_script).
    Script(String),
}

/// Gathers the material for a subject. `candidates` are the items among which a topic is looked up, and
/// whose headlines make a round-up where a trend has no text; every article is a step of the `journal`, if there is one.
///
/// # Errors
/// `NotFound` if no item speaks of the topic; `Invalid` for a text without words or over the limit; for a page, the
/// reader's own error, and `Unavailable` without a reader. Pages of a trend or topic that cannot be read are notes.
pub async fn gather(
    subject: &Subject,
    candidates: &[FeedItem],
    reader: Option<&Arc<dyn ArticleReader>>,
    journal: Option<&Journal>,
    operation: &Operation,
) -> Result<Material> {
    operation.cancellation.check()?;
    match subject {
        Subject::Trend(trend) => {
            let items: Vec<&FeedItem> = trend.items.iter().take(MOST_SOURCES).collect();
            let found = from_items(&trend.topic, &items, reader, journal, operation).await?;
            Ok(if tells_a_story(&found) { found } else { headlines(found, candidates)? })
        }
        Subject::Topic(topic) => {
            let items = about(topic, candidates);
            if items.is_empty() {
                return Err(Error::not_found("no feed item speaks of this topic")
                    .with_context("topic", topic)
                    .with_context("items", candidates.len())
                    .with_hint("name a feed that does, give the address of a page, or give the text yourself"));
            }
            from_items(topic, &items, reader, journal, operation).await
        }
        Subject::Url(url) => {
            let reader = reader.ok_or_else(|| {
                Error::unavailable("pages cannot be read: no article reader is configured")
                    .with_hint("allow the network, or give the text yourself")
            })?;
            let article = read(url, NamedBy::Person, 1, reader, journal, operation).await?;
            let source = from_article(article);
            let topic = headline(&source.title);
            material(&topic, vec![source], Vec::new())
        }
        Subject::Text(text) => material_of_text(text),
        Subject::Script(script) => {
            let script = super::user_script(script)?;
            Ok(Material { topic: script.title, language: script.language, sources: Vec::new(), notes: Vec::new() })
        }
    }
}

/// Whether items carry enough text for a script of their own, without any page being read. A headline alone does
/// not, nor does a live blog.
pub fn carries_text(items: &[FeedItem]) -> bool {
    let sources: Vec<Source> =
        items.iter().take(MOST_SOURCES).map(|item| from_item(item, None, &mut Vec::new())).collect();
    let live = items.first().is_none_or(|item| is_live(&item.title));
    !live && material("", sources, Vec::new()).is_ok_and(|material| tells_a_story(&material))
}

async fn from_items(
    topic: &str,
    items: &[&FeedItem],
    reader: Option<&Arc<dyn ArticleReader>>,
    journal: Option<&Journal>,
    operation: &Operation,
) -> Result<Material> {
    let total = items.len() as u64;
    operation.report(ProgressUpdate::running(Stage::Research, 0, total, "articles"));
    let done = std::sync::atomic::AtomicU64::new(0);
    let reads = items.iter().enumerate().map(|(index, item)| {
        let done = &done;
        async move {
            let article = match (reader, item.url.as_deref()) {
                (Some(reader), Some(url)) => {
                    Some((url, read(url, NamedBy::Feed, index + 1, reader, journal, operation).await))
                }
                _ => None,
            };
            let done = done.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
            operation.report(ProgressUpdate::running(Stage::Research, done, total, "articles"));
            article
        }
    });
    let mut sources: Vec<Source> = Vec::new();
    let mut notes = Vec::new();
    for (item, outcome) in items.iter().zip(join_all(reads).await) {
        let article = match outcome {
            Some((_, Ok(article))) => Some(article),
            Some((_, Err(error))) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Some((url, Err(error))) => {
                notes.push(format!("{url}: {error}; the feed's own text is used"));
                None
            }
            None => None,
        };
        sources.push(from_item(item, article, &mut notes));
    }
    material(topic, sources, notes)
}

/// The material with the headlines of other items, for a round-up of a feed that gives no text.
fn headlines(found: Material, candidates: &[FeedItem]) -> Result<Material> {
    let language = Language::of(&found.language);
    let known: HashSet<&str> = found.sources.iter().map(|source| source.title.as_str()).collect();
    let feed = found.sources.first().and_then(|source| source.publisher.clone());
    let others: Vec<Source> = candidates
        .iter()
        .filter(|item| Some(&item.feed_title) == feed.as_ref() && !known.contains(item.title.as_str()))
        .filter(|item| spoken_headline(&item.title, language).is_some())
        .take(MOST_HEADLINES)
        .map(|item| from_item(item, None, &mut Vec::new()))
        .collect();
    if others.len() < LEAST_HEADLINES {
        return Ok(found);
    }
    let mut notes = found.notes;
    notes.push(format!("{}: there is no text to retell; the headlines of the feed are used", found.topic));
    // A headline is all that is known of these; it stands for their text too.
    let sources = found.sources.into_iter().chain(others).map(|source| Source { text: source.title.clone(), ..source });
    material(&found.topic, sources.collect(), notes)
}

/// Reads one article, as a step of the journal if there is one; stops soon after a cancellation.
async fn read(
    url: &str,
    named_by: NamedBy,
    number: usize,
    reader: &Arc<dyn ArticleReader>,
    journal: Option<&Journal>,
    operation: &Operation,
) -> Result<Article> {
    let work = async {
        match journal {
            None => reader.read(url, named_by).await,
            Some(journal) => {
                let work = || async { reader.read(url, named_by).await.map(|article| Work::plain("article", article)) };
                journal.step(&format!("research/{number}"), url, work).await.map(|done| done.value)
            }
        }
    };
    operation.cancellation.unless_cancelled(work).await
}

/// The items that speak of a topic, best first.
fn about<'a>(topic: &str, candidates: &'a [FeedItem]) -> Vec<&'a FeedItem> {
    let language = Language::detect(topic).unwrap_or(Language::English);
    let stop_words = language.stop_words();
    let asked = terms(topic, &stop_words);
    let mut found: Vec<(f64, &FeedItem)> = candidates
        .iter()
        .filter_map(|item| {
            let title = terms(&item.title, &stop_words);
            let rest = terms(&format!("{} {} {}", item.summary, item.content, item.categories.join(" ")), &stop_words);
            let hits = |words: &HashSet<String>| asked.intersection(words).count() as f64;
            let all = asked.iter().filter(|term| title.contains(*term) || rest.contains(*term)).count();
            // Half of the words is enough for a long topic; a topic of one or two words must be met whole.
            let enough = if asked.len() <= 2 { asked.len() } else { asked.len().div_ceil(2) };
            (all >= enough.max(1)).then(|| (2.0 * hits(&title) + hits(&rest), item))
        })
        .collect();
    found.sort_by(|a, b| {
        b.0.total_cmp(&a.0).then(b.1.published_at.cmp(&a.1.published_at)).then(a.1.rank.cmp(&b.1.rank))
    });
    found.into_iter().map(|(_, item)| item).take(MOST_SOURCES).collect()
}

fn from_item(item: &FeedItem, article: Option<Article>, notes: &mut Vec<String>) -> Source {
    let feed_text = match (story(&item.summary), story(&item.content)) {
        (summary, content) if content.contains(&summary) => content,
        (summary, content) if content.is_empty() => summary,
        (summary, content) => format!("{summary}\n\n{content}"),
    };
    let mut source = Source {
        number: 0,
        title: without_controls(&item.title),
        url: item.url.clone(),
        publisher: Some(item.feed_title.clone()).filter(|title| !title.trim().is_empty()),
        author: item.author.clone(),
        published_at: item.published_at,
        text: feed_text,
        picture: item.picture.clone(),
    };
    let Some(article) = article else { return source };
    let text = story(&article.text);
    if !speaks_of(&item.title, &text) || word_count(&text) <= word_count(&source.text) {
        notes.push(format!("{}: the page says no more than the feed; the feed's own text is used", article.url));
        return source;
    }
    source.text = text;
    source.url = Some(article.url);
    source.publisher = article.publisher.or(source.publisher);
    source.author = source.author.or(article.author);
    source.published_at = source.published_at.or(article.published_at);
    source.picture = better(source.picture, article.picture);
    source
}

/// Whether a page is about what the headline promised, and not a consent form or a front page.
fn speaks_of(title: &str, text: &str) -> bool {
    let stop_words = Language::detect(text).unwrap_or(Language::English).stop_words();
    overlap(&terms(title, &stop_words), &terms(text, &stop_words)) >= 0.4
}

/// The picture to show of two: one that names whom to credit, then the wider one.
fn better(feed: Option<Picture>, page: Option<Picture>) -> Option<Picture> {
    match (feed, page) {
        (Some(feed), Some(page)) => {
            let worth = |picture: &Picture| (picture.credit.is_some(), picture.width.unwrap_or_default());
            Some(if worth(&page) >= worth(&feed) { page } else { feed })
        }
        (feed, page) => page.or(feed),
    }
}

fn from_article(article: Article) -> Source {
    Source {
        number: 0,
        title: without_controls(&article.title),
        text: story(&article.text),
        url: Some(article.url),
        publisher: article.publisher,
        author: article.author,
        published_at: article.published_at,
        picture: article.picture,
    }
}

fn material_of_text(text: &str) -> Result<Material> {
    let characters = text.chars().count();
    if characters > MOST_TEXT {
        return Err(Error::invalid(format!("the text is too long: at most {MOST_TEXT} characters"))
            .with_context("characters", characters)
            .with_hint("give the part that the video is to be about"));
    }
    let clean = without_controls(text);
    let first = clean.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let heading = word_count(first) <= 14 && !super::passage::is_finished(first);
    let title = if heading { first } else { sentences(&clean).first().copied().unwrap_or_default() };
    let title = shorten(&title.split_whitespace().collect::<Vec<_>>().join(" "), 110);
    let body = if heading { clean.replacen(first, "", 1) } else { clean.clone() };
    let text = story(&body);
    let source = Source {
        number: 0,
        title: title.clone(),
        url: None,
        publisher: None,
        author: None,
        published_at: None,
        text,
        picture: None,
    };
    if word_count(&source.text) < 3 {
        return Err(Error::invalid("the text holds too few words to make a script from")
            .with_context("words", word_count(text_or(&source.text, &clean)))
            .with_hint("give at least two full sentences"));
    }
    material(&title, vec![source], Vec::new())
}

fn text_or<'a>(text: &'a str, other: &'a str) -> &'a str {
    if text.is_empty() { other } else { text }
}

/// Numbers the sources, leaves out what repeats, and finds the language.
fn material(topic: &str, sources: Vec<Source>, notes: Vec<String>) -> Result<Material> {
    let text: String = sources.iter().map(|source| format!("{}\n{}\n", source.title, source.text)).collect();
    let language = Language::detect(&text).unwrap_or(Language::English);
    let stop_words = language.stop_words();
    let mut kept: Vec<(HashSet<String>, Source)> = Vec::new();
    for source in sources {
        let words = terms(&format!("{} {}", source.title, source.text), &stop_words);
        let repeats = kept.iter().any(|(known, other)| {
            let union = known.union(&words).count().max(1);
            let same = known.intersection(&words).count() as f64 / union as f64 > 0.85;
            same || other.url.is_some() && other.url == source.url
        });
        if !repeats && (!source.text.is_empty() || kept.is_empty()) {
            kept.push((words, source));
        }
    }
    let sources = kept.into_iter().zip(1..).map(|((_, source), number)| Source { number, ..source }).collect();
    Ok(Material { topic: shorten(topic, 512), language: language.tag().to_owned(), sources, notes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;

    fn item(title: &str, summary: &str) -> FeedItem {
        FeedItem {
            title: title.to_owned(),
            url: Some(format!("https://example.org/{}", title.len())),
            summary: summary.to_owned(),
            content: String::new(),
            author: None,
            published_at: None,
            picture: None,
            categories: Vec::new(),
            feed_title: "Orion Daily".to_owned(),
            language: None,
            rank: 0,
        }
    }

    #[derive(Debug)]
    struct Reader(Option<&'static str>);

    #[async_trait]
    impl ArticleReader for Reader {
        async fn read(&self, url: &str, _: NamedBy) -> Result<Article> {
            let text = self.0.ok_or_else(|| Error::unavailable("no network"))?;
            Ok(Article {
                url: url.to_owned(),
                title: "Old bridge closed".to_owned(),
                text: text.to_owned(),
                author: Some("Ann Roe".to_owned()),
                publisher: Some("Example".to_owned()),
                published_at: None,
                language: None,
                picture: None,
            })
        }
    }

    async fn research(
        subject: Subject,
        candidates: &[FeedItem],
        reader: Option<Option<&'static str>>,
    ) -> Result<Material> {
        let reader = reader.map(|text| Arc::new(Reader(text)) as Arc<dyn ArticleReader>);
        gather(&subject, candidates, reader.as_ref(), None, &Operation::detached()).await
    }

    #[tokio::test]
    async fn a_topic_takes_the_items_that_speak_of_it() {
        let text = "The old bridge was closed after divers had found cracks. The city will repair it by spring.";
        let items = [
            item("Old bridge closed", text),
            item("New phone on sale", "A phone with a better camera is on sale."),
            item("The old bridge is closed", text),
        ];
        let material = research(Subject::Topic("old bridge".to_owned()), &items, None).await.unwrap();
        assert_eq!(material.sources.len(), 1, "the third repeats the first");
        assert_eq!(material.sources[0].number, 1);
        assert_eq!(material.language, "en");
        assert!(carries_text(&items) && !carries_text(&[item("Old bridge closed", "Photo: J. Doe")]));
        let error = research(Subject::Topic("volcano".to_owned()), &items, None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.hint().is_some());
    }

    #[tokio::test]
    async fn a_page_that_fails_is_a_note_and_the_feed_stands_in() {
        let items = [item("Old bridge closed", "The old bridge was closed after divers had found cracks.")];
        let topic = || Subject::Topic("bridge".to_owned());
        let material = research(topic(), &items, Some(None)).await.unwrap();
        assert!(material.notes[0].contains("no network"), "{:?}", material.notes);
        assert!(material.sources[0].text.starts_with("The old bridge"));
        let page = "The old bridge is closed.\n\nDivers found 40 cracks in it on Friday, and the city closed it at once for all.";
        let material = research(topic(), &items, Some(Some(page))).await.unwrap();
        assert!(material.notes.is_empty(), "{:?}", material.notes);
        assert_eq!(material.sources[0].publisher.as_deref(), Some("Example"));
        assert!(material.sources[0].text.contains("40 cracks"));
        let consent =
            "Before you go on, choose which of our 800 partners may store what they like on your machine for years.";
        let material = research(topic(), &items, Some(Some(consent))).await.unwrap();
        assert!(material.sources[0].text.starts_with("The old bridge was"), "a consent page is no article");
    }

    #[tokio::test]
    async fn text_is_bounded_and_cleaned() {
        let error = research(Subject::Text("word ".repeat(100_000)), &[], None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.message().contains("200000"));
        assert_eq!(
            research(Subject::Text("\u{0}\u{7} one".to_owned()), &[], None).await.unwrap_err().kind(),
            ErrorKind::Invalid
        );
        let material = research(Subject::Text("A heading\n\nA sentence.\u{7} And another one.".to_owned()), &[], None)
            .await
            .unwrap();
        assert_eq!(material.topic, "A heading");
        assert_eq!(material.sources[0].text, "A sentence. And another one.");
    }

    #[tokio::test]
    async fn a_cancelled_research_stops() {
        let operation = Operation::detached();
        operation.cancellation.cancel();
        let subject = Subject::Url("https://example.org".to_owned());
        let error = gather(&subject, &[], None, None, &operation).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
    }
}
