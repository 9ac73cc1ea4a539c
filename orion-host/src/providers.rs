//! Opens the providers that the settings name: one strategy for each capability, all under one policy.

use crate::config::Config;
use crate::system::TokioSleeper;
use orion_adapters::ollama::OllamaOptions;
use orion_adapters::{ComfyAccess, FalAccess, Parts, S3Access, WordsAccess};
use orion_core::port::{
    BlobStore, ClipModel, Clock, Embedder, Entropy, ImageModel, LanguageModel, Provider, ScriptWriter, Side,
    SpeechModel, Transcriber, VectorIndex,
};
use orion_core::service::director::{Critic, ModelCritic, ModelWriter};
use orion_core::strategy::{Capability, Policy, Retrying, Strategy};
use orion_core::{Error, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Providers of the program itself, by the addresses that settings name them with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Own {
    pub(crate) language_models: BTreeMap<String, Arc<dyn LanguageModel>>,
    pub(crate) images: BTreeMap<String, Arc<dyn ImageModel>>,
    pub(crate) speech: BTreeMap<String, Arc<dyn SpeechModel>>,
    pub(crate) clips: BTreeMap<String, Arc<dyn ClipModel>>,
    pub(crate) transcribers: BTreeMap<String, Arc<dyn Transcriber>>,
}

/// Opens strategies by the settings.
pub(crate) struct Providers<'c> {
    config: &'c Config,
    parts: Parts,
    policy: Policy,
    own: Own,
}

impl<'c> Providers<'c> {
    /// Providers of these settings; nothing is opened yet.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for a policy that is none.
    pub(crate) fn new(config: &'c Config) -> Result<Self> {
        let policy = match config.policy.parse() {
            Ok(policy) if !matches!(policy, Policy::Chain(_) | Policy::Nobody) => policy,
            _ => {
                return Err(Error::invalid("this is no policy")
                    .with_context("setting", "policy")
                    .with_context("value", &config.policy)
                    .with_hint(
                        "use local, cloud, prefer-local or prefer-cloud; who is asked first among those of one side \
                         is the order in `writer`, `images` and `create.voice`",
                    ));
            }
        };
        Ok(Self { config, parts: parts(config)?, policy, own: Own::default() })
    }

    /// Knows providers of the program itself, too.
    pub(crate) fn with_own(mut self, own: Own) -> Self {
        self.own = own;
        self
    }

    /// Lets these listen to voices that tell no word times.
    pub(crate) fn with_ear(mut self, ear: Strategy<dyn Transcriber>) -> Self {
        self.parts = self.parts.with_ear(ear);
        self
    }

    /// Who writes, and who judges what was written.
    pub(crate) fn writers(&self) -> Result<(Strategy<dyn ScriptWriter>, Strategy<dyn Critic>)> {
        let setting = "writer";
        let opened = addresses(setting, &self.config.writer, |address| self.writer(address))?;
        let (writers, critics) = opened.into_iter().unzip();
        Ok((self.strategy(setting, writers)?, self.strategy(setting, critics)?))
    }

    /// Where vectors are kept, unless nothing is to be remembered.
    pub(crate) fn vectors(&self) -> Result<Option<Arc<dyn VectorIndex>>> {
        let config = self.config;
        let opened = self.parts.vectors(&config.vectors, &config.milvus_token);
        opened.map_err(|error| error.with_context("setting", "vectors"))
    }

    /// Who makes vectors of texts.
    pub(crate) fn embedders(&self) -> Result<Strategy<dyn Embedder>> {
        let setting = "embeddings";
        self.strategy(setting, addresses(setting, &self.config.embeddings, |address| self.embedder(address))?)
    }

    /// Who makes pictures.
    pub(crate) fn images(&self, blobs: &Arc<dyn BlobStore>) -> Result<Strategy<dyn ImageModel>> {
        let setting = "images";
        let opened = addresses(setting, &self.config.images, |address| self.image(address, blobs))?;
        self.strategy(setting, opened)
    }

    /// Who sets pictures in motion; nobody unless somebody is named.
    pub(crate) fn clips(&self, blobs: &Arc<dyn BlobStore>) -> Result<Strategy<dyn ClipModel>> {
        let setting = "clips";
        if self.config.clips.trim().is_empty() {
            return self.nobody();
        }
        self.strategy(setting, addresses(setting, &self.config.clips, |address| self.clip(address, blobs))?)
    }

