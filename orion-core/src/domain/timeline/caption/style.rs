//! The caption styles that have a name (contract, section 5.6).
//!
//! The contract gives sizes for a canvas 288 lines high, which is what subtitle files are scaled from by default.
//! Set one to one they fill the picture from edge to edge, so the type is smaller here and keeps their proportions.

use super::super::{CaptionPosition, CaptionStyle};

impl CaptionStyle {
    /// The names of the styles that have one.
    pub const NAMES: [&str; 3] = ["tiktok", "youtube", "minimal"];

    /// The style of a name; `tiktok` for a name that is not known.
    pub fn named(name: &str) -> Self {
        Self::known(name).unwrap_or_else(Self::tiktok)
    }

    /// The style of a name, if there is one.
    pub fn known(name: &str) -> Option<Self> {
        [Self::tiktok(), Self::youtube(), Self::minimal()]
            .into_iter()
            .find(|style| style.name.eq_ignore_ascii_case(name))
    }

    /// Big capitals, yellow where it is spoken.
    pub fn tiktok() -> Self {
        Self {
            name: "tiktok".to_owned(),
            size: 0.052,
            fill: 0xFFFFFF,
            highlight: 0xFFFF00,
            outline: 0.0055,
            position: CaptionPosition::Centre,
            uppercase: true,
            fonts: Vec::new(),
        }
    }

    /// Medium type, amber where it is spoken.
    pub fn youtube() -> Self {
        Self {
            name: "youtube".to_owned(),
            size: 0.040,
            fill: 0xFFFFFF,
            highlight: 0xFFD442,
            outline: 0.0040,
            position: CaptionPosition::LowerThird,
            uppercase: false,
            fonts: Vec::new(),
        }
    }

    /// Small grey type, white where it is spoken.
    pub fn minimal() -> Self {
        Self {
            name: "minimal".to_owned(),
            size: 0.030,
            fill: 0xCCCCCC,
            highlight: 0xFFFFFF,
            outline: 0.0022,
            position: CaptionPosition::LowerThird,
            uppercase: false,
            fonts: Vec::new(),
        }
    }
}
