//! The very frames that are drawn, as they go to the encoder: a script in the place of ffmpeg writes them down, with the
//! command line and the files that it reads.

use orion_core::domain::timeline::Canvas;
use orion_core::{Error, Result};
use orion_render::Tools;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How the sound is encoded and the file closed by a call that does all at once.
pub const SOUND: [&str; 6] = ["-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart"];

/// A folder in which the last render is written down.
#[derive(Debug)]
pub struct Drawn {
    folder: PathBuf,
    ffmpeg: PathBuf,
}

impl Drawn {
    /// Makes the script in a folder that is there. It needs a shell and `tee`.
    ///
    /// # Errors
    /// Without ffmpeg, or where the folder cannot be written.
    pub fn new(folder: &Path) -> Result<Self> {
        let ffmpeg = Tools::from_environment().ffmpeg()?.to_owned();
        let (place, real) = (quoted(folder), quoted(&ffmpeg));
        let script = format!(
            "#!/bin/sh\ncase \" $* \" in\n*' pipe:0 '*) printf '%s\\n' \"$@\" > {place}/arguments.txt\n\
             tee {place}/frames.yuv | {real} \"$@\" ;;\n\
             *' file:sound.wav '*) cp sound.wav {place}/; exec {real} \"$@\" ;;\n*) exec {real} \"$@\" ;;\nesac\n"
        );
        let file = folder.join("ffmpeg");
        std::fs::write(&file, script).map_err(failed)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).map_err(failed)?;
        }
        Ok(Self { folder: folder.to_owned(), ffmpeg })
    }

    /// Tools that write down what a renderer draws.
    pub fn tools(&self) -> Tools {
        Tools::at(self.folder.join("ffmpeg"))
    }

    /// The frames one after the other: Y, Cb, Cr each.
    pub fn frames(&self) -> PathBuf {
        self.folder.join("frames.yuv")
    }

    /// Frame number `number`; `None` behind the last.
    ///
    /// # Errors
    /// Where the frames cannot be read.
    pub fn frame(&self, canvas: &Canvas, number: u64) -> Result<Option<Vec<u8>>> {
        let length = u64::from(canvas.width) * u64::from(canvas.height) * 3 / 2;
        let mut file = std::fs::File::open(self.frames()).map_err(failed)?;
        file.seek(SeekFrom::Start(number * length)).map_err(failed)?;
        let mut frame = Vec::new();
        file.take(length).read_to_end(&mut frame).map_err(failed)?;
        Ok((frame.len() as u64 == length).then_some(frame))
    }

    /// What the encoder was told.
    ///
    /// # Errors
    /// Before anything was rendered.
    pub fn arguments(&self) -> Result<Vec<String>> {
        let text = std::fs::read_to_string(self.folder.join("arguments.txt")).map_err(failed)?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// The value of one of the encoder's options, empty if it has none.
    ///
    /// # Errors
    /// As [`arguments`](Self::arguments).
    pub fn option(&self, name: &str) -> Result<String> {
        let arguments = self.arguments()?;
        let value = arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
        Ok(value.cloned().unwrap_or_default())
    }

    /// The same encoder on the same frames and the same sound in one call, and nothing else; it writes `video.mp4` into the
    /// folder.
    ///
    /// # Errors
    /// As [`arguments`](Self::arguments).
    pub fn encode(&self) -> Result<Command> {
        let arguments = self.arguments()?;
        // All but the file that it writes.
        let (before, after) = arguments.split_at(arguments.iter().position(|it| it == "pipe:0").map_or(0, |at| at + 1));
        let after = after.strip_suffix(&["-f".to_owned(), "mp4".to_owned(), "file:picture.mp4".to_owned()]);
        let after = after.ok_or_else(|| Error::unexpected("the call of the encoder is not as it was"))?;
        let mut command = Command::new(&self.ffmpeg);
        command.current_dir(&self.folder).args(before).args(["-i", "sound.wav"]).args(after).args(SOUND);
        command.arg("video.mp4").stdin(Stdio::from(std::fs::File::open(self.frames()).map_err(failed)?));
        Ok(command)
    }
}

/// Runs a tool in a folder and gives what it said on its error output.
///
/// # Errors
/// If it fails, with the end of what it said.
pub fn run(place: &Path, command: &mut Command) -> Result<String> {
    let output = command.current_dir(place).output().map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let tail = said.char_indices().rev().nth(800).map_or(0, |(at, _)| at);
    Err(Error::unexpected("a tool failed")
        .with_context("tool", command.get_program().display())
        .with_context("said", said[tail..].to_owned()))
}

/// A file that cannot be read or written.
pub fn failed(error: std::io::Error) -> Error {
    Error::unexpected("a file cannot be read or written").with_source(error)
}

/// For a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}
