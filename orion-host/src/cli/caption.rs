//! `orion caption`: captions over a video of one's own.

use super::create::{check_folder, read_text};
use super::output::Printing;
use super::watch::{Stop, Watch};
use super::{Failure, Setting, output};
use crate::Orion;
use crate::captioned::{CaptionRequest, CaptionedVideo};
use crate::config::Layers;
use clap::Args;
use orion_core::domain::timeline::{CaptionStyle, Loudness};
use orion_core::service::production::Subject;
use orion_core::{Cancellation, Operation, Result};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// `orion caption`
#[derive(Debug, Args)]
pub(super) struct Caption {
    #[command(flatten)]
    pub(super) printing: Printing,
    /// The video; it is only read
    #[arg(value_name = "VIDEO")]
    video: PathBuf,
    /// What is said in it: the words themselves, a file, or - for standard input [default: the transcriber hears it]
    #[arg(long, value_name = "TEXT|FILE|-")]
    script: Option<String>,
    /// Caption style: tiktok, youtube, minimal [default: create.captions]
    #[arg(long, value_name = "STYLE")]
    style: Option<String>,
    /// Language of what is said: en, de, ... [default: found out]
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// Bring the sound to -14 LUFS below -1 dBTP; otherwise it is not touched
    #[arg(long)]
    loudness: bool,
    /// Encoder preset: draft, standard, premium
    #[arg(long)]
    quality: Option<String>,
    /// Folder of the finished files [default: orion-videos/VIDEO-captioned]
    #[arg(long, short, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

impl Caption {
    /// Hands the flags that are settings to the configuration.
    pub(super) fn settings(&self, layers: &mut Layers) {
        layers.flag("create.captions", self.style.as_ref());
        layers.flag("create.quality", self.quality.as_ref());
    }

    pub(super) async fn run(self, setting: Setting) -> Result<ExitCode, Failure> {
        let json = setting.json();
        let cancellation = Cancellation::new();
        let _stop = Stop::listen(cancellation.clone());
        let watch = Watch::new(json);
        let operation = Operation::new(cancellation, watch.progress());
        let made = self.make(setting, &operation).await;
        if let Ok(made) = &made {
            tell(&watch, made);
        }
        watch.finish();
        let made = made?;
        if !json {
            output::print_line(&made.video.display().to_string())?;
        }
        Ok(if made.validation.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn make(&self, setting: Setting, operation: &Operation) -> Result<CaptionedVideo> {
        let config = setting.config;
        let script = self.script.as_deref().map(read_text).transpose()?;
        let settings = config.request(Subject::Script { script: String::new() })?;
        let mut request = CaptionRequest::new(CaptionStyle::named(&settings.captions));
        request.script = script;
        request.language.clone_from(&self.language);
        request.encoder = settings.encoder;
        request.loudness = self.loudness.then_some(Loudness::PLATFORM);
        let stem = self.video.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let folder = self.out.clone().unwrap_or_else(|| config.out.join(format!("{stem}-captioned")));
        check_folder(&folder)?;
        let orion = Orion::builder().config(config).build().await?;
        orion.caption(Path::new(&self.video), &request, &folder, operation).await
    }
}

fn tell(watch: &Watch, made: &CaptionedVideo) {
    for check in made.validation.checks.iter().filter(|check| !check.passed) {
        let line = format!("warning: {} is {}, expected {}", check.name, check.found, check.expected);
        watch.tell(&line, serde_json::json!({ "event": "warning", "check": check }));
    }
    for note in &made.notes {
        watch.tell(&format!("note: {note}"), serde_json::json!({ "event": "note", "message": note }));
    }
    let seconds = made.info.duration.seconds();
    let folder = made.video.parent().unwrap_or(&made.video).display().to_string();
    let files: Vec<&PathBuf> = std::iter::once(&made.video).chain(&made.captions).collect();
    watch.tell(
        &format!("captioned ({seconds:.1} s) in {folder}"),
        serde_json::json!({
            "event": "finished",
            "seconds": seconds,
            "validation_passed": made.validation.passed(),
            "folder": folder,
            "files": files,
            "checks": made.validation.checks,
        }),
    );
}
