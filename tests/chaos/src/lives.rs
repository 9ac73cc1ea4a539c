//! One life of a process after another, each with its own end.

use crate::book::Book;
use crate::chance::Chance;
use crate::half::Half;
use crate::outside::Outside;
use crate::platform::Platform;
use crate::record::{Memory, Snapshot, resumed};
use crate::trap::Moment;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// How a life is to end.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    /// After a time from its start on.
    Random(Duration),
    /// After a time from the moment on at which it is ready, so that it comes to some work.
    AtWork(Duration),
    /// At a moment that is seen outside, the nth time.
    Moment(Moment, u64),
    /// When something is half there, the nth time.
    Half(Half, u64),
    /// At a point within the program: `commit.before:3`.
    Point(String),
}

/// What all worlds share.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Kills that are still to come.
    pub(crate) left: AtomicI64,
    /// The end of killing, whatever is left.
    pub(crate) until: Option<Instant>,
    /// A life lasts no longer.
    pub(crate) horizon: Duration,
    /// Points of the program; none if it was built without.
    pub(crate) points: Vec<String>,
    /// A point that every kill is to be at.
    pub(crate) only: Option<String>,
}

impl Plan {
    fn takes_one(&self) -> bool {
        self.until.is_none_or(|until| Instant::now() < until) && self.left.fetch_sub(1, Ordering::Relaxed) > 0
    }

    /// Half of all ends are random; the others are divided between the points within, the moments outside and what is half
    /// there.
    fn draw(&self, chance: &mut Chance, replicas: usize) -> End {
        let nth = 1 + chance.below(3);
        if let Some(point) = &self.only {
            let moment = Moment::ALL.into_iter().find(|moment| moment.name() == point);
            let half = Half::ALL.into_iter().find(|half| half.name() == point);
            let outside = moment.map(|moment| End::Moment(moment, nth)).or(half.map(|half| End::Half(half, nth)));
            return outside.unwrap_or_else(|| End::Point(format!("{point}:{nth}")));
        }
        match chance.below(6) {
            // Which of several processes called, or writes, is not seen outside.
            0 if replicas == 1 => {
                End::Moment(chance.one_of(&Moment::ALL).copied().unwrap_or(Moment::ProviderTaken), nth)
            }
            1 if !self.points.is_empty() => match chance.one_of(&self.points) {
                Some(point) => End::Point(format!("{point}:{nth}")),
                None => End::Random(chance.moment(self.horizon)),
            },
            2 if replicas == 1 => End::Half(chance.one_of(&Half::ALL).copied().unwrap_or(Half::Blob), nth),
            3 | 4 => End::AtWork(chance.moment(self.horizon)),
            _ => End::Random(chance.moment(self.horizon)),
        }
    }
}

/// What is measured on the way.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// From the start of a process to the first sign of each run that was at work when the one before died.
    pub(crate) restarts: Mutex<Vec<Duration>>,
    /// From the death of a process to the last sign of life of the runs that were at work, while another process lives.
    pub(crate) takeovers: Mutex<Vec<Duration>>,
    /// Runs that were killed again before they showed any.
    pub(crate) unseen: Mutex<u64>,
    /// Processes that ended by themselves.
    pub(crate) fell: Mutex<Vec<String>>,
}

