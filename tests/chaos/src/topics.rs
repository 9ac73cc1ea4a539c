//! Short topics without end, no two alike, so that what is made of each can be told apart outside.

/// Letters of names: 16 to the third names of three, then longer ones.
const SYLLABLES: [&str; 16] =
    ["va", "lo", "mi", "ter", "sun", "ka", "dor", "pel", "ri", "zan", "bu", "fe", "go", "hil", "nor", "wex"];
const THINGS: [&str; 12] = [
    "harbour bridge",
    "glass kiln",
    "night market",
    "tide mill",
    "seed vault",
    "paper press",
    "river ferry",
    "clock tower",
    "salt mine",
    "rope railway",
    "bee garden",
    "wind organ",
];
const DEEDS: [&str; 10] = [
    "reopens",
    "turns silent",
    "draws crowds",
    "is repaired",
    "moves north",
    "doubles",
    "closes",
    "wins",
    "sings",
    "glows",
];

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Topic {
    /// A name that nothing else has.
    pub(crate) name: String,
    pub(crate) title: String,
    /// Two sentences.
    pub(crate) text: String,
}

/// The topic of a number.
pub(crate) fn topic(number: usize) -> Topic {
    // Spread, so that neighbours share no syllable.
    let mut rest = (number * 2_654_435_761) % 4096 + (number / 4096) * 4096;
    let mut name = String::from(if number.is_multiple_of(2) { "Qu" } else { "Xy" });
    while rest > 0 || name.len() < 6 {
        name.push_str(SYLLABLES[rest % 16]);
        rest /= 16;
    }
    let (thing, deed) = (THINGS[number % 12], DEEDS[(number / 12) % 10]);
    let title = format!("{name} {thing} {deed}");
    let text =
        format!("The {thing} of {name} {deed} this week. People in {name} counted {} lamps.", 100 + number % 800);
    Topic { name, title, text }
}

/// Whether a text has this word.
pub(crate) fn mentions(text: &str, name: &str) -> bool {
    text.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == name)
}

/// A feed of the first topics.
pub(crate) fn feed(count: usize) -> String {
    let items = (0..count).map(|number| {
        let Topic { title, text, .. } = topic(number);
        format!(
            "<item><title>{title}</title><guid isPermaLink=\"false\">chaos-{number}</guid>\
             <description>{text}</description></item>"
        )
    });
    let items = items.collect::<String>();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\"><channel><title>Chaos</title>\
         <description>Short news.</description><language>en</language>{items}</channel></rss>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_topics_have_the_same_name() {
        let names: BTreeSet<String> = (0..4096).map(|number| topic(number).name).collect();
        assert_eq!(names.len(), 4096);
        let one = topic(7);
        assert!(mentions(&one.title, &one.name) && mentions(&one.text, &one.name));
        assert!(!mentions(&topic(8).text, &one.name));
    }
}
