//! Scenarios of [`VectorIndex`](crate::port::VectorIndex).

use super::assert_fails;
use crate::ErrorKind::Invalid;
use crate::memory::SeededEntropy;
use crate::port::{Entropy, VectorIndex};
use serde_json::json;
use std::sync::Arc;

async fn keys(index: &Arc<dyn VectorIndex>, collection: &str, vector: &[f32], limit: usize) -> Vec<String> {
    index.search(collection, vector, limit).await.unwrap().into_iter().map(|found| found.key).collect()
}

/// By angle and not by length, best first, ties by key.
pub async fn the_nearest_come_first(index: Arc<dyn VectorIndex>) {
    let vectors: [(&str, [f32; 3]); 5] = [
        ("west", [-2.0, 0.0, 0.0]),
        ("north", [0.0, 9.0, 0.0]),
        ("east", [1e-20, 0.0, 0.0]),
        ("far east", [1e20, 0.0, 0.0]),
        ("north east", [3.0, 3.0, 0.0]),
    ];
    for (n, (key, vector)) in vectors.into_iter().enumerate() {
        index.upsert("places", key, &vector, json!({"n": n, "text": "日本\0"})).await.unwrap();
    }
    assert_eq!(keys(&index, "places", &[7.0, 0.0, 0.0], 9).await, ["east", "far east", "north east", "north", "west"]);
    assert_eq!(keys(&index, "places", &[7.0, 0.0, 0.0], 2).await, ["east", "far east"]);
    assert!(keys(&index, "places", &[7.0, 0.0, 0.0], 0).await.is_empty());
    let found = index.search("places", &[0.5, 0.0, 0.0], 9).await.unwrap();
    let expected = [1.0, 1.0, std::f32::consts::FRAC_1_SQRT_2, 0.0, -1.0];
    for (found, expected) in found.iter().zip(expected) {
        assert!((found.similarity - expected).abs() < 1e-5, "{found:?}");
        assert!((-1.0..=1.0).contains(&found.similarity), "{found:?}");
    }
    assert_eq!(found[0].payload, json!({"n": 2, "text": "日本\0"}));
    exact_among_many(&index).await;
}

/// The first of many random vectors is the one that a straight comparison finds.
async fn exact_among_many(index: &Arc<dyn VectorIndex>) {
    let entropy = SeededEntropy::new(3);
    let entropy: &dyn Entropy = &entropy;
    let random = || -> Vec<f32> { (0..16).map(|_| (entropy.number() >> 40) as f32 / 8_388_608.0 - 1.0).collect() };
    let vectors: Vec<Vec<f32>> = (0..200).map(|_| random()).collect();
    for (n, vector) in vectors.iter().enumerate() {
        index.upsert("many", &n.to_string(), vector, json!(null)).await.unwrap();
    }
    for _ in 0..20 {
        let query = random();
        let cosine = |vector: &[f32]| {
            let dot: f64 = vector.iter().zip(&query).map(|(a, b)| f64::from(a * b)).sum();
            dot / vector.iter().map(|a| f64::from(a * a)).sum::<f64>().sqrt()
        };
        let best = (0..vectors.len()).max_by(|a, b| cosine(&vectors[*a]).total_cmp(&cosine(&vectors[*b])));
        assert_eq!(keys(index, "many", &query, 1).await, [best.unwrap().to_string()]);
    }
}

/// One vector per key, with the payload that came with it.
pub async fn a_later_vector_replaces(index: Arc<dyn VectorIndex>) {
    index.upsert("c", "k", &[1.0, 0.0], json!(1)).await.unwrap();
    index.upsert("c", "k", &[0.0, 1.0], json!(2)).await.unwrap();
    let found = index.search("c", &[0.0, 2.0], 9).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].payload, json!(2));
    assert!((found[0].similarity - 1.0).abs() < 1e-5);
}

/// Nothing that would spoil every later search gets in, and a refusal replaces nothing.
pub async fn useless_vectors_are_refused(index: Arc<dyn VectorIndex>) {
    index.upsert("c", "k", &[1.0, 0.0], json!(1)).await.unwrap();
    let useless: [&[f32]; 6] = [&[f32::NAN, 0.0], &[f32::INFINITY, 0.0], &[0.0, 0.0], &[], &[1.0], &[1.0, 0.0, 0.0]];
    for vector in useless {
        assert_fails(index.upsert("c", "k", vector, json!(2)).await, Invalid);
    }
    assert_eq!(index.search("c", &[1.0, 0.0], 9).await.unwrap()[0].payload, json!(1));
    // Another collection has a length of its own.
    index.upsert("d", "k", &[1.0, 0.0, 0.0], json!(1)).await.unwrap();
}

/// Forgotten and forgotten again, also where nothing ever was.
pub async fn forgetting_a_key_twice_succeeds(index: Arc<dyn VectorIndex>) {
    index.delete("c", "k").await.unwrap();
    index.upsert("c", "k", &[1.0, 0.0], json!(1)).await.unwrap();
    index.upsert("c", "other", &[1.0, 0.0], json!(1)).await.unwrap();
    index.delete("c", "k").await.unwrap();
    index.delete("c", "k").await.unwrap();
    assert_eq!(keys(&index, "c", &[1.0, 0.0], 9).await, ["other"]);
}

/// The same key in two collections is two vectors; an unknown collection is empty.
pub async fn collections_are_apart(index: Arc<dyn VectorIndex>) {
    assert!(index.search("unknown", &[1.0], 9).await.unwrap().is_empty());
    index.upsert("c", "k", &[1.0, 0.0], json!("c")).await.unwrap();
    index.upsert("d", "k", &[1.0, 0.0], json!("d")).await.unwrap();
    index.delete("d", "k").await.unwrap();
    assert_eq!(index.search("c", &[1.0, 0.0], 9).await.unwrap()[0].payload, json!("c"));
    assert!(index.search("d", &[1.0, 0.0], 9).await.unwrap().is_empty());
}
