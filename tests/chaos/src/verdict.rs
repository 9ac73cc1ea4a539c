//! Holds the book, what was seen outside, and the record against each other.

use crate::book::{Kill, Wish};
use crate::outside::{Call, Delivery, by_input};
use crate::platform::Manners;
use crate::record::{Everything, Made};
use crate::topics;
use orion_core::StageStatus;
use orion_core::domain::{ApprovalState, Destination, Money, PublicationState, RunState, Sha256, StepState};
use orion_core::event::Event;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// So many examples are shown of what went wrong.
const EXAMPLES: usize = 8;

/// How often something happened that must not, of how many chances.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    /// What a chance is.
    pub(crate) unit: &'static str,
    pub(crate) count: u64,
    pub(crate) of: u64,
    /// Whether it is a promise; else it is told only.
    pub(crate) promised: bool,
    pub(crate) examples: Vec<String>,
}

impl Figure {
    pub(crate) fn new(name: &'static str, unit: &'static str) -> Self {
        Self { name, unit, count: 0, of: 0, promised: true, examples: Vec::new() }
    }

    pub(crate) fn told(name: &'static str, unit: &'static str) -> Self {
        Self { promised: false, ..Self::new(name, unit) }
    }

    /// One more chance.
    fn check(&mut self, fine: bool, example: impl FnOnce() -> String) {
        self.of += 1;
        if !fine {
            self.bad(example());
        }
    }

    pub(crate) fn bad(&mut self, example: String) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(example);
        }
    }

    /// The same of another world.
    pub(crate) fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.of += other.of;
        self.examples.extend(other.examples.iter().cloned());
        self.examples.truncate(EXAMPLES);
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({"name": self.name, "count": self.count, "of": self.of, "unit": self.unit, "promised": self.promised,
            "examples": self.examples})
    }
}

/// What is known at the end.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    pub(crate) wishes: &'a [Wish],
    pub(crate) kills: &'a [Kill],
    pub(crate) calls: &'a [Call],
    pub(crate) deliveries: &'a [Delivery],
    pub(crate) all: &'a Everything,
    /// Steps that were done again.
    pub(crate) again: &'a [String],
    /// Where the program keeps what is its own.
    pub(crate) data: &'a Path,
    /// Where it has published.
    pub(crate) published: &'a Path,
    /// How it has said no.
    pub(crate) manners: &'a Manners,
}

/// The figures, always in the same order.
pub(crate) fn figures(evidence: &Evidence<'_>) -> Vec<Figure> {
    let published = published(evidence.published);
    let mut figures = vec![lost(evidence, &published), unfinished(evidence), twice(evidence)];
    figures.extend(paid(evidence));
    figures.push(asked(evidence));
    figures.extend(out(evidence, &published));
    figures.extend(events(evidence));
    figures.extend(files(evidence, &published));
    figures.extend(odd(evidence));
    figures
}

fn made_of<'a>(all: &'a Everything, content: Option<&String>) -> Option<&'a Made> {
    let content = content?;
    all.made.iter().find(|made| made.content.id.to_string() == *content)
}

/// Whatever was acknowledged is there.
fn lost(evidence: &Evidence<'_>, published: &[Published]) -> Figure {
    let mut figure = Figure::new("acknowledged work lost", "acknowledgements");
    for wish in evidence.wishes {
        let made = made_of(evidence.all, wish.content.as_ref());
        if wish.acknowledged {
            figure.check(made.is_some(), || format!("the run about {} is gone", wish.topic.name));
        }
        if wish.approval_acknowledged {
            let hash = wish.approved.as_ref().map(|(hash, _)| hash.as_str()).unwrap_or_default();
            let kept = made.is_some_and(|made| {
                let mut approvals = made.runs.iter().flat_map(|(_, _, approvals)| approvals);
                approvals.any(|it| it.state == ApprovalState::Approved && it.subject.to_string() == hash)
            });
            figure.check(kept, || format!("the approval of {} is gone", wish.topic.name));
        }
        for place in &wish.told_published {
            let kept = made.is_some_and(|made| {
                let mut rows = made.publications.iter();
                rows.any(|row| row.destination.as_str() == place && row.state == PublicationState::Published)
            });
            let content = wish.content.as_deref().unwrap_or_default();
            let there = match place.as_str() {
                "folder" => published.iter().any(|it| it.content == content && it.whole),
                _ => evidence.deliveries.iter().any(|it| it.taken && it.body["data"]["content_id"] == content),
            };
            figure.check(kept && there, || format!("{} at {place} is gone", wish.topic.name));
        }
    }
    // What the record says is out, the receiver has, under the identity on record.
    for row in evidence.all.made.iter().flat_map(|made| &made.publications) {
        if (row.destination, row.state) == (Destination::Webhook, PublicationState::Published) {
            let id = row.id.to_string();
            figure.check(evidence.deliveries.iter().any(|it| it.taken && it.id == id), || {
                format!("the receiver never took webhook {id}")
            });
        }
    }
    figure
}

