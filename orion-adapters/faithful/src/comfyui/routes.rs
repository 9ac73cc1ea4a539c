//! The routes.

use super::{Item, Shared, graph};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State as Extract};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

type Kept = Extract<Arc<Shared>>;

pub(crate) fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/ws", get(socket))
        .route("/prompt", post(prompt))
        .route("/queue", get(queue).post(change_queue))
        .route("/history/{id}", get(history))
        .route("/interrupt", post(interrupt))
        .route("/api/jobs/{id}/cancel", post(cancel))
        .route("/upload/image", post(upload))
        .route("/view", get(view))
        .route("/system_stats", get(stats))
        .layer(from_fn_with_state(shared.clone(), busy))
        .layer(DefaultBodyLimit::max(64 << 20))
        .with_state(shared)
}

/// Refuses as often as it is told to.
async fn busy(Extract(shared): Kept, request: Request, next: Next) -> Response {
    let refuses = {
        let manner = &mut shared.state().manner;
        let refuses = manner.busy > 0;
        manner.busy -= usize::from(refuses);
        refuses
    };
    match refuses {
        true => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")], "slow down").into_response(),
        false => next.run(request).await,
    }
}

async fn socket(
    Extract(shared): Kept,
    Query(query): Query<HashMap<String, String>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if shared.state().manner.no_socket {
        return StatusCode::NOT_FOUND.into_response();
    }
    let client = query.get("clientId").cloned().unwrap_or_default();
    shared.state().clients.push(client.clone());
    upgrade.on_upgrade(move |socket| talk(shared, socket, client))
}

async fn talk(shared: Arc<Shared>, mut socket: WebSocket, client: String) {
    let mut messages = shared.messages.subscribe();
    shared.state().sockets += 1;
    let status = json!({"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 0}}, "sid": client}});
    let _ = socket.send(Message::Text(status.to_string().into())).await;
    loop {
        tokio::select! {
            heard = socket.recv() => match heard {
                Some(Ok(_)) => {}
                _ => break,
            },
            message = messages.recv() => match message {
                Ok((_, Value::Null)) | Err(_) => break,
                Ok((to, message)) if to.as_ref().is_none_or(|to| *to == client) => {
                    // A preview comes between, as bytes.
                    let _ = socket.send(Message::Binary(Bytes::from_static(b"\0\0\0\x01\0\0\0\x01preview"))).await;
                    if socket.send(Message::Text(message.to_string().into())).await.is_err() {
                        break;
                    }
                }
                Ok(_) => {}
            },
        }
    }
    shared.state().clients.retain(|open| *open != client);
}

async fn prompt(Extract(shared): Kept, headers: HeaderMap, body: Bytes) -> Response {
    let json = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let Some(asked) = serde_json::from_slice::<Value>(&body).ok().filter(|_| json) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut state = shared.state();
    let manner = state.manner.clone();
    let id = match asked["prompt_id"].as_str().filter(|_| !manner.old) {
        Some(id) if Uuid::try_parse(id).is_ok_and(|parsed| parsed.to_string() == id) => id.to_owned(),
        Some(_) => {
            let error = json!({"type": "invalid_prompt_id", "message": "prompt_id must be a valid UUID", "details": "", "extra_info": {}});
            return (StatusCode::BAD_REQUEST, axum::Json(json!({"error": error, "node_errors": {}}))).into_response();
        }
        None => Uuid::from_u64_pair(0x4000, 0x8000_0000_0000_0000 + state.next).to_string(),
    };
    let taken = &asked["prompt"];
    if let Some(fault) = graph::fault_of(taken, &manner.lacks_nodes, manner.lacks_models, &state.uploads, manner.old) {
        return (StatusCode::BAD_REQUEST, axum::Json(fault)).into_response();
    }
    state.next += 1;
    let client = asked["client_id"].as_str().map(str::to_owned);
    let heard = client.as_ref().is_some_and(|client| state.clients.contains(client));
    state.heard.push(heard);
    let item = Item { number: state.next, id: id.clone(), graph: taken.clone(), client };
    state.queued.push(item.clone());
    state.pending.push_back(item);
    let (number, loses) = (state.next, std::mem::take(&mut state.manner.loses_answer));
    drop(state);
    shared.work.notify_one();
    if loses {
        // The connection breaks off instead of an answer.
        let nothing = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("lost")) });
        return Response::builder().header(header::CONTENT_LENGTH, "100").body(Body::from_stream(nothing)).unwrap();
    }
    axum::Json(json!({"prompt_id": id, "number": number, "node_errors": {}})).into_response()
}

fn shown(item: &Item) -> Value {
    json!([item.number, item.id, item.graph, {"client_id": item.client}, []])
}

