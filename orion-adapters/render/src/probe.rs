//! [`FfprobeProbe`]: what a file really is.

use crate::inspect::{Drawn, Heard, Look, look};
use crate::sound::Meter;
use crate::supervise::{Watched, supervise};
use crate::{Tools, fault, listing, mp4};
use async_trait::async_trait;
use orion_core::domain::BlobRef;
use orion_core::port::{BlobStore, ColourTags, MediaContent, MediaInfo, MediaProbe, Stretch};
use orion_core::{Error, ErrorKind, MediaTime, Operation, Result};
use serde::Deserialize;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What files may be: formats that name other files (playlists, concatenations) are left out.
const FORMATS: &str = "mov,mp4,matroska,webm,avi,mpegts,wav,mp3,flac,ogg,aac";
/// Most pixels of a picture that is decoded: 8192x4320.
const MOST_PIXELS: u32 = 8192 * 4320;
/// Most samples a second of a sound that is decoded.
const MOST_RATE: u32 = 384_000;
/// Most of a file that is decoded, in seconds.
pub(crate) const MOST_SECONDS: &str = "3600";
/// Most characters of a decoder's complaint.
const MOST_COMPLAINT: usize = 200;
/// Most bytes of ffprobe's answer.
const MOST_ANSWER: u64 = 1 << 20;

/// Looks at files with ffprobe, or with ffmpeg alone where there is no ffprobe, and at what ffmpeg decodes of them.
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
}

/// Probes a local file; as [`MediaProbe::probe`].
///
/// # Errors
/// As [`MediaProbe::probe`]; [`NotFound`](ErrorKind::NotFound) if there is no such file.
pub async fn probe_file(tools: &Tools, file: &Path, closely: Look, operation: &Operation) -> Result<MediaInfo> {
    probe_by(tools, file, See::File(closely), operation).await
}

/// Probes a file that was made of frames that were looked at; as [`probe_file`].
///
/// # Errors
/// As [`probe_file`].
pub(crate) async fn probe_drawn(tools: &Tools, file: &Path, drawn: Drawn, operation: &Operation) -> Result<MediaInfo> {
    probe_by(tools, file, See::Drawn(Box::new(drawn)), operation).await
}

/// How the picture of a file is looked at.
enum See {
    /// As that of any file.
    File(Look),
    /// Only whether it shows the frames that it was made of.
    Drawn(Box<Drawn>),
}

async fn probe_by(tools: &Tools, file: &Path, see: See, operation: &Operation) -> Result<MediaInfo> {
    let (tools, file) = (tools.clone(), file.to_owned());
    supervise(operation, move |watched| probe(&tools, &file, see, watched)).await
}

#[async_trait]
impl MediaProbe for FfprobeProbe {
    async fn probe(&self, blob: &BlobRef, operation: &Operation) -> Result<MediaInfo> {
        let work = self.work.clone();
        let folder = tokio::task::spawn_blocking(move || fault::folder(&work, "probe-")).await;
        let folder = folder.map_err(|error| Error::unexpected("the work ended by a panic").with_source(error))??;
        let file = folder.path().join("file");
        self.blobs.export(blob.sha256, &file).await?;
        probe_file(&self.tools, &file, Look::Sampled, operation).await
    }
}

#[derive(Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    pub(crate) streams: Vec<Stream>,
    pub(crate) format: Format,
}

#[derive(Deserialize)]
pub(crate) struct Format {
    pub(crate) format_name: String,
    pub(crate) duration: Option<String>,
    #[serde(default)]
    pub(crate) tags: Tags,
}

#[derive(Deserialize, Default)]
pub(crate) struct Tags {
    pub(crate) major_brand: Option<String>,
}

#[derive(Deserialize, Default)]
pub(crate) struct Disposition {
    /// A cover, which is no video.
    #[serde(default)]
    pub(crate) attached_pic: u8,
}

