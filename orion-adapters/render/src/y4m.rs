//! YUV4MPEG2, the form in which a decoder tells size, rate and shape of its pixels along with the frames.

use crate::fault;
use crate::picture::Frame;
use orion_core::{Error, Result};
use std::io::Read;

/// Longest line of a header; ours are a quarter of it.
const MOST_HEAD: usize = 256;
/// What stands before every frame.
pub(crate) const MARK: &[u8] = b"FRAME\n";

/// What a stream says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Frames a second, as a fraction.
    pub(crate) rate: (u32, u32),
    /// Width of a pixel against its height, as a fraction.
    pub(crate) pixel: (u32, u32),
}

impl Head {
    /// Reads the header of a stream of progressive 4:2:0 frames.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for a stream without frames, or of another form.
    pub(crate) fn read(stream: &mut impl Read) -> Result<Self> {
        let line = line(stream)?;
        Self::parse(&line).ok_or_else(|| Error::invalid("the video has no pictures that can be decoded"))
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        if words.next() != Some("YUV4MPEG2") {
            return None;
        }
        let fraction = |text: &str| -> Option<(u32, u32)> {
            let (above, below) = text.split_once(':')?;
            Some((above.parse().ok()?, below.parse().ok()?))
        };
        let (mut width, mut height, mut rate, mut pixel) = (None, None, None, None);
        for word in words {
            let mut letters = word.chars();
            let (kind, value) = (letters.next()?, letters.as_str());
            match kind {
                'W' => width = value.parse().ok(),
                'H' => height = value.parse().ok(),
                'F' => rate = fraction(value).filter(|(above, below)| *above > 0 && *below > 0),
                'A' => pixel = fraction(value).filter(|(above, below)| *above > 0 && *below > 0),
                'C' if !matches!(value, "420" | "420jpeg" | "420mpeg2" | "420paldv") => return None,
                _ => {}
            }
        }
        // Unknown is written as 0:0.
        Some(Self { width: width?, height: height?, rate: rate?, pixel: pixel.unwrap_or((1, 1)) })
    }

    /// The header that an encoder reads. Chroma lies where H.264 has it unless it is told otherwise.
    pub(crate) fn line(&self) -> String {
        let Self { width, height, rate, pixel } = self;
        format!("YUV4MPEG2 W{width} H{height} F{}:{} Ip A{}:{} C420mpeg2\n", rate.0, rate.1, pixel.0, pixel.1)
    }

    /// Frames a second.
    pub(crate) fn frames_per_second(&self) -> f64 {
        f64::from(self.rate.0) / f64::from(self.rate.1)
    }
}

/// Reads one frame; false at the end of the stream, also where it breaks off within one.
pub(crate) fn read_frame(stream: &mut impl Read, frame: &mut Frame) -> Result<bool> {
    let mut mark = [0; MARK.len()];
    if fault::fill(stream, &mut mark)? < mark.len() || mark != MARK {
        return Ok(false);
    }
    Ok(fault::fill(stream, &mut frame.bytes)? == frame.bytes.len())
}

/// A line without its end.
fn line(stream: &mut impl Read) -> Result<String> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while bytes.len() < MOST_HEAD && fault::fill(stream, &mut byte)? == 1 && byte[0] != b'\n' {
        bytes.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::ErrorKind;

    #[test]
    fn a_stream_tells_its_size_and_rate() {
        let text = b"YUV4MPEG2 W4 H2 F30000:1001 Ip A0:0 C420jpeg XYSCSS=420JPEG\nFRAME\n0123456789abFRAME\n0123";
        let mut stream = &text[..];
        let head = Head::read(&mut stream).unwrap();
        assert_eq!(head, Head { width: 4, height: 2, rate: (30_000, 1001), pixel: (1, 1) });
        assert_eq!(head.line(), "YUV4MPEG2 W4 H2 F30000:1001 Ip A1:1 C420mpeg2\n");
        let mut frame = Frame::black(4, 2);
        assert!(read_frame(&mut stream, &mut frame).unwrap());
        assert_eq!(frame.bytes, b"0123456789ab");
        assert!(!read_frame(&mut stream, &mut frame).unwrap(), "it breaks off");
    }

    #[test]
    fn what_is_no_such_stream_is_refused() {
        for text in ["", "\n", "RIFF", "YUV4MPEG2 W4 F30:1\n", "YUV4MPEG2 W4 H2 F0:1\n", "YUV4MPEG2 W4 H2 F1:1 C444\n"]
        {
            assert_eq!(Head::read(&mut text.as_bytes()).unwrap_err().kind(), ErrorKind::Invalid, "{text}");
        }
        assert!(Head::read(&mut std::io::repeat(b'Y')).is_err());
    }
}
