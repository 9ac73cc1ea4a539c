//! Generating: words, vectors, pictures, speech, clips. Each capability has a LOCAL and a CLOUD side behind
//! one trait; [`crate::strategy`] chooses between them and says who served.

use crate::domain::{BlobRef, Card, CostCategory, Look, Money};
use crate::{Error, MediaTime, Operation, Result};
use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Debug};

/// Where a provider runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Side {
    /// On this machine or a machine of one's own.
    Local,
    /// At somebody else's, for money.
    Cloud,
}

/// Who provides a capability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// Its name: `piper`, `ollama`.
    pub name: String,
    /// The model or voice it uses; empty if it has no choice of them.
    pub model: String,
    /// Where it runs.
    pub side: Side,
}

impl Provider {
    /// A provider that runs here.
    pub fn local(name: impl Into<String>, model: impl Into<String>) -> Self {
        Self { name: name.into(), model: model.into(), side: Side::Local }
    }

    /// A provider that runs elsewhere.
    pub fn cloud(name: impl Into<String>, model: impl Into<String>) -> Self {
        Self { name: name.into(), model: model.into(), side: Side::Cloud }
    }

    /// Whether name and model are the same; where it runs may have changed.
    pub fn is(&self, other: &Self) -> bool {
        (&self.name, &self.model) == (&other.name, &other.model)
    }

    /// Whether it is called so: by its name, or by name and model.
    pub fn answers_to(&self, text: &str) -> bool {
        self.name == text || self.to_string() == text
    }
}

impl fmt::Display for Provider {
    /// `ollama/llama3.2`, or the name alone if there is no model to choose.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.model.as_str() {
            "" => f.write_str(&self.name),
            model => write!(f, "{}/{model}", self.name),
        }
    }
}

/// An attempt that failed before another provider served.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Who failed.
    pub provider: Provider,
    /// How, as one line.
    pub error: String,
}

impl Attempt {
    /// The failure as a note for people: what was asked for, and who served in its place.
    pub fn note(&self, asked: &str, served: &Provider) -> String {
        format!("{asked}: {} failed ({}); {served} served", self.provider, self.error)
    }
}

/// An answer, who gave it, and who failed before.
#[derive(Debug, Clone)]
pub struct Served<T> {
    /// The answer.
    pub value: T,
    /// Who gave it.
    pub by: Provider,
    /// Who failed before, in order.
    pub after: Vec<Attempt>,
}

/// What an answer used.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// What is counted.
    pub category: CostCategory,
    /// How much of it.
    pub units: f64,
    /// What it cost; zero for what runs here.
    pub cost: Money,
}

/// Who speaks in a conversation with a language model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageRole {
    /// The rules.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: MessageRole,
    /// What is said.
    pub content: String,
}

/// What is asked of a language model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompletionRequest {
    /// The conversation so far.
    pub messages: Vec<Message>,
    /// 0 is always the same, 1 is lively.
    pub temperature: f64,
    /// Longest answer in tokens.
    pub max_tokens: u32,
    /// The answer must be JSON of this schema.
    pub schema: Option<serde_json::Value>,
}

/// The answer of a language model, complete.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// The words, without any thinking out loud.
    pub text: String,
    /// What it used.
    pub usage: Usage,
}

/// A language model.
#[async_trait]
pub trait LanguageModel: Debug + Send + Sync {
    /// Who it is.
    fn provider(&self) -> &Provider;

    /// Answers.
    ///
    /// # Behavior
    /// - The answer is complete: one that was cut off is an error, never a result: `Exhausted` at its longest length,
    ///   `Unexpected` if the stream ended early, `Unavailable` if the connection broke.
    /// - With a schema, the text is JSON; `Corrupt` if the model gave something else.
    /// - A long answer [advances](Operation::advance) the operation by `tokens` while it comes.
    /// - Stops soon after the operation is cancelled, with `Cancelled`.
    /// - `Unavailable` if the provider is not there, with a hint what to do.
    async fn complete(&self, request: &CompletionRequest, operation: &Operation) -> Result<Completion>;
}

/// Turns text into vectors.
#[async_trait]
pub trait Embedder: Debug + Send + Sync {
    /// Who it is.
    fn provider(&self) -> &Provider;

    /// Length of its vectors; zero while the model has told none.
    fn dimension(&self) -> usize;

    /// One vector per text.
    ///
    /// # Behavior
    /// - As many vectors as texts, in order, each of [`dimension`](Self::dimension) finite numbers and unit length.
    /// - The same text gives the same vector; an empty text gives a valid one too.
    /// - What is paid for is [charged](Operation::charge) to the operation.
    /// - Stops soon after the operation is cancelled, with `Cancelled`.
    async fn embed(&self, texts: &[String], operation: &Operation) -> Result<Vec<Vec<f32>>>;
}

