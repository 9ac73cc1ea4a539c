//! [`FfprobeProbe`]: what a file really is.

use crate::sound::Meter;
use crate::supervise::{Watched, supervise};
use crate::{Tools, fault, mp4};
use async_trait::async_trait;
use orion_core::domain::BlobRef;
use orion_core::port::{BlobStore, MediaInfo, MediaProbe};
use orion_core::{Error, ErrorKind, MediaTime, Operation, Result};
use serde::Deserialize;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What files may be: formats that name other files (playlists, concatenations) are left out.
const FORMATS: &str = "mov,mp4,matroska,webm,avi,mpegts,wav,mp3,flac,ogg,aac";
/// Most bytes of ffprobe's answer.
const MOST_ANSWER: u64 = 1 << 20;

/// Looks at files with ffprobe, and measures loudness on what ffmpeg decodes.
#[derive(Debug, Clone)]
pub struct FfprobeProbe {
    tools: Tools,
    blobs: Arc<dyn BlobStore>,
    work: PathBuf,
}

impl FfprobeProbe {
    /// A probe of files in `blobs`; they are written out under `work` while they are looked at.
    pub fn new(tools: Tools, blobs: Arc<dyn BlobStore>, work: impl Into<PathBuf>) -> Self {
        Self { tools, blobs, work: work.into() }
    }

    /// Probes a local file; as [`MediaProbe::probe`].
    ///
    /// # Errors
    /// As [`MediaProbe::probe`].
    pub async fn file(&self, file: &Path, operation: &Operation) -> Result<MediaInfo> {
        let (tools, file) = (self.tools.clone(), file.to_owned());
        supervise(operation, move |watched| probe(&tools, &file, watched)).await
    }
}

#[async_trait]
impl MediaProbe for FfprobeProbe {
    async fn probe(&self, blob: &BlobRef, operation: &Operation) -> Result<MediaInfo> {
        let work = self.work.clone();
        let folder = tokio::task::spawn_blocking(move || fault::folder(&work, "probe-")).await;
        let folder = folder.map_err(|error| Error::unexpected("the work ended by a panic").with_source(error))??;
        let file = folder.path().join("file");
        self.blobs.export(blob.sha256, &file).await?;
        self.file(&file, operation).await
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    streams: Vec<Stream>,
    format: Format,
}

#[derive(Deserialize)]
struct Format {
    format_name: String,
    duration: Option<String>,
}

#[derive(Deserialize)]
struct Stream {
    codec_type: Option<String>,
    codec_name: Option<String>,
    profile: Option<String>,
    pix_fmt: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    avg_frame_rate: Option<String>,
    nb_read_packets: Option<String>,
    duration: Option<String>,
    sample_rate: Option<String>,
    channels: Option<u32>,
}

fn probe(tools: &Tools, file: &Path, watched: &Watched) -> Result<MediaInfo> {
    let (ffprobe, ffmpeg) = (tools.ffprobe()?, tools.ffmpeg()?);
    let mut input = std::ffi::OsString::from("file:");
    input.push(file);
    let mut command = Command::new(ffprobe);
    command.args(["-hide_banner", "-v", "error", "-protocol_whitelist", "file", "-format_whitelist", FORMATS]);
    command.args(["-print_format", "json", "-show_format", "-show_streams", "-count_packets"]).arg(&input);
    let mut said = Vec::new();
    let mut child = watched.child.start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MOST_ANSWER).read_to_end(&mut said).map_err(fault::io)?;
    }
    watched.child.wait().map_err(unreadable)?;
    let answer: Answer = serde_json::from_slice(&said).map_err(|error| unreadable(error.into()))?;
    let of = |kind: &str| answer.streams.iter().find(|stream| stream.codec_type.as_deref() == Some(kind));
    let (video, audio) = (of("video"), of("audio"));
    let rate = audio.and_then(|audio| audio.sample_rate.as_ref()?.parse().ok());
    let channels = audio.and_then(|audio| audio.channels);
    let (loudness, true_peak) = match (rate, channels) {
        (Some(rate), Some(channels)) if channels > 0 => loudness(ffmpeg, &input, (rate, channels.min(2)), watched)?,
        _ => (None, None),
    };
    let info = MediaInfo {
        container: answer.format.format_name,
        duration: time(answer.format.duration.as_ref()).unwrap_or(MediaTime::ZERO),
        length: std::fs::metadata(file).map_err(fault::io)?.len(),
        video_codec: video.and_then(|video| video.codec_name.clone()),
        profile: video.and_then(|video| video.profile.clone()),
        pixel_format: video.and_then(|video| video.pix_fmt.clone()),
        width: video.and_then(|video| video.width).unwrap_or(0),
        height: video.and_then(|video| video.height).unwrap_or(0),
        frames_per_second: video.and_then(|video| ratio(video.avg_frame_rate.as_deref()?)).unwrap_or(0.0),
        frames: video.and_then(|video| video.nb_read_packets.as_ref()?.parse().ok()),
        video_duration: video.and_then(|video| time(video.duration.as_ref())),
        audio_codec: audio.and_then(|audio| audio.codec_name.clone()),
        sample_rate: rate,
        channels,
        audio_duration: audio.and_then(|audio| time(audio.duration.as_ref())),
        fast_start: mp4::starts_fast(file).map_err(fault::io)?,
        loudness,
        true_peak,
    };
    Ok(info)
}

/// Integrated loudness and true peak of the first sound stream.
fn loudness(
    ffmpeg: &Path,
    input: &std::ffi::OsStr,
    (rate, channels): (u32, u32),
    watched: &Watched,
) -> Result<(Option<f64>, Option<f64>)> {
    let mut command = Command::new(ffmpeg);
    command.args(["-nostdin", "-hide_banner", "-v", "error", "-protocol_whitelist", "file"]);
    command.args(["-format_whitelist", FORMATS, "-i"]).arg(input).args(["-map", "0:a:0"]);
    command.args(["-ac", &channels.to_string(), "-c:a", "pcm_f32le", "-f", "f32le", "pipe:1"]);
    let mut child = watched.child.start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let Some(mut stdout) = child.stdout.take() else {
        return Err(Error::unexpected("the video tool has no standard output"));
    };
    let mut meter = Meter::new(channels, rate, true)?;
    // Whole frames of a tenth of a second.
    let mut bytes = vec![0; 4 * channels as usize * (rate as usize / 10).max(1)];
    loop {
        let length = fault::fill(&mut stdout, &mut bytes)?;
        let samples: Vec<f32> = bytes[..length]
            .chunks_exact(4)
            .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
            .collect();
        meter.add(&samples[..samples.len() - samples.len() % channels as usize])?;
        watched.moved.fetch_add(1, Ordering::Relaxed);
        if length < bytes.len() {
            break;
        }
    }
    watched.child.wait().map_err(unreadable)?;
    Ok((meter.loudness(), meter.true_peak()))
}

/// A file that the tool refuses is no media file; other faults stay what they are.
fn unreadable(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Unexpected | ErrorKind::Corrupt => Error::invalid("not a readable media file").with_source(error),
        _ => error,
    }
}

fn time(seconds: Option<&String>) -> Option<MediaTime> {
    seconds?.parse().ok().filter(|seconds: &f64| seconds.is_finite()).map(MediaTime::from_seconds)
}

fn ratio(text: &str) -> Option<f64> {
    let (above, below) = text.split_once('/')?;
    let (above, below): (f64, f64) = (above.parse().ok()?, below.parse().ok()?);
    (below > 0.0).then_some(above / below)
}
