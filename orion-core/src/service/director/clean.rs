//! Cleaning the text of sources: what a page or feed puts around a story is not the story.

use super::phrase::UNSPEAKABLE;
use crate::text::language::month;
use crate::text::sentence::{is_closing, is_terminal, paragraphs, word_count};

/// Longest text that is kept of one source, in characters.
const MOST_CHARACTERS: usize = 60_000;

/// A paragraph that begins like this is no part of the story.
const PARAGRAPH_OPENERS: &[&str] = &[
    "related:",
    "related ",
    "photograph:",
    "photo:",
    "photos:",
    "image:",
    "images:",
    "foto:",
    "fotos:",
    "bild:",
    "picture:",
    "credit:",
    "caption:",
    "read more",
    "read also",
    "continue reading",
    "sign up",
    "subscribe",
    "follow us",
    "follow @",
    "share this",
    "listen:",
    "watch:",
    "video:",
    "advertisement",
    "warning:",
    "more:",
    "get all your",
    "click ",
    "this article was",
    "this story was",
    "originally published",
    "all rights reserved",
    "©",
    "copyright",
    "(reporting by",
    "reporting by",
    "editing by",
    "(editing by",
    "additional reporting",
    "email ",
    "and email",
    "proof:",
    "edit:",
    "tl;dr",
    "source:",
    "quelle:",
    "fonte:",
    "leia mais",
    "leia também",
    "veja também",
    "saiba mais",
    "weiterlesen",
    "lesen sie auch",
    "mehr zum thema",
    "siehe auch",
    "lire aussi",
    "lea también",
    "lee también",
    "latest updates",
    "clockwatch",
    "transfer deadline day",
    "join us",
    "support our",
    "donate",
    "comments",
    "tags:",
    "filed under",
    "topics:",
    "share on",
    "skip to",
    "accept cookies",
    "loading",
    "please enable",
    "table of contents",
];

/// A sentence that contains one of these is no part of the story.
const SENTENCE_MARKS: &[&str] = &[
    "getty images",
    "shutterstock",
    "sign up here",
    "sign up for",
    "our newsletter",
    "enable javascript",
    "cookie",
    "subscribe to",
    "subscribe now",
    "follow us on",
    "first published",
    "click here",
    "affiliate",
    "http://",
    "https://",
    "www.",
    "/r/",
    "/u/",
    "all rights reserved",
    "read more",
    "continue reading",
    "this page",
    "this website",
    "our free",
    "app store",
    "unsubscribe",
    "privacy policy",
    "terms of service",
    "terms of use",
    "see below",
    "pictured above",
    "pictured below",
    "screenshot",
    "shown below",
    "shown above",
    "in the figure",
    "the table below",
    "in this blog post",
    "in this post",
    "in this article",
    "in this section",
    "read on",
    "stay tuned",
    "learn more",
    "find out more",
    "check out",
    "keep reading",
    "let us know",
    "join us",
    "keep an eye on",
    "ask us anything",
    "are welcome",
    "feel free",
    "get in touch",
    "contact us",
    "leia mais",
    "clique aqui",
    "hier klicken",
    "newsletter abonnieren",
    "cliquez ici",
    "haga clic",
    "– live!",
    "picture editors",
    "photo highlights",
    "in the comments",
    "everything you need to know",
    "plus the latest news",
];

/// Endings that headlines carry for readers of the page only.
const HEADLINE_TAILS: &[&str] = &[
    "live",
    "live!",
    "live updates",
    "in pictures",
    "video",
    "video report",
    "audio",
    "podcast",
    "as it happened",
    "cartoon",
    "photo essay",
    "gallery",
    "review",
    "letters",
    "opinion",
    "analysis",
    "explainer",
    "interactive",
    "quiz",
];

/// Removes what no reader sees: control characters, invisible marks, byte order marks. Line breaks stay.
pub fn without_controls(text: &str) -> String {
    let spaced = text.replace("\r\n", "\n").replace(['\r', '\u{85}', '\u{2028}', '\u{2029}'], "\n");
    let visible = |c: &char| {
        let invisible = matches!(*c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e0fff}');
        *c == '\n' || *c == '\t' || !c.is_control() && !invisible
    };
    spaced.chars().filter(visible).map(|c| if c == '\t' || c == '\u{a0}' { ' ' } else { c }).collect()
}

/// The story in the text of a source: paragraphs separated by blank lines, without furniture.
pub(super) fn story(text: &str) -> String {
    let text: String = without_controls(text).chars().take(MOST_CHARACTERS).collect();
    let mut kept: Vec<String> = Vec::new();
    for paragraph in paragraphs(&text) {
        for line in bulleted(paragraph) {
            let line = without_tail(without_dateline(&line)).trim().to_owned();
            if !is_furniture(&line) && !kept.contains(&line) {
                kept.push(line);
            }
        }
    }
    kept.join("\n\n")
}

