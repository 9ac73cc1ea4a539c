//! The engine with batteries: every port filled by a built-in part, unless one of your own is given.

use crate::config::Config;
use crate::delivery::{Delivery, deliver};
use crate::providers::{self, Own, Providers};
use crate::roster::FileRoster;
use crate::switch::Switches;
use crate::system::{OsEntropy, SystemClock, TokioSleeper};
use crate::{sources, style};
use orion_adapters::redis::Redis;
use orion_core::domain::{Gate, Run, RunState};
use orion_core::id::{RunId, UserId};
use orion_core::port::{
    BlobStore, ClipModel, Clock, Entropy, Fetcher, ImageModel, LanguageModel, PlatformPublisher, RepositoryExt, Roster,
    ScriptWriter, SpeechModel, Store, Transcriber, TrendSource, Wire,
};
use orion_core::service::director::{Director, VectorMemory};
use orion_core::service::editor::Editor;
use orion_core::service::lease::{Alone, Worker};
use orion_core::service::media::Media;
use orion_core::service::production::{CreateRequest, Product, Production, Subject};
use orion_core::service::scout::{ScanRequest, Scout};
use orion_core::strategy::Strategy;
use orion_core::{Error, Operation, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The engine: finds trends and makes videos. Cheap to clone.
///
/// ```no_run
/// # async fn example() -> orion_core::Result<()> {
/// use orion_host::{CreateRequest, Operation, Orion, Subject};
/// let orion = Orion::builder().data_dir("data").build().await?;
/// let request = CreateRequest::new(Subject::Feed { location: "feed.xml".to_owned() });
/// let video = orion.create(request, "video", &Operation::detached()).await?;
/// assert!(video.video.ends_with("video.mp4"));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Orion {
    config: Config,
    production: Production,
    switches: Switches,
    own: Own,
    transcriber: Strategy<dyn Transcriber>,
    tools: orion_adapters::render::Tools,
    destinations: Vec<Arc<dyn PlatformPublisher>>,
    transcoder: orion_adapters::render::Transcoder,
    redis: Option<Redis>,
}

impl Orion {
    /// An engine on built-in parts, to be refined.
    pub fn builder() -> OrionBuilder {
        OrionBuilder::default()
    }

    /// The settings it runs with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The use case that makes videos, for gates, editing and everything else beyond [`create`](Self::create).
    pub fn production(&self) -> &Production {
        &self.production
    }

    pub(crate) fn switches(&self) -> &Switches {
        &self.switches
    }

    /// The use case that finds trends.
    pub fn scout(&self) -> &Scout {
        &self.production.scout
    }

    pub(crate) fn own(&self) -> &Own {
        &self.own
    }

    /// Who writes down what is said in sounds that Orion did not speak, and listens to voices that tell no word times;
    /// nobody unless somebody was named or chosen.
    pub fn transcriber(&self) -> &Strategy<dyn Transcriber> {
        &self.transcriber
    }

    /// Stored files.
    pub fn blobs(&self) -> &dyn BlobStore {
        &*self.production.blobs
    }

    /// Places to publish that were given to the builder; they stand before the built-in ones.
    pub fn destinations(&self) -> &[Arc<dyn PlatformPublisher>] {
        &self.destinations
    }

    /// The Redis server that processes share, if there is one.
    pub fn redis(&self) -> Option<&Redis> {
        self.redis.as_ref()
    }

    /// Who speaks: `piper/joe`, or `piper/joe, then espeak-ng/1.51`.
    pub fn voice_name(&self) -> String {
        let order = self.production.editor.speech.order();
        order.iter().map(ToString::to_string).collect::<Vec<_>>().join(", then ")
    }

    /// Checks that the program which encodes and probes video is installed.
    ///
    /// # Errors
    /// [`Unavailable`](orion_core::ErrorKind::Unavailable) with the next step.
    pub fn check_tools(&self) -> Result<()> {
        self.tools.ffmpeg().map(drop)
    }

    /// Makes one video and writes its files into a folder.
    ///
    /// # Errors
    /// That of the stage that failed; [`Cancelled`](orion_core::ErrorKind::Cancelled) if the operation was stopped.
    /// [`Conflict`](orion_core::ErrorKind::Conflict) if the request has gates: a person must decide, see
    /// [`production`](Self::production).
    pub async fn create(
        &self,
        request: CreateRequest,
        folder: impl AsRef<Path>,
        operation: &Operation,
    ) -> Result<Delivery> {
        self.check_tools()?;
        let run = self.start(UserId::SYSTEM, request, operation).await?;
        let run = self.production.advance(run.id, operation).await?;
        if run.state != RunState::Completed {
            return Err(Error::conflict("the run waits for a person").with_context("run", run.id));
        }
        deliver(self.blobs(), &self.product(run.id).await?, folder.as_ref()).await
    }

