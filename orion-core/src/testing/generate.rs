//! Scenarios of [`Embedder`], [`SpeechModel`], [`ImageModel`] and [`ClipModel`].

use super::{assert_fails, sample};
use crate::domain::{BlobRef, Card, CostCategory, Sha256};
use crate::port::{
    ClipModel, ClipRequest, Embedder, GeneratedClip, GeneratedImage, ImageModel, ImageRequest, SpeechModel,
    SpeechRequest, Submission,
};
use crate::{Cancellation, ErrorKind, MediaTime, Operation};
use std::fmt;
use std::sync::Arc;

fn texts() -> Vec<String> {
    let texts = ["", " ", "a", "A city at dawn", "A city at dusk", "日本語のテキスト", "🎬", "\0\u{7f}"];
    texts.into_iter().map(str::to_owned).chain([String::from("word ").repeat(5000)]).collect()
}

/// As many as texts, each finite, of the stated length and of unit length, whatever the company.
pub async fn embeddings_are_unit_vectors_in_order(embedder: Arc<dyn Embedder>) {
    assert!(embedder.embed(&[], &Operation::detached()).await.unwrap().is_empty());
    let vectors = embedder.embed(&texts(), &Operation::detached()).await.unwrap();
    assert_eq!(vectors.len(), texts().len());
    assert!(embedder.dimension() > 0);
    for (text, vector) in texts().iter().zip(&vectors) {
        let shown: String = text.chars().take(20).collect();
        assert_eq!(vector.len(), embedder.dimension(), "{shown:?}");
        assert!(vector.iter().all(|x| x.is_finite()), "{shown:?}");
        let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        assert!((length - 1.0).abs() < 1e-3, "{shown:?} has length {length}");
        let alone = embedder.embed(std::slice::from_ref(text), &Operation::detached()).await.unwrap();
        let cosine: f64 = alone[0].iter().zip(vector).map(|(a, b)| f64::from(a * b)).sum();
        assert!(cosine > 0.999, "{shown:?} alone and in company differ: {cosine}");
    }
    assert_ne!(vectors[3], vectors[5], "different texts have different vectors");
}

/// The same text gives the same vector.
pub async fn embeddings_repeat(embedder: Arc<dyn Embedder>) {
    let embed = async || embedder.embed(&texts(), &Operation::detached()).await.unwrap();
    assert_eq!(embed().await, embed().await);
}

/// What was stopped before it began is not embedded.
pub async fn stopped_embedding_is_not_made(embedder: Arc<dyn Embedder>) {
    let operation = Operation::detached();
    operation.cancellation.cancel();
    assert_fails(embedder.embed(&texts(), &operation).await.map(drop), ErrorKind::Cancelled);
}

fn words_to_speak(text: &str) -> SpeechRequest {
    SpeechRequest { text: text.to_owned(), voice: None, language: "en".to_owned(), speed: 1.0 }
}

/// Every word as written, in order, with a length, within the sound; every sample within bounds.
pub async fn speech_times_every_word(model: Arc<dyn SpeechModel>) {
    let texts = [
        "Hello.",
        "Prices rose 8% in 2026 — to $36bn, said Dr. O'Neill (BBC).",
        "  One\ttwo,\n three …  \"four\"! ",
        "U.S.-based café naïve 🎬 日本 ?!",
    ];
    for text in texts {
        for speed in [1.0, 2.0] {
            let request = SpeechRequest { speed, ..words_to_speak(text) };
            let speech = model.speak(&request, &Operation::detached()).await.unwrap();
            let spoken: Vec<&str> = speech.words.iter().map(|word| word.text.as_str()).collect();
            assert_eq!(spoken, text.split_whitespace().collect::<Vec<_>>());
            let sound = MediaTime::from_units(speech.samples.len() as u64, speech.sample_rate);
            let mut last = MediaTime::ZERO;
            for word in &speech.words {
                assert!(word.start >= last && word.end > word.start && word.end <= sound, "{word:?} of {sound:?}");
                last = word.end;
            }
            assert!(speech.samples.iter().all(|sample| sample.is_finite() && (-1.0..=1.0).contains(sample)));
            assert!(speech.samples.iter().any(|sample| sample.abs() > 0.01), "{text:?} is silent");
        }
    }
}

