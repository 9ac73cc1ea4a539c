//! The fonts of the system: which family sets a character that the built-in fonts lack.
//!
//! Nothing is read before the first such character. Then every installed family is known by name, and a few are asked
//! what they have, in this order:
//! 1. for emoji, Noto Color Emoji, then Noto Emoji;
//! 2. the families of the character's script ([`families_of`]): Noto's, then the best known of those that people have
//!    instead, all under open licences;
//! 3. symbols: Noto Sans Symbols, Symbols 2 and Math;
//! 4. any other family: Noto Sans, then Noto, then DejaVu, then by name.
//!
//! The order depends on names alone, never on the order in which a disk lists its files.

use cosmic_text::fontdb::{self, Database, FaceInfo, Family, Query, Style};
use cosmic_text::skrifa::{FontRef, MetadataProvider};
use std::collections::{BTreeMap, HashMap};
use unicode_script::{Script, UnicodeScript};

/// Whose shapes Han characters get where a text does not say: one code stands for several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Han {
    #[default]
    Chinese,
    Japanese,
    Korean,
}

impl Han {
    /// What a text says: kana is Japanese, Hangul Korean.
    pub(crate) fn of(text: &str) -> Option<Self> {
        text.chars().find_map(|character| match character.script() {
            Script::Hiragana | Script::Katakana => Some(Self::Japanese),
            Script::Hangul => Some(Self::Korean),
            _ => None,
        })
    }
}

/// What kind of font a character wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Wanted {
    Emoji,
    Script(Script),
    /// Punctuation and signs that many scripts share.
    Shared,
}

impl Wanted {
    /// Of one grapheme cluster.
    pub(crate) fn of(cluster: &str) -> Self {
        if is_emoji(cluster) {
            return Self::Emoji;
        }
        let script = cluster.chars().map(script).find(|script| !is_shared(*script));
        script.map_or(Self::Shared, Self::Script)
    }
}

fn is_shared(script: Script) -> bool {
    matches!(script, Script::Common | Script::Inherited | Script::Unknown)
}

/// The script of a character; punctuation that belongs to one is counted to it.
pub(crate) fn script(character: char) -> Script {
    match (character.script(), u32::from(character)) {
        (Script::Common, 0x0600..=0x06FF) => Script::Arabic,
        (Script::Common, 0x3000..=0x303F | 0x3200..=0x33FF | 0xFE10..=0xFE1F | 0xFE30..=0xFE4F | 0xFF00..=0xFFEF) => {
            Script::Han
        }
        (Script::Common, 0x3040..=0x30FF) => Script::Katakana,
        (script, _) => script,
    }
}

/// Whether a cluster is shown in colour: by its first character's default (emoji-data.txt, `Emoji_Presentation`, and
/// the blocks that hold nothing else), or because it asks for it.
fn is_emoji(cluster: &str) -> bool {
    if cluster.contains('\u{FE0E}') {
        return false;
    }
    let coloured = |character: char| {
        matches!(u32::from(character),
            0x231A..=0x231B | 0x23E9..=0x23EC | 0x23F0 | 0x23F3 | 0x25FD..=0x25FE | 0x2614..=0x2615 | 0x2648..=0x2653
            | 0x267F | 0x2693 | 0x26A1 | 0x26AA..=0x26AB | 0x26BD..=0x26BE | 0x26C4..=0x26C5 | 0x26CE | 0x26D4 | 0x26EA
            | 0x26F2..=0x26F3 | 0x26F5 | 0x26FA | 0x26FD | 0x2705 | 0x270A..=0x270B | 0x2728 | 0x274C | 0x274E
            | 0x2753..=0x2755 | 0x2757 | 0x2795..=0x2797 | 0x27B0 | 0x27BF | 0x2B1B..=0x2B1C | 0x2B50 | 0x2B55
            | 0x1F000..=0x1F0FF | 0x1F18E | 0x1F191..=0x1F19A | 0x1F1E6..=0x1F1FF | 0x1F200..=0x1F6FF
            | 0x1F7E0..=0x1F7F0 | 0x1F900..=0x1FAFF)
    };
    cluster.contains('\u{FE0F}') || cluster.chars().next().is_some_and(coloured)
}

/// Whether a character is never seen itself, so that no font needs to have it.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FE00}'..='\u{FE0F}' | '\u{61C}' | '\u{34F}')
}

