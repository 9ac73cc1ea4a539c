//! One prompt from its graph to its files: queued under a name of ours, waited for, fetched, stopped.

use crate::client::{Server, Standing};
use crate::handle::Handle;
use crate::options::ComfyOptions;
use crate::socket::Socket;
use crate::workflow::{Input, Workflow};
use crate::{refusal, wait};
use orion_core::domain::Stage;
use orion_core::{Cancellation, Error, ErrorKind, Operation, Result, Retry};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// Sockets that are kept for prompts that nobody waits for yet; the oldest goes first.
const MOST_SOCKETS: usize = 32;

/// A server, the workflow that it is sent, and the sockets of prompts under way. Clones share the sockets.
#[derive(Debug, Clone)]
pub(crate) struct Prompts {
    pub(crate) server: Server,
    pub(crate) workflow: Workflow,
    checkpoint: Option<String>,
    deadline: Duration,
    poll: Duration,
    sockets: Arc<Mutex<VecDeque<(String, Socket)>>>,
}

/// A file that a node has made, as the history names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) filename: String,
    pub(crate) subfolder: String,
    pub(crate) folder: String,
}

impl Prompts {
    /// Prompts of the workflow of the options, or of this one; it must have places for these values.
    pub(crate) fn new(options: ComfyOptions, built_in: Workflow, needed: &[Input]) -> Result<Self> {
        let server = Server::new(&options)?;
        let workflow = options.workflow.unwrap_or(built_in);
        workflow.require(needed)?;
        if options.checkpoint.is_some() {
            workflow.require(&[Input::Checkpoint])?;
        }
        let (checkpoint, deadline, poll) = (options.checkpoint, options.deadline, options.poll);
        Ok(Self { server, workflow, checkpoint, deadline, poll, sockets: Arc::default() })
    }

    /// What the work is done with, for people: the file of the model, without its ending.
    pub(crate) fn model(&self) -> String {
        let standing = || self.workflow.standing(Input::Checkpoint).and_then(Value::as_str);
        let file = self.checkpoint.as_deref().or_else(standing).unwrap_or("workflow");
        let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
        name.strip_suffix(".safetensors").or_else(|| name.strip_suffix(".ckpt")).unwrap_or(name).to_owned()
    }

    /// Queues the workflow with these values. The socket is opened before, so that no message is missed.
    pub(crate) async fn queue(
        &self,
        mut values: Vec<(Input, Value)>,
        size: (u32, u32),
        operation: &Operation,
    ) -> Result<Handle> {
        if let Some(checkpoint) = &self.checkpoint {
            values.push((Input::Checkpoint, checkpoint.as_str().into()));
        }
        let graph = self.workflow.filled(&values);
        let name = random_name()?;
        let queued = operation.cancellation.unless_cancelled(async {
            let socket = Socket::open(&self.server, &name).await;
            let prompt = self.post(&graph, &name, &operation.cancellation).await?;
            Ok((prompt, socket))
        });
        let (prompt, socket) = queued.await?;
        let handle = Handle { prompt, size };
        if let Some(socket) = socket {
            self.keep(&handle.prompt, socket);
        }
        Ok(handle)
    }