/// Wrong input is said to be wrong.
pub async fn speech_refuses_what_it_cannot_speak(model: Arc<dyn SpeechModel>) {
    let good = words_to_speak("Hello.");
    let too_long = "a ".repeat(SpeechRequest::MOST_CHARACTERS / 2 + 1);
    let refused = [
        SpeechRequest { text: String::new(), ..good.clone() },
        SpeechRequest { text: " \n".to_owned(), ..good.clone() },
        SpeechRequest { text: too_long, ..good.clone() },
        SpeechRequest { speed: 0.49, ..good.clone() },
        SpeechRequest { speed: 2.01, ..good.clone() },
        SpeechRequest { speed: f64::NAN, ..good.clone() },
    ];
    for request in refused {
        assert_fails(model.speak(&request, &Operation::detached()).await.map(drop), ErrorKind::Invalid);
    }
    for voice in ["no such voice", "../../etc/passwd", ""] {
        let request = SpeechRequest { voice: Some(voice.to_owned()), ..good.clone() };
        assert_fails(model.speak(&request, &Operation::detached()).await.map(drop), ErrorKind::NotFound);
    }
}

/// Voices have names of their own, and every installed one speaks.
pub async fn speech_lists_its_voices(model: Arc<dyn SpeechModel>) {
    let voices = model.voices().await.unwrap();
    let mut ids: Vec<&str> = voices.iter().map(|voice| voice.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), voices.len(), "no name twice");
    for missing in voices.iter().filter(|voice| !voice.installed) {
        let request = SpeechRequest { voice: Some(missing.id.clone()), ..words_to_speak("Hello.") };
        let error = model.speak(&request, &Operation::detached()).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unavailable), "{error:?}");
    }
    let installed = voices.iter().find(|voice| voice.installed).unwrap();
    assert!(!installed.licence.is_empty() && !installed.language.is_empty() && !installed.name.is_empty());
    let request = SpeechRequest {
        voice: Some(installed.id.clone()),
        language: installed.language.clone(),
        ..words_to_speak("Hello.")
    };
    assert_eq!(model.speak(&request, &Operation::detached()).await.unwrap().words.len(), 1);
}

/// What was stopped before it began does not speak.
pub async fn cancelled_speech_stops(model: Arc<dyn SpeechModel>) {
    let operation = Operation::new(Cancellation::new(), Arc::new(|_: crate::ProgressUpdate| {}));
    operation.cancellation.cancel();
    assert_fails(model.speak(&words_to_speak("Hello."), &operation).await.map(drop), ErrorKind::Cancelled);
}

fn picture_to_draw(card: Card, width: u32, height: u32) -> ImageRequest {
    ImageRequest {
        prompt: "a city at dawn".to_owned(),
        negative_prompt: String::new(),
        card,
        look: sample::look(),
        picture: None,
        width,
        height,
        seed: 7,
        scene_number: 1,
    }
}

/// Sends a request and waits for it if the provider says so.
async fn draw(model: &Arc<dyn ImageModel>, request: &ImageRequest) -> GeneratedImage {
    let operation = Operation::detached();
    match model.submit(request, &operation).await.unwrap() {
        Submission::Done(image) => image,
        Submission::Pending(handle) => model.wait(&handle, &operation).await.unwrap(),
    }
}

/// Every layer is a picture of the type it claims; the layers fill what was asked for.
pub async fn pictures_have_the_size_that_was_asked(model: Arc<dyn ImageModel>) {
    let text = |text: &str| text.to_owned();
    let cards = [
        Card::Headline { label: text("NEWS"), headline: text("Did you see this?") },
        Card::Number {
            label: text("MARKETS"),
            headline: text("Up"),
            value: text("$36bn"),
            caption: text("in one day, 日本語"),
        },
        Card::Quote { quote: "words and ".repeat(60), attribution: text("A. Writer") },
        Card::List { label: String::new(), headline: String::new(), items: vec![text("one"), text("two\0")] },
        Card::Comparison {
            label: text("VS"),
            headline: text("Which?"),
            left: (text("A"), text("1")),
            right: (text("B"), text("2")),
        },
        Card::Closing { headline: text("Follow"), credits: vec![text("Example News"); 9] },
    ];
    for card in cards {
        let request = picture_to_draw(card, 360, 640);
        let image = draw(&model, &request).await;
        assert!(!image.layers.is_empty());
        for layer in &image.layers {
            let png = layer.bytes.starts_with(b"\x89PNG\r\n\x1a\n");
            let jpeg = layer.bytes.starts_with(b"\xff\xd8\xff");
            assert!(
                png && layer.media_type == "image/png" || jpeg && layer.media_type == "image/jpeg",
                "{} is not what it says",
                layer.media_type
            );
            if png {
                // A PNG begins with its header chunk, which begins with width and height.
                let size = |at: usize| u32::from_be_bytes(layer.bytes[at..at + 4].try_into().unwrap());
                assert_eq!((size(16), size(20)), (layer.width, layer.height));
            }
            let same_shape = u64::from(layer.width) * u64::from(request.height);
            let asked_shape = u64::from(layer.height) * u64::from(request.width);
            assert!(
                same_shape.abs_diff(asked_shape) * 50 <= asked_shape,
                "{}x{} is not the shape that was asked",
                layer.width,
                layer.height
            );
            if !layer.moves {
                assert_eq!((layer.width, layer.height), (request.width, request.height), "type is not scaled");
            }
        }
    }
}

