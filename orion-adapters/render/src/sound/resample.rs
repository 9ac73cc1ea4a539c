//! Changing the sample rate by a polyphase windowed-sinc filter.
//!
//! The ratio of two rates is a fraction in lowest terms, so every output sample has one of a fixed set of phases and
//! the filter for each is computed once. Kaiser window, beta 9: stop band below -90 dB (Oppenheim and Schafer,
//! Discrete-Time Signal Processing, section 7.5).

use super::RATE;

/// Zero crossings on each side of the middle.
const CROSSINGS: usize = 16;
/// Shape of the window.
const BETA: f64 = 9.0;
/// Share of the lower rate's band that passes; the filter falls off above.
const PASS: f64 = 0.94;

/// Turns one channel at `rate` into [`RATE`]; the first sample stays first.
pub(super) fn resample(samples: &[f32], rate: u32) -> Vec<f32> {
    if rate == RATE || samples.is_empty() {
        return samples.to_vec();
    }
    let divisor = gcd(rate, RATE);
    let (step, phases) = (u64::from(rate / divisor), u64::from(RATE / divisor));
    // Below 1 when the rate falls: then the filter is wider and cuts lower.
    let cutoff = PASS * (f64::from(RATE) / f64::from(rate)).min(1.0);
    let half = (CROSSINGS as f64 / cutoff).ceil() as usize;
    let taps = 2 * half;
    let filter: Vec<f32> = (0..phases).flat_map(|phase| kernel(phase as f64 / phases as f64, half, cutoff)).collect();
    let count = (samples.len() as u64 * phases).div_ceil(step);
    // Silence around the sound, so that no tap is out of bounds.
    let mut padded = vec![0.0_f32; half];
    padded.extend_from_slice(samples);
    padded.resize(samples.len() + 3 * half, 0.0);
    (0..count)
        .map(|index| {
            let position = index * step;
            let (whole, phase) = ((position / phases) as usize, (position % phases) as usize);
            // The middle lies between taps `half - 1` and `half`.
            let source = &padded[whole + 1..whole + 1 + taps];
            let filter = &filter[phase * taps..(phase + 1) * taps];
            source.iter().zip(filter).map(|(sample, weight)| sample * weight).sum()
        })
        .collect()
}

/// Weights for a position `fraction` of a sample behind tap `half - 1`, with a sum of one.
fn kernel(fraction: f64, half: usize, cutoff: f64) -> Vec<f32> {
    let weights: Vec<f64> = (0..2 * half)
        .map(|tap| {
            let distance = tap as f64 - (half as f64 - 1.0) - fraction;
            let inside = 1.0 - (distance / half as f64).powi(2);
            let window = if inside > 0.0 { bessel(BETA * inside.sqrt()) / bessel(BETA) } else { 0.0 };
            let angle = std::f64::consts::PI * distance * cutoff;
            window * if angle.abs() < 1e-9 { 1.0 } else { angle.sin() / angle }
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| (weight / sum) as f32).collect()
}

/// The modified Bessel function of order zero, by its series.
fn bessel(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..40 {
        term *= (x / (2.0 * f64::from(n))).powi(2);
        sum += term;
    }
    sum
}

fn gcd(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
