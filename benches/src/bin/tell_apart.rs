//! Whether a stranger can tell known addresses from unknown ones by time.
//!
//! `cargo run --release -p orion-benches --bin tell_apart -- [PAIRS]`
//!
//! Signs in with a wrong password, and asks for a new password, for known and unknown addresses in turn, and prints the
//! AUC of telling them apart by how long the answer took: 0.5 is "not at all".

use orion_benches::identity::open;
use orion_core::domain::Secret;
use orion_core::service::identity::{Client, Identity};
use std::env;
use std::error::Error;
use std::time::{Duration, Instant};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the figures are the program's output")]
async fn main() -> Result<(), Box<dyn Error>> {
    let pairs: usize = env::args().nth(1).map_or(Ok(500), |pairs| pairs.parse())?;
    let folder = tempfile::tempdir()?;
    let identity = open(&format!("sqlite:{}", folder.path().join("orion.db").display())).await?;
    let password = Secret::new("correct horse battery");
    for n in 0..pairs {
        identity.register(&address("known", n), &password, "Ada").await?;
    }
    let (mut logins, mut mails) = (Times::default(), Times::default());
    for n in 0..pairs {
        // Which comes first changes by turns, so that neither always finds the caches warm.
        let order = if n % 2 == 0 { ["known", "other"] } else { ["other", "known"] };
        for kind in order {
            logins.add(kind, login(&identity, &address(kind, n), n).await?);
        }
        for kind in order {
            mails.add(kind, forgot(&identity, &address(kind, n), n).await?);
        }
    }
    println!("pairs n = {pairs}");
    println!("login with a wrong password: {logins}");
    println!("forgotten password: {mails}");
    Ok(())
}

fn address(kind: &str, n: usize) -> String {
    format!("{kind}{n:06}@example.org")
}

/// A network address of its own for every try, so that no limit is met.
fn client(n: usize) -> Client {
    Client { address: format!("198.51.{}.{}", n / 250 % 250, n % 250), ..Client::default() }
}

async fn login(identity: &Identity, address: &str, n: usize) -> Result<Duration, Box<dyn Error>> {
    let (wrong, client) = (Secret::new("a wrong password"), client(n));
    let begin = Instant::now();
    let answer = identity.login(address, &wrong, &client).await;
    let elapsed = begin.elapsed();
    match answer {
        Err(error) if error.kind() == orion_core::ErrorKind::Unauthorized => Ok(elapsed),
        other => Err(format!("expected a refusal, got {other:?}").into()),
    }
}

async fn forgot(identity: &Identity, address: &str, n: usize) -> Result<Duration, Box<dyn Error>> {
    let client = client(n);
    let begin = Instant::now();
    identity.forgot_password(address, &client).await?;
    Ok(begin.elapsed())
}

#[derive(Debug, Default)]
struct Times {
    known: Vec<Duration>,
    other: Vec<Duration>,
}

impl Times {
    fn add(&mut self, kind: &str, time: Duration) {
        if kind == "known" { self.known.push(time) } else { self.other.push(time) }
    }

    /// How often a known address took longer than an unknown one, over all pairs; ties count half.
    fn auc(&self) -> f64 {
        let wins = |known: &Duration| -> f64 {
            self.other.iter().map(|other| f64::from(known > other) + 0.5 * f64::from(known == other)).sum()
        };
        self.known.iter().map(wins).sum::<f64>() / (self.known.len() * self.other.len()) as f64
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let median = |times: &[Duration]| {
            let mut times = times.to_vec();
            times.sort_unstable();
            times.get(times.len() / 2).map_or(0.0, Duration::as_secs_f64) * 1e3
        };
        let (known, other) = (median(&self.known), median(&self.other));
        // The standard error of an AUC near one half, by the variance of Mann and Whitney's statistic.
        let error = (1.0 / (6.0 * self.known.len().max(1) as f64)).sqrt();
        write!(f, "AUC {:.3} ± {error:.3}, median {known:.2} ms known, {other:.2} ms unknown", self.auc())
    }
}
