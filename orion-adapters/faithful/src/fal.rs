//! Fal.ai's queue: requests are taken, asked about, stopped, and their results fetched; files lie beside it.

use crate::running::{Running, clip, encoded, painted};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State as Extract};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// What a service is like. The default is a good day.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// How often a request is asked about until it begins, and until it is done.
    pub questions: usize,
    /// A request never ends.
    pub never_ends: bool,
    /// So many questions are refused with 429 first, each asking to wait a second.
    pub busy: usize,
    /// So many questions are answered with 503 first.
    pub broken: usize,
    /// The next request is taken, and its answer is lost.
    pub loses_answer: bool,
    /// The result is this failure: a status and a body.
    pub fails: Option<(u16, Value)>,
    /// The account has no money left.
    pub poor: bool,
    /// The picture was blackened by the filter.
    pub filtered: bool,
    /// Files break off in the middle.
    pub truncates: bool,
    /// Files are a page that says something.
    pub serves_pages: bool,
    /// The result names this address of its file.
    pub file_at: Option<String>,
    /// A request is said to be at this address.
    pub request_at: Option<String>,
}

/// A running service.
#[derive(Debug)]
pub struct Fal {
    running: Running,
    shared: Arc<Shared>,
}

/// A request as it was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Its name.
    pub id: String,
    /// The model: `fal-ai/flux/schnell`.
    pub model: String,
    /// What was asked.
    pub input: Value,
    /// How long it may wait before it begins, in seconds, as was asked.
    pub start_timeout: Option<String>,
    asked: usize,
    cancelled: bool,
}

