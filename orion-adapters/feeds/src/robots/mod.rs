//! Asking a host which pages a program may fetch (`robots.txt`, RFC 9309), once a day.

mod rules;

use orion_core::port::{FetchLimits, Fetcher};
use orion_core::{Error, ErrorKind, Result};
use rules::Rules;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Mutex as Gate;
use tokio::time::Instant;
use url::{Origin, Url};

/// The name by which `robots.txt` calls this program; the first word of the fetcher's user agent.
const AGENT: &str = "Orion";

/// An answer is kept at most so long (RFC 9309, section 2.4), and at least so long.
const KEPT: (Duration, Duration) = (Duration::from_secs(24 * 3600), Duration::from_secs(300));

/// Hosts remembered before those that nobody asks about are forgotten.
const MOST_HOSTS: usize = 256;

/// Only the first 500 KiB count; a host that sends much more than that sends something else.
const LIMITS: FetchLimits = FetchLimits { bytes: 4 * rules::MOST_BYTES as u64, time: Duration::from_secs(10) };

/// What hosts said of which pages may be fetched.
#[derive(Debug)]
pub(crate) struct Robots {
    fetcher: Arc<dyn Fetcher>,
    hosts: Mutex<HashMap<Origin, Arc<Gate<Option<Known>>>>>,
}

/// What one host said, and until when that holds.
#[derive(Debug)]
struct Known {
    /// `None` if it could not be asked: nothing may be fetched for now.
    rules: Option<Rules>,
    until: Instant,
}

impl Robots {
    pub(crate) fn new(fetcher: Arc<dyn Fetcher>) -> Self {
        Self { fetcher, hosts: Mutex::default() }
    }

    /// Whether a page may be fetched.
    ///
    /// # Errors
    /// `Forbidden` if the host forbids it; `Unavailable` if the host cannot say so now; `Invalid` for what is no
    /// address.
    pub(crate) async fn check(&self, url: &str) -> Result<()> {
        let page = Url::parse(url).map_err(|_| Error::invalid("a page needs its whole address"))?;
        let gate = self.gate(page.origin());
        // Pages of one host wait for one answer.
        let mut known = gate.lock().await;
        let known = match known.take() {
            Some(fresh) if Instant::now() < fresh.until => known.insert(fresh),
            _ => known.insert(self.ask(&page).await?),
        };
        let path = page.query().map_or(page.path().to_owned(), |query| format!("{}?{query}", page.path()));
        match &known.rules {
            Some(rules) if rules.allow(&path) => Ok(()),
            Some(_) => {
                Err(Error::new(ErrorKind::Forbidden, "the site asks programs not to fetch this page (robots.txt)")
                    .with_context("host", page.host_str().unwrap_or_default()))
            }
            None => Err(Error::unavailable("the site cannot say now what programs may fetch (robots.txt)")
                .with_context("host", page.host_str().unwrap_or_default())),
        }
    }

    /// Asks the host of a page. Without such a file everything is allowed (RFC 9309, section 2.3.1.3); with a host
    /// that has a fault, nothing is for now (section 2.3.1.4).
    async fn ask(&self, page: &Url) -> Result<Known> {
        let file = page.join("/robots.txt").map_err(|_| Error::invalid("this host has no files"))?;
        let (longest, shortest) = KEPT;
        let (rules, kept) = match self.fetcher.get(file.as_str(), None, None, LIMITS).await {
            Ok(found) => (Some(Rules::parse(&found.body, AGENT)), found.fresh_for.unwrap_or(longest)),
            Err(error) => match error.kind() {
                ErrorKind::Cancelled => return Err(error),
                // 404 and 410; 401 and 403; other codes from 400 to 499, and too many redirects.
                ErrorKind::NotFound | ErrorKind::Forbidden | ErrorKind::Invalid => (Some(Rules::default()), longest),
                _ => (None, shortest),
            },
        };
        Ok(Known { rules, until: Instant::now() + kept.clamp(shortest, longest) })
    }

    fn gate(&self, origin: Origin) -> Arc<Gate<Option<Known>>> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= MOST_HOSTS {
            hosts.retain(|_, gate| Arc::strong_count(gate) > 1);
        }
        hosts.entry(origin).or_default().clone()
    }
}
