//! The gateway from outside: requests through all of its layers, and real sockets.

#![expect(clippy::panic, clippy::expect_used, reason = "tests fail by panicking")]
#![expect(clippy::print_stdout, reason = "what is measured is printed")]

mod bed;
mod content;
mod deploy;
mod elsewhere;
mod layers;
mod matrix;
mod oauth;
mod running;
mod sign_in;
mod sockets;
