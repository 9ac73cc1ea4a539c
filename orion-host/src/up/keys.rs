//! The secret keys of the platform. In development they are made on the first start and kept in a file that only its
//! owner can read; elsewhere somebody must have made them, and a start without them is refused with one message that
//! names each and how to make it.

use crate::config::Config;
use orion_adapters::secure::Key;
use orion_core::domain::Secret;
use orion_core::port::Entropy;
use orion_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{ErrorKind as Io, Write};
use std::path::Path;

/// The file within `data_dir`.
const FILE: &str = "keys.toml";
/// Keys that everybody knows.
const KNOWN: &[&str] = &["dev-secret-change-in-production", "changeme", "secret"];
/// Bytes of a key that signs.
const LEAST: usize = 32;
const MAKE: &str = "openssl rand -base64 32";

/// The keys.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Signs access tokens.
    pub jwt: Secret,
    /// Seal what is stored; the first seals, all open.
    pub encryption: Vec<Key>,
    /// What services of other processes show each other.
    pub internal: Secret,
}

/// The file's content.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    jwt_secret: Secret,
    encryption_key: Secret,
    internal_token: Secret,
}

impl Keys {
    /// Takes the keys of the configuration and, in development, makes and keeps those that are not there.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) naming every key that is missing, known to everybody, or malformed.
    pub fn load(config: &Config, entropy: &dyn Entropy) -> Result<Self> {
        let development = config.env == "development";
        let mut faults = faults(config, development);
        if !development && config.allowed_origins.is_empty() {
            faults
                .push("http.allowed_origins is empty: name the web origins that may call, or the gateway's own".into());
        }
        if !faults.is_empty() {
            let error =
                Error::invalid("the platform does not start with these settings").with_context("env", &config.env);
            return Err(error.with_hint(faults.join("\n")));
        }
        let missing =
            [&config.jwt_secret, &config.encryption_key, &config.internal_token].map(is_empty).contains(&true);
        let kept = if development && missing { Some(keep(&config.data_dir, entropy)?) } else { None };
        let pick = |set: &Secret, kept: Option<&Secret>| match kept {
            Some(kept) if is_empty(set) => kept.clone(),
            _ => set.clone(),
        };
        Ok(Self {
            jwt: pick(&config.jwt_secret, kept.as_ref().map(|kept| &kept.jwt_secret)),
            encryption: Key::parse_list(&pick(&config.encryption_key, kept.as_ref().map(|kept| &kept.encryption_key)))?,
            internal: pick(&config.internal_token, kept.as_ref().map(|kept| &kept.internal_token)),
        })
    }
}

fn is_empty(secret: &Secret) -> bool {
    secret.expose().is_empty()
}

/// Everything that is wrong with the keys of the configuration, and how to mend it.
fn faults(config: &Config, development: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let mut signing = |name: &str, secret: &Secret| {
        let text = secret.expose();
        if text.is_empty() && development {
            return;
        }
        let fault = match text {
            "" => "is not set",
            text if KNOWN.contains(&text) => "is a key that everybody knows",
            text if text.len() < LEAST => "is shorter than 32 bytes",
            _ => return,
        };
        faults.push(format!("{name} {fault}: make one with `{MAKE}`"));
    };
    signing("auth.jwt_secret", &config.jwt_secret);
    signing("auth.internal_token", &config.internal_token);
    if !is_empty(&config.monitor_token) {
        signing("auth.monitor_token", &config.monitor_token);
    }
    match Key::parse_list(&config.encryption_key) {
        Err(_) if is_empty(&config.encryption_key) && development => {}
        Err(_) if is_empty(&config.encryption_key) => {
            faults.push(format!("auth.encryption_key is not set: make one with `{MAKE}`"));
        }
        Err(_) => faults.push(format!("auth.encryption_key is not base64 of 32 bytes: make one with `{MAKE}`")),
        Ok(_) => {}
    }
    faults
}

/// The keys of the file, which is made if it is not there.
fn keep(folder: &Path, entropy: &dyn Entropy) -> Result<Kept> {
    let path = folder.join(FILE);
    let broken = |what: &'static str, error: &dyn std::fmt::Display| {
        Error::new(ErrorKind::Unavailable, what).with_context("file", path.display()).with_context("cause", error)
    };
    fs::create_dir_all(folder).map_err(|error| broken("the keys cannot be kept", &error))?;
    if let Err(error) = fs::metadata(&path) {
        if error.kind() != Io::NotFound {
            return Err(broken("the keys cannot be read", &error));
        }
        let fresh = || Key::generate(entropy).to_text();
        let kept = Kept { jwt_secret: fresh(), encryption_key: fresh(), internal_token: fresh() };
        let text = toml::to_string(&kept).map_err(|error| broken("the keys cannot be written", &error))?;
        let temporary = path.with_extension(format!("{:016x}", entropy.number()));
        write_new(&path, &temporary, &text).map_err(|error| broken("the keys cannot be kept", &error))?;
    }
    // Read back in any case: of two processes that start at once, one has written.
    check_private(&path)?;
    let text = fs::read_to_string(&path).map_err(|error| broken("the keys cannot be read", &error))?;
    // What the parser says may show a key.
    toml::from_str(&text).map_err(|_| {
        Error::invalid("the file of the keys is damaged").with_context("file", path.display()).with_hint(
            "restore it from a backup: without its keys, stored credentials cannot be opened and all sessions end",
        )
    })
}

