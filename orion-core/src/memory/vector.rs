//! Exact nearest neighbours in memory.

use crate::port::{VectorIndex, VectorMatch};
use crate::{Error, Result};
use async_trait::async_trait;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

/// A [`VectorIndex`] that compares with every vector: exact, and quick enough for tens of thousands.
/// Clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryVectors(Arc<RwLock<HashMap<String, Collection>>>);

/// Unit vectors and payloads by key; a collection without vectors does not exist.
type Collection = BTreeMap<String, (Vec<f32>, serde_json::Value)>;

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
        let vectors = collections.entry(collection.to_owned()).or_default();
        if let Some((first, _)) = vectors.values().next() {
            same_length(first.len(), unit.len())?;
        }
        vectors.insert(key.to_owned(), (unit, payload));
        Ok(())
    }

    async fn search(&self, collection: &str, vector: &[f32], limit: usize) -> Result<Vec<VectorMatch>> {
        let unit = unit(vector)?;
        let collections = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Some(vectors) = collections.get(collection) else { return Ok(Vec::new()) };
        if let Some((first, _)) = vectors.values().next() {
            same_length(first.len(), unit.len())?;
        }
        let mut matches: Vec<(f32, &String, &serde_json::Value)> =
            vectors.iter().map(|(key, (other, payload))| (dot(&unit, other), key, payload)).collect();
        // The map runs in the order of its keys and the sort is stable: ties stay in that order.
        matches.sort_by(|a, b| b.0.total_cmp(&a.0));
        let found = matches.into_iter().take(limit);
        Ok(found
            .map(|(similarity, key, payload)| VectorMatch { key: key.clone(), similarity, payload: payload.clone() })
            .collect())
    }

    async fn delete(&self, collection: &str, key: &str) -> Result<()> {
        let mut collections = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(vectors) = collections.get_mut(collection) {
            vectors.remove(key);
            if vectors.is_empty() {
                collections.remove(collection);
            }
        }
        Ok(())
    }
}

/// The vector at length one; computed in 64 bits so that no finite vector overflows.
fn unit(vector: &[f32]) -> Result<Vec<f32>> {
    let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    if !length.is_finite() || length == 0.0 {
        return Err(Error::invalid("a vector must be finite and not all zero").with_context("length", length));
    }
    Ok(vector.iter().map(|x| (f64::from(*x) / length) as f32).collect())
}

fn same_length(first: usize, other: usize) -> Result<()> {
    if first == other {
        return Ok(());
    }
    Err(Error::invalid("vectors of a collection must have the same length")
        .with_context("expected", first)
        .with_context("actual", other)
        .with_hint("the embedding model has changed; use another collection"))
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>().clamp(-1.0, 1.0)
}
