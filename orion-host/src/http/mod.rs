//! The platform over HTTP: the gateway's layers, the routes of every service, sockets, and their description.

mod access;
mod bounds;
mod caller;
mod client;
mod cookies;
mod error;
mod extract;
mod file;
mod internal;
mod layer;
mod links;
mod machine;
mod observed;
mod path;
mod probe;
mod roles;
mod routes;
mod serve;
mod settings;
mod ws;

#[cfg(test)]
mod tests;

pub use error::ApiError;
pub use links::Links;
pub use roles::{Roles, Service};
pub use serve::serve;
pub use settings::Settings;

use crate::engine::Orion;
use crate::system::TokioSleeper;
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use caller::Signed;
use extract::{Body, Path, Query};
use layer::{Limits, Metrics, Proxy};
use machine::Machine;
use orion_core::domain::Secret;
use orion_core::id::{Id, RevocationId};
use orion_core::port::{OauthProvider, PlatformPublisher, RateLimiter};
use orion_core::service::identity::{Caller, Identity, Notifier};
use orion_core::service::publisher::{AtWork, Publisher};
use orion_core::{Error, ErrorKind, Result};
use probe::Probes;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tower::util::MapRequest;
use utoipa_axum::router::OpenApiRouter;
use ws::{Closed, Hub};

/// A process that could not read revocations for so long lets nobody in: another may have sent them away.
const STALE: Duration = Duration::from_secs(30);

/// What handlers work with.
#[derive(Debug)]
pub struct Platform {
    /// The engine.
    pub orion: Orion,
    /// Makes links to files.
    pub links: Links,
    /// What this process runs, and where the rest is.
    pub roles: Roles,
    /// How the gateway is set up; its addresses are for links.
    pub settings: Settings,
    /// Who may come in.
    pub identity: Identity,
    /// Publishes what was approved.
    pub publisher: Publisher,
    /// What users are told.
    pub notifier: Notifier,
    /// Where else people can sign in.
    pub oauth: Vec<Arc<dyn OauthProvider>>,
    proxy: Proxy,
    limits: Limits,
    rate_factor: u32,
    metrics: Metrics,
    machine: Machine,
    hub: Arc<Hub>,
    openapi: Arc<serde_json::Value>,
    probes: Probes,
    stopping: watch::Sender<bool>,
    /// When it was last read who has been sent away.
    followed: Mutex<Option<Instant>>,
}

impl Platform {
    /// A platform around an engine, set up by its configuration.
    ///
    /// # Errors
    /// As [`Settings::new`].
    pub fn new(
        orion: Orion,
        identity: Identity,
        oauth: Vec<Arc<dyn OauthProvider>>,
        destinations: Vec<Arc<dyn PlatformPublisher>>,
        internal_token: Secret,
    ) -> Result<Self> {
        let production = orion.production();
        let (store, clock, entropy, wire) =
            (&production.store, &production.clock, &production.entropy, &production.wire);
        let notifier =
            Notifier { store: store.clone(), clock: clock.clone(), entropy: entropy.clone(), wire: wire.clone() };
        let probes = Probes::new(orion.config())?;
        let (_, openapi) = routes::all().split_for_parts();
        let settings = Settings::new(orion.config())?;
        let roles = Roles::new(&orion.config().roles, &orion.config().services)?;
        let rate_factor = orion.config().rate_factor.clamp(1, 1_000_000);
        let links = Links::new(identity.vault.derive("orion/file-links", b"")?, &settings.gateway_url);
        let limiter = orion.redis().map(|redis| Arc::new(redis.limiter()) as Arc<dyn RateLimiter>);
        let publisher = Publisher {
            store: store.clone(),
            blobs: production.blobs.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            sleeper: Arc::new(TokioSleeper),
            wire: wire.clone(),
            vault: identity.vault.clone(),
            destinations,
            blocklist: orion.config().blocklist.clone(),
            text_limit: None,
            links: Some(Arc::new(links.clone())),
            at_work: AtWork::default(),
        };
        let metrics = Metrics::new(&orion);
        Ok(Self {
            proxy: Proxy::new(internal_token, &roles)?,
            roles,
            links,
            publisher,
            settings,
            notifier,
            hub: Arc::new(Hub::new(store.clone(), wire.clone())),
            orion,
            identity,
            oauth,
            limits: Limits::new(limiter),
            rate_factor,
            metrics,
            machine: Machine::new(),
            openapi: Arc::new(routes::describe(openapi)),
            probes,
            stopping: watch::Sender::new(false),
            followed: Mutex::default(),
        })
    }