    /// Writes a new run down; `production().advance(…)` does it. For a topic the configured feeds are read first.
    ///
    /// # Errors
    /// As [`Production::start`], and those of the feeds for a topic.
    pub async fn start(&self, owner: UserId, mut request: CreateRequest, operation: &Operation) -> Result<Run> {
        if matches!(request.subject, Subject::Topic { .. }) {
            if self.scout().sources.is_empty() {
                return Err(Error::invalid("a topic needs feeds that may say something about it")
                    .with_hint("name some: --set feeds=ADDRESS,ADDRESS, or `feeds` in orion.toml"));
            }
            self.scout()
                .scan(
                    &ScanRequest { limit: 100, region: self.config.region.clone(), ..ScanRequest::default() },
                    operation,
                )
                .await?;
        }
        if let Subject::Script { script } = &request.subject {
            crate::captioned::check_letters(script)?;
        }
        if request.own.music.is_none() && request.own.track.is_none() {
            request.own.music = self.music(&self.config.music, operation).await?;
        }
        if request.template.is_none() {
            request.template = style::template(&self.config.template)?;
        }
        if request.brand.is_none() && !self.config.brand.trim().is_empty() {
            let file = style::BrandFile::read(Path::new(self.config.brand.trim()))?;
            file.notes.iter().for_each(|note| tracing::warn!(brand = file.name(), "{note}"));
            request.brand = Some(self.brand(&file, request.canvas).await?);
        }
        if request.voice.is_none() {
            request.voice = self.only_voice().await?;
        }
        self.production.start(owner, &request).await
    }

