//! What is set in motion, what it may cost, and what becomes of it when the run is stopped.

use super::*;
use crate::port::{ClipRequest, GeneratedClip, Store};
use crate::service::budget::{Budget, RunPurse, today};
use crate::service::editor::{Narration, SpokenLine};

/// Sets stills in motion by a handle for 10 cents, and notes what it was asked for.
#[derive(Debug)]
struct Mover {
    provider: Provider,
    asked: Mutex<Vec<ClipRequest>>,
    cancelled: Mutex<Vec<String>>,
    away: AtomicBool,
}

#[async_trait]
impl ClipModel for Mover {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn submit(&self, request: &ClipRequest, _: &Operation) -> Result<Submission<GeneratedClip>> {
        request.check()?;
        let mut asked = self.asked.lock().unwrap();
        asked.push(request.clone());
        Ok(Submission::Pending(format!("clip-{}", asked.len())))
    }

    async fn wait(&self, handle: &str, _: &Operation) -> Result<GeneratedClip> {
        if self.away.load(Ordering::SeqCst) {
            return Err(Error::unavailable("the mover is away").with_retry(crate::Retry::Exhausted));
        }
        let usage = Usage { category: CostCategory::VideoClips, units: 1.0, cost: Money::from_dollars(0.1) };
        Ok(GeneratedClip { bytes: Bytes::from(handle.to_owned()), media_type: "video/mp4".to_owned(), usage })
    }

    async fn cancel(&self, handle: &str) -> Result<()> {
        self.cancelled.lock().unwrap().push(handle.to_owned());
        Ok(())
    }
}

/// A studio with a mover, and pictures to be moved: two of three can be.
struct Set {
    studio: Studio,
    mover: Arc<Mover>,
    pictures: Vec<ScenePicture>,
    narration: Narration,
    store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
    entropy: Arc<SeededEntropy>,
}

impl Set {
    fn new() -> Self {
        let mut studio = studio(None);
        let provider = Provider::cloud("mover", "test");
        let (asked, cancelled) = (Mutex::default(), Mutex::default());
        let mover = Arc::new(Mover { provider, asked, cancelled, away: AtomicBool::new(false) });
        studio.media.clips = mover.clone().into();
        let layer = |name: &str, moves: bool| {
            let blob = BlobRef { sha256: Sha256::of(name.as_bytes()), length: 9, media_type: "image/png".to_owned() };
            PictureLayer { blob, width: 768, height: 1368, moves }
        };
        let scene = |scene_number: u32, layers: Vec<PictureLayer>| ScenePicture {
            scene_number,
            provider: "painter".to_owned(),
            credit: None,
            layers,
        };
        let pictures = vec![
            scene(1, vec![layer("one", true)]),
            scene(2, vec![layer("ground", true), layer("type", false)]),
            scene(3, vec![layer("three", true)]),
        ];
        let line = |millis| {
            let duration = crate::MediaTime::from_millis(millis);
            SpokenLine { audio: None, duration, words: Vec::new(), times: Default::default() }
        };
        let lines = vec![line(2400), line(3000), line(60_000)];
        let narration = Narration { lines, provider: "voice".to_owned(), reused: false };
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(ManualClock::at(sample::time(0)));
        Self { studio, mover, pictures, narration, store, clock, entropy: Arc::new(SeededEntropy::new(3)) }
    }

    async fn animate(&self, operation: &Operation) -> Result<Vec<ScenePicture>> {
        let Studio { media, journal, .. } = &self.studio;
        let (plan, pictures) = (sample::scene_plan(), self.pictures.clone());
        media.animate(journal, &plan, pictures, &self.narration, Canvas::VERTICAL, operation).await
    }

    /// An operation that may spend so much, as a process has it that begins to work on the run.
    async fn within(&self, run: Option<f64>, day: Option<f64>) -> Operation {
        let rates = Rates::default().with("mover", CostCategory::VideoClips, 0.1);
        let budget = Budget { run: run.map(Money::from_dollars), day: day.map(Money::from_dollars), rates };
        let steps = self.studio.journal.steps().await.unwrap();
        let paid: Money = steps.iter().map(|step| step.cost).sum();
        let spent = paid + self.studio.media.owed(&steps, &budget.rates);
        let store: Arc<dyn Store> = self.store.clone();
        let purse = RunPurse::new(store, self.clock.clone(), self.entropy.clone(), budget, spent);
        Operation::detached().paid_from(Arc::new(purse))
    }

    async fn spent_today(&self) -> Money {
        today(&*self.store, &*self.clock, &Budget::default()).await.unwrap().spent
    }

