//! Where things stand on a canvas, from top to bottom: a brand's mark, type, a lower third, and the captions that the
//! renderer draws. Over tall videos apps lay their own texts and buttons.

use orion_core::domain::timeline;

/// Distance of type from the edges, as a share of the width.
const SIDE: f32 = 0.068;
/// Right edge in tall videos: the apps' buttons stand beside it.
const RIGHT: f32 = 0.875;
/// Upper edge in tall videos: the apps' headers stand above it.
const HEADER: f32 = 0.118;
/// Upper edges of type and of a mark in others.
const TOP: (f32, f32) = (0.098, 0.05);
/// Between the band of captions and what stands above it, as shares of the height: type, and a lower third.
const ABOVE: (f32, f32) = (0.028, 0.012);
/// Height of the strip of a mark, and of what is kept free for a lower third, in pixels of a canvas 1080 wide or high.
const STRIP: f32 = 81.0;
const THIRD: f32 = 168.0;
/// Between them and type.
const GAP: f32 = 28.0;

/// A part of the canvas in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) right: f32,
    pub(crate) bottom: f32,
}

impl Area {
    pub(crate) fn width(&self) -> f32 {
        self.right - self.left
    }
}

/// A canvas.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Canvas(timeline::Canvas);

impl Canvas {
    pub(crate) fn new((width, height): (u32, u32)) -> Self {
        Self(timeline::Canvas { width, height, frames_per_second: 30 })
    }

    fn width(&self) -> f32 {
        self.0.width as f32
    }

    fn height(&self) -> f32 {
        self.0.height as f32
    }

    /// One pixel of a canvas 1080 wide or high.
    pub(crate) fn unit(&self) -> f32 {
        self.width().min(self.height()) / 1080.0
    }

    fn across(&self, top: f32, bottom: f32) -> Area {
        let right = if self.0.is_tall() { RIGHT } else { 1.0 - SIDE };
        Area { left: SIDE * self.width(), top, right: right * self.width(), bottom }
    }

    /// Where type stands, with room for a mark and a lower third if there are such.
    pub(crate) fn type_area(&self, mark: bool, third: bool) -> Area {
        let top = match (mark, self.0.is_tall()) {
            (true, _) => self.strip().bottom + GAP * self.unit(),
            (false, true) => HEADER * self.height(),
            (false, false) => TOP.0 * self.height(),
        };
        let bottom = match third {
            true => self.third(THIRD * self.unit()).top - GAP * self.unit(),
            false => (self.0.caption_band().0 as f32 - ABOVE.0) * self.height(),
        };
        self.across(top, bottom)
    }

    /// The strip in one of whose corners a mark stands.
    pub(crate) fn strip(&self) -> Area {
        let top = self.height() * if self.0.is_tall() { HEADER } else { TOP.1 };
        self.across(top, top + STRIP * self.unit())
    }

    /// Where a lower third of this height stands.
    pub(crate) fn third(&self, tall: f32) -> Area {
        let bottom = (self.0.caption_band().0 as f32 - ABOVE.1) * self.height();
        self.across(bottom - tall, bottom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::domain::SafeArea;
    use orion_core::domain::timeline::Format;

    #[test]
    fn nothing_stands_on_anything_else_or_where_an_app_covers_it() {
        for format in Format::ALL {
            let canvas = format.canvas(30);
            let place = Canvas::new((canvas.width, canvas.height));
            let free = match format {
                Format::Vertical => SafeArea::of_all(),
                _ => SafeArea { top: 0.05, right: 0.05, bottom: 0.05, left: 0.05 },
            };
            let (strip, third) = (place.strip(), place.third(THIRD * place.unit()));
            for area in [place.type_area(false, false), place.type_area(true, true), strip, third] {
                let (width, height) = (f64::from(canvas.width), f64::from(canvas.height));
                assert!(f64::from(area.left) >= free.left * width - 1.0, "{format} {area:?}");
                assert!(f64::from(area.right) <= (1.0 - free.right) * width + 1.0, "{format} {area:?}");
                assert!(f64::from(area.top) >= free.top * height - 1.0, "{format} {area:?}");
                assert!(f64::from(area.bottom) <= (1.0 - free.bottom) * height + 1.0, "{format} {area:?}");
            }
            let (upper, lower) = canvas.caption_band();
            let captions = [upper, lower].map(|edge| edge as f32 * place.height());
            let own = place.type_area(true, true);
            assert!(own.bottom - own.top > 0.3 * place.height(), "{format}: {own:?} is too small to be read");
            let mut areas = [
                (strip.top, strip.bottom),
                (own.top, own.bottom),
                (captions[0], captions[1]),
                (third.top, third.bottom),
            ];
            areas.sort_by(|one, other| one.0.total_cmp(&other.0));
            for pair in areas.windows(2) {
                assert!(pair[0].1 + 0.01 * place.height() < pair[1].0, "{format}: {areas:?}");
            }
        }
    }
}
