//! Where ffmpeg and ffprobe are.

use crate::encode::EncodedBy;
use orion_core::{Error, Result};
use std::path::{Path, PathBuf};

/// The programs that encode and probe; without ffprobe, ffmpeg probes too. Looking for them never fails; using one that
/// was not found does.
#[derive(Debug, Clone, Default)]
pub struct Tools {
    ffmpeg: Option<PathBuf>,
    ffprobe: Option<PathBuf>,
    encoded_by: EncodedBy,
}

impl Tools {
    /// Looks for `ffmpeg` under `ORION_FFMPEG` or in the `PATH`, and for `ffprobe` beside it or in the `PATH`.
    pub fn from_environment() -> Self {
        match std::env::var_os("ORION_FFMPEG").filter(|path| !path.is_empty()) {
            Some(path) => Self::at(path),
            None => in_path("ffmpeg").map_or_else(Self::default, Self::at),
        }
    }

    /// Uses this `ffmpeg`, and the `ffprobe` beside it or in the `PATH`.
    pub fn at(ffmpeg: impl Into<PathBuf>) -> Self {
        let ffmpeg = ffmpeg.into();
        let name = format!("ffprobe{}", std::env::consts::EXE_SUFFIX);
        let beside = ffmpeg.parent().map(|folder| folder.join(name)).filter(|path| path.is_file());
        let ffprobe = beside.or_else(|| in_path("ffprobe"));
        Self { ffmpeg: ffmpeg.is_file().then_some(ffmpeg), ffprobe, encoded_by: EncodedBy::X264 }
    }

    /// The same tools, with who is to encode the picture of rendered videos.
    #[must_use]
    pub fn with_encoder(self, encoded_by: EncodedBy) -> Self {
        Self { encoded_by, ..self }
    }

    /// Who is to encode the picture of rendered videos.
    pub fn encoded_by(&self) -> EncodedBy {
        self.encoded_by
    }

    /// The same ffmpeg without ffprobe, as where only a bundled ffmpeg is.
    #[must_use]
    pub fn without_ffprobe(self) -> Self {
        Self { ffprobe: None, ..self }
    }

    /// The path of ffmpeg.
    ///
    /// # Errors
    /// [`Unavailable`](orion_core::ErrorKind::Unavailable) with a hint how to install it.
    pub fn ffmpeg(&self) -> Result<&Path> {
        self.ffmpeg.as_deref().ok_or_else(|| missing("ffmpeg"))
    }

    /// The path of ffprobe.
    ///
    /// # Errors
    /// [`Unavailable`](orion_core::ErrorKind::Unavailable) with a hint how to install it.
    pub fn ffprobe(&self) -> Result<&Path> {
        self.ffprobe.as_deref().ok_or_else(|| missing("ffprobe"))
    }
}

fn in_path(name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(&file)).find(|path| path.is_file())
}

pub(crate) fn missing(program: &'static str) -> Error {
    Error::unavailable("the video tool is not installed")
        .with_context("program", program)
        .with_retry(orion_core::Retry::Never)
        .with_hint("install ffmpeg (`apt install ffmpeg`, `brew install ffmpeg`) or set ORION_FFMPEG to its path")
}
