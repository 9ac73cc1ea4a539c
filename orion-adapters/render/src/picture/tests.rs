use super::plane::{Plane, yuv};
use super::*;
use image::{Rgba, RgbaImage};
use orion_core::domain::timeline::{Motion, PlannedLayer, PlannedScene, View};

const CANVAS: orion_core::domain::timeline::Canvas =
    orion_core::domain::timeline::Canvas { width: 128, height: 96, frames_per_second: 30 };

fn planned(view: View, opacity: f64, offset_y: f64) -> PlannedScene {
    let layers = vec![PlannedLayer { layer: 0, view, opacity, offset_y }];
    PlannedScene { scene: 0, age: 0, opacity: 1.0, offset_x: 0.0, offset_y: 0.0, uncovered: 1.0, layers }
}

fn draw(scene: &PlannedScene, picture: &Picture) -> Frame {
    let mut frame = Frame::black(128, 96);
    Composer::new(CANVAS).draw(&[(scene, std::slice::from_ref(picture))], None, &mut frame);
    frame
}

#[test]
fn colours_are_bt_709_in_limited_range() {
    // 8-bit values of the 100 % colour bars of ITU-R BT.709.
    for (colour, expected) in [
        ([255, 255, 255], [235, 128, 128]),
        ([0, 0, 0], [16, 128, 128]),
        ([255, 0, 0], [63, 102, 240]),
        ([0, 255, 0], [173, 42, 26]),
        ([0, 0, 255], [32, 240, 118]),
        ([255, 255, 0], [219, 16, 138]),
    ] {
        assert_eq!(yuv(colour.map(|value: u8| f32::from(value))).map(|value| value.round() as u8), expected);
        let picture = Picture::from_rgba(&RgbaImage::from_pixel(6, 4, Rgba([colour[0], colour[1], colour[2], 255])));
        assert!(picture.alpha.is_none());
        for (plane, expected) in picture.planes.iter().zip(expected) {
            assert!(plane.samples.iter().all(|sample| *sample == expected));
        }
    }
}

#[test]
fn a_frame_goes_back_to_the_colours_it_was_made_of() {
    let image = RgbaImage::from_fn(128, 96, |x, y| Rgba([(x * 2) as u8, (y * 2) as u8, (255 - x - y) as u8, 255]));
    let back = draw(&planned(View::WHOLE, 1.0, 0.0), &Picture::from_rgba(&image)).to_rgb();
    for (pixel, before) in back.pixels().zip(image.pixels()) {
        for channel in 0..3 {
            assert!(pixel[channel].abs_diff(before[channel]) <= 4, "{pixel:?} was {before:?}");
        }
    }
}

/// Centre of brightness of a frame.
fn centroid(frame: &Frame) -> (f64, f64) {
    let (mut x_sum, mut y_sum, mut sum) = (0.0, 0.0, 0.0);
    for (index, sample) in frame.bytes[..frame.width * frame.height].iter().enumerate() {
        let light = f64::from(*sample) - 16.0;
        x_sum += light * (index % frame.width) as f64;
        y_sum += light * (index / frame.width) as f64;
        sum += light;
    }
    (x_sum / sum, y_sum / sum)
}

#[test]
fn slow_motion_is_smooth_to_a_fraction_of_a_pixel() {
    let dot = RgbaImage::from_fn(256, 192, |x, y| {
        let distance = (f64::from(x) - 126.0).powi(2) + (f64::from(y) - 97.0).powi(2);
        let light = (255.0 * (-distance / 60.0).exp()) as u8;
        Rgba([light, light, light, 255])
    });
    let picture = Picture::from_rgba(&dot);
    let motion = Motion { from: View { x: 0.45, y: 0.5, zoom: 2.0 }, to: View { x: 0.53, y: 0.48, zoom: 2.3 } };
    let frames = 100;
    let mut squares = 0.0;
    for number in 0..frames {
        let view = motion.at(f64::from(number) / f64::from(frames - 1));
        let (x, y) = centroid(&draw(&planned(view, 1.0, 0.0), &picture));
        let seen = view.rectangle((256, 192), &CANVAS);
        let expected_x = (126.5 - seen.x) * 128.0 / seen.width - 0.5;
        let expected_y = (97.5 - seen.y) * 96.0 / seen.height - 0.5;
        squares += (x - expected_x).powi(2) + (y - expected_y).powi(2);
    }
    let rms = (squares / f64::from(frames)).sqrt();
    assert!(rms < 0.02, "rms {rms:.4} px");
}

