//! What is promised of keys, hashes, tokens and seals, and all of identity on them.

mod flow;
mod hasher;
mod tokens;
mod vault;

use crate::Key;
use orion_core::ErrorKind;
use orion_core::domain::Secret;
use orion_core::memory::SeededEntropy;
use orion_core::port::Entropy;
use orion_core::testing::assert_fails;
use std::sync::Arc;

fn secret(text: &str) -> Secret {
    Secret::new(text)
}

fn entropy(seed: u64) -> Arc<dyn Entropy> {
    Arc::new(SeededEntropy::new(seed))
}

#[test]
fn keys_come_back_in_every_spelling_and_are_never_shown() {
    let key = Key::from_bytes([0xfb; 32]);
    let text = key.to_text();
    assert_eq!(text.expose(), "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s=");
    let standard = text.expose().replace('-', "+").replace('_', "/");
    for spelling in [
        text.expose(),
        &standard,
        text.expose().trim_end_matches('='),
        " -_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s=\n",
    ] {
        assert_eq!(Key::parse(&secret(spelling)).unwrap(), key);
    }
    assert_eq!(format!("{key:?}"), "Key([redacted])");
    let wrong = "c2hvcnQ";
    for text in ["", wrong, "not base64 at all!", &standard[..40], &format!("{standard}AAAA")] {
        let error = Key::parse(&secret(text)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(text.is_empty() || !format!("{error:?}").contains(text));
    }
    assert_ne!(Key::generate(entropy(1).as_ref()), Key::generate(entropy(2).as_ref()));
}

#[test]
fn a_list_of_keys_is_read_in_order() {
    let (a, b) = (Key::from_bytes([1; 32]), Key::from_bytes([2; 32]));
    let list = format!("{}, {},", a.to_text().expose(), b.to_text().expose());
    assert_eq!(Key::parse_list(&secret(&list)).unwrap(), [a, b]);
    for wrong in ["", " , ", "AAAA"] {
        assert_fails(Key::parse_list(&secret(wrong)), ErrorKind::Invalid);
    }
}
