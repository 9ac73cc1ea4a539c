//! What a server has refused by name, and is therefore asked for in another way.

use orion_http::Refusal;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a server is known not to take. It is learnt from refusals, which cost nothing.
#[derive(Debug, Default)]
pub(crate) struct Dialect {
    /// Structured output by a schema: then any JSON is asked for, and the schema is told in words.
    pub(crate) no_schema: AtomicBool,
    /// Not even JSON can be asked for: then it is told in words alone.
    pub(crate) no_json: AtomicBool,
    /// `max_tokens`: then `max_completion_tokens`, as newer models want it.
    pub(crate) no_max_tokens: AtomicBool,
    /// A temperature: then the model's own.
    pub(crate) no_temperature: AtomicBool,
    /// Usage at the end of a stream: then it is estimated.
    pub(crate) no_usage: AtomicBool,
}

pub(crate) fn on(flag: &AtomicBool) -> bool {
    flag.load(Ordering::Relaxed)
}

impl Dialect {
    /// Whether the refusal names something that can be asked for in another way, which is from now on.
    pub(crate) fn learns(&self, refusal: &Refusal) -> bool {
        if !matches!(refusal.status, 400 | 422 | 501) {
            return false;
        }
        let said = format!("{} {}", refusal.said, refusal.body.as_ref().map(ToString::to_string).unwrap_or_default());
        let names = |parts: &[&str]| parts.iter().any(|part| said.contains(part));
        let formats = names(&["response_format", "json_schema", "structured output"]);
        let flag = if names(&["stream_options", "include_usage"]) {
            &self.no_usage
        } else if names(&["max_completion_tokens", "'max_tokens'", "\"max_tokens\""]) {
            &self.no_max_tokens
        } else if formats && !on(&self.no_schema) {
            &self.no_schema
        } else if formats || said.contains("json_object") {
            &self.no_json
        } else if names(&["temperature"]) {
            &self.no_temperature
        } else {
            return false;
        };
        // What is known already was refused for another reason.
        !flag.swap(true, Ordering::Relaxed)
    }
}
