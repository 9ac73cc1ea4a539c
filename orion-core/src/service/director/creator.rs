//! The creator: one scene for every line, in words for picture models and as a card for the built-in graphics.

use super::card::cards;
use super::clean::{headline, opinion_of};
use super::extractive::shorten;
use super::label::relabel;
use super::look::look;
use super::outline::outline;
use super::phrase::{asks, phrases};
use super::statement::statement;
use crate::domain::{Card, Line, LineRole, Material, ScenePlan, Script, Source, Template, VisualPrompt};
use crate::text::claim::claims;
use crate::text::language::Language;
use crate::text::sentence::{is_closing, is_terminal, word_count};
use std::collections::HashMap;

/// What no picture may show.
const NEGATIVE: &str = "text, letters, watermark, logo, caption, blur, low quality, jpeg artefacts, deformed hands, extra \
                        fingers, disfigured faces";

const CAMERAS: &[&str] =
    &["wide establishing shot", "medium shot", "close-up", "low angle", "over the shoulder", "top-down view"];

/// Longest label in characters.
const MOST_LABEL: usize = 24;

/// A source's picture is shown at most this often.
const MOST_SHOWINGS: usize = 2;

/// Plans every scene of a script: each has the most telling layout that its line fits, and never that of the scene before.
pub fn plan(script: &Script, material: &Material) -> ScenePlan {
    plan_styled(script, material, None)
}

/// As [`plan`], with what a template says: its colours, its layouts where they fit, its moves.
pub fn plan_styled(script: &Script, material: &Material, template: Option<&Template>) -> ScenePlan {
    let language = Language::of(&script.language);
    let about = format!("{} {} {}", script.title, material.topic, script.text());
    let (mut look, mood) = look(&about);
    if let Some(template) = template {
        look.palette = template.palette.clone().unwrap_or(look.palette);
        look.ornament = template.ornament;
    }
    let mut prompts: Vec<VisualPrompt> = Vec::with_capacity(script.lines.len());
    let mut shown: HashMap<u32, usize> = HashMap::new();
    for (index, line) in script.lines.iter().enumerate() {
        let before = prompts.last().and_then(|prompt| prompt.picture_source);
        let staged = prompts.last().map(|prompt| prompt.staging).unwrap_or_default();
        let card = card(line, script, material, language, &prompts, template);
        prompts.push(VisualPrompt {
            scene_number: u32::try_from(index + 1).unwrap_or(u32::MAX),
            description: format!("{}. Topic: {}", line.visual_cue.trim_end_matches('.'), shorten(&material.topic, 120)),
            style: "cinematic editorial photograph, natural light, shallow depth of field".to_owned(),
            camera_angle: CAMERAS[index % CAMERAS.len()].to_owned(),
            mood: mood.to_owned(),
            negative_prompt: NEGATIVE.to_owned(),
            picture_source: picture(line, index, material, &mut shown, before),
            card,
            staging: template.map(|template| template.staging(line.role, index, staged)).unwrap_or_default(),
        });
    }
    // Where nobody is asked for anything the last words close, and the sources are named below them.
    let credits = credits(script, material, language);
    if let (Some(line), Some(prompt)) = (script.lines.last(), prompts.last_mut())
        && line.role == LineRole::Body
        && !credits.is_empty()
    {
        prompt.card = Card::Closing { headline: outline(&line.text, language, 12), credits };
    }
    relabel(prompts.iter_mut().map(|prompt| &mut prompt.card), &script.text(), language);
    let style_guide = format!(
        "One consistent look for a vertical video: {} colours on a dark ground, {mood} mood, cinematic editorial \
         photography, calm composition with the subject in the upper half, no text in the picture.",
        look.palette.name
    );
    ScenePlan { style_guide, look, prompts }
}

