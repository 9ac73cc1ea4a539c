//! Colours as people write them, and how well one is read on another.

/// Smallest contrast of type to what lies behind it (WCAG 2.2, success criterion 1.4.6, level AAA).
pub const LEGIBLE: f64 = 7.0;

/// Highest luminance of a ground: on a lighter one white type has no contrast of 12:1 to spare for glows.
pub const DARKEST: f64 = 0.02;

/// `#RRGGBB` as `0xRRGGBB`; `None` for anything else.
pub fn parse(text: &str) -> Option<u32> {
    let digits = text.trim().strip_prefix('#')?;
    let plain = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

/// `0xRRGGBB` as `#RRGGBB`.
pub fn written(colour: u32) -> String {
    format!("#{:06X}", colour & 0xFF_FF_FF)
}

/// Relative luminance of an sRGB colour, 0 to 1 (WCAG 2.2).
pub fn luminance(colour: u32) -> f64 {
    let part = |shift: u32| {
        let value = f64::from((colour >> shift) & 0xFF) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0)
}

/// Contrast of two sRGB colours, 1 to 21 (WCAG 2.2).
pub fn contrast(one: u32, other: u32) -> f64 {
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    if one > other { one / other } else { other / one }
}

/// A mix of two colours in sRGB, 0 the first and 1 the second.
pub fn mix(one: u32, other: u32, share: f64) -> u32 {
    let part = |shift: u32| {
        let (one, other) = (f64::from((one >> shift) & 0xFF), f64::from((other >> shift) & 0xFF));
        ((one + (other - one) * share.clamp(0.0, 1.0)).round() as u32) << shift
    };
    part(16) | part(8) | part(0)
}

/// The colour nearest to this one, lighter by as little as will do, that has such a contrast to a dark ground.
pub fn legible(colour: u32, ground: u32, least: f64) -> u32 {
    let lighter = (0..=50).map(|step| mix(colour, 0xFF_FF_FF, f64::from(step) / 50.0));
    lighter.into_iter().find(|mixed| contrast(*mixed, ground) >= least).unwrap_or(0xFF_FF_FF)
}

/// The colour nearest to this one, darker by as little as will do, that is dark enough for a ground.
pub fn grounded(colour: u32) -> u32 {
    let darker = (0..=50).map(|step| mix(colour, 0, f64::from(step) / 50.0));
    darker.into_iter().find(|mixed| luminance(*mixed) <= DARKEST).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_they_are_written() {
        assert_eq!(parse("#FFCF5C"), Some(0xFF_CF_5C));
        assert_eq!(written(0x0B_10_2A), "#0B102A");
        for wrong in ["FFCF5C", "#FFF", "#FFCF5G", "#+FCF5C", "red", ""] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn contrast_is_that_of_the_standard() {
        assert!((contrast(0xFF_FF_FF, 0) - 21.0).abs() < 1e-9);
        // #767676 on white is the lightest grey of 4.5:1 that is given as an example everywhere.
        assert!((contrast(0x76_76_76, 0xFF_FF_FF) - 4.54).abs() < 0.01);
    }

    #[test]
    fn a_colour_is_changed_as_little_as_will_do() {
        assert_eq!(legible(0xFF_CF_5C, 0x0B_10_2A, LEGIBLE), 0xFF_CF_5C);
        let lighter = legible(0x1A_3B_9C, 0x0B_10_2A, LEGIBLE);
        assert!(contrast(lighter, 0x0B_10_2A) >= LEGIBLE && contrast(lighter, 0x0B_10_2A) < LEGIBLE + 0.8);
        assert_eq!(grounded(0x0B_10_2A), 0x0B_10_2A);
        assert!(luminance(grounded(0x1A_3B_9C)) <= DARKEST);
    }
}
