//! Music under a voice, made here: chords, a bass, a plucked figure and soft percussion, by mood.
//!
//! Every mood is a table; the sound follows from it and from nothing else, so the same mood is the same file on every
//! machine of a kind. A loop lasts whole bars and notes ring on over its end into its beginning, so it joins itself
//! without a seam.

use bytes::Bytes;
use orion_core::{Error, Result};
use std::f32::consts::TAU;
use std::io::Cursor;

/// Samples per second.
const RATE: u32 = 48_000;
/// Beats of a bar.
const BEATS: usize = 4;
/// Highest sample of a loop: the mix brings it to its level.
const PEAK: f32 = 0.5;

/// A mood as a table.
#[derive(Debug)]
struct Mood {
    name: &'static str,
    /// Beats per minute.
    tempo: f64,
    /// The chord of each bar: the root and the others in semitones above A2 (110 Hz).
    chords: &'static [[i32; 4]],
    /// Which note of the chord is plucked at each eighth of a bar; `None` rests.
    figure: [Option<usize>; 8],
    /// How loud pad, bass, pluck and percussion are.
    levels: [f32; 4],
    /// How long a pluck rings, in seconds.
    ring: f32,
    /// How bright the pad is: partials of each note.
    partials: usize,
}

/// Minor and major chords stay on one key each, so that no mood wanders; roots move by thirds, fourths and fifths.
const TABLE: [Mood; 4] = [
    Mood {
        name: "calm",
        tempo: 72.0,
        // F, C, Am, G with their sevenths.
        chords: &[[-4, 8, 12, 15], [3, 7, 10, 14], [0, 7, 12, 15], [-2, 5, 10, 14]],
        figure: [Some(0), None, Some(2), None, Some(3), None, Some(1), None],
        levels: [0.55, 0.5, 0.22, 0.0],
        ring: 0.9,
        partials: 3,
    },
    Mood {
        name: "bright",
        tempo: 104.0,
        // C, G, Am, F.
        chords: &[[3, 10, 15, 19], [-2, 10, 14, 17], [0, 12, 15, 19], [-4, 8, 12, 15]],
        figure: [Some(1), Some(2), Some(3), Some(2), Some(1), Some(2), Some(3), None],
        levels: [0.4, 0.5, 0.3, 0.35],
        ring: 0.4,
        partials: 4,
    },
    Mood {
        name: "tense",
        tempo: 92.0,
        // Am, F, Dm, E: the last one pulls back to the first.
        chords: &[[0, 7, 12, 15], [-4, 8, 12, 15], [-7, 5, 8, 12], [-5, 7, 11, 14]],
        figure: [Some(0), Some(0), Some(2), Some(0), Some(0), Some(3), Some(0), Some(2)],
        levels: [0.5, 0.6, 0.22, 0.3],
        ring: 0.25,
        partials: 5,
    },
    Mood {
        name: "playful",
        tempo: 116.0,
        // C, Am, Dm, G.
        chords: &[[3, 10, 15, 19], [0, 12, 15, 19], [5, 8, 12, 17], [-2, 10, 14, 17]],
        figure: [Some(1), None, Some(3), Some(2), None, Some(3), Some(1), None],
        levels: [0.25, 0.5, 0.4, 0.4],
        ring: 0.2,
        partials: 2,
    },
];

/// The moods there are: `calm`, `bright`, `tense`, `playful`.
pub fn moods() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|mood| mood.name)
}

