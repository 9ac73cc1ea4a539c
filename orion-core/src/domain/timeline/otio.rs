//! A timeline as OpenTimelineIO, so that a person can finish it in an editing program.
//!
//! Written for the JSON schemas that OpenTimelineIO 0.15 and later read (`Clip.2`, `Marker.2`):
//! <https://opentimelineio.readthedocs.io/en/stable/tutorials/otio-file-format-specification.html>.
//! Each layer has a video track of its own, back to front; speech and music have an audio track each; captions are
//! markers, because the format knows no titles. What it has no words for (motion, entrances, gain) stands under
//! `metadata.orion`.

use super::{AudioRole, AudioTrack, Canvas, Timeline, Transition, TransitionKind};
use crate::MediaTime;
use crate::domain::BlobRef;
use serde_json::{Value, json};

/// A stored picture or sound as an editing program finds it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectFile {
    /// Its path or address, relative to where the `.otio` file will stand.
    pub url: String,
    /// How long it is, if it is known. Music that is shorter than it is heard is repeated.
    pub length: Option<MediaTime>,
}

/// Writes the timeline as the JSON of an `.otio` file. `file` gives where a stored picture or sound is.
///
/// Times are whole frames of the canvas, so a sound may be placed half a frame off.
pub fn to_otio(timeline: &Timeline, title: &str, file: impl Fn(&BlobRef) -> ProjectFile) -> Value {
    let depth = timeline.scenes.iter().map(|scene| scene.layers.len()).max().unwrap_or(0);
    let mut tracks: Vec<Value> = (0..depth).map(|layer| video_track(timeline, layer, &file)).collect();
    for (role, name) in [(AudioRole::Narration, "Narration"), (AudioRole::Music, "Music"), (AudioRole::Track, "Track")]
    {
        let of_role: Vec<&AudioTrack> = timeline.audio.iter().filter(|track| track.role == role).collect();
        // Sounds that overlap cannot stand on one track.
        for (number, lane) in lanes(&of_role).iter().enumerate() {
            let name = if number == 0 { name.to_owned() } else { format!("{name} {}", number + 1) };
            tracks.push(audio_track(&timeline.canvas, &name, lane, &file));
        }
    }
    let markers: Vec<Value> = timeline.captions.cues.iter().map(|cue| marker(&timeline.canvas, cue)).collect();
    let Canvas { width, height, frames_per_second } = timeline.canvas;
    json!({
        "OTIO_SCHEMA": "Timeline.1",
        "name": title,
        "global_start_time": null,
        "metadata": { "orion": {
            "version": timeline.version, "width": width, "height": height, "frames_per_second": frames_per_second,
            "loudness": timeline.loudness,
        } },
        "tracks": {
            "OTIO_SCHEMA": "Stack.1", "name": "tracks", "source_range": null, "effects": [], "markers": markers,
            "enabled": true, "metadata": {}, "children": tracks,
        },
    })
}

fn video_track(timeline: &Timeline, layer: usize, file: &impl Fn(&BlobRef) -> ProjectFile) -> Value {
    let canvas = &timeline.canvas;
    let mut children = Vec::new();
    let mut border = MediaTime::ZERO;
    for scene in &timeline.scenes {
        let start = canvas.frame_at(border);
        border = border + scene.duration;
        let frames = canvas.frame_at(border) - start;
        let Some(picture) = scene.layers.get(layer) else {
            children.push(gap(canvas, frames));
            continue;
        };
        // A transition needs a picture on both of its sides.
        let before = children.last().is_some_and(|before: &Value| before["OTIO_SCHEMA"] == "Clip.2");
        if before && scene.transition.kind != TransitionKind::Cut {
            children.push(transition(canvas, scene.transition));
        }
        let name = format!("Scene {}", scene.id);
        let orion = json!({ "motion": picture.motion, "entrance": picture.entrance, "locked": scene.locked });
        let reach = (0, timeline.frames());
        children.push(clip(canvas, &name, (0, frames), reach, &file(&picture.picture).url, orion));
    }
    let name = if layer == 0 { "Pictures".to_owned() } else { format!("Pictures {}", layer + 1) };
    track("Video", &name, children)
}

