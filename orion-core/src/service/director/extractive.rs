//! The built-in author: picks the sentences of the sources that matter most, makes them fit for speech, and
//! puts an opening and a closing around them. It says nothing that no source says.
//!
//! Sentences are weighed by their place, their topic, what they share with the rest of the text (a centroid, as in
//! Radev et al., "Centroid-based summarization of multiple documents", 2004) and what can be checked in them; the
//! choice among them trades worth against repetition (maximal marginal relevance, Carbonell and Goldstein, 1998).

use super::clean::{headline, is_live};
use super::compress::{self, Rendering, renderings, without_connective};
use super::hook::{Hook, hooks};
use super::passage::{Passage, overlap, passages, terms};
use super::phrase::phrases;
use super::roundup::roundup;
use super::tongue::{self, Written};
use super::{WORDS_PER_SECOND, cue};
use crate::domain::{ClaimKind, Critique, Line, LineRole, Material, Script, Source};
use crate::port::{Brief, Provider, ScriptWriter};
use crate::text::claim::{claims, quotes, tokens};
use crate::text::language::Language;
use crate::text::sentence::word_count;
use crate::{Error, Operation, Result};
use async_trait::async_trait;
use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

/// Two sentences that share more of their words than this say the same.
const SAME: f64 = 0.62;

/// A sentence of which the opening has said more than this says nothing new.
const SAID_BY_HOOK: f64 = 0.72;

/// Least words that a body must have to be worth a video.
const LEAST_BODY: usize = 16;

/// Least words of the body where the text is the user's own.
const SHORTEST_BODY: usize = 7;

/// Most openings that are tried with the story behind them.
const MOST_TRIED: usize = 4;

static EXTRACTIVE: LazyLock<Provider> = LazyLock::new(|| Provider::local("extractive", ""));

/// The built-in [`ScriptWriter`].
#[derive(Debug, Clone, Copy, Default)]
pub struct ExtractiveWriter;

#[async_trait]
impl ScriptWriter for ExtractiveWriter {
    fn provider(&self) -> &Provider {
        &EXTRACTIVE
    }

    async fn write(&self, brief: &Brief, material: &Material, operation: &Operation) -> Result<Script> {
        operation.cancellation.check()?;
        compose(brief, material)
    }
}

/// What people and the critic asked for, as far as a writer that only selects can follow.
#[derive(Debug, Default)]
struct Wishes {
    /// Words that should occur.
    wanted: HashSet<String>,
    /// Words that should not.
    unwanted: HashSet<String>,
    /// How many better openings to pass over.
    other_hooks: usize,
    /// How many clearer closings to pass over.
    other_calls: usize,
    /// Prefer one-line sentences.
    dense: bool,
    /// Length as part of what the brief asks.
    length: f64,
}

