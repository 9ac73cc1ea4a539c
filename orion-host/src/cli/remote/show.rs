//! Answers of the platform as a table, as JSON, or as plain tab-separated lines (contract, section 6).

use super::super::output::{self, Format, plain};
use orion_core::Result;
use serde_json::Value;

/// Widest line of a table (contract, section 6).
const WIDTH: usize = 120;

/// Prints an answer. `rows` names the key that holds the list, if the answer is an object around one; `columns` what is
/// shown of each row, empty for every key of the first.
pub(super) fn show(answer: &Value, rows: Option<&str>, columns: &[&str], format: Format) -> Result<()> {
    if format == Format::Json {
        return output::print_json(answer);
    }
    let list = rows.and_then(|key| answer.get(key)).unwrap_or(answer);
    match list {
        Value::Array(rows) if rows.is_empty() => {
            output::say("nothing to show");
            Ok(())
        }
        Value::Array(rows) => {
            let keys = keys(rows.first(), columns);
            let cells: Vec<Vec<String>> =
                rows.iter().map(|row| keys.iter().map(|key| cell(row.get(key))).collect()).collect();
            let header: Vec<String> = keys.iter().map(|key| titled(key)).collect();
            let header: Vec<&str> = header.iter().map(String::as_str).collect();
            output::print_rows(&header, &cells, WIDTH, format)
        }
        Value::Object(object) if format == Format::Plain => {
            output::print_line(&plain(&object.values().map(|value| cell(Some(value))).collect::<Vec<_>>()))
        }
        Value::Object(object) => {
            let mut lines = Vec::new();
            object.iter().for_each(|(key, value)| told(key.replace('_', " "), value, &mut lines));
            let widest = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
            lines
                .iter()
                .try_for_each(|(name, text)| output::print_line(&output::harmless(&format!("{name:widest$}  {text}"))))
        }
        other => output::print_line(&output::harmless(&cell(Some(other)))),
    }
}

/// A key as the head of a column: `created_at` is `Created At`.
fn titled(key: &str) -> String {
    let words = key.split('_').map(|word| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
    });
    words.collect::<Vec<_>>().join(" ")
}

fn keys(first: Option<&Value>, columns: &[&str]) -> Vec<String> {
    if !columns.is_empty() {
        return columns.iter().map(|&column| column.to_owned()).collect();
    }
    first.and_then(Value::as_object).map(|row| row.keys().cloned().collect()).unwrap_or_default()
}

/// A value in lines for people: what is within it under its own names, and lists of objects one by one.
fn told(name: String, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            object.iter().for_each(|(key, value)| told(format!("{name} {}", key.replace('_', " ")), value, lines));
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            (1..).zip(items).for_each(|(place, item)| told(format!("{name} {place}"), item, lines));
        }
        other => lines.push((name, cell(Some(other)))),
    }
}

/// A value in one line; what is missing is blank.
fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            items.iter().map(|item| cell(Some(item))).collect::<Vec<_>>().join(", ")
        }
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_cell_is_one_line_and_blank_where_nothing_is() {
        assert_eq!(cell(None), "");
        assert_eq!(cell(Some(&Value::Null)), "");
        assert_eq!(cell(Some(&json!(["a", 1]))), "a, 1");
        assert_eq!(cell(Some(&json!({"a": 1}))), "{\"a\":1}");
    }

    #[test]
    fn what_is_within_an_object_is_told_by_its_own_names() {
        let mut lines = Vec::new();
        let answer = json!({"status": "ok", "checks": {"record": true}, "scenes": [{"mood": "calm"}, {"mood": "warm"}], "tags": ["a", "b"]});
        answer.as_object().unwrap().iter().for_each(|(key, value)| told(key.clone(), value, &mut lines));
        let lines: Vec<String> = lines.iter().map(|(name, text)| format!("{name}={text}")).collect();
        assert_eq!(lines, ["checks record=true", "scenes 1 mood=calm", "scenes 2 mood=warm", "status=ok", "tags=a, b"]);
    }

    #[test]
    fn columns_are_those_asked_for_else_the_keys_of_the_first_row() {
        let row = json!({"id": 1, "topic": "T"});
        assert_eq!(keys(Some(&row), &["topic", "score"]), ["topic", "score"]);
        assert_eq!(titled("platform_post_id"), "Platform Post Id");
        assert_eq!(keys(Some(&row), &[]), ["id", "topic"]);
        assert!(keys(None, &[]).is_empty());
    }
}
