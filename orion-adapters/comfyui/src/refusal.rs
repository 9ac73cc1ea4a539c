//! What ComfyUI says of a graph that it does not take, and of one that failed.

use crate::workflow::Workflow;
use orion_core::{Error, ErrorKind, Retry};
use serde_json::Value;

/// Most faults that are told.
const MOST_TOLD: usize = 5;
/// Longest text of a fault.
const MOST_TEXT: usize = 300;

/// The error of a graph that was refused with status 400: missing nodes and models by name, or what else is wrong.
/// Another provider may do what this one cannot, so it is never `Invalid`.
pub(crate) fn of_graph(answer: &Value, workflow: &Workflow) -> Error {
    let unavailable = |message: &'static str| Error::unavailable(message).with_retry(Retry::Never);
    let error = answer.get("error").unwrap_or(&Value::Null);
    let (kind, said) = match error {
        Value::String(text) => ("", text.as_str()),
        _ => (text(error, "type"), text(error, "message")),
    };
    // Older servers say `invalid_prompt`, and name the node in words.
    if kind == "missing_node_type" || kind == "invalid_prompt" {
        let info = error.get("extra_info").unwrap_or(&Value::Null);
        let node = text(error, "details").trim_start_matches("Node ID '#").trim_end_matches('\'');
        let class = Some(text(info, "class_type")).filter(|class| !class.is_empty());
        let class = class.or_else(|| workflow.name_of(node)).unwrap_or(said);
        return unavailable("ComfyUI does not have a node of the workflow")
            .with_context("class", short(class))
            .with_context("node", short(node))
            .with_hint("install the custom node that brings it, update ComfyUI, or take another workflow");
    }
    let faults: Vec<Fault> = faults(answer);
    let missing: Vec<&Fault> = faults.iter().filter(|fault| fault.kind == "value_not_in_list").collect();
    if !missing.is_empty() {
        let names =
            missing.iter().take(MOST_TOLD).map(|fault| format!("{} ({} of {})", fault.value, fault.input, fault.class));
        return unavailable("ComfyUI does not have a file or a choice that the workflow names")
            .with_context("missing", names.collect::<Vec<_>>().join(", "))
            .with_hint(
                "put the model into ComfyUI's folder `models`, or set `comfyui.checkpoint` or another workflow",
            );
    }
    let told: Vec<String> =
        faults.iter().take(MOST_TOLD).map(|fault| format!("{} {}: {}", fault.class, fault.node, fault.said)).collect();
    let refused = unavailable("ComfyUI refused the workflow").with_context("said", short(said));
    if told.is_empty() { refused } else { refused.with_context("nodes", told.join("; ")) }
}

/// The error of a prompt that failed while it ran, or was interrupted, by what the history holds of it.
pub(crate) fn of_run(ended: &Value) -> Option<Error> {
    let status = ended.get("status").unwrap_or(&Value::Null);
    let messages = status.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let find = |name: &str| {
        messages
            .iter()
            .rev()
            .find(|message| message.get(0).and_then(Value::as_str) == Some(name))
            .and_then(|message| message.get(1))
    };
    if let Some(fault) = find("execution_error") {
        let said = text(fault, "exception_message");
        let full = text(fault, "exception_type").contains("OutOfMemory") || said.contains("out of memory");
        let (kind, message) = match full {
            true => (ErrorKind::Exhausted, "ComfyUI has too little memory for the workflow"),
            false => (ErrorKind::Unexpected, "a node of the workflow failed"),
        };
        return Some(
            Error::new(kind, message)
                .with_context("class", short(text(fault, "node_type")))
                .with_context("node", short(text(fault, "node_id")))
                .with_context("said", short(said)),
        );
    }
    if find("execution_interrupted").is_some() {
        return Some(Error::conflict("the prompt was interrupted at the server"));
    }
    let failed = status.get("status_str").and_then(Value::as_str) == Some("error");
    failed.then(|| Error::unexpected("the prompt failed, and ComfyUI does not say why"))
}

/// What is wrong with one node.
struct Fault {
    node: String,
    class: String,
    kind: String,
    said: String,
    input: String,
    value: String,
}

fn faults(answer: &Value) -> Vec<Fault> {
    let nodes = answer.get("node_errors").and_then(Value::as_object);
    let mut found = Vec::new();
    for (node, errors) in nodes.into_iter().flatten() {
        let list = errors.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for error in list {
            let info = error.get("extra_info").unwrap_or(&Value::Null);
            let value = info.get("received_value").map_or_else(String::new, |value| match value {
                Value::String(text) => short(text),
                other => short(&other.to_string()),
            });
            found.push(Fault {
                node: short(node),
                class: short(text(errors, "class_type")),
                kind: text(error, "type").to_owned(),
                said: short(&format!("{} {}", text(error, "message"), text(error, "details"))),
                input: short(text(info, "input_name")),
                value,
            });
        }
    }
    found
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// One line of bounded length.
fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(MOST_TEXT).collect()
}
