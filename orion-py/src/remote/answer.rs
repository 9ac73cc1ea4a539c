//! The platform's answers in the forms that an engine gives. What the platform does not tell is absent, never invented.

use super::{dollars, text};
use crate::engine::look::micros;
use serde_json::{Value, json};

pub(super) fn trend_of(trend: &Value) -> Value {
    let sources: Vec<&str> =
        trend["source"].as_str().unwrap_or_default().split(',').filter(|name| !name.is_empty()).collect();
    let items = trend["raw_data"]["items"].as_array().into_iter().flatten().map(|item| {
        json!({ "title": item["title"], "url": item["url"], "summary": item["summary"], "feed_title": item["feed"],
                "published_at": item["published"], "rank": item["rank"] })
    });
    json!({
        "id": trend["id"], "topic": trend["topic"], "sources": sources, "score": trend["score"], "niche": trend["niche"],
        "keywords": trend["keywords"], "items": items.collect::<Vec<_>>(), "signals": trend["raw_data"]["signals"],
        "detected_at": trend["detected_at"],
        "expired_at": trend["expired_at"], "status": trend["state"],
    })
}

/// Content with its parts.
pub(super) fn content_of(detail: &Value) -> Value {
    let script = &detail["script"];
    let script = if script.is_null() {
        Value::Null
    } else {
        json!({ "title": script["title"], "language": null, "lines": script["lines"], "author": script["author"] })
    };
    json!({
        "id": detail["id"], "trend_id": detail["trend_id"], "owner": null, "title": detail["title"],
        "status": detail["status"], "script": script, "scenes": detail["visual_prompts"],
        "confidence": detail["confidence_score"], "critique": null, "niche": detail["niche"],
        "platform": detail["target_platform"], "regeneration_count": detail["regeneration_count"],
        "feedback": detail["feedback_history"], "created_at": detail["created_at"], "updated_at": detail["updated_at"],
        "published_at": null,
    })
}

/// Content as lists show it: without its script and scenes.
pub(super) fn listed_content_of(row: &Value) -> Value {
    json!({
        "id": row["id"], "trend_id": row["trend_id"], "owner": null, "title": row["title"], "status": row["status"],
        "script": null, "scenes": null, "confidence": row["confidence_score"], "critique": null, "niche": row["niche"],
        "platform": row["target_platform"], "regeneration_count": row["regeneration_count"],
        "feedback": row["feedback_history"], "created_at": row["created_at"], "updated_at": row["updated_at"],
        "published_at": row["published_at"],
    })
}

pub(super) fn run_of(row: &Value) -> Value {
    let state = row["state"].as_str().unwrap_or_default();
    let state = state.split(' ').next().unwrap_or_default();
    json!({
        "id": row["id"], "content_id": row["content_id"], "owner": null, "gates": null,
        "state": { "state": state, "stage": row["stage"], "gate": row["gate"], "reason": row["error"],
            "next_step": row["next_step"] },
        "feedback": null, "attempts": row["attempts"], "created_at": row["created_at"], "started_at": row["started_at"],
        "finished_at": row["completed_at"],
    })
}

/// What content waits for, or null.
pub(super) fn question_of(detail: &Value) -> Value {
    let payload = &detail["review_payload"];
    if payload.is_null() {
        return Value::Null;
    }
    json!({
        "id": null, "run_id": detail["pipeline_run_id"], "content_id": detail["id"], "gate": payload["stage"],
        "subject": payload["subject"], "state": "open", "created_at": null, "expires_at": payload["expires_at"],
    })
}

pub(super) fn asset_of(asset: &Value) -> Value {
    let kind = match asset["metadata"]["type"].as_str() {
        Some("thumbnail") => "thumbnail".into(),
        _ => asset["type"].clone(),
    };
    json!({
        "id": asset["id"], "content_id": asset["content_id"], "kind": kind, "provider": asset["provider"],
        "position": null, "blob": { "sha256": null, "length": asset["file_size"], "media_type": null },
        "metadata": asset["metadata"], "created_at": asset["created_at"],
    })
}

pub(super) fn account_of(account: &Value) -> Value {
    json!({ "id": account["id"], "platform": account["platform"], "name": account["display_name"],
            "active": account["is_active"], "created_at": account["created_at"] })
}

pub(super) fn publication_of(row: &Value) -> Value {
    json!({
        "id": row["id"], "content_id": row["content_id"], "platform": row["platform"], "state": row["state"],
        "post_id": row["platform_post_id"], "error": row["error_message"], "created_at": row["created_at"],
        "published_at": row["published_at"],
    })
}

pub(super) fn user_of(user: &Value) -> Value {
    json!({ "id": user["id"], "email": user["email"], "name": user["name"], "role": user["role"],
            "active": user["is_active"], "created_at": user["created_at"], "last_login_at": user["last_login_at"] })
}

/// How one capability stands.
pub(super) fn service_of(item: &Value) -> Value {
    let chosen = match &item["chosen"] {
        Value::Null => Value::Null,
        chosen => json!({ "side": chosen["provider"], "provider": chosen["name"], "model": chosen["model"],
                          "fallback": chosen["fallback"] }),
    };
    let providers = item["providers"].as_array().into_iter().flatten().map(|one| {
        json!({
            "name": one["provider"], "model": one["model"], "side": one["mode"], "place": one["place"],
            "why_not": one["why_not"], "circuit": one["circuit"], "requests": one["requests"],
            "errors": one["errors"], "fallbacks": one["fallbacks"], "cost": dollars(&one["cost_usd"]),
            "last_served_at": one["last_served_at"], "failures": one["last_failures"],
        })
    });
    json!({ "service": item["service"], "policy": item["policy"], "chosen": chosen,
            "providers": providers.collect::<Vec<_>>() })
}

/// What may be spent, and what a video is expected to cost.
pub(super) fn budget_of(view: &Value) -> Value {
    let cap = |key: &str| view[key].as_f64().map(micros);
    let stages = view["estimate"].as_array().into_iter().flatten().map(|stage| {
        json!({ "stage": stage["stage"], "provider": stage["provider"], "units": stage["units"],
                "cost": dollars(&stage["usd"]) })
    });
    json!({
        "run": cap("run_usd"), "day": cap("day_usd"), "spent_today": dollars(&view["spent_today_usd"]),
        "left_today": cap("left_today_usd"), "expected": dollars(&view["estimate_usd"]),
        "stages": stages.collect::<Vec<_>>(),
    })
}

/// One frame of a socket.
pub(super) fn event_of(frame: &Value) -> orion_core::Result<Value> {
    let payload = &frame["payload"];
    Ok(json!({
        "id": text(&frame["id"])?, "cursor": frame["id"], "channel": payload.get("_channel").unwrap_or(&frame["type"]),
        "at": payload.get("timestamp").unwrap_or(&frame["timestamp"]), "content_id": payload["content_id"], "payload": payload,
    }))
}
