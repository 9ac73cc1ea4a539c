//! The folder of Piper voices: which are there, which can be fetched, and fetching them.
//!
//! A voice is a pair `NAME.onnx`, `NAME.onnx.json` in the folder, as Piper publishes them; its id is `NAME`. Whoever
//! copies such a pair into the folder has installed a voice. `NAME.licence.txt` beside it is shown as its notice.

mod catalogue;
mod install;

use crate::piper;
use catalogue::{FETCHABLE, fetchable};
use orion_core::port::Voice;
use orion_core::{Error, Result};
use std::path::{Path, PathBuf};

/// Most files of the folder that are looked at.
const MOST_FILES: usize = 10_000;

/// The folder where voices are installed.
#[derive(Debug, Clone)]
pub struct VoiceLibrary {
    folder: PathBuf,
}

/// An installed voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceFiles {
    voice: Voice,
    model: PathBuf,
}

impl VoiceFiles {
    /// What it is.
    pub fn voice(&self) -> Voice {
        self.voice.clone()
    }

    /// A voice by the path of its model.
    ///
    /// # Errors
    /// `NotFound` if the model or its configuration is missing, `Corrupt` or `Unsupported` if it is no Piper voice.
    pub fn at(model: &Path) -> Result<Self> {
        if !model.is_file() {
            return Err(missing(model));
        }
        let stem = model.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let language = piper::language_of(model)?;
        let known = fetchable(&stem);
        let notice = model.with_file_name(format!("{stem}.licence.txt"));
        let licence = read_notice(&notice)
            .or_else(|| known.map(|known| known.notice.to_owned()))
            .unwrap_or_else(|| "not stated; see where the voice came from".to_owned());
        let (id, name) = match known {
            Some(known) => (known.name.to_owned(), known.title.to_owned()),
            None => (stem.clone(), stem.replace('_', " ")),
        };
        Ok(Self { voice: Voice { id, name, language, licence, installed: true }, model: model.to_owned() })
    }

    /// Its `.onnx` file.
    pub fn model(&self) -> &Path {
        &self.model
    }
}

impl VoiceLibrary {
    /// The name of the voice that is fetched when none is named.
    pub const DEFAULT: &'static str = FETCHABLE[0].name;

    /// The library in a folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The voices in the folder, sorted by id. Files that are no Piper voices are left out.
    pub fn installed(&self) -> Vec<VoiceFiles> {
        let Ok(entries) = std::fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let mut voices: Vec<VoiceFiles> = entries
            .take(MOST_FILES)
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "onnx"))
            .filter_map(|path| VoiceFiles::at(&path).ok())
            .collect();
        voices.sort_by(|a, b| a.voice.id.cmp(&b.voice.id));
        voices
    }

    /// The voices that can be chosen: those installed, then those that can be fetched, marked as such.
    pub fn voices(&self) -> Vec<Voice> {
        let mut voices: Vec<Voice> = self.installed().into_iter().map(|files| files.voice).collect();
        for known in &FETCHABLE {
            if !voices.iter().any(|voice| voice.id == known.name) {
                voices.push(Voice {
                    id: known.name.to_owned(),
                    name: known.title.to_owned(),
                    language: known.language.to_owned(),
                    licence: known.notice.to_owned(),
                    installed: false,
                });
            }
        }
        voices
    }

    /// The files of a voice: by id, by the short name of a fetched one, or by the path of a model file or of a
    /// folder with exactly one. `None` takes the default voice, or else the first that speaks English, or the first.
    ///
    /// # Errors
    /// `NotFound` for a voice that is not there; `Unavailable` if none is named and none is installed.
    pub fn find(&self, voice: Option<&str>) -> Result<VoiceFiles> {
        let Some(voice) = voice else {
            let mut installed = self.installed();
            let english = |files: &VoiceFiles| files.voice.language.starts_with("en");
            let best = installed.iter().position(|files| files.voice.id == Self::DEFAULT);
            let best = best.or_else(|| installed.iter().position(english)).unwrap_or(0);
            if best >= installed.len() {
                return Err(Error::unavailable("no Piper voice is installed")
                    .with_context("folder", self.folder.display())
                    .with_hint(
                        "run `orion voices install`, point to one with `--voice FILE.onnx`, or be silent with `--silent`",
                    ));
            }
            return Ok(installed.swap_remove(best));
        };
        let path = Path::new(voice);
        if voice.contains(['/', '\\']) || path.extension().is_some_and(|extension| extension == "onnx") {
            return VoiceFiles::at(&one_model(path)?);
        }
        let id = fetchable(voice).map_or(voice, |known| known.name);
        if let Some(files) = self.installed().into_iter().find(|files| files.voice.id == id) {
            return Ok(files);
        }
        let hint = match fetchable(voice) {
            Some(known) => format!("run `orion voices install {}`", known.name),
            None => "`orion voices list` shows those there are; `--voice FILE.onnx` takes any Piper voice".to_owned(),
        };
        Err(Error::not_found("this voice is not installed")
            .with_context("voice", voice)
            .with_context("folder", self.folder.display())
            .with_hint(hint))
    }
}

/// At most 16 KiB of a licence notice.
fn read_notice(path: &Path) -> Option<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path).ok()?.take(16 << 10).read_to_string(&mut text).ok()?;
    Some(text)
}

fn missing(path: &Path) -> Error {
    Error::not_found("there is no voice at this path")
        .with_context("path", path.display())
        .with_hint("a Piper voice is a pair of files: NAME.onnx and NAME.onnx.json")
}

fn one_model(path: &Path) -> Result<PathBuf> {
    let data = std::fs::metadata(path).map_err(|error| missing(path).with_source(error))?;
    if data.is_file() {
        return Ok(path.to_owned());
    }
    let mut models = std::fs::read_dir(path)
        .map_err(|error| missing(path).with_source(error))?
        .take(MOST_FILES)
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "onnx"));
    match (models.next(), models.next()) {
        (Some(model), None) => Ok(model),
        (Some(_), Some(_)) => Err(Error::invalid("the folder has several voices")
            .with_context("path", path.display())
            .with_hint("name one of its .onnx files")),
        _ => Err(missing(path)),
    }
}

#[cfg(test)]
mod tests;
