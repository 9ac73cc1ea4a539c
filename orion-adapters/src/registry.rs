//! Opens ports by their addresses. An unknown scheme is an error that lists those that are built in.

#[cfg(feature = "feeds")]
use crate::SourceKey;
use crate::Uri;
use orion_core::Result;
use orion_core::memory::{MemoryBlobs, MemoryStore, MemoryVectors, MemoryWire};
#[cfg(feature = "feeds")]
use orion_core::port::Fetcher;
use orion_core::port::{BlobStore, Clock, ScriptWriter, Store, VectorIndex, Wire};
use orion_core::service::director::{Critic, ExtractiveWriter, HeuristicCritic, ModelCritic, ModelWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

mod pictures;

#[cfg(feature = "comfyui")]
pub use pictures::ComfyAccess;
#[cfg(feature = "fal")]
pub use pictures::FalAccess;

/// Opens parts; relative paths lie in its folder.
#[derive(Debug, Clone)]
pub struct Parts {
    folder: PathBuf,
    pub(crate) words: crate::WordsAccess,
    #[cfg(feature = "comfyui")]
    comfyui: ComfyAccess,
    #[cfg(feature = "fal")]
    fal: FalAccess,
    #[cfg(feature = "s3")]
    s3: S3Access,
}

/// How buckets are reached.
#[cfg(feature = "s3")]
#[derive(Debug, Clone, Default)]
pub struct S3Access {
    /// Address of a server other than Amazon's; empty is Amazon's.
    pub endpoint: String,
    /// Region of the bucket; empty is `us-east-1`.
    pub region: String,
    /// Name of the access key; empty looks where Amazon's own programs look.
    pub access_key: String,
    /// The secret that belongs to it; empty without a key.
    pub secret_key: Option<orion_core::domain::Secret>,
    /// Whether a server other than Amazon's names the bucket in the host.
    pub virtual_hosts: bool,
}

impl Parts {
    /// Parts of a data folder, which is made when something is first kept in it.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            words: crate::WordsAccess::default(),
            #[cfg(feature = "comfyui")]
            comfyui: ComfyAccess::default(),
            #[cfg(feature = "fal")]
            fal: FalAccess::default(),
            #[cfg(feature = "s3")]
            s3: S3Access::default(),
        }
    }

    /// With the servers of words reached like this.
    #[must_use]
    pub fn with_words(mut self, access: crate::WordsAccess) -> Self {
        self.words = access;
        self
    }

    /// With ComfyUI reached like this.
    #[cfg(feature = "comfyui")]
    #[must_use]
    pub fn with_comfyui(mut self, access: ComfyAccess) -> Self {
        self.comfyui = access;
        self
    }

    /// With Fal reached like this.
    #[cfg(feature = "fal")]
    #[must_use]
    pub fn with_fal(mut self, access: FalAccess) -> Self {
        self.fal = access;
        self
    }

    /// With buckets reached like this.
    #[cfg(feature = "s3")]
    #[must_use]
    pub fn with_s3(mut self, access: S3Access) -> Self {
        self.s3 = access;
        self
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The record: `sqlite:FILE`, `postgres://USER:PASSWORD@HOST/DATABASE` or `memory:`.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an unknown scheme; the adapter's own.
    pub async fn store(&self, address: &str) -> Result<Arc<dyn Store>> {
        const KNOWN: &[&str] = &[
            #[cfg(feature = "sql")]
            "sqlite:FILE",
            #[cfg(feature = "sql")]
            "postgres://USER:PASSWORD@HOST/DATABASE",
            "memory:",
        ];
        let uri = Uri::parse(address)?;
        match uri.scheme() {
            "memory" => Ok(Arc::new(MemoryStore::new())),
            #[cfg(feature = "sql")]
            "sqlite" => {
                uri.require("the database file")?;
                let path = uri.path(&self.folder);
                self.make_private(&path)?;
                Ok(Arc::new(orion_sql::SqlStore::open(&format!("sqlite:{}", path.display())).await?))
            }
            #[cfg(feature = "sql")]
            "postgres" | "postgresql" => Ok(Arc::new(orion_sql::SqlStore::open(address).await?)),
            _ => Err(uri.unknown("store", KNOWN)),
        }
    }

    /// Stored files: `file:FOLDER`, `s3:BUCKET/PREFIX` or `memory:`.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an unknown scheme; the adapter's own.
    pub fn blobs(&self, address: &str) -> Result<Arc<dyn BlobStore>> {
        const KNOWN: &[&str] = &[
            #[cfg(feature = "blob")]
            "file:FOLDER",
            #[cfg(feature = "s3")]
            "s3:BUCKET/PREFIX",
            "memory:",
        ];
        let uri = Uri::parse(address)?;
        match uri.scheme() {
            "memory" => Ok(Arc::new(MemoryBlobs::new())),
            #[cfg(feature = "blob")]
            "file" => {
                uri.require("the folder")?;
                Ok(Arc::new(orion_blob::FolderBlobs::open(uri.path(&self.folder))?))
            }
            #[cfg(feature = "s3")]
            "s3" => Ok(Arc::new(self.bucket(uri.require("the bucket")?)?)),
            _ => Err(uri.unknown("blobs", KNOWN)),
        }
    }

    /// Where vectors are kept: `file:FOLDER`, `milvus://HOST:PORT/DATABASE` (`milvus+tls://…`), `memory:`, or nowhere
    /// (`none:`). `token` is what Milvus asks for: `user:password`, or an API key.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an unknown scheme; the adapter's own.
    pub fn vectors(&self, address: &str, token: &orion_core::domain::Secret) -> Result<Option<Arc<dyn VectorIndex>>> {
        const KNOWN: &[&str] = &[
            #[cfg(feature = "blob")]
            "file:FOLDER",
            #[cfg(feature = "milvus")]
            "milvus://HOST:PORT/DATABASE",
            "memory:",
            "none:",
        ];
        #[cfg(not(feature = "milvus"))]
        let _ = token;
        let uri = Uri::parse(address)?;
        match uri.scheme() {
            "none" => Ok(None),
            "memory" => Ok(Some(Arc::new(MemoryVectors::new()))),
            #[cfg(feature = "blob")]
            "file" => {
                uri.require("the folder")?;
                Ok(Some(Arc::new(orion_blob::FolderVectors::new(uri.path(&self.folder)))))
            }
            #[cfg(feature = "milvus")]
            "milvus" | "milvus+tls" => {
                let options = orion_milvus::MilvusOptions::parse(address)?.with_token(token);
                Ok(Some(Arc::new(orion_milvus::MilvusVectors::new(options)?)))
            }
            _ => Err(uri.unknown("vectors", KNOWN)),
        }
    }

    /// Who writes and who judges: `extractive:` (built in, no model), `ollama:MODEL` or `openai:MODEL`.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an unknown scheme; the adapter's own.
    pub fn writer(&self, address: &str) -> Result<(Arc<dyn ScriptWriter>, Arc<dyn Critic>)> {
        const KNOWN: &[&str] = &[
            "extractive:",
            #[cfg(feature = "ollama")]
            "ollama:MODEL",
            #[cfg(feature = "openai")]
            "openai:MODEL",
        ];
        let uri = Uri::parse(address)?;
        if uri.scheme() == "extractive" {
            return Ok((Arc::new(ExtractiveWriter), Arc::new(HeuristicCritic)));
        }
        let model = self.language_model(&uri)?.ok_or_else(|| uri.unknown("writer", KNOWN))?;
        Ok((Arc::new(ModelWriter::new(model.clone())), Arc::new(ModelCritic::new(model))))
    }

    /// The clock by which those on a store go: that of its server, or nothing where the machine's own will do.
    ///
    /// # Errors
    /// [`Unavailable`](orion_core::ErrorKind::Unavailable) if the server does not answer.
    pub async fn clock(&self, store: &str) -> Result<Option<Arc<dyn Clock>>> {
        #[cfg(feature = "sql")]
        if matches!(Uri::parse(store)?.scheme(), "postgres" | "postgresql") {
            return Ok(Some(Arc::new(orion_sql::PgClock::open(store).await?)));
        }
        #[cfg(not(feature = "sql"))]
        let _ = store;
        Ok(None)
    }

    /// The live wire of a store: `memory:` (within this process), or `postgres:` (between the processes on the store's
    /// database; `postgres://…` for another). Empty takes the one that fits the store: `postgres:` where it lies there,
    /// else `memory:`, and processes that share a file find each other's work by looking.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an unknown scheme, and for `postgres:` without such a store.
    pub fn wire(&self, address: &str, store: &str) -> Result<Arc<dyn Wire>> {
        const KNOWN: &[&str] = &[
            "memory:",
            #[cfg(feature = "sql")]
            "postgres:",
        ];
        #[cfg(feature = "sql")]
        let stored = Uri::parse(store).ok();
        #[cfg(feature = "sql")]
        let stored_there = stored.as_ref().is_some_and(|uri| matches!(uri.scheme(), "postgres" | "postgresql"));
        #[cfg(not(feature = "sql"))]
        let _ = store;
        if address.is_empty() {
            #[cfg(feature = "sql")]
            if stored_there {
                return Ok(Arc::new(orion_sql::PgWire::open(store)?));
            }
            #[cfg(feature = "sql")]
            if let Some(uri) = stored.filter(|uri| uri.scheme() == "sqlite") {
                let path = uri.path(&self.folder);
                return Ok(Arc::new(orion_sql::SqliteWire::open(&format!("sqlite:{}", path.display()))?));
            }
            return Ok(Arc::new(MemoryWire::new()));
        }
        let uri = Uri::parse(address)?;
        match uri.scheme() {
            "memory" => Ok(Arc::new(MemoryWire::new())),
            #[cfg(feature = "sql")]
            "postgres" | "postgresql" if !uri.rest().is_empty() => Ok(Arc::new(orion_sql::PgWire::open(address)?)),
            #[cfg(feature = "sql")]
            "postgres" | "postgresql" if stored_there => Ok(Arc::new(orion_sql::PgWire::open(store)?)),
            #[cfg(feature = "sql")]
            "postgres" | "postgresql" => {
                Err(orion_core::Error::invalid("the store has no PostgreSQL database to wire")
                    .with_hint("name one: postgres://USER:PASSWORD@HOST/DATABASE, or leave the wire to the store"))
            }
            _ => Err(uri.unknown("wire", KNOWN)),
        }
    }

    /// Makes the file of a database for its owner alone, and its folder: it holds hashes of passwords.
    #[cfg(feature = "sql")]
    fn make_private(&self, path: &Path) -> Result<()> {
        use orion_core::{Error, ErrorKind};
        let parent = path.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(parent).and_then(|()| private(path)).map_err(|error| {
            let kind = match error.kind() {
                std::io::ErrorKind::StorageFull => ErrorKind::Exhausted,
                std::io::ErrorKind::PermissionDenied => ErrorKind::Forbidden,
                _ => ErrorKind::Unavailable,
            };
            Error::new(kind, "the data folder cannot be made")
                .with_context("path", parent.display())
                .with_hint("set `data_dir` (ORION_DATA_DIR) to a folder that can be written")
                .with_source(error)
        })
    }
}