/// Writes a script.
///
/// # Errors
/// [`Invalid`](crate::ErrorKind::Invalid) if the material holds too little.
pub fn compose(brief: &Brief, material: &Material) -> Result<Script> {
    let language = Language::of(&material.language);
    if material.sources.first().is_some_and(|source| is_live(&source.title)) {
        return Err(Error::invalid("a live blog tells no story that could be retold")
            .with_context("topic", &material.topic)
            .with_hint("choose another topic"));
    }
    let mut wishes = wishes(brief, language);
    let mut found = passages(material, language, &wishes.wanted);
    found.retain(|passage| passage.terms.is_disjoint(&wishes.unwanted));
    let written = tongue::of_material(material);
    let openings = hooks(material, &found, language, written);
    let call = call(material, brief, language, written, &wishes);
    let call = call.as_deref();
    if material.sources.iter().all(|source| source.text.is_empty() || source.text == source.title)
        && let Some(script) = roundup(brief, material, call, language, written)
    {
        return Ok(script);
    }
    let (Some(lead), true) = (material.sources.first(), !openings.is_empty()) else {
        return roundup(brief, material, call, language, written).ok_or_else(|| too_little(material));
    };
    if let Some((last, critique)) = &brief.critique {
        let said = last.text_of(LineRole::Hook);
        if critique.hook < Critique::PASS {
            wishes.other_hooks += openings.iter().position(|hook| hook.text == said).map_or(0, |position| position + 1);
        }
    }
    let aim = f64::from(brief.seconds) * WORDS_PER_SECOND * wishes.length;
    // Which opening is best shows when the story is told behind it: whether it goes on, and how long it gets.
    let tried: Vec<&Hook> = match wishes.other_hooks {
        0 => openings.iter().take(MOST_TRIED).collect(),
        passed => vec![&openings[passed % openings.len()]],
    };
    let told = tried.into_iter().map(|hook| {
        let spent = word_count(&hook.text) + call.map_or(0, word_count);
        let budget = (aim.round() as usize).saturating_sub(spent).max(SHORTEST_BODY + 5);
        let chosen = choose(&found, hook, budget, language, &wishes);
        let body = body(&chosen, &found, &hook.text, material, language);
        let words: usize = spent + body.iter().map(|line| word_count(&line.text)).sum::<usize>();
        let off = (words as f64 / aim - 1.0).abs();
        (hook.strength - 0.3 * goes_round(&hook.text, &body, language) - (off - 0.1).max(0.0), hook, body)
    });
    let Some((_, hook, body)) = told.max_by(|a, b| a.0.total_cmp(&b.0)) else { return Err(too_little(material)) };
    let own = material.sources.iter().all(is_own);
    let least = if own { SHORTEST_BODY } else { LEAST_BODY.min(aim as usize / 4) };
    if body.iter().map(|line| word_count(&line.text)).sum::<usize>() < least {
        return roundup(brief, material, call, language, written).ok_or_else(|| too_little(material));
    }
    let mut lines = vec![line(LineRole::Hook, hook.text.clone(), vec![hook.source], language)];
    lines.extend(body);
    lines.extend(call.map(|call| line(LineRole::CallToAction, call.to_owned(), Vec::new(), language)));
    Ok(Script {
        title: title(&lead.title, &hook.text),
        language: material.language.clone(),
        lines,
        author: "extractive".to_owned(),
    })
}

/// How much of an opening the first line behind it says again, 0 to 1.
fn goes_round(hook: &str, body: &[Line], language: Language) -> f64 {
    let stop_words = language.stop_words();
    let opening = terms(hook, &stop_words);
    let next = body.first().map(|line| terms(&line.text, &stop_words)).unwrap_or_default();
    opening.intersection(&next).count() as f64 / opening.len().max(1) as f64
}

/// Whether a source is a text of the user's own.
fn is_own(source: &Source) -> bool {
    source.url.is_none() && source.publisher.is_none()
}

/// Whether the sources hold a story, and not only headlines.
pub(super) fn tells_a_story(material: &Material) -> bool {
    let language = Language::of(&material.language);
    let found = passages(material, language, &HashSet::new());
    found.iter().filter(|passage| !passage.dependent).map(|passage| word_count(&passage.text)).sum::<usize>()
        >= if material.sources.iter().all(is_own) { SHORTEST_BODY } else { LEAST_BODY }
}

fn too_little(material: &Material) -> Error {
    let words: usize = material.sources.iter().map(|source| word_count(&source.text)).sum();
    Error::invalid("the sources hold too little text to make a script from beside the headline")
        .with_context("topic", &material.topic)
        .with_context("words", words)
        .with_hint("choose another topic, allow the network so that the article can be read, or give the text yourself")
}

/// A title for listings, at most 100 characters.
fn title(source: &str, hook: &str) -> String {
    let title = headline(source);
    let title = if word_count(&title) >= 2 { title } else { hook.trim_end_matches('.').to_owned() };
    shorten(&title, 100)
}

/// At most so many characters, cut between words.
pub(super) fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short = String::new();
    for word in text.split_whitespace() {
        if short.chars().count() + word.chars().count() + 2 > most {
            break;
        }
        short = if short.is_empty() { word.to_owned() } else { format!("{short} {word}") };
    }
    if short.is_empty() {
        text.chars().take(most).collect()
    } else {
        format!("{}…", short.trim_end_matches([',', ';', ':']))
    }
}

