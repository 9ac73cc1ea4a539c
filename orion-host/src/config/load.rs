//! Lays the sources over each other and says where each setting came from.

use super::alias;
use super::keys::{Config, KEYS, Key};
use orion_core::{Error, ErrorKind, Result};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The file that is read when no other is named.
const FILE: &str = "orion.toml";
/// Longer files are no configuration.
const MOST_BYTES: u64 = 1024 * 1024;
/// The end of a variable's name that gives the path of a file in place of the value.
const IN_FILE: &str = "_FILE";
/// Variables with Orion's prefix that are not settings: the file's name, those of commands that call a platform, and
/// those of the launcher and the tests.
const OTHER_VARIABLES: &[&str] = &[
    "ORION_CONFIG",
    "ORION_GATEWAY_URL",
    "ORION_AUTH_TOKEN",
    "ORION_PASSWORD",
    "ORION_FORMAT",
    "ORION_REQUIRE",
    "ORION_BIN",
    "ORION_VOICES",
    #[cfg(feature = "faults")]
    "ORION_FAULT",
];

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// This file.
    File(PathBuf),
    /// This variable.
    Environment(&'static str),
    /// The command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(_) => f.write_str("environment"),
            Self::Flag => f.write_str("command line"),
        }
    }
}

/// The sources of a configuration, lowest first: defaults, file, environment, flags.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// The file; `None` reads `orion.toml` of the working folder if there is one.
    pub file: Option<PathBuf>,
    /// Environment variables; those without Orion's prefix are ignored.
    pub environment: Vec<(String, String)>,
    /// Settings of the command line by name.
    pub flags: Vec<(String, String)>,
}

impl Layers {
    /// The sources of this process: its environment and working folder, and the file of `ORION_CONFIG` if it is set.
    pub fn of_process() -> Self {
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
            .collect();
        let file = environment.iter().find(|(name, _)| name == "ORION_CONFIG").map(|(_, path)| PathBuf::from(path));
        Self { file, environment, flags: Vec::new() }
    }

    /// Adds a setting of the command line, if it was given.
    pub fn flag(&mut self, name: &str, value: Option<impl fmt::Display>) {
        self.flags.extend(value.map(|value| (name.to_owned(), value.to_string())));
    }

    /// Reads everything.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a key that nobody knows, with the nearest one, or a value that does not
    /// fit; [`NotFound`](ErrorKind::NotFound) if a named file is missing.
    pub fn load(&self) -> Result<(Config, BTreeMap<&'static str, Origin>)> {
        let mut config = Config::default();
        let mut origins: BTreeMap<&'static str, Origin> = KEYS.iter().map(|key| (key.name, Origin::Default)).collect();
        if let Some((path, text)) = self.read_file()? {
            let in_file = |error: Error| error.with_context("file", path.display());
            for key in read_file_into(&mut config, &text).map_err(in_file)? {
                origins.insert(key.name, Origin::File(path.clone()));
            }
        }
        for (name, text) in self.variables() {
            if OTHER_VARIABLES.contains(&name) {
                continue;
            }
            let named = |name: &str| KEYS.iter().find(|key| key.env == name);
            let in_file = || name.strip_suffix(IN_FILE).and_then(named);
            let (key, text) = match named(name) {
                Some(key) => (key, text),
                None => match in_file() {
                    Some(key) => (key, Cow::Owned(self.read_secret(name, key, &text)?)),
                    None => {
                        let known = KEYS.iter().map(|key| key.env);
                        return Err(unknown("unknown variable of the environment", name, known));
                    }
                },
            };
            (key.set_text)(&mut config, &text).map_err(|error| error.with_context("variable", key.env))?;
            origins.insert(key.name, Origin::Environment(key.env));
        }
        for (name, text) in &self.flags {
            let key = find(name)?;
            (key.set_text)(&mut config, text)?;
            origins.insert(key.name, Origin::Flag);
        }
        Ok((config, origins))
    }

