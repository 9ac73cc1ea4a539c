//! Who asks.

use crate::domain::Role;
use crate::id::{RevocationId, SessionId, UserId};
use crate::{Error, ErrorKind, Result, Timestamp};

/// A user who has shown who they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Caller {
    /// Who.
    pub user_id: UserId,
    /// What they may do.
    pub role: Role,
    /// Address.
    pub email: String,
    /// Name for people.
    pub name: String,
    /// The session they came by.
    pub session_id: SessionId,
    /// The access token they came by.
    pub token_id: RevocationId,
    /// When that token expires.
    pub expires_at: Timestamp,
}

impl Caller {
    /// Refuses who may not do what needs this role.
    ///
    /// # Errors
    /// [`Forbidden`](ErrorKind::Forbidden), naming the role that is needed.
    pub fn require(&self, role: Role) -> Result<()> {
        if self.role.includes(role) {
            return Ok(());
        }
        let message = match role {
            Role::Admin => "Admin access required",
            Role::Editor | Role::Viewer => "Editor access required",
        };
        Err(Error::new(ErrorKind::Forbidden, message).with_context("role", self.role))
    }

    /// Refuses whose it is not: administrators see everything, others their own.
    ///
    /// # Errors
    /// [`Forbidden`](ErrorKind::Forbidden).
    pub fn owns(&self, owner: UserId) -> Result<()> {
        if self.user_id == owner || self.role == Role::Admin {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Forbidden, "this belongs to somebody else"))
    }

    /// Whose rows a list may show: `None` is everybody's.
    pub fn sees(&self) -> Option<UserId> {
        (self.role != Role::Admin).then_some(self.user_id)
    }
}
