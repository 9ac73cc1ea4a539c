//! Making videos.

use super::Engine;
use crate::calls::{VideoOrder, reply};
use orion_core::domain::{Gate, Role, Run, RunState};
use orion_core::id::{ContentId, RunId, UserId};
use orion_core::service::identity::Caller;
use orion_core::service::production::{CreateRequest, RenderChange};
use orion_core::{Error, Operation, Result};
use orion_host::delivery::{deliver, folder_name};
use orion_host::own::OwnFiles;
use orion_host::system::apart;
use orion_host::{Orion, worklist};
use serde_json::json;
use std::path::{Path, PathBuf};

impl Engine {
    pub(super) async fn create(
        &self,
        caller: &Caller,
        order: VideoOrder,
        out: Option<PathBuf>,
        operation: &Operation,
    ) -> Result<Vec<u8>> {
        caller.require(Role::Editor)?;
        let (request, own, orion) = self.request(order).await?;
        if !request.gates.is_empty() {
            return Err(Error::invalid("a video that waits at gates is not made in one go")
                .with_hint("use start, then advance and decide at each gate, then deliver"));
        }
        let run = self.begin(orion, caller.user_id, (request, own), operation).await?;
        let run = self.go_on(run.id, operation).await?;
        delivered(&self.orion, run.id, out).await
    }

    pub(super) async fn start(&self, caller: &Caller, order: VideoOrder, operation: &Operation) -> Result<Vec<u8>> {
        caller.require(Role::Editor)?;
        let (request, own, orion) = self.request(order).await?;
        reply(&self.begin(orion, caller.user_id, (request, own), operation).await?)
    }

    pub(super) async fn advance(&self, caller: &Caller, id: RunId, operation: &Operation) -> Result<Vec<u8>> {
        caller.require(Role::Editor)?;
        self.own_run(caller, id).await?;
        self.orion.check_tools()?;
        reply(&self.go_on(id, operation).await?)
    }

    pub(super) async fn deliver(&self, caller: &Caller, id: RunId, out: Option<PathBuf>) -> Result<Vec<u8>> {
        self.own_run(caller, id).await?;
        delivered(&self.orion, id, out).await
    }

    pub(super) async fn render(
        &self,
        caller: &Caller,
        id: ContentId,
        voice: Option<String>,
        captions: Option<String>,
        size: Option<(u32, u32)>,
    ) -> Result<Vec<u8>> {
        caller.require(Role::Editor)?;
        self.content(caller, id).await?;
        let orion = self.orion.clone();
        let change = RenderChange { voice, captions, size };
        reply(&apart(move || async move { orion.production().render_again(id, &change).await }).await?)
    }

    pub(super) async fn own_run(&self, caller: &Caller, id: RunId) -> Result<Run> {
        let run = self.orion.run(id).await?;
        caller.owns(run.owner)?;
        Ok(run)
    }

    /// What is asked for, the files that come with it, and the engine that begins it.
    async fn request(&self, order: VideoOrder) -> Result<(CreateRequest, OwnFiles, Orion)> {
        let subject = order.subject().await?;
        let own = OwnFiles {
            images: order.images,
            clips: order.clips,
            voice: order.voice_file,
            audio: order.audio,
            folder: order.script_file.as_deref().and_then(Path::parent).map(Path::to_owned),
        };
        let orion = self.orion.clone();
        let orion = if let Some(music) = order.music { orion.with_music(music) } else { orion };
        let mut config = self.config().clone();
        let texts = [
            (&mut config.platform, order.platform),
            (&mut config.tone, order.tone),
            (&mut config.captions, order.captions),
            (&mut config.format, order.format),
            (&mut config.quality, order.quality),
            (&mut config.niche, order.niche),
        ];
        for (setting, given) in texts {
            if let Some(given) = given {
                *setting = given;
            }
        }
        config.seconds = order.seconds.unwrap_or(config.seconds);
        config.speed = order.speed.unwrap_or(config.speed);
        config.fps = order.fps.unwrap_or(config.fps);
        let mut request = config.request(subject)?;
        (request.style, request.voice, request.seed) = (order.style, order.voice, order.seed);
        request.gates = order.gates;
        request.gates.sort_unstable();
        request.gates.dedup();
        if own.audio.is_none() {
            request.check()?;
        }
        Ok((request, own, orion))
    }

    /// Writes a run down, and notes that this program has it in its care: a platform on the same record leaves it alone.
    async fn begin(
        &self,
        orion: Orion,
        owner: UserId,
        (mut request, own): (CreateRequest, OwnFiles),
        operation: &Operation,
    ) -> Result<Run> {
        orion.check_tools()?;
        let operation = operation.clone();
        let begun = apart(move || async move {
            orion.take_in(&mut request, &own, &operation).await?;
            orion.start(owner, request, &operation).await
        });
        let run = begun.await?;
        if self.config().is_kept() {
            worklist::write(&self.config().data_dir, &worklist::Note::new(run.id, None, self.config()))?;
        }
        Ok(run)
    }

    /// Works on a run until it waits for a person or is finished; no other process does so at the same time.
    async fn go_on(&self, id: RunId, operation: &Operation) -> Result<Run> {
        let (orion, operation) = (self.orion.clone(), operation.clone());
        apart(move || async move { orion.production().advance(id, &operation).await }).await
    }
}

/// Hands the files of a finished run over.
async fn delivered(orion: &Orion, id: RunId, out: Option<PathBuf>) -> Result<Vec<u8>> {
    let run = orion.run(id).await?;
    if !matches!(run.state, RunState::Completed | RunState::Waiting { gate: Gate::Review }) {
        return Err(Error::conflict("the run has no finished video")
            .with_context("state", run.state)
            .with_hint("let it go on with advance, and decide at its gates"));
    }
    let (engine, folder) = (orion.clone(), out);
    let delivery = apart(move || async move {
        let product = engine.product(id).await?;
        let folder = folder.unwrap_or_else(|| engine.config().out.join(folder_name(&product.title, id)));
        let folder = std::path::absolute(&folder).map_err(|error| {
            Error::invalid("this is no path").with_context("path", folder.display()).with_source(error)
        })?;
        let delivery = deliver(engine.blobs(), &product, &folder).await?;
        Ok((product.title, product.report.content_id, delivery))
    });
    let (title, content, delivery) = delivery.await?;
    worklist::delivered(&orion.config().data_dir, id, &delivery.folder)?;
    let text = |path: &Path| path.display().to_string();
    reply(&json!({
        "run_id": id, "content_id": content, "title": title, "folder": text(&delivery.folder), "video": text(&delivery.video),
        "thumbnail": text(&delivery.thumbnail), "thumbnails": delivery.thumbnails, "captions": delivery.captions, "script": text(&delivery.script),
        "report": text(&delivery.report),
    }))
}
