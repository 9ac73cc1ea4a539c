//! Runs over several providers: who serves, what the report says of it, what the policy forbids, and whose a handle is.

use super::*;
use crate::domain::{Material, Script, Step};
use crate::port::{Brief, ScriptWriter};
use crate::service::director::ExtractiveWriter;
use crate::strategy::{Policy, Strategy};
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

/// Writes, draws and speaks under a name, as long as it is told to work.
#[derive(Debug)]
pub(super) struct Fallible {
    provider: Provider,
    tools: Arc<Tools>,
    /// How many more calls succeed.
    good: AtomicU32,
    /// Whether pictures are drawn while one waits.
    slow: bool,
    /// Whether a wait ever gives something.
    gives: AtomicBool,
    /// Stopped as soon as something is sent.
    pub(super) stops: Mutex<Option<Cancellation>>,
    /// Handles that were waited for and cancelled.
    waited: Mutex<Vec<String>>,
    pub(super) cancelled: Mutex<Vec<String>>,
}

impl Fallible {
    fn check(&self) -> Result<()> {
        let taken = self.good.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |good| good.checked_sub(1));
        let name = &self.provider.name;
        taken.map(drop).map_err(|_| Error::unavailable("out of order").with_hint(format!("repair {name}")))
    }
}

#[async_trait]
impl ScriptWriter for Fallible {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn write(&self, brief: &Brief, material: &Material, operation: &Operation) -> Result<Script> {
        self.check()?;
        ExtractiveWriter.write(brief, material, operation).await
    }
}

#[async_trait]
impl ImageModel for Fallible {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn submit(&self, request: &ImageRequest, operation: &Operation) -> Result<Submission<GeneratedImage>> {
        self.check()?;
        if let Some(stops) = self.stops.lock().unwrap().take() {
            stops.cancel();
        }
        match self.slow {
            true => Ok(Submission::Pending(format!("{}-{}", self.provider.name, request.scene_number))),
            false => self.tools.submit(request, operation).await,
        }
    }

    async fn wait(&self, handle: &str, operation: &Operation) -> Result<GeneratedImage> {
        operation.cancellation.check()?;
        self.waited.lock().unwrap().push(handle.to_owned());
        if !self.gives.load(Ordering::SeqCst) {
            return Err(Error::unavailable("nothing comes back"));
        }
        let layer = ImageLayer {
            bytes: Bytes::from(handle.to_owned()),
            media_type: "image/png".to_owned(),
            width: 64,
            height: 64,
            moves: true,
        };
        let cost = match self.provider.side {
            Side::Local => Money::ZERO,
            Side::Cloud => Money::from_dollars(0.02),
        };
        let usage = Usage { category: CostCategory::ImageGeneration, units: 1.0, cost };
        Ok(GeneratedImage { layers: vec![layer], usage })
    }

    async fn cancel(&self, handle: &str) -> Result<()> {
        self.cancelled.lock().unwrap().push(handle.to_owned());
        Ok(())
    }
}

#[async_trait]
impl SpeechModel for Fallible {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn voices(&self) -> Result<Vec<Voice>> {
        Ok(Vec::new())
    }

    async fn speak(&self, request: &SpeechRequest, operation: &Operation) -> Result<Speech> {
        self.check()?;
        self.tools.speak(request, operation).await
    }
}

pub(super) const ALWAYS: u32 = u32::MAX;

fn fallible(tools: &Arc<Tools>, provider: Provider, good: u32) -> Arc<Fallible> {
    let (stops, waited, cancelled) = (Mutex::default(), Mutex::default(), Mutex::default());
    let (tools, good) = (tools.clone(), AtomicU32::new(good));
    let gives = AtomicBool::new(true);
    Arc::new(Fallible { provider, tools, good, slow: false, gives, stops, waited, cancelled })
}

pub(super) fn slow(tools: &Arc<Tools>, provider: Provider, good: u32) -> Arc<Fallible> {
    let fast = Arc::into_inner(fallible(tools, provider, good)).unwrap();
    Arc::new(Fallible { slow: true, ..fast })
}

pub(super) async fn steps(production: &Production, run: &Run, kind: &str) -> Vec<Step> {
    let steps = production.journal(run).steps().await.unwrap();
    steps.into_iter().filter(|step| step.key.starts_with(kind)).collect()
}

