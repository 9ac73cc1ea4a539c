//! `orion voices`: list, install and try voices.

use super::{Failure, Setting, output};
use crate::providers::Providers;
use clap::{Args, Subcommand};
use orion_adapters::Parts;
use orion_adapters::speech::VoiceLibrary;
use orion_core::port::{SpeechModel, SpeechRequest};
use orion_core::{Error, Operation, Result};
use std::io::{Cursor, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// `orion voices …`
#[derive(Debug, Args)]
pub(super) struct Voices {
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List voices: those installed, and those that can be
    List,
    /// Fetch a voice once, with its licence notice; does nothing if it is there
    Install {
        /// Which voice
        #[arg(default_value = VoiceLibrary::DEFAULT)]
        voice: String,
    },
    /// Speak a text into a WAV file
    Say {
        /// What to say
        text: String,
        /// Which voice [default: that of the configuration]
        #[arg(long)]
        voice: Option<String>,
        /// Speaking rate, 0.5 to 2
        #[arg(long, default_value_t = 1.0)]
        speed: f64,
        /// Language of the text
        #[arg(long, default_value = "en")]
        language: String,
        /// The file; `-` or a pipe gets the sound itself
        #[arg(long, short, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

impl Voices {
    pub(super) async fn run(self, setting: Setting) -> Result<ExitCode, Failure> {
        let library = Parts::new(&setting.config.data_dir).voices();
        match self.command {
            Action::List => list(&library, setting.json)?,
            Action::Install { voice } => install(library, voice, setting.json).await?,
            Action::Say { text, voice, speed, language, out } => {
                let mut config = setting.config;
                config.voice = voice.unwrap_or(config.voice);
                let voices = Providers::new(&config)?.speech()?;
                let (request, operation) =
                    (SpeechRequest { text, voice: None, language, speed }, Operation::detached());
                let (asked, within) = (&request, &operation);
                let speak = |model: Arc<dyn SpeechModel>| async move { model.speak(asked, within).await };
                let served = voices.call(&operation.cancellation, speak).await?;
                for attempt in &served.after {
                    output::say(&attempt.note("speech", &served.by));
                }
                let speech = served.value;
                let sound = wav(&speech.samples, speech.sample_rate)?;
                write_sound(&sound, out, setting.json)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn list(library: &VoiceLibrary, json: bool) -> Result<()> {
    let voices = library.voices();
    if json {
        return output::print_json(&voices);
    }
    let rows: Vec<Vec<String>> = voices
        .into_iter()
        .map(|voice| {
            let state = if voice.installed { "installed" } else { "orion voices install" };
            vec![voice.id, voice.language, state.to_owned(), voice.name]
        })
        .collect();
    output::print(&output::table(&["VOICE", "LANGUAGE", "STATE", "NAME"], &rows, 100))
}

async fn install(library: VoiceLibrary, voice: String, json: bool) -> Result<()> {
    let work = tokio::task::spawn_blocking(move || library.install(&voice, &output::say));
    let files =
        work.await.map_err(|error| Error::unexpected("installing the voice was cut off").with_source(error))??;
    if json { output::print_json(&files.voice()) } else { Ok(()) }
}

/// The samples as a 16-bit WAV file.
fn wav(samples: &[f32], sample_rate: u32) -> Result<Vec<u8>> {
    let unwritable = |error: hound::Error| Error::unexpected("the sound could not be written").with_source(error);
    let spec =
        hound::WavSpec { channels: 1, sample_rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut file = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut file, spec).map_err(unwritable)?;
    for sample in samples {
        writer.write_sample((sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round() as i16).map_err(unwritable)?;
    }
    writer.finalize().map_err(unwritable)?;
    Ok(file.into_inner())
}

fn write_sound(sound: &[u8], out: Option<PathBuf>, json: bool) -> Result<()> {
    match out {
        Some(path) if path.as_os_str() != "-" => {
            crate::delivery::write_file(&path, sound)?;
            output::say(&format!("spoken into {}", path.display()));
            if json { output::print_json(&serde_json::json!({ "file": path, "bytes": sound.len() })) } else { Ok(()) }
        }
        None if std::io::stdout().is_terminal() => Err(Error::invalid("sound is no text for a terminal")
            .with_hint("name a file: `orion voices say TEXT --out speech.wav`")),
        _ => std::io::stdout()
            .lock()
            .write_all(sound)
            .map_err(|error| Error::unavailable("standard output cannot be written").with_source(error)),
    }
}
