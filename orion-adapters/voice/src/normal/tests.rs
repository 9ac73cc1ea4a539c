//! What is said for what is shown.

use super::*;
use proptest::prelude::*;

/// A dictionary of the words that the cases need to be known.
struct Words;

impl Lexicon for Words {
    fn knows(&self, word: &str) -> bool {
        " apple nasa nato play station mcdonald breaking news today huge ai us it who the a and cats dogs open mind max \
          node version you tube not new deep web "
            .split_ascii_whitespace()
            .any(|known| known == word)
    }
}

fn said(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    say(&words, &Words)
        .into_iter()
        .map(|said| said.words.join(" "))
        .filter(|words| !words.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn words_are_said_as_people_say_them() {
    let cases = [
        // Numbers.
        ("3 cats", "three cats"),
        ("1,200 dogs", "one thousand two hundred dogs"),
        ("0.5", "zero point five"),
        ("2.15", "two point one five"),
        ("1,000,000", "one million"),
        ("007", "zero zero seven"),
        ("-5", "minus five"),
        ("+3", "plus three"),
        ("50+", "fifty plus"),
        ("~5", "about five"),
        (">90%", "more than ninety percent"),
        ("≤10", "at most ten"),
        ("#1", "number one"),
        ("No. 5", "number five"),
        // Years and decades.
        ("in 2026", "in twenty twenty six"),
        ("2026", "twenty twenty six"),
        ("1905", "nineteen oh five"),
        ("2000", "two thousand"),
        ("2007.", "two thousand seven"),
        ("1990s", "nineteen nineties"),
        ("the '90s", "the nineties"),
        ("2048 users", "two thousand forty eight users"),
        ("2020-2024", "twenty twenty to twenty twenty four"),
        ("2024–25", "twenty twenty four to twenty five"),
        ("5000", "five thousand"),
        // Ordinals, fractions.
        ("3rd", "third"),
        ("21st", "twenty first"),
        ("100th", "one hundredth"),
        ("1/2", "one half"),
        ("3/4", "three quarters"),
        ("2/3", "two thirds"),
        ("7/10", "seven out of ten"),
        ("2½ hours", "two and a half hours"),
        ("½", "one half"),
        ("24/7", "twenty four seven"),
        ("50/50", "fifty fifty"),
        // Shares, multiples, magnitudes.
        ("8%", "eight percent"),
        ("12.5%", "twelve point five percent"),
        ("10-20%", "ten to twenty percent"),
        ("2.1x", "two point one times"),
        ("10×", "ten times"),
        ("1080x1920", "ten eighty by nineteen twenty"),
        ("10k", "ten thousand"),
        ("1.5M", "one point five million"),
        ("7B", "seven billion"),
        ("3bn", "three billion"),
        ("4K", "four K"),
        ("1080p", "ten eighty P"),
        ("16:9", "sixteen to nine"),
        // Money.
        ("$36bn", "thirty six billion dollars"),
        ("$36 billion", "thirty six billion dollars"),
        ("$1.5 million deal", "one point five million dollars deal"),
        ("$1", "one dollar"),
        ("$5.99", "five dollars ninety nine"),
        ("$0.99", "ninety nine cents"),
        ("$20.00", "twenty dollars"),
        ("$2.5m", "two point five million dollars"),
        ("$100k", "one hundred thousand dollars"),
        ("$5-7bn", "five to seven billion dollars"),
        ("$20/month", "twenty dollars per month"),
        ("$9/mo", "nine dollars per month"),
        ("€10", "ten euros"),
        ("£5.50", "five pounds fifty"),
        ("¥500", "five hundred yen"),
        ("5€", "five euros"),
        ("100 USD", "one hundred U S dollars"),
        ("US$3", "three U S dollars"),
        ("-$5", "minus five dollars"),
        ("$1,200", "one thousand two hundred dollars"),
        // Units.
        ("5 km", "five kilometers"),
        ("1 km", "one kilometer"),
        ("100km/h", "one hundred kilometers per hour"),
        ("120 km/h", "one hundred twenty kilometers per hour"),
        ("16GB", "sixteen gigabytes"),
        ("1 GB", "one gigabyte"),
        ("500 MB/s", "five hundred megabytes per second"),
        ("3.2GHz", "three point two gigahertz"),
        ("60fps", "sixty frames per second"),
        ("-5°C", "minus five degrees celsius"),
        ("90°", "ninety degrees"),
        ("10ms", "ten milliseconds"),
        ("70kg", "seventy kilograms"),
        ("5km²", "five square kilometers"),
        ("30-second", "thirty second"),
        ("5-year-old", "five year old"),
        ("10-km", "ten kilometer"),
        // Times and dates.
        ("10:30", "ten thirty"),
        ("10:05am", "ten oh five A M"),
        ("7:00", "seven o'clock"),
        ("7:00 PM", "seven P M"),
        ("10am", "ten A M"),
        ("5 p.m.", "five P M"),
        ("22:00", "twenty two hundred"),
        ("2026-11-23", "november twenty third twenty twenty six"),
        ("11/23/2026", "november twenty third twenty twenty six"),
        ("23.11.2026", "november twenty third twenty twenty six"),
        ("May 5", "may fifth"),
        ("Nov. 23, 2026", "november twenty third twenty twenty six"),
        ("5 May", "the fifth of may"),
        // Ranges.
        ("5-7", "five to seven"),
        ("5 – 7", "five to seven"),
        ("5–7 days", "five to seven days"),
        // Abbreviations.
        ("Dr. Smith", "doctor smith"),
        ("Elm Dr. is", "elm drive is"),
        ("St. Louis", "saint louis"),
        ("Main St. is", "main street is"),
        ("Mr. and Mrs. Jones", "mister and missus jones"),
        ("U.S.", "U S"),
        ("U.S.A.", "U S A"),
        ("A vs. B", "a versus B"),
        ("e.g. cats", "for example cats"),
        ("i.e. dogs", "that is dogs"),
        ("etc.", "et cetera"),
        ("Apple Inc.", "apple incorporated"),
        ("J. Smith", "J smith"),
        ("w/ cats", "with cats"),
        ("Jan. 3", "january third"),
        // Acronyms and names.
        ("NASA", "nasa"),
        ("FBI", "F B I"),
        ("AI", "A I"),
        ("US", "U S"),
        ("the IT team", "the I T team"),
        ("CEOs", "C E O's"),
        ("GPU's", "G P U's"),
        ("HTML", "H T M L"),
        ("NOT", "not"),
        ("BREAKING NEWS TODAY", "breaking news today"),
        ("GPT-4", "G P T four"),
        ("GPT-4o", "G P T four O"),
        ("H100", "H one hundred"),
        ("5G", "five G"),
        ("3D", "three D"),
        ("v2.1", "version two point one"),
        ("3.5.1", "three point five point one"),
        ("MP3", "M P three"),
        ("RTX 4090", "R T X forty ninety"),
        ("B2B", "B two B"),
        ("COVID-19", "covid nineteen"),
        ("OpenAI", "open A I"),
        ("iPhone", "I phone"),
        ("DeepMind", "deep mind"),
        ("McDonald", "mcdonald"),
        ("World War II", "world war two"),
        ("Henry VIII", "henry the eighth"),
        // Signs and addresses.
        ("AT&T", "A T and T"),
        ("R&D", "R and D"),
        ("cats & dogs", "cats and dogs"),
        ("C++", "C plus plus"),
        ("C#", "C sharp"),
        ("and/or", "and or"),
        ("AI-powered", "A I powered"),
        ("state-of-the-art", "state of the art"),
        ("https://www.example.com/path?q=1", "example dot com"),
        ("example.co.uk", "example dot C O dot U K"),
        ("me@example.com", "me at example dot com"),
        ("@orion", "at orion"),
        ("#news", "hashtag news"),
        ("Node.js", "node dot J S"),
        ("a → b", "a to B"),
        // Nothing to say, and odd forms.
        ("cats — dogs", "cats dogs"),
        ("🚀 cats 🎉", "cats"),
        ("“cats,” (dogs)", "cats dogs"),
        ("café", "cafe"),
        ("ﬁne", "fine"),
        ("don’t", "don't"),
        ("*cats*", "cats"),
        ("東京", ""),
        ("...", ""),
        ("I", "I"),
        ("A cat", "a cat"),
        ("vitamin A", "vitamin A"),
    ];
    let mut wrong = Vec::new();
    for (shown, expected) in cases {
        let got = said(shown);
        if got != expected {
            wrong.push(format!("{shown:?}: said {got:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn what_others_write_is_said_as_well() {
    let cases = [
        // Thousands as others group them.
        ("1.234.567 people", "one million two hundred thirty four thousand five hundred sixty seven people"),
        ("1'200'000 francs", "one million two hundred thousand francs"),
        ("12,50 €", "twelve euros fifty"),
        ("€1.234,56", "one thousand two hundred thirty four euros fifty six"),
        ("3,5 percent", "three point five percent"),
        ("12,34,567 rupees", "one million two hundred thirty four thousand five hundred sixty seven rupees"),
        // Ordinals and centuries.
        ("the 2nd", "the second"),
        ("the 12th", "the twelfth"),
        ("the 30th", "the thirtieth"),
        ("the 1,000th visitor", "the one thousandth visitor"),
        ("the 21st-century city", "the twenty first century city"),
        // Shares and ranges.
        ("-0.5%", "minus zero point five percent"),
        ("+3.2%", "plus three point two percent"),
        ("0.01%", "zero point zero one percent"),
        ("100%", "one hundred percent"),
        ("5%–10%", "five percent to ten percent"),
        ("$5–$7", "five to seven dollars"),
        ("1914–1918", "nineteen fourteen to nineteen eighteen"),
        ("9–5", "nine to five"),
        ("pp. 5–7", "pages five to seven"),
        // Years.
        ("in 1066", "in ten sixty six"),
        ("in 800 AD", "in eight hundred A D"),
        ("44 BC", "forty four B C"),
        ("the 2010s", "the twenty tens"),
        ("the 1800s", "the eighteen hundreds"),
        ("mid-1990s", "mid nineteen nineties"),
        // Dates and times.
        ("23 November 2026", "the twenty third of november twenty twenty six"),
        ("November 23rd", "november twenty third"),
        ("23/11/2026", "november twenty third twenty twenty six"),
        ("9:05", "nine oh five"),
        ("12:00", "twelve o'clock"),
        ("0:30", "zero thirty"),
        ("10:30:15", "ten thirty fifteen"),
        ("9 a.m.", "nine A M"),
        ("5:30 p.m. today", "five thirty P M today"),
        ("2h", "two hours"),
        // Money.
        ("$1.2bn", "one point two billion dollars"),
        ("£3m", "three million pounds"),
        ("€5.5 million", "five point five million euros"),
        ("US$1.5 trillion", "one point five trillion U S dollars"),
        ("CHF 20", "twenty swiss francs"),
        ("EUR 5", "five euros"),
        ("R$ 5", "five reais"),
        ("₹500", "five hundred rupees"),
        ("50¢", "fifty cents"),
        ("$1,000,000", "one million dollars"),
        ("£1", "one pound"),
        ("$0.05", "five cents"),
        ("$3.50/kg", "three dollars fifty per kilogram"),
        // Units.
        ("5 kg", "five kilograms"),
        ("1.5 l", "one point five liters"),
        ("20 °C", "twenty degrees celsius"),
        ("20 ºC", "twenty degrees celsius"),
        ("9.8 m/s²", "nine point eight meters per second squared"),
        ("250 m²", "two hundred fifty square meters"),
        ("3 m³", "three cubic meters"),
        ("6 ft", "six feet"),
        ("6'2\"", "six foot two"),
        ("100 mph", "one hundred miles per hour"),
        ("2 TB", "two terabytes"),
        ("10 Gbit/s", "ten gigabits per second"),
        ("500 g", "five hundred grams"),
        ("400 ppm", "four hundred parts per million"),
        ("230 V", "two hundred thirty volts"),
        // Abbreviations.
        ("Prof. Lee", "professor lee"),
        ("Lt. Col. Ray", "lieutenant colonel ray"),
        ("cf. Fig. 3", "compare figure three"),
        ("approx. 5", "approximately five"),
        ("No. 10 Downing St.", "number ten downing street"),
        ("Mt. Fuji", "mount fuji"),
        ("Ph.D.", "P H D"),
        ("a.k.a. Max", "also known as max"),
        ("Sept. 11", "september eleventh"),
        ("min. 5", "minimum five"),
        ("max. 5", "maximum five"),
        // Versions, numbers in names, telephones.
        ("v1.0.3", "version one point zero point three"),
        ("Python 3.12", "python three point one two"),
        ("iOS 17.4", "I O S seventeen point four"),
        ("macOS 14", "mac O S fourteen"),
        ("Boeing 737", "boeing seven hundred thirty seven"),
        ("A380", "A three hundred eighty"),
        ("F-35", "F thirty five"),
        ("GPT-4.5", "G P T four point five"),
        ("555-123-4567", "five five five one two three four five six seven"),
        ("+49 30 123456", "plus forty nine thirty one two three four five six"),
        ("1-800-555-0199", "one eight zero zero five five five zero one nine nine"),
        // Roman numerals.
        ("Chapter IV", "chapter four"),
        ("Super Bowl LVIII", "super bowl fifty eight"),
        ("Louis XIV", "louis the fourteenth"),
        ("Elizabeth II", "elizabeth the second"),
        ("Part III", "part three"),
        ("Pope John XXIII", "pope john the twenty third"),
        // Acronyms.
        ("UNESCO", "unesco"),
        ("the BBC", "the B B C"),
        ("CO2", "C O two"),
        ("H2O", "H two O"),
        ("PhD", "P H D"),
        ("MPs", "M P's"),
        ("EU-wide", "E U wide"),
        ("USB-C", "U S B C"),
        ("4x4", "four by four"),
        // Addresses and handles.
        ("www.example.org", "example dot org"),
        ("example.com/news", "example dot com"),
        ("@ann_roe", "at ann roe"),
        ("#BreakingNews", "hashtag breaking news"),
        ("u/ann", "U ann"),
        ("r/news", "R news"),
        // Fractions and signs.
        ("5/8", "five eighths"),
        ("1 1/2", "one and one half"),
        ("3 × 4", "three times four"),
        ("2 + 2 = 4", "two plus two equals four"),
        ("10 ÷ 2", "ten divided by two"),
        ("№ 5", "number five"),
        ("§ 5", "section five"),
    ];
    let mut wrong = Vec::new();
    for (shown, expected) in cases {
        let got = said(shown);
        if got != expected {
            wrong.push(format!("{shown:?}: said {got:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn pauses_follow_the_marks() {
    let pauses = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        say(&words, &Words)
            .iter()
            .map(|said| match said.pause {
                Pause::None => '_',
                Pause::Clause => ',',
                Pause::Sentence(mark) => mark,
            })
            .collect::<String>()
    };
    assert_eq!(pauses("Yes, it works. Does it? It does!"), ",_._?_!");
    assert_eq!(pauses("no mark"), "_.");
    assert_eq!(pauses("Dr. Smith (a cat) left"), "_,_,.");
    assert_eq!(pauses("cats — dogs"), "_,.");
    assert_eq!(pauses("In the U.S. The"), "__..");
    assert_eq!(pauses("the U.S. team"), "__.");
    assert_eq!(pauses("wait... what"), ",.");
    assert_eq!(pauses("Wait… What"), "..");
}

proptest! {
    #[test]
    fn any_text_gets_as_many_as_it_has(text in "\\PC{0,60}") {
        let words: Vec<&str> = text.split_whitespace().collect();
        let said = say(&words, &Words);
        prop_assert_eq!(said.len(), words.len());
        for word in said.iter().flat_map(|said| &said.words) {
            let is_letter = word.len() == 1 || word.len() == 3 && word.ends_with("'s");
            prop_assert!(
                !word.is_empty()
                    && (word.chars().all(|c| c.is_ascii_lowercase() || c == '\'' || c == 'ö')
                        || is_letter && word.starts_with(|c: char| c.is_ascii_uppercase())),
                "{word:?} in {text:?}"
            );
        }
    }

    #[test]
    fn any_amount_is_said(text in "[-+$€#~<]{0,2}[0-9]{1,4}[,.:/x-]?[0-9]{0,4}[a-zA-Z%°/+-]{0,4}( [a-zA-Z0-9$%.]{1,6}){0,2}") {
        let words: Vec<&str> = text.split_whitespace().collect();
        let said = say(&words, &Words);
        prop_assert_eq!(said.len(), words.len());
        prop_assert!(!said[0].words.is_empty(), "{text:?}");
    }
}
