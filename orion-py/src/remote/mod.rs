//! Answers calls by asking a platform over its API: the same calls, in the platform's forms.

mod answer;
mod http;
mod live;
mod watch;

use crate::calls::{Call, Request, Sound, SwitchOrder, VideoOrder, reply, switchable, unsupported};
use crate::engine::look::micros;
use answer::{run_of, trend_of};
use http::Http;
use live::Live;
use orion_core::domain::Secret;
use orion_core::id::{AssetId, ContentId, RunId};
use orion_core::port::Provider;
use orion_core::service::director::marked_script;
use orion_core::service::production::Subject;
use orion_core::{Error, Operation, Result};
use orion_host::Switchable;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tokio::sync::Mutex;

/// Most rows that the API gives of a list at once.
const MOST_ROWS: u32 = 200;
const MOST_TRENDS: u32 = 100;
/// Sockets that are kept open for those who come back for more events.
const MOST_SOCKETS: usize = 16;

/// How a platform is reached.
#[derive(Deserialize)]
pub(crate) struct Connection {
    url: String,
    token: Option<Secret>,
    email: Option<String>,
    password: Option<Secret>,
}

/// A platform, as one of its users sees it.
pub(crate) struct Remote {
    http: Http,
    /// Open sockets by the place that they have come to.
    sockets: Mutex<BTreeMap<String, Live>>,
}

impl Remote {
    pub(crate) async fn connect(connection: Connection) -> Result<Self> {
        let http = Http::new(&connection.url, connection.token)?;
        if let (Some(email), Some(password)) = (connection.email, connection.password) {
            http.sign_in(&email, &password).await?;
        }
        Ok(Self { http, sockets: Mutex::default() })
    }

    pub(crate) async fn answer(&self, request: Request, operation: &Operation) -> Result<Vec<u8>> {
        if request.user.is_some() {
            let hint = "connect with that user's own token";
            return Err(unsupported("a platform knows who asks by the token alone", hint));
        }
        operation.cancellation.unless_cancelled(self.made(request.call, operation)).await
    }

    async fn made(&self, call: Call, operation: &Operation) -> Result<Vec<u8>> {
        match call {
            Call::Create { order, out } => self.create(order, out, operation).await,
            Call::Start { order } => {
                let begun = self.http.post("/api/v1/director/content/generate", &generate(&order).await?).await?;
                reply(&self.newest_run(id_of(&begun["id"])?).await?)
            }
            Call::Advance { run } => reply(&self.wait_for(run, operation).await?),
            Call::Deliver { run, out } => self.deliver(run, out).await,
            Call::Render { content, voice, captions, size } => {
                let (width, height) = size.unzip();
                let order = json!({ "content_id": content, "voice_id": voice, "subtitle_style": captions,
                                    "video_width": width, "video_height": height });
                self.http.post("/api/v1/editor/render", &order).await?;
                reply(&self.newest_run(content).await?)
            }
            Call::Question { content } => reply(&answer::question_of(&self.content(content).await?)),
            Call::Approve { content, subject } => {
                self.http.post(&path(content, "approve"), &json!({ "subject": subject })).await?;
                self.shown(content).await
            }
            Call::Reject { content, feedback, again } => {
                let body = json!({ "feedback": feedback, "regenerate": again });
                self.http.post(&path(content, "reject"), &body).await?;
                self.shown(content).await
            }
            Call::Regenerate { content, feedback } => {
                self.http.post(&path(content, "regenerate"), &json!({ "feedback": feedback })).await?;
                self.shown(content).await
            }
            Call::EditScript { content, title, lines } => {
                let body = json!({ "title": title, "lines": lines });
                let detail = self.http.call(Method::PUT, &path(content, "script"), Some(&body)).await?;
                reply(&answer::question_of(&detail))
            }
            Call::EditScene { content, number, scene } => {
                let path = path(content, &format!("visual-prompts/{number}"));
                let body = serde_json::to_value(&scene)?;
                reply(&answer::question_of(&self.http.call(Method::PATCH, &path, Some(&body)).await?))
            }
            Call::Content { id } => self.shown(id).await,
            Call::Contents { statuses, limit } => self.contents(&statuses, limit).await,
            Call::Runs { limit } => {
                let path = format!("/api/v1/director/pipelines?limit={}", limit.clamp(1, MOST_ROWS));
                reply(&rows(&self.http.get(&path).await?, run_of))
            }
            Call::Run { id } => reply(&self.run(id).await?),
            Call::Events { after, limit, wait } => self.events(after, limit, wait).await,
            call => self.ask(call, operation).await,
        }
    }

