//! What each stage does. Every function asks the one before for its result and journals its own, so calling
//! any of them again costs a few reads; a changed input redoes exactly what depends on it.

use super::{Changes, Job, Production, Subject};
use crate::domain::timeline::{AudioRole, AudioTrack, CaptionStyle, Timeline};
use crate::domain::{
    Asset, AssetKind, BlobRef, Content, FeedItem, Material, Platform, ScenePlan, Script, Sha256, Stage, Trend,
    TrendStatus,
};
use crate::event::Event;
use crate::id::AssetId;
use crate::port::{
    Brief, Filter, Order, Page, Provider, RenderSettings, Rendered, RepositoryExt, ScriptWriter, Thumbnail, Validation,
};
use crate::service::director::{self, Drafted, Recalled};
use crate::service::editor::{
    Cover, CoverRequest, CoverSource, Direction, Expectations, Narration, assemble_directed, validate,
};
use crate::service::journal::Work;
use crate::service::media::ScenePicture;
use crate::service::scout::{ScanRequest, built_in, choose};
use crate::strategy::Turn;
use crate::{Bill, Error, ErrorKind, MediaTime, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Journal keys of what a person wrote instead.
pub(super) const REVISED_SCRIPT: &str = "script/revised";
pub(super) const REVISED_PLAN: &str = "prompts/revised";

/// Journal key of what is kept for later runs.
pub(super) const KEPT: &str = "memory/keep";

/// Trends that a topic is looked up in.
const CANDIDATES: u32 = 100;

/// The trend that a run is about, with what could not be read on the way to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The trend.
    pub trend: Trend,
    /// For people.
    pub problems: Vec<String>,
}

/// Another version by a person, with the hash of what it replaces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Revised<T> {
    pub(super) base: Sha256,
    pub(super) value: T,
}

/// The rendered file with what was found in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Made {
    pub(super) timeline: Timeline,
    pub(super) rendered: Rendered,
    pub(super) validation: Validation,
    pub(super) covers: Vec<Cover>,
}

impl Made {
    /// The best thumbnail of the video's own shape.
    pub(super) fn thumbnail(&self) -> Option<&Thumbnail> {
        self.covers.iter().find(|cover| cover.own).and_then(|cover| cover.candidates.first())
    }
}

/// The platforms whose thumbnails content has beside its own (contract, section 5.6).
const SHOWN_ON: [Platform; 3] = [Platform::Youtube, Platform::Tiktok, Platform::InstagramReels];

impl Production {
    /// Does one stage, and gives what it made of the content, to be committed together with the end of the stage.
    pub(super) async fn execute(&self, job: &Job<'_>, stage: Stage) -> Result<Changes> {
        job.operation.cancellation.check()?;
        match stage {
            Stage::Research => {
                let material = self.material(job).await?;
                self.save(job, |content| content.title = format!("Content for: {}", material.topic)).await
            }
            Stage::Script | Stage::Critique => {
                let (script, drafted) = self.script(job).await?;
                let save = |content: &mut Content| {
                    content.title.clone_from(&script.title);
                    content.critique = Some(drafted.critique);
                    content.script = Some(script);
                };
                self.save(job, save).await
            }
            Stage::Prompts => self.save_plan(job).await,
            Stage::Images => self.save_pictures(job).await,
            Stage::Video => {
                let narration = self.narration(job).await?;
                if self.media.clips.serves() {
                    let pictures = self.pictures(job).await?;
                    self.moving(job, &narration, pictures).await?;
                }
                self.changes(job.run.owner).await
            }
            Stage::Render => {
                let made = self.made(job).await?;
                self.keep(job).await?;
                self.save_video(job, &made).await
            }
        }
    }

