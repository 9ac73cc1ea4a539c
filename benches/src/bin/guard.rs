//! Who is kept out: how many forged, mutated, foreign and expired access tokens open a door; how long after the end of a
//! session it is over, on HTTP and on open sockets; and how many guesses at one account's password are evaluated in an
//! hour, whatever addresses and devices they come by and however often the platform starts again.
//!
//! `cargo run --release -p orion-benches --bin guard [TOKENS] [ENDINGS]`

#![expect(clippy::print_stdout, reason = "figures are the output")]

use async_trait::async_trait;
use futures_util::StreamExt;
use orion_benches::load::{Anything, Connection, quantile, request};
use orion_benches::served::{self, PASSWORD, Served};
use orion_core::domain::{Role, Secret};
use orion_core::id::{RevocationId, SessionId, UserId};
use orion_core::port::{AccessTokens, Claims, Entropy, PasswordCheck, PasswordHasher};
use orion_core::service::identity::Client;
use orion_core::{ErrorKind, Timestamp};
use orion_host::system::OsEntropy;
use orion_secure::{JwtTokens, Key};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;

const ME: &str = "/api/v1/identity/users/me";
const GUESSES: usize = 2000;

#[tokio::main]
async fn main() -> Anything<()> {
    let mut arguments = std::env::args().skip(1);
    let tokens: usize = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let endings: usize = arguments.next().map_or(Ok(50), |text| text.parse())?;
    let served = served::start().await?;
    forged(&served, tokens).await?;
    for way in ["logout", "password changed", "disabled"] {
        ended(&served, way, endings).await?;
    }
    guesses(&served).await
}

/// Tokens that must open nothing.
struct Forger {
    good: [String; 2],
    claims: Claims,
    signers: Vec<(&'static str, JwtTokens)>,
    own: JwtTokens,
    entropy: OsEntropy,
}

impl Forger {
    fn new(served: &Served) -> Anything<Self> {
        let now = served.platform.orion.production().clock.now();
        let entropy = OsEntropy::default();
        let claims = Claims {
            id: RevocationId::random(&entropy),
            session_id: SessionId::random(&entropy),
            user_id: UserId::random(&entropy),
            email: "eve@example.org".to_owned(),
            name: "Eve".to_owned(),
            role: Role::Admin,
            onboarding: false,
            issued_at: now,
            expires_at: now.after(Duration::from_secs(900)),
        };
        let own = JwtTokens::new(&served.keys.jwt, "orion", "orion")?;
        let other = Key::generate(&entropy).to_text();
        let signers = vec![
            ("another key", JwtTokens::new(&other, "orion", "orion")?),
            ("another issuer", JwtTokens::new(&served.keys.jwt, "orion2", "orion")?),
            ("another audience", JwtTokens::new(&served.keys.jwt, "orion", "orion2")?),
        ];
        let second = own.sign(&claims)?.expose().to_owned();
        Ok(Self { good: [served.token.clone(), second], claims, signers, own, entropy })
    }

    fn below(&self, most: usize) -> usize {
        usize::try_from((&self.entropy as &dyn Entropy).number() % most.max(1) as u64).unwrap_or_default()
    }

    /// The next of its kind: what it is, and the token.
    fn next(&self, number: usize) -> Anything<(&'static str, String)> {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
        let letter = || LETTERS.get(self.below(LETTERS.len())).copied().unwrap_or(b'A');
        let good = &self.good[0];
        let parts = |token: &str| -> Vec<String> { token.split('.').map(str::to_owned).collect() };
        Ok(match number % 8 {
            0 | 1 => {
                let mut bytes = good.clone().into_bytes();
                let place = self.below(bytes.len());
                while bytes[place] == good.as_bytes()[place] {
                    bytes[place] = letter();
                }
                ("one letter changed", String::from_utf8(bytes)?)
            }
            2 => ("cut short", good[..self.below(good.len())].to_owned()),
            3 => {
                let (mut one, other) = (parts(good), parts(&self.good[1]));
                // The claims or the signature of another; the header is the same.
                let place = 1 + self.below(2);
                one[place].clone_from(&other[place]);
                ("parts of two tokens", one.join("."))
            }
            4 => {
                let ago = self.below(1_000_000) as i64 * 1_000_000;
                let now = self.claims.issued_at.as_micros() - ago;
                let at = |micros: i64| Timestamp::from_micros(micros);
                let claims = Claims { issued_at: at(now - 900_000_000), expires_at: at(now), ..self.claims.clone() };
                ("expired", self.own.sign(&claims)?.expose().to_owned())
            }
            5 => {
                let (kind, signer) = &self.signers[self.below(self.signers.len())];
                (*kind, signer.sign(&self.claims)?.expose().to_owned())
            }
            6 => {
                // {"alg":"none"}, {"alg":"none","typ":"JWT"}, {"alg":"HS512","typ":"JWT"}
                let heads = [
                    "eyJhbGciOiJub25lIn0",
                    "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0",
                    "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9",
                ];
                let part = parts(good);
                let signature = if self.below(2) == 0 { "" } else { part[2].as_str() };
                ("another algorithm", format!("{}.{}.{signature}", heads[self.below(heads.len())], part[1]))
            }
            _ => ("made up", (0..1 + self.below(400)).map(|_| char::from(letter())).collect()),
        })
    }
}

async fn forged(served: &Served, count: usize) -> Anything<()> {
    let forger = Arc::new(Forger::new(served)?);
    let mut connection = Connection::open(served.address).await?;
    let (status, head) = connection.ask(&request("GET", ME, &forger.good[0], "")).await?;
    if status != 200 {
        return Err(format!("the token that is good is refused: {head}").into());
    }
    let (next, accepted) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = Vec::new();
    for _ in 0..16 {
        let (forger, next, accepted, address) = (forger.clone(), next.clone(), accepted.clone(), served.address);
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(address).await?;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Anything::Ok(());
                }
                let (kind, token) = forger.next(number)?;
                let (status, head) = connection.ask(&request("GET", ME, &token, "")).await?;
                if status != 401 {
                    accepted.fetch_add(1, Ordering::Relaxed);
                    println!("{kind}: {head}");
                }
            }
        }));
    }
    for task in tasks {
        task.await??;
    }
    println!("forged tokens that were not refused with 401: {} of n = {count}", accepted.load(Ordering::Relaxed));
    Ok(())
}