#[test]
fn type_is_blended_and_rises_between_the_pixels() {
    let image = RgbaImage::from_fn(128, 96, |x, y| {
        let inside = (32..96).contains(&x) && (40..60).contains(&y);
        Rgba([255, 255, 255, if inside { 128 } else { 0 }])
    });
    let picture = Picture::from_rgba(&image);
    let still = draw(&planned(View::WHOLE, 1.0, 0.0), &picture);
    let at = |frame: &Frame, x: usize, y: usize| frame.bytes[y * 128 + x];
    assert_eq!(at(&still, 64, 50), 126);
    assert_eq!(at(&still, 20, 50), 16);
    let half = draw(&planned(View::WHOLE, 0.5, 0.0), &picture);
    assert_eq!(at(&half, 64, 50), 71);
    // A shift by two and a half pixels.
    let risen = draw(&planned(View::WHOLE, 1.0, 2.5 / 96.0), &picture);
    let (_, before) = centroid(&still);
    let (_, after) = centroid(&risen);
    assert!((after - before - 2.5).abs() < 0.02, "{before} to {after}");
    assert_eq!(at(&risen, 64, 42), 71);
}

#[test]
fn transitions_mix_and_push() {
    let white = Picture::from_rgba(&RgbaImage::from_pixel(128, 96, Rgba([255, 255, 255, 255])));
    let black = Picture::from_rgba(&RgbaImage::from_pixel(128, 96, Rgba([0, 0, 0, 255])));
    let back = planned(View::WHOLE, 1.0, 0.0);
    let check = |opacity: f64, offset_x: f64, offset_y: f64, expected: [u8; 3]| {
        let front = PlannedScene { opacity, offset_x, offset_y, ..planned(View::WHOLE, 1.0, 0.0) };
        let mut frame = Frame::black(128, 96);
        let scenes = [(&back, std::slice::from_ref(&black)), (&front, std::slice::from_ref(&white))];
        Composer::new(CANVAS).draw(&scenes, None, &mut frame);
        assert_eq!([(1, 1), (126, 1), (1, 94)].map(|(x, y)| frame.bytes[y * 128 + x]), expected);
    };
    check(0.5, 0.0, 0.0, [126, 126, 126]);
    check(1.0, 0.25, 0.0, [16, 235, 16]);
    check(1.0, 0.0, 0.25, [16, 16, 235]);
}

#[test]
fn a_wipe_goes_evenly_from_side_to_side() {
    let white = Picture::from_rgba(&RgbaImage::from_pixel(128, 96, Rgba([255, 255, 255, 255])));
    let black = Picture::from_rgba(&RgbaImage::from_pixel(128, 96, Rgba([0, 0, 0, 255])));
    let back = planned(View::WHOLE, 1.0, 0.0);
    let light = |uncovered: f64| {
        let front = PlannedScene { uncovered, ..planned(View::WHOLE, 1.0, 0.0) };
        let mut frame = Frame::black(128, 96);
        let scenes = [(&back, std::slice::from_ref(&black)), (&front, std::slice::from_ref(&white))];
        Composer::new(CANVAS).draw(&scenes, None, &mut frame);
        let row: Vec<f64> = frame.bytes[..128].iter().map(|sample| (f64::from(*sample) - 16.0) / 219.0).collect();
        assert!(row.windows(2).all(|pair| pair[0] >= pair[1]), "the new scene is on the left");
        row.iter().sum::<f64>() / 128.0
    };
    assert!(light(1e-9) < 0.001 && light(0.999_999) > 0.999);
    // In the middle of its way the edge goes by less than a pixel where that is its step.
    let steps: Vec<f64> = (0..40).map(|step| light(0.3 + f64::from(step) / 1000.0)).collect();
    for pair in steps.windows(2) {
        assert!(((pair[1] - pair[0]) * 128.0 - 0.128 * 1.12).abs() < 0.03, "{pair:?}");
    }
}

