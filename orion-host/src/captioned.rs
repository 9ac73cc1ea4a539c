//! Captions for somebody's own video: the words aligned with its sound, or heard in it, and laid over its picture.

use crate::Orion;
use crate::delivery::{move_file, unwritable, write_file};
use crate::own::SILENCE;
use orion_adapters::render::{Burn, Burnt, KeptSound, Look, burn, burnable, probe_file};
use orion_adapters::voice::{Sound, timed, wav};
use orion_core::domain::timeline::{Canvas, CaptionPosition, CaptionStyle, Captions, Loudness, TimedWord, caption};
use orion_core::domain::{CostCategory, Money, Stage};
use orion_core::port::{
    Encoder, MediaInfo, Served, SpeechRequest, SpokenWord, Transcriber, Transcript, Validation, WordTimes,
};
use orion_core::service::editor::{CaptionFiles, Captioned, check_captioned, check_file, encode_wav};
use orion_core::text::language::Language;
use orion_core::{Error, ErrorKind, Operation, ProgressUpdate, Result, StageStatus};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most words of a script: forty minutes.
const MOST_WORDS: usize = 6000;
/// Longest video in seconds.
const LONGEST: f64 = 3600.0;

/// How a video is captioned.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CaptionRequest {
    /// What is said in it, word by word; without it the transcriber is asked.
    pub script: Option<String>,
    /// Tag of the language; otherwise it is found out from the script, or by the transcriber.
    pub language: Option<String>,
    /// How the captions look. They stand in the lower third.
    pub style: CaptionStyle,
    /// The encoder of the picture.
    pub encoder: Encoder,
    /// What the sound is brought to; otherwise it is not touched.
    pub loudness: Option<Loudness>,
}

impl CaptionRequest {
    /// Captions of a style, by what the transcriber hears.
    pub fn new(style: CaptionStyle) -> Self {
        Self { script: None, language: None, style, encoder: Encoder::Standard, loudness: None }
    }
}

/// A captioned video.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CaptionedVideo {
    /// `video.mp4`
    pub video: PathBuf,
    /// `captions.srt`, `captions.vtt`, `captions.ass`
    pub captions: [PathBuf; 3],
    /// What the file is.
    pub info: MediaInfo,
    /// How it was held against the one before.
    pub validation: Validation,
    /// What somebody who reads the captions should know.
    pub notes: Vec<String>,
}

impl Orion {
    /// Captions a video into a folder: `video.mp4`, and the captions as SRT, WebVTT and ASS. The file itself is only
    /// read. Every file is written whole or not at all.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) without a script where nobody transcribes; [`Invalid`](ErrorKind::Invalid)
    /// with the next step for a file that cannot be captioned, or in which nothing is said;
    /// [`Cancelled`](ErrorKind::Cancelled), and then nothing was written.
    pub async fn caption(
        &self,
        file: &Path,
        request: &CaptionRequest,
        folder: &Path,
        operation: &Operation,
    ) -> Result<CaptionedVideo> {
        self.check_tools()?;
        let script = match &request.script {
            Some(script) => Some(words_of(script)?),
            None if self.transcriber().serves() => None,
            None => return Err(unheard()),
        };
        not_itself(file, &folder.join("video.mp4"))?;
        let step = |stage, status| {
            operation.report(ProgressUpdate { status, ..ProgressUpdate::running(stage, 0, 0, "") });
        };
        step(Stage::Video, StageStatus::Running);
        let before = probe_file(self.tools(), file, Look::Sampled, operation).await?;
        usable(&before).map_err(|error| error.with_context("file", file.display()))?;
        let mut notes = Vec::new();
        let spoken = self.spoken_in(file, request, script.as_deref(), &mut notes, operation).await?;
        step(Stage::Video, StageStatus::Completed);
        let words: Vec<TimedWord> =
            spoken.into_iter().map(|SpokenWord { text, start, end }| TimedWord { text, start, end }).collect();
        // Faces are in the middle.
        let style = CaptionStyle { position: CaptionPosition::LowerThird, ..request.style.clone() };
        let captions =
            Captions { style, cues: caption::within(&[words], before.video_duration.unwrap_or(before.duration)) };
        if captions.cues.is_empty() {
            return Err(Error::invalid("no word was heard in the video")
                .with_context("file", file.display())
                .with_hint("give its words with --script FILE"));
        }
        step(Stage::Render, StageStatus::Running);
        let job = Burn { captions, encoder: request.encoder, loudness: request.loudness };
        let (fonts, work) = (orion_adapters::fonts(), self.config().data_dir.join("work"));
        let burnt = burn(self.tools(), (file, &before), job.clone(), fonts, &work, operation).await?;
        let mut info = probe_file(self.tools(), &burnt.file, Look::Sampled, operation).await?;
        info.content.get_or_insert_default().captions = burnt.captions;
        step(Stage::Render, StageStatus::Completed);
        let validation = check_captioned(
            &info,
            &Captioned {
                before: &before,
                size: (burnt.width, burnt.height),
                frames: burnt.frames,
                captions: &job.captions,
                loudness: job.loudness,
            },
        );
        if burnt.sound == KeptSound::Encoded {
            let codec = before.audio_codec.as_deref().unwrap_or_default();
            notes.push(format!("sound: MP4 does not hold {codec}; it was encoded as AAC, as loud as it was"));
        }
        operation.cancellation.check()?;
        let (captions, folder) = (job.captions, folder.to_owned());
        let delivered = tokio::task::spawn_blocking(move || deliver(&burnt, &captions, &folder)).await;
        let (video, captions) =
            delivered.map_err(|error| Error::unexpected("writing broke off").with_source(error))??;
        Ok(CaptionedVideo { video, captions, info, validation, notes })
    }

