//! `orion scout …`: the platform's trends.

use super::{Call, Remote, query};
use crate::cli::failure::Failure;
use clap::Subcommand;
use serde_json::json;
use std::process::ExitCode;

/// What the platform's Scout can be asked.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Trends {
    /// List the platform's trends, best first
    #[command(name = "list-trends")]
    List {
        /// Only those in this state: active, used, discarded, expired
        #[arg(long)]
        status: Option<String>,
        /// Only those of the last day, week or month
        #[arg(long, value_parser = ["1d", "7d", "30d"])]
        period: Option<String>,
        /// Which page
        #[arg(long, default_value_t = 1)]
        page: u32,
        /// Rows on a page
        #[arg(long, default_value_t = 20)]
        page_size: u32,
    },
    /// Let the platform look for trends now
    Trigger {
        /// Niche: tech, gaming, finance, health
        #[arg(long, default_value = "tech")]
        niche: String,
        /// Items taken of each source
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// Two letters of a country [default: that of the platform's settings]
        #[arg(long)]
        region: Option<String>,
    },
    /// Show where the platform sees trends, and how each place does
    Sources,
    /// Show when the platform looks for trends by itself
    Schedules,
    /// Set when the platform looks for trends of a niche by itself
    Schedule {
        /// Niche: tech, gaming, finance, health, or all
        niche: String,
        /// Minutes between two scans; 0 turns them off
        #[arg(long, value_name = "MINUTES")]
        every: u32,
        /// Two letters of a country [default: that of the platform's settings]
        #[arg(long)]
        region: Option<String>,
        /// Items taken of each source [default: 20]
        #[arg(long)]
        limit: Option<u32>,
    },
    /// Show which niche the platform follows, or set it
    Configure {
        /// The niche to follow
        niche: Option<String>,
    },
}

impl Trends {
    pub(in crate::cli) async fn run(self, remote: Remote) -> Result<ExitCode, Failure> {
        let call = match self {
            Self::List { status, period, page, page_size } => {
                let query = query(&[
                    ("status", status),
                    ("period", period),
                    ("page", Some(page.to_string())),
                    ("page_size", Some(page_size.to_string())),
                ]);
                Call::get(format!("/api/v1/scout/trends{query}"))
                    .rows("items")
                    .columns(&["id", "score", "status", "source", "topic"])
            }
            Self::Trigger { niche, limit, region } => {
                Call::post("/api/v1/scout/trends/scan", json!({ "niche": niche, "limit": limit, "region": region }))
            }
            Self::Sources => Call::get("/api/v1/scout/sources").rows("sources").columns(&[
                "name",
                "status",
                "items",
                "answered_at",
                "next_try",
                "problem",
            ]),
            Self::Schedules => Call::get("/api/v1/scout/schedules").rows("schedules").columns(&[
                "niche",
                "minutes",
                "region",
                "next_at",
                "last_at",
                "trends_saved",
                "problem",
            ]),
            Self::Schedule { niche, every, region, limit } => {
                let niche = Some(niche).filter(|niche| !niche.eq_ignore_ascii_case("all"));
                let body = json!({ "niche": niche, "minutes": every, "region": region, "limit": limit });
                Call::put("/api/v1/scout/schedules", body)
            }
            Self::Configure { niche: None } => Call::get("/api/v1/scout/trends/config"),
            Self::Configure { niche: Some(niche) } => {
                Call::put("/api/v1/scout/trends/config", json!({ "niche": niche }))
            }
        };
        remote.run(call).await
    }
}