    /// The OpenAPI 3.1 document.
    pub fn openapi(&self) -> &serde_json::Value {
        &self.openapi
    }

    /// Hands committed events to open sockets, for ever.
    pub async fn run_sockets(&self) {
        self.hub.run(|record| self.metrics.observed.saw(record)).await;
    }

    /// Reads who has been sent away, and closes their sockets. The host calls it whenever the wire wakes it; at least
    /// ten times a second where the wire does not hear other processes.
    ///
    /// # Errors
    /// What the store says; what is known already holds all the same.
    pub async fn follow_revocations(&self) -> Result<()> {
        let followed = self.identity.follow_revocations().await;
        if followed.is_ok() {
            *self.followed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        self.hub.close_where(|caller| self.unwelcome(caller));
        followed
    }

    /// Why somebody may not listen any more, if so.
    fn unwelcome(&self, caller: &Caller) -> Option<Closed> {
        let session = RevocationId(caller.session_id.as_uuid());
        match self.identity.revoked.contains_any(&[session]) {
            Ok(true) => Some(Closed::Revoked),
            Ok(false) if self.knows_revocations() => None,
            Ok(false) | Err(_) => Some(Closed::Unsure),
        }
    }

    /// Tells who bears an access token. Where it is not known any more who has been sent away, nobody is let in.
    ///
    /// # Errors
    /// A 401 for a token that is not good. A 503 for one that is, as long as revocations cannot be read: its bearer
    /// comes again with it, instead of throwing a session away that may well stand.
    fn authenticate(&self, token: &str) -> std::result::Result<Caller, ApiError> {
        let caller = match self.identity.authenticate(token) {
            Err(error) if error.kind() == ErrorKind::Unauthorized => {
                return Err(ApiError::unauthorized("invalid or expired token"));
            }
            other => other?,
        };
        if !self.knows_revocations() {
            return Err(Error::unavailable("it cannot be read at the moment who was signed out").into());
        }
        Ok(caller)
    }

    /// By the time that passes, not by the clock: one that is set sends nobody away.
    fn knows_revocations(&self) -> bool {
        let followed = *self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        followed.is_some_and(|followed| followed.elapsed() < STALE)
    }

    /// Looks at what is not counted as it happens: how many contents there are in each state, and the graphics cards.
    /// What cannot be seen stays as it was.
    async fn measure(&self) {
        let observed = &self.metrics.observed;
        if self.roles.runs(Service::Director)
            && let Err(error) = observed.count_contents(&*self.orion.production().store).await
        {
            tracing::debug!(error = ?error, "contents cannot be counted");
        }
        if let Ok(gpus) = self.machine.gpus().await {
            observed.saw_gpus(&gpus);
        }
    }

    /// Deletes what is older than the settings keep, and tells how many events and costs.
    ///
    /// # Errors
    /// What the store says.
    pub async fn forget_old(&self) -> Result<(u64, u64)> {
        let pulse = routes::pulse(self);
        let days = self.orion.config().keep_days;
        match days {
            0 => Ok((0, 0)),
            days => Ok((pulse.forget_events(days).await?, pulse.forget_costs(days).await?)),
        }
    }

    /// Tells what lives longer than a request that it must end.
    fn stop(&self) {
        self.stopping.send_replace(true);
    }
}

/// What a handler gives.
type Answer<T> = std::result::Result<axum::Json<T>, ApiError>;

/// The routes of one service, without the gateway's layers.
type Routes = OpenApiRouter<Arc<Platform>>;

/// All routes with all layers.
pub fn app(platform: &Arc<Platform>) -> MapRequest<Router, fn(Request) -> Request> {
    let (router, _) = routes::all().split_for_parts();
    let router = router.fallback(nowhere).with_state(platform.clone());
    MapRequest::new(layer::around(router, platform), path::normalise as fn(Request) -> Request)
}

/// The answer of a path that is no route.
async fn nowhere() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "there is nothing at this path")
}