/// An empty file, if there is none, that nobody else may read. What SQLite puts beside it gets the same rights.
#[cfg(feature = "sql")]
fn private(path: &Path) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let mut options = std::fs::File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

#[cfg(feature = "s3")]
impl Parts {
    /// A bucket, by `BUCKET` or `BUCKET/PREFIX`.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for a name, an address or a key that cannot be right.
    pub fn bucket(&self, place: &str) -> Result<orion_s3::S3Blobs> {
        let access = &self.s3;
        let mut options = orion_s3::S3Options::parse(place)?.at(&access.endpoint)?;
        if !access.region.trim().is_empty() {
            access.region.trim().clone_into(&mut options.region);
        }
        options.path_style &= !access.virtual_hosts;
        let secret = access.secret_key.clone().unwrap_or_else(|| orion_core::domain::Secret::new(""));
        orion_s3::S3Blobs::open(options.with_key(access.access_key.trim(), secret))
    }
}

#[cfg(feature = "feeds")]
impl Parts {
    /// Fetches from public addresses, and from private ones of these hosts. `contact` is told to every server; keys are
    /// shown to their own.
    ///
    /// # Errors
    /// As [`FetcherBuilder::build`](orion_fetch::FetcherBuilder::build) and
    /// [`credential`](orion_fetch::FetcherBuilder::credential).
    pub fn fetcher(&self, allow_private: &[String], contact: &str, keys: &[SourceKey]) -> Result<Arc<dyn Fetcher>> {
        let mut builder = orion_fetch::HttpFetcher::builder().allow_private(allow_private);
        if !contact.trim().is_empty() {
            let version = env!("CARGO_PKG_VERSION");
            builder = builder.user_agent(format!("Orion/{version} (feed and article reader; {})", contact.trim()));
        }
        for key in keys {
            builder = builder.credential(&key.address, key.header, &key.secret)?;
        }
        Ok(Arc::new(builder.build()?))
    }