    /// The trend that the run is about, if it is about one: given, or the best of a feed.
    pub(super) async fn choice(&self, job: &Job<'_>) -> Result<Option<Choice>> {
        let input = (&job.request.subject, &job.request.niche);
        match &job.request.subject {
            Subject::Feed { location } => {
                let scan = || async { Ok(Work::plain("scout", self.best_of(job, location).await?)) };
                Ok(Some(job.journal.step("scout", &input, scan).await?.value))
            }
            Subject::Trend { id } => {
                let read = || async {
                    let trend = self.store.read().await?.trends().require(*id).await?;
                    Ok(Work::plain("scout", Choice { trend, problems: Vec::new() }))
                };
                Ok(Some(job.journal.step("scout", &input, read).await?.value))
            }
            _ => Ok(None),
        }
    }

    async fn best_of(&self, job: &Job<'_>, location: &str) -> Result<Choice> {
        let niche = job.request.niche.as_deref().map(built_in).transpose()?;
        let request = ScanRequest { niche, ..ScanRequest::of_feed(location) };
        let report = self.scout.scan(&request, job.operation).await?;
        let trend = choose(&report.trends).ok_or_else(|| {
            let error = Error::not_found("the feed holds no topic to make a video of").with_context("feed", location);
            match &job.request.niche {
                _ if report.used > 0 || !report.trends.is_empty() => {
                    error.with_hint("every topic of this feed was used already; wait for new ones")
                }
                Some(niche) => {
                    error.with_context("niche", niche).with_hint("leave the niche away, or take a feed that covers it")
                }
                None => error.with_hint("the feed is empty; take another"),
            }
        })?;
        Ok(Choice { trend: trend.clone(), problems: report.problems })
    }

    /// What the script may be made from.
    pub(super) async fn material(&self, job: &Job<'_>) -> Result<Material> {
        let (subject, candidates) = match &job.request.subject {
            Subject::Feed { .. } | Subject::Trend { .. } => {
                let choice =
                    self.choice(job).await?.ok_or_else(|| Error::unexpected("a run about a trend has none"))?;
                (director::Subject::Trend(choice.trend), Vec::new())
            }
            Subject::Url { url } => (director::Subject::Url(url.clone()), Vec::new()),
            Subject::Topic { topic } => (director::Subject::Topic(topic.clone()), self.candidates().await?),
            Subject::Text { text } => (director::Subject::Text(text.clone()), Vec::new()),
            Subject::Script { script } => (director::Subject::Script(script.clone()), Vec::new()),
        };
        // What else is known of a topic changes by the hour: it is part of the work, not of the step's identity.
        let work = || async {
            let mut material = self.director.research(&subject, &candidates, Some(&job.journal), job.operation).await?;
            if self.media.fetcher.is_none() {
                // Pictures that nobody can fetch are neither shown nor credited.
                material.sources.iter_mut().for_each(|source| source.picture = None);
            }
            Ok(Work::plain("director", material))
        };
        Ok(job.journal.step("research", &subject, work).await?.value)
    }

    async fn candidates(&self) -> Result<Vec<FeedItem>> {
        let page = Page::first(Order::Newest, CANDIDATES);
        let trends = self.store.read().await?.trends().list(&Filter::default(), &page).await?;
        Ok(trends.items.into_iter().flat_map(|trend| trend.items).collect())
    }

