//! How words change beside each other: weak forms, `the` before a vowel, words that are nouns and verbs.

use super::accent::is_vowel;

/// Words whose sound in a sentence is not the dictionary's.
fn weak_form(word: &str) -> Option<&'static str> {
    Some(match word {
        // The dictionary leaves these without any stress.
        "about" => "ɐbˈaʊt",
        "after" => "ˈæftɚ",
        "before" => "bᵻfˈoːɹ",
        "being" => "bˈiːɪŋ",
        "between" => "bᵻtwˈiːn",
        "having" => "hˈævɪŋ",
        "herself" => "hɜːsˈɛlf",
        "himself" => "hɪmsˈɛlf",
        "into" => "ˌɪntʊ",
        "itself" => "ɪtsˈɛlf",
        "myself" => "maɪsˈɛlf",
        "ourselves" => "aʊɚsˈɛlvz",
        "since" => "sˈɪns",
        "themselves" => "ðɛmsˈɛlvz",
        "through" => "θɹˈuː",
        "under" => "ˈʌndɚ",
        "while" => "wˈaɪl",
        "yourself" => "joːɹsˈɛlf",
        // Weak forms.
        "a" => "ɐ",
        "an" => "ɐn",
        "and" => "ænd",
        "as" => "æz",
        "because" => "bɪkˈʌz",
        "been" => "bɪn",
        "but" => "bˌʌt",
        "could" => "kˈʊd",
        "does" => "dˈʌz",
        "every" => "ˈɛvɹi",
        "for" => "fɔːɹ",
        "her" => "hɜːɹ",
        "not" => "nˌɑːt",
        "our" => "ˌaʊɚ",
        "than" => "ðɐn",
        "them" => "ðˌɛm",
        "there" => "ðɛɹ",
        "this" => "ðɪs",
        "us" => "ˌʌs",
        "was" => "wʌz",
        "were" => "wɜː",
        "what" => "wʌt",
        "your" => "jʊɹ",
        _ => return None,
    })
}

/// Words that sound different as a verb: the word, what it is otherwise, what it is as a verb.
const NOUN_AND_VERB: [(&str, &str, &str); 20] = [
    ("close", "klˈoʊs", "klˈoʊz"),
    ("conduct", "kˈɑːndʌkt", "kəndˈʌkt"),
    ("conflict", "kˈɑːnflɪkt", "kənflˈɪkt"),
    ("contract", "kˈɑːntɹækt", "kəntɹˈækt"),
    ("estimate", "ˈɛstᵻmət", "ˈɛstᵻmˌeɪt"),
    ("export", "ˈɛkspoːɹt", "ɛkspˈoːɹt"),
    ("increase", "ˈɪŋkɹiːs", "ɪŋkɹˈiːs"),
    ("lead", "lˈiːd", "lˈiːd"),
    ("live", "lˈaɪv", "lˈɪv"),
    ("lives", "lˈaɪvz", "lˈɪvz"),
    ("object", "ˈɑːbdʒɛkt", "ɑːbdʒˈɛkt"),
    ("permit", "pˈɜːmɪt", "pɚmˈɪt"),
    ("present", "pɹˈɛzənt", "pɹɪzˈɛnt"),
    ("produce", "pɹədˈuːs", "pɹədˈuːs"),
    ("project", "pɹˈɑːdʒɛkt", "pɹədʒˈɛkt"),
    ("read", "ɹˈiːd", "ɹˈiːd"),
    ("record", "ɹˈɛkɚd", "ɹᵻkˈoːɹd"),
    ("separate", "sˈɛpɹət", "sˈɛpɚɹˌeɪt"),
    ("upgrade", "ˈʌpɡɹeɪd", "ʌpɡɹˈeɪd"),
    ("use", "jˈuːs", "jˈuːz"),
];

/// Words behind which a verb comes.
fn verb_follows(word: &str) -> bool {
    matches!(
        word,
        "to" | "will"
            | "can"
            | "could"
            | "would"
            | "should"
            | "may"
            | "might"
            | "must"
            | "not"
            | "we"
            | "they"
            | "you"
            | "I"
            | "who"
            | "he"
            | "she"
            | "it"
            | "don't"
            | "didn't"
            | "doesn't"
            | "can't"
            | "won't"
            | "people"
            | "users"
            | "let's"
            | "did"
            | "do"
            | "also"
    )
}

fn is_letter(word: Option<&&str>) -> bool {
    word.is_some_and(|&word| word.starts_with(|c: char| c.is_ascii_uppercase()) && word != "I")
}

/// Changes the phonemes of words that follow each other without a pause.
pub(super) fn connect(words: &[&str], phonemes: &mut [Vec<char>]) {
    for index in 0..words.len().min(phonemes.len()) {
        let before = index.checked_sub(1).and_then(|before| words.get(before));
        let vowel_follows = phonemes
            .get(index + 1)
            .and_then(|next| next.iter().find(|c| !matches!(c, 'ˈ' | 'ˌ')))
            .is_some_and(|&first| is_vowel(first));
        let last = index + 1 == words.len();
        let form = match words[index] {
            "the" if vowel_follows => Some("ðɪ"),
            "the" => Some("ðə"),
            "to" if last => Some("tˈuː"),
            "to" if vowel_follows => Some("tʊ"),
            "to" => Some("tə"),
            // The letter of `A I` is stressed, the pronoun is not.
            "I" if !is_letter(before) && !is_letter(words.get(index + 1)) && !last => Some("aɪ"),
            "read"
                if before.is_some_and(|before| {
                    matches!(*before, "has" | "have" | "had" | "was" | "were" | "been" | "be")
                }) =>
            {
                Some("ɹˈɛd")
            }
            "that" if last => Some("ðˈæt"),
            "has" if !last => Some("hɐz"),
            word => weak_form(word).or_else(|| {
                let (_, otherwise, verb) = NOUN_AND_VERB.iter().find(|(noun, _, _)| *noun == word)?;
                Some(if before.is_some_and(|before| verb_follows(before)) { *verb } else { *otherwise })
            }),
        };
        if let Some(form) = form {
            phonemes[index] = form.chars().collect();
        }
    }
}
