//! Claims that a transaction has made and not written down yet.
//!
//! Until it commits, others step over the rows that it took: on PostgreSQL they are locked, and SQLite has one writer.
//! So who took them is written only with the commit, and only for those that the transaction did not finish itself,
//! which is the usual end of a claim. Nobody else can change these rows meanwhile, so that they are found again by their
//! place in the table.

use crate::connection::binds;
use crate::dialect::Sql;
use crate::error::translate;
use crate::transaction::SqlTx;
use orion_core::port::Claim;
use orion_core::{Error, Result, Timestamp};

/// What is due, and up to where the group's events are written down. On PostgreSQL each event is looked up by its
/// number: the planner, which cannot know the limit, would read the whole log for a long backlog.
pub(crate) const TAKE: Sql = Sql {
    sqlite: "select d.sequence, d.fence, d.attempts, cast(d.rowid as text) as place, e.id, e.at, e.owner, e.body, \
            (select head from consumers where name = $1) as head \
        from deliveries d cross join events e on e.sequence = d.sequence \
        where d.consumer = $1 and d.state <> 'buried' and d.ready_at <= $2 order by d.sequence limit $3",
    postgres: "with due as materialized (select sequence, fence, attempts, cast(ctid as text) as place from deliveries \
            where consumer = $1 and state <> 'buried' and ready_at <= $2 order by sequence limit $3 \
            for update skip locked) \
        select sequence, fence, attempts, place, id, at, owner, body, \
            (select head from consumers where name = $1) as head \
        from due cross join lateral \
            (select id, at, owner, body from events where events.sequence = due.sequence offset 0) as event \
        order by sequence",
};
/// Writes down who holds what is at these places.
pub(crate) const HOLD: Sql = Sql {
    sqlite: "update deliveries set state = 'held', fence = fence + 1, attempts = attempts + 1, ready_at = $2 \
        where rowid in (select value from json_each('[' || $1 || ']'))",
    postgres: "update deliveries set state = 'held', fence = fence + 1, attempts = attempts + 1, ready_at = $2 \
        where ctid = any (cast('{' || $1 || '}' as tid[]))",
};
/// Takes away what is at these places.
pub(crate) const FINISH: Sql = Sql {
    sqlite: "delete from deliveries where rowid in (select value from json_each('[' || $1 || ']'))",
    postgres: "delete from deliveries where ctid = any (cast('{' || $1 || '}' as tid[]))",
};

/// Every statement of this file.
#[cfg(test)]
pub(crate) const STATEMENTS: &[Sql] = &[TAKE, HOLD, FINISH];

/// A claim that is not written down yet.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) group: String,
    pub(crate) sequence: u64,
    pub(crate) fence: u64,
    pub(crate) lease_until: Timestamp,
    /// Where its row is, as the database says it.
    pub(crate) place: String,
}

impl Taken {
    fn is(&self, claim: &Claim) -> bool {
        self.sequence == claim.record.sequence && self.group == claim.group && self.fence == claim.fence
    }
}

/// Places as a list in a text, each in quotes: those of PostgreSQL hold a comma.
fn places(taken: &[Taken]) -> String {
    let quoted: Vec<String> = taken.iter().map(|taken| format!("\"{}\"", taken.place)).collect();
    quoted.join(",")
}

impl SqlTx {
    /// Writes down what this transaction took and did not finish; whatever else is about deliveries comes after it.
    pub(crate) async fn write_claims(&mut self) -> Result<()> {
        let taken = std::mem::take(&mut self.taken);
        for taken in taken.chunk_by(|one, next| one.lease_until == next.lease_until) {
            let lease_until = taken.first().map_or(0, |taken| taken.lease_until.as_micros());
            let connection = self.writing()?;
            let sql = connection.pick(HOLD);
            connection.execute(sql, binds![places(taken), lease_until]).await.map_err(translate)?;
        }
        Ok(())
    }

    /// Finishes what this transaction took itself of these claims, and gives the others.
    pub(crate) async fn finish_taken<'c>(&mut self, claims: &'c [Claim]) -> Result<Vec<&'c Claim>> {
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for claim in claims {
            match self.taken.iter().position(|taken| taken.is(claim)) {
                Some(found) => own.push(self.taken.swap_remove(found)),
                None => others.push(claim),
            }
        }
        if !own.is_empty() {
            let connection = self.writing()?;
            let sql = connection.pick(FINISH);
            let done = connection.execute(sql, binds![places(&own)]).await.map_err(translate)?;
            if done != own.len() as u64 {
                return Err(Error::conflict("what was claimed is gone").with_context("claims", own.len()));
            }
        }
        Ok(others)
    }
}