/// The families that set a script, best first.
fn families_of(wanted: Wanted, han: Han) -> Vec<String> {
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let script = match wanted {
        Wanted::Emoji => return named(&["Noto Color Emoji", "Noto Emoji", "Twemoji", "Twitter Color Emoji"]),
        Wanted::Shared => return named(&["Noto Sans Symbols", "Noto Sans Symbols2", "Noto Sans Math"]),
        Wanted::Script(script) => script,
    };
    let han = match script {
        Script::Hiragana | Script::Katakana => Some(Han::Japanese),
        Script::Hangul => Some(Han::Korean),
        Script::Han | Script::Bopomofo => Some(han),
        _ => None,
    };
    if let Some(han) = han {
        // The collection, its parts as Google Fonts names them, Adobe's name for the same, then others.
        return match han {
            Han::Chinese => named(&[
                "Noto Sans CJK SC",
                "Noto Sans SC",
                "Source Han Sans SC",
                "WenQuanYi Zen Hei",
                "Noto Sans CJK JP",
            ]),
            Han::Japanese => {
                named(&["Noto Sans CJK JP", "Noto Sans JP", "Source Han Sans", "IPAGothic", "Noto Sans CJK SC"])
            }
            Han::Korean => {
                named(&["Noto Sans CJK KR", "Noto Sans KR", "Source Han Sans K", "NanumGothic", "Noto Sans CJK SC"])
            }
        };
    }
    let mut families = match script {
        Script::Latin | Script::Greek | Script::Cyrillic => named(&["Noto Sans"]),
        // There is no Noto Sans of them.
        Script::Tibetan => named(&["Noto Serif Tibetan"]),
        other => vec![format!("Noto Sans {}", other.full_name().replace('_', " "))],
    };
    families.extend(named(match script {
        Script::Arabic => &["Noto Kufi Arabic", "Noto Naskh Arabic", "Vazirmatn", "DejaVu Sans"],
        Script::Thai => &["Noto Sans Thai UI", "Noto Looped Thai", "Garuda", "Loma"],
        Script::Lao => &["Noto Looped Lao", "Phetsarath OT"],
        Script::Devanagari | Script::Bengali | Script::Tamil | Script::Telugu => &["Lohit Devanagari", "FreeSans"],
        Script::Khmer => &["Khmer OS"],
        Script::Myanmar => &["Padauk"],
        _ => &["DejaVu Sans", "FreeSans"],
    }));
    families
}

/// The characters of a family, as ranges in rising order.
#[derive(Debug, Default)]
struct Coverage(Vec<(u32, u32)>);

impl Coverage {
    fn of(database: &Database, face: fontdb::ID) -> Self {
        let characters = database.with_face_data(face, |data, index| {
            let font = FontRef::from_index(data, index).ok()?;
            Some(font.charmap().mappings().filter(|(_, glyph)| glyph.to_u32() != 0).map(|(code, _)| code).collect())
        });
        let mut characters: Vec<u32> = characters.flatten().unwrap_or_default();
        characters.sort_unstable();
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for character in characters {
            match ranges.last_mut() {
                Some(last) if character <= last.1 + 1 => last.1 = character,
                _ => ranges.push((character, character)),
            }
        }
        Self(ranges)
    }

    fn has(&self, character: char) -> bool {
        let code = u32::from(character);
        let after = self.0.partition_point(|(start, _)| *start <= code);
        after.checked_sub(1).is_some_and(|index| self.0[index].1 >= code)
    }

    /// Whether nothing of a cluster would be missing.
    fn covers(&self, cluster: &str) -> bool {
        cluster.chars().all(|character| is_invisible(character) || self.has(character))
    }
}

/// The fonts of the system, by family.
#[derive(Debug)]
pub(crate) struct Catalogue {
    database: Database,
    /// Every family with an upright face, in the order of the last resort.
    families: Vec<String>,
    coverage: HashMap<String, Coverage>,
    /// Answers given before.
    known: HashMap<(String, Han), Option<String>>,
}

/// Answers are kept up to this many; then they are looked up anew.
const MOST_KNOWN: usize = 20_000;

impl Catalogue {
    /// Reads the names of the system's fonts.
    pub(crate) fn read() -> Self {
        let mut database = Database::new();
        database.load_system_fonts();
        Self::of(database)
    }

    fn of(database: Database) -> Self {
        let upright = database.faces().filter(|face| face.style == Style::Normal);
        let names: BTreeMap<(u8, String), ()> = upright
            .filter_map(|face| face.families.first())
            .map(|(name, _)| name)
            // These have a box for every character, or nothing.
            .filter(|name| {
                !["Last Resort", "LastResort", "Adobe Blank", "Adobe NotDef"].iter().any(|no| name.contains(no))
            })
            .map(|name| ((rank(name), name.clone()), ()))
            .collect();
        let families = names.into_keys().map(|(_, name)| name).collect();
        Self { database, families, coverage: HashMap::new(), known: HashMap::new() }
    }

