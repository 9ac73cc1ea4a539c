//! `orion runs`: what was made, and what waits.

use super::output::{Format, Printing};
use super::{Failure, Setting, output};
use crate::project::export;
use crate::{Orion, worklist};
use clap::{Args, Subcommand};
use orion_core::Result;
use orion_core::domain::{Run, RunState, Step};
use orion_core::port::{Filter, Order, Page, RepositoryExt, Tx};
use std::path::PathBuf;
use std::process::ExitCode;

/// `orion runs …`
#[derive(Debug, Args)]
pub(super) struct Runs {
    #[command(flatten)]
    pub(super) printing: Printing,
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List runs, latest first
    List {
        /// How many
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Show one run and its steps
    Show {
        /// Its identifier or the beginning of it, or its folder; empty means the latest unfinished one
        #[arg(default_value = "")]
        run: String,
    },
    /// Write a finished run as a project for an editing program: OpenTimelineIO with its pictures and sounds
    Export {
        /// Its identifier or the beginning of it, or its folder
        run: String,
        /// Folder of the project; made if it is not there
        #[arg(long, short, value_name = "FOLDER")]
        out: PathBuf,
    },
}

impl Runs {
    pub(super) async fn run(self, setting: Setting) -> Result<ExitCode, Failure> {
        let orion = Orion::builder().config(setting.config.clone()).silent().offline().build().await?;
        match self.command {
            Action::List { limit } => list(&orion, limit, setting.format).await?,
            Action::Show { run } => {
                let note = worklist::find(&setting.config, &run).await?;
                show(&orion, orion.run(note.run_id).await?, setting.format).await?;
            }
            Action::Export { run, out } => {
                let note = worklist::find(&setting.config, &run).await?;
                let files = export(orion.blobs(), &orion.product(note.run_id).await?, &out).await?;
                if setting.json() {
                    output::print_json(&files)?;
                } else {
                    output::say(&format!("{} files are in {}", files.len(), out.display()));
                    output::print_line(&out.join("timeline.otio").display().to_string())?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// One run in a row. A program gets whole what a person sees cut.
async fn row(tx: &mut dyn Tx, orion: &Orion, run: &Run, format: Format) -> Result<Vec<String>> {
    let title = tx.contents().require(run.content_id).await?.title;
    let folder = worklist::folder_of(&orion.config().data_dir, run.id).map(|folder| folder.display().to_string());
    let created = run.created_at.to_string();
    let (id, created, title) = match format {
        Format::Plain => (run.id.to_string(), created, title),
        Format::Table | Format::Json => {
            let created: String = created.chars().take(16).collect();
            (super::create::short(run.id), created.replace('T', " "), title.chars().take(50).collect())
        }
    };
    Ok(vec![id, state(&run.state), created, title, folder.unwrap_or_default()])
}

async fn list(orion: &Orion, limit: u32, format: Format) -> Result<()> {
    let mut tx = orion.production().store.read().await?;
    let runs = tx.runs().list(&Filter::default(), &Page::first(Order::Newest, limit)).await?.items;
    if format == Format::Json {
        return output::print_json(&runs);
    }
    let mut rows = Vec::new();
    for run in &runs {
        rows.push(row(&mut *tx, orion, run, format).await?);
    }
    output::print_rows(&["RUN", "STATE", "CREATED (UTC)", "TITLE", "FOLDER"], &rows, 160, format)
}

fn state(state: &RunState) -> String {
    match state {
        RunState::Running { stage } | RunState::Failed { stage, .. } | RunState::Cancelled { stage } => {
            format!("{} ({stage})", state.as_str())
        }
        RunState::Waiting { gate } | RunState::Rejected { gate } => format!("{} ({gate})", state.as_str()),
        RunState::Pending | RunState::Completed => state.as_str().to_owned(),
    }
}

/// Who did a step, and in whose place: `espeak-ng/1.51 after piper/joe`.
fn by(step: &Step) -> String {
    let by = step.served_by.as_ref().map(ToString::to_string).or_else(|| step.provider.clone()).unwrap_or_default();
    let after: Vec<String> = step.after.iter().map(|attempt| attempt.provider.to_string()).collect();
    if after.is_empty() { by } else { format!("{by} after {}", after.join(", ")) }
}

/// For programs that read lines, the run as in a list, and then its steps.
async fn show(orion: &Orion, run: Run, format: Format) -> Result<()> {
    let mut tx = orion.production().store.read().await?;
    let filter = Filter { parent: Some(run.id.0), ..Filter::default() };
    let mut steps: Vec<Step> = Vec::new();
    let mut page = Page::first(Order::Oldest, Page::MOST);
    loop {
        let slice = tx.steps().list(&filter, &page).await?;
        steps.extend(slice.items);
        match slice.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    match format {
        Format::Json => return output::print_json(&serde_json::json!({ "run": run, "steps": steps })),
        Format::Plain => output::print_line(&output::plain(&row(&mut *tx, orion, &run, format).await?))?,
        Format::Table => {
            let title = tx.contents().require(run.content_id).await?.title;
            output::print_line(&output::harmless(&format!("{}\n{title}\nstate: {}", run.id, state(&run.state))))?;
            if let RunState::Failed { reason, next_step, .. } = &run.state {
                output::print_line(&output::harmless(&format!("reason: {reason}")))?;
                if let Some(next_step) = next_step {
                    output::print_line(&output::harmless(&format!("hint: {next_step}")))?;
                }
            }
            if let Some(folder) = worklist::folder_of(&orion.config().data_dir, run.id) {
                output::print_line(&format!("folder: {}", folder.display()))?;
            }
        }
    }
    let rows: Vec<Vec<String>> = steps
        .into_iter()
        .map(|step| {
            let took = step.took().map(|took| format!("{:.2}", took.as_secs_f64())).unwrap_or_default();
            let by = by(&step);
            vec![step.key, step.state.to_string(), took, step.attempts.to_string(), by]
        })
        .collect();
    output::print_rows(&["STEP", "STATE", "SECONDS", "ATTEMPTS", "BY"], &rows, 120, format)
}
