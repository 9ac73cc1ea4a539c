//! The server: what is asked of it, within bounds.

use crate::options::ComfyOptions;
use crate::prompt::Output;
use bytes::Bytes;
use orion_core::port::Side;
use orion_core::{Cancellation, Error, ErrorKind, Result};
use orion_http::{Answer, Refusal, Service};
use reqwest::multipart::{Form, Part};
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// Longest time of a question, and of a file on its way.
const QUESTION: Duration = Duration::from_secs(15);
const TRANSFER: Duration = Duration::from_secs(120);
/// Largest answer to a question. Those of the queue carry every waiting graph.
const MOST_ANSWER: usize = 32 << 20;

/// One server.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    service: Service,
    address: Url,
}

/// Where a prompt stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Standing {
    /// It waits, with so many before it.
    Pending(usize),
    /// It is at work.
    Running,
    /// It has ended: what the history holds of it.
    Ended(Value),
    /// There is no such prompt.
    Unknown,
}

impl Server {
    pub(crate) fn new(options: &ComfyOptions) -> Result<Self> {
        let service = Service::new("ComfyUI", options.server.as_str(), Side::Local)?
            .with_deadline(QUESTION)
            .with_idle(QUESTION)
            .with_hint("start ComfyUI, or set `comfyui.url` to where it runs");
        Ok(Self { service, address: options.server.clone() })
    }

    /// The address of the socket of a client.
    pub(crate) fn socket(&self, client: &str) -> Option<Url> {
        let mut url = self.address.clone();
        url.set_scheme(if url.scheme() == "https" { "wss" } else { "ws" }).ok()?;
        url.path_segments_mut().ok()?.pop_if_empty().push("ws");
        url.query_pairs_mut().append_pair("clientId", client);
        Some(url)
    }

    /// Asks for JSON.
    pub(crate) async fn get(&self, path: &[&str], cancellation: &Cancellation) -> Result<Value> {
        self.service.get(path).send(cancellation).await?.json(MOST_ANSWER).await
    }

    /// Sends JSON.
    pub(crate) async fn post(
        &self,
        path: &[&str],
        body: &Value,
        cancellation: &Cancellation,
    ) -> Result<Result<Answer, Refusal>> {
        self.service.post(path).json(body).attempt(cancellation).await
    }

    /// Uploads a picture into the server's input folder, and gives the name under which nodes find it.
    pub(crate) async fn upload(
        &self,
        bytes: Bytes,
        name: String,
        media_type: &str,
        cancellation: &Cancellation,
    ) -> Result<String> {
        let part = Part::stream(bytes)
            .file_name(name)
            .mime_str(media_type)
            .map_err(|error| Error::invalid("this is no media type").with_source(error))?;
        let form = Form::new().text("type", "input").text("subfolder", "orion").part("image", part);
        let call = self.service.post(&["upload", "image"]).form(form).deadline(TRANSFER);
        let answer: Value = call.send(cancellation).await?.json(MOST_ANSWER).await?;
        let text = |key: &str| answer.get(key).and_then(Value::as_str).unwrap_or_default();
        match (text("name"), text("subfolder")) {
            ("", _) => Err(Error::new(ErrorKind::Corrupt, "ComfyUI took a picture and did not say under which name")),
            (name, "") => Ok(name.to_owned()),
            (name, folder) => Ok(format!("{folder}/{name}")),
        }
    }

    /// Fetches a file that a node has made.
    pub(crate) async fn download(&self, file: &Output, most: usize, cancellation: &Cancellation) -> Result<Bytes> {
        let query = [("filename", &*file.filename), ("subfolder", &*file.subfolder), ("type", &*file.folder)];
        let fetched = async {
            self.service.get(&["view"]).query(&query).deadline(TRANSFER).send(cancellation).await?.bytes(most).await
        };
        fetched.await.map_err(|error| match error.kind() {
            // A file that is gone is not a prompt that is unknown: that would be drawn again.
            ErrorKind::NotFound => Error::new(ErrorKind::Corrupt, "the file that ComfyUI made is not there")
                .with_context("file", &file.filename),
            _ => error.with_context("file", &file.filename),
        })
    }

    /// Where a prompt stands, by history and queue together: each alone says nothing of what the other holds.
    pub(crate) async fn standing(&self, prompt: &str, cancellation: &Cancellation) -> Result<Standing> {
        if let Some(ended) = self.ended(prompt, cancellation).await? {
            return Ok(Standing::Ended(ended));
        }
        let queue = self.get(&["queue"], cancellation).await?;
        let named = |item: &Value| item.get(1).and_then(Value::as_str) == Some(prompt);
        let list = |key: &str| queue.get(key).and_then(Value::as_array).ok_or_else(|| senseless("queue"));
        let (running, pending) = (list("queue_running")?, list("queue_pending")?);
        if running.iter().any(named) {
            return Ok(Standing::Running);
        }
        if let Some(item) = pending.iter().find(|item| named(item)) {
            let number = |item: &Value| item.get(0).and_then(Value::as_f64).unwrap_or_default();
            let before = pending.iter().filter(|other| number(other) < number(item)).count();
            return Ok(Standing::Pending(before + running.len()));
        }
        // It may have ended between the two questions.
        Ok(self.ended(prompt, cancellation).await?.map_or(Standing::Unknown, Standing::Ended))
    }

    async fn ended(&self, prompt: &str, cancellation: &Cancellation) -> Result<Option<Value>> {
        let mut history = self.get(&["history", prompt], cancellation).await?;
        let entries = history.as_object_mut().ok_or_else(|| senseless("history"))?;
        Ok(entries.remove(prompt))
    }
}

/// An answer of the wrong form. It is no proof that a prompt is unknown: that one would be drawn again.
fn senseless(what: &'static str) -> Error {
    Error::new(ErrorKind::Corrupt, "the answer of ComfyUI makes no sense").with_context("asked", what)
}