    /// The script as it was drafted, checked and judged.
    pub(super) async fn drafted(&self, job: &Job<'_>) -> Result<Drafted> {
        let material = self.material(job).await?;
        let request = &job.request;
        let recalled = self.recalled(job, &material.topic).await?;
        let brief = Brief {
            topic: material.topic.clone(),
            niche: request.niche.clone(),
            platform: request.platform,
            tone: request.tone.clone(),
            seconds: request.seconds,
            examples: recalled.hooks,
            critique: None,
            feedback: job.run.feedback.clone(),
        };
        let (brief, material) = (&brief, &material);
        if let Subject::Script { script } = &request.subject {
            let bill = &Bill::new();
            let operation = &job.operation.within(Stage::Critique).billed(bill);
            let accept = || async { Ok(Work::plain("user", self.director.accept(brief, script, operation).await?)) };
            return Ok(job.journal.billed("script", &(brief, material, "user"), bill, accept).await?.value);
        }
        // Another writer behind the same brief writes anew.
        let input = |by: &Provider| (brief, material, by.to_string());
        let written = job.journal.done("script", input).await?;
        let begun = job.journal.holder("script", &self.director.writer, input).await?;
        // Drafts that were thrown away, and what critics said of them, were paid for too.
        let bill = &Bill::new();
        let operation = &job.operation.within(Stage::Script).billed(bill);
        let write = |turn: Turn<dyn ScriptWriter>| async move {
            let work = || async {
                let drafted = self.director.write_in_turn(&turn, brief, material, operation).await;
                turn.paid(bill.owed(turn.by()));
                Ok(Work::of(&turn, drafted?))
            };
            Ok(job.journal.billed("script", &input(turn.by()), bill, work).await?.value)
        };
        let mut drafted: Drafted = match written {
            Some(written) => written.value,
            None => self.director.writer.in_turn(begun, write).await?.value,
        };
        let told = |problem| format!("written without examples of earlier hooks: {problem}");
        drafted.notes.extend(recalled.problem.map(told));
        Ok(drafted)
    }

    /// What is remembered of similar topics. It is part of the brief, so it is looked up once: what others finish
    /// meanwhile must not make a script that is written be written anew.
    async fn recalled(&self, job: &Job<'_>, topic: &str) -> Result<Recalled> {
        if self.director.memory.is_none() || matches!(job.request.subject, Subject::Script { .. }) {
            return Ok(Recalled::default());
        }
        let bill = &Bill::new();
        let operation = &job.operation.billed(bill);
        let recall = || async { self.director.recall(topic, job.run.content_id, operation).await };
        Ok(job.journal.billed("memory/recall", topic, bill, recall).await?.value)
    }

    /// Keeps hook and script of what was made for later runs. What cannot be kept is noted in the journal, and does not
    /// keep anybody from their video.
    async fn keep(&self, job: &Job<'_>) -> Result<()> {
        let Some(memory) = &self.director.memory else { return Ok(()) };
        let (script, drafted) = self.script(job).await?;
        let (id, score) = (job.run.content_id, drafted.critique.confidence());
        let (kept, now) = (&script, self.clock.now());
        let bill = &Bill::new();
        let operation = &job.operation.billed(bill);
        let keep = || async move {
            let served = memory.keep(id, kept, score, now, operation).await?;
            Ok(Work { served_by: Some(served.by), after: served.after, ..Work::plain("memory", true) })
        };
        let by = memory.embedders().order().first().map(ToString::to_string).unwrap_or_default();
        match job.journal.billed(KEPT, &(kept, score, by), bill, keep).await {
            Err(error) if error.kind() == ErrorKind::Cancelled => Err(error),
            _ => Ok(()),
        }
    }

    /// The script that goes on: a person's version of the draft, or the draft.
    pub(super) async fn script(&self, job: &Job<'_>) -> Result<(Script, Drafted)> {
        let drafted = self.drafted(job).await?;
        let revised = job.journal.finished::<Revised<Script>>(REVISED_SCRIPT).await?;
        let base = Sha256::of_json(&drafted.script)?;
        let script = revised.filter(|revised| revised.base == base).map(|revised| revised.value);
        Ok((script.unwrap_or_else(|| drafted.script.clone()), drafted))
    }

