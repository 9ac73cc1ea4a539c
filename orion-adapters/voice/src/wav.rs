//! WAV files as servers send them: any usual format, with lengths that a stream could not know.

use crate::Sound;
use orion_core::{Error, ErrorKind, Result};

/// Reads a WAV file of 16, 24 or 32-bit numbers or 32-bit fractions; channels are mixed to one. The length that a
/// stream's header states is not believed: the data go to the end.
///
/// # Errors
/// [`Corrupt`](ErrorKind::Corrupt) for what is no such file, or holds no sound.
pub fn read(bytes: &[u8]) -> Result<Sound> {
    let corrupt = |why: &'static str| Error::new(ErrorKind::Corrupt, "this is no WAV file").with_context("why", why);
    let (format, data) = chunks(bytes).ok_or_else(|| corrupt("its header is malformed"))?;
    let number = |at: usize| u16::from_le_bytes([format[at], format[at + 1]]);
    let (mut kind, channels, bits) = (number(0), usize::from(number(2)), number(14));
    let sample_rate = u32::from_le_bytes([format[4], format[5], format[6], format[7]]);
    if kind == 0xFFFE && format.len() >= 26 {
        // An extensible header tells the kind further down.
        kind = number(24);
    }
    if !(1..=8).contains(&channels) || !(8_000..=96_000).contains(&sample_rate) {
        return Err(corrupt("its channels or its rate are not usual"));
    }
    let read: fn(&[u8]) -> f32 = match (kind, bits) {
        (1, 16) => |it| f32::from(i16::from_le_bytes([it[0], it[1]])) / 32_768.0,
        (1, 24) => |it| (i32::from_le_bytes([0, it[0], it[1], it[2]]) >> 8) as f32 / 8_388_608.0,
        (1, 32) => |it| i32::from_le_bytes([it[0], it[1], it[2], it[3]]) as f32 / 2_147_483_648.0,
        (3, 32) => |it| f32::from_le_bytes([it[0], it[1], it[2], it[3]]),
        _ => return Err(corrupt("its samples are not usual")),
    };
    let size = usize::from(bits / 8);
    let frames = data.chunks_exact(size * channels);
    let samples: Vec<f32> = frames
        .map(|frame| frame.chunks_exact(size).map(read).sum::<f32>() / channels as f32)
        .map(|sample| if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 })
        .collect();
    if samples.is_empty() {
        return Err(corrupt("it holds no sound"));
    }
    Ok(Sound { samples, sample_rate })
}

/// Raw 16-bit samples, lowest byte first, of one channel.
///
/// # Errors
/// [`Corrupt`](ErrorKind::Corrupt) if there are none.
pub fn read_raw(bytes: &[u8], sample_rate: u32) -> Result<Sound> {
    let samples: Vec<f32> =
        bytes.chunks_exact(2).map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0).collect();
    if samples.is_empty() {
        return Err(Error::new(ErrorKind::Corrupt, "there is no sound in the answer"));
    }
    Ok(Sound { samples, sample_rate })
}

/// The format and the data.
fn chunks(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = bytes.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WAVE")?;
    let mut format = None;
    loop {
        let (name, length) = (rest.get(..4)?, u32::from_le_bytes(rest.get(4..8)?.try_into().ok()?) as usize);
        let body = rest.get(8..)?;
        match name {
            b"fmt " => format = Some(body.get(..length.max(16))?),
            b"data" => return Some((format?, body.get(..length).unwrap_or(body))),
            _ => {}
        }
        // Chunks begin at even places.
        rest = body.get(length.checked_add(length % 2)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::service::editor::encode_wav;

    #[test]
    fn what_is_written_is_read() {
        let samples = [0.0, 0.5, -0.5, 1.0, -1.0];
        let file = encode_wav(&samples, 24_000);
        let sound = read(&file).unwrap();
        assert_eq!(sound.sample_rate, 24_000);
        assert!(sound.samples.iter().zip(samples).all(|(read, written)| (read - written).abs() < 1e-3), "{sound:?}");
        // A stream that did not know its length.
        let mut endless = file.to_vec();
        endless[40..44].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(read(&endless).unwrap().samples, sound.samples);
        for end in 0..44 {
            assert_eq!(read(&file[..end]).unwrap_err().kind(), ErrorKind::Corrupt, "{end}");
        }
    }

    #[test]
    fn channels_are_mixed_and_fractions_are_read() {
        let mut file = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0\x03\0\x02\0".to_vec();
        file.extend(44_100_u32.to_le_bytes());
        file.extend([0, 0, 0, 0, 8, 0, 32, 0]);
        file.extend(b"data\x10\0\0\0");
        for sample in [1.0_f32, 0.0, f32::NAN, 0.5] {
            file.extend(sample.to_le_bytes());
        }
        let sound = read(&file).unwrap();
        assert_eq!((sound.samples.as_slice(), sound.sample_rate), ([0.5, 0.0].as_slice(), 44_100));
        assert_eq!(read_raw(&[0, 64, 1], 16_000).unwrap().samples, [0.5]);
    }
}
