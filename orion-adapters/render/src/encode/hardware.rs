//! Encoders of graphics processors: how each is set, and whether it works on this machine, which only encoding with it
//! tells: builds of ffmpeg list encoders whose driver or chip is not there.

use super::VIDEO;
use crate::inspect::Look;
use crate::probe::probe_file;
use crate::supervise::supervise;
use crate::{Tools, fault};
use orion_core::port::Encoder;
use orion_core::{Error, ErrorKind, Operation, Result};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::time::Duration;

/// How long one may take for its test. A driver that hangs is one that does not work.
const DEADLINE: Duration = Duration::from_secs(20);
/// Frames of the test.
const FRAMES: u64 = 16;
/// Most characters of a reason.
const MOST_REASON: usize = 160;

/// A hardware encoder of H.264 that ffmpeg knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hardware {
    /// NVIDIA.
    Nvenc,
    /// Intel Quick Sync Video.
    Qsv,
    /// The Video Acceleration API of Linux: Intel and AMD.
    Vaapi,
    /// Apple.
    Videotoolbox,
}

impl Hardware {
    /// All, in the order in which they are tried.
    pub const ALL: [Self; 4] = [Self::Nvenc, Self::Qsv, Self::Vaapi, Self::Videotoolbox];

    /// Its name in ffmpeg.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nvenc => "h264_nvenc",
            Self::Qsv => "h264_qsv",
            Self::Vaapi => "h264_vaapi",
            Self::Videotoolbox => "h264_videotoolbox",
        }
    }

    /// How good it is asked to be, in its own scale: the presets of x264 have no counterpart.
    fn quality(self, encoder: Encoder) -> &'static str {
        let [draft, standard, premium] = match self {
            Self::Nvenc => ["30", "23", "19"],
            Self::Qsv => ["30", "23", "19"],
            Self::Vaapi => ["30", "23", "20"],
            Self::Videotoolbox => ["45", "65", "75"],
        };
        match encoder {
            Encoder::Draft => draft,
            Encoder::Standard => standard,
            Encoder::Premium => premium,
        }
    }

    /// What stands before the inputs.
    pub(super) fn before(self, command: &mut Command) {
        if let (Self::Vaapi, Some(device)) = (self, device()) {
            command.arg("-vaapi_device").arg(device);
        }
    }

    /// How the picture is encoded, but for what is asked of every encoder.
    pub(super) fn picture(self, command: &mut Command, encoder: Encoder) {
        let quality = self.quality(encoder);
        command.args(["-c:v", self.name(), "-profile:v", "high"]);
        match self {
            Self::Nvenc => {
                let preset = match encoder {
                    Encoder::Draft => "p1",
                    Encoder::Standard => "p4",
                    Encoder::Premium => "p7",
                };
                command.args(["-preset", preset, "-tune", "hq", "-rc", "vbr", "-cq", quality, "-b:v", "0"]);
                command.args(["-bf", "2", "-forced-idr", "1", "-pix_fmt", "yuv420p"]);
            }
            Self::Qsv => {
                let preset = match encoder {
                    Encoder::Draft => "veryfast",
                    Encoder::Standard => "medium",
                    Encoder::Premium => "slow",
                };
                command.args(["-preset", preset, "-global_quality", quality, "-forced_idr", "1", "-pix_fmt", "nv12"]);
            }
            Self::Vaapi => {
                command.args(["-vf", "format=nv12,hwupload", "-rc_mode", "CQP", "-qp", quality]);
            }
            Self::Videotoolbox => {
                command.args(["-q:v", quality, "-allow_sw", "0", "-pix_fmt", "yuv420p"]);
            }
        }
    }

    /// The encoder as used, for people.
    pub(super) fn describe(self, encoder: Encoder) -> String {
        format!("{} quality {}", self.name(), self.quality(encoder))
    }

    /// Encodes a few frames, and looks at what came of it.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) with the reason if it does not work here;
    /// [`Unavailable`](ErrorKind::Unavailable) without ffmpeg; [`Cancelled`](ErrorKind::Cancelled).
    pub async fn test(self, tools: &Tools, work: &Path, operation: &Operation) -> Result<()> {
        let ffmpeg = tools.ffmpeg()?.to_owned();
        let missing = |why: String| {
            Error::new(ErrorKind::Unsupported, "this encoder does not work here")
                .with_context("encoder", self.name())
                .with_context("reason", why)
        };
        if self == Self::Vaapi && device().is_none() {
            return Err(missing("there is no device in /dev/dri".to_owned()));
        }
        let folder = fault::folder(work, "encoder-")?;
        let path = folder.path().to_owned();
        let run = supervise(operation, move |watched| {
            let mut command = super::call(&ffmpeg, &path);
            self.before(&mut command);
            command.args(["-f", "lavfi", "-i", "testsrc2=size=640x368:rate=30", "-frames:v", &FRAMES.to_string()]);
            self.picture(&mut command, Encoder::Standard);
            super::finish(&mut command);
            watched.child.start(command.stdin(Stdio::null()).stdout(Stdio::null()))?;
            watched.child.wait()
        });
        match tokio::time::timeout(DEADLINE, run).await {
            Err(_) => return Err(missing(format!("nothing came of it in {} s", DEADLINE.as_secs()))),
            Ok(Err(error)) if error.kind() == ErrorKind::Unexpected => {
                let said = error.context().iter().find(|(name, _)| *name == "said").map(|(_, said)| said.as_str());
                return Err(missing(brief(said.unwrap_or("it failed without a word"))));
            }
            Ok(ended) => ended?,
        }
        let info = probe_file(tools, &folder.path().join(VIDEO), Look::Sampled, operation).await?;
        let found = (info.video_codec.as_deref(), info.frames, info.pixel_format.as_deref());
        if found != (Some("h264"), Some(FRAMES), Some("yuv420p")) {
            return Err(missing(format!("what it encodes is not what was asked for: {found:?}")));
        }
        Ok(())
    }
}

