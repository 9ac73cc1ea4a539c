//! Sound in another form, by ffmpeg: speech as MP3, and whatever holds sound as the plain WAV that transcribers take.

use crate::probe::decoder;
use crate::supervise::{Watched, supervise};
use crate::{Tools, fault};
use bytes::Bytes;
use orion_core::domain::Sha256;
use orion_core::port::BlobStore;
use orion_core::{Error, ErrorKind, Operation, Result};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

/// Samples a second that transcribers expect.
const RATE: &str = "16000";
/// Bits a second of MP3 speech: one voice needs no more.
const MP3_RATE: &str = "96k";
/// No result is longer: an hour of plain sound at [`RATE`] is 115 MB.
const MOST_BYTES: u64 = 128 << 20;
/// What to do about a file that cannot be heard.
const PLAYABLE: &str = "use a WAV, MP3, M4A, FLAC, Ogg, MP4, MOV or Matroska file that other programs can play";
/// No file of sound is larger.
const MOST_FILE: u64 = 512 << 20;

/// Turns sound into other forms; files are written under a working folder meanwhile.
#[derive(Debug, Clone)]
pub struct Transcoder {
    tools: Tools,
    work: PathBuf,
}

impl Transcoder {
    /// With these tools, under this folder.
    pub fn new(tools: Tools, work: impl Into<PathBuf>) -> Self {
        Self { tools, work: work.into() }
    }

    /// A WAV file as MP3.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for what is no sound; [`Unavailable`](ErrorKind::Unavailable) without ffmpeg;
    /// [`Cancelled`](ErrorKind::Cancelled).
    pub async fn mp3(&self, wav: Bytes, operation: &Operation) -> Result<Bytes> {
        let (tools, work) = (self.tools.clone(), self.work.clone());
        let encode = move |watched: &Watched| {
            let folder = fault::folder(&work, "sound-")?;
            let (from, to) = (folder.path().join("in.wav"), folder.path().join("out.mp3"));
            std::fs::write(&from, &wav).map_err(fault::io)?;
            let form = ["-c:a", "libmp3lame", "-b:a", MP3_RATE, "-f", "mp3"];
            convert(decoder(tools.ffmpeg()?), from.as_os_str(), &form, &to, watched)
        };
        supervise(operation, encode).await
    }

    /// The sound of a local file as WAV, 16 bits, 48,000 samples a second, of one or two channels: silence, noise and
    /// broken ends as they are, but not longer than `most` seconds.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) for a file that is not there; [`Invalid`](ErrorKind::Invalid) for one without
    /// sound, or with more of it; as [`mp3`](Self::mp3).
    pub async fn read(&self, file: &Path, channels: u8, most: u32, operation: &Operation) -> Result<Bytes> {
        let (tools, work, from) = (self.tools.clone(), self.work.clone(), std::path::absolute(file));
        let decode = move |watched: &Watched| {
            let from = from.map_err(fault::io)?;
            crate::own::regular(&from, MOST_FILE)?;
            let folder = fault::folder(&work, "sound-")?;
            let to = folder.path().join("out.wav");
            let (channels, length) = (channels.to_string(), (most + 1).to_string());
            let form = ["-t", &length, "-ac", &channels, "-ar", "48000", "-c:a", "pcm_s16le", "-f", "wav"];
            let mut input = std::ffi::OsString::from("file:");
            input.push(&from);
            convert(decoder(tools.ffmpeg()?), &input, &form, &to, watched)
        };
        let wav = supervise(operation, decode).await.map_err(|error| {
            let error = error.with_context("file", file.display());
            if error.kind() == ErrorKind::Invalid && error.hint().is_none() { error.with_hint(PLAYABLE) } else { error }
        })?;
        let reader = hound::WavReader::new(std::io::Cursor::new(&wav));
        let length = reader.map(|reader| reader.duration()).unwrap_or_default();
        if length == 0 || length > most * 48_000 {
            let error = match length {
                0 => Error::invalid("this file has no sound that can be read").with_hint(PLAYABLE),
                _ => Error::invalid("the sound is too long").with_hint(format!("{most} seconds are the most; cut it")),
            };
            return Err(error.with_context("file", file.display()));
        }
        Ok(wav)
    }

