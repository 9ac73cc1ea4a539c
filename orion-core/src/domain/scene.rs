//! What each scene shows: words for a picture model, and a card for the built-in graphics.

use serde::{Deserialize, Serialize};

/// What to show in one scene, for a model that makes pictures from words (contract, section 2.2.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VisualPrompt {
    /// Number of the scene, from one; scene n shows line n of the script.
    pub scene_number: u32,
    /// What is seen.
    pub description: String,
    /// The style: `cinematic`.
    pub style: String,
    /// Where the camera is.
    pub camera_angle: String,
    /// The mood.
    pub mood: String,
    /// What must not be seen.
    #[serde(default)]
    pub negative_prompt: String,
    /// The same scene as a typographic card.
    pub card: Card,
    /// Number of the source whose picture may be shown, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture_source: Option<u32>,
}

/// All scenes and the look that holds them together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenePlan {
    /// The style in words, for picture models.
    pub style_guide: String,
    /// Colours and ornament of the built-in graphics, the same for the whole video.
    pub look: Look,
    /// One per line of the script.
    pub prompts: Vec<VisualPrompt>,
}

/// A typographic card. Texts are short: the layout never clips or splits a word, it sets smaller type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "layout", rename_all = "snake_case")]
pub enum Card {
    /// A headline under a label.
    Headline {
        /// Short label in a pill: `BREAKING`.
        label: String,
        /// The words.
        headline: String,
    },
    /// One big number.
    Number {
        /// Short label in a pill.
        label: String,
        /// A line above the number.
        headline: String,
        /// The number as written in the source: `2.1x`, `$36bn`, `-8%`.
        value: String,
        /// What the number counts.
        caption: String,
    },
    /// Somebody's words.
    Quote {
        /// The words without quotation marks.
        quote: String,
        /// Who said it.
        attribution: String,
    },
    /// Points one under the other.
    List {
        /// Short label in a pill.
        label: String,
        /// A line above the points.
        headline: String,
        /// Two to five points.
        items: Vec<String>,
    },
    /// Two things side by side.
    Comparison {
        /// Short label in a pill.
        label: String,
        /// A line above.
        headline: String,
        /// First thing: title and value.
        left: (String, String),
        /// Second thing: title and value.
        right: (String, String),
    },
    /// The closing card.
    Closing {
        /// What to do.
        headline: String,
        /// Sources, one a line.
        credits: Vec<String>,
    },
}

/// Colours as `0xRRGGBB`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Palette {
    /// Name for people.
    pub name: String,
    /// Ground, dark.
    pub background: u32,
    /// Glows over the ground.
    pub glows: [u32; 3],
    /// Labels and numbers.
    pub accent: u32,
    /// Words.
    pub text: u32,
}

/// What holds the pictures of one video together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Colours.
    pub palette: Palette,
    /// Decides ornament and glow positions; the same seed draws the same picture.
    pub seed: u64,
}
