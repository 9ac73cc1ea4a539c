//! Tests of every script on the fonts of the system. Without them they are skipped with a line that says so, unless
//! `ORION_REQUIRE` names `fonts`.

use crate::font::Shaper;
use crate::*;

/// A sentence of each script.
const SENTENCES: [(&str, &str); 17] = [
    ("Arabic", "أعلنت الحكومة اليوم عن ميزانية جديدة بقيمة 25% للمدارس، وقالت «إنها خطوة مهمة»."),
    ("Hebrew", "הממשלה הודיעה היום על תקציב חדש של 3.5 מיליארד שקל לבתי הספר."),
    ("Thai", "รัฐบาลประกาศงบประมาณใหม่สำหรับโรงเรียนทั่วประเทศในวันนี้ เริ่มปี 2026"),
    ("Lao", "ລັດຖະບານປະກາດງົບປະມານໃໝ່ສຳລັບໂຮງຮຽນໃນມື້ນີ້"),
    ("Khmer", "រដ្ឋាភិបាលបានប្រកាសថវិកាថ្មីសម្រាប់សាលារៀននៅថ្ងៃនេះ"),
    ("Burmese", "အစိုးရက ယနေ့ ကျောင်းများအတွက် ဘတ်ဂျက်အသစ်ကို ကြေညာခဲ့သည်။"),
    ("Devanagari", "सरकार ने आज स्कूलों के लिए नए बजट की घोषणा की, जो 25% अधिक है।"),
    ("Bengali", "সরকার আজ স্কুলের জন্য নতুন বাজেট ঘোষণা করেছে।"),
    ("Tamil", "அரசு இன்று பள்ளிகளுக்கான புதிய பட்ஜெட்டை அறிவித்தது."),
    ("Telugu", "ప్రభుత్వం ఈరోజు పాఠశాలల కోసం కొత్త బడ్జెట్‌ను ప్రకటించింది."),
    ("Georgian", "მთავრობამ დღეს სკოლების ახალი ბიუჯეტი გამოაცხადა."),
    ("Chinese", "政府今天宣布了新的学校预算，总额达到二十五亿元，比去年增长百分之八。"),
    ("Japanese", "政府は今日、学校のための新しい予算案を発表しました。「大きな一歩だ」と首相は述べた。"),
    ("Korean", "정부는 오늘 전국 학교를 위한 새로운 예산안을 발표했습니다."),
    ("Russian", "Правительство объявило сегодня о новом бюджете школ: 25 млн рублей."),
    ("Greek", "Η κυβέρνηση ανακοίνωσε σήμερα τον νέο προϋπολογισμό για τα σχολεία."),
    ("Emoji", "Lift-off 🚀 for 👩‍👩‍👧‍👦 and 👍🏽 in 🇩🇪 1️⃣ ❤️ ⚡"),
];

