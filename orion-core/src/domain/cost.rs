//! What things cost.

use super::named;
use crate::Timestamp;
use crate::id::{ContentId, CostId, RunId, UserId};
use serde::{Deserialize, Serialize};

/// US dollars in millionths, so that sums are exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(pub i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From dollars, rounded to the nearest millionth.
    pub fn from_dollars(dollars: f64) -> Self {
        Self((dollars * 1e6).round() as i64)
    }

    /// In dollars.
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl std::ops::Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::ZERO, |sum, item| sum + item)
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "${:.4}", self.dollars())
    }
}

named! {
    /// What was bought (contract, section 5.7).
    CostCategory {
        /// Language model tokens.
        LlmTokens = "llm_tokens",
        /// Pictures.
        ImageGeneration = "image_generation",
        /// Spoken characters.
        TtsCharacters = "tts_characters",
        /// Video clips.
        VideoClips = "video_clips",
        /// Sound that was transcribed.
        TranscriptionSeconds = "transcription_seconds",
        /// Tokens of texts that were turned into vectors.
        EmbeddingTokens = "embedding_tokens",
    }
}

impl CostCategory {
    /// The rate for one unit when the provider does not say (contract, section 5.7).
    pub fn default_rate(self) -> f64 {
        match self {
            Self::LlmTokens => 0.000_03,
            Self::ImageGeneration => 0.02,
            Self::TtsCharacters => 0.000_015,
            Self::VideoClips => 0.05,
            // Not of the contract: what OpenAI asks for a minute of `whisper-1`, $0.006.
            Self::TranscriptionSeconds => 0.000_1,
            // Nor this: what OpenAI asks for a million tokens of `text-embedding-3-small`, $0.02.
            Self::EmbeddingTokens => 0.000_000_02,
        }
    }
}

/// One row of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Identity.
    pub id: CostId,
    /// The content it was spent on.
    pub content_id: Option<ContentId>,
    /// The run that spent it.
    pub run_id: Option<RunId>,
    /// Whose money.
    pub owner: UserId,
    /// Who was paid.
    pub provider: String,
    /// What for.
    pub category: CostCategory,
    /// How many units.
    pub units: f64,
    /// How much.
    pub amount: Money,
    /// When.
    pub recorded_at: Timestamp,
    /// Count of changes, for optimistic locking.
    pub version: u64,
}
