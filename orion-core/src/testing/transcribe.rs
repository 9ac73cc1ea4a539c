//! Scenarios of [`Transcriber`].

use super::{assert_fails, let_others_on};
use crate::port::Transcriber;
use crate::service::editor::encode_wav;
use crate::{ErrorKind, MediaTime, Operation};
use bytes::Bytes;
use futures_util::future::{Either, select};
use std::fmt;
use std::pin::pin;
use std::sync::Arc;

/// A transcriber, and a sound in which something is said.
#[derive(Clone)]
pub struct Hearing {
    /// Who listens.
    pub transcriber: Arc<dyn Transcriber>,
    /// One channel, -1 to 1, in which a few words are spoken.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub sample_rate: u32,
    /// How many words are spoken at least.
    pub words: usize,
    /// Keeps the next answer from ever coming.
    pub hold: Arc<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for Hearing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hearing").field("transcriber", &self.transcriber).finish_non_exhaustive()
    }
}

impl Hearing {
    fn wav(&self) -> Bytes {
        encode_wav(&self.samples, self.sample_rate)
    }
}

/// Words come in order, without overlap, each with a length, within the sound.
pub async fn words_are_timed_within_the_sound(hearing: Hearing) {
    for language in [None, Some("en")] {
        let heard = hearing.transcriber.transcribe(hearing.wav(), language, &Operation::detached()).await.unwrap();
        assert!(heard.words.len() >= hearing.words, "{heard:?}");
        let sound = MediaTime::from_units(hearing.samples.len() as u64, hearing.sample_rate);
        let mut last = MediaTime::ZERO;
        for word in &heard.words {
            assert!(!word.text.is_empty() && !word.text.contains(char::is_whitespace), "{word:?}");
            assert!(word.start >= last && word.end > word.start && word.end <= sound, "{word:?} of {sound:?}");
            last = word.end;
        }
        assert!((2..=3).contains(&heard.language.len()), "{:?} is no tag of a language", heard.language);
        assert!(heard.usage.units > 0.0, "{:?}", heard.usage);
    }
}

/// Nothing is made up.
pub async fn silence_has_no_words(hearing: Hearing) {
    let silence = encode_wav(&vec![0.0; 16_000], 16_000);
    let heard = hearing.transcriber.transcribe(silence, Some("en"), &Operation::detached()).await.unwrap();
    assert!(heard.words.is_empty(), "{heard:?}");
}

/// What is no sound is said to be none, and is not sent.
pub async fn what_is_no_sound_is_refused(hearing: Hearing) {
    let wav = hearing.wav();
    for wrong in [Bytes::new(), Bytes::from_static(b"RIFF"), Bytes::from(vec![7; 4096]), wav.slice(..20)] {
        let heard = hearing.transcriber.transcribe(wrong, None, &Operation::detached()).await;
        assert_fails(heard.map(drop), ErrorKind::Invalid);
    }
}

/// What was stopped before it began is not heard.
pub async fn a_transcription_that_was_stopped_is_not_made(hearing: Hearing) {
    let operation = Operation::detached();
    operation.cancellation.cancel();
    let heard = hearing.transcriber.transcribe(hearing.wav(), None, &operation).await;
    assert_fails(heard.map(drop), ErrorKind::Cancelled);
}

/// Who waits for an answer can be stopped.
pub async fn a_transcription_under_way_stops_on_request(hearing: Hearing) {
    (hearing.hold)();
    let operation = Operation::detached();
    let heard = pin!(hearing.transcriber.transcribe(hearing.wav(), None, &operation));
    let stop = pin!(async {
        for _ in 0..200 {
            let_others_on().await;
        }
        operation.cancellation.cancel();
        std::future::pending::<()>().await;
    });
    match select(heard, stop).await {
        Either::Left((heard, _)) => assert_fails(heard.map(drop), ErrorKind::Cancelled),
        Either::Right(_) => unreachable!("the other one never ends"),
    }
}
