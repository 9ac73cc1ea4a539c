//! `orion up`: the whole platform in one process.

mod assemble;
mod keys;
mod relaying;

pub use assemble::{identity, platform, publisher};
pub use keys::Keys;

use crate::config::Config;
use crate::http::{self, Platform, Roles, Service};
use crate::system::unless_told;
use crate::work::{Duties, Workers};
use orion_core::domain::Secret;
use orion_core::service::sweep::Sweeper;
use orion_core::{Error, Operation, Result, Timestamp};
use relaying::Relaying;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// How often it is read who has been sent away, where a wire does not tell of other processes; they are out within twice
/// this.
const FOLLOW: Duration = Duration::from_millis(100);
/// Reading follows reading no sooner, however much happens.
const BREATH: Duration = Duration::from_millis(10);
/// How often workers look by themselves, where nothing wakes them.
const LOOK: Duration = Duration::from_secs(1);
/// How often mails that are due are sent.
const MAILS: Duration = Duration::from_secs(1);
/// How often publications that were left unfinished are taken up.
const PUBLISH: Duration = Duration::from_secs(1);
/// When in a day, UTC, old events and costs are deleted (contract, section 5.7).
const NIGHT: Duration = Duration::from_secs(2 * 3600);
/// How often stored files are looked for that nothing points at. Two looks must be far apart, as a file that is set
/// aside in one may be deleted in the next.
const SWEEP_FILES: Duration = Duration::from_secs(6 * 3600);
/// The first look comes once a start is over.
const SWEEP_FIRST: Duration = Duration::from_secs(600);
/// How often what has expired is deleted.
const SWEEP: Duration = Duration::from_secs(24 * 3600);

/// What a person should know once the platform serves.
#[derive(Debug)]
pub struct Started {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where browsers reach it.
    pub url: String,
    /// What runs here: `scout, director`.
    pub roles: String,
    /// Whether clients come here themselves.
    pub gateway: bool,
    /// A page that sets the first administrator's password, once. It lets its holder in: show it, and keep it nowhere.
    pub setup_link: Option<Secret>,
}

/// Lets this process have as many open files as it may: the usual soft limit is 1,024, and every socket is one.
fn open_many_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
            tracing::debug!(%error, "the limit of open files stays as it is");
        }
    }
}

/// Serves until `stop` completes. `started` is called once the port is open and everything runs.
///
/// # Errors
/// [`Invalid`](orion_core::ErrorKind::Invalid) for settings that do not fit, all of them at once;
/// [`Unavailable`](orion_core::ErrorKind::Unavailable) if the port is taken or a part is not there.
pub async fn serve(mut config: Config, started: impl FnOnce(Started), stop: impl Future<Output = ()>) -> Result<()> {
    open_many_files();
    let keys = Keys::load(&config, &crate::system::OsEntropy::default())?;
    let roles = Roles::new(&config.roles, &config.services)?;
    if !roles.is_gateway() && config.http_listen == Config::default().http_listen {
        config.http_listen = format!("127.0.0.1:{}", roles.port());
    }
    let listener = bind(&config).await?;
    let address = listener
        .local_addr()
        .map_err(|error| Error::unavailable("the gateway's address is not known").with_context("cause", error))?;
    // The port that was given, where any was asked for.
    config.http_listen = address.to_string();
    let admin = config.admin_email.clone();
    let platform = Arc::new(platform(config, &keys).await?);
    // Before anything happens that listeners outside should hear of.
    let relaying = Relaying::start(&platform).await?;
    platform.follow_revocations().await?;
    let setup = match roles.is_gateway() {
        true => platform.identity.first_admin(&admin).await?,
        false => None,
    };
    let url = platform.settings.gateway_url.clone();
    let setup_link = setup.map(|token| Secret::new(format!("{url}/setup?token={}", token.expose())));
    let mut tasks = background(&platform);
    let duties = Duties { runs: roles.runs(Service::Director), scout: roles.runs(Service::Scout) };
    let workers = Workers::start(&platform.orion, duties);
    started(Started { address, url, roles: roles.names(), gateway: roles.is_gateway(), setup_link });
    http::serve(platform, listener, stop).await;
    // What they were at work on is in the record, and goes on at the next start.
    workers.stop().await;
    tasks.shutdown().await;
    if let Some(relaying) = relaying {
        relaying.stop().await;
    }
    Ok(())
}

