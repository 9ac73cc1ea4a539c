//! A transaction, which is the repository set: one type reads and writes every kind of row.

use crate::connection::Connection;
use crate::error::translate_commit;
use async_trait::async_trait;
use orion_core::domain::{
    Approval, Asset, Content, Cost, FeedState, Guesses, Login, Notification, Publication, Revocation, Run, Session,
    Setting, SocialAccount, Step, Ticket, Trend, User,
};
use orion_core::port::{Repository, Tx};
use orion_core::{Error, ErrorKind, Result};

#[derive(Debug)]
pub(crate) struct SqlTx {
    connection: Connection<'static>,
    writes: bool,
}

impl SqlTx {
    pub(crate) fn new(connection: Connection<'static>, writes: bool) -> Self {
        Self { connection, writes }
    }

    /// The connection, to read.
    pub(crate) fn reading(&mut self) -> &mut Connection<'static> {
        &mut self.connection
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.connection, Connection::Postgres(_))
    }

    /// The connection, to write.
    pub(crate) fn writing(&mut self) -> Result<&mut Connection<'static>> {
        if self.writes {
            Ok(&mut self.connection)
        } else {
            Err(Error::new(ErrorKind::Unsupported, "this transaction only reads"))
        }
    }
}

macro_rules! tables {
    ($($name:ident: $entity:ty,)+) => {
        /// The tables of entities.
        #[cfg(test)]
        pub(crate) const TABLES: &[&str] = &[$(<$entity as orion_core::port::Entity>::TABLE),+];

        #[async_trait]
        impl Tx for SqlTx {
            $(fn $name(&mut self) -> &mut dyn Repository<$entity> {
                self
            })+

            async fn commit(self: Box<Self>) -> Result<()> {
                self.connection.commit().await.map_err(translate_commit)
            }
        }
    };
}

tables! {
    trends: Trend,
    contents: Content,
    runs: Run,
    steps: Step,
    assets: Asset,
    approvals: Approval,
    publications: Publication,
    users: User,
    notifications: Notification,
    costs: Cost,
    feeds: FeedState,
    logins: Login,
    sessions: Session,
    tickets: Ticket,
    guesses: Guesses,
    revocations: Revocation,
    accounts: SocialAccount,
    settings: Setting,
}
