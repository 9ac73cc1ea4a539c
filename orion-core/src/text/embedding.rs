//! The built-in text embedding: signed feature hashing of words and character n-grams.
//!
//! Weinberger et al., "Feature Hashing for Large Scale Multitask Learning" (2009): every feature adds plus or
//! minus one to one of the dimensions, both chosen by its hash. Words carry the topic, n-grams of characters
//! carry inflections and spelling. It knows nothing of meaning; texts that share words and word parts are near.

use crate::port::{Embedder, Provider, Side};
use crate::text::fold;
use crate::text::language::Language;
use crate::{Error, ErrorKind, Operation, Result};
use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Words that carry a topic weigh this much more than frequent ones.
const TOPIC_WEIGHT: f32 = 1.0;
const FREQUENT_WEIGHT: f32 = 0.15;
const PAIR_WEIGHT: f32 = 0.5;
const GRAM_WEIGHT: f32 = 0.25;

/// Longest text that is read, in characters; the rest would hardly move the vector.
const MOST_CHARACTERS: usize = 20_000;

/// A text as an embedding model takes it: at most so many characters, and never without any, which some refuse.
pub fn embeddable(text: &str, most_characters: usize) -> String {
    match text.trim() {
        "" => ".".to_owned(),
        text => text.chars().take(most_characters).collect(),
    }
}

/// Longest vector that a model may give.
const MOST_NUMBERS: usize = 8192;

/// How many numbers the vectors of a model have: as configured, or as its first answer tells. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Dimension(Arc<AtomicUsize>);

impl Dimension {
    /// This many; zero leaves it to the model.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for more than 8192.
    pub fn of(dimension: usize) -> Result<Self> {
        if dimension > MOST_NUMBERS {
            return Err(Error::invalid("a vector has at most 8192 numbers").with_context("dimension", dimension));
        }
        Ok(Self(Arc::new(AtomicUsize::new(dimension))))
    }

    /// As far as it is known; zero while it is not.
    pub fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// A vector that the model gave, of unit length. The first one tells the length of all that follow.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) if it has another length: vectors of another length do not mix.
    /// [`Corrupt`](ErrorKind::Corrupt) if it points nowhere.
    pub fn unit(&self, vector: &[f64]) -> Result<Vec<f32>> {
        let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        if !length.is_finite() || length <= f64::MIN_POSITIVE || vector.len() > MOST_NUMBERS {
            return Err(Error::new(ErrorKind::Corrupt, "the model gave a vector without direction")
                .with_context("numbers", vector.len()));
        }
        match self.0.compare_exchange(0, vector.len(), Ordering::SeqCst, Ordering::SeqCst) {
            Err(expected) if expected != vector.len() => {
                Err(Error::new(ErrorKind::Unsupported, "the model gives vectors of another length than expected")
                    .with_context("expected", expected)
                    .with_context("given", vector.len())
                    .with_hint("set `embedding.dimension` to that of the model, or to 0 to take what it gives"))
            }
            _ => Ok(vector.iter().map(|x| (x / length) as f32).collect()),
        }
    }
}

/// The name of the built-in embedder.
pub const BUILT_IN: &str = "built-in";

/// The built-in [`Embedder`].
#[derive(Debug, Clone)]
pub struct HashedEmbedder {
    provider: Provider,
    dimension: usize,
}

impl Default for HashedEmbedder {
    /// 1536 dimensions, the size of the contract's collections.
    fn default() -> Self {
        Self::new(1536)
    }
}

impl HashedEmbedder {
    /// An embedder of this dimension; zero counts as one.
    pub fn new(dimension: usize) -> Self {
        let provider = Provider { name: BUILT_IN.to_owned(), model: "hashed-ngrams".to_owned(), side: Side::Local };
        Self { provider, dimension: dimension.max(1) }
    }