/// The fonts, or nothing with a line where the system lacks some that the sentences need.
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn kit() -> Option<FontKit> {
    let kit = FontKit::shared().clone();
    let lacking: Vec<&str> =
        kit.scripts().into_iter().filter(|script| script.family.is_none()).map(|script| script.name).collect();
    if lacking.is_empty() {
        return Some(kit);
    }
    let required = std::env::var("ORION_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|name| name == "fonts"), "fonts are required and not there: {lacking:?}");
    eprintln!("SKIPPED: there is no font for {lacking:?}");
    None
}

/// Glyphs of a text that stand for a missing character.
fn boxes(shaper: &mut Shaper, text: &str, weight: Weight) -> Vec<String> {
    let cleaned = shaper.clean(text);
    let mut buffer = shaper.shape(&cleaned.text, weight, 0.0);
    let lines = buffer.line_layout(&mut shaper.fonts, 0).unwrap_or_default();
    let glyphs = lines.iter().flat_map(|line| &line.glyphs).filter(|glyph| glyph.glyph_id == 0);
    glyphs.map(|glyph| cleaned.text[glyph.start..glyph.end].to_owned()).collect()
}

#[test]
fn no_script_is_set_in_boxes() {
    let Some(kit) = kit() else { return };
    for (name, text) in SENTENCES {
        let unshown = kit.unshown(text);
        assert_eq!(unshown, Unshown::default(), "{name}");
        for weight in [Weight::Medium, Weight::Bold, Weight::Black] {
            let kit = kit.reading(text);
            assert_eq!(boxes(&mut kit.lock(), text, weight), [""; 0], "{name}");
            let layout = kit.layout(text, TextStyle::new(weight, 60.0), 800.0, 20);
            assert_eq!((layout.missing, layout.truncated, layout.broken), (0, false, false), "{name}");
        }
    }
}

#[test]
fn every_script_is_set_in_the_family_that_is_meant_for_it() {
    let Some(kit) = kit() else { return };
    for script in kit.scripts() {
        let family = script.family.unwrap_or_default();
        assert!(family.starts_with("Noto"), "{}: {family}", script.name);
    }
}

#[test]
fn han_follows_the_rest_of_the_text() {
    let Some(kit) = kit() else { return };
    let family = |kit: &FontKit| kit.lock().family("直").unwrap_or_default();
    assert_eq!(family(&kit), "Noto Sans CJK SC");
    assert_eq!(family(&kit.reading("直す")), "Noto Sans CJK JP");
    assert_eq!(family(&kit.reading("直 한국")), "Noto Sans CJK KR");
}

#[test]
fn heavy_type_is_heavy_in_other_scripts() {
    let Some(kit) = kit() else { return };
    let ink = |text: &str, weight| {
        let layout = kit.layout(text, TextStyle { letter_spacing: 0.0, ..TextStyle::new(weight, 100.0) }, 9000.0, 1);
        let mask = layout.coverage(&Select::All, Ink::Fill);
        mask.alpha.iter().map(|alpha| u64::from(*alpha)).sum::<u64>()
    };
    for text in ["مرحبا", "שלום", "ประเทศ", "政府", "सरकार", "한국"] {
        let (medium, bold, black) = (ink(text, Weight::Medium), ink(text, Weight::Bold), ink(text, Weight::Black));
        // A family without a black face is set in its bold one, and rounding may differ.
        assert!(bold * 10 > medium * 11 && black * 100 > bold * 99, "{text}: {medium} {bold} {black}");
    }
}

#[test]
fn words_of_a_right_to_left_line_stand_from_right_to_left() {
    let Some(kit) = kit() else { return };
    for text in ["أعلنت شركة OpenAI عن 3 نماذج جديدة", "OpenAI أعلنت عن نماذج جديدة", "שלום עולם, GPT חדש"]
    {
        let style = TextStyle::new(Weight::Bold, 40.0).align(Align::Start);
        let layout = kit.layout(text, style, 4000.0, 1);
        assert!(layout.right_to_left, "{text}");
        assert!(layout.lines[0].right > 3999.0, "it begins at the right");
        assert_eq!(layout.words.len(), text.split_whitespace().count());
        for pair in layout.words.windows(2) {
            assert!(pair[1].bounds.right() <= pair[0].bounds.left() + 1.0, "{text}: {pair:?}");
        }
    }
    // Two words of the other direction in a row keep their own order.
    let mixed = kit.layout("قال Sam Altman اليوم", TextStyle::new(Weight::Bold, 40.0), 4000.0, 1);
    let left = |index: usize| mixed.words[index].bounds.left();
    assert!(left(0) > left(2) && left(2) > left(1) && left(1) > left(3), "{:?}", mixed.words);
}

#[test]
fn marks_stand_behind_the_word_that_they_end() {
    let Some(kit) = kit() else { return };
    // In a line that runs to the left, behind is to the left.
    for (text, mark) in [("שלום, עולם", ','), ("قال (12 أسبوعا)", ')'), ("«نعم»", '»'), ("هذا خبر...", '.')]
    {
        let mut shaper = kit.lock();
        let cleaned = shaper.clean(text);
        let mut buffer = shaper.shape(&cleaned.text, Weight::Bold, 0.0);
        let lines = buffer.line_layout(&mut shaper.fonts, 0).unwrap();
        let at = cleaned.text.find(mark).unwrap();
        let place =
            |byte: usize| lines[0].glyphs.iter().find(|glyph| (glyph.start..glyph.end).contains(&byte)).unwrap().x;
        let before = cleaned.text[..at].char_indices().next_back().unwrap().0;
        assert!(place(at) < place(before), "{text}");
    }
}

#[test]
fn korean_lines_break_between_words() {
    let Some(kit) = kit() else { return };
    let text = "정부, 전국 학교를 위한 새로운 예산안 발표";
    let words: Vec<&str> = text.split(' ').collect();
    for width in [180.0, 260.0, 340.0, 500.0] {
        for line in lines(&kit, text, width).1 {
            assert!(line.replace('\u{2060}', "").split_whitespace().all(|word| words.contains(&word)), "{line}");
        }
    }
}

#[test]
fn each_word_covers_its_own_glyphs_alone() {
    let Some(kit) = kit() else { return };
    for (name, text) in SENTENCES {
        let layout = kit.layout(text, TextStyle::new(Weight::Bold, 50.0), 900.0, 20);
        for word in &layout.words {
            let ink = layout.coverage(&Select::Words(word.index..word.index + 1), Ink::Fill);
            let parts: Vec<&Word> = layout.words.iter().filter(|other| other.index == word.index).collect();
            if ink.alpha.is_empty() {
                continue;
            }
            let left = parts.iter().map(|part| part.bounds.left()).fold(f32::INFINITY, f32::min);
            let right = parts.iter().map(|part| part.bounds.right()).fold(0.0, f32::max);
            let (from, to) = (ink.left as f32, (ink.left + ink.width as i32) as f32);
            assert!(from >= left - 12.0 && to <= right + 12.0, "{name}, word {}: {from}..{to}", word.index);
        }
    }
}

#[test]
fn lines_begin_and_end_where_a_typesetter_lets_them() {
    let Some(kit) = kit() else { return };
    let text =
        "「これは、とても長い日本語の文章です。」と彼は言った。そして、ずっと続くのです（おそらく）。チャットだ。";
    for width in [200.0, 260.0, 333.0, 400.0, 520.0] {
        let (lines, text) = lines(&kit, text, width);
        for line in &text {
            let first = line.chars().next().unwrap_or_default();
            let last = line.trim_end().chars().next_back().unwrap_or_default();
            assert!(!"。、」）ょっゃュャッー".contains(first), "{text:?}");
            assert!(!"「（".contains(last), "{text:?}");
        }
        assert!(lines.iter().all(|line| line.right <= width + 0.6));
    }
    // Thai breaks between words only.
    let words: Vec<&str> = "รัฐบาล ประกาศ งบ ประมาณ ใหม่ สำหรับ โรงเรียน ทั่ว ประเทศ".split(' ').collect();
    let (_, broken) = lines(&kit, &words.concat(), 420.0);
    assert!(broken.len() > 2, "{broken:?}");
    for line in broken {
        let line = line.replace('\u{200B}', "");
        let starts = (0..words.len()).flat_map(|from| (from + 1..=words.len()).map(move |to| (from, to)));
        assert!(starts.into_iter().any(|(from, to)| words[from..to].concat() == line), "{line}");
    }
}

/// The lines of a text at a width, and what stands on each.
fn lines(kit: &FontKit, text: &str, width: f32) -> (Vec<Line>, Vec<String>) {
    let style = TextStyle::new(Weight::Bold, 40.0);
    let layout = kit.reading(text).layout(text, style, width, 99);
    let kit = kit.reading(text);
    let mut shaper = kit.lock();
    let cleaned = shaper.clean(text);
    let shown = cleaned.text.clone();
    let rows = crate::wrap::fixed(&mut shaper, cleaned, style, width, 99).lines;
    let part = |row: &cosmic_text::LayoutLine| {
        let start = row.glyphs.iter().map(|glyph| glyph.start).min().unwrap_or_default();
        let end = row.glyphs.iter().map(|glyph| glyph.end).max().unwrap_or_default();
        shown[start..end].trim().to_owned()
    };
    (layout.lines, rows.iter().map(part).collect())
}

#[test]
fn emoji_are_pictures_in_colour() {
    let Some(kit) = kit() else { return };
    let layout = kit.layout("🚀 ❤️ 👩‍🚀 🇩🇪 1️⃣", TextStyle::new(Weight::Bold, 64.0), 4000.0, 1);
    let pictures: Vec<ColourGlyph<'_>> = layout.colour_glyphs().collect();
    assert_eq!(pictures.len(), 5, "one picture for each sequence");
    for (number, picture) in pictures.into_iter().enumerate() {
        assert!((40..110).contains(&picture.width) && (40..110).contains(&picture.height));
        let coloured =
            picture.pixels.chunks_exact(4).filter(|pixel| pixel[3] > 200 && pixel[0].abs_diff(pixel[2]) > 40);
        assert!(coloured.count() > 100, "number {number}");
    }
}

#[test]
fn a_character_that_no_font_has_is_told_and_left_out() {
    let Some(kit) = kit() else { return };
    // Never assigned to any character.
    let unshown = kit.unshown("An odd \u{2FFE0} one");
    assert_eq!(unshown.characters, ['\u{2FFE0}']);
    assert_eq!(kit.layout("An odd \u{2FFE0} one", TextStyle::new(Weight::Bold, 40.0), 900.0, 1).missing, 1);
}
