//! `orion auth`: signing in and out.

use super::{Call, Remote};
use crate::cli::{failure::Failure, output};
use clap::{Args, Subcommand};
use orion_core::domain::Secret;
use orion_core::{Error, Result};
use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;

/// `orion auth …`
#[derive(Debug, Args)]
pub(in crate::cli) struct Auth {
    #[command(flatten)]
    pub(in crate::cli) options: super::Options,
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Sign in, and stay signed in until `logout`
    Login {
        /// Address or username; asked for if not given
        #[arg(long)]
        email: Option<String>,
        /// Password; better left out: it is asked for, or read from standard input when that is no terminal
        #[arg(long, hide_env_values = true, env = "ORION_PASSWORD")]
        password: Option<String>,
    },
    /// End this session
    Logout,
    /// Who is signed in
    Whoami,
    /// Your sessions on all devices
    Sessions,
    /// End one of your sessions
    End {
        /// Its identifier
        session: uuid::Uuid,
    },
}

impl Auth {
    pub(in crate::cli) async fn run(self, remote: Remote) -> Result<ExitCode, Failure> {
        match self.command {
            Action::Login { email, password } => {
                let client = remote.client()?;
                let email = email.map_or_else(|| ask("Email or username: ", false), Ok)?;
                let password = password.map_or_else(|| ask("Password: ", true), Ok)?;
                let user = client.sign_in(email.trim(), &Secret::new(password)).await?;
                let name = user["email"].as_str().unwrap_or(&email);
                output::say(&format!("signed in to {} as {name}", client.base()));
                Ok(ExitCode::SUCCESS)
            }
            Action::Logout => {
                let client = remote.client()?;
                let told = client.sign_out().await?;
                output::say(if told { "signed out" } else { "signed out here; the platform was not told" });
                Ok(ExitCode::SUCCESS)
            }
            Action::Whoami => remote.run(Call::get("/api/v1/identity/users/me")).await,
            Action::Sessions => remote.run(Call::get("/api/v1/identity/users/me/sessions").rows("sessions")).await,
            Action::End { session } => {
                let path = format!("/api/v1/identity/users/me/sessions/{session}");
                remote.run(Call::new(reqwest::Method::DELETE, path)).await
            }
        }
    }
}

/// Asks at the terminal, a secret without showing it; else reads one line of standard input.
pub(in crate::cli) fn ask(prompt: &str, secret: bool) -> Result<String> {
    let closed = |error: std::io::Error| Error::invalid("nothing could be read from standard input").with_source(error);
    if std::io::stdin().is_terminal() {
        if secret {
            return rpassword::prompt_password(prompt).map_err(closed);
        }
        let mut err = std::io::stderr().lock();
        let _ = err.write_all(prompt.as_bytes()).and_then(|()| err.flush());
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(closed)?;
    let line = line.trim_end_matches(['\r', '\n']);
    if line.is_empty() {
        return Err(Error::invalid("a name and a password are needed")
            .with_hint("orion auth login --email ADDRESS, with the password on standard input"));
    }
    Ok(line.to_owned())
}
