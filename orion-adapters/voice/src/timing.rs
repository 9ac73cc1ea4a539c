//! From spans of samples to the times of the words as shown.

use orion_core::MediaTime;
use orion_core::port::SpokenWord;
use std::ops::Range;

/// The least samples a word without sound is shown for, where there is room: 60 ms.
fn slice(rate: u32) -> u64 {
    u64::from(rate) * 60 / 1000
}

/// Samples of silence for words of which none is spoken.
pub fn least(words: usize, rate: u32) -> usize {
    words.saturating_mul(slice(rate) as usize * 5)
}

/// Gives every word a span: rising, without overlap, never empty, within `total` samples.
///
/// `spans` are those of the words that were spoken, in order. Words that are only seen (a dash, an emoji) share the
/// pause between their neighbours, and where there is no pause, the end of the word before or the start of the one
/// after. `total` must be at least the number of words.
pub fn settle(spans: &[Option<Range<u64>>], total: u64, rate: u32) -> Vec<Range<u64>> {
    let count = spans.len();
    // Every word needs a sample of its own: `low` and `high` keep room for those before and after.
    let mut settled: Vec<Range<u64>> = Vec::with_capacity(count);
    let mut index = 0;
    while index < count {
        let low = settled.last().map_or(0, |span| span.end);
        if let Some(span) = &spans[index] {
            let after = (count - index - 1) as u64;
            let start = span.start.max(low).min(total.saturating_sub(after + 1));
            let end = span.end.min(total.saturating_sub(after)).max(start + 1);
            settled.push(start..end);
            index += 1;
            continue;
        }
        let run = spans[index..].iter().take_while(|span| span.is_none()).count();
        let wanted = slice(rate) * run as u64;
        let next = spans[index + run..].iter().find_map(|span| span.clone());
        let mut from = low;
        let mut until = next.as_ref().map_or(total, |span| span.start.max(low)).min(total);
        if until - from < wanted {
            // Too little pause: take up to a third of the neighbours.
            let missing = wanted - (until - from);
            if let Some(before) = settled.last_mut() {
                let taken = missing.min((before.end - before.start) / 3);
                before.end -= taken;
                from -= taken;
            }
            let missing = wanted.saturating_sub(until - from);
            if let Some(span) = &next {
                until += missing.min(span.end.saturating_sub(until) / 3);
            }
        }
        let after = (count - index - run) as u64;
        until = until.max(from + run as u64).min(total.saturating_sub(after)).max(from);
        let room = until - from;
        for number in 0..run as u64 {
            let start = from + room * number / run as u64;
            let end = (from + room * (number + 1) / run as u64).max(start + 1);
            let start = settled.last().map_or(start, |span| span.end.max(start));
            settled.push(start..end.max(start + 1));
        }
        index += run;
    }
    settled
}

/// The words with their times; each at least a microsecond long. In scripts that put no spaces between words, zero-width
/// spaces say where a caption may part them.
pub fn words(shown: &[&str], spans: &[Option<Range<u64>>], total: u64, rate: u32) -> Vec<SpokenWord> {
    settle(spans, total, rate)
        .into_iter()
        .zip(shown)
        .map(|(span, text)| SpokenWord {
            text: orion_segment::mark(text).unwrap_or_else(|| (*text).to_owned()),
            start: MediaTime::from_units(span.start, rate),
            end: MediaTime::from_units(span.end, rate),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_without_sound_take_the_pause() {
        let spans = [Some(100..1000), None, Some(3000..4000), None];
        assert_eq!(settle(&spans, 9000, 22_050), [100..1000, 1000..3000, 3000..4000, 4000..9000]);
    }

    #[test]
    fn without_a_pause_the_neighbours_give() {
        let spans = [Some(0..9000), None, Some(9000..18000)];
        let settled = settle(&spans, 18_000, 22_050);
        assert_eq!(settled, [0..7677, 7677..9000, 9000..18_000]);
    }

    proptest! {
        #[test]
        fn every_word_has_a_length_in_order(
            parts in prop::collection::vec((any::<bool>(), 0_u64..50, 0_u64..2000), 1..40),
            tail in 0_u64..5000,
        ) {
            let mut at = 0;
            let spans: Vec<_> = parts
                .iter()
                .map(|&(spoken, gap, length)| spoken.then(|| {
                    let start = at + gap;
                    at = start + length;
                    start..at
                }))
                .collect();
            let total = (at + tail).max(spans.len() as u64);
            let settled = settle(&spans, total, 22_050);
            prop_assert_eq!(settled.len(), spans.len());
            let mut end = 0;
            for span in &settled {
                prop_assert!(span.start >= end && span.end > span.start && span.end <= total, "{:?} of {}", settled, total);
                end = span.end;
            }
        }
    }
}
