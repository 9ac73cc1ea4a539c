//! `script.md`: the script with a source for every claim, and how it was checked.

use super::creator::source_title;
use super::{Drafted, Material};
use crate::domain::{GroundingAction, LineRole, Source};
use std::fmt::Write;

/// The script, its check, its scores and its sources as Markdown. Text of others is escaped.
pub fn markdown(drafted: &Drafted, material: &Material) -> String {
    let mut page = String::new();
    let script = &drafted.script;
    // Writing to a string cannot fail.
    let _ = writeln!(page, "# {}\n", escaped(&script.title));
    let _ = writeln!(page, "Written by `{}` in `{}`.\n\n## Script\n", script.author, script.language);
    for (number, line) in script.lines.iter().enumerate() {
        let role = match line.role {
            LineRole::Hook => "Hook",
            LineRole::Body => "Body",
            LineRole::CallToAction => "Call to action",
        };
        let _ = writeln!(page, "{}. **{role}** {}{}", number + 1, escaped(&line.text), cited(&line.sources));
    }
    checks(&mut page, drafted, material);
    let critique = &drafted.critique;
    let _ = writeln!(
        page,
        "\n## Critique\n\n| hook | value | call to action | confidence | rewrites |\n|---|---|---|---|---|"
    );
    let _ = writeln!(
        page,
        "| {:.2} | {:.2} | {:.2} | {:.3} | {} |",
        critique.hook,
        critique.value,
        critique.call_to_action,
        critique.confidence(),
        drafted.rewrites
    );
    if !critique.feedback.is_empty() {
        let _ = writeln!(page, "\n{}", escaped(&critique.feedback));
    }
    sources(&mut page, material);
    let notes: Vec<&String> = material.notes.iter().chain(&drafted.notes).collect();
    if !notes.is_empty() {
        let _ = writeln!(page, "\n## Notes\n");
        for note in notes {
            let _ = writeln!(page, "- {}", escaped(note));
        }
    }
    page
}

fn checks(page: &mut String, drafted: &Drafted, material: &Material) {
    let _ = writeln!(page, "\n## Grounding\n");
    if material.sources.is_empty() {
        let _ = writeln!(page, "Not checked: the script came without sources.");
        return;
    }
    let report = &drafted.report;
    let missing = report.unsupported().count();
    let _ = writeln!(
        page,
        "{} claims checked, {} found in the sources, {missing} not.\n\n| line | kind | claim | found in |\n|---|---|---|---|",
        report.checks.len(),
        report.checks.len() - missing
    );
    for check in &report.checks {
        let found =
            if check.sources.is_empty() { "**nowhere**".to_owned() } else { cited(&check.sources).trim().to_owned() };
        let _ = writeln!(page, "| {} | {} | {} | {found} |", check.line + 1, check.kind, escaped(&check.claim));
    }
    let changed: Vec<_> = report.lines.iter().filter(|(_, action)| *action != GroundingAction::Kept).collect();
    if !changed.is_empty() {
        let _ = writeln!(page, "\nChanged by the check:\n");
        for (text, action) in changed {
            let _ = writeln!(page, "- {action}: {}", escaped(text));
        }
    }
}

fn sources(page: &mut String, material: &Material) {
    if material.sources.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n## Sources\n");
    for source in &material.sources {
        let _ = writeln!(page, "{}. {}", source.number, described(source));
    }
}

fn described(source: &Source) -> String {
    let title = escaped(&source_title(source));
    let mut text = match source.url.as_deref().map(safe_url) {
        Some(url) => format!("[{title}](<{url}>)"),
        None => title,
    };
    for part in [source.publisher.as_deref(), source.author.as_deref()].into_iter().flatten() {
        text.push_str(", ");
        text.push_str(&escaped(part));
    }
    if let Some(time) = source.published_at {
        text.push_str(", ");
        text.push_str(&time.day());
    }
    if let Some(picture) = &source.picture {
        let credit = picture.credit.as_deref().unwrap_or("credit not stated");
        let _ = write!(text, ". Picture: {}", escaped(credit));
    }
    text
}

fn cited(sources: &[u32]) -> String {
    sources.iter().map(|number| format!(" \\[{number}\\]")).collect()
}

/// An address that cannot leave its angle brackets.
fn safe_url(url: &str) -> String {
    url.chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .map(|c| match c {
            '<' => "%3C".to_owned(),
            '>' => "%3E".to_owned(),
            '\\' => "%5C".to_owned(),
            c => c.to_string(),
        })
        .collect()
}

/// Text that Markdown shows as it is, in one line.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&') {
            safe.push('\\');
        }
        safe.push(c);
    }
    // A list or a quotation begins a line only.
    if safe.starts_with(['-', '+', '=']) { format!("\\{safe}") } else { safe }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{material, script};
    use super::*;
    use crate::domain::{Critique, GroundingReport};

    #[test]
    fn the_page_shows_lines_checks_scores_and_sources() {
        let mut material = material("Old *bridge* closed", "Divers found 40 cracks in the old bridge.");
        material.sources[0].url = Some("https://example.org/a>b".to_owned());
        let draft = script(&[("hook", "Divers found 40 cracks."), ("body", "Divers found 90 cracks.")]);
        let (script, report) = super::super::ground(&draft, &material);
        let critique = Critique { hook: 0.8, value: 0.7, call_to_action: 0.9, feedback: String::new() };
        let drafted = Drafted { script, report, critique, rewrites: 1, notes: vec!["short".to_owned()] };
        insta::assert_snapshot!(markdown(&drafted, &material));
    }

    #[test]
    fn a_script_without_sources_says_that_it_was_not_checked() {
        let mut none = material("", "");
        none.sources.clear();
        let drafted = Drafted {
            script: script(&[("hook", "Mine.")]),
            report: GroundingReport::default(),
            critique: Critique { hook: 0.0, value: 0.0, call_to_action: 0.0, feedback: String::new() },
            rewrites: 0,
            notes: Vec::new(),
        };
        assert!(markdown(&drafted, &none).contains("Not checked"));
    }

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(escaped("a|b <i> *c*\n# d"), "a\\|b \\<i\\> \\*c\\* \\# d");
        assert_eq!(escaped("- x"), "\\- x");
    }
}
