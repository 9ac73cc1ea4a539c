//! Addresses, handles and tags.

use super::{Context, word};

/// Ends of host names that make a word with a point an address rather than a file or a slip of the keyboard.
const DOMAINS: [&str; 27] = [
    "com", "org", "net", "io", "ai", "dev", "gov", "edu", "co", "uk", "de", "fr", "jp", "in", "app", "info", "tv",
    "me", "us", "eu", "fm", "gg", "xyz", "blog", "news", "tech", "ly",
];

/// An address of a page or mailbox, a `@handle` or a `#tag`. Of a page only the host is said: nobody can follow a
/// path by ear.
pub(super) fn address(core: &str, context: Context<'_>) -> Option<Vec<String>> {
    let letters = |text: &str| text.chars().any(|c| c.is_ascii_alphabetic());
    if let Some(name) = core.strip_prefix('@').filter(|name| letters(name)) {
        return Some(join("at", word::compound(name, context)));
    }
    if let Some(name) =
        core.strip_prefix('#').filter(|name| letters(name) && !name.starts_with(|c: char| c.is_ascii_digit()))
    {
        return Some(join("hashtag", word::compound(name, context)));
    }
    if let Some((user, host)) = core.split_once('@').filter(|(user, host)| letters(user) && is_host(host)) {
        let mut words = dotted(user, context);
        words.push("at".to_owned());
        words.extend(dotted(host, context));
        return Some(words);
    }
    let after_scheme = core.split_once("://").map(|(_, rest)| rest);
    let rest = after_scheme.unwrap_or(core);
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    (letters(host) && (after_scheme.is_some() || is_host(host))).then(|| dotted(host, context))
}

fn is_host(text: &str) -> bool {
    let host = text.split('/').next().unwrap_or_default();
    host.rsplit_once('.').is_some_and(|(name, end)| {
        DOMAINS.contains(&end.to_ascii_lowercase().as_str())
            && name.len() > usize::from(end.len() < 3)
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
            && name.chars().any(|c| c.is_ascii_alphabetic())
    }) || host.starts_with("www.")
}

/// `example.co.uk` is `example dot C O dot U K`.
fn dotted(text: &str, context: Context<'_>) -> Vec<String> {
    let mut words = Vec::new();
    for (index, label) in text.split('.').filter(|label| !label.is_empty()).enumerate() {
        if index > 0 {
            words.push("dot".to_owned());
        }
        // Short ends are spelled, except those that are words.
        let spelled = index > 0 && label.len() < 3 && !matches!(label, "me" | "in" | "us");
        if spelled {
            words.extend(label.to_ascii_uppercase().chars().map(String::from));
        } else {
            words.extend(word::compound(label, context));
        }
    }
    words
}

fn join(first: &str, rest: Vec<String>) -> Vec<String> {
    std::iter::once(first.to_owned()).chain(rest).collect()
}
