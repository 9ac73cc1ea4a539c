//! ComfyUI: HTTP and socket, a queue that is worked off one prompt after the other, and graphs that are checked and
//! carried out as far as their pictures need it.

mod graph;
mod routes;

use crate::running::Running;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::{Notify, broadcast};

/// What a server is like. The default is a new one on a good day.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// An older server: no `/api/jobs`, names of its own for prompts, `/interrupt` stops whatever is at work, and the
    /// history has no status.
    pub old: bool,
    /// How long a prompt is worked on.
    pub work: Duration,
    /// A prompt never ends by itself.
    pub never_ends: bool,
    /// No messages of prompts come through the socket.
    pub silent_socket: bool,
    /// The socket is closed at the first step of a prompt.
    pub closes_socket: bool,
    /// There is no socket.
    pub no_socket: bool,
    /// Most entries of the history; the oldest go.
    pub history: Option<usize>,
    /// Classes of nodes that it lacks.
    pub lacks_nodes: Vec<String>,
    /// It has no model.
    pub lacks_models: bool,
    /// The sampler fails with these words.
    pub fails: Option<String>,
    /// Files break off in the middle.
    pub truncates: bool,
    /// Files are a page that says something.
    pub serves_pages: bool,
    /// Pictures are half as wide as asked.
    pub wrong_shape: bool,
    /// So many questions are refused with 429 first, each asking to wait a second.
    pub busy: usize,
    /// The first prompt is taken, and its answer is lost.
    pub loses_answer: bool,
    /// Memory of its graphics card in bytes; zero is enough.
    pub memory: u64,
}

/// A running server.
#[derive(Debug)]
pub struct Comfy {
    running: Running,
    shared: Arc<Shared>,
}

/// One prompt that was queued.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) number: u64,
    pub(crate) id: String,
    pub(crate) graph: Value,
    pub(crate) client: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) manner: Manner,
    pub(crate) next: u64,
    pub(crate) pending: VecDeque<Item>,
    pub(crate) running: Option<Item>,
    pub(crate) interrupted: bool,
    pub(crate) history: BTreeMap<u64, (String, Value)>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) uploads: BTreeMap<String, Vec<u8>>,
    pub(crate) queued: Vec<Item>,
    pub(crate) interrupts: usize,
    pub(crate) sockets: usize,
    /// Whether a socket of the client was open when its prompt came.
    pub(crate) heard: Vec<bool>,
    pub(crate) clients: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    pub(crate) work: Notify,
    pub(crate) interrupt: Notify,
    /// Messages with the client that they are for.
    pub(crate) messages: broadcast::Sender<(Option<String>, Value)>,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn send(&self, client: &Option<String>, kind: &str, data: Value) {
        if !self.state().manner.silent_socket {
            // Nobody may be listening.
            let _ = self.messages.send((client.clone(), json!({"type": kind, "data": data})));
        }
    }
}

impl Comfy {
    /// A new server on a good day.
    pub fn start() -> Self {
        Self::in_manner(Manner::default())
    }

    /// A server of this manner.
    pub fn in_manner(manner: Manner) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::new(State { manner, ..State::default() }),
            work: Notify::new(),
            interrupt: Notify::new(),
            messages: broadcast::channel(1024).0,
        });
        let kept = shared.clone();
        let running = Running::start(move |_| {
            tokio::spawn(work(kept.clone()));
            routes::routes(kept)
        });
        Self { running, shared }
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.running.address)
    }

    /// Changes its manner from now on.
    pub fn change(&self, change: impl FnOnce(&mut Manner)) {
        change(&mut self.shared.state().manner);
        self.shared.work.notify_one();
    }

    /// The graphs that were taken, in order.
    pub fn graphs(&self) -> Vec<Value> {
        self.shared.state().queued.iter().map(|item| item.graph.clone()).collect()
    }

    /// The names of the prompts that were taken, in order.
    pub fn prompts(&self) -> Vec<String> {
        self.shared.state().queued.iter().map(|item| item.id.clone()).collect()
    }

    /// Whether, of each prompt, a socket of its client was open when it came.
    pub fn heard(&self) -> Vec<bool> {
        self.shared.state().heard.clone()
    }

    /// The names of the prompts that still wait.
    pub fn pending(&self) -> Vec<String> {
        self.shared.state().pending.iter().map(|item| item.id.clone()).collect()
    }

    /// The name of the prompt that is at work.
    pub fn running(&self) -> Option<String> {
        self.shared.state().running.as_ref().map(|item| item.id.clone())
    }

    /// How often work was interrupted.
    pub fn interrupts(&self) -> usize {
        self.shared.state().interrupts
    }

    /// The pictures that were uploaded, by their names.
    pub fn uploads(&self) -> BTreeMap<String, Vec<u8>> {
        self.shared.state().uploads.clone()
    }

    /// Forgets everything, as when it is started anew.
    pub fn restart(&self) {
        let mut state = self.shared.state();
        state.pending.clear();
        state.history.clear();
        state.files.clear();
        state.interrupted = true;
        drop(state);
        self.shared.interrupt.notify_one();
    }
}