/// What is asked of a picture model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageRequest {
    /// What is seen, for models that read words.
    pub prompt: String,
    /// What must not be seen.
    pub negative_prompt: String,
    /// The same scene as a card, for the built-in graphics.
    pub card: Card,
    /// Colours and ornament of the whole video.
    pub look: Look,
    /// A picture to show, and the credit it needs.
    pub picture: Option<(BlobRef, Option<String>)>,
    /// Width in pixels, 64 to 4096.
    pub width: u32,
    /// Height in pixels, 64 to 4096.
    pub height: u32,
    /// The same seed draws the same picture, where the model can.
    pub seed: u64,
    /// Number of the scene, from one.
    pub scene_number: u32,
}

/// One layer of a generated picture, back to front.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageLayer {
    /// PNG or JPEG bytes.
    pub bytes: Bytes,
    /// Their media type.
    pub media_type: String,
    /// Width in pixels; a soft background may be smaller than asked, it is scaled up.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Whether it may be moved and zoomed; type is not.
    pub moves: bool,
}

/// A generated picture: one layer from a model, several from the built-in graphics.
#[derive(Debug, Clone, PartialEq)]
pub struct GeneratedImage {
    /// Layers from back to front; the first is opaque.
    pub layers: Vec<ImageLayer>,
    /// What it used.
    pub usage: Usage,
}

/// What happened to a request that was sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Submission<T> {
    /// It is done already.
    Done(T),
    /// The provider works on it under this handle, which must be written down before waiting.
    Pending(String),
}

/// A picture model.
#[async_trait]
pub trait ImageModel: Debug + Send + Sync {
    /// Who it is.
    fn provider(&self) -> &Provider;

    /// Sends a request.
    ///
    /// # Behavior
    /// - `Invalid` for sizes out of bounds.
    /// - Returns as soon as the provider has a name for the work; does not wait for slow work.
    async fn submit(&self, request: &ImageRequest, operation: &Operation) -> Result<Submission<GeneratedImage>>;

    /// Waits for a handle.
    ///
    /// # Behavior
    /// - Works from another process than the one that submitted, and again for what is done.
    /// - `NotFound` if the provider does not know the handle; then it may be sent again.
    async fn wait(&self, handle: &str, operation: &Operation) -> Result<GeneratedImage>;

    /// Stops the work of a handle.
    ///
    /// # Behavior
    /// - Touches no other work; stopping what is done or unknown succeeds.
    async fn cancel(&self, handle: &str) -> Result<()>;
}

/// A voice that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    /// What it is chosen by.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Language tag.
    pub language: String,
    /// Licence notice that must be known to who uses it.
    pub licence: String,
    /// Whether it can be used now.
    pub installed: bool,
}

/// What is asked of a voice: one sentence or a few.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpeechRequest {
    /// The words as shown; the model speaks them its own way but times them as written.
    pub text: String,
    /// Which voice; `None` is the provider's default.
    pub voice: Option<String>,
    /// Language tag.
    pub language: String,
    /// 1 is normal, 2 twice as fast; 0.5 to 2.
    pub speed: f64,
}

/// A word as shown and when it is spoken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpokenWord {
    /// As shown, with its punctuation.
    pub text: String,
    /// From the start of the sound.
    pub start: MediaTime,
    /// Always later than the start.
    pub end: MediaTime,
}

/// How the times of spoken words were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WordTimes {
    /// By the voice itself.
    #[default]
    Voice,
    /// By a transcriber that listened to the sound.
    Heard,
    /// From the pauses in the sound and the length of the words: close, not exact.
    Estimated,
}

impl WordTimes {
    /// Whether the voice itself gave them.
    pub fn are_exact(&self) -> bool {
        *self == Self::Voice
    }
}

/// Spoken words.
#[derive(Debug, Clone, PartialEq)]
pub struct Speech {
    /// One channel, -1 to 1.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub sample_rate: u32,
    /// Every word of the text split at white space, in order.
    pub words: Vec<SpokenWord>,
    /// How their times were found.
    pub times: WordTimes,
    /// What it used.
    pub usage: Usage,
}

/// A voice.
#[async_trait]
pub trait SpeechModel: Debug + Send + Sync {
    /// Who it is.
    fn provider(&self) -> &Provider;

    /// The voices that can be chosen.
    ///
    /// # Behavior
    /// - Includes those that could be installed, marked as such.
    async fn voices(&self) -> Result<Vec<Voice>>;

    /// Speaks.
    ///
    /// # Behavior
    /// - `words` are the words of the text split at white space, in order and complete; their times rise, do not
    ///   overlap, have a length, and lie within the sound.
    /// - `Invalid` for empty text, text over 5000 characters, or a speed out of bounds; `NotFound` for an unknown voice.
    /// - `Unavailable` with a hint if no voice is installed.
    /// - Every sample is finite and within -1 to 1.
    async fn speak(&self, request: &SpeechRequest, operation: &Operation) -> Result<Speech>;
}

