//! Telling words apart by the pauses between them.

/// One word's sound and the natural pause behind it, in samples.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub(super) sound: &'a [i16],
    pub(super) pause: u64,
}

/// The samples and the rate of a 16-bit, one-channel WAV file. The length that a stream's header states is not
/// believed: the data go to the end.
pub(super) fn parse_wav(bytes: &[u8]) -> Option<(Vec<i16>, u32)> {
    let rest = bytes.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WAVE")?;
    let (mut rest, mut rate) = (rest, None);
    loop {
        let (name, length) = (rest.get(..4)?, u32::from_le_bytes(rest.get(4..8)?.try_into().ok()?) as usize);
        let body = rest.get(8..)?;
        match name {
            b"fmt " => {
                let format: [u8; 16] = body.get(..16)?.try_into().ok()?;
                let number = |at: usize| u16::from_le_bytes([format[at], format[at + 1]]);
                if (number(0), number(2), number(14)) != (1, 1, 16) {
                    return None;
                }
                rate = Some(u32::from_le_bytes([format[4], format[5], format[6], format[7]]));
            }
            b"data" => {
                let samples = body.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
                return rate.filter(|rate| (8_000..=48_000).contains(rate)).map(|rate| (samples, rate));
            }
            _ => {}
        }
        rest = body.get(length..)?;
    }
}

/// The sound without digital silence at its ends.
pub(super) fn trim(sound: &[i16]) -> &[i16] {
    let start = sound.iter().position(|&sample| sample != 0).unwrap_or(sound.len());
    let end = sound.iter().rposition(|&sample| sample != 0).map_or(start, |last| last + 1);
    &sound[start..end]
}

/// Cuts the sound at its longest runs of digital silence into `count` words.
///
/// `None` if the runs do not tell clearly: each one taken must be half as long again as any that is left, and longer
/// than a tenth of a second.
pub(super) fn split(sound: &[i16], count: usize, rate: u32) -> Option<Vec<Part<'_>>> {
    let sound = trim(sound);
    if count == 0 || sound.is_empty() {
        return None;
    }
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut index = 0;
    while index < sound.len() {
        let length = sound[index..].iter().take_while(|&&sample| sample == 0).count();
        if length > 1 {
            runs.push((index, length));
        }
        index += length.max(1);
    }
    runs.sort_by_key(|&(_, length)| std::cmp::Reverse(length));
    let (taken, left) = runs.split_at_checked(count - 1)?;
    let shortest = taken.last().map_or(usize::MAX, |&(_, length)| length);
    let next = left.first().map_or(0, |&(_, length)| length);
    if shortest < rate as usize / 10 || count > 1 && shortest < next + next / 2 {
        return None;
    }
    let mut taken = taken.to_vec();
    taken.sort_unstable();
    let mut parts = Vec::with_capacity(count);
    let mut at = 0;
    for (start, length) in taken {
        parts.push(Part { sound: &sound[at..start], pause: (length - shortest) as u64 });
        at = start + length;
    }
    parts.push(Part { sound: &sound[at..], pause: 0 });
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(parts: &[(i16, usize)]) -> Vec<i16> {
        parts.iter().flat_map(|&(sample, length)| std::iter::repeat_n(sample, length)).collect()
    }

    #[test]
    fn long_silence_parts_words() {
        let sound = sound(&[(0, 50), (5, 100), (0, 3000), (6, 70), (0, 500), (6, 30), (0, 4000), (7, 10), (0, 900)]);
        let parts = split(&sound, 3, 22_050).unwrap();
        assert_eq!(
            parts.iter().map(|part| (part.sound.len(), part.pause)).collect::<Vec<_>>(),
            [(100, 0), (600, 1000), (10, 0)]
        );
        assert!(split(&sound, 1, 22_050).is_some_and(|parts| parts.len() == 1));
        // Two words more than there are clear pauses, and no sound at all.
        assert!(split(&sound, 4, 22_050).is_none() && split(&sound, 9, 22_050).is_none());
        assert!(split(&[0; 40], 1, 22_050).is_none());
    }

    #[test]
    fn wav_is_read_to_its_end() {
        let mut bytes = b"RIFF\xff\xff\xff\x7fWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        bytes.extend(22_050_u32.to_le_bytes());
        bytes.extend([0, 0, 0, 0, 2, 0, 16, 0]);
        bytes.extend(b"data\xff\xff\xff\x7f\x01\0\xff\xff");
        assert_eq!(parse_wav(&bytes), Some((vec![1, -1], 22_050)));
        for end in 0..bytes.len() - 4 {
            assert_eq!(parse_wav(&bytes[..end]), None, "{end}");
        }
    }
}
