//! Opens ports by their addresses. An unknown scheme is an error that lists those that are built in.

use crate::Uri;
use orion_core::Result;
use orion_core::memory::{MemoryBlobs, MemoryStore, MemoryWire};
#[cfg(feature = "feeds")]
use orion_core::port::Fetcher;
use orion_core::port::{BlobStore, ScriptWriter, Store, Wire};
use orion_core::service::director::{Critic, ExtractiveWriter, HeuristicCritic, ModelCritic, ModelWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens parts; relative paths lie in its folder.
#[derive(Debug, Clone)]
pub struct Parts {
    folder: PathBuf,
    #[cfg_attr(
        not(any(
            feature = "ollama",
            feature = "openai",
            all(feature = "speech", any(feature = "elevenlabs", feature = "fish"))
        )),
        expect(dead_code, reason = "no adapter of words is built in")
    )]
    pub(crate) words: crate::WordsAccess,
}

impl Parts {
    /// Parts of a data folder, which is made when something is first kept in it.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), words: crate::WordsAccess::default() }
    }

    /// With the servers of words reached like this.
    #[must_use]
    pub fn with_words(mut self, access: crate::WordsAccess) -> Self {
        self.words = access;
        self
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The record: `sqlite:FILE` or `memory:`.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an unknown scheme; the adapter's own.
    pub async fn store(&self, address: &str) -> Result<Arc<dyn Store>> {
        const KNOWN: &[&str] = &[
            #[cfg(feature = "sql")]
            "sqlite:FILE",
            "memory:",
        ];
        let uri = Uri::parse(address)?;
        match uri.scheme() {
            "memory" => Ok(Arc::new(MemoryStore::new())),
            #[cfg(feature = "sql")]
            "sqlite" => {
                uri.require("the database file")?;
                let path = uri.path(&self.folder);
                self.make_parent(&path)?;
                Ok(Arc::new(orion_sql::SqlStore::open(&format!("sqlite:{}", path.display())).await?))
            }
            _ => Err(uri.unknown("store", KNOWN)),
        }
    }

    /// Stored files: `file:FOLDER` or `memory:`.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an unknown scheme; the adapter's own.
    pub fn blobs(&self, address: &str) -> Result<Arc<dyn BlobStore>> {
        const KNOWN: &[&str] = &[
            #[cfg(feature = "blob")]
            "file:FOLDER",
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
            _ => Err(uri.unknown("blobs", KNOWN)),
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

    /// The live wire within this process.
    pub fn wire(&self) -> Arc<dyn Wire> {
        Arc::new(MemoryWire::new())
    }

    #[cfg(feature = "sql")]
    fn make_parent(&self, path: &Path) -> Result<()> {
        use orion_core::{Error, ErrorKind};
        let parent = path.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(parent).map_err(|error| {
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

#[cfg(feature = "feeds")]
impl Parts {
    /// Fetches from public addresses, and from private ones of these hosts.
    ///
    /// # Errors
    /// As [`FetcherBuilder::build`](orion_fetch::FetcherBuilder::build).
    pub fn fetcher(&self, allow_private: &[String]) -> Result<Arc<dyn Fetcher>> {
        Ok(Arc::new(orion_fetch::HttpFetcher::builder().allow_private(allow_private).build()?))
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

#[cfg(feature = "graphics")]
impl Parts {
    /// Who makes pictures: `graphics:` (the built-in scene graphics) or `openai:MODEL`. Pictures of these files are shown in them.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an unknown scheme.
    pub fn images(&self, address: &str, blobs: Arc<dyn BlobStore>) -> Result<Arc<dyn orion_core::port::ImageModel>> {
        const KNOWN: &[&str] = &[
            "graphics:",
            #[cfg(feature = "openai")]
            "openai:MODEL",
        ];
        let uri = Uri::parse(address)?;
        match uri.scheme() {
            #[cfg(feature = "openai")]
            "openai" => {
                let model = uri.require("the model")?;
                Ok(Arc::new(orion_openai::OpenAiImages::new(model, &self.words.openai_at(1))?))
            }
            "graphics" => Ok(Arc::new(orion_graphics::SceneGraphics::new(blobs))),
            _ => Err(uri.unknown("images", KNOWN)),
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
mod tests {
    use super::*;

    #[tokio::test]
    async fn unknown_schemes_list_the_known_ones() {
        let parts = Parts::new("/nonexistent");
        let store = parts.store("sqlite3:orion.db").await.unwrap_err();
        assert_eq!(store.kind(), orion_core::ErrorKind::Invalid);
        assert!(store.hint().unwrap().contains("memory:"), "{store:?}");
        let blobs = parts.blobs("s4:x").unwrap_err();
        assert!(blobs.hint().unwrap().contains("memory:"), "{blobs:?}");
        let writer = parts.writer("scribe:").unwrap_err();
        assert!(writer.hint().unwrap().contains("extractive:"), "{writer:?}");
    }

    #[cfg(feature = "mail")]
    #[test]
    fn mail_goes_to_a_server_or_an_outbox() {
        let folder = tempfile::tempdir().unwrap();
        let parts = Parts::new(folder.path());
        let from = "noreply@orion.example";
        assert!(parts.mailer("outbox:mail", from).is_ok() && folder.path().join("mail").is_dir());
        assert!(parts.mailer("smtps://user:pw@mail.example.org", from).is_ok());
        let unknown = parts.mailer("pigeon:post", from).unwrap_err();
        assert!(unknown.hint().unwrap().contains("outbox:FOLDER"), "{unknown:?}");
        assert!(parts.mailer("outbox:", from).is_err());
    }

    #[cfg(feature = "social")]
    #[test]
    fn destinations_are_opened_by_their_address() {
        use orion_core::domain::Destination;
        let folder = tempfile::tempdir().unwrap();
        let open = |address| Parts::new(folder.path()).destination(address, Arc::new(MemoryBlobs::new()), &[]);
        assert_eq!(open("folder:published").unwrap().destination(), Destination::Folder);
        assert!(folder.path().join("published").is_dir());
        assert_eq!(open("webhook:").unwrap().destination(), Destination::Webhook);
        let unknown = open("myspace:").unwrap_err();
        assert!(unknown.hint().unwrap().contains("folder:ROOT"), "{unknown:?}");
    }

    #[cfg(feature = "oauth")]
    #[test]
    fn oauth_providers_are_opened_by_their_address() {
        use orion_core::domain::{LoginKind, Secret};
        let open = |address| Parts::new("/nonexistent").oauth(address, "id", Secret::new("secret"));
        assert_eq!(open("github:").unwrap().kind(), LoginKind::Github);
        let own = open("github:https://git.example.org/").unwrap();
        let start = own.begin("https://orion.example/back", &Secret::new("state")).unwrap();
        assert!(start.url.starts_with("https://git.example.org/login/oauth/authorize?"), "{}", start.url);
        assert_eq!(open("google:").unwrap().kind(), LoginKind::Google);
        let unknown = open("myspace:").unwrap_err();
        assert!(unknown.hint().unwrap().contains("google:"), "{unknown:?}");
        assert!(Parts::new("/nonexistent").oauth("google:", "", Secret::new("secret")).is_err());
    }

    #[tokio::test]
    async fn memory_needs_nothing() {
        let parts = Parts::new("/nonexistent");
        assert!(parts.store("memory:").await.is_ok());
        assert!(parts.blobs("memory:").is_ok());
    }
}
