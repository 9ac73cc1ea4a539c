//! `orion system`: how the platform stands.

use super::{Call, Remote};
use crate::cli::failure::Failure;
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// `orion system …`
#[derive(Debug, Args)]
pub(in crate::cli) struct System {
    #[command(flatten)]
    pub(in crate::cli) options: super::Options,
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Whether the platform answers
    Health,
    /// How its services stand
    Status,
    /// The machine it runs on
    Info,
    /// Its graphics cards
    Gpu,
}

impl System {
    pub(in crate::cli) async fn run(self, remote: Remote) -> Result<ExitCode, Failure> {
        let open = match self.command {
            Action::Status => {
                let call =
                    Call::get("/status").rows("services").columns(&["service", "status", "latency_ms", "uptime"]);
                return remote.run(call).await;
            }
            Action::Health => Call::get("/health"),
            Action::Info => Call::get("/api/v1/system/info"),
            Action::Gpu => Call::get("/api/v1/system/gpu").rows("gpus").columns(&[
                "name",
                "vram_used_mb",
                "vram_total_mb",
                "utilization_percent",
                "temperature_c",
                "power_draw_w",
                "driver_version",
            ]),
        };
        let answer = remote.client()?.open(open.method.clone(), &open.path, None).await?;
        remote.print(&answer, &open)
    }
}
