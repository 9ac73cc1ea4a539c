//! Runs as clients see them: one row each, under the director and under pulse.

use orion_core::Timestamp;
use orion_core::domain::{Run, RunState, Stage};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The stages that clients count; `prompts` opens `images`.
const COUNTED: [Stage; 6] =
    [Stage::Research, Stage::Script, Stage::Critique, Stage::Images, Stage::Video, Stage::Render];

/// One run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PipelineRun)]
pub(super) struct RunRow {
    id: Uuid,
    content_id: Uuid,
    /// The stage it is in, was in last, or waits behind.
    stage: &'static str,
    /// `pending`, `running` (also while it waits for a person), `completed` or `failed`.
    status: &'static str,
    /// Where it stands exactly: `waiting review`, `failed render`.
    state: String,
    /// The gate where it waits.
    gate: Option<&'static str>,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    completed_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    duration_seconds: Option<f64>,
    stages_completed: usize,
    stages_total: usize,
    error_message: Option<String>,
    error: Option<String>,
    /// What a person can do now.
    next_step: Option<String>,
    attempts: u32,
}

/// The status that clients know a run by.
pub(super) fn status_of(state: &RunState) -> &'static str {
    match state {
        RunState::Pending => "pending",
        RunState::Running { .. } | RunState::Waiting { .. } => "running",
        RunState::Completed => "completed",
        RunState::Failed { .. } | RunState::Rejected { .. } | RunState::Cancelled { .. } => "failed",
    }
}

/// The states of the record behind such a status.
pub(super) fn states_of(status: &str) -> Option<Vec<String>> {
    let states: &[&str] = match status {
        "pending" => &["pending"],
        "running" => &["running", "waiting"],
        "completed" => &["completed"],
        "failed" => &["failed", "rejected", "cancelled"],
        _ => return None,
    };
    Some(states.iter().map(|state| (*state).to_owned()).collect())
}

impl RunRow {
    pub(super) fn of(run: &Run) -> Self {
        let behind =
            |gate| Stage::ALL.iter().copied().find(|stage| stage.gate() == Some(gate)).unwrap_or(Stage::Render);
        let (stage, done) = match &run.state {
            RunState::Pending => (Stage::Research, false),
            RunState::Running { stage } | RunState::Failed { stage, .. } | RunState::Cancelled { stage } => {
                (*stage, false)
            }
            RunState::Waiting { gate } | RunState::Rejected { gate } => (behind(*gate), true),
            RunState::Completed => (Stage::Render, true),
        };
        let error = match &run.state {
            RunState::Failed { reason, .. } => Some(reason.clone()),
            RunState::Rejected { .. } => Some(run.feedback.last().cloned().unwrap_or_else(|| "rejected".to_owned())),
            RunState::Cancelled { .. } => Some("stopped".to_owned()),
            _ => None,
        };
        let gate = match &run.state {
            RunState::Waiting { gate } => Some(gate.as_str()),
            _ => None,
        };
        let again = format!("take it up again: orion pipeline retry {}", run.id);
        let next_step = match &run.state {
            RunState::Failed { next_step: Some(first), .. } => Some(format!("{first}; then {again}")),
            RunState::Failed { .. } | RunState::Cancelled { .. } => Some(again),
            RunState::Waiting { gate } => Some(format!(
                "decide at the gate {gate}: orion content approve {id}, or orion content reject {id}",
                id = run.content_id
            )),
            RunState::Pending | RunState::Running { .. } | RunState::Completed | RunState::Rejected { .. } => None,
        };
        let took = run.started_at.zip(run.finished_at).map(|(start, end)| end.since(start).as_secs_f64());
        Self {
            id: run.id.0,
            content_id: run.content_id.0,
            stage: stage.as_str(),
            status: status_of(&run.state),
            state: run.state.to_string(),
            gate,
            started_at: run.started_at,
            completed_at: run.finished_at,
            created_at: run.created_at,
            duration_seconds: took,
            stages_completed: COUNTED.iter().filter(|counted| **counted < stage || done && **counted == stage).count(),
            stages_total: COUNTED.len(),
            error_message: error.clone(),
            error,
            next_step,
            attempts: run.attempts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::domain::Gate;
    use orion_core::id::{ContentId, RunId, UserId};

    #[test]
    fn a_row_counts_the_stages_that_are_done() {
        let check = |state: RunState, status: &str, stage: &str, completed: usize| {
            let run = Run {
                id: RunId(Uuid::from_u128(1)),
                content_id: ContentId(Uuid::from_u128(2)),
                owner: UserId::SYSTEM,
                gates: vec![],
                state,
                feedback: vec![],
                request: serde_json::Value::Null,
                attempts: 1,
                cut_off: 0,
                created_at: Timestamp::from_micros(0),
                started_at: None,
                finished_at: None,
                version: 1,
            };
            let row = RunRow::of(&run);
            assert_eq!((row.status, row.stage, row.stages_completed), (status, stage, completed), "{}", row.state);
            let waits = matches!(run.state, RunState::Waiting { .. } | RunState::Failed { .. });
            assert_eq!(row.next_step.is_some(), waits, "{}", row.state);
            assert!(states_of(status).unwrap().contains(&run.state.as_str().to_owned()));
        };
        check(RunState::Pending, "pending", "research", 0);
        check(RunState::Running { stage: Stage::Prompts }, "running", "prompts", 3);
        check(RunState::Waiting { gate: Gate::Script }, "running", "critique", 3);
        check(RunState::Waiting { gate: Gate::Review }, "running", "render", 6);
        check(RunState::Failed { stage: Stage::Render, reason: String::new(), next_step: None }, "failed", "render", 5);
        check(RunState::Completed, "completed", "render", 6);
        assert_eq!(states_of("odd"), None);
    }
}
