//! Every call that a Python program can make, as data. An engine and a platform answer the same ones, so a script moves
//! from one to the other by changing how it opens its client; what only one of them can do, the other refuses by name.

use orion_core::domain::{Gate, Sha256, TrendStatus};
use orion_core::id::{AssetId, ContentId, PublicationId, RunId, SocialAccountId, TrendId, UserId};
use orion_core::port::{Provider, Side};
use orion_core::service::production::Subject;
use orion_core::{Error, ErrorKind, Result};
use orion_host::{Choice, Switchable};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use tokio::io::AsyncReadExt;

/// A call, and for whom it is made.
// Not `Debug`: calls may hold passwords and credentials.
pub(crate) struct Request {
    /// Who asks; none is the program itself, which may do everything.
    pub(crate) user: Option<UserId>,
    pub(crate) call: Call,
}

/// What about, and how it is to be; what is not said is as the settings have it. Exactly one of the first seven says what
/// about.
#[derive(Debug, Default, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct VideoOrder {
    pub(crate) feed: Option<String>,
    pub(crate) trend: Option<TrendId>,
    pub(crate) topic: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) script: Option<String>,
    /// A file with a script; what it names lies beside it.
    pub(crate) script_file: Option<PathBuf>,
    pub(crate) images: Vec<PathBuf>,
    pub(crate) clips: Vec<PathBuf>,
    pub(crate) voice_file: Option<PathBuf>,
    /// The finished sound of the video; without a script it says what about.
    pub(crate) audio: Option<PathBuf>,
    /// A mood, a file of sound, or `none`.
    pub(crate) music: Option<String>,
    pub(crate) niche: Option<String>,
    pub(crate) seconds: Option<u32>,
    pub(crate) platform: Option<String>,
    pub(crate) tone: Option<String>,
    pub(crate) style: Option<String>,
    pub(crate) voice: Option<String>,
    pub(crate) speed: Option<f64>,
    pub(crate) captions: Option<String>,
    pub(crate) format: Option<String>,
    pub(crate) fps: Option<u32>,
    pub(crate) quality: Option<String>,
    pub(crate) gates: Vec<Gate>,
    pub(crate) seed: u64,
}

/// No script that becomes a video of three minutes is longer.
const MOST_SCRIPT: u64 = 1 << 20;

impl VideoOrder {
    /// The one subject.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for none or several; what is wrong with the file of a script.
    pub(crate) async fn subject(&self) -> Result<Subject> {
        let script = match &self.script_file {
            Some(file) => Some(read_script(file).await?),
            None => self.script.clone(),
        };
        let given = [
            self.feed.clone().map(|location| Subject::Feed { location }),
            self.trend.map(|id| Subject::Trend { id }),
            self.topic.clone().map(|topic| Subject::Topic { topic }),
            self.url.clone().map(|url| Subject::Url { url }),
            self.text.clone().map(|text| Subject::Text { text }),
            script.map(|script| Subject::Script { script }),
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(subject), None) => Ok(subject),
            // It is written down once it was heard.
            (None, None) if self.audio.is_some() => Ok(Subject::Script { script: String::new() }),
            _ => Err(Error::invalid("give exactly one of feed, trend, topic, url, text and script; or audio alone")),
        }
    }
}

async fn read_script(file: &Path) -> Result<String> {
    let unread = |error: std::io::Error| {
        let kind = if error.kind() == std::io::ErrorKind::NotFound { ErrorKind::NotFound } else { ErrorKind::Invalid };
        Error::new(kind, "this script cannot be read")
            .with_context("file", file.display())
            .with_hint("check the path; the words themselves are given as a str")
            .with_source(error)
    };
    let mut bytes = Vec::new();
    let opened = tokio::fs::File::open(file).await.map_err(unread)?;
    opened.take(MOST_SCRIPT + 1).read_to_end(&mut bytes).await.map_err(unread)?;
    if bytes.len() as u64 > MOST_SCRIPT {
        return Err(Error::invalid("the script is longer than 1 MiB").with_context("file", file.display()));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        Error::invalid("the script is not UTF-8")
            .with_context("file", file.display())
            .with_hint("save it as UTF-8, or convert it: iconv -t utf-8")
            .with_source(error)
    })?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// One line of an edited script.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct LineOrder {
    pub(crate) role: Option<String>,
    pub(crate) text: String,
    pub(crate) visual_cue: Option<String>,
    pub(crate) sources: Option<Vec<u32>>,
}

/// What is to be different in a scene.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct SceneOrder {
    pub(crate) description: Option<String>,
    pub(crate) style: Option<String>,
    pub(crate) camera_angle: Option<String>,
    pub(crate) mood: Option<String>,
    pub(crate) negative_prompt: Option<String>,
}

/// Who is to serve a capability.
#[derive(Deserialize)]
pub(crate) struct SwitchOrder {
    pub(crate) service: String,
    /// A name of `providers`, or an address as the settings have it; empty takes all of the side.
    provider: String,
    model: String,
    /// Without one, the side of the provider if it is known, else this machine's.
    side: Option<String>,
    fallback: bool,
}

