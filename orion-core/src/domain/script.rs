//! A script: lines that are spoken, each with the sources it rests on, and how well it holds.

use super::named;
use serde::{Deserialize, Serialize};

named! {
    /// What a line does in the script.
    LineRole {
        /// Opens and makes one stay.
        Hook = "hook",
        /// Tells.
        Body = "body",
        /// Closes and asks for something.
        CallToAction = "cta",
    }
}

/// One spoken line, usually one sentence; it becomes one scene.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What it does.
    pub role: LineRole,
    /// The words as shown.
    pub text: String,
    /// Numbers of the sources that support it; empty only for lines that claim nothing.
    pub sources: Vec<u32>,
    /// What to show while it is spoken, in words.
    pub visual_cue: String,
}

/// A script in the H-V-C form: hook, value, call to action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Script {
    /// Title of the video.
    pub title: String,
    /// Language tag (`en`).
    pub language: String,
    /// All lines in speaking order: the hook first, the call to action last.
    pub lines: Vec<Line>,
    /// Who wrote it: `extractive`, `ollama/llama3.2`, `user`.
    pub author: String,
}

impl Script {
    /// The text of all lines of one role, joined by spaces.
    pub fn text_of(&self, role: LineRole) -> String {
        let lines: Vec<&str> =
            self.lines.iter().filter(|line| line.role == role).map(|line| line.text.as_str()).collect();
        lines.join(" ")
    }

    /// Everything that is spoken, joined by spaces.
    pub fn text(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(|line| line.text.as_str()).collect();
        lines.join(" ")
    }
}

/// How good a script is, 0 to 1 each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Critique {
    /// Does the opening make one stay?
    pub hook: f64,
    /// Is every sentence worth its seconds?
    pub value: f64,
    /// Is it clear what to do next?
    pub call_to_action: f64,
    /// What to do better, fed into the rewrite.
    pub feedback: String,
}

impl Critique {
    /// A script passes at this confidence or more (contract, section 5.3).
    pub const PASS: f64 = 0.7;

    /// `0.40 hook + 0.35 value + 0.25 call to action`, three decimals (contract, section 5.3).
    pub fn confidence(&self) -> f64 {
        let sum = 0.40 * self.hook + 0.35 * self.value + 0.25 * self.call_to_action;
        (sum * 1000.0).round() / 1000.0
    }

    /// Whether the script passes.
    pub fn passes(&self) -> bool {
        self.confidence() >= Self::PASS
    }
}

named! {
    /// What kind of claim must be found in the sources.
    ClaimKind {
        /// A number, with its unit or scale.
        Number = "number",
        /// A person, place, organisation or product.
        Name = "name",
        /// A day, month, year or weekday.
        Date = "date",
        /// Words in quotation marks.
        Quote = "quote",
    }
}

named! {
    /// What became of a line after the check.
    GroundingAction {
        /// Everything in it is supported.
        Kept = "kept",
        /// The unsupported part was taken out.
        Rewritten = "rewritten",
        /// Nothing was left to say.
        Dropped = "dropped",
    }
}

/// One claim of a line and where it was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroundingCheck {
    /// Number of the line as first written, from zero.
    pub line: usize,
    /// What kind of claim.
    pub kind: ClaimKind,
    /// The words of the claim.
    pub claim: String,
    /// Numbers of the sources that contain it; empty if none does.
    pub sources: Vec<u32>,
}

/// The outcome of the grounding check of a whole script.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct GroundingReport {
    /// Every claim that was checked.
    pub checks: Vec<GroundingCheck>,
    /// What became of each line as first written: its words and the action.
    pub lines: Vec<(String, GroundingAction)>,
}

impl GroundingReport {
    /// Claims that no source contains.
    pub fn unsupported(&self) -> impl Iterator<Item = &GroundingCheck> {
        self.checks.iter().filter(|check| check.sources.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_weighs_hook_value_and_call_to_action() {
        let critique = Critique { hook: 0.8, value: 0.7, call_to_action: 0.5, feedback: String::new() };
        assert_eq!(critique.confidence(), 0.69);
        assert!(!critique.passes());
    }
}
