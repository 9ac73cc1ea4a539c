//! Pictures laid flat, and many of them side by side.

use image::RgbImage;
use orion_core::port::ImageLayer;
use orion_core::{Error, ErrorKind, Result};
use orion_draw::tiny_skia::{FilterQuality, PixmapPaint, Transform};
use orion_draw::{Pixmap, picture};

/// Most sides of a sheet in pixels.
const MOST: u32 = 8192;

/// All layers of a picture as they are seen at rest, in this size.
///
/// # Errors
/// `Invalid` for a layer that is damaged; `Exhausted` when there is no memory for it.
pub fn flat(layers: &[ImageLayer], width: u32, height: u32) -> Result<RgbImage> {
    let Some((first, rest)) = layers.split_first() else { return Err(Error::invalid("a picture needs a layer")) };
    let behind = picture::decode(&first.bytes)?;
    let behind = picture::cover(&behind, width, height);
    let mut page = picture::to_pixmap(&behind).ok_or_else(no_memory)?;
    for layer in rest {
        let over = Pixmap::decode_png(&layer.bytes)
            .map_err(|source| Error::invalid("a transparent layer is damaged").with_source(source))?;
        let scale = width as f32 / over.width().max(1) as f32;
        let paint = PixmapPaint { quality: FilterQuality::Bicubic, ..PixmapPaint::default() };
        page.draw_pixmap(0, 0, over.as_ref(), &paint, Transform::from_scale(scale, scale), None);
    }
    Ok(picture::to_rgb(&page))
}

/// Rows of pictures, each scaled to the same height, on a dark ground with a margin between.
///
/// # Errors
/// `Invalid` for a sheet of more than 8192 pixels a side, or without pictures.
pub fn contact(rows: &[Vec<RgbImage>], height: u32, margin: u32) -> Result<RgbImage> {
    let shrunk: Vec<Vec<RgbImage>> = rows
        .iter()
        .filter(|row| !row.is_empty())
        .map(|row| {
            let shrink = |picture: &RgbImage| {
                let width = u64::from(picture.width()) * u64::from(height) / u64::from(picture.height().max(1));
                let whole = (0, 0, picture.width(), picture.height());
                picture::resize(picture, whole, (width as u32).max(1), height)
            };
            row.iter().map(shrink).collect()
        })
        .collect();
    let wide = |row: &Vec<RgbImage>| row.iter().map(|picture| picture.width() + margin).sum::<u32>() + margin;
    let width = shrunk.iter().map(wide).max().unwrap_or_default();
    let tall = shrunk.len() as u32 * (height + margin) + margin;
    if shrunk.is_empty() || width > MOST || tall > MOST {
        return Err(Error::invalid("a sheet holds some pictures, and is at most 8192 pixels wide and high")
            .with_context("size", format!("{width}x{tall}")));
    }
    let mut sheet = RgbImage::from_pixel(width, tall, image::Rgb([0x14, 0x14, 0x18]));
    let mut top = margin;
    for row in &shrunk {
        // A row that is shorter than the widest stands in the middle.
        let mut left = margin + (width - wide(row)) / 2;
        for picture in row {
            image::imageops::replace(&mut sheet, picture, i64::from(left), i64::from(top));
            left += picture.width() + margin;
        }
        top += height + margin;
    }
    Ok(sheet)
}

pub(crate) fn no_memory() -> Error {
    Error::new(ErrorKind::Exhausted, "no memory for a picture")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_all_shapes_stand_in_rows() {
        let picture = |width, height| RgbImage::from_pixel(width, height, image::Rgb([200, 0, 0]));
        let sheet = contact(&[vec![picture(90, 160), picture(160, 90)], vec![picture(100, 100)]], 80, 10).unwrap();
        assert_eq!(sheet.dimensions(), (10 + 45 + 10 + 142 + 10, 190));
        assert_eq!(sheet.get_pixel(20, 50).0, [200, 0, 0]);
        assert_eq!(sheet.get_pixel(5, 5).0, [0x14, 0x14, 0x18]);
        assert_eq!(sheet.get_pixel(sheet.width() / 2, 150).0, [200, 0, 0]);
        assert!(contact(&[], 80, 10).is_err() && contact(&[vec![picture(9000, 100)]], 100, 0).is_err());
    }
}
