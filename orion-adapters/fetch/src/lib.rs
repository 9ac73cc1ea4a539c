//! Polite, bounded HTTP that refuses private addresses.
