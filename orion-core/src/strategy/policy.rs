//! Who may serve, in words.

use crate::port::{Provider, Side};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Who may serve, and in which order. In text: `local`, `cloud`, `prefer-local`, `prefer-cloud`, `nobody`, or the names
/// of providers separated by commas.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Policy {
    /// Only what runs here.
    #[default]
    Local,
    /// Only what runs elsewhere.
    Cloud,
    /// What runs here; if that fails, what runs elsewhere.
    PreferLocal,
    /// What runs elsewhere; if that fails, what runs here.
    PreferCloud,
    /// Nobody: what can be done without is left out.
    Nobody,
    /// Providers by name, in this order, and no others.
    Chain(Vec<String>),
}

impl Policy {
    /// Whether a provider may serve at all.
    pub fn permits(&self, provider: &Provider) -> bool {
        match self {
            Self::Local => provider.side == Side::Local,
            Self::Cloud => provider.side == Side::Cloud,
            Self::PreferLocal | Self::PreferCloud => true,
            Self::Nobody => false,
            Self::Chain(names) => names.iter().any(|name| provider.answers_to(name)),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Cloud => f.write_str("cloud"),
            Self::PreferLocal => f.write_str("prefer-local"),
            Self::PreferCloud => f.write_str("prefer-cloud"),
            Self::Nobody => f.write_str("nobody"),
            Self::Chain(names) => f.write_str(&names.join(",")),
        }
    }
}

impl FromStr for Policy {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Ok(match text.trim().to_lowercase().as_str() {
            "local" => Self::Local,
            "cloud" => Self::Cloud,
            "prefer-local" => Self::PreferLocal,
            "prefer-cloud" => Self::PreferCloud,
            "nobody" => Self::Nobody,
            _ => {
                let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
                if names.iter().any(String::is_empty) {
                    return Err(Error::invalid("not a policy").with_context("value", text).with_hint(
                        "write local, cloud, prefer-local, prefer-cloud, or names of providers separated by commas",
                    ));
                }
                Self::Chain(names)
            }
        })
    }
}

impl TryFrom<String> for Policy {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Policy> for String {
    fn from(policy: Policy) -> Self {
        policy.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read_from_text() {
        for text in ["local", "cloud", "prefer-local", "prefer-cloud", "nobody", "fal,ollama"] {
            let policy: Policy = text.parse().unwrap();
            assert_eq!(policy.to_string(), text);
            let json = serde_json::to_string(&policy).unwrap();
            assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy);
        }
        assert_eq!(" LOCAL ".parse::<Policy>().unwrap(), Policy::Local);
        for text in ["", "a,,b", ","] {
            assert!(text.parse::<Policy>().is_err(), "{text:?}");
        }
    }
}
