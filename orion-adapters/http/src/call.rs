//! One request.

use crate::{Answer, Refusal, Service};
use orion_core::{Cancellation, Error, Result};
use reqwest::RequestBuilder;
use reqwest::multipart::Form;
use serde::Serialize;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// One request, to be sent once.
#[derive(Debug)]
pub struct Call<'s> {
    service: &'s Service,
    request: Result<RequestBuilder>,
    deadline: Duration,
    idle: Duration,
}

impl<'s> Call<'s> {
    pub(crate) fn new(service: &'s Service, request: Result<RequestBuilder>) -> Self {
        Self { service, request, deadline: service.deadline(), idle: service.idle() }
    }

    fn with(mut self, change: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Self {
        self.request = self.request.map(change);
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &(impl Serialize + ?Sized)) -> Self {
        self.with(|request| request.json(body))
    }

    /// With a form that may hold files.
    #[must_use]
    pub fn form(self, form: Form) -> Self {
        self.with(|request| request.multipart(form))
    }

    /// With pairs behind the path.
    #[must_use]
    pub fn query(self, pairs: &[(&str, &str)]) -> Self {
        self.with(|request| request.query(pairs))
    }

    /// With a header of its own.
    #[must_use]
    pub fn header(self, name: &'static str, value: &str) -> Self {
        self.with(|request| request.header(name, value))
    }

    /// Sets the longest time for this whole answer.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets the longest time without a sign of life once this answer has begun.
    #[must_use]
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// Sends it, and gives the answer once its head has come with success.
    ///
    /// # Errors
    /// As [`attempt`](Self::attempt); a refusal is [its error](Refusal::error).
    pub async fn send(self, cancellation: &Cancellation) -> Result<Answer> {
        self.attempt(cancellation).await?.map_err(|refusal| refusal.error())
    }

    /// Sends it, and gives the answer or the refusal, for who knows more of what a refusal means.
    ///
    /// # Errors
    /// - [`Unavailable`](orion_core::ErrorKind::Unavailable) if nobody answers, with the service's hint.
    /// - [`Timeout`](orion_core::ErrorKind::Timeout) after the deadline.
    /// - [`Cancelled`](orion_core::ErrorKind::Cancelled) as soon as the operation is; the connection is closed.
    pub async fn attempt(self, cancellation: &Cancellation) -> Result<Result<Answer, Refusal>> {
        let Self { service, request, deadline, idle } = self;
        cancellation.check()?;
        let request = request?;
        let until = Instant::now() + deadline;
        let sent = async {
            match timeout_at(until, request.send()).await {
                Ok(sent) => sent.map_err(|error| service.unanswered(error)),
                Err(_) => Err(service.too_slow("did not answer in time", deadline)),
            }
        };
        let response = tokio::select! {
            biased;
            () = cancellation.cancelled() => return Err(Error::cancelled()),
            response = sent => response?,
        };
        let status = response.status();
        let answer = Answer::new(service.clone(), response, cancellation.clone(), (until, deadline), idle);
        if status.is_success() { Ok(Ok(answer)) } else { Ok(Err(Refusal::read(answer, status.as_u16()).await?)) }
    }
}
