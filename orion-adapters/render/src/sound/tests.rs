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
fn bad_sound_is_refused() {
    for file in [&b""[..], b"RIFF\x04\0\0\0WAVE", b"ID3"] {
        let error = Clip::read(&Bytes::from_static(file)).unwrap_err();
        assert_eq!(error.kind(), orion_core::ErrorKind::Invalid);
    }
}
