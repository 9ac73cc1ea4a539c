use super::clip::Clip;
use super::limiter::Limiter;
use super::resample::resample;
use super::*;
use bytes::Bytes;
use orion_core::domain::timeline::*;
use orion_core::domain::{BlobRef, Sha256};
use orion_core::service::editor::encode_wav;
use orion_core::{Cancellation, MediaTime, Result};
use std::collections::HashMap;

fn tone(frequency: f64, rate: u32, seconds: f64, level: f32) -> Vec<f32> {
    let count = (seconds * f64::from(rate)) as usize;
    let angle = std::f64::consts::TAU * frequency / f64::from(rate);
    (0..count).map(|index| level * (angle * index as f64).sin() as f32).collect()
}

#[test]
fn resampling_keeps_a_tone_and_its_time() {
    for rate in [16_000, 22_050, 24_000, 44_100, 96_000] {
        let resampled = resample(&tone(997.0, rate, 0.5, 0.8), rate);
        assert_eq!(resampled.len(), 24_000);
        let expected = tone(997.0, RATE, 0.5, 0.8);
        for index in 500..23_500 {
            assert!((resampled[index] - expected[index]).abs() < 2e-3, "{rate}: sample {index}");
        }
    }
    // What the lower rate cannot hold does not come back as something else.
    let folded = resample(&tone(40_000.0, 96_000, 0.5, 1.0), 96_000);
    assert!(folded[500..23_500].iter().all(|sample| sample.abs() < 1e-3));
}

struct Studio {
    blobs: HashMap<Sha256, Bytes>,
    timeline: Timeline,
}

impl Studio {
    fn new(millis: i64) -> Self {
        let picture = BlobRef { sha256: Sha256::of(b""), length: 0, media_type: "image/png".to_owned() };
        let layer = Layer { picture, motion: Motion::STILL, entrance: Entrance::None };
        let cut = Transition { kind: TransitionKind::Cut, duration: MediaTime::ZERO };
        let duration = MediaTime::from_millis(millis);
        let timeline = Timeline {
            version: Timeline::VERSION,
            canvas: Canvas { width: 64, height: 64, frames_per_second: 30 },
            scenes: vec![Scene { id: 1, duration, layers: vec![layer], transition: cut, locked: false }],
            captions: Captions { style: CaptionStyle::tiktok(), cues: Vec::new() },
            audio: Vec::new(),
            loudness: Loudness::PLATFORM,
        };
        Self { blobs: HashMap::new(), timeline }
    }

    fn with(mut self, samples: &[f32], rate: u32, millis: i64, role: AudioRole) -> Self {
        let wav = encode_wav(samples, rate);
        let source = BlobRef { sha256: Sha256::of(&wav), length: 0, media_type: "audio/wav".to_owned() };
        self.blobs.insert(source.sha256, wav);
        let start = MediaTime::from_millis(millis);
        let duration = match role {
            AudioRole::Narration | AudioRole::Track => MediaTime::from_units(samples.len() as u64, rate),
            AudioRole::Music => self.timeline.duration() - start,
        };
        self.timeline.audio.push(AudioTrack { source, start, duration, role, gain_db: 0.0 });
        self
    }

    /// A piece that is heard for so long from such a time on, whatever is in its file.
    fn for_millis(mut self, millis: i64, gain_db: f64) -> Self {
        let last = self.timeline.audio.last_mut().unwrap();
        (last.duration, last.gain_db) = (MediaTime::from_millis(millis), gain_db);
        self
    }

    fn fetch(&self) -> impl Fn(&BlobRef) -> Result<Bytes> + Sync {
        |blob| Ok(self.blobs[&blob.sha256].clone())
    }

    fn mix(&self) -> Vec<[f32; 2]> {
        let fetch = self.fetch();
        let mut mixer = mix::Mixer::new(&self.timeline, &fetch).unwrap();
        let mut mix = Vec::new();
        loop {
            let block = mixer.next().unwrap();
            if block.is_empty() {
                return mix;
            }
            mix.extend(block.chunks(2).map(|frame| [frame[0], frame[1]]));
        }
    }

