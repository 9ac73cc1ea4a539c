//! What the Director says in its own words, and the words that tell it how a sentence hangs together, by language.
//!
//! The templates claim nothing: every fact that stands in one was taken from a source.

use super::tongue;
use crate::text::language::Language;

/// The phrases of a language.
#[derive(Debug)]
pub(super) struct Phrases {
    /// Calls to action; `{publisher}` is filled in where the source is known. The clearest first.
    pub(super) calls: &'static [&'static str],
    /// Opens with somebody's words: `{speaker}`, `{quote}`.
    pub(super) quote_hook: &'static str,
    /// Opens with a question: `{name}`.
    pub(super) question_hook: &'static str,
    /// Opens with an opinion: `{author}`, `{title}`.
    pub(super) opinion_hook: &'static str,
    /// Between the first headline of a round-up and the others: `{publisher}`.
    pub(super) roundup: &'static str,
    /// Label of an opinion.
    pub(super) opinion_label: &'static str,
    /// Label of a number card.
    pub(super) number_label: &'static str,
    /// Label of a list card.
    pub(super) list_label: &'static str,
    /// Label of a comparison card.
    pub(super) comparison_label: &'static str,
    /// Label of a chart.
    pub(super) chart_label: &'static str,
    /// Label of a timeline.
    pub(super) timeline_label: &'static str,
    /// Label of a card with before and after.
    pub(super) change_label: &'static str,
    /// Sides of what was one thing and is another.
    pub(super) before_after: (&'static str, &'static str),
    /// Label of a place.
    pub(super) place_label: &'static str,
    /// Sides of a change `from X to Y`.
    pub(super) from_to: (&'static str, &'static str),
    /// Before the sources on the closing card.
    pub(super) source: &'static str,
    /// Before a picture's credit.
    pub(super) picture: &'static str,
}

impl Phrases {
    /// All labels.
    pub(super) fn labels(&self) -> [&'static str; 8] {
        [
            self.opinion_label,
            self.number_label,
            self.list_label,
            self.comparison_label,
            self.chart_label,
            self.timeline_label,
            self.change_label,
            self.place_label,
        ]
    }
}

/// The phrases of a language.
pub(super) fn phrases(language: Language) -> &'static Phrases {
    match language {
        Language::English => &Phrases {
            calls: &[
                "Follow for more, and read the full story at {publisher}.",
                "Follow for the next story.",
                "What do you make of it? Tell us in the comments.",
                "Share this with someone who should know.",
            ],
            quote_hook: "“{quote}” Those are the words of {speaker}.",
            question_hook: "What do we know about {name}?",
            opinion_hook: "Opinion by {author}: {title}",
            roundup: "More from {publisher}.",
            opinion_label: "Opinion",
            number_label: "The number",
            list_label: "In short",
            comparison_label: "Side by side",
            chart_label: "In numbers",
            timeline_label: "How it went",
            change_label: "What changes",
            before_after: ("Before", "Now"),
            place_label: "Where",
            from_to: ("From", "To"),
            source: "Source",
            picture: "Picture",
        },
        Language::German => &Phrases {
            calls: &[
                "Quelle: {publisher}. Folge uns für mehr.",
                "Folge uns für die nächste Geschichte.",
                "Was denkst du darüber? Schreib es in die Kommentare.",
                "Teile das mit jemandem, den es angeht.",
            ],
            quote_hook: "„{quote}“ Das sagt {speaker}.",
            question_hook: "Was wissen wir über {name}?",
            opinion_hook: "Ein Kommentar von {author}: {title}",
            roundup: "Mehr von {publisher}.",
            opinion_label: "Meinung",
            number_label: "Die Zahl",
            list_label: "Kurz gesagt",
            comparison_label: "Im Vergleich",
            chart_label: "In Zahlen",
            timeline_label: "Der Verlauf",
            change_label: "Was sich ändert",
            before_after: ("Früher", "Heute"),
            place_label: "Der Ort",
            from_to: ("Von", "Auf"),
            source: "Quelle",
            picture: "Bild",
        },
        Language::Portuguese => &Phrases {
            calls: &[
                "Fonte: {publisher}. Siga para saber mais.",
                "Siga para ver a próxima história.",
                "O que você acha? Conte nos comentários.",
                "Compartilhe com quem precisa saber.",
            ],
            quote_hook: "“{quote}” As palavras são de {speaker}.",
            question_hook: "O que sabemos sobre {name}?",
            opinion_hook: "Opinião de {author}: {title}",
            roundup: "Mais notícias de {publisher}.",
            opinion_label: "Opinião",
            number_label: "O número",
            list_label: "Em resumo",
            comparison_label: "Lado a lado",
            chart_label: "Em números",
            timeline_label: "Como foi",
            change_label: "O que muda",
            before_after: ("Antes", "Agora"),
            place_label: "Onde",
            from_to: ("De", "Para"),
            source: "Fonte",
            picture: "Imagem",
        },
        Language::Spanish => &Phrases {
            calls: &[
                "Fuente: {publisher}. Síguenos para más.",
                "Síguenos para ver la próxima historia.",
                "¿Qué opinas? Cuéntalo en los comentarios.",
                "Comparte esto con quien deba saberlo.",
            ],
            quote_hook: "«{quote}» Son palabras de {speaker}.",
            question_hook: "¿Qué sabemos sobre {name}?",
            opinion_hook: "Opinión de {author}: {title}",
            roundup: "Más noticias de {publisher}.",
            opinion_label: "Opinión",
            number_label: "La cifra",
            list_label: "En resumen",
            comparison_label: "Frente a frente",
            chart_label: "En cifras",
            timeline_label: "Cómo fue",
            change_label: "Qué cambia",
            before_after: ("Antes", "Ahora"),
            place_label: "Dónde",
            from_to: ("De", "A"),
            source: "Fuente",
            picture: "Imagen",
        },
        Language::French => &Phrases {
            calls: &[
                "Source : {publisher}. Abonnez-vous.",
                "Abonnez-vous pour la prochaine histoire.",
                "Qu’en pensez-vous ? Dites-le en commentaire.",
                "Partagez avec ceux que cela concerne.",
            ],
            quote_hook: "« {quote} » Ce sont les mots de {speaker}.",
            question_hook: "Que sait-on de {name} ?",
            opinion_hook: "Opinion de {author} : {title}",
            roundup: "D’autres titres de {publisher}.",
            opinion_label: "Opinion",
            number_label: "Le chiffre",
            list_label: "En bref",
            comparison_label: "Côte à côte",
            chart_label: "En chiffres",
            timeline_label: "Le fil",
            change_label: "Ce qui change",
            before_after: ("Avant", "Maintenant"),
            place_label: "Où",
            from_to: ("De", "À"),
            source: "Source",
            picture: "Image",
        },
    }
}

