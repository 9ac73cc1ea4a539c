//! Tests on the real pixels of whole cards, drawn with the built-in fonts alone.

use crate::block::Written;
use crate::card::Setter;
use crate::place::Canvas;
use crate::theme::Theme;
use crate::{SceneGraphics, background, draw, type_area};
use image::RgbImage;
use orion_core::domain::colour::{LEGIBLE, contrast};
use orion_core::domain::{Bar, BlobRef, Card, Look, Ornament, Palette, Sha256};
use orion_core::memory::MemoryBlobs;
use orion_core::port::{BlobStore, ImageModel, ImageRequest, Submission};
use orion_core::{Cancellation, ErrorKind, Operation};
use orion_draw::{FontKit, Pixmap, picture};
use std::sync::Arc;

const PALETTES: [(u32, [u32; 3], u32, u32); 4] = [
    (0x0B_10_2A, [0x5B_3F_D6, 0xC9_4F_8E, 0x1E_6F_D9], 0xFF_CF_5C, 0xFF_FF_FF),
    (0x06_1E_1A, [0x1F_8A_5B, 0x0F_6E_6B, 0xB8_C4_5A], 0xC8_F0_6A, 0xFF_FF_FF),
    // Hard cases: bright ground and glows, an accent and words that do not stand out.
    (0xFF_FF_FF, [0xFF_FF_FF, 0xFF_FF_00, 0x00_FF_FF], 0x20_20_20, 0x80_80_80),
    (0x00_00_00, [0xFF_FF_FF, 0xFF_FF_FF, 0xFF_FF_FF], 0x00_00_FF, 0xFF_E0_E0),
];

fn look(index: usize, seed: u64) -> Look {
    let (background, glows, accent, text) = PALETTES[index % PALETTES.len()];
    Look::new(Palette { name: "test".to_owned(), background, glows, accent, text }, seed)
}

