//! Everything outside of the program that remembers: providers that are paid, and a receiver of webhooks.
//!
//! Providers are the faithful servers behind a recorder. A call counts as paid from the moment on at which the provider
//! has all of it: whether the caller lives to hear the answer is not the provider's business.

use crate::chance::Chance;
use crate::trap::{Moment, Trap};
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use orion_core::domain::Sha256;
use orion_faithful::fal::Fal;
use orion_faithful::{Server, openai};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What the key of the language model and the voice is.
pub(crate) const OPENAI_KEY: &str = "sk-of-the-harness";
/// The key of webhooks: 32 bytes.
const WEBHOOK_KEY: &[u8; 32] = b"the harness signs with this key.";
/// Nobody sends more.
const MOST: usize = 64 << 20;
/// Of so many webhooks one comes while the receiver is busy, and of one it is told so though it was kept.
const BUSY: u64 = 8;
/// How long providers think, at most.
const THINKING: Duration = Duration::from_millis(120);

/// A call that costs money.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// When the provider had all of it.
    pub(crate) at: Instant,
    /// When its answer was ready.
    pub(crate) answered: Option<Instant>,
    /// Which call: `/v1/audio/speech`.
    pub(crate) path: String,
    /// What was asked, as a hash.
    pub(crate) input: Sha256,
    /// What was asked.
    pub(crate) body: Value,
}

/// A webhook that arrived, with a signature that holds.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) at: Instant,
    pub(crate) id: String,
    pub(crate) body: Value,
    /// Whether the receiver kept it; else it was busy, and said so.
    pub(crate) taken: bool,
}

/// What was seen outside.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) calls: Vec<Call>,
    pub(crate) deliveries: Vec<Delivery>,
    /// Webhooks whose signature does not hold.
    pub(crate) forged: u64,
}

#[derive(Debug)]
struct Shared {
    seen: Mutex<Seen>,
    trap: Trap,
    chance: Mutex<Chance>,
    client: reqwest::Client,
}

/// The servers. They run until the process ends.
#[derive(Debug)]
pub(crate) struct Outside {
    shared: Arc<Shared>,
    pub(crate) openai: String,
    pub(crate) fal: String,
    pub(crate) webhook: String,
    _servers: (Server, Fal),
}

impl Outside {
    pub(crate) async fn start(chance: Chance) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let shared =
            Arc::new(Shared { seen: Mutex::default(), trap: Trap::default(), chance: Mutex::new(chance), client });
        let model = openai::start(openai::Options { key: OPENAI_KEY.to_owned(), refuses: Vec::new() }).await;
        let (openai_at, fal_at) = (listen().await, listen().await);
        let address = |listener: &tokio::net::TcpListener| format!("http://{}", listener.local_addr().unwrap());
        let (openai, fal) = (address(&openai_at), address(&fal_at));
        // Its requests are found at the recorder, like everything else.
        let pictures = Fal::start();
        for (listener, behind) in [(openai_at, model.url()), (fal_at, pictures.url())] {
            let recorder = Recorder { shared: shared.clone(), own: address(&listener), behind };
            let routes =
                Router::new().fallback(record).layer(DefaultBodyLimit::max(MOST)).with_state(Arc::new(recorder));
            tokio::spawn(async move { axum::serve(listener, routes).await });
        }
        let listener = listen().await;
        let webhook = format!("{}/hook", address(&listener));
        let routes = Router::new().route("/hook", routing::post(hook)).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { shared, openai, fal, webhook, _servers: (model, pictures) }
    }

    pub(crate) fn trap(&self) -> &Trap {
        &self.shared.trap
    }

    /// What was seen so far.
    pub(crate) fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.shared.seen.lock().unwrap()
    }

    /// The secret of the webhook, as users write it.
    pub(crate) fn webhook_secret() -> String {
        format!("whsec_{}", STANDARD.encode(WEBHOOK_KEY))
    }
}

