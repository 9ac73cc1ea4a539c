//! What a cached read costs in Rust: one trend of a record in memory, by its identifier and as JSON, as a Python program
//! gets it. `benches/python.py` subtracts it from the same read in Python.
//!
//! `cargo run --release -p orion-benches --bin read -- FEED…`, with the feeds to scan first

#![expect(clippy::print_stdout, reason = "figures are the output")]

use orion_core::port::{Filter, Order, RepositoryExt};
use orion_core::service::scout::ScanRequest;
use orion_host::{Operation, Orion};
use std::error::Error;
use std::time::Instant;

const READS: usize = 200_000;

fn main() -> Result<(), Box<dyn Error>> {
    let feeds: Vec<String> = std::env::args().skip(1).collect();
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let orion = runtime.block_on(async {
        let orion = Orion::builder().data_dir(folder.path()).store("memory:").blobs("memory:").silent().offline();
        let orion = orion.build().await?;
        for feed in feeds {
            let request = ScanRequest { limit: 100, feeds: vec![feed], ..ScanRequest::default() };
            orion.scout().scan(&request, &Operation::detached()).await?;
        }
        Ok::<_, orion_core::Error>(orion)
    })?;
    let store = &orion.production().store;
    let first = async { store.read().await?.trends().window(&Filter::default(), Order::RankDown, 0, 1).await };
    let first = runtime.block_on(first)?.pop().ok_or("no feed has a trend")?.id;
    let mut samples = Vec::with_capacity(READS);
    let mut bytes = 0;
    for _ in 0..READS {
        let begun = Instant::now();
        let json = runtime.block_on(async {
            let trend = store.read().await?.trends().require(first).await?;
            Ok::<_, orion_core::Error>(serde_json::to_vec(&trend)?)
        })?;
        samples.push(begun.elapsed().as_nanos());
        bytes += json.len();
    }
    samples.sort_unstable();
    let us = |index: usize| samples[index] as f64 / 1000.0;
    println!(
        "cached read in Rust: median {:.2} us, p99 {:.2} us (n={READS}, {} bytes of JSON)",
        us(READS / 2),
        us(READS * 99 / 100),
        bytes / READS
    );
    Ok(())
}
