//! Briefs, scripts and material for the tests of this module.

use crate::domain::{Line, LineRole, Material, Platform, Script, Source};
use crate::port::Brief;

pub(super) fn brief(seconds: u32) -> Brief {
    Brief {
        topic: "bridges".to_owned(),
        niche: None,
        platform: Platform::YoutubeShorts,
        tone: "informative".to_owned(),
        seconds,
        examples: Vec::new(),
        critique: None,
        feedback: Vec::new(),
    }
}

pub(super) fn script(lines: &[(&str, &str)]) -> Script {
    let line = |(role, text): &(&str, &str)| {
        let role: LineRole = role.parse().unwrap();
        let sources = if role == LineRole::CallToAction { Vec::new() } else { vec![1] };
        Line { role, text: (*text).to_owned(), sources, visual_cue: "A bridge".to_owned() }
    };
    Script {
        title: "The bridge".to_owned(),
        language: "en".to_owned(),
        lines: lines.iter().map(line).collect(),
        author: "test".to_owned(),
    }
}

pub(super) fn material(title: &str, text: &str) -> Material {
    let source = Source {
        number: 1,
        title: title.to_owned(),
        url: None,
        publisher: None,
        author: None,
        published_at: None,
        text: text.to_owned(),
        picture: None,
    };
    Material { topic: title.to_owned(), language: "en".to_owned(), sources: vec![source], notes: Vec::new() }
}