async fn listen() -> tokio::net::TcpListener {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// Stands before a provider and writes down what it is paid for.
#[derive(Debug)]
struct Recorder {
    shared: Arc<Shared>,
    own: String,
    behind: String,
}

/// Whether this is paid for. At Fal what begins is, and not what is asked about it.
fn costs(method: &Method, path: &str) -> bool {
    let paid = ["/v1/chat/completions", "/v1/audio/speech", "/v1/images/generations"];
    method == Method::POST && (paid.contains(&path) || path.starts_with("/fal-ai/"))
}

async fn record(State(recorder): State<Arc<Recorder>>, request: Request) -> Response {
    // Once a provider has a call it does its work, whoever hangs up.
    tokio::spawn(pass_on(recorder, request)).await.unwrap()
}

async fn pass_on(recorder: Arc<Recorder>, request: Request) -> Response {
    let shared = &recorder.shared;
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MOST).await else { return StatusCode::BAD_REQUEST.into_response() };
    let path = head.uri.path().to_owned();
    let number = costs(&head.method, &path).then(|| {
        let mut seen = shared.seen.lock().unwrap();
        let asked = serde_json::from_slice(&body).unwrap_or_default();
        let input = Sha256::of(&[path.as_bytes(), b"\n", &body].concat());
        seen.calls.push(Call { at: Instant::now(), answered: None, path: path.clone(), input, body: asked });
        seen.calls.len() - 1
    });
    if number.is_some() {
        shared.trap.now(Moment::ProviderTaken);
        let thinks = shared.chance.lock().unwrap().moment(THINKING);
        tokio::time::sleep(thinks).await;
    }
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut forwarded = shared.client.request(head.method.clone(), format!("{}{target}", recorder.behind));
    for (name, value) in &head.headers {
        if !["host", "content-length", "transfer-encoding", "connection", "accept-encoding"].contains(&name.as_str()) {
            forwarded = forwarded.header(name, value);
        }
    }
    let Ok(answer) = forwarded.body(body).send().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let (status, kind) = (answer.status(), answer.headers().get("content-type").cloned());
    let Ok(mut bytes) = answer.bytes().await else { return StatusCode::BAD_GATEWAY.into_response() };
    // A service names its own address in what it says.
    if kind.as_ref().is_some_and(|kind| kind.as_bytes().starts_with(b"application/json")) {
        bytes = String::from_utf8_lossy(&bytes).replace(&recorder.behind, &recorder.own).into_bytes().into();
    }
    if let Some(number) = number {
        shared.seen.lock().unwrap().calls[number].answered = Some(Instant::now());
        later(shared, Moment::ProviderAnswered);
    }
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    if let Some(kind) = kind {
        response.headers_mut().insert("content-type", kind);
    }
    response
}

/// The answer is given now; the moment comes while it travels or just after it.
fn later(shared: &Arc<Shared>, moment: Moment) {
    let travels = shared.chance.lock().unwrap().moment(Duration::from_millis(12));
    let shared = shared.clone();
    tokio::spawn(async move {
        tokio::time::sleep(travels).await;
        shared.trap.now(moment);
    });
}

/// Takes a webhook as the specification of Standard Webhooks asks; written apart from the sender.
async fn hook(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: axum::body::Bytes) -> StatusCode {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let (id, timestamp) = (text("webhook-id"), text("webhook-timestamp"));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(WEBHOOK_KEY).unwrap();
    mac.update(&[id.as_bytes(), b".", timestamp.as_bytes(), b".", &body].concat());
    let genuine = text("webhook-signature").split(' ').any(|signature| {
        let bytes = signature.strip_prefix("v1,").and_then(|encoded| STANDARD.decode(encoded).ok());
        bytes.is_some_and(|bytes| mac.clone().verify_slice(&bytes).is_ok())
    });
    if !genuine {
        shared.seen.lock().unwrap().forged += 1;
        return StatusCode::UNAUTHORIZED;
    }
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let mood = shared.chance.lock().unwrap().below(BUSY);
    let taken = mood != 0;
    shared.seen.lock().unwrap().deliveries.push(Delivery { at: Instant::now(), id, body, taken });
    if !taken {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    shared.trap.now(Moment::WebhookTaken);
    let thinks = shared.chance.lock().unwrap().moment(Duration::from_millis(30));
    tokio::time::sleep(thinks).await;
    later(&shared, Moment::WebhookAnswered);
    if mood == 1 { StatusCode::BAD_GATEWAY } else { StatusCode::NO_CONTENT }
}

/// How often each input was asked for, with the calls in order.
pub(crate) fn by_input(calls: &[Call]) -> BTreeMap<Sha256, Vec<&Call>> {
    let mut grouped: BTreeMap<Sha256, Vec<&Call>> = BTreeMap::new();
    for call in calls {
        grouped.entry(call.input).or_default().push(call);
    }
    grouped
}
