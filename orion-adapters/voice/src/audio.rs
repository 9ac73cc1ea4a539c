//! What is done to samples after a model made them: level, soft ends, silence.

/// Highest sample after levelling: one decibel below full scale.
const PEAK: f32 = 0.89;

/// Nothing is made more than this much louder, so that silence stays silence.
const MOST_GAIN: f32 = 16.0;

/// Length of a fade at a cut in seconds: enough against clicks, too short to hear.
const FADE: f64 = 0.004;

/// Makes samples finite, centres nothing, and brings the highest one to `PEAK`.
pub fn level(samples: &mut [f32]) {
    let mut peak = 0.0_f32;
    for sample in samples.iter_mut() {
        if !sample.is_finite() {
            *sample = 0.0;
        }
        peak = peak.max(sample.abs());
    }
    if peak > 0.0 {
        let gain = (PEAK / peak).min(MOST_GAIN);
        samples.iter_mut().for_each(|sample| *sample = (*sample * gain).clamp(-1.0, 1.0));
    }
}

/// Fades both ends to zero.
pub fn soften(samples: &mut [f32], rate: u32) {
    let length = ((f64::from(rate) * FADE) as usize).min(samples.len() / 2);
    for index in 0..length {
        let gain = index as f32 / length as f32;
        if let Some(sample) = samples.get_mut(index) {
            *sample *= gain;
        }
    }
    for (index, sample) in samples.iter_mut().rev().take(length).enumerate() {
        *sample *= index as f32 / length as f32;
    }
}

/// Samples in a length of time.
pub fn samples_in(seconds: f64, rate: u32) -> usize {
    (seconds.max(0.0) * f64::from(rate)).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_to_the_peak_and_heals_what_is_not_a_number() {
        let mut samples = vec![0.1, -0.2, f32::NAN, f32::INFINITY, 0.05];
        level(&mut samples);
        assert_eq!(samples[2..4], [0.0, 0.0]);
        assert!((samples[1] + PEAK).abs() < 1e-6);
        let mut silence = vec![0.0; 8];
        level(&mut silence);
        assert_eq!(silence, vec![0.0; 8]);
    }

    #[test]
    fn ends_are_silent() {
        for length in [0, 1, 2, 50, 4000] {
            let mut samples = vec![1.0; length];
            soften(&mut samples, 22_050);
            if length > 1 {
                assert_eq!((samples[0], samples[length - 1]), (0.0, 0.0));
            }
        }
    }
}
