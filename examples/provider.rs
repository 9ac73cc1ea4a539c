//! A provider of one's own: a writer that asks its sources one question. Everything else stays built in.

use async_trait::async_trait;
use orion_core::domain::{Line, LineRole, Material, Script};
use orion_core::port::{Brief, Encoder, Provider, ScriptWriter};
use orion_host::{CreateRequest, Operation, Orion, Result, Subject};
use std::sync::Arc;

#[derive(Debug)]
struct Asker(Provider);

#[async_trait]
impl ScriptWriter for Asker {
    fn provider(&self) -> &Provider {
        &self.0
    }

    async fn write(&self, brief: &Brief, material: &Material, _operation: &Operation) -> Result<Script> {
        let told =
            material.sources.first().map_or("", |source| source.text.as_str()).lines().next().unwrap_or_default();
        let line = |role, text: &str| Line { role, text: text.to_owned(), sources: vec![1], visual_cue: String::new() };
        let hook = line(LineRole::Hook, &format!("Have you heard of {}?", brief.topic));
        let lines = vec![hook, line(LineRole::Body, told), line(LineRole::CallToAction, "Tell us what you think.")];
        Ok(Script { title: brief.topic.clone(), language: "en".to_owned(), lines, author: self.0.to_string() })
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("orion-provider-{}", std::process::id()));
    let asker = Arc::new(Asker(Provider::local("asker", "")));
    let builder = Orion::builder().data_dir(folder.join("data")).silent().offline().with_writer(asker);
    let text = "The town library lends tools since Monday. Drills and ladders can be kept for a week.".to_owned();
    let request = CreateRequest { encoder: Encoder::Draft, ..CreateRequest::new(Subject::Text { text }) };
    let made = builder.build().await?.create(request, folder.join("video"), &Operation::detached()).await?;
    assert!(made.video.is_file(), "the video is there");
    let _ = std::fs::remove_dir_all(folder);
    Ok(())
}
