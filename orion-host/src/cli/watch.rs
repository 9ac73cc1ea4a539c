//! What a person or a program sees of long work, and how Ctrl-C stops it.

use super::output;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use orion_core::domain::Stage;
use orion_core::{Cancellation, Operation, Progress, ProgressUpdate, StageStatus};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Reports of frames come many times a second; a reader of events gets at most one in this time.
const EVENT_PAUSE: Duration = Duration::from_millis(100);
/// Lines that wait for a slow reader; further reports of running work are dropped then, others wait.
const WAITING_LINES: usize = 256;

/// Listens for Ctrl-C (and the polite end of a service manager) while it lives.
#[derive(Debug)]
pub(super) struct Stop(tokio::task::JoinHandle<()>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Stop {
    /// The first signal cancels; the second ends the program at once.
    pub(super) fn listen(cancellation: Cancellation) -> Self {
        Self(tokio::spawn(async move {
            if !signalled().await {
                return;
            }
            cancellation.cancel();
            output::say("stopping; press Ctrl-C again to stop at once");
            if signalled().await {
                std::process::exit(130);
            }
        }))
    }
}

/// Waits for a signal; false if none can come.
async fn signalled() -> bool {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return false;
        };
        tokio::select! {
            _ = interrupt.recv() => true,
            _ = terminate.recv() => true,
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.is_ok()
}

/// An operation that Ctrl-C stops and nobody watches.
pub(super) fn plain_operation() -> (Operation, Stop) {
    let cancellation = Cancellation::new();
    let stop = Stop::listen(cancellation.clone());
    (Operation::new(cancellation, Arc::new(|_: ProgressUpdate| {})), stop)
}

/// Shows progress in the form that fits: a live line, plain lines, or events.
pub(super) enum Watch {
    /// A person at a terminal.
    Live(Arc<Live>),
    /// A log file.
    Plain(Arc<Mutex<Plain>>),
    /// A program.
    Events(Arc<Events>),
}

impl Watch {
    /// Chooses by who listens.
    pub(super) fn new(json: bool) -> Self {
        match (json, output::watched()) {
            (true, _) => Self::Events(Arc::new(Events::start())),
            (false, true) => Self::Live(Arc::new(Live::new())),
            (false, false) => Self::Plain(Arc::default()),
        }
    }

    /// Where the work reports to.
    pub(super) fn progress(&self) -> Arc<dyn Progress> {
        let at_work = Mutex::new(BTreeSet::new());
        let show: Box<dyn Fn(&ProgressUpdate) + Send + Sync> = match self {
            Self::Live(live) => {
                let live = Arc::clone(live);
                Box::new(move |update| live.show(update))
            }
            Self::Plain(plain) => {
                let plain = Arc::clone(plain);
                Box::new(move |update| {
                    if let Some(line) = locked(&plain).line(update) {
                        output::say(&line);
                    }
                })
            }
            Self::Events(events) => {
                let events = Arc::clone(events);
                Box::new(move |update| events.progress(update))
            }
        };
        Arc::new(move |update: ProgressUpdate| {
            if is_news(&mut locked(&at_work), &update) {
                show(&update);
            }
        })
    }

    /// Says one line to a person; a program gets `event` instead.
    pub(super) fn tell(&self, line: &str, event: serde_json::Value) {
        match self {
            Self::Live(live) => live.bar.suspend(|| output::say(line)),
            Self::Plain(_) => output::say(line),
            Self::Events(events) => events.send(event.to_string(), true),
        }
    }

    /// Takes the live line away, so that a person can be asked something.
    pub(super) fn pause(&self) {
        if let Self::Live(live) = self {
            live.bar.set_message("");
            live.bar.disable_steady_tick();
            live.bar.set_draw_target(ProgressDrawTarget::hidden());
        }
    }

    /// Ends the display; every event has been written when it returns.
    pub(super) fn finish(&self) {
        match self {
            Self::Live(live) => live.bar.finish_and_clear(),
            Self::Plain(_) => {}
            Self::Events(events) => events.finish(),
        }
    }
}

/// A later stage reads the results of earlier ones again, which report as they did before: that is no news.
fn is_news(at_work: &mut BTreeSet<Stage>, update: &ProgressUpdate) -> bool {
    match update.status {
        // A stage opens with a report that counts nothing.
        StageStatus::Running if update.unit.is_empty() => at_work.insert(update.stage) || !update.message.is_empty(),
        StageStatus::Pending | StageStatus::Running => at_work.contains(&update.stage),
        StageStatus::Completed | StageStatus::Failed => at_work.remove(&update.stage),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `render`, and for `video`, where the words are spoken, `narration`.
fn title(stage: Stage) -> &'static str {
    match stage {
        Stage::Video => "narration",
        other => other.as_str(),
    }
}

/// `12/30 frames`, `3 articles`, or nothing.
fn amount(update: &ProgressUpdate) -> String {
    match (update.done, update.total) {
        (0, 0) => String::new(),
        (done, 0) => format!("{done} {}", update.unit),
        (done, total) => format!("{done}/{total} {}", update.unit),
    }
}

/// One line of what stands behind a stage's name.
fn details(update: &ProgressUpdate) -> String {
    let left = update.time_left.map(|left| format!("{} s left", left.as_secs_f64().ceil()));
    let reused = update.reused.then(|| "from before".to_owned());
    let parts = [amount(update), update.message.clone(), left.unwrap_or_default(), reused.unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ")
}

/// A line that moves, and a line with a check mark for every stage that is done.
pub(super) struct Live {
    bar: ProgressBar,
    stages: Mutex<BTreeMap<Stage, (Instant, String)>>,
}

impl Live {
    fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            bar.set_style(style.tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "));
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, stages: Mutex::default() }
    }

    fn show(&self, update: &ProgressUpdate) {
        let name = title(update.stage);
        match update.status {
            StageStatus::Pending => {}
            StageStatus::Running => {
                let details = output::harmless(&details(update));
                let mut stages = locked(&self.stages);
                let stage = stages.entry(update.stage).or_insert_with(|| (Instant::now(), String::new()));
                let counted = amount(update);
                if !counted.is_empty() {
                    stage.1 = counted;
                }
                drop(stages);
                self.bar.set_draw_target(ProgressDrawTarget::stderr());
                self.bar.set_message(format!("{name:<10} {}{details}", gauge(update)));
            }
            StageStatus::Completed | StageStatus::Failed => {
                let mark = if update.status == StageStatus::Completed { "✓" } else { "✗" };
                let (begun, counted) =
                    locked(&self.stages).remove(&update.stage).unwrap_or_else(|| (Instant::now(), String::new()));
                let seconds = begun.elapsed().as_secs_f64();
                self.bar.suspend(|| output::say(&format!("{mark} {name:<10} {seconds:>5.1} s  {counted}")));
            }
        }
    }
}

/// A bar of twenty places, when the end is known.
fn gauge(update: &ProgressUpdate) -> String {
    if update.total == 0 {
        return String::new();
    }
    let full = (update.done.min(update.total) * 20 / update.total) as usize;
    format!("{}{}  ", "█".repeat(full), "░".repeat(20 - full))
}

/// A line when a stage begins and ends, and at every quarter of a long one.
#[derive(Default)]
pub(super) struct Plain {
    quarter: BTreeMap<Stage, u64>,
}

impl Plain {
    fn line(&mut self, update: &ProgressUpdate) -> Option<String> {
        let name = title(update.stage);
        match update.status {
            StageStatus::Pending => None,
            StageStatus::Running => {
                let quarter = (update.done * 4).checked_div(update.total).unwrap_or(0);
                let last = self.quarter.insert(update.stage, quarter);
                (last != Some(quarter))
                    .then(|| format!("{name}: {}", details(update)).trim_end_matches([':', ' ']).to_owned())
            }
            StageStatus::Completed => Some(format!("{name}: done")),
            StageStatus::Failed => Some(format!("{name}: stopped")),
        }
    }
}

/// Events, one JSON object a line on standard output, written by a thread of their own.
pub(super) struct Events {
    lines: Mutex<Option<SyncSender<String>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    last: Mutex<Option<(Stage, Instant)>>,
}

impl Events {
    fn start() -> Self {
        let (lines, queue) = sync_channel(WAITING_LINES);
        let writer = std::thread::spawn(move || write_lines(&queue));
        Self { lines: Mutex::new(Some(lines)), writer: Mutex::new(Some(writer)), last: Mutex::default() }
    }

    fn progress(&self, update: &ProgressUpdate) {
        let running = update.status == StageStatus::Running;
        let complete = update.total > 0 && update.done >= update.total;
        {
            let mut last = locked(&self.last);
            let recent = last.is_some_and(|(stage, at)| stage == update.stage && at.elapsed() < EVENT_PAUSE);
            if running && recent && !complete {
                return;
            }
            *last = Some((update.stage, Instant::now()));
        }
        if let Ok(serde_json::Value::Object(mut event)) = serde_json::to_value(update) {
            event.insert("event".to_owned(), "progress".into());
            self.send(serde_json::Value::Object(event).to_string(), !running);
        }
    }

    fn send(&self, line: String, must_arrive: bool) {
        let Some(lines) = locked(&self.lines).clone() else { return };
        if let Err(TrySendError::Full(line)) = lines.try_send(line)
            && must_arrive
        {
            // Fails only if the writer has ended because nobody reads any more.
            let _ = lines.send(line);
        }
    }

    fn finish(&self) {
        locked(&self.lines).take();
        if let Some(writer) = locked(&self.writer).take() {
            // A writer that panicked has nothing more to write.
            let _ = writer.join();
        }
    }
}

fn write_lines(queue: &Receiver<String>) {
    for line in queue {
        if output::print_line(&line).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_lines_tell_quarters() {
        let mut plain = Plain::default();
        let lines: Vec<String> = (0..=100)
            .filter_map(|done| plain.line(&ProgressUpdate::running(Stage::Render, done, 100, "frames")))
            .collect();
        assert_eq!(
            lines,
            [
                "render: 0/100 frames",
                "render: 25/100 frames",
                "render: 50/100 frames",
                "render: 75/100 frames",
                "render: 100/100 frames"
            ]
        );
        let done = ProgressUpdate { status: StageStatus::Completed, ..ProgressUpdate::running(Stage::Video, 0, 0, "") };
        assert_eq!(plain.line(&done).as_deref(), Some("narration: done"));
    }

    #[test]
    fn a_finished_stage_that_is_read_again_is_no_news() {
        let mut at_work = BTreeSet::new();
        let of = |status, unit: &str| ProgressUpdate { status, ..ProgressUpdate::running(Stage::Images, 0, 3, unit) };
        assert!(is_news(&mut at_work, &of(StageStatus::Running, "")));
        assert!(is_news(&mut at_work, &of(StageStatus::Running, "scenes")));
        assert!(is_news(&mut at_work, &of(StageStatus::Completed, "")));
        assert!(!is_news(&mut at_work, &of(StageStatus::Running, "scenes")));
        assert!(is_news(&mut at_work, &of(StageStatus::Running, "")));
    }

    #[test]
    fn details_say_what_is_left() {
        let update = ProgressUpdate::running(Stage::Render, 30, 900, "frames")
            .with_time_left(Some(Duration::from_millis(8_200)));
        assert_eq!(details(&update), "30/900 frames  9 s left");
    }
}