/// The first line of what it said, without where in memory it was said.
fn brief(said: &str) -> String {
    let first = said.split(" / ").next().unwrap_or_default().trim();
    let text = first.rsplit_once("] ").map_or(first, |(_, text)| text);
    text.chars().take(MOST_REASON).collect()
}

/// The first device that renders.
fn device() -> Option<PathBuf> {
    (128..144).map(|number| PathBuf::from(format!("/dev/dri/renderD{number}"))).find(|path| path.exists())
}

/// Who is to encode the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EncodedBy {
    /// x264: the same result everywhere.
    #[default]
    X264,
    /// The first hardware encoder that works here, else x264.
    Auto,
    /// This one if it works here, else x264.
    Only(Hardware),
}

impl EncodedBy {
    /// Those that are tried, in this order.
    pub fn tried(self) -> &'static [Hardware] {
        match self {
            Self::X264 => &[],
            Self::Auto => &Hardware::ALL,
            Self::Only(Hardware::Nvenc) => &[Hardware::Nvenc],
            Self::Only(Hardware::Qsv) => &[Hardware::Qsv],
            Self::Only(Hardware::Vaapi) => &[Hardware::Vaapi],
            Self::Only(Hardware::Videotoolbox) => &[Hardware::Videotoolbox],
        }
    }
}

impl FromStr for EncodedBy {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let name = name.trim();
        match name {
            "" | "x264" | "libx264" => Ok(Self::X264),
            "auto" => Ok(Self::Auto),
            _ => Hardware::ALL
                .into_iter()
                .find(|one| one.name() == name || one.name().strip_prefix("h264_") == Some(name))
                .map(Self::Only)
                .ok_or_else(|| {
                    Error::invalid("unknown encoder")
                        .with_context("value", name)
                        .with_hint("use x264, auto, nvenc, qsv, vaapi or videotoolbox")
                }),
        }
    }
}

/// The hardware encoder that was found to work, or why none is used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Found {
    pub(crate) hardware: Option<Hardware>,
    /// For people: `h264_nvenc: Cannot load libcuda.so.1`.
    pub(crate) refused: Vec<String>,
}

impl Found {
    /// Tries those that may be used.
    pub(crate) async fn on(tools: &Tools, work: &Path, operation: &Operation) -> Result<Self> {
        let mut found = Self::default();
        for hardware in tools.encoded_by().tried() {
            match hardware.test(tools, work, operation).await {
                Ok(()) => {
                    found.hardware = Some(*hardware);
                    break;
                }
                Err(error) if error.kind() == ErrorKind::Unsupported => found.refused.push(reason(*hardware, &error)),
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

/// Why an encoder was not used, on one line.
pub(crate) fn reason(hardware: Hardware, error: &Error) -> String {
    let of = |wanted: &str| error.context().iter().find(|(name, _)| *name == wanted).map(|(_, text)| text.as_str());
    format!("{}: {}", hardware.name(), of("reason").or(of("said")).map_or_else(|| error.to_string(), brief))
}

impl fmt::Display for Hardware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoders_are_named_as_people_name_them() {
        assert_eq!("".parse::<EncodedBy>().unwrap(), EncodedBy::X264);
        assert_eq!("auto".parse::<EncodedBy>().unwrap().tried(), Hardware::ALL);
        for hardware in Hardware::ALL {
            assert_eq!(hardware.name().parse::<EncodedBy>().unwrap(), EncodedBy::Only(hardware));
            assert_eq!(hardware.name()["h264_".len()..].parse::<EncodedBy>().unwrap().tried(), [hardware]);
        }
        assert!("gpu".parse::<EncodedBy>().unwrap_err().hint().unwrap().contains("nvenc"));
    }

    #[test]
    fn a_reason_is_a_line() {
        let said = "[h264_nvenc @ 0x55d0c0ffee] Cannot load libcuda.so.1 / Error initializing output stream";
        assert_eq!(brief(said), "Cannot load libcuda.so.1");
        assert_eq!(brief(&"x".repeat(1000)).len(), MOST_REASON);
    }
}
