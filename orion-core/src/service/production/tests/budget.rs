//! What a cap stops, it stops before the call: of language models and voices too, and each attempt counts.

use super::*;
use crate::port::{Completion, CompletionRequest, LanguageModel};
use crate::service::budget::Rates;
use crate::service::director::ModelWriter;
use crate::strategy::Retrying;

/// Dollars for a token and for a letter.
const RATE: f64 = 0.001;

/// Writes nothing that can be used, and speaks what the tools speak, for money; out of order as often as it is told.
#[derive(Debug)]
struct Paid {
    provider: Provider,
    tools: Arc<Tools>,
    /// How many calls are to fail before one succeeds.
    fails: AtomicU32,
    /// What each call was asked for, in units that are paid.
    asked: Mutex<Vec<f64>>,
}

impl Paid {
    fn new(tools: &Arc<Tools>, fails: u32) -> Arc<Self> {
        let provider = Provider::cloud("paid", "m");
        Arc::new(Self { provider, tools: tools.clone(), fails: AtomicU32::new(fails), asked: Mutex::default() })
    }

    fn take(&self, units: f64) -> Result<()> {
        self.asked.lock().unwrap().push(units);
        let fails = self.fails.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |fails| fails.checked_sub(1));
        fails.map_or(Ok(()), |_| Err(Error::unavailable("out of order")))
    }

    fn calls(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

#[async_trait]
impl LanguageModel for Paid {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn complete(&self, request: &CompletionRequest, _: &Operation) -> Result<Completion> {
        self.take(f64::from(request.max_tokens))?;
        let cost = Money::from_dollars(RATE * f64::from(request.max_tokens));
        let usage = Usage { category: CostCategory::LlmTokens, units: f64::from(request.max_tokens), cost };
        Ok(Completion { text: "I would rather not.".to_owned(), usage })
    }
}

#[async_trait]
impl SpeechModel for Paid {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn voices(&self) -> Result<Vec<Voice>> {
        Ok(Vec::new())
    }

    async fn speak(&self, request: &SpeechRequest, operation: &Operation) -> Result<Speech> {
        let letters = request.text.chars().count() as f64;
        self.take(letters)?;
        let usage =
            Usage { category: CostCategory::TtsCharacters, units: letters, cost: Money::from_dollars(RATE * letters) };
        Ok(Speech { usage, ..self.tools.speak(request, operation).await? })
    }
}

/// Waits no time.
#[derive(Debug)]
struct Hurry;

#[async_trait]
impl crate::port::Sleeper for Hurry {
    async fn sleep(&self, _: std::time::Duration) {}
}

fn retrying(production: &Production) -> Retrying {
    Retrying::new(production.clock.clone(), Arc::new(Hurry), production.entropy.clone())
}

fn budget(run: Option<f64>, day: Option<f64>) -> Budget {
    let rates = Rates::default().with("paid", CostCategory::LlmTokens, RATE);
    let rates = rates.with("paid", CostCategory::TtsCharacters, RATE);
    Budget { run: run.map(Money::from_dollars), day: day.map(Money::from_dollars), rates }
}

/// A text, of which one run after another can be made.
fn request() -> CreateRequest {
    CreateRequest { seconds: 20, ..CreateRequest::new(Subject::Text { text: STORY.to_owned() }) }
}

/// The first attempt at a run under a budget, which is to be stopped by it; gives what was said.
async fn refused(production: &Production) -> String {
    let run = production.start(UserId::SYSTEM, &request()).await.unwrap();
    let error = production.advance(run.id, &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exhausted, "{error}");
    assert!(matches!(production.run(run.id).await.unwrap().state, RunState::Failed { .. }));
    error.to_string()
}

#[tokio::test]
async fn a_language_model_is_not_called_if_that_could_break_a_cap() {
    for cap in [budget(Some(0.01), None), budget(None, Some(0.01))] {
        let (mut production, tools) = production();
        let model = Paid::new(&tools, 0);
        production.director.writer = Arc::new(ModelWriter::new(model.clone())).into();
        production.budget = cap;
        let said = refused(&production).await;
        assert!(said.contains("budget.run: $0.0100") || said.contains("budget.day: $0.0100"), "{said}");
        assert_eq!(model.calls(), 0, "{said}");
    }
    // The most that one call can cost, from the refusal of a run that has nothing.
    let (mut production, tools) = production();
    production.director.writer = Arc::new(ModelWriter::new(Paid::new(&tools, 0))).into();
    production.budget = budget(Some(0.0), None);
    let said = refused(&production).await;
    let needed = said.split("needed: $").nth(1).and_then(|rest| rest.split(',').next()).unwrap();
    let needed: f64 = needed.parse().unwrap();
    assert!(needed > 1.0, "{said}");
    // Attempts that failed on their way count: nobody knows what was charged for them.
    let failing = Paid::new(&tools, u32::MAX);
    let writer: Strategy<dyn crate::port::ScriptWriter> = Arc::new(ModelWriter::new(failing.clone())).into();
    production.director.writer = writer.with_retrying(retrying(&production));
    production.budget = budget(Some(needed * 2.5), None);
    refused(&production).await;
    assert_eq!(failing.calls(), 2, "a third attempt is not made");
    // So do answers that cannot be used, for what they cost.
    let useless = Paid::new(&tools, 0);
    production.director.writer = Arc::new(ModelWriter::new(useless.clone())).into();
    production.budget = budget(Some(needed * 1.2), None);
    refused(&production).await;
    assert_eq!(useless.calls(), 1, "a second answer is not asked for");
}

#[tokio::test]
async fn a_voice_is_not_asked_for_a_line_that_could_break_a_cap() {
    for cap in [budget(Some(0.001), None), budget(None, Some(0.001))] {
        let (mut production, tools) = production();
        let voice = Paid::new(&tools, 0);
        production.editor.speech = voice.clone().into();
        production.budget = cap;
        // Pictures cost nothing in this test.
        refused(&production).await;
        assert_eq!(voice.calls(), 0);
    }
    let (mut production, tools) = production();
    let voice = Paid::new(&tools, 0);
    production.editor.speech = voice.clone().into();
    let whole = production.start(UserId::SYSTEM, &request()).await.unwrap();
    production.advance(whole.id, &Operation::detached()).await.unwrap();
    let letters = voice.asked.lock().unwrap().clone();
    assert!(letters.len() > 2, "{letters:?}");
    let ledger = production.journal(&whole).spent().await.unwrap();
    let spoken: f64 = letters.iter().sum();
    // One line more than can be paid is not spoken.
    let others = ledger.dollars() - RATE * spoken;
    let voice = Paid::new(&tools, 0);
    production.editor.speech = voice.clone().into();
    production.budget = budget(Some(others + RATE * (letters[0] + letters[1] - 0.5)), None);
    refused(&production).await;
    assert_eq!(*voice.asked.lock().unwrap(), letters[..1]);
    // Each attempt at a line counts.
    let voice = Paid::new(&tools, u32::MAX);
    let speech: Strategy<dyn SpeechModel> = voice.clone().into();
    production.editor.speech = speech.with_retrying(retrying(&production));
    production.budget = budget(Some(others + RATE * letters[0] * 2.5), None);
    refused(&production).await;
    assert_eq!(voice.calls(), 2, "a third attempt is not made");
}
