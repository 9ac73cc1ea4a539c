//! The labels of cards in the language of the script, where it is one that the Director has no phrases for.
//!
//! It writes in five languages; a script of one's own may be in any. There a card has a label in the language of the
//! script if it is one of those below, which the script of its letters or its most frequent words tell, and none otherwise:
//! an English label over a Finnish headline says nothing to whom it is for.

use super::phrase::{Phrases, phrases};
use crate::domain::Card;
use crate::text::language::Language;

/// The labels of a language in the order of [`Phrases::labels`], and what stands before a source and a picture's credit.
struct Tongue {
    /// Tag, for tests.
    #[cfg(test)]
    tag: &'static str,
    /// Its most frequent words; empty where its letters tell it.
    frequent: &'static str,
    /// Its letters beyond those of English.
    letters: &'static str,
    labels: [&'static str; 8],
    source: &'static str,
    picture: &'static str,
}

macro_rules! tongues {
    ($($name:ident $tag:literal $frequent:literal $letters:literal $labels:expr, $source:literal, $picture:literal;)*) => {
        $(static $name: Tongue = Tongue {
            #[cfg(test)]
            tag: $tag,
            frequent: $frequent,
            letters: $letters,
            labels: $labels,
            source: $source,
            picture: $picture,
        };)*
    };
}

tongues! {
    DUTCH "nl" "de het een en van in is dat op te zijn met voor niet aan er om ook als dan maar bij uit nog worden door naar \
        heeft hun over wordt ze je wij zij deze die dit geen kan meer veel werd was"
        "áéèëïóöü"
        ["Mening", "Het getal", "In het kort", "Naast elkaar", "In cijfers", "Hoe het ging", "Wat verandert", "Waar"],
        "Bron", "Foto";
    ITALIAN "it" "il lo la i gli le di a da in con su per tra fra e è che non un una del della dei delle dal dalla nel nella \
        sul sulla al alla si sono ha hanno più anche come ma o se questo questa ci era stato"
        "àèéìíîòóùú"
        ["Opinione", "Il numero", "In breve", "A confronto", "In cifre", "Come è andata", "Cosa cambia", "Dove"],
        "Fonte", "Immagine";
    POLISH "pl" "i w na z do nie się to że jest o po za od jak ale dla przez co tak już ich ma są był była było który która \
        które oraz przy lub tylko tym tego tej ten ta"
        "ąćęłńóśźż"
        ["Opinia", "Liczba", "W skrócie", "Porównanie", "W liczbach", "Jak było", "Co się zmienia", "Gdzie"],
        "Źródło", "Zdjęcie";
    SWEDISH "sv" "och i att det som en på är av för med den till inte har de om ett men var så från vid kan ska eller när nu \
        mer också över efter alla sin sitt sina blir"
        "åäöé"
        ["Åsikt", "Siffran", "I korthet", "Jämförelse", "I siffror", "Så gick det till", "Det ändras", "Var"],
        "Källa", "Bild";
    TURKISH "tr" "ve bir bu da de için ile çok daha olan olarak gibi ne ama en kadar sonra var yok o şu her ki mi mı değil \
        ya oldu yeni"
        "çğıöşüâîû̇"
        ["Görüş", "Rakam", "Kısaca", "Karşılaştırma", "Rakamlarla", "Nasıl oldu", "Ne değişiyor", "Nerede"],
        "Kaynak", "Görsel";
    RUSSIAN "ru" "" ""
        ["Мнение", "Цифра", "Коротко", "Сравнение", "В цифрах", "Как это было", "Что меняется", "Где"],
        "Источник", "Фото";
    UKRAINIAN "uk" "" ""
        ["Думка", "Цифра", "Коротко", "Порівняння", "У цифрах", "Як це було", "Що змінюється", "Де"],
        "Джерело", "Фото";
    GREEK "el" "" ""
        ["Γνώμη", "Ο αριθμός", "Με λίγα λόγια", "Σύγκριση", "Σε αριθμούς", "Πώς έγινε", "Τι αλλάζει", "Πού"],
        "Πηγή", "Εικόνα";
    ARABIC "ar" "" ""
        ["رأي", "الرقم", "باختصار", "مقارنة", "بالأرقام", "كيف جرى ذلك", "ما الذي يتغير", "أين"],
        "المصدر", "الصورة";
    HEBREW "he" "" ""
        ["דעה", "המספר", "בקצרה", "השוואה", "במספרים", "איך זה קרה", "מה משתנה", "איפה"],
        "מקור", "תמונה";
    HINDI "hi" "" ""
        ["राय", "संख्या", "संक्षेप में", "तुलना", "आँकड़ों में", "कैसे हुआ", "क्या बदलेगा", "कहाँ"],
        "स्रोत", "चित्र";
    THAI "th" "" ""
        ["ความเห็น", "ตัวเลข", "สรุปสั้น ๆ", "เปรียบเทียบ", "ตัวเลขสำคัญ", "ลำดับเหตุการณ์", "สิ่งที่เปลี่ยนไป", "ที่ไหน"],
        "ที่มา", "ภาพ";
    CHINESE "zh" "" ""
        ["观点", "数字", "简而言之", "对比", "数据", "经过", "变化", "地点"],
        "来源", "图片";
    JAPANESE "ja" "" ""
        ["意見", "数字", "要点", "比較", "数字で見る", "経緯", "何が変わるか", "場所"],
        "出典", "画像";
    KOREAN "ko" "" ""
        ["의견", "숫자", "한눈에", "비교", "숫자로 보기", "경과", "달라지는 점", "장소"],
        "출처", "사진";
}

/// Languages that are told by their frequent words.
static BY_WORDS: [&Tongue; 5] = [&DUTCH, &ITALIAN, &POLISH, &SWEDISH, &TURKISH];

/// Whose labels a script gets.
enum Labels {
    /// Those of the Director's own language.
    Own,
    /// Those of another.
    Of(&'static Tongue),
    /// None.
    None,
}

/// Gives the cards of a script labels in its language, or none.
pub(super) fn relabel<'a>(cards: impl Iterator<Item = &'a mut Card>, text: &str, language: Language) {
    let labels = labels(text);
    let ours = phrases(language);
    let tongue = match labels {
        Labels::Own => return,
        Labels::Of(tongue) => Some(tongue),
        Labels::None => None,
    };
    cards.for_each(|card| put(card, ours, tongue));
}

fn put(card: &mut Card, ours: &Phrases, tongue: Option<&Tongue>) {
    match card {
        Card::Headline { label, .. }
        | Card::Number { label, .. }
        | Card::List { label, .. }
        | Card::Comparison { label, .. }
        | Card::Chart { label, .. }
        | Card::Timeline { label, .. }
        | Card::Change { label, .. }
        | Card::Place { label, .. } => {
            // The name of a publication stays.
            if let Some(number) = ours.labels().iter().position(|own| own.to_uppercase() == *label) {
                *label = tongue.map(|tongue| tongue.labels[number].to_uppercase()).unwrap_or_default();
            }
        }
        Card::Closing { credits, .. } => {
            for credit in credits {
                for (own, other) in [
                    (ours.source, tongue.map(|tongue| tongue.source)),
                    (ours.picture, tongue.map(|tongue| tongue.picture)),
                ] {
                    if let Some(rest) = credit.strip_prefix(own).and_then(|rest| rest.strip_prefix(": ")) {
                        *credit = other.map_or_else(|| rest.to_owned(), |other| format!("{other}: {rest}"));
                        break;
                    }
                }
            }
        }
        Card::Quote { .. } | Card::Statement { .. } => {}
    }
}

/// The share of the letters of a text, in percent, that a test holds for.
fn share(text: &str, test: impl Fn(char) -> bool) -> usize {
    let letters = text.chars().filter(|letter| letter.is_alphabetic());
    let (found, all) = letters.fold((0, 0), |(found, all), letter| (found + usize::from(test(letter)), all + 1));
    found * 100 / std::cmp::max(all, 1)
}

fn labels(text: &str) -> Labels {
    let has = |letters: &str| text.chars().any(|letter| letters.contains(letter));
    let words = |list: &str| {
        let known = |word: &str| list.split(' ').any(|other| other == word);
        text.split(|letter: char| letter.is_whitespace() || letter.is_ascii_punctuation())
            .filter(|word| known(word))
            .count()
    };
    let kana = share(text, |letter| matches!(letter, '\u{3041}'..='\u{30FF}'));
    let han = share(text, |letter| matches!(letter, '\u{3400}'..='\u{9FFF}'));
    let most = |from: char, to: char| share(text, |letter| (from..=to).contains(&letter)) > 50;
    if kana + han > 50 {
        // Japanese is never written without its kana; the Chinese labels are short forms.
        return Labels::Of(if kana >= 10 { &JAPANESE } else { &CHINESE });
    }
    if most('\u{AC00}', '\u{D7A3}') {
        return Labels::Of(&KOREAN);
    }
    if most('\u{E01}', '\u{E7F}') {
        return Labels::Of(&THAI);
    }
    if most('\u{5D0}', '\u{5EA}') {
        return Labels::Of(&HEBREW);
    }
    if share(text, |letter| matches!(letter, '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}')) > 50 {
        return Labels::Of(&GREEK);
    }
    if most('\u{620}', '\u{6FF}') {
        // Persian, Urdu, Pashto and Kurdish have letters that Arabic lacks.
        return if has("پچژگکیٹڈےہۆێڕڵټډړښ") { Labels::None } else { Labels::Of(&ARABIC) };
    }
    if most('\u{900}', '\u{97F}') {
        // Marathi and Nepali have other words for them.
        return if words("है हैं के में का की को से ने और हमें") >= 2
        {
            Labels::Of(&HINDI)
        } else {
            Labels::None
        };
    }
    if most('\u{400}', '\u{52F}') {
        let (ukrainian, southern) = (has("іїєґІЇЄҐ"), has("ўјљњћђџѓќѕЈЉЊЋЂЏ"));
        // Bulgarian has neither of the two letters, and other small words.
        let russian = has("ыэЫЭ") || words("о об что это как из или был была его их уже сегодня также чтобы") >= 1;
        let bulgarian = words("е са ще че като който която през този тази беше бяха") >= 1;
        return match (ukrainian, russian && !bulgarian, southern) {
            (true, _, false) if !has("ыэъЫЭЪ") => Labels::Of(&UKRAINIAN),
            (false, true, false) => Labels::Of(&RUSSIAN),
            _ => Labels::None,
        };
    }
    if share(text, |letter| letter < '\u{250}') <= 50 {
        return Labels::None;
    }
    by_words(text)
}

/// Of languages in Latin letters: that whose frequent words occur most often.
fn by_words(text: &str) -> Labels {
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty()).take(2000).collect();
    let hits = |known: &dyn Fn(&str) -> bool| words.iter().filter(|word| known(word)).count();
    let own = Language::detect(text);
    let ours = own.map_or(0, |language| {
        let list = language.stop_words();
        hits(&|word| list.contains(word))
    });
    // A text with many letters of another language is in another.
    let written = |tongue: &Tongue| share(&lower, |letter| !letter.is_ascii() && !tongue.letters.contains(letter)) < 3;
    let others = BY_WORDS
        .iter()
        .filter(|tongue| written(tongue))
        .map(|tongue| (hits(&|word| tongue.frequent.split_whitespace().any(|known| known == word)), *tongue));
    match (others.max_by_key(|(count, _)| *count), own) {
        (Some((count, tongue)), _) if count > ours && count >= 2 && count * 6 >= words.len() => Labels::Of(tongue),
        (_, Some(_)) => Labels::Own,
        _ => Labels::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let found = match labels(text) {
            Labels::Own => "own",
            Labels::Of(tongue) => tongue.tag,
            Labels::None => "none",
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_script_is_labelled_in_its_language_or_not_at_all() {
        check("The oldest bridge of the town is about to fall.", "own");
        check("Die Stadt baut ihre Brücken neu. Die Maut steigt.", "own");
        check("Le pont est fermé pour une semaine.", "own");
        check("El puente fue cerrado por la noche.", "own");
        check("A ponte foi fechada por uma semana.", "own");
        check("De oudste brug van de stad staat op instorten.", "nl");
        check("De regering heeft vandaag een nieuwe begroting voor de scholen aangekondigd.", "nl");
        check("Il governo ha annunciato oggi il nuovo bilancio per le scuole.", "it");
        check("Rząd ogłosił dziś nowy budżet dla szkół i nie jest to koniec.", "pl");
        check("Regeringen har i dag presenterat en ny budget för skolorna.", "sv");
        check("Hükümet bugün okullar için yeni bir bütçe açıkladı ve bu daha çok.", "tr");
        check("Правительство объявило сегодня о новом бюджете школ.", "ru");
        check("Уряд оголосив сьогодні про новий бюджет шкіл.", "uk");
        check("Правителството обяви днес нов бюджет за училищата.", "none");
        check("Влада је данас објавила нови буџет за школе.", "none");
        check("Η κυβέρνηση ανακοίνωσε νέο προϋπολογισμό.", "el");
        check("أعلنت الحكومة اليوم ميزانية جديدة للمدارس.", "ar");
        check("دولت امروز بودجه جدید مدارس را اعلام کرد.", "none");
        check("הממשלה הודיעה היום על תקציב חדש לבתי הספר.", "he");
        check("सरकार ने आज स्कूलों के लिए नए बजट की घोषणा की।", "hi");
        check("सरकारने आज शाळांसाठी नवीन अर्थसंकल्प जाहीर केला आहे.", "none");
        check("รัฐบาลประกาศงบประมาณใหม่", "th");
        check("政府今天宣布了新的学校预算。", "zh");
        check("政府は今日、新しい予算案を発表しました。", "ja");
        check("정부는 오늘 새로운 예산안을 발표했습니다.", "ko");
        check("Hallitus ilmoitti tänään koulujen uudesta budjetista.", "none");
        check("A kormány ma bejelentette az iskolák új költségvetését.", "none");
        check("მთავრობამ დღეს სკოლების ახალი ბიუჯეტი გამოაცხადა.", "none");
        check("", "none");
    }

    #[test]
    fn credits_and_labels_are_told_in_it() {
        let mut cards = [
            Card::Headline { label: "IN SHORT".to_owned(), headline: "…".to_owned() },
            Card::Headline { label: "THE VERGE".to_owned(), headline: "…".to_owned() },
            Card::Closing {
                headline: "…".to_owned(),
                credits: vec!["Source: NRC".to_owned(), "Picture: A. B.".to_owned()],
            },
        ];
        let dutch = "De oudste brug van de stad staat op instorten.";
        relabel(cards.iter_mut(), dutch, Language::English);
        let closing = serde_json::to_value(&cards[2]).unwrap();
        assert_eq!(closing["credits"], serde_json::json!(["Bron: NRC", "Foto: A. B."]));
        let labels: Vec<&str> = cards
            .iter()
            .filter_map(|card| match card {
                Card::Headline { label, .. } => Some(label.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(labels, ["IN HET KORT", "THE VERGE"]);
        relabel(cards.iter_mut(), "Hallitus ilmoitti tänään.", Language::English);
        assert!(matches!(&cards[2], Card::Closing { credits, .. } if credits[0] == "Bron: NRC"));
    }
}