    /// The scenes as the director plans them.
    pub(super) async fn planned(&self, job: &Job<'_>) -> Result<ScenePlan> {
        let (script, _) = self.script(job).await?;
        let material = self.material(job).await?;
        let input = (&script, &material, job.request.seed, &job.run.feedback, &job.request.style);
        let template = job.request.template.as_ref();
        let work = || async {
            let mut plan = self.director.plan(&script, &material, template);
            plan.look.seed ^= job.request.seed;
            if let Some(style) = &job.request.style {
                plan.prompts.iter_mut().for_each(|prompt| prompt.style.clone_from(style));
            }
            Ok(Work::plain("director", plan))
        };
        // Runs without a template keep the input that they had when there were none.
        let planned = match template {
            Some(template) => job.journal.step("prompts", &(&input, template), work).await?,
            None => job.journal.step("prompts", &input, work).await?,
        };
        let mut plan = planned.value;
        job.request.own.head(&mut plan);
        if let Some(brand) = &job.request.brand {
            brand.colour(&mut plan);
        }
        Ok(plan)
    }

    /// The scenes that go on: a person's version of the plan, or the plan.
    pub(super) async fn plan(&self, job: &Job<'_>) -> Result<ScenePlan> {
        let plan = self.planned(job).await?;
        let revised = job.journal.finished::<Revised<ScenePlan>>(REVISED_PLAN).await?;
        let base = Sha256::of_json(&plan)?;
        Ok(revised.filter(|revised| revised.base == base).map_or(plan, |revised| revised.value))
    }

    async fn save_plan(&self, job: &Job<'_>) -> Result<Changes> {
        let plan = self.plan(job).await?;
        let choice = self.choice(job).await?;
        let mut changes = self.changes(job.run.owner).await?;
        let mut content = changes.tx.contents().require(job.run.content_id).await?;
        let first = content.scenes.is_none();
        content.trend_id = choice.as_ref().map(|choice| choice.trend.id);
        content.scenes = Some(plan.clone());
        changes.tx.contents().update(&mut content).await?;
        if let Some(choice) = &choice {
            self.mark_used(&mut changes, &choice.trend).await?;
        }
        if first {
            let event = Event::ContentCreated {
                content_id: content.id,
                trend_id: content.trend_id,
                title: content.title.clone(),
                status: content.status,
                visual_prompts: plan.prompts.into_iter().map(|prompt| prompt.description).collect(),
                confidence_score: content.critique.as_ref().map(|critique| critique.confidence()),
                niche: content.niche.clone(),
                source: choice.map(|choice| choice.trend.sources.join(",")),
            };
            self.append(&mut changes, &event).await?;
        }
        Ok(changes)
    }

    /// Content has been made of the trend; the next run takes another.
    async fn mark_used(&self, changes: &mut Changes, trend: &Trend) -> Result<()> {
        if let Some(mut stored) = changes.tx.trends().get(trend.id).await?
            && stored.status == TrendStatus::Active
        {
            stored.set_status(TrendStatus::Used, self.clock.now())?;
            changes.tx.trends().update(&mut stored).await?;
        }
        Ok(())
    }

    /// The pictures of all scenes.
    pub(super) async fn pictures(&self, job: &Job<'_>) -> Result<Vec<ScenePicture>> {
        let plan = self.plan(job).await?;
        let material = self.material(job).await?;
        let scenes: Vec<u32> = plan.prompts.iter().map(|prompt| prompt.scene_number).collect();
        let own = job.request.own.shown(&scenes);
        if own.iter().all(Option::is_none) {
            return self.media.illustrate(&job.journal, &plan, &material, job.request.canvas, job.operation).await;
        }
        let mut left = plan.clone();
        left.prompts = plan.prompts.into_iter().zip(&own).filter(|(_, own)| own.is_none()).map(|(it, _)| it).collect();
        let mut pictures: Vec<ScenePicture> = own.into_iter().flatten().collect();
        if !left.prompts.is_empty() {
            let canvas = job.request.canvas;
            pictures.extend(self.media.illustrate(&job.journal, &left, &material, canvas, job.operation).await?);
        }
        pictures.sort_by_key(|picture| scenes.iter().position(|number| *number == picture.scene_number));
        Ok(pictures)
    }

