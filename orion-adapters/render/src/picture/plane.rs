//! Planes of samples, and pictures as planar YUV 4:2:0 in BT.709 with limited range.
//!
//! Chroma is sampled as H.264 and BT.709 have it by default: at every second column, between two rows.

use image::RgbaImage;
use rayon::prelude::*;

/// One plane of 8-bit samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) samples: Vec<u8>,
}

impl Plane {
    pub(crate) fn filled(width: usize, height: usize, value: u8) -> Self {
        Self { width, height, samples: vec![value; width * height] }
    }

    pub(crate) fn row(&self, y: usize) -> &[u8] {
        &self.samples[y * self.width..(y + 1) * self.width]
    }
}

/// Black in limited range.
pub(crate) const BLACK: [u8; 3] = [16, 128, 128];

/// A picture to lay over others: samples already multiplied by their opacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    /// Y, Cb, Cr.
    pub(crate) planes: [Plane; 3],
    /// Opacity at the resolution of Y and at that of Cb and Cr; `None` where everything is opaque.
    pub(crate) alpha: Option<[Plane; 2]>,
    /// First and last column with opacity, per row of Y and of Cb, as a half-open range; all of it without `alpha`.
    pub(crate) extents: [Vec<(u32, u32)>; 2],
}

/// Y, Cb and Cr of an RGB colour, full precision, scaled to 8-bit limited range (ITU-R BT.709, section 3).
pub(crate) fn yuv([red, green, blue]: [f32; 3]) -> [f32; 3] {
    let luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    [
        16.0 + luma * (219.0 / 255.0),
        128.0 + (blue - luma) / 1.8556 * (224.0 / 255.0),
        128.0 + (red - luma) / 1.5748 * (224.0 / 255.0),
    ]
}

impl Picture {
    /// Converts a picture; odd sides grow by a copy of the last column or row.
    pub(crate) fn from_rgba(image: &RgbaImage) -> Self {
        let (width, height) = (image.width() as usize, image.height() as usize);
        let opaque = image.as_raw().par_chunks(4 * width.max(1)).all(|row| row.chunks(4).all(|pixel| pixel[3] == 255));
        let (chroma_width, chroma_height) = (width.div_ceil(2), height.div_ceil(2));
        let (even_width, even_height) = (2 * chroma_width, 2 * chroma_height);
        let mut luma = Plane::filled(even_width, even_height, 0);
        let mut alpha = Plane::filled(even_width, even_height, 255);
        let [mut blue, mut red, mut thin] = [0; 3].map(|_| Plane::filled(chroma_width, chroma_height, 0));
        let source = image.as_raw();
        let pixel = |x: usize, y: usize| {
            let at = 4 * (y.min(height - 1) * width + x.min(width - 1));
            [source[at], source[at + 1], source[at + 2], source[at + 3]]
        };
        luma.samples
            .par_chunks_mut(2 * even_width)
            .zip(alpha.samples.par_chunks_mut(2 * even_width))
            .zip(blue.samples.par_chunks_mut(chroma_width))
            .zip(red.samples.par_chunks_mut(chroma_width))
            .zip(thin.samples.par_chunks_mut(chroma_width))
            .enumerate()
            .for_each(|(pair, ((((luma, alpha), blue), red), thin))| {
                // Sums over the two rows, per column: opacity, and Cb and Cr weighted by it.
                let mut columns = vec![[0.0_f32; 3]; even_width];
                for row in 0..2 {
                    for x in 0..even_width {
                        let [r, g, b, a] = pixel(x, 2 * pair + row);
                        let [y, cb, cr] = yuv([f32::from(r), f32::from(g), f32::from(b)]);
                        let weight = f32::from(a) / 255.0;
                        luma[row * even_width + x] = (y * weight + 0.5) as u8;
                        alpha[row * even_width + x] = a;
                        let column = &mut columns[x];
                        *column = [column[0] + weight, column[1] + cb * weight, column[2] + cr * weight];
                    }
                }
                for x in 0..chroma_width {
                    // 1-2-1 around the even column, where chroma is sampled.
                    let (left, middle, right) =
                        (columns[(2 * x).saturating_sub(1)], columns[2 * x], columns[2 * x + 1]);
                    let sum = |part: usize| (left[part] + 2.0 * middle[part] + right[part]) / 8.0;
                    thin[x] = (sum(0) * 255.0 + 0.5) as u8;
                    blue[x] = (sum(1) + 0.5) as u8;
                    red[x] = (sum(2) + 0.5) as u8;
                }
            });
        let extents = [extents(&alpha), extents(&thin)];
        Self { planes: [luma, blue, red], alpha: (!opaque).then_some([alpha, thin]), extents }
    }