fn unfinished(evidence: &Evidence<'_>) -> Figure {
    let mut figure = Figure::new("runs that never came to their end", "runs");
    for wish in evidence.wishes {
        figure.check(wish.done, || {
            let state = made_of(evidence.all, wish.content.as_ref()).map_or("not there".to_owned(), |made| {
                let runs = made.runs.iter().map(|(run, ..)| run.state.to_string()).collect::<Vec<_>>().join(", ");
                format!("content {}, run {runs}", made.content.status)
            });
            format!("{}: {state}; failures {:?}", wish.topic.name, wish.failures)
        });
    }
    figure
}

/// Steps, stages, costs and contents are on record once.
fn twice(evidence: &Evidence<'_>) -> Figure {
    let mut figure = Figure::new("recorded twice", "finished steps, stages and contents");
    for again in evidence.again {
        figure.bad(format!("done again: {again}"));
    }
    let mut told: BTreeMap<(String, String), u64> = BTreeMap::new();
    for record in &evidence.all.events {
        let key = match &record.event {
            Event::StageChanged { pipeline_run_id: Some(run), stage, status: StageStatus::Completed, .. } => {
                (run.to_string(), format!("{stage} completed"))
            }
            Event::ContentCreated { content_id, .. } => (content_id.to_string(), "content created".to_owned()),
            Event::MediaGenerated { content_id, .. } => (content_id.to_string(), "media generated".to_owned()),
            Event::ContentUpdated { content_id, stage: Some(stage), .. } => {
                (content_id.to_string(), format!("content updated by {stage}"))
            }
            _ => continue,
        };
        *told.entry(key).or_default() += 1;
    }
    for ((of, what), count) in told {
        figure.check(count == 1, || format!("{what} {count} times for {of}"));
    }
    for made in &evidence.all.made {
        for (run, steps, _) in &made.runs {
            let finished = steps.iter().filter(|step| step.state == StepState::Finished);
            figure.of += finished.clone().count() as u64;
            // Nothing fails here, so what a run cost is what its steps cost.
            let steps: Money = finished.map(|step| step.cost).sum();
            let rows = made.costs.iter().filter(|cost| cost.run_id == Some(run.id));
            let costs: Money = rows.map(|cost| cost.amount).sum();
            figure.check(steps == costs, || {
                format!("run {} cost {} by its steps and {} by its ledger", run.id, steps.dollars(), costs.dollars())
            });
        }
        figure.check(made.runs.len() == 1, || format!("content {} has {} runs", made.content.id, made.runs.len()));
    }
    for wish in evidence.wishes {
        let about = evidence.all.made.iter().filter(|made| {
            let asked = made.runs.iter().map(|(run, ..)| run.request.to_string()).collect::<String>();
            topics::mentions(&asked, &wish.topic.name)
                || made.content.trend_id.is_some_and(|id| wish.trend.as_deref() == Some(id.to_string().as_str()))
        });
        let count = about.count();
        figure.check(count <= 1, || format!("{count} contents about {}", wish.topic.name));
    }
    figure
}

/// Provider calls. A call that a kill interrupted before its answer was on record cannot be told from one that never
/// arrived, unless the provider gave a handle or knows a second call for the same: it is made again, and told apart.
fn paid(evidence: &Evidence<'_>) -> [Figure; 2] {
    let mut twice = Figure::new("provider calls paid twice", "paid calls");
    let mut doubt = Figure::told("calls made again because a kill left their outcome unknown", "paid calls");
    for again in evidence.again {
        twice.bad(format!("done again: {again}"));
    }
    for calls in by_input(evidence.calls).into_values() {
        twice.of += calls.len() as u64;
        doubt.of += calls.len() as u64;
        // A sentence that stands in the scripts of several runs is spoken for each.
        let runs = evidence.all.made.iter().filter(|made| asks_for(made, calls[0])).count().max(1);
        let more = calls.len().saturating_sub(runs);
        if more == 0 {
            continue;
        }
        let interrupted = calls.iter().filter(|call| evidence.kills.iter().any(|kill| in_doubt(call, kill.at))).count();
        let excused = more.min(interrupted);
        let told = format!("{} × {} {}", calls.len(), calls[0].path, short(&calls[0].body));
        for _ in 0..excused {
            doubt.bad(told.clone());
        }
        for _ in excused..more {
            twice.bad(told.clone());
        }
    }
    [twice, doubt]
}

