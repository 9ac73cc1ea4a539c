//! The caption styles that have a name (contract, section 5.6).
//!
//! The contract gives sizes for a canvas 288 lines high, which is what subtitle files are scaled from by default.
//! Set one to one they fill the picture from edge to edge, so the type is smaller here and keeps their proportions.

use super::super::{CaptionPosition, CaptionStyle};

impl CaptionStyle {
    /// The style of a name; `tiktok` for a name that is not known.
    pub fn named(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "youtube" => Self::youtube(),
            "minimal" => Self::minimal(),
            _ => Self::tiktok(),
        }
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
