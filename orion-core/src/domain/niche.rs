//! A niche: which topics a channel is about.

use serde::{Deserialize, Serialize};

/// Which topics a channel is about. Keywords match whole words, whatever their case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Niche {
    /// Its name: `tech`.
    pub name: String,
    /// Each hit adds 15 to the score.
    pub keywords: Vec<String>,
    /// Each hit takes 30 from the score.
    pub excluded: Vec<String>,
    /// Trends that score lower are dropped, 0 to 100.
    pub min_score: f64,
    /// For people.
    pub categories: Vec<String>,
}
