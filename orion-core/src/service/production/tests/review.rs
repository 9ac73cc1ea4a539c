//! Decisions by content: what a person says, whichever run waits where.

use super::*;
use crate::service::production::{Rejection, RenderChange};

const BY: UserId = UserId::SYSTEM;

/// A finished video at its review gate.
async fn at_review() -> (Production, Arc<Tools>, Run) {
    let (production, tools) = production();
    let run = production.start(BY, &request(&[Gate::Review])).await.unwrap();
    let run = production.advance(run.id, &Operation::detached()).await.unwrap();
    assert_eq!(run.state, RunState::Waiting { gate: Gate::Review });
    (production, tools, run)
}

/// Works on the newest run of content until it waits or ends.
async fn work(production: &Production, id: ContentId) -> Run {
    let run = production.standing(id).await.unwrap().run.unwrap();
    production.advance(run.id, &Operation::detached()).await.unwrap()
}

fn again(feedback: Option<&str>) -> Rejection {
    Rejection { feedback: feedback.map(str::to_owned), again: true }
}

#[tokio::test]
async fn an_approval_names_the_file_and_is_kept() {
    let (production, _, run) = at_review().await;
    let id = run.content_id;
    let wrong = production.approve(id, Some(Sha256::of(b"another file")), BY).await;
    assert_eq!(wrong.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(content(&production, &run).await.status, ContentStatus::Review);

    let shown = production.standing(id).await.unwrap().question.unwrap().subject;
    let approved = production.approve(id, Some(shown), BY).await.unwrap();
    assert_eq!(approved.status, ContentStatus::Approved);
    let video = production.product(run.id).await.unwrap().video.sha256;
    let filter = Filter { parent: Some(run.id.0), ..Filter::default() };
    let kept = production.store.read().await.unwrap().approvals().list(&filter, &Page::default()).await.unwrap().items;
    assert!(kept.len() == 1 && kept[0].permits(video));
    for refused in [
        production.approve(id, None, BY).await,
        production.reject(id, Rejection::default(), BY).await,
        production.regenerate(id, None, BY).await,
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
    }
}

#[tokio::test]
async fn a_refusal_for_good_keeps_its_reason_and_can_be_taken_up_again() {
    let (production, tools, run) = at_review().await;
    let id = run.content_id;
    let reason = Rejection { feedback: Some("off topic".to_owned()), again: false };
    let refused = production.reject(id, reason, BY).await.unwrap();
    assert_eq!((refused.status, refused.regeneration_count), (ContentStatus::Rejected, 0));
    assert_eq!(refused.feedback, ["off topic"]);
    let told = events(&production).await.into_iter().rev().find(|event| event.channel() == "orion.content.rejected");
    let Some(Event::ContentRejected { feedback, action, .. }) = told else { unreachable!("{told:?}") };
    assert_eq!((feedback.as_str(), action), ("off topic", RejectAction::Discard));

    let rendered = tools.rendered.load(Ordering::SeqCst);
    let taken_up = production.regenerate(id, Some("shorter".to_owned()), BY).await.unwrap();
    assert_eq!((taken_up.status, taken_up.regeneration_count), (ContentStatus::Generating, 1));
    let next = work(&production, id).await;
    assert_ne!(next.id, run.id);
    assert_eq!(next.feedback, ["shorter"]);
    assert_eq!(next.state, RunState::Waiting { gate: Gate::Review });
    assert_eq!(tools.rendered.load(Ordering::SeqCst), rendered + 1);
    // The same trend, although it is used by now.
    let (before, after) = (production.product(run.id).await, production.product(next.id).await.unwrap());
    assert!(before.is_err(), "what was refused is no product");
    assert_eq!(after.report.trend.unwrap().0, "Harbour bridge closes for 14 months");
    assert_eq!(production.approve(id, None, BY).await.unwrap().status, ContentStatus::Approved);
}

#[tokio::test]
async fn three_times_another_version_and_no_more() {
    let (production, _, run) = at_review().await;
    let id = run.content_id;
    for count in 1..=3 {
        let words = (count == 2).then_some("mention the ferry");
        let content = match count {
            3 => production.regenerate(id, None, BY).await.unwrap(),
            _ => production.reject(id, again(words), BY).await.unwrap(),
        };
        assert_eq!((content.status, content.regeneration_count), (ContentStatus::Generating, count));
        assert_eq!(production.regenerate(id, None, BY).await.unwrap_err().kind(), ErrorKind::Conflict, "at work");
        assert_eq!(work(&production, id).await.state, RunState::Waiting { gate: Gate::Review });
    }
    for refused in [production.reject(id, again(None), BY).await, production.regenerate(id, None, BY).await] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
    }
    let standing = production.standing(id).await.unwrap();
    assert_eq!((standing.content.status, standing.content.feedback.len()), (ContentStatus::Review, 3));
    assert!(standing.question.is_some(), "a refused wish changes nothing");
}

