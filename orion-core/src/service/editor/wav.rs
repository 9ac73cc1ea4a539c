//! Samples as a WAV file.

use bytes::{BufMut, Bytes, BytesMut};

/// One channel of samples from -1 to 1 as a 16-bit WAV file; what lies outside is clipped, what is no number is
/// silence.
pub fn encode_wav(samples: &[f32], sample_rate: u32) -> Bytes {
    let data = samples.len() as u32 * 2;
    let mut file = BytesMut::with_capacity(44 + samples.len() * 2);
    file.put_slice(b"RIFF");
    file.put_u32_le(36 + data);
    file.put_slice(b"WAVEfmt ");
    file.put_u32_le(16);
    file.put_u16_le(1); // linear PCM
    file.put_u16_le(1); // channels
    file.put_u32_le(sample_rate);
    file.put_u32_le(sample_rate * 2); // bytes per second
    file.put_u16_le(2); // bytes per sample of all channels
    file.put_u16_le(16); // bits per sample
    file.put_slice(b"data");
    file.put_u32_le(data);
    for sample in samples {
        // `as` saturates and turns NaN into 0.
        file.put_i16_le((sample * 32_767.0).round() as i16);
    }
    file.freeze()
}
