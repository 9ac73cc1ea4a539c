//! Bounds of what clients send, refused in the contract's shape before anything is done.

use super::ApiError;
use std::fmt::Display;
use std::ops::RangeInclusive;

/// Refuses a number outside its bounds, by its place in the request.
pub(super) fn within<N: PartialOrd + Display>(
    place: &[&str],
    value: N,
    bounds: RangeInclusive<N>,
) -> Result<N, ApiError> {
    if bounds.contains(&value) {
        return Ok(value);
    }
    Err(ApiError::field(place, "out_of_range", format!("must be {} to {}", bounds.start(), bounds.end())))
}

/// Refuses a text that is blank or has more characters than `most`, by its place in the request.
pub(super) fn text(place: &[&str], value: &str, most: usize) -> Result<(), ApiError> {
    if value.trim().is_empty() {
        return Err(ApiError::field(place, "missing", "must not be empty"));
    }
    length(place, value, most)
}

/// Refuses a text with more characters than `most`, by its place in the request.
pub(super) fn length(place: &[&str], value: &str, most: usize) -> Result<(), ApiError> {
    if value.chars().count() <= most {
        return Ok(());
    }
    Err(ApiError::field(place, "string_too_long", format!("must have at most {most} characters")))
}

/// A text that may be missing or blank, trimmed; refused if it is too long.
pub(super) fn optional(place: &[&str], value: Option<String>, most: usize) -> Result<Option<String>, ApiError> {
    let trimmed = value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    if let Some(value) = &trimmed {
        length(place, value, most)?;
    }
    Ok(trimmed)
}

/// A page of a list counted by pages: where it begins and how long it is.
pub(super) fn page(page: Option<u64>, size: u32) -> Result<u64, ApiError> {
    let page = within(&["query", "page"], page.unwrap_or(1), 1..=1_000_000)?;
    Ok((page - 1) * u64::from(size))
}
