//! Markup to plain paragraphs: what a reader would read aloud, and the pictures that stood in it.

use crate::markup::{Attributes, Token, Tokens, attribute, decode};
use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Longest plain text of one field, in bytes. A book chapter fits; a bomb does not.
const LONGEST: usize = 512 * 1024;
/// Pictures kept of one text.
const PICTURES: usize = 16;

/// A picture that stood in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inline {
    pub(crate) url: String,
    pub(crate) caption: Option<String>,
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
}

/// Plain text with the pictures that stood in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plain {
    /// Paragraphs separated by blank lines.
    pub(crate) text: String,
    pub(crate) pictures: Vec<Inline>,
}

/// One line of plain text: NFC, no control characters, single spaces.
pub(crate) fn line(text: &str) -> String {
    if is_line(text.as_bytes()) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut space, mut composed) = (text, false, true);
    while let Some(first) = rest.chars().next() {
        // Most text is runs of ASCII letters.
        let run = rest.bytes().position(|byte| !byte.is_ascii_graphic()).unwrap_or(rest.len());
        let length = if run > 0 { run } else { first.len_utf8() };
        let (part, tail) = rest.split_at(length);
        rest = tail;
        if run == 0 && first.is_whitespace() {
            space = !out.is_empty();
        } else if run > 0 || !is_invisible(first) {
            if std::mem::take(&mut space) {
                out.push(' ');
            }
            out.push_str(part);
            // Latin letters with their accents, and punctuation, are composed already.
            composed &= run > 0 || first < '\u{300}' || ('\u{2010}'..='\u{2027}').contains(&first);
        }
    }
    if composed || is_nfc(&out) { out } else { out.nfc().collect() }
}

/// Whether a text is a line already: visible ASCII with single spaces inside, as most are.
fn is_line(text: &[u8]) -> bool {
    // Looking at every byte is faster than stopping at the first: it is done many at a time.
    let plain = text.iter().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'));
    plain && !text.starts_with(b" ") && !text.ends_with(b" ") && memchr::memmem::find(text, b"  ").is_none()
}

/// Characters that nobody sees and that only disturb: soft hyphens, zero-width spaces, byte order marks,
/// overrides of direction, and controls that separate nothing.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\0'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}')
}

/// A headline that may hold a little markup: known inline elements go, any other `<` is a character.
pub(crate) fn headline(text: &str) -> String {
    const INLINE: &[&str] = &[
        "a", "abbr", "b", "big", "br", "cite", "code", "em", "font", "i", "img", "mark", "p", "q", "s", "small",
        "span", "strong", "sub", "sup", "tt", "u", "wbr",
    ];
    if !text.contains(['<', '&']) {
        return line(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut tokens = Tokens::new(text);
    loop {
        let before = tokens.rest();
        let Some(token) = tokens.next() else { break };
        match token {
            Token::Text(text) => out.push_str(&decode(text)),
            Token::Literal(text) => out.push_str(text),
            Token::Open { name, .. } | Token::Close { name }
                if INLINE.iter().any(|known| name.eq_ignore_ascii_case(known)) =>
            {
                if name.eq_ignore_ascii_case("br") {
                    out.push(' ');
                }
            }
            Token::Open { .. } | Token::Close { .. } => out.push_str(&before[..before.len() - tokens.rest().len()]),
        }
    }
    line(&out)
}

/// Reads a fragment of HTML.
pub(crate) fn html(fragment: &str) -> Plain {
    let mut writer = Writer::default();
    let mut tokens = Tokens::new(fragment);
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(text) => writer.text(&decode(text)),
            Token::Literal(text) => writer.text(text),
            Token::Open { name, attributes, closed } => {
                if is_raw(name) && !closed {
                    tokens.skip_element(name);
                } else {
                    writer.open(name, attributes);
                }
            }
            Token::Close { name } => writer.close(name),
        }
    }
    writer.finish()
}

/// Elements whose content is no text for readers.
fn is_raw(name: &str) -> bool {
    [
        "script", "style", "noscript", "iframe", "template", "svg", "textarea", "select", "object", "video", "audio",
        "title",
    ]
    .iter()
    .any(|raw| name.eq_ignore_ascii_case(raw))
}

/// Elements that begin and end a paragraph.
fn is_block(name: &str) -> bool {
    const BLOCKS: &[&str] = &[
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ];
    BLOCKS.iter().any(|block| name.eq_ignore_ascii_case(block))
}

/// Collects paragraphs. Driven by the tokens of HTML or by the elements of XHTML.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    done: String,
    paragraph: String,
    breaks: u8,
    pictures: Vec<Inline>,
    /// Text inside a `figcaption`, which belongs to the picture and not to the text.
    caption: Option<String>,
}

impl Writer {
    pub(crate) fn text(&mut self, text: &str) {
        let target = match &mut self.caption {
            Some(caption) => caption,
            None => &mut self.paragraph,
        };
        if self.done.len() + target.len() < LONGEST {
            target.push_str(cut(text, LONGEST));
        }
        if self.breaks > 0 && !text.trim().is_empty() {
            self.breaks = 0;
        }
    }

