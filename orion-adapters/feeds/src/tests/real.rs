//! The real feeds that are shared with the project's developers. What each holds was compared item by item with
//! Python's feedparser 6 (counts, titles, addresses, dates, categories) and read by eye.

use crate::{FeedLimits, parse_feed};
use orion_core::domain::Feed;

/// A shared feed; `None`, loudly, where this checkout has none.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn real(name: &str) -> Option<Feed> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/feeds").join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Some(parse_feed(&bytes, None, &FeedLimits::default()).unwrap()),
        Err(_) => {
            eprintln!("SKIPPED: no {}", path.display());
            None
        }
    }
}

fn dates(feed: &Feed) -> Vec<String> {
    feed.items.iter().filter_map(|item| item.published_at).map(|time| time.to_string()).collect()
}

#[test]
fn guardian() {
    let Some(feed) = real("guardian.rss") else { return };
    assert_eq!((feed.title.as_str(), feed.language.as_deref(), feed.items.len()), ("The Guardian", Some("en-gb"), 55));
    assert_eq!(feed.site_url.as_deref(), Some("https://www.theguardian.com/us"));
    assert_eq!(dates(&feed).len(), 55);
    for item in &feed.items {
        let picture = item.picture.as_ref().unwrap();
        assert_eq!(picture.width, Some(460), "{}", item.title);
        assert!(picture.credit.is_some() && picture.url.contains("&s="), "{}", item.title);
        assert!(!item.summary.is_empty() && !item.categories.is_empty(), "{}", item.title);
        for unwanted in ["Continue reading", "Related:", "&#", "<", "  "] {
            assert!(!item.summary.contains(unwanted), "{unwanted} in {}", item.summary);
        }
    }
    let first = &feed.items[0];
    assert_eq!(first.title, "Trump State of the Union address promised unity but emphasized discord");
    assert_eq!(first.author.as_deref(), Some("David Smith in Washington"));
    assert_eq!(dates(&feed)[0], "2018-01-31T07:26:05Z");
    assert_eq!(first.picture.as_ref().unwrap().credit.as_deref(), Some("Photograph: Networ/Sipa USA/REX/Shutterstock"));
    assert_eq!(
        first.summary,
        "The president’s ‘new American moment’ speech stirred Republican applause while Democrats showed thinly disguised contempt\n\nDonald Trump has promised a “new American moment” in a State of the Union address that sought harmony but succeeded only in underlining the deep discord at the heart of the country’s politics."
    );
    assert_eq!(feed.items[20].title, "#Me Too is about more than stopping rape. We demand more | Jessica Valenti");
    assert_eq!(feed.items[54].title, "Earth's ultimate yogis – in pictures");
}

#[test]
fn uol_in_latin_1_without_a_declaration() {
    let Some(feed) = real("uolNoticias.rss") else { return };
    assert_eq!((feed.title.as_str(), feed.language.as_deref(), feed.items.len()), ("UOL Noticias", None, 15));
    assert_eq!(feed.items[0].title, "Ibope: Bolsonaro perde de Haddad, Ciro e Alckmin em simulações de 2º turno");
    assert!(feed.items[0].summary.starts_with("Líder na pesquisa Ibope de intenção de voto para o primeiro turno"));
    assert_eq!(feed.items[14].title, "Fama \"A\" é campeã da Primeira Divisão da Copa Cidade Alta de Futebol Suíço");
    let dates = dates(&feed);
    assert_eq!((dates.len(), dates[0].as_str()), (15, "2018-09-24T22:42:40Z"), "`Seg, 24 Set 2018 19:42:40 -0300`");
    assert_eq!(feed.items.iter().filter(|item| item.picture.is_some()).count(), 4);
    assert_eq!(feed.items.iter().filter(|item| item.summary.is_empty()).count(), 4);
    assert!(feed.items.iter().all(|item| !item.summary.contains("Leia mais") && !item.title.contains('\u{a0}')));
}

#[test]
fn heise() {
    let Some(feed) = real("heise.atom") else { return };
    assert_eq!((feed.title.as_str(), feed.items.len()), ("heise developer neueste Meldungen", 15));
    assert_eq!(feed.items[1].title, "Scrum Day 2016: Bewerbungen für Vorträge und Workshops");
    assert_eq!(dates(&feed)[0], "2016-02-01T16:22:00Z", "the date of publication, not of the last change");
    assert_eq!(feed.items[0].picture.as_ref().and_then(|picture| picture.caption.as_deref()), Some("WildFly 10"));
    assert!(
        feed.items.iter().all(|item| item.summary.len() > 80 && item.content.is_empty()),
        "its content repeats its summary"
    );
    assert_eq!(feed.items[13].title, "C# 7 – Stand der Dinge und Ausblick");
}

#[test]
fn reddit_on_one_line() {
    let Some(feed) = real("reddit.rss") else { return };
    assert_eq!((feed.title.as_str(), feed.items.len()), ("reddit: the front page of the internet", 24));
    assert_eq!(feed.items[0].title, "The water is too deep, so he improvises");
    assert_eq!(feed.items[23].title, "\"The best years of your life...\" [Image]");
    assert_eq!(dates(&feed).len(), 24);
    let told: Vec<&str> =
        feed.items.iter().filter(|item| !item.summary.is_empty()).map(|item| item.title.as_str()).collect();
    assert_eq!(told.len(), 4, "the others only say who submitted them: {told:?}");
    assert!(feed.items[1].summary.starts_with("It's Aziz Ansari.\n\nI'm here to chat"));
    assert_eq!(feed.items.iter().filter(|item| item.picture.is_some()).count(), 16);
}

#[test]
fn cloudflare_with_its_full_text() {
    let Some(feed) = real("cloudflare-blog.rss") else { return };
    assert_eq!((feed.title.as_str(), feed.items.len()), ("The Cloudflare Blog", 1));
    let item = &feed.items[0];
    assert_eq!(item.author.as_deref(), Some("Luke Valenta"));
    assert_eq!(item.categories, ["Research", "Security", "Product News"]);
    assert_eq!(
        item.picture.as_ref().map(|picture| picture.url.as_str()),
        Some("https://blog.cloudflare.com/content/images/2021/10/image6-15.png")
    );
    let paragraphs: Vec<&str> = item.content.split("\n\n").collect();
    assert!(paragraphs[0].starts_with("Today we’re announcing a public demo and an open-sourced Go implementation"));
    assert!(paragraphs.len() > 40 && item.content.len() > 15_000, "{} {}", paragraphs.len(), item.content.len());
    assert!(!item.content.contains('<') && !item.content.contains("&amp;"));
}

#[test]
fn in_our_time() {
    let Some(feed) = real("bbc.rss") else { return };
    assert_eq!((feed.title.as_str(), feed.language.as_deref(), feed.items.len()), ("In Our Time", Some("en"), 1));
    let item = &feed.items[0];
    assert_eq!((item.title.as_str(), item.author.as_deref()), ("Marcus Aurelius", Some("BBC Radio 4")));
    assert_eq!(
        item.summary,
        "Melvyn Bragg and guests discuss the life and meditations of 'the last good Roman emperor'."
    );
    assert_eq!(item.picture, None, "a sound file is no picture");
}
