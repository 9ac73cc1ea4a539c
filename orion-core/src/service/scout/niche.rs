//! The niches that come with Orion (contract, section 5.1).

use crate::domain::Niche;
use crate::{Error, Result};

/// Name, least score, keywords, excluded topics, categories; lists are comma-separated.
const BUILT_IN: [(&str, f64, &str, &str, &str); 4] = [
    (
        "tech",
        15.0,
        "AI, artificial intelligence, machine learning, startup, software, programming, developer, cloud, SaaS, API, \
         open source, cybersecurity, blockchain, robotics, GPU",
        "celebrity, gossip, horoscope, reality TV",
        "technology, software, AI",
    ),
    (
        "gaming",
        15.0,
        "game, gaming, esports, PlayStation, Xbox, Nintendo, Steam, Twitch, streamer, GPU, console, PC gaming, \
         indie game, RPG, FPS",
        "gambling, casino, lottery",
        "gaming, esports, entertainment",
    ),
    (
        "finance",
        20.0,
        "stock, market, crypto, bitcoin, ethereum, investing, fintech, banking, economy, inflation, interest rate, \
         IPO, earnings, trading, DeFi",
        "scam, ponzi, get rich quick",
        "finance, investing, cryptocurrency",
    ),
    (
        "health",
        15.0,
        "health, fitness, nutrition, mental health, wellness, medical, research, clinical trial, FDA, vaccine, \
         exercise, diet, sleep, mindfulness, therapy",
        "miracle cure, detox cleanse, anti-vax",
        "health, fitness, wellness",
    ),
];

/// Names of the niches that come with Orion.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, ..)| *name)
}

/// A niche that comes with Orion, by its name in any case; `technology` is another name for `tech`.
///
/// # Errors
/// `Invalid` for an unknown name.
pub fn built_in(name: &str) -> Result<Niche> {
    let wanted = if name.eq_ignore_ascii_case("technology") { "tech" } else { name };
    let found = BUILT_IN.iter().find(|(name, ..)| name.eq_ignore_ascii_case(wanted));
    let Some((name, min_score, keywords, excluded, categories)) = found else {
        return Err(Error::invalid("unknown niche")
            .with_context("niche", name)
            .with_hint(format!("use one of {}", names().collect::<Vec<_>>().join(", "))));
    };
    let list = |text: &str| text.split(',').map(|word| word.trim().to_owned()).collect();
    Ok(Niche {
        name: (*name).to_owned(),
        keywords: list(keywords),
        excluded: list(excluded),
        min_score: *min_score,
        categories: list(categories),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_niches_and_their_alias() {
        for name in names() {
            let niche = built_in(name).unwrap();
            assert_eq!((niche.name.as_str(), niche.keywords.len(), niche.categories.len()), (name, 15, 3));
            assert!(niche.keywords.iter().chain(&niche.excluded).all(|word| word.trim() == word && !word.is_empty()));
        }
        assert_eq!(built_in("Technology").unwrap(), built_in("tech").unwrap());
        assert_eq!(built_in("finance").unwrap().min_score, 20.0);
        assert!(built_in("cooking").unwrap_err().hint().unwrap().contains("gaming"));
    }
}