impl SwitchOrder {
    /// The choice, among providers that are known.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a side that is none.
    pub(crate) fn choice(&self, known: impl IntoIterator<Item = Provider>) -> Result<Choice> {
        let named = self.provider.trim();
        let known = known.into_iter().find(|known| {
            known.answers_to(named) && (self.model.is_empty() || known.model == self.model || named.contains('/'))
        });
        let (provider, model) = match (&known, named.split_once(':')) {
            (None, Some((scheme, model))) if self.model.is_empty() => (scheme, model),
            _ => (named, self.model.as_str()),
        };
        let mode = match self.side.as_deref() {
            Some("local") => Side::Local,
            Some("cloud") => Side::Cloud,
            Some(other) => return Err(Error::invalid("a side is local or cloud").with_context("side", other)),
            None => known.as_ref().map_or(Side::Local, |known| known.side),
        };
        Ok(Choice { mode, provider: provider.to_owned(), model: model.trim().to_owned(), fallback: self.fallback })
    }
}

/// A capability that can be switched.
pub(crate) fn switchable(service: &str) -> Result<Switchable> {
    Switchable::named(service).ok_or_else(|| {
        let known: Vec<&str> = Switchable::ALL.into_iter().map(Switchable::as_str).collect();
        Error::invalid("there is no such service to switch")
            .with_context("service", service)
            .with_hint(format!("use one of {}", known.join(", ")))
    })
}

/// A sound that is to be written down: a file, or one that belongs to content.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sound {
    Path(PathBuf),
    Asset { content: ContentId, id: AssetId },
}

/// A call.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Call {
    Create { order: VideoOrder, out: Option<PathBuf> },
    Start { order: VideoOrder },
    Advance { run: RunId },
    Deliver { run: RunId, out: Option<PathBuf> },
    Render { content: ContentId, voice: Option<String>, captions: Option<String>, size: Option<(u32, u32)> },
    Scan { feeds: Vec<String>, niche: Option<String>, region: String, limit: u32 },
    Trends { statuses: Vec<TrendStatus>, limit: u32 },
    Trend { id: TrendId },
    SetTrend { id: TrendId, status: TrendStatus },
    Contents { statuses: Vec<String>, limit: u32 },
    Content { id: ContentId },
    Runs { limit: u32 },
    Run { id: RunId },
    Steps { run: RunId },
    Question { content: ContentId },
    Approve { content: ContentId, subject: Option<Sha256> },
    Reject { content: ContentId, feedback: Option<String>, again: bool },
    Regenerate { content: ContentId, feedback: Option<String> },
    EditScript { content: ContentId, title: Option<String>, lines: Vec<LineOrder> },
    EditScene { content: ContentId, number: u32, scene: SceneOrder },
    Assets { content: ContentId },
    Save { content: ContentId, asset: AssetId, path: PathBuf },
    Draw { prompt: String, width: u32, height: u32, seed: u64, out: PathBuf },
    Speak { text: String, voice: Option<String>, language: String, speed: f64, out: PathBuf },
    Transcribe { sound: Sound, language: Option<String> },
    Voices,
    Events { after: Option<String>, limit: u32, wait: f64 },
    Costs { days: u32 },
    DailyCosts { days: u32 },
    ProviderCosts { days: u32 },
    Projections { days: u32 },
    Metrics { hours: u32 },
    Funnel,
    Budget { seconds: Option<u32> },
    Providers,
    Switch(SwitchOrder),
    ResetProvider { service: String },
    Accounts,
    Connect { platform: String, name: String, credentials: serde_json::Map<String, serde_json::Value> },
    Disconnect { id: SocialAccountId },
    Publish { content: ContentId, destinations: Vec<String> },
    Publications { content: Option<ContentId>, limit: u32 },
    Settle { id: PublicationId, published: bool },
    ResumePublications,
    Users,
    AddUser { email: String, name: String, password: orion_core::domain::Secret, role: String },
    SetUser { id: UserId, role: Option<String>, active: Option<bool> },
    Settings,
}

impl Call {
    /// Whether providers take part: then it matters what was chosen in other processes.
    pub(crate) fn asks_providers(&self) -> bool {
        matches!(
            self,
            Self::Create { .. }
                | Self::Start { .. }
                | Self::Advance { .. }
                | Self::Draw { .. }
                | Self::Speak { .. }
                | Self::Transcribe { .. }
                | Self::Voices
                | Self::Providers
                | Self::Switch(_)
                | Self::ResetProvider { .. }
                | Self::Budget { .. }
        )
    }
}

/// An answer as JSON.
pub(crate) fn reply<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    Ok(serde_json::to_vec(value)?)
}

/// What this side cannot do.
pub(crate) fn unsupported(what: &'static str, hint: &'static str) -> Error {
    Error::new(ErrorKind::Unsupported, what).with_hint(hint)
}
