//! The `espeak-ng` program as a child: a voice when no other is installed, and the phonemes of foreign languages.
//!
//! Text goes in through a pipe, never through the command line. The program is under the GPL; it is run, not linked.

mod gaps;
mod ipa;

pub(crate) use ipa::sounds;

use crate::child::{self, Limits};
use crate::piper::free;
use async_trait::async_trait;
use orion_core::port::{Provider, Side, Speech, SpeechModel, SpeechRequest, Voice, WordTimes};
use orion_core::{Cancellation, Error, ErrorKind, Operation, Result};
use orion_voice::audio;
use orion_voice::normal::{self, Lexicon, Pause, Said};
use orion_voice::timing;
use std::io::Read;
use std::ops::Range;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = "espeak-ng";

/// Its voice where none is asked for, and the variants that it comes with: of men and of women.
const PLAIN: &str = "espeak";
const VARIANTS: [&str; 13] = ["m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5"];

/// Words a minute at normal speed; the program's own default is 175.
const PACE: f64 = 165.0;

/// Time that the program has to tell its version.
const VERSION_WITHIN: Duration = Duration::from_secs(5);

/// Time that one sentence may take; real ones take hundredths of a second.
const DEADLINE: Duration = Duration::from_secs(30);

/// Pause between words that the program is told to make, in its units of 10 ms, so that words can be told apart.
const GAP: &str = "60";

/// What is left of that pause.
const KEPT_GAP: f64 = 0.012;

/// Silence between sentences and where words are spoken one by one behind a comma.
const SENTENCE_PAUSE: f64 = 0.28;
const CLAUSE_PAUSE: f64 = 0.12;

/// Speaks with `espeak-ng`: robotic, but small, quick and in a hundred languages.
///
/// The program tells no times. So it is made to pause long between words; the pauses are found as runs of digital
/// silence, their number is checked against the number of words, and they are cut out again. What is left is the
/// sound, and the cuts are the borders of the words: exact, because the sound was put together at them. The melody of
/// the sentence is kept. Where the count does not fit, the words of that sentence are spoken one by one.
#[derive(Debug, Clone)]
pub struct EspeakSpeech {
    provider: Provider,
    language: Option<String>,
}

impl EspeakSpeech {
    /// Finds the program. Without a language it speaks that of each request. Blocks for a moment.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) if it is not installed.
    pub fn find(language: Option<&str>) -> Result<Self> {
        let output = version().map_err(|error| {
            Error::unavailable("espeak-ng is not installed")
                .with_hint("install it (Debian: `apt-get install espeak-ng`), or run `orion voices install`")
                .with_source(error)
        })?;
        let text = String::from_utf8_lossy(&output);
        let version = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        let model = version.unwrap_or("unknown version").to_owned();
        let provider = Provider { name: PROGRAM.to_owned(), model, side: Side::Local };
        Ok(Self { provider, language: language.map(str::to_owned) })
    }
}

/// What the program says of itself, within a few seconds.
fn version() -> std::io::Result<Vec<u8>> {
    let mut command = Command::new(PROGRAM);
    let mut child =
        command.arg("--version").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let begun = Instant::now();
    while child.try_wait()?.is_none() {
        if begun.elapsed() > VERSION_WITHIN {
            child.kill()?;
            child.wait()?;
            return Err(std::io::Error::from(std::io::ErrorKind::TimedOut));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    // One line: it fits into the pipe.
    let mut said = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(4096).read_to_end(&mut said)?;
    }
    Ok(said)
}

#[async_trait]
impl SpeechModel for EspeakSpeech {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn voices(&self) -> Result<Vec<Voice>> {
        let voice = |id: &str, name: String| Voice {
            id: id.to_owned(),
            name,
            language: self.language.clone().unwrap_or_else(|| "mul".to_owned()),
            licence: "espeak-ng is a separate program under GPL-3; what it speaks is free to use".to_owned(),
            installed: true,
        };
        let variants = VARIANTS.iter().map(|id| {
            let who = if id.starts_with('m') { "a man" } else { "a woman" };
            voice(id, format!("espeak-ng as {who} ({id})"))
        });
        Ok([voice(PLAIN, "espeak-ng (robotic, any language)".to_owned())].into_iter().chain(variants).collect())
    }

    async fn speak(&self, request: &SpeechRequest, operation: &Operation) -> Result<Speech> {
        request.check()?;
        operation.cancellation.check()?;
        let variant = match request.voice.as_deref().filter(|voice| *voice != PLAIN) {
            None => String::new(),
            Some(voice) if VARIANTS.contains(&voice) => format!("+{voice}"),
            Some(voice) => {
                return Err(Error::not_found("espeak-ng has no such voice")
                    .with_context("voice", voice)
                    .with_hint(format!("use `espeak:LANGUAGE`, and in it {PLAIN}, {}", VARIANTS.join(", "))));
            }
        };
        let language = tag(self.language.as_deref().unwrap_or(&request.language));
        let program = Program { voice: language.clone() + &variant, language, pace: PACE * request.speed };
        let speaker = Speaker { program, speed: request.speed, cancellation: &operation.cancellation };
        speaker.speak(&request.text).await
    }
}

/// A language tag as the program knows it: lower case; English is American, and so is what may be any language.
fn tag(language: &str) -> String {
    match language.replace('_', "-").to_ascii_lowercase().as_str() {
        "en" | "mul" | "und" | "" => "en-us".to_owned(),
        other => other.to_owned(),
    }
}

/// Only the pauses and numbers matter here; how words sound is left to the program.
struct NoWords;

impl Lexicon for NoWords {
    fn knows(&self, _: &str) -> bool {
        false
    }
}

/// The words that are spoken for each word as shown. English is read as the other voices read it; other languages are
/// left to the program, word by word.
fn script(shown: &[&str], language: &str) -> Vec<Said> {
    let mut said = normal::say(shown, &NoWords);
    if !language.starts_with("en") {
        for (said, word) in said.iter_mut().zip(shown) {
            let kept: String = word.chars().filter(|c| c.is_alphanumeric() || "'’-.,:%€$£&+°/".contains(*c)).collect();
            let kept = kept.trim_matches(|c: char| "'’-.,:/".contains(c));
            said.words = if kept.chars().any(char::is_alphanumeric) || kept.contains(['&', '%', '+']) {
                vec![kept.to_owned()]
            } else {
                Vec::new()
            };
        }
    }
    said
}

/// How the program is run.
#[derive(Debug)]
struct Program {
    language: String,
    /// The language with the variant of its voice.
    voice: String,
    pace: f64,
}

impl Program {
    /// Speaks text: 16-bit samples and their rate.
    async fn sound(&self, text: &str, gap: &str, cancellation: &Cancellation) -> Result<(Vec<i16>, u32)> {
        let pace = format!("{:.0}", self.pace);
        let arguments = ["--stdin", "--stdout", "-z", "-b", "1", "-v", &self.voice, "-s", &pace, "-g", gap];
        let limits = Limits { deadline: DEADLINE, output: 64 << 20 };
        let output = child::run(PROGRAM, &arguments, text.as_bytes(), limits, cancellation).await?;
        if !output.success {
            return Err(unknown(&self.language, &output.complaint));
        }
        gaps::parse_wav(&output.stdout).ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, "espeak-ng gave no sound").with_context("language", &self.language)
        })
    }
}

