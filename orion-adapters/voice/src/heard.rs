//! Words as transcribers tell them, as words with times.

use orion_core::port::SpokenWord;
use orion_core::{Error, ErrorKind, MediaTime, Result};

/// Words in order, each with a length, within the sound; each comes with its start and end in seconds. What lies behind
/// the end of the sound was not said.
///
/// # Errors
/// [`Corrupt`](ErrorKind::Corrupt) for a time that is no number.
pub fn heard(words: impl IntoIterator<Item = (String, f64, f64)>, length: MediaTime) -> Result<Vec<SpokenWord>> {
    let mut spoken: Vec<SpokenWord> = Vec::new();
    let mut last = MediaTime::ZERO;
    for (word, start, end) in words {
        if !start.is_finite() || !end.is_finite() {
            return Err(Error::new(ErrorKind::Corrupt, "a word has no time"));
        }
        let start = MediaTime::from_seconds(start).max(last);
        let end = MediaTime::from_seconds(end).min(length).max(MediaTime(start.0 + 1));
        if end > length {
            break;
        }
        let texts: Vec<&str> = word.split_whitespace().collect();
        let count = texts.len() as i64;
        // A word with white space in it is several, of one length.
        for (number, text) in (0..).zip(texts) {
            let at = |part: i64| MediaTime(start.0 + (end.0 - start.0) * part / count);
            if at(number + 1) > at(number) {
                spoken.push(SpokenWord { text: text.to_owned(), start: at(number), end: at(number + 1) });
            }
        }
        last = end;
    }
    Ok(spoken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_rise_within_the_sound() {
        let told = |words: &[(&str, f64, f64)]| {
            let words = words.iter().map(|(word, start, end)| ((*word).to_owned(), *start, *end));
            heard(words, MediaTime::from_seconds(2.0)).map(|words| {
                words.into_iter().map(|word| (word.text, word.start.millis(), word.end.millis())).collect::<Vec<_>>()
            })
        };
        let is = |text: &str, start, end| (text.to_owned(), start, end);
        // Spaces as Whisper writes them, an overlap, two words in one, a word over the end and one behind it.
        assert_eq!(
            told(&[
                (" One", 0.0, 0.5),
                ("two", 0.4, 0.8),
                ("three four", 1.0, 1.4),
                ("five", 1.9, 2.2),
                ("six", 3.0, 4.0)
            ])
            .unwrap(),
            [
                is("One", 0, 500),
                is("two", 500, 800),
                is("three", 1000, 1200),
                is("four", 1200, 1400),
                is("five", 1900, 2000)
            ]
        );
        assert!(told(&[]).unwrap().is_empty());
        assert_eq!(told(&[("now", f64::NAN, 1.0)]).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