    /// Who speaks.
    pub(crate) fn speech(&self) -> Result<Strategy<dyn SpeechModel>> {
        let setting = "create.voice";
        let opened = match self.config.voice.trim() {
            "" => vec![self.voice("")?],
            voice => addresses(setting, voice, |address| self.voice(address))?,
        };
        self.strategy(setting, opened)
    }

    /// One who writes, and who judges what it wrote.
    pub(crate) fn writer(&self, address: &str) -> Result<(Arc<dyn ScriptWriter>, Arc<dyn Critic>)> {
        match self.own.language_models.get(address) {
            Some(model) => Ok((Arc::new(ModelWriter::new(model.clone())), Arc::new(ModelCritic::new(model.clone())))),
            None => self.parts.writer(address),
        }
    }

    /// One who makes pictures.
    pub(crate) fn image(&self, address: &str, blobs: &Arc<dyn BlobStore>) -> Result<Arc<dyn ImageModel>> {
        match self.own.images.get(address) {
            Some(images) => Ok(images.clone()),
            None => self.parts.images(address, blobs.clone()),
        }
    }

    /// One who speaks.
    pub(crate) fn voice(&self, address: &str) -> Result<Arc<dyn SpeechModel>> {
        match self.own.speech.get(address) {
            Some(speech) => Ok(speech.clone()),
            None => self.parts.speech(address),
        }
    }

    /// One who sets pictures in motion.
    pub(crate) fn clip(&self, address: &str, blobs: &Arc<dyn BlobStore>) -> Result<Arc<dyn ClipModel>> {
        match self.own.clips.get(address) {
            Some(clips) => Ok(clips.clone()),
            None => self.parts.clips(address, blobs.clone()),
        }
    }

    /// One who writes down what is said in a sound.
    pub(crate) fn transcriber(&self, address: &str) -> Result<Arc<dyn Transcriber>> {
        match self.own.transcribers.get(address) {
            Some(transcriber) => Ok(transcriber.clone()),
            None => self.parts.transcriber(address),
        }
    }

    /// One who makes vectors.
    pub(crate) fn embedder(&self, address: &str) -> Result<Arc<dyn Embedder>> {
        self.parts.embedder(address)
    }

    /// Who writes down what is said in a sound; nobody unless somebody is named.
    pub(crate) fn transcribers(&self) -> Result<Strategy<dyn Transcriber>> {
        let setting = "transcriber";
        if self.config.transcriber.trim().is_empty() {
            return self.nobody();
        }
        self.strategy(setting, addresses(setting, &self.config.transcriber, |address| self.transcriber(address))?)
    }

    /// A capability that nobody has until somebody is chosen.
    fn nobody<P: Capability + ?Sized>(&self) -> Result<Strategy<P>> {
        Strategy::new(self.policy.clone(), Vec::new())
    }

    fn strategy<P: Capability + ?Sized>(&self, setting: &'static str, ports: Vec<Arc<P>>) -> Result<Strategy<P>> {
        let known: Vec<String> = ports.iter().map(|port| shown(port.provider())).collect();
        Strategy::new(self.policy.clone(), ports).map_err(|error| {
            let hint = format!("`{setting}` names {}; change it, or `policy`", known.join(", "));
            error.with_context("setting", setting).with_hint(hint)
        })
    }

