//! Whole runs over ports in memory: what is done, what is not done twice, and what a person may decide.

use super::*;
use crate::domain::timeline::Timeline;
use crate::domain::{
    BlobRef, CostCategory, Feed, FeedItem, Gate, Money, Picture, Sha256, StepState, TrendStatus, Verdict,
};
use crate::event::RejectAction;
use crate::memory::{ManualClock, MemoryBlobs, MemoryStore, MemoryWire, SeededEntropy};
use crate::port::{
    ColourTags, FeedReader, FeedReading, FeedVisit, Filter, GeneratedImage, ImageLayer, ImageModel, ImageRequest,
    MediaInfo, MediaProbe, Order, Page, Provider, RenderSettings, Rendered, Renderer, Repair, Side, Speech,
    SpeechModel, SpeechRequest, SpokenWord, Submission, Thumbnail, ThumbnailMarks, ThumbnailRequest, Usage, Voice,
    WordTimes,
};
use crate::strategy::Strategy;
use crate::{Cancellation, MediaTime, Timestamp};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

mod budget;
mod lease;
mod providers;
mod review;
mod stop;

const STORY: &str = "The old harbour bridge will close on Monday for 14 months. Engineers found 40 cracks in the main \
    beams during a survey in March. About 9,000 cars cross the bridge every day. The city will run a free ferry while \
    the bridge is repaired. The repair costs 36 million euros, and the region pays half of it. The bridge was built in \
    1931 and carried trams until 1968.";

/// Gives one feed of one story.
#[derive(Debug)]
struct OneStory;

#[async_trait]
impl FeedReader for OneStory {
    async fn visit(&self, _visit: &FeedVisit) -> Result<FeedReading> {
        let feed = self.parse(b"", None)?;
        Ok(FeedReading::Read {
            feed,
            etag: None,
            last_modified: None,
            fresh_for: None,
            body: Bytes::new(),
            content_type: None,
        })
    }

    fn parse(&self, _bytes: &[u8], _content_type: Option<&str>) -> Result<Feed> {
        let item = FeedItem {
            title: "Harbour bridge closes for 14 months".to_owned(),
            url: None,
            summary: String::new(),
            content: STORY.to_owned(),
            author: None,
            published_at: None,
            picture: Some(Picture {
                url: "https://news.example/bridge.jpg".to_owned(),
                credit: Some("Photograph: J. Doe".to_owned()),
                caption: None,
                width: None,
                height: None,
            }),
            categories: Vec::new(),
            feed_title: "City News".to_owned(),
            language: Some("en".to_owned()),
            rank: 0,
        };
        Ok(Feed { title: "City News".to_owned(), language: Some("en".to_owned()), site_url: None, items: vec![item] })
    }
}

fn provider(name: &str) -> Provider {
    Provider { name: name.to_owned(), model: "test".to_owned(), side: Side::Local }
}

/// Draws, speaks and renders nothing much, counts how often it is asked, and fails when it is told to.
#[derive(Debug)]
struct Tools {
    provider: Provider,
    blobs: Arc<dyn BlobStore>,
    drawn: AtomicU32,
    spoken: AtomicU32,
    rendered: AtomicU32,
    fails: Mutex<Option<Error>>,
}

#[async_trait]
impl ImageModel for Tools {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn submit(&self, request: &ImageRequest, _operation: &Operation) -> Result<Submission<GeneratedImage>> {
        self.drawn.fetch_add(1, Ordering::SeqCst);
        let bytes = Bytes::from(format!("picture {}", request.scene_number));
        let layer = ImageLayer { bytes, media_type: "image/png".to_owned(), width: 64, height: 64, moves: true };
        let usage = Usage { category: CostCategory::ImageGeneration, units: 1.0, cost: Money::from_dollars(0.02) };
        Ok(Submission::Done(GeneratedImage { layers: vec![layer], usage }))
    }

    async fn wait(&self, _handle: &str, _operation: &Operation) -> Result<GeneratedImage> {
        Err(Error::not_found("nothing is pending"))
    }

