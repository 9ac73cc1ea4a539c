//! What a video is expected to cost before anything is done for it.

use super::Production;
use crate::domain::{CostCategory, Money, Stage};
use crate::port::Provider;
use crate::service::budget::Rates;
use crate::service::director::{MOST_REWRITES, WORDS_PER_SECOND};
use crate::strategy::{Capability, Strategy};

/// Tokens of one draft beside the words themselves: the rules, the sources, and what a critic reads and says of it.
const DRAFT_TOKENS: f64 = 12_000.0;
/// Tokens of a word, generously.
const WORD_TOKENS: f64 = 4.0;
/// Characters of a word with what follows it; English has under six.
const WORD_CHARACTERS: f64 = 7.0;
/// No scene is shorter, so no video has more of them.
const SCENE_SECONDS: u32 = 3;

/// What one stage is expected to cost at most, if whoever is asked first serves.
#[derive(Debug, Clone, PartialEq)]
pub struct StageEstimate {
    /// The stage.
    pub stage: Stage,
    /// Who would be asked first.
    pub provider: Provider,
    /// How much of it: tokens, pictures, characters, clips.
    pub units: f64,
    /// What that costs.
    pub amount: Money,
}

impl Production {
    /// What a video of so many seconds is expected to cost at most by stage, under the policies in force. Stages that
    /// nobody is asked for are missing; what runs on one's own machine costs nothing.
    pub fn estimate(&self, seconds: u32) -> Vec<StageEstimate> {
        let words = f64::from(seconds) * WORDS_PER_SECOND;
        let drafts = f64::from(MOST_REWRITES + 1) * (DRAFT_TOKENS + words * WORD_TOKENS);
        let pictures = f64::from(seconds.div_ceil(SCENE_SECONDS));
        let rates = &self.budget.rates;
        [
            of(rates, Stage::Script, &self.director.writer, CostCategory::LlmTokens, drafts),
            of(rates, Stage::Images, &self.media.images, CostCategory::ImageGeneration, pictures),
            of(rates, Stage::Video, &self.editor.speech, CostCategory::TtsCharacters, words * WORD_CHARACTERS),
            of(rates, Stage::Video, &self.media.clips, CostCategory::VideoClips, pictures),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn of<P: Capability + ?Sized>(
    rates: &Rates,
    stage: Stage,
    strategy: &Strategy<P>,
    category: CostCategory,
    units: f64,
) -> Option<StageEstimate> {
    let provider = strategy.order().into_iter().next()?;
    let amount = rates.price(&provider, category, units);
    Some(StageEstimate { stage, provider, units, amount })
}
