//! A bounded tree of one feed document, with the namespaces that feeds use.
//!
//! Items are handed out one by one as they close, so that a long feed never stands in memory as a tree.
//! Unclosed and crossed tags are mended; entities that the document defines stay as they are written.

use crate::markup::{Attributes, Token, Tokens, decode};
use crate::text::{Plain, Writer, attribute_of, html, line};
use orion_core::{Error, ErrorKind, Result};
use std::borrow::Cow;

/// Deepest nesting that is read. Feeds need about ten levels, XHTML inside them a few tens.
const DEEPEST: usize = 128;
/// Most elements in one tree: bounds memory to some tens of megabytes.
const MOST_ELEMENTS: usize = 300_000;

/// Which vocabulary an element belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ns {
    /// RSS of any age, or no namespace at all.
    Core,
    Atom,
    Content,
    Dc,
    Itunes,
    Media,
    Other,
}

impl Ns {
    /// By address, or by prefix where a document forgot to declare it.
    fn of(name: &str) -> Option<Self> {
        let name = name.trim().trim_end_matches(['/', '#']).to_ascii_lowercase();
        Some(match name.as_str() {
            "http://www.w3.org/2005/atom" | "http://purl.org/atom/ns" | "https://www.w3.org/2005/atom" | "atom" => {
                Self::Atom
            }
            "http://purl.org/rss/1.0"
            | "http://my.netscape.com/rdf/simple/0.9"
            | "http://channel.netscape.com/rdf/simple/0.9"
            | "http://backend.userland.com/rss2"
            | "http://blogs.law.harvard.edu/tech/rss"
            | "http://cyber.law.harvard.edu/rss/rss.html"
            | "rss" => Self::Core,
            "http://purl.org/rss/1.0/modules/content" | "content" => Self::Content,
            "http://purl.org/dc/elements/1.1"
            | "http://purl.org/dc/elements/1.0"
            | "http://purl.org/dc/terms"
            | "dc"
            | "dcterms" => Self::Dc,
            "http://www.itunes.com/dtds/podcast-1.0.dtd" | "itunes" => Self::Itunes,
            "http://search.yahoo.com/mrss"
            | "https://search.yahoo.com/mrss"
            | "http://www.rssboard.org/media-rss"
            | "media" => Self::Media,
            _ => return None,
        })
    }
}

/// An element with what is in it.
#[derive(Debug)]
pub(crate) struct Element<'a> {
    pub(crate) ns: Ns,
    /// Local name as written.
    pub(crate) name: &'a str,
    attributes: &'a str,
    children: Vec<Node<'a>>,
}

