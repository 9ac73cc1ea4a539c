//! Identity: who uses Orion and what they are told. Its use cases come next; see [`crate::domain::User`].
