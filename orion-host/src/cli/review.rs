//! `--review`: shows what a gate asks about, and takes the decision at the terminal.

use super::output;
use crate::Orion;
use orion_core::domain::{Card, Content, Gate, Line, LineRole, Run, ScenePlan, Script, Sha256, Verdict};
use orion_core::id::UserId;
use orion_core::port::RepositoryExt;
use orion_core::service::production::Revision;
use orion_core::{Error, Operation, Result};
use std::path::{Path, PathBuf};

/// Asks a person about one run.
pub(super) struct Reviewer<'a> {
    orion: &'a Orion,
    run: &'a Run,
    operation: &'a Operation,
}

/// What a person typed.
enum Answer {
    Approve,
    Reject(Option<String>),
    Edit,
    Later,
}

impl<'a> Reviewer<'a> {
    pub(super) fn new(orion: &'a Orion, run: &'a Run, operation: &'a Operation) -> Self {
        Self { orion, run, operation }
    }

    /// Shows and asks until there is a decision; `None` if the person leaves it for later.
    pub(super) async fn ask(&self, gate: Gate) -> Result<Option<Run>> {
        loop {
            let question = self.orion.production().question(self.run.id).await?;
            let content = self.content().await?;
            let shown = self.show(gate, &content).await?;
            let answer = self.answer(gate).await;
            if let Some(path) = shown {
                // A copy for looking at; the file itself is kept elsewhere.
                let _ = std::fs::remove_file(path);
            }
            match answer? {
                Answer::Later => return Ok(None),
                Answer::Approve => return self.decide(gate, question.subject, Verdict::Approve, None).await.map(Some),
                Answer::Reject(feedback) => {
                    return self.decide(gate, question.subject, Verdict::Reject, feedback).await.map(Some);
                }
                Answer::Edit => {
                    if let Err(error) = self.edit(&content, gate).await {
                        output::say(&format!("error: {error}"));
                        if let Some(hint) = error.hint() {
                            output::say(&format!("hint: {hint}"));
                        }
                    }
                }
            }
        }
    }

    async fn content(&self) -> Result<Content> {
        self.orion.production().store.read().await?.contents().require(self.run.content_id).await
    }

    async fn decide(&self, gate: Gate, subject: Sha256, verdict: Verdict, feedback: Option<String>) -> Result<Run> {
        self.orion.production().decide(self.run.id, gate, subject, verdict, feedback, UserId::SYSTEM).await
    }

