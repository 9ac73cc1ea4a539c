//! Waiting for a prompt: the socket for haste, queue and history for certainty.

use crate::client::{Server, Standing};
use crate::handle::unknown;
use crate::refusal;
use crate::socket::{News, Socket};
use orion_core::domain::Stage;
use orion_core::{Error, ErrorKind, Operation, ProgressUpdate, Result, Retry};
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

/// After the socket has told of the end, the history is asked at once and then a little later each time: the message
/// comes before the entry.
const SOON: Duration = Duration::from_millis(40);

/// Waits until a prompt has ended well, and gives what the history holds of it.
///
/// # Errors
/// [`NotFound`](ErrorKind::NotFound) if the server does not know it; that of the node that failed;
/// [`Timeout`](ErrorKind::Timeout) after the deadline, when the prompt still works: then it can be waited for again;
/// [`Cancelled`](ErrorKind::Cancelled) once the operation is stopped.
pub(crate) async fn wait(
    server: &Server,
    prompt: &str,
    socket: Option<Socket>,
    (deadline, poll): (Duration, Duration),
    stage: Stage,
    operation: &Operation,
) -> Result<Value> {
    let waited = operation.cancellation.unless_cancelled(async {
        timeout_at(Instant::now() + deadline, ended(server, prompt, socket, poll, stage, operation))
            .await
            .unwrap_or_else(|_| {
                // Asking anew would take as long again: whoever is in charge decides.
                Err(Error::new(ErrorKind::Timeout, "ComfyUI did not finish in time")
                    .with_context("prompt", prompt)
                    .with_context("seconds", deadline.as_secs_f64())
                    .with_retry(Retry::Exhausted)
                    .with_hint("look at ComfyUI's queue; a smaller model or fewer steps are faster"))
            })
    });
    let ended = waited.await?;
    match refusal::of_run(&ended) {
        None => Ok(ended),
        Some(error) => Err(error.with_context("prompt", prompt)),
    }
}

async fn ended(
    server: &Server,
    prompt: &str,
    mut socket: Option<Socket>,
    poll: Duration,
    stage: Stage,
    operation: &Operation,
) -> Result<Value> {
    let report = |message: String| operation.report(ProgressUpdate::running(stage, 0, 0, "").with_message(message));
    let mut told_end = None;
    let mut told_place = None;
    loop {
        match server.standing(prompt, &operation.cancellation).await? {
            Standing::Ended(ended) => return Ok(ended),
            Standing::Unknown => return Err(unknown(prompt)),
            Standing::Pending(before) if told_place != Some(before) => {
                told_place = Some(before);
                report(format!("ComfyUI: {before} before it in the queue"));
            }
            Standing::Pending(_) | Standing::Running => {}
        }
        let pause = told_end.map_or(poll, |pause: Duration| pause.min(poll));
        told_end = told_end.map(|pause| pause * 2);
        let next = Instant::now() + pause;
        // The time until the next question is spent at the socket.
        while let Some(open) = &mut socket {
            tokio::select! {
                () = sleep_until(next) => break,
                news = open.news(prompt) => match news {
                    News::Step(done, of) => report(format!("ComfyUI: step {done} of {of}")),
                    News::Ended if told_end.is_none() => {
                        told_end = Some(SOON);
                        break;
                    }
                    News::Ended => {}
                    News::Closed => socket = None,
                },
            }
        }
        if socket.is_none() {
            sleep_until(next).await;
        }
    }
}
