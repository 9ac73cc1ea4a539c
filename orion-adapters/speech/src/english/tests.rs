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
    assert_eq!(said(&english, "datacenter"), "dˈeɪtəsˌɛntɚ");
}
