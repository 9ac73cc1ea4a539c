//! Which part of a picture is seen where its shape is far from that of the canvas: the part that stands out.
//!
//! What stands out differs in colour from the picture as a whole once fine texture is smoothed away (frequency-tuned
//! saliency: Achanta, Hemami, Estrada and Süsstrunk, CVPR 2009).

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage, RgbaImage};
use orion_core::domain::timeline::Canvas;

/// How much more than the canvas shows is kept along the longer side, so that the camera has room to move.
const ROOM: f64 = 1.25;
/// Longest side at which it is looked for.
const LOOKED_AT: u32 = 96;
/// How much less what lies at the edges counts than what lies in the middle.
const EDGE: f64 = 0.25;

/// The part of a picture that is worth keeping for a canvas; all of it where the shapes are near.
pub(crate) fn framed(image: RgbaImage, canvas: &Canvas) -> RgbaImage {
    let (width, height) = image.dimensions();
    let shape = f64::from(canvas.width) / f64::from(canvas.height);
    let (full_width, full_height) = (f64::from(width), f64::from(height));
    let kept_width = ((full_height * shape * ROOM).round() as u32).clamp(1, width);
    let kept_height = ((full_width / shape * ROOM).round() as u32).clamp(1, height);
    if (kept_width, kept_height) == (width, height) {
        return image;
    }
    let small = smoothed(&image);
    let across = kept_width < width;
    let sums = standing_out(&small, across);
    let share = if across { f64::from(kept_width) / full_width } else { f64::from(kept_height) / full_height };
    let start = best(&sums, share);
    let (x, y) = match across {
        true => ((start * full_width).round() as u32, 0),
        false => (0, (start * full_height).round() as u32),
    };
    let (x, y) = (x.min(width - kept_width), y.min(height - kept_height));
    imageops::crop_imm(&image, x, y, kept_width, kept_height).to_image()
}

/// The picture over grey, small and without fine texture.
fn smoothed(image: &RgbaImage) -> RgbImage {
    let (width, height) = image.dimensions();
    let factor = (f64::from(LOOKED_AT) / f64::from(width.max(height))).min(1.0);
    let side = |pixels: u32| ((f64::from(pixels) * factor).round() as u32).max(1);
    let small = imageops::resize(image, side(width), side(height), FilterType::Triangle);
    let flat = RgbImage::from_fn(small.width(), small.height(), |x, y| {
        let [red, green, blue, alpha] = small.get_pixel(x, y).0.map(u16::from);
        Rgb([red, green, blue].map(|value| ((value * alpha + 128 * (255 - alpha)) / 255) as u8))
    });
    imageops::blur(&flat, 1.5)
}

/// How much stands out in each column, or each row.
fn standing_out(small: &RgbImage, columns: bool) -> Vec<f64> {
    let count = f64::from(small.width() * small.height());
    let mut mean = [0.0; 3];
    for pixel in small.pixels() {
        for (sum, value) in mean.iter_mut().zip(pixel.0) {
            *sum += f64::from(value) / count;
        }
    }
    let lines = if columns { small.width() } else { small.height() };
    let mut sums = vec![0.0; lines as usize];
    for (x, y, pixel) in small.enumerate_pixels() {
        let far: f64 = pixel.0.iter().zip(mean).map(|(value, mean)| (f64::from(*value) - mean).powi(2)).sum();
        sums[if columns { x } else { y } as usize] += far;
    }
    let middle = f64::from(lines - 1) / 2.0;
    for (at, sum) in sums.iter_mut().enumerate() {
        *sum *= 1.0 - EDGE * (at as f64 - middle).abs() / middle.max(1.0);
    }
    sums
}

/// Where a window of this share begins in which most stands out, as a share; of equal ones that nearest to the middle.
fn best(sums: &[f64], share: f64) -> f64 {
    let length = ((sums.len() as f64 * share).round() as usize).clamp(1, sums.len());
    let middle = (sums.len() - length) as f64 / 2.0;
    let windows = sums.windows(length).map(|window| window.iter().sum::<f64>()).enumerate();
    let most = windows.clone().map(|(_, sum)| sum).fold(0.0, f64::max);
    let good = windows.filter(|(_, sum)| *sum >= most * 0.999).map(|(at, _)| at as f64);
    let start = good.min_by(|one, other| (one - middle).abs().total_cmp(&(other - middle).abs()));
    start.unwrap_or(middle) / sums.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgba;

    /// A grey scene with a red thing about a point.
    fn scene(width: u32, height: u32, (x, y): (u32, u32)) -> RgbaImage {
        RgbaImage::from_fn(width, height, |column, row| {
            let near = column.abs_diff(x).max(row.abs_diff(y)) < 30;
            let grain = ((column * 7 + row * 13) % 17) as u8;
            if near { Rgba([210, 40, 30, 255]) } else { Rgba([110 + grain, 112 + grain, 108 + grain, 255]) }
        })
    }

    fn reds(image: &RgbaImage) -> usize {
        image.pixels().filter(|pixel| pixel.0[0] > 180 && pixel.0[1] < 80).count()
    }

    #[test]
    fn what_stands_out_stays_in_the_picture() {
        for x in [60, 300, 600, 1000, 1140] {
            let whole = scene(1200, 500, (x, 250));
            let kept = framed(whole.clone(), &Canvas::VERTICAL);
            assert_eq!((kept.width(), kept.height()), (352, 500));
            assert_eq!(reds(&kept), reds(&whole), "{x}");
        }
        let wide = Canvas { width: 1920, height: 1080, ..Canvas::VERTICAL };
        let whole = scene(500, 1200, (250, 1100));
        let kept = framed(whole.clone(), &wide);
        assert_eq!((kept.width(), kept.height(), reds(&kept)), (500, 352, reds(&whole)));
    }

    #[test]
    fn a_picture_of_nothing_is_cut_about_its_middle_and_a_near_shape_not_at_all() {
        let plain = RgbaImage::from_fn(1200, 500, |x, _| Rgba([(x / 5) as u8, 90, 90, 255]));
        let flat = framed(RgbaImage::from_pixel(1200, 500, Rgba([90, 90, 90, 255])), &Canvas::VERTICAL);
        assert_eq!((flat.width(), flat.height()), (352, 500));
        assert_eq!(framed(plain.clone(), &Canvas { width: 1920, height: 800, ..Canvas::VERTICAL }), plain);
    }
}
