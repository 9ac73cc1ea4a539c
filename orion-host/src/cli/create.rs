//! `orion create`: from a feed, a page, a topic, a text or a script to a folder with a finished video.

use super::review::Reviewer;
use super::watch::{Stop, Watch};
use super::{Failure, Setting, output};
use crate::config::{Config, Layers};
use crate::delivery::{self, Delivery, deliver, folder_name};
use crate::own::OwnFiles;
use crate::{Orion, style, worklist};
use clap::Args;
use orion_core::domain::{Gate, Run, RunState};
use orion_core::id::{RunId, UserId};
use orion_core::service::production::{CreateRequest, Product, Subject};
use orion_core::{Cancellation, Error, ErrorKind, Operation, Result};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// No text or script that becomes a video of three minutes is longer.
const MOST_BYTES: u64 = 1024 * 1024;

/// `orion create`
#[derive(Debug, Args)]
pub(super) struct Create {
    #[command(flatten)]
    subject: SubjectArguments,
    /// Folder of the finished files [default: orion-videos/TITLE-RUN]
    #[arg(long, short, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Length to aim at, 5 to 180 [default: 45]
    #[arg(long)]
    seconds: Option<u32>,
    /// Take only trends of this niche: tech, gaming, finance, health
    #[arg(long)]
    niche: Option<String>,
    /// How it should sound, for writers that are language models
    #[arg(long)]
    tone: Option<String>,
    /// Where it will be shown: youtube_shorts, tiktok, instagram_reels
    #[arg(long)]
    platform: Option<String>,
    /// A name of `orion voices list`, a Piper FILE.onnx, espeak:LANGUAGE or silent:; several separated by commas, for
    /// when one fails. In a script, "@voice NAME" before a scene's words has another of its voices speak them
    #[arg(long, conflicts_with = "silent")]
    voice: Option<String>,
    /// Speaking rate, 0.5 to 2 [default: 1]
    #[arg(long)]
    speed: Option<f64>,
    /// Caption style: tiktok, youtube, minimal
    #[arg(long)]
    captions: Option<String>,
    /// Your own pictures, shown in this order; in a script, "@image FILE" before a scene's words names its own
    #[arg(long, value_name = "FILE", num_args = 1..)]
    image: Vec<PathBuf>,
    /// Your own clips, without their sound, after the pictures; in a script, "@clip FILE" names a scene's own
    #[arg(long, value_name = "FILE", num_args = 1..)]
    clip: Vec<PathBuf>,
    /// The script of --script as you have spoken it
    #[arg(long, value_name = "FILE", requires = "script", conflicts_with_all = ["voice", "silent"])]
    voice_file: Option<PathBuf>,
    /// Your own finished sound: it plays as it is in place of voice and music, and the scenes follow it. What is said in
    /// it is --script, or what the transcriber hears; with --silent nothing is, and the scenes share its length
    #[arg(long, value_name = "FILE", conflicts_with_all = ["voice", "voice_file", "music"])]
    audio: Option<PathBuf>,
    /// Music under the voice: calm, bright, tense, playful, a file of sound, or none [default: none]
    #[arg(long, value_name = "MOOD|FILE|none")]
    music: Option<String>,
    /// How scenes look and move: a name of `orion template list`, or a file
    #[arg(long, value_name = "NAME|FILE")]
    template: Option<String>,
    /// Your brand: a file that names logo, colours, fonts, intro, outro and lower third
    #[arg(long, value_name = "FILE")]
    brand: Option<String>,
    /// Shape of the picture: 9:16, 4:5, 1:1, 16:9 [default: 9:16]
    #[arg(long)]
    format: Option<String>,
    /// Frames a second: 24, 25, 30, 60 [default: 30]
    #[arg(long)]
    fps: Option<u32>,
    /// Encoder preset: draft, standard, premium
    #[arg(long)]
    quality: Option<String>,
    /// Who writes: extractive: or ollama:MODEL; several separated by commas
    #[arg(long)]
    writer: Option<String>,
    /// Stop at each gate and ask: the script, the scenes, the finished file
    #[arg(long)]
    review: bool,
    /// No voice; captions at reading pace
    #[arg(long)]
    silent: bool,
    /// Fetch nothing: work from local files alone
    #[arg(long)]
    offline: bool,
    /// What is left to taste; the same seed and sources give the same video
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct SubjectArguments {
    /// The best trend of a feed: address or file (RSS, Atom, RDF, JSON Feed)
    #[arg(long, value_name = "FEED")]
    feed: Option<String>,
    /// One page
    #[arg(long)]
    url: Option<String>,
    /// A topic, from what the configured feeds say about it
    #[arg(long)]
    topic: Option<String>,
    /// Your own text, from which a script is written: the text itself, a file, or - for standard input
    #[arg(long, value_name = "TEXT|FILE|-")]
    text: Option<String>,
    /// Your own script, spoken as it is: the script itself, a file, or - for standard input
    #[arg(long, value_name = "SCRIPT|FILE|-")]
    script: Option<String>,
    /// Go on with a run that was stopped: its folder, its id, or nothing for the latest
    #[arg(long, value_name = "FOLDER|RUN", num_args = 0..=1, default_missing_value = "")]
    resume: Option<String>,
}

impl Create {
    /// Hands the flags that are settings to the configuration.
    pub(super) fn settings(&self, layers: &mut Layers) {
        layers.flag("create.seconds", self.seconds);
        layers.flag("create.niche", self.niche.as_ref());
        layers.flag("create.tone", self.tone.as_ref());
        layers.flag("create.platform", self.platform.as_ref());
        layers.flag("create.voice", self.voice.as_deref().or(self.silent.then_some("silent:")));
        layers.flag("create.speed", self.speed);
        layers.flag("create.captions", self.captions.as_ref());
        layers.flag("create.music", self.music.as_ref());
        layers.flag("create.template", self.template.as_ref());
        layers.flag("create.brand", self.brand.as_ref());
        layers.flag("create.format", self.format.as_ref());
        layers.flag("create.fps", self.fps);
        layers.flag("create.quality", self.quality.as_ref());
        layers.flag("writer", self.writer.as_ref());
        layers.flag("offline", self.offline.then_some(true));
    }

