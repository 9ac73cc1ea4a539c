//! What adapters share that speak HTTP to a provider.
//!
//! A [`Service`] is one server and one client for it: where it is, the key it wants, how long to wait. A [`Call`] is
//! one request, an [`Answer`] the beginning of what came back, to be read whole and bounded
//! ([`bytes`](Answer::bytes), [`json`](Answer::json)) or as it comes ([`lines`](Answer::lines),
//! [`events`](Answer::events)). Everything ends with the operation, with the deadline, and with a server that falls
//! silent; dropping an answer closes its connection.
//!
//! What a server refuses becomes an [`Error`](orion_core::Error) here, once: statuses have kinds, `Retry-After` is the
//! wait that was asked for, and what the server said is cut, cleaned of controls and of the key.
//!
//! ```no_run
//! # use orion_core::{Operation, domain::Secret, port::Side};
//! # async fn example(operation: &Operation) -> orion_core::Result<()> {
//! let service = orion_http::Service::new("Example", "https://api.example.org/v1", Side::Cloud)?
//!     .with_secret("authorization", "Bearer ", &Secret::new("key"))?;
//! let answer = service.get(&["models"]).send(&operation.cancellation).await?;
//! let models: serde_json::Value = answer.json(1 << 20).await?;
//! # Ok(())
//! # }
//! ```
//!
//! The addresses are those that an operator configured, so they may be private; addresses that users give are fetched
//! by `orion-fetch`.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod answer;
mod call;
mod refusal;
mod service;
mod stream;
#[cfg(test)]
mod tests;
mod trust;
mod wait;

pub use answer::Answer;
pub use call::Call;
pub use refusal::Refusal;
pub use service::Service;
pub use stream::{Event, Events, Lines};
pub use trust::client;
pub use wait::{quota_reset, retry_after};
