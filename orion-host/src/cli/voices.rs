//! `orion voices`: list, install and try voices.

use super::output::{Format, Printing};
use super::{Failure, Setting, output};
use crate::config::Config;
use crate::providers::Providers;
use clap::{Args, Subcommand};
use futures_util::future::join_all;
use orion_adapters::Parts;
use orion_adapters::speech::VoiceLibrary;
use orion_core::port::{SpeechModel, SpeechRequest, Voice};
use orion_core::{Error, Operation, Result};
use serde::Serialize;
use std::io::{Cursor, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// `orion voices …`
#[derive(Debug, Args)]
pub(super) struct Voices {
    #[command(flatten)]
    pub(super) printing: Printing,
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List voices: those installed, those that can be, and those of the servers that the settings name
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
            Action::List => list(&library, &setting.config, setting.format).await?,
            Action::Install { voice } => install(library, voice, setting.json()).await?,
            Action::Say { text, voice, speed, language, out } => {
                let json = setting.json();
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
                write_sound(&sound, out, json)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A voice, and how `create.voice` names it.
#[derive(Debug, Serialize)]
struct Listed {
    /// Whose it is.
    provider: String,
    /// What `create.voice` takes.
    address: String,
    #[serde(flatten)]
    voice: Voice,
}

async fn list(library: &VoiceLibrary, config: &Config, format: Format) -> Result<()> {
    let local = library.voices().into_iter();
    let mut voices: Vec<Listed> =
        local.map(|voice| Listed { provider: "piper".to_owned(), address: voice.id.clone(), voice }).collect();
    let servers = servers(config);
    let asked = servers.iter().map(|address| async move { (address, voices_of(config, address).await) });
    for (address, found) in join_all(asked).await {
        match found {
            Ok(found) => voices.extend(found),
            Err(error) => {
                let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
                output::say(&format!("{address} does not list its voices: {error}{hint}"));
            }
        }
    }
    if format == Format::Json {
        return output::print_json(&voices);
    }
    let rows: Vec<Vec<String>> = voices
        .into_iter()
        .map(|Listed { provider, address, voice }| {
            let state = match (voice.installed, provider.as_str()) {
                (false, _) => "orion voices install".to_owned(),
                (true, "piper") => "installed".to_owned(),
                (true, server) => format!("on {server}"),
            };
            vec![address, voice.language, state, voice.name]
        })
        .collect();
    output::print_rows(&["VOICE", "LANGUAGE", "STATE", "NAME"], &rows, 100, format)
}

/// The speech providers that are asked for their voices: those that the settings name, and those that the settings say
/// how to reach.
fn servers(config: &Config) -> Vec<String> {
    let usual = Config::default();
    let mut servers: Vec<String> = Vec::new();
    for address in config.voice.split(',').map(str::trim) {
        if ["openai:", "elevenlabs:", "fish:"].iter().any(|scheme| address.starts_with(scheme)) {
            servers.push(address.to_owned());
        }
    }
    let fish = config.fish_url != usual.fish_url || !config.fish_key.expose().is_empty();
    for (address, reachable) in [("elevenlabs:", !config.elevenlabs_key.expose().is_empty()), ("fish:", fish)] {
        if reachable && !servers.iter().any(|named| named.starts_with(address)) {
            servers.push(address.to_owned());
        }
    }
    servers
}

/// The voices of a server, as `create.voice` would name them.
async fn voices_of(config: &Config, address: &str) -> Result<Vec<Listed>> {
    let speech = Providers::new(config)?.voice(address)?;
    let (scheme, rest) = address.split_once(':').unwrap_or((address, ""));
    // `openai:MODEL/VOICE`: the voices are those of the model.
    let model = rest.split_once('/').map_or(rest, |(model, _)| model);
    let voices = speech.voices().await?.into_iter().map(|voice| Listed {
        provider: speech.provider().name.clone(),
        address: match scheme {
            "openai" => format!("{scheme}:{model}/{}", voice.id),
            _ => format!("{scheme}:{}", voice.id),
        },
        voice,
    });
    Ok(voices.collect())
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
