//! Works on runs: takes up what is pending or was left at work, a bounded number at a time.

use super::{LOOK, progress};
use crate::engine::Orion;
use crate::room::Room;
use crate::system::apart;
use crate::worklist;
use orion_core::domain::{Run, RunState};
use orion_core::id::{RunId, UserId};
use orion_core::port::{Filter, Order, Page, RepositoryExt};
use orion_core::{Cancellation, Error, ErrorKind, Operation, Result};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

/// A run that somebody at the command line has just written down is left to them.
const THEIRS_FOR: Duration = Duration::from_secs(2);
/// The shortest pause between two looks at whether a run was stopped.
const BETWEEN: Duration = Duration::from_millis(200);
/// How long work may take to end once it was told to; then it is dropped where it stands.
const GRACE: Duration = Duration::from_secs(10);
/// The longest pause before a run is taken up again that could not even be marked as failed.
const LONGEST_REST: Duration = Duration::from_secs(300);
/// The longest pause of a run that waits for room. More room on the disk of the data ends it at once; memory, or room
/// elsewhere, is found by trying.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Works until it is told to stop; then leaves every run as it stands, to go on at the next start.
pub(super) async fn work(orion: Orion, stop: Cancellation) {
    let mut crew =
        Crew { orion, stop, tasks: JoinSet::new(), at_work: HashMap::new(), resting: HashMap::new(), told: false };
    loop {
        // Asked for before the look at the record, so that nothing falls between.
        let wire = crew.orion.production().wire.clone();
        let news = wire.woken();
        if let Err(error) = crew.take_up().await {
            tracing::warn!(%error, "cannot look for work");
        }
        let woken = async {
            if news.await.is_err() {
                tokio::time::sleep(LOOK).await;
            }
        };
        let stop = crew.stop.clone();
        tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = crew.tasks.join_next_with_id(), if !crew.at_work.is_empty() => crew.ended(ended),
            () = woken => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    while crew.tasks.join_next().await.is_some() {}
}

/// The runs at work.
struct Crew {
    orion: Orion,
    stop: Cancellation,
    tasks: JoinSet<Result<()>>,
    at_work: HashMap<Id, RunId>,
    /// Runs that could not be worked on.
    resting: HashMap<RunId, Rest>,
    /// Whether it was said that work waits for room.
    told: bool,
}

/// A run that is left alone for a while.
#[derive(Debug)]
struct Rest {
    /// How often it could not be worked on.
    times: u32,
    /// Until when.
    until: Instant,
    /// How the disk stood, if there was no room: with more of it the rest is over.
    without: Option<Room>,
}

impl Crew {
    fn most(&self) -> usize {
        self.orion.config().concurrent.max(1) as usize
    }

    /// Takes up what there is to do, oldest first, as long as there is room.
    async fn take_up(&mut self) -> Result<()> {
        if self.at_work.len() >= self.most() || !self.has_room() {
            return Ok(());
        }
        let states = ["pending", "running"].map(str::to_owned).to_vec();
        let filter = Filter { states, ..Filter::default() };
        let page = Page::first(Order::Oldest, Page::MOST);
        let production = self.orion.production().clone();
        let mut tx = production.store.read().await?;
        let open = tx.runs().list(&filter, &page).await?;
        for run in open.items {
            if self.at_work.len() >= self.most() {
                break;
            }
            if self.may_take(&run) && production.is_free(&mut *tx, run.id).await? {
                let (orion, stop) = (self.orion.clone(), self.stop.clone());
                let handle = self.tasks.spawn(apart(move || go_on(orion, run.id, stop)));
                self.at_work.insert(handle.id(), run.id);
            }
        }
        Ok(())
    }

    /// Whether there is room for the files of a run. Without it nothing is begun, which would only fail at its end.
    fn has_room(&mut self) -> bool {
        let config = self.orion.config();
        let room = Room::of(&config.data_dir);
        let reserve = u64::from(config.disk_reserve) << 20;
        let has_room = reserve == 0 || room.is_none_or(|room| room.has(reserve));
        if has_room == self.told {
            self.told = !has_room;
            match has_room {
                true => tracing::info!("work on runs goes on: there is room on the disk again"),
                false => tracing::warn!(
                    folder = %config.data_dir.display(), ?room, reserve,
                    "work on runs waits for room on the disk; free some, or lower disk.reserve"
                ),
            }
        }
        has_room
    }

    fn may_take(&self, run: &Run) -> bool {
        let production = self.orion.production();
        let young = production.clock.now().since(run.created_at) < THEIRS_FOR;
        let at_work = self.at_work.values().any(|id| *id == run.id);
        let resting = self.resting.get(&run.id).is_some_and(|rest| self.is_resting(rest));
        let theirs = worklist::is_noted(&self.orion.config().data_dir, run.id) || run.owner == UserId::SYSTEM && young;
        !at_work && !resting && !theirs
    }

    fn is_resting(&self, rest: &Rest) -> bool {
        let folder = &self.orion.config().data_dir;
        let grown = rest.without.zip(Room::of(folder)).is_some_and(|(then, now)| now.has_grown_since(then));
        Instant::now() < rest.until && !grown
    }

    fn ended(&mut self, ended: std::result::Result<(Id, Result<()>), JoinError>) {
        let (id, outcome) = match ended {
            Ok(ended) => ended,
            Err(error) => (error.id(), Err(Error::unexpected("the work on a run ended by a panic").with_source(error))),
        };
        let Some(run) = self.at_work.remove(&id) else { return };
        let Err(error) = outcome else {
            self.resting.remove(&run);
            return;
        };
        // A run that failed says so itself and is not taken up again; this is for one that could not say it. One that
        // another had, or whose record is away, is looked at again at once: that passes by itself.
        let without = error.is_starved().then(|| Room::of(&self.orion.config().data_dir)).flatten();
        let rest = self.resting.entry(run).or_insert(Rest { times: 0, until: Instant::now(), without });
        if error.kind() == ErrorKind::Conflict || error.is_of_the_record() && !error.is_starved() {
            rest.times = 0;
        }
        let longest = if error.is_starved() { LONGEST_WAIT } else { LONGEST_REST };
        rest.until = Instant::now() + longest.min(LOOK * 2_u32.saturating_pow(rest.times.min(16)));
        rest.times += 1;
        rest.without = without;
        match error.kind() {
            _ if error.is_starved() => tracing::warn!(%error, %run, "a run waits for room, and then goes on"),
            ErrorKind::Conflict => tracing::debug!(%error, %run, "another process works on this run"),
            _ => tracing::warn!(%error, %run, "a run stopped"),
        }
        if self.resting.len() > 10_000 {
            self.resting.retain(|_, rest| Instant::now() < rest.until);
        }
    }
}

/// Works on one run, alone, until it waits or ends or all work is to stop.
async fn go_on(orion: Orion, id: RunId, stop: Cancellation) -> Result<()> {
    let production = orion.production();
    let run = production.store.read().await?.runs().require(id).await?;
    if !matches!(run.state, RunState::Pending | RunState::Running { .. }) {
        return Ok(());
    }
    let (latest, pass_on) = progress::of(production.clone(), run);
    let operation = Operation::new(Cancellation::new(), Arc::new(latest));
    let outcome = tokio::select! {
        outcome = production.work_on(id, &operation) => outcome.map(drop),
        // Dropped where it stands, as by a crash: cancelled it would wait for a person to go on.
        () = stop.cancelled() => return Ok(()),
        () = pass_on => return Ok(()),
        () = told_to_stop(&orion, id, &operation.cancellation) => Ok(()),
    };
    // It may have sent something after who stopped the run told the providers.
    production.recall(id).await?;
    outcome
}

/// Watches whether somebody stops the run, in this process or another; then tells the work to end, and completes when it
/// has had its time to.
async fn told_to_stop(orion: &Orion, id: RunId, work: &Cancellation) {
    loop {
        let news = orion.production().wire.woken();
        match orion.run(id).await {
            Ok(run) if matches!(run.state, RunState::Cancelled { .. }) => break,
            // A record that is away for a moment is asked again.
            _ => {}
        }
        let _ = tokio::time::timeout(LOOK, news).await;
        tokio::time::sleep(BETWEEN).await;
    }
    work.cancel();
    tokio::time::sleep(GRACE).await;
}
