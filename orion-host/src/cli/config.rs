//! `orion config`: what is set, and where each setting came from.

use super::output::{Format, Printing};
use super::{Failure, Setting, output};
use crate::config::{KEYS, Key};
use crate::providers::Providers;
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// `orion config …`
#[derive(Debug, Args)]
pub(super) struct ConfigCommand {
    #[command(flatten)]
    pub(super) printing: Printing,
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print every setting with its value, its origin and what it does; secrets are redacted
    Show,
}

impl ConfigCommand {
    pub(super) fn run(&self, setting: &Setting) -> Result<ExitCode, Failure> {
        let Action::Show = self.command;
        match setting.format {
            Format::Json => output::print_json(&as_json(setting))?,
            Format::Plain => output::print_rows(&[], &as_rows(setting), 0, Format::Plain)?,
            Format::Table => output::print(&as_toml(setting))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What the settings that name providers come to.
fn told(setting: &Setting) -> Vec<(&'static str, Vec<String>)> {
    match Providers::new(&setting.config) {
        Ok(providers) => providers.told().to_vec(),
        Err(error) => vec![("policy", vec![format!("nobody serves: {error}")])],
    }
}

fn as_json(setting: &Setting) -> serde_json::Value {
    let told = told(setting);
    let keys = KEYS.iter().map(|key| {
        serde_json::json!({
            "name": key.name,
            "providers": told.iter().find(|(name, _)| *name == key.name).map(|(_, lines)| lines),
            "value": key.show(&setting.config),
            "set_by": setting.origins.get(key.name).map(ToString::to_string),
            "variable": key.env,
            "description": key.doc,
        })
    });
    serde_json::json!({ "settings": keys.collect::<Vec<_>>() })
}

/// Name, value as in `orion.toml`, and what set it.
fn as_rows(setting: &Setting) -> Vec<Vec<String>> {
    let row = |key: &Key| {
        let origin = setting.origins.get(key.name).map(ToString::to_string).unwrap_or_default();
        vec![key.name.to_owned(), key.show(&setting.config).to_string(), origin]
    };
    KEYS.iter().map(row).collect()
}

/// A file that `orion.toml` could be, with comments.
fn as_toml(setting: &Setting) -> String {
    let told = told(setting);
    let mut text = String::new();
    let mut open = "";
    // Keys without a table come first, as TOML asks.
    let (plain, tabled): (Vec<&Key>, Vec<&Key>) = KEYS.iter().partition(|key| !key.name.contains('.'));
    for key in plain.into_iter().chain(tabled) {
        let (table, name) = key.name.split_once('.').unwrap_or(("", key.name));
        if table != open {
            text.push_str(&format!("[{table}]\n\n"));
            open = table;
        }
        let origin = setting.origins.get(key.name).map(ToString::to_string).unwrap_or_default();
        let value = key.show(&setting.config);
        let lines = told.iter().filter(|(of, _)| *of == key.name).flat_map(|(_, lines)| lines);
        let told: String = lines.map(|line| format!("# {}\n", line.replace('\n', " "))).collect();
        text.push_str(&format!("# {}\n# set by: {origin}; variable: {}\n{told}{name} = {value}\n\n", key.doc, key.env));
    }
    text
}
