//! Faster and slower at one pitch, for voices that know one pace.

/// Seconds of one piece of sound.
const PIECE: f64 = 0.04;

/// Seconds within which the best place of a piece is looked for.
const SEARCH: f64 = 0.01;

/// The same sound so many times as fast, by waveform-similarity overlap-add (Verhelst and Roelands, 1993): pieces are
/// taken where they continue best what came before, and laid over each other. A moment of the sound is found again
/// at its time divided by `speed`, to within `SEARCH`.
pub fn paced(samples: &[f32], rate: u32, speed: f64) -> Vec<f32> {
    let half = ((f64::from(rate) * PIECE / 2.0) as usize).max(1);
    let search = (f64::from(rate) * SEARCH) as usize;
    if (speed - 1.0).abs() < 1e-3 || samples.len() < 4 * half {
        return samples.to_vec();
    }
    let length = (samples.len() as f64 / speed).round() as usize;
    let mut paced = vec![0.0; length + 2 * half];
    // Halves of two neighbours add up to one.
    let window: Vec<f32> =
        (0..2 * half).map(|at| 0.5 - 0.5 * (std::f32::consts::PI * (at as f32 + 0.5) / half as f32).cos()).collect();
    let last = samples.len() - 2 * half;
    let mut taken: Option<usize> = None;
    let mut at = 0;
    while at < length {
        let wanted = ((at as f64 * speed) as usize).min(last);
        let place = match taken {
            None => wanted,
            Some(before) => {
                let goes_on = &samples[(before + half).min(last)..];
                best(samples, goes_on, half, wanted.saturating_sub(search)..=(wanted + search).min(last))
            }
        };
        let first = taken.is_none();
        for (offset, gain) in window.iter().enumerate() {
            // There is nothing before the first piece that it could be blended with.
            let gain = if first && offset < half { 1.0 } else { *gain };
            paced[at + offset] += samples[place + offset] * gain;
        }
        taken = Some(place);
        at += half;
    }
    paced.truncate(length);
    paced
}

/// Where the sound is most like what would come next.
fn best(samples: &[f32], goes_on: &[f32], length: usize, places: std::ops::RangeInclusive<usize>) -> usize {
    let likeness = |place: usize| -> f32 {
        let piece = &samples[place..place + length];
        let (mut product, mut energy) = (0.0, 1e-9);
        // Every second sample tells as much.
        for (a, b) in piece.iter().zip(goes_on).step_by(2) {
            product += a * b;
            energy += a * a;
        }
        product / energy.sqrt()
    };
    let start = *places.start();
    places.map(|place| (place, likeness(place))).fold((start, f32::MIN), |a, b| if b.1 > a.1 { b } else { a }).0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often a sound crosses zero upwards in a second.
    fn pitch(samples: &[f32], rate: u32) -> f64 {
        let crossings = samples.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
        crossings as f64 * f64::from(rate) / samples.len() as f64
    }

    #[test]
    fn the_length_changes_and_the_pitch_does_not() {
        let rate = 16_000;
        let tone: Vec<f32> =
            (0..rate).map(|n| (n as f32 * 200.0 * std::f32::consts::TAU / rate as f32).sin() * 0.5).collect();
        for speed in [0.5, 0.8, 1.25, 2.0] {
            let paced = paced(&tone, rate, speed);
            assert_eq!(paced.len(), (f64::from(rate) / speed).round() as usize);
            assert!((pitch(&paced, rate) - 200.0).abs() < 4.0, "{speed}: {}", pitch(&paced, rate));
            assert!(paced.iter().all(|sample| sample.abs() <= 0.6), "pieces add up to what they were");
        }
        assert_eq!(paced(&tone, rate, 1.0), tone);
        assert_eq!(paced(&[0.5; 20], rate, 2.0).len(), 20);
    }

    #[test]
    fn moments_are_found_where_they_should_be() {
        let rate = 16_000;
        let mut sound = vec![0.0; 32_000];
        for start in [8_000, 20_000] {
            for n in 0..3_200 {
                sound[start + n] = (n as f32 * 0.1).sin() * 0.5;
            }
        }
        for speed in [0.6, 1.7] {
            let paced = paced(&sound, rate, speed);
            let loud = |at: f64| {
                let at = (at / speed) as usize;
                paced[at..at + 200].iter().fold(0.0_f32, |most, sample| most.max(sample.abs()))
            };
            for (at, expected) in [(4_000.0, false), (9_500.0, true), (15_000.0, false), (21_500.0, true)] {
                assert_eq!(loud(at) > 0.2, expected, "{at} at {speed}");
            }
        }
    }
}