#[tokio::test]
async fn the_next_provider_serves_and_the_report_names_both() {
    let (mut production, tools) = production();
    let broken = || fallible(&tools, Provider::local("broken", "one"), 0);
    let sound = || fallible(&tools, Provider::local("sound", "two"), ALWAYS);
    production.director.writer =
        Strategy::new(Policy::Local, vec![broken() as Arc<dyn ScriptWriter>, sound()]).unwrap();
    production.media.images = Strategy::new(Policy::Local, vec![broken() as Arc<dyn ImageModel>, sound()]).unwrap();
    // Speaks one line and breaks down: a video has one voice.
    let hoarse = fallible(&tools, Provider::local("hoarse", ""), 1);
    production.editor.speech = Strategy::new(Policy::Local, vec![hoarse as Arc<dyn SpeechModel>, sound()]).unwrap();
    let run = production.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    let run = production.advance(run.id, &Operation::detached()).await.unwrap();
    let report = production.product(run.id).await.unwrap().report;
    for (kind, failed) in [("script", "broken/one"), ("images/", "broken/one"), ("speech/", "hoarse")] {
        let steps: Vec<_> = report.steps.iter().filter(|step| step.key.starts_with(kind)).collect();
        assert!(!steps.is_empty());
        for step in steps {
            assert_eq!(step.served_by, Some(Provider::local("sound", "two")), "{}", step.key);
            assert_eq!(step.provider.as_deref(), Some("sound"));
            let after: Vec<String> = step.after.iter().map(|attempt| attempt.provider.to_string()).collect();
            assert_eq!(after, [failed], "{}", step.key);
        }
        let asked = kind.trim_end_matches('/');
        let notes: Vec<&String> = report.notes.iter().filter(|note| note.starts_with(asked)).collect();
        assert_eq!(notes.len(), 1, "{:?}", report.notes);
        assert!(notes[0].contains(failed) && notes[0].contains("sound/two served"), "{}", notes[0]);
    }
    let records = production.store.read().await.unwrap().read(0, None, 200).await.unwrap();
    let announced = records.iter().filter_map(|record| match &record.event {
        Event::StageChanged { stage, provider: Some(provider), failed_before, .. } => {
            let failed = failed_before.iter().map(|attempt| attempt.provider.to_string());
            Some((*stage, provider.as_str(), failed.collect::<Vec<_>>()))
        }
        _ => None,
    });
    let expected = [(Stage::Script, "broken/one"), (Stage::Images, "broken/one"), (Stage::Video, "hoarse")]
        .map(|(stage, failed)| (stage, "sound", vec![failed.to_owned()]));
    assert_eq!(announced.collect::<Vec<_>>(), expected);
    let json = serde_json::to_value(&report).unwrap();
    let step = json["steps"].as_array().unwrap().iter().find(|step| step["key"] == "speech/1").unwrap().clone();
    assert_eq!(
        (&step["served_by"]["side"], &step["after"][0]["provider"]["name"]),
        (&"LOCAL".into(), &"hoarse".into())
    );
}

#[tokio::test]
async fn a_run_fails_where_the_policy_forbids_the_next_and_goes_on_when_it_permits() {
    let (mut production, tools) = production();
    let broken = fallible(&tools, Provider::local("broken", ""), 0);
    let cloud = fallible(&tools, Provider::cloud("cloud", "flux"), ALWAYS);
    production.media.images =
        Strategy::new(Policy::Local, vec![broken.clone() as Arc<dyn ImageModel>, cloud.clone()]).unwrap();
    let run = production.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    let error = production.advance(run.id, &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.hint(), Some("repair broken; or set a policy that permits cloud/flux"));
    assert_eq!(cloud.good.load(Ordering::SeqCst), ALWAYS, "nobody is asked whom the policy forbids");
    let failed = production.run(run.id).await.unwrap();
    assert!(
        matches!(&failed.state, RunState::Failed { stage: Stage::Images, reason, .. } if reason.contains("forbidden"))
    );

    production.media.images.set_policy(Policy::PreferLocal).unwrap();
    let run = production.advance(run.id, &Operation::detached()).await.unwrap();
    assert_eq!(run.state, RunState::Completed);

    // What was served stays served when the policy changes again.
    production.media.images.set_policy(Policy::Local).unwrap();
    let report = production.product(run.id).await.unwrap().report;
    let images = report.steps.iter().filter(|step| step.key.starts_with("images/"));
    assert!(images.clone().count() > 0);
    assert!(images.clone().all(|step| step.served_by == Some(Provider::cloud("cloud", "flux"))));
}

#[tokio::test]
async fn a_run_that_is_stopped_while_it_waits_waits_on() {
    let (mut production, tools) = production();
    let model = slow(&tools, Provider::cloud("slow", ""), ALWAYS);
    production.media.images = model.clone().into();
    let run = production.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    let cancellation = Cancellation::new();
    *model.stops.lock().unwrap() = Some(cancellation.clone());
    let operation = Operation::new(cancellation, Arc::new(|_: ProgressUpdate| {}));
    let error = production.advance(run.id, &operation).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    let sent = steps(&production, &run, "images/").await;
    assert!(sent.iter().any(|step| step.state == StepState::Submitted), "{sent:?}");

    let run = production.advance(run.id, &Operation::detached()).await.unwrap();
    assert_eq!(run.state, RunState::Completed);
    let steps = steps(&production, &run, "images/").await;
    assert!(steps.iter().all(|step| step.attempts == 1), "nothing is sent twice: {steps:?}");
}

