//! What else goes wrong around the processes: they stand still past their lease, Redis stands still, dies or forgets,
//! PostgreSQL crashes, the disk is full.

use crate::book::Book;
use crate::chance::Chance;
use crate::platform::Platform;
use crate::record::{self, Memory, resumed};
use crate::verdict::Figure;
use orion_private_postgres::Server;
use orion_private_redis::{Listener, Server as Redis};
use rustix::process::Signal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// No lease is longer.
const LEASE: Duration = Duration::from_secs(20);

/// What came of rounds of trouble.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    /// From a process standing still to the last of its runs being heard of again.
    pub(crate) takeovers: Vec<Duration>,
    /// From a server's return to everything being as before.
    pub(crate) recoveries: Vec<Duration>,
    /// Answers other than 200 while Redis was in trouble, or later than half a second after PostgreSQL's return.
    pub(crate) errors: Vec<String>,
    /// Questions that were asked meanwhile.
    pub(crate) asked: u64,
    /// What was acknowledged on a disk that was full now and then, and what of it is gone.
    pub(crate) kept: (u64, Vec<String>),
    /// Events of the record that nobody outside was shown, of how many.
    pub(crate) unheard: (u64, u64),
}

impl Troubles {
    /// What must not happen; only what was looked for is told.
    pub(crate) fn figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        if self.asked > 0 {
            let mut errors = Figure::new("errors of the API beyond what was down", "questions");
            errors.of = self.asked;
            self.errors.iter().for_each(|error| errors.bad(error.clone()));
            figures.push(errors);
        }
        if self.kept.0 > 0 {
            let mut lost = Figure::new("acknowledged writes lost on a full disk", "writes");
            lost.of = self.kept.0;
            self.kept.1.iter().for_each(|gone| lost.bad(gone.clone()));
            figures.push(lost);
        }
        if self.unheard.1 > 0 {
            // Whoever listens at Redis misses what is shown while the way there is cut; the log is the record.
            let mut unheard = Figure::told("events that a listener at Redis did not hear", "events");
            (unheard.count, unheard.of) = self.unheard;
            figures.push(unheard);
        }
        figures
    }
}

/// One process after another stands still past its lease, and goes on when others have its work.
pub(crate) async fn stop(
    platform: &Platform,
    book: &Book,
    memory: &Memory,
    rounds: i64,
    chance: &mut Chance,
    troubles: &mut Troubles,
) {
    let uri = platform.store();
    for _ in 0..rounds {
        tokio::time::sleep(chance.moment(Duration::from_secs(4))).await;
        let replica = chance.below(platform.replicas() as u64) as usize;
        platform.signal(replica, Signal::STOP);
        book.killed("stopped past its lease");
        let stopped = Instant::now();
        let snapshot = memory.snapshot(&uri).await.unwrap_or_default();
        let seen = Mutex::new(Vec::new());
        let taken = resumed(&uri, &snapshot, stopped, &seen);
        let all = tokio::time::timeout(LEASE * 2, taken).await.is_ok();
        if !snapshot.at_work.is_empty() {
            let last = seen.into_inner().unwrap().into_iter().max().filter(|_| all);
            troubles.takeovers.push(last.unwrap_or(LEASE * 2));
        }
        // What others have done by now must stay as it is, whatever the one that wakes believes.
        tokio::time::sleep((LEASE + Duration::from_secs(3)).saturating_sub(stopped.elapsed())).await;
        let _ = memory.snapshot(&uri).await;
        platform.signal(replica, Signal::CONT);
        tokio::time::sleep(Duration::from_secs(3)).await;
        let _ = memory.snapshot(&uri).await;
    }
}