fn request(card: Card, look: Look, (width, height): (u32, u32)) -> ImageRequest {
    ImageRequest {
        prompt: String::new(),
        negative_prompt: String::new(),
        card,
        look,
        picture: None,
        width,
        height,
        seed: 7,
        scene_number: 1,
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn bar(title: &str, value: &str, amount: f64) -> Bar {
    Bar { title: text(title), value: text(value), amount }
}

fn cards() -> Vec<Card> {
    let long = "Donaudampfschifffahrtsgesellschaft and '\"\\:;[],%{}<> ".repeat(4);
    vec![
        Card::Headline { label: text("Breaking"), headline: text("SQLite 4 writes twice as fast") },
        Card::Headline { label: text(""), headline: text("Wow") },
        Card::Headline { label: long.clone(), headline: long.clone() },
        Card::Headline { label: text("\u{0}\u{202E}"), headline: text("") },
        Card::Headline { label: text("عاجل"), headline: text("中文 مرحبا 🚀") },
        Card::Number {
            label: text("The number"),
            headline: text("Voters turned out"),
            value: text("62%"),
            caption: text("of all who could vote"),
        },
        Card::Number { label: text(""), headline: long.clone(), value: long.clone(), caption: long.clone() },
        Card::Quote { quote: text("The bridge will fall"), attribution: text("Ann Roe") },
        Card::Quote { quote: long.clone(), attribution: long.clone() },
        Card::List {
            label: text("Know"),
            headline: text("The storm damaged"),
            items: vec![text("Bridges"), text("Power lines")],
        },
        Card::List { label: long.clone(), headline: long.clone(), items: vec![long.clone(); 9] },
        Card::List { label: text(""), headline: text(""), items: Vec::new() },
        Card::Comparison {
            label: text("Compare"),
            headline: text("The toll rises"),
            left: (text("From"), text("£2")),
            right: (text("To"), text("£5")),
        },
        Card::Comparison {
            label: long.clone(),
            headline: long.clone(),
            left: (long.clone(), long.clone()),
            right: (long.clone(), text("")),
        },
        Card::Closing { headline: text("Follow for more"), credits: vec![text("BBC News"), long.clone()] },
        Card::Closing { headline: long.clone(), credits: vec![long.clone(); 12] },
        Card::Statement { words: text("Divers found 40 cracks in the old bridge"), marked: vec![text("40 cracks")] },
        Card::Statement { words: long.clone(), marked: vec![text("and"), String::new()] },
        Card::Chart {
            label: text("In numbers"),
            headline: text("Where the power came from"),
            bars: vec![bar("Coal", "40%", 40.0), bar("Gas", "25%", 25.0), bar("Wind", "0%", 0.0)],
        },
        Card::Chart { label: text(""), headline: long.clone(), bars: vec![bar(&long, &long, f64::NAN); 9] },
        Card::Timeline {
            label: text("How it went"),
            headline: text(""),
            moments: vec![(text("1912"), text("Bridge opened")), (text("2020"), text("Rebuilt after the flood"))],
        },
        Card::Timeline { label: text(""), headline: long.clone(), moments: vec![(long.clone(), long.clone()); 7] },
        Card::Change {
            label: text("What changes"),
            headline: text("The toll rises"),
            before: (text("From"), text("£2")),
            after: (text("To"), text("£5")),
        },
        Card::Change {
            label: long.clone(),
            headline: long.clone(),
            before: (long.clone(), long.clone()),
            after: (text(""), text("")),
        },
        Card::Place {
            label: text("Where"),
            name: text("Bergen"),
            region: text("Norway"),
            headline: text("The old bridge fell"),
        },
        Card::Place { label: long.clone(), name: long.clone(), region: long.clone(), headline: long },
    ]
}

/// The shapes of videos at half their size: everything follows the canvas.
const HALF: [(u32, u32); 4] = [(540, 960), (960, 540), (540, 540), (540, 676)];

#[test]
fn type_stays_in_its_place_whatever_it_says() {
    let kit = FontKit::embedded();
    let theme = Theme::new(&look(0, 1));
    for (width, height) in HALF.into_iter().chain([(64, 64), (1080, 1920)]) {
        for card in cards() {
            for (credited, branded) in [(false, false), (true, true)] {
                let area = Canvas::new((width, height)).type_area(branded, branded);
                let setter = Setter::new(&kit, &theme, (width, height), area, credited);
                let credit = credited.then_some("Photograph: Jane Doe/AFP");
                let set = setter.set(&card, credit, credited, true).unwrap();
                // Type has a smallest size, which a stamp has no room for. What hangs over is less than a hundredth.
                let stamp = width < 200;
                let (x, y) = (0.008 * width as f32, 0.008 * height as f32);
                for Written { bounds: (left, top, right, bottom), .. } in set.written {
                    let inside = left as f32 >= area.left - x
                        && right as f32 <= area.right + x
                        && top as f32 >= area.top - y
                        && bottom as f32 <= area.bottom + y;
                    assert!(inside || stamp, "{width}x{height} {left} {top} {right} {bottom} {area:?} {card:?}");
                }
            }
        }
    }
}

/// The background as the renderer scales it, under the plates of the type layer.
fn behind(request: &ImageRequest, photo: Option<&RgbImage>) -> (Pixmap, Vec<Written>) {
    let kit = FontKit::embedded();
    let theme = Theme::new(&request.look);
    let setter = Setter::new(&kit, &theme, (request.width, request.height), type_area(request), photo.is_some());
    let credit = photo.map(|_| "Photograph: Jane Doe/AFP");
    let set = setter.set(&request.card, credit, photo.is_some(), true).unwrap();
    let canvas = (request.width, request.height);
    let ground = match photo {
        Some(photo) => background::graded(photo, &theme, request.seed, canvas, set.zone),
        None => background::soft(&theme, request.seed, canvas, set.zone),
    };
    on_ground(&ground, None, set.pixmap, &set.steps, set.written, request)
}

/// The same with the ornament on a layer of its own, which has come nearer.
fn behind_deep(request: &ImageRequest, nearer: f32) -> (Pixmap, Vec<Written>) {
    let kit = FontKit::embedded();
    let theme = Theme::new(&request.look);
    let setter = Setter::new(&kit, &theme, (request.width, request.height), type_area(request), false);
    let set = setter.set(&request.card, None, false, true).unwrap();
    let canvas = (request.width, request.height);
    let (ground, layer) = background::deep(&theme, request.seed, canvas, set.zone).unwrap();
    on_ground(&ground, Some((&layer, nearer)), set.pixmap, &set.steps, set.written, request)
}

fn on_ground(
    ground: &RgbImage,
    near: Option<(&Pixmap, f32)>,
    words: Pixmap,
    steps: &[Pixmap],
    written: Vec<Written>,
    request: &ImageRequest,
) -> (Pixmap, Vec<Written>) {
    use orion_draw::tiny_skia::{FilterQuality, PixmapPaint, Transform};
    let full = picture::resize(ground, (0, 0, ground.width(), ground.height()), request.width, request.height);
    let mut page = picture::to_pixmap(&full).unwrap();
    if let Some((layer, nearer)) = near {
        let scale = request.width as f32 / layer.width() as f32 * nearer;
        let (x, y) = (request.width as f32 * (1.0 - nearer) / 2.0, request.height as f32 * (1.0 - nearer) / 2.0);
        let paint = PixmapPaint { quality: FilterQuality::Bilinear, ..PixmapPaint::default() };
        page.draw_pixmap(0, 0, layer.as_ref(), &paint, Transform::from_row(scale, 0.0, 0.0, scale, x, y), None);
    }
    for layer in std::iter::once(&words).chain(steps) {
        page.draw_pixmap(0, 0, layer.as_ref(), &PixmapPaint::default(), Transform::identity(), None);
    }
    (page, written)
}

/// Smallest contrast of any written line to any pixel behind it.
fn worst(page: &Pixmap, written: &[Written]) -> f64 {
    let mut worst = f64::MAX;
    for Written { bounds: (left, top, right, bottom), colour } in written {
        for y in (*top.max(&0) as u32..*bottom.max(&0) as u32).step_by(2) {
            for x in (*left.max(&0) as u32..*right.max(&0) as u32).step_by(2) {
                let Some(pixel) = page.pixel(x, y) else { continue };
                let hex = u32::from_be_bytes([0, pixel.red(), pixel.green(), pixel.blue()]);
                worst = worst.min(contrast(hex, *colour));
            }
        }
    }
    worst
}

#[test]
fn every_pixel_behind_type_is_dark_enough() {
    for (index, card) in cards().into_iter().enumerate() {
        for palette in 0..PALETTES.len() {
            let size = HALF[(index + palette) % HALF.len()];
            let request = request(card.clone(), look(palette, index as u64), size);
            let (page, written) = behind(&request, None);
            let worst = worst(&page, &written);
            assert!(worst >= LEGIBLE, "{worst:.2}:1 with palette {palette}, card {:?}", request.card);
        }
    }
}

#[test]
fn an_ornament_that_moves_by_itself_stays_behind_type() {
    for (index, card) in cards().into_iter().enumerate().step_by(2) {
        for ornament in [Ornament::Orbits, Ornament::Contours, Ornament::Waves, Ornament::Dots] {
            let size = HALF[index / 2 % HALF.len()];
            let look = Look { ornament: Some(ornament), ..look(index, index as u64) };
            let request = request(card.clone(), look, size);
            for nearer in [1.04, background::NEAR] {
                let (page, written) = behind_deep(&request, nearer);
                let worst = worst(&page, &written);
                assert!(worst >= LEGIBLE, "{worst:.2}:1 of {ornament}, {nearer} nearer, card {:?}", request.card);
            }
        }
    }
}

#[test]
fn parts_that_come_in_by_themselves_have_layers_of_their_own() {
    let kit = FontKit::embedded();
    for card in cards() {
        for size in [HALF[0], HALF[1]] {
            let (steps, drawn) =
                (card.steps().len(), draw(&kit, &request(card.clone(), look(0, 3), size), None).unwrap());
            let stills: Vec<_> = drawn.layers.iter().filter(|layer| !layer.moves).collect();
            assert_eq!(stills.len(), steps + 1, "{card:?}");
            for still in stills {
                let layer = Pixmap::decode_png(&still.bytes).unwrap();
                assert!(layer.pixels().iter().any(|pixel| pixel.alpha() > 0) || steps == 0, "{card:?}");
            }
        }
    }
    let deep = Look { depth: true, ..look(0, 3) };
    let image = draw(&kit, &request(cards().remove(0), deep.clone(), HALF[0]), None).unwrap();
    assert_eq!(image.layers.iter().map(|layer| layer.moves).collect::<Vec<_>>(), [true, true, false]);
    let bare = Look { ornament: Some(Ornament::Bare), ..deep };
    assert_eq!(draw(&kit, &request(cards().remove(0), bare, HALF[0]), None).unwrap().layers.len(), 2);
}

#[test]
fn even_a_white_picture_leaves_type_readable() {
    for (photo, size) in [((1200, 630), HALF[0]), ((600, 1000), HALF[0]), ((1200, 630), HALF[1]), ((300, 300), HALF[3])]
    {
        let photo = RgbImage::from_fn(photo.0, photo.1, |x, y| {
            image::Rgb([255, 255, if (x / 9 + y / 9) % 2 == 0 { 255 } else { 180 }])
        });
        for card in cards() {
            let request = request(card, look(0, 3), size);
            let (page, written) = behind(&request, Some(&photo));
            let worst = worst(&page, &written);
            assert!(worst >= LEGIBLE, "{worst:.2}:1 at {size:?}, card {:?}", request.card);
        }
    }
}

#[test]
fn a_picture_is_seen_above_the_type() {
    let photo = RgbImage::from_fn(1200, 630, |x, _| image::Rgb([220, (x / 5) as u8, 30]));
    let request = request(cards().remove(0), look(0, 3), HALF[0]);
    let (page, _) = behind(&request, Some(&photo));
    let red = (0..1080).step_by(40).filter(|x| page.pixel(*x, 90).is_some_and(|pixel| pixel.red() > 120)).count();
    assert!(red > 20, "{red} of 27 places");
}

#[test]
fn one_video_has_one_ornament_and_seeds_decide() {
    let ornaments: Vec<Ornament> = (0..40).map(|seed| Theme::new(&look(0, seed)).ornament).collect();
    for ornament in [Ornament::Orbits, Ornament::Contours, Ornament::Waves, Ornament::Dots] {
        assert!(ornaments.contains(&ornament), "{ornament:?}");
    }
    let kit = FontKit::embedded();
    let first = request(cards().remove(0), look(0, 5), (540, 960));
    let other = ImageRequest { seed: 8, ..first.clone() };
    let (one, two) = (draw(&kit, &first, None).unwrap(), draw(&kit, &first, None).unwrap());
    assert_eq!(one, two);
    let moved = draw(&kit, &other, None).unwrap();
    assert_ne!(one.layers[0].bytes, moved.layers[0].bytes);
    assert_eq!(one.layers[1].bytes, moved.layers[1].bytes);
}

async fn submitted(graphics: &SceneGraphics, request: &ImageRequest) -> orion_core::port::GeneratedImage {
    match graphics.submit(request, &Operation::detached()).await.unwrap() {
        Submission::Done(image) => image,
        Submission::Pending(handle) => unreachable!("pending as {handle}"),
    }
}

#[tokio::test]
async fn the_port_gives_an_opaque_moving_and_a_still_transparent_layer() {
    let blobs = Arc::new(MemoryBlobs::default());
    let graphics = SceneGraphics::new(blobs.clone()).with_fonts(FontKit::embedded());
    let photo = RgbImage::from_pixel(640, 400, image::Rgb([200, 60, 20]));
    let file = blobs.put(picture::encode_jpeg(&photo, 90).unwrap().into(), "image/jpeg").await.unwrap();
    let damaged = blobs.put(vec![0xFF, 0xD8, 0xFF, 0, 1, 2].into(), "image/jpeg").await.unwrap();
    let gone = BlobRef { sha256: Sha256::of(b"gone"), length: 4, media_type: text("image/png") };
    let plain = request(cards().remove(0), look(0, 3), (540, 960));
    let without = submitted(&graphics, &plain).await;
    for blob in [damaged, gone] {
        let request = ImageRequest { picture: Some((blob, Some(text("Nobody")))), ..plain.clone() };
        assert_eq!(submitted(&graphics, &request).await, without, "a picture that cannot be shown is left out");
    }
    let with = submitted(&graphics, &ImageRequest { picture: Some((file, None)), ..plain.clone() }).await;
    assert_ne!(with.layers[0].bytes, without.layers[0].bytes);
    for image in [with, without] {
        assert_eq!(image.layers.iter().map(|layer| layer.moves).collect::<Vec<_>>(), [true, false]);
        for layer in &image.layers {
            assert_eq!(picture::dimensions(&layer.bytes).unwrap(), (layer.width, layer.height));
        }
        let type_layer = Pixmap::decode_png(&image.layers[1].bytes).unwrap();
        assert_eq!((type_layer.width(), type_layer.height()), (540, 960));
        assert!(type_layer.pixels().iter().any(|pixel| pixel.alpha() == 255));
        assert!(type_layer.pixels()[..540 * 40].iter().all(|pixel| pixel.alpha() == 0));
    }
}

#[tokio::test]
async fn the_port_keeps_its_contract() {
    let graphics = SceneGraphics::new(Arc::new(MemoryBlobs::default())).with_fonts(FontKit::embedded());
    let good = request(cards().remove(0), look(0, 3), (64, 64));
    for size in [(63, 100), (100, 4097)] {
        let bad = ImageRequest { width: size.0, height: size.1, ..good.clone() };
        let error = graphics.submit(&bad, &Operation::detached()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
    let stopped = Operation::new(Cancellation::new(), Arc::new(|_| {}));
    stopped.cancellation.cancel();
    assert_eq!(graphics.submit(&good, &stopped).await.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(graphics.wait("any", &Operation::detached()).await.unwrap_err().kind(), ErrorKind::NotFound);
    graphics.cancel("any").await.unwrap();
}

async fn make_model() -> (Arc<dyn ImageModel>, ()) {
    (Arc::new(SceneGraphics::new(Arc::new(MemoryBlobs::new()))), ())
}

orion_core::image_conformance!(make_model);
