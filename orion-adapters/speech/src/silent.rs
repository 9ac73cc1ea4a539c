//! Silence with times: for videos without a voice, on request.

use crate::piper::free;
use async_trait::async_trait;
use orion_core::port::{Provider, Side, Speech, SpeechModel, SpeechRequest, Voice, WordTimes};
use orion_core::{Error, Operation, Result};
use orion_voice::timing;

/// Samples per second of the silence.
const RATE: u32 = 22_050;

/// Words per second that people read comfortably on a moving picture: about 155 a minute.
const WORDS_PER_SECOND: f64 = 2.6;

/// Seconds that the shortest line stands.
const SHORTEST: f64 = 1.2;

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
        let weights: Vec<f64> = shown.iter().map(|word| weight(word)).collect();
        let total = weights.iter().sum::<f64>();
        let seconds = (total / WORDS_PER_SECOND).max(SHORTEST) / request.speed;
        let samples = ((seconds * f64::from(RATE)) as u64).max(shown.len() as u64);
        let mut read = 0.0;
        let spans: Vec<_> = weights
            .iter()
            .map(|weight| {
                let start = (samples as f64 * read / total) as u64;
                read += weight;
                Some(start..(samples as f64 * read / total) as u64)
            })
            .collect();
        Ok(Speech {
            samples: vec![0.0; samples as usize],
            sample_rate: RATE,
            words: timing::words(&shown, &spans, samples, RATE),
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
}
