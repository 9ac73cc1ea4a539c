//! Laying one row of samples over another.

use multiversion::multiversion;

/// `value / 255`, rounded, for values up to `255 * 255`: it stays within 16 bits, so that eight go at a time.
#[inline]
fn over_255(value: u16) -> u16 {
    let value = value + 128;
    (value + (value >> 8)) >> 8
}

/// Lays premultiplied samples over a row; `opacity` of 255 is all of it.
#[multiversion(targets = "simd")]
pub(crate) fn lay_over(row: &mut [u8], samples: &[u8], alpha: &[u8], opacity: u8) {
    if opacity == 255 {
        for ((row, sample), alpha) in row.iter_mut().zip(samples).zip(alpha) {
            // Both parts are rounded, so their sum can be one too high.
            let sum = u16::from(*sample) + over_255(u16::from(*row) * (255 - u16::from(*alpha)));
            *row = sum.min(255) as u8;
        }
        return;
    }
    let opacity = u16::from(opacity);
    for ((row, sample), alpha) in row.iter_mut().zip(samples).zip(alpha) {
        let sample = over_255(u16::from(*sample) * opacity);
        let alpha = over_255(u16::from(*alpha) * opacity);
        *row = (sample + over_255(u16::from(*row) * (255 - alpha))).min(255) as u8;
    }
}

/// Mixes a row into another: `share` of 255 is all of it.
#[multiversion(targets = "simd")]
pub(crate) fn mix(row: &mut [u8], other: &[u8], share: u8) {
    let (share, rest) = (u16::from(share), 255 - u16::from(share));
    for (row, other) in row.iter_mut().zip(other) {
        *row = over_255(u16::from(*row) * rest + u16::from(*other) * share) as u8;
    }
}

/// The same with a share for every sample.
#[multiversion(targets = "simd")]
pub(crate) fn mix_by(row: &mut [u8], other: &[u8], shares: &[u8]) {
    for ((row, other), share) in row.iter_mut().zip(other).zip(shares) {
        let (share, rest) = (u16::from(*share), 255 - u16::from(*share));
        *row = over_255(u16::from(*row) * rest + u16::from(*other) * share) as u8;
    }
}