    /// Reads feeds; without a fetcher only local ones.
    pub fn feeds(&self, fetcher: Option<Arc<dyn Fetcher>>) -> Arc<dyn orion_core::port::FeedReader> {
        Arc::new(orion_feeds::HttpFeedReader::new(fetcher.unwrap_or_else(|| Arc::new(crate::Offline))))
    }

    /// Reads articles of web pages; with `robots`, those that feeds name only where the site's `robots.txt` allows.
    pub fn articles(&self, fetcher: Arc<dyn Fetcher>, robots: bool) -> Arc<dyn orion_core::port::ArticleReader> {
        let articles = orion_feeds::ReadableArticles::new(fetcher);
        Arc::new(if robots { articles } else { articles.without_robots() })
    }
}

#[cfg(feature = "speech")]
impl Parts {
    /// The installed voices.
    pub fn voices(&self) -> orion_speech::VoiceLibrary {
        orion_speech::VoiceLibrary::new(self.folder.join("voices"))
    }

    /// Who speaks: the name of an installed voice, a Piper `.onnx` file, `piper:NAME`, `espeak:LANGUAGE`, `silent:`, or
    /// a voice on a server: `openai:MODEL/VOICE`, `elevenlabs:VOICE`, `fish:VOICE`. Empty takes the default voice, and espeak-ng where none is installed.
    ///
    /// # Errors
    /// [`NotFound`](orion_core::ErrorKind::NotFound) for a voice that is not there; [`Unavailable`](orion_core::ErrorKind::Unavailable)
    /// with the next step if there is none at all.
    pub fn speech(&self, voice: &str) -> Result<Arc<dyn orion_core::port::SpeechModel>> {
        use orion_speech::{EspeakSpeech, PiperSpeech, SilentSpeech};
        let library = self.voices();
        let uri = Uri::parse(voice).ok();
        if let Some(served) = uri.as_ref().map(|uri| self.served_voice(uri)).transpose()?.flatten() {
            return Ok(served);
        }
        let rest = |uri: &Uri| Some(uri.rest().to_owned()).filter(|rest| !rest.is_empty());
        match uri.as_ref().map(|uri| (uri.scheme(), rest(uri))) {
            Some(("silent", _)) => Ok(Arc::new(SilentSpeech::new())),
            Some(("espeak", language)) => Ok(Arc::new(EspeakSpeech::find(language.as_deref())?)),
            Some(("piper", name)) => Ok(Arc::new(PiperSpeech::new(library.find(name.as_deref())?))),
            // A path may hold a colon; `open` knows what it is, or says that it is not there.
            _ => orion_speech::open(Some(voice).filter(|voice| !voice.is_empty()), &library),
        }
    }
}

