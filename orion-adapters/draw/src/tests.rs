//! Tests of layout, coverage and files together, on the built-in fonts alone.

use crate::*;

const HOSTILE: [&str; 12] = [
    "",
    "   \t\n",
    "one",
    "'\"\\:;[],%{}<>",
    "\u{0}\u{7}\u{202E}\u{FEFF}\u{FFFF}",
    "👩‍👩‍👧‍👦🏳️‍🌈🚀",
    "مرحبا بالعالم",
    "中文字体测试没有空格的一行文字",
    "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "Pneumonoultramicroscopicsilicovolcanoconiosis",
    "https://example.com/a/very/long/path?with=parameters&and=more#fragment",
    "An ordinary headline that is rather long and goes on and on until nobody can remember how it once began, \
     which happens to be exactly the point of this sentence, and it has two hundred letters or more",
];

fn inside(layout: &TextLayout, width: f32, height: f32) {
    let ink = layout.coverage(&Select::All, Ink::Fill);
    assert!(layout.lines.iter().all(|line| line.left >= -0.6 && line.right <= width + 0.6), "{layout:?}");
    assert!(layout.height <= height + 1.0, "height {} of {height}", layout.height);
    assert!(ink.alpha.is_empty() || (ink.left as f32) >= -6.0 && (ink.left + ink.width as i32) as f32 <= width + 6.0);
    for word in &layout.words {
        assert!(word.bounds.left() >= -0.6 && word.bounds.right() <= width + 0.6, "{word:?}");
    }
}

#[test]
fn whatever_the_text_it_fits_its_box() {
    let kit = FontKit::embedded();
    for text in HOSTILE {
        for (width, height) in [(900.0, 400.0), (300.0, 300.0), (120.0, 60.0)] {
            let layout = kit.fit(text, TextStyle::new(Weight::Black, 120.0), 20.0, (width, height), 5);
            inside(&layout, width, height);
        }
    }
}

#[test]
fn fit_takes_the_largest_size_that_fits() {
    let kit = FontKit::embedded();
    let style = TextStyle::new(Weight::Black, 200.0);
    let text = "SQLite 4 writes twice as fast";
    let layout = kit.fit(text, style, 20.0, (900.0, 300.0), 3);
    assert_eq!(layout.missing, 0);
    assert!(!layout.broken && !layout.truncated);
    let bigger = kit.layout(text, TextStyle { size: layout.style.size + 2.0, ..style }, 900.0, 99);
    assert!(bigger.height > 300.0 || bigger.width > 900.0 || bigger.lines.len() > 3);
}

#[test]
fn a_long_word_shrinks_and_only_a_monster_is_broken() {
    let kit = FontKit::embedded();
    let style = TextStyle::new(Weight::Black, 120.0);
    let long = kit.fit("Donaudampfschifffahrtsgesellschaft", style, 20.0, (900.0, 400.0), 3);
    assert_eq!((long.lines.len(), long.broken), (1, false));
    let monster = kit.fit(&"x".repeat(200), style, 20.0, (400.0, 400.0), 8);
    assert!(monster.broken && monster.lines.len() > 1);
}

#[test]
fn words_keep_their_numbers_through_lines_and_gaps() {
    let kit = FontKit::embedded();
    let layout = kit.layout("one \u{1F680} three four five six", TextStyle::new(Weight::Bold, 60.0), 300.0, 9);
    let numbers: Vec<usize> = layout.words.iter().map(|word| word.index).collect();
    assert_eq!(numbers, [0, 2, 3, 4, 5]);
    assert!(layout.lines.len() > 1);
    for pair in layout.words.windows(2) {
        let follows = pair[1].line > pair[0].line || pair[1].bounds.left() >= pair[0].bounds.right() - 1.0;
        assert!(follows, "{pair:?}");
    }
    let all = layout.coverage(&Select::All, Ink::Fill);
    let sum = |mask: &Mask| mask.alpha.iter().map(|alpha| u64::from(*alpha)).sum::<u64>();
    let parts: u64 = (0..6).map(|word| sum(&layout.coverage(&Select::Words(word..word + 1), Ink::Fill))).sum();
    assert!(sum(&all).abs_diff(parts) < parts / 100, "the words together are the text");
}

