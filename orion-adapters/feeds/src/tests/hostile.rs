//! Documents that mean harm, and documents that are only broken: never a panic, never unbounded work, nothing read
//! that the document names.

use super::parse;
use crate::{FeedLimits, parse_feed, read_article};
use orion_core::ErrorKind;
use proptest::prelude::*;

#[test]
fn entities_are_not_expanded() {
    let mut laughs = String::from("<!DOCTYPE lolz [<!ENTITY lol0 \"lol\">");
    for level in 1..10 {
        let inner = format!("&lol{};", level - 1).repeat(10);
        laughs.push_str(&format!("<!ENTITY lol{level} \"{inner}\">"));
    }
    let document = format!(
        "<?xml version=\"1.0\"?>{laughs}]><rss><channel><item><title>&lol9;</title><description>&lol9; ha</description></item></channel></rss>"
    );
    let feed = parse(&document).unwrap();
    assert_eq!((feed.items[0].title.as_str(), feed.items[0].summary.as_str()), ("&lol9;", "&lol9; ha"));
    let file = "<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\"><!ENTITY % d SYSTEM \"http://127.0.0.1/x.dtd\">%d;]><rss><channel><item><title>&f; &quot;</title></item></channel></rss>";
    assert_eq!(parse(file).unwrap().items[0].title, "&f; \"");
    let include = "<rss xmlns:xi='http://www.w3.org/2001/XInclude'><channel><item><title>a<xi:include href='file:///etc/passwd'/></title></item></channel></rss>";
    assert_eq!(parse(include).unwrap().items[0].title, "a");
}

#[test]
fn depth_and_breadth_are_bounded() {
    let deep = format!("<rss><channel>{}", "<a>".repeat(1_000_000));
    assert_eq!(parse(&deep).unwrap_err().kind(), ErrorKind::Exhausted);
    let broad = format!("<rss><channel>{}</channel></rss>", "<a/>".repeat(1_000_000));
    assert_eq!(parse(&broad).unwrap_err().kind(), ErrorKind::Exhausted);
    let deep_json = format!("{{\"items\":{}", "[".repeat(100_000));
    assert_eq!(parse(&deep_json).unwrap_err().kind(), ErrorKind::Invalid);
    let xhtml = format!("<feed><entry><title>T</title><content type='xhtml'>{}", "<div>".repeat(5_000));
    assert_eq!(parse(&xhtml).unwrap_err().kind(), ErrorKind::Exhausted);
}

#[test]
fn huge_parts_are_cut_or_carried() {
    let attribute = format!("<rss><channel><item a='{}'><title>T</title></item></channel></rss>", "x".repeat(8 << 20));
    assert_eq!(parse(&attribute).unwrap().items.len(), 1);
    let many = format!("<rss><channel><item {}><title>T</title></item></channel></rss>", "a='1' ".repeat(1 << 20));
    assert_eq!(parse(&many).unwrap().items.len(), 1);
    let text = format!(
        "<rss><channel><item><title>T</title><description>{}</description></item></channel></rss>",
        "word ".repeat(2 << 20)
    );
    assert!(parse(&text).unwrap().items[0].summary.len() <= 512 * 1024);
    let sections = format!(
        "<rss><channel><item><title>T</title><description>{}</description></item></channel></rss>",
        "<![CDATA[x]]>".repeat(500_000)
    );
    assert!(parse(&sections).unwrap().items[0].summary.len() <= 512 * 1024);
    let items = format!("<rss><channel>{}</channel></rss>", "<item><title>x</title></item>".repeat(200_000));
    assert_eq!(parse(&items).unwrap().items.len(), 1000);
    let spaces =
        format!("<rss {}><channel/></rss>", (0..100_000).map(|n| format!("xmlns:n{n}='u' ")).collect::<String>());
    assert_eq!(parse(&spaces).unwrap().items.len(), 0);
}

#[test]
fn pages_are_bounded() {
    let url = "https://a.example/";
    for page in
        ["<div>".repeat(200_000), "<b><i>".repeat(100_000), "<p>x".repeat(100_000), "<table><tr><td>".repeat(50_000)]
    {
        let error = read_article(page.as_bytes(), Some("text/html"), url).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Exhausted | ErrorKind::Invalid), "{error:?}");
    }
}

const VALID: &str = include_str!("fixture.rss");

proptest! {
    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2000), content_type in "[ -~]{0,40}") {
        let _ = parse_feed(&bytes, Some(&content_type), &FeedLimits::default());
    }

    #[test]
    fn random_markup(parts in proptest::collection::vec(prop_oneof![
        Just("<"), Just(">"), Just("</"), Just("/>"), Just("<item>"), Just("</item>"), Just("<title"), Just("</title>"), Just("<entry>"), Just("<rss>"),
        Just("<rdf:RDF xmlns='"), Just("'"), Just("\""), Just("="), Just(" "), Just("&"), Just("&#"), Just("&#x1F600;"), Just(";"), Just("<!"), Just("<!--"), Just("-->"),
        Just("<![CDATA["), Just("]]>"), Just("<?"), Just("?>"), Just("<!DOCTYPE ["), Just("é"), Just("\u{301}"), Just("<media:content url="), Just("<br>"), Just("<script>"), Just("x:y"),
    ], 0..120)) {
        let _ = parse(&parts.concat());
        let _ = parse(&format!("<rss><channel><item><title>t</title><description>{}</description></item></channel></rss>", parts.concat()));
    }

    #[test]
    fn mutated_feeds(at in 0..VALID.len(), count in 0..40_usize, with in proptest::collection::vec(any::<u8>(), 0..20)) {
        let mut bytes = VALID.as_bytes().to_vec();
        let end = (at + count).min(bytes.len());
        bytes.splice(at..end, with);
        if let Ok(feed) = parse_feed(&bytes, None, &FeedLimits::default()) {
            prop_assert!(feed.items.iter().all(|item| !item.title.is_empty() && !item.title.chars().any(char::is_control)));
        }
    }

    #[test]
    fn truncated_feeds(at in 0..VALID.len()) {
        let _ = parse_feed(&VALID.as_bytes()[..at], None, &FeedLimits::default());
        let utf16: Vec<u8> = VALID.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let _ = parse_feed(&utf16[..at], None, &FeedLimits::default());
    }

    #[test]
    fn random_pages(parts in proptest::collection::vec(prop_oneof![
        Just("<p>"), Just("</p>"), Just("<div"), Just(">"), Just("<table>"), Just("<a href='"), Just("'"), Just("text, and more text. "), Just("<script>"), Just("</html>"), Just("<meta property=og:image content="), Just("&nbsp;"),
    ], 0..60)) {
        let _ = read_article(parts.concat().as_bytes(), None, "https://a.example/");
    }
}