/// From the call that ends a session to the first refusal of its token, and to the end of its socket.
async fn ended(served: &Served, way: &str, count: usize) -> Anything<()> {
    let (mut calls, mut sockets) = (Vec::new(), Vec::new());
    let identity = &served.platform.identity;
    let address = served.address;
    for number in 0..count {
        let email = format!("{}{number}@example.org", way.replace(' ', "-"));
        let password = Secret::new(PASSWORD);
        let user = identity.register(&email, &password, "Bob").await?;
        let signed = identity.login(&email, &password, &Client::default()).await?;
        let token = signed.access_token.expose().to_owned();
        let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{address}/ws?token={token}")).await?;
        let (method, path, by, body) = match way {
            "logout" => ("POST", "/api/v1/auth/logout".to_owned(), &token, String::new()),
            "disabled" => {
                let path = format!("/api/v1/identity/users/{}/status", user.id);
                ("PUT", path, &served.token, json!({ "is_active": false }).to_string())
            }
            _ => {
                let body = json!({ "current_password": PASSWORD, "new_password": "another horse" }).to_string();
                ("PUT", format!("{ME}/password"), &token, body)
            }
        };
        let mut connection = Connection::open(address).await?;
        let (status, head) = connection.ask(&request(method, &path, by, &body)).await?;
        let begun = Instant::now();
        if !(200..300).contains(&status) {
            return Err(head.into());
        }
        let closed = tokio::spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                if matches!(message, Message::Close(_)) {
                    break;
                }
            }
            begun.elapsed()
        });
        let ask = request("GET", ME, &token, "");
        while connection.ask(&ask).await?.0 != 401 {
            if begun.elapsed() > Duration::from_secs(10) {
                return Err(format!("{way}: the token is still good").into());
            }
        }
        calls.push(begun.elapsed());
        sockets.push(tokio::time::timeout(Duration::from_secs(10), closed).await??);
    }
    println!(
        "{way}: from the answer to the refusal of its token p50 {:?}, longest {:?}; to the end of its socket p50 {:?}, longest {:?}; n = {count}",
        quantile(&mut calls, 0.5),
        quantile(&mut calls, 1.0),
        quantile(&mut sockets, 0.5),
        quantile(&mut sockets, 1.0)
    );
    Ok(())
}

/// Counts the passwords that are held against a hash.
#[derive(Debug)]
struct Counting {
    inner: Arc<dyn PasswordHasher>,
    evaluated: AtomicUsize,
}

#[async_trait]
impl PasswordHasher for Counting {
    async fn hash(&self, password: &Secret) -> orion_core::Result<Secret> {
        self.inner.hash(password).await
    }

    async fn verify(&self, password: &Secret, hash: Option<&Secret>) -> orion_core::Result<PasswordCheck> {
        self.evaluated.fetch_add(1, Ordering::Relaxed);
        self.inner.verify(password, hash).await
    }
}

async fn guesses(served: &Served) -> Anything<()> {
    let password = Secret::new(PASSWORD);
    let email = "carol@example.org";
    served.platform.identity.register(email, &password, "Carol").await?;
    let at_home = Client { address: "192.0.2.1".to_owned(), ..Client::default() };
    let mut identity = served.platform.identity.clone();
    let home = identity.login(email, &password, &at_home).await?;
    let counting = Arc::new(Counting { inner: identity.hasher.clone(), evaluated: AtomicUsize::new(0) });
    let mut strange = 0;
    for number in 0..GUESSES {
        if number % 100 == 0 {
            // A start of the platform anew: nothing is known but what is in the record.
            identity = served::open(served.folder.path()).await?.0.identity.clone();
            identity.hasher = counting.clone();
        }
        let address = match number % 3 {
            0 => "192.0.2.1".to_owned(),
            _ => format!("198.51.{}.{}", number / 250, number % 250),
        };
        let device = (number % 4 == 0).then(|| Secret::new(format!("ord_{number:096x}")));
        let name = ["carol@example.org", "CAROL@example.org", " carol@example.org "][number % 3];
        let wrong = Secret::new(format!("guess number {number}"));
        match identity.login(name, &wrong, &Client { address, device, ..Client::default() }).await {
            Err(error) if matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::RateLimited) => {}
            _ => strange += 1,
        }
    }
    let evaluated = counting.evaluated.load(Ordering::Relaxed);
    let device = Client { address: "203.0.113.9".to_owned(), device: Some(home.device), ..Client::default() };
    let begun = Instant::now();
    let honest = identity.login(email, &password, &device).await;
    println!(
        "guesses evaluated: {evaluated} of n = {GUESSES} by {GUESSES} addresses over {} starts; other answers: {strange}; \
         the honest user's device gets in: {} after {:?}",
        GUESSES / 100,
        honest.is_ok(),
        begun.elapsed()
    );
    Ok(())
}
