//! In-memory storage ports.
