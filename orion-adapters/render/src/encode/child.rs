//! A child process that never outlives its purpose.

use crate::{fault, tools};
use orion_core::{Error, Result};
use std::collections::VecDeque;
use std::io::Read;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

/// Most bytes of what it says on its error output that are kept: the last ones.
const MOST_SAID: usize = 8 << 10;
/// How often it is asked whether it has ended: soon at first, as most have when they are waited for.
const POLL: [Duration; 2] = [Duration::from_micros(250), Duration::from_millis(4)];

/// A child. Clones share it; any of them may kill it, also before it was started. One runs at a time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Child(Arc<Mutex<State>>);

/// Our ends of a child's streams.
#[derive(Debug)]
pub(crate) struct Pipes {
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: Option<ChildStdout>,
}

#[derive(Debug, Default)]
struct State {
    running: Option<std::process::Child>,
    said: Option<JoinHandle<String>>,
    killed: bool,
}

impl Child {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Starts it and gives the ends of those of its streams that are pipes; its error output is kept here.
    pub(crate) fn start(&self, command: &mut Command) -> Result<Pipes> {
        let mut state = self.state();
        if state.killed {
            return Err(Error::cancelled());
        }
        let mut child = command.stderr(Stdio::piped()).spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::PermissionDenied => {
                tools::missing("ffmpeg").with_context("path", command.get_program().display()).with_source(error)
            }
            _ => fault::unstarted(error),
        })?;
        let pipes = Pipes { stdin: child.stdin.take(), stdout: child.stdout.take() };
        state.said = child.stderr.take().map(|errors| std::thread::spawn(move || tail(errors)));
        state.running = Some(child);
        Ok(pipes)
    }

    /// Ends it at once, or keeps it from starting.
    pub(crate) fn kill(&self) {
        let mut state = self.state();
        state.killed = true;
        if let Some(child) = &mut state.running {
            // It may have ended by itself.
            let _ = child.kill();
        }
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// What it said, if it failed; one of a machine without room ([`Error::starved`]) if the disk was full, or the system
    /// has killed it for want of memory.
    pub(crate) fn wait(&self) -> Result<()> {
        self.hear().map(drop)
    }

    /// As [`wait`](Self::wait), for one that writes a file.
    ///
    /// # Errors
    /// As [`wait`](Self::wait); that the disk was full also if it ended as if nothing was wrong.
    pub(crate) fn wrote(&self) -> Result<()> {
        if fault::is_full(&self.hear()?) { Err(fault::full()) } else { Ok(()) }
    }

    /// Waits for its end, and gives what it said.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub(crate) fn hear(&self) -> Result<String> {
        let [mut pause, longest] = POLL;
        let status = loop {
            {
                let mut state = self.state();
                let Some(child) = &mut state.running else { return Ok(String::new()) };
                match child.try_wait() {
                    Ok(None) => {}
                    Ok(Some(status)) => {
                        state.running = None;
                        break status;
                    }
                    Err(error) => return Err(fault::io(error)),
                }
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(longest);
        };
        let (said, killed) = {
            let mut state = self.state();
            (state.said.take(), state.killed)
        };
        let said = said.and_then(|said| said.join().ok()).unwrap_or_default();
        match status.success() {
            true => Ok(said),
            false if !killed && fault::ended_for_memory(status, &said) => {
                Err(fault::no_memory().with_context("status", status))
            }
            false => Err(failed(&said, status)),
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The end of what a stream says.
fn tail(mut stream: impl Read) -> String {
    let mut kept = VecDeque::new();
    let mut buffer = [0; 1024];
    while let Ok(count) = stream.read(&mut buffer) {
        if count == 0 {
            break;
        }
        kept.extend(&buffer[..count]);
        let excess = kept.len().saturating_sub(MOST_SAID);
        kept.drain(..excess);
    }
    String::from_utf8_lossy(kept.make_contiguous()).into_owned()
}

fn failed(said: &str, status: std::process::ExitStatus) -> Error {
    if fault::is_full(said) {
        return fault::full();
    }
    let last: Vec<&str> = said.lines().rev().filter(|line| !line.trim().is_empty()).take(3).collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    let error = Error::unexpected("the video tool failed").with_context("status", status);
    if last.is_empty() { error } else { error.with_context("said", last.join(" / ")) }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(child: &Child, script: &str) -> Result<String> {
        child.start(Command::new("sh").args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::null()))?;
        child.hear()
    }

    #[test]
    fn a_tool_that_the_system_kills_has_had_no_memory() {
        let killed = shell(&Child::default(), "kill -9 $$").unwrap_err();
        assert!(killed.is_starved() && killed.hint().is_some_and(|hint| hint.contains("memory")), "{killed:?}");
        let loader = "error while loading shared libraries: libx264.so: failed to map segment from shared object";
        let unloaded = shell(&Child::default(), &format!("echo '{loader}' >&2; exit 127")).unwrap_err();
        assert!(unloaded.is_starved(), "{unloaded:?}");
        for broken in ["exit 1", "kill -11 $$", "echo 'Cannot allocate memory' >&2; exit 1", "echo none >&2; exit 127"]
        {
            let error = shell(&Child::default(), broken).unwrap_err();
            assert!(!error.is_starved(), "{broken}: {error:?}");
        }
        // One that could not write the end of its file may end well.
        let full = Child::default();
        let script = "echo 'Error closing file: No space left on device' >&2";
        full.start(Command::new("sh").args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::null())).unwrap();
        assert!(full.wrote().unwrap_err().is_starved());
        full.start(Command::new("true").stdin(Stdio::null()).stdout(Stdio::null())).unwrap();
        full.wrote().unwrap();
        // Who kills it by itself knows why.
        let own = Child::default();
        own.start(Command::new("sleep").arg("60").stdin(Stdio::null()).stdout(Stdio::null())).unwrap();
        own.kill();
        let error = own.wait().unwrap_err();
        assert!(!error.is_starved(), "{error:?}");
        assert!(shell(&own, "exit 0").is_err(), "it is not started again");
    }
}
