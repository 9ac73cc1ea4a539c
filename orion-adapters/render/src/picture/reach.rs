//! How far what is laid over frames reaches, measured on its pixels.

use super::Overlay;
use orion_core::domain::SafeArea;
use orion_core::domain::timeline::Canvas;
use std::ops::Range;

/// What is less opaque than this is a soft shadow, or the edge of a letter.
const SEEN: u8 = 128;

/// Columns and rows that overlays have covered so far.
#[derive(Debug, Default)]
pub(crate) struct Reach(Option<(Range<usize>, Range<usize>)>);

impl Reach {
    /// Takes in what is seen of an overlay.
    pub(crate) fn add(&mut self, overlay: &Overlay) {
        let picture = &overlay.picture;
        for row in 0..picture.height() {
            let all = picture.extent(0, row);
            let seen = picture.alpha(0).map_or(Some((all.start, all.end)), |alpha| {
                let samples = alpha.row(row);
                let first = samples.iter().position(|sample| *sample >= SEEN)?;
                Some((first, samples.iter().rposition(|sample| *sample >= SEEN)? + 1))
            });
            let Some((from, to)) = seen.filter(|(from, to)| from < to) else { continue };
            let (x, y) = (overlay.x + from..overlay.x + to, overlay.y + row..overlay.y + row + 1);
            let join = |one: &Range<usize>, other: &Range<usize>| one.start.min(other.start)..one.end.max(other.end);
            self.0 = Some(self.0.as_ref().map_or((x.clone(), y.clone()), |had| (join(&had.0, &x), join(&had.1, &y))));
        }
    }

    /// What they leave free of a canvas at every edge; `None` if there was none.
    pub(crate) fn free(&self, canvas: Canvas) -> Option<SafeArea> {
        let (x, y) = self.0.as_ref()?;
        let (width, height) = (f64::from(canvas.width), f64::from(canvas.height));
        let share = |pixels: usize, side: f64| pixels as f64 / side;
        Some(SafeArea {
            top: share(y.start, height),
            right: 1.0 - share(x.end, width),
            bottom: 1.0 - share(y.end, height),
            left: share(x.start, width),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Picture;
    use super::*;
    use image::{Rgba, RgbaImage};

    #[test]
    fn what_is_seen_of_overlays_is_measured_and_their_shadow_is_not() {
        let canvas = Canvas { width: 200, height: 100, ..Canvas::VERTICAL };
        let mut reach = Reach::default();
        assert_eq!(reach.free(canvas), None);
        // A word within a soft shadow, and one that hangs over the right edge.
        for (x, y) in [(20, 40), (180, 50)] {
            let image = RgbaImage::from_fn(40, 20, |x, y| {
                let word = (4..36).contains(&x) && (6..16).contains(&y);
                Rgba([255, 255, 255, if word { 255 } else { 100 }])
            });
            reach.add(&Overlay { picture: Picture::from_rgba(&image), x, y });
        }
        let free = reach.free(canvas).unwrap();
        let near = |one: f64, other: f64| (one - other).abs() < 1e-9;
        assert!(near(free.left, 0.12) && near(free.top, 0.46), "{free:?}");
        assert!(near(free.bottom, 0.34) && near(free.right, -0.08), "{free:?}");
        let black = RgbaImage::from_pixel(200, 100, Rgba([0, 0, 0, 255]));
        reach.add(&Overlay { picture: Picture::from_rgba(&black), x: 0, y: 0 });
        let free = reach.free(canvas).unwrap();
        assert_eq!((free.left, free.top, free.bottom), (0.0, 0.0, 0.0));
    }
}