/// A paragraph in one line; each point of a bulleted list by itself.
fn bulleted(paragraph: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in paragraph.lines() {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let point = ["• ", "· ", "* ", "- ", "– "].iter().find_map(|bullet| line.strip_prefix(bullet));
        match (point, lines.last_mut()) {
            (None, Some(last)) => {
                last.push(' ');
                last.push_str(&line);
            }
            (point, _) => lines.push(point.unwrap_or(&line).to_owned()),
        }
    }
    lines
}

fn is_furniture(paragraph: &str) -> bool {
    let lower = paragraph.to_lowercase();
    word_count(paragraph) < 3
        || PARAGRAPH_OPENERS.iter().any(|opener| lower.starts_with(opener))
        || is_byline(paragraph)
        || lower.starts_with("submitted by")
}

/// `By Jane Roe in Oslo`, `Por Matt Roe e Ana Díaz`.
fn is_byline(paragraph: &str) -> bool {
    let mut words = paragraph.split_whitespace();
    let by = matches!(words.next().unwrap_or_default(), "By" | "BY" | "Por" | "Von" | "Par" | "by");
    let rest: Vec<&str> = words.collect();
    let capitalised = rest.iter().filter(|word| word.starts_with(char::is_uppercase)).count();
    by && (1..=10).contains(&rest.len()) && !paragraph.ends_with('.') && capitalised * 2 >= rest.len()
}

/// `MADRID, 24 SET (ANSA) - The text` without what stands before the text.
fn without_dateline(paragraph: &str) -> &str {
    let head_end = paragraph.char_indices().nth(60).map_or(paragraph.len(), |(index, _)| index);
    let head = &paragraph[..head_end];
    if !head.starts_with(char::is_uppercase) {
        return paragraph;
    }
    for dash in [".-", " - ", " – ", " — ", " -- ", ") -", ")."] {
        if let Some(position) = head.find(dash) {
            let before = &head[..position + usize::from(dash.starts_with(')'))];
            let shouted = before.split([',', ' ']).next().is_some_and(|word| {
                word.chars().count() > 3 && word.chars().all(|c| c.is_uppercase() || matches!(c, '-' | '.'))
            });
            let agency = before.ends_with(')') && before.split('(').next().is_some_and(is_place);
            if agency || shouted && word_count(before) <= 5 && dash != ")." {
                let rest = paragraph[position + dash.len()..].trim_start_matches([' ', '-', '–', '—', '.']);
                if word_count(rest) >= 3 {
                    return rest;
                }
            }
        }
    }
    paragraph
}

/// `Nova York, 24 set`: a place, perhaps with a date.
fn is_place(text: &str) -> bool {
    let fits = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        word.starts_with(|c: char| c.is_uppercase() || c.is_numeric()) || month(&bare).is_some() || bare == "de"
    };
    (1..=7).contains(&text.split_whitespace().count()) && text.split_whitespace().all(fits)
}

/// Without `Continue reading...`, `[link] [275 comments]`, `Leia mais (09/24/2018 - 19h22)` at the end.
fn without_tail(paragraph: &str) -> &str {
    const TAILS: &[&str] = &[
        "Continue reading",
        "Read more",
        "Leia mais",
        "Leia também",
        "Weiterlesen",
        "Lire la suite",
        "Leer más",
        "[link]",
    ];
    let mut text = paragraph.trim_end();
    for tail in TAILS {
        if let Some(position) = text.rfind(tail).filter(|position| text.len() - position <= 60) {
            text = text[..position].trim_end();
        }
    }
    match text.rfind("submitted by ").filter(|position| text.len() - position <= 80) {
        Some(position) => text[..position].trim_end(),
        None => text,
    }
}

/// Whether a sentence belongs to the page and not to the story, or was cut off.
pub(super) fn is_noise(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    SENTENCE_MARKS.iter().any(|mark| lower.contains(mark))
        || PARAGRAPH_OPENERS.iter().any(|opener| lower.starts_with(opener))
        || is_cut_off(sentence)
        || is_transcript(sentence)
        || lower.split(|c: char| !c.is_alphanumeric()).any(|word| UNSPEAKABLE.contains(&word))
        || sentence.ends_with([':', ';', ',', '–', '—'])
        || lower.split_whitespace().any(|word| word.starts_with(['#', '@']) && word.chars().count() > 1)
        || is_minute_of_a_match(&lower)
        || !is_balanced(sentence)
}

/// Whether a text ends in an ellipsis.
pub(super) fn is_cut_off(sentence: &str) -> bool {
    let bare = sentence.trim_end_matches(|c: char| is_closing(c) || c.is_whitespace() || c == '[');
    bare.ends_with("...") || bare.ends_with('…') || bare.ends_with("[?") || sentence.ends_with("[?]")
}

/// `Son: Knock, knock` and `Suppose there are …`: said to somebody, not told.
fn is_transcript(sentence: &str) -> bool {
    let first = sentence.split_whitespace().next().unwrap_or_default();
    matches!(first, "Suppose" | "Imagine" | "Consider" | "Assume" | "Recall" | "Note" | "Let" | "Remember" | "See")
        || first.ends_with(':') && first.chars().filter(|c| c.is_alphabetic()).count() <= 12
}

