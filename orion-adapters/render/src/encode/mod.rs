//! The children that encode: their command lines, their life, and the frames that go to one of them.

mod child;
mod hardware;
mod lend;
mod metadata;
mod settings;

pub(crate) use child::Child;
pub use hardware::{EncodedBy, Hardware};
pub(crate) use hardware::{Found, reason};
pub(crate) use settings::{AAC, KEPT_SOUND, call, describe, finish, input, keys, picture};

use self::lend::Lender;
use crate::fault;
use crate::picture::Frame;
use crate::supervise::Watched;
use orion_core::domain::timeline::{Canvas, Timeline};
use orion_core::port::RenderSettings;
use orion_core::{Error, Result};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::sync::{OnceLock, mpsc};

/// Frames on their way between drawing and encoding. More would only cost memory.
const FRAMES_AHEAD: usize = 3;

/// Room of the pipe between, where the system lets us ask: at most what a process without rights may. With the usual
/// 64 KiB both ends wake each other fifty times for each frame.
const PIPE: usize = 1 << 20;

/// Names within the working folder; ffmpeg runs there and sees no other path.
pub(crate) const SOUND: &str = "sound.wav";
pub(crate) const VIDEO: &str = "video.mp4";

const PICTURE: &str = "picture.mp4";
const ENCODED_SOUND: &str = "sound.m4a";

/// Encodes as many frames as the timeline has, which `draw` draws one after the other, and the sound that `mix` puts into
/// the folder.
///
/// Picture and sound at the same time, by a child each: ffmpeg before 7 encodes in turns what one call encodes, and the
/// picture need not wait until the sound is mixed. Whichever fails first ends the other.
pub(crate) fn encode(
    ffmpeg: &Path,
    folder: &Path,
    timeline: &Timeline,
    (settings, hardware): (&RenderSettings, Option<Hardware>),
    watched: &Watched,
    mix: impl FnOnce() -> Result<()> + Send,
    mut draw: impl FnMut(u64, &mut Frame) -> Result<()>,
) -> Result<()> {
    std::fs::write(folder.join(metadata::FILE), metadata::contents(&settings.title)).map_err(fault::io)?;
    let failure = OnceLock::new();
    let fail = |error| {
        let _ = failure.set(error);
        watched.end();
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let sound = || {
                mix()?;
                run(settings::sound_command(ffmpeg, folder), &watched.aside)
            };
            sound().unwrap_or_else(fail);
        });
        let mut command = settings::picture_command(ffmpeg, folder, timeline, (settings.encoder, hardware));
        let (stream, total) = (Stream { canvas: timeline.canvas, head: b"", mark: b"" }, timeline.frames());
        let mut number = 0;
        let pictured = feed(&mut command, &stream, watched, |frame| {
            if number == total {
                return Ok(false);
            }
            draw(number, frame)?;
            number += 1;
            Ok(true)
        });
        pictured.unwrap_or_else(fail);
    });
    failure.into_inner().map_or(Ok(()), Err)?;
    run(settings::join_command(ffmpeg, folder), &watched.child)
}

/// Runs a call that only reads and writes files.
fn run(mut command: Command, child: &Child) -> Result<()> {
    child.start(command.stdin(Stdio::null()).stdout(Stdio::null()))?;
    child.wrote()
}

/// How frames are written to an encoder.
pub(crate) struct Stream<'a> {
    /// Their size.
    pub(crate) canvas: Canvas,
    /// What stands before all of them.
    pub(crate) head: &'a [u8],
    /// What stands before each.
    pub(crate) mark: &'a [u8],
}

/// Runs an encoder on the frames that `next` draws, until it says that there is none, and waits for its end.
pub(crate) fn feed(
    command: &mut Command,
    stream: &Stream<'_>,
    watched: &Watched,
    mut next: impl FnMut(&mut Frame) -> Result<bool>,
) -> Result<()> {
    let (canvas, child) = (&stream.canvas, &watched.child);
    let pipes = child.start(command.stdin(Stdio::piped()).stdout(Stdio::null()))?;
    let pipe = pipes.stdin.ok_or_else(|| Error::unexpected("the encoder has no standard input"))?;
    let mut pipe = Lender::new(pipe, PIPE);
    let (width, height) = (canvas.width as usize, canvas.height as usize);
    let (drawn, to_write) = mpsc::sync_channel::<Frame>(FRAMES_AHEAD);
    let (done, free) = mpsc::channel::<Frame>();
    // One is drawn, and one lent.
    for _ in 0..FRAMES_AHEAD + 2 {
        // The receiver lives until the end of this function.
        let _ = done.send(Frame::black(width, height));
    }
    let (outcome, wrote) = std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            pipe.write(stream.head)?;
            for frame in to_write {
                pipe.write(stream.mark)?;
                let seen = pipe.lend(frame)?;
                watched.moved.fetch_add(1, Ordering::Relaxed);
                if let Some(frame) = seen {
                    let _ = done.send(frame);
                }
            }
            Ok::<_, std::io::Error>(pipe.close())
        });
        let mut outcome = Ok(());
        // Both ends fail only once the writer has ended, which has a reason of its own.
        while let Ok(mut frame) = free.recv() {
            match next(&mut frame) {
                Ok(true) if drawn.send(frame).is_ok() => {}
                Ok(_) => break,
                Err(error) => {
                    child.kill();
                    outcome = Err(error);
                    break;
                }
            }
        }
        drop(drawn);
        (outcome, writer.join())
    });
    let ended = child.wrote();
    outcome?;
    ended.map_err(|error| match error.context().iter().any(|(_, said)| said.contains("malloc of size")) {
        // The encoder has frames of ours and nothing else: what it lacks is the machine's.
        true => fault::no_memory().with_source(error),
        false => error,
    })?;
    match wrote {
        Ok(Ok(_lent)) => Ok(()),
        Ok(Err(error)) => Err(fault::io(error)),
        Err(_) => Err(Error::unexpected("the thread that feeds the encoder ended by a panic")),
    }
}
