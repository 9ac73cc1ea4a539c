//! A language model that needs no weights: it answers JSON to a schema, writes scripts from the sources that it is
//! shown, counts when it is asked to, and else says hello. And vectors that follow from a text alone.

use serde_json::{Map, Value, json};

/// The answer to a conversation.
pub(crate) fn answer(messages: &[Value], schema: Option<&Value>) -> String {
    let asked = |message: &Value| message["content"].as_str().unwrap_or_default().to_owned();
    let prompt = messages.iter().map(asked).collect::<Vec<_>>().join("\n");
    match schema {
        Some(schema) if schema.pointer("/properties/hook").is_some() => draft(&prompt).to_string(),
        Some(schema) => instance(schema).to_string(),
        None if prompt.contains("Count from one") => {
            (1..=200).map(|number: u32| number.to_string()).collect::<Vec<_>>().join(" ")
        }
        None => "Hello there, and good day.".to_owned(),
    }
}

/// The tokens of an answer: its words with the space behind them.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    text.split_inclusive(' ').map(str::to_owned).collect()
}

/// How many tokens a conversation has.
pub(crate) fn counted(messages: &[Value]) -> usize {
    messages.iter().map(|message| tokens(message["content"].as_str().unwrap_or_default()).len()).sum()
}

/// JSON of a schema.
fn instance(schema: &Value) -> Value {
    match schema["type"].as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object().cloned().unwrap_or_default();
            Value::Object(properties.iter().map(|(name, of)| (name.clone(), instance(of))).collect::<Map<_, _>>())
        }
        Some("array") => json!([instance(&schema["items"])]),
        Some("integer") => json!(4),
        Some("number") => json!(0.8),
        Some("boolean") => json!(true),
        _ => json!("brown"),
    }
}

/// A script of sentences that stand in the sources.
fn draft(prompt: &str) -> Value {
    let mut lines: Vec<(u32, String)> = Vec::new();
    for source in prompt.split("<source number=\"").skip(1) {
        let Some((number, rest)) = source.split_once("\">") else { continue };
        let Ok(number) = number.parse() else { continue };
        let text = rest.split("</source>").next().unwrap_or_default();
        // The first line is the title.
        let body = text.trim_start().split_once('\n').map_or("", |(_, body)| body);
        for sentence in body.replace('\n', " ").split_inclusive(['.', '!', '?']) {
            let words = sentence.split_whitespace().count();
            if (5..=18).contains(&words) {
                lines.push((number, sentence.trim().to_owned()));
            }
        }
    }
    lines.truncate(6);
    let line = |(number, text): &(u32, String)| json!({"text": text, "sources": [number], "visual_cue": "a wide shot"});
    let hook = lines.first().map_or_else(|| json!({"text": "", "sources": [], "visual_cue": ""}), line);
    let body: Vec<Value> = lines.iter().skip(1).map(line).collect();
    let cta = json!({"text": "Follow for more.", "visual_cue": "the end"});
    json!({"title": "What the sources say", "hook": hook, "body": body, "cta": cta})
}

/// Sixteen numbers that follow from the text alone: FNV-1a over it, once for each.
pub(crate) fn vector(text: &str) -> Vec<f64> {
    let hash = |seed: u8| {
        let bytes = std::iter::once(seed).chain(text.bytes());
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    };
    (0..16).map(|seed| (hash(seed) >> 40) as f64 / 1e6 - 8.0).collect()
}
