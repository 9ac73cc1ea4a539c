//! Thumbnails, on their pixels.

use super::*;
use orion_core::domain::SafeArea;

#[tokio::test(flavor = "multi_thread")]
async fn a_thumbnail_has_its_size_and_bears_any_title() {
    let Some(bench) = Bench::new() else { return };
    let timeline = bench.timeline().await;
    let layers: Vec<BlobRef> = timeline.scenes[1].layers.iter().map(|layer| layer.picture.clone()).collect();
    let long = "a_very_long_word_without_a_break ".repeat(30);
    for title in ["", "A title", &long, HOSTILE[3]] {
        let canvas = Canvas { width: 640, height: 360, frames_per_second: 1 };
        let (layers, title, accent) = (layers.clone(), title.to_owned(), 0x00FF88);
        let request = ThumbnailRequest { layers, title, accent, canvas, covered: SafeArea::WHOLE };
        let drawn = bench.renderer().thumbnail(&request).await.unwrap();
        let (blob, marks) = (drawn.picture, drawn.marks);
        assert!((0.0..=1.0).contains(&marks.score()) && (marks.title > 0.0) != request.title.is_empty(), "{marks:?}");
        let picture = image::load_from_memory(&bench.blobs.require(&blob).await.unwrap()).unwrap();
        assert_eq!((picture.width(), picture.height()), (640, 360));
        assert_eq!(blob.media_type, "image/jpeg");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_stays_where_no_app_covers_it() {
    let Some(bench) = Bench::new() else { return };
    let canvas = Canvas { width: 540, height: 960, frames_per_second: 1 };
    let title = "A title of several words that takes some lines".to_owned();
    let covered = SafeArea::of_all();
    let request = ThumbnailRequest { layers: Vec::new(), title, accent: 0x00FF88, canvas, covered };
    let drawn = bench.renderer().thumbnail(&request).await.unwrap();
    let picture = image::load_from_memory(&bench.blobs.require(&drawn.picture).await.unwrap()).unwrap().to_luma8();
    let (mut lights, inside) = (0, |share: f64, full: u32| (share * f64::from(full)) as u32);
    for (x, y, pixel) in picture.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] > 128) {
        lights += 1;
        let across = inside(covered.left, 540)..=540 - inside(covered.right, 540);
        assert!(across.contains(&x) && y <= 960 - inside(covered.bottom, 960), "{x} {y} {pixel:?}");
    }
    assert!(lights > 1000 && drawn.marks.title > 0.9, "{lights} {:?}", drawn.marks);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thumbnail_shows_its_picture_and_its_title_over_it() {
    let Some(bench) = Bench::new() else { return };
    let green = bench.picture(&RgbaImage::from_pixel(90, 160, Rgba([20, 200, 40, 255]))).await;
    for (width, height) in [(1280, 720), (1080, 1920)] {
        let canvas = Canvas { width, height, frames_per_second: 1 };
        let draw = async |title: &str| {
            let (layers, title) = (vec![green.clone()], title.to_owned());
            let request = ThumbnailRequest { layers, title, accent: 0xFF0000, canvas, covered: SafeArea::WHOLE };
            let drawn = bench.renderer().thumbnail(&request).await.unwrap();
            let file = bench.blobs.require(&drawn.picture).await.unwrap();
            assert!(file.len() < 2_000_000, "{}", file.len());
            image::load_from_memory(&file).unwrap().to_rgb8()
        };
        let (with, without) = (draw("Green").await, draw("").await);
        for picture in [&with, &without] {
            assert_eq!(picture.dimensions(), (width, height));
            let [red, green, blue] = picture.get_pixel(width / 2, height / 8).0;
            assert!(red.abs_diff(20) < 8 && green.abs_diff(200) < 8 && blue.abs_diff(40) < 8, "{red} {green} {blue}");
        }
        let (mut light, mut accent, mut above) = (0, 0, 0);
        for ((_, y, one), other) in with.enumerate_pixels().zip(without.pixels()) {
            let [red, green, blue] = one.0;
            if one.0.iter().zip(other.0).all(|(one, other)| one.abs_diff(other) < 24) {
                continue;
            }
            light += u32::from(red > 200 && green > 200 && blue > 200);
            accent += u32::from(red > 180 && green < 90 && blue < 90);
            above += u32::from(y < height / 2);
        }
        assert!(light > 1000 && accent > 100 && above == 0, "{light} {accent} {above}");
    }
}
