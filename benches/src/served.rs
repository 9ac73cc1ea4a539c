//! A platform in this process, on an empty record, with an administrator who is signed in.

use crate::load::Anything;
use orion_core::domain::Secret;
use orion_host::Config;
use orion_host::http::{self, Platform};
use orion_host::system::OsEntropy;
use orion_host::up::{self, Keys};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// The administrator's password, and everybody's.
pub const PASSWORD: &str = "correct horse battery";

/// A platform that serves until the program ends.
#[derive(Debug)]
pub struct Served {
    /// It.
    pub platform: Arc<Platform>,
    /// Its keys.
    pub keys: Keys,
    /// Where it listens.
    pub address: SocketAddr,
    /// The administrator's access token.
    pub token: String,
    /// Its record.
    pub folder: Arc<TempDir>,
}

/// Starts one, with rate limits that nobody meets.
///
/// # Errors
/// If a part cannot be made.
pub async fn start() -> Anything<Served> {
    let folder = Arc::new(tempfile::tempdir()?);
    let (platform, keys) = open(folder.path()).await?;
    let password = Secret::new(PASSWORD);
    let user = platform.identity.create_admin("ann@example.org", "Ann", &password).await?;
    let signed = platform.identity.login(&user.email, &password, &Default::default()).await?;
    let token = signed.access_token.expose().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    serve(&platform, listener);
    // The temporary folder must outlive the tasks, which end with the program.
    Ok(Served { platform, keys, address, token, folder })
}

/// A platform on the record of a folder, not yet serving.
///
/// # Errors
/// If a part cannot be made.
pub async fn open(folder: &Path) -> Anything<(Arc<Platform>, Keys)> {
    let mut config = Config::default();
    config.data_dir = folder.to_owned();
    config.voice = "silent:".to_owned();
    config.rate_factor = 1_000_000;
    let keys = Keys::load(&config, &OsEntropy::default())?;
    let platform = Arc::new(up::platform(config, &keys).await?);
    platform.follow_revocations().await?;
    Ok((platform, keys))
}

/// Has it serve as the program does: routes, sockets, and who was sent away.
pub fn serve(platform: &Arc<Platform>, listener: TcpListener) {
    let (following, hub) = (platform.clone(), platform.clone());
    tokio::spawn(async move {
        loop {
            let woken = following.orion.production().wire.woken();
            // What is known holds; without any reading for a while nobody is let in.
            let _ = following.follow_revocations().await;
            tokio::time::sleep(Duration::from_millis(10)).await;
            let _ = tokio::time::timeout(Duration::from_millis(90), woken).await;
        }
    });
    tokio::spawn(async move { hub.run_sockets().await });
    tokio::spawn(http::serve(platform.clone(), listener, std::future::pending()));
}
