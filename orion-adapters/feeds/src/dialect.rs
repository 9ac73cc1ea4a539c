//! RSS 0.9 to 2.0, RDF and Atom: from the elements of a document to Orion's feed.
//!
//! The vocabularies hardly clash, so one reading serves all of them: each field takes the first
//! element of its list that says something.

use crate::picture::{self, absolute};
use crate::text::{Plain, first_words, headline, html, line};
use crate::xml::{self, Element, Ns};
use crate::{FeedLimits, date};
use orion_core::domain::{Feed, FeedItem};
use orion_core::{Error, Result, Timestamp};
use url::Url;

/// Words kept that an item is filed under.
const MOST_CATEGORIES: usize = 24;

/// Reads an XML feed.
pub(crate) fn parse(document: &str, limits: &FeedLimits) -> Result<Feed> {
    let mut items: Vec<FeedItem> = Vec::new();
    let mut whole = 0_usize;
    let root = xml::read(document, |element| {
        whole += 1;
        items.extend(item(&element));
        items.len() < limits.items
    })?;
    let Some(root) = root else { return Err(no_feed(document)) };
    let channel = match root.name.to_ascii_lowercase().as_str() {
        "rss" => root.first(Ns::Core, "channel").unwrap_or(&root),
        // Items of RSS 0.9 and 1.0 stand beside the channel.
        "rdf" => root.first(Ns::Core, "channel").unwrap_or(&root),
        "feed" | "channel" => &root,
        _ => return Err(no_feed(document)),
    };
    if whole == 0 && !document.trim_end().ends_with('>') {
        return Err(Error::invalid("the feed ends in the middle").with_hint("fetch it again"));
    }
    let site = site(channel);
    let base = site.as_deref().and_then(|site| Url::parse(site).ok());
    let title = title(channel).unwrap_or_default();
    let language = channel
        .first(Ns::Core, "language")
        .or_else(|| channel.first(Ns::Dc, "language"))
        .and_then(Element::line)
        .or_else(|| root.attribute("lang").map(|tag| line(&tag)))
        .and_then(|tag| language(&tag));
    for (rank, item) in items.iter_mut().enumerate() {
        item.rank = rank as u32;
        item.feed_title.clone_from(&title);
        item.language = item.language.take().or_else(|| language.clone());
        picture::resolve(item, base.as_ref());
    }
    Ok(Feed { title, language, site_url: site, items })
}

/// A language tag in its usual spelling, or nothing for what is none.
pub(crate) fn language(tag: &str) -> Option<String> {
    let tag = tag.trim().replace('_', "-").to_ascii_lowercase();
    let sound = (2..=16).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    sound.then_some(tag)
}

/// The error for a document that is no feed, saying what it is instead.
fn no_feed(document: &str) -> Error {
    let start: String = document.trim_start().chars().take(2000).collect::<String>().to_ascii_lowercase();
    let error = |what: &'static str| Error::invalid(what);
    if start.is_empty() {
        return error("the feed is empty");
    }
    if start.contains("<html") || start.starts_with("<!doctype html") {
        let error = error("this is a web page, not a feed");
        return match advertised(document) {
            Some(feed) => error.with_hint(format!("the page names this feed: {feed}")),
            None => error.with_hint("give the address of its RSS or Atom feed"),
        };
    }
    let named = |tag: &str| {
        tag.split([' ', '>', '/', '\n']).next().filter(|name| name.starts_with(char::is_alphabetic)).map(str::to_owned)
    };
    let root = if start.starts_with('<') { start.split('<').find_map(named) } else { None };
    match root {
        Some(root) => error("this XML document is no feed").with_context("root", root),
        None => error("this is no feed").with_hint("Orion reads RSS, RDF, Atom and JSON Feed"),
    }
}

/// The feed that a web page names in its head.
fn advertised(page: &str) -> Option<String> {
    crate::markup::Tokens::new(page).take(2000).find_map(|token| match token {
        crate::markup::Token::Open { name, attributes, .. } if name.eq_ignore_ascii_case("link") => {
            let kind = crate::markup::attribute(attributes, "type")?.to_ascii_lowercase();
            let feed = kind.contains("rss") || kind.contains("atom") || kind.contains("feed+json");
            let href = crate::markup::attribute(attributes, "href")?;
            feed.then(|| line(&href)).filter(|href| !href.is_empty() && href.len() < 500)
        }
        _ => None,
    })
}