#[derive(Debug)]
struct Shared {
    base: Mutex<String>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    manner: Manner,
    taken: Vec<Taken>,
    files: BTreeMap<String, (String, Vec<u8>)>,
    cancels: usize,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Fal {
    /// The key that it knows.
    pub const KEY: &str = "key-id:key-secret";

    /// A service on a good day.
    pub fn start() -> Self {
        Self::in_manner(Manner::default())
    }

    /// A service of this manner.
    pub fn in_manner(manner: Manner) -> Self {
        let shared =
            Arc::new(Shared { base: Mutex::default(), state: Mutex::new(State { manner, ..State::default() }) });
        let kept = shared.clone();
        let running = Running::start(move |address| {
            *kept.base.lock().unwrap() = format!("http://{address}");
            Router::new()
                .route("/files/{name}", get(file))
                .route("/{*path}", any(queue))
                .layer(DefaultBodyLimit::max(64 << 20))
                .with_state(kept)
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
    }

    /// The requests that were taken, in order.
    pub fn taken(&self) -> Vec<Taken> {
        self.shared.state().taken.clone()
    }

    /// How often somebody asked to stop a request.
    pub fn cancels(&self) -> usize {
        self.shared.state().cancels
    }
}

async fn queue(Extract(shared): Extract<Arc<Shared>>, Path(path): Path<String>, request: Request) -> Response {
    let headers = request.headers().clone();
    if headers.get(header::AUTHORIZATION).is_none_or(|key| key != &format!("Key {}", Fal::KEY)) {
        return refused(
            401,
            json!({"detail": "Cannot access application. Authentication is required to access this application."}),
        );
    }
    {
        let manner = &mut shared.state().manner;
        if manner.busy > 0 {
            manner.busy -= 1;
            let refusal = (
                StatusCode::TOO_MANY_REQUESTS,
                [(header::RETRY_AFTER, "1")],
                axum::Json(json!({"detail": "Rate limited"})),
            );
            return refusal.into_response();
        }
        if manner.broken > 0 {
            manner.broken -= 1;
            return (StatusCode::SERVICE_UNAVAILABLE, "<html>nginx</html>").into_response();
        }
        if manner.poor {
            return refused(403, json!({"detail": "User is locked. Reason: Exhausted balance. Top up your balance."}));
        }
    }
    let method = request.method().clone();
    match path.split_once("/requests/") {
        None if method == Method::POST => {
            let body = axum::body::to_bytes(request.into_body(), 64 << 20).await.unwrap();
            submit(&shared, &path, &headers, &body)
        }
        Some((app, rest)) => {
            let (id, what) = rest.split_once('/').unwrap_or((rest, ""));
            about(&shared, app, id, what, &method)
        }
        None => refused(405, json!({"detail": "Method Not Allowed"})),
    }
}

fn refused(status: u16, body: Value) -> Response {
    (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
}

/// The owner and the app of a model: requests are found under them, whatever else the model's name has.
fn app_of(model: &str) -> String {
    model.splitn(3, '/').take(2).collect::<Vec<_>>().join("/")
}

fn submit(shared: &Shared, model: &str, headers: &HeaderMap, body: &Bytes) -> Response {
    let json = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let Some(input) = serde_json::from_slice::<Value>(body).ok().filter(|_| json) else {
        return refused(422, json!({"detail": "Invalid JSON in the request body"}));
    };
    if !matches!(
        model,
        "fal-ai/flux/schnell"
            | "fal-ai/flux-pro"
            | "fal-ai/flux/dev"
            | "fal-ai/kling-video/v1.5/standard/image-to-video"
    ) {
        return refused(404, json!({"detail": format!("Application {model} not found")}));
    }
    if let Some(fault) = fault_of(model, &input) {
        return refused(422, json!({"detail": [fault]}));
    }
    let base = shared.base.lock().unwrap().clone();
    let mut state = shared.state();
    let id = uuid::Uuid::from_u64_pair(0x4000, 0x8000_0000_0000_0000 + state.taken.len() as u64).to_string();
    let header = headers.get("x-fal-request-start-timeout").and_then(|value| value.to_str().ok()).map(str::to_owned);
    state.taken.push(Taken {
        id: id.clone(),
        model: model.to_owned(),
        input,
        start_timeout: header,
        asked: 0,
        cancelled: false,
    });
    let at = state.manner.request_at.clone().unwrap_or_else(|| format!("{base}/{}/requests/{id}", app_of(model)));
    if std::mem::take(&mut state.manner.loses_answer) {
        let nothing = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("lost")) });
        return Response::builder()
            .header(header::CONTENT_LENGTH, "100")
            .body(axum::body::Body::from_stream(nothing))
            .unwrap();
    }
    axum::Json(json!({"request_id": id, "response_url": at, "status_url": format!("{at}/status"),
        "cancel_url": format!("{at}/cancel"), "status": "IN_QUEUE", "queue_position": 0}))
    .into_response()
}

/// What is wrong with an input, by the schema of its model.
fn fault_of(model: &str, input: &Value) -> Option<Value> {
    let fault = |place: &str, words: &str| Some(json!({"loc": ["body", place], "msg": words, "type": "value_error"}));
    if input["prompt"].as_str().is_none_or(|prompt| prompt.is_empty() && !model.contains("kling")) {
        return fault("prompt", "Field required");
    }
    if model.contains("kling") {
        let still = input["image_url"].as_str().unwrap_or_default();
        if !still.starts_with("data:image/jpeg;base64,/9j/") && !still.starts_with("https://") {
            return fault("image_url", "Unable to download or decode the image");
        }
        if !["5", "10"].contains(&input["duration"].as_str().unwrap_or("5")) {
            return fault("duration", "Input should be '5' or '10'");
        }
        if !["16:9", "9:16", "1:1"].contains(&input["aspect_ratio"].as_str().unwrap_or("16:9")) {
            return fault("aspect_ratio", "Input should be '16:9', '9:16' or '1:1'");
        }
        return None;
    }
    for side in ["width", "height"] {
        if !input["image_size"][side].as_u64().is_some_and(|pixels| (64..=14_142).contains(&pixels)) {
            return fault("image_size", "Input should be less than or equal to 14142");
        }
    }
    if !["jpeg", "png"].contains(&input["output_format"].as_str().unwrap_or("jpeg")) {
        return fault("output_format", "Input should be 'jpeg' or 'png'");
    }
    None
}

fn about(shared: &Shared, app: &str, id: &str, what: &str, method: &Method) -> Response {
    let base = shared.base.lock().unwrap().clone();
    let mut state = shared.state();
    let manner = state.manner.clone();
    let Some(taken) = state.taken.iter_mut().find(|taken| taken.id == id && app_of(&taken.model) == app) else {
        return refused(404, json!({"detail": "Request not found", "status": "NOT_FOUND"}));
    };
    let ended = |taken: &Taken| taken.cancelled || taken.asked > manner.questions && !manner.never_ends;
    match (method.as_str(), what) {
        ("GET", "status") => {
            taken.asked += 1;
            let (asked, ended) = (taken.asked, ended(taken));
            if ended {
                return axum::Json(
                    json!({"status": "COMPLETED", "request_id": id, "logs": null, "metrics": {"inference_time": 1.5}}),
                )
                .into_response();
            }
            let state = if asked <= manner.questions.div_ceil(2) {
                json!({"status": "IN_QUEUE", "queue_position": 2})
            } else {
                json!({"status": "IN_PROGRESS", "logs": null})
            };
            (StatusCode::ACCEPTED, axum::Json(state)).into_response()
        }
        ("GET", "") if taken.cancelled => {
            refused(499, json!({"detail": "Request was cancelled", "error_type": "client_disconnected"}))
        }
        ("GET", "") if !ended(taken) => refused(400, json!({"detail": "Request is still in progress"})),
        ("GET", "") => {
            let taken = taken.clone();
            result(&mut state, &taken, &base)
        }
        ("PUT", "cancel") => {
            let done = ended(taken);
            taken.cancelled |= !done;
            state.cancels += 1;
            match done {
                true => refused(400, json!({"status": "ALREADY_COMPLETED"})),
                false => refused(202, json!({"status": "CANCELLATION_REQUESTED"})),
            }
        }
        _ => refused(405, json!({"detail": "Method Not Allowed"})),
    }
}

fn result(state: &mut State, taken: &Taken, base: &str) -> Response {
    if let Some((status, body)) = &state.manner.fails {
        return refused(*status, body.clone());
    }
    let kling = taken.model.contains("kling");
    let (name, kind, bytes, width, height) = if kling {
        let (width, height) = match taken.input["aspect_ratio"].as_str() {
            Some("9:16") => (360, 640),
            Some("1:1") => (480, 480),
            _ => (640, 360),
        };
        (format!("{}.mp4", taken.id), "video/mp4", clip(width, height, 60, 12).unwrap_or_default(), width, height)
    } else {
        let side = |name: &str| taken.input["image_size"][name].as_u64().unwrap() as u32;
        let words = taken.input["prompt"].to_string() + &taken.input["seed"].to_string();
        let (width, height) = (side("width"), side("height"));
        let png = taken.input["output_format"] == "png";
        let format = if png { image::ImageFormat::Png } else { image::ImageFormat::Jpeg };
        let (ending, kind) = if png { ("png", "image/png") } else { ("jpg", "image/jpeg") };
        (format!("{}.{ending}", taken.id), kind, encoded(&painted(width, height, &words), format), width, height)
    };
    let address = state.manner.file_at.clone().unwrap_or_else(|| format!("{base}/files/{name}"));
    let length = bytes.len();
    state.files.insert(name.clone(), (kind.to_owned(), bytes));
    let answer = match kling {
        true => json!({"video": {"url": address, "content_type": kind, "file_name": name, "file_size": length}}),
        false => json!({"images": [{"url": address, "width": width, "height": height, "content_type": kind}],
            "timings": {"inference": 0.5}, "seed": taken.input["seed"], "has_nsfw_concepts": [state.manner.filtered], "prompt": taken.input["prompt"]}),
    };
    axum::Json(answer).into_response()
}

async fn file(Extract(shared): Extract<Arc<Shared>>, Path(name): Path<String>) -> Response {
    let state = shared.state();
    let Some((kind, bytes)) = state.files.get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    if state.manner.serves_pages {
        return ([(header::CONTENT_TYPE, "text/html")], "<html>not found</html>").into_response();
    }
    let bytes = if state.manner.truncates { bytes[..bytes.len() / 2].to_vec() } else { bytes.clone() };
    ([(header::CONTENT_TYPE, kind.clone())], bytes).into_response()
}
