//! From phonemes to the number sequences a model speaks: one per sentence, long sentences cut at clauses.

use super::config::VoiceConfig;
use orion_voice::normal::Pause;
use std::collections::BTreeMap;

/// Phonemes after which a sentence is cut at its next clause; about twelve seconds. Voices are trained on sentences
/// of up to fifteen.
const CLAUSE_CUT: usize = 180;

/// Phonemes after which a sentence is cut at the next word, whatever stands there.
const WORD_CUT: usize = 360;

/// A word as shown and its sounds: one list of phonemes for every word that is said for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Voiced {
    /// The phonemes, empty if there is nothing to say.
    pub(crate) sounds: Vec<Vec<char>>,
    /// What follows.
    pub(crate) pause: Pause,
}

/// What is spoken in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// The model's numbers: `^ _ p _ p _ … $`.
    pub(crate) ids: Vec<i32>,
    /// For each number the word as shown it belongs to; pauses belong to none.
    pub(crate) owners: Vec<Option<usize>>,
    /// What follows the chunk.
    pub(crate) pause: Pause,
}

/// The chunks, and the phonemes the voice has no number for, with how often they occurred.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) missing: BTreeMap<char, usize>,
}

/// What stands for a phoneme that a voice may not have.
fn stand_in(phoneme: char) -> &'static str {
    match phoneme {
        'g' => "ɡ",
        'ɡ' => "g",
        'ᵻ' => "ɪ",
        'ɚ' => "əɹ",
        'ɝ' => "ɜɹ",
        'ɐ' => "ə",
        'ɫ' => "l",
        'ɾ' => "t",
        'ɹ' => "r",
        'ɪ' => "i",
        'ʊ' => "u",
        'ɛ' => "e",
        'ɔ' => "o",
        'ɑ' => "a",
        _ => "",
    }
}

struct Builder<'a> {
    config: &'a VoiceConfig,
    plan: Plan,
    ids: Vec<i32>,
    owners: Vec<Option<usize>>,
    phonemes: usize,
}

impl Builder<'_> {
    fn push(&mut self, symbol: char, owner: Option<usize>) {
        let pad = self.config.symbols.get(&'_').cloned().unwrap_or_default();
        if self.ids.is_empty() {
            let start = self.config.symbols.get(&'^').cloned().unwrap_or_default();
            self.ids.extend(start.iter().chain(&pad));
        }
        let Some(numbers) = self.config.symbols.get(&symbol) else {
            let substitutes = stand_in(symbol);
            if substitutes.is_empty() || substitutes.chars().any(|c| !self.config.symbols.contains_key(&c)) {
                *self.plan.missing.entry(symbol).or_default() += 1;
            } else {
                substitutes.chars().for_each(|substitute| self.push(substitute, owner));
            }
            return;
        };
        self.owners.resize(self.ids.len(), None);
        self.ids.extend(numbers.iter().chain(&pad));
        self.owners.resize(self.ids.len(), owner);
        self.phonemes += 1;
    }

    fn close(&mut self, pause: Pause) {
        if self.phonemes > 0 {
            self.ids.extend(self.config.symbols.get(&'$').into_iter().flatten());
            self.owners.resize(self.ids.len(), None);
            let chunk = Chunk { ids: std::mem::take(&mut self.ids), owners: std::mem::take(&mut self.owners), pause };
            self.plan.chunks.push(chunk);
        }
        self.ids.clear();
        self.owners.clear();
        self.phonemes = 0;
    }
}

/// Plans all words.
pub(crate) fn plan(words: &[Voiced], config: &VoiceConfig) -> Plan {
    let mut builder = Builder { config, plan: Plan::default(), ids: Vec::new(), owners: Vec::new(), phonemes: 0 };
    for (owner, word) in words.iter().enumerate() {
        for sound in word.sounds.iter().filter(|sound| !sound.is_empty()) {
            if builder.phonemes >= WORD_CUT {
                builder.close(Pause::None);
            }
            if builder.phonemes > 0 {
                builder.push(' ', None);
            }
            sound.iter().for_each(|&phoneme| builder.push(phoneme, Some(owner)));
        }
        if builder.phonemes == 0 {
            continue;
        }
        match word.pause {
            Pause::None => {}
            Pause::Clause => {
                builder.push(',', None);
                if builder.phonemes >= CLAUSE_CUT {
                    builder.close(Pause::Clause);
                }
            }
            Pause::Sentence(mark) => {
                builder.push(mark, None);
                builder.close(word.pause);
            }
        }
    }
    builder.close(Pause::Sentence('.'));
    builder.plan
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> VoiceConfig {
        let symbols: serde_json::Map<String, serde_json::Value> = "_^$ .,?!abcəɹ"
            .chars()
            .enumerate()
            .map(|(id, symbol)| (symbol.to_string(), serde_json::json!([id])))
            .collect();
        let json = serde_json::json!({"audio": {"sample_rate": 22050}, "phoneme_id_map": symbols});
        VoiceConfig::parse(json.to_string().as_bytes()).unwrap()
    }

    fn voiced(sounds: &[&str], pause: Pause) -> Voiced {
        Voiced { sounds: sounds.iter().map(|sound| sound.chars().collect()).collect(), pause }
    }

    #[test]
    fn sentences_become_chunks_with_owners() {
        let words =
            [voiced(&["ab", "c"], Pause::Clause), voiced(&[], Pause::None), voiced(&["aɚ"], Pause::Sentence('?'))];
        let plan = plan(&words, &config());
        let [chunk] = &plan.chunks[..] else { panic!("{plan:?}") };
        // ^ _ a _ b _ space _ c _ , _ space _ a _ ə _ ɹ _ ? _ $
        assert_eq!(chunk.ids, [1, 0, 8, 0, 9, 0, 3, 0, 10, 0, 5, 0, 3, 0, 8, 0, 11, 0, 12, 0, 6, 0, 2]);
        let (n, a, b) = (None, Some(0), Some(2));
        assert_eq!(chunk.owners, [n, n, a, a, a, a, n, n, a, a, n, n, n, n, b, b, b, b, b, b, n, n, n]);
        assert!(plan.missing.is_empty());
    }

    #[test]
    fn what_the_voice_lacks_is_counted() {
        let plan = plan(&[voiced(&["axx"], Pause::None)], &config());
        assert_eq!(plan.missing, BTreeMap::from([('x', 2)]));
        assert_eq!(plan.chunks.len(), 1);
    }

    #[test]
    fn long_sentences_are_cut() {
        let word = voiced(&["abcabcabc"], Pause::None);
        let words: Vec<Voiced> =
            (0..100).map(|index| if index == 30 { voiced(&["abc"], Pause::Clause) } else { word.clone() }).collect();
        let chunks = plan(&words, &config()).chunks;
        assert!(
            chunks.len() >= 3 && chunks.iter().all(|chunk| chunk.ids.len() < 2 * WORD_CUT + 40),
            "{}",
            chunks.len()
        );
        assert_eq!(chunks[0].pause, Pause::Clause);
        let owners = chunks
            .iter()
            .flat_map(|chunk| chunk.owners.iter().flatten().copied())
            .collect::<std::collections::BTreeSet<_>>();
        assert_eq!(owners.len(), 100);
    }
}
