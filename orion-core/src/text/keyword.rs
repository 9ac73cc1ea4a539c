//! Whole-word matching of keywords.
