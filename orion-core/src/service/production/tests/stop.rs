//! Runs that are stopped and taken up again, and those that begin by themselves.

use super::providers::{ALWAYS, slow, steps};
use super::*;
use crate::domain::Trend;
use crate::service::production::{Rejection, Seeded};
use crate::testing::sample;
use futures_util::future::join_all;

const BY: UserId = UserId::SYSTEM;

#[tokio::test]
async fn a_run_is_stopped_whoever_works_on_it_and_taken_up_again() {
    let (production, _) = production();
    let run = production.start(BY, &request(&[])).await.unwrap();
    // A worker has begun.
    let (working, _) = production.command(run.clone(), RunCommand::Resume).await.unwrap();
    let stopped = production.cancel(run.id).await.unwrap();
    assert_eq!(stopped.state, RunState::Cancelled { stage: Stage::Research });
    assert_eq!(content(&production, &run).await.status, ContentStatus::Draft);
    let told = events(&production).await;
    assert!(
        told.iter().any(|event| matches!(
            event,
            Event::StageChanged { stage: Stage::Research, status: StageStatus::Failed, .. }
        ))
    );
    // What the worker does next is refused, and nobody takes the run up by looking for work.
    let late = production.command(working, RunCommand::Complete(Stage::Research)).await;
    assert_eq!(late.unwrap_err().kind(), ErrorKind::Conflict);
    let looked = production.work_on(run.id, &Operation::detached()).await.unwrap();
    assert_eq!(looked.state, stopped.state);
    assert_eq!(production.cancel(run.id).await.unwrap_err().kind(), ErrorKind::Conflict, "it has ended");

    let again = production.retry(run.id).await.unwrap();
    assert_eq!(again.state, RunState::Running { stage: Stage::Research });
    assert_eq!(content(&production, &run).await.status, ContentStatus::Generating);
    assert_eq!(production.retry(run.id).await.unwrap_err().kind(), ErrorKind::Conflict, "it is at work");
    let done = production.work_on(run.id, &Operation::detached()).await.unwrap();
    assert_eq!(done.state, RunState::Completed);
    assert_eq!(production.cancel(run.id).await.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_run_that_waits_is_stopped_with_its_question() {
    let (production, tools) = production();
    let run = production.start(BY, &request(&[Gate::Review])).await.unwrap();
    production.work_on(run.id, &Operation::detached()).await.unwrap();
    let stopped = production.cancel(run.id).await.unwrap();
    assert_eq!(stopped.state, RunState::Cancelled { stage: Stage::Render });
    let standing = production.standing(run.content_id).await.unwrap();
    assert_eq!((standing.content.status, standing.question), (ContentStatus::Draft, None));
    assert_eq!(production.question(run.id).await.unwrap_err().kind(), ErrorKind::Conflict);
    production.retry(run.id).await.unwrap();
    let waits = production.work_on(run.id, &Operation::detached()).await.unwrap();
    assert_eq!(waits.state, RunState::Waiting { gate: Gate::Review });
    assert_eq!(tools.rendered.load(Ordering::SeqCst), 1, "what was done is not done again");
    assert!(production.standing(run.content_id).await.unwrap().question.is_some());
}

#[tokio::test]
async fn providers_are_told_and_what_they_gave_up_is_sent_again() {
    let (mut production, tools) = production();
    let model = slow(&tools, Provider::cloud("slow", ""), ALWAYS);
    production.media.images = model.clone().into();
    let run = production.start(BY, &request(&[])).await.unwrap();
    let cancellation = Cancellation::new();
    *model.stops.lock().unwrap() = Some(cancellation.clone());
    let operation = Operation::new(cancellation, Arc::new(|_: ProgressUpdate| {}));
    production.work_on(run.id, &operation).await.unwrap_err();
    let sent = steps(&production, &run, "images/").await;
    let sent: Vec<String> = sent.into_iter().filter_map(|step| step.handle).collect();
    assert!(!sent.is_empty());
    production.recall(run.id).await.unwrap();
    production.recall(run.id).await.unwrap();
    assert_eq!(*model.cancelled.lock().unwrap(), sent, "each once");
    assert!(steps(&production, &run, "images/").await.iter().all(|step| step.state != StepState::Submitted));
    production.retry(run.id).await.unwrap();
    let done = production.work_on(run.id, &Operation::detached()).await.unwrap();
    assert_eq!(done.state, RunState::Completed);
    let again = steps(&production, &run, "images/").await;
    assert_eq!(again.iter().filter(|step| step.attempts == 2).count(), sent.len(), "{again:?}");
    production.recall(run.id).await.unwrap();
    assert_eq!(model.cancelled.lock().unwrap().len(), sent.len(), "a run that goes on keeps what it has");
}

#[tokio::test]
async fn what_was_decided_since_is_not_taken_up_again() {
    let (production, _) = production();
    let run = production.start(BY, &request(&[])).await.unwrap();
    production.cancel(run.id).await.unwrap();
    production.reject(run.content_id, Rejection::default(), BY).await.unwrap();
    assert_eq!(production.retry(run.id).await.unwrap_err().kind(), ErrorKind::Conflict);
    let again = Rejection { feedback: Some("shorter".to_owned()), again: true };
    let other = production.start(BY, &request(&[])).await.unwrap();
    production.cancel(other.id).await.unwrap();
    production.reject(other.content_id, again, BY).await.unwrap();
    let error = production.retry(other.id).await.unwrap_err();
    assert!(error.to_string().contains("another run"), "{error}");
}

#[tokio::test]
async fn a_refusal_that_asks_too_often_changes_nothing() {
    let (production, _) = production();
    let run = production.start(BY, &request(&[])).await.unwrap();
    production.cancel(run.id).await.unwrap();
    let mut tx = production.store.begin().await.unwrap();
    let mut content = tx.contents().require(run.content_id).await.unwrap();
    content.regeneration_count = Content::MOST_REGENERATIONS;
    tx.contents().update(&mut content).await.unwrap();
    tx.commit().await.unwrap();
    let before = events(&production).await;
    let again = Rejection { feedback: None, again: true };
    assert_eq!(production.reject(content.id, again, BY).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(production.standing(content.id).await.unwrap().content, content);
    assert_eq!(events(&production).await, before);
}

async fn trends(production: &Production, scores: &[f64]) -> Vec<Trend> {
    let mut tx = production.store.begin().await.unwrap();
    let mut made = Vec::new();
    for (n, score) in (1..).zip(scores) {
        let mut trend = Trend { score: *score, ..sample::trend(n) };
        trend.status = TrendStatus::Active;
        tx.trends().insert(&mut trend).await.unwrap();
        made.push(trend);
    }
    tx.commit().await.unwrap();
    made
}

fn of_trend(id: crate::id::TrendId) -> crate::Result<CreateRequest> {
    Ok(CreateRequest { gates: vec![Gate::Review], ..CreateRequest::new(Subject::Trend { id }) })
}

#[tokio::test]
async fn the_best_trends_are_made_by_themselves_each_once_and_few_at_a_time() {
    let (production, _) = production();
    let trends = trends(&production, &[70.0, 69.99, 92.0, 81.0, 10.0]).await;
    let start = || production.start_best(70.0, 2, |_| true, of_trend);
    // Many look at the same moment.
    let started: Vec<Run> =
        join_all((0..8).map(|_| start())).await.into_iter().filter_map(|run| run.unwrap()).collect();
    assert_eq!(started.len(), 2, "no more than two are open");
    assert!(started.iter().all(|run| run.owner == UserId::SYSTEM && run.gates == [Gate::Review]));
    let mut made = Vec::new();
    for run in &started {
        made.push(content(&production, run).await.trend_id.unwrap());
    }
    assert_eq!(made, [trends[2].id, trends[3].id], "the best first");
    production.cancel(started[0].id).await.unwrap();
    let third = start().await.unwrap().unwrap();
    assert_eq!(content(&production, &third).await.trend_id, Some(trends[0].id));
    production.cancel(third.id).await.unwrap();
    assert!(start().await.unwrap().is_none(), "the rest scores less");
    // Somebody frees a trend again: content was made of it all the same.
    let mut tx = production.store.begin().await.unwrap();
    let mut used = tx.trends().require(trends[2].id).await.unwrap();
    used.set_status(TrendStatus::Active, sample::time(1)).unwrap();
    tx.trends().update(&mut used).await.unwrap();
    tx.commit().await.unwrap();
    assert!(start().await.unwrap().is_none());
    let uncounted = production.start_best(0.0, 1, |_| false, of_trend).await.unwrap();
    assert!(uncounted.is_some(), "runs that somebody else works on leave room");
}

#[tokio::test]
async fn samples_are_marked_added_once_and_can_be_worked_on() {
    let (production, _) = production();
    let owner = UserId(sample::uuid(9));
    let request = |subject| Ok(CreateRequest { gates: vec![Gate::Review], ..CreateRequest::new(subject) });
    let seeded = production.seed(owner, request).await.unwrap();
    assert!(seeded.trends > 3 && seeded.costs > 3 && seeded.runs > 1, "{seeded:?}");
    assert_eq!(production.seed(UserId(sample::uuid(8)), request).await.unwrap(), Seeded::default());
    let mut tx = production.store.read().await.unwrap();
    let trends = tx.trends().all(&Filter::default()).await.unwrap();
    assert!(trends.iter().all(|trend| trend.sources == ["sample"] && trend.topic.starts_with("Sample: ")));
    let costs = tx.costs().all(&Filter::default()).await.unwrap();
    assert!(costs.iter().all(|cost| cost.provider == "sample" && cost.owner == owner));
    let runs = tx.runs().all(&Filter::default()).await.unwrap();
    drop(tx);
    for run in runs {
        let run = production.work_on(run.id, &Operation::detached()).await.unwrap();
        assert_eq!(run.state, RunState::Waiting { gate: Gate::Review });
        assert!(content(&production, &run).await.title.contains("Sample"));
    }
}