    pub(crate) fn open(&mut self, name: &str, attributes: &str) {
        if name.eq_ignore_ascii_case("figcaption") {
            self.end_paragraph();
            self.caption = Some(String::new());
        } else if name.eq_ignore_ascii_case("img") {
            self.picture(attributes);
        } else if name.eq_ignore_ascii_case("br") {
            // Two line breaks in a row are how much of the web writes a paragraph.
            self.breaks += 1;
            self.paragraph.push(' ');
            if self.breaks >= 2 {
                self.end_paragraph();
            }
        } else if is_block(name) {
            self.end_paragraph();
        }
    }

    pub(crate) fn close(&mut self, name: &str) {
        if (name.eq_ignore_ascii_case("figcaption") || name.eq_ignore_ascii_case("figure"))
            && let Some(caption) = self.caption.take()
        {
            let caption = line(&caption);
            if let (Some(picture), false) = (self.pictures.last_mut(), caption.is_empty()) {
                picture.caption = Some(caption);
            }
        }
        if is_block(name) {
            self.end_paragraph();
        }
    }

    fn picture(&mut self, attributes: &str) {
        let url = attribute(attributes, "src").unwrap_or_default();
        let size =
            |name| attribute(attributes, name).and_then(|size| size.trim().trim_end_matches("px").parse::<u32>().ok());
        let (width, height) = (size("width"), size("height"));
        if self.pictures.len() < PICTURES && !is_beacon(&url, width, height) {
            let caption = attribute(attributes, "alt").map(|alt| line(&alt)).filter(|alt| !alt.is_empty());
            self.pictures.push(Inline { url: url.trim().to_owned(), caption, width, height });
        }
    }

    fn end_paragraph(&mut self) {
        self.breaks = 0;
        let paragraph = line(&self.paragraph);
        self.paragraph.clear();
        let paragraph = without_boilerplate(&paragraph);
        if paragraph.is_empty() || self.done.len() + paragraph.len() > LONGEST {
            return;
        }
        if !self.done.is_empty() {
            self.done.push_str("\n\n");
        }
        self.done.push_str(paragraph);
    }

    pub(crate) fn finish(mut self) -> Plain {
        self.end_paragraph();
        Plain { text: self.done, pictures: self.pictures }
    }
}

/// Pictures that only count readers, and pictures that are not at an address.
fn is_beacon(url: &str, width: Option<u32>, height: Option<u32>) -> bool {
    const COUNTERS: &[&str] = &[
        "feeds.feedburner.com/~",
        "feedsportal.com",
        "doubleclick.net",
        "stats.wordpress.com",
        "pixel.wp.com",
        "/pixel.gif",
        "/1x1.",
        "blank.gif",
        "spacer.gif",
        "google-analytics.com",
        "scorecardresearch.com",
        "/tracking/",
        "gravatar.com/avatar",
        "s.w.org/images/core/emoji",
    ];
    let small = |size: Option<u32>| size.is_some_and(|pixels| pixels <= 3);
    url.trim().is_empty()
        || url.starts_with("data:")
        || small(width)
        || small(height)
        || COUNTERS.iter().any(|part| url.contains(part))
}

/// The paragraph without what feeds add for their own sake; empty if nothing else is in it.
fn without_boilerplate(paragraph: &str) -> &str {
    const ENDINGS: &[&str] = &[
        "continue reading",
        "continue reading →",
        "read more",
        "read more »",
        "read more →",
        "read more on this story",
        "read full article",
        "read full story",
        "read the full story",
        "read the rest of this entry",
        "keep reading",
        "click here to read more",
        "view entire post",
        "weiterlesen",
        "mehr lesen",
        "zum artikel",
        "lire la suite",
        "lire plus",
        "leer más",
        "seguir leyendo",
        "sigue leyendo",
        "leia mais",
        "continue lendo",
        "leggi tutto",
        "continua a leggere",
        "lees verder",
        "читать далее",
        "[link]",
        "[comments]",
        "comments",
    ];
    let trimmed = strip_tail(paragraph);
    let bare = trimmed.trim_end_matches(['.', '…', ' ', '»', '→', '>', ':']);
    // Long enough for the longest of them.
    let tail = &bare[bare.ceil_char_boundary(bare.len().saturating_sub(64))..];
    let lower = tail.to_lowercase();
    // Where lower case has another length, places in it say nothing about the text.
    let found = ENDINGS.iter().find(|ending| lower.len() == tail.len() && lower.ends_with(**ending));
    if let Some(ending) = found {
        let kept = bare[..bare.len() - ending.len()].trim_end();
        // Only a phrase on its own or behind a finished sentence is an invitation to click.
        let finished = |c: char| matches!(c, '.' | '!' | '?' | '…' | '"' | '”' | '»' | ']' | ')' | '|' | '-' | '–');
        if kept.is_empty() || kept.ends_with(finished) {
            return strip_tail(kept.trim_end_matches(['|', '-', '–', ' ']));
        }
    }
    let starts = |text: &str| paragraph.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text));
    let submitted = starts("submitted by ") && (paragraph.ends_with("comments]") || paragraph.ends_with("comment]"));
    let appeared = starts("The post ") && paragraph.contains(" appeared first on ");
    let related = starts("Related:") || starts("Filed under:") || starts("Article URL:") || starts("Comments URL:");
    if submitted || appeared || related { "" } else { trimmed }
}

