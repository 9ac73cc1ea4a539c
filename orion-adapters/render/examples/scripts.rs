//! One still for each script, a card with a caption on it through the real renderer, to be looked at:
//! `cargo run -p orion-render --example scripts -- stills`.

use orion_core::domain::timeline::*;
use orion_core::domain::{Card, Look, Palette};
use orion_core::memory::MemoryBlobs;
use orion_core::port::{BlobStore, BlobStoreExt, ImageRequest, Renderer};
use orion_core::{Error, MediaTime, Result};
use orion_draw::FontKit;
use orion_render::{FfmpegRenderer, Tools};
use std::path::Path;
use std::sync::Arc;

const CANVAS: Canvas = Canvas { width: 1080, height: 1920, frames_per_second: 30 };

#[tokio::main]
async fn main() -> Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "stills".to_owned());
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).map_err(failed)?;
    for (number, (name, card, caption)) in samples().into_iter().enumerate() {
        let png = still(card, caption, number).await?;
        std::fs::write(folder.join(format!("{name}.png")), png).map_err(failed)?;
    }
    Ok(())
}

fn failed(source: std::io::Error) -> Error {
    Error::unexpected("cannot write a still").with_source(source)
}

/// The card with its caption while the second word is spoken.
async fn still(card: Card, caption: &str, number: usize) -> Result<bytes::Bytes> {
    let blobs = Arc::new(MemoryBlobs::new());
    let kit = FontKit::shared();
    let image = orion_graphics::draw(kit, &request(card, number), None)?;
    let mut layers = Vec::new();
    for layer in image.layers {
        let picture = blobs.put(layer.bytes, &layer.media_type).await?;
        layers.push(Layer { picture, motion: Motion::STILL, entrance: Entrance::None });
    }
    let (spoken, end) = (MediaTime::from_millis(4000), MediaTime::from_millis(6000));
    let scene = Scene {
        id: 1,
        duration: end,
        layers,
        transition: Transition { kind: TransitionKind::Cut, duration: MediaTime::ZERO },
        locked: false,
    };
    let style = CaptionStyle { position: CaptionPosition::LowerThird, ..CaptionStyle::named(STYLES[number % 3]) };
    // As the voices mark them.
    let marked = orion_segment::mark(caption);
    let caption = marked.as_deref().unwrap_or(caption);
    let cues = caption::group(&caption::timed(caption, MediaTime::ZERO, spoken));
    let at = cues
        .first()
        .and_then(|cue| cue.words.get(1.min(cue.words.len() - 1)))
        .map_or(MediaTime::ZERO, |word| word.start);
    let timeline = Timeline {
        version: Timeline::VERSION,
        canvas: CANVAS,
        scenes: vec![scene],
        captions: Captions { style, cues },
        audio: Vec::new(),
        loudness: Loudness::PLATFORM,
    };
    let renderer = FfmpegRenderer::new(Tools::from_environment(), blobs.clone(), kit.clone(), std::env::temp_dir());
    let frame = renderer.frame(&timeline, at + MediaTime::from_millis(40)).await?;
    blobs.require(&frame).await
}

const STYLES: [&str; 3] = ["tiktok", "youtube", "minimal"];

fn request(card: Card, number: usize) -> ImageRequest {
    let palettes = [
        (0x0B_10_2A, [0x5B_3F_D6, 0xC9_4F_8E, 0x1E_6F_D9], 0xFF_CF_5C),
        (0x06_1E_1A, [0x1F_8A_5B, 0x0F_6E_6B, 0xB8_C4_5A], 0xC8_F0_6A),
    ];
    let (background, glows, accent) = palettes[number % palettes.len()];
    let palette = Palette { name: "sample".to_owned(), background, glows, accent, text: 0xFF_FF_FF };
    ImageRequest {
        prompt: String::new(),
        negative_prompt: String::new(),
        card,
        look: Look::new(palette, number as u64),
        picture: None,
        width: CANVAS.width,
        height: CANVAS.height,
        seed: number as u64,
        scene_number: 1,
    }
}

