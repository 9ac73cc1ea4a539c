//! All pieces of sound on one clock, a second at a time.

use super::clip::Clip;
use super::{Fetch, Meter, RATE};
use orion_core::domain::timeline::{AudioRole, AudioTrack, Timeline};
use orion_core::{MediaTime, Result};

/// Fade at both ends of a piece of speech, and from the end of music into its beginning where it is repeated: 5 ms.
const JOIN: usize = 240;
/// How loud music is beside speech where nobody speaks, in LU. Under speech it goes down by another 13 dB: 19 LU below
/// it stays out of the way of every word.
const BED: f64 = -6.0;
/// How far music goes down under speech.
const DUCK_DB: f64 = -13.0;
/// How long it takes to go down, before the speech begins: 0.25 s.
const ATTACK: i64 = 12_000;
/// How long it takes to come back: 0.5 s.
const RELEASE: i64 = 24_000;
/// Fades of music where it begins and where it ends, at the ends of the video as a rule: 0.5 s and 1 s (contract, section 5.6).
const MUSIC_FADES: (u64, u64) = (24_000, 48_000);

/// Mixes a timeline's sound in order; pieces are read when they begin and forgotten when they end.
pub(super) struct Mixer<'a> {
    timeline: &'a Timeline,
    fetch: &'a Fetch<'a>,
    /// Frames in all.
    length: u64,
    /// Frames mixed.
    position: u64,
    /// Speech not begun, last first.
    waiting: Vec<&'a AudioTrack>,
    speech: Vec<Playing>,
    music: Vec<Playing>,
    /// First and last frame of every piece of speech.
    spoken: Vec<(i64, i64)>,
}

struct Playing {
    clip: Clip,
    start: u64,
    /// First frame in which it is no longer heard.
    end: u64,
    gain: f32,
}

impl Playing {
    fn new(clip: Clip, track: &AudioTrack) -> Self {
        Self { clip, start: frame_of(track.start), end: end_of(track), gain: gain(track.gain_db) }
    }
}

impl<'a> Mixer<'a> {
    pub(super) fn new(timeline: &'a Timeline, fetch: &'a Fetch<'a>) -> Result<Self> {
        // As long as the picture, to the frame.
        let rate = u64::from(timeline.canvas.frames_per_second);
        let length = (timeline.frames() * u64::from(RATE)).div_ceil(rate);
        let of = |role: AudioRole| timeline.audio.iter().filter(move |track| track.role == role);
        let mut waiting: Vec<&AudioTrack> = of(AudioRole::Narration).chain(of(AudioRole::Track)).collect();
        waiting.sort_by_key(|track| std::cmp::Reverse(track.start));
        let mut mixer = Self {
            timeline,
            fetch,
            length,
            position: 0,
            waiting,
            speech: Vec::new(),
            music: Vec::new(),
            spoken: Vec::new(),
        };
        let music: Vec<&AudioTrack> = of(AudioRole::Music).collect();
        let speech = if music.is_empty() { None } else { mixer.loudness_of_speech()? };
        for track in music {
            let mut clip = Clip::read(&(mixer.fetch)(&track.source)?)?;
            if clip.len() > 0 {
                let mut meter = Meter::new(2, RATE, false)?;
                clip.measure(&mut meter)?;
                if (clip.len() as u64) < end_of(track) - frame_of(track.start) {
                    clip.close(JOIN);
                }
                let mut playing = Playing::new(clip, track);
                if let (Some(speech), Some(music)) = (speech, meter.loudness()) {
                    playing.gain *= gain(speech + BED - music);
                }
                mixer.music.push(playing);
            }
        }
        let spoken = of(AudioRole::Narration).map(|track| (frame_of(track.start) as i64, end_of(track) as i64));
        mixer.spoken = spoken.collect();
        Ok(mixer)
    }

    /// How loud all speech is together, in LUFS.
    fn loudness_of_speech(&self) -> Result<Option<f64>> {
        let mut meter = Meter::new(2, RATE, false)?;
        for track in &self.waiting {
            let clip = Clip::read(&(self.fetch)(&track.source)?)?;
            clip.measure(&mut meter)?;
        }
        Ok(meter.loudness())
    }

    /// The next part of the mix, a second at most, interleaved left and right; empty at the end.
    pub(super) fn next(&mut self) -> Result<Vec<f32>> {
        let from = self.position;
        let to = (from + u64::from(RATE)).min(self.length);
        self.position = to;
        while let Some(track) = self.waiting.pop_if(|track| frame_of(track.start) < to) {
            let mut clip = Clip::read(&(self.fetch)(&track.source)?)?;
            clip.truncate((end_of(track) - frame_of(track.start)) as usize);
            clip.fade_ends(JOIN);
            self.speech.push(Playing::new(clip, track));
        }
        let mut block = vec![0.0_f32; 2 * (to - from) as usize];
        for piece in &self.speech {
            let end = piece.start + piece.clip.len() as u64;
            for frame in piece.start.max(from)..end.min(to) {
                add(&mut block, frame - from, piece.clip.frame((frame - piece.start) as usize), piece.gain);
            }
        }
        // Few of all the pieces reach this part, however long the video is.
        let near = |&&(start, end): &&(i64, i64)| start - ATTACK < to as i64 && end + RELEASE > from as i64;
        let near: Vec<(i64, i64)> = self.spoken.iter().filter(near).copied().collect();
        for piece in &self.music {
            for frame in piece.start.max(from)..piece.end.min(to) {
                let index = (frame - piece.start) % piece.clip.len() as u64;
                let level = piece.gain * ducking(&near, frame as i64) * self.fade(piece, frame);
                add(&mut block, frame - from, piece.clip.frame(index as usize), level);
            }
        }
        self.speech.retain(|piece| piece.start + piece.clip.len() as u64 > to);
        Ok(block)
    }

    fn fade(&self, piece: &Playing, frame: u64) -> f32 {
        let (rise, fall) = MUSIC_FADES;
        let (heard, left) = (frame + 1 - piece.start, piece.end.min(self.length) - frame);
        (heard as f32 / rise as f32).min(left as f32 / fall as f32).min(1.0)
    }

    /// Whether the timeline has any sound.
    pub(super) fn has_sound(&self) -> bool {
        !self.timeline.audio.is_empty()
    }
}

/// How loud music is at a frame: down under speech, straight in decibels on the way.
fn ducking(spoken: &[(i64, i64)], frame: i64) -> f32 {
    let depth = spoken.iter().map(|(start, end)| {
        let before = 1.0 - (start - frame) as f64 / ATTACK as f64;
        let after = 1.0 - (frame - end) as f64 / RELEASE as f64;
        before.min(after).clamp(0.0, 1.0)
    });
    gain(DUCK_DB * depth.fold(0.0, f64::max))
}

fn add(block: &mut [f32], frame: u64, [left, right]: [f32; 2], gain: f32) {
    let at = 2 * frame as usize;
    block[at] += left * gain;
    block[at + 1] += right * gain;
}

fn frame_of(time: MediaTime) -> u64 {
    (u64::try_from(time.0).unwrap_or(0) * u64::from(RATE) + 500_000) / 1_000_000
}

fn end_of(track: &AudioTrack) -> u64 {
    frame_of(track.start + track.duration)
}

fn gain(decibels: f64) -> f32 {
    10_f64.powf(decibels / 20.0) as f32
}
