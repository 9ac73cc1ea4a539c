//! Whether captions can be read whatever is behind them, measured on frames of finished files.
//!
//! Where letters and their outline are is known, not guessed: what is drawn over black and over white alike is caption,
//! and of that letters have the style's own colours. In the decoded frame no way may lead from a letter to the picture
//! but over something dark enough.

use crate::FfmpegRenderer;
use crate::tests::{Bench, settings};
use image::{Rgb, RgbImage};
use orion_core::MediaTime;
use orion_core::Operation;
use orion_core::domain::Template;
use orion_core::domain::colour::{LEGIBLE, contrast, luminance, mix};
use orion_core::domain::timeline::*;
use orion_core::port::{BlobStore, BlobStoreExt, Renderer};

/// Frames of each scene.
const FRAMES: u64 = 3;
/// What drawing, chroma of half the size and rounding may change of what is opaque, of 255.
const SAME: u8 = 6;

/// A picture of one colour.
fn plain(grey: u8) -> RgbImage {
    RgbImage::from_pixel(64, 64, Rgb([grey; 3]))
}

/// Blocks of all colours and of all sizes down to a pixel, in a fixed order that looks like none.
fn busy(canvas: &Canvas) -> RgbImage {
    let value = |x: u32, y: u32, part: u32| {
        let hash = (x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77) ^ part.wrapping_mul(0xC2B2_AE3D)) >> 5;
        (hash.wrapping_mul(0x2C1B_3C6D) >> 24) as u8
    };
    RgbImage::from_fn(canvas.width, canvas.height, |x, y| {
        let size = [1, 4, 16, 48][(x / 96 + y / 96) as usize % 4];
        Rgb([0, 1, 2].map(|part| value(x / size, y / size, part)))
    })
}

/// Cuts between pictures, with two words over all of them, the first of which is being spoken.
async fn timeline(bench: &Bench, style: &CaptionStyle, canvas: Canvas, pictures: &[RgbImage]) -> Timeline {
    let length = canvas.time_of(FRAMES);
    let mut scenes = Vec::new();
    for (id, picture) in (0..).zip(pictures) {
        let picture = bench.picture(&image::DynamicImage::from(picture.clone()).into_rgba8()).await;
        let layer = Layer { picture, motion: Motion::STILL, entrance: Entrance::None };
        let transition = Transition { kind: TransitionKind::Cut, duration: MediaTime::ZERO };
        scenes.push(Scene { id, duration: length, layers: vec![layer], transition, locked: false });
    }
    let end: MediaTime = scenes.iter().map(|scene| scene.duration).sum();
    let last = canvas.time_of(FRAMES * pictures.len() as u64 - 1);
    let word = |text: &str, start, end| TimedWord { text: text.to_owned(), start, end };
    let words = vec![word("Quickly", MediaTime::ZERO, last), word("jilted, 8% @home", last, end)];
    Timeline {
        version: Timeline::VERSION,
        canvas,
        scenes,
        captions: Captions { style: style.clone(), cues: vec![Cue { start: MediaTime::ZERO, end, words }] },
        audio: Vec::new(),
        loudness: Loudness::PLATFORM,
    }
}

