//! Sentences, as a reader sees them.
//!
//! A full stop ends a sentence only if what stands before it is no abbreviation, initial or ordinal, and what
//! follows looks like a beginning; a quotation is never cut in two. The Unicode rules (UAX #29) alone would
//! split at `Dr. Lee` and inside quotations.

/// Longest quotation that is kept whole, in bytes; an unclosed quotation mark must not swallow a page.
const LONGEST_QUOTATION: usize = 600;

/// Abbreviations after which a sentence goes on, whatever follows.
const NEVER_LAST: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "st", "mt", "gen", "gov", "sen", "rep", "lt", "col", "sgt", "capt", "cmdr", "adm",
    "rev", "hon", "pres", "supt", "insp", "messrs", "mme", "mlle", "sr", "sra", "srta", "vs", "v", "e.g", "i.e", "eg",
    "ie", "cf", "viz", "approx", "ca", "no", "nos", "nr", "vol", "fig", "figs", "art", "sec", "ch", "pp", "ed", "eds",
    "est", "feat", "z.b", "d.h", "u.a", "bzw", "evtl", "ggf", "inkl", "exkl", "mio", "mrd", "hr", "fr", "abb", "bspw",
    "jan", "feb", "aug", "sept", "sep", "oct", "nov", "dec", "exmo", "dra", "profa", "av", "núm", "pág", "ud", "uds",
];

/// Abbreviations that may also be the last word.
const MAYBE_LAST: &[&str] = &[
    "etc", "inc", "ltd", "co", "corp", "llc", "jr", "bros", "a.m", "p.m", "am", "pm", "u.s", "u.k", "u.n", "e.u",
    "usw", "d.c", "l.a", "ph.d", "m.d", "b.a", "m.a", "mph", "ft", "al",
];

/// Words that begin sentences, in lower case: they tell `the U.S. The` from `the U.S. Army`.
const OPENERS: &[&str] = &[
    "the",
    "a",
    "an",
    "in",
    "on",
    "at",
    "it",
    "he",
    "she",
    "they",
    "we",
    "i",
    "but",
    "and",
    "this",
    "that",
    "these",
    "those",
    "there",
    "when",
    "while",
    "after",
    "before",
    "for",
    "from",
    "to",
    "as",
    "if",
    "his",
    "her",
    "their",
    "its",
    "however",
    "meanwhile",
    "also",
    "since",
    "with",
    "what",
    "who",
    "why",
    "how",
    "der",
    "die",
    "das",
    "ein",
    "eine",
    "es",
    "er",
    "sie",
    "wir",
    "doch",
    "und",
    "aber",
    "o",
    "os",
    "um",
    "uma",
    "ele",
    "ela",
    "el",
    "la",
    "los",
    "las",
    "le",
    "les",
    "un",
    "une",
    "il",
    "elle",
    "mais",
];

/// The paragraphs of a text: what stands between blank lines, trimmed.
pub fn paragraphs(text: &str) -> Vec<&str> {
    let mut paragraphs = Vec::new();
    let mut start = 0;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let end = offset + line.len();
        if line.trim().is_empty() {
            paragraphs.push(text[start..offset].trim());
            start = end;
        }
        offset = end;
    }
    paragraphs.push(text[start..].trim());
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

