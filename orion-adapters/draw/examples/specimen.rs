//! Draws a page of type, to be looked at: `cargo run -p orion-draw --example specimen -- specimen.png`.

use orion_draw::{Align, FontKit, Select, Shadow, TextPaint, TextStyle, Weight, picture, rgb, rgba, shape};

fn main() -> orion_core::Result<()> {
    let file = std::env::args().nth(1).unwrap_or_else(|| "specimen.png".to_owned());
    let kit = FontKit::new();
    let mut page = orion_draw::Pixmap::new(1080, 1920).ok_or_else(|| orion_core::Error::unexpected("no page"))?;
    page.fill(rgb(0x1D_2B_4F));
    let shadow = Shadow { x: 0.0, y: 6.0, blur: 10.0, colour: rgba(0, 0.6) };
    let texts = [
        "SQLite 4 writes twice as fast in B-tree mode",
        "Ünïcödé Ελληνικά Кириллица Tiếng Việt 𝐁𝐨𝐥𝐝 №",
        "مرحبا بالعالم هذا نص طويل بالعربية 2026",
        "中文字体测试没有空格的一行文字",
        "Pneumonoultramicroscopicsilicovolcanoconiosis wins",
        "https://example.com/a/very/long/path?with=parameters&and=more#fragment",
        "🚀 ship 'it' \"now\" \\ : ; [ ] , % { } < >",
    ];
    let mut y = 40;
    for text in texts {
        let style = TextStyle::new(Weight::Black, 96.0).align(Align::Start);
        let layout = kit.fit(text, style, 24.0, (900.0, 210.0), 3);
        for word in &layout.words {
            let mut bounds = word.bounds;
            bounds = shape::rect(bounds.left() + 60.0, bounds.top() + y as f32, bounds.width(), bounds.height());
            if let Some(path) = shape::rounded(bounds, 8.0) {
                shape::fill(&mut page, &path, rgba(0xFF_FF_FF, 0.08));
            }
        }
        layout.draw(&mut page, 60, y, &TextPaint::solid(rgb(0xFF_FF_FF)).shadow(shadow));
        y += 225;
    }
    let style = TextStyle::new(Weight::Black, 76.0).align(Align::Centre);
    let caption = kit.layout("captions light up word by word", style, 900.0, 2);
    let white = TextPaint::solid(rgb(0xFF_FF_FF)).outline(rgb(0), 7.0).shadow(shadow);
    caption.draw(&mut page, 60, y, &white);
    let accent = TextPaint { fill: rgb(0xFF_D1_4A), ..white };
    caption.draw_words(&mut page, 60, y, &Select::Words(1..2), &accent);
    std::fs::write(file, picture::encode_png(page)?)
        .map_err(|source| orion_core::Error::unexpected("cannot write the page").with_source(source))
}
