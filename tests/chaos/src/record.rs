//! Looks into the record from outside: what is finished when a process dies must be so ever after.

use orion_core::Result;
use orion_core::domain::{
    Approval, Asset, Content, Cost, Notification, Publication, Run, RunState, Sha256, Step, StepState,
};
use orion_core::event::{Event, EventRecord};
use orion_core::id::{ContentId, Id, PublicationId};
use orion_core::port::{Entity, Filter, Order, Repository, RepositoryExt, Store, Tx};
use orion_sql::SqlStore;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A look into the record is closed again at once, so that the next start finds it as the dead process left it.
async fn look<T>(uri: &str, read: impl AsyncFnOnce(&mut dyn Tx) -> Result<T>) -> Result<T> {
    let store = SqlStore::open(uri).await?;
    let outcome = async { read(&mut *store.read().await?).await }.await;
    // Closing merges the log of the file, which the program should do after a crash: it is left as it is.
    drop(store);
    outcome
}

/// A step as it was when somebody died.
#[derive(Debug, Clone, PartialEq)]
struct Kept {
    input: Sha256,
    state: StepState,
    handle: Option<String>,
    version: u64,
}

/// What was true at the last death.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    steps: Mutex<BTreeMap<String, Kept>>,
    /// Steps that were done again although they were done, or sent again although a provider had them.
    again: Mutex<BTreeSet<String>>,
    /// Since when publications had no process that was at work on them, from 1970 on.
    on_the_way: Mutex<BTreeMap<PublicationId, Duration>>,
}

/// The record at a death.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    /// The content of runs that were at work.
    pub(crate) at_work: BTreeSet<ContentId>,
    /// The last event.
    pub(crate) last: u64,
}

impl Memory {
    /// Looks at every run that is not finished, and remembers what is done.
    pub(crate) async fn snapshot(&self, uri: &str) -> Result<Snapshot> {
        let (runs, steps, open, last) = look(uri, async |tx| {
            let states = ["pending", "running"].map(str::to_owned).to_vec();
            let runs: Vec<Run> = tx.runs().all(&Filter { states, ..Filter::default() }).await?;
            let mut steps = Vec::new();
            for run in &runs {
                steps.extend(of(tx.steps(), run.id.as_uuid()).await?);
            }
            let states = ["prepared", "uploading", "armed"].map(str::to_owned).to_vec();
            let open: Vec<Publication> = tx.publications().all(&Filter { states, ..Filter::default() }).await?;
            Ok((runs, steps, open, tx.last().await?))
        })
        .await?;
        self.compare(&steps);
        let at_work = runs.iter().filter(|run| matches!(run.state, RunState::Running { .. }));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        for publication in open {
            self.on_the_way.lock().unwrap().entry(publication.id).or_insert(now);
        }
        Ok(Snapshot { at_work: at_work.map(|run| run.content_id).collect(), last })
    }

    /// Compares steps with what is remembered, and remembers them as they are now.
    fn compare(&self, steps: &[Step]) {
        let mut known = self.steps.lock().unwrap();
        for step in steps {
            let key = format!("{}/{}", step.run_id, step.key);
            let handle = step.handle.clone().filter(|_| step.state != StepState::Prepared);
            let now = Kept { input: step.input, state: step.state, handle, version: step.version };
            if let Some(before) = known.get(&key)
                && before.input == now.input
            {
                let redone = before.state == StepState::Finished && now.version != before.version;
                let resent = before.state == StepState::Submitted && now.handle != before.handle;
                if redone || resent {
                    self.again.lock().unwrap().insert(format!("{key}: {before:?}, then {now:?}"));
                }
            }
            known.insert(key, now);
        }
    }

    /// How long publications took to be out that were on their way when a process died.
    pub(crate) fn went_out(&self, all: &Everything) -> Vec<Duration> {
        let on_the_way = self.on_the_way.lock().unwrap();
        let publications = all.made.iter().flat_map(|made| &made.publications);
        let took = publications.filter_map(|publication| {
            let died = on_the_way.get(&publication.id)?;
            let out = u64::try_from(publication.published_at?.as_micros()).ok()?;
            Some(Duration::from_micros(out).saturating_sub(*died))
        });
        took.collect()
    }

    pub(crate) fn again(&self) -> Vec<String> {
        self.again.lock().unwrap().iter().cloned().collect()
    }
}

/// Waits until every run that was at work is heard of again; gives how long each took.
pub(crate) async fn resumed(uri: &str, snapshot: &Snapshot, since: Instant, found: &Mutex<Vec<Duration>>) {
    let Ok(store) = SqlStore::open(uri).await else { return };
    let mut waiting = snapshot.at_work.clone();
    let mut after = snapshot.last;
    while !waiting.is_empty() {
        let news = async { store.read().await?.read(after, None, 500).await }.await.unwrap_or_default();
        for EventRecord { sequence, event, .. } in news {
            after = after.max(sequence);
            if let Event::StageChanged { content_id, .. } = event
                && waiting.remove(&content_id)
            {
                found.lock().unwrap().push(since.elapsed());
            }
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// The identity of the last event, if there is any.
pub(crate) async fn last(uri: &str) -> Option<String> {
    let last = look(uri, async |tx| {
        let last = tx.last().await?;
        Ok(tx.read(last.saturating_sub(1), None, 1).await?.pop())
    });
    last.await.ok().flatten().map(|record| record.id.to_string())
}

async fn of<T: Entity>(rows: &mut dyn Repository<T>, parent: uuid::Uuid) -> Result<Vec<T>> {
    rows.every(&Filter { parent: Some(parent), ..Filter::default() }, Order::Oldest, 100_000).await
}

/// One content with all that belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) content: Content,
    pub(crate) assets: Vec<Asset>,
    pub(crate) publications: Vec<Publication>,
    pub(crate) costs: Vec<Cost>,
    pub(crate) runs: Vec<(Run, Vec<Step>, Vec<Approval>)>,
}

/// Everything at the end.
#[derive(Debug, Clone)]
pub(crate) struct Everything {
    pub(crate) made: Vec<Made>,
    pub(crate) events: Vec<EventRecord>,
    pub(crate) notifications: Vec<Notification>,
}

/// Reads everything, and compares its steps with what is remembered.
pub(crate) async fn everything(uri: &str, memory: &Memory) -> Result<Everything> {
    let all = look(uri, async |tx| {
        let contents: Vec<Content> = tx.contents().all(&Filter::default()).await?;
        let mut made = Vec::new();
        for content in contents {
            let id = content.id.as_uuid();
            let mut runs = Vec::new();
            for run in of(tx.runs(), id).await? {
                let run_id = run.id;
                let steps = of(tx.steps(), run_id.as_uuid()).await?;
                let approvals = of(tx.approvals(), run_id.as_uuid()).await?;
                runs.push((run, steps, approvals));
            }
            made.push(Made {
                assets: of(tx.assets(), id).await?,
                publications: of(tx.publications(), id).await?,
                costs: of(tx.costs(), id).await?,
                content,
                runs,
            });
        }
        let mut events: Vec<EventRecord> = Vec::new();
        loop {
            let more = tx.read(events.last().map_or(0, |event| event.sequence), None, 1000).await?;
            if more.is_empty() {
                break;
            }
            events.extend(more);
        }
        let notifications = tx.notifications().all(&Filter::default()).await?;
        Ok(Everything { made, events, notifications })
    })
    .await?;
    for made in &all.made {
        for (_, steps, _) in &made.runs {
            memory.compare(steps);
        }
    }
    Ok(all)
}
