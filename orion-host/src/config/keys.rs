//! Every setting, documented in this one place: `orion config show` and the README's table are made from it.

use super::value::{Value, read_text, read_toml};
use orion_core::Result;
use orion_core::domain::Secret;
use std::path::PathBuf;

/// One setting.
#[derive(Clone, Copy)]
pub struct Key {
    /// Its name in the file, with dots for tables: `create.seconds`.
    pub name: &'static str,
    /// Its name in the environment: `ORION_CREATE_SECONDS`.
    pub env: &'static str,
    /// What it does.
    pub doc: &'static str,
    pub(super) set_text: fn(&mut Config, &str) -> Result<()>,
    pub(super) set_toml: fn(&mut Config, &toml::Value) -> Result<()>,
    show: fn(&Config) -> toml::Value,
}

impl Key {
    /// Its value in a configuration, secrets redacted.
    pub fn show(&self, config: &Config) -> toml::Value {
        (self.show)(config)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("name", &self.name).field("env", &self.env).finish_non_exhaustive()
    }
}

macro_rules! settings {
    ($($field:ident: $type:ty = $default:expr, $name:literal, $env:literal, $doc:literal;)*) => {
        /// All settings. `Config::default()` is what runs with no file, no variable and no flag.
        #[derive(Clone)]
        #[non_exhaustive]
        pub struct Config {
            $(#[doc = $doc] pub $field: $type,)*
        }

        impl Default for Config {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        /// Every setting, in the order in which they are shown.
        pub const KEYS: &[Key] = &[$(Key {
            name: $name,
            env: $env,
            doc: $doc,
            set_text: |config, text| { config.$field = read_text($name, text)?; Ok(()) },
            set_toml: |config, value| { config.$field = read_toml($name, value)?; Ok(()) },
            show: |config| redacted(config.$field.to_toml()),
        }),*];
    };
}

settings! {
    data_dir: PathBuf = default_data_dir(), "data_dir", "ORION_DATA_DIR",
        "Folder of the database, the stored files and the voices.";
    store: String = "sqlite:orion.db".to_owned(), "store", "ORION_STORE",
        "The record: `sqlite:FILE` (relative to `data_dir`), `postgres://USER:PASSWORD@HOST/DATABASE` (`?sslmode=verify-full` and so on), or `memory:`.";
    wire: String = String::new(), "wire", "ORION_WIRE",
        "How processes wake each other: `memory:` (each looks by itself, every second) or `postgres:` (the database of the store). Empty takes Redis where `redis` names one, and otherwise what fits the store.";
    blobs: String = "file:blobs".to_owned(), "blobs", "ORION_BLOBS",
        "Stored files: `file:FOLDER` (relative to `data_dir`), `s3:BUCKET/PREFIX` or `memory:`.";
    s3_endpoint: String = String::new(), "s3.endpoint", "ORION_S3_ENDPOINT",
        "Address of an S3 server other than Amazon's: `https://HOST` or `http://HOST:PORT`.";
    s3_region: String = "us-east-1".to_owned(), "s3.region", "ORION_S3_REGION",
        "Region of the bucket; servers of one's own mostly take any.";
    s3_access_key: String = String::new(), "s3.access_key", "ORION_S3_ACCESS_KEY",
        "Name of the access key; empty looks where Amazon's own programs look (`AWS_ACCESS_KEY_ID`, the machine's role).";
    s3_secret_key: Secret = Secret::new(""), "s3.secret_key", "ORION_S3_SECRET_KEY",
        "The secret that belongs to the access key.";
    s3_virtual_hosts: bool = false, "s3.virtual_hosts", "ORION_S3_VIRTUAL_HOSTS",
        "Whether the server of `s3.endpoint` wants `BUCKET.HOST` instead of `HOST/BUCKET`.";
    redis: String = String::new(), "redis", "ORION_REDIS",
        "Redis server that the platform's processes share: `redis://USER:PASSWORD@HOST:PORT/DATABASE`, `rediss://` with TLS (`?ca=FILE` for an authority of one's own). It wakes them at once, shows events on `orion.*` and counts calls of all gateways together; without it they look by themselves and count apart.";
    offline: bool = false, "offline", "ORION_OFFLINE",
        "Fetch nothing: feeds are local files, and their own text is the material.";
    feeds: Vec<String> = Vec::new(), "feeds", "ORION_FEEDS",
        "Feeds to scout, and to search for a topic: addresses or files.";
    allow_private: Vec<String> = Vec::new(), "fetch.allow_private", "ORION_FETCH_ALLOW_PRIVATE",
        "Hosts that may be fetched although their address is private, such as a feed server of one's own.";
    robots: bool = true, "fetch.robots", "ORION_FETCH_ROBOTS",
        "Leave article pages alone that a site's robots.txt keeps from programs; feeds and pages that you name yourself are always fetched.";
    contact: String = String::new(), "fetch.contact", "ORION_FETCH_CONTACT",
        "Web or mail address by which the servers that are read can reach you; Wikimedia and Reddit ask for one.";
    writer: String = "extractive:".to_owned(), "writer", "ORION_WRITER",
        "Who writes scripts: `extractive:` (built in, no model), `ollama:MODEL` or `openai:MODEL`; several, separated by commas, are asked in this order.";
    images: String = "graphics:".to_owned(), "images", "ORION_IMAGES",
        "Who makes pictures: `graphics:` (built in), `comfyui:` (its built-in workflow), `comfyui:WORKFLOW.json` (your own, relative to `data_dir`), `fal:MODEL` or `openai:MODEL`; several, separated by commas, are asked in this order.";
    comfyui_url: String = "http://localhost:8188".to_owned(), "comfyui.url", "ORION_COMFYUI_URL",
        "Address of the ComfyUI server.";
    comfyui_checkpoint: String = String::new(), "comfyui.checkpoint", "ORION_COMFYUI_CHECKPOINT",
        "File of the model for pictures in ComfyUI's folder `models/checkpoints`; empty is the one that the workflow names.";
    fal_key: Secret = Secret::new(""), "fal.key", "ORION_FAL_KEY",
        "Key of the Fal.ai account that `fal:MODEL` works for.";
    fal_url: String = "https://queue.fal.run".to_owned(), "fal.url", "ORION_FAL_URL",
        "Address of Fal's queue.";
    fal_image_rate: f64 = 0.02, "fal.image_rate", "ORION_FAL_IMAGE_RATE",
        "What a picture of Fal costs, in dollars.";
    fal_clip_rate: f64 = 0.10, "fal.clip_rate", "ORION_FAL_CLIP_RATE",
        "What a clip of Fal costs, in dollars.";
    clips: String = String::new(), "clips", "ORION_CLIPS",
        "Who sets pictures in motion that a model has drawn: `comfyui:` (Stable Video Diffusion), `comfyui:WORKFLOW.json` or `fal:kling`; several, separated by commas, are asked in this order. Empty moves over the stills.";
    embeddings: String = "built-in:".to_owned(), "embeddings", "ORION_EMBEDDINGS",
        "Who makes vectors of texts, to find hooks of similar videos: `built-in:` (no model), `ollama:MODEL` or `openai:MODEL`; several, separated by commas, are asked in this order, and each finds what it kept itself.";
    vectors: String = "file:vectors".to_owned(), "vectors", "ORION_VECTORS",
        "Where vectors are kept: `file:FOLDER` (exact search, nothing to install), `milvus://HOST:PORT/DATABASE` (`milvus+tls://…`), `memory:`, or `none:` to write without examples of earlier hooks.";
    milvus_token: Secret = Secret::new(""), "milvus.token", "ORION_MILVUS_TOKEN",
        "What Milvus asks for, `user:password` or an API key; empty for a server without authentication.";
    policy: String = "local".to_owned(), "policy", "ORION_POLICY",
        "Who of those named may serve: `local` (what runs here), `cloud`, `prefer-local` or `prefer-cloud`.";
    ffmpeg: String = String::new(), "ffmpeg", "ORION_FFMPEG",
        "Path of the ffmpeg program; empty searches the `PATH`.";
    ollama_url: String = "http://localhost:11434".to_owned(), "ollama.url", "ORION_OLLAMA_URL",
        "Address of the Ollama server.";
    ollama_keep_alive: String = String::new(), "ollama.keep_alive", "ORION_OLLAMA_KEEP_ALIVE",
        "How long Ollama keeps a model loaded after an answer: `5m`, `-1` for ever, `0` not at all; empty is its own choice.";
    ollama_context: u32 = 8192, "ollama.context", "ORION_OLLAMA_CONTEXT",
        "Tokens of prompt and answer together that Ollama makes room for; 0 is its own choice, which may cut prompts short.";
    openai_url: String = "https://api.openai.com/v1".to_owned(), "openai.url", "ORION_OPENAI_URL",
        "Address of a server with OpenAI's API, up to its version: OpenAI, DeepSeek, vLLM, llama.cpp, LocalAI.";
    openai_key: Secret = Secret::new(""), "openai.key", "ORION_OPENAI_KEY",
        "Key for the server of `openai.url`; one of your own may need none.";
    openai_side: String = "cloud".to_owned(), "openai.side", "ORION_OPENAI_SIDE",
        "Whose the server of `openai.url` is: `cloud` (somebody else's, for money) or `local` (your own).";
    openai_token_rate: f64 = 0.000_03, "openai.token_rate", "ORION_OPENAI_TOKEN_RATE",
        "What a token costs there, in dollars, if it is in the cloud.";
    openai_image_rate: f64 = 0.02, "openai.image_rate", "ORION_OPENAI_IMAGE_RATE",
        "What a picture costs there, in dollars, if it is in the cloud.";
    openai_character_rate: f64 = 0.000_015, "openai.character_rate", "ORION_OPENAI_CHARACTER_RATE",
        "What a spoken character costs there, in dollars, if it is in the cloud.";
    openai_embedding_rate: f64 = 0.000_000_02, "openai.embedding_rate", "ORION_OPENAI_EMBEDDING_RATE",
        "What a token of a text that becomes a vector costs there, in dollars, if it is in the cloud.";
    openai_transcription_rate: f64 = 0.000_1, "openai.transcription_rate", "ORION_OPENAI_TRANSCRIPTION_RATE",
        "What a second of sound costs that is written down there, in dollars, if it is in the cloud.";
    whisper_url: String = "http://localhost:8000".to_owned(), "whisper.url", "ORION_WHISPER_URL",
        "Address of a Whisper-compatible server, which speaks OpenAI's `audio/transcriptions`.";
    whisper_key: Secret = Secret::new(""), "whisper.key", "ORION_WHISPER_KEY",
        "Key for the Whisper server, if it wants one.";
    whisper_side: String = "local".to_owned(), "whisper.side", "ORION_WHISPER_SIDE",
        "Whose the Whisper server is: `local` (your own) or `cloud` (somebody else's, for money).";
    elevenlabs_url: String = "https://api.elevenlabs.io".to_owned(), "elevenlabs.url", "ORION_ELEVENLABS_URL",
        "Address of ElevenLabs.";
    elevenlabs_key: Secret = Secret::new(""), "elevenlabs.key", "ORION_ELEVENLABS_KEY",
        "Key of the ElevenLabs account that `elevenlabs:VOICE` works for.";
    elevenlabs_model: String = "eleven_multilingual_v2".to_owned(), "elevenlabs.model", "ORION_ELEVENLABS_MODEL",
        "Model of ElevenLabs.";
    elevenlabs_stability: f64 = 0.5, "elevenlabs.stability", "ORION_ELEVENLABS_STABILITY",
        "How even the voices of ElevenLabs speak: 0 is lively, 1 is even.";
    elevenlabs_similarity: f64 = 0.75, "elevenlabs.similarity", "ORION_ELEVENLABS_SIMILARITY",
        "How near the voices of ElevenLabs are to those that were recorded, 0 to 1.";
    elevenlabs_rate: f64 = 0.000_015, "elevenlabs.rate", "ORION_ELEVENLABS_RATE",
        "What a spoken character costs at ElevenLabs, in dollars.";
    fish_url: String = "http://localhost:8080".to_owned(), "fish.url", "ORION_FISH_URL",
        "Address of the Fish Speech server.";
    fish_key: Secret = Secret::new(""), "fish.key", "ORION_FISH_KEY",
        "Key that the Fish Speech server was started with, if any.";
    transcriber: String = String::new(), "transcriber", "ORION_TRANSCRIBER",
        "Who writes down what is said in sounds that Orion did not speak, and times the words of voices that do not: `whisper:MODEL` or `openai:MODEL`; several, separated by commas, are asked in this order. Empty: nobody.";
    embedding_dimension: u32 = 0, "embedding.dimension", "ORION_EMBEDDING_DIMENSION",
        "How many numbers the vectors of the embedding model must have: 768 for `ollama:nomic-embed-text`, 1536 for `openai:text-embedding-3-small`. 0 takes what the model gives.";
    niche: String = String::new(), "create.niche", "ORION_CREATE_NICHE",
        "Niche that filters and ranks trends; empty takes all.";
    seconds: u32 = 45, "create.seconds", "ORION_CREATE_SECONDS",
        "Length of the video to aim at, 5 to 180 seconds.";
    platform: String = "youtube_shorts".to_owned(), "create.platform", "ORION_CREATE_PLATFORM",
        "Where it will be shown: `youtube_shorts`, `tiktok` or `instagram_reels`.";
    tone: String = "informative and engaging".to_owned(), "create.tone", "ORION_CREATE_TONE",
        "How it should sound; for writers that are language models.";
    voice: String = String::new(), "create.voice", "ORION_CREATE_VOICE",
        "Voice: a name of `orion voices list`, a Piper `FILE.onnx`, `espeak:LANGUAGE`, `silent:`, or a voice on a server: `openai:MODEL/VOICE`, `elevenlabs:VOICE`, `fish:VOICE`; several, separated by commas, are asked in this order; empty takes the installed Piper voice, else espeak-ng.";
    speed: f64 = 1.0, "create.speed", "ORION_CREATE_SPEED",
        "Speaking rate, 0.5 to 2.";
    captions: String = "tiktok".to_owned(), "create.captions", "ORION_CREATE_CAPTIONS",
        "Caption style: `tiktok`, `youtube` or `minimal`.";
    music: String = "none".to_owned(), "create.music", "ORION_CREATE_MUSIC",
        "Music under the voice: `calm`, `bright`, `tense` or `playful`, a file of sound, or `none`.";
    template: String = String::new(), "create.template", "ORION_CREATE_TEMPLATE",
        "How scenes look and move: a name of `orion template list`, or a template file; empty leaves it to the topic.";
    brand: String = String::new(), "create.brand", "ORION_CREATE_BRAND",
        "Brand file whose logo, colours, fonts, intro, outro and lower third videos get; empty is none.";
    format: String = "9:16".to_owned(), "create.format", "ORION_CREATE_FORMAT",
        "Shape of the picture: `9:16`, `4:5`, `1:1` or `16:9`.";
    fps: u32 = 30, "create.fps", "ORION_CREATE_FPS",
        "Frames a second: 24, 25, 30 or 60.";
    encoder: String = "x264".to_owned(), "render.encoder", "ORION_RENDER_ENCODER",
        "Who encodes the picture: `x264`; `auto` (the first hardware encoder that works on this machine, else x264); or `nvenc`, `qsv`, `vaapi` or `videotoolbox`, with x264 in its place where it does not work.";
    quality: String = "standard".to_owned(), "create.quality", "ORION_CREATE_QUALITY",
        "Encoder preset: `draft`, `standard` or `premium`.";
    out: PathBuf = PathBuf::from("orion-videos"), "create.out", "ORION_CREATE_OUT",
        "Folder in which each video gets a folder of its own.";
    env: String = "development".to_owned(), "env", "ORION_ENV",
        "What `orion up` serves: `development` (keys are made on first start, local pages may call), `staging` or `production` (refuses to start without keys and origins).";
    roles: Vec<String> = Vec::new(), "roles", "ORION_ROLES",
        "What `orion up` runs in this process, of gateway, scout, director, media, editor, pulse, publisher and identity; empty runs all that `services` does not name.";
    services: Vec<String> = Vec::new(), "services", "ORION_SERVICES",
        "Where the gateway finds what runs elsewhere: `scout=http://10.0.0.7:8001`; a service that is named twice runs twice, and whoever is there is asked. All processes need the same record and the same `auth.internal_token`.";
    http_listen: String = "127.0.0.1:8000".to_owned(), "http.listen", "ORION_HTTP_LISTEN",
        "Address and port of the gateway.";
    allowed_origins: Vec<String> = Vec::new(), "http.allowed_origins", "ORION_HTTP_ALLOWED_ORIGINS",
        "Web origins that may call the API from browsers: `https://orion.example.org`; `*` allows all, without cookies. In development empty means this machine's ports 3000 to 3002.";
    trusted_proxies: Vec<String> = Vec::new(), "http.trusted_proxies", "ORION_HTTP_TRUSTED_PROXIES",
        "Addresses or networks of proxies whose `X-Forwarded-For` is believed: `10.0.0.0/8`.";
    rate_factor: u32 = 1, "http.rate_factor", "ORION_HTTP_RATE_FACTOR",
        "Multiplies the number of calls that a user may make in a minute, 1 to 1000000.";
    jwt_secret: Secret = Secret::new(""), "auth.jwt_secret", "ORION_AUTH_JWT_SECRET",
        "Key that signs access tokens, at least 32 random bytes: `openssl rand -base64 32`.";
    encryption_key: Secret = Secret::new(""), "auth.encryption_key", "ORION_AUTH_ENCRYPTION_KEY",
        "Keys that seal stored credentials, separated by commas, each of 32 random bytes: `openssl rand -base64 32`. The first seals, all open.";
    admin_email: String = "admin@orion.local".to_owned(), "admin.email", "ORION_ADMIN_EMAIL",
        "Address of the administrator that the first start makes.";
    internal_token: Secret = Secret::new(""), "auth.internal_token", "ORION_AUTH_INTERNAL_TOKEN",
        "What services of other processes show each other: `openssl rand -base64 32`.";
    monitor_token: Secret = Secret::new(""), "auth.monitor_token", "ORION_AUTH_MONITOR_TOKEN",
        "What Prometheus shows to read `/metrics`, and Alertmanager to tell of alerts, as `Authorization: Bearer …`: `openssl rand -base64 32`. Empty lets only people in, and in development everybody read.";
    github_id: String = String::new(), "oauth.github_id", "ORION_OAUTH_GITHUB_ID",
        "Client identifier of the GitHub application that people sign in with; empty turns it off.";
    github_secret: Secret = Secret::new(""), "oauth.github_secret", "ORION_OAUTH_GITHUB_SECRET",
        "Client secret of the GitHub application.";
    github_url: String = "https://github.com".to_owned(), "oauth.github_url", "ORION_OAUTH_GITHUB_URL",
        "Where GitHub's pages for signing in are.";
    github_api_url: String = "https://api.github.com".to_owned(), "oauth.github_api_url", "ORION_OAUTH_GITHUB_API_URL",
        "Where GitHub's API is.";
    google_id: String = String::new(), "oauth.google_id", "ORION_OAUTH_GOOGLE_ID",
        "Client identifier of the Google application that people sign in with; empty turns it off.";
    google_secret: Secret = Secret::new(""), "oauth.google_secret", "ORION_OAUTH_GOOGLE_SECRET",
        "Client secret of the Google application.";
    google_authorize_url: String = "https://accounts.google.com/o/oauth2/v2/auth".to_owned(), "oauth.google_authorize_url", "ORION_OAUTH_GOOGLE_AUTHORIZE_URL",
        "Google's page for signing in.";
    google_token_url: String = "https://oauth2.googleapis.com/token".to_owned(), "oauth.google_token_url", "ORION_OAUTH_GOOGLE_TOKEN_URL",
        "Where Google exchanges codes.";
    google_userinfo_url: String = "https://www.googleapis.com/oauth2/v3/userinfo".to_owned(), "oauth.google_userinfo_url", "ORION_OAUTH_GOOGLE_USERINFO_URL",
        "Where Google says who somebody is.";
    gateway_url: String = String::new(), "urls.gateway", "ORION_URLS_GATEWAY",
        "Where browsers reach the gateway: for links, and the way back from GitHub and Google; empty is this machine at the port of `http.listen`.";
    dashboard_url: String = String::new(), "urls.dashboard", "ORION_URLS_DASHBOARD",
        "Where browsers reach the dashboard, if not at the gateway.";
    smtp_host: String = String::new(), "smtp.host", "ORION_SMTP_HOST",
        "Mail server; empty writes mails into the folder `outbox` of `data_dir`.";
    smtp_port: u32 = 587, "smtp.port", "ORION_SMTP_PORT",
        "Port of the mail server.";
    smtp_user: String = String::new(), "smtp.user", "ORION_SMTP_USER",
        "User at the mail server; empty sends without signing in.";
    smtp_pass: Secret = Secret::new(""), "smtp.pass", "ORION_SMTP_PASS",
        "Password at the mail server.";
    smtp_from: String = "noreply@orion.local".to_owned(), "smtp.from", "ORION_SMTP_FROM",
        "Sender of mails.";
    smtp_security: String = "starttls".to_owned(), "smtp.security", "ORION_SMTP_SECURITY",
        "How the way to the mail server is protected: `starttls`, `tls` or `none` (for a server on this machine).";
    ws_token_query: bool = false, "ws.token_query", "ORION_WS_TOKEN_QUERY",
        "Let sockets show their access token in the address outside development; addresses end up in logs.";
    blocklist: Vec<String> = Vec::new(), "content.blocklist", "ORION_CONTENT_BLOCKLIST",
        "Words that keep content from being published.";
    publish_folder: PathBuf = PathBuf::from("orion-published"), "publish.folder_root", "ORION_PUBLISH_FOLDER_ROOT",
        "Folder under which the destination `folder` writes what is published.";
    sweep_hours: u32 = 24, "sweep.hours", "ORION_SWEEP_HOURS",
        "Hours after which a stored file that nothing points at is set aside, where it is still read, and after as many again deleted; the platform looks every few hours. 0 deletes nothing.";
    disk_reserve: u32 = 100, "disk.reserve", "ORION_DISK_RESERVE",
        "Megabytes that must be free on the disk of `data_dir` for work on runs to begin; with less it waits, and everything else goes on. 0 never waits.";
    concurrent: u32 = 3, "work.concurrent", "ORION_WORK_CONCURRENT",
        "How many runs are worked on at the same time.";
    budget_run: f64 = 0.0, "budget.run", "ORION_BUDGET_RUN",
        "Dollars that one run may spend at cloud providers; it stops before the call that would cost more. 0 is no cap.";
    budget_day: f64 = 0.0, "budget.day", "ORION_BUDGET_DAY",
        "Dollars that all runs of one day (UTC) may spend together at cloud providers. 0 is no cap.";
    auto_score: f64 = 0.0, "director.auto_score", "ORION_DIRECTOR_AUTO_SCORE",
        "Score, 0 to 100, from which a trend is made into a video by itself, best first, at most `work.concurrent` at a time; a person still reviews it. 0 turns it off; 70 takes what is at the top of several sources.";
    keep_days: u32 = 90, "pulse.keep_days", "ORION_PULSE_KEEP_DAYS",
        "Days that events and costs are kept; they are deleted every night at 02:00 UTC. 0 keeps them for ever.";
    grafana_url: String = String::new(), "status.grafana", "ORION_STATUS_GRAFANA",
        "Address of Grafana, shown by `/status`: `http://grafana:3003`; empty is none.";
    prometheus_url: String = String::new(), "status.prometheus", "ORION_STATUS_PROMETHEUS",
        "Address of Prometheus, shown by `/status`: `http://prometheus:9090`; empty is none.";
    pgadmin_url: String = String::new(), "status.pgadmin", "ORION_STATUS_PGADMIN",
        "Address of pgAdmin, shown by `/status`: `http://pgadmin`; empty is none.";
    scan_interval: u32 = 30, "scout.interval", "ORION_SCOUT_INTERVAL",
        "Minutes between two scans for the niche in force while the platform runs; 0 turns them off. `orion scout schedule` sets those of other niches.";
    sources: Vec<String> = vec!["auto:".to_owned()], "scout.sources", "ORION_SCOUT_SOURCES",
        "Where trends are seen beside `feeds`: `google:`, `hackernews:`, `reddit:SUBREDDITS`, `wikipedia:`, `github:`, `youtube:`, `x-trends:` and `x:` (each also with the address of a mirror). `auto:` means the open ones if there are no feeds, and those that there is a key for.";
    region: String = "US".to_owned(), "scout.region", "ORION_SCOUT_REGION",
        "Country whose trends are asked for, in two letters.";
    youtube_key: Secret = Secret::new(""), "youtube.key", "ORION_YOUTUBE_KEY",
        "Key of YouTube's Data API; with one, its chart is a source of trends.";
    x_token: Secret = Secret::new(""), "x.token", "ORION_X_TOKEN",
        "Bearer token of X; with one, X is asked how much is said of what other sources saw, and for its own trends where `scout.sources` names `x-trends:`. What it reads is paid for.";
    x_url: String = String::new(), "x.url", "ORION_X_URL",
        "Address of X's API where `x:` and `x-trends:` in `scout.sources` name none; empty is X's own.";
    github_token: Secret = Secret::new(""), "github.token", "ORION_GITHUB_TOKEN",
        "Token of GitHub, without any rights; with one, thirty instead of ten searches a minute are allowed.";
    log: String = "warn".to_owned(), "log", "ORION_LOG",
        "What is logged to standard error: `error`, `warn`, `info`, `debug`, or a filter like `RUST_LOG`.";
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(KEYS.iter().map(|key| (key.name, key.show(self)))).finish()
    }
}

/// `$XDG_DATA_HOME/orion`, else `~/.local/share/orion`, else `.orion` in the working folder.
fn default_data_dir() -> PathBuf {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .map_or_else(|| PathBuf::from(".orion"), |share| share.join("orion"))
}

/// Hides the password of an address: `http://user:redacted@host`, and `?password=redacted` as PostgreSQL takes it.
fn redacted(value: toml::Value) -> toml::Value {
    match value {
        toml::Value::String(text) => match url::Url::parse(&text) {
            Ok(mut url) if url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password") => {
                if url.password().is_some() {
                    // Fails only for addresses that can have no password.
                    let _ = url.set_password(Some("redacted"));
                }
                if url.query().is_some() {
                    let shown = url.query_pairs().map(|(name, value)| {
                        let value = if name == "password" { "redacted".into() } else { value.into_owned() };
                        (name.into_owned(), value)
                    });
                    let shown: Vec<(String, String)> = shown.collect();
                    url.query_pairs_mut().clear().extend_pairs(shown);
                }
                toml::Value::String(url.to_string())
            }
            _ => toml::Value::String(text),
        },
        toml::Value::Array(items) => toml::Value::Array(items.into_iter().map(redacted).collect()),
        other => other,
    }
}
