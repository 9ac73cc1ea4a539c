//! Draws the cards of sample plans into a folder, to be looked at, and prints how long each took:
//! `cargo run --release -p orion-graphics --example cards -- cards [picture.jpg]`.

use orion_core::domain::{Bar, BlobRef, Card, Look, Palette, Sha256};
use orion_core::port::ImageRequest;
use orion_core::{Error, Result};
use orion_draw::{FontKit, picture};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "cards".to_owned());
    let photo = std::env::args().nth(2).map(std::fs::read).transpose().map_err(failed)?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).map_err(failed)?;
    let kit = FontKit::new();
    let sizes = [(1080, 1920), (1920, 1080), (1080, 1080), (1080, 1350)];
    for (name, cards) in [("plan", sample()), ("shapes", shapes()), ("hard", hard())] {
        for (number, card) in cards.iter().enumerate() {
            let shapes = if name == "shapes" || name == "plan" && number < 4 { &sizes[..] } else { &sizes[..1] };
            for (width, height) in shapes {
                let shown = photo.as_deref().filter(|_| number % 3 == 1);
                let request = request(card, number, name == "hard", (*width, *height), shown);
                let start = Instant::now();
                let image = orion_graphics::draw(&kit, &request, shown)?;
                let took = start.elapsed();
                let bytes: Vec<usize> = image.layers.iter().map(|layer| layer.bytes.len() / 1024).collect();
                tracing_line(&format!("{name} {number} {width}x{height}: {took:.1?}, {bytes:?} KiB"));
                let file = folder.join(format!("{name}-{number}-{width}x{height}.png"));
                let flat = orion_graphics::flat(&image.layers, *width, *height)?;
                std::fs::write(file, picture::encode_png_rgb(&flat)?).map_err(failed)?;
            }
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "an example talks to who runs it")]
fn tracing_line(text: &str) {
    println!("{text}");
}

fn failed(source: std::io::Error) -> Error {
    Error::unexpected("cannot read or write a file").with_source(source)
}

