//! The order of the boxes of an MP4 file (ISO/IEC 14496-12, section 4.2).

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};
use std::path::Path;

/// Most boxes that are looked at.
const MOST_BOXES: usize = 1000;

/// Whether the index (`moov`) comes before the data (`mdat`); false for what is no MP4 file.
pub(crate) fn starts_fast(file: &Path) -> Result<bool> {
    let mut file = File::open(file)?;
    let end = file.metadata()?.len();
    let mut position = 0_u64;
    for _ in 0..MOST_BOXES {
        let mut header = [0_u8; 16];
        if position.saturating_add(8) > end {
            break;
        }
        file.seek(SeekFrom::Start(position))?;
        file.read_exact(&mut header[..8])?;
        match &header[4..8] {
            b"moov" => return Ok(true),
            b"mdat" => return Ok(false),
            _ => {}
        }
        let length = match u32::from_be_bytes([header[0], header[1], header[2], header[3]]) {
            // To the end of the file.
            0 => break,
            1 if position.saturating_add(16) <= end => {
                file.read_exact(&mut header[8..])?;
                u64::from_be_bytes(header[8..].try_into().unwrap_or_default())
            }
            length => u64::from(length),
        };
        if length < 8 {
            break;
        }
        position = position.saturating_add(length);
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fast(bytes: &[u8]) -> bool {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        starts_fast(file.path()).unwrap()
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
}
