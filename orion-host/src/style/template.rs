//! Template files, and the templates that are built in.

use super::{Colour, Colours, Source, place_of};
use orion_core::domain::timeline::{CaptionPosition, CaptionStyle, TransitionKind};
use orion_core::domain::{EntranceKind, Layout, MotionKind, Ornament, SceneStyle, Template};
use orion_core::{Error, MediaTime, Result};
use serde::{Deserialize, Deserializer};
use std::path::Path;

/// Templates that are built in, by the names that they are chosen by.
const BUILT_IN: [(&str, &str); 4] = [
    ("newsroom", include_str!("../../templates/newsroom.toml")),
    ("quiet", include_str!("../../templates/quiet.toml")),
    ("bold", include_str!("../../templates/bold.toml")),
    ("atlas", include_str!("../../templates/atlas.toml")),
];

/// A template as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default)]
    description: String,
    ornament: Option<Ornament>,
    colours: Option<Colours>,
    captions: Option<Captions>,
    #[serde(default)]
    hook: Scenes,
    #[serde(default)]
    body: Scenes,
    #[serde(default)]
    closing: Scenes,
}

/// How captions look: one of the named styles, and what is different.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Captions {
    style: Option<Named>,
    size: Option<f64>,
    fill: Option<Colour>,
    highlight: Option<Colour>,
    outline: Option<f64>,
    position: Option<CaptionPosition>,
    uppercase: Option<bool>,
}

/// A caption style by its name.
#[derive(Debug)]
struct Named(CaptionStyle);

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let names = CaptionStyle::NAMES.join(", ");
        let style = CaptionStyle::known(&name).map(Self);
        style.ok_or_else(|| serde::de::Error::custom(format!("there is no caption style {name:?}; use one of {names}")))
    }
}

/// Scenes of one kind.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenes {
    #[serde(default)]
    layouts: Vec<Layout>,
    #[serde(default)]
    motion: Vec<MotionKind>,
    #[serde(default)]
    transition: Vec<TransitionKind>,
    transition_seconds: Option<f64>,
    entrance: Option<EntranceKind>,
}

impl From<Scenes> for SceneStyle {
    fn from(scenes: Scenes) -> Self {
        Self {
            layouts: scenes.layouts,
            motion: scenes.motion,
            transition: scenes.transition,
            transition_length: scenes.transition_seconds.map(MediaTime::from_seconds),
            entrance: scenes.entrance,
        }
    }
}

impl Captions {
    fn style(self, name: &str) -> CaptionStyle {
        let base = self.style.map_or_else(CaptionStyle::tiktok, |Named(style)| style);
        CaptionStyle {
            name: name.to_owned(),
            size: self.size.unwrap_or(base.size),
            fill: self.fill.map_or(base.fill, |colour| colour.0),
            highlight: self.highlight.map_or(base.highlight, |colour| colour.0),
            outline: self.outline.unwrap_or(base.outline),
            position: self.position.unwrap_or(base.position),
            uppercase: self.uppercase.unwrap_or(base.uppercase),
            fonts: Vec::new(),
        }
    }
}

fn read(source: &Source) -> Result<Template> {
    let written: Written = source.read()?;
    let at = |error: Error| match place_of(&error) {
        Some(place) => source.at(&place, error),
        None => source.at("name", error),
    };
    let palette = written.colours.map(|colours| colours.palette(&written.name)).transpose().map_err(at)?;
    let template = Template {
        captions: written.captions.map(|captions| captions.style(&written.name)),
        name: written.name,
        description: written.description,
        palette,
        ornament: written.ornament,
        hook: written.hook.into(),
        body: written.body.into(),
        closing: written.closing.into(),
    };
    template.check().map_err(at)?;
    Ok(template)
}

/// The templates that are built in, with the names that they are chosen by.
///
/// # Errors
/// None that the tests of this crate let through.
pub fn built_in() -> Result<Vec<(&'static str, Template)>> {
    let read = |(name, text): (&'static str, &str)| {
        let source = Source { name: name.to_owned(), text: text.to_owned() };
        read(&source).map(|template| (name, template))
    };
    BUILT_IN.into_iter().map(read).collect()
}

