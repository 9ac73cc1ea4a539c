//! What keeps secrets: password hashes, access tokens and sealed values.
//!
//! [`Argon2Hasher`] hashes passwords, [`JwtTokens`] signs access tokens, and [`KeyVault`] seals values for storage and
//! derives tokens, all from keys that the host gives it. Randomness comes from the port
//! [`Entropy`](orion_core::port::Entropy), time is an argument.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod hasher;
mod key;
#[cfg(test)]
mod tests;
mod tokens;
mod vault;

pub use hasher::Argon2Hasher;
pub use key::Key;
pub use tokens::JwtTokens;
pub use vault::KeyVault;