fn wishes(brief: &Brief, language: Language) -> Wishes {
    const WITHOUT: &[&str] =
        &["no", "not", "without", "less", "drop", "skip", "avoid", "remove", "fewer", "ohne", "sem", "sin", "sans"];
    let mut wishes = Wishes { length: 1.0, ..Wishes::default() };
    let stop_words = language.stop_words();
    for feedback in &brief.feedback {
        let lower = feedback.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if says(&["shorter", "too long", "kürzer", "mais curto", "más corto", "plus court"]) {
            wishes.length *= 0.75;
        }
        if says(&["longer", "too short", "länger", "mais longo", "más largo", "plus long"]) {
            wishes.length *= 1.25;
        }
        wishes.dense |= says(&["dense", "denser", "tighter", "concise", "value"]);
        wishes.other_calls += usize::from(says(&["cta", "call to action", "ending", "closing"]));
        // Whatever was asked, the same opening again would look as if nobody had listened.
        wishes.other_hooks += 1;
        for sentence in lower.split(['.', ',', ';', '!', '\n']) {
            let negative = sentence.split_whitespace().any(|word| WITHOUT.contains(&word));
            let words = terms(sentence, &stop_words);
            if negative { wishes.unwanted.extend(words) } else { wishes.wanted.extend(words) }
        }
    }
    let about_writing = [
        "hook", "cta", "ending", "number", "shorter", "longer", "script", "sentence", "value", "opening", "call",
        "action",
    ];
    for word in about_writing {
        wishes.wanted.remove(word);
        wishes.unwanted.remove(word);
    }
    if let Some((_, critique)) = &brief.critique {
        wishes.dense |= critique.value < Critique::PASS;
        wishes.other_calls += usize::from(critique.call_to_action < Critique::PASS);
    }
    wishes
}

/// The closing request in the language of the sources, if there is one; it names the publication where that can be spoken.
fn call(material: &Material, brief: &Brief, language: Language, written: Written, wishes: &Wishes) -> Option<String> {
    let calls = match written {
        Written::Own => phrases(language).calls,
        Written::In(tongue) => return Some(tongue.calls[wishes.other_calls % tongue.calls.len()].to_owned()),
        Written::Unknown => return None,
    };
    let publisher = material
        .sources
        .first()
        .filter(|source| source.url.is_some())
        .and_then(|source| source.publisher.as_deref())
        .filter(|publisher| word_count(publisher) <= 3 && !publisher.contains([':', '/', '|', '.']));
    let usable: Vec<&str> =
        calls.iter().copied().filter(|call| publisher.is_some() || !call.contains("{publisher}")).collect();
    let first = usize::from(brief.seconds < 20 && publisher.is_some());
    let call = usable[(first + wishes.other_calls) % usable.len()];
    Some(call.replace("{publisher}", publisher.unwrap_or_default()))
}

/// The passages that go into the script and how each is said, in the order of the sources.
fn choose(
    passages: &[Passage],
    hook: &Hook,
    budget: usize,
    language: Language,
    wishes: &Wishes,
) -> Vec<(usize, Rendering)> {
    let stop_words = language.stop_words();
    let opening = terms(&hook.text, &stop_words);
    let said_by_hook = |passage: &Passage| {
        passage.terms.intersection(&opening).count() as f64 / passage.terms.len().max(1) as f64 > SAID_BY_HOOK
    };
    let ways: Vec<Vec<Rendering>> = passages.iter().map(|passage| renderings(&passage.text, language)).collect();
    let usable: Vec<bool> = passages.iter().map(|passage| !said_by_hook(passage)).collect();
    let all: usize =
        (0..passages.len()).filter(|i| usable[*i]).map(|i| ways[i].first().map_or(0, Rendering::words)).sum();
    let scarce = all <= budget + budget / 3;
    let preferred = |index: usize| {
        let gain = if wishes.dense {
            0.0
        } else if scarce {
            0.012
        } else {
            0.003
        };
        let cost = |way: &Rendering| way.loss + 0.04 * way.lines.len() as f64 - gain * way.words() as f64;
        ways[index].iter().min_by(|a, b| cost(a).total_cmp(&cost(b)))
    };
    let mut chosen: Vec<(usize, Rendering)> = Vec::new();
    let mut refused: HashSet<usize> = HashSet::new();
    let mut left = budget as f64;
    loop {
        let taken: BTreeSet<usize> = chosen.iter().map(|(index, _)| *index).collect();
        let next = (0..passages.len())
            .filter(|index| usable[*index] && !taken.contains(index) && !refused.contains(index))
            .filter_map(|index| {
                let unit = with_antecedents(passages, index, &taken)?;
                let repeats =
                    taken.iter().map(|other| repetition(&passages[*other], &passages[index])).fold(0.0, f64::max);
                let worth = unit.iter().map(|index| passages[*index].worth).sum::<f64>() / unit.len() as f64;
                (repeats < SAME && unit.iter().all(|i| usable[*i])).then_some((worth - 0.5 * repeats, index, unit))
            })
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let Some((_, index, unit)) = next else { break };
        let fitting: Vec<(usize, Rendering)> =
            unit.iter().filter_map(|index| Some((*index, preferred(*index)?.clone()))).collect();
        if fitting.len() < unit.len() {
            refused.insert(index);
            continue;
        }
        let size = |unit: &[(usize, Rendering)]| unit.iter().map(|(_, way)| way.words()).sum::<usize>() as f64;
        let slack = left * 1.12 + 2.0;
        let shortest = || -> Vec<(usize, Rendering)> {
            let least = |index: &usize| ways[*index].iter().min_by_key(|way| way.words()).cloned();
            unit.iter().filter_map(|index| Some((*index, least(index)?))).collect()
        };
        let fitting =
            if size(&fitting) <= slack || chosen.is_empty() && fitting.len() == 1 && size(&fitting) <= left * 1.6 {
                fitting
            } else {
                shortest()
            };
        if size(&fitting) <= slack || chosen.is_empty() && passages.len() == 1 {
            left -= size(&fitting);
            chosen.extend(fitting);
        } else {
            refused.insert(index);
        }
        if left < 5.0 {
            break;
        }
    }
    if chosen.is_empty() {
        // Rather a little too long than nothing.
        let alone = (0..passages.len()).filter(|index| usable[*index] && !passages[*index].dependent);
        let short = alone.filter_map(|index| Some((index, ways[index].iter().min_by_key(|way| way.words())?.clone())));
        chosen.extend(short.min_by_key(|(_, way)| way.words()));
    }
    in_order(chosen, passages)
}