    async fn save_pictures(&self, job: &Job<'_>) -> Result<Changes> {
        let pictures = self.pictures(job).await?;
        let providers: BTreeSet<String> = pictures.iter().map(|picture| picture.provider.clone()).collect();
        let providers = providers.into_iter().collect();
        let mut changes = self.changes(job.run.owner).await?;
        let mut assets = Vec::new();
        for picture in &pictures {
            for layer in &picture.layers {
                let metadata = serde_json::json!({
                    "scene": picture.scene_number, "width": layer.width, "height": layer.height,
                    "moves": layer.moves, "credit": picture.credit,
                });
                assets.push(self.asset(job, AssetKind::Image, &picture.provider, &layer.blob, metadata));
            }
        }
        let count = assets.len() as u32;
        replace_assets(&mut changes, job, &[AssetKind::Image], assets).await?;
        let event = Event::MediaGenerated { content_id: job.run.content_id, asset_count: count, providers, cost: None };
        self.append(&mut changes, &event).await?;
        Ok(changes)
    }

    /// The spoken lines.
    pub(super) async fn narration(&self, job: &Job<'_>) -> Result<Narration> {
        let (script, _) = self.script(job).await?;
        if let Some(narration) = &job.request.own.narration {
            if narration.lines.len() != script.lines.len() {
                return Err(Error::conflict("the script has other lines than the voice that was given for it")
                    .with_context("spoken", narration.lines.len())
                    .with_context("lines", script.lines.len())
                    .with_hint("begin anew with a voice file of the script as it is now"));
            }
            return Ok(narration.clone());
        }
        let voices = job.request.own.voices(script.lines.len(), job.request.voice.as_deref());
        self.editor.narrate(&job.journal, &script, &voices, job.request.speed, job.operation).await
    }

    /// The pictures with those set in motion that a model can.
    async fn moving(
        &self,
        job: &Job<'_>,
        narration: &Narration,
        pictures: Vec<ScenePicture>,
    ) -> Result<Vec<ScenePicture>> {
        let plan = self.plan(job).await?;
        self.media.animate(&job.journal, &plan, pictures, narration, job.request.canvas, job.operation).await
    }

    /// The file, checked, and its thumbnail.
    pub(super) async fn made(&self, job: &Job<'_>) -> Result<Made> {
        let (script, _) = self.script(job).await?;
        let (pictures, narration) = (self.pictures(job).await?, self.narration(job).await?);
        let own_style = job.request.template.as_ref().and_then(|template| template.captions.clone());
        let style = own_style.unwrap_or_else(|| CaptionStyle::named(&job.request.captions));
        let moving = self.moving(job, &narration, pictures.clone()).await?;
        let own = &job.request.own;
        let least = own.least(narration.lines.len());
        let plan = self.plan(job).await?;
        let direction = Direction { prompts: &plan.prompts, least: &least, unbroken: own.track.is_some() };
        let mut timeline = assemble_directed(&narration, &moving, &style, job.request.canvas, direction)?;
        let length = timeline.duration();
        let whole =
            |source: BlobRef, role| AudioTrack { source, start: MediaTime::ZERO, duration: length, role, gain_db: 0.0 };
        match &own.track {
            Some(track) => timeline.audio.push(whole(track.clone(), AudioRole::Track)),
            None => timeline.audio.extend(own.music.clone().map(|music| whole(music, AudioRole::Music))),
        }
        if let Some(brand) = &job.request.brand {
            brand.dress(&mut timeline)?;
        }
        let settings = RenderSettings { encoder: job.request.encoder, title: script.title.clone() };
        let rendered = self.editor.render(&job.journal, &timeline, &settings, job.operation).await?.value;
        let validation = validate(&rendered.info, &timeline, &Expectations::default());
        let source = |picture: &ScenePicture| {
            // The ground alone: the title is set anew, larger.
            let layer = picture.layers.first()?;
            Some(CoverSource { scene: picture.scene_number, ground: layer.blob.clone() })
        };
        let request = CoverRequest {
            title: script.title.clone(),
            accent: plan.look.palette.accent,
            canvas: job.request.canvas,
            sources: pictures.iter().filter_map(source).collect(),
        };
        let covers = self.editor.covers(&job.journal, &timeline, &request, job.operation).await?.value;
        Ok(Made { timeline, rendered, validation, covers })
    }