    fn asked(&self) -> usize {
        self.mover.asked.lock().unwrap().len()
    }
}

#[tokio::test]
async fn pictures_of_models_are_set_in_motion_once_and_cards_are_not() {
    let mut set = Set::new();
    let mover = std::mem::replace(&mut set.studio.media.clips, Strategy::nobody());
    let free = Operation::detached();
    assert_eq!(set.animate(&free).await.unwrap(), set.pictures, "nobody makes clips");
    set.studio.media.clips = mover;
    set.mover.away.store(true, Ordering::SeqCst);
    assert_eq!(set.animate(&free).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(set.asked() >= 1);
    set.mover.away.store(false, Ordering::SeqCst);
    let moving = set.animate(&free).await.unwrap();
    assert_eq!(set.animate(&free).await.unwrap(), moving);
    let asked: Vec<(u32, u32)> =
        set.mover.asked.lock().unwrap().iter().map(|clip| (clip.seconds, clip.width)).collect();
    assert_eq!(asked, [(3, 1080), (10, 1080)], "what was sent is fetched, and not sent again");
    let types: Vec<&str> = moving.iter().map(|picture| picture.layers[0].blob.media_type.as_str()).collect();
    assert_eq!(types, ["video/mp4", "image/png", "video/mp4"]);
    let steps = set.studio.journal.steps().await.unwrap();
    let spent: Money = steps.iter().map(|step| step.cost).sum();
    assert_eq!((steps.len(), spent), (2, Money::from_dollars(0.2)));
    let standing = set.studio.media.clips.standings().remove(0);
    assert_eq!(standing.tally.paid, Money::from_dollars(0.2));
}

#[tokio::test]
async fn a_clip_that_would_break_a_budget_is_not_sent() {
    let set = Set::new();
    let refused = set.animate(&set.within(Some(0.09), None).await).await.unwrap_err();
    assert_eq!((refused.kind(), set.asked()), (ErrorKind::Exhausted, 0));
    assert!(refused.to_string().contains("budget.run"), "{refused}");
    // For one of two there is enough; the other is not even sent.
    let refused = set.animate(&set.within(Some(0.19), None).await).await.unwrap_err();
    assert_eq!((refused.kind(), set.asked()), (ErrorKind::Exhausted, 1));
    // What is made by now counts, and what is not made yet is made when there is more.
    let refused = set.animate(&set.within(Some(0.19), None).await).await.unwrap_err();
    assert_eq!((refused.kind(), set.asked()), (ErrorKind::Exhausted, 1));
    set.animate(&set.within(Some(0.2), None).await).await.unwrap();
    assert_eq!(set.asked(), 2);
}

#[tokio::test]
async fn what_a_provider_has_in_hand_is_counted_once_whoever_fetches_it() {
    let set = Set::new();
    set.mover.away.store(true, Ordering::SeqCst);
    let first = set.within(Some(0.2), Some(0.2)).await;
    assert_eq!(set.animate(&first).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!((set.asked(), set.spent_today().await), (1, Money::from_dollars(0.1)));
    // Another process goes on: one is owed, so that there is no more than one left to buy.
    let second = set.within(Some(0.2), Some(0.2)).await;
    let by = Provider::cloud("mover", "test");
    second.afford(&by, CostCategory::VideoClips, 1.0).await.unwrap();
    assert_eq!(
        second.afford(&by, CostCategory::VideoClips, 1.0).await.unwrap_err().kind(),
        ErrorKind::Exhausted,
        "the cap holds although nothing is in the ledger yet"
    );
    second.settle(Money::from_dollars(0.1), Money::ZERO).await;
    set.mover.away.store(false, Ordering::SeqCst);
    set.animate(&second).await.unwrap();
    assert_eq!((set.asked(), set.spent_today().await), (2, Money::from_dollars(0.2)));
}

#[tokio::test]
async fn a_clip_of_a_stopped_run_is_given_up_at_its_provider() {
    let set = Set::new();
    set.mover.away.store(true, Ordering::SeqCst);
    assert!(set.animate(&Operation::detached()).await.is_err());
    let mut told = 0;
    for step in set.studio.journal.steps().await.unwrap() {
        assert_eq!(step.state, StepState::Submitted);
        told += u32::from(set.studio.media.recall(&step).await);
        let other = Step { key: "speech/1".to_owned(), ..step };
        assert!(!set.studio.media.recall(&other).await, "what is no clip is not taken for one");
    }
    assert_eq!((told, set.mover.cancelled.lock().unwrap().clone()), (1, owned(&["clip-1"])));
}