/// What was said and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Transcript {
    /// Words with their times.
    pub words: Vec<SpokenWord>,
    /// Language tag.
    pub language: String,
    /// What it used.
    pub usage: Usage,
}

/// Writes down what somebody said.
#[async_trait]
pub trait Transcriber: Debug + Send + Sync {
    /// Who it is.
    fn provider(&self) -> &Provider;

    /// Transcribes a WAV file.
    ///
    /// # Behavior
    /// - Words have no white space in them; their times rise, do not overlap, have a length, and lie within the sound;
    ///   silence gives no words.
    /// - `Invalid` for what is no WAV file.
    /// - Stops soon after the operation is cancelled, with `Cancelled`.
    async fn transcribe(&self, wav: Bytes, language: Option<&str>, operation: &Operation) -> Result<Transcript>;
}

/// What is asked of a model that sets a still in motion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClipRequest {
    /// The still.
    pub picture: BlobRef,
    /// What should happen.
    pub prompt: String,
    /// Length, 1 to 10 seconds.
    pub seconds: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// A clip.
#[derive(Debug, Clone, PartialEq)]
pub struct GeneratedClip {
    /// The file.
    pub bytes: Bytes,
    /// Its media type.
    pub media_type: String,
    /// What it used.
    pub usage: Usage,
}

/// Sets stills in motion.
#[async_trait]
pub trait ClipModel: Debug + Send + Sync {
    /// Who it is.
    fn provider(&self) -> &Provider;

    /// Sends a request; as [`ImageModel::submit`].
    ///
    /// # Behavior
    /// - `Invalid` for a length or a size out of bounds; `NotFound` for a still that is not stored.
    /// - Returns as soon as the provider has a name for the work; does not wait for slow work.
    async fn submit(&self, request: &ClipRequest, operation: &Operation) -> Result<Submission<GeneratedClip>>;

    /// Waits for a handle; as [`ImageModel::wait`].
    ///
    /// # Behavior
    /// - Works from another process than the one that submitted, and again for what is done.
    /// - `NotFound` if the provider does not know the handle; then it may be sent again.
    /// - The clip is a whole MP4 or WebM file, whatever its own length and size are.
    async fn wait(&self, handle: &str, operation: &Operation) -> Result<GeneratedClip>;

    /// Stops the work of a handle.
    ///
    /// # Behavior
    /// - Touches no other work; stopping what is done or unknown succeeds.
    async fn cancel(&self, handle: &str) -> Result<()>;
}

impl ImageRequest {
    /// Checks the bounds.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) with the size that is out of bounds.
    pub fn check(&self) -> Result<()> {
        for (side, pixels) in [("width", self.width), ("height", self.height)] {
            if !(64..=4096).contains(&pixels) {
                return Err(Error::invalid("picture size must be 64 to 4096 pixels").with_context(side, pixels));
            }
        }
        Ok(())
    }
}

impl ClipRequest {
    /// Checks the bounds.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) with the length or the size that is out of bounds.
    pub fn check(&self) -> Result<()> {
        if !(1..=10).contains(&self.seconds) {
            return Err(Error::invalid("a clip must last 1 to 10 seconds").with_context("seconds", self.seconds));
        }
        for (side, pixels) in [("width", self.width), ("height", self.height)] {
            if !(64..=4096).contains(&pixels) {
                return Err(Error::invalid("clip size must be 64 to 4096 pixels").with_context(side, pixels));
            }
        }
        Ok(())
    }
}

impl GeneratedClip {
    /// The media type of a file by its first bytes, if it is one that a clip may have; what a server says is not
    /// trusted.
    pub fn type_of(bytes: &[u8]) -> Option<&'static str> {
        match bytes {
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("video/mp4"),
            [0x1a, 0x45, 0xdf, 0xa3, ..] => Some("video/webm"),
            _ => None,
        }
    }
}

impl SpeechRequest {
    /// Longest text of one request in characters.
    pub const MOST_CHARACTERS: usize = 5000;

    /// Checks the bounds.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) for empty or too long text, or a speed out of bounds.
    pub fn check(&self) -> Result<()> {
        let characters = self.text.chars().count();
        if self.text.trim().is_empty() || characters > Self::MOST_CHARACTERS {
            return Err(
                Error::invalid("text to speak must have 1 to 5000 characters").with_context("characters", characters)
            );
        }
        if !(0.5..=2.0).contains(&self.speed) {
            return Err(Error::invalid("speaking speed must be 0.5 to 2").with_context("speed", self.speed));
        }
        Ok(())
    }
}
