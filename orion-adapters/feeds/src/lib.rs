//! Feeds and articles: RSS, RDF, Atom and JSON Feed in any encoding, and the readable text of web pages.
//!
//! Documents are read leniently and within bounds: nothing that a document names is fetched or expanded,
//! and no bytes make it panic. [`parse_feed`] and [`read_article`] are pure; [`HttpFeedReader`] and
//! [`ReadableArticles`] put a [`Fetcher`](orion_core::port::Fetcher) before them.

#![cfg_attr(test, expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking"))]

mod article;
mod date;
mod decode;
mod dialect;
mod json;
mod markup;
mod picture;
mod reader;
mod robots;
mod text;
mod trending;
mod xml;

#[cfg(test)]
mod tests;

pub use article::{ReadableArticles, read_article};
pub use reader::{FeedLimits, HttpFeedReader, parse_feed};
pub use trending::{News, Trending, parse_trending};

/// The plain text of a fragment of HTML: paragraphs separated by blank lines.
pub fn plain_text(fragment: &str) -> String {
    text::html(fragment).text
}
