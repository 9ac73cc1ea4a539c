//! Files of the user's own, looked at and stored before a run begins: what cannot be used is said at once, and costs
//! nothing.

use crate::Orion;
use orion_adapters::render::{clip, compose, moods, still};
use orion_adapters::voice::{Sound, audio, timed, wav};
use orion_core::domain::{BlobRef, Script};
use orion_core::port::{SpeechRequest, SpokenWord, WordTimes};
use orion_core::service::director::{MarkedFile, marked_script};
use orion_core::service::editor::{Narration, SpokenLine, encode_wav};
use orion_core::service::media::PictureLayer;
use orion_core::service::production::{CreateRequest, OWN, OwnScene, Subject};
use orion_core::{Error, MediaTime, Operation, Result};
use std::path::{Path, PathBuf};

/// Most pictures and clips of one video.
const MOST_FILES: usize = 100;
/// Longest voice file and music file in seconds.
pub(crate) const LONGEST: u32 = 600;
/// A voice whose highest sample is below this share of full scale is silence.
pub(crate) const SILENCE: f32 = 0.003;

/// What a user brings along.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnFiles {
    /// Pictures, shown in this order, before the clips.
    pub images: Vec<PathBuf>,
    /// Clips, without their sound.
    pub clips: Vec<PathBuf>,
    /// The script, spoken.
    pub voice: Option<PathBuf>,
    /// The finished sound of the video. An empty script is written down from it.
    pub audio: Option<PathBuf>,
    /// Where the files lie that marks in the script name; without it no mark may name a file.
    pub folder: Option<PathBuf>,
}

impl OwnFiles {
    /// A file that a mark names.
    fn beside(&self, name: &str) -> Result<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(name)).ok_or_else(|| {
            Error::invalid("a mark in the script names a file, and there is no folder to look for it in")
                .with_context("mark", name)
                .with_hint("give the script as a file: what it names lies beside it")
        })
    }
}

impl Orion {
    /// Takes files into a request, and the marks out of its script (see [`marked_script`]).
    ///
    /// # Errors
    /// [`NotFound`](orion_core::ErrorKind::NotFound), [`Invalid`](orion_core::ErrorKind::Invalid) or
    /// [`Exhausted`](orion_core::ErrorKind::Exhausted) with the file that cannot be used; what the store says.
    pub async fn take_in(&self, request: &mut CreateRequest, files: &OwnFiles, operation: &Operation) -> Result<()> {
        if files.images.len() + files.clips.len() > MOST_FILES {
            return Err(Error::invalid(format!("a video shows {MOST_FILES} files at most")));
        }
        if files.audio.is_some() && files.voice.is_some() {
            return Err(Error::invalid("a video has a voice file or a sound track, not both")
                .with_hint("mix them into one file, and give that as the sound track"));
        }
        let (mut script, heard) = (None, files.audio.is_some());
        if let Subject::Script { script: text } = &mut request.subject
            && !(heard && text.trim().is_empty())
        {
            let marked = marked_script(text)?;
            *text = marked.text;
            for (index, marks) in marked.marks.into_iter().enumerate() {
                let picture = match marks.shows {
                    Some(MarkedFile::Image(name)) => Some(self.picture(&files.beside(&name)?, request).await?),
                    Some(MarkedFile::Clip(name)) => Some(self.clip(&files.beside(&name)?, operation).await?),
                    None => None,
                };
                let least = marks.seconds.map(|seconds| MediaTime::from_millis((seconds * 1000.0).round() as i64));
                // Who is silent is so with any voice.
                let voice = marks.voice.filter(|_| !self.is_silent());
                if picture.is_some() || least.is_some() || marks.heading.is_some() || voice.is_some() {
                    let (scene_number, heading) = (index as u32 + 1, marks.heading);
                    request.own.scenes.push(OwnScene { scene_number, picture, least, heading, voice });
                }
            }
            script = Some(marked.script);
        }
        self.check_voices(request, heard || files.voice.is_some()).await?;
        for file in &files.images {
            operation.cancellation.check()?;
            let picture = self.picture(file, request).await?;
            request.own.pictures.push(picture);
        }
        for file in &files.clips {
            let clip = self.clip(file, operation).await?;
            request.own.pictures.push(clip);
        }
        if let Some(audio) = &files.audio {
            self.take_track(audio, script.as_ref(), request, operation).await?;
        }
        if let Some(voice) = &files.voice {
            let Some(script) = &script else {
                return Err(Error::invalid("a voice file needs the script that it speaks")
                    .with_hint("give its words with --script FILE"));
            };
            request.own.narration = Some(self.spoken(voice, script, operation).await?);
        }
        Ok(())
    }

