//! Director: research, script, critique, scenes.
//!
//! [`gather`] turns a subject into [`Material`]; a [`ScriptWriter`] writes from it; [`ground`]
//! takes out what the sources do not say; a [`Critic`] judges, and its feedback goes into at most two rewrites;
//! [`plan`] gives every line its scene; [`markdown`] shows the script with its sources. [`Director`] ties them together.

mod border;
mod breath;
mod card;
mod change;
mod chart;
mod clean;
mod compress;
mod creator;
mod critique;
mod cue;
mod cut;
mod extractive;
mod grounding;
mod hook;
mod label;
mod look;
mod marks;
mod memory;
mod model;
mod moments;
mod outline;
mod own;
mod passage;
mod phrase;
mod place;
mod report;
mod research;
mod roundup;
mod statement;
#[cfg(test)]
mod testing;
mod tongue;

pub use clean::without_controls;
pub use creator::{plan, plan_styled};
pub use critique::{Critic, HeuristicCritic, judge};
pub use extractive::{ExtractiveWriter, compose};
pub use grounding::ground;
pub use marks::{MarkedFile, MarkedScript, SceneMarks, marked_script};
pub use memory::{PastHook, Recalled, VectorMemory};
pub use model::{ModelCritic, ModelWriter};
pub use own::{MOST_SCRIPT_WORDS, user_script};
pub use report::markdown;
pub use research::{MOST_SOURCES, MOST_TEXT, Subject, carries_text, gather};
pub(crate) use statement::statement;

use crate::domain::{Critique, FeedItem, GroundingReport, LineRole, Material, ScenePlan, Script, Template};
use crate::id::ContentId;
use crate::port::{ArticleReader, Brief, ScriptWriter, Served};
use crate::service::journal::{Journal, Work};
use crate::strategy::{Strategy, Turn};
use crate::text::sentence::word_count;
use crate::{Error, ErrorKind, Operation, Result};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How fast scripts are spoken; a script for 30 seconds has about 75 words.
pub const WORDS_PER_SECOND: f64 = 2.5;

/// Most rewrites after a critique (contract, section 5.3).
pub const MOST_REWRITES: u32 = 2;

/// A script that was written, checked and judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drafted {
    /// The script as it stands after the check.
    pub script: Script,
    /// The grounding check of the last draft.
    pub report: GroundingReport,
    /// What the critic says of it.
    pub critique: Critique,
    /// How often it was rewritten.
    pub rewrites: u32,
    /// What the reader should know: material for half of the length only, for example.
    pub notes: Vec<String>,
}

/// The use case: who reads, who writes, who judges.
#[derive(Debug, Clone)]
pub struct Director {
    /// Reads articles; `None` works from what feeds and users bring.
    pub articles: Option<Arc<dyn ArticleReader>>,
    /// Writes.
    pub writer: Strategy<dyn ScriptWriter>,
    /// Judges.
    pub critic: Strategy<dyn Critic>,
    /// Remembers what was made; `None` writes without examples.
    pub memory: Option<VectorMemory>,
}

impl Default for Director {
    /// The built-in writer and critic, and no reader.
    fn default() -> Self {
        let (writer, critic) = (Arc::new(ExtractiveWriter).into(), Arc::new(HeuristicCritic).into());
        Self { articles: None, writer, critic, memory: None }
    }
}

impl Director {
    /// Gathers the material for a subject; see [`gather`].
    ///
    /// # Errors
    /// As [`gather`].
    pub async fn research(
        &self,
        subject: &Subject,
        candidates: &[FeedItem],
        journal: Option<&Journal>,
        operation: &Operation,
    ) -> Result<Material> {
        gather(subject, candidates, self.articles.as_ref(), journal, operation).await
    }

    /// Has a script written as in [`write_in_turn`](Self::write_in_turn), by the first writer that can.
    ///
    /// # Errors
    /// As [`Strategy::in_turn`].
    pub async fn write(&self, brief: &Brief, material: &Material, operation: &Operation) -> Result<Served<Drafted>> {
        let write = |turn| async move { self.write_in_turn(&turn, brief, material, operation).await };
        self.writer.in_turn(None, write).await
    }

