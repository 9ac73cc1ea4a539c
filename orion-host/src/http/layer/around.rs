//! A layer that is two plain functions: what is seen of a request before the rest has it, and what is done to the
//! response after. Ten layers of [`axum::middleware::from_fn`] box ten futures and copy what is inside of them ten times,
//! for every request; these do neither.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::future::{Either, MapOk, Ready, TryFutureExt, ready};
use std::task::{Context, Poll};
use tower::{Layer, Service};

/// Where a request goes.
pub(super) enum Step<A> {
    /// On, and its response through this function. If the request is dropped on its way, so is the function.
    On(Request, A),
    /// No further.
    Back(Response),
}

/// The layer of a function, with what the function works with.
pub(super) struct Around<T, A> {
    with: T,
    step: fn(&T, Request) -> Step<A>,
}

impl<T, A> Around<T, A> {
    pub(super) fn new(with: T, step: fn(&T, Request) -> Step<A>) -> Self {
        Self { with, step }
    }
}

impl<T: Clone, A> Clone for Around<T, A> {
    fn clone(&self) -> Self {
        Self { with: self.with.clone(), step: self.step }
    }
}

impl<S, T: Clone, A> Layer<S> for Around<T, A> {
    type Service = Inside<S, T, A>;

    fn layer(&self, inner: S) -> Self::Service {
        Inside { inner, around: self.clone() }
    }
}

/// A service with a layer around it.
pub(super) struct Inside<S, T, A> {
    inner: S,
    around: Around<T, A>,
}

impl<S: Clone, T: Clone, A> Clone for Inside<S, T, A> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), around: self.around.clone() }
    }
}

type Answer<F, R> = MapOk<F, fn(R) -> Response>;

impl<S, T, A> Service<Request> for Inside<S, T, A>
where
    S: Service<Request, Response: IntoResponse>,
    A: FnOnce(Response) -> Response,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Either<MapOk<Answer<S::Future, S::Response>, A>, Ready<Result<Response, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match (self.around.step)(&self.around.with, request) {
            Step::On(request, after) => {
                let answer: Answer<_, _> = self.inner.call(request).map_ok(S::Response::into_response);
                Either::Left(answer.map_ok(after))
            }
            Step::Back(response) => Either::Right(ready(Ok(response))),
        }
    }
}
