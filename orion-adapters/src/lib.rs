//! Every adapter behind one registry: a URI in, a port out.
//!
//! Each outside system is a crate of its own and a feature of this one; what is not built in is not known here.
//! Only the host's builder, and programs that wire ports by hand, need this crate.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

#[cfg(feature = "feeds")]
mod offline;
#[cfg(feature = "feeds")]
mod places;
mod registry;
mod uri;
mod words;

#[cfg(feature = "feeds")]
pub use offline::Offline;
#[cfg(feature = "feeds")]
pub use places::*;
pub use registry::*;
pub use uri::Uri;
pub use words::WordsAccess;

#[cfg(feature = "blob")]
pub use orion_blob as blob;
#[cfg(feature = "elevenlabs")]
pub use orion_elevenlabs as elevenlabs;
#[cfg(feature = "feeds")]
pub use orion_feeds as feeds;
#[cfg(any(feature = "feeds", feature = "social"))]
pub use orion_fetch as fetch;
#[cfg(feature = "fish")]
pub use orion_fish as fish;
#[cfg(feature = "graphics")]
pub use orion_graphics as graphics;
#[cfg(feature = "feeds")]
pub use orion_http as http;
#[cfg(feature = "mail")]
pub use orion_mail as mail;
#[cfg(feature = "milvus")]
pub use orion_milvus as milvus;
#[cfg(feature = "oauth")]
pub use orion_oauth as oauth;
#[cfg(feature = "ollama")]
pub use orion_ollama as ollama;
#[cfg(feature = "openai")]
pub use orion_openai as openai;
#[cfg(feature = "redis")]
pub use orion_redis as redis;
#[cfg(feature = "render")]
pub use orion_render as render;
#[cfg(feature = "s3")]
pub use orion_s3 as s3;
#[cfg(feature = "secure")]
pub use orion_secure as secure;
#[cfg(feature = "social")]
pub use orion_social as social;
#[cfg(feature = "speech")]
pub use orion_speech as speech;
#[cfg(feature = "sql")]
pub use orion_sql as sql;
#[cfg(feature = "trends")]
pub use orion_trends as trends;
#[cfg(feature = "speech")]
pub use orion_voice as voice;
