//! What accounts may be made of. Every refusal names the field.

use crate::domain::Secret;
use crate::{Error, Result};

const EMAIL_MOST: usize = 512;
const NAME_MOST: usize = 256;
const PASSWORD_LEAST: usize = 8;
const PASSWORD_MOST: usize = 128;

fn wrong(field: &'static str, message: &'static str) -> Error {
    Error::invalid(message).with_context("field", field)
}

/// Whether a text is longer than this many characters. Looks at no more of it than it must.
fn exceeds(text: &str, most: usize) -> bool {
    text.chars().nth(most).is_some()
}

/// An address, trimmed and in lower case: something, one `@`, a domain with a dot or `localhost`.
pub(super) fn email(text: &str) -> Result<String> {
    let malformed = || wrong("email", "email must be an address like name@example.org");
    if exceeds(text, EMAIL_MOST) {
        return Err(wrong("email", "email must have at most 512 characters"));
    }
    let text = text.trim().to_lowercase();
    let (name, domain) = text.split_once('@').ok_or_else(malformed)?;
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"@".contains(c);
    let labels = domain.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    let known = domain.contains('.') || domain == "localhost";
    if name.is_empty() || !labels || !known || text.chars().filter(|c| odd(*c)).count() != 1 {
        return Err(malformed());
    }
    Ok(text)
}

/// A new password: 8 to 128 characters of any kind.
pub(super) fn password(password: &Secret) -> Result<()> {
    let text = password.expose();
    if text.chars().nth(PASSWORD_LEAST - 1).is_none() || exceeds(text, PASSWORD_MOST) {
        return Err(wrong("password", "password must have 8 to 128 characters"));
    }
    Ok(())
}

/// Whether a text can be anybody's password at all. What is longer is refused before any work is done on it.
pub(super) fn can_be_password(password: &Secret) -> bool {
    !password.expose().is_empty() && !exceeds(password.expose(), PASSWORD_MOST)
}

/// Whether a text can be what somebody signs in with.
pub(super) fn can_be_identifier(text: &str) -> bool {
    !text.trim().is_empty() && !exceeds(text, EMAIL_MOST) && !text.chars().any(char::is_control)
}

/// A name for people, trimmed: 1 to 256 characters, none of them a control character.
pub(super) fn name(text: &str) -> Result<String> {
    let name = line("name", text, NAME_MOST)?;
    if name.is_empty() { Err(wrong("name", "name must not be empty")) } else { Ok(name) }
}

/// A name to sign in with: 3 to 30 of lower-case letters, digits and underscores.
pub(super) fn username(text: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if (3..=30).contains(&text.len()) && text.chars().all(fits) {
        return Ok(());
    }
    Err(wrong("username", "username must have 3 to 30 characters of a-z, 0-9 and _"))
}

/// One line of text, trimmed, of at most so many characters.
pub(super) fn line(field: &'static str, text: &str, most: usize) -> Result<String> {
    if exceeds(text, most) {
        return Err(wrong(field, "text is too long").with_context("most", most));
    }
    if text.chars().any(char::is_control) {
        return Err(wrong(field, "text must be one line without control characters"));
    }
    Ok(text.trim().to_owned())
}

/// Text of several lines, of at most so many characters.
pub(super) fn text(field: &'static str, text: &str, most: usize) -> Result<String> {
    if exceeds(text, most) {
        return Err(wrong(field, "text is too long").with_context("most", most));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\r' && c != '\t') {
        return Err(wrong(field, "text must have no control characters"));
    }
    Ok(text.trim().to_owned())
}

/// A time zone by its IANA name, as far as a name can be told from nonsense without the table of all of them.
pub(super) fn timezone(text: &str) -> Result<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "/_+-".contains(c);
    if text.is_empty() || text.len() > 64 || !text.chars().all(fits) || !text.starts_with(|c: char| c.is_alphabetic()) {
        return Err(wrong("timezone", "timezone must be a name like Europe/Berlin"));
    }
    Ok(text.to_owned())
}

/// The address of a picture: `https`, or `http`.
pub(super) fn picture(text: &str) -> Result<String> {
    let url = line("avatar_url", text, 2048)?;
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if rest.is_none_or(str::is_empty) || url.contains(char::is_whitespace) {
        return Err(wrong("avatar_url", "avatar_url must be an http or https address"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::testing::assert_fails;

    #[test]
    fn addresses_are_normal_or_refused() {
        assert_eq!(email(" Ada.Lovelace+x@Example.ORG ").unwrap(), "ada.lovelace+x@example.org");
        assert_eq!(email("admin@orion.local").unwrap(), "admin@orion.local");
        assert_eq!(email("root@localhost").unwrap(), "root@localhost");
        let long = format!("{}@example.org", "a".repeat(600));
        for wrong in
            ["", "a", "@b.c", "a@", "a@b", "a@b..c", "a@-b.c", "a b@c.d", "a@b@c.d", "a@b.c\r\nBcc: x@y.z", &long]
        {
            assert_fails(email(wrong), ErrorKind::Invalid);
        }
    }

    #[test]
    fn passwords_are_counted_in_characters() {
        for good in ["12345678", "ääääääää", &"x".repeat(128), &"界".repeat(128)] {
            password(&Secret::new(good)).unwrap();
        }
        for wrong in ["", "1234567", &"x".repeat(129), &"x".repeat(10_000)] {
            let error = password(&Secret::new(wrong)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert_eq!(error.context(), [("field", "password".to_owned())]);
        }
    }

    #[test]
    fn names_zones_and_pictures_are_checked() {
        assert_eq!(name("  Grace Hopper ").unwrap(), "Grace Hopper");
        for wrong in ["", "  ", "a\nb", &"x".repeat(257)] {
            assert_fails(name(wrong), ErrorKind::Invalid);
        }
        username("ada_1815").unwrap();
        for wrong in ["ab", "Ada", "a-b", "äda", &"x".repeat(31)] {
            assert_fails(username(wrong), ErrorKind::Invalid);
        }
        timezone("America/Argentina/Buenos_Aires").unwrap();
        for wrong in ["", "../etc/passwd", "Europe Berlin", &"x".repeat(65)] {
            assert_fails(timezone(wrong), ErrorKind::Invalid);
        }
        picture("https://example.org/a.png").unwrap();
        for wrong in ["javascript:alert(1)", "https://", "https://a b", "/a.png"] {
            assert_fails(picture(wrong), ErrorKind::Invalid);
        }
    }
}