fn card(
    line: &Line,
    script: &Script,
    material: &Material,
    language: Language,
    prompts: &[VisualPrompt],
    template: Option<&Template>,
) -> Card {
    let source =
        line.sources.first().and_then(|number| material.sources.iter().find(|source| source.number == *number));
    let allowed = |card: &Card| template.is_none_or(|template| template.allows(line.role, card.layout()));
    let mut fitting = match line.role {
        LineRole::CallToAction => {
            return Card::Closing { headline: request(&line.text), credits: credits(script, material, language) };
        }
        LineRole::Hook => openings(line, source, language),
        LineRole::Body => cards(&line.text, &label(source, language), language),
    };
    let last = prompts.last().map(|prompt| prompt.card.layout());
    // A place is told once.
    let told = |card: &Card| match card {
        Card::Place { name, .. } => {
            prompts.iter().any(|prompt| matches!(&prompt.card, Card::Place { name: other, .. } if other == name))
        }
        _ => false,
    };
    let best = fitting.iter().position(|card| allowed(card) && Some(card.layout()) != last && !told(card));
    let any = || fitting.iter().position(allowed);
    let position = best.or_else(any).unwrap_or(fitting.len() - 1);
    fitting.swap_remove(position)
}

/// What may open: somebody's words, else a headline, which is shown whole where it is short enough; or the same as a
/// statement.
fn openings(line: &Line, source: Option<&Source>, language: Language) -> Vec<Card> {
    let label = match source.and_then(|source| opinion_of(&source.title, source.author.as_deref())) {
        Some(_) => phrases(language).opinion_label.to_owned(),
        None => label(source, language),
    };
    let headline =
        without_apposition(line.text.trim_end_matches('.')).unwrap_or_else(|| outline(&line.text, language, 13));
    let statement = statement(headline.clone(), &claims(&headline, language), language);
    let quoted = cards(&line.text, &label, language).into_iter().find(|card| matches!(card, Card::Quote { .. }));
    quoted.into_iter().chain([Card::Headline { label: label.to_uppercase(), headline }, statement]).collect()
}

/// `Ann Roe, who built it, dies at 90` as `Ann Roe dies at 90`.
fn without_apposition(text: &str) -> Option<String> {
    let (name, rest) = text.split_once(", ")?;
    let (_, tail) = rest.rsplit_once(", ")?;
    let named = name.split_whitespace().all(|word| word.starts_with(char::is_uppercase)) && word_count(name) <= 4;
    let short = format!("{name} {tail}");
    (named && tail.starts_with(char::is_lowercase) && (4..=9).contains(&word_count(&short))).then_some(short)
}

/// Who is named on the closing card: publications, authors, and whose the pictures are.
fn credits(script: &Script, material: &Material, language: Language) -> Vec<String> {
    let phrases = phrases(language);
    let used: Vec<&Source> = material
        .sources
        .iter()
        .filter(|source| script.lines.iter().any(|line| line.sources.contains(&source.number)))
        .take(3)
        .collect();
    let mut credits: Vec<String> = Vec::new();
    for source in &used {
        let Some(publisher) = source.publisher.as_deref().or(source.author.as_deref()) else { continue };
        let others = used.iter().filter(|other| other.publisher == source.publisher).count() > 1;
        let author =
            source.author.as_deref().filter(|author| !others && *author != publisher && word_count(author) <= 6);
        let credit = match author {
            Some(author) => format!("{}: {publisher}, {author}", phrases.source),
            None => format!("{}: {publisher}", phrases.source),
        };
        credits.push(shorten(&credit, 70));
    }
    for credit in used.iter().filter_map(|source| source.picture.as_ref()?.credit.as_deref()).take(2) {
        let credit = credit.split_once(": ").map_or(credit, |(_, names)| names);
        credits.push(shorten(&format!("{}: {credit}", phrases.picture), 70));
    }
    credits.dedup();
    credits
}

/// The part of a closing line that asks for something, with its question mark.
fn request(text: &str) -> String {
    let parts = text.split_inclusive([',', '.', '?', '!', '。', '，', '？', '！', '،', '؟', '।']).map(str::trim);
    let parts: Vec<&str> = parts.filter(|part| word_count(part) >= 2 || !part.is_ascii()).collect();
    let question = parts.iter().find(|part| part.ends_with(['?', '？', '؟']));
    let part = question.or_else(|| parts.iter().find(|part| asks(part) > 0)).or(parts.first());
    part.map_or(text, |part| part.trim_end_matches([',', '.', '!', '。', '，', '！', '،', '।'])).to_owned()
}

