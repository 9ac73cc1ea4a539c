//! What was asked.

use serde_json::Value;

/// One request, whole.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `POST`.
    pub method: String,
    /// The path as it was sent, escapes and all.
    pub path: String,
    /// What stands behind the question mark.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// The file's name, if it is a file.
    pub file: Option<String>,
    /// What is in it.
    pub content: Vec<u8>,
}

impl Request {
    /// The header of this name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null if it is none, or is not said to be.
    pub fn json(&self) -> Value {
        let said = self.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
        if said { serde_json::from_slice(&self.body).unwrap_or_default() } else { Value::Null }
    }

    /// The value of a pair behind the path, as it was sent.
    pub fn asked(&self, name: &str) -> Option<&str> {
        self.query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, it)| it)
    }

    /// The fields of a form that may hold files (RFC 7578); none if it is not one.
    pub fn form(&self) -> Vec<Field> {
        let kind = self.header("content-type").unwrap_or_default();
        let Some(border) = kind.strip_prefix("multipart/form-data; boundary=") else { return Vec::new() };
        let border = format!("\r\n--{}", border.trim_matches('"'));
        // The first border has no line break before it.
        let body = [b"\r\n", self.body.as_slice()].concat();
        let mut fields = Vec::new();
        let mut rest = body.as_slice();
        let Some(first) = find(rest, border.as_bytes()) else { return fields };
        rest = &rest[first + border.len()..];
        while let Some(end) = find(rest, border.as_bytes()) {
            let part = &rest[2..end];
            rest = &rest[end + border.len()..];
            let Some(head) = find(part, b"\r\n\r\n") else { continue };
            let text = String::from_utf8_lossy(&part[..head]).into_owned();
            let quoted = |key: &str| {
                let from = text.find(&format!("{key}=\""))? + key.len() + 2;
                text[from..].split('"').next().map(str::to_owned)
            };
            fields.push(Field {
                name: quoted(" name").unwrap_or_default(),
                file: quoted("filename"),
                content: part[head + 4..].to_vec(),
            });
        }
        fields
    }
}

/// Where a run of bytes begins.
pub(crate) fn find(within: &[u8], wanted: &[u8]) -> Option<usize> {
    within.windows(wanted.len()).position(|window| window == wanted)
}
