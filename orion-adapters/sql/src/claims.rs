//! Claims that a transaction has made and not written down yet.
//!
//! Until it commits, others step over the rows that it took: on PostgreSQL they are locked, and SQLite has one writer.
//! So who took them is written only with the commit, and only for those that the transaction did not finish itself,
//! which is the usual end of a claim.

use crate::connection::{Bind, binds};
use crate::dialect::Sql;
use crate::error::translate;
use crate::transaction::SqlTx;
use orion_core::port::Claim;
use orion_core::{Error, Result, Timestamp};
use sqlx::AssertSqlSafe;

/// How many claims one statement writes.
const AT_ONCE: usize = 64;

/// What is due, and up to where the group's events are written down. On PostgreSQL each event is looked up by its
/// number: the planner, which cannot know the limit, would read the whole log for a long backlog.
pub(crate) const TAKE: Sql = Sql {
    sqlite: "select d.sequence, d.fence, d.attempts, e.id, e.at, e.owner, e.body, \
            (select head from consumers where name = $1) as head \
        from deliveries d cross join events e on e.sequence = d.sequence \
        where d.consumer = $1 and d.state <> 'buried' and d.ready_at <= $2 order by d.sequence limit $3",
    postgres: "with due as materialized (select sequence, fence, attempts from deliveries \
            where consumer = $1 and state <> 'buried' and ready_at <= $2 order by sequence limit $3 \
            for update skip locked) \
        select sequence, fence, attempts, id, at, owner, body, (select head from consumers where name = $1) as head \
        from due cross join lateral \
            (select id, at, owner, body from events where events.sequence = due.sequence offset 0) as event \
        order by sequence",
};

/// Numbers of places in a statement.
fn places(first: usize, count: usize) -> String {
    let places: Vec<String> = (first..first + count).map(|place| format!("${place}")).collect();
    places.join(", ")
}

/// Writes down who holds so many deliveries.
pub(crate) fn hold(count: usize) -> String {
    format!(
        "update deliveries set state = 'held', fence = fence + 1, attempts = attempts + 1, ready_at = $2 \
         where consumer = $1 and sequence in ({})",
        places(3, count)
    )
}

/// Takes away so many deliveries that nobody else can have.
pub(crate) fn finish(count: usize) -> String {
    format!("delete from deliveries where consumer = $1 and sequence in ({})", places(2, count))
}

/// Takes away so many deliveries that are held, if they still are by the same.
pub(crate) fn acknowledge(count: usize) -> String {
    let fences: Vec<String> = (0..count)
        .map(|n| format!("when ${} then cast(${} as bigint)", 2 + n, 2 + count + n))
        .collect();
    format!(
        "delete from deliveries where consumer = $1 and state = 'held' and sequence in ({}) \
         and fence = case sequence {} end",
        places(2, count),
        fences.join(" ")
    )
}

/// A claim that is not written down yet.
#[derive(Debug, PartialEq)]
pub(crate) struct Taken {
    group: String,
    sequence: u64,
    fence: u64,
    lease_until: Timestamp,
}

impl Taken {
    pub(crate) fn new(claim: &Claim) -> Self {
        let (sequence, lease_until) = (claim.record.sequence, claim.lease_until);
        Self { group: claim.group.clone(), sequence, fence: claim.fence, lease_until }
    }

    fn is(&self, claim: &Claim) -> bool {
        self.sequence == claim.record.sequence && self.group == claim.group && self.fence == claim.fence
    }
}

impl SqlTx {
    /// Writes down what this transaction took and did not finish; whatever else is about deliveries comes after it.
    pub(crate) async fn write_claims(&mut self) -> Result<()> {
        let taken = std::mem::take(&mut self.taken);
        let same = |one: &Taken, next: &Taken| one.group == next.group && one.lease_until == next.lease_until;
        for taken in taken.chunk_by(same).flat_map(|group| group.chunks(AT_ONCE)) {
            let [first, ..] = taken else { continue };
            let mut binds = binds![first.group.as_str(), first.lease_until.as_micros()];
            binds.extend(taken.iter().map(|taken| Bind::from(taken.sequence)));
            let sql = AssertSqlSafe(hold(taken.len()));
            self.writing()?.execute(sql, binds).await.map_err(translate)?;
        }
        Ok(())
    }

    /// Finishes claims of one group, those of this transaction by what it knows, the others by what is written.
    pub(crate) async fn finish_claims(&mut self, claims: &[Claim]) -> Result<()> {
        let own = |claim: &&Claim| self.taken.iter().any(|taken| taken.is(claim));
        let (own, others): (Vec<&Claim>, Vec<&Claim>) = claims.iter().partition(own);
        let sequence = |claim: &&Claim| Bind::from(claim.record.sequence);
        for claims in own.chunks(AT_ONCE) {
            let mut binds = binds![claims[0].group.as_str()];
            binds.extend(claims.iter().map(sequence));
            self.finished(claims, finish(claims.len()), binds).await?;
        }
        self.taken.retain(|taken| !own.iter().any(|claim| taken.is(claim)));
        if !others.is_empty() {
            // One of them may have been taken over just now, by this very transaction.
            self.write_claims().await?;
        }
        for claims in others.chunks(AT_ONCE) {
            let mut binds = binds![claims[0].group.as_str()];
            binds.extend(claims.iter().map(sequence));
            binds.extend(claims.iter().map(|claim| Bind::from(claim.fence)));
            self.finished(claims, acknowledge(claims.len()), binds).await?;
        }
        Ok(())
    }

    async fn finished(&mut self, claims: &[&Claim], sql: String, binds: Vec<Bind>) -> Result<()> {
        let done = self.writing()?.execute(AssertSqlSafe(sql), binds).await.map_err(translate)?;
        match claims {
            [first, ..] if done != claims.len() as u64 => {
                Err(Error::lost_claim(first).with_context("claims", claims.len()))
            }
            _ => Ok(()),
        }
    }
}