/// How many words of a text ask the viewer for something; a line with one may close a script.
pub(super) fn asks(text: &str) -> usize {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric() && c != '-').filter(|word| CALLS.contains(word)).count();
    words.max(usize::from(tongue::asks(text)))
}

const CALLS: &[&str] = &[
    "follow",
    "subscribe",
    "comment",
    "comments",
    "share",
    "like",
    "save",
    "read",
    "tell",
    "watch",
    "visit",
    "link",
    "folge",
    "folgt",
    "abonniere",
    "teile",
    "schreib",
    "kommentare",
    "siga",
    "compartilhe",
    "comentários",
    "conte",
    "leia",
    "síguenos",
    "sigue",
    "comparte",
    "comentarios",
    "cuéntalo",
    "lee",
    "abonnez-vous",
    "partagez",
    "commentaire",
    "lisez",
];

/// Words that say how exactly an amount is meant: a number must not lose them, and they name nothing.
pub(super) const QUALIFIERS: &[&str] = &[
    "more", "less", "fewer", "than", "at", "least", "most", "up", "to", "nearly", "almost", "about", "around", "over",
    "under", "roughly", "only", "just", "some", "minus", "mais", "menos", "de", "cerca", "quase", "mehr", "weniger",
    "als", "rund", "etwa", "fast", "bis", "zu", "más", "casi", "plus", "presque", "environ", "unos", "unas",
];

/// First words that point back at something said before.
pub(super) fn points_back(language: Language) -> &'static [&'static str] {
    match language {
        Language::English => &[
            "he",
            "she",
            "it",
            "they",
            "this",
            "that",
            "these",
            "those",
            "his",
            "her",
            "their",
            "its",
            "such",
            "both",
            "neither",
            "others",
            "him",
            "them",
            "here",
            "there's",
            "it's",
            "he's",
            "she's",
            "they're",
            "either",
            "hence",
            "thus",
            "therefore",
            "then",
            "so",
        ],
        Language::German => &[
            "er", "sie", "es", "dies", "diese", "dieser", "dieses", "diesem", "diesen", "ihr", "ihre", "ihren", "sein",
            "seine", "seinen", "beide", "daher", "deshalb", "darum", "damit", "dabei", "dort", "dazu", "dafür", "jene",
            "solche", "letztere", "dann",
        ],
        Language::Portuguese => &[
            "ele", "ela", "eles", "elas", "isso", "isto", "este", "esta", "esse", "essa", "estes", "essas", "aquilo",
            "seu", "sua", "seus", "suas", "ambos", "assim", "lá", "então",
        ],
        Language::Spanish => &[
            "él", "ella", "ellos", "ellas", "esto", "eso", "este", "esta", "ese", "esa", "estos", "esas", "su", "sus",
            "ambos", "así", "allí", "entonces",
        ],
        Language::French => &[
            "il", "elle", "ils", "elles", "ce", "cela", "ceci", "cette", "cet", "ces", "son", "sa", "ses", "leur",
            "leurs", "ainsi", "là", "ceux-ci", "celui-ci", "celle-ci",
        ],
    }
}

