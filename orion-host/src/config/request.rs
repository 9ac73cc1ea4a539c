//! The request of one video, as the settings ask for it.

use super::Config;
use orion_core::domain::timeline::{Canvas, Format};
use orion_core::domain::{CostCategory, Money};
use orion_core::port::Encoder;
use orion_core::service::budget::{Budget, Rates};
use orion_core::service::production::{CreateRequest, Subject};
use orion_core::{Error, Result};

impl Config {
    /// Whether the record outlives this process.
    pub fn is_kept(&self) -> bool {
        !self.store.starts_with("memory:")
    }

    /// What may be spent.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an amount that is none.
    pub fn budget(&self) -> Result<Budget> {
        let cap = |name: &'static str, dollars: f64| match dollars {
            0.0 => Ok(None),
            dollars if dollars > 0.0 && dollars <= 1e9 => Ok(Some(Money::from_dollars(dollars))),
            _ => Err(Error::invalid("a budget is an amount of dollars")
                .with_context("setting", name)
                .with_context("value", dollars)
                .with_hint("use 0 for no cap, or an amount like 2.50")),
        };
        let (run, day) = (cap("budget.run", self.budget_run)?, cap("budget.day", self.budget_day)?);
        Ok(Budget { run, day, rates: self.rates() })
    }

    /// What the providers charge that there are settings for.
    fn rates(&self) -> Rates {
        [
            ("openai", CostCategory::LlmTokens, self.openai_token_rate),
            ("openai", CostCategory::EmbeddingTokens, self.openai_embedding_rate),
            ("openai", CostCategory::ImageGeneration, self.openai_image_rate),
            ("openai", CostCategory::TtsCharacters, self.openai_character_rate),
            ("openai", CostCategory::TranscriptionSeconds, self.openai_transcription_rate),
            ("elevenlabs", CostCategory::TtsCharacters, self.elevenlabs_rate),
            ("fal_ai", CostCategory::ImageGeneration, self.fal_image_rate),
            ("fal_ai", CostCategory::VideoClips, self.fal_clip_rate),
        ]
        .into_iter()
        .fold(Rates::default(), |rates, (provider, category, rate)| rates.with(provider, category, rate))
    }

    /// The request of one video with these settings.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for a setting that is none of its names.
    pub fn request(&self, subject: Subject) -> Result<CreateRequest> {
        const CAPTIONS: [&str; 3] = ["tiktok", "youtube", "minimal"];
        if !CAPTIONS.contains(&self.captions.as_str()) {
            return Err(Error::invalid("unknown caption style")
                .with_context("value", &self.captions)
                .with_hint(format!("use one of {}", CAPTIONS.join(", "))));
        }
        let encoder = match self.quality.as_str() {
            "draft" => Encoder::Draft,
            "standard" => Encoder::Standard,
            "premium" => Encoder::Premium,
            other => {
                return Err(Error::invalid("unknown quality")
                    .with_context("value", other)
                    .with_hint("use one of draft, standard, premium"));
            }
        };
        if !Canvas::RATES.contains(&self.fps) {
            return Err(Error::invalid("unknown frame rate")
                .with_context("value", self.fps)
                .with_hint("use one of 24, 25, 30, 60"));
        }
        let mut request = CreateRequest::new(subject);
        request.canvas = self.format.parse::<Format>()?.canvas(self.fps);
        request.niche = Some(self.niche.clone()).filter(|niche| !niche.is_empty());
        request.seconds = self.seconds;
        request.platform = self.platform.parse()?;
        request.tone.clone_from(&self.tone);
        request.speed = self.speed;
        request.captions.clone_from(&self.captions);
        request.encoder = encoder;
        Ok(request)
    }
}