    /// The family for a grapheme cluster.
    pub(crate) fn family(&mut self, cluster: &str, han: Han) -> Option<String> {
        let key = (cluster.to_owned(), han);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let wanted = Wanted::of(cluster);
        let mut names = families_of(wanted, han);
        names.extend(families_of(Wanted::Shared, han));
        let mut found = names.into_iter().find(|name| self.covers(name, cluster));
        if found.is_none() {
            let families = self.families.clone();
            found = families.into_iter().find(|name| self.covers(name, cluster));
        }
        if self.known.len() >= MOST_KNOWN {
            self.known.clear();
        }
        self.known.insert(key, found.clone());
        found
    }

    /// Whether an installed family has all of a cluster.
    pub(crate) fn covers(&mut self, family: &str, cluster: &str) -> bool {
        if let Some(coverage) = self.coverage.get(family) {
            return coverage.covers(cluster);
        }
        let coverage = match self.query(family, 400) {
            Some(face) => Coverage::of(&self.database, face),
            None => Coverage::default(),
        };
        let covers = coverage.covers(cluster);
        self.coverage.insert(family.to_owned(), coverage);
        covers
    }

    fn query(&self, family: &str, weight: u16) -> Option<fontdb::ID> {
        let weight = fontdb::Weight(weight);
        let face = self.database.query(&Query { families: &[Family::Name(family)], weight, ..Query::default() })?;
        self.database.face(face).filter(|face| face.style == Style::Normal).map(|face| face.id)
    }

    /// The face of a family that comes nearest to a weight, declared to have it: it is looked for by that.
    pub(crate) fn face(&self, family: &str, weight: u16) -> Option<FaceInfo> {
        let mut face = self.database.face(self.query(family, weight)?)?.clone();
        face.families = vec![(family.to_owned(), fontdb::Language::English_UnitedStates)];
        face.weight = fontdb::Weight(weight);
        face.stretch = fontdb::Stretch::Normal;
        Some(face)
    }
}

/// Where a family stands among the last resorts.
fn rank(family: &str) -> u8 {
    match family {
        _ if family.starts_with("Noto Sans") => 0,
        _ if family.starts_with("Noto") => 1,
        _ if family.starts_with("DejaVu Sans") => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_says_what_it_wants() {
        for (cluster, wanted) in [
            ("ب", Wanted::Script(Script::Arabic)),
            ("،", Wanted::Script(Script::Arabic)),
            ("。", Wanted::Script(Script::Han)),
            ("ー", Wanted::Script(Script::Katakana)),
            ("नि", Wanted::Script(Script::Devanagari)),
            ("🚀", Wanted::Emoji),
            ("1\u{FE0F}\u{20E3}", Wanted::Emoji),
            ("⚡", Wanted::Emoji),
            ("⚡\u{FE0E}", Wanted::Shared),
            ("→", Wanted::Shared),
        ] {
            assert_eq!(Wanted::of(cluster), wanted, "{cluster}");
        }
    }

    #[test]
    fn every_script_names_a_family_of_its_own_first() {
        for (script, family) in [
            (Script::Arabic, "Noto Sans Arabic"),
            (Script::Khmer, "Noto Sans Khmer"),
            (Script::Tai_Tham, "Noto Sans Tai Tham"),
            (Script::Hangul, "Noto Sans CJK KR"),
            (Script::Hiragana, "Noto Sans CJK JP"),
            (Script::Han, "Noto Sans CJK SC"),
        ] {
            assert_eq!(families_of(Wanted::Script(script), Han::Chinese)[0], family);
        }
        assert_eq!(families_of(Wanted::Script(Script::Han), Han::Japanese)[0], "Noto Sans CJK JP");
    }

    #[test]
    fn coverage_is_exact_at_its_borders() {
        let coverage = Coverage(vec![(5, 9), (20, 20)]);
        let has: Vec<u32> = (0..30).filter(|code| char::from_u32(*code).is_some_and(|c| coverage.has(c))).collect();
        assert_eq!(has, [5, 6, 7, 8, 9, 20]);
    }

    #[test]
    fn without_any_font_nothing_is_found() {
        let mut catalogue = Catalogue::of(Database::new());
        assert_eq!(catalogue.family("ب", Han::Chinese), None);
        assert!(catalogue.face("Noto Sans Arabic", 700).is_none());
    }
}