    fn master(&self) -> Vec<f32> {
        let folder = tempfile::tempdir().unwrap();
        let (scratch, file) = (folder.path().join("scratch"), folder.path().join("mix.wav"));
        master(&self.timeline, &self.fetch(), &Cancellation::new(), &scratch, &file).unwrap();
        let mut reader = hound::WavReader::open(file).unwrap();
        reader.samples::<i16>().map(|sample| f32::from(sample.unwrap()) / 32_767.0).collect()
    }
}

#[test]
fn pieces_are_placed_to_the_sample() {
    // 1.1 s at 22.05 kHz, beginning in one block of the mixer and ending in another.
    let studio = Studio::new(3000).with(&vec![0.5; 24_255], 22_050, 700, AudioRole::Narration).with(
        &vec![0.25; 4_800],
        48_000,
        2_900,
        AudioRole::Narration,
    );
    let mix = studio.mix();
    assert_eq!(mix.len(), 144_000);
    assert!(mix[..33_600].iter().all(|frame| *frame == [0.0, 0.0]));
    assert!(mix[33_600][0] > 0.0);
    // Past the fade in and clear of the filter's ringing.
    assert!(mix[34_000..86_000].iter().all(|frame| (frame[0] - 0.5).abs() < 1e-3 && frame[0] == frame[1]));
    assert!(mix[86_400..139_200].iter().all(|frame| *frame == [0.0, 0.0]));
    assert!(mix[86_399][0].abs() > 0.0);
    assert!((mix[141_000][0] - 0.25).abs() < 1e-3);
}

#[test]
fn music_goes_down_under_speech_and_round_to_the_end() {
    let studio = Studio::new(8000).with(&vec![0.0; 48_000], 48_000, 3000, AudioRole::Narration).with(
        &vec![0.4; 96_000],
        48_000,
        0,
        AudioRole::Music,
    );
    let mix = studio.mix();
    let level = |seconds: f64| mix[(seconds * 48_000.0) as usize][0];
    assert!(level(0.0) < 0.001, "fades in");
    assert!((level(2.0) - 0.4).abs() < 1e-3);
    assert!((level(3.5) - 0.4 * 10_f32.powf(-13.0 / 20.0)).abs() < 1e-3);
    assert!((level(6.0) - 0.4).abs() < 1e-3, "loops and comes back");
    assert!(level(7.99) < 0.01, "fades out");
    let steepest = mix.windows(2).map(|pair| (pair[1][0] - pair[0][0]).abs()).fold(0.0, f32::max);
    assert!(steepest < 0.001, "no step in the level");
}

#[test]
fn the_bed_is_nineteen_units_below_speech_however_loud_both_were() {
    for (voice, music) in [(0.05, 0.8), (0.8, 0.05)] {
        let spoken = tone(180.0, 22_050, 6.0, voice);
        let alone = Studio::new(8000).with(&spoken, 22_050, 1000, AudioRole::Narration).mix();
        let bed = tone(660.0, 48_000, 2.0, music);
        let both = Studio::new(8000)
            .with(&spoken, 22_050, 1000, AudioRole::Narration)
            .with(&bed, 48_000, 0, AudioRole::Music)
            .mix();
        // Between the ways down and up: what is speech, and what the music adds to it.
        let part = 96_000..288_000;
        let loudness = |samples: Vec<f32>| {
            let mut meter = Meter::new(2, RATE, false).unwrap();
            meter.add(&samples).unwrap();
            meter.loudness().unwrap()
        };
        let speech = loudness(alone[part.clone()].iter().flatten().copied().collect());
        let added = alone[part.clone()].iter().zip(&both[part]).flat_map(|(a, b)| [b[0] - a[0], b[1] - a[1]]).collect();
        let below = speech - loudness(added);
        assert!((18.0..=20.0).contains(&below), "{below:.1} LU");
    }
}

