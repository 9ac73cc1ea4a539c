//! The `orion` command.

fn main() {}