    /// The music of a name: a mood, a file, or `none`.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for what is neither a mood nor a file of sound; what the store says.
    pub async fn music(&self, name: &str, operation: &Operation) -> Result<Option<BlobRef>> {
        let (name, path) = (name.trim(), Path::new(name.trim()));
        if matches!(name, "" | "none") {
            return Ok(None);
        }
        let wav = if moods().any(|mood| mood == name) || !(path.exists() || name.contains(['/', '.'])) {
            let mood = name.to_owned();
            let made = tokio::task::spawn_blocking(move || compose(&mood)).await;
            made.map_err(|error| Error::unexpected("making the music broke off").with_source(error))??
        } else {
            let music = self.transcoder().read(path, 2, LONGEST, operation).await?;
            audible(&wav::read(&music)?, path, "music")?;
            music
        };
        self.blobs().put(wav, "audio/wav").await.map(Some)
    }

    /// Whether nobody speaks.
    pub(crate) fn is_silent(&self) -> bool {
        self.config().voice.trim() == "silent:"
    }

    /// Checks that whoever would speak has every voice that a mark names. Who cannot tell is asked when it speaks.
    async fn check_voices(&self, request: &CreateRequest, recorded: bool) -> Result<()> {
        let speech = &self.production().editor.speech;
        for name in request.own.scenes.iter().filter_map(|scene| scene.voice.as_ref()) {
            if recorded {
                return Err(Error::invalid("a recording has the voices that are heard in it")
                    .with_context("voice", name)
                    .with_hint("take the lines out that begin with @voice, or leave the recording out"));
            }
            let Some(speaker) = speech.order().first().and_then(|first| speech.find(first)) else { return Ok(()) };
            let Ok(voices) = speaker.voices().await else { return Ok(()) };
            if !voices.iter().any(|voice| voice.installed && voice.id == *name) {
                let have: Vec<&str> =
                    voices.iter().filter(|voice| voice.installed).map(|voice| voice.id.as_str()).take(30).collect();
                return Err(Error::invalid("a mark names a voice that there is not")
                    .with_context("voice", name)
                    .with_context("speaks", speaker.provider())
                    .with_hint(format!("it has {}", have.join(", "))));
            }
        }
        Ok(())
    }

    async fn picture(&self, file: &Path, request: &CreateRequest) -> Result<PictureLayer> {
        let still = still(file, request.canvas).await?;
        let blob = self.blobs().put(still.jpeg, "image/jpeg").await?;
        Ok(PictureLayer { blob, width: still.width, height: still.height, moves: true })
    }

    async fn clip(&self, file: &Path, operation: &Operation) -> Result<PictureLayer> {
        let (width, height) = clip(self.tools(), file, operation).await?;
        let bytes = tokio::fs::read(file).await.map_err(|error| {
            Error::invalid("this file cannot be read").with_context("file", file.display()).with_source(error)
        })?;
        // Whatever it is, the renderer finds out by itself; that it moves is what counts.
        let blob = self.blobs().put(bytes.into(), "video/mp4").await?;
        Ok(PictureLayer { blob, width, height, moves: true })
    }