    /// Queues a graph under a name; older servers give it another.
    async fn post(&self, graph: &Value, name: &str, cancellation: &Cancellation) -> Result<String> {
        let body = json!({"prompt": graph, "client_id": name, "prompt_id": name});
        let asked = async {
            match self.server.post(&["prompt"], &body, cancellation).await? {
                Ok(answer) => answer.json::<Value>(1 << 20).await,
                Err(refusal) if refusal.status == 400 => {
                    Err(refusal::of_graph(refusal.body.as_ref().unwrap_or(&Value::Null), &self.workflow))
                }
                Err(refusal) => Err(refusal.error()),
            }
        };
        let answer = match asked.await {
            Ok(answer) => answer,
            // It may have been taken although no answer came. A second one would be drawn for nothing.
            Err(error)
                if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) && error.is_temporary() =>
            {
                match self.server.standing(name, cancellation).await {
                    Ok(Standing::Unknown) | Err(_) => return Err(error),
                    Ok(_) => return Ok(name.to_owned()),
                }
            }
            Err(error) => return Err(error),
        };
        let given = answer.get("prompt_id").and_then(Value::as_str).filter(|id| Uuid::try_parse(id).is_ok());
        given.map(str::to_owned).ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, "ComfyUI took the prompt and did not say under which name")
                .with_retry(Retry::Never)
        })
    }

    /// Waits for a prompt, and gives the files that it has made.
    pub(crate) async fn outputs(&self, handle: &Handle, stage: Stage, operation: &Operation) -> Result<Vec<Output>> {
        let socket = match self.take(&handle.prompt) {
            Some(socket) => Some(socket),
            // In another process than the one that queued it; newer servers know us by the prompt's own name.
            None => {
                operation
                    .cancellation
                    .unless_cancelled(async { Ok(Socket::open(&self.server, &handle.prompt).await) })
                    .await?
            }
        };
        let times = (self.deadline, self.poll);
        let ended = wait::wait(&self.server, &handle.prompt, socket, times, stage, operation).await?;
        Ok(outputs(&ended))
    }

    /// Takes a prompt out of the queue, or interrupts it if it is the one at work.
    pub(crate) async fn cancel(&self, handle: &str) -> Result<()> {
        let Ok(Handle { prompt, .. }) = Handle::parse(handle) else { return Ok(()) };
        drop(self.take(&prompt));
        // Whoever stops work is being stopped, too, and must not be kept from it.
        let cancellation = Cancellation::new();
        let post = |path: &'static [&'static str], body: Value| {
            let (server, cancellation) = (&self.server, &cancellation);
            async move { server.post(path, &body, cancellation).await?.map(drop).map_err(|refusal| refusal.error()) }
        };
        match self.server.post(&["api", "jobs", &prompt, "cancel"], &json!({}), &cancellation).await? {
            Ok(_) => return Ok(()),
            Err(refusal) if !matches!(refusal.status, 404 | 405) => return Err(refusal.error()),
            // An older server.
            Err(_) => {}
        }
        // A prompt may begin between the question and the answer, so it is asked twice.
        for _ in 0..2 {
            match self.server.standing(&prompt, &cancellation).await? {
                Standing::Unknown | Standing::Ended(_) => return Ok(()),
                Standing::Pending(_) => post(&["queue"], json!({"delete": [&prompt]})).await?,
                // Servers older still stop whatever is at work, so this is only said of what is known to be ours.
                Standing::Running => return post(&["interrupt"], json!({"prompt_id": &prompt})).await,
            }
        }
        Ok(())
    }

    fn keep(&self, prompt: &str, socket: Socket) {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        if sockets.len() >= MOST_SOCKETS {
            sockets.pop_front();
        }
        sockets.push_back((prompt.to_owned(), socket));
    }

    fn take(&self, prompt: &str) -> Option<Socket> {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        let place = sockets.iter().position(|(name, _)| name == prompt)?;
        sockets.remove(place).map(|(_, socket)| socket)
    }
}

/// A name that nobody else takes, in the form that servers ask for.
fn random_name() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::unexpected("the system gives no random numbers").with_context("said", error))?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
}

/// The files that an ended prompt names, those that were meant to be kept before previews. Names are only ever sent
/// back; one that leaves its folder is passed over.
fn outputs(ended: &Value) -> Vec<Output> {
    let nodes = ended.get("outputs").and_then(Value::as_object);
    let lists = nodes
        .into_iter()
        .flat_map(|nodes| nodes.values())
        .filter_map(Value::as_object)
        .flat_map(|lists| lists.values());
    let files = lists.filter_map(Value::as_array).flatten().filter_map(|file| {
        let text = |key: &str| file.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let output = Output { filename: text("filename"), subfolder: text("subfolder"), folder: text("type") };
        let folder = matches!(output.folder.as_str(), "output" | "temp");
        (folder && harmless(&output.filename) && !output.filename.is_empty() && harmless(&output.subfolder))
            .then_some(output)
    });
    let mut files: Vec<Output> = files.collect();
    files.sort_by_key(|output| output.folder != "output");
    files
}

/// Whether a name stays within its folder.
fn harmless(name: &str) -> bool {
    name.len() <= 255
        && !name.starts_with(['/', '\\'])
        && !name.contains(':')
        && !name.chars().any(char::is_control)
        && name.split(['/', '\\']).all(|part| part != "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_stay_in_their_folder_are_asked_for() {
        let file = |filename: &str, subfolder: &str, folder: &str| json!({"filename": filename, "subfolder": subfolder, "type": folder});
        let ended = json!({"outputs": {
            "3": {"images": [file("preview.png", "", "temp")], "animated": [false], "text": ["words"]},
            "7": {"images": [file("../../etc/passwd", "", "output"), file("a.png", "../x", "output"), file("/etc/passwd", "", "output"),
                file("C:\\x.png", "", "output"), file("b.png", "", "input"), file("", "", "output"), file("orion_00001_.png", "a/b", "output")]},
            "8": null,
        }});
        let names: Vec<String> = outputs(&ended).into_iter().map(|output| output.filename).collect();
        assert_eq!(names, ["orion_00001_.png", "preview.png"]);
        assert!(outputs(&Value::Null).is_empty() && outputs(&json!({"outputs": []})).is_empty());
    }
}