    /// What the transcriber hears in a sound.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) where nobody transcribes; what those who do say.
    pub(crate) async fn listen(
        &self,
        sound: &Sound,
        language: Option<&str>,
        operation: &Operation,
    ) -> Result<Served<Transcript>> {
        if !self.transcriber().serves() {
            return Err(unheard());
        }
        let seconds = sound.samples.len() as f64 / f64::from(sound.sample_rate);
        let wav = &encode_wav(&sound.samples, sound.sample_rate);
        let listen = |ear: Arc<dyn Transcriber>| async move {
            let taken = operation.afford(ear.provider(), CostCategory::TranscriptionSeconds, seconds).await?;
            let heard = ear.transcribe(wav.clone(), language, operation).await?;
            operation.settle(taken, heard.usage.cost).await;
            Ok(heard)
        };
        self.transcriber().call(&operation.cancellation, listen).await
    }

    /// The words with their times.
    async fn spoken_in(
        &self,
        file: &Path,
        request: &CaptionRequest,
        script: Option<&str>,
        notes: &mut Vec<String>,
        operation: &Operation,
    ) -> Result<Vec<SpokenWord>> {
        let bytes = self.transcoder().wav_of_file(file, operation).await.map_err(|error| match error.kind() {
            ErrorKind::Invalid => error
                .with_context("file", file.display())
                .with_hint("captions follow what is said: use a video with its sound"),
            _ => error,
        })?;
        let mut sound = wav::read(&bytes)?;
        if sound.samples.iter().all(|sample| sample.abs() < SILENCE) {
            return Err(Error::invalid("nothing is heard in the video")
                .with_context("file", file.display())
                .with_hint("captions follow what is said: use a video with its sound"));
        }
        let Some(script) = script else {
            let served = self.listen(&sound, request.language.as_deref(), operation).await?;
            notes.extend(served.after.iter().map(|attempt| attempt.note("transcription", &served.by)));
            if served.value.usage.cost > Money::ZERO {
                notes.push(format!("transcription: {} cost {}", served.by, served.value.usage.cost));
            }
            let text: Vec<&str> = served.value.words.iter().map(|word| word.text.as_str()).collect();
            check_letters(&text.join(" "))?;
            return Ok(served.value.words);
        };
        let language = request.language.clone();
        let language =
            language.unwrap_or_else(|| Language::detect(script).unwrap_or(Language::English).tag().to_owned());
        let request = SpeechRequest { text: script.to_owned(), voice: None, language, speed: 1.0 };
        let found = timed(&request, &mut sound, self.transcriber(), operation).await?;
        if found.times == WordTimes::Estimated {
            notes.push(
                "captions: they follow the pauses and the length of the words; a transcriber would hear when \
                        each is said"
                    .to_owned(),
            );
        }
        Ok(found.words)
    }
}

/// Nobody transcribes.
fn unheard() -> Error {
    Error::new(ErrorKind::Unsupported, "nobody writes down what is said").with_hint(
        "give its words with --script FILE, or name a transcription server: \
         --set transcriber=whisper:base --set whisper.url=ADDRESS",
    )
}