#[derive(Deserialize, Default)]
pub(crate) struct Stream {
    pub(crate) codec_type: Option<String>,
    pub(crate) codec_name: Option<String>,
    pub(crate) profile: Option<String>,
    pub(crate) pix_fmt: Option<String>,
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
    pub(crate) avg_frame_rate: Option<String>,
    pub(crate) nb_read_packets: Option<String>,
    pub(crate) duration: Option<String>,
    pub(crate) sample_rate: Option<String>,
    pub(crate) channels: Option<u32>,
    #[serde(default)]
    pub(crate) disposition: Disposition,
    pub(crate) color_space: Option<String>,
    pub(crate) color_transfer: Option<String>,
    pub(crate) color_primaries: Option<String>,
    #[serde(default)]
    pub(crate) side_data_list: Vec<SideData>,
}

#[derive(Deserialize, Default)]
pub(crate) struct SideData {
    /// By how many degrees the picture is turned when it is shown.
    pub(crate) rotation: Option<f64>,
}

impl Stream {
    /// Width and height as shown.
    fn size(&self) -> (u32, u32) {
        let (width, height) = (self.width.unwrap_or(0), self.height.unwrap_or(0));
        let turned = self.side_data_list.iter().find_map(|data| data.rotation).unwrap_or(0.0);
        if (turned.rem_euclid(180.0) - 90.0).abs() < 45.0 { (height, width) } else { (width, height) }
    }

    fn colour(&self) -> ColourTags {
        let told = |tag: &Option<String>| tag.clone().filter(|tag| !matches!(tag.as_str(), "unknown" | "reserved"));
        ColourTags {
            matrix: told(&self.color_space),
            transfer: told(&self.color_transfer),
            primaries: told(&self.color_primaries),
        }
    }
}

/// What a file says that it is, and what of that is used.
struct Told {
    format: Format,
    video: Option<Stream>,
    audio: Option<Stream>,
    /// Width and height as shown.
    size: (u32, u32),
    frames_per_second: f64,
    sample_rate: Option<u32>,
    channels: Option<u32>,
}

impl Told {
    /// Asks the tools what a file is.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) if it is no media file, or one that is too large to be decoded.
    fn by(tools: &Tools, input: &OsStr, watched: &Watched) -> Result<Self> {
        let answer = match tools.ffprobe() {
            Ok(ffprobe) => ask(ffprobe, input, watched)?,
            Err(_) => listing::ask(tools.ffmpeg()?, input, watched).map_err(unreadable)?,
        };
        let mut streams = answer.streams;
        let mut of = |kind: &str| {
            let is =
                |stream: &Stream| stream.codec_type.as_deref() == Some(kind) && stream.disposition.attached_pic == 0;
            Some(streams.remove(streams.iter().position(is)?))
        };
        let (video, audio) = (of("video"), of("audio"));
        let size = video.as_ref().map_or((0, 0), Stream::size);
        let pixels = u64::from(size.0) * u64::from(size.1);
        if video.is_some() && !(1..=u64::from(MOST_PIXELS)).contains(&pixels) {
            return Err(Error::invalid("the picture has no size, or is too large to be looked at")
                .with_context("width", size.0)
                .with_context("height", size.1)
                .with_hint(format!("{MOST_PIXELS} pixels are the most")));
        }
        let rate = video.as_ref().and_then(|video| ratio(video.avg_frame_rate.as_deref()?));
        let sample_rate = audio.as_ref().and_then(|audio| audio.sample_rate.as_ref()?.parse().ok());
        if let Some(rate) = sample_rate.filter(|rate| *rate > MOST_RATE) {
            return Err(Error::invalid("the sound has too many samples a second").with_context("sample_rate", rate));
        }
        let channels = audio.as_ref().and_then(|audio| audio.channels);
        Ok(Self {
            format: answer.format,
            video,
            audio,
            size,
            frames_per_second: rate.unwrap_or(0.0),
            sample_rate,
            channels,
        })
    }
}

