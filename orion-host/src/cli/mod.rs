//! The command line. Standard output is data; everything for people goes to standard error.

mod backup;
mod caption;
mod check;
mod config;
mod create;
mod doctor;
mod failure;
mod models;
mod output;
mod remote;
mod review;
mod runs;
mod scout;
mod template;
#[cfg(feature = "http")]
mod up;
mod voices;
mod watch;

use crate::config::{Config, Layers, Origin};
use clap::{Parser, Subcommand};
use failure::Failure;
use output::{Format, Printing};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Turns trends into finished, captioned, narrated short videos.
#[derive(Debug, Parser)]
#[command(name = "orion", version, max_term_width = 110)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
struct Common {
    /// Configuration file [default: orion.toml of the working folder, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set any setting of `orion config show`; may be repeated
    #[arg(long = "set", global = true, value_name = "NAME=VALUE", value_parser = name_and_value)]
    set: Vec<(String, String)>,
    /// Log more (-vv: everything); RUST_LOG gives finer control
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Print machine-readable JSON on standard output
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the platform: API, live events and workers in one process
    #[cfg(feature = "http")]
    Up(up::Up),
    /// Make a video from a feed, a page, a topic, a text or a script
    Create(Box<create::Create>),
    /// Caption a video of your own
    Caption(Box<caption::Caption>),
    /// Show what trends in feeds, or ask a platform's Scout
    Scout(scout::Scout),
    /// Sign in to a platform
    Auth(remote::Auth),
    /// List and decide about a platform's content
    Content(remote::Content),
    /// Start and watch a platform's runs
    Pipeline(remote::Pipeline),
    /// Publish a platform's content
    Publish(remote::Publish),
    /// Read what a platform tells you
    Notifications(remote::Notifications),
    /// Administer a platform's users
    Admin(remote::Admin),
    /// Show how a platform stands
    System(remote::System),
    /// Show and choose who makes text, pictures, video and speech for a platform
    Provider(remote::ProviderCommand),
    /// List and pull the language models of an Ollama server
    Models(models::Models),
    /// List, install and try voices
    Voices(voices::Voices),
    /// List templates, and see how one looks before it is used
    Template(template::TemplateCommand),
    /// Show recent runs
    Runs(runs::Runs),
    /// Copy the record and its files into a new folder, while everything goes on
    Backup(backup::Backup),
    /// Put a backup in the place of an empty installation
    Restore(backup::Restore),
    /// Remove stored files that nothing points at
    Sweep(backup::Sweep),
    /// Check a video file: what it is, and whether a platform takes it
    Check(check::Check),
    /// Check every part and say what to do
    Doctor(doctor::Doctor),
    /// Show the configuration
    Config(config::ConfigCommand),
    /// Print the completion script of a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

impl Command {
    /// How a command prints, where there is a choice beyond `--json`.
    fn printing(&self) -> Printing {
        match self {
            Self::Caption(caption) => caption.printing,
            Self::Models(models) => models.printing,
            Self::Voices(voices) => voices.printing,
            Self::Runs(runs) => runs.printing,
            Self::Check(check) => check.printing,
            Self::Doctor(doctor) => doctor.printing,
            Self::Config(command) => command.printing,
            Self::Template(template) => template.printing(),
            _ => self.options().map_or(Printing::default(), |options| options.printing),
        }
    }

