//! The boxes of an MP4 file (ISO/IEC 14496-12): in which order they lie, whether edit lists change what is played, and what
//! they tell of the picture: its level (14496-15) and where its key frames are.

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
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Index {
    /// Whether the index (`moov`) comes before the data (`mdat`); false for what is no MP4 file.
    pub(crate) first: bool,
    /// Whether a track has edits (`elst`) beyond those that take away an encoder's delay.
    pub(crate) edited: bool,
    /// Level of an H.264 picture, times ten.
    pub(crate) level: Option<u32>,
    /// Most seconds from one key frame of the picture to the next, or to its end.
    pub(crate) key_frames: Option<f64>,
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
                let tracks = || children(&moov).filter(|(kind, _)| kind == b"trak").map(|(_, track)| track);
                index.edited = tracks().any(is_edited);
                if let Some((ticks, samples)) = tracks().find_map(picture) {
                    index.level = level(samples);
                    index.key_frames = apart(samples).map(|apart| apart as f64 / ticks as f64);
                }
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
        let ticks = ticks(child(track, *b"mdia")?)?;
        let width = if list.first() == Some(&1) { 8 } else { 4 };
        let (count, skipped) = (number(list, 4, 4)?, number(list, 8 + width, width)?);
        let rate = number(list, 8 + 2 * width, 4)?;
        // An empty edit skips less than nothing, which is a very large number here.
        Some(count > 1 || rate != 0x1_0000 || skipped as f64 > DELAY * ticks as f64)
    };
    edits().unwrap_or(false)
}

/// Ticks a second of a track of pictures, and its table of samples.
fn picture(track: &[u8]) -> Option<(u64, &[u8])> {
    let media = child(track, *b"mdia")?;
    let handler = child(media, *b"hdlr")?;
    let ticks = ticks(media).filter(|ticks| *ticks > 0)?;
    let samples = child(child(media, *b"minf")?, *b"stbl")?;
    (handler.get(8..12)? == b"vide").then_some((ticks, samples))
}

/// Ticks a second. Version 1 has times of eight bytes before them, version 0 of four.
fn ticks(media: &[u8]) -> Option<u64> {
    let head = child(media, *b"mdhd")?;
    number(head, if head.first() == Some(&1) { 20 } else { 12 }, 4)
}

/// The level in the decoder's configuration: the fourth byte of `avcC`, which lies behind the 78 of a visual sample.
fn level(samples: &[u8]) -> Option<u32> {
    let (kind, entry) = children(child(samples, *b"stsd")?.get(8..)?).next()?;
    let configuration = child(entry.get(78..)?, *b"avcC").filter(|_| matches!(&kind, b"avc1" | b"avc3"))?;
    Some(number(configuration, 3, 1)? as u32)
}

/// Most ticks from one sample that can be decoded by itself to the next. Without a list of them all can.
fn apart(samples: &[u8]) -> Option<u64> {
    let pairs = |list: &[u8], width: usize| (number(list, 4, 4).unwrap_or(0) as usize).min(list.len() / width);
    let times = child(samples, *b"stts")?;
    let keys = child(samples, *b"stss");
    let mut keys = (0..keys.map_or(0, |keys| pairs(keys, 4))).filter_map(|at| number(keys?, 8 + 4 * at, 4)).peekable();
    let (mut sample, mut time, mut last, mut most) = (1_u64, 0_u64, 0_u64, 0_u64);
    for at in 0..pairs(times, 8) {
        let (count, ticks) = (number(times, 8 + 8 * at, 4)?, number(times, 12 + 8 * at, 4)?);
        if keys.peek().is_none() && child(samples, *b"stss").is_none() {
            most = most.max(ticks);
        }
        while let Some(key) = keys.next_if(|key| *key < sample.saturating_add(count)) {
            let at = time.saturating_add(key.saturating_sub(sample).saturating_mul(ticks));
            most = most.max(at.saturating_sub(last));
            last = at;
        }
        sample = sample.saturating_add(count);
        time = time.saturating_add(count.saturating_mul(ticks));
    }
    if child(samples, *b"stss").is_some() {
        most = most.max(time.saturating_sub(last));
    }
    Some(most)
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

    fn boxed(kind: &[u8], contents: Vec<u8>) -> Vec<u8> {
        let length = (contents.len() as u32 + 8).to_be_bytes();
        [&length[..], kind, &contents[..]].concat()
    }

    fn numbers(numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
    }

    /// A picture of a thousand ticks a second: runs of samples with their ticks, and the numbers of its key frames.
    fn pictured(runs: &[[u32; 2]], keys: Option<&[u32]>) -> Index {
        let times = [numbers(&[0, runs.len() as u32]), numbers(runs.as_flattened())].concat();
        let keys = keys.map(|keys| boxed(b"stss", [numbers(&[0, keys.len() as u32]), numbers(keys)].concat()));
        let entry = [vec![0; 78], boxed(b"avcC", vec![1, 100, 0, 42, 255])].concat();
        let kinds = [numbers(&[0, 1]), boxed(b"avc1", entry)].concat();
        let table = [boxed(b"stsd", kinds), boxed(b"stts", times), keys.unwrap_or_default()].concat();
        let handler = [numbers(&[0, 0]), b"vide".to_vec()].concat();
        let media = [
            boxed(b"mdhd", numbers(&[0, 0, 0, 1000, 5000, 0])),
            boxed(b"hdlr", handler),
            boxed(b"minf", boxed(b"stbl", table)),
        ];
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), boxed(b"moov", boxed(b"trak", boxed(b"mdia", media.concat())))).unwrap();
        look(file.path()).unwrap()
    }

    #[test]
    fn level_and_key_frames_are_in_the_index() {
        let told = pictured(&[[100, 40], [50, 20]], Some(&[1, 51, 101]));
        assert_eq!((told.level, told.key_frames), (Some(42), Some(2.0)));
        // From the last one to the end, and over the border of two runs.
        assert_eq!(pictured(&[[100, 40]], Some(&[1, 11])).key_frames, Some(3.6));
        assert_eq!(pictured(&[[10, 100], [10, 200]], Some(&[1, 6, 16])).key_frames, Some(1.5));
        // Without a list every picture is one.
        assert_eq!(pictured(&[[100, 40]], None).key_frames, Some(0.04));
        assert_eq!(pictured(&[], Some(&[1])).key_frames, Some(0.0));
        assert_eq!(pictured(&[[u32::MAX, u32::MAX]], Some(&[5, 3, u32::MAX])).level, Some(42));
    }

    /// A track with a media time scale of 1000 and these edits: length, start, rate.
    fn edited(edits: &[[u32; 3]]) -> bool {
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
