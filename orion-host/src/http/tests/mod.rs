//! The gateway from outside: requests through all of its layers, and real sockets.

mod bed;
mod layers;
mod matrix;
mod sign_in;
mod sockets;
