//! How alike two texts are: headlines by their letters, longer texts by what they share.

use std::collections::HashMap;

/// Classes of characters counted for the quick bound.
const CLASSES: usize = 32;

/// A headline made ready to be compared with many others.
///
/// Two headlines are compared as RapidFuzz's `token_sort_ratio` does it: lower case, words sorted, then
/// `100 * 2 * LCS / (m + n)` over characters, where LCS is the longest common subsequence.
#[derive(Debug, Clone)]
pub struct Headline {
    /// The sorted words.
    letters: Vec<char>,
    /// How many characters of each class there are.
    counts: [u16; CLASSES],
}

impl Headline {
    /// Prepares a headline.
    pub fn new(text: &str) -> Self {
        let lower = text.to_lowercase();
        let mut words: Vec<&str> = lower.split_whitespace().collect();
        words.sort_unstable();
        let letters: Vec<char> = words.join(" ").chars().collect();
        let mut counts = [0_u16; CLASSES];
        for letter in &letters {
            let count = &mut counts[*letter as usize % CLASSES];
            *count = count.saturating_add(1);
        }
        Self { letters, counts }
    }

    /// The token-sort ratio, 0 to 100.
    pub fn ratio(&self, other: &Self) -> f64 {
        let total = self.letters.len() + other.letters.len();
        if total == 0 {
            return 100.0;
        }
        200.0 * common_subsequence(&self.letters, &other.letters) as f64 / total as f64
    }

    /// Whether the ratio reaches a threshold. Most pairs are told apart by counting characters,
    /// which bounds the common subsequence from above, so a thousand headlines compare in milliseconds.
    pub fn is_like(&self, other: &Self, threshold: f64) -> bool {
        let total = (self.letters.len() + other.letters.len()) as f64;
        let enough = |common: usize| 200.0 * common as f64 >= threshold * total;
        if !enough(self.letters.len().min(other.letters.len())) {
            return false;
        }
        let shared: usize = self.counts.iter().zip(&other.counts).map(|(a, b)| usize::from(*a.min(b))).sum();
        // A saturated count no longer bounds anything.
        let bounded = self.letters.len().max(other.letters.len()) < usize::from(u16::MAX);
        (!bounded || enough(shared)) && self.ratio(other) >= threshold
    }
}

/// The token-sort ratio of two texts, 0 to 100; see [`Headline`].
///
/// ```
/// use orion_core::text::similarity::token_sort_ratio;
/// assert_eq!(token_sort_ratio("fuzzy wuzzy was a bear", "Wuzzy fuzzy was a bear"), 100.0);
/// ```
pub fn token_sort_ratio(a: &str, b: &str) -> f64 {
    Headline::new(a).ratio(&Headline::new(b))
}

/// Length of the longest common subsequence, 64 rows at a time (H. Hyyrö, "Bit-parallel LCS-length
/// computation revisited", 2004).
fn common_subsequence(a: &[char], b: &[char]) -> usize {
    let words = a.len().div_ceil(64);
    let mut places: HashMap<char, Vec<u64>> = HashMap::new();
    for (at, letter) in a.iter().enumerate() {
        places.entry(*letter).or_insert_with(|| vec![0; words])[at / 64] |= 1 << (at % 64);
    }
    let mut rows = vec![u64::MAX; words];
    for letter in b {
        let Some(places) = places.get(letter) else { continue };
        let mut carry = false;
        for (row, place) in rows.iter_mut().zip(places) {
            let matches = *row & place;
            let (sum, over) = row.overflowing_add(matches);
            let (sum, again) = sum.overflowing_add(u64::from(carry));
            carry = over || again;
            *row = sum | (*row - matches);
        }
    }
    let unset = rows.iter().enumerate().map(|(at, row)| {
        let used = (a.len() - at * 64).min(64) as u32;
        let mask = if used == 64 { u64::MAX } else { (1 << used) - 1 };
        (!row & mask).count_ones() as usize
    });
    unset.sum()
}

