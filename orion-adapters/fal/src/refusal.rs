//! What Fal's refusals mean.

use orion_core::{Error, ErrorKind};
use orion_http::Refusal;
use serde_json::Value;

/// The error of an answer without success. Faults of a request are of the model's own rules: another provider may take
/// it, so they are never `Invalid`.
pub(crate) fn of(refusal: &Refusal) -> Error {
    let body = refusal.body.as_ref().unwrap_or(&Value::Null);
    if refusal.said.contains("balance") {
        return Error::new(ErrorKind::Exhausted, "the Fal account has no money left")
            .with_context("said", &refusal.said)
            .with_hint("top it up at fal.ai/dashboard/billing");
    }
    let faults = body.get("detail").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    if faults.iter().any(|fault| text(fault, "type").as_deref() == Some("content_policy_violation")) {
        return Error::new(ErrorKind::Forbidden, "Fal refused what the picture was to show")
            .with_context("said", &refusal.said)
            .with_hint("change the prompt of the scene, or name another provider behind it");
    }
    let mut error = refusal.error();
    let places = faults.iter().filter_map(|fault| fault.get("loc")?.as_array()?.last()?.as_str());
    let places = places.take(3).collect::<Vec<_>>().join(", ");
    if !places.is_empty() {
        error = error.with_context("input", places.chars().take(100).collect::<String>());
    }
    match text(body, "error_type") {
        Some(kind) => error.with_context("type", kind.chars().take(60).collect::<String>()),
        None => error,
    }
}
