//! The queue: a request is sent, asked about by its handle, and its result or its failure is fetched.

use crate::options::FalOptions;
use crate::refusal;
use bytes::Bytes;
use orion_core::domain::Stage;
use orion_core::port::{FetchLimits, Fetcher, Side};
use orion_core::{Cancellation, Error, ErrorKind, Operation, ProgressUpdate, Result, Retry};
use orion_http::{Call, Refusal, Service};
use reqwest::Method;
use serde_json::Value;
use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

/// Longest time of one question; a request with a still in it takes longer.
const QUESTION: Duration = Duration::from_secs(15);
const SENDING: Duration = Duration::from_secs(60);
/// Largest answer of the queue.
const MOST_ANSWER: usize = 4 << 20;

/// The queue with one model.
#[derive(Debug, Clone)]
pub(crate) struct Queue {
    options: FalOptions,
    endpoint: String,
    service: Service,
    fetcher: Arc<dyn Fetcher>,
}

/// Where a request is found again: its path below the queue's address, and the size that was asked for:
/// `fal-ai/flux/requests/ID@736x1312`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Handle {
    path: String,
    pub(crate) size: (u32, u32),
}

impl Handle {
    /// A handle as it was written down.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) for what is none of ours: then there is no such request.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let parsed = text.split_once('@').and_then(|(path, size)| {
            let (width, height) = size.split_once('x')?;
            is_request(path).then_some(())?;
            Some(Self { path: path.to_owned(), size: (width.parse().ok()?, height.parse().ok()?) })
        });
        parsed.ok_or_else(|| {
            let text: String = text.chars().take(200).collect();
            Error::not_found("Fal does not know this request").with_context("handle", text)
        })
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}x{}", self.path, self.size.0, self.size.1)
    }
}

/// `OWNER/APP/requests/ID`, of letters that mean nothing else in an address.
fn is_request(path: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part.len() <= 100
            && part.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
    };
    let parts: Vec<&str> = path.split('/').collect();
    (4..=8).contains(&parts.len())
        && parts.iter().all(|part| plain(part))
        && parts.get(parts.len() - 2) == Some(&"requests")
}

impl Queue {
    pub(crate) fn new(options: FalOptions, endpoint: String, fetcher: Arc<dyn Fetcher>) -> Result<Self> {
        let service = Service::new("Fal", options.queue.as_str(), Side::Cloud)?
            .with_secret("authorization", "Key ", &options.key)?
            .with_deadline(QUESTION)
            .with_idle(QUESTION)
            .with_hint("check `fal.url` and the way to it");
        Ok(Self { options, endpoint, service, fetcher })
    }

    pub(crate) fn options(&self) -> &FalOptions {
        &self.options
    }

