//! `orion scout`: what trends in feeds, read here or by a platform.

use super::remote::{Options, Trends};
use super::{Failure, Setting, output};
use crate::Orion;
use clap::Args;
use orion_core::domain::Trend;
use orion_core::service::scout::{ScanRequest, built_in};
use std::process::ExitCode;

/// `orion scout`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Scout {
    #[command(flatten)]
    pub(super) options: Options,
    #[command(subcommand)]
    platform: Option<Trends>,
    /// A feed to read, address or file; may be repeated [default: `feeds` and `scout.sources` of the configuration]
    #[arg(long, value_name = "FEED")]
    feed: Vec<String>,
    /// Only topics of this niche
    #[arg(long)]
    niche: Option<String>,
    /// Two letters of the country whose trends are asked for [default: `scout.region` of the configuration]
    #[arg(long)]
    region: Option<String>,
    /// Items taken of each feed
    #[arg(long, default_value_t = 20)]
    limit: u32,
}

impl Scout {
    pub(super) async fn run(self, setting: Setting) -> Result<ExitCode, Failure> {
        if let Some(trends) = self.platform {
            return trends.run(setting.remote).await;
        }
        let orion = Orion::builder().config(setting.config.clone()).silent().build().await?;
        let niche = match self.niche.as_deref().or(Some(setting.config.niche.as_str())) {
            None | Some("") => None,
            Some(name) => Some(built_in(name)?),
        };
        let region = self.region.unwrap_or_else(|| setting.config.region.clone());
        let request = ScanRequest { region, limit: self.limit, niche, feeds: self.feed };
        let (operation, _stop) = super::watch::plain_operation();
        let report = orion.scout().scan(&request, &operation).await?;
        for problem in &report.problems {
            output::say(&format!("warning: {problem}"));
        }
        if setting.json() {
            output::print_json(&serde_json::json!({
                "found": report.found,
                "saved": report.saved,
                "problems": report.problems,
                "trends": report.trends,
            }))?;
        } else {
            let rows: Vec<Vec<String>> = report.trends.iter().map(row).collect();
            output::print_rows(&["SCORE", "SOURCE", "TOPIC"], &rows, 120, setting.format)?;
            output::say(&format!("{} topics, {} of them new", report.found, report.saved));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn row(trend: &Trend) -> Vec<String> {
    let source: String = trend.sources.join(", ").chars().take(40).collect();
    vec![format!("{:.2}", trend.score), source, trend.topic.clone()]
}
