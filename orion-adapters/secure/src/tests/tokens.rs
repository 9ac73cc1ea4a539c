use super::secret;
use crate::JwtTokens;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use orion_core::domain::Role;
use orion_core::id::{RevocationId, SessionId, UserId};
use orion_core::port::{AccessTokens, Claims};
use orion_core::testing::{assert_fails, sample};
use orion_core::{ErrorKind, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn tokens() -> JwtTokens {
    JwtTokens::new(&secret(KEY), "orion", "orion-api").unwrap()
}

fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

fn claims() -> Claims {
    Claims {
        id: RevocationId(sample::uuid(1)),
        session_id: SessionId(sample::uuid(2)),
        user_id: UserId(sample::uuid(3)),
        email: "ada@example.org".to_owned(),
        name: "Ada \"Ä\" <b>".to_owned(),
        role: Role::Editor,
        onboarding: false,
        issued_at: now(),
        expires_at: now().after(Duration::from_secs(900)),
    }
}

fn body() -> Value {
    json!({
        "iss": "orion", "aud": "orion-api", "jti": sample::uuid(1), "sid": sample::uuid(2), "sub": sample::uuid(3),
        "email": "ada@example.org", "name": "Ada", "role": "editor", "iat": 1_795_521_600, "exp": 1_795_522_500,
    })
}

fn header(algorithm: Algorithm, kind: Option<&str>) -> Header {
    Header { typ: kind.map(str::to_owned), ..Header::new(algorithm) }
}

fn signed(header: &Header, body: &Value, key: &str) -> String {
    encode(header, body, &EncodingKey::from_secret(key.as_bytes())).unwrap()
}

/// Any header and body, signed with the right key.
fn raw(header: &Value, body: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(header), part(body));
    let mut mac = <Hmac<sha2::Sha256> as KeyInit>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn refused(token: &str) {
    assert_fails(tokens().verify(token, now()), ErrorKind::Unauthorized);
}

#[test]
fn what_is_signed_is_read_and_has_the_claims_of_the_contract() {
    let token = tokens().sign(&claims()).unwrap();
    assert_eq!(tokens().verify(token.expose(), now()).unwrap(), claims());
    let part = |n: usize| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.expose().split('.').nth(n).unwrap()).unwrap()).unwrap()
    };
    assert_eq!(part(0), json!({"typ": "at+jwt", "alg": "HS256"}));
    let body = part(1);
    assert_eq!((&body["exp"], &body["iat"]), (&json!(1_795_522_500), &json!(1_795_521_600)));
    assert_eq!((&body["sub"], &body["role"]), (&json!(sample::uuid(3)), &json!("editor")));
    assert!(body.get("onboarding").is_none());
    let onboarding = Claims { onboarding: true, ..claims() };
    let token = tokens().sign(&onboarding).unwrap();
    assert_eq!(tokens().verify(token.expose(), now()).unwrap(), onboarding);
    assert!(!format!("{:?}", tokens()).contains(KEY));
}

#[test]
fn what_the_helpers_of_these_tests_sign_would_be_read() {
    assert!(tokens().verify(&signed(&header(Algorithm::HS256, Some("at+jwt")), &body(), KEY), now()).is_ok());
    assert!(tokens().verify(&raw(&json!({"typ": "at+jwt", "alg": "HS256"}), &body()), now()).is_ok());
}

#[test]
fn every_single_bit_counts() {
    let token = tokens().sign(&claims()).unwrap();
    let mut tried = 0;
    for at in 0..token.expose().len() {
        for bit in 0..8 {
            let mut bytes = token.expose().as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            refused(&String::from_utf8_lossy(&bytes));
            tried += 1;
        }
    }
    assert!(tried > 2000, "{tried}");
    for cut in 0..token.expose().len() {
        refused(&token.expose()[..cut]);
    }
}

