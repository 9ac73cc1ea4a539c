//! Files in which people say how videos look: templates and brands. Both are small TOML files that name things; what is
//! wrong with one is told with its line.

mod brand;
mod template;

pub use brand::BrandFile;
pub use template::{built_in, template};

use orion_core::domain::{Palette, colour};
use orion_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Deserializer};
use std::io::Read;
use std::path::Path;

/// Largest file of this kind.
const MOST_BYTES: u64 = 64 * 1024;

/// A text with its name, so that errors can say where.
struct Source {
    name: String,
    text: String,
}

impl Source {
    fn of_file(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let fail = |error: std::io::Error| {
            let error = match error.kind() {
                std::io::ErrorKind::NotFound => Error::not_found("there is no such file").with_hint("check the path"),
                std::io::ErrorKind::InvalidData => Error::invalid("the file is not UTF-8"),
                _ => Error::invalid("the file cannot be read").with_source(error),
            };
            error.with_context("file", &name)
        };
        if path.is_dir() {
            return Err(Error::invalid("this is a folder").with_context("file", &name).with_hint("name a file in it"));
        }
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(fail)?;
        file.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(fail)?;
        if text.len() as u64 > MOST_BYTES {
            return Err(Error::new(ErrorKind::Exhausted, "the file is larger than 64 KiB").with_context("file", &name));
        }
        Ok(Self { name, text })
    }

    /// Reads the text as TOML of this form; an unknown name, a wrong type or a wrong value is told with its line.
    fn read<T: for<'t> Deserialize<'t>>(&self) -> Result<T> {
        toml::from_str(&self.text).map_err(|error| {
            let cause = error.message().lines().collect::<Vec<_>>().join(" ");
            let wrong = Error::invalid(cause).with_context("file", &self.name);
            match error.span() {
                Some(span) => wrong.with_context("line", self.line(span.start)),
                None => wrong,
            }
        })
    }

    fn line(&self, byte: usize) -> usize {
        self.text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
    }

    /// An error about the value at a place such as `body.layouts`, with its line.
    fn at(&self, place: &str, error: Error) -> Error {
        let error = error.with_context("file", &self.name);
        match self.line_of(place) {
            Some(line) => error.with_context("line", line),
            None => error,
        }
    }

    /// The line of a place, or of the last table on the way to it that there is.
    fn line_of(&self, place: &str) -> Option<usize> {
        let table = toml::de::DeTable::parse(&self.text).ok()?;
        let (mut table, mut line) = (table.get_ref(), None);
        for name in place.split('.') {
            let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == name) else { break };
            line = Some(self.line(key.span().start));
            match value.get_ref().as_table() {
                Some(inner) => table = inner,
                None => break,
            }
        }
        line
    }
}

/// A colour as `"#RRGGBB"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Colour(u32);

impl<'de> Deserialize<'de> for Colour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = colour::parse(&text).map(Self);
        read.ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no colour; write it as \"#0B102A\"")))
    }
}

/// The colours of a template or brand.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Colours {
    /// Ground of cards, dark.
    background: Colour,
    /// Labels and numbers.
    accent: Colour,
    /// Words; white if it is not said.
    text: Option<Colour>,
    /// Glows over the ground, from one to three; shades of the accent if they are not said.
    #[serde(default)]
    glows: Vec<Colour>,
}

impl Colours {
    fn palette(&self, name: &str) -> Result<Palette> {
        let (background, accent) = (self.background.0, self.accent.0);
        let glows = match self.glows.as_slice() {
            // Dark shades, so that the ground stays one.
            [] => [0.55, 0.35, 0.2].map(|share| colour::mix(background, accent, share)),
            [one] => [one.0, colour::mix(background, one.0, 0.7), colour::mix(background, one.0, 0.4)],
            [one, two] => [one.0, two.0, colour::mix(one.0, two.0, 0.5)],
            [one, two, three] => [one.0, two.0, three.0],
            _ => return Err(Error::invalid("there are three glows at most").with_context("place", "colours.glows")),
        };
        let text = self.text.map_or(0xFF_FF_FF, |text| text.0);
        Ok(Palette { name: name.to_owned(), background, glows, accent, text })
    }
}

/// The place that an error names, if it does.
fn place_of(error: &Error) -> Option<String> {
    error.context().iter().find(|(key, _)| *key == "place").map(|(_, place)| place.clone())
}
