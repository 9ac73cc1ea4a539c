//! The whole, from outside: end-to-end runs and checks of the tree itself.
