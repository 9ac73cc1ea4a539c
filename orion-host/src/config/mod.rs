//! Configuration: defaults, then `orion.toml`, then the environment, then flags. Strict: a key that nobody
//! knows is an error that names the nearest one. This module alone knows where settings come from.

mod alias;
mod keys;
mod load;
mod request;
mod value;

pub use keys::{Config, KEYS, Key};
pub use load::{Layers, Origin};

#[cfg(test)]
mod tests;
