//! Frames lent to a pipe: its reader copies them out of our memory, and nobody copies them into the system's before.
//!
//! A pipe takes room page by page and copies into it: a quarter of what drawing a frame of 1080x1920 costs.

use std::io::{self, Write};
use std::process::ChildStdin;

/// A pipe to a child that lends what is large, and writes everything else.
pub(super) struct Lender<T> {
    pipe: ChildStdin,
    /// Most bytes that wait in the pipe.
    room: usize,
    /// What was lent last. Some of it may wait in the pipe.
    lent: Option<T>,
}

impl<T: AsRef<[u8]>> Lender<T> {
    /// A pipe with as much room as `wish`, where the system lets us ask; with less everything works as well, slower.
    pub(super) fn new(pipe: ChildStdin, wish: usize) -> Self {
        Self { room: system::room(&pipe, wish), pipe, lent: None }
    }

    /// Writes some bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.pipe.write_all(bytes)
    }

    /// Lends a thing. Gives back one that the reader cannot see any more: what was lent before, as this one fills the
    /// pipe; or this one, if it was written because it does not.
    pub(super) fn lend(&mut self, thing: T) -> io::Result<Option<T>> {
        // Each part of a page takes the room of a whole one.
        if thing.as_ref().len() < self.room.saturating_add(PAGES) {
            self.pipe.write_all(thing.as_ref())?;
            return Ok(Some(thing));
        }
        system::lend(&self.pipe, thing.as_ref())?;
        Ok(self.lent.replace(thing))
    }

    /// Closes the pipe. What is given back is to be kept until the reader has ended.
    pub(super) fn close(self) -> Option<T> {
        self.lent
    }
}

/// Two pages of the largest size that Linux has.
const PAGES: usize = 2 << 16;

#[cfg(target_os = "linux")]
mod system {
    use rustix::io::Errno;
    use rustix::pipe::{IoSliceRaw, SpliceFlags, fcntl_getpipe_size, fcntl_setpipe_size, vmsplice};
    use std::io::{self, Write};
    use std::process::ChildStdin;

    pub(super) fn room(pipe: &ChildStdin, wish: usize) -> usize {
        let room = fcntl_setpipe_size(pipe, wish).or_else(|_| fcntl_getpipe_size(pipe));
        // Nothing is as large: all is written.
        room.unwrap_or(usize::MAX)
    }

    #[expect(unsafe_code, reason = "the call that lends memory has no safe form")]
    pub(super) fn lend(mut pipe: &ChildStdin, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            // SAFETY: what a child reads from is written to here, so the memory is only read, and it is not given away. The
            // system holds its pages as long as they are in the pipe; if they changed meanwhile, which `Lender` sees to
            // that they do not, the reader would get wrong bytes and nothing else.
            match unsafe { vmsplice(pipe, &[IoSliceRaw::from_slice(bytes)], SpliceFlags::empty()) } {
                Ok(lent) => bytes = &bytes[lent..],
                Err(Errno::INTR) => {}
                // Some sandboxes know no such call.
                Err(Errno::NOSYS | Errno::PERM) => return pipe.write_all(bytes),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Other systems have no such call: all is written.
#[cfg(not(target_os = "linux"))]
mod system {
    use std::io::{self, Write};
    use std::process::ChildStdin;

    pub(super) fn room(_pipe: &ChildStdin, _wish: usize) -> usize {
        usize::MAX
    }

    pub(super) fn lend(mut pipe: &ChildStdin, bytes: &[u8]) -> io::Result<()> {
        pipe.write_all(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    /// Lends things of some bytes each to a slow reader, and writes over each as soon as it comes back: what the reader
    /// got, and how many came back.
    fn lent_to_a_slow_reader(bytes: usize, things: u8) -> (Vec<u8>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.current_dir(folder.path()).args(["-c", "sleep 0.2; cat > got"]);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut lender = Lender::new(child.stdin.take().unwrap(), 1 << 18);
        lender.write(b"head").unwrap();
        let mut back: Vec<Vec<u8>> = Vec::new();
        for number in 0..things {
            let seen = lender.lend(vec![number; bytes]).unwrap();
            back.extend(seen.map(|mut thing| {
                thing.fill(255);
                thing
            }));
        }
        let kept = lender.close();
        assert!(child.wait().unwrap().success());
        drop(kept);
        (std::fs::read(folder.path().join("got")).unwrap(), back.len())
    }

    #[test]
    fn what_comes_back_is_not_seen_any_more() {
        // Whole pages, and not; many times the room of the pipe, and a part of it.
        for (bytes, back) in [(1 << 20, 11), (700_001, 11), (5_000, 12)] {
            let (got, count) = lent_to_a_slow_reader(bytes, 12);
            assert_eq!(count, if cfg!(target_os = "linux") { back } else { 12 }, "{bytes}");
            assert_eq!((got.len(), &got[..4]), (4 + 12 * bytes, &b"head"[..]));
            for (number, thing) in got[4..].chunks(bytes).enumerate() {
                assert!(thing.iter().all(|byte| usize::from(*byte) == number), "{bytes} bytes, number {number}");
            }
        }
    }

    #[test]
    fn a_reader_that_has_ended_is_an_error() {
        let mut child = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
        let mut lender = Lender::new(child.stdin.take().unwrap(), 1 << 18);
        child.wait().unwrap();
        let error = lender.lend(vec![0; 1 << 20]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
