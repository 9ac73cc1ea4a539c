//! When each word is said, from nothing but the sound and the text: pauses are where a text pauses, and between them
//! long words take longer than short ones.

use crate::normal::{self, Lexicon, Pause};
use std::ops::Range;

/// Seconds of one look at the loudness.
const LOOK: f64 = 0.01;

/// Shorter silence is part of a word: the stop of a `t` takes as long.
const SHORTEST_PAUSE: f64 = 0.09;

/// A pause that is so many seconds of speech away from where a word should end is no border of a word.
const FARTHEST: f64 = 0.6;

/// As quiet as this against the loudest is silence: 26 dB below.
const QUIET: f32 = 0.05;

struct NoWords;

impl Lexicon for NoWords {
    fn knows(&self, _: &str) -> bool {
        false
    }
}

/// Spans of the words in samples; `None` for words that are only seen.
pub(crate) fn estimate(shown: &[&str], samples: &[f32], rate: u32) -> Vec<Option<Range<u64>>> {
    let said = normal::say(shown, &NoWords);
    let weights: Vec<f64> = shown.iter().zip(&said).map(|(word, said)| weight(word, &said.words)).collect();
    let spoken: Vec<usize> = (0..shown.len()).filter(|word| weights[*word] > 0.0).collect();
    let mut spans = vec![None; shown.len()];
    let parts = parts(samples, rate);
    let (Some(first), Some(last), false) = (parts.first(), parts.last(), spoken.is_empty()) else { return spans };
    let (begin, end) = (first.start, last.end);
    // Speech without its pauses is what words share by their weight.
    let speech: u64 = parts.iter().map(|part| part.end - part.start).sum();
    let total: f64 = spoken.iter().map(|word| weights[*word]).sum();
    let mut ends = Vec::with_capacity(spoken.len());
    let mut sum = 0.0;
    for word in &spoken {
        sum += weights[*word];
        ends.push(speech as f64 * sum / total);
    }
    let pauses: Vec<f64> = parts[..parts.len() - 1]
        .iter()
        .scan(0_u64, |before, part| {
            *before += part.end - part.start;
            Some(*before as f64)
        })
        .collect();
    let marked: Vec<bool> = spoken.iter().map(|word| said[*word].pause != Pause::None).collect();
    let borders = matched(&pauses, &ends[..ends.len() - 1], &marked, f64::from(rate) * FARTHEST);
    // Between two pauses that are borders, words share the sound by weight.
    let mut from = (begin, 0);
    let stops = borders.iter().map(|(pause, word)| (parts[*pause].end, parts[pause + 1].start, word + 1));
    for (stop, next, until) in stops.chain([(end, end, spoken.len())]) {
        let group = &spoken[from.1..until];
        let share: f64 = group.iter().map(|word| weights[*word]).sum();
        let (mut at, length) = (0.0, (stop - from.0) as f64);
        for word in group {
            let start = from.0 + (length * at / share) as u64;
            at += weights[*word];
            spans[*word] = Some(start..from.0 + (length * at / share) as u64);
        }
        from = (next, until);
    }
    spans
}

/// How long a word takes against others: its letters as it is read, and a little for its border. Letters of scripts
/// that write syllables or words take longer.
fn weight(word: &str, said: &[String]) -> f64 {
    let letters = |text: &str| -> f64 {
        text.chars()
            .filter(|letter| letter.is_alphanumeric())
            .map(|letter| match u32::from(letter) {
                0x3040..=0x30FF | 0xAC00..=0xD7A3 => 2.2,
                0x3400..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF => 3.2,
                _ => 1.0,
            })
            .sum()
    };
    let sum: f64 = if said.is_empty() { letters(word) } else { said.iter().map(|word| letters(word) + 1.0).sum() };
    if sum > 0.0 { sum + 1.0 } else { 0.0 }
}

/// Where there is sound, in samples, parted by pauses.
fn parts(samples: &[f32], rate: u32) -> Vec<Range<u64>> {
    let look = ((f64::from(rate) * LOOK) as usize).max(1);
    let loudness: Vec<f32> = samples
        .chunks(look)
        .map(|look| (look.iter().map(|it| it * it).sum::<f32>() / look.len() as f32).sqrt())
        .collect();
    let loudest = loudness.iter().copied().fold(0.0, f32::max);
    let shortest = (SHORTEST_PAUSE / LOOK) as usize;
    let mut parts: Vec<Range<usize>> = Vec::new();
    let looks = loudness.iter().enumerate();
    for at in looks.filter(|(_, loud)| **loud > loudest * QUIET).map(|(at, _)| at) {
        match parts.last_mut() {
            Some(part) if at - part.end < shortest => part.end = at + 1,
            _ => parts.push(at..at + 1),
        }
    }
    let length = samples.len() as u64;
    parts.into_iter().map(|part| (part.start * look) as u64..((part.end * look) as u64).min(length)).collect()
}

