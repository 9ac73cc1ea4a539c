//! Scenarios of [`LanguageModel`].

use super::assert_fails;
use crate::domain::{CostCategory, Money, Stage};
use crate::port::{CompletionRequest, LanguageModel, Message, MessageRole};
use crate::{Cancellation, ErrorKind, Operation, ProgressUpdate, RecordedProgress};
use serde_json::{Value, json};
use std::sync::Arc;

fn asked(question: &str, max_tokens: u32) -> CompletionRequest {
    let message = |role, content: &str| Message { role, content: content.to_owned() };
    CompletionRequest {
        messages: vec![message(MessageRole::System, "You are brief."), message(MessageRole::User, question)],
        temperature: 0.0,
        max_tokens,
        schema: None,
    }
}

/// An answer in words says something, thinks nothing out loud, and tells what it used.
pub async fn an_answer_is_words_and_is_counted(model: Arc<dyn LanguageModel>) {
    let answer = model.complete(&asked("Say hello.", 2000), &Operation::detached()).await.unwrap();
    assert!(!answer.text.is_empty() && answer.text == answer.text.trim(), "{:?}", answer.text);
    assert!(!answer.text.contains("think>"), "{:?}", answer.text);
    assert_eq!(answer.usage.category, CostCategory::LlmTokens);
    assert!(answer.usage.units >= 2.0 && answer.usage.units.fract() == 0.0, "{:?}", answer.usage);
    assert!(answer.usage.cost >= Money::ZERO);
}

/// With a schema the answer is JSON of it and nothing else.
pub async fn an_answer_to_a_schema_is_json(model: Arc<dyn LanguageModel>) {
    let schema = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "legs": {"type": "integer"},
            "colours": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        },
        "required": ["name", "legs", "colours"],
    });
    let request = CompletionRequest { schema: Some(schema), ..asked("Describe a cow as JSON.", 2000) };
    let answer = model.complete(&request, &Operation::detached()).await.unwrap();
    let value: Value = serde_json::from_str(&answer.text).unwrap();
    assert!(value["name"].is_string() && value["legs"].is_i64(), "{value}");
    assert!(value["colours"].as_array().is_some_and(|all| !all.is_empty() && all[0].is_string()), "{value}");
}

/// An answer that is cut at the length that was allowed is no answer.
pub async fn an_answer_at_its_longest_length_is_an_error(model: Arc<dyn LanguageModel>) {
    let request = asked("Count from one to two hundred in words, one number after the other.", 8);
    let error = model.complete(&request, &Operation::detached()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Exhausted | ErrorKind::Unexpected), "{error:?}");
}

/// What was stopped before it began is not sent.
pub async fn a_call_that_was_stopped_before_is_not_made(model: Arc<dyn LanguageModel>) {
    let operation = Operation::detached();
    operation.cancellation.cancel();
    let answer = model.complete(&asked("Say hello.", 2000), &operation).await;
    assert_fails(answer.map(drop), ErrorKind::Cancelled);
}

/// A long answer is reported while it comes, as tokens of the stage, and can be stopped then.
pub async fn a_long_answer_is_reported_and_stops_on_request(model: Arc<dyn LanguageModel>) {
    let long = asked("Count from one to two hundred in words, one number after the other.", 4000);
    let recorded = Arc::new(RecordedProgress::default());
    let operation = Operation::new(Cancellation::new(), recorded.clone()).within(Stage::Script);
    model.complete(&long, &operation).await.unwrap();
    let updates = recorded.updates();
    assert!(updates.len() > 1, "{updates:?}");
    assert!(updates.iter().all(|update| (update.stage, update.unit.as_str()) == (Stage::Script, "tokens")));
    assert!(updates.windows(2).all(|pair| pair[0].done < pair[1].done), "{updates:?}");

    let cancellation = Cancellation::new();
    let switch = cancellation.clone();
    let stop = move |_: ProgressUpdate| switch.cancel();
    let operation = Operation::new(cancellation, Arc::new(stop)).within(Stage::Script);
    assert_fails(model.complete(&long, &operation).await.map(drop), ErrorKind::Cancelled);
}