    /// The variables that concern Orion, by its own names; what other names set comes before what its own name sets.
    fn variables(&self) -> Vec<(&str, Cow<'_, str>)> {
        let mut all: Vec<(&str, Cow<'_, str>)> =
            alias::composed(&self.environment).into_iter().map(|(name, text)| (name, Cow::Owned(text))).collect();
        let named = self.environment.iter().map(|(name, text)| (name.as_str(), Cow::Borrowed(text.as_str())));
        all.extend(named.clone().filter_map(|(name, text)| Some((alias::own(name)?, text))));
        all.extend(named.filter(|(name, _)| {
            name.starts_with("ORION_") && alias::own(name).is_none() && !alias::DROPPED.contains(name)
        }));
        all
    }

    /// What a file holds that a variable like `ORION_AUTH_JWT_SECRET_FILE` names, as container platforms hand out
    /// secrets; without the line end that editors put behind it.
    fn read_secret(&self, name: &str, key: &Key, path: &str) -> Result<String> {
        if self.variables().iter().any(|(other, _)| *other == key.env) {
            return Err(Error::invalid("a setting is given both as a variable and as a file")
                .with_context("variable", key.env)
                .with_context("file", name)
                .with_hint("keep one of the two"));
        }
        let text = read_capped(Path::new(path)).map_err(|error| {
            Error::invalid("the file of a setting cannot be read")
                .with_context("variable", name)
                .with_context("path", path)
                .with_context("cause", error)
        })?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }

    fn read_file(&self) -> Result<Option<(PathBuf, String)>> {
        let path = self.file.clone().unwrap_or_else(|| PathBuf::from(FILE));
        match read_capped(&path) {
            Ok(text) => Ok(Some((path, text))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && self.file.is_none() => Ok(None),
            Err(error) => {
                let kind = match error.kind() {
                    std::io::ErrorKind::NotFound => ErrorKind::NotFound,
                    _ => ErrorKind::Invalid,
                };
                Err(Error::new(kind, "the configuration file cannot be read")
                    .with_context("file", path.display())
                    .with_context("cause", &error)
                    .with_hint("check --config and ORION_CONFIG, and that the file is text in UTF-8"))
            }
        }
    }
}

fn read_capped(path: &Path) -> std::io::Result<String> {
    use std::io::Read;
    let mut text = String::new();
    std::fs::File::open(path)?.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(std::io::Error::other("the file is larger than 1 MiB"));
    }
    Ok(text)
}

/// Sets what the file says, and gives the keys it named.
fn read_file_into(config: &mut Config, text: &str) -> Result<Vec<&'static Key>> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line =
            error.span().map_or(1, |span| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1);
        Error::invalid("the configuration is not valid TOML")
            .with_context("line", line)
            .with_context("cause", error.message().replace('\n', " "))
    })?;
    let mut leaves = Vec::new();
    flatten("", &table, &mut leaves);
    let mut named = Vec::new();
    for (name, value) in leaves {
        let key = find(&name)?;
        (key.set_toml)(config, value)?;
        named.push(key);
    }
    Ok(named)
}

/// All values of a table with their dotted names.
fn flatten<'a>(prefix: &str, table: &'a toml::Table, leaves: &mut Vec<(String, &'a toml::Value)>) {
    for (name, value) in table {
        let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) if !KEYS.iter().any(|key| key.name == name) => flatten(&name, inner, leaves),
            _ => leaves.push((name, value)),
        }
    }
}

fn find(name: &str) -> Result<&'static Key> {
    KEYS.iter()
        .find(|key| key.name == name)
        .ok_or_else(|| unknown("unknown setting", name, KEYS.iter().map(|key| key.name)))
}

/// The error of a name that nobody knows, with the nearest that somebody does.
fn unknown(what: &'static str, name: &str, known: impl Iterator<Item = &'static str>) -> Error {
    let last = name.rsplit('.').next().unwrap_or(name);
    let likeness = |candidate: &str| {
        let end = candidate.rsplit('.').next().unwrap_or(candidate);
        strsim::jaro_winkler(candidate, name).max(strsim::jaro_winkler(end, last))
    };
    let nearest = known.max_by(|left, right| likeness(left).total_cmp(&likeness(right)));
    let error = Error::invalid(what).with_context("key", name);
    match nearest {
        Some(nearest) => {
            error.with_hint(format!("the nearest that exists is `{nearest}`; `orion config show` lists all of them"))
        }
        None => error,
    }
}