/// The steepest step from one sample to the next.
fn steepest(mix: &[[f32; 2]]) -> f32 {
    mix.windows(2).map(|pair| (pair[1][0] - pair[0][0]).abs()).fold(0.0, f32::max)
}

/// The steepest step of a tone itself.
fn slope(frequency: f32, level: f32) -> f32 {
    std::f32::consts::TAU * frequency / RATE as f32 * level
}

#[test]
fn no_join_of_speech_clicks() {
    // A loud tone that is cut in the middle of its waves: into lines without a pause between them, over each other, and
    // by a scene that ends before it. Joined as they are, the steps would be as high as the tone itself.
    let whole = tone(180.0, 48_000, 3.0, 0.8);
    let studio = Studio::new(4000)
        .with(&whole[67..24_067], 48_000, 200, AudioRole::Narration)
        .with(&whole[24_067..48_067], 48_000, 700, AudioRole::Narration)
        .with(&whole[60..24_060], 48_000, 1500, AudioRole::Narration)
        .with(&whole[100..24_100], 48_000, 1900, AudioRole::Narration)
        .with(&whole[81..], 48_000, 3001, AudioRole::Narration)
        .for_millis(503, 0.0)
        .with(&whole[70..], 48_000, 3507, AudioRole::Track);
    let mix = studio.mix();
    assert!(mix.iter().any(|frame| frame[0].abs() > 0.75) && mix.iter().any(|frame| frame[0].abs() > 0.9));
    let fade = 0.8 / 240.0;
    // Two pieces at once add up.
    let most = 2.0 * (slope(180.0, 0.8) + fade);
    assert!(steepest(&mix) <= most, "{} {most}", steepest(&mix));
}

#[test]
fn music_that_is_repeated_or_begins_late_does_not_click() {
    // 0.7 s of a tone that does not end where it began; the next round would begin with a step of 0.3.
    let loose = tone(441.7, 48_000, 0.700_36, 0.4);
    assert!((loose[loose.len() - 1] - loose[0]).abs() > 0.25, "{}", loose[loose.len() - 1]);
    let studio = Studio::new(6000).with(&loose, 48_000, 0, AudioRole::Music);
    let mix = studio.mix();
    let most = slope(441.7, 0.4) + 2.0 * 0.4 / 240.0;
    assert!(steepest(&mix) <= most, "{} {most}", steepest(&mix));
    let round = loose.len() - 240;
    for again in 1..7 {
        let around = &mix[again * round - 600..again * round + 600];
        assert!(around.iter().any(|frame| frame[0].abs() > 0.35), "it goes on at {again}");
    }
    // Music that begins within the video and ends before it does so softly as well.
    let part = Studio::new(6000).with(&[0.4; 48_000], 48_000, 1000, AudioRole::Music).for_millis(2500, 0.0).mix();
    assert!(part[..48_000].iter().chain(&part[168_000..]).all(|frame| *frame == [0.0, 0.0]));
    assert!((part[90_000][0] - 0.4).abs() < 1e-3 && steepest(&part) < 0.001, "{}", steepest(&part));
}

/// How loud a tone of 3000 Hz is in each fiftieth of a second, in decibels.
fn heard(sound: &[f32]) -> Vec<f64> {
    let window = RATE as usize / 50;
    let left: Vec<f32> = sound.iter().step_by(2).copied().collect();
    let level = |samples: &[f32]| {
        let turn = std::f64::consts::TAU * 3000.0 / f64::from(RATE);
        let (cosine, sine) = samples.iter().enumerate().fold((0.0, 0.0), |(cosine, sine), (at, sample)| {
            let (sin, cos) = (turn * at as f64).sin_cos();
            (cosine + f64::from(*sample) * cos, sine + f64::from(*sample) * sin)
        });
        20.0 * (2.0 * f64::hypot(cosine, sine) / window as f64).max(1e-6).log10()
    };
    left.chunks_exact(window).map(level).collect()
}

