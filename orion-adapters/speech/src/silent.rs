//! Silence with times: for videos without a voice, on request.

use crate::piper::free;
use async_trait::async_trait;
use orion_core::domain::timeline::{TimedWord, caption};
use orion_core::port::{Provider, Side, Speech, SpeechModel, SpeechRequest, SpokenWord, Voice, WordTimes};
use orion_core::{Error, Operation, Result};
use orion_voice::timing;

/// Samples per second of the silence.
const RATE: u32 = 22_050;

/// Words per second that people read comfortably on a moving picture: about 155 a minute.
const WORDS_PER_SECOND: f64 = 2.6;

/// Seconds that the shortest line stands.
const SHORTEST: f64 = 1.2;

/// Seconds that a caption of a line stands at least: five sixths, as broadcasters ask for. Less is seen, and not read.
const SHORTEST_CAPTION: f64 = 5.0 / 6.0;

/// Most characters of a caption that are read in a second, spaces too.
const MOST_CHARACTERS: f64 = 17.0;

/// Says nothing, at the pace of reading.
#[derive(Debug)]
pub struct SilentSpeech {
    provider: Provider,
}

impl Default for SilentSpeech {
    fn default() -> Self {
        Self { provider: Provider { name: "silent".to_owned(), model: "silence".to_owned(), side: Side::Local } }
    }
}

impl SilentSpeech {
    /// A voice that says nothing.
    pub fn new() -> Self {
        Self::default()
    }
}

/// How long a word takes to read, in average words of English: five letters and a space.
///
/// Longer words take longer. Where a word is a whole clause, its characters count: Chinese and Japanese are read on
/// moving pictures at about 4.5 a second, Hangul at 7, and Thai, Lao, Khmer and Burmese letters at 13 (their marks do
/// not count), which is a little below the limits of broadcasters' subtitle guidelines.
fn weight(word: &str) -> f64 {
    let characters = word.chars().map(|character| match u32::from(character) {
        0x0E31 | 0x0E34..=0x0E3A | 0x0E47..=0x0E4E | 0x0EB1 | 0x0EB4..=0x0EBC | 0x0EC8..=0x0ECE => 0.0,
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF => WORDS_PER_SECOND / 13.0,
        0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF => {
            WORDS_PER_SECOND / 4.5
        }
        0xAC00..=0xD7A3 => WORDS_PER_SECOND / 7.0,
        _ => 0.12,
    });
    0.4 + characters.sum::<f64>()
}

/// The words, each shown for so many seconds, and the samples of all of them.
fn words(shown: &[&str], seconds: &[f64]) -> (Vec<SpokenWord>, u64) {
    let at = |seconds: f64| (seconds * f64::from(RATE)) as u64;
    let mut read = 0.0;
    let spans: Vec<_> = seconds
        .iter()
        .map(|seconds| {
            let start = at(read);
            read += seconds;
            Some(start..at(read))
        })
        .collect();
    let samples = at(read).max(shown.len() as u64);
    (timing::words(shown, &spans, samples, RATE), samples)
}

/// Gives words more time where the caption that they are part of would be gone before it is read.
fn stretch(seconds: &mut [f64], words: &[SpokenWord]) {
    let timed =
        words.iter().map(|SpokenWord { text, start, end }| TimedWord { text: text.clone(), start: *start, end: *end });
    let mut factors = vec![1.0_f64; seconds.len()];
    for cue in caption::group(&timed.collect::<Vec<_>>()) {
        // Not its own end, which may be later.
        let Some(end) = cue.words.last().map(|word| word.end) else { continue };
        let characters = caption::joined(&cue.words).chars().count() as f64;
        let factor = SHORTEST_CAPTION.max(characters / MOST_CHARACTERS) / (end - cue.start).seconds();
        for (word, most) in words.iter().zip(&mut factors) {
            if word.start < end && word.end > cue.start {
                *most = most.max(factor);
            }
        }
    }
    seconds.iter_mut().zip(factors).for_each(|(seconds, factor)| *seconds *= factor);
}