/// Pronouns for people that need somebody named before them.
pub(super) const PEOPLE: &[&str] =
    &["he", "she", "him", "his", "her", "they", "them", "their", "he's", "she's", "they're"];

/// Words of somebody who speaks of himself.
pub(super) fn first_person(language: Language) -> &'static [&'static str] {
    match language {
        Language::English => &[
            "I",
            "I'm",
            "I've",
            "I'd",
            "I'll",
            "me",
            "my",
            "My",
            "mine",
            "myself",
            "we",
            "We",
            "we're",
            "We're",
            "we've",
            "We've",
            "we'll",
            "We'll",
            "our",
            "Our",
            "ours",
            "us",
            "ourselves",
            "let's",
            "Let's",
        ],
        Language::German => {
            &["ich", "Ich", "mir", "mich", "mein", "meine", "wir", "Wir", "uns", "unser", "unsere", "Unsere"]
        }
        Language::Portuguese => &["eu", "Eu", "meu", "minha", "nós", "Nós", "nosso", "nossa", "Nosso", "Nossa"],
        Language::Spanish => &["yo", "Yo", "mi", "nosotros", "Nosotros", "nuestro", "nuestra", "Nuestro", "Nuestra"],
        Language::French => &["je", "Je", "j'ai", "J'ai", "mon", "ma", "nous", "Nous", "notre", "Notre", "nos"],
    }
}

/// Openers that only link to the sentence before and can go without loss.
pub(super) fn connectives(language: Language) -> &'static [&'static str] {
    match language {
        Language::English => &[
            "however",
            "meanwhile",
            "but",
            "and",
            "moreover",
            "furthermore",
            "in addition",
            "of course",
            "nevertheless",
            "nonetheless",
            "still",
            "also",
            "indeed",
            "in fact",
            "then",
            "so",
            "yet",
            "on the other hand",
            "besides",
            "additionally",
            "instead",
            "in turn",
            "for example",
            "for instance",
            "as a result",
            "after all",
        ],
        Language::German => &["aber", "und", "doch", "jedoch", "außerdem", "zudem", "allerdings", "hingegen"],
        Language::Portuguese => &["mas", "e", "porém", "além disso", "no entanto", "contudo", "também", "já"],
        Language::Spanish => &["pero", "y", "además", "sin embargo", "también", "no obstante"],
        Language::French => &["mais", "et", "de plus", "cependant", "toutefois", "en outre", "or"],
    }
}

/// Words that platforms hold back and that a careful person does not read out.
pub(super) const UNSPEAKABLE: &[&str] = &[
    "vagina",
    "vaginal",
    "penis",
    "breasts",
    "genitals",
    "anus",
    "semen",
    "shit",
    "bullshit",
    "fuck",
    "fucking",
    "fucked",
    "cunt",
    "pissed",
    "bitch",
    "asshole",
    "nigger",
    "nigga",
    "faggot",
    "motherfucker",
    "caralho",
    "porra",
    "merda",
    "scheiße",
    "puta",
];

/// Words that make a sentence true for one day only.
pub(super) const FLEETING: &[&str] = &[
    "today",
    "tonight",
    "yesterday",
    "tomorrow",
    "today's",
    "tonight's",
    "yesterday's",
    "heute",
    "gestern",
    "morgen",
    "hoje",
    "ontem",
    "amanhã",
    "hoy",
    "ayer",
    "mañana",
    "aujourd'hui",
    "hier",
    "demain",
];

const AUXILIARIES: &str = "is are was were be been am has have had having do does did will would can could may might \
    must shall should isn't aren't wasn't weren't hasn't haven't hadn't doesn't don't didn't won't wouldn't can't \
    couldn't shouldn't it's he's she's they're they've there's that's here's who's";