    /// How a command reaches a platform, if it does.
    fn options(&self) -> Option<&remote::Options> {
        match self {
            Self::Scout(scout) => Some(&scout.options),
            Self::Auth(auth) => Some(&auth.options),
            Self::Content(content) => Some(&content.options),
            Self::Pipeline(pipeline) => Some(&pipeline.options),
            Self::Publish(publish) => Some(&publish.options),
            Self::Notifications(notifications) => Some(&notifications.options),
            Self::Admin(admin) => Some(&admin.options),
            Self::System(system) => Some(&system.options),
            Self::Provider(provider) => Some(&provider.options),
            _ => None,
        }
    }
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// What a command works with: its settings, where each came from, and how to answer.
struct Setting {
    config: Config,
    origins: BTreeMap<&'static str, Origin>,
    format: Format,
    remote: remote::Remote,
}

impl Setting {
    /// Whether a program reads the answer.
    fn json(&self) -> bool {
        self.format == Format::Json
    }
}

impl Cli {
    fn format(&self) -> Format {
        if self.common.json { Format::Json } else { self.command.printing().format.unwrap_or_default() }
    }
}

/// Runs the command of the command line, and gives its exit code.
pub fn main() -> ExitCode {
    main_with(std::env::args_os())
}

/// Runs the command of these arguments, the first of which is the program's name, and gives its exit code as a number:
/// for programs that bring this one along.
pub fn run_with(arguments: impl IntoIterator<Item = String>) -> u8 {
    let code = main_with(arguments.into_iter().map(OsString::from));
    (0..=u8::MAX).find(|number| ExitCode::from(*number) == code).unwrap_or(1)
}

fn main_with(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { failure::USAGE } else { 0 });
        }
    };
    let json = cli.format() == Format::Json;
    match run(cli) {
        Ok(code) => code,
        Err(failure) => failure.report(json),
    }
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let mut layers = Layers::of_process();
    layers.file = cli.common.config.clone().or(layers.file);
    layers.flags.clone_from(&cli.common.set);
    if let Command::Create(create) = &cli.command {
        create.settings(&mut layers);
    }
    if let Command::Caption(caption) = &cli.command {
        caption.settings(&mut layers);
    }
    #[cfg(feature = "http")]
    if let Command::Up(up) = &cli.command {
        up.settings(&mut layers);
    }
    let (config, origins) = layers.load()?;
    log(&config, cli.common.verbose)?;
    let options = cli.command.options().cloned().unwrap_or_default();
    let format = cli.format();
    let setting = Setting { config, origins, format, remote: remote::Remote::new(options, format) };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        orion_core::Error::unavailable("the program could not start its threads").with_source(error)
    })?;
    let code = runtime.block_on(async {
        match cli.command {
            #[cfg(feature = "http")]
            Command::Up(up) => up.run(setting).await,
            Command::Create(create) => create.run(setting).await,
            Command::Caption(caption) => caption.run(setting).await,
            Command::Scout(scout) => scout.run(setting).await,
            Command::Auth(auth) => auth.run(setting.remote).await,
            Command::Content(content) => content.run(setting.remote).await,
            Command::Pipeline(pipeline) => pipeline.run(setting.remote).await,
            Command::Publish(publish) => publish.run(setting.remote).await,
            Command::Notifications(notifications) => notifications.run(setting.remote).await,
            Command::Admin(admin) => admin.run(setting).await,
            Command::System(system) => system.run(setting.remote).await,
            Command::Provider(provider) => provider.run(setting.remote).await,
            Command::Models(models) => models.run(setting).await,
            Command::Voices(voices) => voices.run(setting).await,
            Command::Template(template) => template.run(setting).await,
            Command::Runs(runs) => runs.run(setting).await,
            Command::Backup(backup) => backup.run(setting).await,
            Command::Restore(restore) => restore.run(setting).await,
            Command::Sweep(sweep) => sweep.run(setting).await,
            Command::Check(check) => check.run(setting).await,
            Command::Doctor(doctor) => doctor.run(setting).await,
            Command::Config(command) => command.run(&setting),
            Command::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut <Cli as clap::CommandFactory>::command(), "orion", &mut script);
                output::print(&String::from_utf8_lossy(&script))?;
                Ok(ExitCode::SUCCESS)
            }
        }
    });
    // Work that a stop has left behind must not hold the program up.
    runtime.shutdown_background();
    code
}

/// Sends logs to standard error. `RUST_LOG` wins over the flags, the flags over the settings.
fn log(config: &Config, verbose: u8) -> Result<(), Failure> {
    let wanted = match (std::env::var("RUST_LOG"), verbose) {
        (Ok(filter), _) if !filter.is_empty() => filter,
        (_, 0) => config.log.clone(),
        (_, 1) => "warn,orion_core=info,orion_host=info,orion_adapters=info,orion_render=info,orion_speech=info,\
                   orion_feeds=info,orion_fetch=info,orion_sql=info,orion_graphics=info,orion_ollama=info"
            .to_owned(),
        _ => "debug".to_owned(),
    };
    let filter = EnvFilter::try_new(&wanted).map_err(|error| {
        orion_core::Error::invalid("the log filter is malformed")
            .with_context("filter", &wanted)
            .with_hint("use `error`, `warn`, `info`, `debug`, or `orion_render=debug`")
            .with_source(error)
    })?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(true).init();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn no_two_options_share_a_name() {
        Cli::command().debug_assert();
        // What only shows when the line is read: an option of all commands that one command has for something else.
        for line in [
            ["orion", "create", "--format", "1:1", "--topic", "bees"],
            ["orion", "content", "list", "--format", "json", "--json"],
            ["orion", "caption", "v.mp4", "--format", "json", "--json"],
            ["orion", "scout", "list-trends", "--format", "plain", "--json"],
        ] {
            assert!(Cli::try_parse_from(line).is_ok(), "{line:?}");
        }
    }

    #[test]
    fn what_shows_something_can_be_told_how() {
        let lines = [
            "config show",
            "doctor",
            "runs list",
            "runs show",
            "voices list",
            "models list",
            "check v.mp4",
            "template list",
        ];
        for line in lines.into_iter().chain(["scout", "scout list-trends", "content list", "system status"]) {
            let read = |more: &str| {
                let words = format!("orion {line} {more}");
                let words: Vec<&str> = words.split_whitespace().collect();
                Cli::try_parse_from(words).map_err(|error| format!("{line} {more}: {error}")).unwrap().format()
            };
            assert_eq!(read("--format plain"), Format::Plain, "{line}");
            assert_eq!(read("--format json"), Format::Json, "{line}");
            assert_eq!(read("--json"), Format::Json, "{line}");
            assert!(Cli::try_parse_from(["orion", "doctor", "--format", "yaml"]).is_err());
        }
    }
}