/// The loop of a mood as a WAV file: 16 bits, stereo, 48,000 samples per second, eight bars (16 to 27 s).
///
/// # Errors
/// [`Invalid`](orion_core::ErrorKind::Invalid) for a mood that there is not.
pub fn compose(mood: &str) -> Result<Bytes> {
    let Some(mood) = TABLE.iter().find(|known| known.name == mood) else {
        return Err(Error::invalid("there is no music of this mood")
            .with_context("mood", mood)
            .with_hint(format!("use one of {}, a sound file, or none", moods().collect::<Vec<_>>().join(", "))));
    };
    let spec =
        hound::WavSpec { channels: 2, sample_rate: RATE, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut file = Cursor::new(Vec::new());
    let failed = |error: hound::Error| Error::unexpected("the music cannot be written").with_source(error);
    let mut writer = hound::WavWriter::new(&mut file, spec).map_err(failed)?;
    for [left, right] in loop_of(mood) {
        writer.write_sample((left * 32_767.0) as i16).map_err(failed)?;
        writer.write_sample((right * 32_767.0) as i16).map_err(failed)?;
    }
    writer.finalize().map_err(failed)?;
    Ok(file.into_inner().into())
}

/// A loop that is being written: what rings past its end goes on at its beginning.
struct Loop(Vec<[f32; 2]>);

impl Loop {
    /// Adds a sound of some length; `pan` is 0 left to 1 right.
    fn add(&mut self, start: usize, length: usize, pan: f32, mut sound: impl FnMut(f32) -> f32) {
        let (left, right) = ((1.0 - pan).sqrt(), pan.sqrt());
        for index in 0..length {
            let sample = sound(index as f32 / RATE as f32);
            let at = (start + index) % self.0.len();
            self.0[at][0] += sample * left;
            self.0[at][1] += sample * right;
        }
    }
}

fn loop_of(mood: &Mood) -> Vec<[f32; 2]> {
    let beat = (f64::from(RATE) * 60.0 / mood.tempo).round() as usize;
    let bar = beat * BEATS;
    // The chords twice: the second time the figure goes the other way.
    let bars = 2 * mood.chords.len();
    let mut music = Loop(vec![[0.0; 2]; bars * bar]);
    for number in 0..bars {
        let chord = &mood.chords[number % mood.chords.len()];
        let start = number * bar;
        pad(&mut music, mood, chord, start, bar);
        bass(&mut music, mood, chord[0], start, beat);
        figure(&mut music, mood, chord, (start, beat), number >= mood.chords.len());
        percussion(&mut music, mood, start, beat);
    }
    let peak = music.0.iter().flatten().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    let gain = if peak > 0.0 { PEAK / peak } else { 0.0 };
    music.0.iter().map(|frame| frame.map(|sample| sample * gain)).collect()
}

/// Hertz of a note in semitones above A2.
fn hertz(note: i32) -> f32 {
    110.0 * 2_f32.powf(note as f32 / 12.0)
}

/// Rises and falls softly: 1 in between.
fn swell(time: f32, length: f32, rise: f32, fall: f32) -> f32 {
    let edge = |share: f32| {
        let share = share.clamp(0.0, 1.0);
        share * share * (3.0 - 2.0 * share)
    };
    edge(time / rise) * edge((length - time) / fall)
}

/// The chord, held over the bar and a little into the next, each note twice, slightly apart to both sides.
fn pad(music: &mut Loop, mood: &Mood, chord: &[i32; 4], start: usize, bar: usize) {
    let length = bar + bar / 4;
    let seconds = length as f32 / RATE as f32;
    for note in &chord[1..] {
        for (pan, detune) in [(0.2, 0.998), (0.8, 1.002)] {
            let hertz = hertz(*note) * detune;
            music.add(start, length, pan, |time| {
                let tone: f32 = (1..=mood.partials)
                    .map(|partial| (TAU * hertz * partial as f32 * time).sin() / (partial * partial) as f32)
                    .sum();
                tone * swell(time, seconds, 0.35, seconds / 4.0) * mood.levels[0] * 0.16
            });
        }
    }
}

/// The root an octave down, on the first and the third beat.
fn bass(music: &mut Loop, mood: &Mood, root: i32, start: usize, beat: usize) {
    let hertz = hertz(root - 12);
    for half in [0, 2] {
        let length = 2 * beat;
        let seconds = length as f32 / RATE as f32;
        music.add(start + half * beat, length, 0.5, |time| {
            let tone = (TAU * hertz * time).sin() + 0.3 * (2.0 * TAU * hertz * time).sin();
            tone * swell(time, seconds, 0.02, 0.15) * (-1.2 * time).exp() * mood.levels[1] * 0.5
        });
    }
}

/// Plucked notes at the eighths of the bar, an octave above the chord.
fn figure(music: &mut Loop, mood: &Mood, chord: &[i32; 4], (start, beat): (usize, usize), turned: bool) {
    for eighth in 0..mood.figure.len() {
        let at = if turned { mood.figure.len() - 1 - eighth } else { eighth };
        let Some(degree) = mood.figure[at] else { continue };
        let hertz = hertz(chord[degree] + 12);
        let length = (mood.ring * 6.0 * RATE as f32) as usize;
        let pan = if eighth % 2 == 0 { 0.38 } else { 0.62 };
        music.add(start + eighth * beat / 2, length, pan, |time| {
            let tone = (TAU * hertz * time).sin() + 0.25 * (2.0 * TAU * hertz * time).sin() * (-8.0 * time).exp();
            tone * (time / 0.004).min(1.0) * (-time / mood.ring).exp() * mood.levels[2] * 0.5
        });
    }
}

/// A soft drum on the first and third beat, a brushed one at the eighths between.
fn percussion(music: &mut Loop, mood: &Mood, start: usize, beat: usize) {
    let level = mood.levels[3];
    if level == 0.0 {
        return;
    }
    for half in [0, 2] {
        music.add(start + half * beat, RATE as usize * 3 / 10, 0.5, |time| {
            // The pitch falls from 110 to 50 Hz.
            let turns = 50.0 * time + 60.0 * 0.04 * (1.0 - (-time / 0.04).exp());
            (TAU * turns).sin() * (time / 0.003).min(1.0) * (-time / 0.07).exp() * level * 1.2
        });
    }
    for eighth in [1, 3, 5, 7] {
        let (mut state, mut low) = (0x2545_F491_u32.wrapping_add(eighth as u32), 0.0_f32);
        music.add(start + eighth * beat / 2, RATE as usize / 10, 0.6, |time| {
            // A generator of noise by George Marsaglia (xorshift), without what is low in it.
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let noise = state as f32 / u32::MAX as f32 * 2.0 - 1.0;
            low += 0.35 * (noise - low);
            (noise - low) * (time / 0.002).min(1.0) * (-time / 0.018).exp() * level * 0.12
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sound::Meter;

    fn steepest(frames: impl Iterator<Item = f32>) -> f32 {
        let frames: Vec<f32> = frames.collect();
        frames.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn every_mood_is_a_loop_without_a_seam() {
        for mood in moods() {
            let mut reader = hound::WavReader::new(Cursor::new(compose(mood).unwrap())).unwrap();
            let samples: Vec<f32> =
                reader.samples::<i16>().map(|sample| f32::from(sample.unwrap()) / 32_768.0).collect();
            let seconds = samples.len() as f32 / 2.0 / RATE as f32;
            assert!((16.0..28.0).contains(&seconds), "{mood}: {seconds} s");
            let left: Vec<f32> = samples.iter().step_by(2).copied().collect();
            let within = steepest(left.iter().copied());
            let join = (left[0] - left[left.len() - 1]).abs();
            assert!(join <= within, "{mood}: a step of {join} at the join, {within} within");
            // A stretch around the join is as smooth as any other: no click.
            let around = left[left.len() - 2400..].iter().chain(&left[..2400]).copied();
            assert!(steepest(around) <= within);
            let mean = left.iter().sum::<f32>() / left.len() as f32;
            assert!(mean.abs() < 1e-3, "{mood}: {mean}");
            let mut meter = Meter::new(2, RATE, true).unwrap();
            meter.add(&samples).unwrap();
            let (loudness, peak) = (meter.loudness().unwrap(), meter.true_peak().unwrap());
            assert!((-30.0..-10.0).contains(&loudness), "{mood}: {loudness} LUFS");
            assert!(peak <= -5.0, "{mood}: {peak} dBTP");
        }
    }

    #[test]
    fn a_mood_is_always_the_same_and_none_is_like_another() {
        let files: Vec<Bytes> = moods().map(|mood| compose(mood).unwrap()).collect();
        assert_eq!(compose("calm").unwrap(), files[0]);
        assert!(files.iter().enumerate().all(|(index, file)| !files[..index].contains(file)));
        let error = compose("angry").unwrap_err();
        assert!(error.hint().unwrap().contains("calm, bright, tense, playful"));
    }
}
