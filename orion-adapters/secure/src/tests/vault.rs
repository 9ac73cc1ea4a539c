use super::{entropy, secret};
use crate::{Key, KeyVault};
use fernet::Fernet;
use orion_core::ErrorKind;
use orion_core::port::Vault;
use orion_core::testing::assert_fails;
use proptest::prelude::*;

fn key(n: u8) -> Key {
    Key::from_bytes([n; 32])
}

fn vault(keys: &[Key]) -> KeyVault {
    KeyVault::new(keys, entropy(99)).unwrap()
}

#[test]
fn seals_open_for_their_purpose_only() {
    let vault = vault(&[key(1)]);
    let text = secret("{\"token\":\"gho_äöü\"}");
    let (a, b) = (vault.seal(&text, "tokens").unwrap(), vault.seal(&text, "tokens").unwrap());
    assert_ne!(a, b);
    assert_eq!(vault.open(&a, "tokens").unwrap(), text);
    assert_eq!(vault.open(&b, "tokens").unwrap(), text);
    assert_fails(vault.open(&a, "credentials"), ErrorKind::Corrupt);
    assert_fails(vault.open(&a, ""), ErrorKind::Corrupt);
    assert_eq!(format!("{vault:?}"), "KeyVault { keys: 1, .. }");
}

#[test]
fn every_single_bit_counts() {
    let vault = vault(&[key(1)]);
    let sealed = vault.seal(&secret("a secret"), "test").unwrap();
    for at in 0..sealed.expose().len() {
        for bit in 0..8 {
            let mut bytes = sealed.expose().as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            assert_fails(vault.open(&secret(&String::from_utf8_lossy(&bytes)), "test"), ErrorKind::Corrupt);
        }
        assert_fails(vault.open(&secret(&sealed.expose()[..at]), "test"), ErrorKind::Corrupt);
    }
}

#[test]
fn keys_rotate() {
    let old = vault(&[key(1)]);
    let both = vault(&[key(2), key(1)]);
    let new = vault(&[key(2)]);
    let (before, after) = (old.seal(&secret("a"), "test").unwrap(), both.seal(&secret("b"), "test").unwrap());
    assert_eq!(both.open(&before, "test").unwrap(), secret("a"));
    assert_eq!(new.open(&after, "test").unwrap(), secret("b"));
    assert_fails(new.open(&before, "test"), ErrorKind::Corrupt);
    assert_fails(old.open(&after, "test"), ErrorKind::Corrupt);
    assert_fails(KeyVault::new(&[], entropy(1)), ErrorKind::Invalid);
}

/// From the test vectors of the Fernet specification.
#[test]
fn fernet_tokens_open_with_fernet_keys() {
    let fernet_key = Key::parse(&secret("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")).unwrap();
    let token = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
    let vault = vault(&[key(5), fernet_key.clone()]);
    assert_eq!(vault.open(&secret(token), "credentials").unwrap(), secret("hello"));
    assert_fails(KeyVault::new(&[key(5)], entropy(1)).unwrap().open(&secret(token), "x"), ErrorKind::Corrupt);
    let fresh = Fernet::new(fernet_key.to_text().expose()).unwrap().encrypt(b"{\"api_key\":\"x\"}");
    assert_eq!(vault.open(&secret(&fresh), "credentials").unwrap(), secret("{\"api_key\":\"x\"}"));
    for at in 0..token.len() {
        let mut bytes = token.as_bytes().to_vec();
        bytes[at] ^= 1;
        if let Ok(opened) = vault.open(&secret(&String::from_utf8_lossy(&bytes)), "credentials") {
            // Only the unused bits behind the last byte may differ.
            assert_eq!((opened, at), (secret("hello"), token.len() - 3));
        }
        let _ = vault.open(&secret(&token[..at]), "credentials");
    }
}

#[test]
fn what_is_derived_stays_and_depends_on_everything() {
    let vault = vault(&[key(1), key(2)]);
    let value = vault.derive("refresh token", b"data").unwrap();
    assert_eq!(value, vault.derive("refresh token", b"data").unwrap());
    assert_eq!(value, KeyVault::new(&[key(1)], entropy(3)).unwrap().derive("refresh token", b"data").unwrap());
    // Tokens that people hold depend on this value: it must never change.
    let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "0c8419ef520490eb4026718dcbc661cb3f701c623f57a1a03deb32ceeea38a19");
    for (purpose, data) in [("refresh toke", &b"ndata"[..]), ("refresh token", b"dat"), ("device", b"data"), ("", b"")]
    {
        assert_ne!(value, vault.derive(purpose, data).unwrap());
    }
    assert_ne!(value, KeyVault::new(&[key(2)], entropy(3)).unwrap().derive("refresh token", b"data").unwrap());
}

proptest! {
    #[test]
    fn any_text_comes_back(text in ".{0,300}", purpose in ".{0,40}") {
        let vault = vault(&[key(1)]);
        let sealed = vault.seal(&secret(&text), &purpose).unwrap();
        prop_assert_eq!(vault.open(&sealed, &purpose).unwrap(), secret(&text));
    }

    #[test]
    fn nonsense_is_corrupt(text in "\\PC{0,200}|v1\\.[A-Za-z0-9_-]{0,120}|gAAAA[A-Za-z0-9_-]{0,160}={0,2}") {
        assert_fails(vault(&[key(1)]).open(&secret(&text), "test"), ErrorKind::Corrupt);
    }
}
