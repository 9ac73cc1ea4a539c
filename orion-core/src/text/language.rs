//! What the text work knows of a language: its most frequent words, weekdays and months.
//!
//! Five languages are known (`en`, `de`, `pt`, `es`, `fr`); every other one is treated as English where a
//! list is needed, and nothing is dropped that only a list could judge.

use std::collections::HashSet;

/// A language with word lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English, and every language without lists.
    English,
    /// German.
    German,
    /// Portuguese.
    Portuguese,
    /// Spanish.
    Spanish,
    /// French.
    French,
}

const ENGLISH: &str = "a about above across along amid among around behind beyond despite inside near outside towards via after again against all also although am an and any are aren't as at be because \
    been before being below between both but by can can't cannot could couldn't did didn't do does doesn't doing don't \
    down during each either even ever every few for from further had has have having he he's her here hers herself him \
    himself his how however i i'm i've if in into is isn't it it's its itself just may me might more most much must my \
    neither no nor not now of off on once one only onto or other our ours out over own per rather s same shall she \
    should since so some such t than that that's the their theirs them themselves then there these they this those \
    though through thus to too toward towards under until up upon us very was wasn't we well were weren't what when \
    where whether which while who whom whose why will with within without won't would yet you your yours";
const GERMAN: &str = "aber alle allem allen aller alles als also am an ander andere anderen auch auf aus bei beim bin \
    bis bist da dabei damit dann das dass dem den denn der des dessen deren die dies diese diesem diesen dieser dieses \
    doch dort du durch ein eine einem einen einer eines er es etwas euch euer für gegen habe haben hat hatte hatten \
    hier hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in indem ins ist ja jede jedem jeden jeder jedes jedoch \
    kann kein keine keinem keinen keiner können könnte machen man mehr mein mit muss nach nicht nichts noch nun nur ob \
    oder ohne sehr sein seine seinem seinen seiner seit sich sie sind so solche soll sollen sollte sondern sowie über um \
    und uns unser unter viel vom von vor während war waren was weg weil weiter welche welcher wenn wer werde werden wie \
    wieder will wir wird wo wollen worden wurde wurden zu zum zur zwar zwischen";
const PORTUGUESE: &str = "a à ao aos as às até com como da das de dela dele deles depois do dos e é ela elas ele eles em \
    entre era eram essa essas esse esses esta está estão estas estava este estes eu foi foram há isso isto já lhe lhes \
    mais mas me mesmo meu minha muito na não nas nem no nos nós nossa nosso num numa o os ou para pela pelas pelo pelos \
    por porque qual quando que quem se sem ser será seu seus sob sobre sua suas são só também te tem têm ter teve \
    tinha um uma você vocês vos";
const SPANISH: &str = "a al algo algunos ante antes como con contra cual cuando de del desde donde durante e el él ella \
    ellas ellos en entre era eran es esa esas ese eso esos esta está están estas este esto estos fue fueron ha había \
    han hasta hay la las le les lo los más me mi mientras muy nada ni no nos nosotros o os otra otro para pero poco por \
    porque que qué quien se sea ser será si sí sin sobre son su sus también tanto te tiene tienen todo todos tu un una \
    uno unos y ya yo";
const FRENCH: &str = "à afin ai ainsi alors après au aucun aussi autre aux avait avant avec avoir car ce ceci cela celle \
    ces cet cette ceux chaque comme d dans de des donc dont du elle elles en encore entre est et était étaient eu eux \
    fait font il ils j je l la le les leur leurs lors lui ma mais me même mes moi mon n ne ni nos notre nous on ont ou \
    où par pas pendant peu plus pour qu quand que quel quelle qui s sa sans se sera ses si son sont sous sur ta te tous \
    tout très tu un une vers vos votre vous y";