    /// The voice that speaks if there is no choice: it is written into a run, so that it goes on with the voice it
    /// began with.
    ///
    /// # Errors
    /// What the speech provider says.
    pub async fn only_voice(&self) -> Result<Option<String>> {
        let speech = &self.production.editor.speech;
        match speech.order().as_slice() {
            [only] => match speech.find(only) {
                Some(model) => Ok(model.voices().await?.into_iter().next().map(|voice| voice.id)),
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// A request as the settings have it, for what nobody asks for by name: a person sees the video at its end.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for settings that make no video.
    pub fn reviewed(&self, subject: Subject, voice: Option<String>) -> Result<CreateRequest> {
        let mut request = self.config.request(subject)?;
        if matches!(request.subject, Subject::Trend { .. }) {
            // The trend knows its own.
            request.niche = None;
        }
        request.gates = vec![Gate::Review];
        request.voice = voice.or(request.voice);
        Ok(request)
    }

    /// The same engine with other music under what it begins: a mood, a file of sound, or `none`.
    pub fn with_music(mut self, music: impl Into<String>) -> Self {
        self.config.music = music.into();
        self
    }

    pub(crate) fn tools(&self) -> &orion_adapters::render::Tools {
        &self.tools
    }

    /// Turns sound into other forms.
    pub fn transcoder(&self) -> &orion_adapters::render::Transcoder {
        &self.transcoder
    }

    /// A run as it stands.
    ///
    /// # Errors
    /// [`NotFound`](orion_core::ErrorKind::NotFound) if there is no such run.
    pub async fn run(&self, id: RunId) -> Result<Run> {
        self.production.store.read().await?.runs().require(id).await
    }

    /// What a finished run has made.
    ///
    /// # Errors
    /// As [`Production::product`].
    pub async fn product(&self, id: RunId) -> Result<Product> {
        self.production.product(id).await
    }
}

/// Builds an [`Orion`]. What is not given is taken from the settings.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct OrionBuilder {
    config: Config,
    store: Option<Arc<dyn Store>>,
    blobs: Option<Arc<dyn BlobStore>>,
    fetcher: Option<Arc<dyn Fetcher>>,
    writer: Option<Strategy<dyn ScriptWriter>>,
    images: Option<Strategy<dyn ImageModel>>,
    speech: Option<Strategy<dyn SpeechModel>>,
    transcriber: Option<Strategy<dyn Transcriber>>,
    clock: Option<Arc<dyn Clock>>,
    entropy: Option<Arc<dyn Entropy>>,
    own: Own,
    sources: Vec<Arc<dyn TrendSource>>,
    destinations: Vec<Arc<dyn PlatformPublisher>>,
}

impl OrionBuilder {
    /// All settings at once; later calls refine them.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Folder of the database, the stored files and the voices.
    pub fn data_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.config.data_dir = folder.into();
        self
    }

    /// Where the record is kept: `sqlite:orion.db`, `postgres://orion:secret@localhost/orion`, `memory:`.
    pub fn store(mut self, uri: impl Into<String>) -> Self {
        self.config.store = uri.into();
        self
    }

    /// Where files are kept: `file:blobs`, `memory:`.
    pub fn blobs(mut self, uri: impl Into<String>) -> Self {
        self.config.blobs = uri.into();
        self
    }

    /// Who writes: `extractive:`, `ollama:llama3.2`, or both in the order in which they are asked, separated by commas.
    pub fn writer(mut self, uri: impl Into<String>) -> Self {
        self.config.writer = uri.into();
        self
    }

    /// Who speaks: a voice's name, a Piper `.onnx` file, `espeak:en`, `silent:`; or several, separated by commas.
    pub fn voice(mut self, voice: impl Into<String>) -> Self {
        self.config.voice = voice.into();
        self
    }

    /// Nobody speaks; captions run at reading pace.
    pub fn silent(self) -> Self {
        self.voice("silent:")
    }

    /// Fetches nothing.
    pub fn offline(mut self) -> Self {
        self.config.offline = true;
        self
    }

    /// Feeds to scout and to search for a topic.
    pub fn feeds<F: Into<String>>(mut self, feeds: impl IntoIterator<Item = F>) -> Self {
        self.config.feeds = feeds.into_iter().map(Into::into).collect();
        self
    }

    /// A record of your own.
    pub fn with_store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// A file store of your own.
    pub fn with_blobs(mut self, blobs: Arc<dyn BlobStore>) -> Self {
        self.blobs = Some(blobs);
        self
    }

    /// A fetcher of your own.
    pub fn with_fetcher(mut self, fetcher: Arc<dyn Fetcher>) -> Self {
        self.fetcher = Some(fetcher);
        self
    }

    /// A script writer of your own, or several as a [`Strategy`]. What it writes is checked against the sources like
    /// any other script.
    pub fn with_writer(mut self, writer: impl Into<Strategy<dyn ScriptWriter>>) -> Self {
        self.writer = Some(writer.into());
        self
    }

    /// A picture maker of your own, or several as a [`Strategy`].
    pub fn with_images(mut self, images: impl Into<Strategy<dyn ImageModel>>) -> Self {
        self.images = Some(images.into());
        self
    }

    /// A voice of your own, or several as a [`Strategy`].
    pub fn with_speech(mut self, speech: impl Into<Strategy<dyn SpeechModel>>) -> Self {
        self.speech = Some(speech.into());
        self
    }

    /// A transcriber of your own, or several as a [`Strategy`].
    pub fn with_transcriber(mut self, transcriber: impl Into<Strategy<dyn Transcriber>>) -> Self {
        self.transcriber = Some(transcriber.into());
        self
    }

    /// A language model of your own that writes and judges, under an address that the setting `writer` can name beside
    /// the built-in ones: `mine, extractive:`.
    pub fn own_language_model(mut self, address: impl Into<String>, model: Arc<dyn LanguageModel>) -> Self {
        self.own.language_models.insert(address.into(), model);
        self
    }

    /// A picture maker of your own under an address that the setting `images` can name.
    pub fn own_images(mut self, address: impl Into<String>, images: Arc<dyn ImageModel>) -> Self {
        self.own.images.insert(address.into(), images);
        self
    }

    /// A voice of your own under an address that the setting `create.voice` can name.
    pub fn own_speech(mut self, address: impl Into<String>, speech: Arc<dyn SpeechModel>) -> Self {
        self.own.speech.insert(address.into(), speech);
        self
    }

    /// One who sets pictures in motion, of your own, under an address that the setting `clips` can name.
    pub fn own_clips(mut self, address: impl Into<String>, clips: Arc<dyn ClipModel>) -> Self {
        self.own.clips.insert(address.into(), clips);
        self
    }

    /// A transcriber of your own under an address that the setting `transcriber` can name.
    pub fn own_transcriber(mut self, address: impl Into<String>, transcriber: Arc<dyn Transcriber>) -> Self {
        self.own.transcribers.insert(address.into(), transcriber);
        self
    }

    /// One more source of trends, beside the configured ones.
    pub fn with_trend_source(mut self, source: Arc<dyn TrendSource>) -> Self {
        self.sources.push(source);
        self
    }

    /// A place to publish of your own; it takes the place of a built-in one of the same destination.
    pub fn with_destination(mut self, destination: Arc<dyn PlatformPublisher>) -> Self {
        self.destinations.push(destination);
        self
    }

    /// A clock of your own, in place of the machine's, or of the server's where the record is in a PostgreSQL database.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Randomness of your own.
    pub fn with_entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = Some(entropy);
        self
    }

