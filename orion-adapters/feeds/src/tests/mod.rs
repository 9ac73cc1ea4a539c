//! Whole documents: every dialect and encoding, real feeds, hostile ones, and pages.

mod real;