    /// The vector of one text: finite, of unit length.
    pub fn vector(&self, text: &str) -> Vec<f32> {
        let mut vector = vec![0.0; self.dimension];
        let folded = fold(&text.chars().take(MOST_CHARACTERS).collect::<String>());
        let frequent = Language::detect(&folded).unwrap_or(Language::English).stop_words();
        let mut previous: Option<&str> = None;
        for word in folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            if frequent.contains(word) {
                self.add(&mut vector, &[b"w", word.as_bytes()], FREQUENT_WEIGHT);
                previous = None;
                continue;
            }
            self.add(&mut vector, &[b"w", word.as_bytes()], TOPIC_WEIGHT);
            if let Some(previous) = previous {
                self.add(&mut vector, &[b"p", previous.as_bytes(), b" ", word.as_bytes()], PAIR_WEIGHT);
            }
            previous = Some(word);
            let padded: Vec<char> = std::iter::once('^').chain(word.chars()).chain(std::iter::once('$')).collect();
            for gram in padded.windows(4) {
                let gram: String = gram.iter().collect();
                self.add(&mut vector, &[b"g", gram.as_bytes()], GRAM_WEIGHT);
            }
        }
        let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        if length < 1e-6 {
            // Nothing to hash, or everything cancelled out: one fixed direction.
            vector.fill(0.0);
            vector[0] = 1.0;
            return vector;
        }
        vector.iter_mut().for_each(|x| *x = (f64::from(*x) / length) as f32);
        vector
    }

    fn add(&self, vector: &mut [f32], parts: &[&[u8]], weight: f32) {
        let hash = fnv1a(parts);
        let index = (hash >> 1) % self.dimension as u64;
        vector[index as usize] += if hash & 1 == 0 { weight } else { -weight };
    }
}

/// FNV-1a, 64 bits, with a final mix so that the lowest bits are as good as the highest.
pub(crate) fn fnv1a(parts: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.iter().copied().flatten() {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}

#[async_trait]
impl Embedder for HashedEmbedder {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    async fn embed(&self, texts: &[String], operation: &Operation) -> Result<Vec<Vec<f32>>> {
        operation.cancellation.check()?;
        Ok(texts.iter().map(|text| self.vector(text)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn texts_that_share_words_are_nearer_than_others() {
        let embedder = HashedEmbedder::default();
        let bridge = embedder.vector("The old bridge over the river was closed after the flood");
        let again = embedder.vector("Flooding closes old river bridge");
        let other = embedder.vector("A new phone with a better camera goes on sale");
        assert!(near(&bridge, &again) > near(&bridge, &other) + 0.2);
    }

    async fn make_embedder() -> (std::sync::Arc<dyn Embedder>, ()) {
        (std::sync::Arc::new(HashedEmbedder::default()), ())
    }

    crate::embedder_conformance!(make_embedder);

    #[test]
    fn the_first_vector_of_a_model_tells_the_length_of_all() {
        let learned = Dimension::default();
        assert_eq!(learned.unit(&[0.0, 0.0]).unwrap_err().kind(), ErrorKind::Corrupt);
        assert_eq!(learned.get(), 0, "nothing is learned of what is no vector");
        assert_eq!(learned.unit(&[3.0, 4.0]).unwrap(), [0.6, 0.8]);
        assert_eq!(learned.clone().get(), 2);
        for dimension in [learned, Dimension::of(2).unwrap()] {
            let error = dimension.unit(&[1.0, 0.0, 0.0]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains("expected: 2, given: 3"), "{error}");
        }
        assert_eq!(Dimension::of(8193).unwrap_err().kind(), ErrorKind::Invalid);
    }

    proptest::proptest! {
        #[test]
        fn every_vector_is_finite_and_of_unit_length(text in "\\PC{0,80}", dimension in 1_usize..600) {
            let embedder = HashedEmbedder::new(dimension);
            let vector = embedder.vector(&text);
            proptest::prop_assert_eq!(vector.len(), dimension);
            proptest::prop_assert!(vector.iter().all(|x| x.is_finite()));
            proptest::prop_assert!((near(&vector, &vector) - 1.0).abs() < 1e-3);
            proptest::prop_assert_eq!(vector, embedder.vector(&text));
        }
    }
}