async fn queue(Extract(shared): Kept) -> Response {
    let state = shared.state();
    let running: Vec<Value> = state.running.iter().map(shown).collect();
    let pending: Vec<Value> = state.pending.iter().map(shown).collect();
    axum::Json(json!({"queue_running": running, "queue_pending": pending})).into_response()
}

async fn change_queue(Extract(shared): Kept, axum::Json(asked): axum::Json<Value>) -> StatusCode {
    let mut state = shared.state();
    if asked["clear"] == true {
        state.pending.clear();
    }
    for id in asked["delete"].as_array().into_iter().flatten() {
        state.pending.retain(|item| *id != item.id.as_str());
    }
    StatusCode::OK
}

async fn history(Extract(shared): Kept, Path(id): Path<String>) -> Response {
    let state = shared.state();
    let found = state.history.values().find(|(name, _)| *name == id);
    axum::Json(found.map_or_else(|| json!({}), |(name, entry)| json!({name: entry}))).into_response()
}

/// Interrupts what is at work, or only the prompt of this name; tells whether it was at work.
fn stop(shared: &Shared, only: Option<&str>) -> bool {
    let mut state = shared.state();
    let running = state.running.as_ref().is_some_and(|item| only.is_none_or(|only| item.id == only));
    if running {
        state.interrupts += 1;
        state.interrupted = true;
        shared.interrupt.notify_one();
    }
    running
}

async fn interrupt(Extract(shared): Kept, body: Bytes) -> StatusCode {
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let old = shared.state().manner.old;
    stop(&shared, asked["prompt_id"].as_str().filter(|_| !old));
    StatusCode::OK
}

async fn cancel(Extract(shared): Kept, Path(id): Path<String>) -> Response {
    let mut state = shared.state();
    if state.manner.old {
        return StatusCode::NOT_FOUND.into_response();
    }
    let before = state.pending.len();
    state.pending.retain(|item| item.id != id);
    let mut cancelled = state.pending.len() < before;
    drop(state);
    cancelled |= stop(&shared, Some(&id));
    axum::Json(json!({"cancelled": cancelled})).into_response()
}

async fn upload(Extract(shared): Kept, headers: HeaderMap, body: Bytes) -> Response {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let Some((_, boundary)) = kind.split_once("multipart/form-data; boundary=") else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let parts = parts_of(&body, boundary);
    let text =
        |name: &str| parts.get(name).map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default();
    let (Some((Some(name), bytes)), "input") = (parts.get("image"), text("type").as_str()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if image::guess_format(bytes).is_err() {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let folder = text("subfolder");
    let place = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
    shared.state().uploads.insert(place, bytes.clone());
    axum::Json(json!({"name": name, "subfolder": folder, "type": "input"})).into_response()
}

/// The parts of a form by their names, with the names of files.
fn parts_of(body: &[u8], boundary: &str) -> HashMap<String, (Option<String>, Vec<u8>)> {
    let find = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|window| window == what);
    let mark = format!("--{boundary}");
    let (mut rest, mut parts) = (body, HashMap::new());
    while let Some(start) = find(rest, mark.as_bytes()) {
        rest = &rest[start + mark.len()..];
        let (Some(head), Some(end)) = (find(rest, b"\r\n\r\n"), find(rest, format!("\r\n{mark}").as_bytes())) else {
            break;
        };
        let told = String::from_utf8_lossy(&rest[..head]).into_owned();
        let quoted = |key: &str| {
            let (_, after) = told.split_once(&format!("{key}=\""))?;
            after.split_once('"').map(|(value, _)| value.to_owned())
        };
        if let Some(name) = quoted("; name") {
            parts.insert(name, (quoted("; filename"), rest[head + 4..end].to_vec()));
        }
        rest = &rest[end..];
    }
    parts
}

async fn view(Extract(shared): Kept, Query(query): Query<HashMap<String, String>>) -> Response {
    let text = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let state = shared.state();
    let place = format!("{}/{}/{}", text("type"), text("subfolder"), text("filename"));
    let Some(bytes) = state.files.get(&place) else { return StatusCode::NOT_FOUND.into_response() };
    let kind = if text("filename").ends_with(".mp4") { "video/mp4" } else { "image/png" };
    if state.manner.serves_pages {
        return ([(header::CONTENT_TYPE, "text/html")], "<html>please sign in</html>").into_response();
    }
    let bytes = if state.manner.truncates { bytes[..bytes.len() / 2].to_vec() } else { bytes.clone() };
    ([(header::CONTENT_TYPE, kind)], bytes).into_response()
}

async fn stats(Extract(shared): Kept) -> Response {
    let memory = match shared.state().manner.memory {
        0 => 24_u64 << 30,
        memory => memory,
    };
    axum::Json(json!({"system": {"os": "posix", "comfyui_version": "0.26.0"},
        "devices": [{"name": "cuda:0", "type": "cuda", "index": 0, "vram_total": memory, "vram_free": memory}]}))
    .into_response()
}
