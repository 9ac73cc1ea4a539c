//! The levels of H.264 (ITU-T H.264, table A-1): what a decoder must be able to do to play a file.

use crate::domain::timeline::Canvas;

/// Profiles that are decoded everywhere: 4:2:0, eight bits. What encodes fastest makes no use of the High profile.
pub const PROFILES: [&str; 4] = ["High", "Main", "Constrained Baseline", "Baseline"];

/// Level times ten, most macroblocks of a frame, most macroblocks a second, most kilobits a second in the High profile
/// (1.25 times those of the table).
const LEVELS: [(u32, u64, u64, u32); 8] = [
    (40, 8_192, 245_760, 25_000),
    (42, 8_704, 522_240, 62_500),
    (50, 22_080, 589_824, 168_750),
    (51, 36_864, 983_040, 300_000),
    (52, 36_864, 2_073_600, 300_000),
    (60, 139_264, 4_177_920, 300_000),
    (61, 139_264, 8_355_840, 600_000),
    (62, 139_264, 16_711_680, 1_000_000),
];

/// A level, and how many bits may flow in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Its number times ten: 40 is level 4.0.
    pub number: u32,
    /// Most kilobits a second in the High profile.
    pub kilobits: u32,
}

impl Level {
    /// The lowest level that takes pictures of this size and rate. None is below 4.0, which everything plays that
    /// plays high definition at all; beyond the table it is the highest.
    pub fn of(canvas: &Canvas) -> Self {
        let blocks = |pixels: u32| u64::from(pixels.div_ceil(16));
        let frame = blocks(canvas.width) * blocks(canvas.height);
        let second = frame * u64::from(canvas.frames_per_second);
        let fits = |(_, most, most_a_second, _): &&(u32, u64, u64, u32)| frame <= *most && second <= *most_a_second;
        let (number, _, _, kilobits) = LEVELS.iter().find(fits).copied().unwrap_or(LEVELS[LEVELS.len() - 1]);
        Self { number, kilobits }
    }

    /// As it is written: `4.0`.
    pub fn text(number: u32) -> String {
        format!("{}.{}", number / 10, number % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_follows_from_size_and_rate() {
        let level = |width, height, frames_per_second| Level::of(&Canvas { width, height, frames_per_second }).number;
        for rate in [24, 25, 30] {
            for (width, height) in [(1080, 1920), (1920, 1080), (1080, 1080), (1080, 1350)] {
                assert_eq!(level(width, height, rate), 40, "{width}x{height} at {rate}");
                assert_eq!(level(width, height, 60), 42, "{width}x{height} at 60");
            }
        }
        assert_eq!((level(2160, 3840, 30), level(2160, 3840, 60), level(60_000, 60_000, 60)), (51, 52, 62));
        assert_eq!(Level::text(40), "4.0");
    }
}