    /// Sends a request to the model.
    ///
    /// # Errors
    /// As the service says. An answer that was lost on its way is not temporary: the request may have been taken, and
    /// would be paid for twice.
    pub(crate) async fn send(&self, input: &Value, size: (u32, u32), cancellation: &Cancellation) -> Result<Handle> {
        let path: Vec<&str> = self.endpoint.split('/').collect();
        // What nobody waits for any more must not begin.
        let start = self.options.deadline.as_secs().max(2).to_string();
        let call = self.service.post(&path).header("x-fal-request-start-timeout", &start).json(input).deadline(SENDING);
        let answer = match answered(call, cancellation).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(refused)) => {
                let error = refusal::of(&refused).with_context("model", &self.endpoint);
                // Whether it was taken before the service failed, nobody says.
                return Err(if refused.status >= 500 { lost(error) } else { error });
            }
            Err(error) if error.kind() == ErrorKind::Cancelled || never_left(&error) => return Err(error),
            Err(error) => return Err(lost(error)),
        };
        let request = answer.get("request_id").and_then(Value::as_str).unwrap_or_default();
        let path = self.path_of(answer.get("response_url").and_then(Value::as_str).unwrap_or_default());
        match path.filter(|path| is_request(path) && path.ends_with(&format!("/{request}"))) {
            Some(path) => Ok(Handle { path, size }),
            None => Err(Error::new(ErrorKind::Corrupt, "Fal took the request and did not say where it is")
                .with_context("model", &self.endpoint)),
        }
    }

    /// The path of an address below the queue's own; `None` for an address anywhere else.
    fn path_of(&self, address: &str) -> Option<String> {
        let (url, base) = (Url::parse(address).ok()?, &self.options.queue);
        let own = url.origin() == base.origin() && url.username().is_empty() && url.password().is_none();
        let base = base.path().trim_end_matches('/');
        let path = url.path().strip_prefix(base)?.strip_prefix('/')?;
        own.then(|| path.to_owned())
    }

    /// Waits for the result of a request.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if the service does not know it; what it says of its failure;
    /// [`Timeout`](ErrorKind::Timeout) after the deadline, when it may still come to an end;
    /// [`Cancelled`](ErrorKind::Cancelled) once the operation is stopped.
    pub(crate) async fn result(&self, handle: &Handle, stage: Stage, operation: &Operation) -> Result<Value> {
        let deadline = Instant::now() + self.options.deadline;
        let waited = async {
            timeout_at(deadline, self.ended(handle, stage, operation)).await.unwrap_or_else(|_| {
                // Asking anew would take as long again: whoever is in charge decides.
                Err(Error::new(ErrorKind::Timeout, "Fal did not finish in time")
                    .with_context("request", &handle.path)
                    .with_context("seconds", self.options.deadline.as_secs_f64())
                    .with_retry(Retry::Exhausted))
            })
        };
        operation.cancellation.unless_cancelled(waited).await
    }

    async fn ended(&self, handle: &Handle, stage: Stage, operation: &Operation) -> Result<Value> {
        let mut told = String::new();
        loop {
            let asked = self.ask(Method::GET, &handle.path, Some("status"), &operation.cancellation).await?;
            let answer = asked.map_err(|refused| refusal::of(&refused).with_context("request", &handle.path))?;
            let place = match answer.get("status").and_then(Value::as_str).unwrap_or_default() {
                "COMPLETED" => return self.fetch_result(handle, &operation.cancellation).await,
                "IN_QUEUE" => {
                    format!(
                        "Fal: {} before it in the queue",
                        answer.get("queue_position").and_then(Value::as_u64).unwrap_or_default()
                    )
                }
                "IN_PROGRESS" => "Fal: at work".to_owned(),
                "FAILED" | "ERROR" => {
                    return Err(Error::unexpected("the request failed at Fal").with_context("request", &handle.path));
                }
                "CANCELLED" | "CANCELED" => {
                    return Err(
                        Error::conflict("the request was cancelled at Fal").with_context("request", &handle.path)
                    );
                }
                other => {
                    let other: String = other.chars().take(50).collect();
                    return Err(
                        Error::new(ErrorKind::Corrupt, "Fal gave a state that is unknown").with_context("state", other)
                    );
                }
            };
            if place != told {
                operation.report(ProgressUpdate::running(stage, 0, 0, "").with_message(place.clone()));
                told = place;
            }
            sleep(self.options.poll).await;
        }
    }

    /// The result of a request that has come to its end, well or not.
    async fn fetch_result(&self, handle: &Handle, cancellation: &Cancellation) -> Result<Value> {
        let refused = match self.ask(Method::GET, &handle.path, None, cancellation).await? {
            Ok(answer) => return Ok(answer),
            Err(refused) => refused,
        };
        let error = refusal::of(&refused).with_context("request", &handle.path);
        if refused.status == 429 {
            return Err(error);
        }
        // It has failed for good, after Fal's own attempts; asking again tells the same.
        let kind = if error.kind() == ErrorKind::NotFound { ErrorKind::Corrupt } else { error.kind() };
        Err(match kind {
            ErrorKind::Forbidden | ErrorKind::Exhausted | ErrorKind::Unauthorized => error,
            _ => Error::new(kind, "the request failed at Fal")
                .with_context("why", &error)
                .with_source(error)
                .with_retry(Retry::Never),
        })
    }

    /// Asks the service to stop a request. One that is done, or unknown, is left alone.
    pub(crate) async fn cancel(&self, handle: &str) -> Result<()> {
        let Ok(handle) = Handle::parse(handle) else { return Ok(()) };
        // Whoever stops work is being stopped, too, and must not be kept from it.
        match self.ask(Method::PUT, &handle.path, Some("cancel"), &Cancellation::new()).await? {
            // 400 says that it has ended already.
            Err(refused) if !matches!(refused.status, 400 | 404) => Err(refusal::of(&refused)),
            _ => Ok(()),
        }
    }

    /// Fetches a file that a result names: from public addresses only, within bounds.
    pub(crate) async fn file(&self, address: &str, bytes: u64, operation: &Operation) -> Result<Bytes> {
        let limits = FetchLimits { bytes, time: Duration::from_secs(180) };
        let fetched = operation.cancellation.unless_cancelled(self.fetcher.get(address, None, None, limits)).await;
        match fetched {
            Ok(fetched) => Ok(fetched.body),
            // A file that is gone is not a request that is unknown: that would be sent, and paid for, again.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(Error::new(ErrorKind::Corrupt, "the file of the result is not there").with_source(error))
            }
            Err(error) if error.kind() == ErrorKind::Invalid => {
                Err(Error::new(ErrorKind::Corrupt, "the result names no address of a file").with_source(error))
            }
            Err(error) => Err(error.with_context("file", "of the result")),
        }
    }

    /// Asks about a request.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        what: Option<&str>,
        cancellation: &Cancellation,
    ) -> Result<Result<Value, Refusal>> {
        let path: Vec<&str> = path.split('/').chain(what).collect();
        answered(self.service.call(method, &path), cancellation).await
    }
}

/// The JSON of an answer, or the refusal.
async fn answered(call: Call<'_>, cancellation: &Cancellation) -> Result<Result<Value, Refusal>> {
    match call.attempt(cancellation).await? {
        Ok(answer) => answer.json(MOST_ANSWER).await.map(Ok),
        Err(refused) => Ok(Err(refused)),
    }
}

/// Whether a request cannot have arrived.
fn never_left(error: &Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<reqwest::Error>());
    cause.is_some_and(|cause| cause.is_connect() || cause.is_builder())
}

/// The error of a request that may have been taken.
fn lost(error: Error) -> Error {
    error
        .with_retry(Retry::Never)
        .with_hint("the request may have been taken and be paid for; look at fal.ai/dashboard before it is sent again")
}
