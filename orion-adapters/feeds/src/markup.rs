//! Tokens of XML and HTML, read as leniently as browsers and feed readers must.
//!
//! One tokenizer serves both. It never fails, never allocates, expands no entity that a document
//! defines, and takes time linear in its input whatever the bytes. It knows nothing of feeds.

use memchr::{memchr, memmem};
use std::borrow::Cow;

/// One token, borrowed from the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// `<name attributes>`; `closed` for `<name/>`.
    Open { name: &'a str, attributes: &'a str, closed: bool },
    /// `</name>`.
    Close { name: &'a str },
    /// Text whose entities are still to be decoded.
    Text(&'a str),
    /// A CDATA section.
    Literal(&'a str),
}

/// The tokens of a document. Comments, processing instructions and document types are skipped.
#[derive(Debug)]
pub(crate) struct Tokens<'a> {
    rest: &'a str,
    instructions_end: bool,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(document: &'a str) -> Self {
        Self { rest: document, instructions_end: true }
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a str {
        self.rest
    }

    /// Skips to behind `</name>`, for elements whose content is no markup (`script`).
    pub(crate) fn skip_element(&mut self, name: &str) {
        let end = self.rest.match_indices("</").find(|(at, _)| {
            self.rest
                .as_bytes()
                .get(at + 2..at + 2 + name.len())
                .is_some_and(|b| b.eq_ignore_ascii_case(name.as_bytes()))
        });
        self.rest = match end {
            Some((at, _)) => after(&self.rest[at..], ">"),
            None => "",
        };
    }

    /// Takes `count` bytes off the front.
    fn take(&mut self, count: usize) -> &'a str {
        let (head, tail) = self.rest.split_at(count);
        self.rest = tail;
        head
    }

    /// A tag; or text, where a `<` begins nothing or a tag never ends.
    fn tag(&mut self) -> Token<'a> {
        let closing = self.rest.starts_with("</");
        let start = if closing { 2 } else { 1 };
        let inside = &self.rest[start..];
        if !inside.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == ':') {
            let end = memchr(b'<', &self.rest.as_bytes()[1..]).map_or(self.rest.len(), |at| at + 1);
            return Token::Text(self.take(end));
        }
        let Some(length) = tag_end(inside) else { return Token::Text(self.take(self.rest.len())) };
        let tag = &inside[..length];
        self.rest = &inside[length + 1..];
        let (tag, closed) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let name_end = tag.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(tag.len());
        let (name, attributes) = tag.split_at(name_end);
        if closing { Token::Close { name } } else { Token::Open { name, attributes, closed } }
    }

    /// Skips `<!…>` and `<?…>`; false if there is neither.
    fn skip_declaration(&mut self) -> bool {
        if self.rest.starts_with("<!--") {
            self.rest = after(&self.rest[4..], "-->");
        } else if self.rest.starts_with("<!") {
            self.rest = &self.rest[declaration_end(self.rest)..];
        } else if self.rest.starts_with("<?") {
            let end = if self.instructions_end { self.rest.find("?>").map(|at| at + 2) } else { None };
            self.instructions_end = end.is_some();
            self.rest = match end {
                Some(end) => &self.rest[end..],
                None => after(self.rest, ">"),
            };
        } else {
            return false;
        }
        true
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        while !self.rest.is_empty() {
            if !self.rest.starts_with('<') {
                let end = memchr(b'<', self.rest.as_bytes()).unwrap_or(self.rest.len());
                return Some(Token::Text(self.take(end)));
            }
            if let Some(literal) = self.rest.strip_prefix("<![CDATA[") {
                let end = memmem::find(literal.as_bytes(), b"]]>").unwrap_or(literal.len());
                self.rest = literal.get(end + 3..).unwrap_or_default();
                return Some(Token::Literal(&literal[..end]));
            }
            if self.skip_declaration() {
                continue;
            }
            return Some(self.tag());
        }
        None
    }
}

/// The text behind the first `mark`; nothing if there is none.
fn after<'a>(text: &'a str, mark: &str) -> &'a str {
    text.find(mark).map_or("", |at| &text[at + mark.len()..])
}

/// Where the `>` of a tag stands. A quote counts only behind `=`, and only if it is closed.
fn tag_end(inside: &str) -> Option<usize> {
    let bytes = inside.as_bytes();
    let (mut at, mut value) = (0, false);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'>' => return Some(at),
            b'=' => value = true,
            b'"' | b'\'' if value => {
                match memchr(byte, &bytes[at + 1..]) {
                    Some(length) => at += length + 1,
                    None => return memchr(b'>', &bytes[at..]).map(|length| at + length),
                }
                value = false;
            }
            byte if byte.is_ascii_whitespace() => {}
            _ => value = false,
        }
        at += 1;
    }
    None
}

/// Length of a `<!…>` declaration with whatever nests in it.
fn declaration_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_u32);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'<' if bytes[at..].starts_with(b"<!--") => {
                at += text[at..].find("-->").unwrap_or(text.len() - at);
                depth += 1;
                continue;
            }
            b'-' if bytes[at..].starts_with(b"-->") => {
                depth -= 1;
                at += 2;
            }
            b'<' => depth += 1,
            b'>' => depth -= 1,
            b'"' | b'\'' => at += text[at + 1..].find(char::from(byte)).map_or(0, |length| length + 1),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at.min(text.len())
}

