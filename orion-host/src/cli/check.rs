//! `orion check`: whether a file is what a platform takes, and a video that can be watched.

use super::output::{Format, Printing};
use super::{Failure, Setting, output};
use clap::Args;
use orion_adapters::Parts;
use orion_adapters::render::{Look, probe_file};
use orion_core::domain::{Platform, VideoDemands};
use orion_core::port::{CheckOutcome, MediaInfo, Validation};
use orion_core::service::editor::check_file;
use orion_core::{Error, Result};
use std::path::PathBuf;
use std::process::ExitCode;

/// `orion check`
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) printing: Printing,
    /// The video, any file
    #[arg(value_name = "VIDEO")]
    video: PathBuf,
    /// Where it is to be published: youtube_shorts, tiktok, instagram_reels, youtube, x, linkedin, mastodon or bluesky
    /// [default: what plays everywhere]
    #[arg(long, short, value_name = "PLATFORM", value_parser = platform)]
    platform: Option<Platform>,
}

fn platform(name: &str) -> Result<Platform, String> {
    name.parse().map_err(|error: Error| error.hint().unwrap_or_default().to_owned())
}

impl Check {
    pub(super) async fn run(self, setting: Setting) -> Result<ExitCode, Failure> {
        let tools = Parts::new(&setting.config.data_dir).tools(&setting.config.ffmpeg);
        let (operation, _stop) = super::watch::plain_operation();
        let info = probe_file(&tools, &self.video, Look::Whole, &operation).await?;
        let validation = check_file(&info, self.platform);
        let demands = self.platform.map_or(VideoDemands::GENERAL, Platform::demands);
        match setting.format {
            Format::Json => output::print_json(&serde_json::json!({
                "file": self.video,
                "platform": self.platform,
                "passed": validation.passed(),
                "score": validation.score(),
                "info": info,
                "checks": validation.checks,
                "source": demands.source,
            }))?,
            Format::Plain => output::print_rows(&[], &rows(&validation), 0, Format::Plain)?,
            Format::Table => {
                output::print(&output::harmless(&format!("{}\n{}", described(&info), listed(&validation))))?;
                let (count, bad) =
                    (validation.checks.len(), validation.checks.iter().filter(|check| !check.passed).count());
                let place = self.platform.map_or("everywhere", Platform::as_str);
                output::say(&match bad {
                    0 => format!("all {count} checks hold ({place})"),
                    bad => format!("{bad} of {count} checks do not hold ({place}; {})", demands.source),
                });
            }
        }
        Ok(if validation.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// What a file is, in three lines.
fn described(info: &MediaInfo) -> String {
    let seconds = info.duration.seconds();
    let mut text = format!("file     {}, {:.2} MB, {seconds:.2} s", info.container, info.length as f64 / 1e6);
    if seconds > 0.0 {
        text.push_str(&format!(", {:.0} kbit/s", info.length as f64 * 8.0 / 1000.0 / seconds));
    }
    if matches!(info.container.as_str(), "mp4" | "mov") {
        text.push_str(if info.fast_start { ", index first" } else { ", index last" });
    }
    let none = "none".to_owned();
    let picture = info.video_codec.as_ref().map_or_else(
        || none.clone(),
        |codec| {
            let (profile, format) = (info.profile.as_deref(), info.pixel_format.as_deref());
            let kind: Vec<&str> = [Some(codec.as_str()), profile, format].into_iter().flatten().collect();
            format!("{}, {}x{}, {:.3} fps", kind.join(" "), info.width, info.height, info.frames_per_second)
        },
    );
    let sound = info.audio_codec.as_ref().map_or(none, |codec| {
        let mut text =
            format!("{codec}, {} Hz, {} channels", info.sample_rate.unwrap_or(0), info.channels.unwrap_or(0));
        match (info.loudness, info.true_peak) {
            (Some(loudness), Some(peak)) => text.push_str(&format!(", {loudness:.1} LUFS, {peak:.1} dBTP")),
            _ => text.push_str(", silent"),
        }
        text
    });
    format!("{text}\npicture  {picture}\nsound    {sound}\n")
}

/// Every check: whether it holds, its name, what was found and expected, and what to do.
fn rows(validation: &Validation) -> Vec<Vec<String>> {
    let row = |check: &CheckOutcome| {
        let mark = if check.passed { "ok" } else { "bad" };
        let advice = check.advice.as_deref().unwrap_or_default();
        [mark, &check.name, &check.found, &check.expected, advice].map(str::to_owned).to_vec()
    };
    validation.checks.iter().map(row).collect()
}

/// Every check; under each that does not hold, what to do.
fn listed(validation: &Validation) -> String {
    let width = validation.checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for check in &validation.checks {
        let mark = if check.passed { "ok " } else { "BAD" };
        text.push_str(&format!("{mark}  {:width$}  {} (expected {})\n", check.name, check.found, check.expected));
        if let Some(advice) = &check.advice {
            text.push_str(&format!("     {:width$}  -> {advice}\n", ""));
        }
    }
    text
}
