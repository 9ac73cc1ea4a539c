//! The dashboard and the alert rules ask for what there is: every metric that they name is one that a scrape shows.

use super::bed::Bed;
use orion_core::domain::Role;
use orion_core::event::EventRecord;
use orion_core::id::EventId;
use orion_core::testing::sample;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// What is part of the language, and of what Prometheus adds itself.
const WORDS: &[&str] = &[
    "and",
    "or",
    "unless",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "bool",
    "offset",
    "up",
    "sum",
    "max",
    "min",
    "avg",
    "count",
];

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(path)).unwrap()
}

/// The metrics that a query names: its words outside of strings, of braces and brackets and of lists of labels, that
/// are no functions.
fn metrics_in(query: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let (mut rest, mut before) = (query, String::new());
    while let Some(first) = rest.chars().next() {
        let skipped = match first {
            '{' => Some('}'),
            '[' => Some(']'),
            '(' if ["by", "without", "on", "ignoring", "group_left"].contains(&before.as_str()) => Some(')'),
            _ => None,
        };
        if let Some(end) = skipped {
            rest = rest.split_once(end).unwrap().1;
            before.clear();
            continue;
        }
        let word: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':')).collect();
        if word.is_empty() {
            rest = &rest[first.len_utf8()..];
            continue;
        }
        rest = &rest[word.len()..];
        let is_function = rest.trim_start().starts_with('(');
        if !is_function && !WORDS.contains(&word.as_str()) && word.starts_with(|c: char| c.is_ascii_alphabetic()) {
            found.insert(word.clone());
        }
        before = word;
    }
    found
}

/// The series that a scrape shows, by name.
async fn scraped() -> BTreeSet<String> {
    let bed = Bed::new().await;
    let viewer = bed.user("viewer", Role::Viewer).await;
    let observed = &bed.platform.metrics.observed;
    for (event, place) in sample::events().into_iter().zip(1..) {
        let id = EventId(sample::uuid(place));
        observed.saw(&EventRecord { sequence: place, id, at: sample::time(place), owner: None, event });
    }
    let mut done = sample::events().into_iter().find(|event| event.channel().ends_with("stage_changed")).unwrap();
    if let orion_core::event::Event::StageChanged { status, .. } = &mut done {
        *status = orion_core::StageStatus::Completed;
    }
    let id = EventId(sample::uuid(99));
    observed.saw(&EventRecord { sequence: 99, id, at: sample::time(99), owner: None, event: done });
    observed.saw_gpus(&super::super::machine::Gpus::sample());
    let token = bed.token(&viewer, 900);
    bed.get("/api/v1/providers", Some(&token)).await;
    let text = bed.get("/metrics", Some(&token)).await.text;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split(['{', ' ']).next().unwrap().to_owned()).collect()
}

#[test]
fn queries_are_read_as_prometheus_reads_them() {
    let query =
        "histogram_quantile(0.9, sum by (le, path) (rate(a_bucket{path=~\"b|c\"}[5m]))) > 2 and on (x) d:e offset 1h";
    let named: Vec<String> = metrics_in(query).into_iter().collect();
    assert_eq!(named, ["a_bucket", "d:e"]);
}

#[tokio::test]
async fn dashboards_and_alerts_ask_for_what_there_is() {
    let scraped = scraped().await;
    let mut queries = Vec::new();
    let board: Value = serde_json::from_str(&read("grafana/orion.json")).unwrap();
    for panel in board["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            queries.push(target["expr"].as_str().unwrap().replace("$__rate_interval", "5m"));
        }
    }
    let boards = queries.len();
    let rules = read("prometheus/alerts.yml");
    let mut lines = rules.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(query) = line.trim().strip_prefix("expr:") else { continue };
        let mut query = query.trim().trim_start_matches('|').to_owned();
        // A query of several lines goes on as long as they are set in further than `expr`.
        while let Some(more) = lines.next_if(|more| more.starts_with("          ")) {
            query.push_str(more);
        }
        queries.push(query);
    }
    assert!(boards > 20 && queries.len() - boards == rules.matches("- alert:").count());
    for query in queries {
        let named = metrics_in(&query);
        let missing: Vec<&String> = named.iter().filter(|name| !scraped.contains(*name)).collect();
        assert!(missing.is_empty(), "{query} names {missing:?}, which no scrape shows: {scraped:?}");
        assert!(!named.is_empty() || query.contains("up{"), "{query} names nothing");
    }
}