/// Redis stands still, is killed, forgets everything, in turn.
pub(crate) async fn redis(
    platform: &Platform,
    redis: &Redis,
    listener: &Listener,
    rounds: i64,
    away: Duration,
    chance: &mut Chance,
    troubles: &mut Troubles,
) {
    for round in 0..rounds {
        ask_for(platform, chance.moment(Duration::from_secs(2)), None, troubles).await;
        match round % 3 {
            0 => {
                redis.pause();
                ask_for(platform, away, None, troubles).await;
                redis.go_on();
            }
            1 => {
                redis.kill();
                ask_for(platform, away, None, troubles).await;
                redis.start_again();
            }
            _ => redis.flush(),
        }
        let back = Instant::now();
        let due = record::last(&platform.store()).await;
        while let Some(id) = &due
            && listener.heard(id).is_none()
            && back.elapsed() < Duration::from_secs(30)
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if due.is_some() {
            troubles.recoveries.push(back.elapsed());
        }
    }
}

/// PostgreSQL crashes, recovers from its log, and goes on.
pub(crate) async fn postgres(
    platform: &Platform,
    server: &Server,
    rounds: i64,
    chance: &mut Chance,
    troubles: &mut Troubles,
) {
    for _ in 0..rounds {
        ask_for(platform, Duration::from_secs(1) + chance.moment(Duration::from_secs(3)), None, troubles).await;
        server.crash();
        tokio::time::sleep(chance.moment(Duration::from_secs(1))).await;
        server.recover();
        let back = Instant::now();
        let mut last_error = Duration::ZERO;
        ask_for(platform, Duration::from_secs(3), Some((back, &mut last_error)), troubles).await;
        troubles.recoveries.push(last_error);
    }
}

/// The disk is full, and there is room again: reads are served meanwhile, and writes soon after.
pub(crate) async fn disk(platform: &Platform, rounds: i64, chance: &mut Chance, troubles: &mut Troubles) {
    const ME: &str = "/api/v1/identity/users/me";
    let Some(disk) = platform.disk() else { return };
    let mut last = None;
    let mut write = async |text: String| {
        let body = serde_json::json!({"bio": text});
        match platform.ask("PUT", ME, Some(body)).await {
            Some((200, _)) => {
                last = Some(text);
                true
            }
            Some((401, _)) => {
                platform.sign_in_again().await;
                false
            }
            _ => false,
        }
    };
    for round in 0..rounds {
        ask_for(platform, Duration::from_secs(1) + chance.moment(Duration::from_secs(2)), None, troubles).await;
        let until = Instant::now() + Duration::from_secs(1) + chance.moment(Duration::from_secs(1));
        while Instant::now() < until {
            // Whatever was freed meanwhile is taken again.
            disk.fill();
            troubles.kept.0 += u64::from(write(format!("{round} {}", "x".repeat(400))).await);
            ask_for(platform, Duration::from_millis(50), None, troubles).await;
        }
        disk.free();
        let freed = Instant::now();
        while !write(format!("{round} and free")).await {
            if freed.elapsed() > Duration::from_secs(60) {
                troubles.errors.push("writing does not go on a minute after there is room".to_owned());
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        troubles.kept.0 += 1;
        troubles.recoveries.push(freed.elapsed());
        if platform.has_ended(0) {
            return;
        }
    }
    let kept = platform.ask("GET", ME, None).await.map(|(_, me)| me["bio"].clone());
    if kept.as_ref().and_then(|bio| bio.as_str()) != last.as_deref() {
        troubles.kept.1.push(format!("{kept:?} instead of {last:?}"));
    }
}

/// Asks every process again and again. Errors count; within half a second after a return they only move its end.
async fn ask_for(
    platform: &Platform,
    time: Duration,
    mut since: Option<(Instant, &mut Duration)>,
    troubles: &mut Troubles,
) {
    const GRACE: Duration = Duration::from_millis(500);
    let begun = Instant::now();
    while begun.elapsed() < time {
        for replica in 0..platform.replicas() {
            let answer = platform.ask_one(replica, "GET", "/api/v1/director/content?limit=1").await;
            troubles.asked += 1;
            if answer.as_ref().is_some_and(|(status, _)| *status == 200) {
                continue;
            }
            let told = answer.map_or("no answer".to_owned(), |(status, body)| format!("{status} {body}"));
            match &mut since {
                Some((back, last)) => {
                    **last = back.elapsed();
                    if back.elapsed() > GRACE {
                        troubles.errors.push(told);
                    }
                }
                None => troubles.errors.push(told),
            }
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