/// Which pause is the border behind which word: in order, each as near as it can be, those nearest that a mark asks
/// for first. Pauses that are too far from every border are none.
fn matched(pauses: &[f64], ends: &[f64], marked: &[bool], farthest: f64) -> Vec<(usize, usize)> {
    let width = ends.len() + 1;
    let mut costs = vec![0.0; (pauses.len() + 1) * width];
    let cost = |pause: usize, word: usize| {
        let away = (pauses[pause] - ends[word]).abs();
        if marked[word] { away * 0.4 } else { away + farthest * 0.25 }
    };
    for pause in 1..=pauses.len() {
        costs[pause * width] = pause as f64 * farthest;
        for word in 1..width {
            let at = pause * width + word;
            let paired = costs[at - width - 1] + cost(pause - 1, word - 1);
            costs[at] = paired.min(costs[at - 1]).min(costs[at - width] + farthest);
        }
    }
    let (mut pause, mut word) = (pauses.len(), ends.len());
    let mut borders = Vec::new();
    while pause > 0 && word > 0 {
        let at = pause * width + word;
        if costs[at] >= costs[at - 1] - 1e-9 {
            word -= 1;
        } else if costs[at] >= costs[at - width] + farthest - 1e-9 {
            pause -= 1;
        } else {
            (pause, word) = (pause - 1, word - 1);
            borders.push((pause, word));
        }
    }
    borders.reverse();
    borders
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 16_000;

    /// A sound of these lengths in seconds, a tone and a pause in turn.
    fn sound(lengths: &[f64]) -> Vec<f32> {
        let part = |(number, seconds): (usize, &f64)| {
            let count = (seconds * f64::from(RATE)) as usize;
            let loud = if number % 2 == 0 { 0.5 } else { 0.0 };
            (0..count).map(move |n| (n as f32 * 0.2).sin() * loud).collect::<Vec<_>>()
        };
        lengths.iter().enumerate().flat_map(part).collect()
    }

    fn check(text: &str, lengths: &[f64], expected: &[Option<(f64, f64)>]) {
        let shown: Vec<&str> = text.split_whitespace().collect();
        let spans = estimate(&shown, &sound(lengths), RATE);
        assert_eq!(spans.len(), expected.len());
        for (span, expected) in spans.iter().zip(expected) {
            let seconds = |at: u64| at as f64 / f64::from(RATE);
            let near = match (span, expected) {
                (Some(span), Some((start, end))) => {
                    (seconds(span.start) - start).abs() < 0.06 && (seconds(span.end) - end).abs() < 0.06
                }
                (None, None) => true,
                _ => false,
            };
            assert!(near, "{spans:?} of {text}, expected {expected:?}");
        }
    }

    #[test]
    fn pauses_are_where_the_text_pauses() {
        // Nothing is said in the first and the last tenth.
        check(
            "Well, nine dogs.",
            &[0.0, 0.1, 0.4, 0.3, 1.0, 0.1],
            &[Some((0.1, 0.5)), Some((0.8, 1.3)), Some((1.3, 1.8))],
        );
        check("Stop. — Go!", &[0.5, 0.5, 0.4], &[Some((0.0, 0.5)), None, Some((1.0, 1.4))]);
    }

    #[test]
    fn without_pauses_long_words_take_longer() {
        check("a remarkable", &[1.4], &[Some((0.0, 0.27)), Some((0.27, 1.4))]);
    }

    #[test]
    fn a_pause_in_the_middle_of_a_word_parts_nothing() {
        let spans = estimate(&["Everything"], &sound(&[0.5, 0.2, 0.5]), RATE);
        assert_eq!(spans.len(), 1);
        let span = spans[0].clone().unwrap();
        assert!(span.start == 0 && span.end >= 19_000, "{span:?}");
        assert!(estimate(&["🎬"], &sound(&[0.5]), RATE)[0].is_none());
        assert!(estimate(&["silence"], &[0.0; 1000], RATE)[0].is_none());
    }
}