/// Removes a bracketed time stamp behind `Leia mais` and the marks of a cut text.
fn strip_tail(paragraph: &str) -> &str {
    let stamp = paragraph.strip_suffix(')').and_then(|head| head.rsplit_once('(')).filter(|(head, stamp)| {
        stamp.starts_with(|c: char| c.is_ascii_digit())
            && stamp.len() < 24
            && head.trim_end().to_lowercase().ends_with("leia mais")
    });
    let paragraph = stamp.map_or(paragraph, |(head, _)| head.trim_end());
    ["[…]", "[...]", "[&#8230;]", "[?]"]
        .iter()
        .find_map(|mark| paragraph.strip_suffix(mark))
        .unwrap_or(paragraph)
        .trim_end()
}

/// The longest prefix of at most `bytes` bytes.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// A short headline out of a text, for items that have none: its first words, at most about 90 characters.
pub(crate) fn first_words(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    if first.chars().count() <= 90 {
        return first.to_owned();
    }
    let end = first.char_indices().nth(88).map_or(first.len(), |(at, _)| at);
    let head = &first[..end];
    let head = head.rfind(' ').map_or(head, |at| &head[..at]);
    format!("{}…", head.trim_end_matches([',', ';', ':', '-', ' ']))
}

/// The value of an attribute in an already separated list; sugar for the XML side.
pub(crate) fn attribute_of<'a>(attributes: &'a str, local: &str) -> Option<Cow<'a, str>> {
    Attributes(attributes)
        .find(|(name, _)| name.rsplit(':').next().is_some_and(|name| name.eq_ignore_ascii_case(local)))
        .map(|(_, value)| decode(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_plain() {
        assert_eq!(line("  a\u{a0}b\t\n c\u{200b}d\u{0}\u{202e} \u{feff} e\u{301} "), "a b cd \u{e9}");
        assert_eq!(
            headline("AT&amp;T &#8217;s <b>bold</b> move: a < b, Vec<T> &amp; <script>"),
            "AT&T ’s bold move: a < b, Vec<T> & <script>"
        );
    }

    #[test]
    fn paragraphs_stay_apart() {
        let plain = html(
            "<h2>One</h2><p>Two <em>words</em>, x<sup>2</sup></p>loose<br/>line<br><br>next<ul><li>a<li>b</ul><script>if (a<b) { }</script>end<style>x",
        );
        assert_eq!(plain.text, "One\n\nTwo words, x2\n\nloose line\n\nnext\n\na\n\nb\n\nend");
    }

    #[test]
    fn pictures_keep_their_words() {
        let plain = html(
            "<figure><img src='a.jpg?x=1&amp;y=2' alt='Alt' width=\"640px\" height=480><figcaption>A <b>cat</b></figcaption></figure><p>Text</p>\
            <img src='https://feeds.feedburner.com/~r/x/1'><img width=1 height=1 src=b.gif><img src='data:x'><img alt='no address'>",
        );
        let picture =
            Inline { url: "a.jpg?x=1&y=2".into(), caption: Some("A cat".into()), width: Some(640), height: Some(480) };
        assert_eq!(plain, Plain { text: "Text".into(), pictures: vec![picture] });
    }

    #[test]
    fn boilerplate_goes() {
        for (markup, expected) in [
            ("<p>News.</p><a href=x>Continue reading...</a>", "News."),
            ("<p>News. <a>Leia mais</a> (09/24/2018 - 19h22)</p>", "News."),
            ("<p>She could not read more</p>", "She could not read more"),
            ("<p>Cut off here [&#8230;]</p>", "Cut off here"),
            ("<p>The post X appeared first on Y.</p>", ""),
            ("submitted by <a>me</a> to <a>funny</a> <br/> <a>[link]</a> <a>[275 comments]</a>", ""),
            ("<p>Ja.</p><p><a>Читать далее</a></p>", "Ja."),
            ("<p>Related: Something else</p>", ""),
        ] {
            assert_eq!(html(markup).text, expected, "{markup}");
        }
    }

    #[test]
    fn long_texts_are_cut() {
        let long = "<p>word word</p>".repeat(100_000);
        assert!(html(&long).text.len() <= LONGEST);
        assert_eq!(first_words("Short. Text"), "Short. Text");
        let words = first_words(&"ümlaut ".repeat(40));
        assert!(words.chars().count() <= 90 && words.ends_with('…'), "{words}");
    }
}
