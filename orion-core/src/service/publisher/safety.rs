//! The last look at a text before it goes out (contract, section 5.8).

use crate::{Error, Result};

/// A text that says anything has this many characters.
const FEWEST: usize = 10;

/// Refuses a text that is too short, too long or says what must not be said.
///
/// # Errors
/// [`Invalid`](crate::ErrorKind::Invalid) with every reason.
pub(super) fn check(text: &str, blocklist: &[String], limit: Option<usize>) -> Result<()> {
    let (text, mut reasons) = (text.trim(), Vec::new());
    let count = text.chars().count();
    if count < FEWEST {
        reasons.push(format!("the text has fewer than {FEWEST} characters"));
    }
    if let Some(limit) = limit.filter(|limit| count > *limit) {
        reasons.push(format!("the text has {count} characters, {limit} are allowed"));
    }
    let folded = text.to_lowercase();
    for word in blocklist.iter().map(|word| word.trim()).filter(|word| !word.is_empty()) {
        if folded.contains(&word.to_lowercase()) {
            reasons.push(format!("the text contains \"{word}\""));
        }
    }
    if reasons.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(format!("Safety check failed: {}", reasons.join("; "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_told() {
        let blocklist = ["Casino".to_owned(), " ".to_owned(), "ÄRGER".to_owned()];
        assert!(check("A harmless text.", &blocklist, Some(16)).is_ok());
        let told = |text: &str, limit| check(text, &blocklist, limit).unwrap_err().message().to_owned();
        assert_eq!(told("   short  ", None), "Safety check failed: the text has fewer than 10 characters");
        assert_eq!(
            told("Win at the cAsInO, kein Ärger!", Some(20)),
            "Safety check failed: the text has 30 characters, 20 are allowed; the text contains \"Casino\"; \
             the text contains \"ÄRGER\""
        );
    }
}