async fn bind(config: &Config) -> Result<TcpListener> {
    let listen = &config.http_listen;
    TcpListener::bind(listen).await.map_err(|error| {
        let error = Error::unavailable("the gateway cannot listen at its address")
            .with_context("http.listen", listen)
            .with_context("cause", error);
        error.with_hint("another program may have the port: set http.listen to another, like 127.0.0.1:8001")
    })
}

/// Everything that goes on between requests, as far as it is this process's business.
fn background(platform: &Arc<Platform>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(follow_switches(platform.clone()));
    if platform.roles.runs(Service::Gateway) {
        let sockets = platform.clone();
        tasks.spawn(async move { sockets.run_sockets().await });
        tasks.spawn(follow_revocations(platform.clone()));
    }
    if platform.roles.runs(Service::Identity) {
        tasks.spawn(notify(platform.clone()));
        tasks.spawn(deliver_mails(platform.clone()));
        tasks.spawn(sweep(platform.clone()));
    }
    if platform.roles.runs(Service::Pulse) {
        tasks.spawn(forget_old(platform.clone()));
        tasks.spawn(sweep_files(platform.clone()));
    }
    if platform.roles.runs(Service::Publisher) {
        tasks.spawn(resume_publications(platform.clone()));
    }
    tasks
}

async fn follow_revocations(platform: Arc<Platform>) {
    let wire = platform.orion.production().wire.clone();
    let mut told = false;
    loop {
        // Asked for before they are read, so that nothing falls between.
        let woken = wire.woken();
        let wait = match platform.follow_revocations().await {
            Ok(()) => {
                told = false;
                unless_told(&*wire, FOLLOW - BREATH)
            }
            Err(error) => {
                if !told {
                    told = true;
                    tracing::warn!(error = ?error, "revocations cannot be read; those known hold");
                }
                FOLLOW - BREATH
            }
        };
        tokio::time::sleep(BREATH).await;
        let _ = tokio::time::timeout(wait, woken).await;
    }
}

/// Does without a restart what was chosen in any process of the platform.
async fn follow_switches(platform: Arc<Platform>) {
    let orion = &platform.orion;
    let wire = orion.production().wire.clone();
    loop {
        // Asked for before the record is looked at, so that nothing falls between.
        let woken = wire.woken();
        if let Err(error) = orion.follow_switches().await {
            tracing::debug!(error = ?error, "it cannot be read who is to serve; whoever does goes on");
        }
        // Anything at all wakes it: often enough is enough.
        tokio::time::sleep(FOLLOW).await;
        let _ = tokio::time::timeout(unless_told(&*wire, LOOK), woken).await;
    }
}

async fn notify(platform: Arc<Platform>) {
    let wire = platform.orion.production().wire.clone();
    loop {
        // Asked for before the log is looked at, so that nothing falls between.
        let woken = wire.woken();
        let wait = match platform.notifier.handle_next().await {
            Ok(0) => unless_told(&*wire, LOOK),
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(error = ?error, "users cannot be told; trying again");
                LOOK
            }
        };
        let _ = tokio::time::timeout(wait, woken).await;
    }
}

async fn deliver_mails(platform: Arc<Platform>) {
    loop {
        if let Err(error) = platform.identity.deliver_mails().await {
            tracing::warn!(error = ?error, "mails wait; trying again");
        }
        tokio::time::sleep(MAILS).await;
    }
}

async fn resume_publications(platform: Arc<Platform>) {
    let operation = Operation::detached();
    loop {
        if let Err(error) = platform.publisher.resume(&operation).await {
            tracing::warn!(error = ?error, "unfinished publications cannot be taken up; trying again");
        }
        tokio::time::sleep(PUBLISH).await;
    }
}

