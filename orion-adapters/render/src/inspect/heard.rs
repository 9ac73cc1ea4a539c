//! Silence and clipping, on decoded samples.

use super::Stretches;
use orion_core::port::Stretch;

/// Below this peak nothing is heard: -50 dBFS.
const SILENT: f32 = 0.003_16;
/// Full scale, less what 16 bits lose at the upper end.
const FULL: f32 = 0.9999;
/// Shortest silence that is kept, in seconds.
const LEAST: f64 = 0.5;
/// Windows a second.
const WINDOWS: usize = 20;

/// Listens to interleaved samples.
#[derive(Debug)]
pub(crate) struct Heard {
    /// Samples of all channels in one window.
    window: usize,
    filled: usize,
    peak: f32,
    windows: u64,
    silent: Stretches,
    samples: u64,
    clipped: u64,
}

impl Heard {
    pub(crate) fn new(channels: u32, rate: u32) -> Self {
        let frames = (rate as usize / WINDOWS).max(1);
        Self {
            window: frames * channels as usize,
            filled: 0,
            peak: 0.0,
            windows: 0,
            silent: Stretches::new(frames as f64 / f64::from(rate.max(1)), LEAST),
            samples: 0,
            clipped: 0,
        }
    }

    pub(crate) fn add(&mut self, samples: &[f32]) {
        for sample in samples {
            let level = sample.abs();
            // What is no number counts as clipped: it cannot be played either.
            self.clipped += u64::from(level >= FULL || level.is_nan());
            self.peak = self.peak.max(level);
            self.filled += 1;
            if self.filled == self.window {
                self.silent.at(self.windows, self.peak < SILENT);
                (self.filled, self.peak, self.windows) = (0, 0.0, self.windows + 1);
            }
        }
        self.samples += samples.len() as u64;
    }

    /// Where it is silent, and the share of clipped samples.
    pub(crate) fn finish(self) -> (Vec<Stretch>, f64) {
        (self.silent.finish(self.windows), self.clipped as f64 / self.samples.max(1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::MediaTime;

    /// Two channels at 1000 samples a second: a tone with a hole from 1 s to 1.8 s in both, and one from 2.5 s on in
    /// the left alone.
    #[test]
    fn silence_is_silence_of_all_channels() {
        let mut heard = Heard::new(2, 1000);
        let samples: Vec<f32> = (0..4000)
            .flat_map(|n| {
                let tone = if n % 2 == 0 { 0.5 } else { -0.5 };
                let hole = (1000..1800).contains(&n);
                [if hole || n >= 2500 { 0.001 } else { tone }, if hole { 0.0 } else { tone }]
            })
            .collect();
        for block in samples.chunks(333) {
            heard.add(block);
        }
        let (silent, clipped) = heard.finish();
        assert_eq!(silent, [Stretch { start: MediaTime::from_millis(1000), end: MediaTime::from_millis(1800) }]);
        assert_eq!(clipped, 0.0);
    }

    #[test]
    fn what_stands_at_full_scale_is_clipped() {
        let mut heard = Heard::new(1, 1000);
        heard.add(&[0.5, 1.0, -1.2, f32::NAN, 0.99, 0.0, 0.0, 0.0]);
        let (silent, clipped) = heard.finish();
        assert!(silent.is_empty());
        assert_eq!(clipped, 0.375);
    }

    #[test]
    fn silence_to_the_end_is_found() {
        let mut heard = Heard::new(1, 1000);
        heard.add(&[0.0; 2000]);
        assert_eq!(heard.finish().0, [Stretch { start: MediaTime::ZERO, end: MediaTime::from_millis(2000) }]);
    }
}
