//! What is the answer in what a language model says: without thinking out loud, without fences.

use crate::{Error, ErrorKind, Result};

/// Without `<think>…</think>` blocks. A block that never closes takes the rest with it; a closing mark without an
/// opening one, as templates that open the block themselves give, takes what stands before it.
///
/// ```
/// use orion_core::text::answer::without_thinking;
/// assert_eq!(without_thinking("<think>One and one…</think> Two."), "Two.");
/// ```
pub fn without_thinking(text: &str) -> String {
    const MARKS: [(&str, &str); 2] = [("<think>", "</think>"), ("<thinking>", "</thinking>")];
    let mut answer = text.to_owned();
    for (open, close) in MARKS {
        while let Some(end) = answer.find(close) {
            let start = answer[..end].find(open).unwrap_or(0);
            answer.replace_range(start..end + close.len(), "");
        }
        if let Some(start) = answer.find(open) {
            answer.truncate(start);
        }
    }
    answer.trim().to_owned()
}

/// An answer that must be JSON: without thinking, and without a code fence around the whole.
///
/// # Errors
/// [`Corrupt`](ErrorKind::Corrupt) if what is left is not JSON.
pub fn json(text: &str) -> Result<String> {
    let text = without_thinking(text);
    let inner = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let bare = match inner {
        // The first line may name a language.
        Some(inner) => inner.split_once('\n').map_or(inner, |(_, rest)| rest).trim(),
        None => text.as_str(),
    };
    serde_json::from_str::<serde::de::IgnoredAny>(bare)
        .map_err(|error| Error::new(ErrorKind::Corrupt, "the model did not answer with JSON").with_source(error))?;
    Ok(bare.to_owned())
}

/// What a model answered to a request, complete, as its port promises it: bare JSON if there was a schema, else words.
///
/// # Errors
/// [`Corrupt`](ErrorKind::Corrupt) if nothing is left, or it should be JSON and is not.
pub fn bare(text: &str, with_schema: bool) -> Result<String> {
    if with_schema {
        return json(text);
    }
    match without_thinking(text) {
        nothing if nothing.is_empty() => Err(Error::new(ErrorKind::Corrupt, "the model gave an empty answer")),
        text => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinking_is_taken_off() {
        assert_eq!(without_thinking("<think>a\nb</think>\n\nYes."), "Yes.");
        assert_eq!(without_thinking("Well, so</think> Yes."), "Yes.");
        assert_eq!(without_thinking("Yes. <think>and then"), "Yes.");
        assert_eq!(without_thinking("<thinking>a</thinking>Yes<think>b</think>."), "Yes.");
        assert_eq!(without_thinking("Yes."), "Yes.");
        assert_eq!(bare("<think>Hm", false).unwrap_err().kind(), ErrorKind::Corrupt);
        assert_eq!(bare(" Yes. ", false).unwrap(), "Yes.");
    }

    #[test]
    fn fences_are_taken_off_json() {
        assert_eq!(json("```json\n{\"a\": 1}\n```").unwrap(), "{\"a\": 1}");
        assert_eq!(bare("<think>{</think> {} ", true).unwrap(), "{}");
        for wrong in ["", "Yes.", "{", "Here: {}", "```json\n```"] {
            assert_eq!(json(wrong).unwrap_err().kind(), ErrorKind::Corrupt, "{wrong}");
        }
    }
}