    /// The sound of a stored file as WAV: 16 bits, one channel, 16,000 samples a second, at most an hour of it.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a file without sound; the store's own; as [`mp3`](Self::mp3).
    pub async fn wav(&self, blobs: &Arc<dyn BlobStore>, file: Sha256, operation: &Operation) -> Result<Bytes> {
        let work = self.work.clone();
        let folder = tokio::task::spawn_blocking(move || fault::folder(&work, "sound-")).await;
        let folder = folder.map_err(|error| Error::unexpected("the work ended by a panic").with_source(error))??;
        let from = folder.path().join("in");
        blobs.export(file, &from).await?;
        self.decode(folder, from, operation).await
    }

    /// The sound of a file of the caller's own, in the form of [`wav`](Self::wav).
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is no such file; as [`wav`](Self::wav).
    pub async fn wav_of_file(&self, file: &Path, operation: &Operation) -> Result<Bytes> {
        let (work, file) = (self.work.clone(), file.to_owned());
        let found = move || {
            // As a whole path it is never taken for an address or an option.
            let from = file.canonicalize().map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => {
                    Error::not_found("there is no such file").with_context("file", file.display())
                }
                _ => fault::io(error).with_context("file", file.display()),
            })?;
            Ok::<_, Error>((fault::folder(&work, "sound-")?, from))
        };
        let found = tokio::task::spawn_blocking(found).await;
        let (folder, from) =
            found.map_err(|error| Error::unexpected("the work ended by a panic").with_source(error))??;
        self.decode(folder, from, operation).await
    }

    async fn decode(&self, folder: TempDir, from: PathBuf, operation: &Operation) -> Result<Bytes> {
        let tools = self.tools.clone();
        let decode = move |watched: &Watched| {
            let to = folder.path().join("out.wav");
            let form = ["-ac", "1", "-ar", RATE, "-c:a", "pcm_s16le", "-f", "wav"];
            convert(decoder(tools.ffmpeg()?), from.as_os_str(), &form, &to, watched)
        };
        supervise(operation, decode).await
    }
}