fn title(element: &Element<'_>) -> Option<String> {
    let title = element
        .elements()
        .find(|child| matches!(child.ns, Ns::Core | Ns::Atom) && child.name.eq_ignore_ascii_case("title"));
    let text = |title: &Element<'_>| {
        if title.attribute("type").is_some_and(|kind| kind.ends_with("html")) {
            title.markup().text.replace("\n\n", " ")
        } else if title.ns == Ns::Atom {
            line(&title.characters())
        } else {
            headline(&title.characters())
        }
    };
    let named = title.map(text).filter(|text| !text.is_empty());
    let other =
        |ns, name| element.first(ns, name).map(|title| headline(&title.characters())).filter(|text| !text.is_empty());
    named
        .or_else(|| other(Ns::Dc, "title"))
        .or_else(|| other(Ns::Media, "title"))
        .or_else(|| other(Ns::Itunes, "title"))
}

/// The page of a channel.
fn site(channel: &Element<'_>) -> Option<String> {
    link(channel).and_then(|url| absolute(&url, None))
}

/// The page that a channel or item points at: RSS writes it as text, Atom as an attribute.
fn link(element: &Element<'_>) -> Option<String> {
    let links = || {
        element
            .elements()
            .filter(|child| matches!(child.ns, Ns::Core | Ns::Atom) && child.name.eq_ignore_ascii_case("link"))
    };
    let original = element.elements().find(|child| child.name.eq_ignore_ascii_case("origLink")).and_then(Element::line);
    let alternate = links()
        .filter(|link| link.attribute("href").is_some())
        .find(|link| link.attribute("rel").is_none_or(|rel| rel.eq_ignore_ascii_case("alternate")));
    original
        .or_else(|| links().find_map(Element::line))
        .or_else(|| alternate.and_then(|link| link.attribute("href")).map(|href| line(&href)))
        .or_else(|| {
            let guid = element
                .first(Ns::Core, "guid")
                .filter(|guid| guid.attribute("isPermaLink").as_deref() != Some("false"));
            guid.and_then(Element::line).filter(|guid| guid.starts_with("http"))
        })
        .or_else(|| element.attribute("about").map(|about| line(&about)).filter(|about| about.starts_with("http")))
        .or_else(|| {
            element
                .elements()
                .find(|child| child.name.eq_ignore_ascii_case("id"))
                .and_then(Element::line)
                .filter(|id| id.starts_with("http"))
        })
}

/// Text that may be plain or marked up, as Atom says by its type and RSS never says.
fn rich(element: &Element<'_>) -> Plain {
    let plain = match element.attribute("type").as_deref() {
        None => element.ns == Ns::Atom,
        Some(kind) => matches!(kind, "text" | "text/plain"),
    };
    if plain && element.elements().next().is_none() {
        // Blank lines are all the structure that plain text has.
        let characters = element.characters();
        let paragraphs: Vec<String> =
            characters.replace("\r\n", "\n").split("\n\n").map(line).filter(|p| !p.is_empty()).collect();
        return Plain { text: paragraphs.join("\n\n"), pictures: Vec::new() };
    }
    element.markup()
}

