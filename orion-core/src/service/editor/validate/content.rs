//! What is seen and heard: black, frozen and repeated pictures, silence, clipping.

use super::Checks;
use crate::MediaTime;
use crate::domain::timeline::{AudioRole, FramePlan, PlannedScene, Timeline};
use crate::port::{MediaContent, Stretch};

/// Longest black picture: a dip between scenes, or the first frames of a fade.
const LONGEST_BLACK: MediaTime = MediaTime::from_millis(250);
/// Longest time without a change while the timeline moves. ffmpeg's `freezedetect` has the same.
const LONGEST_FROZEN: MediaTime = MediaTime::from_millis(2000);
/// Longest time without a change in a file of which nothing else is known. People show a picture for seconds.
const LONGEST_STILL: MediaTime = MediaTime::from_millis(10_000);
/// Largest share of repeated pictures. 24 frames shown at 30 a second repeat a fifth.
const MOST_REPEATED: f64 = 0.1;
/// Longest silence within one spoken line: longer than any pause that a voice makes.
const LONGEST_PAUSE: MediaTime = MediaTime::from_millis(1500);
/// Longest silence in a file of which nothing else is known.
const LONGEST_SILENCE: MediaTime = MediaTime::from_millis(5000);
/// Largest share of clipped samples: what AAC adds to peaks clips here and there, a clipped recording far more.
const MOST_CLIPPED: f64 = 0.000_1;
/// Movements of fewer pixels than this may not be seen.
const SEEN: f64 = 8.0;

/// The checks of a rendered file.
pub(super) fn rendered(checks: &mut Checks, content: &MediaContent, timeline: &Timeline) {
    picture(checks, content);
    let frozen = content.frozen.iter().find(|stretch| stretch.length() > LONGEST_FROZEN && moves(timeline, stretch));
    stretch(checks, "frozen", LONGEST_FROZEN, frozen, "render again; a frame was drawn over and over");
    let lines = timeline.audio.iter().filter(|track| track.role == AudioRole::Narration);
    let mut lines = lines.map(|track| Stretch { start: track.start, end: track.start + track.duration }).peekable();
    if lines.peek().is_some() {
        let silent = lines.find_map(|line| {
            let mut shared = content.silent.iter().filter_map(|silent| silent.shared(&line));
            // Or nearly all of a short line.
            let most = LONGEST_PAUSE.min(MediaTime(line.length().0 / 5 * 4));
            shared.find(|shared| shared.length() > most)
        });
        stretch(checks, "silence", LONGEST_PAUSE, silent.as_ref(), "listen to the voice: `orion voices say`");
    }
    clipping(checks, content);
}

/// The checks of any file.
pub(super) fn any(checks: &mut Checks, content: &MediaContent, length: MediaTime, sound: bool) {
    picture(checks, content);
    // A short file in which nothing ever moves is a picture, not a video.
    let bound = LONGEST_STILL.min(half(length).max(LONGEST_FROZEN));
    let frozen = content.frozen.iter().find(|stretch| stretch.length() > bound);
    stretch(checks, "frozen", bound, frozen, "cut what stands still, or let it move");
    if sound {
        let bound = LONGEST_SILENCE.min(half(length));
        let silent = content.silent.iter().find(|stretch| stretch.length() > bound);
        stretch(checks, "silence", bound, silent, "cut it, or lay sound under it");
        clipping(checks, content);
    }
}

/// The checks of a file against what it was before: no more black and no new complaint of its decoder.
pub(super) fn compared(checks: &mut Checks, before: &MediaContent, after: &MediaContent, least: f64) {
    let complaint = after.complaint.as_deref();
    let fine = complaint.is_none() || before.complaint.is_some();
    checks.add("decoding", 1.0, fine, "no fault".to_owned(), complaint.unwrap_or("no fault").to_owned());
    let black = |content: &MediaContent| content.black.iter().map(|stretch| stretch.length().seconds()).sum::<f64>();
    let (was, is) = (black(before), black(after));
    checks.add("black", 0.8, is <= was + least, format!("{was:.1} s as before"), format!("{is:.1} s"));
}

/// What is asked of every picture.
fn picture(checks: &mut Checks, content: &MediaContent) {
    let complaint = content.complaint.as_deref();
    checks.add("decoding", 1.0, complaint.is_none(), "no fault".to_owned(), complaint.unwrap_or("no fault").to_owned());
    checks.advise("the file is damaged: export or copy it again");
    let black = content.black.iter().find(|stretch| stretch.length() > LONGEST_BLACK);
    stretch(checks, "black", LONGEST_BLACK, black, "cut the black pictures, or look why nothing is drawn there");
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let repeated = content.repeated;
    let expected = format!("at most {}", percent(MOST_REPEATED));
    checks.add("repeated frames", 0.5, repeated <= MOST_REPEATED, expected, percent(repeated));
    checks.advise("export at the frame rate in which it was made");
}

fn clipping(checks: &mut Checks, content: &MediaContent) {
    let percent = |share: f64| format!("{:.2} % of the samples", share * 100.0);
    let (clipped, expected) = (content.clipped, format!("at most {}", percent(MOST_CLIPPED)));
    checks.add("clipping", 0.5, clipped <= MOST_CLIPPED, expected, percent(clipped));
    checks.advise("record or mix it softer: what is cut off cannot be brought back");
}

fn stretch(checks: &mut Checks, name: &str, longest: MediaTime, found: Option<&Stretch>, advice: &str) {
    let expected = format!("at most {:.2} s", longest.seconds());
    let found = found.map(|found| format!("{:.2} s from {:.2} s on", found.length().seconds(), found.start.seconds()));
    checks.add(name, 0.8, found.is_none(), expected, found.unwrap_or_else(|| "none longer".to_owned()));
    checks.advise(advice);
}

fn half(length: MediaTime) -> MediaTime {
    MediaTime(length.0 / 2)
}

/// Whether the timeline shows something else at the end of a stretch than at its beginning. A frame is left out on
/// either side, because files are looked at in steps.
fn moves(timeline: &Timeline, stretch: &Stretch) -> bool {
    let canvas = &timeline.canvas;
    let margin = MediaTime::from_millis(200);
    let at = |time: MediaTime| timeline.frame(canvas.frame_at(time));
    let (first, last) = (at(stretch.start + margin), at(stretch.end - margin));
    let cue = |plan: &FramePlan| plan.caption.map(|caption| caption.cue);
    cue(&first) != cue(&last) || {
        let (width, height) = (f64::from(canvas.width), f64::from(canvas.height));
        let scenes = first.scenes.iter().zip(&last.scenes);
        let layers = |one: &PlannedScene| one.layers.len();
        first.scenes.len() != last.scenes.len()
            || scenes.into_iter().any(|(one, other)| {
                let shift = |one: f64, other: f64, side: f64| (one - other).abs() * side >= SEEN;
                one.scene != other.scene
                    || layers(one) != layers(other)
                    || shift(one.offset_x, other.offset_x, width)
                    || shift(one.offset_y, other.offset_y, height)
                    || one.layers.iter().zip(&other.layers).any(|(one, other)| {
                        shift(one.view.x, other.view.x, width)
                            || shift(one.view.y, other.view.y, height)
                            || shift(one.view.zoom, other.view.zoom, width / 2.0)
                    })
            })
    }
}
