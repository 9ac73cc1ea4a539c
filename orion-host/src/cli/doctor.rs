//! `orion doctor`: looks at every part that Orion uses, and says what to do about those that are not right.

use super::output::{Format, Printing};
use super::{Failure, Setting, output};
use crate::config::Config;
use crate::delivery;
use crate::providers::{Providers, addresses, parts, shown};
use crate::sources;
use clap::Args;
use futures_util::StreamExt;
use orion_adapters::redis::Redis;
use orion_adapters::render::{EncodedBy, Hardware};
use orion_adapters::{Parts, Uri};
use orion_core::memory::MemoryBlobs;
use orion_core::port::{BlobStore, Provider};
use orion_core::strategy::{Capability, Policy};
use orion_core::{Operation, Result};
use serde::Serialize;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Videos of a minute take about 20 MB with all their pieces; below this much free space a run may fail.
const ENOUGH_SPACE: u64 = 500 << 20;

/// Servers that are knocked at at the same time.
const KNOCKS: usize = 8;

/// `orion doctor`
#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    pub(super) printing: Printing,
}

/// How a part stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Health {
    /// As it should be.
    Ok,
    /// Works without it, but not as well.
    Optional,
    /// Does not work without it.
    Missing,
}

/// One part.
#[derive(Debug, Serialize)]
struct Check {
    part: &'static str,
    health: Health,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Check {
    fn ok(part: &'static str, found: impl Into<String>) -> Self {
        Self { part, health: Health::Ok, found: found.into(), advice: None }
    }

    fn bad(part: &'static str, health: Health, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { part, health, found: found.into(), advice: Some(advice.into()) }
    }

    /// Its values, for programs.
    fn row(&self) -> Vec<String> {
        let health = match self.health {
            Health::Ok => "ok",
            Health::Optional => "optional",
            Health::Missing => "missing",
        };
        vec![health.to_owned(), self.part.to_owned(), self.found.clone(), self.advice.clone().unwrap_or_default()]
    }

    /// Tells a person.
    fn tell(&self) -> Result<()> {
        let mark = match self.health {
            Health::Ok => "ok      ",
            Health::Optional => "optional",
            Health::Missing => "MISSING ",
        };
        output::print_line(&output::harmless(&format!("{mark}  {:<12} {}", self.part, self.found)))?;
        match &self.advice {
            Some(advice) => output::print_line(&output::harmless(&format!("{:>24}-> {advice}", ""))),
            None => Ok(()),
        }
    }

    fn of(part: &'static str, health: Health, error: &orion_core::Error) -> Self {
        Self::bad(part, health, error.to_string(), error.hint().unwrap_or("read the message"))
    }
}

impl Doctor {
    pub(super) async fn run(self, setting: Setting) -> Result<ExitCode, Failure> {
        let config = &setting.config;
        let mut checks = tools(config);
        checks.push(hardware(config).await);
        checks.extend(data_folder(&config.data_dir));
        checks.push(database(config).await);
        checks.extend(bucket(config).await);
        checks.extend(redis(config).await);
        checks.push(fonts().await);
        checks.extend(providers(config).await);
        checks.extend(vectors(config).await);
        checks.extend(trends(config).await);
        let healthy = checks.iter().all(|check| check.health != Health::Missing);
        match setting.format {
            Format::Json => output::print_json(&serde_json::json!({ "healthy": healthy, "checks": checks }))?,
            Format::Plain => {
                output::print_rows(&[], &checks.iter().map(Check::row).collect::<Vec<_>>(), 0, Format::Plain)?
            }
            Format::Table => checks.iter().try_for_each(Check::tell)?,
        }
        Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// What a program prints, if it runs and ends within a few seconds.
fn output_of(program: impl AsRef<OsStr>, arguments: &[&str]) -> Option<String> {
    const PATIENCE: Duration = Duration::from_secs(10);
    let mut command = Command::new(program);
    let mut child =
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let stdout = child.stdout.take();
    let said = std::thread::spawn(move || {
        let mut said = Vec::new();
        stdout.and_then(|stdout| stdout.take(1 << 20).read_to_end(&mut said).ok()).map(|_| said)
    });
    let begun = Instant::now();
    let ended = loop {
        match child.try_wait().ok()? {
            Some(status) => break status,
            None if begun.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(5)),
            None => {
                // It may have ended by itself.
                let _ = child.kill();
                break child.wait().ok()?;
            }
        }
    };
    let said = said.join().ok()??;
    ended.success().then(|| String::from_utf8_lossy(&said).into_owned())
}

/// ffmpeg, ffprobe and the encoders, then the programs that voices use.
fn tools(config: &Config) -> Vec<Check> {
    let tools = Parts::new(&config.data_dir).tools(&config.ffmpeg);
    vec![program("ffmpeg", tools.ffmpeg()), ffprobe(tools.ffprobe()), encoders(tools.ffmpeg()), espeak(), pip()]
}

fn program(name: &'static str, path: Result<&Path>) -> Check {
    match path.map(|path| (path, output_of(path, &["-version"]))) {
        Ok((path, Some(text))) => {
            let version = text.split_whitespace().nth(2).unwrap_or("of unknown version");
            Check::ok(name, format!("{version} at {}", path.display()))
        }
        Ok((path, None)) => {
            Check::bad(name, Health::Missing, format!("{} does not run", path.display()), "install it anew")
        }
        Err(error) => Check::of(name, Health::Missing, &error),
    }
}

/// Without it ffmpeg tells what a file is, too.
fn ffprobe(path: Result<&Path>) -> Check {
    match path {
        Ok(path) => program("ffprobe", Ok(path)),
        Err(_) => Check::bad("ffprobe", Health::Optional, "not found", "ffmpeg does its work, a little slower"),
    }
}

fn encoders(ffmpeg: Result<&Path>) -> Check {
    const NEEDED: [&str; 2] = ["libx264", "aac"];
    let listed = ffmpeg.ok().and_then(|path| output_of(path, &["-hide_banner", "-encoders"])).unwrap_or_default();
    let has = |name: &str| listed.lines().any(|line| line.split_whitespace().nth(1) == Some(name));
    let missing: Vec<&str> = NEEDED.into_iter().filter(|name| !has(name)).collect();
    if missing.is_empty() {
        Check::ok("encoders", NEEDED.join(", "))
    } else {
        let advice = "install an ffmpeg built with them; Debian's own package is";
        Check::bad("encoders", Health::Missing, format!("ffmpeg lacks {}", missing.join(", ")), advice)
    }
}

/// Hardware encoders, each by encoding with it. x264 does without any.
async fn hardware(config: &Config) -> Check {
    const PART: &str = "hardware";
    let asked = match config.encoder.parse::<EncodedBy>() {
        Ok(asked) => asked,
        Err(error) => return Check::of(PART, Health::Missing, &error),
    };
    let tools = Parts::new(&config.data_dir).tools(&config.ffmpeg);
    if tools.ffmpeg().is_err() {
        return Check::bad(PART, Health::Optional, "not looked for", "it is ffmpeg that uses it");
    }
    let (mut works, mut refused) = (Vec::new(), Vec::new());
    for encoder in Hardware::ALL {
        match encoder.test(&tools, &config.data_dir.join("work"), &Operation::detached()).await {
            Ok(()) => works.push(encoder),
            Err(error) => {
                let reason = error.context().iter().find(|(name, _)| *name == "reason");
                refused
                    .push(format!("{encoder}: {}", reason.map_or_else(|| error.to_string(), |(_, why)| why.clone())));
            }
        }
    }
    let names = works.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let none = format!("no encoder works here, x264 encodes ({})", refused.join("; "));
    match asked.tried().iter().find(|encoder| works.contains(encoder)) {
        Some(encoder) => Check::ok(PART, format!("{encoder} encodes")),
        None if asked != EncodedBy::X264 => {
            Check::bad(PART, Health::Optional, none, "install its driver, or set `render.encoder` to x264")
        }
        None if works.is_empty() => Check::ok(PART, none),
        None => Check::ok(PART, format!("{names} work here: `render.encoder = \"auto\"` uses the first")),
    }
}

fn espeak() -> Check {
    match output_of("espeak-ng", &["--version"]) {
        Some(text) => Check::ok("espeak-ng", text.split_whitespace().nth(3).unwrap_or("found")),
        None => Check::bad(
            "espeak-ng",
            Health::Optional,
            "not found",
            "speaks other languages than English (Debian: `sudo apt-get install -y espeak-ng`)",
        ),
    }
}

fn pip() -> Check {
    match output_of("python3", &["-m", "pip", "--version"]) {
        Some(text) => Check::ok("python3, pip", text.split_whitespace().nth(1).unwrap_or("found")),
        None => Check::bad(
            "python3, pip",
            Health::Optional,
            "not found",
            "fetches the voice once (Debian: `sudo apt-get install -y python3-pip`)",
        ),
    }
}

fn data_folder(folder: &Path) -> Vec<Check> {
    let probe = folder.join(".doctor");
    let written = std::fs::create_dir_all(folder)
        .map_err(|error| delivery::unwritable(folder, error))
        .and_then(|()| delivery::write_file(&probe, b"orion"));
    if let Err(error) = written {
        return vec![Check::of("data folder", Health::Missing, &error)];
    }
    // It was written a moment ago; if it cannot go, it does no harm.
    let _ = std::fs::remove_file(&probe);
    let mut checks = vec![Check::ok("data folder", folder.display().to_string())];
    if let Ok(space) = rustix::fs::statvfs(folder) {
        let free = space.f_bavail.saturating_mul(space.f_frsize);
        let found = format!("{:.1} GB free", free as f64 / 1e9);
        checks.push(if free < ENOUGH_SPACE {
            Check::bad("disk", Health::Missing, found, "free some space, or set `data_dir` to a larger disk")
        } else {
            Check::ok("disk", found)
        });
    }
    checks
}

/// A setting as people may see it.
fn setting(config: &Config, name: &str) -> String {
    let key = crate::config::KEYS.iter().find(|key| key.name == name);
    key.and_then(|key| key.show(config).as_str().map(str::to_owned)).unwrap_or_default()
}

async fn database(config: &Config) -> Check {
    let opened = async { Parts::new(&config.data_dir).store(&config.store).await?.read().await.map(drop) };
    match opened.await {
        // As it is shown everywhere: its address may hold a password.
        Ok(()) => Check::ok("database", setting(config, "store")),
        Err(error) => Check::of("database", Health::Missing, &error),
    }
}

/// The bucket of stored files, if they are kept in one.
async fn bucket(config: &Config) -> Option<Check> {
    let uri = Uri::parse(&config.blobs).ok().filter(|uri| uri.scheme() == "s3")?;
    let opened = async { parts(config)?.bucket(uri.rest())?.check().await };
    Some(match opened.await {
        Ok(()) => Check::ok("stored files", &config.blobs),
        Err(error) => Check::of("stored files", Health::Missing, &error),
    })
}

/// Whether the Redis server answers, if there is to be one.
async fn redis(config: &Config) -> Option<Check> {
    let address = Some(config.redis.trim()).filter(|address| !address.is_empty())?;
    Some(match Redis::open(address) {
        Err(error) => Check::of("redis", Health::Missing, &error),
        Ok(redis) => match redis.ping().await {
            Ok(()) => Check::ok("redis", redis.name()),
            // Work goes on without it: other processes are slower to hear, and count calls apart.
            Err(error) => {
                let advice =
                    error.hint().unwrap_or("start it, or correct `redis`; until then every process is on its own");
                Check::bad("redis", Health::Optional, error.to_string(), advice.to_owned())
            }
        },
    })
}

/// Whether the scripts that are asked for most can be shown. Latin, Greek and Cyrillic always can.
async fn fonts() -> Check {
    let scripts = tokio::task::spawn_blocking(orion_adapters::scripts).await.unwrap_or_default();
    let missing: Vec<_> = scripts.iter().filter(|script| script.family.is_none()).collect();
    if missing.is_empty() {
        return Check::ok("fonts", format!("Latin, Greek, Cyrillic and {} other scripts", scripts.len()));
    }
    let names: Vec<&str> = missing.iter().map(|script| script.name).collect();
    let packages: BTreeSet<&str> = missing.iter().map(|script| script.package).collect();
    let packages: Vec<&str> = packages.into_iter().collect();
    let advice = format!("sets those scripts (Debian: `sudo apt-get install -y {}`)", packages.join(" "));
    Check::bad("fonts", Health::Optional, format!("none for {}", names.join(", ")), advice)
}

/// One provider that a setting names: what it is, and what keeps it from serving.
struct Named {
    opened: Result<Provider>,
    problem: Option<(String, &'static str)>,
}

impl Named {
    fn opened<P: Capability + ?Sized>(opened: Result<Arc<P>>) -> Self {
        Self { opened: opened.map(|port| port.provider().clone()), problem: None }
    }
}

/// Who writes, draws and speaks, in the order in which they are asked. Nobody is asked anything; a server that one
/// needs is knocked at.
async fn providers(config: &Config) -> Vec<Check> {
    let policy: Policy = match Providers::new(config).and_then(|_| config.policy.parse()) {
        Ok(policy) => policy,
        Err(error) => return vec![Check::of("policy", Health::Missing, &error)],
    };
    let parts = match parts(config) {
        Ok(parts) => parts,
        Err(error) => return vec![Check::of("servers", Health::Missing, &error)],
    };
    let blobs: Arc<dyn BlobStore> = Arc::new(MemoryBlobs::new());
    let writer = |address: &str| Ok(Named::opened(parts.writer(address).map(|(writer, _)| writer)));
    let image = |address: &str| Ok(Named::opened(parts.images(address, blobs.clone())));
    let voice = |address: &str| Ok(Named::opened(parts.speech(address)));
    let mut writers = addresses("writer", &config.writer, writer);
    knock(config, &mut writers).await;
    let mut images = addresses("images", &config.images, image);
    knock(config, &mut images).await;
    let clip = |address: &str| Ok(Named::opened(parts.clips(address, blobs.clone())));
    let mut clips = match config.clips.trim() {
        "" => Ok(Vec::new()),
        clips => addresses("clips", clips, clip),
    };
    knock(config, &mut clips).await;
    let mut voices = match config.voice.trim() {
        "" => Ok(vec![Named::opened(parts.speech(""))]),
        voices => addresses("create.voice", voices, voice),
    };
    for named in voices.iter_mut().flatten().filter(|_| config.voice.trim().is_empty()) {
        if named.opened.as_ref().is_ok_and(|provider| provider.name == "espeak-ng") {
            let found = "espeak-ng, which sounds robotic".to_owned();
            named.problem = Some((found, "run `orion voices install` for a natural one"));
        }
    }
    knock(config, &mut voices).await;
    let mut checks = judged("writer", writers, &policy);
    checks.extend(judged("images", images, &policy));
    checks.extend(judged("clips", clips, &policy));
    // A robotic voice is one.
    checks.extend(judged("voice", voices, &policy).into_iter().map(|check| match check.found.as_str() {
        "espeak-ng, which sounds robotic" => Check { health: Health::Optional, ..check },
        _ => check,
    }));
    if !config.transcriber.trim().is_empty() {
        let ear = |address: &str| Ok(Named::opened(parts.transcriber(address)));
        let mut ears = addresses("transcriber", &config.transcriber, ear);
        knock(config, &mut ears).await;
        checks.extend(judged("transcriber", ears, &policy));
    }
    let embedder = |address: &str| Ok(Named::opened(parts.embedder(address)));
    let mut embedders = addresses("embeddings", &config.embeddings, embedder);
    knock(config, &mut embedders).await;
    checks.extend(judged("embeddings", embedders, &policy).into_iter().map(without));
    checks
}

/// A part without which videos are made all the same, unless it is named wrongly.
fn without(check: Check) -> Check {
    match check.health {
        Health::Missing => Check { health: Health::Optional, ..check },
        _ => check,
    }
}

/// Where vectors are kept: asked for neighbours in a collection that there is not, so that a server that is away, or
/// does not know us, says so.
async fn vectors(config: &Config) -> Vec<Check> {
    const PART: &str = "vectors";
    let opened = match parts(config).and_then(|parts| parts.vectors(&config.vectors, &config.milvus_token)) {
        Ok(Some(index)) => index,
        Ok(None) => return vec![Check::ok(PART, "nothing is remembered")],
        Err(error) => return vec![Check::of(PART, Health::Missing, &error)],
    };
    vec![match opened.search("orion_doctor", &[1.0, 0.0], 1).await {
        Ok(_) => Check::ok(PART, setting(config, "vectors")),
        // Scripts are written without examples of earlier hooks then.
        Err(error) => Check::of(PART, Health::Optional, &error),
    }]
}

/// Knocks at every place where trends are seen. One that is away degrades a scan, and does not stop it.
async fn trends(config: &Config) -> Vec<Check> {
    const PART: &str = "trends";
    if config.offline {
        return Vec::new();
    }
    let parts = match parts(config) {
        Ok(parts) => parts,
        Err(error) => return vec![Check::of(PART, Health::Missing, &error)],
    };
    // What is wrong with an address or a key keeps everything from starting.
    let mut checks: Vec<Check> = sources::fetcher(config, &parts)
        .err()
        .map(|error| Check::of(PART, Health::Missing, &error))
        .into_iter()
        .collect();
    let places = sources::addresses(config).into_iter().filter_map(|address| {
        let server = parts.trend_server(&address).ok()?;
        Some((address, server))
    });
    let feeds = config.feeds.iter().filter(|feed| feed.contains("://")).map(|feed| (feed.clone(), feed.clone()));
    let knocks = places.chain(feeds).filter(|(_, server)| !server.is_empty()).map(|(name, server)| async move {
        let host = host_of(&server);
        let name = name.split_once("://").map_or(name.clone(), |_| host.clone());
        match somebody_at(&server).await {
            true => Check::ok(PART, format!("{name} answers at {host}")),
            false => {
                let advice = "check the connection, or name it no longer (`scout.sources`, `feeds`)";
                Check::bad(PART, Health::Optional, format!("{name}: no server answers at {host}"), advice)
            }
        }
    });
    checks.extend(futures_util::stream::iter(knocks).buffered(KNOCKS).collect::<Vec<_>>().await);
    checks
}

/// Where the server of a provider is, and what to do if nobody answers there.
fn server_of<'c>(config: &'c Config, provider: &str) -> Option<(&'c str, &'static str)> {
    Some(match provider {
        "comfyui" => (
            config.comfyui_url.as_str(),
            "start it, or set `comfyui.url`; the built-in graphics and motion need no server",
        ),
        "fal_ai" => (&config.fal_url, "check the connection, and `fal.url`"),
        "ollama" => (
            config.ollama_url.as_str(),
            "start it (`ollama serve`), or set `ollama.url`; `extractive:` in `writer` needs no server",
        ),
        "openai" => (&config.openai_url, "check the connection, and `openai.url`"),
        "whisper" => (&config.whisper_url, "start it, or set `whisper.url`"),
        "elevenlabs" => (&config.elevenlabs_url, "check the connection, and `elevenlabs.url`"),
        "fish" => (&config.fish_url, "start its API server, or set `fish.url`"),
        _ => return None,
    })
}

/// Knocks at the server of every provider that needs one.
async fn knock(config: &Config, named: &mut Result<Vec<Named>>) {
    for named in named.iter_mut().flatten() {
        let server = named.opened.as_ref().ok().and_then(|provider| server_of(config, &provider.name));
        if let Some((address, advice)) = server
            && !somebody_at(address).await
        {
            named.problem = Some((format!("no server answers at {}", host_of(address)), advice));
        }
    }
}

/// One check for every provider of a capability. What is broken is a fault if nobody serves in its place.
fn judged(part: &'static str, named: Result<Vec<Named>>, policy: &Policy) -> Vec<Check> {
    let named = match named {
        Ok(named) => named,
        Err(error) => return vec![Check::of(part, Health::Missing, &error)],
    };
    let serves =
        |named: &Named| named.problem.is_none() && named.opened.as_ref().is_ok_and(|provider| policy.permits(provider));
    let health = if named.iter().any(serves) { Health::Optional } else { Health::Missing };
    let mut before = false;
    named
        .into_iter()
        .map(|named| match named {
            // Without it nothing starts.
            Named { opened: Err(error), .. } => Check::of(part, Health::Missing, &error),
            Named { opened: Ok(provider), .. } if !policy.permits(&provider) => {
                let found = format!("{} is never asked, as policy is {policy}", shown(&provider));
                Check::bad(part, health, found, "set `policy` to permit it, or name it no longer")
            }
            Named { problem: Some((found, advice)), .. } => Check::bad(part, health, found, advice),
            Named { opened: Ok(provider), .. } => {
                let place = if std::mem::replace(&mut before, true) { ", if those before fail" } else { "" };
                Check::ok(part, format!("{}{place}", shown(&provider)))
            }
        })
        .collect()
}

async fn somebody_at(address: &str) -> bool {
    let address = address.to_owned();
    tokio::task::spawn_blocking(move || answers(&address)).await.unwrap_or(false)
}

/// Host and port of an address, without a password that it may carry.
fn host_of(address: &str) -> String {
    let url = url::Url::parse(address).ok();
    let host = url.as_ref().and_then(|url| Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?)));
    host.unwrap_or_default()
}

/// Whether somebody takes connections there.
fn answers(address: &str) -> bool {
    use std::net::{TcpStream, ToSocketAddrs};
    let mut places = host_of(address).to_socket_addrs().into_iter().flatten();
    places.any(|place| TcpStream::connect_timeout(&place, Duration::from_secs(3)).is_ok())
}