    /// Opens every part.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an address that no adapter has;
    /// [`Unavailable`](orion_core::ErrorKind::Unavailable) with the next step for a part that is not there.
    pub async fn build(self) -> Result<Orion> {
        let config = self.config;
        let parts = providers::parts(&config)?;
        let (store, clock) = match self.store {
            Some(store) => (store, None),
            None => (parts.store(&config.store).await?, parts.clock(&config.store).await?),
        };
        let clock = self.clock.or(clock).unwrap_or_else(|| Arc::new(SystemClock));
        let blobs = self.blobs.map_or_else(|| parts.blobs(&config.blobs), Ok)?;
        let fetcher = match self.fetcher {
            Some(fetcher) => Some(fetcher),
            None if config.offline => None,
            None => Some(sources::fetcher(&config, &parts)?),
        };
        #[cfg(feature = "faults")]
        let (store, blobs) = (crate::fault::store(store), crate::fault::blobs(blobs));
        let entropy = self.entropy.unwrap_or_else(|| Arc::new(OsEntropy::default()));
        let own = self.own;
        let providers = Providers::new(&config)?.with_own(own.clone());
        let retrying = providers::retrying(clock.clone(), entropy.clone());
        let transcriber = self.transcriber.map_or_else(|| providers.transcribers(), Ok)?.or_retrying(retrying.clone());
        let providers = providers.with_ear(transcriber.clone());
        let (named, critic) = providers.writers()?;
        let writer = self.writer.unwrap_or(named).or_retrying(retrying.clone());
        let critic = critic.or_retrying(retrying.clone());
        let images = self.images.map_or_else(|| providers.images(&blobs), Ok)?.or_retrying(retrying.clone());
        let clips = providers.clips(&blobs)?.or_retrying(retrying.clone());
        let speech = self.speech.map_or_else(|| providers.speech(), Ok)?.or_retrying(retrying.clone());
        let tools = parts.tools(&config.ffmpeg).with_encoder(config.encoder.parse()?);
        let transcoder = parts.transcoder(tools.clone());
        let (renderer, probe) = parts.renderer(tools.clone(), blobs.clone());
        let articles = fetcher.clone().map(|fetcher| parts.articles(fetcher, config.robots));
        let redis = match config.redis.trim() {
            "" => None,
            address => Some(Redis::open(address)?),
        };
        let wire: Arc<dyn Wire> = match &redis {
            // Beside the record's own, which wakes the others while Redis is away.
            Some(redis) if config.wire.trim().is_empty() => Arc::new(redis.wire_beside(parts.wire("", &config.store)?)),
            _ => parts.wire(&config.wire, &config.store)?,
        };
        #[cfg(feature = "faults")]
        let wire = crate::fault::wire(wire);
        let memory = match providers.vectors()? {
            Some(index) => Some(VectorMemory::new(index, providers.embedders()?.or_retrying(retrying))),
            None => None,
        };
        let mut scout = Scout {
            wire: wire.clone(),
            store: store.clone(),
            blobs: blobs.clone(),
            reader: parts.feeds(fetcher.clone()),
            clock: clock.clone(),
            entropy: entropy.clone(),
            sources: Vec::new(),
            witnesses: Vec::new(),
            plan: sources::plan(&config),
        };
        sources::open(&config, &parts, fetcher.clone(), &mut scout)?;
        scout.sources.extend(self.sources);
        let me = entropy.uuid();
        let roster: Arc<dyn Roster> = match config.is_kept() {
            true => Arc::new(FileRoster::new(&config.data_dir, me)),
            false => Arc::new(Alone(me)),
        };
        let production = Production {
            budget: config.budget()?,
            worker: Worker::new(Arc::new(TokioSleeper), roster),
            director: Director { articles, writer, critic, memory },
            media: Media { images, clips, fetcher, blobs: blobs.clone() },
            editor: Editor { speech, blobs: blobs.clone(), renderer, probe },
            wire,
            scout,
            store,
            blobs,
            clock,
            entropy,
        };
        let switches = Switches::of(&production, &transcriber);
        let destinations = self.destinations;
        Ok(Orion { config, switches, own, production, transcriber, tools, transcoder, destinations, redis })
    }
}
