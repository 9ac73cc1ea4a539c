use super::{entropy, secret};
use crate::Argon2Hasher;
use orion_core::ErrorKind;
use orion_core::port::PasswordHasher;
use orion_core::testing::assert_fails;
use std::time::{Duration, Instant};

fn hasher() -> Argon2Hasher {
    Argon2Hasher::new(entropy(7), 2).unwrap()
}

#[tokio::test]
async fn hashes_differ_and_verify_and_say_how_they_were_made() {
    let hasher = hasher();
    let password = secret("correct horse battery");
    let (a, b) = (hasher.hash(&password).await.unwrap(), hasher.hash(&password).await.unwrap());
    assert_ne!(a, b);
    assert!(a.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", a.expose());
    for hash in [&a, &b] {
        let check = hasher.verify(&password, Some(hash)).await.unwrap();
        assert!(check.matches && !check.outdated);
        assert!(!hasher.verify(&secret("correct horse batterz"), Some(hash)).await.unwrap().matches);
    }
    assert!(!format!("{hasher:?}").contains('$'));
}

#[tokio::test]
async fn every_byte_of_a_password_counts() {
    let hasher = hasher();
    let long = "x".repeat(128);
    let hash = hasher.hash(&secret(&long)).await.unwrap();
    assert!(hasher.verify(&secret(&long), Some(&hash)).await.unwrap().matches);
    let other = format!("{}y", &long[..127]);
    assert!(!hasher.verify(&secret(&other), Some(&hash)).await.unwrap().matches);
    let nul = hasher.hash(&secret("before\0after!")).await.unwrap();
    assert!(!hasher.verify(&secret("before\0other!"), Some(&nul)).await.unwrap().matches);
}

/// From the test vectors of crypt_blowfish.
#[tokio::test]
async fn bcrypt_is_verified_and_outdated() {
    let hasher = hasher();
    let hash = secret("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");
    let check = hasher.verify(&secret("U*U"), Some(&hash)).await.unwrap();
    assert!(check.matches && check.outdated);
    let check = hasher.verify(&secret("U*V"), Some(&hash)).await.unwrap();
    assert!(!check.matches && !check.outdated);
    // It looked at 72 bytes and no more.
    let long = "0123456789".repeat(8);
    let hash = secret(&bcrypt::hash_with_salt(&long, 4, [3; 16]).unwrap().to_string());
    assert!(hasher.verify(&secret(&long), Some(&hash)).await.unwrap().matches);
    let same_72 = format!("{}and something else", &long[..72]);
    let check = hasher.verify(&secret(&same_72), Some(&hash)).await.unwrap();
    assert!(check.matches && check.outdated);
    assert!(!hasher.verify(&secret(&long[..71]), Some(&hash)).await.unwrap().matches);
}

#[tokio::test]
async fn weaker_settings_are_outdated() {
    use argon2::password_hash::PasswordHasher as _;
    let weak = argon2::Argon2::from(argon2::Params::new(1024, 1, 1, None).unwrap());
    let hash = weak.hash_password_with_salt(b"old password", b"0123456789abcdef").unwrap().to_string();
    let check = hasher().verify(&secret("old password"), Some(&secret(&hash))).await.unwrap();
    assert!(check.matches && check.outdated);
}

#[tokio::test]
async fn what_is_no_hash_is_corrupt() {
    let hasher = hasher();
    for hash in [
        "",
        "secret",
        "$argon2id$",
        "$2b$",
        "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$éé$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvy",
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA",
        "$pbkdf2-sha256$i=1$c2FsdHNhbHQ$aGFzaGhhc2g",
    ] {
        assert_fails(hasher.verify(&secret("x"), Some(&secret(hash))).await, ErrorKind::Corrupt);
    }
    assert!(Argon2Hasher::new(entropy(1), 0).is_err());
}

async fn takes(hasher: &Argon2Hasher, hash: Option<&orion_core::domain::Secret>) -> Duration {
    let begin = Instant::now();
    let _ = hasher.verify(&secret("a wrong guess"), hash).await;
    begin.elapsed()
}

#[tokio::test]
async fn no_hash_takes_as_long_as_one_and_never_matches() {
    let hasher = hasher();
    let hash = hasher.hash(&secret("right")).await.unwrap();
    // The shortest of several, in turns; other work on the machine only ever adds to them.
    let (mut with, mut without) = (Duration::MAX, Duration::MAX);
    for _ in 0..40 {
        with = with.min(takes(&hasher, Some(&hash)).await);
        without = without.min(takes(&hasher, None).await);
        let ratio = without.as_secs_f64() / with.as_secs_f64();
        if (0.6..1.7).contains(&ratio) {
            break;
        }
    }
    let ratio = without.as_secs_f64() / with.as_secs_f64();
    assert!((0.6..1.7).contains(&ratio), "{without:?} without, {with:?} with");
    assert!(!hasher.verify(&secret("nobody has this password"), None).await.unwrap().matches);
}

#[tokio::test]
async fn a_flood_is_sent_away_and_not_kept_waiting() {
    let hasher = Argon2Hasher::new(entropy(7), 1).unwrap();
    let password = secret("correct horse battery");
    let (mut done, mut away) = (0, 0);
    let mut flood = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (hasher, password) = (hasher.clone(), password.clone());
        flood.spawn(async move { hasher.verify(&password, None).await });
    }
    for answer in flood.join_all().await {
        match answer {
            Ok(check) => done += usize::from(!check.matches),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unavailable);
                assert!(matches!(error.retry(), orion_core::Retry::Later(Some(_))), "{error:?}");
                away += 1;
            }
        }
    }
    // One at work and sixty-four behind it; a few more, where places were free before all had come.
    assert!(done >= 65 && away > 0 && done + away == 200, "{done} and {away}");
    assert!(!hasher.verify(&password, None).await.unwrap().matches, "there is a place again");
}
