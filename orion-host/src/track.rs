//! A finished sound track of the user's own: it plays as it is from beginning to end, and the scenes follow it.

use crate::Orion;
use crate::own::{LONGEST, audible, lines};
use orion_adapters::speech::SilentSpeech;
use orion_adapters::voice::{Sound, aligned, timed, timing, wav};
use orion_core::domain::Script;
use orion_core::port::{SpeechModel, SpeechRequest, SpokenWord, WordTimes};
use orion_core::service::director::user_script;
use orion_core::service::editor::{Narration, SpokenLine};
use orion_core::service::production::{CreateRequest, OWN, Subject};
use orion_core::{Error, MediaTime, Operation, Result};
use std::path::Path;

/// How much faster than at the pace of reading words may be shown over a track in which nothing is said.
const FASTEST: f64 = 1.6;

impl Orion {
    /// Takes a sound track into a request. What is said in it is the script; without one it is what the transcriber
    /// hears, and that becomes the script. Where the voice of the settings is silent nothing is said in it, and the lines
    /// share its length at the pace of reading.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for a file without sound, a subject that is no script, scenes that are
    /// to be longer than what is said in them, or too many words for the track;
    /// [`Unsupported`](orion_core::ErrorKind::Unsupported) without a script where nobody transcribes.
    pub(crate) async fn take_track(
        &self,
        file: &Path,
        script: Option<&Script>,
        request: &mut CreateRequest,
        operation: &Operation,
    ) -> Result<()> {
        let Subject::Script { script: text } = &mut request.subject else {
            return Err(Error::invalid("a sound track needs the words that are said in it")
                .with_context("file", file.display())
                .with_hint("give them with --script FILE, or nothing but the track where somebody transcribes"));
        };
        if request.own.scenes.iter().any(|scene| scene.least.is_some()) {
            return Err(Error::invalid("with a sound track a scene is as long as what is said in it")
                .with_hint("take the lines out that begin with @seconds, or cut the track"));
        }
        let stereo = self.transcoder().read(file, 2, LONGEST, operation).await?;
        // What transcribers take; four times as long may be sent of it.
        let mut sound = wav::read(&self.transcoder().wav_of_file(file, operation).await?)?;
        audible(&sound, file, "sound track")?;
        let silent = self.is_silent();
        let lines = match script {
            Some(script) if silent => read_over(script, &sound, operation).await,
            Some(script) => {
                let language = script.language.clone();
                let words = SpeechRequest { text: script.text(), voice: None, language, speed: 1.0 };
                let found = timed(&words, &mut sound, self.transcriber(), operation).await?;
                Ok(cut(script, &found.words, &sound, found.times)?)
            }
            None => {
                let heard = self.listen(&sound, None, operation).await?.value.words;
                let words: Vec<&str> = heard.iter().map(|word| word.text.as_str()).collect();
                *text = words.join(" ");
                let script = user_script(text)?;
                cut(&script, &placed(&script, &heard, &sound)?, &sound, WordTimes::Heard)
            }
        };
        let lines = lines.map_err(|error| error.with_context("file", file.display()))?;
        request.own.narration = Some(Narration { lines, provider: OWN.to_owned(), reused: false });
        request.own.track = Some(self.blobs().put(stereo, "audio/wav").await?);
        Ok(())
    }
}

/// The words of a script where they were heard. What a script leaves out of a text (pictographs) has no place in it.
fn placed(script: &Script, heard: &[SpokenWord], sound: &Sound) -> Result<Vec<SpokenWord>> {
    let (text, rate) = (script.text(), sound.sample_rate);
    let shown: Vec<&str> = text.split_whitespace().collect();
    let spans = aligned(&shown, &script.language, heard, rate)
        .ok_or_else(|| Error::unexpected("the words of the script are not those that were heard"))?;
    Ok(timing::words(&shown, &spans, sound.samples.len() as u64, rate))
}