fn item(element: &Element<'_>) -> Option<FeedItem> {
    let url = link(element);
    let find = |names: &[(Ns, &'static str)]| names.iter().find_map(|(ns, name)| element.first(*ns, name));
    let summary = find(&[
        (Ns::Core, "description"),
        (Ns::Atom, "summary"),
        (Ns::Core, "summary"),
        (Ns::Dc, "description"),
        (Ns::Dc, "abstract"),
        (Ns::Atom, "description"),
    ]);
    let content = find(&[
        (Ns::Content, "encoded"),
        (Ns::Atom, "content"),
        (Ns::Core, "content"),
        (Ns::Core, "fulltext"),
        (Ns::Core, "body"),
    ]);
    let mut summary = summary.map(rich).unwrap_or_default();
    let mut content = content.map(rich).unwrap_or_default();
    // Podcasts say in three places what an episode is about; the longest says most.
    for name in ["summary", "subtitle"] {
        let other = element.first(Ns::Itunes, name).map(rich).unwrap_or_default();
        if other.text.len() > summary.text.len() {
            summary.text = other.text;
        }
    }
    if summary.text.is_empty() && content.text.is_empty() {
        let group = element.first(Ns::Media, "group").unwrap_or(element);
        summary.text =
            group.first(Ns::Media, "description").map(|text| html(&text.characters()).text).unwrap_or_default();
    }
    let mut inline = std::mem::take(&mut content.pictures);
    inline.append(&mut summary.pictures);
    // Some feeds give the same text twice; then it is the full text.
    if summary.text == content.text {
        content.text.clear();
    }
    let title = title(element)
        .unwrap_or_else(|| first_words(if summary.text.is_empty() { &content.text } else { &summary.text }));
    let mut picture = picture::of_item(element, inline);
    // The headline again is no caption.
    if let Some(picture) = &mut picture {
        picture.caption.take_if(|caption| *caption == title);
    }
    (!title.is_empty()).then(|| FeedItem {
        title,
        summary: summary.text,
        content: content.text,
        author: author(element),
        published_at: published(element),
        picture,
        url,
        categories: categories(element),
        feed_title: String::new(),
        language: element.attribute("lang").and_then(|tag| language(&tag)),
        rank: 0,
    })
}

fn author(item: &Element<'_>) -> Option<String> {
    let named = |ns, name| {
        item.all(ns, name)
            .filter_map(|author| {
                author
                    .elements()
                    .find(|part| part.name.eq_ignore_ascii_case("name"))
                    .map_or_else(|| author.line(), Element::line)
            })
            .map(|name| person(&name))
            .filter(|name| !name.is_empty())
            .collect::<Vec<_>>()
    };
    [(Ns::Dc, "creator"), (Ns::Atom, "author"), (Ns::Core, "author"), (Ns::Itunes, "author"), (Ns::Dc, "author")]
        .into_iter()
        .map(|(ns, name)| named(ns, name))
        .find(|names| !names.is_empty())
        .map(|mut names| {
            names.dedup();
            names.join(", ")
        })
}

/// `jane@example.org (Jane Doe)` is Jane Doe.
fn person(text: &str) -> String {
    let name = text
        .split_once('(')
        .filter(|(mail, _)| mail.contains('@'))
        .map_or(text, |(_, name)| name.trim_end_matches(')'));
    match name.split_once('<') {
        Some((name, mail)) if mail.contains('@') && !name.trim().is_empty() => line(name),
        _ => headline(name),
    }
}

fn published(item: &Element<'_>) -> Option<Timestamp> {
    const PLACES: &[(Ns, &str)] = &[
        (Ns::Core, "pubDate"),
        (Ns::Atom, "published"),
        (Ns::Core, "published"),
        (Ns::Dc, "date"),
        (Ns::Dc, "issued"),
        (Ns::Dc, "created"),
        (Ns::Atom, "issued"),
        (Ns::Core, "issued"),
        (Ns::Atom, "updated"),
        (Ns::Core, "updated"),
        (Ns::Atom, "modified"),
        (Ns::Core, "modified"),
        (Ns::Core, "date"),
        (Ns::Dc, "modified"),
    ];
    PLACES.iter().find_map(|(ns, name)| date::parse(&item.first(*ns, name)?.characters()))
}

fn categories(item: &Element<'_>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for element in item.elements() {
        let word = match (element.ns, element.name) {
            (Ns::Core | Ns::Atom, "category") => {
                let named = element.attribute("label").or_else(|| element.attribute("term"));
                named.map(|word| line(&word)).or_else(|| Some(headline(&element.characters())))
            }
            (Ns::Dc, "subject") => element.line(),
            (Ns::Itunes, "category") => element.attribute("text").map(|word| line(&word)),
            _ => None,
        };
        let fresh = word.filter(|word| !word.is_empty() && word.chars().count() <= 80 && !words.contains(word));
        words.extend(fresh);
        if words.len() == MOST_CATEGORIES {
            break;
        }
    }
    words
}