    async fn cancel(&self, _handle: &str) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl SpeechModel for Tools {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn voices(&self) -> Result<Vec<Voice>> {
        Ok(Vec::new())
    }

    async fn speak(&self, request: &SpeechRequest, _operation: &Operation) -> Result<Speech> {
        self.spoken.fetch_add(1, Ordering::SeqCst);
        let words = request.text.split_whitespace().enumerate().map(|(index, text)| SpokenWord {
            text: text.to_owned(),
            start: MediaTime::from_millis(index as i64 * 300),
            end: MediaTime::from_millis(index as i64 * 300 + 280),
        });
        let words: Vec<SpokenWord> = words.collect();
        let usage = Usage { category: CostCategory::TtsCharacters, units: 1.0, cost: Money::ZERO };
        Ok(Speech {
            samples: vec![0.1; words.len() * 2400 + 800],
            sample_rate: 8000,
            words,
            times: WordTimes::Voice,
            usage,
        })
    }
}

#[async_trait]
impl Renderer for Tools {
    async fn render(
        &self,
        timeline: &Timeline,
        _settings: &RenderSettings,
        _operation: &Operation,
    ) -> Result<Rendered> {
        self.rendered.fetch_add(1, Ordering::SeqCst);
        if let Some(error) = self.fails.lock().unwrap().take() {
            return Err(error);
        }
        let video = self.blobs.put(Bytes::from(serde_json::to_vec(timeline)?), "video/mp4").await?;
        let info = MediaInfo {
            container: "mp4".to_owned(),
            duration: timeline.duration(),
            length: video.length,
            video_codec: Some("h264".to_owned()),
            profile: None,
            level: None,
            key_frames: None,
            pixel_format: None,
            width: 1080,
            height: 1920,
            frames_per_second: 30.0,
            frames: None,
            video_duration: None,
            audio_codec: None,
            sample_rate: None,
            channels: None,
            audio_duration: None,
            fast_start: true,
            edited: false,
            colour: Some(ColourTags::bt709()),
            loudness: None,
            true_peak: None,
            content: None,
        };
        Ok(Rendered { video, info, frames: 1, encoder: "test".to_owned(), repaired: BTreeSet::new() })
    }

    async fn frame(&self, _timeline: &Timeline, _at: MediaTime) -> Result<BlobRef> {
        self.blobs.put(Bytes::from_static(b"frame"), "image/png").await
    }

    async fn thumbnail(&self, request: &ThumbnailRequest) -> Result<Thumbnail> {
        let shown =
            format!("{} {}x{} {:?}", request.title, request.canvas.width, request.canvas.height, request.layers);
        let picture = self.blobs.put(Bytes::from(shown), "image/jpeg").await?;
        Ok(Thumbnail { picture, marks: ThumbnailMarks::default() })
    }

    async fn repair(&self, _: &Rendered, _: &BTreeSet<Repair>, _: &Operation) -> Result<(BlobRef, MediaInfo)> {
        Err(Error::new(ErrorKind::Unsupported, "nothing is repaired here"))
    }
}

#[async_trait]
impl MediaProbe for Tools {
    async fn probe(&self, blob: &BlobRef, _operation: &Operation) -> Result<MediaInfo> {
        Err(Error::invalid("not a media file").with_context("sha256", blob.sha256))
    }
}

fn worker(n: u64) -> Worker {
    Worker::new(
        Arc::new(crate::testing::Standstill),
        Arc::new(crate::service::lease::Alone(crate::testing::sample::uuid(n))),
    )
}

fn production() -> (Production, Arc<Tools>) {
    let (store, blobs): (Arc<dyn Store>, Arc<dyn BlobStore>) =
        (Arc::new(MemoryStore::new()), Arc::new(MemoryBlobs::new()));
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(Timestamp::from_micros(1_800_000_000_000_000)));
    let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(7));
    let tools = Arc::new(Tools {
        provider: provider("tools"),
        blobs: blobs.clone(),
        drawn: AtomicU32::new(0),
        spoken: AtomicU32::new(0),
        rendered: AtomicU32::new(0),
        fails: Mutex::new(None),
    });
    let production = Production {
        scout: Scout {
            wire: Arc::new(MemoryWire::new()),
            store: store.clone(),
            blobs: blobs.clone(),
            reader: Arc::new(OneStory),
            clock: clock.clone(),
            entropy: entropy.clone(),
            sources: Vec::new(),
            witnesses: Vec::new(),
            plan: crate::service::scout::ScanPlan::default(),
        },
        director: Director::default(),
        media: Media { images: tools.clone().into(), clips: Strategy::nobody(), fetcher: None, blobs: blobs.clone() },
        editor: Editor {
            speech: tools.clone().into(),
            blobs: blobs.clone(),
            renderer: tools.clone(),
            probe: tools.clone(),
        },
        budget: Budget::default(),
        worker: worker(1),
        wire: Arc::new(MemoryWire::new()),
        store,
        blobs,
        clock,
        entropy,
    };
    (production, tools)
}

