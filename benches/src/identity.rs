//! Identity on SQLite with the real cryptography, for the benchmarks of it.

use async_trait::async_trait;
use orion_core::Timestamp;
use orion_core::memory::MemoryWire;
use orion_core::port::{Clock, Entropy, Mail, Mailer};
use orion_core::service::identity::{Identity, IdentitySettings, Revoked};
use orion_core::service::lease::{Alone, Worker};
use orion_host::system::TokioSleeper;
use orion_secure::{Argon2Hasher, JwtTokens, Key, KeyVault};
use orion_sql::SqlStore;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Debug)]
struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

impl Entropy for System {
    #[expect(clippy::expect_used, reason = "a machine without randomness cannot be measured")]
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("the system gives randomness");
    }
}

/// Nobody reads the mails of a benchmark.
#[derive(Debug)]
struct Unread;

#[async_trait]
impl Mailer for Unread {
    async fn send(&self, _: &Mail) -> orion_core::Result<()> {
        Ok(())
    }
}

/// Identity on the store of a URI, with a key of its own, hashing two passwords at once.
///
/// # Errors
/// What opening the store says.
pub async fn open(uri: &str) -> orion_core::Result<Identity> {
    let entropy: Arc<dyn Entropy> = Arc::new(System);
    let key = Key::generate(entropy.as_ref());
    let uuid = entropy.uuid();
    let identity = Identity {
        store: Arc::new(SqlStore::open(uri).await?),
        clock: Arc::new(System),
        hasher: Arc::new(Argon2Hasher::new(Arc::clone(&entropy), 2)?),
        tokens: Arc::new(JwtTokens::new(&key.to_text(), "orion", "orion")?),
        vault: Arc::new(KeyVault::new(&[key], Arc::clone(&entropy))?),
        entropy,
        mailer: Arc::new(Unread),
        worker: Worker::new(Arc::new(TokioSleeper), Arc::new(Alone(uuid))),
        wire: Arc::new(MemoryWire::new()),
        revoked: Revoked::new(),
        settings: IdentitySettings {
            gateway_url: "http://localhost:8000".to_owned(),
            dashboard_url: "http://localhost:3001".to_owned(),
        },
    };
    identity.follow_revocations().await?;
    Ok(identity)
}
