//! All of identity with its real parts: SQLite, Argon2id, signed tokens, sealed values.

use super::secret;
use crate::{Argon2Hasher, JwtTokens, Key, KeyVault};
use async_trait::async_trait;
use orion_core::domain::Secret;
use orion_core::memory::{ManualClock, MemoryWire};
use orion_core::port::{Clock, Entropy, Filter, Mail, Mailer, RepositoryExt};
use orion_core::service::identity::{Client, Identity, IdentitySettings, Revoked, SignedIn};
use orion_core::service::lease::{Alone, Worker};
use orion_core::testing::{Standstill, assert_fails};
use orion_core::{ErrorKind, Result};
use orion_sql::SqlStore;
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Debug)]
struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).unwrap();
    }
}

#[derive(Debug, Default)]
struct Postbox(Mutex<Vec<Mail>>);

#[async_trait]
impl Mailer for Postbox {
    async fn send(&self, mail: &Mail) -> Result<()> {
        self.0.lock().unwrap().push(mail.clone());
        Ok(())
    }
}

const PASSWORD: &str = "correct horse battery";

async fn identity(folder: &Path, clock: &Arc<ManualClock>, key: &Key) -> (Identity, Arc<Postbox>) {
    let store = SqlStore::open(&format!("sqlite:{}", folder.join("orion.db").display())).await.unwrap();
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let postbox = Arc::new(Postbox::default());
    let identity = Identity {
        store: Arc::new(store),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        worker: Worker::new(Arc::new(Standstill), Arc::new(Alone(entropy.uuid()))),
        entropy: Arc::clone(&entropy),
        hasher: Arc::new(Argon2Hasher::new(Arc::clone(&entropy), 2).unwrap()),
        tokens: Arc::new(JwtTokens::new(&key.to_text(), "orion", "orion").unwrap()),
        vault: Arc::new(KeyVault::new(std::slice::from_ref(key), entropy).unwrap()),
        mailer: Arc::clone(&postbox) as Arc<dyn Mailer>,
        wire: Arc::new(MemoryWire::new()),
        revoked: Revoked::new(),
        settings: IdentitySettings {
            gateway_url: "http://localhost:8000".to_owned(),
            dashboard_url: "http://localhost:3001".to_owned(),
        },
    };
    identity.follow_revocations().await.unwrap();
    (identity, postbox)
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-11-24T12:00:00Z".parse().unwrap()))
}

async fn login(identity: &Identity) -> Result<SignedIn> {
    identity.login("ada@example.org", &secret(PASSWORD), &Client::default()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_life_of_an_account() {
    let (folder, clock, key) = (tempfile::tempdir().unwrap(), clock(), Key::from_bytes([9; 32]));
    let (identity, postbox) = identity(folder.path(), &clock, &key).await;
    let user = identity.register("ada@example.org", &secret(PASSWORD), "Ada").await.unwrap();
    let text = postbox.0.lock().unwrap()[0].text.clone();
    let token = text.split("?token=").nth(1).unwrap().split_whitespace().next().unwrap();
    identity.verify_email(&secret(token)).await.unwrap();
    assert!(identity.profile(user.id).await.unwrap().user.email_verified);
    assert_fails(
        identity.login("ada@example.org", &secret("wrong password"), &Client::default()).await,
        ErrorKind::Unauthorized,
    );
    let first = login(&identity).await.unwrap();
    let second = identity.refresh(&first.refresh_token, None, &Client::default()).await.unwrap();

    // A restart knows the same tokens, gives the same successor, and remembers who was sent away.
    drop(identity);
    let (identity, _) = self::identity(folder.path(), &clock, &key).await;
    let caller = identity.authenticate(second.access_token.expose()).unwrap();
    let again = identity.refresh(&first.refresh_token, None, &Client::default()).await.unwrap();
    assert_eq!(again.refresh_token, second.refresh_token);
    clock.advance(Duration::from_secs(11));
    assert_fails(identity.refresh(&first.refresh_token, None, &Client::default()).await, ErrorKind::Unauthorized);
    assert_fails(identity.authenticate(second.access_token.expose()), ErrorKind::Unauthorized);
    let (restarted, _) = self::identity(folder.path(), &clock, &key).await;
    assert_fails(restarted.authenticate(second.access_token.expose()), ErrorKind::Unauthorized);
    assert_fails(restarted.refresh(&second.refresh_token, None, &Client::default()).await, ErrorKind::Unauthorized);
    assert_eq!(restarted.sessions(&caller).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_refreshes_leave_one_live_successor_and_every_client_signed_in() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
    let (identity, _) = identity(folder.path(), &clock, &Key::from_bytes([9; 32])).await;
    identity.register("ada@example.org", &secret(PASSWORD), "Ada").await.unwrap();
    let mut token = login(&identity).await.unwrap().refresh_token;
    for round in 0..20 {
        let tries: Vec<_> = (0..64)
            .map(|_| {
                let (identity, token) = (identity.clone(), token.clone());
                tokio::spawn(async move { identity.refresh(&token, None, &Client::default()).await })
            })
            .collect();
        let mut successors: HashSet<String> = HashSet::new();
        for answer in tries {
            let signed_in = answer.await.unwrap().unwrap();
            identity.authenticate(signed_in.access_token.expose()).unwrap();
            successors.insert(signed_in.refresh_token.expose().to_owned());
        }
        assert_eq!(successors.len(), 1, "round {round}");
        token = Secret::new(successors.into_iter().next().unwrap());
    }
    let sessions = identity.store.read().await.unwrap().sessions().all(&Filter::default()).await.unwrap();
    assert_eq!((sessions.len(), sessions[0].generation, sessions[0].ended_at), (1, 21, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_that_races_a_logout_leaves_nothing_alive() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
    let (identity, _) = identity(folder.path(), &clock, &Key::from_bytes([9; 32])).await;
    identity.register("ada@example.org", &secret(PASSWORD), "Ada").await.unwrap();
    for _ in 0..10 {
        let signed_in = login(&identity).await.unwrap();
        let caller = identity.authenticate(signed_in.access_token.expose()).unwrap();
        let refresher = {
            let (identity, token) = (identity.clone(), signed_in.refresh_token.clone());
            tokio::spawn(async move { identity.refresh(&token, None, &Client::default()).await })
        };
        identity.logout(&caller, Some(&signed_in.refresh_token)).await.unwrap();
        if let Ok(won) = refresher.await.unwrap() {
            assert_fails(identity.authenticate(won.access_token.expose()), ErrorKind::Unauthorized);
            let next = identity.refresh(&won.refresh_token, None, &Client::default()).await;
            assert_fails(next, ErrorKind::Unauthorized);
        }
        assert_fails(identity.authenticate(signed_in.access_token.expose()), ErrorKind::Unauthorized);
    }
}
