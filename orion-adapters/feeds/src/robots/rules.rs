//! The rules of a `robots.txt` (RFC 9309): groups of user agents, the longest pattern that matches, and allowing wins
//! ties. Pure.

/// What is read of a file; RFC 9309, section 2.5, asks for at least 500 KiB.
pub(super) const MOST_BYTES: usize = 500 * 1024;

/// The rules for one crawler.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rules(Vec<Rule>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    allows: bool,
    pattern: String,
}

impl Rules {
    /// Reads the rules for the crawler that calls itself `agent`: those of every group that names it, or if none does,
    /// of every group for all (`*`).
    pub(super) fn parse(file: &[u8], agent: &str) -> Self {
        let file = String::from_utf8_lossy(&file[..file.len().min(MOST_BYTES)]);
        let file = file.strip_prefix('\u{feff}').unwrap_or(&file);
        let (mut own, mut all) = (Vec::new(), Vec::new());
        let (mut named, mut named_own, mut named_all) = (false, false, false);
        // Whether the line before named a user agent too: such lines share what follows.
        let mut in_heading = false;
        for line in file.split(['\n', '\r']) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let (key, value) = (key.trim(), value.trim());
            let allows = key.eq_ignore_ascii_case("allow");
            if key.eq_ignore_ascii_case("user-agent") {
                if !in_heading {
                    (named_own, named_all) = (false, false);
                }
                in_heading = true;
                let token: &str =
                    value.split(|c: char| !(c.is_ascii_alphabetic() || "_-".contains(c))).next().unwrap_or("");
                named_own |= token.eq_ignore_ascii_case(agent);
                named_all |= value.starts_with('*');
                named |= named_own;
            } else if allows || key.eq_ignore_ascii_case("disallow") {
                in_heading = false;
                // An empty pattern matches nothing: `Disallow:` allows everything.
                if value.is_empty() {
                    continue;
                }
                let rule = Rule { allows, pattern: normalised(value) };
                if named_own {
                    own.push(rule.clone());
                }
                if named_all {
                    all.push(rule);
                }
            }
            // Any other line, such as a site map, belongs to no group and ends none.
        }
        Self(if named { own } else { all })
    }

    /// Whether a path with its query may be fetched.
    pub(super) fn allow(&self, path: &str) -> bool {
        let path = normalised(path);
        if path == "/robots.txt" {
            return true;
        }
        let matching = self.0.iter().filter(|rule| matches(&rule.pattern, &path));
        // Of the longest, one that allows.
        matching.max_by_key(|rule| (rule.pattern.len(), rule.allows)).is_none_or(|rule| rule.allows)
    }
}

/// Whether a pattern matches the beginning of a path; `*` stands for anything, `$` at the end for the end.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, whole) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| path.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return !whole || rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if whole && parts.peek().is_none() {
            return rest.ends_with(part);
        }
        // The first place is as good as any later one: what comes behind may be anything.
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