fn headline(label: &str, headline: &str) -> Card {
    Card::Headline { label: label.to_owned(), headline: headline.to_owned() }
}

fn number(label: &str, headline: &str, value: &str, caption: &str) -> Card {
    let [label, headline, value, caption] = [label, headline, value, caption].map(str::to_owned);
    Card::Number { label, headline, value, caption }
}

fn quote(quote: &str, attribution: &str) -> Card {
    Card::Quote { quote: quote.to_owned(), attribution: attribution.to_owned() }
}

fn list(label: &str, headline: &str, items: [&str; 3]) -> Card {
    let items = items.map(str::to_owned).into();
    Card::List { label: label.to_owned(), headline: headline.to_owned(), items }
}

fn samples() -> Vec<(&'static str, Card, &'static str)> {
    vec![
        (
            "arabic",
            number("الاقتصاد", "الحكومة ترفع ميزانية المدارس", "25%", "زيادة عن العام الماضي"),
            "أعلنت OpenAI اليوم عن 3 نماذج جديدة، وفق ما قاله المدير.",
        ),
        (
            "arabic-list",
            list(
                "أبرز النقاط",
                "ماذا تغير في قانون العمل؟",
                ["ساعات عمل أقل", "إجازة أطول للوالدين (12 أسبوعا)", "العمل من المنزل"],
            ),
            "ساعات العمل ستنخفض إلى 35 ساعة.",
        ),
        (
            "hebrew",
            quote("זה צעד חשוב לכל בתי הספר בארץ", "שרת החינוך, ירושלים"),
            "הממשלה הודיעה היום על תקציב של 3.5 מיליארד שקל.",
        ),
        (
            "thai",
            headline("ข่าวด่วน", "รัฐบาลประกาศงบประมาณใหม่สำหรับโรงเรียนทั่วประเทศ"),
            "รัฐบาลประกาศงบประมาณใหม่สำหรับโรงเรียนทั่วประเทศ",
        ),
        (
            "chinese",
            list("要点", "政府宣布新的学校预算", ["总额二十五亿元", "比去年增长百分之八", "明年一月开始实施"]),
            "政府今天宣布了新的学校预算，总额达到二十五亿元。",
        ),
        (
            "japanese",
            quote("これは子どもたちの未来への大きな一歩だ", "首相、東京の記者会見で"),
            "政府は今日、学校のための新しい予算案を発表しました。",
        ),
        (
            "korean",
            headline("속보", "정부, 전국 학교를 위한 새로운 예산안 발표"),
            "정부는 오늘 새로운 예산안을 발표했습니다.",
        ),
        (
            "hindi",
            number("बजट", "स्कूलों के लिए नए बजट की घोषणा", "₹25,000 करोड़", "पिछले साल से 8% अधिक"),
            "सरकार ने आज स्कूलों के लिए नए बजट की घोषणा की।",
        ),
        (
            "russian",
            headline("Срочно", "Правительство объявило о новом бюджете школ"),
            "Правительство объявило сегодня о новом бюджете.",
        ),
        (
            "greek",
            headline("Έκτακτο", "Η κυβέρνηση ανακοίνωσε νέο προϋπολογισμό για τα σχολεία"),
            "Η κυβέρνηση ανακοίνωσε σήμερα τον προϋπολογισμό.",
        ),
        (
            "emoji",
            headline("Space 🚀", "Lift-off ❤️ for the crew 👩‍🚀👨🏽‍🚀 of Artemis 🌕"),
            "The rocket 🚀 flies to the moon 🌕 today 🎉",
        ),
        ("khmer", headline("ព័ត៌មាន", "រដ្ឋាភិបាលបានប្រកាសថវិកាថ្មីសម្រាប់សាលារៀន"), "រដ្ឋាភិបាលបានប្រកាសថវិកាថ្មីសម្រាប់សាលារៀននៅថ្ងៃនេះ"),
    ]
}
