//! A language model written in Python.

use super::{Object, Used};
use async_trait::async_trait;
use orion_core::domain::CostCategory;
use orion_core::port::{Completion, CompletionRequest, LanguageModel, Provider};
use orion_core::{Error, ErrorKind, Operation, Result};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Model(pub(super) Arc<Object>);

#[derive(Deserialize)]
struct Said {
    text: String,
    used: Used,
}

#[async_trait]
impl LanguageModel for Model {
    fn provider(&self) -> &Provider {
        &self.0.provider
    }

    async fn complete(&self, request: &CompletionRequest, operation: &Operation) -> Result<Completion> {
        let answer = self.0.ask("complete", request, Some(&operation.cancellation)).await?;
        let said: Said = answer.read()?;
        if said.text.trim().is_empty() {
            return Err(Error::new(ErrorKind::Corrupt, "the model gave no answer"));
        }
        // Counted where the model does not count: about four characters a token.
        let characters: usize = request.messages.iter().map(|message| message.content.chars().count()).sum();
        let units = (characters + said.text.chars().count()) as f64 / 4.0;
        Ok(Completion { usage: said.used.usage(CostCategory::LlmTokens, units.ceil()), text: said.text })
    }
}