/// The form in which paths are compared (RFC 9309, section 2.2.2): octets beyond ASCII percent-encoded, unreserved
/// ones not, hexadecimal digits in upper case.
fn normalised(path: &str) -> String {
    use std::fmt::Write;
    let bytes = path.as_bytes();
    let mut normal = String::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).filter(|_| byte == b'%');
        let encoded = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        at += if encoded.is_some() { 3 } else { 1 };
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        match encoded {
            Some(byte) if unreserved(byte) => normal.push(char::from(byte)),
            None if byte.is_ascii() => normal.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(normal, "%{:02X}", encoded.unwrap_or(byte))),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks paths against a file, as the crawler `Orion`.
    fn check(file: &str, allowed: &[&str], forbidden: &[&str]) {
        let rules = Rules::parse(file.as_bytes(), "Orion");
        for path in allowed {
            assert!(rules.allow(path), "{path} is allowed by {file:?}");
        }
        for path in forbidden {
            assert!(!rules.allow(path), "{path} is forbidden by {file:?}");
        }
    }

    #[test]
    fn groups_are_chosen_by_name_and_joined() {
        let file = "User-agent: *\nDisallow: /\n\nuser-agent: other\nUSER-AGENT: oRiOn/2.0 # both\nDisallow: /a\n\
                    User-agent: third\nDisallow: /c\nUser-agent: orion\nDisallow: /b";
        check(file, &["/", "/c", "/robots.txt"], &["/a/x", "/b"]);
        check(
            "User-agent: *\nDisallow: /a\nUser-agent: third\nDisallow: /\nUser-agent: *\nDisallow: /b",
            &["/c"],
            &["/a", "/b"],
        );
        check("User-agent: orion\nDisallow:\nUser-agent: *\nDisallow: /", &["/", "/a"], &[]);
        check("User-agent: orionis\nDisallow: /", &["/a"], &[]);
        check("Disallow: /a\nnonsense\n: /b", &["/a", "/b"], &[]);
        // A site map is no rule and ends no heading.
        check(
            "User-agent: orion\nSitemap: https://a.example/map.xml\nUser-agent: third\nDisallow: /a",
            &["/b"],
            &["/a"],
        );
    }

    /// The examples of RFC 9309, section 5.
    #[test]
    fn the_longest_match_wins_and_allowing_wins_ties() {
        let file = "User-agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\n\
                    User-Agent: foobot\nDisallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n";
        check(file, &["/publications/x", "/a.gift", "/a.gif?b"], &["/example/page.html", "/a.gif", "/example/"]);
        let longest = "user-agent: *\nallow: /example/page/\ndisallow: /example/page/disallowed.gif";
        check(longest, &["/example/page/"], &["/example/page/disallowed.gif"]);
        check("User-agent: *\nDisallow: /page\nAllow: /page", &["/page"], &[]);
    }

    #[test]
    fn patterns_match_as_the_standard_says() {
        let pattern = |pattern: &str, allowed: &[&str], forbidden: &[&str]| {
            check(&format!("User-agent: *\nDisallow: {pattern}"), allowed, forbidden);
        };
        pattern("/fish", &["/Fish", "/a/fish"], &["/fish", "/fish.html", "/fishheads/a", "/fish?id=1"]);
        pattern("/fish/*.php", &["/fish/a.html"], &["/fish/a.php", "/fish/b/c.php?x", "/fish/.php"]);
        pattern("/*.php$", &["/a.php?x", "/a.php5"], &["/a.php", "/a.php/b.php"]);
        pattern("/a$", &["/ab"], &["/a"]);
        pattern("/a*b*c", &["/acb", "/ab"], &["/abc", "/aXbYc", "/abcd"]);
        pattern("/**a", &["/b"], &["/a", "/ba"]);
        pattern("*", &[], &["/", "/a"]);
        // Encoded and plain octets are the same, reserved ones are not.
        pattern("/foo/bar/%E3%83%84", &[], &["/foo/bar/%e3%83%84", "/foo/bar/ツ"]);
        pattern("/foo/ツ", &[], &["/foo/%E3%83%84"]);
        pattern("/%7Ejoe", &[], &["/~joe"]);
        pattern("/a%2Fb", &["/a/b"], &["/a%2fb"]);
        pattern("/%zz", &["/a"], &["/%zz"]);
    }

    #[test]
    fn what_is_no_text_and_what_is_too_long_does_no_harm() {
        check("\u{feff}User-agent: *\r\nDisallow: /a\rAllow: /a/b", &["/a/b"], &["/a"]);
        let long = format!("User-agent: *\n{}\nDisallow: /late", "# filler\n".repeat(MOST_BYTES / 9 + 1));
        check(&long, &["/late"], &[]);
        assert_eq!(Rules::parse(&[0xff, 0, 0x80, b':', b'\n'], "Orion"), Rules::default());
        let hostile = format!("User-agent: *\nDisallow: /{}", "a*".repeat(20_000));
        check(&hostile, &[&format!("/{}", "a".repeat(2000))], &[]);
    }
}