#[test]
fn a_frame_is_the_same_however_many_threads_draw_it() {
    let ground = RgbaImage::from_fn(300, 180, |x, y| Rgba([(x * 7) as u8, (y * 5) as u8, (x ^ y) as u8, 255]));
    let pictures = [Picture::from_rgba(&ground)];
    let view = |zoom| View { zoom, ..View::WHOLE };
    let drawn = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let changes: [fn(&mut PlannedScene); 4] =
            [|_| {}, |scene| scene.opacity = 0.3, |scene| scene.uncovered = 0.4, |scene| scene.offset_x = 0.6];
        pool.install(|| {
            changes.map(|change| {
                let (old, mut new) = (planned(view(1.1), 1.0, 0.0), planned(view(1.37), 1.0, 0.0));
                change(&mut new);
                let mut frame = Frame::black(128, 96);
                Composer::new(CANVAS).draw(&[(&old, &pictures), (&new, &pictures)], None, &mut frame);
                frame
            })
        })
    };
    let alone = drawn(1);
    assert!(alone[1..].iter().all(|frame| *frame != alone[0]));
    assert_eq!(drawn(4), alone);
}

#[test]
fn an_overlay_lies_where_it_is_put_and_is_cut_at_the_edge() {
    let red = Picture::from_rgba(&RgbaImage::from_pixel(20, 10, Rgba([255, 0, 0, 255])));
    let mut frame = Frame::black(128, 96);
    Composer::new(CANVAS).draw(&[], Some(&Overlay { picture: red, x: 118, y: 90 }), &mut frame);
    let row = |y: usize| frame.bytes[y * 128..(y + 1) * 128].iter().filter(|sample| **sample == 63).count();
    assert_eq!((row(89), row(90), row(95)), (0, 10, 10));
}

#[test]
fn odd_sides_and_bad_files_do_no_harm() {
    let picture = Picture::from_rgba(&RgbaImage::from_pixel(7, 5, Rgba([9, 99, 199, 255])));
    assert_eq!((picture.width(), picture.height()), (8, 6));
    assert!(picture.planes.iter().all(|plane: &Plane| plane.samples.iter().all(|sample| *sample == plane.samples[0])));
    for bytes in [&b""[..], b"not a picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"] {
        let error = decode(bytes, Limits::default()).unwrap_err();
        assert_eq!(error.kind(), orion_core::ErrorKind::Invalid);
    }
    let mut png = std::io::Cursor::new(Vec::new());
    RgbaImage::new(64, 64).write_to(&mut png, image::ImageFormat::Png).unwrap();
    let error = decode(png.get_ref(), Limits { side: 32, memory: 1 << 20 }).unwrap_err();
    assert_eq!(error.kind(), orion_core::ErrorKind::Exhausted);
}

#[test]
fn a_picture_larger_than_its_motion_shows_is_made_smaller() {
    let large = RgbaImage::new(1280, 960);
    let motion = Motion { from: View::WHOLE, to: View { zoom: 1.5, ..View::WHOLE } };
    assert_eq!(for_canvas(large, &CANVAS, &motion).dimensions(), (192, 144));
    assert_eq!(for_canvas(RgbaImage::new(130, 96), &CANVAS, &motion).dimensions(), (130, 96));
}
