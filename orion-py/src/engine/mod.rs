//! Answers calls with an engine in this process.

mod alone;
pub(crate) mod look;
mod make;
mod publish;
mod review;
mod serve;

use crate::calls::{Call, Request, reply};
use crate::providers::Own;
use orion_core::domain::{Content, Role};
use orion_core::id::{ContentId, Id, RevocationId, SessionId, UserId};
use orion_core::port::RepositoryExt;
use orion_core::service::identity::{Caller, Identity};
use orion_core::service::publisher::Publisher;
use orion_core::service::pulse::Pulse;
use orion_core::{Error, ErrorKind, Operation, Result, Timestamp};
use orion_host::config::{Config, KEYS, Layers};
use orion_host::{Orion, up};
use pyo3::prelude::*;
use serde::Deserialize;
use std::path::PathBuf;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// How an engine is opened.
#[derive(Debug, Deserialize)]
pub(crate) struct Opening {
    /// The configuration file; none is `orion.toml` of the working folder, if there is one.
    config: Option<PathBuf>,
    /// Settings by name; they win over the file and the environment.
    settings: Vec<(String, String)>,
    /// An ffmpeg to take where the settings name none and the `PATH` has none.
    ffmpeg: Option<String>,
}

/// An engine, and what is opened when it is first needed.
pub(crate) struct Engine {
    orion: Orion,
    services: OnceCell<Services>,
}

/// What needs the installation's keys.
struct Services {
    identity: Identity,
    publisher: Publisher,
}

impl Engine {
    pub(crate) async fn open(opening: Opening, own: Vec<(String, String, Py<PyAny>)>) -> Result<Self> {
        let mut layers = Layers::of_process();
        layers.file = opening.config.or(layers.file);
        layers.flags = opening.settings;
        let (mut config, _) = layers.load()?;
        if let (true, Some(ffmpeg)) = (config.ffmpeg.is_empty(), opening.ffmpeg) {
            config.ffmpeg = ffmpeg;
        }
        let orion = Own::all(&config, own)?.build(Orion::builder().config(config)).await?;
        orion.follow_switches().await?;
        Ok(Self { orion, services: OnceCell::new() })
    }

    fn config(&self) -> &Config {
        self.orion.config()
    }

    fn pulse(&self) -> Pulse {
        let production = self.orion.production();
        Pulse { store: production.store.clone(), clock: production.clock.clone() }
    }

    async fn services(&self) -> Result<&Services> {
        let open = || async {
            let keys = up::Keys::load(self.config(), &*self.orion.production().entropy)?;
            let identity = up::identity(&self.orion, &keys)?;
            let publisher = up::publisher(&self.orion, identity.vault.clone())?;
            Ok(Services { identity, publisher })
        };
        self.services.get_or_try_init(open).await
    }

    /// Who asks: the program itself, or the user that it names.
    async fn caller(&self, user: Option<UserId>) -> Result<Caller> {
        let caller = |user_id, role, email, name| Caller {
            user_id,
            role,
            email,
            name,
            session_id: SessionId::from_uuid(Uuid::nil()),
            token_id: RevocationId::from_uuid(Uuid::nil()),
            expires_at: Timestamp::MAX,
        };
        let Some(id) = user else {
            return Ok(caller(UserId::SYSTEM, Role::Admin, String::new(), String::new()));
        };
        let user = self.orion.production().store.read().await?.users().require(id).await?;
        if !user.active {
            return Err(Error::new(ErrorKind::Forbidden, "this user is disabled").with_context("user", id));
        }
        Ok(caller(user.id, user.role, user.email, user.name))
    }

    /// Content that the caller may see.
    async fn content(&self, caller: &Caller, id: ContentId) -> Result<Content> {
        let content = self.orion.production().store.read().await?.contents().require(id).await?;
        caller.owns(content.owner)?;
        Ok(content)
    }

    // What takes long lies in a box: the future is moved a few times on its way, and reads should not pay for the size of
    // making a video.
    pub(crate) async fn answer(&self, request: Request, operation: &Operation) -> Result<Vec<u8>> {
        let caller = self.caller(request.user).await?;
        if request.call.asks_providers() {
            Box::pin(self.orion.follow_switches()).await?;
        }
        match request.call {
            Call::Create { order, out } => Box::pin(self.create(&caller, order, out, operation)).await,
            Call::Start { order } => Box::pin(self.start(&caller, order, operation)).await,
            Call::Advance { run } => Box::pin(self.advance(&caller, run, operation)).await,
            Call::Deliver { run, out } => Box::pin(self.deliver(&caller, run, out)).await,
            Call::Render { content, voice, captions, size } => {
                Box::pin(self.render(&caller, content, voice, captions, size)).await
            }
            Call::Draw { prompt, width, height, seed, out } => {
                caller.require(Role::Editor)?;
                Box::pin(self.draw(prompt, (width, height), seed, out, operation)).await
            }
            Call::Speak { text, voice, language, speed, out } => {
                caller.require(Role::Editor)?;
                Box::pin(self.speak(text, voice, language, speed, out, operation)).await
            }
            Call::Question { content } => Box::pin(self.question(&caller, content)).await,
            Call::Approve { content, subject } => Box::pin(self.approve(&caller, content, subject)).await,
            Call::Reject { content, feedback, again } => Box::pin(self.reject(&caller, content, feedback, again)).await,
            Call::Regenerate { content, feedback } => Box::pin(self.regenerate(&caller, content, feedback)).await,
            Call::EditScript { content, title, lines } => {
                Box::pin(self.edit_script(&caller, content, title, lines)).await
            }
            Call::EditScene { content, number, scene } => {
                Box::pin(self.edit_scene(&caller, content, number, scene)).await
            }
            Call::Accounts
            | Call::Connect { .. }
            | Call::Disconnect { .. }
            | Call::Publish { .. }
            | Call::Publications { .. }
            | Call::Settle { .. }
            | Call::ResumePublications => Box::pin(self.publishing(&caller, request.call, operation)).await,
            Call::Transcribe { sound, language } => {
                Box::pin(self.transcribe(&caller, sound, language, operation)).await
            }
            Call::Providers | Call::Switch(_) | Call::ResetProvider { .. } | Call::Voices => {
                Box::pin(self.serving(&caller, request.call)).await
            }
            Call::Users | Call::AddUser { .. } | Call::SetUser { .. } => {
                Box::pin(self.users(&caller, request.call)).await
            }
            Call::Settings => {
                let shown = KEYS.iter().map(|key| (key.name, key.show(self.config())));
                reply(&shown.collect::<std::collections::BTreeMap<_, _>>())
            }
            call => self.look(&caller, call, operation).await,
        }
    }
}