#[derive(Debug)]
enum Node<'a> {
    Text(Cow<'a, str>),
    Element(Element<'a>),
}

impl<'a> Element<'a> {
    pub(crate) fn is(&self, ns: Ns, name: &str) -> bool {
        self.ns == ns && self.name.eq_ignore_ascii_case(name)
    }

    pub(crate) fn elements(&self) -> impl Iterator<Item = &Element<'a>> {
        self.children.iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    pub(crate) fn all(&self, ns: Ns, name: &'static str) -> impl Iterator<Item = &Element<'a>> {
        self.elements().filter(move |element| element.is(ns, name))
    }

    pub(crate) fn first(&self, ns: Ns, name: &'static str) -> Option<&Element<'a>> {
        self.all(ns, name).next()
    }

    /// A decoded attribute; its prefix does not matter.
    pub(crate) fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        attribute_of(self.attributes, name)
    }

    /// The characters in it and below.
    pub(crate) fn characters(&self) -> Cow<'_, str> {
        if let [Node::Text(text)] = self.children.as_slice() {
            return Cow::Borrowed(text);
        }
        let mut all = String::new();
        self.gather(&mut all);
        Cow::Owned(all)
    }

    fn gather(&self, all: &mut String) {
        for child in &self.children {
            match child {
                Node::Text(text) => all.push_str(text),
                Node::Element(element) => element.gather(all),
            }
        }
    }

    /// Its characters as one plain line; `None` if there are none.
    pub(crate) fn line(&self) -> Option<String> {
        Some(line(&self.characters())).filter(|line| !line.is_empty())
    }

    /// Its characters are HTML; or it holds XHTML, as Atom allows and sloppy feeds do.
    pub(crate) fn markup(&self) -> Plain {
        if self.elements().next().is_none() {
            return html(&self.characters());
        }
        let mut writer = Writer::default();
        self.write(&mut writer);
        writer.finish()
    }

    fn write(&self, writer: &mut Writer) {
        for child in &self.children {
            match child {
                Node::Text(text) => writer.text(text),
                Node::Element(element) if matches!(element.name, "script" | "style") => {}
                Node::Element(element) => {
                    writer.open(element.name, element.attributes);
                    element.write(writer);
                    writer.close(element.name);
                }
            }
        }
    }
}

/// Reads a document: gives every item to `item` until that says stop, and returns the root without its items.
pub(crate) fn read<'a>(document: &'a str, mut item: impl FnMut(Element<'a>) -> bool) -> Result<Option<Element<'a>>> {
    let mut tree = Tree { open: Vec::new(), spaces: Vec::new(), count: 0 };
    let mut root = None;
    for token in Tokens::new(document) {
        match token {
            Token::Text(text) => tree.text(decode(text)),
            Token::Literal(text) => tree.text(Cow::Borrowed(text)),
            Token::Open { name, attributes, closed } => {
                tree.open(name, attributes)?;
                // An item cannot stand in an item: the one before was never closed.
                if let Some(outer) = tree.unclosed_item() {
                    let inner = tree.open.pop();
                    while tree.open.len() > outer {
                        if let Some(done) = tree.close()
                            && !item(done)
                        {
                            return Ok(tree.into_root(root));
                        }
                    }
                    tree.open.extend(inner);
                }
                if !closed {
                    continue;
                }
                if let Some(done) = tree.close()
                    && !item(done)
                {
                    break;
                }
            }
            Token::Close { name } => {
                let Some(at) = tree.open.iter().rposition(|open| open.written == name) else { continue };
                while tree.open.len() > at {
                    if tree.open.len() == 1 {
                        root = tree.open.pop().map(|open| open.element);
                    } else if let Some(done) = tree.close()
                        && !item(done)
                    {
                        return Ok(tree.into_root(root));
                    }
                }
            }
        }
        if root.is_some() {
            break;
        }
    }
    Ok(tree.into_root(root))
}

struct Open<'a> {
    element: Element<'a>,
    /// Name as written, with its prefix.
    written: &'a str,
    /// How many namespaces were in force outside.
    spaces: usize,
    /// How many elements stood in memory before it.
    count: usize,
}

struct Tree<'a> {
    open: Vec<Open<'a>>,
    /// Declared prefixes, innermost last.
    spaces: Vec<(&'a str, Ns)>,
    count: usize,
}

impl<'a> Tree<'a> {
    fn text(&mut self, text: Cow<'a, str>) {
        let Some(open) = self.open.last_mut() else { return };
        match open.element.children.last_mut() {
            Some(Node::Text(before)) => before.to_mut().push_str(&text),
            _ if text.is_empty() => {}
            _ => open.element.children.push(Node::Text(text)),
        }
    }

    fn open(&mut self, written: &'a str, attributes: &'a str) -> Result<()> {
        let count = self.count;
        self.count += 1;
        if self.open.len() >= DEEPEST || self.count > MOST_ELEMENTS {
            let (what, most) =
                if self.count > MOST_ELEMENTS { ("elements", MOST_ELEMENTS) } else { ("levels", DEEPEST) };
            return Err(Error::new(ErrorKind::Exhausted, "the feed is nested too deep or has too many parts")
                .with_context(what, most));
        }
        let spaces = self.spaces.len();
        if attributes.contains("xmlns") {
            for (name, value) in Attributes(attributes) {
                let prefix = if name == "xmlns" { Some("") } else { name.strip_prefix("xmlns:") };
                let other = if prefix == Some("") && self.open.is_empty() { Ns::Core } else { Ns::Other };
                self.spaces.extend(prefix.map(|prefix| (prefix, Ns::of(value).unwrap_or(other))));
            }
        }
        let (prefix, name) = written.split_once(':').unwrap_or(("", written));
        let declared = self.spaces.iter().rev().find(|(known, _)| *known == prefix).map(|(_, ns)| *ns);
        let ns =
            declared.unwrap_or_else(|| if prefix.is_empty() { Ns::Core } else { Ns::of(prefix).unwrap_or(Ns::Other) });
        let element = Element { ns, name, attributes, children: Vec::new() };
        self.open.push(Open { element, written, spaces, count });
        Ok(())
    }

    /// Closes the innermost element: an item is given out, anything else goes into the element around it.
    fn close(&mut self) -> Option<Element<'a>> {
        let Open { element, spaces, count, .. } = self.open.pop()?;
        self.spaces.truncate(spaces);
        if is_item(&element) && !self.open.is_empty() {
            self.count = count;
            return Some(element);
        }
        match self.open.last_mut() {
            Some(outer) => outer.element.children.push(Node::Element(element)),
            None => self.open.push(Open { written: element.name, element, spaces, count }),
        }
        None
    }

    /// Where the item stands inside which another one was just opened; never the root, which stays open.
    fn unclosed_item(&self) -> Option<usize> {
        let (last, before) = self.open.split_last()?;
        let outer = if is_item(&last.element) { before.iter().position(|open| is_item(&open.element)) } else { None };
        outer.filter(|outer| *outer > 0)
    }

    /// The root, closing what the document left open. An item that never ended is dropped: its text may be cut.
    fn into_root(mut self, root: Option<Element<'a>>) -> Option<Element<'a>> {
        while self.open.len() > 1 {
            self.close();
        }
        root.or_else(|| self.open.pop().map(|open| open.element))
    }
}

fn is_item(element: &Element<'_>) -> bool {
    element.is(Ns::Core, "item") || element.is(Ns::Atom, "entry") || element.is(Ns::Core, "entry")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(document: &str) -> Vec<String> {
        let mut found = Vec::new();
        read(document, |item| {
            found.push(item.first(Ns::Core, "title").and_then(Element::line).unwrap_or_default());
            true
        })
        .unwrap();
        found
    }

    #[test]
    fn mends_broken_documents() {
        assert_eq!(
            items("<rss><channel><item><title>a</title><item><title>b<br>c</title></item><item><title>cut"),
            ["a", "bc"]
        );
        assert_eq!(items("<rss><item><title>a & b</item></foo></rss><item><title>after</title></item>"), ["a & b"]);
        assert_eq!(items("<item><title>root</title><item><title>a</title></item></item>"), ["a"]);
    }

    #[test]
    fn namespaces_go_by_address() {
        let root = read(
            "<r xmlns:x='http://www.w3.org/2005/Atom'><x:link href='1'/><a10:link/><y xmlns='http://search.yahoo.com/mrss/'><content/></y><z/></r>",
            |_| true,
        );
        let root = root.unwrap().unwrap();
        let spaces: Vec<Ns> = root.elements().map(|element| element.ns).collect();
        assert_eq!(spaces, [Ns::Atom, Ns::Other, Ns::Media, Ns::Core]);
        assert_eq!(root.elements().nth(2).and_then(|y| y.elements().next()).map(|content| content.ns), Some(Ns::Media));
    }

    #[test]
    fn bounds_hold() {
        assert_eq!(read(&"<a>".repeat(10_000), |_| true).unwrap_err().kind(), ErrorKind::Exhausted);
        assert_eq!(read(&format!("<r>{}", "<a/>".repeat(400_000)), |_| true).unwrap_err().kind(), ErrorKind::Exhausted);
    }
}
