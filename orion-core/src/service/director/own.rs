//! The user's own script: spoken as it is, cut into scenes where the user did, or where a speaker would.

use super::breath::divided;
use super::clean::without_controls;
use super::compress::{LEAST_WORDS, MOST_WORDS};
use super::cue::visual_cue;
use super::extractive::shorten;
use super::phrase::asks;
use crate::domain::timeline::caption::{is_unspaced, width};
use crate::domain::{Line, LineRole, Script};
use crate::text::language::Language;
use crate::text::sentence::{paragraphs, sentences, word_count};
use crate::{Error, Result};

/// Most words of a user's script: ten minutes.
pub const MOST_SCRIPT_WORDS: usize = 1500;

/// Least words: fewer make no video.
const LEAST_SCRIPT_WORDS: usize = 3;

/// Longest word in characters; longer ones are addresses or noise that no voice can read.
const LONGEST_WORD: usize = 80;

/// Longest run of letters without a mark between them, in scripts that put no spaces between words.
const LONGEST_RUN: usize = 160;

/// Columns of what counts as a word in such scripts: two letters of Chinese or Japanese, four of Thai.
const WORD_COLUMNS: usize = 4;

/// A scene that the user marked may be this much longer than one of Orion's own.
const MOST_MARKED_WORDS: usize = 30;

/// Takes a script as it is. Blank lines separate scenes; without any, every sentence is a scene. What cannot be
/// spoken or shown (control characters, pictographs) is left out.
///
/// # Errors
/// [`Invalid`](crate::ErrorKind::Invalid) for fewer than 3 or more than 1500 words, or a word that is too long. In scripts
/// that put no spaces between words, about two letters (of Thai four) are one.
pub fn user_script(text: &str) -> Result<Script> {
    let clean = spoken_part(text);
    let words = length(&clean);
    if words < LEAST_SCRIPT_WORDS {
        return Err(Error::invalid(format!("a script needs at least {LEAST_SCRIPT_WORDS} words that can be spoken"))
            .with_context("words", words)
            .with_hint("write a sentence or two, or use a topic, an address or a text to have a script written"));
    }
    if words > MOST_SCRIPT_WORDS {
        return Err(Error::invalid(format!(
            "the script is too long: at most {MOST_SCRIPT_WORDS} words, which is ten minutes"
        ))
        .with_context("words", words)
        .with_hint("split it into several videos, or pass it as a text to have a short script made from it"));
    }
    if let Some((word, most)) = clean.split_whitespace().find_map(too_long) {
        return Err(Error::invalid(format!("a word of more than {most} characters cannot be spoken"))
            .with_context("begins", word.chars().take(24).collect::<String>())
            .with_hint("leave addresses and codes out of the script"));
    }
    let language = Language::detect(&clean).unwrap_or(Language::English);
    let scenes: Vec<String> = scenes(&clean, language).into_iter().map(|(_, scene)| scene).collect();
    let last = scenes.len().saturating_sub(1);
    let lines: Vec<Line> = scenes
        .into_iter()
        .enumerate()
        .map(|(index, text)| {
            let role = match index {
                0 => LineRole::Hook,
                index if index == last && asks(&text) > 0 => LineRole::CallToAction,
                _ => LineRole::Body,
            };
            Line { role, visual_cue: visual_cue(role, &text, language), text, sources: Vec::new() }
        })
        .collect();
    let title = lines.first().map(|line| shorten(line.text.trim_end_matches('.'), 100)).unwrap_or_default();
    Ok(Script { title, language: language.tag().to_owned(), lines, author: "user".to_owned() })
}

/// The scenes of a text, each with the number of the paragraph that it is from.
fn scenes(text: &str, language: Language) -> Vec<(usize, String)> {
    let marked = paragraphs(text);
    let mut scenes: Vec<(usize, String)> = Vec::new();
    for (number, paragraph) in marked.iter().enumerate() {
        let whole = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        if marked.len() > 1 && length(&whole) <= MOST_MARKED_WORDS {
            scenes.push((number, whole));
            continue;
        }
        for sentence in sentences(&whole) {
            let parts = divided(sentence, MOST_WORDS, language, false);
            for part in parts.iter().flat_map(|part| clauses(part)) {
                match scenes.last_mut() {
                    // `No. Never.` is one scene, not two.
                    Some((from, last)) if *from == number && joins(last, &part) => {
                        last.push(' ');
                        last.push_str(&part);
                    }
                    _ => scenes.push((number, part)),
                }
            }
        }
    }
    // Marks without a word are not spoken; they stay with the words before them.
    let mut spoken: Vec<(usize, String)> = Vec::new();
    for (number, scene) in scenes {
        match spoken.last_mut() {
            Some((_, last)) if word_count(&scene) == 0 => {
                last.push(' ');
                last.push_str(&scene);
            }
            _ => spoken.push((number, scene)),
        }
    }
    spoken.retain(|(_, scene)| word_count(scene) > 0);
    spoken
}

/// How many words a text has, of whatever script.
fn length(text: &str) -> usize {
    let of = |word: &str| {
        let unspaced: String = word.chars().filter(|letter| is_unspaced(*letter) && letter.is_alphanumeric()).collect();
        width(&unspaced).div_ceil(WORD_COLUMNS).max(1)
    };
    text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).map(of).sum()
}

/// A word that no voice can read, and how many characters it may have; in scripts without spaces, what stands between
/// two marks.
fn too_long(word: &str) -> Option<(&str, usize)> {
    let most = if word.contains(is_unspaced) { LONGEST_RUN } else { LONGEST_WORD };
    let mark =
        |letter: char| is_unspaced(letter) && width(letter.encode_utf8(&mut [0; 4])) > 0 && !letter.is_alphanumeric();
    let long = word.split(mark).find(|run| run.chars().count() > most);
    long.map(|run| (run, most))
}