#[cfg(feature = "mail")]
impl Parts {
    /// Who sends mail from an address: `outbox:FOLDER` (files in a folder), or a mail server by
    /// `smtp://USER:PASSWORD@HOST:PORT` or `smtps://…`, see [`SmtpOptions::parse`](orion_mail::SmtpOptions::parse).
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an unknown scheme; the adapter's own.
    pub fn mailer(&self, address: &str, from: &str) -> Result<Arc<dyn orion_core::port::Mailer>> {
        let uri = Uri::parse(address)?;
        match uri.scheme() {
            "outbox" => {
                uri.require("the folder")?;
                Ok(Arc::new(orion_mail::OutboxMailer::open(uri.path(&self.folder), from)?))
            }
            "smtp" | "smtps" => {
                let options = orion_mail::SmtpOptions::parse(address)?;
                Ok(Arc::new(orion_mail::SmtpMailer::new(&options, from)?))
            }
            _ => Err(uri.unknown("mail", &["outbox:FOLDER", "smtp://HOST", "smtps://HOST"])),
        }
    }
}

#[cfg(feature = "social")]
impl Parts {
    /// A place to publish: `folder:ROOT` (users choose folders below it) or `webhook:` (users name servers of their
    /// own; private ones only of these hosts).
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an unknown scheme; the adapter's own.
    pub fn destination(
        &self,
        address: &str,
        blobs: Arc<dyn BlobStore>,
        allow_private: &[String],
    ) -> Result<Arc<dyn orion_core::port::PlatformPublisher>> {
        let uri = Uri::parse(address)?;
        match uri.scheme() {
            "folder" => {
                uri.require("the folder")?;
                Ok(Arc::new(orion_social::FolderDestination::new(uri.path(&self.folder), blobs)?))
            }
            "webhook" => {
                let agent = concat!("Orion/", env!("CARGO_PKG_VERSION"), " (webhook)");
                let fetcher =
                    orion_fetch::HttpFetcher::builder().user_agent(agent).allow_private(allow_private).build()?;
                Ok(Arc::new(orion_social::WebhookDestination::new(Arc::new(fetcher))))
            }
            _ => Err(uri.unknown("destination", &["folder:ROOT", "webhook:"])),
        }
    }
}

