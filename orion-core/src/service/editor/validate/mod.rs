//! What a file must be, and whether it is: a rendered file against its timeline ([`validate`]), any file against what
//! a platform demands ([`check_file`]), a captioned one against what it was before ([`check_captioned`]). What can be set
//! right without encoding the picture anew is a [`Repair`](crate::port::Repair).

mod captioned;
mod content;
mod file;
mod rendered;
mod repair;
#[cfg(test)]
mod tests;

pub use captioned::{Captioned, check_captioned};
pub use file::check_file;
pub use rendered::{Expectations, validate};
pub use repair::repairs;

use crate::port::{CheckOutcome, Validation};

/// Checks as they are made.
#[derive(Debug, Default)]
struct Checks(Vec<CheckOutcome>);

impl Checks {
    fn add(&mut self, name: &str, weight: f64, passed: bool, expected: String, found: String) {
        self.0.push(CheckOutcome { name: name.to_owned(), passed, expected, found, weight, advice: None });
    }

    fn equal(&mut self, name: &str, weight: f64, expected: &str, found: Option<&str>) {
        let passed = found == Some(expected);
        self.add(name, weight, passed, expected.to_owned(), found.unwrap_or("none").to_owned());
    }

    /// Says what to do about the check made last, if it does not hold.
    fn advise(&mut self, advice: &str) {
        if let Some(check) = self.0.last_mut().filter(|check| !check.passed) {
            check.advice = Some(advice.to_owned());
        }
    }

    fn done(self) -> Validation {
        Validation { checks: self.0 }
    }
}
