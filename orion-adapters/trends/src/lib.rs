//! What is trending outside: Google Trends, Hacker News, Reddit, Wikipedia, YouTube, GitHub, and X, as a witness too.
//!
//! Every source asks one open interface through the guarded [`Fetcher`](orion_core::port::Fetcher), and remembers its
//! answers as [`Visits`](orion_core::service::scout::Visits) does: asked conditionally, not before its time, and ever
//! more seldom while it fails. Keys are the fetcher's: it shows each to its own origin only.
//!
//! Google's searches are scored by how often they were made, as the contract says (section 5.1). The counts of other
//! sites (points, views, stars) cannot be compared with each other, so their items are scored by their place, as those
//! of feeds are; the counts go along as signals. [`X`](XWitness) verifies what the others saw.

#![cfg_attr(test, expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking"))]

mod github;
mod google;
mod hacker_news;
mod reddit;
mod source;
#[cfg(test)]
mod tests;
mod wikipedia;
mod x;
mod x_trends;
mod youtube;

pub use github::GithubSource;
pub use google::GoogleTrendsSource;
pub use hacker_news::HackerNewsSource;
pub use reddit::RedditSource;
pub use source::Asking;
pub use wikipedia::WikipediaSource;
pub use x::XWitness;
pub use x_trends::XTrendsSource;
pub use youtube::YoutubeSource;