#[test]
fn in_the_finished_mix_music_steps_back_for_speech_and_comes_back_without_a_jump() {
    // Speech of 200 Hz from 2 s to 4 s and from 4.3 s to 6 s over music of 3000 Hz, which it cannot hide: both make whole
    // waves in every window.
    let sound = Studio::new(9000)
        .with(&tone(200.0, 22_050, 2.0, 0.5), 22_050, 2000, AudioRole::Narration)
        .with(&tone(200.0, 22_050, 1.7, 0.5), 22_050, 4300, AudioRole::Narration)
        .with(&tone(3000.0, 48_000, 4.0, 0.3), 48_000, 0, AudioRole::Music)
        .master();
    let levels = heard(&sound);
    let at = |seconds: f64| levels[(seconds * 50.0) as usize];
    let alone = at(1.2);
    assert!((-40.0..-6.0).contains(&alone), "{alone}");
    for under in [2.2, 3.0, 3.8, 4.5, 5.8] {
        assert!((at(under) - alone + 13.0).abs() < 0.5, "{under} s: {} dB", at(under) - alone);
    }
    assert!((at(4.14) - alone) > -13.0 && at(4.14) < alone - 3.0, "between two lines it begins to come back");
    for back in [6.8, 7.5] {
        assert!((at(back) - alone).abs() < 0.5, "{back} s: {} dB", at(back) - alone);
    }
    // Down within a quarter of a second: never more than about a decibel from one window to the next, also where the
    // music begins anew at 4 s.
    let within = &levels[30..8 * 50 - 5];
    let jump = within.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
    assert!(jump < 1.4, "{jump} dB from one window to the next");
}

/// Something like speech: bursts of a buzz with pauses, and peaks far above its loudness.
fn babble(level: f32) -> Vec<f32> {
    let mut samples = tone(180.0, 22_050, 6.0, level);
    for (index, sample) in samples.iter_mut().enumerate() {
        let syllable = ((index as f32 / 22_050.0 * 4.0).fract() * std::f32::consts::PI).sin().powi(3);
        *sample = sample.powi(3) / (level * level) * syllable;
    }
    samples
}

#[test]
fn the_mix_has_its_loudness_and_stays_below_its_peak() {
    for level in [0.02, 0.3, 1.0] {
        let sound = Studio::new(7000).with(&babble(level), 22_050, 300, AudioRole::Narration).master();
        assert_eq!(sound.len(), 2 * 7 * 48_000);
        let mut meter = Meter::new(2, RATE, true).unwrap();
        meter.add(&sound).unwrap();
        let (loudness, peak) = (meter.loudness().unwrap(), meter.true_peak().unwrap());
        assert!((loudness + 14.0).abs() < 0.2, "{level}: {loudness:.2} LUFS");
        assert!(peak <= -1.5, "{level}: {peak:.2} dBTP");
    }
}

/// Loudness and true peak of what came of some speech.
fn mastered(samples: &[f32], gain_db: f64) -> (Option<f64>, f64) {
    let sound = Studio::new(7000).with(samples, 22_050, 300, AudioRole::Narration).for_millis(6000, gain_db).master();
    assert!(sound.iter().all(|sample| sample.is_finite() && sample.abs() <= 1.0));
    let mut meter = Meter::new(2, RATE, true).unwrap();
    meter.add(&sound).unwrap();
    (meter.loudness(), meter.true_peak().unwrap_or(-120.0))
}

