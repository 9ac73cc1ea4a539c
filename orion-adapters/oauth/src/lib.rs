//! Signing in with an account elsewhere: OAuth 2.0 authorization code with PKCE.
//!
//! [`GithubOauth`] and [`GoogleOauth`] send a browser to the provider and ask, with the code that comes back, who it
//! is. People are known by the provider's own identifier; an address counts as theirs only if the provider says that
//! it has verified it.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod client;
mod github;
mod google;

#[cfg(test)]
mod tests;

pub use github::GithubOauth;
pub use google::{GoogleEndpoints, GoogleOauth};
