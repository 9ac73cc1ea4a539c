//! `orion models`: the language and embedding models of the Ollama server.

use super::output::{Format, Printing};
use super::{Failure, Setting, output};
use clap::{Args, Subcommand};
use orion_adapters::ollama::{OllamaModel, OllamaOptions, OllamaServer, Pulled};
use orion_core::{Cancellation, Result};
use std::process::ExitCode;

/// `orion models …`
#[derive(Debug, Args)]
pub(super) struct Models {
    #[command(flatten)]
    pub(super) printing: Printing,
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the models that the Ollama server has, with their sizes
    List,
    /// Have the Ollama server fetch a model; what is there already is not fetched again
    Pull {
        /// Its name in Ollama's library: `llama3.2`, `nomic-embed-text`
        model: String,
    },
}

impl Models {
    pub(super) async fn run(self, setting: Setting) -> Result<ExitCode, Failure> {
        let server = OllamaServer::new(&OllamaOptions::at(setting.config.ollama_url.clone()))?;
        match self.command {
            Action::List => {
                let models = server.models().await?;
                let size = |bytes: u64| if setting.format == Format::Plain { bytes.to_string() } else { size(bytes) };
                let row = |model: &OllamaModel| vec![model.name.clone(), size(model.size)];
                match setting.format {
                    Format::Json => output::print_json(&models)?,
                    format => {
                        let rows: Vec<Vec<String>> = models.iter().map(row).collect();
                        output::print_rows(&["MODEL", "SIZE"], &rows, 100, format)?;
                    }
                }
            }
            Action::Pull { model } => {
                let mut last = String::new();
                let told = |pulled: &Pulled| {
                    let line = line(pulled);
                    if line != last {
                        output::say(&line);
                        last = line;
                    }
                };
                server.pull(&model, &Cancellation::new(), told).await?;
                output::say(&format!("{model} is there"));
                if setting.json() {
                    output::print_json(&serde_json::json!({ "model": model }))?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// `pulling dde5aa3fc5ff: 40 % of 2.0 GB`, in steps of ten per cent.
fn line(pulled: &Pulled) -> String {
    match (pulled.completed * 10).checked_div(pulled.total) {
        Some(tenths) => format!("{}: {} % of {}", pulled.status, tenths * 10, size(pulled.total)),
        None => pulled.status.clone(),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_in_steps() {
        let pulled = |completed, total| {
            let json = serde_json::json!({"status": "pulling abc", "completed": completed, "total": total});
            line(&serde_json::from_value(json).unwrap())
        };
        assert_eq!(pulled(0, 0), "pulling abc");
        assert_eq!(pulled(449_000_000, 1_000_000_000), "pulling abc: 40 % of 1.0 GB");
        assert_eq!(pulled(2_000, 2_000), "pulling abc: 100 % of 2 kB");
        assert_eq!(size(270_000_000), "270 MB");
    }
}