    /// What each setting that names providers comes to, in words.
    #[cfg(feature = "cli")]
    pub(crate) fn told(&self) -> [(&'static str, Vec<String>); 6] {
        let blobs: Arc<dyn BlobStore> = Arc::new(orion_core::memory::MemoryBlobs::new());
        [
            ("writer", told(self.writers().map(|(writers, _)| writers))),
            ("images", told(self.images(&blobs))),
            ("create.voice", told(self.speech())),
            ("clips", told(self.clips(&blobs))),
            ("transcriber", told(self.transcribers())),
            ("embeddings", told(self.embedders())),
        ]
    }
}

/// Parts as the settings describe their surroundings.
///
/// # Errors
/// [`Invalid`](orion_core::ErrorKind::Invalid) for a side that is none.
pub(crate) fn parts(config: &Config) -> Result<Parts> {
    let s3 = S3Access {
        endpoint: config.s3_endpoint.clone(),
        region: config.s3_region.clone(),
        access_key: config.s3_access_key.clone(),
        secret_key: Some(config.s3_secret_key.clone()),
        virtual_hosts: config.s3_virtual_hosts,
    };
    let comfyui = ComfyAccess { url: config.comfyui_url.clone(), checkpoint: config.comfyui_checkpoint.clone() };
    let fal = FalAccess {
        url: config.fal_url.clone(),
        key: Some(config.fal_key.clone()),
        rates: (config.fal_image_rate, config.fal_clip_rate),
        allow_private: config.allow_private.clone(),
    };
    let parts = Parts::new(&config.data_dir).with_words(words(config)?);
    Ok(parts.with_s3(s3).with_comfyui(comfyui).with_fal(fal))
}

/// How the servers of words are reached.
fn words(config: &Config) -> Result<WordsAccess> {
    let side = |setting: &'static str, text: &str| match text.trim().to_ascii_lowercase().as_str() {
        "cloud" => Ok(Side::Cloud),
        "local" => Ok(Side::Local),
        _ => Err(Error::invalid("a side is `cloud` or `local`")
            .with_context("setting", setting)
            .with_context("value", text)),
    };
    let mut words = WordsAccess::default();
    words.ollama = OllamaOptions {
        keep_alive: config.ollama_keep_alive.clone(),
        context: config.ollama_context,
        ..OllamaOptions::at(config.ollama_url.clone())
    };
    words.openai.address.clone_from(&config.openai_url);
    words.openai.key = config.openai_key.clone();
    words.openai.side = side("openai.side", &config.openai_side)?;
    words.openai_rates = [
        config.openai_token_rate,
        config.openai_image_rate,
        config.openai_character_rate,
        config.openai_embedding_rate,
        config.openai_transcription_rate,
    ];
    words.whisper.address.clone_from(&config.whisper_url);
    words.whisper.key = config.whisper_key.clone();
    words.whisper.side = side("whisper.side", &config.whisper_side)?;
    words.elevenlabs.address.clone_from(&config.elevenlabs_url);
    words.elevenlabs.key = config.elevenlabs_key.clone();
    words.elevenlabs.model.clone_from(&config.elevenlabs_model);
    words.elevenlabs.stability = config.elevenlabs_stability;
    words.elevenlabs.similarity = config.elevenlabs_similarity;
    words.elevenlabs.rate = Some(config.elevenlabs_rate);
    words.fish.address.clone_from(&config.fish_url);
    words.fish.key = config.fish_key.clone();
    words.dimension = config.embedding_dimension as usize;
    Ok(words)
}