impl Language {
    /// The language of a tag such as `en-gb`; English for every language without lists.
    pub fn of(tag: &str) -> Self {
        match tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "de" => Self::German,
            "pt" => Self::Portuguese,
            "es" => Self::Spanish,
            "fr" => Self::French,
            _ => Self::English,
        }
    }

    /// The language whose frequent words occur most often; `None` if hardly any word decides.
    pub fn detect(text: &str) -> Option<Self> {
        const ALL: [Language; 5] =
            [Language::English, Language::German, Language::Portuguese, Language::Spanish, Language::French];
        let lists = ALL.map(Self::stop_words);
        let mut hits = [0_usize; 5];
        let mut total = 0;
        for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).take(2000) {
            let word = word.to_lowercase();
            total += 1;
            for (hit, list) in hits.iter_mut().zip(&lists) {
                *hit += usize::from(list.contains(word.as_str()));
            }
        }
        let (best, most) = hits.iter().enumerate().max_by_key(|(index, hit)| (**hit, ALL.len() - index))?;
        (*most >= 2 && most * 8 >= total).then_some(ALL[best])
    }

    /// The tag: `en`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Portuguese => "pt",
            Self::Spanish => "es",
            Self::French => "fr",
        }
    }

    /// Its most frequent words, in lower case.
    pub fn stop_words(self) -> HashSet<&'static str> {
        let list = match self {
            Self::English => ENGLISH,
            Self::German => GERMAN,
            Self::Portuguese => PORTUGUESE,
            Self::Spanish => SPANISH,
            Self::French => FRENCH,
        };
        list.split_whitespace().collect()
    }

    /// Whether ordinary nouns are capitalised.
    pub fn capitalises_nouns(self) -> bool {
        self == Self::German
    }

    /// Whether the comma is the decimal separator.
    pub fn decimal_comma(self) -> bool {
        self != Self::English
    }
}

/// Number of a weekday by its name in any known language, Monday first.
pub fn weekday(word: &str) -> Option<u32> {
    Some(match word {
        "monday" | "montag" | "segunda-feira" | "lunes" | "lundi" => 1,
        "tuesday" | "dienstag" | "terça-feira" | "martes" | "mardi" => 2,
        "wednesday" | "mittwoch" | "quarta-feira" | "miércoles" | "mercredi" => 3,
        "thursday" | "donnerstag" | "quinta-feira" | "jueves" | "jeudi" => 4,
        "friday" | "freitag" | "sexta-feira" | "viernes" | "vendredi" => 5,
        "saturday" | "samstag" | "sonnabend" | "sábado" | "samedi" => 6,
        "sunday" | "sonntag" | "domingo" | "dimanche" => 7,
        _ => return None,
    })
}

/// Number of a month by its name or usual short form in any known language.
pub fn month(word: &str) -> Option<u32> {
    Some(match word {
        "january" | "jan" | "januar" | "jänner" | "janeiro" | "enero" | "janvier" => 1,
        "february" | "feb" | "februar" | "fevereiro" | "febrero" | "février" => 2,
        "march" | "mar" | "märz" | "março" | "marzo" | "mars" => 3,
        "april" | "apr" | "abril" | "avril" | "abr" => 4,
        "may" | "mai" | "maio" | "mayo" => 5,
        "june" | "jun" | "juni" | "junho" | "junio" | "juin" => 6,
        "july" | "jul" | "juli" | "julho" | "julio" | "juillet" => 7,
        "august" | "aug" | "agosto" | "août" | "ago" => 8,
        "september" | "sep" | "sept" | "setembro" | "septiembre" | "septembre" | "set" => 9,
        "october" | "oct" | "oktober" | "okt" | "outubro" | "octubre" | "octobre" | "out" => 10,
        "november" | "nov" | "novembro" | "noviembre" | "novembre" => 11,
        "december" | "dec" | "dezember" | "dez" | "dezembro" | "diciembre" | "décembre" => 12,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_languages_apart_by_their_frequent_words() {
        let check = |text: &str, language| assert_eq!(Language::detect(text), language, "{text}");
        check("The bridge was closed for a week because the river had risen.", Some(Language::English));
        check("Die Brücke wurde für eine Woche gesperrt, weil der Fluss gestiegen ist.", Some(Language::German));
        check("A ponte foi fechada por uma semana porque o rio não baixou.", Some(Language::Portuguese));
        check("El puente fue cerrado durante una semana porque el río no bajó.", Some(Language::Spanish));
        check("Le pont est fermé pour une semaine car la rivière est trop haute.", Some(Language::French));
        check("橋は一週間閉鎖された。", None);
        check("", None);
    }

    #[test]
    fn unknown_tags_are_treated_as_english() {
        assert_eq!(Language::of("pt-BR"), Language::Portuguese);
        assert_eq!(Language::of("fi"), Language::English);
    }
}
