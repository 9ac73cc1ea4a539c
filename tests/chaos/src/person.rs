//! A person who has videos made: asks, waits, approves what was seen, publishes, and asks again whenever no answer came.

use crate::book::{Book, Wish};
use crate::platform::Platform;
use crate::topics::{self, Topic};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// How often the program is asked how far it is.
const LOOK: Duration = Duration::from_millis(120);
/// One in so many is never approved.
const WITHHELD: usize = 6;
/// A run that fails so often is given up.
const MOST_FAILURES: usize = 8;

/// Somebody who goes on until told to stop.
#[derive(Debug)]
pub(crate) struct Person<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) book: &'a Book,
    /// The next topic.
    pub(crate) next: &'a AtomicUsize,
    pub(crate) trends: &'a [(String, String)],
    pub(crate) stop: &'a AtomicBool,
}

impl Person<'_> {
    /// Has one video after another made.
    pub(crate) async fn live(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let topic = topics::topic(number);
            let trend = self.trends.iter().find(|(_, title)| topics::mentions(title, &topic.name));
            let withheld = number % WITHHELD == WITHHELD - 1;
            let wish = self.book.wish(Wish::new(topic.clone(), trend.map(|(id, _)| id.clone())));
            self.have_made(wish, &topic, withheld).await;
        }
    }

    async fn have_made(&self, wish: usize, topic: &Topic, withheld: bool) {
        let content = self.begin(wish, topic).await;
        self.book.note(wish, |wish| wish.content = Some(content.clone()));
        loop {
            let detail = self.get(wish, &format!("/api/v1/director/content/{content}")).await;
            match detail["status"].as_str().unwrap_or_default() {
                "review" if withheld => {
                    // What nobody approved does not go out, however much it is asked for.
                    let asked = json!({"content_id": content, "platforms": ["folder", "webhook"]});
                    if let Some(answer) = self.platform.ask("POST", "/api/v1/publisher/publish", Some(asked)).await {
                        self.expect(wish, &[409], &answer);
                        break;
                    }
                }
                "review" => self.approve(wish, &content, &detail["review_payload"]["subject"]).await,
                "approved" | "published" if self.publish(wish, &content).await => break,
                "draft" => {
                    let failures = self.take_up(wish, &detail).await;
                    if failures > MOST_FAILURES {
                        return;
                    }
                }
                _ => {}
            }
            tokio::time::sleep(LOOK).await;
        }
        self.book.note(wish, |wish| wish.done = true);
    }

    /// Begins a run, once: where no answer came, it is looked whether it was taken.
    async fn begin(&self, number: usize, topic: &Topic) -> String {
        let trend = self.book.wishes()[number].trend.clone();
        let body = match &trend {
            Some(trend) => json!({"trend_id": trend}),
            None => json!({"text": format!("{}\n\n{}", topic.title, topic.text)}),
        };
        loop {
            match self.platform.ask("POST", "/api/v1/director/content/generate", Some(body.clone())).await {
                Some((201, detail)) => {
                    self.book.note(number, |wish| wish.acknowledged = true);
                    return detail["content_id"].as_str().unwrap().to_owned();
                }
                Some(answer) => self.expect(number, &[201], &answer),
                None => {}
            }
            let list = self.get(number, "/api/v1/director/content?limit=200").await;
            let is_it = |item: &Value| {
                let says = |field: &str| item[field].as_str().is_some_and(|text| topics::mentions(text, &topic.name));
                trend.as_deref().is_some_and(|trend| item["trend_id"] == trend) || says("title") || says("hook")
            };
            if let Some(found) = list.as_array().into_iter().flatten().find(|item| is_it(item)) {
                return found["id"].as_str().unwrap().to_owned();
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn approve(&self, number: usize, content: &str, subject: &Value) {
        let Some(subject) = subject.as_str() else { return };
        self.book.note(number, |wish| {
            wish.approved.get_or_insert_with(|| (subject.to_owned(), std::time::Instant::now()));
        });
        let path = format!("/api/v1/director/content/{content}/approve");
        match self.platform.ask("POST", &path, Some(json!({"subject": subject}))).await {
            Some((200, _)) => self.book.note(number, |wish| wish.approval_acknowledged = true),
            // Approved by the call before, whose answer was lost.
            Some((409, _)) | None => {}
            Some(answer) => self.expect(number, &[200], &answer),
        }
    }

    /// Has it published, and tells whether it is out everywhere.
    async fn publish(&self, number: usize, content: &str) -> bool {
        let history = self.get(number, &format!("/api/v1/publisher/history?content_id={content}")).await;
        let state = |place: &str| {
            let rows = history.as_array().into_iter().flatten();
            rows.filter(|row| row["platform"] == place).map(|row| row["status"].as_str().unwrap_or_default()).next()
        };
        let (folder, webhook) = (state("folder"), state("webhook"));
        if (folder, webhook) == (Some("published"), Some("published")) {
            return true;
        }
        // What is pending goes on by itself.
        let asks = |state: Option<&str>| state.is_none_or(|state| state == "failed");
        if asks(folder) || asks(webhook) {
            if let Some(failed) = history.as_array().into_iter().flatten().find(|row| row["status"] == "failed") {
                let why = failed["error_message"].to_string();
                self.book.note(number, |wish| wish.failures.push(format!("publishing: {why}")));
            }
            let asked = json!({"content_id": content, "platforms": ["folder", "webhook"]});
            if let Some(answer) = self.platform.ask("POST", "/api/v1/publisher/publish", Some(asked)).await {
                self.expect(number, &[200], &answer);
                for result in answer.1["results"].as_array().into_iter().flatten() {
                    if result["status"] == "published" {
                        let place = result["platform"].as_str().unwrap_or_default().to_owned();
                        self.book.note(number, |wish| wish.told_published.push(place));
                    }
                }
            }
        }
        false
    }

    /// Takes a run up again that failed; tells how often this one did.
    async fn take_up(&self, number: usize, detail: &Value) -> usize {
        let why = detail["error"].as_str().unwrap_or("it is a draft again, without a reason").to_owned();
        self.book.note(number, |wish| wish.failures.push(why));
        if let Some(run) = detail["pipeline_run_id"].as_str() {
            let path = format!("/api/v1/director/pipelines/{run}/retry");
            if let Some(answer) = self.platform.ask("POST", &path, Some(json!({}))).await {
                self.expect(number, &[200, 202, 409], &answer);
            }
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        self.book.wishes()[number].failures.len()
    }

    /// Asks until there is an answer.
    async fn get(&self, number: usize, path: &str) -> Value {
        loop {
            match self.platform.ask("GET", path, None).await {
                Some((200, answer)) => return answer,
                Some((401, _)) => self.platform.sign_in_again().await,
                Some(answer) => self.expect(number, &[200], &answer),
                None => {}
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Notes an answer that is none of these.
    fn expect(&self, number: usize, fine: &[u16], (status, body): &(u16, Value)) {
        // Whoever is told to come back later does.
        if !fine.contains(status) && ![401, 429, 503].contains(status) {
            let text: String = body.to_string().chars().take(300).collect();
            self.book.note(number, |wish| {
                if wish.oddities.len() < 20 {
                    wish.oddities.push(format!("{status}: {text}"));
                }
            });
        }
    }
}