    async fn ask(&self, call: Call, operation: &Operation) -> Result<Vec<u8>> {
        match call {
            Call::Scan { feeds, niche, region, limit } => {
                if !feeds.is_empty() {
                    let hint = "name the feeds in the platform's own setting `feeds`";
                    return Err(unsupported("a platform scans the feeds of its configuration", hint));
                }
                let body = json!({ "region": region, "limit": limit, "niche": niche });
                let scan = self.http.post("/api/v1/scout/trends/scan", &body).await?;
                reply(&json!({ "found": scan["trends_found"], "saved": scan["trends_saved"], "used": null,
                               "trends": self.trends(String::new(), limit).await?, "problems": scan["problems"] }))
            }
            Call::Trends { statuses, limit } => {
                let names: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
                reply(&self.trends(names.join(","), limit).await?)
            }
            Call::Trend { id } => reply(&trend_of(&self.http.get(&format!("/api/v1/scout/trends/{id}")).await?)),
            Call::SetTrend { id, status } => {
                let path = format!("/api/v1/scout/trends/{id}/status");
                let body = json!({ "status": status });
                reply(&trend_of(&self.http.call(Method::PATCH, &path, Some(&body)).await?))
            }
            Call::Assets { content } => {
                let assets = self.http.get(&format!("/api/v1/media/assets/{content}")).await?;
                reply(&rows(&assets, answer::asset_of))
            }
            Call::Save { content, asset, path } => {
                let found = self.asset(content, asset).await?;
                self.http.download(text(&found["url"])?, &path, operation).await?;
                reply(&path)
            }
            Call::Draw { prompt, width, height, seed, out } => {
                let body = json!({ "prompt": prompt, "width": width, "height": height, "seed": seed });
                let made = self.http.post("/api/v1/media/generate", &body).await?;
                self.http.download(text(&made["url"])?, &out, operation).await?;
                reply(&json!({ "path": out, "media_type": null, "provider": made["provider"] }))
            }
            Call::Speak { text: words, voice, language, speed, out } => {
                let body = json!({ "text": words, "voice_id": voice, "language": language, "speed": speed });
                let made = self.http.post("/api/v1/editor/tts", &body).await?;
                self.http.download(text(&made["url"])?, &out, operation).await?;
                reply(&json!({ "path": out, "media_type": "audio/wav", "provider": made["provider"],
                               "seconds": made["duration_seconds"], "words": null }))
            }
            Call::Transcribe { sound, language } => self.transcribe(sound, language).await,
            Call::Providers => reply(&self.providers().await?),
            Call::Switch(order) => {
                self.switch(&order).await?;
                reply(&self.providers().await?)
            }
            Call::ResetProvider { service } => {
                self.http.call(Method::DELETE, &configured(switchable(&service)?), None).await?;
                reply(&self.providers().await?)
            }
            call => self.account(call).await,
        }
    }

