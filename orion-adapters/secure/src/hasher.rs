//! Passwords: Argon2id for new hashes, bcrypt verified for what an earlier system left.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error as HashError, PasswordHasher as _, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use orion_core::domain::Secret;
use orion_core::port::{Entropy, PasswordCheck, PasswordHasher};
use orion_core::{Error, ErrorKind, Result, Retry};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// 19 MiB, two passes, one lane: the second choice of OWASP's list, which is as strong as the others.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Passwords that wait for each place. So many take about two seconds; whoever comes then is sent away at once.
const WAITING: usize = 64;

/// No bcrypt hash costs more, however it came here; each step doubles the time, and 12 takes a quarter of a second.
const BCRYPT_MOST: u32 = 15;

/// Hashes passwords with Argon2id, a bounded number at a time, outside of the threads that serve requests.
#[derive(Clone)]
pub struct Argon2Hasher {
    argon2: Argon2<'static>,
    /// What a password is held against when there is no hash, so that this takes as long.
    nobody: Secret,
    entropy: Arc<dyn Entropy>,
    places: Arc<Semaphore>,
    /// Those at work, and those who may wait for them.
    queue: Arc<Semaphore>,
}

impl fmt::Debug for Argon2Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Argon2Hasher").field("places", &self.places.available_permits()).finish_non_exhaustive()
    }
}

impl Argon2Hasher {
    /// A hasher that works on at most this many passwords at once; each takes 19 MiB and one thread. Sixty-four more wait
    /// for each of them; who comes then is told to come back, the same for every name.
    ///
    /// # Errors
    /// `Invalid` for no place at all.
    pub fn new(entropy: Arc<dyn Entropy>, places: usize) -> Result<Self> {
        if places == 0 {
            return Err(Error::invalid("passwords need at least one place to be hashed"));
        }
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
        let params =
            params.map_err(|error| Error::unexpected("Argon2 refuses its settings").with_source(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let queue = Arc::new(Semaphore::new(places.saturating_mul(1 + WAITING)));
        let places = Arc::new(Semaphore::new(places));
        let nobody = nobodys(&*entropy);
        Ok(Self { argon2, nobody, entropy, places, queue })
    }

    fn hash_now(&self, password: &[u8]) -> Result<Secret> {
        let mut salt = [0_u8; 16];
        self.entropy.fill(&mut salt);
        let hash = self.argon2.hash_password_with_salt(password, &salt);
        let hash = hash.map_err(|error| Error::unexpected("hashing failed").with_source(error.to_string()))?;
        Ok(Secret::new(hash.to_string()))
    }

    fn verify_now(&self, password: &Secret, hash: Option<&Secret>) -> Result<PasswordCheck> {
        let Some(hash) = hash else {
            // The work is what counts; nobody has this hash, so the answer is no even for its password.
            self.verify_argon2(password, &self.nobody)?;
            return Ok(PasswordCheck { matches: false, outdated: false });
        };
        if hash.expose().starts_with("$2") { verify_bcrypt(password, hash) } else { self.verify_argon2(password, hash) }
    }

    fn verify_argon2(&self, password: &Secret, hash: &Secret) -> Result<PasswordCheck> {
        let hash = PasswordHash::new(hash.expose()).map_err(|_| not_a_hash())?;
        match self.argon2.verify_password(password.expose().as_bytes(), &hash) {
            Ok(()) => {
                let outdated = hash.algorithm != Algorithm::Argon2id.ident()
                    || Params::try_from(&hash).is_ok_and(|used| weaker(&used, self.argon2.params()));
                Ok(PasswordCheck { matches: true, outdated })
            }
            Err(HashError::PasswordInvalid) => Ok(PasswordCheck { matches: false, outdated: false }),
            Err(_) => Err(not_a_hash()),
        }
    }

    /// Runs work on a thread that may block, once there is a place.
    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce(&Self) -> Result<T> + Send + 'static) -> Result<T> {
        let queued = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| {
            Error::unavailable("too many passwords are being checked")
                .with_retry(Retry::Later(Some(Duration::from_secs(1))))
        })?;
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|_| Error::unavailable("password hashing has stopped"))?;
        let hasher = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            // Held by the work itself: who goes away does not free a place that is still in use.
            let _held = (place, queued);
            work(&hasher)
        });
        done.await.map_err(|error| Error::unexpected("password hashing failed").with_source(error))?
    }
}

/// A hash as [`Argon2Hasher`] makes them, of no password: salt and hash are drawn, which takes no work.
fn nobodys(entropy: &dyn Entropy) -> Secret {
    let (mut salt, mut hash) = ([0; 16], [0; Params::DEFAULT_OUTPUT_LEN]);
    entropy.fill(&mut salt);
    entropy.fill(&mut hash);
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    Secret::new(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}"))
}

fn not_a_hash() -> Error {
    Error::new(ErrorKind::Corrupt, "the stored password hash is unreadable")
}

fn weaker(used: &Params, present: &Params) -> bool {
    used.m_cost() < present.m_cost() || used.t_cost() < present.t_cost()
}

/// Whatever stands behind byte 72 never counted with bcrypt; the hash is to be replaced by one where it does.
fn verify_bcrypt(password: &Secret, hash: &Secret) -> Result<PasswordCheck> {
    let cost: Option<u32> = hash.expose().get(4..6).and_then(|cost| cost.parse().ok());
    if cost.is_none_or(|cost| cost > BCRYPT_MOST) {
        return Err(not_a_hash());
    }
    let matches = bcrypt::verify(password.expose(), hash.expose()).map_err(|_| not_a_hash())?;
    Ok(PasswordCheck { matches, outdated: matches })
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &Secret) -> Result<Secret> {
        let password = password.clone();
        self.in_turn(move |hasher| hasher.hash_now(password.expose().as_bytes())).await
    }

    async fn verify(&self, password: &Secret, hash: Option<&Secret>) -> Result<PasswordCheck> {
        let (password, hash) = (password.clone(), hash.cloned());
        self.in_turn(move |hasher| hasher.verify_now(&password, hash.as_ref())).await
    }
}
