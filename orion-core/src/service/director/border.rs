//! The words that tell where the phrases of a sentence begin and end.

/// Words that turn a statement round, or hold for all or none: what follows them is never cut off.
pub(super) const BINDING: &[&str] = &[
    "not", "no", "never", "nobody", "without", "cannot", "isn't", "aren't", "wasn't", "weren't", "don't", "doesn't",
    "didn't", "won't", "hasn't", "haven't", "every", "all", "each", "any", "only", "few", "if", "unless", "whether",
    "until", "nicht", "kein", "keine", "keinen", "nie", "nur", "wenn", "não", "nunca", "sem", "só", "todos", "todas",
    "se", "no", "sin", "jamás", "todas", "pas", "jamais", "tous", "toutes", "si",
];

/// Words that lean on what follows.
pub(super) const LEANING: &[&str] = &[
    "able",
    "according",
    "ahead",
    "almost",
    "as",
    "back",
    "because",
    "close",
    "down",
    "due",
    "else",
    "equal",
    "far",
    "fewer",
    "first",
    "good",
    "instead",
    "last",
    "less",
    "like",
    "likely",
    "low",
    "high",
    "more",
    "most",
    "new",
    "next",
    "other",
    "out",
    "prior",
    "rather",
    "ready",
    "related",
    "similar",
    "so",
    "such",
    "together",
    "up",
    "worth",
    "mehr",
    "mais",
    "más",
    "plus",
    "para",
    "als",
    "wie",
    "outro",
    "outra",
    "outros",
    "outras",
    "andere",
    "anderen",
];

/// Words that tell a verb is still to come in a German clause, and those that are parted from one.
pub(super) const BRACKETS: &str = "hat haben hatte hatten ist sind war waren wird werden wurde wurden kann können konnte muss müssen \
    soll sollen sollte will wollen lassen lässt würde würden darf dürfen möchte dass weil wenn ob";
/// Words that are parted from a German verb and close its clause.
pub(super) const PARTICLES: &str = "ab an auf aus bei ein fest frei her hin los mit nach vor zu zurück weg teil statt";

/// Openers of clauses: before one a phrase may end.
pub(super) const CLAUSES: &str = "which who where when while after before because although though amid nachdem während weil wobei \
    sodass enquanto porque quando onde mientras cuando donde tandis lorsque";
/// Prepositions that add a detail.
pub(super) const DETAILS: &str = "in on at for from with into over under through during between against amid among across by without \
    since near despite around inside behind within beyond für mit bei auf aus im am vom zum zur seit nach durch gegen von \
    para por em no na nos nas num numa com sem sobre entre após durante até desde contra segundo en con sin tras durante \
    hasta según pour par dans avec sans sur entre après pendant depuis contre selon chez vers";

/// Words behind which a noun stands.
pub(super) const DETERMINERS: &str = "a an the its his her their our this that these those my your no some more most";

/// Words behind which the plain form of a verb may stand.
pub(super) const PLURALS: &str = "i we you they who that people police men women children to not can could may might must will would \
    should do does did";

/// Whether a list of words parted by spaces holds a word.
pub(super) fn listed(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}