/// The retries of every provider of the engine.
pub(crate) fn retrying(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Retrying {
    Retrying::new(clock, Arc::new(TokioSleeper), entropy)
}

/// Opens every address of a list that is separated by commas.
pub(crate) fn addresses<T>(setting: &'static str, list: &str, open: impl Fn(&str) -> Result<T>) -> Result<Vec<T>> {
    let parts = list.split(',').map(str::trim);
    let open = |address: &str| match address {
        "" => Err(Error::invalid("an address is missing").with_hint("separate addresses by single commas")),
        address => open(address),
    };
    parts.map(|address| open(address).map_err(|error| error.with_context("setting", setting))).collect()
}

/// `ollama/llama3.2 (LOCAL)`
pub(crate) fn shown(provider: &Provider) -> String {
    let side = match provider.side {
        Side::Local => "LOCAL",
        Side::Cloud => "CLOUD",
    };
    format!("{provider} ({side})")
}

/// Who serves in which order, and who never does and why.
#[cfg(feature = "cli")]
fn told<P: Capability + ?Sized>(strategy: Result<Strategy<P>>) -> Vec<String> {
    let strategy = match strategy {
        Ok(strategy) => strategy,
        Err(error) => return vec![format!("nobody serves: {error}")],
    };
    let order = strategy.order();
    if order.is_empty() {
        return vec!["nobody serves".to_owned()];
    }
    let mut lines = vec![format!("serves: {}", order.iter().map(shown).collect::<Vec<_>>().join(", then "))];
    let never = strategy.providers().into_iter().filter(|provider| !order.contains(provider));
    lines
        .extend(never.map(|provider| format!("never asked: {}, as policy is {}", shown(&provider), strategy.policy())));
    lines
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    fn config(change: impl FnOnce(&mut Config)) -> Config {
        let mut config = Config { data_dir: "/nonexistent".into(), voice: "silent:".to_owned(), ..Config::default() };
        change(&mut config);
        config
    }

    #[test]
    fn chains_are_opened_in_order() {
        let config = config(|config| config.writer = "ollama:llama3.2, extractive:".to_owned());
        let providers = Providers::new(&config).unwrap();
        let (writers, critics) = providers.writers().unwrap();
        let names = |order: Vec<Provider>| order.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(writers.order()), ["ollama/llama3.2", "extractive"]);
        assert_eq!(names(critics.order()), ["ollama/llama3.2", "heuristic"]);
        let told = providers.told();
        assert_eq!(told[0], ("writer", vec!["serves: ollama/llama3.2 (LOCAL), then extractive (LOCAL)".to_owned()]));
        assert_eq!(told[1].1, ["serves: scene-graphics/cards-4 (LOCAL)"]);
        assert_eq!(told[2].1, ["serves: silent/silence (LOCAL)"]);
        assert_eq!((&told[3].1, &told[4].1), (&vec!["nobody serves".to_owned()], &vec!["nobody serves".to_owned()]));
        assert_eq!(told[5].1, ["serves: built-in/hashed-ngrams (LOCAL)"]);
    }

    #[test]
    fn what_cannot_serve_is_said_at_the_start() {
        let check = |change: fn(&mut Config), expected: &[&str]| {
            let config = config(change);
            let opened = Providers::new(&config).and_then(|providers| {
                providers.writers()?;
                providers.images(&(Arc::new(orion_core::memory::MemoryBlobs::new()) as Arc<dyn BlobStore>))?;
                providers.speech().map(drop)
            });
            let error = opened.unwrap_err();
            let told = format!("{error:?}");
            assert!(expected.iter().all(|part| told.contains(part)), "{told}");
        };
        check(|config| config.policy = "cloud".to_owned(), &["permits no provider", "setting: writer", "extractive"]);
        check(|config| config.policy = "extractive,ollama".to_owned(), &["no policy", "prefer-local"]);
        check(|config| config.writer = "scribe:".to_owned(), &["setting: writer", "extractive:"]);
        check(
            |config| config.writer = "openai:gpt-5".to_owned(),
            &["setting: writer", "needs a key", "OPENAI_API_KEY"],
        );
        check(|config| config.voice = "elevenlabs:".to_owned(), &["needs a key", "ELEVENLABS_API_KEY"]);
        check(|config| config.openai_side = "both".to_owned(), &["`cloud` or `local`", "setting: openai.side"]);
        check(|config| config.writer = "extractive:,".to_owned(), &["an address is missing", "setting: writer"]);
        check(|config| config.writer = "extractive:,extractive:".to_owned(), &["named twice", "setting: writer"]);
        check(|config| config.images = "midjourney:".to_owned(), &["setting: images", "graphics:"]);
        check(|config| config.images = "graphics:,fal:flux-schnell".to_owned(), &["setting: images", "fal.key"]);
        check(|config| config.images = "comfyui:none.json".to_owned(), &["setting: images", "workflow", "none.json"]);
        check(|config| config.voice = "silent:,nobody".to_owned(), &["not installed", "setting: create.voice"]);
        let named = |change: fn(&mut Config)| {
            let config = config(change);
            let providers = Providers::new(&config).unwrap();
            let blobs: Arc<dyn BlobStore> = Arc::new(orion_core::memory::MemoryBlobs::new());
            providers.clips(&blobs).and_then(|_| providers.transcribers()).and_then(|_| providers.embedders()).map(drop)
        };
        for (change, told) in [
            ((|config| config.clips = "svd:".to_owned()) as fn(&mut Config), "setting: clips"),
            (|config| config.clips = "fal:kling".to_owned(), "fal.key"),
            (|config| config.transcriber = "whisper:".to_owned(), "setting: transcriber"),
            (|config| config.embeddings = "built-in:,bert:".to_owned(), "setting: embeddings"),
        ] {
            let error = format!("{:?}", named(change).unwrap_err());
            assert!(error.contains(told), "{error}");
        }
    }
}