fn probe(tools: &Tools, file: &Path, see: See, watched: &Watched) -> Result<MediaInfo> {
    let ffmpeg = tools.ffmpeg()?;
    let metadata = std::fs::metadata(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::not_found("there is no such file").with_context("file", file.display()),
        _ => fault::io(error),
    })?;
    if !metadata.is_file() {
        return Err(Error::invalid("not a file").with_context("file", file.display()));
    }
    let mut input = OsString::from("file:");
    input.push(file);
    let input = input.as_os_str();
    // Picture and sound at the same time, by a child each.
    let (told, seen, heard) = std::thread::scope(|scope| {
        // How frames look that were drawn here need not be told first.
        let early = match see {
            See::Drawn(drawn) => Ok(scope.spawn(move || drawn.look(ffmpeg, input, watched))),
            See::File(closely) => Err(closely),
        };
        let told = Told::by(tools, input, watched)?;
        let (width, height) = told.size;
        let picture = (width, height, told.frames_per_second);
        let seen = match early {
            Ok(seen) => Some(seen),
            Err(_) if told.video.is_none() => None,
            Err(closely) => Some(scope.spawn(move || look(ffmpeg, input, picture, closely, watched))),
        };
        let heard = match (told.sample_rate, told.channels) {
            (Some(rate), Some(channels)) if channels > 0 => listen(ffmpeg, input, (rate, channels.min(2)), watched)?,
            _ => Listened::default(),
        };
        let panicked = |_| Err(Error::unexpected("looking at the picture ended by a panic"));
        let seen = seen.map(|seen| seen.join().unwrap_or_else(panicked)).transpose()?;
        Ok::<_, Error>((told, seen.unwrap_or_default(), heard))
    })?;
    let (video, audio) = (told.video.as_ref(), told.audio.as_ref());
    let index = mp4::look(file).map_err(fault::io)?;
    let info = MediaInfo {
        container: container(&told.format, file).map_err(fault::io)?,
        duration: time(told.format.duration.as_ref()).unwrap_or(MediaTime::ZERO),
        length: metadata.len(),
        video_codec: video.and_then(|video| video.codec_name.clone()),
        profile: video.and_then(|video| video.profile.clone()),
        level: video.and(index.level),
        key_frames: video.and(index.key_frames).map(MediaTime::from_seconds),
        pixel_format: video.and_then(|video| video.pix_fmt.clone()),
        width: told.size.0,
        height: told.size.1,
        frames_per_second: told.frames_per_second,
        frames: video.and_then(|video| video.nb_read_packets.as_ref()?.parse().ok()),
        video_duration: video.and_then(|video| time(video.duration.as_ref())),
        audio_codec: audio.and_then(|audio| audio.codec_name.clone()),
        sample_rate: told.sample_rate,
        channels: told.channels,
        audio_duration: audio.and_then(|audio| time(audio.duration.as_ref())),
        fast_start: index.first,
        edited: index.edited,
        colour: video.map(Stream::colour),
        loudness: heard.loudness,
        true_peak: heard.true_peak,
        content: Some(MediaContent {
            black: seen.black,
            frozen: seen.frozen,
            repeated: seen.repeated,
            silent: heard.silent,
            clipped: heard.clipped,
            complaint: seen.complaint.or(heard.complaint),
            captions: None,
        }),
    };
    Ok(info)
}

/// Asks ffprobe what a file is.
fn ask(ffprobe: &Path, input: &OsStr, watched: &Watched) -> Result<Answer> {
    let mut command = Command::new(ffprobe);
    command.args(["-hide_banner", "-v", "error", "-protocol_whitelist", "file", "-format_whitelist", FORMATS]);
    command.args(["-print_format", "json", "-show_format", "-show_streams", "-count_packets"]).arg(input);
    let mut said = Vec::new();
    let mut child = watched.child.start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MOST_ANSWER).read_to_end(&mut said).map_err(fault::io)?;
    }
    watched.child.wait().map_err(unreadable)?;
    serde_json::from_slice(&said).map_err(|error| unreadable(error.into()))
}