/// Sizes are bounded on both sides.
pub async fn pictures_out_of_bounds_are_refused(model: Arc<dyn ImageModel>) {
    let card = Card::Headline { label: "NEWS".to_owned(), headline: "Did you see this?".to_owned() };
    for (width, height) in [(0, 640), (63, 640), (640, 63), (4097, 640), (640, 4097), (u32::MAX, u32::MAX)] {
        let request = picture_to_draw(card.clone(), width, height);
        let sent = model.submit(&request, &Operation::detached()).await;
        assert_fails(sent.map(drop), ErrorKind::Invalid);
    }
}

/// Whoever went away before the result was written down waits again, and gets the same. Only models that give handles
/// are waited for.
pub async fn what_is_done_is_given_again(model: Arc<dyn ImageModel>) {
    let operation = Operation::detached();
    let card = Card::Headline { label: "NEWS".to_owned(), headline: "Did you see this?".to_owned() };
    let submitted = model.submit(&picture_to_draw(card, 360, 640), &operation).await.unwrap();
    if let Submission::Pending(handle) = submitted {
        let first = model.wait(&handle, &operation).await.unwrap();
        assert!(model.wait(&handle, &operation).await.unwrap() == first);
    }
}

/// Stopping one work leaves another alone; what is stopped or done can be stopped again. Only models that give handles
/// have work to stop.
pub async fn stopping_touches_no_other_work(model: Arc<dyn ImageModel>) {
    let operation = Operation::detached();
    let card = Card::Headline { label: "NEWS".to_owned(), headline: "Did you see this?".to_owned() };
    let request = picture_to_draw(card, 360, 640);
    let first = model.submit(&request, &operation).await.unwrap();
    let second = model.submit(&ImageRequest { scene_number: 2, seed: 8, ..request }, &operation).await.unwrap();
    if let Submission::Pending(handle) = first {
        model.cancel(&handle).await.unwrap();
        model.cancel(&handle).await.unwrap();
    }
    if let Submission::Pending(handle) = second {
        assert!(!model.wait(&handle, &operation).await.unwrap().layers.is_empty());
        model.cancel(&handle).await.unwrap();
    }
}

/// A handle from nowhere is not waited for, and stopping it is fine.
pub async fn unknown_handles_are_unknown(model: Arc<dyn ImageModel>) {
    let waited = model.wait("no-such-handle", &Operation::detached()).await;
    assert_fails(waited.map(drop), ErrorKind::NotFound);
    model.cancel("no-such-handle").await.unwrap();
}

/// The still of the scenarios of clips, a PNG of 64 by 96 pixels. Whoever makes the model stores it first.
pub const STILL: &[u8] = b"\
      \x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x40\x00\x00\x00\x60\x08\
      \x02\x00\x00\x00\x22\xa7\xe3\xbf\x00\x00\x00\x67\x49\x44\x41\x54\x78\xda\xed\xcf\x41\x09\x00\x00\x08\
      \x04\xb0\x8b\x64\x24\x23\x19\xd9\xbf\x0d\x84\xc1\x0a\x2c\xd5\xf3\x5a\x04\x04\x04\x04\x04\x04\x04\x04\
      \x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\
      \x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\
      \x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\xae\x05\x8b\x20\x01\x96\x34\xcd\x21\x6b\x00\x00\
      \x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82\
      ";

/// What the still is called once it is stored.
pub fn still() -> BlobRef {
    BlobRef { sha256: Sha256::of(STILL), length: STILL.len() as u64, media_type: "image/png".to_owned() }
}

/// A model that sets stills in motion; its store holds [`STILL`].
#[derive(Clone)]
pub struct Moving {
    /// Who makes clips.
    pub model: Arc<dyn ClipModel>,
    /// The same, as another process has it.
    pub elsewhere: Arc<dyn ClipModel>,
    /// Keeps work from ending, or lets it end.
    pub hold: Arc<dyn Fn(bool) + Send + Sync>,
}

