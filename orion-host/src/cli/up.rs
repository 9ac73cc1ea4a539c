//! `orion up`: serves the platform until it is stopped.

use super::{Failure, Setting, output, remote};
use crate::config::Layers;
use crate::engine::Orion;
use crate::system::OsEntropy;
use crate::up::{self, Keys, Started};
use clap::Args;
use orion_core::domain::Secret;
use std::process::ExitCode;
use tokio::sync::oneshot;

/// `orion up`
#[derive(Debug, Args)]
pub(super) struct Up {
    /// Run only these parts: gateway, scout, director, media, editor, pulse, publisher, identity; may be repeated
    #[arg(long = "role", value_name = "ROLE", value_delimiter = ',')]
    roles: Vec<String>,
}

impl Up {
    /// Lays what the command line says over the other settings.
    pub(super) fn settings(&self, layers: &mut Layers) {
        layers.flag("roles", (!self.roles.is_empty()).then(|| self.roles.join(",")));
    }

    pub(super) async fn run(self, setting: Setting) -> Result<ExitCode, Failure> {
        let json = setting.json();
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(signals(stop));
        let started = move |started: Started| told(&started, json);
        up::serve(setting.config, started, async {
            // A sender that is gone stops nothing.
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        })
        .await?;
        output::say("stopped");
        Ok(ExitCode::SUCCESS)
    }
}

/// `orion admin create`
#[derive(Debug, Args)]
pub(super) struct CreateAdmin {
    /// Their address
    #[arg(long)]
    email: String,
    /// Their name
    #[arg(long, default_value = "Admin")]
    name: String,
    /// Password; better left out: it is asked for, or read from standard input when that is no terminal
    #[arg(long, hide_env_values = true, env = "ORION_PASSWORD")]
    password: Option<String>,
}

impl CreateAdmin {
    pub(super) async fn run(self, setting: Setting) -> Result<ExitCode, Failure> {
        let password = self.password.map_or_else(|| remote::ask("Password: ", true), Ok)?;
        let keys = Keys::load(&setting.config, &OsEntropy::default())?;
        let json = setting.json();
        let orion = Orion::builder().config(setting.config).build().await?;
        let identity = up::identity(&orion, &keys)?;
        let user = identity.create_admin(&self.email, &self.name, &Secret::new(password)).await?;
        if json {
            let made = serde_json::json!({ "id": user.id, "email": user.email, "role": user.role });
            output::print_json(&made)?;
        } else {
            output::say(&format!("{} is an administrator now", user.email));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn told(started: &Started, json: bool) {
    match started.gateway {
        true => output::say(&format!("Orion serves at {} (listening on {})", started.url, started.address)),
        false => output::say(&format!("{} on {}, for the gateway", started.roles, started.address)),
    }
    if let Some(link) = &started.setup_link {
        output::say(&format!("set the administrator's password here, once: {}", link.expose()));
    }
    if json {
        let line =
            serde_json::json!({ "event": "started", "url": started.url, "address": started.address.to_string() });
        // Nobody listens any more if this fails.
        let _ = output::print_line(&line.to_string());
    }
}

/// The first signal stops in order; the second at once.
async fn signals(stop: oneshot::Sender<()>) {
    signal().await;
    output::say("stopping; once more to stop at once");
    let _ = stop.send(());
    signal().await;
    std::process::exit(130);
}

/// Waits for Ctrl-C or, where there is one, the signal that service managers send.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = match signal(SignalKind::terminate()) {
            Ok(terminate) => terminate,
            Err(error) => {
                tracing::warn!(%error, "only Ctrl-C will stop the program in order");
                return interrupted().await;
            }
        };
        tokio::select! {
            () = interrupted() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    interrupted().await;
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
