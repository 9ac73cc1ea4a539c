//! Answers that come in pieces: lines, and the server-sent events that are made of them.

use crate::Answer;
use bytes::{Bytes, BytesMut};
use orion_core::{Error, Result, Retry};

/// Longest single line in bytes.
const MOST_LINE: usize = 1024 * 1024;

/// The lines of an answer as they come.
#[derive(Debug)]
pub struct Lines {
    answer: Answer,
    buffer: BytesMut,
    /// So much of the buffer holds no line break.
    searched: usize,
    ended: bool,
    read: usize,
    most: usize,
}

impl Lines {
    pub(crate) fn new(answer: Answer, most: usize) -> Self {
        Self { answer, buffer: BytesMut::new(), searched: 0, ended: false, read: 0, most }
    }

    /// Whose answer it is.
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// The next line without its line break; at the end also what has none. `None` after that.
    ///
    /// # Errors
    /// [`Exhausted`](orion_core::ErrorKind::Exhausted) for a line of more than 1 MiB, or more in all than is allowed;
    /// as [`Answer::chunk`].
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if let Some(line) = self.take() {
                return Ok(Some(line));
            }
            if self.ended {
                return Ok(None);
            }
            if self.buffer.len() > MOST_LINE {
                return Err(self.answer.too_long(MOST_LINE));
            }
            match self.answer.chunk().await? {
                Some(chunk) => {
                    self.read += chunk.len();
                    if self.read > self.most {
                        return Err(self.answer.too_long(self.most));
                    }
                    self.buffer.extend_from_slice(&chunk);
                }
                None => self.ended = true,
            }
        }
    }

    fn take(&mut self) -> Option<Bytes> {
        let fresh = self.buffer.get(self.searched..).unwrap_or_default();
        let mut line = match fresh.iter().position(|byte| *byte == b'\n') {
            Some(place) => {
                let mut line = self.buffer.split_to(self.searched + place + 1);
                line.truncate(line.len() - 1);
                line
            }
            None if self.ended && !self.buffer.is_empty() => self.buffer.split(),
            None => {
                self.searched = self.buffer.len();
                return None;
            }
        };
        self.searched = 0;
        if line.last() == Some(&b'\r') {
            line.truncate(line.len() - 1);
        }
        Some(line.freeze())
    }

    /// The error of a stream that ended before it said so. Trying again may help.
    pub fn cut_off(&self) -> Error {
        let service = self.answer.service();
        Error::unexpected(format!("the answer of {} was cut off before its end", service.name()))
            .with_context("server", service.address())
            .with_context("bytes", self.read)
            .with_retry(Retry::Later(None))
    }
}

/// One server-sent event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// Its name; empty for most.
    pub name: String,
    /// Its data, the lines joined by line breaks.
    pub data: String,
}

/// The server-sent events of an answer as they come (WHATWG HTML, section 9.2). Comments, which keep connections
/// alive, are passed over.
#[derive(Debug)]
pub struct Events {
    lines: Lines,
}

impl Events {
    pub(crate) fn new(lines: Lines) -> Self {
        Self { lines }
    }

    /// The next event; `None` at the end. An event that the end cuts short is given as it is: its reader sees that it
    /// is not whole, and some servers put no line break behind their last one.
    ///
    /// # Errors
    /// As [`Lines::next`].
    pub async fn next(&mut self) -> Result<Option<Event>> {
        let mut event = Event::default();
        let mut any = false;
        while let Some(line) = self.lines.next().await? {
            if line.is_empty() {
                if any {
                    return Ok(Some(event));
                }
                event = Event::default();
                continue;
            }
            let line = String::from_utf8_lossy(&line);
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "data" => {
                    if any {
                        event.data.push('\n');
                    }
                    event.data.push_str(value);
                    any = true;
                }
                "event" => value.clone_into(&mut event.name),
                _ => {}
            }
        }
        Ok(any.then_some(event))
    }

    /// The error of a stream that ended before it said so. Trying again may help.
    pub fn cut_off(&self) -> Error {
        self.lines.cut_off()
    }
}