/// Whether a kill at this moment may have kept the answer of a call from being recorded: it came after the call, and not
/// long after the answer.
fn in_doubt(call: &Call, kill: Instant) -> bool {
    const RECORDING: std::time::Duration = std::time::Duration::from_millis(1500);
    kill >= call.at && call.answered.is_none_or(|answered| kill <= answered + RECORDING)
}

fn asks_for(made: &Made, call: &Call) -> bool {
    let Some(text) = call.body["input"].as_str() else { return false };
    let lines = made.content.script.iter().flat_map(|script| &script.lines);
    lines.clone().any(|line| line.text == text)
}

fn short(body: &Value) -> String {
    let text = body["input"].as_str().or(body["prompt"].as_str()).map(str::to_owned);
    text.unwrap_or_else(|| body.to_string()).chars().take(160).collect()
}

/// Whatever is on record as done was really asked for.
fn asked(evidence: &Evidence<'_>) -> Figure {
    let mut figure = Figure::new("spoken lines without a paid call, or without a step", "runs");
    for made in &evidence.all.made {
        let Some(script) = &made.content.script else { continue };
        for (run, steps, _) in &made.runs {
            if !matches!(run.state, RunState::Waiting { .. } | RunState::Completed) {
                continue;
            }
            let count = |prefix: &str| {
                steps.iter().filter(|it| it.key.starts_with(prefix) && it.state == StepState::Finished).count()
            };
            let spoken = script
                .lines
                .iter()
                .filter(|line| evidence.calls.iter().any(|call| call.body["input"] == line.text.as_str()));
            let spoken = spoken.count();
            figure.check(count("speech/") == spoken && spoken == script.lines.len(), || {
                format!("run {}: {} lines, {spoken} calls, {} steps", run.id, script.lines.len(), count("speech/"))
            });
        }
    }
    figure
}

/// A folder that was published.
#[derive(Debug)]
struct Published {
    content: String,
    folder: PathBuf,
    sha256: String,
    whole: bool,
}

fn published(root: &Path) -> Vec<Published> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let folder = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let post = std::fs::read(folder.join("post.json")).unwrap_or_default();
        let post: Value = serde_json::from_slice(&post).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let file = std::fs::read(folder.join(text(&post["video"]["file"]))).unwrap_or_default();
        let sha256 = Sha256::of(&file).to_string();
        let whole = post["video"]["sha256"] == sha256.as_str();
        found.push(Published { content: text(&post["content_id"]), folder, sha256, whole });
    }
    found
}

/// What went out: once, and only what was approved.
fn out(evidence: &Evidence<'_>, published: &[Published]) -> [Figure; 3] {
    let mut twice = Figure::new("publications out twice", "contents out");
    let mut unapproved = Figure::new("publications without approval", "publications");
    let mut again = Figure::told("webhooks delivered again under the same identity", "deliveries");
    let wish = |content: &str| evidence.wishes.iter().find(|wish| wish.content.as_deref() == Some(content));
    let approved = |content: &str| wish(content).and_then(|wish| wish.approved.clone());
    let mut folders: BTreeMap<&str, Vec<&Published>> = BTreeMap::new();
    for one in published {
        folders.entry(&one.content).or_default().push(one);
        let fine = one.whole && approved(&one.content).is_some_and(|(hash, _)| hash == one.sha256);
        unapproved.check(fine, || format!("{} (whole: {})", one.folder.display(), one.whole));
    }
    for (content, folders) in folders {
        twice.check(folders.len() == 1, || format!("{content} in {} folders", folders.len()));
    }
    let mut hooks: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for delivery in evidence.deliveries {
        let content = delivery.body["data"]["content_id"].as_str().unwrap_or_default().to_owned();
        let file = delivery.body["data"]["video"]["sha256"].as_str().unwrap_or_default();
        let fine = approved(&content).is_some_and(|(hash, at)| hash == file && at <= delivery.at);
        unapproved.check(fine, || format!("a webhook about {content}"));
        if delivery.taken {
            again.check(seen.insert(delivery.id.clone()), || delivery.id.clone());
        }
        hooks.entry(content).or_default().insert(delivery.id.clone());
    }
    for (content, ids) in hooks {
        twice.check(ids.len() == 1, || format!("{content} under {} identities", ids.len()));
    }
    [twice, unapproved, again]
}