#[test]
fn speech_of_every_kind_comes_to_the_loudness_and_no_further() {
    let clipped: Vec<f32> = babble(1.0).iter().map(|sample| (sample * 12.0).clamp(-1.0, 1.0)).collect();
    let square: Vec<f32> = tone(180.0, 22_050, 6.0, 1.0).iter().map(|sample| sample.signum()).collect();
    for (what, samples, gain_db) in [
        ("very quiet", babble(0.02), -6.0),
        ("very loud", babble(1.0), 40.0),
        ("clipped", clipped, 0.0),
        ("nothing but clipped", square, 12.0),
    ] {
        let (loudness, peak) = mastered(&samples, gain_db);
        assert!(loudness.is_some_and(|loudness| (loudness + 14.0).abs() < 0.2), "{what}: {loudness:?} LUFS");
        assert!(peak <= -1.5, "{what}: {peak:.2} dBTP");
    }
    // What is hardly there is raised by 40 dB and no more: the rest would be noise.
    let faint = Studio::new(7000).with(&babble(0.004), 22_050, 300, AudioRole::Narration);
    let before = {
        let mut meter = Meter::new(2, RATE, false).unwrap();
        meter.add(&faint.mix().into_iter().flatten().collect::<Vec<_>>()).unwrap();
        meter.loudness().unwrap()
    };
    let (after, peak) = mastered(&babble(0.004), 0.0);
    assert!(before < -54.0 && (after.unwrap() - before - 40.0).abs() < 0.2, "{before} {after:?}");
    assert!(peak <= -1.5, "{peak}");
    // A single step of 16 bits is no sound.
    let (loudness, peak) = mastered(&[1.0 / 32_768.0; 100_000], 0.0);
    assert!(loudness.is_none() && peak < -80.0, "{loudness:?} {peak}");
}

#[test]
fn silence_stays_silent() {
    assert!(Studio::new(1000).master().iter().all(|sample| *sample == 0.0));
    let silent = Studio::new(1000).with(&[0.0; 4800], 48_000, 0, AudioRole::Narration);
    assert!(silent.master().iter().all(|sample| *sample == 0.0));
}

#[test]
fn the_limiter_leaves_alone_what_is_low_and_delays_nothing() {
    let low: Vec<f32> = tone(440.0, RATE, 0.2, 0.5).into_iter().flat_map(|sample| [sample, -sample]).collect();
    let mut limiter = Limiter::new(-1.0);
    let mut out = Vec::new();
    limiter.push(&low, &mut out);
    limiter.finish(&mut out);
    assert_eq!(out.len(), low.len());
    assert!(out.iter().zip(&low).all(|(out, low)| (out - low).abs() < 1e-6));
}

#[test]
fn a_stop_while_sound_is_mixed_ends_it() {
    let studio = Studio::new(8000).with(&babble(0.5), 22_050, 300, AudioRole::Narration).with(
        &babble(0.5),
        22_050,
        6500,
        AudioRole::Narration,
    );
    let folder = tempfile::tempdir().unwrap();
    let (scratch, file) = (folder.path().join("scratch"), folder.path().join("mix.wav"));
    let stop = Cancellation::new();
    // When the second piece is read, amid the mix.
    let read = std::sync::atomic::AtomicU32::new(0);
    let fetch = |blob: &BlobRef| {
        if read.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 1 {
            stop.cancel();
        }
        Ok(studio.blobs[&blob.sha256].clone())
    };
    let error = master(&studio.timeline, &fetch, &stop, &scratch, &file).unwrap_err();
    assert_eq!(error.kind(), orion_core::ErrorKind::Cancelled);
    assert!(!file.exists());
    // And when it is brought to its loudness.
    std::fs::write(&scratch, vec![0; 8 * RATE as usize]).unwrap();
    let settled = loudness::settle(&scratch, &file, Some(-20.0), &Loudness::PLATFORM, &stop);
    assert_eq!(settled.unwrap_err().kind(), orion_core::ErrorKind::Cancelled);
}

#[test]
fn bad_sound_is_refused() {
    for file in [&b""[..], b"RIFF\x04\0\0\0WAVE", b"ID3"] {
        let error = Clip::read(&Bytes::from_static(file)).unwrap_err();
        assert_eq!(error.kind(), orion_core::ErrorKind::Invalid);
    }
}
