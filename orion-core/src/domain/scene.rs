//! What each scene shows: words for a picture model, and a card for the built-in graphics.

use super::timeline::Transition;
use super::{BlobRef, named};
use crate::{Error, Result};
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
    /// How it moves and takes over, where a template says so; else both follow from its place in the video.
    #[serde(default, skip_serializing_if = "Staging::is_default")]
    pub staging: Staging,
}

/// How a scene moves, comes in and takes over from the one before; what is not said is left to the editor.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Staging {
    /// How its picture moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motion: Option<MotionKind>,
    /// How it takes over from the scene before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transition: Option<Transition>,
    /// How its type comes in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrance: Option<EntranceKind>,
}

impl Staging {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

named! {
    /// How a picture moves over its scene.
    MotionKind {
        /// Not at all.
        Still = "still",
        /// Nearer.
        ZoomIn = "zoom_in",
        /// Away.
        ZoomOut = "zoom_out",
        /// The camera goes to the right.
        PanRight = "pan_right",
        /// The camera goes to the left.
        PanLeft = "pan_left",
        /// Nearer, and upward.
        Rise = "rise",
        /// Away, and downward.
        Sink = "sink",
        /// Layers move by their depth: what is nearer moves more.
        Parallax = "parallax",
    }
}

named! {
    /// How type comes in.
    EntranceKind {
        /// It is there.
        None = "none",
        /// It fades in.
        Fade = "fade",
        /// It fades in while it rises into place.
        Rise = "rise",
    }
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
    /// Points one under the other, which come in as they are spoken.
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
    /// A sentence whose weightiest words stand out.
    Statement {
        /// The sentence.
        words: String,
        /// Words of it that stand out, as they are written there.
        marked: Vec<String>,
    },
    /// Amounts as bars, one after the other.
    Chart {
        /// Short label in a pill.
        label: String,
        /// A line above the bars.
        headline: String,
        /// Two to five.
        bars: Vec<Bar>,
    },
    /// What happened when, in order.
    Timeline {
        /// Short label in a pill.
        label: String,
        /// A line above.
        headline: String,
        /// Two to five: when (`1954`), and what.
        moments: Vec<(String, String)>,
    },
    /// How it was, and how it is.
    Change {
        /// Short label in a pill.
        label: String,
        /// A line above.
        headline: String,
        /// How it was: title (`Before`), and what or how much.
        before: (String, String),
        /// How it is.
        after: (String, String),
    },
    /// Where it happens.
    Place {
        /// Short label in a pill.
        label: String,
        /// The place.
        name: String,
        /// What it lies in, if the text says so.
        region: String,
        /// What happens there.
        headline: String,
    },
}

/// One bar of a chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// What is counted.
    pub title: String,
    /// The amount as written.
    pub value: String,
    /// The amount, by which the bar is drawn.
    pub amount: f64,
}

named! {
    /// The layouts of cards.
    Layout {
        /// [`Card::Headline`]
        Headline = "headline",
        /// [`Card::Number`]
        Number = "number",
        /// [`Card::Quote`]
        Quote = "quote",
        /// [`Card::List`]
        List = "list",
        /// [`Card::Comparison`]
        Comparison = "comparison",
        /// [`Card::Closing`]
        Closing = "closing",
        /// [`Card::Statement`]
        Statement = "statement",
        /// [`Card::Chart`]
        Chart = "chart",
        /// [`Card::Timeline`]
        Timeline = "timeline",
        /// [`Card::Change`]
        Change = "change",
        /// [`Card::Place`]
        Place = "place",
    }
}

impl Card {
    /// Most parts that a card is built up from.
    pub const MOST_STEPS: usize = 5;

    /// Its layout.
    pub const fn layout(&self) -> Layout {
        match self {
            Self::Headline { .. } => Layout::Headline,
            Self::Number { .. } => Layout::Number,
            Self::Quote { .. } => Layout::Quote,
            Self::List { .. } => Layout::List,
            Self::Comparison { .. } => Layout::Comparison,
            Self::Closing { .. } => Layout::Closing,
            Self::Statement { .. } => Layout::Statement,
            Self::Chart { .. } => Layout::Chart,
            Self::Timeline { .. } => Layout::Timeline,
            Self::Change { .. } => Layout::Change,
            Self::Place { .. } => Layout::Place,
        }
    }

    /// The parts that come in one after the other, each by the words with which it does. Who draws a card in layers
    /// gives each part a layer of its own, behind the one with everything else.
    pub fn steps(&self) -> Vec<&str> {
        let steps: Vec<&str> = match self {
            Self::List { items, .. } => {
                items.iter().map(String::as_str).filter(|item| !item.trim().is_empty()).collect()
            }
            Self::Timeline { moments, .. } => moments.iter().map(|(when, _)| when.as_str()).collect(),
            Self::Chart { bars, .. } => bars.iter().map(|bar| bar.value.as_str()).collect(),
            Self::Change { after, .. } => vec![&after.1],
            _ => Vec::new(),
        };
        steps.into_iter().take(Self::MOST_STEPS).collect()
    }
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

impl Palette {
    /// Checks that words and labels are read on the ground: a contrast of 7:1 at least.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) with the colour and what would do.
    pub fn check(&self) -> Result<()> {
        use super::colour::{DARKEST, LEGIBLE, contrast, grounded, legible, luminance, written};
        if luminance(self.background) > DARKEST {
            return Err(Error::invalid("the ground of a card is dark, and this colour is not")
                .with_context("background", written(self.background))
                .with_hint(format!("use {}, and this one as a glow or accent", written(grounded(self.background)))));
        }
        for (name, colour) in [("accent", self.accent), ("text", self.text)] {
            let found = contrast(colour, self.background);
            if found < LEGIBLE {
                return Err(Error::invalid("this colour is not read well on the ground")
                    .with_context(name, written(colour))
                    .with_context("background", written(self.background))
                    .with_context("contrast", format!("{found:.1}:1, at least {LEGIBLE}:1 is needed"))
                    .with_hint(format!("use {}", written(legible(colour, self.background, LEGIBLE)))));
            }
        }
        Ok(())
    }
}

/// What holds the pictures of one video together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Colours.
    pub palette: Palette,
    /// Decides ornament and glow positions; the same seed draws the same picture.
    pub seed: u64,
    /// The ornament; else the seed decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ornament: Option<Ornament>,
    /// Whether the ornament has a layer of its own, so that it can move by its depth.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub depth: bool,
    /// Fonts that the type is set in, heaviest last; empty is the built-in one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fonts: Vec<BlobRef>,
    /// Whether a brand's mark lies over the scenes: type leaves room for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mark: bool,
    /// Over which scene a lower third lies, from one: its type leaves room for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower_third: Option<u32>,
}

impl Look {
    /// A look of these colours, with everything else left to the seed.
    pub fn new(palette: Palette, seed: u64) -> Self {
        Self { palette, seed, ornament: None, depth: false, fonts: Vec::new(), mark: false, lower_third: None }
    }
}

named! {
    /// What is drawn over the glows.
    Ornament {
        /// Dashed circles around a point, and stars.
        Orbits = "orbits",
        /// Lines of equal height, as on a map.
        Contours = "contours",
        /// Flowing lines.
        Waves = "waves",
        /// A field of dots that swell and fade.
        Dots = "dots",
        /// Nothing.
        Bare = "bare",
    }
}