impl fmt::Debug for Moving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Moving").field("model", &self.model).finish_non_exhaustive()
    }
}

fn clip_to_make() -> ClipRequest {
    ClipRequest { picture: still(), prompt: "the camera moves closer".to_owned(), seconds: 2, width: 360, height: 640 }
}

async fn move_it(model: &Arc<dyn ClipModel>, request: &ClipRequest) -> GeneratedClip {
    let operation = Operation::detached();
    match model.submit(request, &operation).await.unwrap() {
        Submission::Done(clip) => clip,
        Submission::Pending(handle) => {
            let clip = model.wait(&handle, &operation).await.unwrap();
            assert!(model.wait(&handle, &operation).await.unwrap() == clip, "what is done is given again");
            clip
        }
    }
}

/// A clip is a file of the type that it claims.
pub async fn clips_are_what_they_say(moving: Moving) {
    let Moving { model, .. } = moving;
    for request in [clip_to_make(), ClipRequest { width: 640, height: 360, prompt: String::new(), ..clip_to_make() }] {
        let clip = move_it(&model, &request).await;
        assert_eq!(GeneratedClip::type_of(&clip.bytes), Some(clip.media_type.as_str()));
        assert_eq!(clip.usage.category, CostCategory::VideoClips);
    }
}

/// Lengths and sizes are bounded on both sides, and a still must be there.
pub async fn clips_out_of_bounds_are_refused(moving: Moving) {
    let Moving { model, .. } = moving;
    let good = clip_to_make();
    let refused = [
        ClipRequest { seconds: 0, ..good.clone() },
        ClipRequest { seconds: 11, ..good.clone() },
        ClipRequest { width: 63, ..good.clone() },
        ClipRequest { height: 4097, ..good.clone() },
    ];
    for request in refused {
        assert_fails(model.submit(&request, &Operation::detached()).await.map(drop), ErrorKind::Invalid);
    }
    let picture = BlobRef { sha256: Sha256::of(b"no still"), ..still() };
    let missing = model.submit(&ClipRequest { picture, ..good }, &Operation::detached()).await;
    assert_fails(missing.map(drop), ErrorKind::NotFound);
}

/// Stopping one work leaves another alone; what is stopped or done can be stopped again.
pub async fn stopping_touches_no_other_clip(moving: Moving) {
    let Moving { model, .. } = moving;
    let operation = Operation::detached();
    let first = model.submit(&clip_to_make(), &operation).await.unwrap();
    let second = model.submit(&ClipRequest { seconds: 3, ..clip_to_make() }, &operation).await.unwrap();
    if let Submission::Pending(handle) = first {
        model.cancel(&handle).await.unwrap();
        model.cancel(&handle).await.unwrap();
    }
    if let Submission::Pending(handle) = second {
        assert!(!model.wait(&handle, &operation).await.unwrap().bytes.is_empty());
        model.cancel(&handle).await.unwrap();
    }
}

/// A handle from nowhere is not waited for, and stopping it is fine.
pub async fn unknown_clips_are_unknown(moving: Moving) {
    let Moving { model, .. } = moving;
    for handle in ["no-such-handle", "../../etc/passwd", ""] {
        assert_fails(model.wait(handle, &Operation::detached()).await.map(drop), ErrorKind::NotFound);
        model.cancel(handle).await.unwrap();
    }
}

/// Slow work is not waited for when it is sent: it has a name, and can be stopped by it.
pub async fn slow_clips_are_not_waited_for_when_they_are_sent(moving: Moving) {
    (moving.hold)(true);
    let sent = moving.model.submit(&clip_to_make(), &Operation::detached()).await.unwrap();
    let Submission::Pending(handle) = sent else { unreachable!("nothing ends while it is held") };
    moving.model.cancel(&handle).await.unwrap();
    (moving.hold)(false);
}

/// Whoever goes on, in whatever process, fetches what was sent.
pub async fn a_clip_is_fetched_by_another_process(moving: Moving) {
    let operation = Operation::detached();
    let sent = moving.model.submit(&clip_to_make(), &operation).await.unwrap();
    if let Submission::Pending(handle) = sent {
        let clip = moving.elsewhere.wait(&handle, &operation).await.unwrap();
        assert!(moving.model.wait(&handle, &operation).await.unwrap() == clip);
    }
}
