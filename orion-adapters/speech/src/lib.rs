//! Speech with exact word times: Piper voices in pure Rust, espeak-ng as a fallback.
