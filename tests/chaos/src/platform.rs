//! The program under test: one or several processes on one record.

use crate::disk::Disk;
use crate::outside::{OPENAI_KEY, Outside};
use crate::topics;
use orion_faithful::fal::Fal;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PASSWORD: &str = "correct horse battery staple";
const EMAIL: &str = "ada@example.org";
/// So many topics are trends; what follows is asked for as a text.
pub(crate) const TRENDS: usize = 40;
/// No start takes longer.
const START: Duration = Duration::from_secs(120);
/// The folder of a disk of its own.
const DISK: &str = "disk";

/// Where the record is and what else the processes share.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) binary: PathBuf,
    /// Processes, each with all roles.
    pub(crate) replicas: usize,
    /// The address of a database; else a file.
    pub(crate) store: Option<String>,
    pub(crate) redis: Option<String>,
    /// How many runs a process works on at once.
    pub(crate) concurrent: usize,
    /// How large the disk is, if it is a small one of its own, in megabytes.
    pub(crate) disk: Option<usize>,
}

/// The processes and their folder.
#[derive(Debug)]
pub(crate) struct Platform {
    setup: Setup,
    /// Gone before the folder that it lies in.
    disk: Option<Disk>,
    folder: TempDir,
    ports: Vec<u16>,
    children: Mutex<Vec<Option<Child>>>,
    settings: Vec<(String, String)>,
    client: reqwest::Client,
    token: Mutex<String>,
    turn: AtomicUsize,
    manners: Mutex<Manners>,
}

/// How the program says no.
#[derive(Debug, Clone, Default)]
pub(crate) struct Manners {
    /// Answers of any kind.
    pub(crate) answers: u64,
    /// Refusals that say when to come back.
    pub(crate) refusals: u64,
    /// Answers that only say that something went wrong, and refusals that do not say when to come back.
    pub(crate) rude: Vec<String>,
}

/// An answer of the program: its status and body.
pub(crate) type Answer = (u16, Value);

/// Why there is no answer.
enum Failed {
    NotThere,
    Unanswered,
}