/// Kills until the plan is done; every process lives at the end.
pub(crate) async fn live_and_die(
    platform: &Platform,
    outside: &Outside,
    book: &Book,
    memory: &Memory,
    measured: &Measured,
    plan: &Plan,
    mut chance: Chance,
) {
    let uri = platform.store();
    let mut replica = chance.below(platform.replicas() as u64) as usize;
    let mut end = End::Random(chance.moment(plan.horizon));
    let mut snapshot = Snapshot::default();
    let mut started = Instant::now();
    let mut fault_of_next = false;
    while plan.takes_one() {
        let seen = Mutex::new(Vec::new());
        let how = {
            let watch = resumed(&uri, &snapshot, started, &seen);
            let die = until_its_end(platform, outside, replica, &end, plan, measured, fault_of_next);
            // Whoever watches goes on as long as the life lasts.
            tokio::pin!(watch, die);
            tokio::select! {
                how = &mut die => how,
                () = &mut watch => die.await,
            }
        };
        book.killed(&how);
        let seen = seen.into_inner().unwrap();
        *measured.unseen.lock().unwrap() += (snapshot.at_work.len() - seen.len().min(snapshot.at_work.len())) as u64;
        measured.restarts.lock().unwrap().extend(seen);
        let died = Instant::now();
        snapshot = memory.snapshot(&uri).await.unwrap_or_default();
        if platform.replicas() > 1 && chance.below(2) == 0 {
            // The others take over what the dead one had.
            let seen = Mutex::new(Vec::new());
            let taken = resumed(&uri, &snapshot, died, &seen);
            let all = tokio::time::timeout(Duration::from_secs(60), taken).await.is_ok();
            let last = seen.into_inner().unwrap().into_iter().max();
            match last.filter(|_| all) {
                Some(last) => measured.takeovers.lock().unwrap().push(last),
                None if !snapshot.at_work.is_empty() => {
                    measured.takeovers.lock().unwrap().push(Duration::from_secs(60))
                }
                None => {}
            }
            snapshot = Snapshot::default();
        }
        end = plan.draw(&mut chance, platform.replicas());
        let point = match &end {
            End::Point(point) => Some(point.as_str()),
            _ => None,
        };
        started = Instant::now();
        platform.spawn(replica, point);
        fault_of_next = point.is_some();
        if !fault_of_next && platform.replicas() > 1 {
            replica = chance.below(platform.replicas() as u64) as usize;
        }
    }
    // The last life has no end; one that was to die at a point might still.
    if fault_of_next {
        platform.kill(replica);
        platform.spawn(replica, None);
    }
}

/// Waits for the end of a life, and tells how it came.
async fn until_its_end(
    platform: &Platform,
    outside: &Outside,
    replica: usize,
    end: &End,
    plan: &Plan,
    measured: &Measured,
    may_fall: bool,
) -> String {
    let most = match end {
        End::Random(moment) | End::AtWork(moment) => *moment,
        // A point that this life does not come to is none; to come to one it has to begin work first.
        _ => plan.horizon * 3,
    };
    if let End::AtWork(_) = end {
        platform.ready(replica).await;
    }
    let half = match end {
        End::Half(half, nth) => Some((*half, *nth as usize)),
        _ => None,
    };
    let there = || half.map(|(half, _)| half.there(platform)).unwrap_or_default();
    let mut halves: BTreeSet<PathBuf> = there().into_iter().collect();
    let enough = half.map_or(usize::MAX, |(_, nth)| halves.len() + nth);
    if let End::Moment(moment, nth) = end {
        platform.ready(replica).await;
        if let Some(victim) = platform.pid(replica) {
            outside.trap().arm(*moment, *nth, victim);
        }
    }
    let begun = Instant::now();
    while begun.elapsed() < most && !platform.has_ended(replica) && halves.len() < enough {
        tokio::time::sleep(Duration::from_millis(if half.is_some() { 1 } else { 3 })).await;
        halves.extend(there());
    }
    let sprung = outside.trap().disarm();
    let fell = platform.has_ended(replica);
    if fell && !sprung && !may_fall {
        measured.fell.lock().unwrap().push(platform.log());
    }
    platform.kill(replica);
    match end {
        End::Moment(moment, _) if sprung => moment.name().to_owned(),
        End::Half(half, _) if halves.len() >= enough => half.name().to_owned(),
        End::Point(point) if fell => point.split(':').next().unwrap_or_default().to_owned(),
        _ => "random".to_owned(),
    }
}
