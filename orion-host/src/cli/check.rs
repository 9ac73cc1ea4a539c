//! `orion check`: whether a file is what a platform takes, and a video that can be watched.

use super::output::{Format, Printing};
use super::{Failure, Setting, output};
use crate::delivery::move_file;
use clap::Args;
use orion_adapters::Parts;
use orion_adapters::render::{Look, Tools, probe_file, repair};
use orion_core::domain::{Platform, VideoDemands};
use orion_core::port::{CheckOutcome, MediaInfo, Validation};
use orion_core::service::editor::{Repair, check_file, repairs};
use orion_core::{Error, Operation, Result};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
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
    /// Write a copy in which what can be set right is: index, colour tags, loudness, true peak, form and length of the
    /// sound. The video itself is only read
    #[arg(long)]
    fix: bool,
    /// The file of the copy [default: VIDEO.fixed.mp4 beside it]
    #[arg(long, short, value_name = "FILE", requires = "fix")]
    out: Option<PathBuf>,
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
        let fixed = match self.fix {
            true => self.fixed(&setting, &tools, (&info, &validation), &operation).await?,
            false => None,
        };
        if setting.format == Format::Json {
            let mut answer = self.answer(&self.video, &info, &validation);
            if let (Some(fixed), Some(answer)) = (&fixed, answer.as_object_mut()) {
                let mut copy = self.answer(&fixed.file, &fixed.info, &fixed.validation);
                if let Some(copy) = copy.as_object_mut() {
                    copy.insert("repairs".to_owned(), serde_json::json!(fixed.repairs));
                }
                answer.insert("fixed".to_owned(), copy);
            }
            output::print_json(&answer)?;
        } else {
            self.show(setting.format, &info, &validation)?;
            if let Some(fixed) = &fixed {
                let repairs: Vec<&str> = fixed.repairs.iter().map(|repair| repair.as_str()).collect();
                output::say(&format!("set right ({}): {}", repairs.join(", "), fixed.file.display()));
                self.show(setting.format, &fixed.info, &fixed.validation)?;
            } else if self.fix && !validation.passed() {
                output::say("nothing of it can be set right without encoding the picture anew");
            }
        }
        let last = fixed.as_ref().map_or(&validation, |fixed| &fixed.validation);
        Ok(if last.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn answer(&self, file: &Path, info: &MediaInfo, validation: &Validation) -> serde_json::Value {
        serde_json::json!({
            "file": file,
            "platform": self.platform,
            "passed": validation.passed(),
            "score": validation.score(),
            "info": info,
            "checks": validation.checks,
            "source": self.platform.map_or(VideoDemands::GENERAL, Platform::demands).source,
        })
    }

    fn show(&self, format: Format, info: &MediaInfo, validation: &Validation) -> Result<()> {
        if format == Format::Plain {
            return output::print_rows(&[], &rows(validation), 0, Format::Plain);
        }
        output::print(&output::harmless(&format!("{}\n{}", described(info), listed(validation))))?;
        let (count, bad) = (validation.checks.len(), validation.checks.iter().filter(|check| !check.passed).count());
        let place = self.platform.map_or("everywhere", Platform::as_str);
        let source = self.platform.map_or(VideoDemands::GENERAL, Platform::demands).source;
        output::say(&match bad {
            0 => format!("all {count} checks hold ({place})"),
            bad => format!("{bad} of {count} checks do not hold ({place}; {source})"),
        });
        Ok(())
    }

    /// Writes the copy; nothing if there is nothing to set right.
    async fn fixed(
        &self,
        setting: &Setting,
        tools: &Tools,
        (info, validation): (&MediaInfo, &Validation),
        operation: &Operation,
    ) -> Result<Option<Fixed>> {
        let repairs = repairs(info, validation);
        if repairs.is_empty() {
            return Ok(None);
        }
        let file = self.out.clone().unwrap_or_else(|| self.video.with_extension("fixed.mp4"));
        if file.exists() {
            return Err(Error::invalid("there is a file already; none is replaced")
                .with_context("file", file.display())
                .with_hint("name another with --out, or remove it"));
        }
        let work = setting.config.data_dir.join("work");
        let repaired = repair(tools, (&self.video, info), &repairs, &work, operation).await?;
        let info = probe_file(tools, &repaired.file, Look::Whole, operation).await?;
        operation.cancellation.check()?;
        let place = file.clone();
        let moved = tokio::task::spawn_blocking(move || move_file(&repaired.file, &place)).await;
        moved.map_err(|error| Error::unexpected("writing broke off").with_source(error))??;
        let validation = check_file(&info, self.platform);
        Ok(Some(Fixed { file, repairs, info, validation }))
    }
}

/// The copy in which what could be set right is.
struct Fixed {
    file: PathBuf,
    repairs: BTreeSet<Repair>,
    info: MediaInfo,
    validation: Validation,
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
