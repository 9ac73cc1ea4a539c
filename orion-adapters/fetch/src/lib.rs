//! Polite, bounded HTTP that refuses private addresses.
//!
//! [`HttpFetcher`] is the only way in which Orion asks the open web for something. It resolves a name once,
//! refuses every address that is not public and connects to the very address it has checked; it follows
//! redirects by hand, with the same check at each; it reads a bounded body within a deadline; it asks one
//! host for one thing at a time and says who it is. Proxies of the environment are not used: behind one,
//! nobody could tell which address is connected to.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod address;
mod answer;
mod fetcher;
mod guard;
mod turn;

#[cfg(test)]
mod tests;

pub use fetcher::{FetcherBuilder, HttpFetcher, Posted};
