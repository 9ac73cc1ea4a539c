//! Writing scripts.

use super::Provider;
use crate::domain::{Critique, Material, Platform, Script};
use crate::service::director::PastHook;
use crate::{Operation, Result};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;

/// What is asked of a writer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Brief {
    /// The topic.
    pub topic: String,
    /// The niche, if any.
    pub niche: Option<String>,
    /// Where the video will be shown.
    pub platform: Platform,
    /// How it should sound.
    pub tone: String,
    /// Length of the video in seconds.
    pub seconds: u32,
    /// Hooks of similar content that did well.
    pub examples: Vec<PastHook>,
    /// The last try and what was wrong with it.
    pub critique: Option<(Script, Critique)>,
    /// Everything people asked for so far, oldest first.
    pub feedback: Vec<String>,
}

/// Writes scripts.
#[async_trait]
pub trait ScriptWriter: Debug + Send + Sync {
    /// Who it is: `extractive`, `ollama/llama3.2`.
    fn provider(&self) -> &Provider;

    /// Writes a script from the material alone.
    ///
    /// # Behavior
    /// - Every line that claims something names its sources.
    /// - `Invalid` if the material holds too little to say anything; the message says what was missing.
    /// - The same brief and material give the same script, unless a model with randomness writes.
    async fn write(&self, brief: &Brief, material: &Material, operation: &Operation) -> Result<Script>;
}
