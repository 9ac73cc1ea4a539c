//! Leases. A lease is one row; who checks it keeps it from changing hands until the end of the transaction: on
//! PostgreSQL by a shared lock on the row, on SQLite by being the one that writes.

use crate::connection::binds;
use crate::dialect::{Sql, locking};
use crate::error::translate;
use crate::transaction::SqlTx;
use async_trait::async_trait;
use orion_core::port::{Lease, Leases};
use orion_core::{Error, Result, Timestamp};
use std::time::Duration;
use uuid::Uuid;

const FIND: &str = "select holder, fence, held_until from leases where name = $1";
/// `$4` is now, and `$5` the latest time that a clock that is right could have written.
const TAKE: &str = "insert into leases (name, holder, fence, held_until) values ($1, $2, 1, $3) \
    on conflict (name) do update set holder = excluded.holder, fence = leases.fence + 1, held_until = excluded.held_until \
    where leases.held_until <= $4 or leases.held_until > $5 returning fence";
const RENEW: &str = "update leases set held_until = $3 where name = $1 and fence = $2";
const CHECK: Sql = locking!("select fence from leases where name = $1 and fence = $2", " for share", "");
const RETURN: &str = "update leases set held_until = 0, fence = fence + 1 where name = $1 and fence = $2";

/// Every statement of leases.
#[cfg(test)]
pub(crate) const STATEMENTS: &[Sql] = &[
    Sql { sqlite: FIND, postgres: FIND },
    Sql { sqlite: TAKE, postgres: TAKE },
    Sql { sqlite: RENEW, postgres: RENEW },
    CHECK,
    Sql { sqlite: RETURN, postgres: RETURN },
];

#[async_trait]
impl Leases for SqlTx {
    async fn lease(&mut self, name: &str) -> Result<Option<Lease>> {
        let row: Option<(String, i64, i64)> = self.reading().row(FIND, binds![name]).await.map_err(translate)?;
        row.map(|(holder, fence, until)| {
            let holder = holder
                .parse()
                .map_err(|error: uuid::Error| Error::unexpected("a lease has no holder").with_source(error))?;
            Ok(Lease {
                name: name.to_owned(),
                holder,
                fence: fence.unsigned_abs(),
                until: Timestamp::from_micros(until),
            })
        })
        .transpose()
    }

    async fn take_lease(&mut self, name: &str, holder: Uuid, now: Timestamp, time: Duration) -> Result<Option<Lease>> {
        let until = now.after(time);
        let latest = now.after(2 * time).as_micros();
        let binds = binds![name, holder.to_string(), until.as_micros(), now.as_micros(), latest];
        let taken: Option<(i64,)> = self.writing()?.row(TAKE, binds).await.map_err(translate)?;
        Ok(taken.map(|(fence,)| Lease { name: name.to_owned(), holder, fence: fence.unsigned_abs(), until }))
    }

    async fn renew_lease(&mut self, lease: &Lease, now: Timestamp, time: Duration) -> Result<Lease> {
        let until = now.after(time);
        let binds = binds![lease.name.as_str(), lease.fence, until.as_micros()];
        match self.writing()?.execute(RENEW, binds).await.map_err(translate)? {
            0 => Err(Error::lost_lease(lease)),
            _ => Ok(Lease { until, ..lease.clone() }),
        }
    }

    async fn check_lease(&mut self, lease: &Lease) -> Result<()> {
        let connection = self.writing()?;
        let sql = connection.pick(CHECK);
        let held: Option<(i64,)> =
            connection.row(sql, binds![lease.name.as_str(), lease.fence]).await.map_err(translate)?;
        held.map(|_| ()).ok_or_else(|| Error::lost_lease(lease))
    }

    async fn return_lease(&mut self, lease: &Lease) -> Result<()> {
        let binds = binds![lease.name.as_str(), lease.fence];
        match self.writing()?.execute(RETURN, binds).await.map_err(translate)? {
            0 => Err(Error::lost_lease(lease)),
            _ => Ok(()),
        }
    }
}
