//! Identity on a store in memory, with ports that do honestly what theirs promise, only faster.

mod accounts;
mod admin;
mod guesses;
mod mails;
mod oauth;
mod sessions;

use super::*;
use crate::domain::{Role, Sha256};
use crate::id::UserId;
use crate::memory::{ManualClock, MemoryStore, MemoryWire, SeededEntropy};
use crate::port::{Claims, Mail, PasswordCheck};
use crate::service::lease::Alone;
use crate::testing::{Standstill, sample};
use crate::{ErrorKind, Timestamp};
use async_trait::async_trait;
use serde_json::json;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Salted SHA-256: a real hash, and no slow one. It counts the passwords it was asked about.
#[derive(Debug)]
pub(super) struct FastHasher {
    entropy: SeededEntropy,
    pub(super) evaluated: AtomicUsize,
}

fn salted(salt: &str, password: &Secret) -> String {
    Sha256::of(format!("{salt}\0{}", password.expose()).as_bytes()).to_string()
}

#[async_trait]
impl PasswordHasher for FastHasher {
    async fn hash(&self, password: &Secret) -> Result<Secret> {
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt);
        let salt = hex::encode(&salt);
        Ok(Secret::new(format!("fast${salt}${}", salted(&salt, password))))
    }

    async fn verify(&self, password: &Secret, hash: Option<&Secret>) -> Result<PasswordCheck> {
        self.evaluated.fetch_add(1, Ordering::SeqCst);
        let hash = hash.map_or("fast$$none", Secret::expose);
        let corrupt = || Error::new(ErrorKind::Corrupt, "no hash");
        let (form, rest) = hash.split_once('$').ok_or_else(corrupt)?;
        let (salt, digest) = rest.split_once('$').ok_or_else(corrupt)?;
        let matches = salted(salt, password) == digest;
        Ok(PasswordCheck { matches, outdated: matches && form == "old" })
    }
}

/// A keyed SHA-256 over the claims.
#[derive(Debug)]
struct PlainTokens;

fn signature(body: &str) -> String {
    Sha256::of(format!("a key of these tests\0{body}").as_bytes()).to_string()
}

impl AccessTokens for PlainTokens {
    fn sign(&self, claims: &Claims) -> Result<Secret> {
        let body = json!([
            claims.id,
            claims.session_id,
            claims.user_id,
            claims.email,
            claims.name,
            claims.role,
            claims.onboarding,
            claims.issued_at,
            claims.expires_at,
        ]);
        let body = hex::encode(body.to_string().as_bytes());
        Ok(Secret::new(format!("{body}.{}", signature(&body))))
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<Claims> {
        let bad = || refused("invalid or expired token");
        let (body, signed) = token.split_once('.').ok_or_else(bad)?;
        if signature(body) != signed {
            return Err(bad());
        }
        let bytes =
            body.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap());
        let bytes: Vec<u8> = bytes.collect();
        let (id, session_id, user_id, email, name, role, onboarding, issued_at, expires_at) =
            serde_json::from_slice(&bytes)?;
        let claims = Claims { id, session_id, user_id, email, name, role, onboarding, issued_at, expires_at };
        if now < claims.expires_at { Ok(claims) } else { Err(bad()) }
    }
}

/// A keyed SHA-256, and a keystream of it.
#[derive(Debug)]
struct PlainVault(SeededEntropy);

impl PlainVault {
    fn stream(&self, purpose: &str, nonce: &str, text: &[u8]) -> Vec<u8> {
        let block = |n: usize| self.derive(purpose, format!("{nonce}/{n}").as_bytes()).unwrap();
        text.iter().enumerate().map(|(at, byte)| byte ^ block(at / 32)[at % 32]).collect()
    }
}

impl Vault for PlainVault {
    fn seal(&self, text: &Secret, purpose: &str) -> Result<Secret> {
        let mut nonce = [0; 16];
        self.0.fill(&mut nonce);
        let nonce = hex::encode(&nonce);
        let body = hex::encode(&self.stream(purpose, &nonce, text.expose().as_bytes()));
        let tag = hex::encode(&self.derive(purpose, format!("{nonce}{body}").as_bytes())?);
        Ok(Secret::new(format!("{nonce}.{body}.{tag}")))
    }

    fn open(&self, sealed: &Secret, purpose: &str) -> Result<Secret> {
        let corrupt = || Error::new(ErrorKind::Corrupt, "the seal is broken");
        let parts: Vec<&str> = sealed.expose().split('.').collect();
        let [nonce, body, tag] = parts[..] else { return Err(corrupt()) };
        if hex::encode(&self.derive(purpose, format!("{nonce}{body}").as_bytes())?) != tag {
            return Err(corrupt());
        }
        let bytes: Vec<u8> = body
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect();
        Ok(Secret::new(String::from_utf8(self.stream(purpose, nonce, &bytes)).map_err(|_| corrupt())?))
    }

