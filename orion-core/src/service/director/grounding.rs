//! The grounding check: numbers, names, dates and quotes of a script must occur in its sources.
//!
//! What no source contains is taken out with its clause; a line of which nothing remains is dropped.

use super::clean::{headline, is_balanced, with_stop};
use super::compress::{LEAST_WORDS, capitalised};
use super::phrase::{has_verb, phrases};
use super::tongue::{self, Written};
use crate::domain::{GroundingAction, GroundingCheck, GroundingReport, Line, LineRole, Material, Script};
use crate::text::claim::{Claim, Evidence, claims, quotes, tokens};
use crate::text::language::Language;
use crate::text::sentence::word_count;
use std::collections::HashSet;

/// Part of a line's meaningful words that must occur in its sources, when nothing else ties the line to them.
const LEAST_SHARED: f64 = 0.5;

/// What the sources confirm.
struct Sources<'a> {
    material: &'a Material,
    language: Language,
    evidence: Vec<(u32, Evidence, HashSet<String>)>,
}

/// Checks every line of a script against the material; gives the script without what nothing supports, and the check.
/// A script without sources is passed through unchecked: its report has lines but no checks.
pub fn ground(script: &Script, material: &Material) -> (Script, GroundingReport) {
    let mut report = GroundingReport::default();
    if material.sources.is_empty() {
        report.lines = script.lines.iter().map(|line| (line.text.clone(), GroundingAction::Kept)).collect();
        return (script.clone(), report);
    }
    let sources = Sources::of(material);
    let mut lines = Vec::with_capacity(script.lines.len());
    for (number, line) in script.lines.iter().enumerate() {
        let (kept, action) = sources.check(number, line, &mut report.checks);
        report.lines.push((line.text.clone(), action));
        lines.extend(kept);
    }
    (Script { lines, ..script.clone() }, report)
}

impl<'a> Sources<'a> {
    fn of(material: &'a Material) -> Self {
        let language = Language::of(&material.language);
        let evidence = material
            .sources
            .iter()
            .map(|source| {
                let about = [source.publisher.as_deref(), source.author.as_deref()].into_iter().flatten();
                let text = [source.title.as_str(), source.text.as_str()].into_iter().chain(about);
                let text = text.collect::<Vec<_>>().join("\n\n");
                (source.number, Evidence::of(&text, language), tokens(&text).into_iter().collect())
            })
            .collect();
        Self { material, language, evidence }
    }

    fn check(&self, number: usize, line: &Line, checks: &mut Vec<GroundingCheck>) -> (Option<Line>, GroundingAction) {
        if line.role == LineRole::CallToAction && tongue::is_ours(&line.text) {
            return (Some(line.clone()), GroundingAction::Kept);
        }
        let found = claims(&line.text, self.language);
        let mut sources: Vec<u32> = line
            .sources
            .iter()
            .copied()
            .filter(|source| self.evidence.iter().any(|(known, ..)| known == source))
            .collect();
        let mut missing = Vec::new();
        for claim in &found {
            let all = self.supporting(claim);
            let named: Vec<u32> = all.iter().copied().filter(|source| sources.contains(source)).collect();
            let confirmed = if named.is_empty() { all } else { named };
            if confirmed.is_empty() {
                missing.push(claim);
            } else if !confirmed.iter().any(|source| sources.contains(source)) {
                sources.extend(confirmed.first());
            }
            checks.push(GroundingCheck {
                line: number,
                kind: claim.kind,
                claim: claim.text.clone(),
                sources: confirmed,
            });
        }
        let text = if missing.is_empty() { Some(line.text.clone()) } else { self.without(&line.text, &missing) };
        let text =
            text.filter(|text| line.role == LineRole::CallToAction || self.is_about(line.role, text, &mut sources));
        sources.sort_unstable();
        sources.dedup();
        match text {
            Some(text) if text == line.text => (Some(Line { sources, ..line.clone() }), GroundingAction::Kept),
            Some(text) => (Some(Line { text, sources, ..line.clone() }), GroundingAction::Rewritten),
            None => match self.instead(line) {
                Some(line) => (Some(line), GroundingAction::Rewritten),
                None => (None, GroundingAction::Dropped),
            },
        }
    }

    fn supporting(&self, claim: &Claim) -> Vec<u32> {
        self.evidence.iter().filter(|(_, evidence, _)| evidence.supports(claim)).map(|(number, ..)| *number).collect()
    }

