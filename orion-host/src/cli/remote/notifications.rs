//! `orion notifications`: what you were told.

use super::{Call, Remote, query};
use crate::cli::failure::Failure;
use clap::{Args, Subcommand};
use serde_json::json;
use std::process::ExitCode;
use uuid::Uuid;

/// `orion notifications …`
#[derive(Debug, Args)]
pub(in crate::cli) struct Notifications {
    #[command(flatten)]
    pub(in crate::cli) options: super::Options,
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List notifications, newest first
    List {
        /// Only those you have not read
        #[arg(long)]
        unread: bool,
        /// Which page
        #[arg(long, default_value_t = 1)]
        page: u32,
        /// Rows on a page
        #[arg(long, default_value_t = 20)]
        page_size: u32,
    },
    /// How many you have not read
    Count,
    /// Mark one as read
    Read {
        /// Its identifier
        id: Uuid,
    },
    /// Mark all as read
    ReadAll,
    /// Show what you are told about
    Preferences,
    /// Set whether you are told about something
    Set {
        /// What about: trend_detected, content_created, content_published, content_rejected, media_failed,
        /// pipeline_stage_changed
        kind: String,
        /// Whether it is kept for you
        #[arg(long)]
        enabled: Option<bool>,
        /// Whether it is shown to you at once
        #[arg(long)]
        push: Option<bool>,
    },
}

impl Notifications {
    pub(in crate::cli) async fn run(self, remote: Remote) -> Result<ExitCode, Failure> {
        const BASE: &str = "/api/v1/identity/notifications";
        let call = match self.command {
            Action::List { unread, page, page_size } => {
                let query = query(&[
                    ("unread", unread.then(|| "true".to_owned())),
                    ("page", Some(page.to_string())),
                    ("page_size", Some(page_size.to_string())),
                ]);
                Call::get(format!("{BASE}{query}")).rows("notifications").columns(&[
                    "id",
                    "created_at",
                    "is_read",
                    "type",
                    "title",
                ])
            }
            Action::Count => Call::get(format!("{BASE}/unread-count")),
            Action::Read { id } => Call::new(reqwest::Method::PATCH, format!("{BASE}/{id}/read")),
            Action::ReadAll => Call::post(format!("{BASE}/read-all"), json!({})),
            Action::Preferences => Call::get(format!("{BASE}/preferences")).rows("preferences"),
            Action::Set { kind, enabled, push } => {
                let mut preference = serde_json::Map::new();
                preference.extend(enabled.map(|on| ("enabled".to_owned(), on.into())));
                preference.extend(push.map(|on| ("push".to_owned(), on.into())));
                Call::put(format!("{BASE}/preferences"), json!({ "preferences": { kind: preference } }))
                    .rows("preferences")
            }
        };
        remote.run(call).await
    }
}
