//! Pronunciations.

use super::*;

fn said(english: &English, words: &str) -> String {
    let words: Vec<&str> = words.split_whitespace().collect();
    english.phrase(&words).iter().map(|sounds| sounds.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[test]
fn words_are_known_or_not() {
    let english = English::new().unwrap();
    for known in ["hello", "cats", "tv", "dna", "don't", "running"] {
        assert!(english.knows(known), "{known}");
    }
    for unknown in ["nvidia", "kubernetes", "zqx", "", "Hello", "two words", "naïve"] {
        assert!(!english.knows(unknown), "{unknown}");
    }
    assert_eq!(said(&english, "F B I hello U's"), "ˈɛf bˈiː ˈaɪ həlˈoʊ jˈuːz");
    assert_eq!(said(&english, "datacenter"), "dˈeɪɾəsˌɛntɚ");
}

#[test]
fn words_change_beside_each_other() {
    let english = English::new().unwrap();
    assert_eq!(said(&english, "the end of the road to it"), "ðɪ ˈɛnd ʌv ðə ɹˈoʊd tʊ ɪt");
    assert_eq!(said(&english, "they record the record"), "ðeɪ ɹᵻkˈoːɹd ðə ɹˈɛkɚd");
    assert_eq!(said(&english, "A I and I agree"), "ˈeɪ ˈaɪ ænd aɪ ɐɡɹˈiː");
}

#[test]
fn the_accent_is_that_of_the_voices() {
    let english = English::new().unwrap();
    for (word, phonemes) in [
        ("data", "dˈeɪɾə"),
        ("written", "ɹˈɪʔn\u{329}"),
        ("current", "kˈɜːɹənt"),
        ("quickly", "kwˈɪkli"),
        ("more", "mˈoːɹ"),
        ("about", "ɐbˈaʊt"),
        ("message", "mˈɛsɪdʒ"),
        ("changes", "tʃˈeɪndʒᵻz"),
        ("network", "nˈɛtwɜːk"),
        ("process", "pɹˈɑːsɛs"),
    ] {
        assert_eq!(said(&english, word), phonemes, "{word}");
    }
}

#[test]
fn unknown_words_are_read_and_not_spelled() {
    let english = English::new().unwrap();
    for (word, phonemes) in [("grok", "ɡɹˈoʊk"), ("nvidia", "ɛnvˈɪdiə"), ("tsmc", "tˈiːˈɛsˈɛmsˈiː")] {
        assert_eq!(said(&english, word), phonemes, "{word}");
    }
    // Whatever it is, it has vowels, one primary stress at least, and no letter of the alphabet that is no phoneme.
    for word in ["zelenova", "quantizer", "brrr", "xylophonix", "o'zzq", "aaaaaa", "hmmmm"] {
        let sounds = said(&english, word);
        assert!(sounds.contains('ˈ') && sounds.contains(accent::is_vowel), "{word} {sounds}");
    }
}

/// No phoneme that the dictionary or the rules give is without a number in a voice trained on espeak-ng.
#[test]
fn every_phoneme_is_one_of_espeaks() {
    let english = English::new().unwrap();
    let known = " aæɐɑɔəɚɛeɜiɪoʊuʌᵻbdðfɡhjklmnŋpɹɾsʃtθvwzʒʔːˈˌ\u{329}";
    let words = include_str!("letters.txt").lines().filter_map(|line| line.split_once('['));
    for (index, (left, right)) in words.enumerate() {
        let word: String = left.chars().chain(right.chars()).filter(char::is_ascii_lowercase).collect();
        if index % 7 == 0 && !word.is_empty() {
            let sounds = said(&english, &word);
            assert!(sounds.chars().all(|c| known.contains(c)), "{word} {sounds}");
        }
    }
}
