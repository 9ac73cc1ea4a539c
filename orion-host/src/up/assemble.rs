//! Puts the platform together: the engine, and around it what several users need.

use super::Keys;
use crate::config::Config;
use crate::engine::Orion;
use crate::http::{Platform, Settings};
use orion_adapters::Parts;
use orion_adapters::oauth::{GithubOauth, GoogleEndpoints, GoogleOauth};
use orion_adapters::secure::{Argon2Hasher, JwtTokens, KeyVault};
use orion_core::port::{Mailer, OauthProvider, PlatformPublisher, Vault};
use orion_core::service::identity::{Identity, IdentitySettings, Revoked};
use orion_core::service::publisher::{AtWork, Publisher};
use orion_core::{Error, Result};
use std::sync::Arc;
use url::Url;

/// Whose access tokens these are, and for whom.
const ISSUER: &str = "orion";
/// Passwords that are hashed at once; each takes a processor and 19 MiB.
const HASHED_AT_ONCE: usize = 2;

/// Identity of an installation, on its engine's record.
///
/// # Errors
/// For settings that do not fit.
pub fn identity(orion: &Orion, keys: &Keys) -> Result<Identity> {
    let config = orion.config();
    let settings = Settings::new(config)?;
    let production = orion.production();
    let entropy = production.entropy.clone();
    Ok(Identity {
        store: production.store.clone(),
        clock: production.clock.clone(),
        hasher: Arc::new(Argon2Hasher::new(entropy.clone(), HASHED_AT_ONCE)?),
        tokens: Arc::new(JwtTokens::new(&keys.jwt, ISSUER, ISSUER)?),
        vault: Arc::new(KeyVault::new(&keys.encryption, entropy.clone())?),
        mailer: mailer(config)?,
        worker: production.worker.clone(),
        wire: production.wire.clone(),
        revoked: Revoked::new(),
        settings: IdentitySettings { gateway_url: settings.gateway_url, dashboard_url: settings.dashboard_url },
        entropy,
    })
}

/// The platform of a configuration, not yet serving.
///
/// # Errors
/// For settings that do not fit, or parts that are not there.
pub async fn platform(config: Config, keys: &Keys) -> Result<Platform> {
    let orion = Orion::builder().config(config).build().await?;
    let identity = identity(&orion, keys)?;
    let oauth = oauth(orion.config())?;
    let destinations = destinations(&orion)?;
    let platform = Platform::new(orion, identity, oauth, destinations, keys.internal.clone())?;
    platform.orion.follow_switches().await?;
    Ok(platform)
}

/// Publishes what was approved, for a program that serves no files: destinations get the file itself, and no link.
///
/// # Errors
/// For a destination that cannot be opened.
pub fn publisher(orion: &Orion, vault: Arc<dyn Vault>) -> Result<Publisher> {
    let production = orion.production();
    Ok(Publisher {
        store: production.store.clone(),
        blobs: production.blobs.clone(),
        clock: production.clock.clone(),
        entropy: production.entropy.clone(),
        sleeper: Arc::new(crate::system::TokioSleeper),
        wire: production.wire.clone(),
        vault,
        destinations: destinations(orion)?,
        blocklist: orion.config().blocklist.clone(),
        text_limit: None,
        links: None,
        at_work: AtWork::default(),
    })
}

/// Where this installation can publish: what the program brought along, and the built-in ones beside it.
fn destinations(orion: &Orion) -> Result<Vec<Arc<dyn PlatformPublisher>>> {
    let config = orion.config();
    let parts = Parts::new(&config.data_dir);
    let folder = format!("folder:{}", config.publish_folder.display());
    let open = |address: &str| parts.destination(address, orion.production().blobs.clone(), &config.allow_private);
    let mut built_in = vec![open(&folder)?];
    if !config.offline {
        built_in.push(open("webhook:")?);
    }
    let mut destinations = orion.destinations().to_vec();
    built_in.retain(|one| destinations.iter().all(|own| own.destination() != one.destination()));
    destinations.extend(built_in);
    #[cfg(feature = "faults")]
    let destinations = destinations.into_iter().map(crate::fault::destination).collect();
    Ok(destinations)
}

/// Sends mail by the server that is set, or writes it into the folder `outbox`.
fn mailer(config: &Config) -> Result<Arc<dyn Mailer>> {
    let parts = Parts::new(&config.data_dir);
    if config.smtp_host.is_empty() {
        return parts.mailer("outbox:outbox", &config.smtp_from);
    }
    let told = || Error::invalid("smtp.host is no name of a mail server").with_context("smtp.host", &config.smtp_host);
    let (scheme, tls) = match config.smtp_security.as_str() {
        "tls" => ("smtps", ""),
        "starttls" => ("smtp", "?tls=starttls"),
        "none" => ("smtp", "?tls=none"),
        other => {
            return Err(Error::invalid("unknown way to a mail server")
                .with_context("smtp.security", other)
                .with_hint("smtp.security must be starttls, tls or none"));
        }
    };
    let port = config.smtp_port;
    let mut url = Url::parse(&format!("{scheme}://{}:{port}{tls}", config.smtp_host)).map_err(|_| told())?;
    if !config.smtp_user.is_empty() {
        url.set_username(&config.smtp_user).map_err(|()| told())?;
        url.set_password(Some(config.smtp_pass.expose())).map_err(|()| told())?;
    }
    parts.mailer(url.as_str(), &config.smtp_from)
}

/// The providers whose applications are set up.
fn oauth(config: &Config) -> Result<Vec<Arc<dyn OauthProvider>>> {
    let mut providers: Vec<Arc<dyn OauthProvider>> = Vec::new();
    if !config.github_id.is_empty() {
        let (pages, api, secret) = (&config.github_url, &config.github_api_url, config.github_secret.clone());
        providers.push(Arc::new(GithubOauth::at(pages, api, &config.github_id, secret)?));
    }
    if !config.google_id.is_empty() {
        let endpoints = GoogleEndpoints {
            authorize: config.google_authorize_url.clone(),
            token: config.google_token_url.clone(),
            userinfo: config.google_userinfo_url.clone(),
        };
        providers.push(Arc::new(GoogleOauth::at(&endpoints, &config.google_id, config.google_secret.clone())?));
    }
    Ok(providers)
}
