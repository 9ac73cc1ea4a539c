//! What research gathers for a script: sources with their text, pictures and credits.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// A picture that belongs to an article, with the credit that must be shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Where it can be fetched.
    pub url: String,
    /// Who must be named, such as `Photograph: J. Doe/AFP`.
    pub credit: Option<String>,
    /// What it shows.
    pub caption: Option<String>,
    /// Width in pixels when the source says it.
    pub width: Option<u32>,
    /// Height in pixels when the source says it.
    pub height: Option<u32>,
}

/// A web page read for its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Article {
    /// The address after redirects.
    pub url: String,
    /// Its headline.
    pub title: String,
    /// The readable text; paragraphs separated by blank lines.
    pub text: String,
    /// Who wrote it.
    pub author: Option<String>,
    /// The publication.
    pub publisher: Option<String>,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// Language tag when the page says one.
    pub language: Option<String>,
    /// Its lead picture.
    pub picture: Option<Picture>,
}

/// One citable source of a script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Number in the citations, from one.
    pub number: u32,
    /// Headline.
    pub title: String,
    /// Address; absent for the user's own text.
    pub url: Option<String>,
    /// The publication or feed it came from.
    pub publisher: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// The text that claims are checked against; paragraphs separated by blank lines.
    pub text: String,
    /// Its picture.
    pub picture: Option<Picture>,
}

/// All that a script may be made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Material {
    /// The topic in words.
    pub topic: String,
    /// Language tag of the sources (`en`).
    pub language: String,
    /// The sources, best first, numbered from one.
    pub sources: Vec<Source>,
    /// What could not be had and why, for people to read: a page that refused, a network that is down.
    pub notes: Vec<String>,
}