    /// Shows what is asked about; gives a file that was made for it.
    async fn show(&self, gate: Gate, content: &Content) -> Result<Option<PathBuf>> {
        let missing = || Error::unexpected("the gate has nothing to show");
        match gate {
            Gate::Script => show_script(content.script.as_ref().ok_or_else(missing)?),
            Gate::Prompts => show_plan(content.scenes.as_ref().ok_or_else(missing)?),
            Gate::Review => {
                let product = self.orion.product(self.run.id).await?;
                let path =
                    self.orion.config().data_dir.join(format!("review-{}.mp4", super::create::short(self.run.id)));
                self.orion.blobs().export(product.video.sha256, &path).await?;
                output::say(&format!("\nThe finished video is at {}", path.display()));
                for check in &product.report.validation.checks {
                    let mark = if check.passed { "ok " } else { "BAD" };
                    output::say(&format!("  {mark} {}: {} (expected {})", check.name, check.found, check.expected));
                }
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    async fn answer(&self, gate: Gate) -> Result<Answer> {
        let choices = match gate {
            Gate::Review => "[a]pprove, [r]eject, [l]ater",
            _ => "[a]pprove, [r]eject, [e]dit, [l]ater",
        };
        loop {
            output::say(&format!("\n{gate}: {choices}?"));
            let Some(line) = self.line().await? else { return Ok(Answer::Later) };
            match line.trim().to_lowercase().as_str() {
                "a" | "approve" | "y" | "yes" => return Ok(Answer::Approve),
                "e" | "edit" if gate != Gate::Review => return Ok(Answer::Edit),
                "l" | "later" | "q" | "quit" => return Ok(Answer::Later),
                "r" | "reject" => {
                    output::say("what should be better? (empty: reject for good)");
                    let feedback = self.line().await?.map(|line| line.trim().to_owned());
                    return Ok(Answer::Reject(feedback.filter(|feedback| !feedback.is_empty())));
                }
                _ => {}
            }
        }
    }

    /// One line of standard input; `None` at its end.
    async fn line(&self) -> Result<Option<String>> {
        let read = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map(|bytes| (bytes > 0).then_some(line))
        });
        tokio::select! {
            () = self.operation.cancellation.cancelled() => Err(Error::cancelled()),
            line = read => line
                .map_err(|error| Error::unexpected("reading the answer was cut off").with_source(error))?
                .map_err(|error| Error::unavailable("the answer cannot be read").with_source(error)),
        }
    }

    async fn edit(&self, content: &Content, gate: Gate) -> Result<()> {
        let revision = match (gate, &content.script, &content.scenes) {
            (Gate::Script, Some(script), _) => {
                let text = edited(script_as_text(script), "md").await?;
                Revision::Script(script_from_text(&text, script)?)
            }
            (Gate::Prompts, _, Some(plan)) => {
                let text = edited(serde_json::to_string_pretty(plan)?, "json").await?;
                let plan: ScenePlan = serde_json::from_str(&text)
                    .map_err(|error| Error::invalid("the edited scenes are not valid").with_context("cause", error))?;
                Revision::Plan(plan)
            }
            _ => return Err(Error::invalid("nothing can be edited here")),
        };
        self.orion.production().revise(self.run.id, revision).await.map(drop)
    }
}

fn show_script(script: &Script) {
    output::say(&format!("\n{}\n", script.title));
    for line in &script.lines {
        let sources: Vec<String> = line.sources.iter().map(ToString::to_string).collect();
        let sources = if sources.is_empty() { String::new() } else { format!("  [{}]", sources.join(", ")) };
        output::say(&format!("  {:<5} {}{sources}", line.role, line.text));
    }
}

fn show_plan(plan: &ScenePlan) {
    output::say("");
    for prompt in &plan.prompts {
        output::say(&format!("  {:>2}. {}", prompt.scene_number, card_in_words(&prompt.card)));
    }
}

fn card_in_words(card: &Card) -> String {
    match card {
        Card::Headline { label, headline } => format!("headline [{label}] {headline}"),
        Card::Number { headline, value, caption, .. } => format!("number   {value} {caption} ({headline})"),
        Card::Quote { quote, attribution } => format!("quote    {quote} ({attribution})"),
        Card::List { headline, items, .. } => format!("list     {headline}: {}", items.join("; ")),
        Card::Comparison { headline, left, right, .. } => {
            format!("compare  {headline}: {} {} / {} {}", left.0, left.1, right.0, right.1)
        }
        Card::Closing { headline, .. } => format!("closing  {headline}"),
        Card::Statement { words, .. } => format!("states   {words}"),
        Card::Chart { headline, bars, .. } => {
            let bars: Vec<String> = bars.iter().map(|bar| format!("{} {}", bar.title, bar.value)).collect();
            format!("chart    {headline}: {}", bars.join("; "))
        }
        Card::Timeline { headline, moments, .. } => {
            let moments: Vec<String> = moments.iter().map(|(when, what)| format!("{when} {what}")).collect();
            format!("timeline {headline}: {}", moments.join("; "))
        }
        Card::Change { headline, before, after, .. } => {
            format!("change   {headline}: {} {} / {} {}", before.0, before.1, after.0, after.1)
        }
        Card::Place { name, region, headline, .. } => format!("place    {name} {region} ({headline})"),
    }
}

const GUIDE: &str =
    "<!-- The title, then one scene a line: `hook:`, `body:` or `cta:`, the words, and in [brackets] the
     numbers of the sources they rest on. Empty lines and this note are left out. -->";

fn script_as_text(script: &Script) -> String {
    let mut text = format!("{GUIDE}\n# {}\n\n", script.title);
    for line in &script.lines {
        let sources: Vec<String> = line.sources.iter().map(ToString::to_string).collect();
        let sources = if sources.is_empty() { String::new() } else { format!(" [{}]", sources.join(", ")) };
        text.push_str(&format!("{}: {}{sources}\n", line.role, line.text));
    }
    text
}

fn script_from_text(text: &str, before: &Script) -> Result<Script> {
    let text = text.replace(GUIDE, "");
    let mut script = Script { lines: Vec::new(), author: "user".to_owned(), ..before.clone() };
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(title) = line.strip_prefix('#') {
            script.title = title.trim().to_owned();
            continue;
        }
        let parsed =
            line.split_once(':').and_then(|(role, words)| Some((role.trim().parse::<LineRole>().ok()?, words)));
        let (role, words) = parsed.ok_or_else(|| {
            Error::invalid("a line begins with `hook:`, `body:` or `cta:`").with_context("line", line)
        })?;
        let (words, sources) = split_sources(words.trim());
        let visual_cue = before.lines.iter().find(|old| old.text == words).map(|old| old.visual_cue.clone());
        let visual_cue = visual_cue.unwrap_or_else(|| words.to_owned());
        script.lines.push(Line { role, text: words.to_owned(), sources, visual_cue });
    }
    Ok(script)
}

