//! Marks in the user's own script: what a scene shows, how long, under which heading, and whose voice speaks in it.
//!
//! A mark is a line of its own before the words of its scene; it begins a new scene, as a blank line does:
//!
//! ```text
//! @image harbour.jpg
//! @seconds 6
//! The harbour was empty that morning.
//!
//! @clip crane.mp4
//! Then the cranes began to move.
//!
//! @heading What changed
//! @voice nova
//! Nobody had announced it.
//! ```

use super::own::{paragraphs_of_lines, spoken_part, user_script};
use crate::domain::Script;
use crate::text::sentence::word_count;
use crate::{Error, Result};

/// Longest time that a scene can be asked to be shown for, in seconds.
const MOST_SECONDS: f64 = 60.0;
/// Most characters of a heading.
const MOST_HEADING: usize = 100;
/// Most characters of the name of a voice.
const MOST_VOICE: usize = 100;
/// The marks there are.
const NAMES: [&str; 5] = ["image", "clip", "seconds", "heading", "voice"];

/// A file that a mark names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarkedFile {
    /// A picture.
    Image(String),
    /// Moving pictures.
    Clip(String),
}

/// What is marked of one scene.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SceneMarks {
    /// What it shows.
    pub shows: Option<MarkedFile>,
    /// How long it is shown at least, in seconds; longer where its words take longer.
    pub seconds: Option<f64>,
    /// What its card says.
    pub heading: Option<String>,
    /// Who speaks in it, instead of the voice of the video.
    pub voice: Option<String>,
}

/// A script with its marks taken out.
#[derive(Debug, Clone, PartialEq)]
pub struct MarkedScript {
    /// The words alone; blank lines separate scenes.
    pub text: String,
    /// The same as a script.
    pub script: Script,
    /// What is marked of each line of the script; empty for a script without marks.
    pub marks: Vec<SceneMarks>,
}

/// Reads a script with marks. A scene that is cut into several lines, because it is long, shows the same in all of
/// them, and they share its time.
///
/// # Errors
/// [`Invalid`](crate::ErrorKind::Invalid) for a mark without a value, given twice, or without words after it; as
/// [`user_script`].
pub fn marked_script(text: &str) -> Result<MarkedScript> {
    let mut scenes: Vec<(SceneMarks, String)> = Vec::new();
    let mut open = (SceneMarks::default(), String::new());
    let mut marked = false;
    for line in text.lines() {
        let mark = mark(line);
        if (mark.is_some() || line.trim().is_empty()) && !open.1.is_empty() {
            scenes.push(std::mem::take(&mut open));
        }
        match mark {
            Some((name, value)) => {
                marked = true;
                open.0.set(name, value)?;
            }
            None if line.trim().is_empty() => {}
            None => {
                open.1.push_str(line);
                open.1.push('\n');
            }
        }
    }
    if !marked {
        return Ok(MarkedScript { text: text.to_owned(), script: user_script(text)?, marks: Vec::new() });
    }
    if !open.1.is_empty() || open.0 != SceneMarks::default() {
        scenes.push(open);
    }
    if let Some(scene) = scenes.iter().position(|(_, words)| word_count(&spoken_part(words)) == 0) {
        return Err(Error::invalid("a marked scene needs words that are spoken while it is seen")
            .with_context("scene", scene + 1)
            .with_hint("write its words on the lines after its marks"));
    }
    let words: Vec<&str> = scenes.iter().map(|(_, words)| words.trim_end()).collect();
    let text = words.join("\n\n");
    let script = user_script(&text)?;
    let from = paragraphs_of_lines(&text);
    let marks = from.iter().map(|number| {
        let mut marks = scenes.get(*number).map(|(marks, _)| marks.clone()).unwrap_or_default();
        let parts = from.iter().filter(|other| *other == number).count();
        marks.seconds = marks.seconds.map(|seconds| seconds / parts as f64);
        marks
    });
    Ok(MarkedScript { script, marks: marks.collect(), text })
}