impl Platform {
    /// Starts the processes, with an administrator, and accounts at both destinations; `None` where a disk is wanted and
    /// cannot be mounted.
    pub(crate) async fn start(setup: Setup, outside: &Outside) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("orion-chaos-").tempdir().unwrap();
        let disk = match setup.disk {
            Some(megabytes) => Some(Disk::mount(&folder.path().join(DISK), megabytes)?),
            None => None,
        };
        let root = if disk.is_some() { folder.path().join(DISK) } else { folder.path().to_owned() };
        let ports = (0..setup.replicas).map(|_| free_port()).collect();
        let feed = folder.path().join("feed.xml");
        std::fs::write(&feed, topics::feed(TRENDS)).unwrap();
        let mut settings = vec![
            ("feeds", feed.display().to_string()),
            ("scout.sources", String::new()),
            ("scout.interval", "0".to_owned()),
            ("create.niche", String::new()),
            ("create.seconds", "5".to_owned()),
            ("create.quality", "draft".to_owned()),
            ("create.format", "1:1".to_owned()),
            ("create.fps", "24".to_owned()),
            ("create.speed", "2".to_owned()),
            ("policy", "prefer-cloud".to_owned()),
            ("writer", "openai:m".to_owned()),
            ("create.voice", "openai:tts-1/alloy".to_owned()),
            ("images", "fal:flux-schnell".to_owned()),
            ("openai.url", format!("{}/v1", outside.openai)),
            ("openai.key", OPENAI_KEY.to_owned()),
            ("fal.url", outside.fal.clone()),
            ("fal.key", Fal::KEY.to_owned()),
            ("fetch.allow_private", "127.0.0.1".to_owned()),
            ("http.rate_factor", "1000000".to_owned()),
            ("work.concurrent", setup.concurrent.to_string()),
            ("publish.folder_root", root.join("published").display().to_string()),
            ("log", "warn".to_owned()),
        ];
        if let Some(store) = &setup.store {
            settings.push(("store", store.clone()));
        }
        if disk.is_some() {
            settings.push(("disk.reserve", "2".to_owned()));
        }
        if let Some(redis) = &setup.redis {
            settings.push(("redis", redis.clone()));
        }
        let settings = settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        let children = Mutex::new((0..setup.replicas).map(|_| None).collect());
        let platform = Self {
            setup,
            disk,
            folder,
            ports,
            children,
            settings,
            client,
            token: Mutex::default(),
            turn: AtomicUsize::new(0),
            manners: Mutex::default(),
        };
        let made = platform.command(&["admin", "create", "--email", EMAIL, "--name", "Ada"]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        for replica in 0..platform.setup.replicas {
            platform.spawn(replica, None);
            platform.ready(replica).await;
        }
        let (status, signed_in) = platform
            .ask("POST", "/api/v1/auth/login", Some(json!({"email": EMAIL, "password": PASSWORD})))
            .await
            .unwrap();
        assert_eq!(status, 200, "{signed_in}");
        *platform.token.lock().unwrap() = signed_in["access_token"].as_str().unwrap().to_owned();
        let secret = Outside::webhook_secret();
        for (place, credentials) in
            [("folder", json!({"path": "out"})), ("webhook", json!({"url": outside.webhook, "secret": secret}))]
        {
            let account = json!({"platform": place, "display_name": place, "credentials": credentials});
            let connected = platform.ask("POST", "/api/v1/publisher/accounts", Some(account)).await.unwrap();
            assert_eq!(connected.0, 201, "{}", connected.1);
        }
        let scanned = platform.ask("POST", "/api/v1/scout/trends/scan", Some(json!({"limit": 100}))).await.unwrap();
        assert_eq!(scanned.0, 200, "{}", scanned.1);
        Some(platform)
    }

    /// Where the program keeps what is its own.
    pub(crate) fn data(&self) -> PathBuf {
        self.root().join("data")
    }

    /// The folder of the destination `folder`.
    pub(crate) fn published(&self) -> PathBuf {
        self.root().join("published/out")
    }

    fn root(&self) -> PathBuf {
        let folder = self.folder.path();
        if self.disk.is_some() { folder.join(DISK) } else { folder.to_owned() }
    }

    /// Its small disk, if it has one.
    pub(crate) fn disk(&self) -> Option<&Disk> {
        self.disk.as_ref()
    }

    /// How it has said no so far.
    pub(crate) fn manners(&self) -> Manners {
        self.manners.lock().unwrap().clone()
    }

    pub(crate) fn replicas(&self) -> usize {
        self.setup.replicas
    }