    /// Has one writer write a script, checks it against the material and judges it; under the pass mark it is
    /// rewritten with the feedback, at most [`MOST_REWRITES`] times, and the best draft is kept.
    ///
    /// # Errors
    /// The writer's own; [`Corrupt`](crate::ErrorKind::Corrupt) if the sources support no line of any draft.
    pub async fn write_in_turn(
        &self,
        turn: &Turn<dyn ScriptWriter>,
        brief: &Brief,
        material: &Material,
        operation: &Operation,
    ) -> Result<Drafted> {
        let mut brief = brief.clone();
        let mut best: Option<Drafted> = None;
        let mut refused = None;
        for rewrites in 0..=MOST_REWRITES {
            operation.cancellation.check()?;
            let write = |writer: Arc<dyn ScriptWriter>| {
                let brief = &brief;
                async move { writer.write(brief, material, operation).await }
            };
            let draft = match (turn.ask(&operation.cancellation, write).await, &mut best) {
                (Ok(draft), _) => draft,
                (Err(error), None) => return Err(error),
                (Err(error), Some(best)) => {
                    best.notes.push(format!("a rewrite failed and the draft before it is kept: {error}"));
                    break;
                }
            };
            let (script, report) = ground(&draft, material);
            if !script.lines.iter().any(|line| line.role == LineRole::Body) {
                let missing: Vec<&str> = report.unsupported().map(|check| check.claim.as_str()).take(5).collect();
                refused = Some(
                    Error::new(ErrorKind::Corrupt, "the sources support no line of the draft")
                        .with_context("writer", turn.by())
                        .with_context("not in the sources", missing.join(", ")),
                );
                brief.critique = Some((draft, nothing_supported(&report)));
                continue;
            }
            let (mut critique, notes) = self.judged(&brief, &script, operation).await?;
            add_missing(&mut critique, &report);
            let same = brief.critique.as_ref().is_some_and(|(last, _)| *last == script);
            let passes = critique.passes();
            brief.critique = Some((script.clone(), critique.clone()));
            let drafted = Drafted { script, report, critique, rewrites, notes };
            if best.as_ref().is_none_or(|best| drafted.critique.confidence() > best.critique.confidence()) {
                best = Some(drafted);
            }
            if passes || same {
                break;
            }
        }
        let mut best = best.ok_or_else(|| refused.unwrap_or_else(|| Error::unexpected("no draft was written")))?;
        note_length(&mut best, &brief);
        Ok(best)
    }

    /// Takes the user's own script as it is: judged, but neither changed nor checked.
    ///
    /// # Errors
    /// As [`user_script`].
    pub async fn accept(&self, brief: &Brief, text: &str, operation: &Operation) -> Result<Drafted> {
        let script = user_script(text)?;
        let (critique, notes) = self.judged(brief, &script, operation).await?;
        let nothing = Material {
            topic: script.title.clone(),
            language: script.language.clone(),
            sources: Vec::new(),
            notes: Vec::new(),
        };
        let (script, report) = ground(&script, &nothing);
        Ok(Drafted { script, report, critique, rewrites: 0, notes })
    }

    /// Hooks of similar content that did well, with who made the vector to find them by. A memory that is away is a
    /// reason to write without them, not to stop.
    ///
    /// # Errors
    /// [`Cancelled`](ErrorKind::Cancelled) if the operation was stopped.
    pub async fn recall(&self, topic: &str, own: ContentId, operation: &Operation) -> Result<Work<Recalled>> {
        let Some(memory) = &self.memory else { return Ok(Work::plain("memory", Recalled::default())) };
        match memory.recall(topic, own, operation).await {
            Ok(Served { value: hooks, by, after }) => {
                let recalled = Recalled { hooks, problem: None };
                Ok(Work { served_by: Some(by), after, ..Work::plain("memory", recalled) })
            }
            Err(error) if error.kind() == ErrorKind::Cancelled => Err(error),
            Err(error) => {
                let recalled = Recalled { hooks: Vec::new(), problem: Some(error.to_string()) };
                Ok(Work::plain("memory", recalled))
            }
        }
    }

    /// What a critic says, and a note about every critic that should have said it.
    async fn judged(&self, brief: &Brief, script: &Script, operation: &Operation) -> Result<(Critique, Vec<String>)> {
        let judge = |critic: Arc<dyn Critic>| async move { critic.critique(brief, script, operation).await };
        let judged = self.critic.call(&operation.cancellation, judge).await?;
        Ok((judged.value, judged.after.iter().map(|attempt| attempt.note("critique", &judged.by)).collect()))
    }

    /// Plans every scene; see [`plan_styled`].
    pub fn plan(&self, script: &Script, material: &Material, template: Option<&Template>) -> ScenePlan {
        plan_styled(script, material, template)
    }
}

fn nothing_supported(report: &GroundingReport) -> Critique {
    let mut critique = Critique { hook: 0.0, value: 0.0, call_to_action: 0.0, feedback: String::new() };
    add_missing(&mut critique, report);
    if critique.feedback.is_empty() {
        critique.feedback = "Grounding: say only what the numbered sources say.".to_owned();
    }
    critique
}