fn request(gates: &[Gate]) -> CreateRequest {
    let subject = Subject::Feed { location: "news.xml".to_owned() };
    CreateRequest { gates: gates.to_vec(), seconds: 20, ..CreateRequest::new(subject) }
}

async fn content(production: &Production, run: &Run) -> Content {
    production.store.read().await.unwrap().contents().require(run.content_id).await.unwrap()
}

async fn events(production: &Production) -> Vec<Event> {
    let records = production.store.read().await.unwrap().read(0, None, 200).await.unwrap();
    records.into_iter().map(|record| record.event).collect()
}

#[tokio::test]
async fn a_run_without_gates_goes_from_feed_to_review() {
    let (production, tools) = production();
    let run = production.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    let run = production.advance(run.id, &Operation::detached()).await.unwrap();
    assert_eq!(run.state, RunState::Completed);
    let content = content(&production, &run).await;
    assert_eq!(content.status, ContentStatus::Review);
    assert!(content.script.is_some() && content.scenes.is_some() && content.critique.is_some());

    let product = production.product(run.id).await.unwrap();
    assert!(product.script_markdown.contains("City News"));
    // Nobody could fetch the picture, so nobody is named for it.
    assert!(!product.script_markdown.contains("J. Doe"));
    assert!(!content.scenes.is_some_and(|plan| format!("{plan:?}").contains("J. Doe")));
    assert!(product.captions.srt.contains("-->"));
    assert_eq!(
        product.report.trend.as_ref().map(|(topic, _)| topic.as_str()),
        Some("Harbour bridge closes for 14 months")
    );
    assert!(product.report.steps.iter().all(|step| step.state == StepState::Finished && step.attempts == 1));
    let drawn = f64::from(tools.drawn.load(Ordering::SeqCst));
    assert!((product.report.cost_usd - 0.02 * drawn).abs() < 1e-9);

    let events = events(&production).await;
    let of = |channel: &str| events.iter().filter(|event| event.channel() == channel).count();
    assert_eq!((of("orion.trend.detected"), of("orion.content.created"), of("orion.media.generated")), (1, 1, 1));
    assert_eq!(of("orion.pipeline.stage_changed"), 2 * Stage::ALL.len());
    let trends =
        production.store.read().await.unwrap().trends().list(&Filter::default(), &Page::default()).await.unwrap();
    assert_eq!(trends.items[0].status, TrendStatus::Used);

    let before = (tools.drawn.load(Ordering::SeqCst), tools.spoken.load(Ordering::SeqCst));
    let again = production.advance(run.id, &Operation::detached()).await.unwrap();
    assert_eq!(again.state, RunState::Completed);
    assert_eq!((tools.drawn.load(Ordering::SeqCst), tools.spoken.load(Ordering::SeqCst)), before);
}

