//! Exact nearest neighbours in memory.

use crate::port::{VectorIndex, VectorMatch};
use crate::{Error, Result};
use async_trait::async_trait;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

/// A [`VectorIndex`] that compares with every vector: exact, and quick enough for tens of thousands.
/// Clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryVectors(Arc<RwLock<HashMap<String, ExactVectors>>>);

impl MemoryVectors {
    /// An empty index.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl VectorIndex for MemoryVectors {
    async fn upsert(&self, collection: &str, key: &str, vector: &[f32], payload: serde_json::Value) -> Result<()> {
        let unit = unit(vector)?;
        let mut collections = self.0.write().unwrap_or_else(PoisonError::into_inner);
        collections.entry(collection.to_owned()).or_default().insert(key, &unit, payload)
    }

    async fn search(&self, collection: &str, vector: &[f32], limit: usize) -> Result<Vec<VectorMatch>> {
        let unit = unit(vector)?;
        let collections = self.0.read().unwrap_or_else(PoisonError::into_inner);
        collections.get(collection).map_or_else(|| Ok(Vec::new()), |vectors| vectors.nearest(&unit, limit))
    }

    async fn delete(&self, collection: &str, key: &str) -> Result<()> {
        let mut collections = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(vectors) = collections.get_mut(collection) {
            vectors.remove(key);
        }
        Ok(())
    }
}

/// The vectors of one collection, side by side in memory, for exact search. Pure, and at work while it searches: a hundred
/// thousand vectors of 1536 numbers are 614 MB, which take some tens of milliseconds to read.
#[derive(Debug, Default)]
pub struct ExactVectors {
    /// Length of every vector; that of the first.
    dimension: usize,
    /// Unit vectors, one after the other.
    numbers: Vec<f32>,
    /// Key and payload of each place.
    entries: Vec<(String, serde_json::Value)>,
    /// The place of each key.
    places: BTreeMap<String, usize>,
}

impl ExactVectors {
    /// How many vectors there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether a key is there.
    pub fn contains(&self, key: &str) -> bool {
        self.places.contains_key(key)
    }

    /// Every key with its vector and payload.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[f32], &serde_json::Value)> {
        let vectors = self.numbers.chunks_exact(self.dimension.max(1));
        self.entries.iter().zip(vectors).map(|((key, payload), numbers)| (key.as_str(), numbers, payload))
    }

    /// Puts a vector of unit length, see [`unit()`], in the place of an earlier one of its key.
    ///
    /// # Errors
    /// `Invalid` if its length is not that of the others.
    pub fn insert(&mut self, key: &str, unit: &[f32], payload: serde_json::Value) -> Result<()> {
        self.check(unit)?;
        self.dimension = unit.len();
        match self.places.get(key) {
            Some(place) => {
                self.numbers[place * self.dimension..][..self.dimension].copy_from_slice(unit);
                self.entries[*place].1 = payload;
            }
            None => {
                self.places.insert(key.to_owned(), self.entries.len());
                self.numbers.extend_from_slice(unit);
                self.entries.push((key.to_owned(), payload));
            }
        }
        Ok(())
    }

    /// Checks that a vector may stand among the others.
    ///
    /// # Errors
    /// `Invalid` if its length is not that of the others.
    pub fn check(&self, unit: &[f32]) -> Result<()> {
        if self.is_empty() || self.dimension == unit.len() {
            return Ok(());
        }
        Err(Error::invalid("vectors of a collection must have the same length")
            .with_context("expected", self.dimension)
            .with_context("actual", unit.len())
            .with_hint("the embedding model has changed; use another collection"))
    }

    /// Forgets a key; tells whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let Some(place) = self.places.remove(key) else { return false };
        // The last one takes the place that is free now.
        let last = self.entries.len() - 1;
        if place < last {
            self.numbers.copy_within(last * self.dimension.., place * self.dimension);
            self.places.insert(self.entries[last].0.clone(), place);
        }
        self.entries.swap_remove(place);
        self.numbers.truncate(last * self.dimension);
        true
    }

    /// The nearest by cosine, best first, ties by key.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn nearest(&self, unit: &[f32], limit: usize) -> Result<Vec<VectorMatch>> {
        self.check(unit)?;
        let limit = limit.min(self.len());
        if limit == 0 {
            return Ok(Vec::new());
        }
        let mut near: Vec<(f32, usize)> = self
            .numbers
            .chunks_exact(self.dimension.max(1))
            .enumerate()
            .map(|(place, other)| (dot(unit, other).clamp(-1.0, 1.0), place))
            .collect();
        let order = |a: &(f32, usize), b: &(f32, usize)| -> Ordering {
            b.0.total_cmp(&a.0).then_with(|| self.entries[a.1].0.cmp(&self.entries[b.1].0))
        };
        near.select_nth_unstable_by(limit - 1, order);
        near.truncate(limit);
        near.sort_unstable_by(order);
        let found = near.into_iter().map(|(similarity, place)| {
            let (key, payload) = &self.entries[place];
            VectorMatch { key: key.clone(), similarity, payload: payload.clone() }
        });
        Ok(found.collect())
    }
}

/// A vector at length one; computed in 64 bits so that no finite vector overflows.
///
/// # Errors
/// `Invalid` for a vector that is not finite or all zero.
pub fn unit(vector: &[f32]) -> Result<Vec<f32>> {
    let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    if !length.is_finite() || length == 0.0 {
        return Err(Error::invalid("a vector must be finite and not all zero").with_context("length", length));
    }
    Ok(vector.iter().map(|x| (f64::from(*x) / length) as f32).collect())
}

/// Sixteen sums side by side, which the processor does at once.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0_f32; LANES];
    let (a_parts, b_parts) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a_parts.remainder().iter().zip(b_parts.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_parts.zip(b_parts) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn places_are_taken_over() {
        let mut vectors = ExactVectors::default();
        for (n, key) in ["a", "b", "c", "d"].into_iter().enumerate() {
            let mut vector = [0.0; 4];
            vector[n] = 1.0;
            vectors.insert(key, &vector, json!(n)).unwrap();
        }
        assert!(vectors.remove("b") && !vectors.remove("b") && vectors.remove("d"));
        assert_eq!(vectors.len(), 2);
        for (key, n) in [("a", 0), ("c", 2)] {
            let mut vector = [0.0; 4];
            vector[n] = 1.0;
            let found = vectors.nearest(&vector, 9).unwrap();
            assert_eq!((found[0].key.as_str(), found[0].payload.clone(), found.len()), (key, json!(n), 2));
        }
        assert!(vectors.remove("a") && vectors.remove("c") && vectors.is_empty());
        vectors.insert("e", &[1.0], json!(null)).unwrap();
        assert_eq!(vectors.len(), 1, "an empty collection takes vectors of another length");
    }
}
