//! Whole documents: every dialect and encoding, real feeds, hostile ones, and pages.

mod articles;
mod dialects;
mod encodings;
mod hostile;
mod real;
mod robots;
mod visits;

use crate::{FeedLimits, parse_feed};
use orion_core::Result;
use orion_core::domain::Feed;

fn parse(document: &str) -> Result<Feed> {
    parse_feed(document.as_bytes(), None, &FeedLimits::default())
}
