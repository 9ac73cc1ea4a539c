//! Sentences, as a reader sees them.