/// The publication, or what stands for none.
fn label(source: Option<&Source>, language: Language) -> String {
    publisher(source).unwrap_or_else(|| phrases(language).list_label.to_owned())
}

/// The publication, if its name is short enough for a label.
fn publisher(source: Option<&Source>) -> Option<String> {
    let name = source?.publisher.as_deref()?;
    let name = name.split([':', '|', '–']).next().unwrap_or(name).trim();
    let name = name.trim_matches(|c: char| is_closing(c) || is_terminal(c));
    (!name.is_empty() && name.chars().count() <= MOST_LABEL).then(|| name.to_owned())
}

/// The picture for a scene: the opening and then about every third scene, each picture a few times, never twice running.
fn picture(
    line: &Line,
    index: usize,
    material: &Material,
    shown: &mut HashMap<u32, usize>,
    before: Option<u32>,
) -> Option<u32> {
    if line.role == LineRole::CallToAction || before.is_some() {
        return None;
    }
    let pictured =
        |number: &u32| material.sources.iter().any(|source| source.number == *number && source.picture.is_some());
    let times = |number: &u32| shown.get(number).copied().unwrap_or_default();
    let number = line
        .sources
        .iter()
        .copied()
        .filter(pictured)
        .filter(|number| times(number) < MOST_SHOWINGS && (times(number) == 0 || index.is_multiple_of(3)))
        .min_by_key(times)?;
    *shown.entry(number).or_default() += 1;
    Some(number)
}