/// In the order of the sources; what stands above the story, as a standfirst or in points, follows its first sentence.
fn in_order(mut chosen: Vec<(usize, Rendering)>, passages: &[Passage]) -> Vec<(usize, Rendering)> {
    chosen.sort_by_key(|(index, _)| *index);
    let mut ordered: Vec<(usize, Rendering)> = Vec::with_capacity(chosen.len());
    while let Some((index, _)) = chosen.first() {
        let source = passages[*index].source;
        let end = chosen.iter().take_while(|(index, _)| passages[*index].source == source).count();
        let mut group: Vec<(usize, Rendering)> = chosen.drain(..end).collect();
        let headings = group.iter().take_while(|(index, _)| passages[*index].heading).count();
        if group.get(headings).is_some_and(|(index, _)| passages[*index].lead) {
            let follow = group[headings + 1..].iter().take_while(|(index, _)| passages[*index].dependent).count();
            group[..=headings + follow].rotate_left(headings);
        }
        ordered.extend(group);
    }
    ordered
}

/// How much two passages say the same, 0 to 1. A heading sums up what the text says at length.
fn repetition(a: &Passage, b: &Passage) -> f64 {
    let shared = overlap(&a.terms, &b.terms);
    let quoted = |passage: &Passage| -> Vec<Vec<String>> {
        quotes(&passage.text).iter().map(|quote| tokens(&quote.text)).filter(|words| words.len() >= 3).collect()
    };
    let quotes = quoted(a);
    if quoted(b).iter().any(|quote| quotes.contains(quote) && (shared > 0.3 || quote.len() >= 5)) {
        return 1.0;
    }
    if a.heading != b.heading { (shared * 1.5).min(1.0) } else { shared }
}

/// A passage with the ones before it that it points at; `None` if they cannot be said.
fn with_antecedents(passages: &[Passage], index: usize, taken: &BTreeSet<usize>) -> Option<Vec<usize>> {
    let mut unit = vec![index];
    let mut at = index;
    while passages[at].dependent {
        let before = at.checked_sub(1)?;
        let near = passages[before].source == passages[at].source && passages[before].index + 1 == passages[at].index;
        if !near || unit.len() == 3 {
            return None;
        }
        if taken.contains(&before) {
            break;
        }
        unit.push(before);
        at = before;
    }
    unit.reverse();
    Some(unit)
}