fn request(card: &Card, number: usize, other: bool, (width, height): (u32, u32), photo: Option<&[u8]>) -> ImageRequest {
    let palettes = [
        ("indigo", 0x0B_10_2A, [0x5B_3F_D6, 0xC9_4F_8E, 0x1E_6F_D9], 0xFF_CF_5C),
        ("harbour", 0x05_1A_2B, [0x0E_7C_B5, 0x17_A3_9B, 0x2B_4B_9B], 0x7F_E3_FF),
        ("crimson", 0x1E_07_12, [0xB3_1B_3A, 0xE0_6A_2B, 0x6A_1B_5E], 0xFF_C9_A3),
        ("forest", 0x06_1E_1A, [0x1F_8A_5B, 0x0F_6E_6B, 0xB8_C4_5A], 0xC8_F0_6A),
    ];
    let seeds = [3, 6, 1, 2];
    let chosen =
        if other { number % 4 } else { std::env::var("LOOK").ok().and_then(|look| look.parse().ok()).unwrap_or(0) };
    let (name, background, glows, accent) = palettes[chosen % 4];
    let palette = Palette { name: name.to_owned(), background, glows, accent, text: 0xFF_FF_FF };
    let blob = |bytes: &[u8]| BlobRef {
        sha256: Sha256::of(bytes),
        length: bytes.len() as u64,
        media_type: "image/jpeg".to_owned(),
    };
    ImageRequest {
        prompt: String::new(),
        negative_prompt: String::new(),
        card: card.clone(),
        look: Look { depth: number % 3 == 2, ..Look::new(palette, seeds[chosen % 4]) },
        picture: photo.map(|bytes| (blob(bytes), Some("Photograph: Jane Doe/AFP".to_owned()))),
        width,
        height,
        seed: number as u64,
        scene_number: number as u32 + 1,
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

/// Three cards of every layout, as the built-in writer makes them.
fn sample() -> Vec<Card> {
    let headline = |label: &str, words: &str| Card::Headline { label: text(label), headline: text(words) };
    let number = |headline: &str, value: &str, caption: &str| Card::Number {
        label: text("The number"),
        headline: text(headline),
        value: text(value),
        caption: text(caption),
    };
    let quote = |words: &str, speaker: &str| Card::Quote { quote: text(words), attribution: text(speaker) };
    let list = |headline: &str, items: &[&str]| Card::List {
        label: text("In short"),
        headline: text(headline),
        items: items.iter().map(|item| text(item)).collect(),
    };
    let comparison = |headline: &str, left: (&str, &str), right: (&str, &str)| Card::Comparison {
        label: text("Side by side"),
        headline: text(headline),
        left: (text(left.0), text(left.1)),
        right: (text(right.0), text(right.1)),
    };
    let closing = |headline: &str, credits: &[&str]| Card::Closing {
        headline: text(headline),
        credits: credits.iter().map(|credit| text(credit)).collect(),
    };
    vec![
        headline("Orion Daily", "SQLite 4 writes twice as fast"),
        headline("Orion Daily", "Police dropped an investigation into the flood"),
        headline("Orion Daily", "Divers found 40 cracks in the pillars of the oldest bridge over the river"),
        number("The Moon drifts away from the Earth", "About 3.8", "centimetres a year"),
        number("A password of eight characters", "About 6 quadrillion", "possible forms"),
        number("Voters turned out", "62%", "of all who could vote"),
        quote("The bridge will fall if nobody repairs it this year", "Ann Roe, engineer"),
        quote("Nobody was hurt", "Maria Lund"),
        quote("I have worked on this bridge for forty years and I have never seen cracks like these", "Ann Roe"),
        list("The storm hit the coast", &["Broken bridges", "Old houses and farms", "Power lines"]),
        list("The new editor runs on", &["iOS", "Android", "Blackberry", "Windows Phone"]),
        list("The council voted for", &["A new museum", "Two schools in the old town"]),
        comparison("The toll rises", ("From", "£2"), ("To", "£5")),
        comparison("The parties share the vote", ("Greens", "12%"), ("Liberals", "48%")),
        comparison("The cost of the bridge rises", ("From", "1.4 million"), ("To", "12 million")),
        closing("Follow for the next story", &["Source: Orion Daily"]),
        closing("Folge uns für mehr", &["Quelle: Orion täglich, Ann Roe", "Bild: J. Doe/Agentur"]),
        closing(
            "What do you make of it?",
            &[
                "Source: The Guardian, Ashifa Kassam in Stanstead, Quebec",
                "Source: BBC News",
                "Picture: Don Emmert/AFP/Getty Images",
            ],
        ),
    ]
}

/// Cards of layouts that tell more than words, in every shape.
fn shapes() -> Vec<Card> {
    let bar = |title: &str, value: &str, amount| Bar { title: text(title), value: text(value), amount };
    let pair = |one: &str, other: &str| (text(one), text(other));
    vec![
        Card::Statement {
            words: text("Divers found 40 cracks in the pillars of the oldest bridge"),
            marked: vec![text("40"), text("oldest")],
        },
        Card::Statement { words: text("Nobody repaired it"), marked: vec![text("repaired")] },
        Card::Chart {
            label: text("In numbers"),
            headline: text("Where the power came from"),
            bars: vec![bar("Coal", "40%", 40.0), bar("Gas", "25%", 25.0), bar("Wind", "20%", 20.0)],
        },
        Card::Chart {
            label: text("In numbers"),
            headline: text(""),
            bars: vec![
                bar("Norway", "1,200", 1200.0),
                bar("Sweden", "4,800", 4800.0),
                bar("Denmark", "310", 310.0),
                bar("Finland", "2,950", 2950.0),
                bar("Iceland and the Faroes", "75", 75.0),
            ],
        },
        Card::Timeline {
            label: text("How it went"),
            headline: text(""),
            moments: vec![pair("1912", "Bridge opened"), pair("1954", "Burned down"), pair("2020", "Rebuilt")],
        },
        Card::Timeline {
            label: text("How it went"),
            headline: text("The bridge and its town"),
            moments: vec![
                pair("March 1912", "The first train crossed the river at night"),
                pair("1954", "Burned down"),
                pair("1961", "A ferry took its place"),
                pair("1989", "The council voted for a new one"),
                pair("2020", "Rebuilt in steel"),
            ],
        },
        Card::Change {
            label: text("What changes"),
            headline: text("The toll rises"),
            before: pair("From", "£2"),
            after: pair("To", "£5"),
        },
        Card::Change {
            label: text("What changes"),
            headline: text("The mill"),
            before: pair("Before", "A ruin"),
            after: pair("Now", "A school for dancers"),
        },
        Card::Place {
            label: text("Where"),
            name: text("Bergen"),
            region: text("Norway"),
            headline: text("The old bridge fell"),
        },
        Card::Place {
            label: text("Where"),
            name: text("Rio de Janeiro"),
            region: text(""),
            headline: text("Trains stopped for three days after the storm"),
        },
        Card::List {
            label: text("In short"),
            headline: text("The storm hit the coast"),
            items: vec![text("Broken bridges"), text("Old houses and farms"), text("Power lines")],
        },
        Card::Number {
            label: text("The number"),
            headline: text("Voters turned out"),
            value: text("62%"),
            caption: text("of all who could vote"),
        },
    ]
}

fn hard() -> Vec<Card> {
    vec![
        Card::Headline { label: text(""), headline: text("Wow") },
        Card::Headline {
            label: text("Words"),
            headline: text("Donaudampfschifffahrtsgesellschaftskapitän tritt zurück"),
        },
        Card::Headline {
            label: text("A very long label that nobody should ever write into a pill"),
            headline: text(
                "A headline of two hundred letters goes on and on, past every sensible length, because somebody pasted a \
                 whole paragraph into the field and expected the layout to cope with it without clipping anything",
            ),
        },
        Card::Headline {
            label: text("عاجل"), headline: text("انخفاض أسعار النفط في الأسواق العالمية")
        },
        Card::Headline { label: text("速报"), headline: text("中文标题没有空格也要正确换行") },
        Card::Headline { label: text("'\"\\:;[],%{}<>"), headline: text("'\"\\:;[],%{}<> 🚀 emoji & signs") },
        Card::List {
            label: text("Five"),
            headline: text("Five long points that need the whole room they can get on the card"),
            items: (1..=5)
                .map(|number| format!("Point number {number} is long enough to need two whole lines"))
                .collect(),
        },
        Card::Quote {
            quote: text(
                "We have never seen anything like it, and I doubt that we will see it again in our lifetime, however long it may be",
            ),
            attribution: text(
                "Professor Sir Bartholomew Featherstonehaugh-Cholmondeley, University of Somewhere Far Away",
            ),
        },
        Card::Comparison {
            label: text("Compare"),
            headline: text("Market share of browsers"),
            left: (text("Internationalisation Foundation"), text("1,234,567,890")),
            right: (text("Others"), text("98")),
        },
        Card::Number { label: text(""), headline: text(""), value: text("$36,000,000,000,000"), caption: text("") },
        Card::Closing {
            headline: text("Danke"),
            credits: (1..=9)
                .map(|number| format!("Source {number} with a rather long title that goes on beyond the panel's width"))
                .collect(),
        },
    ]
}
