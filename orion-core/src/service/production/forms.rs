//! The forms of what a run keeps in its journal, under the keys of the steps. A form that changed unnoticed would
//! have finished work done, and paid for, again, and would forget what a person wrote.

use super::request::{CreateRequest, Subject};
use super::stages::{Choice, REVISED_PLAN, REVISED_SCRIPT, Revised};
use crate::MediaTime;
use crate::domain::{
    Article, ClaimKind, Critique, Gate, GroundingAction, GroundingCheck, GroundingReport, Material, Platform, Sha256,
    Source,
};
use crate::forms::Forms;
use crate::port::{ColourTags, MediaContent, MediaInfo, Rendered, SpokenWord, Thumbnail, ThumbnailMarks, WordTimes};
use crate::service::director::{Drafted, PastHook, Recalled};
use crate::service::editor::{Cover, SpokenLine};
use crate::service::media::{ArticlePicture, PictureLayer, ScenePicture};
use crate::testing::sample;
use std::collections::BTreeSet;

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn material() -> Material {
    let source = Source {
        number: 1,
        title: "Headline 1".to_owned(),
        url: some("https://news.example/1"),
        publisher: some("Example News"),
        author: some("A. Writer"),
        published_at: Some(sample::time(1)),
        text: "First paragraph.\n\nSecond paragraph.".to_owned(),
        picture: sample::feed_item(1).picture,
    };
    Material {
        topic: "Topic 1".to_owned(),
        language: "en".to_owned(),
        sources: vec![source],
        notes: vec!["one page refused".to_owned()],
    }
}

fn article() -> Article {
    Article {
        url: "https://news.example/1".to_owned(),
        title: "Headline 1".to_owned(),
        text: "First paragraph.".to_owned(),
        author: some("A. Writer"),
        publisher: some("Example News"),
        published_at: Some(sample::time(1)),
        language: some("en"),
        picture: sample::feed_item(1).picture,
    }
}

fn drafted() -> Drafted {
    let check = GroundingCheck { line: 1, kind: ClaimKind::Number, claim: "14 months".to_owned(), sources: vec![1] };
    Drafted {
        script: sample::script(),
        report: GroundingReport { checks: vec![check], lines: vec![("A line.".to_owned(), GroundingAction::Kept)] },
        critique: Critique { hook: 0.8, value: 0.7, call_to_action: 0.5, feedback: "tighter".to_owned() },
        rewrites: 1,
        notes: vec!["short material".to_owned()],
    }
}

fn recalled() -> Recalled {
    let hooks = vec![PastHook { hook: "Did you know?".to_owned(), score: 0.8 }];
    Recalled { hooks, problem: some("the index is away") }
}

fn rendered() -> Rendered {
    let length = MediaTime::from_millis(41_500);
    let info = MediaInfo {
        container: "mov,mp4".to_owned(),
        duration: length,
        length: 6_000_000,
        video_codec: some("h264"),
        profile: some("High"),
        level: Some(40),
        key_frames: Some(MediaTime::from_millis(2000)),
        pixel_format: some("yuv420p"),
        width: 1080,
        height: 1920,
        frames_per_second: 30.0,
        frames: Some(1245),
        video_duration: Some(length),
        audio_codec: some("aac"),
        sample_rate: Some(48_000),
        channels: Some(2),
        audio_duration: Some(length),
        fast_start: true,
        edited: false,
        colour: Some(ColourTags::bt709()),
        loudness: Some(-14.1),
        true_peak: Some(-1.2),
        content: Some(MediaContent::default()),
    };
    Rendered {
        video: sample::blob(2),
        info,
        frames: 1245,
        encoder: "libx264 veryfast crf 23".to_owned(),
        repaired: BTreeSet::new(),
    }
}

#[test]
fn what_a_run_keeps_is_on_record() {
    let base = Sha256::of(b"draft");
    let layer = PictureLayer { blob: sample::blob(1), width: 1080, height: 1920, moves: true };
    let words = vec![SpokenWord { text: "Did".to_owned(), start: MediaTime::ZERO, end: MediaTime::from_millis(300) }];
    let request = CreateRequest {
        niche: some("science"),
        voice: some("joe"),
        gates: vec![Gate::Review],
        ..CreateRequest::new(Subject::Topic { topic: "Topic 1".to_owned() })
    };
    Forms::default()
        .with("request", request)
        .with("scout", Choice { trend: sample::trend(1), problems: vec!["one feed is down".to_owned()] })
        .with("research", material())
        .with("research/1", article())
        .with("script", drafted())
        .with(REVISED_SCRIPT, Revised { base, value: sample::script() })
        .with("memory/recall", recalled())
        .with("prompts", sample::scene_plan())
        .with(REVISED_PLAN, Revised { base, value: sample::scene_plan() })
        .with("pictures/1", ArticlePicture { blob: Some(sample::blob(1)), problem: some("too large") })
        .with(
            "images/1",
            ScenePicture {
                scene_number: 1,
                provider: "scene-graphics".to_owned(),
                credit: some("Photograph: J. Doe"),
                layers: vec![layer],
            },
        )
        .with(
            "speech/0",
            SpokenLine {
                audio: Some(sample::blob(3)),
                duration: MediaTime::from_millis(1500),
                words,
                times: WordTimes::Voice,
            },
        )
        .with("render", rendered())
        .with(
            "covers",
            vec![Cover {
                shape: "tall".to_owned(),
                width: 1080,
                height: 1920,
                own: true,
                platforms: vec![Platform::Tiktok],
                candidates: vec![Thumbnail {
                    picture: sample::blob(4),
                    marks: ThumbnailMarks { sharpness: 0.5, contrast: 0.75, brightness: 1.0, title: 0.9 },
                }],
            }],
        )
        .check("journal");
}