    pub(super) async fn run(self, setting: Setting) -> Result<ExitCode, Failure> {
        if self.review && setting.json() {
            return Err(Error::invalid("--review asks a person, --json speaks to a program").into());
        }
        let cancellation = Cancellation::new();
        let _stop = Stop::listen(cancellation.clone());
        let json = setting.json();
        let watch = Watch::new(json);
        let operation = Operation::new(cancellation, watch.progress());
        let made = self.make(setting.config, &watch, &operation).await;
        watch.finish();
        let Some(delivery) = made? else { return Ok(ExitCode::SUCCESS) };
        if !json {
            output::print_line(&delivery.video.display().to_string())?;
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn make(self, config: Config, watch: &Watch, operation: &Operation) -> Result<Option<Delivery>> {
        let Job { orion, run, out } = match &self.subject.resume {
            Some(which) => Job::resume(config, which, self.out.as_deref()).await?,
            None => {
                let request = self.request(&config)?;
                Job::start(config, (request, self.own()), self.out.as_deref(), operation).await?
            }
        };
        let id = run.id;
        watch.tell(
            &format!("run {id}, voice {}", orion.voice_name()),
            serde_json::json!({ "event": "started", "run_id": id, "voice": orion.voice_name() }),
        );
        let made = advance(&orion, run, watch, operation).await;
        let run = made.map_err(|error| go_on_later(error, id))?;
        match &run.state {
            RunState::Completed => {}
            RunState::Rejected { gate } => {
                let event = serde_json::json!({ "event": "rejected", "run_id": id, "gate": gate });
                watch.tell(&format!("rejected at the {gate} gate; nothing was written"), event);
                return Ok(None);
            }
            _ => {
                let event = serde_json::json!({ "event": "waiting", "run_id": id });
                watch.tell(&format!("waiting; go on with: orion create --review --resume {}", short(id)), event);
                return Ok(None);
            }
        }
        let product = orion.production().product(id).await?;
        let folder = out.unwrap_or_else(|| orion.config().out.join(folder_name(&product.title, id)));
        let delivered = deliver(orion.blobs(), &product, &folder).await;
        let delivery = delivered.map_err(|error| go_on_later(error, id))?;
        worklist::delivered(&orion.config().data_dir, id, &delivery.folder)?;
        tell_finished(watch, &product, &delivery);
        Ok(Some(delivery))
    }

    /// The files of the user's own; those that a script file names lie beside it.
    fn own(&self) -> OwnFiles {
        let script = self.subject.script.as_deref().map(Path::new).filter(|path| path.is_file());
        OwnFiles {
            images: self.image.clone(),
            clips: self.clip.clone(),
            voice: self.voice_file.clone(),
            audio: self.audio.clone(),
            folder: Some(script.and_then(Path::parent).map(Path::to_owned).unwrap_or_default()),
        }
    }

    fn request(&self, config: &Config) -> Result<CreateRequest> {
        let subject = match self.subject.read()? {
            Some(subject) => subject,
            // It is written down once it was heard.
            None if self.audio.is_some() => Subject::Script { script: String::new() },
            None => {
                return Err(Error::invalid("there is nothing to make a video of").with_hint(
                    "name a subject: --feed FEED, --url PAGE, --topic WORDS, --text FILE, --script FILE or --audio FILE",
                ));
            }
        };
        let mut request = config.request(subject)?;
        request.seed = self.seed;
        if self.review {
            request.gates = Gate::ALL.to_vec();
        }
        if self.audio.is_none() {
            request.check()?;
        }
        Ok(request)
    }
}

/// A run with the engine it belongs to, and where its files go.
struct Job {
    orion: Orion,
    run: Run,
    out: Option<PathBuf>,
}

impl Job {
    async fn start(
        config: Config,
        (mut request, own): (CreateRequest, OwnFiles),
        out: Option<&Path>,
        operation: &Operation,
    ) -> Result<Self> {
        let out = out.map(absolute).transpose()?;
        check_folder(out.as_deref().unwrap_or(&config.out))?;
        request.template = style::template(&config.template)?;
        let brand = config.brand.trim();
        let brand = if brand.is_empty() { None } else { Some(style::BrandFile::read(Path::new(brand))?) };
        let orion = Orion::builder().config(config).build().await?;
        orion.check_tools()?;
        if let Some(brand) = brand {
            brand.notes.iter().for_each(|note| output::say(&format!("note: {note}")));
            request.brand = Some(orion.brand(&brand, request.canvas).await?);
        }
        orion.take_in(&mut request, &own, operation).await?;
        let run = orion.start(UserId::SYSTEM, request, operation).await?;
        let note = worklist::Note::new(run.id, out.clone(), orion.config());
        worklist::write(&orion.config().data_dir, &note)?;
        Ok(Self { orion, run, out })
    }

    async fn resume(mut config: Config, which: &str, out: Option<&Path>) -> Result<Self> {
        let note = worklist::find(&config, which).await?;
        config.voice.clone_from(&note.voice);
        config.writer.clone_from(&note.writer);
        config.images = note.images.clone().unwrap_or(config.images);
        config.policy = note.policy.clone().unwrap_or(config.policy);
        config.offline = note.offline;
        let orion = Orion::builder().config(config).build().await?;
        orion.check_tools()?;
        let run = orion.run(note.run_id).await?;
        let out = out.map(absolute).transpose()?.or(note.out);
        Ok(Self { orion, run, out })
    }
}

/// Works and asks until nothing more can be done now.
async fn advance(orion: &Orion, mut run: Run, watch: &Watch, operation: &Operation) -> Result<Run> {
    loop {
        run = orion.production().advance(run.id, operation).await?;
        let RunState::Waiting { gate } = run.state else { return Ok(run) };
        watch.pause();
        match Reviewer::new(orion, &run, operation).ask(gate).await? {
            Some(decided) => run = decided,
            None => return Ok(run),
        }
    }
}

fn tell_finished(watch: &Watch, product: &Product, delivery: &Delivery) {
    let report = &product.report;
    for check in report.validation.checks.iter().filter(|check| !check.passed) {
        let line = format!("warning: {} is {}, expected {}", check.name, check.found, check.expected);
        watch.tell(&line, serde_json::json!({ "event": "warning", "check": check }));
    }
    for note in &report.notes {
        watch.tell(&format!("note: {note}"), serde_json::json!({ "event": "note", "message": note }));
    }
    let seconds = report.video.duration.seconds();
    watch.tell(
        &format!("{} ({seconds:.1} s) is in {}", product.title, delivery.folder.display()),
        serde_json::json!({
            "event": "finished",
            "run_id": report.run_id,
            "title": product.title,
            "seconds": seconds,
            "cost_usd": report.cost_usd,
            "validation_passed": report.validation.passed(),
            "folder": delivery.folder,
            "files": delivery.files(),
        }),
    );
}

/// Adds how to go on to the error of a run that has begun, unless the error itself says what to do.
fn go_on_later(error: Error, run: RunId) -> Error {
    let again = format!("orion create --resume {}", short(run));
    match (error.kind(), error.hint().map(str::to_owned)) {
        (ErrorKind::Cancelled, _) => error.with_hint(format!("nothing is lost; go on with: {again}")),
        // The same input would be refused again.
        (ErrorKind::Invalid, _) => error,
        (_, Some(hint)) => error.with_hint(format!("{hint}; then go on with: {again}")),
        (_, None) => error.with_hint(format!("what is done is kept; try again with: {again}")),
    }
}

pub(super) fn short(run: RunId) -> String {
    run.to_string().chars().take(8).collect()
}

impl SubjectArguments {
    /// What about, if it was said.
    fn read(&self) -> Result<Option<Subject>> {
        if let Some(location) = &self.feed {
            let remote = location.contains("://");
            let location = if remote { location.clone() } else { absolute(Path::new(location))?.display().to_string() };
            return Ok(Some(Subject::Feed { location }));
        }
        if let Some(url) = &self.url {
            return Ok(Some(Subject::Url { url: url.clone() }));
        }
        if let Some(topic) = &self.topic {
            return Ok(Some(Subject::Topic { topic: topic.clone() }));
        }
        if let Some(text) = &self.text {
            return Ok(Some(Subject::Text { text: read_text(text)? }));
        }
        let script = self.script.as_deref().map(read_text).transpose()?;
        Ok(script.map(|script| Subject::Script { script }))
    }
}

/// The text itself, or what stands in the file of that name, or on standard input.
pub(super) fn read_text(given: &str) -> Result<String> {
    if given == "-" {
        return read_capped(std::io::stdin().lock(), "standard input");
    }
    let path = Path::new(given);
    let like_a_path = !given.contains(char::is_whitespace)
        && (given.contains('/') || path.extension().is_some_and(|extension| extension == "txt" || extension == "md"));
    match std::fs::File::open(path) {
        Ok(file) if path.is_file() => read_capped(file, given),
        Err(error) if like_a_path => Err(Error::not_found("this file cannot be read")
            .with_context("file", given)
            .with_source(error)
            .with_hint("check the path; a text itself can be given too, in quotation marks")),
        _ => Ok(given.to_owned()),
    }
}

fn read_capped(source: impl Read, name: &str) -> Result<String> {
    let mut bytes = Vec::new();
    source
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::unavailable("the text cannot be read").with_context("from", name).with_source(error))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Error::invalid("the text is longer than 1 MiB")
            .with_context("from", name)
            .with_hint("a video of a minute takes about 150 words"));
    }
    String::from_utf8(bytes).map(|text| text.trim_start_matches('\u{feff}').to_owned()).map_err(|_| {
        Error::invalid("the text is not UTF-8")
            .with_context("from", name)
            .with_hint("save it as UTF-8, or convert it: iconv -t utf-8")
    })
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path)
        .map_err(|error| Error::invalid("this is no path").with_context("path", path.display()).with_source(error))
}

/// Finds out before the work whether its result can be written: the nearest folder that exists must be one.
pub(super) fn check_folder(folder: &Path) -> Result<()> {
    let folder = absolute(folder)?;
    let Some(existing) = folder.ancestors().find(|ancestor| ancestor.exists()) else { return Ok(()) };
    if !existing.is_dir() {
        return Err(Error::invalid("a file is in the way")
            .with_context("path", existing.display())
            .with_hint("name another folder with --out"));
    }
    let probe = existing.join(format!(".orion-{}", std::process::id()));
    delivery::write_file(&probe, b"")?;
    // It was written a moment ago; if it cannot go, it does no harm.
    let _ = std::fs::remove_file(&probe);
    Ok(())
}
