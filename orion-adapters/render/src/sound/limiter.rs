//! A true-peak limiter that sees ahead.
//!
//! For every frame the gain that keeps its true peak under the ceiling is found, held over the look-ahead, let go
//! slowly, and averaged over the look-ahead: the gain is down before the peak comes, without a step, and never above
//! what the peak allows.

use std::collections::VecDeque;

/// Frames that the limiter sees ahead: 5 ms.
const AHEAD: usize = 240;
/// Taps per phase of the oversampling filter, as in ITU-R BS.1770, annex 2.
const TAPS: usize = 12;
/// Phases: a true peak is looked for at four times the rate.
const PHASES: usize = 4;
/// Share of the way back to full gain per frame: a time constant of 80 ms.
const RELEASE: f32 = 1.0 / (0.080 * 48_000.0);

/// Limits stereo frames to a true peak.
pub(super) struct Limiter {
    ceiling: f32,
    /// No true peak is above the ceiling around frames that stay below this.
    safe: f32,
    /// Frames since the last one that did not.
    calm: usize,
    filter: [[f32; TAPS]; PHASES],
    /// The last frames that came in, for the oversampling filter; the oldest first.
    recent: [[f32; 2]; TAPS],
    /// Frames that have not gone out.
    delayed: VecDeque<[f32; 2]>,
    /// Rising gains with the frame at which each was asked for: the front is the least of the look-ahead.
    asked: VecDeque<(u64, f32)>,
    /// Gains after release, over which the average is taken.
    held: VecDeque<f32>,
    sum: f64,
    envelope: f32,
    count: u64,
}

impl Limiter {
    pub(super) fn new(ceiling_db: f64) -> Self {
        let ceiling = 10_f64.powf(ceiling_db / 20.0) as f32;
        let filter: [[f32; TAPS]; PHASES] = std::array::from_fn(|phase| interpolator(phase as f64 / PHASES as f64));
        // The filter adds up to this many times the highest sample.
        let most = filter.iter().map(|taps| taps.iter().map(|tap| tap.abs()).sum()).fold(1.0, f32::max);
        Self {
            ceiling,
            safe: ceiling / most,
            calm: TAPS,
            filter,
            recent: [[0.0; 2]; TAPS],
            delayed: VecDeque::with_capacity(2 * AHEAD),
            asked: VecDeque::with_capacity(AHEAD),
            held: VecDeque::from(vec![1.0; AHEAD]),
            sum: AHEAD as f64,
            envelope: 1.0,
            count: 0,
        }
    }

    /// Takes frames in, gives those that are done.
    pub(super) fn push(&mut self, block: &[f32], out: &mut Vec<f32>) {
        for frame in block.chunks_exact(2) {
            self.step([frame[0], frame[1]], out);
        }
    }

    /// Gives the frames that are left.
    pub(super) fn finish(mut self, out: &mut Vec<f32>) {
        for _ in 0..AHEAD + TAPS / 2 - 1 {
            self.step([0.0; 2], out);
        }
    }

    fn step(&mut self, frame: [f32; 2], out: &mut Vec<f32>) {
        self.recent.copy_within(1.., 0);
        self.recent[TAPS - 1] = frame;
        self.delayed.push_back(frame);
        self.calm = if frame[0].abs().max(frame[1].abs()) > self.safe { 0 } else { self.calm + 1 };
        // The filter looks half its length ahead: this is the peak around the frame that came in before that.
        let peak = if self.calm < TAPS { self.peak() } else { 0.0 };
        let asked = if peak > self.ceiling { self.ceiling / peak } else { 1.0 };
        while self.asked.back().is_some_and(|(_, gain)| *gain >= asked) {
            self.asked.pop_back();
        }
        self.asked.push_back((self.count, asked));
        while self.asked.front().is_some_and(|(at, _)| at + AHEAD as u64 <= self.count) {
            self.asked.pop_front();
        }
        let least = self.asked.front().map_or(1.0, |(_, gain)| *gain);
        self.envelope = least.min(self.envelope + (1.0 - self.envelope) * RELEASE);
        self.sum += f64::from(self.envelope) - f64::from(self.held.pop_front().unwrap_or(1.0));
        self.held.push_back(self.envelope);
        self.count += 1;
        if self.delayed.len() == AHEAD + TAPS / 2 {
            let gain = (self.sum / AHEAD as f64) as f32;
            if let Some([left, right]) = self.delayed.pop_front() {
                out.extend([left * gain, right * gain]);
            }
        }
    }

    fn peak(&self) -> f32 {
        let mut peak = 0.0_f32;
        for filter in &self.filter {
            let mut sums = [0.0_f32; 2];
            for (frame, weight) in self.recent.iter().zip(filter) {
                sums[0] += frame[0] * weight;
                sums[1] += frame[1] * weight;
            }
            peak = peak.max(sums[0].abs()).max(sums[1].abs());
        }
        peak
    }
}

/// Weights that give the signal `fraction` of a sample behind the middle tap (Hann-windowed sinc).
fn interpolator(fraction: f64) -> [f32; TAPS] {
    let middle = TAPS as f64 / 2.0 - 1.0 + fraction;
    let weights: [f64; TAPS] = std::array::from_fn(|tap| {
        let distance = tap as f64 - middle;
        let window = (std::f64::consts::PI * distance / (TAPS as f64 + 1.0)).cos().powi(2);
        let angle = std::f64::consts::PI * distance;
        window * if angle.abs() < 1e-9 { 1.0 } else { angle.sin() / angle }
    });
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| (weight / sum) as f32)
}