#[tokio::test]
async fn what_failed_goes_on_without_doing_anything_twice() {
    let (production, tools) = production();
    *tools.fails.lock().unwrap() = Some(Error::unavailable("the encoder is not installed"));
    let run = production.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    let error = production.advance(run.id, &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let failed = production.run(run.id).await.unwrap();
    assert!(
        matches!(&failed.state, RunState::Failed { stage: Stage::Render, reason, .. } if reason.contains("encoder"))
    );
    assert_eq!(content(&production, &failed).await.status, ContentStatus::Draft);
    assert_eq!(production.product(run.id).await.unwrap_err().kind(), ErrorKind::Conflict);
    let told = events(&production).await.into_iter().find(|event| event.channel() == "orion.media.failed");
    let Some(Event::MediaFailed { error, errors, pipeline_run_id, .. }) = told else { unreachable!("{told:?}") };
    assert!(error.contains("encoder") && errors == [error] && pipeline_run_id == Some(run.id));

    let spoken = tools.spoken.load(Ordering::SeqCst);
    let run = production.advance(run.id, &Operation::detached()).await.unwrap();
    assert_eq!(run.state, RunState::Completed);
    assert_eq!(run.attempts, 2);
    assert_eq!(tools.spoken.load(Ordering::SeqCst), spoken);
    assert_eq!(tools.rendered.load(Ordering::SeqCst), 2);
    let mut tx = production.store.read().await.unwrap();
    let costs = tx.costs().list(&Filter::default(), &Page::first(Order::Oldest, 200)).await.unwrap();
    let images = costs.items.iter().filter(|cost| cost.category == CostCategory::ImageGeneration).count();
    assert_eq!(images as u32, tools.drawn.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_stopped_run_is_cancelled_and_goes_on() {
    let (production, _) = production();
    let run = production.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    let cancellation = Cancellation::new();
    let switch = cancellation.clone();
    let stop = move |update: ProgressUpdate| {
        if update.stage == Stage::Video {
            switch.cancel();
        }
    };
    let operation = Operation::new(cancellation, Arc::new(stop));
    let error = production.advance(run.id, &operation).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    let stopped = production.run(run.id).await.unwrap();
    assert_eq!(stopped.state, RunState::Cancelled { stage: Stage::Video });
    let run = production.advance(run.id, &Operation::detached()).await.unwrap();
    assert_eq!(run.state, RunState::Completed);
}

#[tokio::test]
async fn gates_wait_and_decisions_are_bound_to_what_was_shown() {
    let (production, tools) = production();
    let gates = [Gate::Script, Gate::Prompts, Gate::Review];
    let run = production.start(UserId::SYSTEM, &request(&gates)).await.unwrap();
    let operation = Operation::detached();
    let run = production.advance(run.id, &operation).await.unwrap();
    assert_eq!(run.state, RunState::Waiting { gate: Gate::Script });
    assert_eq!(content(&production, &run).await.status, ContentStatus::Review);
    assert_eq!(tools.drawn.load(Ordering::SeqCst), 0);

    let asked = production.question(run.id).await.unwrap();
    let wrong = Sha256::of(b"another script");
    let decide = |gate, subject, verdict, feedback: Option<&str>| {
        production.decide(run.id, gate, subject, verdict, feedback.map(str::to_owned), UserId::SYSTEM)
    };
    let conflict = |result: Result<Run>| result.unwrap_err().kind() == ErrorKind::Conflict;
    assert!(conflict(decide(Gate::Script, wrong, Verdict::Approve, None).await));
    assert!(conflict(decide(Gate::Review, asked.subject, Verdict::Approve, None).await));

    // A rejection with feedback writes the script again.
    decide(Gate::Script, asked.subject, Verdict::Reject, Some("shorter, please")).await.unwrap();
    let run = production.advance(run.id, &operation).await.unwrap();
    assert_eq!(run.feedback, ["shorter, please"]);
    let told = Event::ContentRejected {
        content_id: run.content_id,
        feedback: "shorter, please".to_owned(),
        action: RejectAction::Regenerate,
        trend_topic: None,
        niche: None,
    };
    assert!(events(&production).await.contains(&told));
    assert!(conflict(decide(Gate::Script, wrong, Verdict::Approve, None).await));

    // A person's own version voids the question and goes on in place of the draft.
    let before = production.question(run.id).await.unwrap();
    let mut script = content(&production, &run).await.script.unwrap();
    script.lines[0].text = "The bridge closes.".to_owned();
    let asked = production.revise(run.id, Revision::Script(script.clone())).await.unwrap();
    assert_ne!(asked.subject, before.subject);
    assert!(conflict(decide(Gate::Script, before.subject, Verdict::Approve, None).await));
    decide(Gate::Script, asked.subject, Verdict::Approve, None).await.unwrap();
    let run = production.advance(run.id, &operation).await.unwrap();
    assert_eq!(run.state, RunState::Waiting { gate: Gate::Prompts });
    assert_eq!(content(&production, &run).await.script, Some(script));

    let asked = production.question(run.id).await.unwrap();
    decide(Gate::Prompts, asked.subject, Verdict::Approve, None).await.unwrap();
    let run = production.advance(run.id, &operation).await.unwrap();
    assert_eq!(run.state, RunState::Waiting { gate: Gate::Review });
    let product = production.product(run.id).await.unwrap();
    assert!(product.captions.srt.contains("closes."));
    let asked = production.question(run.id).await.unwrap();
    assert_eq!(asked.subject, product.video.sha256);
    let run = decide(Gate::Review, asked.subject, Verdict::Approve, None).await.unwrap();
    assert_eq!(run.state, RunState::Completed);
    assert_eq!(content(&production, &run).await.status, ContentStatus::Approved);
}

#[tokio::test]
async fn bad_requests_leave_nothing() {
    let (production, _) = production();
    let empty = CreateRequest::new(Subject::Text { text: " \n".to_owned() });
    let long = CreateRequest { seconds: 4000, ..request(&[]) };
    let odd = CreateRequest { speed: 7.0, ..request(&[]) };
    for wrong in [empty, long, odd] {
        assert_eq!(production.start(UserId::SYSTEM, &wrong).await.unwrap_err().kind(), ErrorKind::Invalid);
    }
    let mut tx = production.store.read().await.unwrap();
    assert_eq!(tx.runs().count(&Filter::default()).await.unwrap(), 0);
    assert_eq!(tx.contents().count(&Filter::default()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_question_that_nobody_answered_is_asked_again() {
    let (production, _) = production();
    let run = production.start(UserId::SYSTEM, &request(&[Gate::Review])).await.unwrap();
    let run = production.advance(run.id, &Operation::detached()).await.unwrap();
    let asked = production.question(run.id).await.unwrap();
    let unmoved = production.advance(run.id, &Operation::detached()).await.unwrap();
    assert_eq!((unmoved.state, production.question(run.id).await.unwrap()), (run.state.clone(), asked.clone()));

    let late = Arc::new(ManualClock::at(asked.expires_at));
    let production = Production { clock: late, ..production };
    let decide = |subject| production.decide(run.id, Gate::Review, subject, Verdict::Approve, None, UserId::SYSTEM);
    assert_eq!(decide(asked.subject).await.unwrap_err().kind(), ErrorKind::Conflict);
    let waiting = production.advance(run.id, &Operation::detached()).await.unwrap();
    assert_eq!(waiting.state, RunState::Waiting { gate: Gate::Review });
    let again = production.question(run.id).await.unwrap();
    assert!(again.id != asked.id && again.subject == asked.subject && again.expires_at > asked.expires_at);
    let old = production.store.read().await.unwrap().approvals().require(asked.id).await.unwrap();
    assert_eq!(old.state, crate::domain::ApprovalState::Expired);
    assert_eq!(decide(again.subject).await.unwrap().state, RunState::Completed);
}

/// Whatever a run does, the status that its content takes is one that content may take.
#[test]
fn content_can_always_follow_its_run() {
    let (stage, gate) = (Stage::Render, Gate::Review);
    for state in [
        RunState::Pending,
        RunState::Running { stage },
        RunState::Waiting { gate },
        RunState::Completed,
        RunState::Failed { stage, reason: String::new(), next_step: None },
        RunState::Rejected { gate },
        RunState::Cancelled { stage },
    ] {
        for status in ContentStatus::ALL {
            let next = content_follows(&state, *status);
            assert!(next.is_none_or(|next| status.can_become(next)), "{state}: {status} to {next:?}");
        }
    }
}