#[async_trait]
impl SpeechModel for SilentSpeech {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn voices(&self) -> Result<Vec<Voice>> {
        Ok(vec![Voice {
            id: "silent".to_owned(),
            name: "Silence".to_owned(),
            language: "mul".to_owned(),
            licence: "none needed".to_owned(),
            installed: true,
        }])
    }

    async fn speak(&self, request: &SpeechRequest, operation: &Operation) -> Result<Speech> {
        request.check()?;
        operation.cancellation.check()?;
        if let Some(voice) = request.voice.as_deref().filter(|voice| *voice != "silent") {
            return Err(Error::not_found("silence has no voices").with_context("voice", voice));
        }
        let shown: Vec<&str> = request.text.split_whitespace().collect();
        let mut seconds: Vec<f64> = shown.iter().map(|word| weight(word) / WORDS_PER_SECOND).collect();
        let (words, _) = words(&shown, &seconds);
        stretch(&mut seconds, &words);
        let short = SHORTEST / seconds.iter().sum::<f64>();
        seconds.iter_mut().for_each(|seconds| *seconds *= short.max(1.0) / request.speed);
        let (words, samples) = self::words(&shown, &seconds);
        Ok(Speech {
            samples: vec![0.0; samples as usize],
            sample_rate: RATE,
            words,
            times: WordTimes::Voice,
            usage: free(&request.text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_is_given_the_time_to_read_it() {
        let seconds = |text: &str| text.split_whitespace().map(weight).sum::<f64>() / WORDS_PER_SECOND;
        let english = seconds("The government announced a new budget for all schools today.");
        for (text, least, most) in [
            ("政府今天宣布了新的学校预算。", 2.5, 4.0),
            ("政府は今日、学校のための新しい予算案を発表しました。", 4.5, 7.0),
            ("정부는 오늘 전국 학교를 위한 새로운 예산안을 발표했습니다.", 3.0, 6.0),
            ("รัฐบาลประกาศงบประมาณใหม่สำหรับโรงเรียนทั่วประเทศ", 2.5, 4.5),
        ] {
            let taken = seconds(text);
            assert!((least..most).contains(&taken), "{text}: {taken} s, as English {english} s");
        }
    }

    #[tokio::test]
    async fn every_caption_stands_until_it_is_read() {
        for text in [
            "No. Never. Why? I do. A counterrevolutionary misunderstanding, internationally. Go! It is so.",
            "Ja. Donaudampfschifffahrtsgesellschaft, Rindfleischetikettierung. Nein. Doch! Es war im Jahr 1984 so.",
            "Нет. Почему? Достопримечательности. Да, это так, и никто этого не ждал.",
            "不。政府今天宣布了新的学校预算。为什么？因为没有人说过这件事。",
            "いや。政府は今日、学校のための新しい予算案を発表しました。はい。",
            "รัฐบาลประกาศงบประมาณใหม่สำหรับโรงเรียนทั่วประเทศ",
            "لا. أعلنت الحكومة اليوم ميزانية جديدة. لماذا؟",
            "नहीं। सरकार ने आज नए बजट की घोषणा की। क्यों?",
        ] {
            for speed in [0.5, 1.0, 2.0] {
                let language = "mul".to_owned();
                let request = SpeechRequest { text: text.to_owned(), voice: None, language, speed };
                let speech = SilentSpeech::new().speak(&request, &Operation::detached()).await.unwrap();
                let words =
                    speech.words.into_iter().map(|SpokenWord { text, start, end }| TimedWord { text, start, end });
                let cues = caption::group(&words.collect::<Vec<_>>());
                assert!(cues.len() > 2 || text.starts_with('ร'), "{cues:?}");
                for cue in cues {
                    let seconds = (cue.end - cue.start).seconds() * speed;
                    let text = caption::joined(&cue.words);
                    assert!(seconds > SHORTEST_CAPTION - 0.01, "{text}: {seconds} s");
                    let rate = text.chars().count() as f64 / seconds;
                    let wide = text.chars().any(|letter| ('\u{3040}'..'\u{9FFF}').contains(&letter));
                    assert!(
                        rate < if wide { 6.0 } else { MOST_CHARACTERS + 0.2 },
                        "{text}: {rate} characters a second"
                    );
                }
            }
        }
    }
}
