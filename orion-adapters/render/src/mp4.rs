//! The boxes of an MP4 file (ISO/IEC 14496-12): in which order they lie, and whether edit lists change what is played.

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};
use std::path::Path;

/// Most boxes that are looked at.
const MOST_BOXES: usize = 1000;
/// Most bytes of an index that are read.
const MOST_INDEX: u64 = 64 << 20;
/// An edit list that skips up to this many seconds at the beginning only takes away the delay of an encoder.
const DELAY: f64 = 0.1;

/// What the boxes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Index {
    /// Whether the index (`moov`) comes before the data (`mdat`); false for what is no MP4 file.
    pub(crate) first: bool,
    /// Whether a track has edits (`elst`) beyond those that take away an encoder's delay.
    pub(crate) edited: bool,
}

/// Looks at the boxes of a file.
pub(crate) fn look(file: &Path) -> Result<Index> {
    let mut file = File::open(file)?;
    let end = file.metadata()?.len();
    let (mut position, mut data, mut index) = (0_u64, false, Index::default());
    for _ in 0..MOST_BOXES {
        let mut header = [0_u8; 16];
        if position.saturating_add(8) > end {
            break;
        }
        file.seek(SeekFrom::Start(position))?;
        file.read_exact(&mut header[..8])?;
        let mut head = 8;
        let length = match u32::from_be_bytes([header[0], header[1], header[2], header[3]]) {
            // To the end of the file.
            0 => end - position,
            1 if position.saturating_add(16) <= end => {
                file.read_exact(&mut header[8..])?;
                head = 16;
                u64::from_be_bytes(header[8..].try_into().unwrap_or_default())
            }
            length => u64::from(length),
        };
        match &header[4..8] {
            b"mdat" => data = true,
            b"moov" => {
                index.first = !data;
                let mut moov = Vec::new();
                (&mut file).take(length.saturating_sub(head).min(MOST_INDEX)).read_to_end(&mut moov)?;
                index.edited = children(&moov).any(|(kind, track)| kind == *b"trak" && is_edited(track));
                break;
            }
            _ => {}
        }
        if length < 8 {
            break;
        }
        position = position.saturating_add(length);
    }
    Ok(index)
}

/// The boxes within a box, while they make sense.
fn children(mut bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let length = number(bytes, 0, 4)? as usize;
        let kind = bytes.get(4..8)?.try_into().ok()?;
        let contents = bytes.get(8..length)?;
        bytes = bytes.get(length..)?;
        Some((kind, contents))
    })
    .take(MOST_BOXES)
}

fn child(bytes: &[u8], wanted: [u8; 4]) -> Option<&[u8]> {
    children(bytes).find(|(kind, _)| *kind == wanted).map(|(_, contents)| contents)
}

/// A big-endian number of so many bytes.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    Some(bytes.get(at..at + length)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Whether a track is played other than from its beginning to its end.
fn is_edited(track: &[u8]) -> bool {
    let edits = || {
        let list = child(child(track, *b"edts")?, *b"elst")?;
        let head = child(child(track, *b"mdia")?, *b"mdhd")?;
        // Version 1 has times of eight bytes, version 0 of four.
        let ticks = number(head, if head.first() == Some(&1) { 20 } else { 12 }, 4)?;
        let width = if list.first() == Some(&1) { 8 } else { 4 };
        let (count, skipped) = (number(list, 4, 4)?, number(list, 8 + width, width)?);
        let rate = number(list, 8 + 2 * width, 4)?;
        // An empty edit skips less than nothing, which is a very large number here.
        Some(count > 1 || rate != 0x1_0000 || skipped as f64 > DELAY * ticks as f64)
    };
    edits().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fast(bytes: &[u8]) -> bool {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        look(file.path()).unwrap().first
    }

    #[test]
    fn the_index_is_looked_for_before_the_data() {
        assert!(fast(b"\0\0\0\x0cftypisom\0\0\0\x08moov\0\0\0\x08mdat"));
        assert!(!fast(b"\0\0\0\x0cftypisom\0\0\0\x08mdat\0\0\0\x08moov"));
        assert!(fast(b"\0\0\0\x01free\0\0\0\0\0\0\0\x10\0\0\0\x08moov"));
        for bad in
            [&b""[..], b"\0\0\0", b"\0\0\0\x02free\0\0\0\x08moov", b"\0\0\0\x01free\xff\xff\xff\xff\xff\xff\xff\xff"]
        {
            assert!(!fast(bad));
        }
    }

    /// A track with a media time scale of 1000 and these edits: length, start, rate.
    fn edited(edits: &[[u32; 3]]) -> bool {
        let boxed = |kind: &[u8], contents: Vec<u8>| {
            let length = (contents.len() as u32 + 8).to_be_bytes();
            [&length[..], kind, &contents[..]].concat()
        };
        let numbers = |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>();
        let list = [numbers(&[0, edits.len() as u32]), numbers(edits.as_flattened())].concat();
        let head = numbers(&[0, 0, 0, 1000, 5000, 0]);
        let track = [boxed(b"edts", boxed(b"elst", list)), boxed(b"mdia", boxed(b"mdhd", head))].concat();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), boxed(b"moov", boxed(b"trak", track))).unwrap();
        look(file.path()).unwrap().edited
    }

    #[test]
    fn edits_are_more_than_a_delay() {
        let whole = 0x1_0000;
        assert!(!edited(&[]));
        assert!(!edited(&[[5000, 66, whole]]));
        assert!(edited(&[[5000, 500, whole]]));
        assert!(edited(&[[300, u32::MAX, whole], [5000, 0, whole]]));
        assert!(edited(&[[5000, 0, whole / 2]]));
    }
}