#[test]
fn the_algorithm_is_pinned() {
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        refused(&signed(&header(algorithm, Some("at+jwt")), &body(), KEY));
    }
    for name in ["none", "None", "NONE", "", "RS256", "hs256"] {
        let token = raw(&json!({"typ": "at+jwt", "alg": name}), &body());
        refused(&token);
        let (unsigned, _) = token.rsplit_once('.').unwrap();
        refused(&format!("{unsigned}."));
        refused(unsigned);
    }
    let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode("an attacker's key of 32 bytes...")});
    refused(&raw(&json!({"typ": "at+jwt", "alg": "HS256", "jwk": jwk}), &body()));
    refused(&raw(&json!({"typ": "at+jwt", "alg": "HS256", "crit": ["exp"]}), &body()));
}

#[test]
fn issuer_audience_type_and_key_are_pinned() {
    for kind in [None, Some("JWT"), Some("refresh"), Some("AT+JWT")] {
        refused(&signed(&header(Algorithm::HS256, kind), &body(), KEY));
    }
    for (claim, value) in [
        ("iss", json!("other")),
        ("aud", json!("other")),
        ("aud", json!(["orion-api", "other"])),
        ("iss", json!(["orion"])),
        ("iss", json!(null)),
        ("role", json!("root")),
        ("role", json!("user")),
        ("sub", json!("1")),
        ("exp", json!("never")),
        ("exp", json!(null)),
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("jti", json!("")),
    ] {
        let mut body = body();
        body[claim] = value;
        refused(&signed(&header(Algorithm::HS256, Some("at+jwt")), &body, KEY));
    }
    for claim in ["iss", "aud", "exp", "iat", "jti", "sub", "sid", "role", "email", "name"] {
        let mut body = body();
        body.as_object_mut().unwrap().remove(claim);
        refused(&signed(&header(Algorithm::HS256, Some("at+jwt")), &body, KEY));
    }
    refused(&signed(&header(Algorithm::HS256, Some("at+jwt")), &body(), "another key of exactly 32 bytes."));
}

#[test]
fn time_is_the_argument() {
    let token = tokens().sign(&claims()).unwrap();
    let last = claims().expires_at.before(Duration::from_micros(1));
    assert!(tokens().verify(token.expose(), last).is_ok());
    for late in [claims().expires_at, Timestamp::MAX] {
        assert_fails(tokens().verify(token.expose(), late), ErrorKind::Unauthorized);
    }
}

#[test]
fn short_keys_are_refused_by_name_only() {
    for key in ["", "orion", &KEY[..31]] {
        let error = JwtTokens::new(&secret(key), "orion", "orion-api").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(key.is_empty() || !error.to_string().contains(key));
    }
    refused(&format!("{}.{}.{}", "a".repeat(9000), "b", "c"));
}

proptest! {
    #[test]
    fn any_claims_come_back(
        email in "\\PC{0,80}", name in ".{0,80}", role in 0..3_usize, onboarding: bool, lived in 0..900_i64, n: u64,
    ) {
        let issued_at = Timestamp::from_micros(1_795_521_600_000_000 - lived * 1_000_000);
        let claims = Claims {
            id: RevocationId(sample::uuid(n % 1_000_000)), email, name, role: Role::ALL[role], onboarding, issued_at,
            expires_at: issued_at.after(Duration::from_secs(900)), ..claims()
        };
        let token = tokens().sign(&claims).unwrap();
        prop_assert_eq!(tokens().verify(token.expose(), issued_at).unwrap(), claims);
    }

    #[test]
    fn mutations_are_refused(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6)) {
        let token = tokens().sign(&claims()).unwrap();
        let mut bytes = token.expose().as_bytes().to_vec();
        for (index, byte, edit) in edits {
            let at = index.index(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        prop_assume!(text != token.expose());
        prop_assert!(tokens().verify(&text, now()).is_err());
    }

    #[test]
    fn nonsense_is_refused(text in "\\PC{0,200}|[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}") {
        prop_assert!(tokens().verify(&text, now()).is_err());
    }
}
