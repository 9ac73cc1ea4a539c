//! The look of one video made safe to draw with: colours that can be read, one ornament, seeded chance.

use orion_core::domain::colour::{LEGIBLE, contrast, grounded, legible, luminance, mix};
use orion_core::domain::{Look, Ornament};

/// What is aimed at: a little more than is read well, because the layers are scaled and encoded afterwards.
const AIM: f64 = 7.6;

/// How much white the upper edge of a plate reflects.
pub(crate) const SHEEN: f64 = 0.055;

/// What every scene of a video draws with.
#[derive(Debug, Clone)]
pub(crate) struct Theme {
    pub(crate) background: u32,
    pub(crate) glows: [u32; 3],
    pub(crate) accent: u32,
    pub(crate) text: u32,
    /// Type on the accent.
    pub(crate) on_accent: u32,
    pub(crate) ornament: Ornament,
    /// Glows on the other side.
    pub(crate) mirrored: bool,
    /// Highest luminance behind bare type.
    pub(crate) ceiling: f32,
    /// How opaque a plate under the accent must be.
    pub(crate) plate: f32,
}

impl Theme {
    pub(crate) fn new(look: &Look) -> Self {
        let mut chance = Chance::new(look.seed);
        let palette = &look.palette;
        let background = grounded(palette.background & 0xFF_FF_FF);
        let text = legible(palette.text & 0xFF_FF_FF, background, 12.0);
        let accent = legible(palette.accent & 0xFF_FF_FF, background, AIM + 1.0);
        let ceiling = (luminance(text) + 0.05) / AIM - 0.05;
        // The brightest that may lie behind a plate is a grey of the ceiling's luminance.
        let behind = grey(ceiling as f32);
        let mut plate = 0.36_f64;
        while plate < 0.95 && contrast(accent, mix(mix(behind, background, plate), 0xFF_FF_FF, SHEEN)) < AIM {
            plate += 0.02;
        }
        let on_accent = if contrast(background, accent) >= LEGIBLE { background } else { 0 };
        let drawn = [Ornament::Orbits, Ornament::Contours, Ornament::Waves, Ornament::Dots][chance.below(4)];
        let ornament = look.ornament.unwrap_or(drawn);
        let mirrored = chance.below(2) == 1;
        let (ceiling, plate) = (ceiling as f32, plate as f32);
        Self { background, glows: palette.glows, accent, text, on_accent, ornament, mirrored, ceiling, plate }
    }
}

impl Theme {
    /// The same with plates that are dark enough for type over a picture of any colour.
    pub(crate) fn over_anything(self) -> Self {
        let background = mix(self.background, 0, 0.5);
        let mut plate = 0.7_f64;
        let worst = |plate| mix(mix(0xFF_FF_FF, background, plate), 0xFF_FF_FF, SHEEN);
        while plate < 0.98 && contrast(self.accent, worst(plate)) < AIM {
            plate += 0.02;
        }
        Self { background, plate: plate as f32, ..self }
    }
}

/// The grey of a luminance.
fn grey(level: f32) -> u32 {
    (encoded(level) * 255.0).round() as u32 * 0x01_01_01
}

/// A luminance as sRGB has it, 0 to 1.
fn encoded(level: f32) -> f32 {
    let level = level.clamp(0.0, 1.0);
    if level <= 0.003_130_8 { level * 12.92 } else { 1.055 * level.powf(1.0 / 2.4) - 0.055 }
}

/// The highest luminance of a ground that stays below `ceiling` with white of some opacity laid over it.
pub(crate) fn below_white(ceiling: f32, opacity: f32) -> f32 {
    let value = ((encoded(ceiling) - opacity) / (1.0 - opacity)).max(0.0);
    luminance((value * 255.0).floor() as u32 * 0x01_01_01) as f32
}

/// Chance that is the same for the same seed (SplitMix64; Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A whole number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// A number from `low` to `high`.
    pub(crate) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * (self.next() >> 40) as f32 / (1_u64 << 24) as f32
    }
}
