//! Captions for sound that Orion did not speak. Those of its own videos need no transcription: they are laid out from the
//! voice's own word times.

use crate::http::bounds::text;
use crate::http::caller::Signed;
use crate::http::extract::Body;
use crate::http::links::FILES;
use crate::http::{Answer, ApiError, Platform, Routes};
use crate::system::apart;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::domain::timeline::caption::to_srt;
use orion_core::domain::timeline::{Cue, TimedWord};
use orion_core::domain::{Role, Sha256};
use orion_core::port::{SpokenWord, Transcriber};
use orion_core::{Error, ErrorKind, Operation};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// Captions are there within the time that clients wait.
const PATIENCE: Duration = Duration::from_secs(50);
/// Longest segment.
const MOST_WORDS: usize = 12;
/// A pause that ends a segment.
const PAUSE: f64 = 0.7;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(captions))
}

#[derive(Debug, Deserialize, ToSchema)]
struct CaptionsRequest {
    /// A sound or video that this installation keeps, as `file_path` or `url` of another answer named it.
    audio_path: String,
    /// Language that is spoken, else `en`.
    language: Option<String>,
}

/// What is said in one stretch.
#[derive(Debug, Serialize, ToSchema)]
struct CaptionSegment {
    /// Seconds.
    start: f64,
    /// Seconds.
    end: f64,
    text: String,
}

/// What is said, and when.
#[derive(Debug, Serialize, ToSchema)]
struct CaptionsAnswer {
    segments: Vec<CaptionSegment>,
    full_text: String,
    language: String,
    /// The same as a SubRip file.
    srt: String,
    provider: String,
}

/// Writes captions for a stored sound.
#[utoipa::path(post, path = "/captions", tag = "editor", request_body = CaptionsRequest,
    responses((status = OK, body = CaptionsAnswer), (status = NOT_FOUND), (status = UNPROCESSABLE_ENTITY),
    (status = NOT_IMPLEMENTED), (status = SERVICE_UNAVAILABLE)))]
async fn captions(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(request): Body<CaptionsRequest>,
) -> Answer<CaptionsAnswer> {
    caller.require(Role::Editor)?;
    text(&["body", "audio_path"], &request.audio_path, 1024)?;
    let language = request.language.unwrap_or_else(|| "en".to_owned());
    text(&["body", "language"], &language, 16)?;
    if !platform.orion.transcriber().serves() {
        let error = Error::new(ErrorKind::Unsupported, "nobody transcribes sound here");
        return Err(error
            .with_hint("name one in the setting `transcriber`, or choose one: orion provider switch stt --mode local --provider whisper --model base")
            .into());
    }
    let file = stored(&request.audio_path).ok_or_else(|| {
        ApiError::field(
            &["body", "audio_path"],
            "value_error",
            "must be a file of this installation: /api/v1/media/files/…",
        )
    })?;
    if !platform.orion.production().blobs.contains(file).await? {
        return Err(ApiError::new(StatusCode::NOT_FOUND, "there is no such file"));
    }
    platform.orion.check_tools()?;
    let orion = platform.orion.clone();
    let heard = apart(move || async move {
        let operation = Operation::detached();
        let wav = orion.transcoder().wav(&orion.production().blobs, file, &operation).await?;
        let (wav, language, operation) = (&wav, language.as_str(), &operation);
        let listen =
            |model: Arc<dyn Transcriber>| async move { model.transcribe(wav.clone(), Some(language), operation).await };
        let served = orion.transcriber().call(&operation.cancellation, listen).await?;
        Ok((served.value, served.by.name))
    });
    let late = |_| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "the sound was not transcribed in time");
    let (transcript, provider) = tokio::time::timeout(PATIENCE, heard).await.map_err(late)??;
    let cues = cues(&transcript.words);
    let words: Vec<&str> = transcript.words.iter().map(|word| word.text.as_str()).collect();
    let segments = cues.iter().map(|cue| CaptionSegment {
        start: millis(cue.start.seconds()),
        end: millis(cue.end.seconds()),
        text: said(cue),
    });
    Ok(Json(CaptionsAnswer {
        segments: segments.collect(),
        full_text: words.join(" "),
        language: transcript.language,
        srt: to_srt(&cues),
        provider,
    }))
}

/// Times have three decimals.
fn millis(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

fn said(cue: &Cue) -> String {
    cue.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// The file that a path below the media root names, by its hash: nothing else can be named.
fn stored(path: &str) -> Option<Sha256> {
    let path = path.split_once("://").map_or(path, |(_, rest)| rest.find('/').map_or("", |at| rest.split_at(at).1));
    let path = path.split(['?', '#']).next()?;
    let (sha256, name) = path.strip_prefix(FILES)?.strip_prefix('/')?.split_once('/')?;
    if name.is_empty() || name.contains('/') { None } else { sha256.parse().ok() }
}

/// Words as segments: a sentence, a pause or twelve words end one.
fn cues(words: &[SpokenWord]) -> Vec<Cue> {
    let mut cues: Vec<Cue> = Vec::new();
    for word in words {
        let fits = cues.last().is_some_and(|cue| {
            let ended = cue.words.last().is_some_and(|last| last.text.ends_with(['.', '!', '?', '。', '！', '？']));
            !ended && cue.words.len() < MOST_WORDS && word.start.seconds() - cue.end.seconds() < PAUSE
        });
        let spoken = TimedWord { text: word.text.clone(), start: word.start, end: word.end };
        match cues.last_mut().filter(|_| fits) {
            Some(cue) => {
                cue.end = word.end;
                cue.words.push(spoken);
            }
            None => cues.push(Cue { start: word.start, end: word.end, words: vec![spoken] }),
        }
    }
    cues
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_stored_files_can_be_named() {
        let hash = Sha256::of(b"sound");
        let path = format!("{FILES}/{hash}/speech.mp3");
        assert_eq!(stored(&path), Some(hash));
        assert_eq!(stored(&format!("https://orion.example{path}?expires=1&signature=2")), Some(hash));
        for other in [
            "/etc/passwd",
            "file:///etc/passwd",
            "../../etc/passwd",
            &format!("{FILES}/../../../etc/passwd"),
            &format!("{FILES}/{hash}"),
            &format!("{FILES}/{hash}/a/../../b"),
            &format!("/elsewhere/{hash}/speech.mp3"),
            "",
        ] {
            assert_eq!(stored(other), None, "{other}");
        }
    }
}
