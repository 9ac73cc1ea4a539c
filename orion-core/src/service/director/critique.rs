//! The critic: how strong the hook is, how much every sentence says, how clear the closing request is.
//!
//! Scores are 0 to 1; [`Critique::confidence`] weighs them as the contract says (section 5.3). The feedback names
//! what to do better, and a writer acts on it.

use super::passage::{overlap, terms};
use super::phrase::asks;
use crate::domain::{ClaimKind, Critique, Line, LineRole, Script};
use crate::port::{Brief, Provider};
use crate::strategy::capabilities;
use crate::text::claim::claims;
use crate::text::language::Language;
use crate::text::sentence::word_count;
use crate::{Operation, Result};
use async_trait::async_trait;
use std::fmt::Debug;
use std::sync::LazyLock;

/// Judges scripts.
#[async_trait]
pub trait Critic: Debug + Send + Sync {
    /// Who it is: `heuristic`, `ollama/llama3.2`.
    fn provider(&self) -> &Provider;

    /// Judges a script.
    ///
    /// # Behavior
    /// - Every score lies in 0 to 1.
    /// - The feedback is empty only if nothing needs to be better; it names what to do, not only what is wrong.
    async fn critique(&self, brief: &Brief, script: &Script, operation: &Operation) -> Result<Critique>;
}

capabilities! { Critic }

static HEURISTIC: LazyLock<Provider> = LazyLock::new(|| Provider::local("heuristic", ""));

/// The built-in critic: measures, no model.
#[derive(Debug, Clone, Copy, Default)]
pub struct HeuristicCritic;

#[async_trait]
impl Critic for HeuristicCritic {
    fn provider(&self) -> &Provider {
        &HEURISTIC
    }

    async fn critique(&self, brief: &Brief, script: &Script, _operation: &Operation) -> Result<Critique> {
        Ok(judge(brief, script))
    }
}

/// What the built-in critic says of a script.
pub fn judge(brief: &Brief, script: &Script) -> Critique {
    let language = Language::of(&script.language);
    let of_role = |role| script.lines.iter().filter(move |line: &&Line| line.role == role);
    let opening = script.text_of(LineRole::Hook);
    let hook = if opening.is_empty() { 0.0 } else { hook_strength(&opening, language) };
    let body: Vec<&Line> = of_role(LineRole::Body).collect();
    let value = value_density(&body, language);
    let call = script.text_of(LineRole::CallToAction);
    let call_to_action = call_clarity(&call);
    let mut feedback = Vec::new();
    if hook < Critique::PASS {
        feedback.push("Hook: open with a number, a name or a quote from the sources, in 5 to 14 words.".to_owned());
    }
    if value < Critique::PASS {
        feedback.push("Value: keep the sentences that say something checkable and drop what repeats.".to_owned());
    }
    if call_to_action < Critique::PASS {
        feedback.push("Call to action: ask for one thing, in at most 12 words.".to_owned());
    }
    let words = word_count(&script.text()) as f64;
    let aim = f64::from(brief.seconds) * super::WORDS_PER_SECOND;
    if words > aim * 1.25 {
        feedback.push(format!("Length: {words} words are too many, aim at {aim:.0}."));
    }
    Critique { hook, value, call_to_action, feedback: feedback.join(" ") }
}

/// How well a text opens, 0 to 1: short, concrete, and no empty promise.
pub(super) fn hook_strength(text: &str, language: Language) -> f64 {
    const EMPTY: &[&str] = &[
        "you won't believe",
        "shocking",
        "mind-blowing",
        "this article",
        "in this video",
        "the ultimate",
        "jaw-dropping",
    ];
    let found = claims(text, language);
    let has = |kind| f64::from(found.iter().any(|claim| claim.kind == kind));
    let length = match word_count(text) {
        0..=2 => -0.35,
        3..=4 => -0.05,
        5..=14 => 0.2,
        15..=18 => 0.08,
        _ => -0.15,
    };
    let lower = text.to_lowercase().replace('’', "'");
    let empty = EMPTY.iter().filter(|phrase| lower.contains(**phrase)).count() as f64;
    let concrete = 0.15 * has(ClaimKind::Number) + 0.15 * has(ClaimKind::Name) + 0.1 * has(ClaimKind::Quote);
    let question = 0.05 * f64::from(text.contains('?'));
    let verb = 0.2 * f64::from(language != Language::English || super::phrase::has_verb(text));
    // A colon promises; a label before it (`Live:`) does not.
    let score: f64 = 0.3 + length + concrete + question + verb - 0.4 * empty;
    round(score.clamp(0.0, 1.0))
}

/// How much the lines say: facts that can be checked, words that carry meaning, nothing twice.
fn value_density(body: &[&Line], language: Language) -> f64 {
    let stop_words = language.stop_words();
    let sets: Vec<_> = body.iter().map(|line| terms(&line.text, &stop_words)).collect();
    let scores = body.iter().enumerate().map(|(index, line)| {
        let words = word_count(&line.text).max(1);
        let facts = claims(&line.text, language).len();
        let dense = (sets[index].len() as f64 / words as f64 / 0.5).min(1.0);
        let repeated = sets[..index].iter().map(|other| overlap(other, &sets[index])).fold(0.0, f64::max);
        let length = if (4..=22).contains(&words) { 1.0 } else { 0.4 };
        let checkable = match facts {
            0 => 0.35,
            1 => 0.85,
            _ => 1.0,
        };
        0.4 * checkable + 0.3 * dense + 0.15 * length + 0.15 * (1.0 - repeated)
    });
    if body.is_empty() { 0.0 } else { round(scores.sum::<f64>() / body.len() as f64) }
}

/// How clear a closing request is: one thing asked, in few words.
fn call_clarity(text: &str) -> f64 {
    let words = word_count(text);
    if words == 0 {
        return 0.0;
    }
    let asked = match asks(text) {
        0 => 0.0,
        1 | 2 => 0.45,
        _ => 0.35,
    };
    let brief = if words <= 12 { 0.25 } else { 0.05 };
    round(0.25 + asked + brief)
}

fn round(score: f64) -> f64 {
    (score * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::super::testing::{brief, script};
    use super::*;

    #[test]
    fn concrete_openings_beat_vague_and_loud_ones() {
        let strength = |text| hook_strength(text, Language::English);
        assert!(
            strength("Divers found 40 cracks in Oslo's oldest bridge.") > strength("Something happened to a bridge.")
        );
        assert!(strength("Something happened to a bridge.") > strength("You won't believe this shocking bridge."));
        assert!(strength("Oh.") < 0.4);
    }

    #[test]
    fn a_good_script_passes_and_a_poor_one_is_told_what_to_do() {
        let good = judge(
            &brief(30),
            &script(&[
                ("hook", "Divers found 40 cracks in Oslo's oldest bridge."),
                ("body", "The city closed the bridge to all 9,000 cars a day on Friday."),
                ("body", "Repairs will cost 12 million euros, says engineer Maria Lund."),
                ("cta", "Follow for the next story."),
            ]),
        );
        assert!(good.passes() && good.feedback.is_empty(), "{good:?}");
        let poor = judge(
            &brief(30),
            &script(&[("hook", "So."), ("body", "It is what it is and it was what it was."), ("cta", "Thanks.")]),
        );
        assert!(!poor.passes());
        for word in ["Hook:", "Value:", "Call to action:"] {
            assert!(poor.feedback.contains(word), "{}", poor.feedback);
        }
    }
}
