//! A voice that says a tone for every word, and an ear that hears tones.

/// Seconds of a tone for one letter, and of the pauses between words and behind marks.
const LETTER: f64 = 0.05;
const GAP: f64 = 0.12;
const MARK: f64 = 0.3;

/// What is said of a text: the sound, and the span in seconds of each of its characters.
pub(crate) fn spoken(text: &str, rate: u32, speed: f64) -> (Vec<f32>, Vec<(f64, f64)>) {
    let (mut samples, mut spans) = (Vec::new(), Vec::new());
    let seconds = |samples: &Vec<f32>| samples.len() as f64 / f64::from(rate);
    for character in text.chars() {
        let start = seconds(&samples);
        let (length, loud) = match character {
            letter if letter.is_alphanumeric() => (LETTER, 0.5),
            '.' | ',' | '!' | '?' | ';' | ':' => (MARK, 0.0),
            space if space.is_whitespace() => (GAP, 0.0),
            _ => (0.01, 0.0),
        };
        let count = (length / speed * f64::from(rate)) as usize;
        samples.extend((0..count).map(|n| (n as f32 * 0.15).sin() * loud));
        spans.push((start, seconds(&samples)));
    }
    (samples, spans)
}

/// Tones with pauses between them, as samples: so many words.
pub fn tones(words: usize, rate: u32) -> Vec<f32> {
    spoken(&"word ".repeat(words), rate, 1.0).0
}

/// The spans in seconds in which there is sound.
pub(crate) fn heard(samples: &[f32], rate: u32) -> Vec<(f64, f64)> {
    let look = (rate / 100).max(1) as usize;
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for (at, piece) in samples.chunks(look).enumerate() {
        if piece.iter().any(|sample| sample.abs() > 0.05) {
            match spans.last_mut() {
                Some(span) if at - span.1 < 6 => span.1 = at + 1,
                _ => spans.push((at, at + 1)),
            }
        }
    }
    let length = samples.len() as f64 / f64::from(rate);
    spans.into_iter().map(|(from, to)| (from as f64 / 100.0, (to as f64 / 100.0).min(length))).collect()
}

/// A 16-bit WAV file of a stream that did not know its length.
pub(crate) fn wav(samples: &[f32], rate: u32) -> Vec<u8> {
    let mut file = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    file.extend(rate.to_le_bytes());
    file.extend((rate * 2).to_le_bytes());
    file.extend([2, 0, 16, 0]);
    file.extend(b"data\xff\xff\xff\xff");
    file.extend(raw(samples));
    file
}

/// Samples as 16-bit numbers.
pub(crate) fn raw(samples: &[f32]) -> Vec<u8> {
    samples.iter().flat_map(|sample| ((sample * 32_767.0) as i16).to_le_bytes()).collect()
}

/// The samples of a 16-bit WAV file and their rate; `None` if it is none.
pub(crate) fn samples(file: &[u8]) -> Option<(Vec<f32>, u32)> {
    let data = crate::request::find(file, b"data")? + 8;
    let rate = u32::from_le_bytes(file.get(24..28)?.try_into().ok()?);
    let pairs = file.get(data..)?.chunks_exact(2);
    Some((pairs.map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0).collect(), rate))
}
