//! The look of a video: colours from its topic, a seed from its words.

use crate::domain::{Look, Palette};
use crate::text::claim::tokens;
use crate::text::embedding::fnv1a;
use std::collections::HashMap;

/// A palette, the words that call for it, and the mood it has.
struct Theme {
    name: &'static str,
    background: u32,
    glows: [u32; 3],
    accent: u32,
    mood: &'static str,
    words: &'static str,
}

const TEXT: u32 = 0xFF_FF_FF;

/// Dark grounds on which white type has a contrast of at least 12:1, and accents of at least 7:1.
const THEMES: &[Theme] = &[
    Theme {
        name: "indigo",
        background: 0x0B_10_2A,
        glows: [0x5B_3F_D6, 0xC9_4F_8E, 0x1E_6F_D9],
        accent: 0xFF_CF_5C,
        mood: "curious",
        words: "technology software computer internet data code developer app ai robot chip digital cyber privacy password \
                server java google microsoft apple facebook cloud web programmierer entwickler rede tecnologia",
    },
    Theme {
        name: "forest",
        background: 0x06_1E_1A,
        glows: [0x1F_8A_5B, 0x0F_6E_6B, 0xB8_C4_5A],
        accent: 0xC8_F0_6A,
        mood: "calm",
        words: "climate nature environment forest animal wildlife species river ocean conservation land farm food weather \
                dinosaur whale orca meat umwelt klima tiere meio ambiente clima",
    },
    Theme {
        name: "crimson",
        background: 0x1E_07_12,
        glows: [0xB3_1B_3A, 0xE0_6A_2B, 0x6A_1B_5E],
        accent: 0xFF_C9_A3,
        mood: "serious",
        words: "war attack shooting crime police court killed dead death gun terror prison abuse crash trial slavery violence \
                murder drug krieg polizei guerra prisão polícia ataque",
    },
    Theme {
        name: "harbour",
        background: 0x05_1A_2B,
        glows: [0x0E_7C_B5, 0x17_A3_9B, 0x2B_4B_9B],
        accent: 0x7F_E3_FF,
        mood: "sober",
        words: "politics president government election minister congress senate parliament vote party democrat republican \
                state union law policy trump eleição eleições governo presidente candidato wahl regierung gobierno",
    },
    Theme {
        name: "amber",
        background: 0x1C_12_05,
        glows: [0xB8_7A_14, 0x8A_3B_12, 0xD9_A4_3A],
        accent: 0xFF_D3_6B,
        mood: "confident",
        words: "business economy market money bank tax trade company stock price finance job worker industry dow euro dollar \
                wirtschaft bolsa economia mercado índice imposto empresa",
    },
    Theme {
        name: "pitch",
        background: 0x07_1F_10,
        glows: [0x1D_9A_3E, 0x0D_5B_7A, 0x9B_C9_2F],
        accent: 0xE8_FF_6B,
        mood: "energetic",
        words: "sport football league match goal team player club cup golf tennis olympic race coach season stadium fußball \
                futebol campeão copa equipe jogador fútbol",
    },
    Theme {
        name: "velvet",
        background: 0x1A_08_24,
        glows: [0x8A_2B_C9, 0xD9_3B_8A, 0x3B_2B_9B],
        accent: 0xFF_B8_E0,
        mood: "playful",
        words: "film movie music television actor oscar art book culture artist song series theatre fashion celebrity comedy \
                documentary hollywood host kultur cinema música",
    },
    Theme {
        name: "aurora",
        background: 0x05_14_24,
        glows: [0x12_9B_8A, 0x5B_3B_C9, 0x1B_6A_D9],
        accent: 0x8A_FF_D6,
        mood: "wondering",
        words: "science research study space moon planet star scientist discovery physics health medicine doctor hospital \
                disease brain university forscher ciência saúde pesquisa",
    },
];

/// The look for a text: the palette whose words occur most, or one by chance of the words; and the mood that goes with it.
pub(super) fn look(text: &str) -> (Look, &'static str) {
    let mut words: HashMap<String, usize> = HashMap::new();
    for token in tokens(text) {
        *words.entry(token).or_default() += 1;
    }
    let seed = fnv1a(&[text.as_bytes()]);
    let hits = |theme: &Theme| {
        theme.words.split_whitespace().map(|word| words.get(word).copied().unwrap_or_default()).sum::<usize>()
    };
    let best = THEMES.iter().map(|theme| (hits(theme), theme)).max_by_key(|(hits, _)| *hits);
    let theme = match best {
        Some((1.., theme)) => theme,
        _ => &THEMES[(seed % THEMES.len() as u64) as usize],
    };
    let palette = Palette {
        name: theme.name.to_owned(),
        background: theme.background,
        glows: theme.glows,
        accent: theme.accent,
        text: TEXT,
    };
    (Look::new(palette, seed), theme.mood)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::colour::contrast;

    #[test]
    fn type_and_accents_stand_out_on_every_ground() {
        for theme in THEMES {
            assert!(contrast(TEXT, theme.background) >= 12.0, "{}", theme.name);
            assert!(contrast(theme.accent, theme.background) >= 7.0, "{}", theme.name);
        }
    }

    #[test]
    fn the_topic_chooses_the_colours() {
        assert_eq!(look("The football league and its players").0.palette.name, "pitch");
        assert_eq!(look("A bank raises the price of money").0.palette.name, "amber");
        assert_eq!(look("Zzz"), look("Zzz"));
    }
}