/// The sentences of a text, trimmed. A blank line always ends one.
///
/// ```
/// use orion_core::text::sentence::sentences;
/// let text = "Dr. Lee paid $2.50 for it. “Too much. Far too much,” she said. Was it?";
/// assert_eq!(
///     sentences(text),
///     ["Dr. Lee paid $2.50 for it.", "“Too much. Far too much,” she said.", "Was it?"]
/// );
/// ```
pub fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    for paragraph in paragraphs(text) {
        let quotations = quotations(paragraph);
        let mut start = 0;
        let mut position = 0;
        while let Some(end) = next_end(paragraph, position) {
            position = end;
            let quoted = quotations.iter().any(|(open, close)| (*open..*close).contains(&end));
            if !quoted && is_border(paragraph, start, end) {
                sentences.push(paragraph[start..end].trim());
                start = end;
            }
        }
        sentences.push(paragraph[start..].trim());
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// How many words a voice would speak.
pub fn word_count(text: &str) -> usize {
    text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count()
}

/// Whether a character ends sentences.
pub fn is_terminal(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…' | '。' | '！' | '？' | '｡' | '।' | '؟')
}

/// Whether a character closes a quotation or a bracket.
pub fn is_closing(c: char) -> bool {
    matches!(c, '"' | '\'' | '”' | '’' | '»' | ')' | ']' | '」' | '』' | '“')
}

/// Whether a character opens a quotation or a bracket.
pub fn is_opening(c: char) -> bool {
    matches!(c, '"' | '\'' | '“' | '‘' | '«' | '„' | '(' | '[' | '「' | '『' | '¿' | '¡')
}

/// The place after the next run of terminals and the quotes and brackets that close with it.
fn next_end(text: &str, from: usize) -> Option<usize> {
    let start = from + text[from..].find(is_terminal)?;
    let rest = &text[start..];
    let run = rest.find(|c: char| !is_terminal(c)).unwrap_or(rest.len());
    let after = &rest[run..];
    let closing = after.find(|c: char| !is_closing(c)).unwrap_or(after.len());
    Some(start + run + closing)
}

/// Whether a sentence that began at `start` ends at `end`, which lies after its terminals.
fn is_border(text: &str, start: usize, end: usize) -> bool {
    let rest = &text[end..];
    let Some(next) = rest.chars().next() else { return true };
    let body = text[start..end].trim_end_matches(is_closing);
    let wide = body.chars().last().is_some_and(|c| matches!(c, '。' | '！' | '？' | '｡'));
    if wide {
        return true;
    }
    if !next.is_whitespace() {
        return false;
    }
    let following = rest.split_whitespace().next().unwrap_or_default();
    let bare = following.trim_start_matches(is_opening);
    if bare.chars().next().is_none_or(char::is_lowercase) {
        return false;
    }
    let last = body.split_whitespace().last().unwrap_or_default();
    if !last.ends_with('.') || last.ends_with("..") {
        return true;
    }
    !goes_on_after(last.trim_end_matches('.').trim_start_matches(is_opening), body, bare)
}

/// Whether a word with a full stop is an abbreviation, an initial or an ordinal, so that the sentence goes on.
fn goes_on_after(word: &str, body: &str, following: &str) -> bool {
    let lower = word.to_lowercase();
    let next = following.trim_end_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let opener = OPENERS.contains(&next.as_str());
    let initial = word.chars().count() == 1 && word.chars().all(char::is_alphabetic) && word != "I";
    let dotted = lower.contains('.') && lower.split('.').all(|part| part.chars().count() == 1);
    if lower == "no" {
        return next.starts_with(|c: char| c.is_ascii_digit());
    }
    if NEVER_LAST.contains(&lower.as_str()) && word.chars().count() < body.trim().len() {
        return true;
    }
    if initial || dotted || MAYBE_LAST.contains(&lower.as_str()) {
        return !opener;
    }
    let ordinal = (1..=2).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    // `3. Oktober`, and the numbers of a list.
    ordinal && (super::language::month(&next).is_some() || body.trim().len() == word.len() + 1)
}

/// Where quotations stand: from behind the opening mark to the closing mark.
fn quotations(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, char)> = None;
    for (index, c) in text.char_indices() {
        match open {
            Some((start, _)) if index - start > LONGEST_QUOTATION => open = None,
            _ => {}
        }
        let closes = open.is_some_and(|(_, mark)| match mark {
            '„' => matches!(c, '“' | '”'),
            '“' => c == '”',
            '«' => c == '»',
            mark => c == mark,
        });
        if closes {
            found.extend(open.take().map(|(start, _)| (start, index)));
        } else if open.is_none() && matches!(c, '„' | '“' | '«' | '"') {
            open = Some((index + c.len_utf8(), c));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(sentences(text), expected, "{text}");
    }

    #[test]
    fn abbreviations_initials_and_decimals_do_not_end_a_sentence() {
        check("Mr. J. R. Smith met Dr. Lee. They spoke.", &["Mr. J. R. Smith met Dr. Lee.", "They spoke."]);
        check("It cost £2.50, i.e. less. Prices vary.", &["It cost £2.50, i.e. less.", "Prices vary."]);
        check("The U.S. Army left. So did the U.S. The end.", &["The U.S. Army left.", "So did the U.S.", "The end."]);
        check("It was No. 7 of ten. No. He said no. Fine.", &["It was No. 7 of ten.", "No.", "He said no.", "Fine."]);
        check("Version 3.1.4 is out. Get it.", &["Version 3.1.4 is out.", "Get it."]);
    }

    #[test]
    fn addresses_and_ellipses_stay_whole() {
        check("See https://example.org/a.b?c=d. Then go.", &["See https://example.org/a.b?c=d.", "Then go."]);
        check("He paused … and left. Well... Maybe.", &["He paused … and left.", "Well...", "Maybe."]);
    }

    #[test]
    fn quotations_are_never_cut() {
        check(
            "“We won. We really won,” said Ann. “What?” he asked. \"Yes. Now.\" It ended.",
            &["“We won. We really won,” said Ann.", "“What?” he asked.", "\"Yes. Now.\"", "It ended."],
        );
        check("She said „Gut. Sehr gut.“ Dann ging sie.", &["She said „Gut. Sehr gut.“", "Dann ging sie."]);
        let unclosed = format!("“{} He left. She stayed.", "word ".repeat(200));
        assert_eq!(sentences(&unclosed).len(), 2);
    }

    #[test]
    fn other_languages_and_scripts() {
        check(
            "Am 3. Oktober war es so weit. Danach z. B. nicht.",
            &["Am 3. Oktober war es so weit.", "Danach z. B. nicht."],
        );
        check("¿Qué pasó? Nada.", &["¿Qué pasó?", "Nada."]);
        check("橋は閉鎖された。川が増水した。", &["橋は閉鎖された。", "川が増水した。"]);
    }

    #[test]
    fn blank_lines_end_sentences_and_nothing_panics() {
        check("A heading\n\nA text\nthat goes on.\n \nEnd", &["A heading", "A text\nthat goes on.", "End"]);
        check("", &[]);
        check(" \n\n ", &[]);
        check("... ?! …", &["...", "?!", "…"]);
        assert_eq!(word_count("a — b, c2!"), 3);
    }

    proptest::proptest! {
        #[test]
        fn loses_nothing_but_white_space(text in "[ a-zA-Z0-9.!?…“”\"«»„()\n,é橋。]{0,200}") {
            let squeeze = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            proptest::prop_assert_eq!(squeeze(&sentences(&text).concat()), squeeze(&text));
        }
    }
}