/// Words of one shingle.
const SHINGLE: usize = 3;
/// Hashes kept of a text.
const KEPT: usize = 128;
/// Texts with fewer shingles are too short to be judged by them.
const LEAST: usize = 12;
/// Longest part of a text that is looked at, in bytes: some eight hundred words.
const LONGEST: usize = 6 * 1024;

/// A short sketch of a longer text: the smallest hashes of its three-word shingles (bottom-k MinHash;
/// A. Broder, "On the resemblance and containment of documents", 1997).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch(Vec<u64>);

impl Sketch {
    /// Sketches a text; only its first 6 KiB count.
    pub fn of(text: &str) -> Self {
        let words = word_hashes(&text[..text.floor_char_boundary(LONGEST)]);
        let mut hashes: Vec<u64> = words
            .windows(SHINGLE)
            .map(|words| words.iter().fold(0, |hash: u64, word| (hash.rotate_left(23) ^ word).wrapping_mul(MIX)))
            .collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes.truncate(KEPT);
        Self(hashes)
    }

    /// Estimates the share of shingles that two texts have in common, 0 to 1, to about ±0.09;
    /// 0 if either text is too short to tell.
    pub fn resemblance(&self, other: &Self) -> f64 {
        let (Self(a), Self(b)) = (self, other);
        if a.len().min(b.len()) < LEAST {
            return 0.0;
        }
        // The smallest hashes of the union; how many of them are in both.
        let (mut i, mut j, mut both, mut seen) = (0, 0, 0_usize, 0_usize);
        while seen < KEPT {
            match (a.get(i), b.get(j)) {
                (None, None) => break,
                (Some(x), Some(y)) if x == y => {
                    (i, j, both) = (i + 1, j + 1, both + 1);
                }
                (Some(x), Some(y)) if x < y => i += 1,
                (Some(_), None) => i += 1,
                (_, Some(_)) => j += 1,
            }
            seen += 1;
        }
        both as f64 / seen as f64
    }
}

/// An odd number with well-spread bits (2^64 divided by the golden ratio), for multiplicative hashing.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// A hash of each word, whatever its case. Scripts that write no spaces give a word for each character.
fn word_hashes(text: &str) -> Vec<u64> {
    let mut hashes = Vec::with_capacity(text.len() / 5);
    let mut word = 0_u64;
    for c in text.chars() {
        if !c.is_alphanumeric() {
            if word != 0 {
                hashes.push(std::mem::take(&mut word));
            }
            continue;
        }
        let lower = if c.is_ascii() { c.to_ascii_lowercase() } else { c.to_lowercase().next().unwrap_or(c) };
        word = (word ^ u64::from(lower)).wrapping_mul(MIX).rotate_left(29) | 1;
        if c >= '\u{2e80}' {
            hashes.push(std::mem::take(&mut word));
        }
    }
    if word != 0 {
        hashes.push(word);
    }
    hashes
}

/// How many of a sketch's smallest hashes are looked up. Texts that share half of their shingles share none of these
/// once in 2^16 times.
const LOOKED_UP: usize = 16;

/// Sketches to find the like of a new one among, without comparing it with each.
#[derive(Debug, Default)]
pub struct Sketches {
    sketches: Vec<Sketch>,
    /// Which sketches have a hash among their smallest.
    holders: HashMap<u64, Vec<usize>>,
}

impl Sketches {
    /// Adds a sketch; the first has number 0, the next 1.
    pub fn push(&mut self, sketch: Sketch) {
        for hash in sketch.0.iter().take(LOOKED_UP) {
            self.holders.entry(*hash).or_default().push(self.sketches.len());
        }
        self.sketches.push(sketch);
    }

