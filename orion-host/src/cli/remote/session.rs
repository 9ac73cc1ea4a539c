//! The session that `orion auth login` keeps: one file that only its owner can read.

use crate::delivery::unwritable;
use orion_core::domain::Secret;
use orion_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

/// What is kept between commands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Session {
    /// The platform that gave the tokens; they are sent to no other.
    pub(super) gateway_url: String,
    /// Who signed in, for people.
    pub(super) email: String,
    /// Opens the API for a quarter of an hour.
    pub(super) access_token: Secret,
    /// Gets the next pair.
    pub(super) refresh_token: Secret,
}

/// The folder that holds the session: `~/.orion`.
#[derive(Debug, Clone)]
pub(super) struct Sessions {
    folder: PathBuf,
}

/// Keeps other commands from refreshing at the same time; freed by the system even after a kill.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl Sessions {
    /// The session folder of this user.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is no home folder.
    pub(super) fn of_user() -> Result<Self> {
        let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
        let home = home.ok_or_else(|| {
            Error::not_found("there is no home folder to keep the session in")
                .with_hint("set HOME, or give the access token with --token or ORION_AUTH_TOKEN")
        })?;
        Ok(Self { folder: home.join(".orion") })
    }

    #[cfg(test)]
    pub(super) fn at(folder: &std::path::Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn file(&self) -> PathBuf {
        self.folder.join("session.json")
    }

    /// The session, if somebody is signed in.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt) if the file is none of Orion's.
    pub(super) fn load(&self) -> Result<Option<Session>> {
        let path = self.file();
        match std::fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map(Some).map_err(|error| {
                Error::new(ErrorKind::Corrupt, "the session file cannot be read")
                    .with_context("file", path.display())
                    .with_hint("sign in again: orion auth login")
                    .with_source(error)
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::new(ErrorKind::Forbidden, "the session file cannot be opened")
                .with_context("file", path.display())
                .with_source(error)),
        }
    }

    /// Keeps a session: written aside with its final mode, then renamed.
    ///
    /// # Errors
    /// [`Forbidden`](ErrorKind::Forbidden) or [`Exhausted`](ErrorKind::Exhausted) if it cannot be written.
    pub(super) fn save(&self, session: &Session) -> Result<()> {
        self.make_folder()?;
        let aside = self.folder.join(format!(".session.{}", std::process::id()));
        let write = || -> std::io::Result<()> {
            let _ = std::fs::remove_file(&aside);
            let mut file = private(File::options().create_new(true).write(true)).open(&aside)?;
            file.write_all(&serde_json::to_vec(session)?)?;
            file.sync_all()?;
            std::fs::rename(&aside, self.file())
        };
        write().map_err(|error| unwritable(&self.file(), error))
    }

    /// Forgets the session; there may be none.
    ///
    /// # Errors
    /// [`Forbidden`](ErrorKind::Forbidden) if the file cannot be removed.
    pub(super) fn forget(&self) -> Result<()> {
        match std::fs::remove_file(self.file()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unwritable(&self.file(), error)),
            _ => Ok(()),
        }
    }

    /// Waits until no other command refreshes.
    ///
    /// # Errors
    /// [`Forbidden`](ErrorKind::Forbidden) if the lock file cannot be made.
    pub(super) fn lock(&self) -> Result<Lock> {
        self.make_folder()?;
        let path = self.folder.join("session.lock");
        let file = private(File::options().create(true).append(true)).open(&path);
        let file = file.map_err(|error| unwritable(&path, error))?;
        file.lock().map_err(|error| unwritable(&path, error))?;
        Ok(Lock(file))
    }

    /// The address in `~/.orion/config.toml`, where earlier clients keep it.
    pub(super) fn configured_gateway(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.folder.join("config.toml")).ok()?;
        let table: toml::Table = text.parse().ok()?;
        table.get("gateway_url")?.as_str().map(str::to_owned)
    }

    fn make_folder(&self) -> Result<()> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder).map_err(|error| unwritable(&self.folder, error))
    }
}

/// Readable by the owner only, from the moment it is made.
fn private(options: &mut std::fs::OpenOptions) -> &mut std::fs::OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_session_is_kept_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let sessions = Sessions::at(&folder.path().join("home/.orion"));
        assert_eq!(sessions.load().unwrap(), None);
        let session = Session {
            gateway_url: "http://localhost:8000/".to_owned(),
            email: "ada@example.org".to_owned(),
            access_token: Secret::new("access-secret"),
            refresh_token: Secret::new("refresh-secret"),
        };
        sessions.save(&session).unwrap();
        sessions.save(&session).unwrap();
        assert_eq!(sessions.load().unwrap().as_ref(), Some(&session));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&sessions.file()), 0o600);
            assert_eq!(mode(&sessions.folder), 0o700);
        }
        assert!(!format!("{session:?}").contains("-secret"));
        std::fs::write(sessions.file(), "not JSON").unwrap();
        assert_eq!(sessions.load().unwrap_err().kind(), ErrorKind::Corrupt);
        sessions.forget().unwrap();
        sessions.forget().unwrap();
        assert_eq!(sessions.load().unwrap(), None);
    }

    #[test]
    fn the_address_of_an_earlier_client_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let sessions = Sessions::at(folder.path());
        assert_eq!(sessions.configured_gateway(), None);
        std::fs::write(folder.path().join("config.toml"), "gateway_url = \"http://orion.example:8000\"\n").unwrap();
        assert_eq!(sessions.configured_gateway().as_deref(), Some("http://orion.example:8000"));
    }
}