/// The frame in the middle of each scene, as the finished file has it.
async fn decoded(bench: &Bench, renderer: &FfmpegRenderer, timeline: &Timeline) -> Vec<RgbImage> {
    let rendered = renderer.render(timeline, &settings(), &Operation::detached()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("video.mp4");
    bench.blobs.export(rendered.video.sha256, &file).await.unwrap();
    let mut command = std::process::Command::new(bench.tools.ffmpeg().unwrap());
    command.args(["-nostdin", "-v", "error", "-i"]).arg(&file);
    command.args(["-vf", "scale=in_color_matrix=bt709:in_range=tv:flags=bicubic+accurate_rnd"]);
    let output = command.args(["-pix_fmt", "rgb24", "-f", "rawvideo", "pipe:1"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let Canvas { width, height, .. } = timeline.canvas;
    let frames = output.stdout.chunks_exact((width * height * 3) as usize);
    let middles = frames.skip(FRAMES as usize / 2).step_by(FRAMES as usize);
    middles.map(|frame| RgbImage::from_raw(width, height, frame.to_vec()).unwrap()).collect()
}

/// The frame of a timeline as it is drawn.
async fn drawn(bench: &Bench, renderer: &FfmpegRenderer, timeline: &Timeline) -> RgbImage {
    let png = renderer.frame(timeline, MediaTime::ZERO).await.unwrap();
    image::load_from_memory(&bench.blobs.require(&png).await.unwrap()).unwrap().into_rgb8()
}

fn hex(pixel: &Rgb<u8>) -> u32 {
    pixel.0.iter().fold(0, |hex, part| hex << 8 | u32::from(*part))
}

/// What a caption is at each pixel.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// The picture shows through.
    Open,
    Letter,
    /// Opaque, and no letter.
    Outline,
}

/// Where letters are, from the same caption over black and over white.
fn parts(style: &CaptionStyle, black: &RgbImage, white: &RgbImage) -> Vec<Part> {
    // By their light: the chroma of a thin stroke is mixed with that of what is beside it.
    let colours = [style.fill, style.highlight];
    let lightest = colours.map(|colour| contrast(mix(colour, 0, 0.06), 0)).into_iter().fold(f64::MAX, f64::min);
    let part = |(on_black, on_white): (&Rgb<u8>, &Rgb<u8>)| {
        let opaque = on_black.0.iter().zip(&on_white.0).all(|(one, other)| one.abs_diff(*other) <= SAME);
        if !opaque {
            Part::Open
        } else if contrast(hex(on_black), 0) >= lightest {
            Part::Letter
        } else {
            Part::Outline
        }
    };
    black.pixels().zip(white.pixels()).map(part).collect()
}

/// Whether every way from a letter to the picture leads over a pixel that has this contrast to the letters, corner to
/// corner included: what a caption is read by is a closed line around each letter.
fn enclosed(frame: &RgbImage, parts: &[Part], letters: u32, least: f64) -> bool {
    let (width, height) = frame.dimensions();
    let mut seen = vec![false; parts.len()];
    let mut ways: Vec<usize> = (0..parts.len()).filter(|at| parts[*at] == Part::Letter).collect();
    ways.iter().for_each(|at| seen[*at] = true);
    while let Some(at) = ways.pop() {
        let (x, y) = (at as u32 % width, at as u32 / width);
        let near = |middle: u32, side: u32| middle.saturating_sub(1)..(middle + 2).min(side);
        for (x, y) in near(y, height).flat_map(|y| near(x, width).map(move |x| (x, y))) {
            let next = (y * width + x) as usize;
            if !seen[next] && contrast(letters, hex(frame.get_pixel(x, y))) < least {
                if parts[next] == Part::Open {
                    return false;
                }
                seen[next] = true;
                ways.push(next);
            }
        }
    }
    true
}

/// The colour of the letters in a frame: that of which only a twentieth is darker.
fn letters(frame: &RgbImage, parts: &[Part]) -> u32 {
    let of_letters = frame.pixels().zip(parts).filter(|(_, part)| **part == Part::Letter);
    let mut all: Vec<u32> = of_letters.map(|(pixel, _)| hex(pixel)).collect();
    all.sort_by(|one, other| luminance(*one).total_cmp(&luminance(*other)));
    all[all.len() / 20]
}

/// Renders a style over bright, dark and busy pictures and holds every frame against 7:1.
async fn is_read(bench: &Bench, style: &CaptionStyle, format: Format) {
    let (renderer, canvas) = (bench.renderer(), format.canvas(30));
    let black = drawn(bench, &renderer, &timeline(bench, style, canvas, &[plain(0)]).await).await;
    let white = drawn(bench, &renderer, &timeline(bench, style, canvas, &[plain(255)]).await).await;
    let parts = parts(style, &black, &white);
    let pictures = [("bright", plain(255)), ("dark", plain(0)), ("busy", busy(&canvas))];
    let timeline = timeline(bench, style, canvas, &pictures.clone().map(|(_, picture)| picture)).await;
    let frames = decoded(bench, &renderer, &timeline).await;
    assert_eq!(frames.len(), pictures.len());
    for ((picture, _), frame) in pictures.iter().zip(&frames) {
        let letters = letters(frame, &parts);
        let what = format!("{} {format} on {picture}, letters of {letters:06X}", style.name);
        assert!(enclosed(frame, &parts, letters, LEGIBLE), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn captions_are_read_on_every_picture_in_every_style_and_shape() {
    let Some(bench) = Bench::new() else { return };
    for format in [Format::Vertical, Format::Portrait, Format::Square, Format::Horizontal] {
        for style in [CaptionStyle::tiktok(), CaptionStyle::youtube(), CaptionStyle::minimal()] {
            is_read(&bench, &style, format).await;
        }
    }
}

/// The smallest, thinnest and darkest that a template may ask for.
#[tokio::test(flavor = "multi_thread")]
async fn the_least_that_a_template_may_ask_for_is_read() {
    let Some(bench) = Bench::new() else { return };
    let [size, outline] = [*Template::CAPTION_SIZE.start(), *Template::CAPTION_OUTLINE.start()];
    let grey = (0..=255).map(|grey| grey * 0x01_01_01).find(|grey| contrast(*grey, 0) >= Template::CAPTION_CONTRAST);
    let grey = grey.unwrap_or(0xFF_FF_FF);
    let least = CaptionStyle { name: "least".to_owned(), size, outline, fill: grey, ..CaptionStyle::minimal() };
    let template = Template { name: "Least".to_owned(), captions: Some(least.clone()), ..Template::default() };
    template.check().unwrap();
    for format in [Format::Vertical, Format::Horizontal] {
        is_read(&bench, &least, format).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caption_without_outline_is_found_not_to_be_read() {
    let Some(bench) = Bench::new() else { return };
    let (renderer, canvas) = (bench.renderer(), Format::Square.canvas(30));
    let style = CaptionStyle::youtube();
    let bare = CaptionStyle { outline: 0.0, ..style.clone() };
    let black = drawn(&bench, &renderer, &timeline(&bench, &style, canvas, &[plain(0)]).await).await;
    let white = drawn(&bench, &renderer, &timeline(&bench, &style, canvas, &[plain(255)]).await).await;
    let parts = parts(&style, &black, &white);
    assert!(enclosed(&white, &parts, style.fill, LEGIBLE));
    let white = drawn(&bench, &renderer, &timeline(&bench, &bare, canvas, &[plain(255)]).await).await;
    assert!(!enclosed(&white, &parts, style.fill, LEGIBLE));
}
