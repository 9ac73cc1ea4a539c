//! Taking off what a reasoning model thinks out loud.

/// Without `<think>…</think>` blocks. A block that never closes takes the rest with it; a closing mark without an
/// opening one, as templates that open the block themselves give, takes what stands before it.
pub(crate) fn without_thinking(text: &str) -> String {
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

/// Without a code fence around the whole.
pub(crate) fn without_fence(text: &str) -> &str {
    let inner = text.trim().strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    match inner {
        // The first line may name a language.
        Some(inner) => inner.split_once('\n').map_or(inner, |(_, rest)| rest).trim(),
        None => text.trim(),
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
    }

    #[test]
    fn fences_are_taken_off() {
        assert_eq!(without_fence("```json\n{\"a\": 1}\n```"), "{\"a\": 1}");
        assert_eq!(without_fence(" {} "), "{}");
    }
}