#[test]
fn lines_are_balanced_and_leave_no_orphan() {
    let kit = FontKit::embedded();
    let style = TextStyle::new(Weight::Black, 80.0);
    for text in ["The council votes on the new budget today in a", "Nobody expected this outcome at all so"] {
        let layout = kit.layout(text, style, 900.0, 5);
        let last = layout.lines.last().unwrap();
        let widest = layout.lines.iter().map(|line| line.right - line.left).fold(0.0, f32::max);
        assert!(layout.lines.len() > 1 && (last.right - last.left) / widest > 0.33, "{:?}", layout.lines);
    }
}

#[test]
fn too_much_text_ends_in_an_ellipsis_at_a_word() {
    let kit = FontKit::embedded();
    let layout = kit.layout(&"several words in a row ".repeat(20), TextStyle::new(Weight::Medium, 40.0), 400.0, 3);
    assert!(layout.truncated);
    assert!(layout.lines.len() <= 3 && !layout.words.is_empty());
    let last = layout.words.last().unwrap();
    let bare = kit.layout("several words in a row", TextStyle::new(Weight::Medium, 40.0), 9000.0, 1);
    let plain = bare.words[last.index % 5].bounds.width();
    assert!(last.bounds.width() > plain + 10.0, "the ellipsis stands at the last word");
    let cut = kit.fit(&"x".repeat(3000), TextStyle::new(Weight::Medium, 40.0), 30.0, (300.0, 100.0), 2);
    assert!(cut.truncated);
    inside(&cut, 300.0, 100.0);
}

#[test]
fn alignment_moves_lines_within_their_width() {
    let kit = FontKit::embedded();
    for (align, expected) in [(Align::Left, 0.0), (Align::Centre, 0.5), (Align::Right, 1.0), (Align::Start, 0.0)] {
        let layout = kit.layout("word", TextStyle::new(Weight::Bold, 40.0).align(align), 500.0, 1);
        let slack = 500.0 - layout.width;
        assert!((layout.lines[0].left - slack * expected).abs() < 0.5, "{align:?}");
    }
}

#[test]
fn an_outline_covers_more_than_the_fill_and_a_shadow_is_softer() {
    let kit = FontKit::embedded();
    let layout = kit.layout("Outline", TextStyle::new(Weight::Black, 60.0), f32::INFINITY, 1);
    let (fill, outline) = (layout.coverage(&Select::All, Ink::Fill), layout.coverage(&Select::All, Ink::Outline(6.0)));
    assert!(outline.left <= fill.left - 5 && outline.width >= fill.width + 10);
    let soft = fill.blurred(8.0);
    let sum = |mask: &Mask| mask.alpha.iter().map(|alpha| f64::from(*alpha)).sum::<f64>();
    assert!((sum(&soft) / sum(&fill) - 1.0).abs() < 0.03);
}

#[test]
fn drawing_beyond_the_edges_is_harmless() {
    let kit = FontKit::embedded();
    let layout = kit.layout("beyond", TextStyle::new(Weight::Black, 60.0), f32::INFINITY, 1);
    let mut page = Pixmap::new(50, 50).unwrap();
    let paint = TextPaint::solid(rgb(0xFF_FF_FF)).shadow(Shadow { x: 0.0, y: 4.0, blur: 6.0, colour: rgba(0, 0.5) });
    for (x, y) in [(-20, -20), (40, 40), (-5000, 0), (5000, 5000)] {
        layout.draw(&mut page, x, y, &paint);
    }
    assert!(page.pixels().iter().any(|pixel| pixel.alpha() > 0));
}