/// Works the queue off.
async fn work(shared: Arc<Shared>) {
    loop {
        let item = {
            let mut state = shared.state();
            let item = state.pending.pop_front();
            state.running = item.clone();
            state.interrupted = false;
            item
        };
        match item {
            Some(item) => carry_out(&shared, item).await,
            None => shared.work.notified().await,
        }
    }
}

async fn carry_out(shared: &Shared, item: Item) {
    let id = &item.id;
    let named = || json!({"prompt_id": id});
    let mut messages = vec![json!(["execution_start", named()])];
    shared.send(&item.client, "execution_start", named());
    shared.send(&item.client, "execution_cached", json!({"nodes": [], "prompt_id": id}));
    let sampler = graph::first_of(&item.graph, "KSampler").unwrap_or_else(|| "5".to_owned());
    shared.send(&item.client, "executing", json!({"node": sampler, "display_node": sampler, "prompt_id": id}));
    let steps = 4_u32;
    let manner = shared.state().manner.clone();
    for step in 1..=steps {
        let pause = tokio::time::sleep(manner.work / steps);
        let stopped = async {
            loop {
                shared.interrupt.notified().await;
                if shared.state().interrupted {
                    return;
                }
            }
        };
        let never = manner.never_ends && step == steps;
        tokio::select! {
            () = pause, if !never => {}
            () = stopped => {}
        }
        if shared.state().interrupted {
            let fault = json!({"prompt_id": id, "node_id": sampler, "node_type": "KSampler", "executed": []});
            messages.push(json!(["execution_interrupted", fault]));
            shared.send(&None, "execution_interrupted", fault);
            return end(shared, &item, "error", messages, json!({}));
        }
        shared.send(&item.client, "progress", json!({"value": step, "max": steps, "prompt_id": id, "node": sampler}));
        if manner.closes_socket {
            let _ = shared.messages.send((None, Value::Null));
        }
    }
    if let Some(words) = &manner.fails {
        let kind = if words.contains("memory") { "torch.OutOfMemoryError" } else { "RuntimeError" };
        let fault = json!({"prompt_id": id, "node_id": sampler, "node_type": "KSampler", "executed": [],
            "exception_message": words, "exception_type": kind, "traceback": ["  File ..."], "current_inputs": {}, "current_outputs": []});
        messages.push(json!(["execution_error", fault]));
        shared.send(&item.client, "execution_error", fault);
        return end(shared, &item, "error", messages, json!({}));
    }
    let (outputs, files) = graph::carried_out(&item.graph, item.number, manner.wrong_shape);
    shared.state().files.extend(files);
    for (node, output) in outputs.as_object().unwrap() {
        shared.send(
            &item.client,
            "executed",
            json!({"node": node, "display_node": node, "output": output, "prompt_id": id}),
        );
    }
    messages.push(json!(["execution_success", named()]));
    shared.send(&item.client, "execution_success", named());
    shared.send(&item.client, "executing", json!({"node": null, "prompt_id": id}));
    // The message goes out before the entry is there, as with the real one.
    tokio::time::sleep(Duration::from_millis(15)).await;
    end(shared, &item, "success", messages, outputs);
}

fn end(shared: &Shared, item: &Item, status: &str, messages: Vec<Value>, outputs: Value) {
    let mut state = shared.state();
    state.running = None;
    let status = match state.manner.old {
        true => Value::Null,
        false => json!({"status_str": status, "completed": status == "success", "messages": messages}),
    };
    let prompt = json!([item.number, item.id, item.graph, {"client_id": item.client}, []]);
    let entry = json!({"prompt": prompt, "outputs": outputs, "status": status, "meta": {}});
    state.history.insert(item.number, (item.id.clone(), entry));
    while state.manner.history.is_some_and(|most| state.history.len() > most) {
        state.history.pop_first();
    }
}
