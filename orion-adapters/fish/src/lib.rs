//! Fish Speech: a local speech server.