#[tokio::test]
async fn what_failed_goes_on_and_is_not_counted() {
    let (production, tools) = production();
    *tools.fails.lock().unwrap() = Some(Error::unavailable("the encoder is not installed"));
    let run = production.start(BY, &request(&[Gate::Review])).await.unwrap();
    production.advance(run.id, &Operation::detached()).await.unwrap_err();
    let id = run.content_id;
    let none = production.approve(id, None, BY).await.unwrap_err();
    assert!(none.to_string().contains("no video"), "{none}");
    let content = production.regenerate(id, None, BY).await.unwrap();
    assert_eq!((content.status, content.regeneration_count), (ContentStatus::Generating, 0));
    let next = work(&production, id).await;
    assert_eq!((next.id, next.state), (run.id, RunState::Waiting { gate: Gate::Review }));
}

#[tokio::test]
async fn without_a_gate_the_newest_file_is_approved() {
    let (production, _) = production();
    let run = production.start(BY, &request(&[])).await.unwrap();
    let run = production.advance(run.id, &Operation::detached()).await.unwrap();
    assert_eq!(run.state, RunState::Completed);
    let content = production.approve(run.content_id, None, BY).await.unwrap();
    assert_eq!(content.status, ContentStatus::Approved);
    let video = production.product(run.id).await.unwrap().video.sha256;
    let kept =
        production.store.read().await.unwrap().approvals().list(&Filter::default(), &Page::default()).await.unwrap();
    assert!(kept.items.iter().any(|approval| approval.permits(video)));
}

#[tokio::test]
async fn another_render_does_only_what_is_different() {
    let (production, tools, run) = at_review().await;
    let id = run.content_id;
    let count = || [&tools.drawn, &tools.spoken, &tools.rendered].map(|count| count.load(Ordering::SeqCst));
    let [drawn, spoken, rendered] = count();
    let change = RenderChange { captions: Some("minimal".to_owned()), ..RenderChange::default() };
    let next = production.render_again(id, &change).await.unwrap();
    assert_eq!(content(&production, &run).await.status, ContentStatus::Generating);
    assert_eq!(production.render_again(id, &change).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(work(&production, id).await.state, RunState::Waiting { gate: Gate::Review });
    assert_eq!(count(), [drawn, spoken, rendered + 1]);
    let report = production.product(next.id).await.unwrap().report;
    assert_eq!(report.request.captions, "minimal");
    assert_eq!(report.cost_usd, 0.0, "what the earlier run paid for is not paid again");
    // The question of the earlier run is gone with it.
    assert!(production.question(run.id).await.is_err());
    assert_eq!(production.approve(id, None, BY).await.unwrap().status, ContentStatus::Approved);
    assert_eq!(production.render_again(id, &change).await.unwrap_err().kind(), ErrorKind::Conflict);
    let odd = RenderChange { size: Some((7, 7)), ..RenderChange::default() };
    assert_eq!(production.render_again(id, &odd).await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn a_trend_is_used_from_the_start_and_one_put_aside_is_refused() {
    let (production, _) = production();
    let scan = crate::service::scout::ScanRequest::of_feed("news.xml");
    let found = production.scout.scan(&scan, &Operation::detached()).await.unwrap();
    let trend = &found.trends[0];
    let about = |id| CreateRequest { gates: vec![Gate::Review], ..CreateRequest::new(Subject::Trend { id }) };
    production.scout.set_status(trend.id, TrendStatus::Discarded).await.unwrap();
    assert_eq!(production.start(BY, &about(trend.id)).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(production.scout.set_status(trend.id, TrendStatus::Used).await.unwrap_err().kind(), ErrorKind::Conflict);
    production.scout.set_status(trend.id, TrendStatus::Active).await.unwrap();
    let run = production.start(BY, &about(trend.id)).await.unwrap();
    let content = content(&production, &run).await;
    assert_eq!((content.trend_id, content.status), (Some(trend.id), ContentStatus::Generating));
    assert!(content.title.contains("Harbour bridge"));
    let stored = production.store.read().await.unwrap().trends().require(trend.id).await.unwrap();
    assert_eq!(stored.status, TrendStatus::Used);
    let unknown = crate::id::TrendId(uuid::Uuid::from_u128(9));
    assert_eq!(production.start(BY, &about(unknown)).await.unwrap_err().kind(), ErrorKind::NotFound);

    assert_eq!(production.tell_progress(&run, Stage::Render, 9).await.unwrap_err().kind(), ErrorKind::Conflict);
    let name = format!("run/{}", run.id);
    let tenure = production.worker.take(&production.store, &production.clock, &name).await.unwrap();
    production.tell_progress(&run, Stage::Render, 140).await.unwrap();
    tenure.end().await;
    let told = events(&production).await.pop();
    assert!(matches!(told, Some(Event::StageChanged { stage: Stage::Render, progress: Some(100), .. })), "{told:?}");
}
