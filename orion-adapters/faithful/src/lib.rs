//! Servers for tests that speak the documented protocols of providers that cannot run in a test: they check what they
//! are sent (paths, headers, bodies, order), answer as the real ones do, and have bad days when told to.
//!
//! A [`Server`] listens on a free port of this machine and lets a handler answer. Every request is kept
//! ([`Server::seen`]); a bad day is queued with [`Server::next`] and answers one request in the handler's place.
//! What a real server would refuse is refused with its status and its form of error, so a test that gets an answer
//! has sent what is documented. [`bad_days`] are those that any server over HTTP can have. [`openai`], [`ollama`], [`elevenlabs`] and [`fish`] are such handlers.
//!
//! Their models are small and honest: the writer takes its sentences from the sources in the prompt, a voice is a tone
//! for every word, and the ear hears tones.

#![expect(clippy::unwrap_used, reason = "a server for tests fails by panicking")]

pub mod comfyui;
mod days;
pub mod elevenlabs;
pub mod fal;
pub mod fish;
mod model;
pub mod ollama;
pub mod openai;
mod request;
mod running;
mod server;
mod sound;

pub use days::bad_days;
pub use request::{Field, Request};
pub use server::{Part, Reply, Server};
pub use sound::tones;