    async fn account(&self, call: Call) -> Result<Vec<u8>> {
        let spending = |row: &Value| {
            json!({ "total": dollars(&row["total_cost"]), "records": row["record_count"],
                                             "by_category": by_name(&row["by_category"]) })
        };
        match call {
            Call::Costs { days } => {
                reply(&spending(&self.http.get(&format!("/api/v1/pulse/costs?days={days}")).await?))
            }
            Call::DailyCosts { days } => {
                let rows_of = self.http.get(&format!("/api/v1/pulse/costs/daily?days={days}")).await?;
                reply(&rows(&rows_of, |row| json!({ "date": row["date"], "spending": spending(row) })))
            }
            Call::ProviderCosts { days } => {
                let rows_of = self.http.get(&format!("/api/v1/pulse/costs/by-provider?days={days}")).await?;
                reply(&rows(&rows_of, |row| json!({ "provider": row["provider"], "spending": spending(row) })))
            }
            Call::Projections { days } => {
                let rows_of = self.http.get(&format!("/api/v1/pulse/pipeline/costs?days={days}")).await?;
                reply(&rows(&rows_of, |row| {
                    json!({
                        "period": row["period"], "current": dollars(&row["current_cost"]),
                        "projected": dollars(&row["projected_cost"]), "change": row["trend"],
                    })
                }))
            }
            Call::Metrics { hours } => {
                let found = self.http.get(&format!("/api/v1/pulse/analytics/metrics?hours={hours}")).await?;
                let stages = rows(&found["stages"], |row| {
                    json!({
                        "stage": row["stage"], "runs": row["total_runs"], "completed": row["completed"],
                        "failed": row["failed"], "seconds": row["avg_latency_seconds"],
                    })
                });
                reply(&json!({ "videos_per_hour": found["throughput_per_hour"], "error_rate": found["error_rate"],
                               "stages": stages }))
            }
            Call::Budget { seconds } => {
                let seconds = seconds.map_or_else(String::new, |seconds| format!("?seconds={seconds}"));
                reply(&answer::budget_of(&self.http.get(&format!("/api/v1/pulse/budget{seconds}")).await?))
            }
            Call::Funnel => reply(&self.http.get("/api/v1/pulse/pipeline/funnel").await?),
            Call::Accounts => reply(&rows(&self.http.get("/api/v1/publisher/accounts").await?, answer::account_of)),
            Call::Connect { platform, name, credentials } => {
                let body = json!({ "platform": platform, "display_name": name, "credentials": credentials });
                reply(&answer::account_of(&self.http.post("/api/v1/publisher/accounts", &body).await?))
            }
            Call::Disconnect { id } => {
                self.http.call(Method::DELETE, &format!("/api/v1/publisher/accounts/{id}"), None).await?;
                reply(&())
            }
            Call::Publish { content, destinations } => {
                let body = json!({ "content_id": content, "platforms": destinations });
                reply(&self.http.post("/api/v1/publisher/publish", &body).await?)
            }
            Call::Publications { content, limit } => {
                let of = content.map_or_else(String::new, |id| format!("&content_id={id}"));
                let path = format!("/api/v1/publisher/history?limit={}{of}", limit.clamp(1, MOST_ROWS));
                reply(&rows(&self.http.get(&path).await?, answer::publication_of))
            }
            Call::Settle { id, published } => {
                let path = format!("/api/v1/publisher/publish/{id}/decide");
                reply(&answer::publication_of(&self.http.post(&path, &json!({ "published": published })).await?))
            }
            Call::Users => {
                let found = self.http.get("/api/v1/identity/users?page=1&page_size=100").await?;
                reply(&rows(&found["users"], answer::user_of))
            }
            Call::AddUser { email, name, password, role } => {
                let body = json!({ "email": email, "name": name, "password": password.expose(), "role": role });
                let made = self.http.post("/api/v1/identity/users", &body).await?;
                let id = text(&made["id"])?.to_owned();
                if made["role"].as_str() != Some(&role) {
                    self.change_user(&id, "role", &json!({ "role": role })).await?;
                }
                self.user(&id).await
            }
            Call::SetUser { id, role, active } => {
                let id = id.to_string();
                if let Some(role) = role {
                    self.change_user(&id, "role", &json!({ "role": role })).await?;
                }
                if let Some(active) = active {
                    self.change_user(&id, "status", &json!({ "is_active": active })).await?;
                }
                self.user(&id).await
            }
            Call::Steps { .. } => {
                Err(unsupported("a platform does not show the journal of a run", "use run and events"))
            }
            Call::Voices => Err(unsupported("a platform does not list its voices", "ask who administers it")),
            Call::ResumePublications => {
                Err(unsupported("a platform goes on with its publications by itself", "see publications"))
            }
            _ => Err(unsupported("a platform does not show its settings", "ask who administers it")),
        }
    }