/// The attributes of a tag: names as written, values still with entities.
#[derive(Debug, Clone)]
pub(crate) struct Attributes<'a>(pub(crate) &'a str);

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let text = self.0.trim_start_matches(|c: char| c.is_whitespace() || c == '/' || c == '=');
        if text.is_empty() {
            self.0 = "";
            return None;
        }
        let name_end = text.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(text.len());
        let (name, rest) = text.split_at(name_end);
        let Some(value) = rest.trim_start().strip_prefix('=').map(str::trim_start) else {
            self.0 = rest;
            return Some((name, ""));
        };
        let quoted =
            value.chars().next().filter(|c| matches!(c, '"' | '\'')).and_then(|quote| value[1..].split_once(quote));
        let (value, rest) =
            quoted.unwrap_or_else(|| value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())));
        self.0 = rest;
        Some((name, value))
    }
}

/// The decoded value of an attribute, whatever the case of its name.
pub(crate) fn attribute<'a>(attributes: &'a str, name: &str) -> Option<Cow<'a, str>> {
    Attributes(attributes).find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| decode(value))
}

/// Replaces character references and the named entities of HTML; everything else stays as it is written.
pub(crate) fn decode(text: &str) -> Cow<'_, str> {
    let Some(first) = memchr(b'&', text.as_bytes()) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut rest = &text[first..];
    while let Some(at) = memchr(b'&', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // The longest name of HTML has 31 letters.
        let end = rest.bytes().take(34).position(|byte| byte == b';');
        match end.and_then(|end| Some((end, entity(&rest[1..end])?))) {
            Some((end, Entity::Char(c))) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            Some((end, Entity::Text(text))) => {
                out.push_str(text);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

enum Entity {
    Char(char),
    Text(&'static str),
}

fn entity(name: &str) -> Option<Entity> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return Some(Entity::Char(character(code)));
    }
    match name {
        "amp" => Some(Entity::Char('&')),
        "lt" => Some(Entity::Char('<')),
        "gt" => Some(Entity::Char('>')),
        "quot" => Some(Entity::Char('"')),
        "apos" => Some(Entity::Char('\'')),
        _ => {
            let entities = &html_escape::NAMED_ENTITIES;
            let found = entities.binary_search_by(|(key, _)| (*key).cmp(name.as_bytes())).ok()?;
            Some(Entity::Text(entities[found].1))
        }
    }
}

/// The character of a numeric reference. 128 to 159 mean windows-1252, as in HTML.
fn character(code: u32) -> char {
    let byte = u8::try_from(code).ok().filter(|byte| (0x80..0xa0).contains(byte));
    match byte {
        Some(byte) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next(),
        None => char::from_u32(code),
    }
    .unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(document: &str) -> String {
        Tokens::new(document)
            .map(|token| match token {
                Token::Open { name, attributes, closed } => {
                    format!("+{name}[{}]{} ", attributes.trim(), if closed { "/" } else { "" })
                }
                Token::Close { name } => format!("-{name} "),
                Token::Text(text) => format!("{text:?} "),
                Token::Literal(text) => format!("!{text:?} "),
            })
            .collect::<String>()
            .trim_end()
            .to_owned()
    }

    #[test]
    fn well_formed_markup() {
        assert_eq!(
            show("<?xml version='1.0'?><!-- a > b --><a x='>' y=\"'\"><b/>t&amp;<![CDATA[<c>]]></a>"),
            "+a[x='>' y=\"'\"] +b[]/ \"t&amp;\" !\"<c>\" -a"
        );
        assert_eq!(
            show("<!DOCTYPE a [<!ENTITY b \"]>\"><!-- ' --><!ENTITY c SYSTEM 'file:///etc/passwd'>]><a>"),
            "+a[]"
        );
    }

    #[test]
    fn broken_markup_is_text() {
        assert_eq!(show("1 < 2 <a> 3 > 2"), "\"1 \" \"< 2 \" +a[] \" 3 > 2\"");
        assert_eq!(show("<a b='c>d"), "+a[b='c] \"d\"");
        assert_eq!(show("<a b"), "\"<a b\"");
        assert_eq!(show("<a><![CDATA[b"), "+a[] !\"b\"");
        assert_eq!(show("<a title=it's>x</a >"), "+a[title=it's] \"x\" -a");
        assert_eq!(show("<!"), "");
        assert_eq!(show("<é/>"), "+é[]/");
    }

    #[test]
    fn attributes_of_every_spelling() {
        let found: Vec<_> = Attributes(" a=\"1 &lt; 2\" b = '3' checked c=4 d").collect();
        assert_eq!(found, [("a", "1 &lt; 2"), ("b", "3"), ("checked", ""), ("c", "4"), ("d", "")]);
        assert_eq!(attribute(" HREF='x?a=1&amp;b=2'", "href").as_deref(), Some("x?a=1&b=2"));
    }

    #[test]
    fn entities() {
        assert_eq!(
            decode("&lt;b&gt; &amp;amp; &#8217;&#x2019;&#146; &eacute;&nbsp;&hellip;"),
            "<b> &amp; ’’’ é\u{a0}…"
        );
        assert_eq!(
            decode("AT&T & co; &unknown; &; &#x1ffffffff; &#0; &#xd800;"),
            "AT&T & co; &unknown; &; &#x1ffffffff; \0 \u{fffd}"
        );
        assert_eq!(decode("ü&ü;&auml"), "ü&ü;&auml");
    }

    #[test]
    fn hostile_markup_takes_linear_time() {
        for pattern in [
            "<a",
            "<a b=\"",
            "<a b=\">\"",
            "<a b='>",
            "<?x>",
            "<!x",
            "<!--",
            "<![CDATA[",
            "</",
            "<",
            "<!x\"",
            "&",
            "<a =\"'",
        ] {
            let document = pattern.repeat(200_000);
            let length: usize = Tokens::new(&document).map(|_| 1).sum();
            assert!(length <= 400_000);
            assert!(decode(&document).len() <= document.len());
        }
    }
}