    async fn save_video(&self, job: &Job<'_>, made: &Made) -> Result<Changes> {
        let video = serde_json::json!({
            "duration_seconds": made.rendered.info.duration.seconds(), "encoder": made.rendered.encoder,
            "validation_score": made.validation.score(), "validation_passed": made.validation.passed(),
        });
        let mut assets = vec![self.asset(job, AssetKind::Video, "ffmpeg", &made.rendered.video, video)];
        // That of the video's own shape first: it is what listings here show.
        assets.extend(made.thumbnail().map(|own| {
            let metadata = serde_json::json!({ "score": own.marks.score() });
            self.asset(job, AssetKind::Thumbnail, "draw", &own.picture, metadata)
        }));
        for platform in SHOWN_ON {
            let shown = made.covers.iter().find(|cover| cover.platforms.contains(&platform));
            assets.extend(shown.and_then(|cover| Some((cover, cover.candidates.first()?))).map(|(cover, best)| {
                let metadata = serde_json::json!({
                    "platform": platform, "width": cover.width, "height": cover.height, "score": best.marks.score(),
                });
                self.asset(job, AssetKind::Thumbnail, "draw", &best.picture, metadata)
            }));
        }
        let mut changes = self.changes(job.run.owner).await?;
        replace_assets(&mut changes, job, &[AssetKind::Video, AssetKind::Thumbnail], assets).await?;
        let content = changes.tx.contents().require(job.run.content_id).await?;
        let event = Event::ContentUpdated {
            content_id: content.id,
            status: content.status,
            stage: Some(Stage::Render.to_string()),
            pipeline_run_id: Some(job.run.id),
            validation_passed: Some(made.validation.passed()),
            validation_score: Some(made.validation.score()),
        };
        self.append(&mut changes, &event).await?;
        Ok(changes)
    }

    fn asset(
        &self,
        job: &Job<'_>,
        kind: AssetKind,
        provider: &str,
        blob: &BlobRef,
        metadata: serde_json::Value,
    ) -> Asset {
        Asset {
            id: AssetId::random(&*self.entropy),
            content_id: job.run.content_id,
            kind,
            provider: provider.to_owned(),
            position: 0,
            blob: blob.clone(),
            metadata,
            created_at: self.clock.now(),
            version: 0,
        }
    }

    async fn save(&self, job: &Job<'_>, change: impl FnOnce(&mut Content)) -> Result<Changes> {
        let mut changes = self.changes(job.run.owner).await?;
        let mut content = changes.tx.contents().require(job.run.content_id).await?;
        change(&mut content);
        content.updated_at = self.clock.now();
        changes.tx.contents().update(&mut content).await?;
        Ok(changes)
    }
}

/// Puts assets in the place of the content's earlier ones of these kinds.
async fn replace_assets(changes: &mut Changes, job: &Job<'_>, kinds: &[AssetKind], assets: Vec<Asset>) -> Result<()> {
    let filter = Filter {
        parent: Some(job.run.content_id.0),
        states: kinds.iter().map(ToString::to_string).collect(),
        ..Filter::default()
    };
    loop {
        let old = changes.tx.assets().list(&filter, &Page::first(Order::Oldest, Page::MOST)).await?;
        for asset in &old.items {
            changes.tx.assets().delete(asset.id).await?;
        }
        if old.next.is_none() {
            break;
        }
    }
    for (position, mut asset) in assets.into_iter().enumerate() {
        asset.position = position as u32;
        changes.tx.assets().insert(&mut asset).await?;
    }
    Ok(())
}
