//! Languages that the Director has no grammar for, and what it can say in them: labels, credits, a request.
//!
//! It writes in five languages; a page or a script may be in any. What is said there in words of the Director's own is in
//! the language of the page if that is one of those below, which the script of its letters or its most frequent words tell,
//! and is left out otherwise: an English label or request in a Finnish video says nothing to whom it is for.

use crate::domain::Material;
use crate::text::language::Language;

/// What can be said in a language.
#[derive(Debug)]
pub(super) struct Tongue {
    /// Tag: `nl`.
    pub(super) tag: &'static str,
    /// Its most frequent words; empty where its letters tell it.
    frequent: &'static str,
    /// Its letters beyond those of English.
    letters: &'static str,
    /// In the order of [`Phrases::labels`](super::phrase::Phrases::labels).
    pub(super) labels: [&'static str; 8],
    /// Before a source.
    pub(super) source: &'static str,
    /// Before a picture's credit.
    pub(super) picture: &'static str,
    /// Calls to action, the clearest first.
    pub(super) calls: [&'static str; 3],
    /// Words of requests, or their beginnings where `frequent` is empty.
    asking: &'static str,
}

macro_rules! tongues {
    ($($name:ident $tag:literal $frequent:literal $letters:literal $labels:expr, $source:literal, $picture:literal,
        $calls:expr, $asking:literal;)*) => {
        $(static $name: Tongue = Tongue {
            tag: $tag,
            frequent: $frequent,
            letters: $letters,
            labels: $labels,
            source: $source,
            picture: $picture,
            calls: $calls,
            asking: $asking,
        };)*

        static ALL: &[&Tongue] = &[$(&$name),*];
    };
}

tongues! {
    DUTCH "nl" "de het een en van in is dat op te zijn met voor niet aan er om ook als dan maar bij uit nog worden door naar \
        heeft hun over wordt ze je wij zij deze die dit geen kan meer veel werd was"
        "áéèëïóöü"
        ["Mening", "Het getal", "In het kort", "Naast elkaar", "In cijfers", "Hoe het ging", "Wat verandert", "Waar"],
        "Bron", "Foto",
        [
            "Volg ons voor het volgende verhaal.",
            "Wat vind jij ervan? Laat het weten in de reacties.",
            "Deel dit met iemand die het moet weten.",
        ],
        "volg volgt abonneer deel deelt reacties reactie lees";
    ITALIAN "it" "il lo la i gli le di a da in con su per tra fra e è che non un una del della dei delle dal dalla nel nella \
        sul sulla al alla si sono ha hanno più anche come ma o se questo questa ci era stato"
        "àèéìíîòóùú"
        ["Opinione", "Il numero", "In breve", "A confronto", "In cifre", "Come è andata", "Cosa cambia", "Dove"],
        "Fonte", "Immagine",
        [
            "Seguici per la prossima storia.",
            "Che cosa ne pensi? Scrivilo nei commenti.",
            "Condividi con chi dovrebbe saperlo.",
        ],
        "segui seguici seguiteci iscriviti condividi commenti scrivilo leggi";
    POLISH "pl" "i a w na z do nie się to że jest o po za od jak ale dla przez co tak już ich ma są był była było który która \
        które oraz przy lub tylko tym tego tej ten ta"
        "ąćęłńóśźż"
        ["Opinia", "Liczba", "W skrócie", "Porównanie", "W liczbach", "Jak było", "Co się zmienia", "Gdzie"],
        "Źródło", "Zdjęcie",
        [
            "Obserwuj nas, żeby poznać następną historię.",
            "Co o tym myślisz? Napisz w komentarzu.",
            "Udostępnij to komuś, kto powinien o tym wiedzieć.",
        ],
        "obserwuj subskrybuj udostępnij napisz komentarzu komentarzach przeczytaj";
    SWEDISH "sv" "och i att det som en på är av för med den till inte har de om ett men var så från vid kan ska eller när nu \
        mer också över efter alla sin sitt sina blir"
        "åäöé"
        ["Åsikt", "Siffran", "I korthet", "Jämförelse", "I siffror", "Så gick det till", "Det ändras", "Var"],
        "Källa", "Bild",
        [
            "Följ oss för nästa berättelse.",
            "Vad tycker du? Skriv i kommentarerna.",
            "Dela med någon som borde veta det här.",
        ],
        "följ prenumerera dela skriv kommentarerna läs";
    TURKISH "tr" "ve bir bu da de için ile çok daha olan olarak gibi ne ama en kadar sonra var yok o şu her ki mi mı değil \
        ya oldu yeni"
        "çğıöşüâîû̇"
        ["Görüş", "Rakam", "Kısaca", "Karşılaştırma", "Rakamlarla", "Nasıl oldu", "Ne değişiyor", "Nerede"],
        "Kaynak", "Görsel",
        [
            "Bir sonraki hikâye için bizi takip edin.",
            "Siz ne düşünüyorsunuz? Yorumlarda yazın.",
            "Bunu bilmesi gereken biriyle paylaşın.",
        ],
        "takip abone paylaş paylaşın yaz yazın yorumlarda okuyun";
    RUSSIAN "ru" "" ""
        ["Мнение", "Цифра", "Коротко", "Сравнение", "В цифрах", "Как это было", "Что меняется", "Где"],
        "Источник", "Фото",
        [
            "Подпишитесь, чтобы не пропустить следующую историю.",
            "Что вы об этом думаете? Напишите в комментариях.",
            "Поделитесь с тем, кому важно это знать.",
        ],
        "подпиш подписывай напишите комментар поделитесь читайте";
    UKRAINIAN "uk" "" ""
        ["Думка", "Цифра", "Коротко", "Порівняння", "У цифрах", "Як це було", "Що змінюється", "Де"],
        "Джерело", "Фото",
        [
            "Підпишіться, щоб не пропустити наступну історію.",
            "Що ви про це думаєте? Напишіть у коментарях.",
            "Поділіться з тим, кому варто про це знати.",
        ],
        "підпиш підписуй напишіть коментар поділіться читайте";
    GREEK "el" "" ""
        ["Γνώμη", "Ο αριθμός", "Με λίγα λόγια", "Σύγκριση", "Σε αριθμούς", "Πώς έγινε", "Τι αλλάζει", "Πού"],
        "Πηγή", "Εικόνα",
        [
            "Ακολουθήστε μας για την επόμενη ιστορία.",
            "Πείτε μας τη γνώμη σας στα σχόλια.",
            "Μοιραστείτε το με όποιον πρέπει να το μάθει.",
        ],
        "ακολουθήστε σχόλια μοιραστείτε διαβάστε";
    ARABIC "ar" "" ""
        ["رأي", "الرقم", "باختصار", "مقارنة", "بالأرقام", "كيف جرى ذلك", "ما الذي يتغير", "أين"],
        "المصدر", "الصورة",
        [
            "تابعونا لمشاهدة القصة القادمة.",
            "ما رأيكم؟ اكتبوا لنا في التعليقات.",
            "شاركوا هذا مع من يهمه الأمر.",
        ],
        "تابعو اكتبوا التعليقات شاركوا اشتركوا اقرأوا";
    HEBREW "he" "" ""
        ["דעה", "המספר", "בקצרה", "השוואה", "במספרים", "איך זה קרה", "מה משתנה", "איפה"],
        "מקור", "תמונה",
        [
            "עקבו אחרינו לסיפור הבא.",
            "מה דעתכם? כתבו לנו בתגובות.",
            "שתפו את מי שצריך לדעת.",
        ],
        "עקבו כתבו בתגובות שתפו הירשמו קראו";
    HINDI "hi" "" ""
        ["राय", "संख्या", "संक्षेप में", "तुलना", "आँकड़ों में", "कैसे हुआ", "क्या बदलेगा", "कहाँ"],
        "स्रोत", "चित्र",
        [
            "अगली कहानी के लिए हमें फ़ॉलो करें।",
            "आप क्या सोचते हैं? हमें कमेंट में बताएँ।",
            "इसे उनके साथ साझा करें जिन्हें यह जानना चाहिए।",
        ],
        "फ़ॉलो कमेंट साझा सब्सक्राइब पढ़ें";
    THAI "th" "" ""
        ["ความเห็น", "ตัวเลข", "สรุปสั้น ๆ", "เปรียบเทียบ", "ตัวเลขสำคัญ", "ลำดับเหตุการณ์", "สิ่งที่เปลี่ยนไป", "ที่ไหน"],
        "ที่มา", "ภาพ",
        [
            "กดติดตามเพื่อชมเรื่องต่อไป",
            "คุณคิดอย่างไร? บอกเราในความคิดเห็น",
            "แชร์ให้คนที่ควรรู้",
        ],
        "กดติดตาม ความคิดเห็น แชร์ให้ กดแชร์";
    CHINESE "zh" "" ""
        ["观点", "数字", "简而言之", "对比", "数据", "经过", "变化", "地点"],
        "来源", "图片",
        [
            "关注我们，看下一个故事。",
            "你怎么看？在评论里告诉我们。",
            "请分享给需要知道的人。",
        ],
        "关注我们 订阅 评论里 评论区 点赞 分享给";
    TRADITIONAL "zh-hant" "" ""
        ["觀點", "數字", "簡而言之", "對比", "數據", "經過", "變化", "地點"],
        "來源", "圖片",
        [
            "追蹤我們，看下一則故事。",
            "你怎麼看？在留言區告訴我們。",
            "請分享給需要知道的人。",
        ],
        "追蹤我們 訂閱 留言 按讚 分享給";
    JAPANESE "ja" "" ""
        ["意見", "数字", "要点", "比較", "数字で見る", "経緯", "何が変わるか", "場所"],
        "出典", "画像",
        [
            "フォローして、次の話題もご覧ください。",
            "あなたはどう思いますか？コメントで教えてください。",
            "知っておくべき人に共有してください。",
        ],
        "フォロー コメントで コメント欄 共有して シェアして 登録して";
    KOREAN "ko" "" ""
        ["의견", "숫자", "한눈에", "비교", "숫자로 보기", "경과", "달라지는 점", "장소"],
        "출처", "사진",
        [
            "팔로우하고 다음 이야기도 확인하세요.",
            "어떻게 생각하시나요? 댓글로 알려 주세요.",
            "이 소식을 알아야 할 사람과 공유하세요.",
        ],
        "팔로우 구독 댓글 공유하";
}

/// Languages that are told by their frequent words.
static BY_WORDS: [&Tongue; 5] = [&DUTCH, &ITALIAN, &POLISH, &SWEDISH, &TURKISH];

/// Frequent words of languages that nothing can be said in, by which they are told from those that share many with them:
/// Danish and Norwegian, Afrikaans, Czech and Slovak, Croatian and its like, Romanian, Catalan, Galician, Azerbaijani,
/// Hungarian, Finnish and Estonian, Indonesian, Tagalog.
const OTHERS: [&str; 12] = [
    "og i det er en et på for med til ikke som av af den de har fra blir bliver ble blev om å at kan skal efter etter",
    "die en van het is 'n in nie om te dat wat vir met sy hulle ons word kan sal aan by op as",
    "a v na je se že s z do o i to pro by ale jako po jsou byl ve k také už sa pre ako nie ktorý si sú",
    "je u i na se da za od su koji nije sa s to a će kao iz bi ali ili ne o po do što",
    "și de la în a cu pe un o că nu din este care pentru mai au fi ce sunt fost",
    "el la els les i de que a en un una per amb no és del al dels més com ha han aquest",
    "o a os as e de que en un unha do da non é por para con no na máis ao dos das foi",
    "və bu bir ilə üçün də da ki olan daha o çox",
    "a az és hogy nem is egy van meg ez de ki el be volt csak már mint még ha azt lesz után szerint",
    "ja on ei se että oli myös kun mutta niin joka ovat sen tai mukaan et ka see oma aga kui",
    "yang di dan ini itu dengan untuk dari pada dalam tidak akan juga ke ada oleh",
    "ang ng sa at na mga ay may ito ni si para hindi nang",
];

/// Letters that only traditional Chinese has, and what simplified Chinese writes for them.
const TRADITIONAL_LETTERS: &str = "們這國時對會個為說過還學發與開關無從當點動經實見樣電長車東門馬問間聞報導產業務";
const SIMPLIFIED_LETTERS: &str = "们这国时对会个为说过还学发与开关无从当点动经实见样电长车东门马问间闻报导产业务";

/// What a text is written in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Written {
    /// One of the languages that the Director writes in.
    Own,
    /// One in which it can say a little.
    In(&'static Tongue),
    /// Any other.
    Unknown,
}

/// What the sources are written in.
pub(super) fn of_material(material: &Material) -> Written {
    let texts = material.sources.iter().flat_map(|source| [source.title.as_str(), source.text.as_str()]);
    of(&texts.collect::<Vec<_>>().join("\n"))
}

/// Whether a text asks the viewer for something, in one of the languages that are known here.
pub(super) fn asks(text: &str) -> bool {
    let lower = text.to_lowercase();
    ALL.iter().any(|tongue| match tongue.frequent {
        "" => tongue.asking.split(' ').any(|word| lower.contains(word)),
        _ => lower
            .split(|letter: char| !letter.is_alphabetic())
            .any(|word| tongue.asking.split(' ').any(|asking| asking == word)),
    })
}

/// Whether a text is a request of the Director's own, which claims nothing.
pub(super) fn is_ours(text: &str) -> bool {
    ALL.iter().any(|tongue| tongue.calls.contains(&text))
}

/// The share of the letters of a text, in percent, that a test holds for.
fn share(text: &str, test: impl Fn(char) -> bool) -> usize {
    let letters = text.chars().filter(|letter| letter.is_alphabetic());
    let (found, all) = letters.fold((0, 0), |(found, all), letter| (found + usize::from(test(letter)), all + 1));
    found * 100 / std::cmp::max(all, 1)
}

/// What a text is written in.
pub(super) fn of(text: &str) -> Written {
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
        // Japanese is never written without its kana.
        let count = |letters: &str| text.chars().filter(|letter| letters.contains(*letter)).count();
        let traditional = count(TRADITIONAL_LETTERS) > count(SIMPLIFIED_LETTERS);
        return Written::In(match (kana >= 10, traditional) {
            (true, _) => &JAPANESE,
            (_, true) => &TRADITIONAL,
            _ => &CHINESE,
        });
    }
    if most('\u{AC00}', '\u{D7A3}') {
        return Written::In(&KOREAN);
    }
    if most('\u{E01}', '\u{E7F}') {
        return Written::In(&THAI);
    }
    if most('\u{5D0}', '\u{5EA}') {
        return Written::In(&HEBREW);
    }
    if share(text, |letter| matches!(letter, '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}')) > 50 {
        return Written::In(&GREEK);
    }
    if most('\u{620}', '\u{6FF}') {
        // Persian, Urdu, Pashto and Kurdish have letters that Arabic lacks.
        return if has("پچژگکیٹڈےہۆێڕڵټډړښ") { Written::Unknown } else { Written::In(&ARABIC) };
    }
    if most('\u{900}', '\u{97F}') {
        // Marathi and Nepali have other words for them.
        return if words("है हैं के में का की को से ने और हमें") >= 2
        {
            Written::In(&HINDI)
        } else {
            Written::Unknown
        };
    }
    if most('\u{400}', '\u{52F}') {
        let (ukrainian, southern) = (has("іїєґІЇЄҐ"), has("ўјљњћђџѓќѕЈЉЊЋЂЏ"));
        // Bulgarian has neither of the two letters, and other small words.
        let russian = has("ыэЫЭ") || words("о об что это как из или был была его их уже сегодня также чтобы") >= 1;
        let bulgarian = words("е са ще че като който която през този тази беше бяха") >= 1;
        return match (ukrainian, russian && !bulgarian, southern) {
            (true, _, false) if !has("ыэъЫЭЪ") => Written::In(&UKRAINIAN),
            (false, true, false) => Written::In(&RUSSIAN),
            _ => Written::Unknown,
        };
    }
    if share(text, |letter| letter < '\u{250}') <= 50 {
        return Written::Unknown;
    }
    by_words(text)
}

/// Of languages in Latin letters: that whose frequent words occur most often.
fn by_words(text: &str) -> Written {
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty()).take(2000).collect();
    let hits = |known: &dyn Fn(&str) -> bool| words.iter().filter(|word| known(word)).count();
    let own = Language::detect(text);
    let ours = own.map_or(0, |language| {
        let list = language.stop_words();
        hits(&|word| list.contains(word))
    });
    let rivals = OTHERS.iter().map(|list| hits(&|word| list.split(' ').any(|known| known == word)));
    let rival = rivals.max().unwrap_or_default();
    // A text with many letters of another language is in another.
    let written = |tongue: &Tongue| share(&lower, |letter| !letter.is_ascii() && !tongue.letters.contains(letter)) < 3;
    let others = BY_WORDS
        .iter()
        .filter(|tongue| written(tongue))
        .map(|tongue| (hits(&|word| tongue.frequent.split_whitespace().any(|known| known == word)), *tongue));
    match (others.max_by_key(|(count, _)| *count), own) {
        (Some((count, tongue)), _) if count > ours && count >= 2 && count * 6 >= words.len() => {
            if rival > count {
                Written::Unknown
            } else {
                Written::In(tongue)
            }
        }
        (_, Some(_)) if rival <= ours => Written::Own,
        _ => Written::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let found = match of(text) {
            Written::Own => "own",
            Written::In(tongue) => tongue.tag,
            Written::Unknown => "none",
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_text_is_known_by_its_letters_or_its_frequent_words() {
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
        check("政府今天宣布了新的學校預算，這個計畫還沒有開始。", "zh-hant");
        check("Regeringen har i dag præsenteret et nyt budget for skolerne.", "none");
        check("Regjeringen har i dag lagt frem et nytt budsjett for skolene, og det er det første.", "none");
        check("Vláda dnes oznámila nový rozpočet pro školy a není to vše.", "none");
        check("Guvernul a anunțat astăzi noul buget pentru școli și nu este tot.", "none");
        check("El govern ha anunciat avui el nou pressupost per a les escoles amb més diners.", "none");
        check("A régi híd is zárva van a teherautók elől, és a javítás is drágább lesz.", "none");
        check("Pemerintah hari ini mengumumkan anggaran baru untuk sekolah.", "none");
        check("", "none");
    }

    #[test]
    fn requests_are_in_the_language_that_they_are_for_and_known_as_such() {
        for tongue in ALL {
            for call in tongue.calls {
                assert!(asks(call), "{}: {call}", tongue.tag);
            }
            let all = tongue.calls.join(" ");
            let found = of(&all);
            assert!(!matches!(found, Written::Own), "{}: {all}", tongue.tag);
        }
        for plain in
            ["The river rose.", "De rivier steeg.", "Река поднялась.", "河水上涨引起广泛关注。", "川の水位が上がった。"]
        {
            assert!(!asks(plain), "{plain}");
        }
    }

    /// Whatever the Director says in words of its own, in the languages that it writes.
    fn words_of_ours() -> Vec<&'static str> {
        use super::super::phrase::phrases;
        let all = [Language::English, Language::German, Language::Portuguese, Language::Spanish, Language::French];
        let said = all.map(phrases).map(|own| {
            let templates = [own.quote_hook, own.question_hook, own.opinion_hook, own.roundup];
            templates.into_iter().chain(own.calls.iter().copied())
        });
        // What stands around the gaps that are filled in.
        let parts = said.into_iter().flatten().flat_map(|template| template.split(['{', '}']).step_by(2));
        parts.map(str::trim).filter(|part| part.chars().count() > 4).collect()
    }

    #[test]
    fn a_page_in_another_language_is_closed_in_it_or_not_at_all() {
        use super::super::testing::{brief, material};
        use super::super::{compose, ground};
        use crate::domain::LineRole;
        use crate::port::Brief;
        let dutch = "De oude brug in Utrecht was te zwak voor vrachtwagens. De brug is al sinds maandag dicht voor auto's. \
                     De reparatie van de brug is duurder dan de bouw van een nieuwe. Het was de derde brug die dit jaar \
                     dicht ging. De gemeente is van plan om in mei te beginnen met het werk.";
        let hungarian = "A régi híd is zárva van hétfő óta a teherautók elől. A javítás is drágább lesz, mint egy új híd a \
                         városban. Ez volt a harmadik híd, ami idén is bezárt. A munka is lassú volt a folyónál, és nem \
                         olcsó.";
        let asked = |feedback: &str| Brief { feedback: vec![feedback.to_owned()], ..brief(30) };
        for (title, text, expected) in
            [("De oude brug in Utrecht is dicht", dutch, Some("nl")), ("A régi híd is zárva van", hungarian, None)]
        {
            let mut material = material(title, text);
            material.sources[0].publisher = Some("Stad".to_owned());
            material.sources[0].author = Some("Jan Jansen".to_owned());
            for brief in [brief(15), brief(30), asked("another ending"), asked("another hook")] {
                let script = compose(&brief, &material).unwrap();
                let said = script.text();
                for words in words_of_ours() {
                    assert!(!said.contains(words), "{words}: {said}");
                }
                let call = script.text_of(LineRole::CallToAction);
                let tongue = ALL.iter().find(|tongue| tongue.calls.contains(&call.as_str()));
                assert_eq!(tongue.map(|tongue| tongue.tag), expected, "{said}");
                assert_eq!(call.is_empty(), expected.is_none(), "{said}");
                let (checked, report) = ground(&script, &material);
                assert_eq!((checked.text_of(LineRole::CallToAction), report.unsupported().count()), (call, 0));
                // A request of a model that nothing confirms is replaced in the language of the page, or left out.
                let mut draft = script.clone();
                draft.lines.retain(|line| line.role != LineRole::CallToAction);
                let invented = "Visit Atlantis today.".to_owned();
                draft.lines.push(super::super::extractive::line(
                    LineRole::CallToAction,
                    invented,
                    Vec::new(),
                    Language::English,
                ));
                let grounded = ground(&draft, &material).0.text_of(LineRole::CallToAction);
                assert_eq!(grounded, expected.map_or("", |_| DUTCH.calls[0]));
            }
        }
    }

    #[test]
    fn headlines_in_another_language_are_not_introduced_in_ours() {
        use super::super::compose;
        use super::super::testing::{brief, material};
        let mut material = material("De oude brug in Utrecht is dicht voor auto's", "");
        let first = material.sources[0].clone();
        for (number, title) in (2..).zip([
            "Duikers: er is een scheur in de dam van Arnhem",
            "De raad van Leiden was tegen het nieuwe museum",
            "Er was storm in Den Helder en het water is hoog",
        ]) {
            let source = crate::domain::Source { number, title: title.to_owned(), ..first.clone() };
            material.sources.push(source);
        }
        material.sources.iter_mut().for_each(|source| source.publisher = Some("Stad".to_owned()));
        let script = compose(&brief(30), &material).unwrap();
        assert!(!script.text().contains("More from"), "{}", script.text());
        assert_eq!(script.lines.last().map(|line| line.text.as_str()), Some(DUTCH.calls[0]));
    }
}
