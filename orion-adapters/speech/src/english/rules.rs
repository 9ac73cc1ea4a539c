//! Letter-to-sound rules for words that no dictionary has: names, mostly.
//!
//! The rules were learned from the CMU Pronouncing Dictionary by `scripts/letters.py`. Each gives the sound of one
//! letter between its neighbours; the rule that sees most of them wins.

use super::accent::{self, is_vowel};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Letters to the left and right that a rule sees, wide to narrow; the order of `scripts/letters.py`.
const SIZES: [(usize, usize); 7] = [(3, 3), (2, 3), (2, 2), (1, 2), (1, 1), (0, 1), (0, 0)];

static RULES: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    include_str!("letters.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .collect()
});

/// The phonemes of a word of lower-case letters. A word without any vowel sound is spelled.
pub(super) fn read(word: &str) -> Vec<char> {
    let padded: Vec<char> = "^^^".chars().chain(word.chars()).chain("$$$".chars()).collect();
    let mut sounds = String::new();
    for at in 3..padded.len() - 3 {
        let part = |from: usize, to: usize| padded[from..to].iter().collect::<String>();
        let sound = SIZES.iter().find_map(|&(left, right)| {
            let rule = format!("{}[{}]{}", part(at - left, at), padded[at], part(at + 1, at + 1 + right));
            RULES.get(rule.as_str()).copied()
        });
        sounds.push_str(sound.unwrap_or_default());
    }
    if !sounds.contains(is_vowel) {
        return word.chars().flat_map(|letter| accent::letter(letter).chars()).collect();
    }
    stress(&sounds)
}

/// Every word has one primary stress: the first that the letters gave, or else the first vowel that can bear it.
fn stress(sounds: &str) -> Vec<char> {
    let mut stressed: Vec<char> = Vec::with_capacity(sounds.len() + 1);
    let mut primary = false;
    for sound in sounds.chars() {
        stressed.push(if sound == 'ˈ' && std::mem::replace(&mut primary, true) { 'ˌ' } else { sound });
    }
    if primary {
        return stressed;
    }
    if let Some(secondary) = stressed.iter_mut().find(|sound| **sound == 'ˌ') {
        *secondary = 'ˈ';
        return stressed;
    }
    let full = stressed.iter().position(|&sound| is_vowel(sound) && !matches!(sound, 'ə' | 'ɚ'));
    if let Some(at) = full.or_else(|| stressed.iter().position(|&sound| is_vowel(sound))) {
        stressed.insert(at, 'ˈ');
    }
    stressed
}
