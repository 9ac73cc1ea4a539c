//! Benchmarks of the whole engine and its parts.