/// The one container that a file is, where ffprobe names all that it reads with the same part.
fn container(format: &Format, file: &Path) -> std::io::Result<String> {
    let first = || format.format_name.split(',').next().unwrap_or_default().to_owned();
    Ok(match format.format_name.as_str() {
        "mov,mp4,m4a,3gp,3g2,mj2" => {
            let quicktime = format.tags.major_brand.as_deref().is_none_or(|brand| brand.trim() == "qt");
            if quicktime { "mov" } else { "mp4" }.to_owned()
        }
        "matroska,webm" => {
            // The document type stands in the EBML head, which is the first thing in the file.
            let mut head = Vec::new();
            std::fs::File::open(file)?.take(256).read_to_end(&mut head)?;
            if head.windows(4).any(|four| four == b"webm") { "webm".to_owned() } else { first() }
        }
        _ => first(),
    })
}

/// What keeps a decoder to files that hold media themselves.
pub(crate) fn decoder_formats() -> [&'static str; 4] {
    ["-protocol_whitelist", "file", "-format_whitelist", FORMATS]
}

/// A command that decodes: it opens nothing but files, and of these only one that holds media itself.
pub(crate) fn decoder(ffmpeg: &Path) -> Command {
    let mut command = Command::new(ffmpeg);
    command.args(["-nostdin", "-hide_banner", "-v", "error", "-protocol_whitelist", "file"]);
    command.args(["-format_whitelist", FORMATS, "-max_pixels", &MOST_PIXELS.to_string(), "-t", MOST_SECONDS]);
    command
}

/// What a decoder complained of, if it did; the error if it did not even end by itself.
pub(crate) fn complaint(said: Result<String>) -> Result<Option<String>> {
    let said = match said {
        Ok(said) => said,
        Err(error) if error.kind() == ErrorKind::Unexpected => error.to_string(),
        Err(error) => return Err(error),
    };
    let line = said.lines().map(str::trim).find(|line| !line.is_empty());
    Ok(line.map(|line| {
        // `[h264 @ 0x55d0c0ffee] …`: where in memory is of no use.
        let mut parts = line.split(" @ 0x");
        let first = parts.next().unwrap_or_default().to_owned();
        let text = parts.fold(first, |text, part| text + part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
        text.chars().take(MOST_COMPLAINT).collect()
    }))
}

/// What was heard.
#[derive(Default)]
struct Listened {
    loudness: Option<f64>,
    true_peak: Option<f64>,
    silent: Vec<Stretch>,
    clipped: f64,
    complaint: Option<String>,
}

/// Listens to the first sound stream.
fn listen(ffmpeg: &Path, input: &OsStr, (rate, channels): (u32, u32), watched: &Watched) -> Result<Listened> {
    let mut command = decoder(ffmpeg);
    command.arg("-i").arg(input).args(["-map", "0:a:0"]);
    command.args(["-ac", &channels.to_string(), "-c:a", "pcm_f32le", "-f", "f32le", "pipe:1"]);
    let mut child = watched.child.start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let Some(mut stdout) = child.stdout.take() else {
        return Err(Error::unexpected("the video tool has no standard output"));
    };
    let (mut meter, mut heard) = (Meter::new(channels, rate, true)?, Heard::new(channels, rate));
    // Whole frames of a tenth of a second.
    let mut bytes = vec![0; 4 * channels as usize * (rate as usize / 10).max(1)];
    loop {
        let length = fault::fill(&mut stdout, &mut bytes)?;
        let samples: Vec<f32> = bytes[..length]
            .chunks_exact(4)
            .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
            .collect();
        let whole = &samples[..samples.len() - samples.len() % channels as usize];
        meter.add(whole)?;
        heard.add(whole);
        watched.moved.fetch_add(1, Ordering::Relaxed);
        if length < bytes.len() {
            break;
        }
    }
    let complaint = complaint(watched.child.hear())?;
    let (silent, clipped) = heard.finish();
    Ok(Listened { loudness: meter.loudness(), true_peak: meter.true_peak(), silent, clipped, complaint })
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