    /// An opaque picture from planar YUV 4:2:0 of even sides, black until it is written.
    pub(crate) fn opaque(width: usize, height: usize) -> Self {
        let [luma, blue, red] = BLACK;
        let planes = [
            Plane::filled(width, height, luma),
            Plane::filled(width / 2, height / 2, blue),
            Plane::filled(width / 2, height / 2, red),
        ];
        let extents = [vec![(0, width as u32); height], vec![(0, width as u32 / 2); height / 2]];
        Self { planes, alpha: None, extents }
    }

    pub(crate) fn width(&self) -> usize {
        self.planes[0].width
    }

    pub(crate) fn height(&self) -> usize {
        self.planes[0].height
    }

    /// Plane number `plane` of the opacity, if not everything is opaque.
    pub(crate) fn alpha(&self, plane: usize) -> Option<&Plane> {
        self.alpha.as_ref().map(|alpha| &alpha[usize::from(plane > 0)])
    }

    /// Columns with opacity in a row of a plane.
    pub(crate) fn extent(&self, plane: usize, row: usize) -> std::ops::Range<usize> {
        let (from, to) = self.extents[usize::from(plane > 0)][row];
        from as usize..to as usize
    }
}

fn extents(alpha: &Plane) -> Vec<(u32, u32)> {
    let range = |row: &[u8]| {
        let first = row.iter().position(|sample| *sample > 0).unwrap_or(row.len());
        let last = row.iter().rposition(|sample| *sample > 0).map_or(first, |last| last + 1);
        (first as u32, last as u32)
    };
    alpha.samples.chunks(alpha.width.max(1)).map(range).collect()
}

/// A frame: one opaque picture in the layout that the encoder reads, Y then Cb then Cr.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) bytes: Vec<u8>,
}

impl AsRef<[u8]> for Frame {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Frame {
    pub(crate) fn black(width: usize, height: usize) -> Self {
        let mut bytes = vec![BLACK[0]; width * height];
        bytes.resize(width * height * 3 / 2, BLACK[1]);
        Self { width, height, bytes }
    }

    /// The three planes, each with its width.
    pub(crate) fn planes_mut(&mut self) -> [(usize, &mut [u8]); 3] {
        let (luma, chroma) = self.bytes.split_at_mut(self.width * self.height);
        let (blue, red) = chroma.split_at_mut(chroma.len() / 2);
        [(self.width, luma), (self.width / 2, blue), (self.width / 2, red)]
    }

    /// Back to RGB, with chroma between its samples filled in linearly.
    pub(crate) fn to_rgb(&self) -> image::RgbImage {
        let (luma, chroma) = self.bytes.split_at(self.width * self.height);
        let (blue, red) = chroma.split_at(chroma.len() / 2);
        let (chroma_width, chroma_height) = (self.width / 2, self.height / 2);
        let sample = |plane: &[u8], x: usize, y: usize| {
            let near = (y / 2).min(chroma_height - 1);
            let far = if y.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(chroma_height - 1) };
            let row = |row: usize| {
                let left = f32::from(plane[row * chroma_width + x / 2]);
                let right = f32::from(plane[row * chroma_width + (x / 2 + x % 2).min(chroma_width - 1)]);
                (left + right) / 2.0
            };
            0.75 * row(near) + 0.25 * row(far)
        };
        image::RgbImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            let (x, y) = (x as usize, y as usize);
            let level = (f32::from(luma[y * self.width + x]) - 16.0) * (255.0 / 219.0);
            let cb = (sample(blue, x, y) - 128.0) * (255.0 / 224.0) * 1.8556;
            let cr = (sample(red, x, y) - 128.0) * (255.0 / 224.0) * 1.5748;
            let (r, b) = (level + cr, level + cb);
            let g = (level - 0.2126 * r - 0.0722 * b) / 0.7152;
            image::Rgb([r, g, b].map(|value| value.round().clamp(0.0, 255.0) as u8))
        })
    }
}