#[tokio::test]
async fn work_in_the_hands_of_a_provider_is_waited_for_there_or_missed_clearly() {
    let (mut production, tools) = production();
    let first = slow(&tools, Provider::cloud("first", "m"), ALWAYS);
    first.gives.store(false, Ordering::SeqCst);
    let second = slow(&tools, Provider::cloud("second", ""), ALWAYS);
    production.media.images = first.clone().into();
    let run = production.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    let error = production.advance(run.id, &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let sent: Vec<Step> = steps(&production, &run, "images/").await;
    let held: Vec<&Step> = sent.iter().filter(|step| step.state == StepState::Submitted).collect();
    assert!(!held.is_empty(), "{sent:?}");
    assert!(held.iter().all(|step| step.served_by == Some(Provider::cloud("first", "m"))));

    // Nobody else knows what the handle means.
    production.media.images = second.clone().into();
    let error = production.advance(run.id, &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error.to_string().contains("first/m") && error.hint().unwrap().contains("set up first/m again"),
        "{error:?}"
    );
    let strange = |handle: &String| handle.starts_with("first");
    assert!(!second.waited.lock().unwrap().iter().any(strange), "a handle is not shown to strangers");

    // Set up again, though last in the order and forbidden for new work, it is where the handles go.
    first.gives.store(true, Ordering::SeqCst);
    let providers: Vec<Arc<dyn ImageModel>> = vec![second.clone(), first.clone()];
    production.media.images = Strategy::new(Policy::Chain(vec!["second".to_owned()]), providers).unwrap();
    first.waited.lock().unwrap().clear();
    let run = production.advance(run.id, &Operation::detached()).await.unwrap();
    assert_eq!(run.state, RunState::Completed);
    let handles: Vec<String> = held.iter().filter_map(|step| step.handle.clone()).collect();
    let mut waited = first.waited.lock().unwrap().clone();
    waited.sort_unstable();
    assert_eq!(waited, handles);
}

#[tokio::test]
async fn work_that_another_provider_takes_over_is_cancelled_where_it_was() {
    let (mut production, tools) = production();
    // Takes every scene and never gives one.
    let first = slow(&tools, Provider::cloud("first", ""), ALWAYS);
    first.gives.store(false, Ordering::SeqCst);
    let second = fallible(&tools, Provider::cloud("second", ""), ALWAYS);
    production.media.images = Strategy::new(Policy::Cloud, vec![first.clone() as Arc<dyn ImageModel>, second]).unwrap();
    let run = production.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    production.advance(run.id, &Operation::detached()).await.unwrap();
    let distinct = |handles: &Mutex<Vec<String>>| handles.lock().unwrap().iter().cloned().collect::<BTreeSet<_>>();
    assert!(!distinct(&first.waited).is_empty());
    assert_eq!(distinct(&first.cancelled), distinct(&first.waited));
}

#[tokio::test]
async fn a_run_stops_before_the_call_that_its_budget_does_not_allow_and_goes_on_with_more() {
    let (mut production, tools) = production();
    let model = slow(&tools, Provider::cloud("cloud", "flux"), ALWAYS);
    production.media.images = model.clone().into();
    // Pictures cost two cents: two can be paid, a third cannot.
    production.budget.run = Some(Money::from_dollars(0.05));
    let sent = || ALWAYS - model.good.load(Ordering::SeqCst);
    let expected = production.estimate(30);
    let images: Vec<_> = expected.iter().filter(|stage| stage.amount > Money::ZERO).collect();
    assert_eq!((images.len(), images[0].stage, images[0].amount), (1, Stage::Images, Money::from_dollars(0.2)));
    let run = production.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    let error = production.advance(run.id, &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exhausted);
    assert!(error.to_string().contains("budget.run: $0.0500"), "{error}");
    assert_eq!(sent(), 2, "nothing was sent that the budget does not allow");
    let failed = production.run(run.id).await.unwrap();
    assert!(
        matches!(&failed.state, RunState::Failed { stage: Stage::Images, reason, .. } if reason.contains("budget"))
    );

    production.budget.run = None;
    production.budget.day = Some(Money::from_dollars(100.0));
    let run = production.advance(run.id, &Operation::detached()).await.unwrap();
    assert_eq!(run.state, RunState::Completed);
    let pictures = steps(&production, &run, "images/").await.len();
    assert!(pictures > 2);
    assert_eq!(sent() as usize, pictures, "what was sent before is not sent again");
}
