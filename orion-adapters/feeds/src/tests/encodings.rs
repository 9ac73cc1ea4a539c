//! The same feed in every encoding that is met, declared in every way.

use crate::{FeedLimits, parse_feed};
use encoding_rs::Encoding;

fn document(declared: &str, title: &str) -> String {
    let declaration =
        if declared.is_empty() { String::new() } else { format!("<?xml version=\"1.0\" encoding=\"{declared}\"?>") };
    format!(
        "{declaration}<rss version=\"2.0\"><channel><title>T</title><item><title>{title}</title><description>{title}</description></item></channel></rss>"
    )
}

fn title(bytes: &[u8], content_type: Option<&str>) -> String {
    let feed = parse_feed(bytes, content_type, &FeedLimits::default()).unwrap();
    assert_eq!(feed.items[0].title, feed.items[0].summary);
    feed.items[0].title.clone()
}

const SAMPLES: &[(&str, &str)] = &[
    ("UTF-8", "Grüße, мир, 世界, שלום"),
    ("ISO-8859-1", "Informação já à mão: 2º turno"),
    ("ISO-8859-15", "Prix: 20 €, cœur"),
    ("windows-1252", "“Smart” quotes – and a dash…"),
    ("windows-1251", "Новости сегодня"),
    ("windows-1250", "Příliš žluťoučký kůň"),
    ("KOI8-R", "Новости сегодня"),
    ("ISO-8859-2", "Zażółć gęślą jaźń"),
    ("Shift_JIS", "今日のニュース"),
    ("EUC-JP", "今日のニュース"),
    ("EUC-KR", "오늘의 뉴스"),
    ("GB2312", "今日新闻"),
    ("GB18030", "今日新闻 😀"),
    ("Big5", "今日新聞"),
    ("windows-1256", "أخبار اليوم"),
];

#[test]
fn declared_by_the_document() {
    for (label, text) in SAMPLES {
        let encoding = Encoding::for_label(label.as_bytes()).unwrap();
        let bytes = encoding.encode(&document(label, text)).0.into_owned();
        assert_eq!(title(&bytes, None), *text, "{label}");
        assert_eq!(title(&bytes, Some("application/rss+xml")), *text, "{label}");
    }
}

#[test]
fn declared_by_the_answer_which_overrules_the_document() {
    for (label, text) in SAMPLES {
        let encoding = Encoding::for_label(label.as_bytes()).unwrap();
        let bytes = encoding.encode(&document("US-ASCII", text)).0.into_owned();
        assert_eq!(title(&bytes, Some(&format!("text/xml; charset={label}"))), *text, "{label}");
    }
}

#[test]
fn utf_16_and_utf_32_with_and_without_a_mark() {
    let text = "Grüße, мир, 世界 😀";
    for (declared, mark) in
        [("UTF-16", "\u{feff}"), ("utf-16", ""), ("", "\u{feff}"), ("UTF-8", "\u{feff}"), ("UTF-16LE", "")]
    {
        let document = format!("{mark}{}", document(declared, text));
        let little: Vec<u8> = document.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = document.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let wide: Vec<u8> = document.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        for bytes in [&little, &big, &wide] {
            assert_eq!(title(bytes, None), text, "{declared:?} {mark:?}");
        }
        // A mark overrules what the server says.
        if !mark.is_empty() {
            assert_eq!(title(&little, Some("text/xml; charset=utf-8")), text);
        }
    }
    // Half a character at the end.
    let odd: Vec<u8> = document("", text).encode_utf16().flat_map(u16::to_le_bytes).chain([7]).collect();
    assert_eq!(title(&odd, None), text);
}

#[test]
fn nothing_declared() {
    assert_eq!(title(document("", "Grüße, мир").as_bytes(), None), "Grüße, мир");
    let latin = encoding_rs::WINDOWS_1252.encode(&document("", "Últimas Notícias")).0.into_owned();
    assert_eq!(title(&latin, None), "Últimas Notícias");
    let lying = encoding_rs::WINDOWS_1252.encode(&document("UTF-8", "Últimas Notícias")).0.into_owned();
    assert_eq!(title(&lying, None), "Últimas Notícias");
}