fn convert(mut command: Command, from: &OsStr, form: &[&str], to: &Path, watched: &Watched) -> Result<Bytes> {
    command.arg("-i").arg(from).args(["-map", "0:a:0", "-map_metadata", "-1"]).args(form).arg("-y").arg(to);
    watched.child.start(command.stdin(Stdio::null()).stdout(Stdio::null()))?;
    watched.child.wrote().map_err(|error| match error.kind() {
        ErrorKind::Unexpected => Error::invalid("this file has no sound that can be read").with_source(error),
        _ => error,
    })?;
    let length = std::fs::metadata(to).map_err(fault::io)?.len();
    if length > MOST_BYTES {
        return Err(Error::invalid("the sound is too long").with_context("bytes", length));
    }
    std::fs::read(to).map(Bytes::from).map_err(fault::io)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::Bench;
    use orion_core::Cancellation;
    use orion_core::memory::MemoryBlobs;
    use orion_core::service::editor::encode_wav;

    /// A tone of so many seconds.
    fn tone(seconds: u32, rate: u32, gain: f32) -> Bytes {
        let sample = |n: u32| ((n as f32 * 2765.0 / rate as f32).sin() * gain).clamp(-1.0, 1.0);
        encode_wav(&(0..seconds * rate).map(sample).collect::<Vec<_>>(), rate)
    }

    #[tokio::test]
    async fn sound_of_every_kind_is_read_to_its_end_and_not_beyond() {
        let Some(bench) = Bench::new() else { return };
        let transcoder = Transcoder::new(bench.tools.clone(), bench.work.path().join("work"));
        let operation = Operation::detached();
        let file = bench.work.path().join("sound");
        let read = async |bytes: &[u8], most| {
            std::fs::write(&file, bytes).unwrap();
            transcoder.read(&file, 2, most, &operation).await
        };
        let whole = tone(3, 8_000, 0.5);
        let mp3 = transcoder.mp3(tone(3, 44_100, 0.5), &operation).await.unwrap();
        // In another place of it there is noise.
        let noise: Vec<u8> = (0..3000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let broken = [&mp3[..mp3.len() / 3], &noise[..], &mp3[mp3.len() / 2..]].concat();
        for (what, bytes, seconds) in [
            ("one channel of 8,000 samples a second", &whole[..], 3.0),
            ("beyond full scale", &tone(2, 48_000, 40.0)[..], 2.0),
            ("silence", &tone(2, 22_050, 0.0)[..], 2.0),
            ("without its second half", &whole[..whole.len() / 2], 1.5),
            ("compressed without its second half", &mp3[..mp3.len() / 2], 1.5),
            ("with noise amid it", &broken, 2.6),
        ] {
            let wav = read(bytes, 600).await.unwrap();
            let reader = hound::WavReader::new(std::io::Cursor::new(&wav)).unwrap();
            assert_eq!((reader.spec().channels, reader.spec().sample_rate), (2, 48_000), "{what}");
            let found = f64::from(reader.duration()) / 48_000.0;
            assert!((found - seconds).abs() < 0.4, "{what}: {found}");
        }
        // An hour of it is not read: a second more than may be is enough to know.
        let error = read(&tone(3600, 8_000, 0.5), 600).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Invalid && error.hint().unwrap().contains("600"), "{error:?}");
        for none in
            [&b""[..], b"RIFF\xff\xff\xff\xffWAVE", b"ffconcat version 1.0\nfile /etc/passwd\n", b"\xff\xd8\xff"]
        {
            let error = read(none, 600).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
            assert!(error.hint().is_some() && error.context().iter().any(|(name, _)| *name == "file"), "{error:?}");
        }
        assert_eq!(std::fs::read_dir(bench.work.path().join("work")).unwrap().count(), 0, "nothing is left behind");
    }

    #[tokio::test]
    async fn speech_becomes_mp3_and_comes_back_as_plain_wav() {
        let Some(bench) = Bench::new() else { return };
        let transcoder = Transcoder::new(bench.tools.clone(), bench.work.path());
        let operation = Operation::detached();
        let tone: Vec<f32> = (0..44_100).map(|n| (n as f32 * 0.0627).sin() * 0.5).collect();
        let wav = encode_wav(&tone, 22_050);
        let mp3 = transcoder.mp3(wav.clone(), &operation).await.unwrap();
        assert!(mp3.len() < wav.len() / 2 && (mp3.starts_with(b"ID3") || mp3[0] == 0xff), "{}", mp3.len());
        let blobs: Arc<dyn BlobStore> = Arc::new(MemoryBlobs::new());
        let stored = blobs.put(mp3, "audio/mpeg").await.unwrap();
        let back = transcoder.wav(&blobs, stored.sha256, &operation).await.unwrap();
        let reader = hound::WavReader::new(std::io::Cursor::new(back)).unwrap();
        assert_eq!((reader.spec().channels, reader.spec().sample_rate), (1, 16_000));
        let seconds = f64::from(reader.duration()) / 16_000.0;
        assert!((seconds - 2.0).abs() < 0.2, "{seconds}");

        let theirs = tempfile::tempdir().unwrap();
        let place = theirs.path().join("my sound.wav");
        std::fs::write(&place, &wav).unwrap();
        let of_file = transcoder.wav_of_file(&place, &operation).await.unwrap();
        assert_eq!(hound::WavReader::new(std::io::Cursor::new(of_file)).unwrap().spec().sample_rate, 16_000);
        let missing = transcoder.wav_of_file(&bench.work.path().join("none.wav"), &operation).await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);

        let text = blobs.put(Bytes::from_static(b"#EXTM3U\n/etc/passwd\n"), "audio/mpeg").await.unwrap();
        let refused = transcoder.wav(&blobs, text.sha256, &operation).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Invalid, "{refused:?}");
        assert_eq!(
            transcoder.mp3(Bytes::from_static(b"no sound"), &operation).await.unwrap_err().kind(),
            ErrorKind::Invalid
        );
        let stopped = Cancellation::new();
        stopped.cancel();
        let stopped = Operation::new(stopped, Arc::new(|_| {}));
        assert_eq!(transcoder.mp3(wav, &stopped).await.unwrap_err().kind(), ErrorKind::Cancelled);
        assert_eq!(std::fs::read_dir(bench.work.path()).unwrap().count(), 0, "nothing is left behind");
    }
}
