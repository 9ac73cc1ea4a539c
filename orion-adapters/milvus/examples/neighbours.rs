//! Measures the search of vectors: exactly in memory, and in a Milvus.
//!
//! `cargo run --release -p orion-milvus --example neighbours -- COUNT [milvus://HOST:PORT]`
//!
//! Vectors of 1536 numbers lie around a hundred centres, as texts about a hundred topics do. Prints how many of the ten
//! nearest a search finds (recall@10, against a comparison with every vector in 64 bits), and how long it takes.

use orion_core::memory::{ExactVectors, SeededEntropy, unit};
use orion_core::port::{Entropy, VectorIndex};
use orion_milvus::{MilvusOptions, MilvusVectors};
use std::collections::HashSet;
use std::time::{Duration, Instant};

const DIMENSION: usize = 1536;
const CENTRES: usize = 100;
const QUERIES: usize = 200;
/// Vectors that are kept at a time.
const BATCH: usize = 256;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A number between -1 and 1.
fn number(entropy: &dyn Entropy) -> f32 {
    (entropy.number() >> 40) as f32 / 8_388_608.0 - 1.0
}

fn near(entropy: &dyn Entropy, centre: &[f32]) -> Outcome<Vec<f32>> {
    Ok(unit(&centre.iter().map(|x| x + 0.7 * number(entropy)).collect::<Vec<_>>())?)
}

/// The ten nearest, by 64 bits.
fn truth(vectors: &[Vec<f32>], query: &[f32]) -> HashSet<String> {
    let cosine = |vector: &[f32]| vector.iter().zip(query).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let mut all: Vec<(f64, usize)> = vectors.iter().enumerate().map(|(n, vector)| (cosine(vector), n)).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    all.into_iter().take(10).map(|(_, n)| n.to_string()).collect()
}

#[expect(clippy::print_stdout, reason = "the figures are the program's output")]
fn print(what: &str, found: usize, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: f64| times.get((times.len() as f64 * part) as usize).map_or(0.0, |time| time.as_secs_f64() * 1e3);
    let recall = found as f64 / (10 * times.len()) as f64;
    println!("{what}: recall@10 {recall:.3}, p50 {:.2} ms, p99 {:.2} ms, n = {}", at(0.5), at(0.99), times.len());
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the figures are the program's output")]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments.next().map_or(Ok(10_000), |count| count.parse())?;
    let address = arguments.next();
    let entropy = SeededEntropy::new(11);
    let centres: Vec<Vec<f32>> = (0..CENTRES).map(|_| (0..DIMENSION).map(|_| number(&entropy)).collect()).collect();
    let place = |n: usize| &centres[n % CENTRES];
    let vectors = (0..count).map(|n| near(&entropy, place(n))).collect::<Outcome<Vec<_>>>()?;
    let queries = (0..QUERIES).map(|n| near(&entropy, place(n * 7))).collect::<Outcome<Vec<_>>>()?;
    let expected: Vec<HashSet<String>> = queries.iter().map(|query| truth(&vectors, query)).collect();
    let mut exact = ExactVectors::default();
    for (n, vector) in vectors.iter().enumerate() {
        exact.insert(&n.to_string(), vector, serde_json::Value::Null)?;
    }
    let (mut found, mut times) = (0, Vec::new());
    for (query, expected) in queries.iter().zip(&expected) {
        let begin = Instant::now();
        let nearest = exact.nearest(query, 10)?;
        times.push(begin.elapsed());
        found += nearest.iter().filter(|near| expected.contains(&near.key)).count();
    }
    print(&format!("exact, {count} vectors"), found, times);
    let Some(address) = address else { return Ok(()) };
    let index = MilvusVectors::new(MilvusOptions::parse(&address)?.with_deadline(Duration::from_secs(60)))?;
    let begin = Instant::now();
    let rows = |(n, vector): (usize, &Vec<f32>)| (n.to_string(), vector.clone(), serde_json::Value::Null);
    for (part, batch) in vectors.chunks(BATCH).enumerate() {
        let rows: Vec<_> = (part * BATCH..).zip(batch).map(rows).collect();
        index.upsert_all("neighbours", &rows).await?;
    }
    println!("milvus, {count} vectors kept, {BATCH} at a time, in {:.1} s", begin.elapsed().as_secs_f64());
    let (mut found, mut times) = (0, Vec::new());
    for (query, expected) in queries.iter().zip(&expected) {
        let begin = Instant::now();
        let nearest = index.search("neighbours", query, 10).await?;
        times.push(begin.elapsed());
        found += nearest.iter().filter(|near| expected.contains(&near.key)).count();
    }
    print(&format!("milvus, {count} vectors"), found, times);
    Ok(())
}