/// Tracks on which nothing overlaps, in order.
fn lanes<'a>(tracks: &[&'a AudioTrack]) -> Vec<Vec<&'a AudioTrack>> {
    let mut sorted = tracks.to_vec();
    sorted.sort_by_key(|track| track.start);
    let mut lanes: Vec<Vec<&AudioTrack>> = Vec::new();
    for track in sorted {
        let free = |lane: &&mut Vec<&AudioTrack>| {
            lane.last().is_none_or(|before| before.start + before.duration <= track.start)
        };
        match lanes.iter_mut().find(free) {
            Some(lane) => lane.push(track),
            None => lanes.push(vec![track]),
        }
    }
    lanes
}

fn audio_track(canvas: &Canvas, name: &str, sounds: &[&AudioTrack], file: &impl Fn(&BlobRef) -> ProjectFile) -> Value {
    let mut children = Vec::new();
    let mut written = 0;
    for (number, sound) in sounds.iter().enumerate() {
        let start = canvas.frame_at(sound.start).max(written);
        // A sound is heard for a frame at least, and not longer than to the next.
        let end = canvas.frame_at(sound.start + sound.duration).max(start + 1);
        if start > written {
            children.push(gap(canvas, start - written));
        }
        let name = format!("{name} {}", number + 1);
        let orion = json!({ "gain_db": sound.gain_db, "start": sound.start, "duration": sound.duration });
        let ProjectFile { url, length } = file(&sound.source);
        let whole = length.map(|length| canvas.frame_at(length)).filter(|whole| *whole > 0);
        let reach = whole.unwrap_or(end - start);
        written = start;
        while written < end {
            // What is no music is heard once, and may be heard a little longer than it lasts.
            let frames = if sound.role == AudioRole::Music { reach.min(end - written) } else { end - written };
            children.push(clip(canvas, &name, (0, frames), (0, reach.max(frames)), &url, orion.clone()));
            written += frames;
        }
    }
    track("Audio", name, children)
}

fn track(kind: &str, name: &str, children: Vec<Value>) -> Value {
    json!({
        "OTIO_SCHEMA": "Track.1", "name": name, "kind": kind, "source_range": null, "effects": [], "markers": [],
        "enabled": true, "metadata": {}, "children": children,
    })
}

fn clip(canvas: &Canvas, name: &str, source: (u64, u64), available: (u64, u64), url: &str, orion: Value) -> Value {
    json!({
        "OTIO_SCHEMA": "Clip.2", "name": name, "source_range": range(canvas, source), "effects": [], "markers": [],
        "enabled": true, "metadata": { "orion": orion }, "active_media_reference_key": "DEFAULT_MEDIA",
        "media_references": { "DEFAULT_MEDIA": {
            "OTIO_SCHEMA": "ExternalReference.1", "name": url, "target_url": url,
            "available_range": range(canvas, available), "available_image_bounds": null, "metadata": {},
        } },
    })
}

fn gap(canvas: &Canvas, frames: u64) -> Value {
    json!({
        "OTIO_SCHEMA": "Gap.1", "name": "", "source_range": range(canvas, (0, frames)), "effects": [], "markers": [],
        "enabled": true, "metadata": {},
    })
}

fn transition(canvas: &Canvas, transition: Transition) -> Value {
    let frames = canvas.frame_at(transition.duration);
    let kind = match transition.kind {
        TransitionKind::Crossfade => "SMPTE_Dissolve",
        _ => "Custom_Transition",
    };
    json!({
        "OTIO_SCHEMA": "Transition.1", "name": transition.kind.as_str(), "transition_type": kind,
        "in_offset": time(canvas, frames / 2), "out_offset": time(canvas, frames.div_ceil(2)),
        "metadata": { "orion": { "kind": transition.kind } },
    })
}

