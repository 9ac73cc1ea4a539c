//! A transaction, which is the repository set: one type reads and writes every kind of row.

use crate::claims::Taken;
use crate::connection::Connection;
use crate::error::translate_commit;
use crate::undoing::Undoing;
use crate::{archive, repository};
use async_trait::async_trait;
use orion_core::domain::{
    Approval, Asset, Content, Cost, FeedState, Guesses, Login, Notification, Publication, Revocation, Run, Session,
    Setting, SocialAccount, Step, Ticket, Trend, User,
};
use orion_core::port::{Archive, Entity, Entry, Place, Repository, Tx};
use orion_core::{Error, ErrorKind, Result};
use std::mem;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct SqlTx {
    connection: Connection<'static>,
    writes: bool,
    undoing: Option<Arc<Undoing>>,
    pub(crate) taken: Vec<Taken>,
}

impl Drop for SqlTx {
    fn drop(&mut self) {
        if let Some(undoing) = self.undoing.take()
            && let connection @ Connection::Postgres(_) = mem::replace(&mut self.connection, Connection::Over)
        {
            undoing.undo(connection);
        }
    }
}

impl SqlTx {
    pub(crate) fn new(connection: Connection<'static>, writes: bool) -> Self {
        Self { connection, writes, undoing: None, taken: Vec::new() }
    }

    /// Tells when it is undone, if it is dropped.
    pub(crate) fn undone_by(self, undoing: &Arc<Undoing>) -> Self {
        let mut told = self;
        told.undoing = Some(undoing.clone());
        told
    }

    /// Waits until what was dropped before is undone.
    pub(crate) async fn settle(&mut self) {
        if let Some(undoing) = self.undoing.clone() {
            undoing.settled().await;
        }
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
        pub(crate) const TABLES: &[&str] = &[$(<$entity as Entity>::TABLE),+];

        #[async_trait]
        impl Archive for SqlTx {
            async fn walk(&mut self, from: &Place, most: u32) -> Result<(Vec<Entry>, Option<Place>)> {
                self.write_claims().await?;
                let most = most.max(1);
                match TABLES.get(from.part) {
                    Some(table) => repository::walk(self.reading(), table, from, most).await,
                    None => archive::walk(self.reading(), from, most).await,
                }
            }

            async fn put_back(&mut self, entry: &Entry) -> Result<()> {
                match entry {
                    Entry::Row { table, doc } => match table.as_str() {
                        $(<$entity as Entity>::TABLE => repository::put_back::<$entity>(self.writing()?, doc).await,)+
                        _ => Err(Error::unknown_table(table)),
                    },
                    _ => archive::put_back(self.writing()?, entry).await,
                }
            }

            async fn clear(&mut self) -> Result<()> {
                archive::clear(self.writing()?).await
            }
        }

        #[async_trait]
        impl Tx for SqlTx {
            $(fn $name(&mut self) -> &mut dyn Repository<$entity> {
                self
            })+

            async fn commit(mut self: Box<Self>) -> Result<()> {
                self.write_claims().await?;
                mem::replace(&mut self.connection, Connection::Over).commit().await.map_err(translate_commit)
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
