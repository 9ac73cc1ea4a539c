//! Sends a request on to the service that runs elsewhere, unless it has failed too often of late (contract, sections
//! 1.13 and 1.14). Behind all other layers: what arrives here is known, allowed and within its limits.

use super::super::roles::Service;
use super::super::{ApiError, Platform, Roles, internal};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use orion_core::domain::Secret;
use orion_core::service::identity::Caller;
use orion_core::strategy::Circuit;
use orion_core::{Error, Result};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use url::Url;

/// A service that does not take a connection by then is not there.
const CONNECT: Duration = Duration::from_secs(2);
/// The longest silence within an answer.
const SILENCE: Duration = Duration::from_secs(60);
/// As much as the body layer lets through.
const MOST_BODY: usize = 5 << 20;

/// A service says no more than this of itself.
const MOST_READINESS: usize = 64 * 1024;

/// What is between two neighbours only (RFC 9110, section 7.6.1), or is the gateway's own to say.
const NOT_SENT_ON: [HeaderName; 12] = [
    header::CONNECTION,
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    header::PROXY_AUTHORIZATION,
    header::AUTHORIZATION,
    header::COOKIE,
    header::ORIGIN,
    HeaderName::from_static("keep-alive"),
];

/// The way to services that run elsewhere.
#[derive(Debug)]
pub(in crate::http) struct Proxy {
    client: reqwest::Client,
    breakers: BTreeMap<Url, Circuit>,
    /// Whose turn it is where a service runs more than once.
    turn: AtomicUsize,
    token: Secret,
}

impl Proxy {
    pub(in crate::http) fn new(token: Secret, roles: &Roles) -> Result<Self> {
        let client = orion_adapters::http::client()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| Error::unexpected("the HTTP client could not be made").with_source(error))?;
        let addresses = Service::ALL.into_iter().flat_map(|service| roles.addresses(service));
        let breakers = addresses.map(|address| (address.clone(), Circuit::new())).collect();
        Ok(Self { client, breakers, turn: AtomicUsize::new(0), token })
    }

    pub(in crate::http) fn token(&self) -> &Secret {
        &self.token
    }

    /// Whether a service that runs elsewhere says it is ready at one of its addresses, and what else it says of itself;
    /// none if nobody answers in time.
    pub(in crate::http) async fn readiness(
        &self,
        addresses: &[Url],
        patience: Duration,
    ) -> Option<(bool, serde_json::Value)> {
        let asked = addresses.iter().map(|address| async move {
            let asked = async {
                let answer = self.client.get(address.join("ready").ok()?).send().await.ok()?;
                let ready = answer.status().is_success();
                // Whatever answers there: not much of it is read.
                let body = axum::body::to_bytes(Body::from_stream(answer.bytes_stream()), MOST_READINESS).await.ok()?;
                Some((ready, serde_json::from_slice(&body).unwrap_or_default()))
            };
            tokio::time::timeout(patience, asked).await.ok().flatten()
        });
        let told = futures_util::future::join_all(asked).await;
        told.into_iter().flatten().max_by_key(|(ready, _)| *ready)
    }
}

pub(super) async fn layer(State(platform): State<Arc<Platform>>, request: Request, next: Next) -> Response {
    let service = Service::of_path(request.uri().path());
    if service == Service::Gateway || platform.roles.runs(service) {
        return next.run(request).await;
    }
    match send_on(&platform, service, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

async fn send_on(platform: &Platform, service: Service, request: Request) -> Result<Response, ApiError> {
    let unavailable = || ApiError::new(StatusCode::BAD_GATEWAY, "service unavailable");
    let addresses = platform.roles.addresses(service);
    let proxy = &platform.proxy;
    let clock = &platform.orion.production().clock;
    let (mut parts, body) = request.into_parts();
    // Before the breaker is asked: what a client sends too much of is no fault of the service.
    let too_large = |_| ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "request body too large");
    let body = axum::body::to_bytes(body, MOST_BODY).await.map_err(too_large)?;
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    NOT_SENT_ON.iter().for_each(|name| drop(parts.headers.remove(name)));
    internal::vouch(&mut parts.headers, &proxy.token, parts.extensions.get::<Caller>());
    let begin = proxy.turn.fetch_add(1, Ordering::Relaxed);
    let mut refusal = unavailable();
    let mut answer = None;
    for place in 0..addresses.len() {
        let Some(address) = addresses.get(begin.wrapping_add(place) % addresses.len()) else { break };
        let Some(breaker) = proxy.breakers.get(address) else { break };
        let pass = match breaker.pass(clock.now()) {
            Ok(pass) => pass,
            Err(wait) => {
                let message = format!("service {service} is temporarily unavailable");
                refusal = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message).retry_after(wait);
                continue;
            }
        };
        let url = address.join(path).map_err(|_| unavailable())?;
        let call = proxy.client.request(parts.method.clone(), url).headers(parts.headers.clone());
        match call.body(body.clone()).send().await {
            Ok(given) => {
                if matches!(given.status().as_u16(), 502..=504) {
                    pass.failed(clock.now());
                } else {
                    pass.succeeded();
                }
                answer = Some(given);
                break;
            }
            Err(error) => {
                // What was sent may have been done; what changes nothing may be asked of another all the same.
                let harmless = error.is_connect() || parts.method.is_safe();
                tracing::warn!(%service, error = %error.without_url(), "a service cannot be reached");
                pass.failed(clock.now());
                refusal = unavailable();
                if !harmless {
                    break;
                }
            }
        }
    }
    let Some(answer) = answer else { return Err(refusal) };
    let mut response = Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        copy_answer(answer.headers(), headers);
    }
    response.body(Body::from_stream(answer.bytes_stream())).map_err(|_| unavailable())
}

/// The headers of an answer that are the service's to say; the others are set by this gateway's own layers.
fn copy_answer(from: &HeaderMap<HeaderValue>, to: &mut HeaderMap<HeaderValue>) {
    for (name, value) in from {
        let own = name.as_str().starts_with("access-control-") || *name == header::VARY || name == "x-request-id";
        // The length stays: a client that reads parts of a file needs it.
        let between = NOT_SENT_ON.contains(name) && *name != header::CONTENT_LENGTH;
        if !own && !between {
            to.append(name, value.clone());
        }
    }
}
