//! A round-up: what can be said where a feed gives headlines and no text.

use super::clean::{headline, is_live, is_noise, with_stop};
use super::compress::capitalised;
use super::extractive::line;
use super::passage::{overlap, speaks_of_self, terms};
use super::phrase::phrases;
use super::{MOST_SOURCES, WORDS_PER_SECOND};
use crate::domain::{LineRole, Material, Script, Source};
use crate::port::Brief;
use crate::text::language::Language;
use crate::text::sentence::word_count;

/// Most headlines of one round-up.
pub(super) const MOST_HEADLINES: usize = 8;

/// Least headlines that are worth a video.
pub(super) const LEAST_HEADLINES: usize = 3;

/// The headline of a source as a line that can be spoken, if it is one.
pub(super) fn spoken_headline(title: &str, language: Language) -> Option<String> {
    let text = with_stop(&capitalised(&headline(title)));
    let fits = (5..=20).contains(&word_count(&text));
    (fits && !text.ends_with('?') && !is_live(title) && !is_noise(&text) && !speaks_of_self(&text, language))
        .then_some(text)
}

/// A script of headlines, each with its source; `None` if there are too few.
pub(super) fn roundup(brief: &Brief, material: &Material, call: &str, language: Language) -> Option<Script> {
    let stop_words = language.stop_words();
    let hook = phrases(language).roundup_hook.replace("{publisher}", &publisher(material)?);
    let aim = f64::from(brief.seconds) * WORDS_PER_SECOND;
    let mut left = aim as usize - (word_count(&hook) + word_count(call)).min(aim as usize);
    let mut lines = vec![line(LineRole::Hook, hook.clone(), vec![material.sources.first()?.number], language)];
    let mut said = Vec::new();
    for source in &material.sources {
        let Some(text) = spoken_headline(&source.title, language) else { continue };
        let words = terms(&text, &stop_words);
        let repeats = said.iter().any(|other| overlap(other, &words) > 0.6);
        let full = word_count(&text) > left && said.len() >= LEAST_HEADLINES;
        if repeats || full || said.len() == MOST_HEADLINES {
            continue;
        }
        left = left.saturating_sub(word_count(&text));
        said.push(words);
        lines.push(line(LineRole::Body, text, vec![source.number], language));
    }
    lines.push(line(LineRole::CallToAction, call.to_owned(), Vec::new(), language));
    let title = hook.trim_end_matches('.').to_owned();
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
            "Divers find cracks in the pillars of a dam",
            "Is this a headline at all?",
            "My new bike is the best in town",
            "City council votes for a new museum of boats",
            "Nailed it!",
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
                "The headlines from Orion, in short.",
                "Old bridge closed to cars after a flood.",
                "Divers find cracks in the pillars of a dam.",
                "City council votes for a new museum of boats.",
                "Follow for the next story.",
            ]
        );
        assert_eq!(script.lines[3].sources, [5]);
        let (checked, report) = ground(&script, &material);
        assert_eq!(checked, script);
        assert_eq!(report.unsupported().count(), 0);
    }
}
