//! A round-up: what can be said where a feed gives headlines and no text.

use super::clean::{headline, is_live, is_noise, with_stop};
use super::compress::capitalised;
use super::critique::hook_strength;
use super::extractive::line;
use super::passage::{overlap, points_to_before, speaks_of_self, terms};
use super::phrase::{has_verb, phrases};
use super::tongue::Written;
use super::{MOST_SOURCES, WORDS_PER_SECOND};
use crate::domain::{Line, LineRole, Material, Script, Source};
use crate::port::Brief;
use crate::text::claim::claims;
use crate::text::language::Language;
use crate::text::sentence::word_count;
use std::collections::HashSet;

/// Most headlines of one round-up.
pub(super) const MOST_HEADLINES: usize = 8;

/// Least headlines that are worth a video.
pub(super) const LEAST_HEADLINES: usize = 3;

/// The headline of a source as a line that can be spoken, if it is one.
pub(super) fn spoken_headline(title: &str, language: Language) -> Option<String> {
    let text = with_stop(&capitalised(&headline(title)));
    let fits = (5..=20).contains(&word_count(&text));
    // Beside a picture `Trying to fit in is hard` says something; read out it says nothing.
    let concrete = language != Language::English || has_verb(&text) && !claims(&text, language).is_empty();
    let alone = !points_to_before(&text, language, &HashSet::new()) && !speaks_of_self(&text, language);
    (fits && concrete && alone && !text.ends_with('?') && !is_live(title) && !is_noise(&text)).then_some(text)
}

/// A script of headlines, each with its source; `None` if there are too few.
pub(super) fn roundup(
    brief: &Brief,
    material: &Material,
    call: Option<&str>,
    language: Language,
    written: Written,
) -> Option<Script> {
    let stop_words = language.stop_words();
    let publisher = publisher(material)?;
    let bridge = matches!(written, Written::Own).then(|| phrases(language).roundup.replace("{publisher}", &publisher));
    let aim = f64::from(brief.seconds) * WORDS_PER_SECOND;
    let spent = bridge.as_deref().map_or(0, word_count) + call.map_or(0, word_count);
    let mut left = aim as usize - spent.min(aim as usize);
    let mut spoken: Vec<(u32, String)> = material
        .sources
        .iter()
        .filter_map(|source| Some((source.number, spoken_headline(&source.title, language)?)))
        .collect();
    // The story that was asked for opens; where its headline cannot be spoken, the strongest other one does.
    let own = material.sources.first()?.number;
    let strength = |(number, text): &(u32, String)| f64::from(*number == own) + hook_strength(text, language);
    let best = |a: &usize, b: &usize| strength(&spoken[*a]).total_cmp(&strength(&spoken[*b])).then(b.cmp(a));
    let first = (0..spoken.len()).max_by(best)?;
    spoken[..=first].rotate_right(1);
    let mut lines: Vec<Line> = Vec::new();
    let mut said = Vec::new();
    for (number, text) in spoken {
        let words = terms(&text, &stop_words);
        let repeats = said.iter().any(|other| overlap(other, &words) > 0.6);
        let full = word_count(&text) > left && said.len() >= LEAST_HEADLINES;
        if repeats || full || said.len() == MOST_HEADLINES {
            continue;
        }
        left = left.saturating_sub(word_count(&text));
        said.push(words);
        let role = if lines.is_empty() { LineRole::Hook } else { LineRole::Body };
        lines.push(line(role, text, vec![number], language));
        if role == LineRole::Hook {
            lines.extend(bridge.clone().map(|bridge| line(LineRole::Body, bridge, vec![number], language)));
        }
    }
    lines.extend(call.map(|call| line(LineRole::CallToAction, call.to_owned(), Vec::new(), language)));
    let title = lines.first().map(|line| line.text.trim_end_matches('.').to_owned())?;
    let author = "extractive".to_owned();
    (said.len() >= LEAST_HEADLINES).then(|| Script { title, language: material.language.clone(), lines, author })
}

/// The feed that all sources come from.
fn publisher(material: &Material) -> Option<String> {
    let name = |source: &Source| source.publisher.clone();
    let first = name(material.sources.first()?)?;
    let same = material.sources.iter().all(|source| name(source).as_ref() == Some(&first));
    let short = first.split([':', '|', '–']).next().unwrap_or_default().trim().to_owned();
    (same && !short.is_empty() && word_count(&short) <= MOST_SOURCES).then_some(short)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{brief, material};
    use super::super::{compose, ground};
    use super::*;

    #[test]
    fn headlines_without_text_become_a_round_up() {
        let mut material = material("Old bridge closed to cars after a flood", "");
        let first = material.sources[0].clone();
        let titles = [
            "Divers find cracks in the pillars of a dam in Oslo",
            "Is this a headline at all?",
            "My new bike is the best in town",
            "City council votes for a new museum by Ann Roe",
            "Nailed it!",
            "Trying to fit in is hard",
            "The water is too deep, so he improvises",
            "Storm in Oslo tears 40 boats from their moorings",
        ];
        for (title, number) in titles.iter().zip(2..) {
            material.sources.push(Source { number, title: (*title).to_owned(), ..first.clone() });
        }
        for source in &mut material.sources {
            source.publisher = Some("Orion: the daily".to_owned());
        }
        let script = compose(&brief(30), &material).unwrap();
        let lines: Vec<&str> = script.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(
            lines,
            [
                "Old bridge closed to cars after a flood.",
                "More from Orion.",
                "Divers find cracks in the pillars of a dam in Oslo.",
                "City council votes for a new museum by Ann Roe.",
                "Storm in Oslo tears 40 boats from their moorings.",
                "Follow for the next story.",
            ]
        );
        assert_eq!(script.lines[3].sources, [5]);
        material.sources[0].title = "Nailed it!".to_owned();
        let strongest = compose(&brief(30), &material).unwrap().text_of(LineRole::Hook);
        assert_eq!(strongest, "Storm in Oslo tears 40 boats from their moorings.");
        material.sources[0].title = first.title;
        let (checked, report) = ground(&script, &material);
        assert_eq!(checked, script);
        assert_eq!(report.unsupported().count(), 0);
    }
}