    async fn change_user(&self, id: &str, what: &str, body: &Value) -> Result<Value> {
        self.http.call(Method::PUT, &format!("/api/v1/identity/users/{id}/{what}"), Some(body)).await
    }

    async fn user(&self, id: &str) -> Result<Vec<u8>> {
        let found = self.http.get("/api/v1/identity/users?page=1&page_size=100").await?;
        let user = found["users"].as_array().into_iter().flatten().find(|user| user["id"].as_str() == Some(id));
        let user = user.ok_or_else(|| Error::not_found("there is no such user").with_context("user", id))?;
        reply(&answer::user_of(user))
    }

    async fn trends(&self, statuses: String, limit: u32) -> Result<Vec<Value>> {
        let path = format!("/api/v1/scout/trends?limit={}&status={statuses}", limit.clamp(1, MOST_TRENDS));
        Ok(rows(&self.http.get(&path).await?["items"], trend_of))
    }

    async fn contents(&self, statuses: &[String], limit: u32) -> Result<Vec<u8>> {
        let all = [String::new()];
        let mut found = Vec::new();
        for status in if statuses.is_empty() { &all } else { statuses } {
            let path = format!("/api/v1/content?limit={}&status={status}", limit.clamp(1, MOST_ROWS));
            found.extend(rows(&self.http.get(&path).await?["items"], answer::listed_content_of));
        }
        reply(&found)
    }

    async fn content(&self, id: ContentId) -> Result<Value> {
        self.http.get(&format!("/api/v1/director/content/{id}")).await
    }

    async fn shown(&self, id: ContentId) -> Result<Vec<u8>> {
        reply(&answer::content_of(&self.content(id).await?))
    }

    async fn run(&self, id: RunId) -> Result<Value> {
        let path = format!("/api/v1/director/pipelines?limit={MOST_ROWS}");
        let runs = self.http.get(&path).await?;
        let wanted = id.to_string();
        let row = runs.as_array().into_iter().flatten().find(|run| run["id"].as_str() == Some(&wanted));
        row.map(run_of).ok_or_else(|| {
            Error::not_found("this run is not among the newest that the platform shows").with_context("run", id)
        })
    }

    async fn newest_run(&self, content: ContentId) -> Result<Value> {
        let detail = self.content(content).await?;
        let id: RunId = text(&detail["pipeline_run_id"])?.parse()?;
        self.run(id).await
    }

    async fn providers(&self) -> Result<Vec<Value>> {
        Ok(rows(&self.http.get("/api/v1/providers").await?["items"], answer::service_of))
    }

    async fn switch(&self, order: &SwitchOrder) -> Result<()> {
        let capability = switchable(&order.service)?;
        let services = self.providers().await?;
        let service = services.iter().find(|service| service["service"] == capability.as_str());
        let known = service.and_then(|service| service["providers"].as_array()).into_iter().flatten();
        let known = known.filter_map(|one| serde_json::from_value::<Provider>(one.clone()).ok());
        let choice = order.choice(known)?;
        let body = json!({ "provider": choice.mode, "name": choice.provider, "model": choice.model,
                           "fallback": choice.fallback });
        self.http.call(Method::PUT, &configured(capability), Some(&body)).await.map(drop)
    }

    /// A sound that the platform keeps; it takes no other.
    async fn transcribe(&self, sound: Sound, language: Option<String>) -> Result<Vec<u8>> {
        let Sound::Asset { content, id } = sound else {
            return Err(unsupported("a platform transcribes only what it keeps", "give one of `assets`"));
        };
        let asset = self.asset(content, id).await?;
        let body = json!({ "audio_path": text(&asset["url"])?, "language": language });
        let heard = self.http.post("/api/v1/editor/captions", &body).await?;
        reply(&json!({ "text": heard["full_text"], "language": heard["language"], "provider": heard["provider"],
                       "words": null }))
    }

