//! What the core needs from outside, as small object-safe traits held in an `Arc`.
//!
//! Every method has a `# Behavior` list. The list is the contract: the suites in `orion_core::testing`
//! test its lines, and an adapter is done when it passes them. Convenience lives in `Ext` traits,
//! never in defaulted methods.

mod archive;
mod blob;
mod generate;
mod lease;
mod limit;
mod platform;
mod refusal;
mod render;
mod research;
mod secure;
mod store;
mod system;
mod wire;
mod write;

pub use archive::{Archive, Entry, Handed, Place};
pub use blob::{BlobStore, BlobStoreExt, Shelf, Stored};
pub use generate::{
    Attempt, ClipModel, ClipRequest, Completion, CompletionRequest, Embedder, GeneratedClip, GeneratedImage,
    ImageLayer, ImageModel, ImageRequest, LanguageModel, Message, MessageRole, Provider, Served, Side, Speech,
    SpeechModel, SpeechRequest, SpokenWord, Submission, Transcriber, Transcript, Usage, Voice, WordTimes,
};
pub use lease::{Lease, Leases, Roster};
pub use limit::{RateLimiter, Verdict, Window};
pub use platform::{FileLinks, PlatformPublisher, PublishRequest, PublishStatus};
pub use render::{
    CheckOutcome, ColourTags, Encoder, MediaContent, MediaInfo, MediaProbe, RenderSettings, Rendered, Renderer, Repair,
    Stretch, Thumbnail, ThumbnailMarks, ThumbnailRequest, Validation,
};
pub use research::{
    ArticleReader, FeedReader, FeedReading, FeedVisit, FetchLimits, Fetched, Fetcher, NamedBy, ScoredItem, SourceScan,
    TrendSource, TrendWitness,
};
pub use secure::{AccessTokens, Claims, OauthProfile, OauthProvider, OauthStart, PasswordCheck, PasswordHasher, Vault};
pub use store::{
    Claim, Cursor, Entity, EventLog, Filter, Index, Order, Page, Repository, RepositoryExt, Slice, Store, Tx,
};
pub use system::{Clock, Entropy, Sleeper};
pub use wire::{Broadcast, Mail, Mailer, VectorIndex, VectorMatch, Wire};
pub use write::{Brief, ScriptWriter};
