//! The whole, from outside. The tests are in `it/`; this library is empty, because a package needs a target.