/// `words [1, 2]` as the words and the numbers.
fn split_sources(words: &str) -> (&str, Vec<u32>) {
    let split = words.strip_suffix(']').and_then(|rest| rest.rsplit_once('['));
    let numbers = split.map(|(_, numbers)| numbers.split(',').map(|number| number.trim().parse()).collect());
    match (split, numbers) {
        (Some((words, _)), Some(Ok(numbers))) => (words.trim_end(), numbers),
        _ => (words, Vec::new()),
    }
}

/// Lets the person edit a text with `$VISUAL` or `$EDITOR`.
async fn edited(text: String, extension: &str) -> Result<String> {
    let editor =
        ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let editor = editor.unwrap_or_else(|| "vi".to_owned());
    let path = std::env::temp_dir().join(format!("orion-{}.{extension}", std::process::id()));
    let work = tokio::task::spawn_blocking(move || edit_file(&editor, &path, &text));
    work.await.map_err(|error| Error::unexpected("editing was cut off").with_source(error))?
}

fn edit_file(editor: &str, path: &Path, text: &str) -> Result<String> {
    crate::delivery::write_file(path, text.as_bytes())?;
    // An editor may be named with arguments: `code --wait`.
    let mut words = editor.split_whitespace();
    let status = std::process::Command::new(words.next().unwrap_or("vi")).args(words).arg(path).status();
    let edited = std::fs::read_to_string(path);
    let _ = std::fs::remove_file(path);
    match status {
        Ok(status) if status.success() => {
            edited.map_err(|error| Error::invalid("the edited text cannot be read").with_source(error))
        }
        Ok(_) => {
            Err(Error::invalid("the editor ended with an error; nothing was changed").with_context("editor", editor))
        }
        Err(error) => Err(Error::unavailable("the editor cannot be started")
            .with_context("editor", editor)
            .with_hint("name one in the variable EDITOR")
            .with_source(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_survives_the_editor() {
        let line = |role, text: &str, sources: &[u32]| Line {
            role,
            text: text.to_owned(),
            sources: sources.to_vec(),
            visual_cue: format!("cue of {text}"),
        };
        let script = Script {
            title: "Cables: a story".to_owned(),
            language: "en".to_owned(),
            lines: vec![
                line(LineRole::Hook, "Look: it is [thin].", &[]),
                line(LineRole::Body, "It costs 3 [sic] dollars.", &[1, 2]),
                line(LineRole::CallToAction, "Follow for more.", &[]),
            ],
            author: "extractive".to_owned(),
        };
        let back = script_from_text(&script_as_text(&script), &script).unwrap();
        assert_eq!(back, Script { author: "user".to_owned(), ..script.clone() });
        assert!(script_from_text("no role here", &script).is_err());
    }
}
