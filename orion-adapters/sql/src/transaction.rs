//! A transaction, which is the repository set: one type reads and writes every kind of row.

use crate::error::translate;
use async_trait::async_trait;
use orion_core::domain::{
    Approval, Asset, Content, Cost, FeedState, Guesses, Login, Notification, Publication, Revocation, Run, Session,
    Setting, SocialAccount, Step, Ticket, Trend, User,
};
use orion_core::port::{Repository, Tx};
use orion_core::{Error, ErrorKind, Result};
use sqlx::{Sqlite, SqliteConnection, Transaction};

#[derive(Debug)]
pub(crate) struct SqlTx {
    tx: Transaction<'static, Sqlite>,
    writes: bool,
}

impl SqlTx {
    pub(crate) fn new(tx: Transaction<'static, Sqlite>, writes: bool) -> Self {
        Self { tx, writes }
    }

    /// The connection, to read.
    pub(crate) fn reading(&mut self) -> &mut SqliteConnection {
        &mut self.tx
    }

    /// The connection, to write.
    pub(crate) fn writing(&mut self) -> Result<&mut SqliteConnection> {
        if self.writes {
            Ok(&mut self.tx)
        } else {
            Err(Error::new(ErrorKind::Unsupported, "this transaction only reads"))
        }
    }
}

macro_rules! tables {
    ($($name:ident: $entity:ty,)+) => {
        #[async_trait]
        impl Tx for SqlTx {
            $(fn $name(&mut self) -> &mut dyn Repository<$entity> {
                self
            })+

            async fn commit(self: Box<Self>) -> Result<()> {
                self.tx.commit().await.map_err(translate)
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