const VERBS: &str = "accept accuse add admit affect agree aim allow announce appear apply argue arrive ask attack attend \
    avoid back ban beat become begin believe belong block blame break bring build buy call capture carry cause change \
    charge check choose claim close combine come compare confirm connect consider contain continue cost could count \
    create criticise cut deal decide declare defend demand deny describe design develop die disappear discover discuss \
    draw drive drop earn eat end enjoy enter escape establish expect explain express face fail fall fear feel fight fill \
    find finish fly focus follow force form gain get give go grow handle happen have head hear help hide hit hold hope \
    hurt identify ignore imagine improve include increase inspire intend introduce invest investigate involve join jump \
    keep kill know lack last launch lead learn leave let lie lift like link list live look lose love make manage mark \
    march matter mean measure meet mention miss move name need offer open oppose order own pass pay perform plan play \
    point predict prefer prepare present prevent promise propose protect prove provide publish pull push put raise rank \
    reach react read realise receive recognise record reduce refuse reject release remain remember remove repeat replace \
    reply report represent require resign resist respond rest result return reveal rise rule run save say see seek seem \
    sell send serve set shape share shoot show shut sign sit sleep speak spend split spread stand start state stay steal \
    step stop strike struggle study suffer suggest supply support suppose survive suspect take talk teach tell test thank \
    think threaten throw touch track train travel treat trigger try turn understand urge use vary visit vote wait walk \
    want warn watch wear win wish wonder work worry write make encourage owe straddle scale grace cross \
    tear sink shift boil burn climb cool crash damage dry endure expand freeze harm heat hunt melt merge mine mix pump \
    repair rescue ship shrink slow smell solve squeeze store stretch swim swallow taste tighten trade trap unveil weigh";
const PAST: &str = "became began bent bit blew bore bought broke brought built burst came caught chose clung cost cut dealt \
    did dove drank drew drove ate fed fell felt fled flew fought found froze gave got grew heard held hid hit hung hurt \
    kept knew laid lay led left lent let lit lost made meant met paid put quit ran rang read rode rose said sang sank sat \
    saw sent set shook shot shrank shut slept slid sold sought spent spoke sprang spread stole stood stuck struck swore \
    swept swung thought threw told took tore went woke won wore wrote understood undergone";

/// Whether an English sentence seems to have a verb; without one it is a heading or a fragment.
pub(super) fn has_verb(sentence: &str) -> bool {
    let known = |list: &str, word: &str| list.split_whitespace().any(|verb| verb == word);
    sentence.split_whitespace().any(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric()).replace('’', "'");
        if word.chars().next().is_none_or(char::is_uppercase) {
            return known(AUXILIARIES, &word.to_lowercase());
        }
        let third = word.strip_suffix('s').map(|base| {
            // `watches` is from `watch`, `sites` not from `sit`.
            let short = base.strip_suffix('e').filter(|stem| stem.ends_with(['h', 's', 'x', 'z', 'o'])).unwrap_or(base);
            let y = base.strip_suffix("ie").map(|stem| format!("{stem}y")).unwrap_or_default();
            known(VERBS, base) || known(VERBS, short) || known(VERBS, &y)
        });
        known(AUXILIARIES, &word)
            || known(PAST, &word)
            || known(VERBS, &word)
            || third == Some(true)
            || word.len() > 4 && word.ends_with("ed")
    })
}

/// Whether a word looks like a finite verb that may follow an inserted clause.
pub(super) fn is_verb(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_lowercase) && has_verb(word)
}

/// Whether a word is only the plain form of a verb, which may be a noun as well: `charge`, not `hit`.
pub(super) fn is_base_form(word: &str) -> bool {
    let known = |list: &str| list.split_whitespace().any(|verb| verb == word);
    known(VERBS) && !known(PAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_claim_nothing() {
        use crate::text::claim::claims;
        for language in [Language::English, Language::German, Language::Portuguese, Language::Spanish, Language::French]
        {
            let own = phrases(language);
            let hooks = [own.quote_hook, own.question_hook, own.opinion_hook, own.roundup];
            for template in hooks.iter().chain(own.calls) {
                let filled = template.replace("{quote}", "…").replace("{number}", "it").replace(['{', '}'], "");
                assert_eq!(claims(&filled, language), [], "{template}");
            }
        }
    }

    #[test]
    fn fragments_have_no_verb() {
        for sentence in
            ["The council closed the bridge.", "Rain threatens the crops.", "It's over.", "She told them so."]
        {
            assert!(has_verb(sentence), "{sentence}");
        }
        for fragment in ["America’s public lands.", "Capra? Coppola? Bigelow?", "8.13pm GMT"] {
            assert!(!has_verb(fragment), "{fragment}");
        }
    }
}
