//! Milvus: nearest neighbours of many vectors, over its gRPC interface.
//!
//! [`MilvusVectors`] is a [`VectorIndex`](orion_core::port::VectorIndex). The two collections of the contract (section
//! 5.5), `hook_embeddings` and `content_embeddings`, have its columns, so that other programs can read them; any other
//! collection keeps key and payload as texts. Every collection is indexed as IVF_FLAT by cosine with `nlist` 128 and
//! searched with `nprobe` 16; it gets the length of the first vector, and a vector of another length is refused.
//!
//! Nothing is contacted before the first call, and a server that is away is an error of that call alone.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod client;
mod index;
mod layout;
mod options;
mod proto;
#[cfg(test)]
mod tests;

pub use index::MilvusVectors;
pub use options::MilvusOptions;
