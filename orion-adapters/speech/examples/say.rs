//! Speaks a text into a WAV file and prints when each word is spoken.
//!
//! `cargo run --release -p orion-speech --example say -- TEXT OUT.wav [VOICE]`

use orion_core::Operation;
use orion_core::port::SpeechRequest;
use orion_speech::VoiceLibrary;
use std::error::Error;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the word times are the program's output")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(text), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err("usage: say TEXT OUT.wav [VOICE]".into());
    };
    let voice = arguments.next();
    let folder = std::env::home_dir().unwrap_or_default().join(".local/share/orion/voices");
    let model = orion_speech::open(voice.as_deref(), &VoiceLibrary::new(folder))?;
    let request = SpeechRequest { text, voice: None, language: "en".to_owned(), speed: 1.0 };
    let begin = std::time::Instant::now();
    let speech = model.speak(&request, &Operation::detached()).await?;
    let took = begin.elapsed().as_secs_f64();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: speech.sample_rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(out, spec)?;
    for sample in &speech.samples {
        writer.write_sample((sample * 32767.0) as i16)?;
    }
    writer.finalize()?;
    for word in &speech.words {
        println!("{:>7.3} {:>7.3} {}", word.start.seconds(), word.end.seconds(), word.text);
    }
    let length = speech.samples.len() as f64 / f64::from(speech.sample_rate);
    println!("{} {}: {length:.2} s of speech in {took:.2} s", model.provider().name, model.provider().model);
    Ok(())
}
