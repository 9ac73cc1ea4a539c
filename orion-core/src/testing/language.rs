//! Scenarios of [`LanguageModel`], on good days and bad ones.

use super::{assert_fails, let_others_on};
use crate::domain::{CostCategory, Money, Stage};
use crate::port::{CompletionRequest, LanguageModel, Message, MessageRole};
use crate::{Cancellation, ErrorKind, Operation, ProgressUpdate, RecordedProgress};
use futures_util::future::{Either, select};
use serde_json::{Value, json};
use std::fmt;
use std::pin::pin;
use std::sync::Arc;

/// What can become of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadDay {
    /// It ends in good order before it is complete.
    EndsEarly,
    /// The connection breaks in the middle of it.
    Breaks,
    /// It begins, and nothing more comes.
    FallsSilent,
    /// It is words where JSON of a schema was asked for.
    IsNoJson,
}

/// A language model, and its server in the hands of the test.
#[derive(Clone)]
pub struct Conversation {
    /// Who answers.
    pub model: Arc<dyn LanguageModel>,
    /// The same on a server that is not there.
    pub away: Arc<dyn LanguageModel>,
    /// Makes the next answer go wrong.
    pub next: Arc<dyn Fn(BadDay) + Send + Sync>,
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation").field("model", &self.model).finish_non_exhaustive()
    }
}

impl Conversation {
    async fn fails(&self, day: BadDay, request: &CompletionRequest, kind: ErrorKind) {
        (self.next)(day);
        assert_fails(self.model.complete(request, &Operation::detached()).await.map(drop), kind);
        // It was a day, and not the model.
        self.model.complete(&asked("Say hello.", 2000), &Operation::detached()).await.unwrap();
    }
}

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
pub async fn an_answer_is_words_and_is_counted(conversation: Conversation) {
    let Conversation { model, .. } = conversation;
    let answer = model.complete(&asked("Say hello.", 2000), &Operation::detached()).await.unwrap();
    assert!(!answer.text.is_empty() && answer.text == answer.text.trim(), "{:?}", answer.text);
    assert!(!answer.text.contains("think>"), "{:?}", answer.text);
    assert_eq!(answer.usage.category, CostCategory::LlmTokens);
    assert!(answer.usage.units >= 2.0 && answer.usage.units.fract() == 0.0, "{:?}", answer.usage);
    assert!(answer.usage.cost >= Money::ZERO);
}

/// With a schema the answer is JSON of it and nothing else.
pub async fn an_answer_to_a_schema_is_json(conversation: Conversation) {
    let Conversation { model, .. } = conversation;
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
pub async fn an_answer_at_its_longest_length_is_an_error(conversation: Conversation) {
    let Conversation { model, .. } = conversation;
    let request = asked("Count from one to two hundred in words, one number after the other.", 8);
    assert_fails(model.complete(&request, &Operation::detached()).await.map(drop), ErrorKind::Exhausted);
}

/// What was stopped before it began is not sent.
pub async fn a_call_that_was_stopped_before_is_not_made(conversation: Conversation) {
    let Conversation { model, .. } = conversation;
    let operation = Operation::detached();
    operation.cancellation.cancel();
    let answer = model.complete(&asked("Say hello.", 2000), &operation).await;
    assert_fails(answer.map(drop), ErrorKind::Cancelled);
}

/// A long answer is reported while it comes, as tokens of the stage, and can be stopped then.
pub async fn a_long_answer_is_reported_and_stops_on_request(conversation: Conversation) {
    let Conversation { model, .. } = conversation;
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

/// What ended early is no answer, however orderly.
pub async fn an_answer_that_ends_early_is_an_error(conversation: Conversation) {
    conversation.fails(BadDay::EndsEarly, &asked("Say hello.", 2000), ErrorKind::Unexpected).await;
}

/// Nor is what broke off.
pub async fn an_answer_that_breaks_off_is_an_error(conversation: Conversation) {
    conversation.fails(BadDay::Breaks, &asked("Say hello.", 2000), ErrorKind::Unavailable).await;
}

/// Words where JSON was asked for are no answer either.
pub async fn words_in_the_place_of_json_are_an_error(conversation: Conversation) {
    let request = CompletionRequest { schema: Some(json!({"type": "object"})), ..asked("Describe a cow.", 2000) };
    conversation.fails(BadDay::IsNoJson, &request, ErrorKind::Corrupt).await;
}

/// Who waits for a server that says nothing more can be stopped.
pub async fn an_answer_that_falls_silent_stops_on_request(conversation: Conversation) {
    let Conversation { model, next, .. } = conversation;
    next(BadDay::FallsSilent);
    let operation = Operation::detached();
    let request = asked("Say hello.", 2000);
    let answer = pin!(model.complete(&request, &operation));
    let stop = pin!(async {
        // Long enough for the call to be on its way, whatever is the slower of the two.
        for _ in 0..200 {
            let_others_on().await;
        }
        operation.cancellation.cancel();
        std::future::pending::<()>().await;
    });
    match select(answer, stop).await {
        Either::Left((answer, _)) => assert_fails(answer.map(drop), ErrorKind::Cancelled),
        Either::Right(_) => unreachable!("the other one never ends"),
    }
}

/// A server that is not there is said to be away, with what to do.
pub async fn a_server_that_is_away_is_said_to_be_with_what_to_do(conversation: Conversation) {
    let error = conversation.away.complete(&asked("Say hello.", 2000), &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(error.hint().is_some_and(|hint| !hint.is_empty()), "{error:?}");
}