    /// A file of content, as the platform tells of it.
    async fn asset(&self, content: ContentId, id: AssetId) -> Result<Value> {
        let assets = self.http.get(&format!("/api/v1/media/assets/{content}")).await?;
        let wanted = id.to_string();
        let found = assets.as_array().into_iter().flatten().find(|asset| asset["id"].as_str() == Some(&wanted));
        found.cloned().ok_or_else(|| Error::not_found("this content has no such asset").with_context("asset", id))
    }

    async fn events(&self, after: Option<String>, limit: u32, wait: f64) -> Result<Vec<u8>> {
        let kept = match &after {
            Some(place) => self.sockets.lock().await.remove(place),
            None => None,
        };
        let mut live = match kept {
            Some(live) => live,
            None => Live::open(&self.http, after.filter(|place| !place.starts_with("live-"))).await?,
        };
        let events = live.next(&self.http, limit as usize, wait).await?;
        let place = live.place();
        let mut sockets = self.sockets.lock().await;
        while sockets.len() >= MOST_SOCKETS {
            sockets.pop_first();
        }
        sockets.insert(place.clone(), live);
        reply(&json!({ "events": events, "cursor": place }))
    }
}

/// Where it is said who serves.
fn configured(capability: Switchable) -> String {
    format!("/api/v1/providers/{}/config", capability.as_str())
}

/// Rows of a list in our form.
fn rows(list: &Value, form: impl Fn(&Value) -> Value) -> Vec<Value> {
    list.as_array().into_iter().flatten().map(form).collect()
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().ok_or_else(|| Error::new(orion_core::ErrorKind::Corrupt, "the platform's answer lacks a key"))
}

fn id_of(value: &Value) -> Result<ContentId> {
    text(value)?.parse()
}

fn path(content: ContentId, what: &str) -> String {
    format!("/api/v1/director/content/{content}/{what}")
}

fn dollars(value: &Value) -> i64 {
    micros(value.as_f64().unwrap_or_default())
}

fn by_name(value: &Value) -> Map<String, Value> {
    value.as_object().into_iter().flatten().map(|(name, amount)| (name.clone(), dollars(amount).into())).collect()
}

/// What is asked of the platform's director.
async fn generate(order: &VideoOrder) -> Result<Value> {
    let subject = order.subject().await?;
    if let Subject::Feed { .. } = subject {
        return Err(unsupported("a platform reads the feeds of its configuration", "give a trend, or a topic"));
    }
    let files = [&order.voice_file, &order.audio].into_iter().any(Option::is_some);
    if files || !order.images.is_empty() || !order.clips.is_empty() || order.music.is_some() {
        let hint = "make the video with an engine in this process: orion.Orion()";
        return Err(unsupported("a platform takes no pictures, clips, voice, sound or music of your own", hint));
    }
    let script = match subject {
        Subject::Script { script } if marked_script(&script)?.marks.is_empty() => Some(script),
        Subject::Script { .. } => {
            let hint = "take the lines out that begin with @, or make the video with orion.Orion()";
            return Err(unsupported("a platform reads no marks in scripts", hint));
        }
        _ => None,
    };
    if order.voice.is_some() || order.fps.is_some() {
        return Err(unsupported("a platform chooses voice and frame rate itself", "leave `voice` and `fps` out"));
    }
    Ok(json!({
        "trend_id": order.trend, "topic": order.topic, "url": order.url, "text": order.text, "script": script,
        "niche": order.niche, "target_platform": order.platform, "tone": order.tone, "visual_style": order.style,
        "seconds": order.seconds, "format": order.format, "quality": order.quality, "captions": order.captions,
        "speed": order.speed, "gates": order.gates, "seed": order.seed,
    }))
}
