//! Runs the real program in a folder of its own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Root of the project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The program and a folder that goes when the test ends.
pub(crate) struct Program {
    binary: PathBuf,
    pub(crate) folder: TempDir,
    /// Where the record is, if not in the folder.
    pub(crate) store: Option<String>,
    /// Variables for the platform alone, not for its clients.
    pub(crate) serving: Vec<(&'static str, String)>,
}

impl Program {
    /// The program, or `None` if it has not been built.
    #[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
    pub(crate) fn find() -> Option<Self> {
        let built = root().join("target/release/orion");
        let binary = std::env::var_os("ORION_BIN").map_or(built, PathBuf::from);
        if !binary.is_file() {
            let required = std::env::var("ORION_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|name| name == "release"), "the program is required and not built");
            eprintln!("SKIPPED: {} has not been built", binary.display());
            return None;
        }
        Some(Self { binary, folder: tempfile::tempdir().unwrap(), store: None, serving: Vec::new() })
    }

    /// A command of the program, with its data in the folder and the shared voices.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(self.folder.path()).env("ORION_DATA_DIR", self.folder.path().join("data"));
        if let Some(store) = &self.store {
            command.env("ORION_STORE", store);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What runs in the folder, or is told to work on something in it, besides this test.
    #[cfg(target_os = "linux")]
    pub(crate) fn at_work(&self) -> Vec<String> {
        let folder = self.folder.path().display().to_string();
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let told = |process: std::fs::DirEntry| {
            let words = std::fs::read(process.path().join("cmdline")).ok()?;
            let words = String::from_utf8_lossy(&words).replace('\0', " ");
            let there = std::fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&folder));
            (!words.is_empty() && (there || words.contains(&folder))).then_some(words)
        };
        processes.filter_map(told).collect()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder and gives its path.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }
}

/// What a program wrote to standard error.
pub(crate) fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