    /// The lowest number of a sketch that resembles this one by at least `threshold`, which is 0.5 or more.
    pub fn first_like(&self, sketch: &Sketch, threshold: f64) -> Option<usize> {
        let mut candidates: Vec<usize> =
            sketch.0.iter().take(LOOKED_UP).filter_map(|hash| self.holders.get(hash)).flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        candidates.into_iter().find(|number| self.sketches[*number].resemblance(sketch) >= threshold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ratios_are_those_of_rapidfuzz() {
        // Computed with RapidFuzz 3: fuzz.token_sort_ratio(a.lower(), b.lower()).
        for (a, b, expected) in [
            ("fuzzy wuzzy was a bear", "wuzzy fuzzy was a bear", 100.0),
            ("OpenAI launches GPT-6", "GPT-6 launched by OpenAI", 88.8889),
            ("Apple unveils new iPhone", "Apple unveils the new iPhone 20", 87.2727),
            ("Türkei wählt", "wählt die Türkei", 85.7143),
            ("a", "b", 0.0),
            ("", "", 100.0),
            ("a", "", 0.0),
            (
                "Rust 2.0 released today with new borrow checker",
                "today: Rust 2.0 released with a new borrow checker",
                96.9072,
            ),
            (
                "Acordo adicional da Argentina com FMI está \"perto de acontecer\", diz Macri",
                "FMI e Argentina: acordo está perto de acontecer, diz Macri",
                74.2424,
            ),
            ("日本 首相 が 辞任", "首相 が 辞任 日本", 100.0),
        ] {
            let ratio = token_sort_ratio(a, b);
            assert!((ratio - expected).abs() < 1e-4, "{a} / {b}: {ratio}");
            let (a, b) = (Headline::new(a), Headline::new(b));
            assert_eq!(a.is_like(&b, 85.0), expected >= 85.0);
        }
    }

    /// The textbook table, to check the bit-parallel form against.
    fn table(a: &[char], b: &[char]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut diagonal = 0;
            for (j, y) in b.iter().enumerate() {
                let above = row[j + 1];
                row[j + 1] = if x == y { diagonal + 1 } else { above.max(row[j]) };
                diagonal = above;
            }
        }
        row[b.len()]
    }

    proptest! {
        #[test]
        fn subsequences_are_longest(a in "[a-dé]{0,150}", b in "[a-dé]{0,150}") {
            let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            prop_assert_eq!(common_subsequence(&a, &b), table(&a, &b));
        }

        #[test]
        fn the_quick_bound_never_loses_a_pair(a in "[a-c ]{0,40}", b in "[a-c ]{0,40}", threshold in 0.0..100.0) {
            let (a, b) = (Headline::new(&a), Headline::new(&b));
            prop_assert_eq!(a.is_like(&b, threshold), a.ratio(&b) >= threshold);
        }
    }

    #[test]
    fn the_same_story_told_twice_resembles_itself() {
        let story = "The council voted on Tuesday to rebuild the old bridge over the river, which has been closed since the \
            flood of last spring, and to pay for it with a loan that the region will guarantee over the next twenty years.";
        let agency = story.replace("on Tuesday", "late on Tuesday");
        let other = "A team of divers has found the wreck of a merchant ship that sank three hundred years ago with a cargo of \
            porcelain, and a museum on the coast hopes to show the first pieces of it to the public before the winter.";
        let (story, agency, other) = (Sketch::of(story), Sketch::of(&agency), Sketch::of(other));
        assert!(story.resemblance(&agency) > 0.8, "{}", story.resemblance(&agency));
        assert!(story.resemblance(&other) < 0.05);
        assert_eq!(story.resemblance(&story), 1.0);
        let mut sketches = Sketches::default();
        sketches.push(other);
        sketches.push(story);
        assert_eq!(sketches.first_like(&agency, 0.5), Some(1));
        assert_eq!(sketches.first_like(&Sketch::of("nothing"), 0.5), None);
        let japanese = "昨日、海岸の最後の灯台守が灯を消した。これからは灯台は自分で光り続ける。";
        assert!(Sketch::of(japanese).resemblance(&Sketch::of(&format!("速報:{japanese}"))) > 0.8);
        assert_eq!(Sketch::of("too short to tell").resemblance(&Sketch::of("too short to tell")), 0.0);
    }
}