    /// Where the record is.
    pub(crate) fn store(&self) -> String {
        let file = || format!("sqlite:{}", self.data().join("orion.db").display());
        self.setup.store.clone().unwrap_or_else(file)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.setup.binary);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env("ORION_PASSWORD", PASSWORD)
            .env("ORION_DATA_DIR", self.data())
            .stdin(Stdio::null());
        if let Some(store) = &self.setup.store {
            command.env("ORION_STORE", store);
        }
        command
    }

    /// Starts a process, to die at a point if one is given: `commit.before:3`.
    pub(crate) fn spawn(&self, replica: usize, fault: Option<&str>) -> Pid {
        let port = self.ports[replica];
        let log = File::options().create(true).append(true).open(self.folder.path().join("up.log")).unwrap();
        let mut command = self.command(&["up"]);
        let own = [
            ("http.listen".to_owned(), format!("127.0.0.1:{port}")),
            ("urls.gateway".to_owned(), format!("http://127.0.0.1:{port}")),
        ];
        for (name, value) in self.settings.iter().chain(&own) {
            command.args(["--set", &format!("{name}={value}")]);
        }
        if let Some(fault) = fault {
            command.env("ORION_FAULT", fault);
        }
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let id = pid(&child);
        self.children.lock().unwrap()[replica] = Some(child);
        id
    }

    /// The identity of a process, if it was started.
    pub(crate) fn pid(&self, replica: usize) -> Option<Pid> {
        self.children.lock().unwrap()[replica].as_ref().map(pid)
    }

    /// Whether a process has ended, by itself or not.
    pub(crate) fn has_ended(&self, replica: usize) -> bool {
        let mut children = self.children.lock().unwrap();
        children[replica].as_mut().is_none_or(|child| child.try_wait().unwrap().is_some())
    }

    /// Kills a process, if it lives, and waits until it is gone.
    pub(crate) fn kill(&self, replica: usize) {
        if let Some(mut child) = self.children.lock().unwrap()[replica].take() {
            let _ = child.kill();
            child.wait().unwrap();
        }
    }

    /// Sends a signal to a process.
    pub(crate) fn signal(&self, replica: usize, signal: Signal) {
        if let Some(child) = &self.children.lock().unwrap()[replica] {
            kill_process(pid(child), signal).unwrap();
        }
    }

    /// Waits until a process serves.
    pub(crate) async fn ready(&self, replica: usize) {
        let begun = Instant::now();
        let url = format!("http://127.0.0.1:{}/ready", self.ports[replica]);
        while !self.client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
            // Whoever waits for its end sees it.
            if self.has_ended(replica) {
                return;
            }
            assert!(begun.elapsed() < START, "the program does not start:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The last of what the processes said.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("up.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// Asks any process; `None` if none answers.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Option<Answer> {
        // Nobody asks the same one first all the time.
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        for place in 0..self.ports.len() {
            match self.send((first + place) % self.ports.len(), method, path, body.as_ref()).await {
                Ok(answer) => return Some(answer),
                // Nothing was sent: another may be there.
                Err(Failed::NotThere) => {}
                // It may have been taken.
                Err(Failed::Unanswered) => return None,
            }
        }
        None
    }

    /// Asks one process; `None` if it does not answer.
    pub(crate) async fn ask_one(&self, replica: usize, method: &str, path: &str) -> Option<Answer> {
        self.send(replica, method, path, None).await.ok()
    }

    async fn send(&self, replica: usize, method: &str, path: &str, body: Option<&Value>) -> Result<Answer, Failed> {
        let method = method.parse::<reqwest::Method>().unwrap();
        let token = self.token.lock().unwrap().clone();
        let mut request = self.client.request(method, format!("http://127.0.0.1:{}{path}", self.ports[replica]));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await;
        let answer = answer.map_err(|error| if error.is_connect() { Failed::NotThere } else { Failed::Unanswered })?;
        let status = answer.status().as_u16();
        let later = answer.headers().contains_key("retry-after");
        let bytes = answer.bytes().await.map_err(|_| Failed::Unanswered)?;
        let mut manners = self.manners.lock().unwrap();
        manners.answers += 1;
        match status {
            429 | 503 if later => manners.refusals += 1,
            429 | 500.. => manners.rude.push(format!("{status} {path}: {}", String::from_utf8_lossy(&bytes))),
            _ => {}
        }
        drop(manners);
        Ok((status, serde_json::from_slice(&bytes).unwrap_or_default()))
    }

    /// Lets in for another quarter of an hour.
    pub(crate) async fn sign_in_again(&self) {
        let body = json!({"email": EMAIL, "password": PASSWORD});
        if let Some((200, signed_in)) = self.ask("POST", "/api/v1/auth/login", Some(body)).await {
            *self.token.lock().unwrap() = signed_in["access_token"].as_str().unwrap_or_default().to_owned();
        }
    }

    /// Keeps the folder for whoever looks into it.
    pub(crate) fn keep(&mut self) -> PathBuf {
        self.folder.disable_cleanup(true);
        self.folder.path().to_owned()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        for replica in 0..self.setup.replicas {
            self.kill(replica);
        }
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap()
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
