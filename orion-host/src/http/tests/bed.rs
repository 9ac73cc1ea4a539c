//! A platform on an empty record, and people who use it.

use super::super::{Platform, app};
use crate::config::Config;
use crate::up::{self, Keys};
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use orion_core::domain::{Role, Secret, User};
use orion_core::id::{RevocationId, SessionId, UserId};
use orion_core::port::Claims;
use serde_json::Value;
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

/// A platform of its own.
pub(super) struct Bed {
    pub(super) platform: Arc<Platform>,
    pub(super) folder: TempDir,
}

/// An answer, read whole.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answered {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {:?}", self))
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Bed {
    pub(super) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::limited(1_000_000, change).await
    }

    /// With every rate limit multiplied.
    pub(super) async fn limited(factor: u32, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config =
            Config { data_dir: folder.path().to_owned(), voice: "silent:".to_owned(), ..Config::default() };
        config.sources.clear();
        let keys = Keys::load(&config, &crate::system::OsEntropy::default()).unwrap();
        config.rate_factor = factor;
        change(&mut config);
        let platform = up::platform(config, &keys).await.unwrap();
        platform.follow_revocations().await.unwrap();
        let platform = Arc::new(platform);
        let followed = Arc::downgrade(&platform);
        // As the host does: who has not read revocations for a while lets nobody in.
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(std::time::Duration::from_secs(5)).await;
                let Some(platform) = followed.upgrade() else { return };
                platform.follow_revocations().await.unwrap();
            }
        });
        Self { platform, folder }
    }

    /// Makes a user.
    pub(super) async fn user(&self, name: &str, role: Role) -> User {
        let clock = &self.platform.orion.production().clock;
        let now = clock.now();
        let mut user = User {
            id: UserId::random(&*self.platform.orion.production().entropy),
            email: format!("{name}@example.org"),
            name: name.to_owned(),
            role,
            active: true,
            username: None,
            password: None,
            first_name: None,
            last_name: None,
            avatar_url: None,
            bio: None,
            timezone: "UTC".to_owned(),
            email_verified: true,
            last_login_at: None,
            settings: serde_json::Map::new(),
            created_at: now,
            updated_at: now,
            version: 0,
        };
        let mut tx = self.platform.orion.production().store.begin().await.unwrap();
        tx.users().insert(&mut user).await.unwrap();
        tx.commit().await.unwrap();
        user
    }

    /// The access token of somebody who has really signed in.
    pub(super) async fn signed_in(&self, name: &str, role: Role) -> String {
        let password = Secret::new("correct horse battery");
        let mut user = self.user(name, role).await;
        user.password = Some(self.platform.identity.hasher.hash(&password).await.unwrap());
        let mut tx = self.platform.orion.production().store.begin().await.unwrap();
        tx.users().update(&mut user).await.unwrap();
        tx.commit().await.unwrap();
        let signed = self.platform.identity.login(&user.email, &password, &Default::default()).await.unwrap();
        signed.access_token.expose().to_owned()
    }

    /// An access token of a user, good for so long; expired if that is negative.
    pub(super) fn token(&self, user: &User, seconds: i64) -> String {
        let production = self.platform.orion.production();
        let now = production.clock.now().as_micros() / 1_000_000;
        let at = |seconds: i64| orion_core::Timestamp::from_micros(seconds * 1_000_000);
        let claims = Claims {
            id: RevocationId::random(&*production.entropy),
            session_id: SessionId::random(&*production.entropy),
            user_id: user.id,
            email: user.email.clone(),
            name: user.name.clone(),
            role: user.role,
            onboarding: false,
            issued_at: at(now - 1 + seconds.min(0)),
            expires_at: at(now + seconds),
        };
        self.platform.identity.tokens.sign(&claims).unwrap().expose().to_owned()
    }

    /// Sends a request through everything.
    pub(super) async fn send(&self, request: Request<Body>) -> Answered {
        let response = app(&self.platform).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = axum::body::to_bytes(body, 1 << 24).await.unwrap();
        Answered { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&text).into_owned() }
    }

    pub(super) async fn call(&self, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Answered {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    pub(super) async fn get(&self, path: &str, token: Option<&str>) -> Answered {
        self.call(Method::GET, path, token, None).await
    }
}