/// Tells the writer which claims the sources do not hold.
fn add_missing(critique: &mut Critique, report: &GroundingReport) {
    let missing: Vec<&str> = report.unsupported().map(|check| check.claim.as_str()).take(8).collect();
    if !missing.is_empty() {
        let told = format!("Grounding: no source says {}; leave it out.", missing.join(", "));
        critique.feedback = [critique.feedback.as_str(), &told].join(" ").trim().to_owned();
    }
}

/// Says so when the material was too short for the length that was asked for.
fn note_length(drafted: &mut Drafted, brief: &Brief) {
    let seconds = word_count(&drafted.script.text()) as f64 / WORDS_PER_SECOND;
    if seconds < f64::from(brief.seconds) * 0.7 {
        let asked = brief.seconds;
        drafted.notes.push(format!("the sources hold enough for about {seconds:.0} of the {asked} seconds asked for"));
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{brief, material, script};
    use super::*;
    use crate::port::Provider;
    use async_trait::async_trait;
    use std::sync::Mutex;

    /// Writes the drafts it was given, one after the other, and remembers what it was told.
    #[derive(Debug)]
    struct Scripted {
        provider: Provider,
        drafts: Mutex<Vec<Script>>,
        told: Mutex<Vec<String>>,
    }

    #[async_trait]
    impl ScriptWriter for Scripted {
        fn provider(&self) -> &Provider {
            &self.provider
        }

        async fn write(&self, brief: &Brief, _material: &Material, _operation: &Operation) -> Result<Script> {
            let told = brief.critique.as_ref().map(|(_, critique)| critique.feedback.clone()).unwrap_or_default();
            self.told.lock().unwrap().push(told);
            Ok(self.drafts.lock().unwrap().remove(0))
        }
    }

    const SOURCE: &str = "Divers found 40 cracks in the old bridge on Friday. The city closed it to all 9,000 cars.";
    const GOOD: &[(&str, &str)] = &[
        ("hook", "Divers found 40 cracks in the old bridge."),
        ("body", "The city closed it to all 9,000 cars."),
        ("cta", "Follow for the next story."),
    ];

    async fn written(drafts: &[&[(&str, &str)]]) -> (Result<Drafted>, Vec<String>) {
        let provider = Provider::local("scripted", "");
        let writer = Arc::new(Scripted { provider, drafts: Mutex::default(), told: Mutex::default() });
        writer.drafts.lock().unwrap().extend(drafts.iter().map(|lines| script(lines)));
        let director = Director { writer: writer.clone().into(), ..Director::default() };
        let drafted = director.write(&brief(30), &material("Old bridge", SOURCE), &Operation::detached()).await;
        let told = writer.told.lock().unwrap().clone();
        (drafted.map(|served| served.value), told)
    }

    #[tokio::test]
    async fn a_good_draft_is_not_rewritten() {
        let (drafted, told) = written(&[GOOD]).await;
        assert_eq!(drafted.unwrap().rewrites, 0);
        assert_eq!(told, [""]);
    }

    #[tokio::test]
    async fn the_feedback_reaches_the_next_draft_and_the_best_is_kept() {
        let poor: &[(&str, &str)] = &[("hook", "Hm."), ("body", "The city closed the old bridge."), ("cta", "Bye.")];
        let worse: &[(&str, &str)] = &[("hook", "Hm."), ("body", "It was what it was on the bridge."), ("cta", "")];
        let (drafted, told) = written(&[worse, poor, worse]).await;
        let drafted = drafted.unwrap();
        assert_eq!(told.len(), 3);
        assert!(told[1].contains("Hook:"), "{told:?}");
        assert_eq!(drafted.rewrites, 1, "the second draft was the best");
        assert!(drafted.notes[0].contains("of the 30 seconds"), "{:?}", drafted.notes);
    }

    #[tokio::test]
    async fn what_no_source_says_is_told_to_the_writer() {
        let invented: &[(&str, &str)] =
            &[("hook", "777 cracks!"), ("body", "Jane Doe counted 777 cracks."), ("cta", "Bye.")];
        let (drafted, told) = written(&[invented, GOOD]).await;
        assert!(told[1].contains("777") && told[1].contains("Jane Doe"), "{told:?}");
        assert_eq!(drafted.unwrap().rewrites, 1);
        let (drafted, _) = written(&[invented, invented, invented]).await;
        assert_eq!(drafted.unwrap_err().kind(), ErrorKind::Corrupt);
    }

    #[tokio::test]
    async fn a_users_script_is_passed_through() {
        let director = Director::default();
        let drafted =
            director.accept(&brief(30), "I built 3 bridges. They all fell.", &Operation::detached()).await.unwrap();
        assert_eq!(drafted.script.text(), "I built 3 bridges. They all fell.");
        assert!(drafted.report.checks.is_empty());
    }
}