fn is_minute_of_a_match(lower: &str) -> bool {
    let mut words = lower.split_whitespace();
    let number = words.next().is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    number && words.next().is_some_and(|word| word.starts_with("min:") || word == "gmt" || word == "bst")
}

/// Whether every quotation and bracket that opens also closes.
pub(super) fn is_balanced(text: &str) -> bool {
    let count = |mark: char| text.matches(mark).count();
    let german = count('„');
    count('(') == count(')')
        && count('[') == count(']')
        && count('«') == count('»')
        && count('"') % 2 == 0
        && if german > 0 { german == count('“') + count('”') } else { count('“') == count('”') }
}

/// A headline without what is meant for readers of the page: `| Jane Roe`, `– live!`, `TIL that`.
pub(super) fn headline(title: &str) -> String {
    let text = without_controls(title).split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = text.split(" | ").next().unwrap_or_default().trim().to_owned();
    for separator in [" – ", " - ", " — "] {
        if let Some(position) = text.rfind(separator) {
            let tail = text[position + separator.len()..].to_lowercase();
            let names_nothing = HEADLINE_TAILS.contains(&tail.as_str());
            if names_nothing && word_count(&text[..position]) >= 2 {
                text.truncate(position);
            }
        }
    }
    for prefix in ["TIL that ", "TIL: ", "TIL ", "LPT: ", "ELI5: ", "ELI5:", "PSA: ", "Live: ", "Video: ", "Watch: "] {
        if let Some(rest) = text.strip_prefix(prefix) {
            text = super::compress::capitalised(rest);
        }
    }
    text.trim_end_matches([':', ',', ';', ' ']).to_owned()
}

/// Whether a headline announces a live blog, which tells no story of its own.
pub(super) fn is_live(title: &str) -> bool {
    let lower = title.split(" | ").next().unwrap_or_default().to_lowercase();
    lower.starts_with("live:")
        || ["– live", "– live!", "- live", "- live!", "live updates", "as it happened"]
            .iter()
            .any(|tail| lower.ends_with(tail))
}

/// Whose opinion a headline announces: `The bridge must go | Ann Roe`, if that is who wrote it.
pub(super) fn opinion_of(title: &str, author: Option<&str>) -> Option<String> {
    let (_, name) = title.rsplit_once(" | ")?;
    (author.is_some_and(|author| author.contains(name.trim())) && word_count(name) <= 6).then(|| name.trim().to_owned())
}

/// A sentence with its full stop.
pub(super) fn with_stop(text: &str) -> String {
    let text = text.trim().trim_end_matches(" .");
    let inner = text.trim_end_matches(is_closing);
    if inner.ends_with(|c: char| is_terminal(c) || c == ':') {
        return text.to_owned();
    }
    format!("{}.", text.trim_end_matches([',', ';', ' ', '–', '—']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn furniture_is_taken_away() {
        let text = "By Ann Roe in Oslo\n\nThe bridge is closed. Continue reading...\n\nRelated: Ten bridges\n\nPhotograph: \
                    J. Doe\n\n• One lane is open\n• Two are not\n\nsubmitted by someone to pics [link] [3 comments]";
        assert_eq!(story(text), "The bridge is closed.\n\nOne lane is open\n\nTwo are not");
    }

    #[test]
    fn datelines_are_taken_away() {
        let check = |text: &str, rest: &str| assert_eq!(without_dateline(text), rest);
        check("MADRI, 24 SET (ANSA) - A ponte caiu.", "A ponte caiu.");
        check("Nova York, 24 set (EFE).- O índice caiu.", "O índice caiu.");
        check("OSLO (Reuters) — The bridge fell.", "The bridge fell.");
        check("The bridge (old) - built in 1900 - fell.", "The bridge (old) - built in 1900 - fell.");
        check("Police said - again - no.", "Police said - again - no.");
    }

    #[test]
    fn headlines_lose_what_is_for_the_page() {
        assert_eq!(headline("The bridge is closed | Ann Roe | Ann Roe"), "The bridge is closed");
        assert_eq!(headline("Rovers v United: Cup – live!"), "Rovers v United: Cup");
        assert_eq!(headline("TIL that rivers move"), "Rivers move");
        assert_eq!(headline("Over the river - a history"), "Over the river - a history");
    }

    #[test]
    fn noise_is_recognised() {
        for noise in ["It was a long …", "See more at https://example.org.", "13 min: A shot.", "He said “no.", "Thus:"]
        {
            assert!(is_noise(noise), "{noise}");
        }
        assert!(!is_noise("The bridge (the old one) is “closed”."));
    }

    #[test]
    fn control_characters_go() {
        assert_eq!(without_controls("a\u{0}b\u{1b}[31m\u{202e}c\r\nd\te\u{feff}"), "ab[31mc\nd e");
    }
}
