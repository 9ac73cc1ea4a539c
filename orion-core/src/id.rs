//! Typed identifiers: UUIDs that cannot be mixed up.

use crate::port::Entropy;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// What every typed identifier offers; lets one repository serve every entity.
pub trait Id: Copy + Eq + Ord + std::hash::Hash + fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// Wraps a UUID.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The UUID inside.
    fn as_uuid(self) -> Uuid;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new random identifier (version 4).
            pub fn random(entropy: &dyn Entropy) -> Self {
                Self(entropy.uuid())
            }
        }

        impl Id for $name {
            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
            fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = crate::Error;
            fn from_str(text: &str) -> crate::Result<Self> {
                Uuid::parse_str(text).map(Self).map_err(|_| {
                    crate::Error::invalid("not a UUID").with_context("value", text)
                })
            }
        }
    )*};
}

ids! {
    /// Identifies a [`Trend`](crate::domain::Trend).
    TrendId;
    /// Identifies a [`Content`](crate::domain::Content).
    ContentId;
    /// Identifies a [`Run`](crate::domain::Run).
    RunId;
    /// Identifies a [`Step`](crate::domain::Step) of a run's journal.
    StepId;
    /// Identifies an [`Asset`](crate::domain::Asset).
    AssetId;
    /// Identifies an [`Approval`](crate::domain::Approval).
    ApprovalId;
    /// Identifies a [`Publication`](crate::domain::Publication).
    PublicationId;
    /// Identifies a [`User`](crate::domain::User).
    UserId;
    /// Identifies a [`Notification`](crate::domain::Notification).
    NotificationId;
    /// Identifies a [`Cost`](crate::domain::Cost).
    CostId;
    /// Identifies one event of the log, stable over redelivery.
    EventId;
    /// Identifies what Orion remembers of one [`FeedState`](crate::domain::FeedState).
    FeedStateId;
    /// Identifies a [`Login`](crate::domain::Login).
    LoginId;
    /// Identifies a [`Session`](crate::domain::Session).
    SessionId;
    /// Identifies a [`Ticket`](crate::domain::Ticket).
    TicketId;
    /// Identifies [`Guesses`](crate::domain::Guesses).
    GuessesId;
    /// Identifies a [`Revocation`](crate::domain::Revocation): a token's `jti`, or a session.
    RevocationId;
    /// Identifies a [`SocialAccount`](crate::domain::SocialAccount).
    SocialAccountId;
    /// Identifies a [`Setting`](crate::domain::Setting).
    SettingId;
}

impl UserId {
    /// The built-in system user, owner of what nobody asked for by name.
    pub const SYSTEM: Self = Self(Uuid::from_u128(1));
}