/// What is said of a script: without control characters, and with letters that can be shown.
fn words_of(script: &str) -> Result<String> {
    let clean: String = script.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    // Where no spaces are written, clauses are told apart by their marks; captions show none there.
    let (mut parted, mut letters) = (String::with_capacity(clean.len()), clean.chars().peekable());
    while let Some(letter) = letters.next() {
        parted.push(letter);
        let ends = matches!(letter, '。' | '！' | '？' | '，' | '、' | '；' | '：');
        if ends && letters.peek().is_some_and(|next| next.is_alphanumeric()) {
            parted.push(' ');
        }
    }
    let words: Vec<&str> = parted.split_whitespace().collect();
    if !(1..=MOST_WORDS).contains(&words.len()) {
        return Err(Error::invalid(format!("the words of a video are 1 to {MOST_WORDS}"))
            .with_context("words", words.len())
            .with_hint("give what is said in the video, word by word"));
    }
    let text = words.join(" ");
    check_letters(&text)?;
    Ok(text)
}

/// Checks that the fonts of this machine have the letters of a text, so that no caption and no card is left empty.
///
/// # Errors
/// [`Unavailable`](ErrorKind::Unavailable) with the packages that have them.
pub fn check_letters(text: &str) -> Result<()> {
    let unshown = orion_adapters::fonts().unshown(text);
    if unshown.scripts.is_empty() {
        return Ok(());
    }
    let packages = unshown.packages().join(" ");
    Err(Error::unavailable("no font of this machine has the letters of the text")
        .with_context("scripts", unshown.scripts.join(", "))
        .with_retry(orion_core::Retry::Never)
        .with_hint(format!("install the fonts: apt install {packages}, or ./orion setup")))
}

fn usable(info: &MediaInfo) -> Result<()> {
    burnable(info)?;
    if info.audio_codec.is_none() {
        return Err(Error::invalid("the video has no sound")
            .with_hint("captions follow what is said: use a video with its sound"));
    }
    if info.duration.seconds() > LONGEST {
        return Err(Error::new(ErrorKind::Exhausted, "the video is longer than an hour")
            .with_context("seconds", format!("{:.0}", info.duration.seconds()))
            .with_hint("cut it into parts"));
    }
    let broken = check_file(info, None).checks.into_iter().find(|check| check.name == "complete" && !check.passed);
    match broken {
        Some(check) => Err(Error::invalid("the video breaks off")
            .with_context("expected", check.expected)
            .with_context("found", check.found)
            .with_hint("copy or download it again")),
        None => Ok(()),
    }
}

/// A video is never replaced by its own captioned copy.
fn not_itself(file: &Path, target: &Path) -> Result<()> {
    match (file.canonicalize(), target.canonicalize()) {
        (Ok(one), Ok(other)) if one == other => {
            Err(Error::invalid("the video would be replaced by its captioned copy")
                .with_context("file", file.display())
                .with_hint("name another folder with --out"))
        }
        _ => Ok(()),
    }
}

/// Moves the video to its place and writes the captions beside it. If one cannot be written none is left.
fn deliver(burnt: &Burnt, captions: &Captions, folder: &Path) -> Result<(PathBuf, [PathBuf; 3])> {
    let canvas = Canvas { width: burnt.width, height: burnt.height, frames_per_second: 30 };
    let files = CaptionFiles::of(captions, &canvas);
    let path = |name: &str| folder.join(name);
    let video = path("video.mp4");
    let paths = [path("captions.srt"), path("captions.vtt"), path("captions.ass")];
    std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, error))?;
    let write = || {
        for (path, text) in paths.iter().zip([&files.srt, &files.vtt, &files.ass]) {
            write_file(path, text.as_bytes())?;
        }
        move_file(&burnt.file, &video)
    };
    write().inspect_err(|_| {
        for path in &paths {
            // What was not written is not there.
            let _ = std::fs::remove_file(path);
        }
    })?;
    Ok((video, paths))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_words_that_can_be_shown() {
        assert_eq!(words_of(" One\u{7}two\n\n three ").unwrap(), "One two three");
        assert_eq!(words_of("“政府宣布了，预算。”没有人！").unwrap(), "“政府宣布了， 预算。”没有人！");
        for script in ["", "\u{7}\n", &"word ".repeat(6001)] {
            let error = words_of(script).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn a_video_does_not_replace_itself() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("video.mp4");
        assert!(not_itself(&file, &file).is_ok(), "there is none yet");
        std::fs::write(&file, b"x").unwrap();
        assert_eq!(not_itself(&file, &folder.path().join("./video.mp4")).unwrap_err().kind(), ErrorKind::Invalid);
        assert!(not_itself(&file, &folder.path().join("other.mp4")).is_ok());
    }
}
