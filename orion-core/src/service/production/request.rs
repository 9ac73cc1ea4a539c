//! What can be asked of a production, checked at the edge.

use super::brand::Brand;
use super::own::Own;
use crate::domain::timeline::Canvas;
use crate::domain::{Gate, Platform, Template};
use crate::id::TrendId;
use crate::port::Encoder;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// What the video is to be about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    /// The best trend of a feed.
    Feed {
        /// Address (`https://…`) or path of a local file.
        location: String,
    },
    /// A trend that was found before.
    Trend {
        /// Which.
        id: TrendId,
    },
    /// One page.
    Url {
        /// Its address.
        url: String,
    },
    /// A topic; sources are what the configured feeds say about it.
    Topic {
        /// In words.
        topic: String,
    },
    /// The user's own text, from which a script is written.
    Text {
        /// The text.
        text: String,
    },
    /// The user's own script, spoken as it is.
    Script {
        /// The script; empty lines separate scenes, if there are any.
        script: String,
    },
}

/// One video, as asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CreateRequest {
    /// What about.
    pub subject: Subject,
    /// The niche that filters a feed's trends and colours the brief.
    pub niche: Option<String>,
    /// Length to aim at, in seconds; [`CreateRequest::SECONDS`].
    pub seconds: u32,
    /// Where it will be shown.
    pub platform: Platform,
    /// How it should sound.
    pub tone: String,
    /// The style of the pictures, in words for picture models: `anime`; `None` leaves it to the director.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
    /// Which voice; `None` is the default.
    pub voice: Option<String>,
    /// Speaking rate, 0.5 to 2.
    pub speed: f64,
    /// Name of the caption style.
    pub captions: String,
    /// Size and rate.
    pub canvas: Canvas,
    /// How to encode.
    pub encoder: Encoder,
    /// Where to wait for a person.
    pub gates: Vec<Gate>,
    /// Decides what is left to taste; the same seed and sources give the same video.
    pub seed: u64,
    /// Material of the user's own.
    #[serde(default, skip_serializing_if = "Own::is_empty")]
    pub own: Own,
    /// How scenes look and move; `None` leaves it to the director and the editor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Template>,
    /// What is laid over the video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<Brand>,
}

impl CreateRequest {
    /// Lengths that can be asked for.
    pub const SECONDS: std::ops::RangeInclusive<u32> = 5..=180;

    /// A request with everything at its default: 45 seconds, vertical, no gates.
    pub fn new(subject: Subject) -> Self {
        Self {
            subject,
            niche: None,
            seconds: 45,
            platform: Platform::YoutubeShorts,
            tone: "informative and engaging".to_owned(),
            style: None,
            voice: None,
            speed: 1.0,
            captions: "tiktok".to_owned(),
            canvas: Canvas::VERTICAL,
            encoder: Encoder::Standard,
            gates: Vec::new(),
            seed: 0,
            own: Own::default(),
            template: None,
            brand: None,
        }
    }

    /// Checks what can be checked without doing anything.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) with the field, and what it may be.
    pub fn check(&self) -> Result<()> {
        if !Self::SECONDS.contains(&self.seconds) {
            return Err(Error::invalid("the length must be 5 to 180 seconds").with_context("seconds", self.seconds));
        }
        if !(0.5..=2.0).contains(&self.speed) {
            return Err(Error::invalid("the speaking speed must be 0.5 to 2").with_context("speed", self.speed));
        }
        let Canvas { width, height, frames_per_second } = self.canvas;
        let sides_fit = [width, height].iter().all(|side| (64..=4096).contains(side) && side % 2 == 0);
        if !sides_fit || !(1..=120).contains(&frames_per_second) {
            return Err(Error::invalid(
                "the picture must have even sides of 64 to 4096 pixels and 1 to 120 frames a second",
            )
            .with_context("canvas", format!("{width}x{height}@{frames_per_second}")));
        }
        if let Some(template) = &self.template {
            template.check()?;
        }
        let (what, text) = match &self.subject {
            Subject::Feed { location } => ("feed", location),
            Subject::Trend { .. } => return Ok(()),
            Subject::Url { url } => ("url", url),
            Subject::Topic { topic } => ("topic", topic),
            Subject::Text { text } => ("text", text),
            Subject::Script { script } => ("script", script),
        };
        if text.trim().is_empty() {
            return Err(Error::invalid("there is nothing to make a video from").with_context("empty", what));
        }
        Ok(())
    }
}
