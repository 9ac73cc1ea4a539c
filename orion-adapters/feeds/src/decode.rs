//! Bytes to text, whatever the encoding.
//!
//! The order is that of the web: a byte order mark, then the charset of the answer, then what the
//! document says of itself, then UTF-8 if the bytes are that, then windows-1252.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;

/// How many bytes may hold the document's own word on its encoding.
const PROLOGUE: usize = 1024;

/// Decodes a document. Never fails: what no encoding explains becomes U+FFFD.
pub(crate) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some(text) = utf32(bytes) {
        return Cow::Owned(text);
    }
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[length..]).0;
    }
    let encoding = content_type.and_then(charset).or_else(|| utf16(bytes)).or_else(|| declared(bytes)).unwrap_or(UTF_8);
    if encoding != UTF_8 {
        return encoding.decode_without_bom_handling(bytes).0;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) if mostly_utf8(bytes) => String::from_utf8_lossy(bytes),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

/// The charset of a `Content-Type`.
fn charset(content_type: &str) -> Option<&'static Encoding> {
    let parameters = content_type.split(';').skip(1);
    let (_, label) = parameters
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Encoding::for_label(label.trim().trim_matches(['"', '\'']).as_bytes())
}

/// What an XML declaration or a `<meta>` says. Who can read it as ASCII knows that it is not UTF-16.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let prologue = String::from_utf8_lossy(&bytes[..bytes.len().min(PROLOGUE)]).to_ascii_lowercase();
    let prologue = prologue.trim_start();
    let (mark, text) = match prologue.strip_prefix("<?xml") {
        Some(rest) => ("encoding", rest.split("?>").next().unwrap_or_default()),
        None => ("charset", prologue),
    };
    let value = text.split_once(mark)?.1.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    let end =
        value.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '>' | ';' | '/')).unwrap_or(value.len());
    let encoding = Encoding::for_label(&value.as_bytes()[..end])?;
    Some(if encoding == UTF_16LE || encoding == UTF_16BE { UTF_8 } else { encoding })
}

/// UTF-16 without a byte order mark: every second byte of the ASCII at the start is zero.
fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<' | b'{', 0, second, 0, ..] if *second != 0 => Some(UTF_16LE),
        [0, b'<' | b'{', 0, second, ..] if *second != 0 => Some(UTF_16BE),
        _ => None,
    }
}

/// UTF-32, which the web's own encoding standard leaves out.
fn utf32(bytes: &[u8]) -> Option<String> {
    let (bytes, read): (_, fn([u8; 4]) -> u32) = match bytes {
        [0xff, 0xfe, 0, 0, rest @ ..] => (rest, u32::from_le_bytes),
        [0, 0, 0xfe, 0xff, rest @ ..] => (rest, u32::from_be_bytes),
        [b'<', 0, 0, 0, ..] => (bytes, u32::from_le_bytes),
        [0, 0, 0, b'<', ..] => (bytes, u32::from_be_bytes),
        _ => return None,
    };
    let words = bytes.as_chunks::<4>().0.iter();
    Some(words.map(|word| char::from_u32(read(*word)).unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

/// Whether more characters beyond ASCII are sound UTF-8 than are not: one bad byte shall not spoil a whole feed.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut sound, mut broken) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        sound += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    sound > broken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn every_way_to_name_an_encoding() {
        let text = "<?xml version='1.0' encoding=\"utf-16\"?><a>Пример</a>";
        for order in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
            assert_eq!(decode(&utf16(&format!("\u{feff}{text}"), order), None), text);
            assert_eq!(decode(&utf16(text, order), None), text);
        }
        let utf32: Vec<u8> = format!("\u{feff}{text}").chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
        assert_eq!(decode(&utf32, None), text);
        let koi8 = encoding_rs::KOI8_R.encode("<a>Пример</a>").0.into_owned();
        assert_eq!(decode(&koi8, Some("text/xml; charset=\"KOI8-R\"")), "<a>Пример</a>");
        let cyrillic = "<?xml version=\"1.0\" encoding=\"windows-1251\" ?><a>Пример</a>";
        assert_eq!(decode(&encoding_rs::WINDOWS_1251.encode(cyrillic).0, Some("text/xml")), cyrillic);
        assert_eq!(
            decode("\u{feff}é".as_bytes(), Some("text/xml; charset=iso-8859-1")),
            "é",
            "the mark overrules the answer"
        );
        assert_eq!(
            decode("é".as_bytes(), Some("text/xml; charset=iso-8859-1")),
            "Ã©",
            "the answer overrules the guess"
        );
        assert_eq!(
            decode(b"<meta charset=shift_jis><p>\x93\xfa\x96{", Some("text/html")),
            "<meta charset=shift_jis><p>日本"
        );
    }

    #[test]
    fn no_word_on_the_encoding() {
        assert_eq!(decode(b"<a>\xdaltimas Not\xedcias \x93x\x94</a>", None), "<a>Últimas Notícias “x”</a>");
        assert_eq!(decode("<a>Últimas</a>".as_bytes(), None), "<a>Últimas</a>");
        assert_eq!(decode(b"<?xml encoding='utf-16'?>ok", None), "<?xml encoding='utf-16'?>ok");
        let spoilt = ["Últimas Notícias ".as_bytes(), b"\xff"].concat();
        assert_eq!(decode(&spoilt, None), "Últimas Notícias \u{fffd}");
        assert_eq!(decode(b"", Some(";;charset=")), "");
    }
}
