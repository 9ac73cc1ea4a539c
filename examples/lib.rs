//! Programs that embed Orion: `cargo run -p orion-examples --example embed`, `… --example provider`.
