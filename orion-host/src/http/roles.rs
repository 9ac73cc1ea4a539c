//! Which services a process runs, and where it finds those that it does not.

use orion_core::{Error, Result};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use url::Url;

/// A part of the platform that can run in a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Lets clients in: it alone knows who they are.
    Gateway,
    /// Finds trends.
    Scout,
    /// Runs the pipeline.
    Director,
    /// Pictures and files.
    Media,
    /// Speech and renders.
    Editor,
    /// Counts and costs.
    Pulse,
    /// Publishes.
    Publisher,
    /// Users and what they are told.
    Identity,
}

impl Service {
    /// Every service; each listens at the port of its place behind 8000 when it runs apart.
    pub const ALL: [Self; 8] = [
        Self::Gateway,
        Self::Scout,
        Self::Director,
        Self::Media,
        Self::Editor,
        Self::Pulse,
        Self::Publisher,
        Self::Identity,
    ];

    /// Its name in paths and settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Scout => "scout",
            Self::Director => "director",
            Self::Media => "media",
            Self::Editor => "editor",
            Self::Pulse => "pulse",
            Self::Publisher => "publisher",
            Self::Identity => "identity",
        }
    }

    /// Its port by the contract, section 8.4.
    pub fn port(self) -> u16 {
        match self {
            Self::Gateway => 8000,
            Self::Scout => 8001,
            Self::Director => 8002,
            Self::Media => 8003,
            Self::Editor => 8004,
            Self::Pulse => 8005,
            Self::Publisher => 8006,
            Self::Identity => 8007,
        }
    }

    /// Whose a canonical path is; everything that is no other service's is the gateway's.
    pub fn of_path(path: &str) -> Self {
        let name = path.strip_prefix("/api/v1/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        match name {
            // Who serves is best known where it is asked: a process's own circuits and counts.
            "content" | "providers" => Self::Director,
            name => Self::ALL.into_iter().find(|service| service.as_str() == name).unwrap_or(Self::Gateway),
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Service {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|service| service.as_str() == text).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|service| service.as_str()).collect();
            Error::invalid("there is no such role")
                .with_context("role", text)
                .with_hint(format!("use some of {}", names.join(", ")))
        })
    }
}

/// What this process runs, and where the rest is.
#[derive(Debug, Clone)]
pub struct Roles {
    here: Vec<Service>,
    elsewhere: BTreeMap<Service, Vec<Url>>,
}

impl Roles {
    /// Reads the settings `roles` (empty: all) and `services` (`scout=http://10.0.0.7:8001`).
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for a name or an address that is none.
    pub fn new(roles: &[String], services: &[String]) -> Result<Self> {
        let mut elsewhere: BTreeMap<Service, Vec<Url>> = BTreeMap::new();
        for text in services {
            let told = || {
                Error::invalid("services names something that is no service with its address")
                    .with_context("services", text)
                    .with_hint("write it like scout=http://10.0.0.7:8001")
            };
            let (name, address) = text.split_once('=').ok_or_else(told)?;
            let url: Url = address.trim().parse().map_err(|_| told())?;
            if !matches!(url.scheme(), "http" | "https") || !url.has_host() || url.path() != "/" {
                return Err(told());
            }
            elsewhere.entry(name.trim().parse()?).or_default().push(url);
        }
        let here = match roles {
            [] => Service::ALL.into_iter().filter(|service| !elsewhere.contains_key(service)).collect(),
            named => named.iter().map(|name| name.trim().parse()).collect::<Result<Vec<Service>>>()?,
        };
        Ok(Self { here, elsewhere })
    }

    /// Whether this process runs a service.
    pub fn runs(&self, service: Service) -> bool {
        self.here.contains(&service)
    }

    /// Whether clients come here themselves; else only the gateway does, and shows the internal token.
    pub fn is_gateway(&self) -> bool {
        self.runs(Service::Gateway)
    }

    /// Where a service is that runs elsewhere, as often as it runs.
    pub fn addresses(&self, service: Service) -> &[Url] {
        match self.elsewhere.get(&service) {
            Some(addresses) if !self.runs(service) => addresses,
            _ => &[],
        }
    }

    /// The name of this process: its first service.
    pub fn name(&self) -> &'static str {
        self.here.iter().min().map_or("gateway", |service| service.as_str())
    }

    /// The port of the first service here.
    pub fn port(&self) -> u16 {
        self.here.iter().min().map_or(8000, |service| service.port())
    }

    /// What runs here, for people.
    pub fn names(&self) -> String {
        self.here.iter().map(|service| service.as_str()).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(roles: &[&str], services: &[&str]) -> Result<Roles> {
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Roles::new(&own(roles), &own(services))
    }

    #[test]
    fn with_nothing_set_everything_runs_here() {
        let all = roles(&[], &[]).unwrap();
        assert!(Service::ALL.into_iter().all(|service| all.runs(service) && all.addresses(service).is_empty()));
        assert_eq!(all.port(), 8000);
    }

    #[test]
    fn what_is_elsewhere_does_not_run_here() {
        let gateway = roles(&[], &["scout=http://10.0.0.7:8001", "editor = https://editor.example"]).unwrap();
        assert!(gateway.is_gateway() && !gateway.runs(Service::Scout) && gateway.runs(Service::Director));
        assert_eq!(gateway.addresses(Service::Scout)[0].as_str(), "http://10.0.0.7:8001/");
        let twice = roles(&[], &["scout=http://a:1", "scout=http://b:2"]).unwrap();
        assert_eq!(twice.addresses(Service::Scout).len(), 2);
        let scout = roles(&["scout"], &[]).unwrap();
        assert!(scout.runs(Service::Scout) && !scout.is_gateway());
        assert_eq!((scout.port(), scout.names().as_str()), (8001, "scout"));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (named, services) in [
            (&["cook"][..], &[][..]),
            (&[], &["scout"]),
            (&[], &["cook=http://a"]),
            (&[], &["scout=ftp://a"]),
            (&[], &["scout=http://a/b"]),
        ] {
            assert_eq!(
                roles(named, services).unwrap_err().kind(),
                orion_core::ErrorKind::Invalid,
                "{named:?} {services:?}"
            );
        }
    }

    #[test]
    fn every_path_has_its_service() {
        assert_eq!(Service::of_path("/api/v1/scout/trends"), Service::Scout);
        assert_eq!(Service::of_path("/api/v1/content/x/approve"), Service::Director);
        assert_eq!(Service::of_path("/api/v1/providers"), Service::Director);
        assert_eq!(Service::of_path("/api/v1/auth/login"), Service::Gateway);
        assert_eq!(Service::of_path("/health"), Service::Gateway);
    }
}