#[cfg(feature = "oauth")]
impl Parts {
    /// Who signs people in with an account elsewhere: `github:`, `github:https://HOST` for a GitHub Enterprise server,
    /// or `google:`, for the application that is registered there.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an unknown scheme, and for an empty id or secret.
    pub fn oauth(
        &self,
        address: &str,
        client_id: &str,
        client_secret: orion_core::domain::Secret,
    ) -> Result<Arc<dyn orion_core::port::OauthProvider>> {
        use orion_oauth::{GithubOauth, GoogleOauth};
        let uri = Uri::parse(address)?;
        match (uri.scheme(), uri.rest()) {
            ("github", "") => Ok(Arc::new(GithubOauth::new(client_id, client_secret)?)),
            ("github", server) => {
                let api = format!("{}/api/v3", server.trim_end_matches('/'));
                Ok(Arc::new(GithubOauth::at(server, &api, client_id, client_secret)?))
            }
            ("google", "") => Ok(Arc::new(GoogleOauth::new(client_id, client_secret)?)),
            _ => Err(uri.unknown("oauth", &["github:", "github:https://HOST", "google:"])),
        }
    }
}

/// The fonts of this machine, as everything is set in them.
#[cfg(feature = "render")]
pub fn fonts() -> &'static orion_draw::FontKit {
    orion_draw::FontKit::shared()
}

/// Which scripts beyond Latin, Greek and Cyrillic the fonts of this machine can show. Reads files.
#[cfg(feature = "render")]
pub fn scripts() -> Vec<orion_draw::ScriptFont> {
    orion_draw::FontKit::shared().scripts()
}

#[cfg(feature = "render")]
impl Parts {
    /// Where ffmpeg is: at this path, or in the `PATH` if it is empty.
    pub fn tools(&self, ffmpeg: &str) -> orion_render::Tools {
        if ffmpeg.is_empty() { orion_render::Tools::from_environment() } else { orion_render::Tools::at(ffmpeg) }
    }

    /// Turns sound into other forms with these tools.
    pub fn transcoder(&self, tools: orion_render::Tools) -> orion_render::Transcoder {
        orion_render::Transcoder::new(tools, self.folder.join("work"))
    }

    /// Renders and probes with these tools.
    pub fn renderer(
        &self,
        tools: orion_render::Tools,
        blobs: Arc<dyn BlobStore>,
    ) -> (Arc<dyn orion_core::port::Renderer>, Arc<dyn orion_core::port::MediaProbe>) {
        let work = self.folder.join("work");
        let renderer = orion_render::FfmpegRenderer::new(
            tools.clone(),
            blobs.clone(),
            orion_draw::FontKit::shared().clone(),
            work.clone(),
        );
        (Arc::new(renderer), Arc::new(orion_render::FfprobeProbe::new(tools, blobs, work)))
    }
}

#[cfg(test)]
mod tests;