/// A long sentence of a script without spaces in parts, cut behind marks within it; any other as it is.
fn clauses(sentence: &str) -> Vec<String> {
    if length(sentence) <= MOST_WORDS || !sentence.contains(is_unspaced) {
        return vec![sentence.to_owned()];
    }
    let mut parts = vec![String::new()];
    for clause in sentence.split_inclusive(['，', '、', '；', '：', ' ']) {
        match parts.last_mut() {
            Some(part) if length(part) + length(clause) <= MOST_WORDS => part.push_str(clause),
            _ => parts.push(clause.to_owned()),
        }
    }
    let parts = parts.into_iter().map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

/// The paragraph that each line of [`user_script`] is from, counted from zero.
pub(super) fn paragraphs_of_lines(text: &str) -> Vec<usize> {
    let clean = spoken_part(text);
    let language = Language::detect(&clean).unwrap_or(Language::English);
    scenes(&clean, language).into_iter().map(|(number, _)| number).collect()
}

/// A text without what can neither be spoken nor shown.
pub(super) fn spoken_part(text: &str) -> String {
    without_controls(text).chars().filter(|c| !is_pictograph(*c)).collect()
}

/// Whether two neighbouring parts are too short to stand alone.
fn joins(last: &str, part: &str) -> bool {
    let (last, part) = (length(last), length(part));
    last.min(part) < LEAST_WORDS && last + part <= MOST_WORDS
}

/// Whether a character is a picture that no voice speaks and no caption font has.
fn is_pictograph(c: char) -> bool {
    matches!(u32::from(c), 0x1_F000..=0x1_FAFF | 0x2600..=0x27BF | 0x2B00..=0x2BFF | 0xFE00..=0xFE0F | 0x20E3 | 0x231A..=0x23FF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn texts(script: &str) -> Vec<String> {
        user_script(script).unwrap().lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn too_short_and_too_long_scripts_are_refused_with_a_hint() {
        for script in ["", "word", "🔥🔥🔥 \u{0}", &"word ".repeat(10_000), &"x".repeat(5000)] {
            let error = user_script(script).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.hint().is_some());
        }
        let error = user_script(&"word ".repeat(10_000)).unwrap_err();
        assert!(error.message().contains("1500"));
    }

    #[test]
    fn blank_lines_separate_scenes_and_otherwise_sentences_do() {
        assert_eq!(
            texts("One scene. Still the same.\n\nAnother scene here."),
            ["One scene. Still the same.", "Another scene here."]
        );
        assert_eq!(
            texts("This is a scene. No. This is another one."),
            ["This is a scene. No.", "This is another one."]
        );
    }

    #[test]
    fn scripts_without_spaces_have_words_and_scenes_too() {
        assert_eq!(
            texts("政府今天宣布了新的学校预算，总额达到二十五亿元。预算比去年增长百分之八。明年一月开始实施新的规定。"),
            [
                "政府今天宣布了新的学校预算，总额达到二十五亿元。",
                "预算比去年增长百分之八。",
                "明年一月开始实施新的规定。"
            ]
        );
        assert_eq!(texts("政府は予算案を発表しました。予算は昨年より増えました。").len(), 2);
        assert_eq!(texts("รัฐบาลประกาศงบประมาณใหม่สำหรับโรงเรียนทั่วประเทศ").len(), 1);
        // A sentence that nobody can read at once is cut behind its marks, and nothing of it is lost.
        let long = "政府今天宣布了新的学校预算，总额达到二十五亿元，预算比去年增长百分之八，明年一月开始实施新的规定，\
                    所有的学校都会得到更多的老师和更好的设备。";
        let parts = texts(long);
        assert!(parts.len() > 1 && parts.iter().all(|part| length(part) <= MOST_WORDS + 2), "{parts:?}");
        assert_eq!(parts.concat(), long);
        for (flood, why) in [
            ("学".repeat(10_000), "too long"),
            ("学".repeat(400), "160 characters"),
            ("ก้".repeat(1000), "160 characters"),
            ("政府今天宣布了新的学校预算。".repeat(300), "too long"),
            ("学".to_owned(), "at least 3"),
        ] {
            let error = user_script(&flood).unwrap_err();
            assert!(error.message().contains(why) && error.hint().is_some(), "{error}");
        }
    }

    #[test]
    fn hostile_marks_are_kept_as_text_and_controls_go() {
        let hostile = "It's \"quoted\": \\N{b}; [0:v],%{pts} <i>\u{1b}[31m 🔥 done\u{7}.";
        assert_eq!(texts(hostile), ["It's \"quoted\": \\N{b}; [0:v],%{pts} <i>[31m  done.".replace("  ", " ")]);
    }

    #[test]
    fn roles_follow_the_place() {
        let script = user_script("Bridges fall every year. This one did not. Follow us for more.").unwrap();
        let roles: Vec<LineRole> = script.lines.iter().map(|line| line.role).collect();
        assert_eq!(roles, [LineRole::Hook, LineRole::Body, LineRole::CallToAction]);
        assert_eq!(script.author, "user");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_refused_or_spoken_whole(text in "\\PC{0,300}") {
            if let Ok(script) = user_script(&text) {
                proptest::prop_assert!(script.lines.iter().all(|line| word_count(&line.text) > 0));
                let kept: String = text.chars().filter(|c| c.is_alphanumeric() && !is_pictograph(*c)).collect();
                let said: String = script.text().chars().filter(|c| c.is_alphanumeric()).collect();
                proptest::prop_assert_eq!(kept, said);
            }
        }
    }
}