/// The first words of a headline, for places that show what a source is about.
pub(super) fn source_title(source: &Source) -> String {
    shorten(&headline(&source.title), 140)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{material, script};
    use super::*;
    use crate::domain::Picture;

    fn planned() -> ScenePlan {
        let mut material = material("Old bridge closed", "…");
        material.sources[0].publisher = Some("Orion Daily".to_owned());
        material.sources[0].picture = Some(Picture {
            url: "https://example.org/p.jpg".to_owned(),
            credit: Some("Photograph: J. Doe/Agency".to_owned()),
            caption: None,
            width: None,
            height: None,
        });
        let script = script(&[
            ("hook", "Divers found 40 cracks in the old bridge."),
            ("body", "The bridge carried 9,000 cars every day."),
            ("body", "It will cost 12 million euros to repair the bridge."),
            ("body", "“Nobody was hurt by it,” said Maria Lund."),
            ("cta", "What do you think? Tell us in the comments."),
        ]);
        plan(&script, &material)
    }

    #[test]
    fn every_line_has_its_scene() {
        let plan = planned();
        assert_eq!(plan.prompts.iter().map(|prompt| prompt.scene_number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        assert_eq!(plan, planned());
        let layouts: Vec<_> = plan.prompts.iter().map(|prompt| std::mem::discriminant(&prompt.card)).collect();
        assert!(layouts.windows(2).all(|pair| pair[0] != pair[1]), "{:?}", plan.prompts);
    }

    #[test]
    fn no_two_scenes_in_a_row_look_the_same_whatever_is_said() {
        let lines = [
            ("hook", "It is so."),
            ("body", "Nobody said why it is."),
            ("body", "Nobody knows when it was."),
            ("body", "The bridge closed in Oslo for days."),
            ("body", "The bridge opened in Oslo."),
            ("body", "Nobody saw it."),
        ];
        let plan = plan(&script(&lines), &material("Fog", "…"));
        let layouts: Vec<_> = plan.prompts.iter().map(|prompt| prompt.card.layout()).collect();
        assert!(layouts.windows(2).all(|pair| pair[0] != pair[1]), "{layouts:?}");
        assert_eq!(layouts.iter().filter(|layout| **layout == crate::domain::Layout::Place).count(), 1);
    }

    #[test]
    fn a_language_without_words_of_ours_has_no_label_of_another() {
        let labels = |lines: &[(&str, &str)]| -> Vec<String> {
            let plan = plan(&script(lines), &material("…", "…"));
            let label =
                |card: &Card| serde_json::to_value(card).unwrap()["label"].as_str().unwrap_or_default().to_owned();
            plan.prompts.iter().map(|prompt| label(&prompt.card)).collect()
        };
        let greek =
            [("hook", "Η κυβέρνηση ανακοίνωσε νέο προϋπολογισμό."), ("body", "Αυξήθηκε κατά 25% σε έναν χρόνο.")];
        assert_eq!(labels(&greek), ["ΜΕ ΛΊΓΑ ΛΌΓΙΑ", "Ο ΑΡΙΘΜΌΣ"]);
        let finnish = [("hook", "Hallitus ilmoitti uudesta budjetista."), ("body", "Se kasvoi 25% vuodessa.")];
        assert_eq!(labels(&finnish), ["", ""]);
        assert_eq!(labels(&[("hook", "It is so."), ("body", "It cost 12 million euros to repair.")])[0], "IN SHORT");
    }

    #[test]
    fn sources_are_named_where_nobody_is_asked_for_anything() {
        let mut material = material("Hallitus ilmoitti uudesta budjetista", "…");
        material.sources[0].publisher = Some("Yle".to_owned());
        let finnish = script(&[("hook", "Hallitus ilmoitti uudesta budjetista."), ("body", "Se kasvoi 25% vuodessa.")]);
        let plan = plan(&finnish, &material);
        let Card::Closing { headline, credits } = &plan.prompts[1].card else {
            unreachable!("{:?}", plan.prompts[1].card)
        };
        assert_eq!((headline.as_str(), credits.as_slice()), ("Se kasvoi 25% vuodessa", ["Yle".to_owned()].as_slice()));
    }

    #[test]
    fn the_request_of_a_closing_line_is_found_in_any_script() {
        for (line, expected) in [
            ("What do you think? Tell us in the comments.", "What do you think?"),
            ("Follow for more, and read the full story at NRC.", "Follow for more"),
            ("关注我们，看下一个故事。", "关注我们"),
            ("你怎么看？在评论里告诉我们。", "你怎么看？"),
            ("フォローして、次の話題もご覧ください。", "フォローして、次の話題もご覧ください"),
            ("ما رأيكم؟ اكتبوا لنا في التعليقات.", "ما رأيكم؟"),
            ("अगली कहानी के लिए हमें फ़ॉलो करें।", "अगली कहानी के लिए हमें फ़ॉलो करें"),
        ] {
            assert_eq!(request(line), expected);
        }
    }

    #[test]
    fn a_template_chooses_layouts_colours_and_moves() {
        use crate::domain::{Layout, MotionKind, Ornament, SceneStyle};
        let body =
            SceneStyle { layouts: vec![Layout::Statement], motion: vec![MotionKind::Still], ..SceneStyle::default() };
        let hook = SceneStyle { layouts: vec![Layout::Statement], ..SceneStyle::default() };
        let palette = crate::testing::sample::look().palette;
        let template = Template {
            name: "Plain".to_owned(),
            palette: Some(palette.clone()),
            ornament: Some(Ornament::Bare),
            hook,
            body,
            ..Template::default()
        };
        let script =
            script(&[("hook", "It is so."), ("body", "It cost 12 million euros."), ("cta", "Follow for more.")]);
        let plan = plan_styled(&script, &material("Bridge", "…"), Some(&template));
        let layouts: Vec<_> = plan.prompts.iter().map(|prompt| prompt.card.layout()).collect();
        assert_eq!(layouts, [Layout::Statement, Layout::Statement, Layout::Closing]);
        assert_eq!((plan.look.palette, plan.look.ornament), (palette, Some(Ornament::Bare)));
        let motions: Vec<_> = plan.prompts.iter().map(|prompt| prompt.staging.motion).collect();
        assert_eq!(motions, [None, Some(MotionKind::Still), None]);
    }

    #[test]
    fn pictures_are_spread_and_credited() {
        let plan = planned();
        let pictures: Vec<_> = plan.prompts.iter().map(|prompt| prompt.picture_source).collect();
        assert_eq!(pictures, [Some(1), None, None, Some(1), None]);
        assert_eq!(
            plan.prompts.last().unwrap().card,
            Card::Closing {
                headline: "What do you think?".to_owned(),
                credits: vec!["Source: Orion Daily".to_owned(), "Picture: J. Doe/Agency".to_owned()],
            }
        );
    }
}