#[test]
fn the_same_text_gives_the_same_pixels() {
    let draw = || {
        let mut page = Pixmap::new(400, 100).unwrap();
        let layout = FontKit::embedded().layout("the same", TextStyle::new(Weight::Black, 60.0), 400.0, 1);
        layout.draw(&mut page, 5, 5, &TextPaint::solid(rgb(0xFF_FF_FF)));
        page
    };
    assert_eq!(draw(), draw());
}

#[test]
fn pictures_survive_encoding_and_bombs_are_refused() {
    let picture = image::RgbImage::from_fn(64, 48, |x, y| image::Rgb([(x * 4) as u8, (y * 5) as u8, 90]));
    let bytes = picture::encode_png_rgb(&picture).unwrap();
    assert_eq!(picture::decode(&bytes).unwrap(), picture);
    assert_eq!(picture::dimensions(&picture::encode_jpeg(&picture, 90).unwrap()).unwrap(), (64, 48));
    let mut bomb = bytes.clone();
    // The header's width and height become 60,000 each, with a fitting checksum.
    bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    let checksum = crc32(&bomb[12..29]).to_be_bytes();
    bomb[29..33].copy_from_slice(&checksum);
    assert_eq!(picture::decode(&bomb).unwrap_err().kind(), orion_core::ErrorKind::Exhausted);
    for bad in [&b""[..], b"GIF89a", b"<svg/>", &bytes[..40], &bytes[..bytes.len() / 2]] {
        assert!(picture::decode(bad).is_err());
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 })
    })
}

#[test]
fn cropping_keeps_what_there_is_to_see() {
    // Grey everywhere, and a coloured pattern at the right.
    let wide = image::RgbImage::from_fn(400, 200, |x, y| {
        if x > 290 && (x / 8 + y / 8) % 2 == 0 { image::Rgb([220, 40, 30]) } else { image::Rgb([128, 128, 128]) }
    });
    let cut = picture::cover(&wide, 90, 180);
    let red = cut.pixels().filter(|pixel| pixel.0[0] > 180 && pixel.0[1] < 90).count();
    assert_eq!(cut.dimensions(), (90, 180));
    assert!(red > 90 * 180 / 4, "{red} red pixels");
}

#[test]
fn resizing_keeps_brightness_and_flat_colour() {
    let flat = image::RgbImage::from_pixel(317, 211, image::Rgb([10, 128, 250]));
    for (width, height) in [(64, 64), (317, 211), (1000, 700), (1, 1)] {
        let other = picture::resize(&flat, (0, 0, 317, 211), width, height);
        assert!(other.pixels().all(|pixel| pixel.0 == [10, 128, 250]));
    }
}

#[test]
fn fonts_that_are_given_come_first_and_the_built_in_ones_fill_in() {
    let bold: &[u8] = include_bytes!("../fonts/inter-bold.ttf");
    let given = FontKit::with_files(&[bold]).unwrap();
    let own = FontKit::embedded();
    let width = |kit: &FontKit, weight| {
        kit.layout("Harbour", TextStyle::new(weight, 60.0).letter_spacing(0.0), f32::INFINITY, 1).width
    };
    // One file stands for every weight.
    let widths = |kit: &FontKit| [Weight::Medium, Weight::Bold, Weight::Black].map(|weight| width(kit, weight));
    assert_eq!(widths(&given), [widths(&own)[1]; 3], "{:?}", widths(&own));
    assert_eq!(given.layout("Ωmega Жук", TextStyle::new(Weight::Bold, 60.0), f32::INFINITY, 1).missing, 0);
    let none: [&[u8]; 0] = [];
    for files in [&none[..], &[b"no font".as_slice()], &[bold, b""]] {
        assert_eq!(FontKit::with_files(files).unwrap_err().kind(), orion_core::ErrorKind::Invalid);
    }
}