/// Writes a file whole or not at all, unless it is there already.
fn write_new(path: &Path, temporary: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(temporary)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    // A link, unlike a renaming, leaves a file alone that somebody else has made meanwhile.
    let linked = written.and_then(|()| match fs::hard_link(temporary, path) {
        Err(error) if error.kind() == Io::AlreadyExists => Ok(()),
        other => other,
    });
    fs::remove_file(temporary)?;
    linked
}

#[cfg(unix)]
fn check_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).map_or(0, |data| data.permissions().mode());
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Forbidden, "others can read the file of the keys")
        .with_context("file", path.display())
        .with_hint(format!("chmod 600 {}", path.display())))
}

#[cfg(not(unix))]
fn check_private(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::OsEntropy;

    fn in_folder(folder: &Path) -> Config {
        Config { data_dir: folder.to_owned(), ..Config::default() }
    }

    #[test]
    fn development_makes_keys_once_and_keeps_them_private() {
        let folder = tempfile::tempdir().unwrap();
        let config = in_folder(folder.path());
        let first = Keys::load(&config, &OsEntropy::default()).unwrap();
        let again = Keys::load(&config, &OsEntropy::default()).unwrap();
        assert_eq!(first.jwt, again.jwt);
        assert_eq!(first.encryption, again.encryption);
        assert!(first.jwt.expose().len() >= LEAST && first.jwt != first.internal);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
        assert!(!format!("{first:?}").contains(first.jwt.expose()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let path = folder.path().join(FILE);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            let error = Keys::load(&config, &OsEntropy::default()).unwrap_err();
            assert!(error.hint().unwrap().contains("chmod 600"), "{error:?}");
        }
    }

    #[test]
    fn two_first_starts_at_once_agree() {
        let folder = tempfile::tempdir().unwrap();
        let keys: Vec<Keys> = std::thread::scope(|scope| {
            let start = || scope.spawn(|| Keys::load(&in_folder(folder.path()), &OsEntropy::default()).unwrap());
            let starts: Vec<_> = (0..8).map(|_| start()).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|other| other.jwt == keys[0].jwt));
    }

    #[test]
    fn a_damaged_file_is_refused_and_left_as_it_is_and_shows_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let config = in_folder(folder.path());
        let secret = Keys::load(&config, &OsEntropy::default()).unwrap().jwt;
        let path = folder.path().join(FILE);
        let damaged = format!("{}\nextra = 1\n", fs::read_to_string(&path).unwrap());
        fs::write(&path, &damaged).unwrap();
        let error = Keys::load(&config, &OsEntropy::default()).unwrap_err();
        assert!(!format!("{error:?}").contains(secret.expose()));
        assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
    }

    #[test]
    fn elsewhere_one_message_names_everything_that_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = in_folder(folder.path());
        config.env = "production".to_owned();
        let error = Keys::load(&config, &OsEntropy::default()).unwrap_err();
        for name in ["auth.jwt_secret", "auth.encryption_key", "auth.internal_token", "http.allowed_origins", MAKE] {
            assert!(error.hint().unwrap().contains(name), "{error:?}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made");
        config.jwt_secret = Secret::new("dev-secret-change-in-production");
        config.internal_token = Secret::new("short");
        config.encryption_key = Secret::new("not a key");
        let error = Keys::load(&config, &OsEntropy::default()).unwrap_err();
        for text in ["everybody knows", "shorter than 32", "not base64"] {
            assert!(error.hint().unwrap().contains(text), "{error:?}");
        }
        assert!(!format!("{error:?}").contains("not a key"), "{error:?}");
        let key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
        config.jwt_secret = Secret::new(key);
        config.internal_token = Secret::new(key);
        config.encryption_key = Secret::new(format!("{key},{key}"));
        config.allowed_origins = vec!["https://a.example".to_owned()];
        assert_eq!(Keys::load(&config, &OsEntropy::default()).unwrap().encryption.len(), 2);
    }
}