    fn derive(&self, purpose: &str, data: &[u8]) -> Result<[u8; 32]> {
        let name = format!("another key of these tests/{}/{purpose}/", purpose.len());
        Ok(Sha256::of(&[name.as_bytes(), data].concat()).0)
    }
}

/// Keeps what it was given, unless it is down.
#[derive(Debug, Default)]
pub(super) struct Postbox {
    pub(super) mails: Mutex<Vec<Mail>>,
    pub(super) down: AtomicBool,
}

#[async_trait]
impl Mailer for Postbox {
    async fn send(&self, mail: &Mail) -> Result<()> {
        if self.down.load(Ordering::SeqCst) {
            return Err(Error::unavailable("the mail server is away"));
        }
        self.mails.lock().unwrap().push(mail.clone());
        Ok(())
    }
}

/// One process of an installation.
#[derive(Debug)]
pub(super) struct Kit {
    pub(super) identity: Identity,
    pub(super) clock: Arc<ManualClock>,
    pub(super) hasher: Arc<FastHasher>,
    pub(super) postbox: Arc<Postbox>,
}

pub(super) const PASSWORD: &str = "correct horse battery";

pub(super) fn secret(text: &str) -> Secret {
    Secret::new(text)
}

/// Somebody at an address, with or without a device token.
pub(super) fn client(address: &str, device: Option<&Secret>) -> Client {
    Client { agent: "a test".to_owned(), address: address.to_owned(), device: device.cloned() }
}

impl Kit {
    pub(super) async fn new() -> Self {
        let clock = Arc::new(ManualClock::at("2026-11-24T12:00:00.5Z".parse().unwrap()));
        Self::beside(Arc::new(MemoryStore::new()), clock, 1).await
    }

    /// Another process on the same store.
    pub(super) async fn second(&self) -> Self {
        Self::beside(Arc::clone(&self.identity.store), Arc::clone(&self.clock), 2).await
    }

    async fn beside(store: Arc<dyn Store>, clock: Arc<ManualClock>, seed: u64) -> Self {
        let hasher = Arc::new(FastHasher { entropy: SeededEntropy::new(seed), evaluated: AtomicUsize::new(0) });
        let postbox = Arc::new(Postbox::default());
        let identity = Identity {
            store,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::new(SeededEntropy::new(seed * 1000)),
            hasher: Arc::clone(&hasher) as Arc<dyn PasswordHasher>,
            tokens: Arc::new(PlainTokens),
            vault: Arc::new(PlainVault(SeededEntropy::new(seed * 2000))),
            mailer: Arc::clone(&postbox) as Arc<dyn Mailer>,
            worker: Worker::new(Arc::new(Standstill), Arc::new(Alone(sample::uuid(seed)))),
            wire: Arc::new(MemoryWire::new()),
            revoked: Revoked::new(),
            settings: IdentitySettings {
                gateway_url: "http://localhost:8000".to_owned(),
                dashboard_url: "http://localhost:3001".to_owned(),
            },
        };
        identity.follow_revocations().await.unwrap();
        Self { identity, clock, hasher, postbox }
    }

    pub(super) async fn register(&self, email: &str) -> User {
        self.identity.register(email, &secret(PASSWORD), "Ada").await.unwrap()
    }

    pub(super) async fn login(&self, email: &str) -> SignedIn {
        self.identity.login(email, &secret(PASSWORD), &client("192.0.2.1", None)).await.unwrap()
    }

    pub(super) fn caller(&self, signed_in: &SignedIn) -> Caller {
        self.identity.authenticate(signed_in.access_token.expose()).unwrap()
    }

    /// A signed-in user of a role.
    pub(super) async fn member(&self, email: &str, role: Role) -> Caller {
        let id = self.register(email).await.id;
        self.identity
            .change_user(id, |user| {
                user.role = role;
                Ok(())
            })
            .await
            .unwrap();
        self.caller(&self.login(email).await)
    }

    /// Sends what is due and gives the token of the last mail.
    pub(super) async fn last_token(&self) -> Secret {
        self.identity.deliver_mails().await.unwrap();
        let mails = self.postbox.mails.lock().unwrap();
        let (_, rest) = mails.last().unwrap().text.split_once("?token=").unwrap();
        Secret::new(rest.split_whitespace().next().unwrap())
    }

    pub(super) async fn user(&self, id: UserId) -> User {
        self.identity.profile(id).await.unwrap().user
    }
}