fn marker(canvas: &Canvas, cue: &super::Cue) -> Value {
    let (start, end) = (canvas.frame_at(cue.start), canvas.frame_at(cue.end));
    json!({
        "OTIO_SCHEMA": "Marker.2", "name": super::caption::joined(&cue.words), "color": "YELLOW", "comment": "caption",
        "marked_range": range(canvas, (start, end.saturating_sub(start).max(1))),
        "metadata": { "orion": { "words": cue.words } },
    })
}

fn range(canvas: &Canvas, (start, frames): (u64, u64)) -> Value {
    json!({ "OTIO_SCHEMA": "TimeRange.1", "start_time": time(canvas, start), "duration": time(canvas, frames) })
}

fn time(canvas: &Canvas, frames: u64) -> Value {
    json!({ "OTIO_SCHEMA": "RationalTime.1", "value": frames as f64, "rate": f64::from(canvas.frames_per_second) })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{blob, timeline};
    use super::*;

    fn sound(millis: i64, lasts: i64) -> AudioTrack {
        let (start, duration) = (MediaTime::from_millis(millis), MediaTime::from_millis(lasts));
        AudioTrack { source: blob("voice"), start, duration, role: AudioRole::Narration, gain_db: 0.0 }
    }

    /// Frames of what takes up time on a track.
    fn length(track: &Value) -> f64 {
        let children = track["children"].as_array().unwrap();
        let timed = children.iter().filter(|child| child["OTIO_SCHEMA"] != "Transition.1");
        timed.map(|child| child["source_range"]["duration"]["value"].as_f64().unwrap()).sum()
    }

    #[test]
    fn tracks_are_as_long_as_the_video() {
        let mut timeline = timeline();
        timeline.scenes[1].layers.truncate(1);
        timeline.audio = vec![sound(100, 1500), sound(1500, 400), sound(2100, 3900)];
        let file = |blob: &BlobRef| ProjectFile { url: format!("media/{}", blob.sha256), length: None };
        let otio = to_otio(&timeline, "Title", file);
        let tracks = otio["tracks"]["children"].as_array().unwrap();
        let names: Vec<&str> = tracks.iter().map(|track| track["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["Pictures", "Pictures 2", "Narration", "Narration 2"]);
        assert_eq!(tracks.iter().map(length).collect::<Vec<_>>(), [180.0, 180.0, 180.0, 57.0]);
        let schemas = |track: &Value| -> Vec<String> {
            let children = track["children"].as_array().unwrap().iter();
            children.map(|child| child["OTIO_SCHEMA"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(schemas(&tracks[0]), ["Clip.2", "Transition.1", "Clip.2", "Transition.1", "Clip.2"]);
        assert_eq!(schemas(&tracks[1]), ["Clip.2", "Gap.1", "Clip.2"]);
        assert_eq!(otio["tracks"]["markers"].as_array().unwrap().len(), timeline.captions.cues.len());
    }

    #[test]
    fn music_is_repeated_as_it_is_heard() {
        let mut timeline = timeline();
        let (start, duration) = (MediaTime::ZERO, MediaTime::from_millis(6000));
        timeline.audio =
            vec![AudioTrack { source: blob("loop"), start, duration, role: AudioRole::Music, gain_db: 0.0 }];
        let length = Some(MediaTime::from_millis(2500));
        let otio = to_otio(&timeline, "Title", |_| ProjectFile { url: "media/loop.wav".to_owned(), length });
        let music = &otio["tracks"]["children"][2];
        let clips = music["children"].as_array().unwrap();
        let frames = |clip: &Value, range: &str| match range {
            "heard" => clip["source_range"]["duration"]["value"].as_f64().unwrap(),
            _ => clip["media_references"]["DEFAULT_MEDIA"]["available_range"]["duration"]["value"].as_f64().unwrap(),
        };
        assert_eq!(clips.iter().map(|clip| frames(clip, "heard")).collect::<Vec<_>>(), [75.0, 75.0, 30.0]);
        assert!(clips.iter().all(|clip| frames(clip, "there") == 75.0), "{music}");
    }
}