/// At the start, as a machine may be off at night, and every night.
async fn forget_old(platform: Arc<Platform>) {
    loop {
        match platform.forget_old().await {
            Ok((0, 0)) => {}
            Ok((events, costs)) => tracing::info!(events, costs, "deleted what was old"),
            Err(error) => tracing::warn!(error = ?error, "what is old cannot be deleted; trying tomorrow"),
        }
        tokio::time::sleep(until_night(platform.orion.production().clock.now())).await;
    }
}

/// How long it is until the night comes.
fn until_night(now: Timestamp) -> Duration {
    let day = i64::try_from(SWEEP.as_micros()).unwrap_or(i64::MAX);
    let night = i64::try_from(NIGHT.as_micros()).unwrap_or_default();
    let left = day - (now.as_micros() - night).rem_euclid(day);
    Duration::from_micros(left.unsigned_abs())
}

/// Removes stored files that nothing points at.
async fn sweep_files(platform: Arc<Platform>) {
    let hours = platform.orion.config().sweep_hours;
    if hours == 0 {
        return;
    }
    let production = platform.orion.production();
    let sweeper =
        Sweeper { store: production.store.clone(), blobs: production.blobs.clone(), clock: production.clock.clone() };
    tokio::time::sleep(SWEEP_FIRST).await;
    loop {
        let grace = Duration::from_secs(3600) * hours;
        match sweeper.sweep(grace, false, &Operation::detached()).await {
            Ok(swept) => tracing::info!(?swept, "swept stored files"),
            Err(error) => tracing::warn!(error = ?error, "stored files cannot be swept; trying again later"),
        }
        tokio::time::sleep(SWEEP_FILES).await;
    }
}

async fn sweep(platform: Arc<Platform>) {
    loop {
        match platform.identity.sweep().await {
            Ok(rows) => tracing::info!(rows, "deleted what had expired"),
            Err(error) => tracing::warn!(error = ?error, "what has expired cannot be deleted; trying tomorrow"),
        }
        tokio::time::sleep(SWEEP).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[test]
    fn the_night_comes_once_a_day() {
        let at = |text: &str| until_night(text.parse().unwrap());
        assert_eq!(at("2026-11-28T01:59:00Z"), Duration::from_secs(60));
        assert_eq!(at("2026-11-28T02:00:00Z"), SWEEP);
        assert_eq!(at("2026-11-28T14:00:00Z"), SWEEP / 2);
    }

    #[tokio::test]
    async fn it_starts_tells_how_to_get_in_and_stops() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            data_dir: folder.path().to_owned(),
            http_listen: "127.0.0.1:0".to_owned(),
            voice: "silent:".to_owned(),
            sources: Vec::new(),
            ..Config::default()
        };
        let mut links = Vec::new();
        for _ in 0..2 {
            let (tell, told) = oneshot::channel();
            let (stop, stopped) = oneshot::channel::<()>();
            let serving = tokio::spawn(serve(config.clone(), move |started| drop(tell.send(started)), async move {
                drop(stopped.await)
            }));
            let started = told.await.unwrap();
            assert!(get(started.address, "/ready").await.starts_with("HTTP/1.1 200"));
            assert_eq!(started.url, format!("http://localhost:{}", started.address.port()));
            let link = started.setup_link.unwrap();
            let path = link.expose().strip_prefix(&started.url).unwrap().to_owned();
            assert!(get(started.address, &path).await.contains("/api/v1/auth/set-up"));
            links.push(path);
            let taken = Config { http_listen: started.address.to_string(), ..config.clone() };
            let error = serve(taken, |_| {}, std::future::pending()).await.unwrap_err();
            assert!(error.hint().unwrap().contains("http.listen"), "{error:?}");
            stop.send(()).unwrap();
            serving.await.unwrap().unwrap();
            assert!(TcpStream::connect(started.address).await.is_err(), "nobody listens any more");
        }
        assert_ne!(links[0], links[1], "a link that was not used is replaced at the next start");
    }
}
