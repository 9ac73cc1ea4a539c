//! `orion admin`: users of the platform, and its record.

use super::{Call, query};
use crate::cli::Setting;
use crate::cli::failure::Failure;
use clap::{Args, Subcommand};
use serde_json::json;
use std::process::ExitCode;
use uuid::Uuid;

/// `orion admin …`
#[derive(Debug, Args)]
pub(in crate::cli) struct Admin {
    #[command(flatten)]
    pub(in crate::cli) options: super::Options,
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make an administrator in the record of this machine, whether the platform runs or not
    #[cfg(feature = "http")]
    Create(crate::cli::up::CreateAdmin),
    /// List users, newest first
    Users {
        /// Only this role: admin, editor, viewer
        #[arg(long)]
        role: Option<String>,
        /// Which page
        #[arg(long, default_value_t = 1)]
        page: u32,
        /// Rows on a page
        #[arg(long, default_value_t = 20)]
        page_size: u32,
    },
    /// Invite somebody by mail
    Invite {
        /// Their address
        email: String,
        /// What they may do: admin, editor, viewer
        #[arg(long, default_value = "editor")]
        role: String,
        /// Their name
        #[arg(long)]
        name: Option<String>,
    },
    /// Change what somebody may do
    Role {
        /// The user's identifier
        user: Uuid,
        /// admin, editor or viewer
        role: String,
    },
    /// Let somebody in again
    Enable {
        /// The user's identifier
        user: Uuid,
    },
    /// Lock somebody out at once
    Disable {
        /// The user's identifier
        user: Uuid,
    },
    /// Add samples to a platform for development; a second time adds nothing
    Seed,
    /// List events that a consumer group put aside because it could not handle them
    Buried {
        /// Only this consumer group
        #[arg(long)]
        group: Option<String>,
    },
    /// Have a consumer group try again what it put aside
    Exhume {
        /// The consumer group
        group: String,
        /// The event's sequence, as `buried` shows it
        sequence: u64,
    },
    /// Delete events and costs that are older
    Cleanup {
        /// How many days are kept
        #[arg(long, default_value_t = 90)]
        days: u32,
    },
}

impl Admin {
    pub(in crate::cli) async fn run(self, setting: Setting) -> Result<ExitCode, Failure> {
        const USERS: &str = "/api/v1/identity/users";
        let active = |user: Uuid, on: bool| Call::put(format!("{USERS}/{user}/status"), json!({ "is_active": on }));
        let call = match self.command {
            #[cfg(feature = "http")]
            Action::Create(create) => return create.run(setting).await,
            Action::Users { role, page, page_size } => {
                let query = query(&[
                    ("role", role),
                    ("page", Some(page.to_string())),
                    ("page_size", Some(page_size.to_string())),
                ]);
                Call::get(format!("{USERS}{query}")).rows("users").columns(&[
                    "id",
                    "role",
                    "is_active",
                    "created_at",
                    "email",
                    "name",
                ])
            }
            Action::Invite { email, role, name } => {
                let mut body = json!({ "email": email, "role": role });
                if let Some(name) = name {
                    body["name"] = name.into();
                }
                Call::post(format!("{USERS}/invite"), body)
            }
            Action::Role { user, role } => Call::put(format!("{USERS}/{user}/role"), json!({ "role": role })),
            Action::Enable { user } => active(user, true),
            Action::Disable { user } => active(user, false),
            Action::Seed => Call::new(reqwest::Method::POST, "/api/v1/pulse/admin/seed"),
            Action::Buried { group } => {
                let path = format!("/api/v1/pulse/admin/buried{}", query(&[("group", group)]));
                Call::get(path).rows("items").columns(&["group", "sequence", "reason", "event"])
            }
            Action::Exhume { group, sequence } => {
                Call::post("/api/v1/pulse/admin/exhume", json!({ "group": group, "sequence": sequence }))
            }
            Action::Cleanup { days } => Call::post("/api/v1/pulse/admin/cleanup", json!({ "days": days })),
        };
        setting.remote.run(call).await
    }
}