    /// The text without the clauses that hold a missing claim, if a sentence remains.
    fn without(&self, text: &str, missing: &[&Claim]) -> Option<String> {
        let kept: Vec<&str> = clauses(text)
            .into_iter()
            .filter(|(start, part)| {
                !missing.iter().any(|claim| claim.range.start < start + part.len() && *start < claim.range.end)
            })
            .map(|(_, part)| part)
            .collect();
        let rest = kept.concat();
        let rest = rest.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '–' | '—'));
        let rest = with_stop(&capitalised(rest));
        let sound = word_count(&rest) >= LEAST_WORDS
            && is_balanced(&rest)
            && (self.language != Language::English || has_verb(&rest) && !begins_inside(&rest))
            && claims(&rest, self.language).iter().all(|claim| !self.supporting(claim).is_empty());
        sound.then_some(rest)
    }

    /// Whether the sources speak of what the text speaks of; finds the source of a line that names none.
    fn is_about(&self, role: LineRole, text: &str, sources: &mut Vec<u32>) -> bool {
        // An opening may use words of its own.
        let least = if role == LineRole::Hook { LEAST_SHARED / 2.0 } else { LEAST_SHARED };
        let stop_words = self.language.stop_words();
        let words: HashSet<String> =
            tokens(text).into_iter().filter(|token| !stop_words.contains(token.as_str())).collect();
        let shared = |known: &HashSet<String>| words.intersection(known).count() as f64 / words.len().max(1) as f64;
        let best = self
            .evidence
            .iter()
            .map(|(number, _, known)| (shared(known), *number))
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        match best {
            Some((share, number)) if share >= least || words.is_empty() => {
                if sources.is_empty() {
                    sources.push(number);
                }
                true
            }
            // A question or an address to the viewer may use words of its own, if its claims were confirmed.
            _ => !sources.is_empty() && !claims(text, self.language).is_empty(),
        }
    }

    /// What stands in for a hook or a call to action that could not be kept: the headline, a plain request.
    fn instead(&self, line: &Line) -> Option<Line> {
        match line.role {
            LineRole::Hook => {
                let source = self.material.sources.first()?;
                let text = with_stop(&headline(&source.title));
                (word_count(&text) >= 2).then(|| Line { text, sources: vec![source.number], ..line.clone() })
            }
            LineRole::CallToAction => {
                let text = match tongue::of_material(self.material) {
                    Written::Own => phrases(self.language).calls[1],
                    Written::In(tongue) => tongue.calls[0],
                    Written::Unknown => return None,
                };
                Some(Line { text: text.to_owned(), sources: Vec::new(), ..line.clone() })
            }
            LineRole::Body => None,
        }
    }
}

/// Whether a sentence begins with a word that needs a clause before it.
fn begins_inside(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default().to_lowercase();
    matches!(
        first.as_str(),
        "which" | "who" | "whose" | "including" | "and" | "or" | "than" | "where" | "according" | "said"
    )
}

/// The clauses of a sentence with their places; a clause keeps the mark that ends it.
fn clauses(text: &str) -> Vec<(usize, &str)> {
    let quoted: Vec<_> = quotes(text).into_iter().map(|quote| quote.range).collect();
    let mut parts = Vec::new();
    let mut start = 0;
    for border in [", ", "; ", " – ", " — ", ". ", "! ", "? "]
        .iter()
        .flat_map(|mark| text.match_indices(mark).map(move |(position, _)| position + mark.len()).collect::<Vec<_>>())
        .collect::<std::collections::BTreeSet<usize>>()
    {
        if quoted.iter().any(|range| range.start < border && border < range.end) {
            continue;
        }
        parts.push((start, &text[start..border]));
        start = border;
    }
    parts.push((start, &text[start..]));
    parts
}

#[cfg(test)]
mod tests {
    use super::super::testing::{material, script};
    use super::*;

    const SOURCE: &str = "Divers found 40 cracks in the old bridge on Friday. The city closed it. “Nobody was hurt,” said Maria \
                          Lund, who built the bridge for £3m in 1987.";

    #[track_caller]
    fn check(line: &str, expected: Option<&str>) {
        let (script, report) = ground(&script(&[("body", line)]), &material("The bridge", SOURCE));
        assert_eq!(script.lines.first().map(|line| line.text.as_str()), expected, "{report:?}");
        let action = match expected {
            Some(text) if text == line => GroundingAction::Kept,
            Some(_) => GroundingAction::Rewritten,
            None => GroundingAction::Dropped,
        };
        assert_eq!(report.lines[0].1, action);
    }

    #[test]
    fn what_the_source_says_is_kept() {
        check("Divers found 40 cracks in the bridge.", Some("Divers found 40 cracks in the bridge."));
        check("Maria Lund built it for £3 million.", Some("Maria Lund built it for £3 million."));
        check("“Nobody was hurt,” she said on Friday.", Some("“Nobody was hurt,” she said on Friday."));
    }

    #[test]
    fn the_clause_that_nothing_supports_goes() {
        check("Divers found 40 cracks, according to the Oslo Times.", Some("Divers found 40 cracks."));
        check("In 1999, the city closed the old bridge.", Some("The city closed the old bridge."));
    }

    #[test]
    fn a_line_of_which_nothing_remains_goes() {
        check("Divers found 400 cracks.", None);
        check("Jane Roe built the bridge.", None);
        check("“Everybody was hurt,” said Maria Lund.", None);
        check("Cats sleep most hours of every day.", None);
    }

    #[test]
    fn hooks_and_calls_are_replaced_and_sources_found() {
        let draft =
            script(&[("hook", "9,999 cracks!"), ("body", "The city closed it."), ("cta", "Visit Atlantis today.")]);
        let (script, report) = ground(&draft, &material("Old bridge closed", SOURCE));
        let lines: Vec<&str> = script.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(lines, ["Old bridge closed.", "The city closed it.", "Follow for the next story."]);
        assert_eq!(script.lines[1].sources, [1]);
        assert_eq!(report.unsupported().count(), 2);
    }

    #[test]
    fn a_script_without_sources_is_passed_through() {
        let own = script(&[("hook", "I invented 9 things.")]);
        let mut none = material("", "");
        none.sources.clear();
        let (script, report) = ground(&own, &none);
        assert_eq!(script, own);
        assert!(report.checks.is_empty() && report.lines.len() == 1);
    }
}