/// The lines of a script, without their sound.
fn cut(script: &Script, words: &[SpokenWord], sound: &Sound, times: WordTimes) -> Result<Vec<SpokenLine>> {
    Ok(lines(script, words, sound, times)?.into_iter().map(|(_, line)| line).collect())
}

/// The lines of a script at the pace of reading, as long together as a sound.
async fn read_over(script: &Script, sound: &Sound, operation: &Operation) -> Result<Vec<SpokenLine>> {
    let silence = SilentSpeech::new();
    let mut read = Vec::with_capacity(script.lines.len());
    for line in &script.lines {
        let language = script.language.clone();
        let request = SpeechRequest { text: line.text.clone(), voice: None, language, speed: 1.0 };
        let speech = silence.speak(&request, operation).await?;
        read.push((speech.samples.len() as f64 / f64::from(speech.sample_rate), speech.words));
    }
    let length = sound.samples.len() as f64 / f64::from(sound.sample_rate);
    let usual: f64 = read.iter().map(|(seconds, _)| seconds).sum();
    let factor = length / usual;
    if factor * FASTEST < 1.0 {
        return Err(Error::invalid("the sound track is too short for so many words to be read")
            .with_context("seconds", format!("{length:.1}"))
            .with_context("needed", format!("{:.1}", usual / FASTEST))
            .with_hint("shorten the script, or use a longer track"));
    }
    let stretched = |time: MediaTime| MediaTime::from_seconds(time.seconds() * factor);
    let mut end = 0.0;
    Ok(read
        .into_iter()
        .map(|(seconds, words)| {
            // Each from the whole, so that no rounding adds up.
            let begin = MediaTime::from_seconds(end * factor);
            end += seconds;
            let duration = MediaTime::from_seconds(end * factor) - begin;
            let words = words.into_iter().map(|word| SpokenWord {
                text: word.text,
                start: stretched(word.start),
                end: stretched(word.end).min(duration),
            });
            SpokenLine { audio: None, duration, words: words.collect(), times: WordTimes::Voice }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script() -> Script {
        user_script("One two three.\n\nFour five six seven eight.").unwrap()
    }

    #[tokio::test]
    async fn lines_share_a_track_in_which_nothing_is_said() {
        let sound = Sound { samples: vec![0.1; 90_000], sample_rate: 8_000 };
        let lines = read_over(&script(), &sound, &Operation::detached()).await.unwrap();
        assert_eq!(lines.iter().map(|line| line.duration).sum::<MediaTime>(), MediaTime::from_seconds(11.25));
        assert!(lines[1].duration > lines[0].duration, "more words take longer");
        for line in &lines {
            assert!(line.words.iter().all(|word| word.start < word.end && word.end <= line.duration), "{line:?}");
        }
        let short = Sound { samples: vec![0.1; 4_000], sample_rate: 8_000 };
        let error = read_over(&script(), &short, &Operation::detached()).await.unwrap_err();
        assert!(error.hint().is_some(), "{error:?}");
    }

    #[test]
    fn heard_words_become_lines_where_they_were_said() {
        let heard: Vec<SpokenWord> = "It rained. 🎉 Then the sun came out."
            .split_whitespace()
            .enumerate()
            .map(|(at, text)| SpokenWord {
                text: text.to_owned(),
                start: MediaTime::from_millis(at as i64 * 500),
                end: MediaTime::from_millis(at as i64 * 500 + 400),
            })
            .collect();
        let text: Vec<&str> = heard.iter().map(|word| word.text.as_str()).collect();
        let script = user_script(&text.join(" ")).unwrap();
        let sound = Sound { samples: vec![0.1; 4_000], sample_rate: 1_000 };
        let words = placed(&script, &heard, &sound).unwrap();
        let lines = cut(&script, &words, &sound, WordTimes::Heard).unwrap();
        assert_eq!(lines.iter().map(|line| line.duration).sum::<MediaTime>(), MediaTime::from_seconds(4.0));
        let then = words.iter().find(|word| word.text == "Then").unwrap();
        assert_eq!((then.start, then.end), (MediaTime::from_millis(1500), MediaTime::from_millis(1900)));
    }
}
