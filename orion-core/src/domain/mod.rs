//! What Orion works with. Pure data and pure state machines; every illegal move is a typed
//! [`Conflict`](crate::ErrorKind::Conflict).

mod account;
mod approval;
mod asset;
mod blob;
pub mod colour;
mod content;
mod cost;
mod demand;
mod feed;
pub mod h264;
mod material;
#[cfg(test)]
mod moves;
mod niche;
mod notification;
mod publication;
mod run;
mod scene;
mod script;
mod secret;
mod session;
mod step;
mod template;
pub mod timeline;
mod trend;
mod user;

pub use account::{Credentials, Setting, SocialAccount};
pub use approval::{Approval, ApprovalState, Decision, Gate, Verdict};
pub use asset::{Asset, AssetKind};
pub use blob::{BlobRef, Sha256};
pub use content::{Content, ContentStatus, Platform};
pub use cost::{Cost, CostCategory, Money};
pub use demand::{SafeArea, VideoDemands};
pub use feed::{Feed, FeedItem, FeedState};
pub use material::{Article, Material, Picture, Source};
pub use niche::Niche;
pub use notification::{Notification, NotificationKind, Preference, Preferences};
pub use publication::{Destination, Publication, PublicationState};
pub use run::{Run, RunCommand, RunEffect, RunState, Stage, Transition};
pub use scene::{
    Bar, Card, EntranceKind, Layout, Look, MotionKind, Ornament, Palette, ScenePlan, Staging, VisualPrompt,
};
pub use script::{ClaimKind, Critique, GroundingAction, GroundingCheck, GroundingReport, Line, LineRole, Script};
pub use secret::Secret;
pub use session::{Guesses, Login, LoginKind, Revocation, Session, SessionEnd, Ticket, TicketKind};
pub use step::{Step, StepState};
pub use template::{SceneStyle, Template};
pub use trend::{Trend, TrendStatus};
pub use user::{Role, User};

use crate::{Error, Result};
use std::fmt::Display;

/// The error of a move that the state machine does not know.
fn illegal(what: &'static str, from: impl Display, to: impl Display) -> Error {
    Error::conflict(what).with_context("from", from).with_context("to", to)
}

/// Declares an enum whose names are fixed on the wire and in the store.
macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire and in the store.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::Error;
            fn from_str(text: &str) -> crate::Result<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str().eq_ignore_ascii_case(text)).ok_or_else(|| {
                    let names: Vec<&str> = Self::ALL.iter().map(|value| value.as_str()).collect();
                    crate::Error::invalid(concat!("unknown ", stringify!($name)))
                        .with_context("value", text)
                        .with_hint(format!("use one of {}", names.join(", ")))
                })
            }
        }
    };
}
pub(crate) use named;

/// Fails with `Conflict` unless `legal`.
fn check_move(legal: bool, what: &'static str, from: impl Display, to: impl Display) -> Result<()> {
    if legal { Ok(()) } else { Err(illegal(what, from, to)) }
}
