//! The description of the API: an OpenAPI 3.1 document made from the handlers themselves, and a page to read it.

use super::super::access::{self, Access};
use super::super::{Platform, Routes};
use axum::extract::State;
use axum::http::{HeaderValue, Method, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::sync::Arc;

pub(super) fn routes() -> Routes {
    Routes::new().route("/openapi.json", get(document)).route("/docs", get(page))
}

async fn document(State(platform): State<Arc<Platform>>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], platform.openapi.to_string()).into_response()
}

/// Completes what the handlers say of themselves with what holds for all of them: who may call, and how errors look.
pub(in crate::http) fn describe(openapi: utoipa::openapi::OpenApi) -> Value {
    // Plain data always becomes JSON.
    let mut document = serde_json::to_value(openapi).unwrap_or_default();
    document["info"] = json!({
        "title": "Orion",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Turns trends into finished, captioned, narrated short videos.",
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    });
    document["components"]["securitySchemes"] = json!({
        "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
        "cookie": { "type": "apiKey", "in": "cookie", "name": "orion_token" },
    });
    document["components"]["schemas"]["Error"] = error_schema();
    document["components"]["responses"]["Error"] = json!({
        "description": "What went wrong",
        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
    });
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, item) in paths {
            for (method, operation) in item.as_object_mut().into_iter().flatten() {
                complete(path, method, operation);
            }
        }
    }
    document
}

fn complete(path: &str, method: &str, operation: &mut Value) {
    let Ok(verb) = Method::from_bytes(method.to_uppercase().as_bytes()) else { return };
    let name: Vec<&str> =
        path.split(['/', '{', '}']).filter(|part| !part.is_empty() && !matches!(*part, "api" | "v1")).collect();
    operation["operationId"] = format!("{method}_{}", name.join("_").replace(['-', '.', '*'], "_")).into();
    operation["responses"]["default"] = json!({ "$ref": "#/components/responses/Error" });
    let (security, role) = match access::of(&verb, path) {
        Access::Open => (json!([]), None),
        Access::Bearer(role) => (json!([{ "bearer": [] }]), Some(role)),
        Access::Cookie(role) => (json!([{ "bearer": [] }, { "cookie": [] }]), Some(role)),
    };
    operation["security"] = security;
    if let Some(role) = role {
        operation["x-orion-role"] = role.to_string().into();
    }
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "required": ["message", "detail"],
        "properties": {
            "message": { "type": "string", "description": "One line for people." },
            "detail": {
                "description": "The message again, or, with status 422, what is wrong with which part of the request.",
                "oneOf": [
                    { "type": "string" },
                    { "type": "array", "items": {
                        "type": "object",
                        "required": ["type", "loc", "msg"],
                        "properties": {
                            "type": { "type": "string" },
                            "loc": { "type": "array", "items": { "type": ["string", "integer"] } },
                            "msg": { "type": "string" },
                            "input": {},
                        },
                    } },
                ],
            },
            "hint": { "type": "string", "description": "What to do about it." },
            "error": { "type": "object", "description": "With status 429: code, message and status again." },
        },
    })
}

const STYLE: &str = "
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin: 2.5rem 0 .5rem; text-transform: capitalize; }
details { border-top: 1px solid light-dark(#ddd, #444); }
summary { padding: .5rem 0; cursor: pointer; }
summary code { font-weight: 600; } .verb { display: inline-block; min-width: 4.5rem; }
.role { float: right; opacity: .7; } pre { overflow: auto; padding: .75rem; background: light-dark(#f4f4f6, #222); border-radius: .4rem; }
";

/// The page: every route with what it takes and gives, readable without a script.
async fn page(State(platform): State<Arc<Platform>>) -> Response {
    let policy = HeaderValue::from_static(
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(render(&platform.openapi))).into_response()
}

fn render(document: &Value) -> String {
    let nothing = Map::new();
    let mut tags: Vec<(String, String)> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap_or(&nothing) {
        for (method, operation) in item.as_object().unwrap_or(&nothing) {
            let tag = operation["tags"][0].as_str().unwrap_or("other").to_owned();
            let block = block(document, path, method, operation);
            match tags.iter_mut().find(|(name, _)| *name == tag) {
                Some((_, blocks)) => blocks.push_str(&block),
                None => tags.push((tag, block)),
            }
        }
    }
    let body: String = tags.iter().map(|(tag, blocks)| format!("<h2>{}</h2>{blocks}", escape(tag))).collect();
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Orion API</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>{STYLE}</style></head><body>\
         <h1>Orion API</h1><p>Made from the code. The same as an OpenAPI 3.1 document: \
         <a href=\"/openapi.json\">openapi.json</a>.</p>{body}</body></html>"
    )
}

fn block(document: &Value, path: &str, method: &str, operation: &Value) -> String {
    let role = operation["x-orion-role"].as_str().unwrap_or("everybody");
    let summary = operation["summary"].as_str().or(operation["description"].as_str()).unwrap_or_default();
    let mut text = format!(
        "<details><summary><span class=\"role\">{role}</span><code><span class=\"verb\">{}</span>{}</code> {}</summary>",
        method.to_uppercase(),
        escape(path),
        escape(summary),
    );
    let mut part = |title: &str, value: &Value| {
        if !value.is_null() {
            let shown = serde_json::to_string_pretty(&resolved(document, value, 0)).unwrap_or_default();
            // Writing into a string does not fail.
            let _ = write!(text, "<p>{title}</p><pre>{}</pre>", escape(&shown));
        }
    };
    part("Parameters", &operation["parameters"]);
    part("Body", &operation["requestBody"]["content"]["application/json"]["schema"]);
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let schema = &response["content"]["application/json"]["schema"];
        part(&format!("Answer {}", escape(status)), if schema.is_null() { &response["description"] } else { schema });
    }
    text.push_str("</details>");
    text
}

/// A schema with what it refers to in its place, a few levels deep.
fn resolved(document: &Value, value: &Value, depth: usize) -> Value {
    match value {
        Value::Object(object) => match object.get("$ref").and_then(Value::as_str) {
            Some(name) if depth < 6 => {
                let found = document.pointer(name.trim_start_matches('#')).unwrap_or(&Value::Null);
                resolved(document, found, depth + 1)
            }
            _ => Value::Object(object.iter().map(|(k, v)| (k.clone(), resolved(document, v, depth))).collect()),
        },
        Value::Array(items) => Value::Array(items.iter().map(|item| resolved(document, item, depth)).collect()),
        other => other.clone(),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
