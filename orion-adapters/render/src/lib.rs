//! The render engine: a timeline in, one validated video out.
