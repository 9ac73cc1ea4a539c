//! Speaks a text into a WAV file and prints when every word is heard:
//! `cargo run --release -p orion-speech --example say -- "Hello, world." hello.wav [VOICE]`.
//! Voices are looked for in the folder that `ORION_VOICES` names.

use orion_core::port::SpeechRequest;
use orion_core::{Error, Operation, Result};
use orion_speech::VoiceLibrary;
use std::io::Write;
use std::time::Instant;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = || Error::invalid("not enough arguments").with_hint("say TEXT OUT.wav [VOICE] [SPEED]");
    let (text, path) = (arguments.next().ok_or_else(usage)?, arguments.next().ok_or_else(usage)?);
    let voice = arguments.next();
    let speed = arguments.next().and_then(|speed| speed.parse().ok()).unwrap_or(1.0);
    let library = VoiceLibrary::new(std::env::var_os("ORION_VOICES").unwrap_or_else(|| "voices".into()));
    let model = orion_speech::open(voice.as_deref(), &library)?;
    let language = std::env::var("ORION_LANGUAGE").unwrap_or_else(|_| "en".to_owned());
    let request = SpeechRequest { text, voice: None, language, speed };
    let mut out = std::io::stdout().lock();
    let unwritable = |error: std::io::Error| Error::unexpected("standard output cannot be written").with_source(error);
    for attempt in ["first", "again"] {
        let started = Instant::now();
        let speech = model.speak(&request, &Operation::detached()).await?;
        let (spent, seconds) =
            (started.elapsed().as_secs_f64(), speech.samples.len() as f64 / f64::from(speech.sample_rate));
        writeln!(out, "{attempt}: {seconds:.3} s of speech in {spent:.3} s, real time factor {:.3}", spent / seconds)
            .map_err(unwritable)?;
        if attempt == "first" {
            for word in &speech.words {
                writeln!(out, "{:8.3} {:8.3}  {}", word.start.seconds(), word.end.seconds(), word.text)
                    .map_err(unwritable)?;
            }
            write_wav(&path, &speech.samples, speech.sample_rate)
                .map_err(|error| Error::unexpected("the file cannot be written").with_source(error))?;
        }
    }
    writeln!(out, "spoken by {:?}", model.provider()).map_err(unwritable)
}

fn write_wav(path: &str, samples: &[f32], sample_rate: u32) -> hound::Result<()> {
    let spec =
        hound::WavSpec { channels: 1, sample_rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(path, spec)?;
    for sample in samples {
        writer.write_sample((sample * f32::from(i16::MAX)).round() as i16)?;
    }
    writer.finalize()
}