/// The lines of the body, each with its sources.
fn body(
    chosen: &[(usize, Rendering)],
    passages: &[Passage],
    opening: &str,
    material: &Material,
    language: Language,
) -> Vec<Line> {
    let stop_words = &language.stop_words();
    let known: Vec<(u32, HashSet<String>)> = material
        .sources
        .iter()
        .map(|source| (source.number, terms(&format!("{}\n{}", source.title, source.text), stop_words)))
        .collect();
    let mut lines: Vec<Line> = Vec::new();
    for (place, (index, way)) in chosen.iter().enumerate() {
        let passage = &passages[*index];
        let follows = place.checked_sub(1).is_some_and(|before| {
            let before = &passages[chosen[before].0];
            before.source == passage.source && before.index + 1 == passage.index
        });
        for (part, text) in way.lines.iter().enumerate() {
            let text = if part == 0 && !follows { without_connective(text, language) } else { text.clone() };
            let said = terms(&text, stop_words);
            let also = known.iter().filter(|(number, words)| {
                *number != passage.source
                    && said.len() >= 4
                    && said.intersection(words).count() as f64 >= 0.9 * said.len() as f64
            });
            let mut sources: Vec<u32> = also.map(|(number, _)| *number).chain([passage.source]).collect();
            sources.sort_unstable();
            lines.push(line(LineRole::Body, text, sources, language));
        }
    }
    let mut lines = merged(lines);
    introduce(&mut lines, opening, material, language);
    lines
}

/// Gives people their full name where a script names them first: `Lund` becomes `Maria Lund` if the source has just
/// one name that ends or begins with it.
fn introduce(lines: &mut [Line], opening: &str, material: &Material, language: Language) {
    let mut known: HashSet<String> = tokens(opening).into_iter().collect();
    for line in lines {
        let source = material.sources.iter().find(|source| line.sources.contains(&source.number));
        let full = source.map(|source| full_names(source, language)).unwrap_or_default();
        let mut text = line.text.clone();
        for claim in claims(&line.text, language).iter().rev() {
            let single = claim.kind == ClaimKind::Name && !claim.text.contains([' ', '-']);
            if !single || tokens(&claim.text).iter().any(|token| known.contains(token)) {
                continue;
            }
            let first = line.text[..claim.range.start].matches(claim.text.as_str()).count() == 0;
            let mut fitting = full.iter().filter(|name| name.split(' ').any(|part| part == claim.text));
            if let (true, Some(name), None) = (first, fitting.next(), fitting.next())
                && !line.text.contains(name)
            {
                text.replace_range(claim.range.clone(), name);
            }
        }
        if word_count(&text) <= compress::MOST_WORDS + 4 {
            line.text = text;
        }
        known.extend(tokens(&line.text));
    }
}

/// Names of two words in a source, as people have.
fn full_names(source: &Source, language: Language) -> BTreeSet<String> {
    let names = claims(&source.text, language).into_iter().filter(|claim| claim.kind == ClaimKind::Name);
    const PLACES: &[&str] = &[
        "The", "New", "San", "Los", "Las", "North", "South", "East", "West", "Saint", "Fort", "Lake", "Mount",
        "United", "Great", "El", "La", "Rio", "São", "Santa",
    ];
    let usual = |name: &String| {
        let mut parts = name.split(' ');
        let person = |part: &str| {
            part.len() > 2
                && part.chars().all(|c| c.is_alphabetic() || c == '-')
                && part.chars().skip(1).any(char::is_lowercase)
        };
        parts.clone().count() == 2 && !PLACES.iter().any(|place| name.starts_with(place)) && parts.all(person)
    };
    names.map(|claim| claim.text).filter(usual).collect()
}

/// Joins a line of fewer than four words to the one before it.
fn merged(lines: Vec<Line>) -> Vec<Line> {
    let mut joined: Vec<Line> = Vec::new();
    for line in lines {
        match joined.last_mut() {
            Some(last)
                if word_count(&line.text) < compress::LEAST_WORDS
                    && word_count(&last.text) + word_count(&line.text) <= compress::MOST_WORDS + 2 =>
            {
                last.text = format!("{} {}", last.text, line.text);
            }
            _ => joined.push(line),
        }
    }
    joined
}

pub(super) fn line(role: LineRole, text: String, sources: Vec<u32>, language: Language) -> Line {
    let visual_cue = cue::visual_cue(role, &text, language);
    Line { role, text, sources, visual_cue }
}