/// The template of a name that is built in, or of a file; nothing for an empty name.
///
/// # Errors
/// [`NotFound`](orion_core::ErrorKind::NotFound) for a name that there is not;
/// [`Invalid`](orion_core::ErrorKind::Invalid) for a file that is no template, with the line.
pub fn template(name: &str) -> Result<Option<Template>> {
    let name = name.trim();
    if name.is_empty() || name == "none" {
        return Ok(None);
    }
    if let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
        return read(&Source { name: name.to_owned(), text: (*text).to_owned() }).map(Some);
    }
    if !name.contains(['/', '.', '\\']) && !Path::new(name).exists() {
        let known: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        return Err(Error::not_found("there is no template of this name")
            .with_context("template", name)
            .with_hint(format!("use one of {}, or the path of a file", known.join(", "))));
    }
    read(&Source::of_file(Path::new(name))?).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::ErrorKind;

    fn wrong(text: &str) -> Error {
        read(&Source { name: "mine.toml".to_owned(), text: text.to_owned() }).unwrap_err()
    }

    #[test]
    fn what_is_built_in_can_be_read_and_told_apart() {
        let templates = built_in().unwrap();
        assert_eq!(templates.len(), BUILT_IN.len());
        for (name, template) in &templates {
            assert!(!template.description.is_empty(), "{name}");
            assert_eq!(super::template(name).unwrap().as_ref(), Some(template));
        }
        assert_eq!(template(" ").unwrap(), None);
    }

    #[test]
    fn an_error_tells_the_line() {
        for (text, line) in [
            ("name = \"A\"\nornament = \"stars\"\n", 2),
            ("name = \"A\"\n\n[body]\nlayouts = [\"chart\"]\n", 4),
            ("name = \"A\"\n[body]\nloop = 3\n", 3),
            ("name = \"A\"\n[body]\nmotion = [\"zoom_in\",\n  \"spin\"]\n", 4),
            ("name = \"A\"\n[colours]\nbackground = \"navy\"\naccent = \"#FFCF5C\"\n", 3),
            ("name = \"A\"\n[colours]\nbackground = \"#0B102A\"\naccent = \"#222222\"\n", 2),
            ("name = \"A\"\nbody = { transition_seconds = 9 }\n", 2),
            ("name = \"A\"\n[captions]\nsize = 0.9\n", 2),
            ("name = \"A\"\n[captions]\nfill = \"#101010\"\n", 3),
            ("name = \"A\"\n[captions]\nstyle = \"karaoke\"\n", 3),
            ("name = \"A\"\n[hook\n", 2),
            ("name = \"\"\n", 1),
        ] {
            let error = wrong(text);
            assert_eq!(error.kind(), ErrorKind::Invalid, "{text}");
            let told = error.context().iter().find(|(key, _)| *key == "line").map(|(_, line)| line.as_str());
            assert_eq!(told, Some(line.to_string().as_str()), "{text}: {error}");
        }
    }

    #[test]
    fn nothing_of_a_template_leads_out_of_it() {
        for field in
            ["include = \"/etc/passwd\"", "url = \"http://example.org\"", "command = \"rm\"", "font = \"x.ttf\""]
        {
            assert!(wrong(&format!("name = \"A\"\n{field}\n")).to_string().contains("line: 2"), "{field}");
        }
        // As deep and as many as 64 KiB allow.
        for bomb in [
            format!("name = {}\n", "[".repeat(60_000)),
            format!("name = {}\n", "{a=".repeat(20_000)),
            format!("{}name = \"A\"\n", "a.".repeat(30_000)),
            format!("[{}a]\n", "a.".repeat(30_000)),
            format!("name = \"A\"\n{}", "[[body]]\n".repeat(7_000)),
            format!("name = \"A\"\n[body]\nmotion = [{}]\n", "\"zoom_in\",".repeat(6_000)),
            format!("name = \"{}\"\n", "A".repeat(60_000)),
        ] {
            assert_eq!(wrong(&bomb).kind(), ErrorKind::Invalid, "{}", &bomb[..40]);
        }
        for field in [
            "[captions]\nsize = 1e308",
            "[captions]\nsize = nan",
            "[captions]\noutline = -inf",
            "[captions]\nsize = 99999999999999999999999999",
            "[body]\ntransition_seconds = inf",
            "[body]\ntransition_seconds = nan",
            "[body]\ntransition_seconds = -1e300",
            "[colours]\nbackground = \"#0B102A0B102A\"\naccent = \"#FFCF5C\"",
        ] {
            assert_eq!(wrong(&format!("name = \"A\"\n{field}\n")).kind(), ErrorKind::Invalid, "{field}");
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("large.toml");
        std::fs::write(&file, "#".repeat(70_000)).unwrap();
        assert_eq!(template(file.to_str().unwrap()).unwrap_err().kind(), ErrorKind::Exhausted);
        assert_eq!(template("nowhere.toml").unwrap_err().kind(), ErrorKind::NotFound);
        assert!(template("plane").unwrap_err().hint().unwrap().contains("quiet"));
        assert_eq!(template(folder.path().to_str().unwrap()).unwrap_err().kind(), ErrorKind::Invalid);
    }
}
