//! Refreshes one token many times at once, over and over, on SQLite with the real cryptography.
//!
//! `cargo run --release -p orion-benches --bin refresh -- [ROUNDS] [AT_ONCE]`
//!
//! Each round shows the live refresh token of one session from many tasks at once, as tabs of one browser do. All must
//! get the same successor, whose token the next round shows. Prints how many live successors rounds had, how many
//! clients were signed out although they did nothing wrong, and how many other errors there were.

use orion_benches::identity::open;
use orion_core::ErrorKind;
use orion_core::domain::Secret;
use orion_core::service::identity::{Client, Identity};
use std::collections::HashSet;
use std::env;
use std::error::Error;
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
struct Figures {
    most_successors: usize,
    signed_out: usize,
    errors: usize,
    waits: Vec<Duration>,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the figures are the program's output")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let rounds: usize = arguments.next().map_or(Ok(1000), |rounds| rounds.parse())?;
    let at_once: usize = arguments.next().map_or(Ok(64), |at_once| at_once.parse())?;
    let folder = tempfile::tempdir()?;
    let identity = open(&format!("sqlite:{}", folder.path().join("orion.db").display())).await?;
    let password = Secret::new("correct horse battery");
    identity.register("ada@example.org", &password, "Ada").await?;
    let mut token = identity.login("ada@example.org", &password, &Client::default()).await?.refresh_token;
    let (mut figures, begin) = (Figures::default(), Instant::now());
    for _ in 0..rounds {
        token = round(&identity, &token, at_once, &mut figures).await?;
    }
    let elapsed = begin.elapsed().as_secs_f64();
    figures.waits.sort_unstable();
    let part =
        |of: f64| figures.waits.get((figures.waits.len() as f64 * of) as usize).map_or(0.0, Duration::as_secs_f64);
    let n = rounds * at_once;
    println!(
        "rounds {rounds}, at once {at_once}, refreshes n = {n}, {elapsed:.1} s, {:.0} refreshes/s",
        n as f64 / elapsed
    );
    println!("live successors per round, at most: {}", figures.most_successors);
    println!("honest logouts: {}", figures.signed_out);
    println!("other errors: {}", figures.errors);
    println!("wait of one refresh: p50 {:.1} ms, p99 {:.1} ms", part(0.5) * 1e3, part(0.99) * 1e3);
    Ok(())
}

/// One round; gives the successor.
async fn round(
    identity: &Identity,
    token: &Secret,
    at_once: usize,
    figures: &mut Figures,
) -> Result<Secret, Box<dyn Error>> {
    let tries: Vec<_> = (0..at_once)
        .map(|_| {
            let (identity, token) = (identity.clone(), token.clone());
            tokio::spawn(async move {
                let begin = Instant::now();
                (identity.refresh(&token, None, &Client::default()).await, begin.elapsed())
            })
        })
        .collect();
    let mut successors: HashSet<String> = HashSet::new();
    for answer in tries {
        let (answer, wait) = answer.await?;
        figures.waits.push(wait);
        match answer {
            Ok(signed_in) => {
                identity.authenticate(signed_in.access_token.expose())?;
                successors.insert(signed_in.refresh_token.expose().to_owned());
            }
            Err(error) if error.kind() == ErrorKind::Unauthorized => figures.signed_out += 1,
            Err(_) => figures.errors += 1,
        }
    }
    figures.most_successors = figures.most_successors.max(successors.len());
    Ok(Secret::new(successors.into_iter().next().ok_or("nobody got a successor")?))
}