/// The mark on a line: its name and what is said after it.
fn mark(line: &str) -> Option<(&'static str, &str)> {
    let rest = line.trim().strip_prefix('@')?;
    let (word, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    NAMES.iter().find(|name| **name == word).map(|name| (*name, value.trim()))
}

impl SceneMarks {
    fn set(&mut self, name: &'static str, value: &str) -> Result<()> {
        let wrong = |why: &'static str| Error::invalid(why).with_context("mark", format!("@{name} {value}"));
        let again = match name {
            "seconds" => self.seconds.is_some(),
            "heading" => self.heading.is_some() || self.shows.is_some(),
            "voice" => self.voice.is_some(),
            _ => self.shows.is_some() || self.heading.is_some(),
        };
        if value.is_empty() {
            return Err(wrong("this mark says nothing").with_hint("write its value after it, on the same line"));
        }
        if again {
            let hint = "a scene shows a picture, a clip or a card with a heading, and has one voice; write words between marks";
            return Err(wrong("one scene is marked twice").with_hint(hint));
        }
        match name {
            "image" => self.shows = Some(MarkedFile::Image(value.to_owned())),
            "clip" => self.shows = Some(MarkedFile::Clip(value.to_owned())),
            "heading" => self.heading = Some(value.chars().take(MOST_HEADING).collect()),
            "voice" if value.chars().count() > MOST_VOICE => {
                return Err(wrong("no voice has so long a name").with_hint("`orion voices list` shows those there are"));
            }
            "voice" => self.voice = Some(value.to_owned()),
            _ => {
                let seconds = value.parse::<f64>().ok().filter(|seconds| (0.5..=MOST_SECONDS).contains(seconds));
                self.seconds = Some(seconds.ok_or_else(|| {
                    wrong("a scene is shown for 0.5 to 60 seconds").with_hint("write it as @seconds 4.5")
                })?);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn marks_belong_to_the_words_after_them() {
        let text = "@image a b.jpg\n@seconds 6\nThe harbour was empty.\n@clip c.mp4\n@voice nova\nThen the cranes moved \
                    again.\n\n@heading What changed\n\nNobody said so.\n\nThe end of it all.";
        let marked = marked_script(text).unwrap();
        assert_eq!(
            marked.text,
            "The harbour was empty.\n\nThen the cranes moved again.\n\nNobody said so.\n\nThe end of it all."
        );
        assert_eq!(marked.script.lines.len(), 4);
        assert_eq!(marked.marks[0].shows, Some(MarkedFile::Image("a b.jpg".to_owned())));
        assert_eq!(marked.marks[0].seconds, Some(6.0));
        assert_eq!(marked.marks[1].shows, Some(MarkedFile::Clip("c.mp4".to_owned())));
        assert_eq!(marked.marks[2].heading.as_deref(), Some("What changed"));
        let voices: Vec<Option<&str>> = marked.marks.iter().map(|marks| marks.voice.as_deref()).collect();
        assert_eq!(voices, [None, Some("nova"), None, None]);
        assert_eq!(marked.marks[3], SceneMarks::default());
    }

    #[test]
    fn a_long_scene_shows_the_same_in_all_its_lines() {
        let sentence = "This sentence has exactly nine words in all here. ";
        let marked =
            marked_script(&format!("@image a.jpg\n@seconds 12\n{}\n\nThe end now.", sentence.repeat(4))).unwrap();
        let shown = marked.marks.iter().filter(|marks| marks.shows.is_some()).count();
        assert!(shown > 1 && shown == marked.script.lines.len() - 1, "{marked:?}");
        let seconds: f64 = marked.marks.iter().filter_map(|marks| marks.seconds).sum();
        assert!((seconds - 12.0).abs() < 1e-9);
    }

    #[test]
    fn what_only_looks_like_a_mark_is_spoken() {
        let marked = marked_script("@orion says hello to you all. Images are @image here.").unwrap();
        assert!(marked.marks.is_empty());
        assert!(marked.script.text().starts_with("@orion says"));
    }

    #[test]
    fn wrong_marks_are_refused_with_a_hint() {
        for text in [
            "@image\nSome words here now.",
            "@image a.jpg\n@clip b.mp4\nSome words here now.",
            "@image a.jpg\n@heading Both\nSome words here now.",
            "@voice a\n@voice b\nSome words here now.",
            "@seconds never\nSome words here now.",
            "@seconds NaN\nSome words here now.",
            "@seconds 1e9\nSome words here now.",
            "Some words here now.\n@image a.jpg",
            "@image a.jpg\n🔥\n\nSome words here now.",
        ] {
            let error = marked_script(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{text}");
            assert!(error.hint().is_some(), "{text}");
        }
    }
}