fn unknown(language: &str, complaint: &str) -> Error {
    Error::new(ErrorKind::Unsupported, "espeak-ng does not speak this language")
        .with_context("language", language)
        .with_context("espeak-ng", complaint)
        .with_hint("`espeak-ng --voices` lists its languages")
}

struct Speaker<'a> {
    program: Program,
    speed: f64,
    cancellation: &'a Cancellation,
}

impl Speaker<'_> {
    async fn speak(&self, text: &str) -> Result<Speech> {
        let shown: Vec<&str> = text.split_whitespace().collect();
        let said = script(&shown, &self.program.language);
        let mut samples: Vec<f32> = Vec::new();
        let mut spans = vec![None; shown.len()];
        let mut rate = 22_050;
        let mut first = 0;
        for sentence in said.split_inclusive(|said| matches!(said.pause, Pause::Sentence(_))) {
            self.cancellation.check()?;
            let range = first..first + sentence.len();
            first = range.end;
            if sentence.iter().all(|said| said.words.is_empty()) {
                continue;
            }
            if !samples.is_empty() {
                samples.resize(samples.len() + audio::samples_in(SENTENCE_PAUSE / self.speed, rate), 0.0);
            }
            rate = self.sentence(sentence, &mut spans[range], &mut samples).await?;
        }
        if samples.len() < shown.len() {
            samples.resize(timing::least(shown.len(), rate), 0.0);
        }
        audio::soften(&mut samples, rate);
        audio::level(&mut samples);
        let words = timing::words(&shown, &spans, samples.len() as u64, rate);
        Ok(Speech { samples, sample_rate: rate, words, times: WordTimes::Voice, usage: free(text) })
    }

    /// Appends a sentence and notes the span of each of its words.
    async fn sentence(&self, said: &[Said], spans: &mut [Option<Range<u64>>], samples: &mut Vec<f32>) -> Result<u32> {
        let mut text = String::new();
        for said in said.iter().filter(|said| !said.words.is_empty()) {
            text.push_str(&said.words.join(" "));
            text.push_str(match said.pause {
                Pause::None => " ",
                Pause::Clause => ", ",
                Pause::Sentence('?') => "? ",
                Pause::Sentence(_) => ". ",
            });
        }
        let counts: Vec<usize> = said.iter().map(|said| said.words.len()).collect();
        // A word that the program reads its own way (a number, a sign) may have inner pauses.
        let plain =
            said.iter().flat_map(|said| &said.words).all(|word| word.chars().all(|c| c.is_alphabetic() || c == '\''));
        if plain {
            let (sound, rate) = self.program.sound(&text, GAP, self.cancellation).await?;
            if let Some(parts) = gaps::split(&sound, counts.iter().sum(), rate) {
                let kept = audio::samples_in(KEPT_GAP / self.speed, rate) as u64;
                let mut parts = parts.into_iter();
                for (count, span) in counts.into_iter().zip(spans) {
                    for part in parts.by_ref().take(count) {
                        let start = samples.len() as u64;
                        samples.extend(part.sound.iter().map(|&sample| f32::from(sample) / 32_768.0));
                        let end = samples.len() as u64;
                        *span = Some(span.as_ref().map_or(start, |span| span.start)..end);
                        samples.resize((end + part.pause + kept) as usize, 0.0);
                    }
                }
                return Ok(rate);
            }
            tracing::debug!(text, "the pauses do not tell the words apart; they are spoken one by one");
        }
        let mut rate = 22_050;
        for (said, span) in said.iter().zip(spans).filter(|(said, _)| !said.words.is_empty()) {
            let (sound, found) = self.program.sound(&said.words.join(" "), "0", self.cancellation).await?;
            rate = found;
            let start = samples.len() as u64;
            samples.extend(gaps::trim(&sound).iter().map(|&sample| f32::from(sample) / 32_768.0));
            *span = Some(start..samples.len() as u64).filter(|span| !span.is_empty());
            let pause = if said.pause == Pause::None { KEPT_GAP } else { CLAUSE_PAUSE };
            samples.resize(samples.len() + audio::samples_in(pause / self.speed, rate), 0.0);
        }
        Ok(rate)
    }
}
