//! Clips: files of moving pictures, decoded by a child of their own, one frame at a time.

use crate::encode::Child;
use crate::fault;
use crate::picture::Picture;
use crate::supervise::Watched;
use bytes::Bytes;
use orion_core::domain::timeline::Canvas;
use orion_core::{Error, Result};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};

/// Longest clip that is decoded: what a scene does not show is not read.
const LONGEST: &str = "600";

/// Who plays clips: ffmpeg, in a folder of this render.
#[derive(Debug)]
pub(crate) struct Player<'a> {
    pub(crate) ffmpeg: &'a Path,
    pub(crate) folder: &'a Path,
    pub(crate) canvas: Canvas,
    pub(crate) watched: &'a Watched,
}

/// A clip that plays: its frames come at the rate and in the size of the canvas. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Clip {
    child: Child,
    frames: Option<ChildStdout>,
    file: PathBuf,
    /// Frames that have been shown.
    shown: u64,
}

impl Player<'_> {
    /// Begins to play the clip of a layer. It lies in a file whose name is made here; of what the clip says of itself
    /// nothing is part of the command.
    pub(crate) fn play(&self, (scene, layer): (usize, usize), bytes: &Bytes) -> Result<Clip> {
        let name = format!("clip-{scene}-{layer}");
        let file = self.folder.join(&name);
        std::fs::write(&file, bytes).map_err(fault::io)?;
        let Canvas { width, height, frames_per_second } = self.canvas;
        // It covers the canvas; the colours are those that the encoder is told.
        let filter = format!(
            "fps={frames_per_second},scale={width}:{height}:force_original_aspect_ratio=increase:flags=bicubic:\
             out_color_matrix=bt709:out_range=tv,crop={width}:{height},format=yuv420p"
        );
        let child = self.watched.player();
        let mut command = Command::new(self.ffmpeg);
        command
            .current_dir(self.folder)
            .args(["-v", "error", "-nostdin", "-threads", "1", "-protocol_whitelist", "file,pipe"])
            .args(["-format_whitelist", "mov,mp4,matroska,webm", "-t", LONGEST, "-i", &name])
            .args(["-map", "0:v:0", "-an", "-sn", "-dn", "-vf", &filter, "-f", "rawvideo", "pipe:1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let frames = child.start(&mut command)?.stdout;
        Ok(Clip { child, frames, file, shown: 0 })
    }

    /// The picture that the frames of a clip are written into.
    pub(crate) fn screen(&self) -> Picture {
        Picture::opaque(self.canvas.width as usize, self.canvas.height as usize)
    }
}

impl Clip {
    /// Shows the frame of an age; once the clip has ended, its last one stays.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for a file that holds no frame.
    pub(crate) fn show(&mut self, age: u64, screen: &mut Picture) -> Result<()> {
        while self.shown <= age {
            let Some(frames) = &mut self.frames else { return Ok(()) };
            match read(frames, screen) {
                Ok(true) => self.shown += 1,
                Ok(false) => {
                    self.frames = None;
                    let ended = self.child.wait();
                    if self.shown == 0 {
                        let error = Error::invalid("the clip has no frame that can be played");
                        return Err(ended
                            .err()
                            .map_or(Error::invalid("the clip is empty"), |why| error.with_source(why)));
                    }
                    // A clip that breaks off shows what it has.
                }
                Err(error) => return Err(fault::io(error)),
            }
        }
        Ok(())
    }
}

impl Drop for Clip {
    fn drop(&mut self) {
        self.child.kill();
        drop(self.frames.take());
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.file);
    }
}

/// Reads one frame; false at the end.
fn read(frames: &mut ChildStdout, screen: &mut Picture) -> std::io::Result<bool> {
    for plane in &mut screen.planes {
        match frames.read_exact(&mut plane.samples) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}