    /// A voice file cut into the lines of its script. Its words are heard by the transcriber, if one is configured, and
    /// estimated from the pauses otherwise.
    async fn spoken(&self, file: &Path, script: &Script, operation: &Operation) -> Result<Narration> {
        let bytes = self.transcoder().read(file, 1, LONGEST, operation).await?;
        let mut sound = wav::read(&bytes)?;
        audible(&sound, file, "voice")?;
        audio::level(&mut sound.samples);
        let request = SpeechRequest { text: script.text(), voice: None, language: script.language.clone(), speed: 1.0 };
        let found = timed(&request, &mut sound, self.transcriber(), operation).await?;
        let lines = lines(script, &found.words, &sound, found.times)?;
        let mut spoken = Vec::with_capacity(lines.len());
        for (samples, mut line) in lines {
            let wav = encode_wav(samples, sound.sample_rate);
            line.audio = Some(self.blobs().put(wav, "audio/wav").await?);
            spoken.push(line);
        }
        Ok(Narration { lines: spoken, provider: OWN.to_owned(), reused: false })
    }
}

/// Checks that something is heard in a file.
pub(crate) fn audible(sound: &Sound, file: &Path, what: &str) -> Result<()> {
    if sound.samples.iter().any(|sample| sample.abs() >= SILENCE) {
        return Ok(());
    }
    Err(Error::invalid("nothing is heard in this file")
        .with_context("file", file.display())
        .with_hint(format!("use a louder recording of the {what}")))
}

/// Cuts a sound into the lines of a script, in the middle of the pause between the last word of one and the first of
/// the next.
pub(crate) fn lines<'s>(
    script: &Script,
    words: &[SpokenWord],
    sound: &'s Sound,
    times: WordTimes,
) -> Result<Vec<(&'s [f32], SpokenLine)>> {
    let rate = sound.sample_rate;
    let mut words = words.iter().peekable();
    let (mut lines, mut begin) = (Vec::with_capacity(script.lines.len()), 0_usize);
    for line in &script.lines {
        let own: Vec<&SpokenWord> = words.by_ref().take(line.text.split_whitespace().count()).collect();
        let Some(last) = own.last() else {
            return Err(Error::unexpected("a line of the script has no words in its voice"));
        };
        let end = match words.peek() {
            Some(next) => {
                let middle = (last.end.seconds() + next.start.seconds()) / 2.0;
                ((middle * f64::from(rate)).round() as usize).max(begin + 1).min(sound.samples.len())
            }
            None => sound.samples.len(),
        };
        let start = MediaTime::from_units(begin as u64, rate);
        let samples = sound.samples.get(begin..end).unwrap_or_default();
        let duration = MediaTime::from_units(samples.len() as u64, rate);
        let words = own.into_iter().map(|word| SpokenWord {
            text: word.text.clone(),
            start: (word.start - start).max(MediaTime::ZERO),
            end: (word.end - start).min(duration),
        });
        lines.push((samples, SpokenLine { audio: None, duration, words: words.collect(), times }));
        begin = end;
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::service::director::user_script;

    #[test]
    fn a_voice_is_cut_in_its_pauses() {
        let script = user_script("One two three.\n\nFour five six.").unwrap();
        let word = |text: &str, start: i64| SpokenWord {
            text: text.to_owned(),
            start: MediaTime::from_millis(start),
            end: MediaTime::from_millis(start + 300),
        };
        let times = [("One", 100), ("two", 500), ("three.", 900), ("Four", 1600), ("five", 2000), ("six.", 2400)];
        let words: Vec<SpokenWord> = times.map(|(text, start)| word(text, start)).into();
        let sound = Sound { samples: vec![0.1; 3000], sample_rate: 1000 };
        let lines = lines(&script, &words, &sound, WordTimes::Heard).unwrap();
        assert_eq!(lines.iter().map(|(samples, _)| samples.len()).collect::<Vec<_>>(), [1400, 1600]);
        assert_eq!(lines[1].1.words[0].start, MediaTime::from_millis(200));
        assert!(lines.iter().all(|(_, line)| line.words.iter().all(|word| word.end <= line.duration)));
    }
}