/// Everything that happened is in the log, and whoever is to be told of it is told once.
fn events(evidence: &Evidence<'_>) -> [Figure; 2] {
    let mut lost = Figure::new("events lost", "events that must be there");
    let mut twice = Figure::new("events acted upon twice", "events with an effect");
    let mut channels: BTreeMap<String, u64> = BTreeMap::new();
    for record in &evidence.all.events {
        let of = match &record.event {
            Event::ContentCreated { content_id, .. } | Event::ContentPublished { content_id, .. } => {
                content_id.to_string()
            }
            Event::MediaGenerated { content_id, .. } => content_id.to_string(),
            Event::StageChanged { pipeline_run_id: Some(run), stage, status: StageStatus::Completed, .. } => {
                format!("{run} {stage}")
            }
            _ => continue,
        };
        *channels.entry(format!("{} {of}", record.event.channel())).or_default() += 1;
    }
    let mut must = |key: String| {
        let there = channels.contains_key(&key);
        lost.check(there, || key);
    };
    for made in &evidence.all.made {
        let id = made.content.id;
        for (run, ..) in &made.runs {
            if matches!(run.state, RunState::Waiting { .. } | RunState::Completed) {
                for stage in orion_core::domain::Stage::ALL {
                    must(format!("orion.pipeline.stage_changed {} {stage}", run.id));
                }
                must(format!("orion.content.created {id}"));
                must(format!("orion.media.generated {id}"));
            }
        }
        if made.publications.iter().any(|it| it.state == PublicationState::Published) {
            must(format!("orion.content.published {id}"));
        }
    }
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    for notification in &evidence.all.notifications {
        if notification.kind.as_str() == "content_published" {
            *told.entry(notification.metadata["content_id"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    for (key, count) in &channels {
        let Some(content) = key.strip_prefix("orion.content.published ") else { continue };
        let got = told.get(content).copied().unwrap_or_default();
        lost.check(got >= *count, || format!("told {got} of {count} publications of {content}"));
        twice.check(got <= *count, || format!("told {got} times of {count} publications of {content}"));
    }
    [lost, twice]
}

/// Every row has its file, and whatever looks finished is whole.
fn files(evidence: &Evidence<'_>, published: &[Published]) -> [Figure; 3] {
    let mut figure = Figure::new("rows without their file", "files that rows point at");
    let mut half = Figure::new("looks finished and is not", "stored files and published folders");
    let mut left = Figure::told("left half-written, under names that nobody takes for finished", "files and folders");
    let mut wanted = BTreeSet::new();
    for made in &evidence.all.made {
        wanted.extend(made.assets.iter().map(|asset| (asset.blob.sha256, asset.blob.length)));
        let steps = made.runs.iter().flat_map(|(_, steps, _)| steps);
        let finished = steps.filter(|step| step.state == StepState::Finished);
        wanted.extend(finished.flat_map(|step| &step.blobs).map(|blob| (blob.sha256, blob.length)));
    }
    for (sha256, length) in wanted {
        let name = sha256.to_string();
        let file = evidence.data.join("blobs").join(&name[..2]).join(&name[2..]);
        let fine = std::fs::read(file).is_ok_and(|bytes| bytes.len() as u64 == length && Sha256::of(&bytes) == sha256);
        figure.check(fine, || name);
    }
    let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten().collect::<Vec<_>>();
    for shelf in entries(&evidence.data.join("blobs")) {
        let first = shelf.file_name().to_string_lossy().into_owned();
        if first.len() != 2 {
            continue;
        }
        for file in entries(&shelf.path()) {
            let name = format!("{first}{}", file.file_name().to_string_lossy());
            let whole = std::fs::read(file.path()).is_ok_and(|bytes| Sha256::of(&bytes).to_string() == name);
            half.check(whole, || name);
        }
    }
    for one in published {
        half.check(one.whole, || one.folder.display().to_string());
    }
    let parts = entries(&evidence.data.join("blobs/parts"));
    let aside = entries(evidence.published).into_iter().filter(|it| it.file_name().to_string_lossy().starts_with('.'));
    for part in parts.into_iter().chain(aside) {
        left.bad(part.path().display().to_string());
    }
    left.of = half.of + left.count;
    [figure, half, left]
}

/// What a person would have wondered about.
fn odd(evidence: &Evidence<'_>) -> [Figure; 4] {
    let mut failures = Figure::told("runs that failed and had to be taken up by hand", "runs");
    let mut answers = Figure::told("answers that nobody should get", "runs");
    for wish in evidence.wishes {
        failures.check(wish.failures.is_empty(), || format!("{}: {:?}", wish.topic.name, wish.failures));
        answers.check(wish.oddities.is_empty(), || format!("{}: {:?}", wish.topic.name, wish.oddities));
    }
    let Manners { answers: all, refusals, rude } = evidence.manners;
    let mut refused = Figure::told("refusals that say when to come back", "answers");
    (refused.count, refused.of) = (*refusals, *all);
    let mut broken = Figure::new("answers 5xx or 429 that do not say when to come back", "answers");
    rude.iter().for_each(|told| broken.bad(told.chars().take(300).collect()));
    broken.of = *all;
    [failures, answers, refused, broken]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn call(at: Instant, answered: Option<Instant>) -> Call {
        let body = json!({"input": "One line."});
        let input = Sha256::of(b"the same");
        Call { at, answered, path: "/v1/audio/speech".to_owned(), input, body }
    }

    fn delivery(at: Instant, id: &str, content: &str, file: &str) -> Delivery {
        let body = json!({"data": {"content_id": content, "video": {"sha256": file}}});
        Delivery { at, id: id.to_owned(), body, taken: true }
    }

    fn counts(wishes: &[Wish], kills: &[Kill], calls: &[Call], deliveries: &[Delivery]) -> BTreeMap<&'static str, u64> {
        let all = Everything { made: Vec::new(), events: Vec::new(), notifications: Vec::new() };
        let (data, published, manners) = (Path::new("/nowhere"), Path::new("/nowhere"), &Manners::default());
        let evidence = Evidence { wishes, kills, calls, deliveries, all: &all, again: &[], data, published, manners };
        figures(&evidence).into_iter().map(|figure| (figure.name, figure.count)).collect()
    }

    const TWICE: &str = "provider calls paid twice";
    const DOUBT: &str = "calls made again because a kill left their outcome unknown";

    #[test]
    fn a_second_call_is_excused_by_a_kill_during_the_first_and_by_nothing_else() {
        let start = Instant::now();
        let later = |milliseconds| start + Duration::from_millis(milliseconds);
        let calls = [call(start, Some(later(100))), call(later(60_000), Some(later(60_100)))];
        let kill = |at| [Kill { at, how: "random".to_owned() }];
        let found = counts(&[], &[], &calls, &[]);
        assert_eq!((found[TWICE], found[DOUBT]), (1, 0));
        let found = counts(&[], &kill(later(50)), &calls, &[]);
        assert_eq!((found[TWICE], found[DOUBT]), (0, 1));
        // Long after its answer it is on record.
        let found = counts(&[], &kill(later(30_000)), &calls, &[]);
        assert_eq!((found[TWICE], found[DOUBT]), (1, 0));
    }

    #[test]
    fn what_is_lost_unapproved_or_out_twice_is_found() {
        let now = Instant::now();
        let mut wish = Wish::new(topics::topic(1), None);
        wish.content = Some("c1".to_owned());
        wish.acknowledged = true;
        wish.approved = Some(("f1".to_owned(), now));
        let fine = counts(std::slice::from_ref(&wish), &[], &[], &[delivery(now, "a", "c1", "f1")]);
        assert_eq!((fine["publications without approval"], fine["publications out twice"]), (0, 0));
        // The record of this test is empty.
        assert_eq!((fine["acknowledged work lost"], fine["runs that never came to their end"]), (1, 1));
        let deliveries =
            [delivery(now, "a", "c1", "f2"), delivery(now, "b", "c1", "f1"), delivery(now, "b", "c2", "f1")];
        let bad = counts(&[wish], &[], &[], &deliveries);
        assert_eq!((bad["publications without approval"], bad["publications out twice"]), (2, 1));
        assert_eq!(bad["webhooks delivered again under the same identity"], 1);
    }
}
