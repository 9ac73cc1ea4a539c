//! The event log as a transaction sees it: events, and how far each consumer group has come.

use super::writable;
use crate::event::{Event, EventRecord};
use crate::id::{EventId, UserId};
use crate::port::{Claim, Entry, Handed, Place};
use crate::{Error, ErrorKind, Result, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// Events and groups. A clone shares them until one side writes.
#[derive(Debug, Clone)]
pub(super) struct Log {
    /// Ascending by sequence; old ones may have been deleted.
    events: Arc<Vec<Arc<EventRecord>>>,
    /// The sequence given last.
    last: u64,
    places: Arc<HashMap<EventId, u64>>,
    groups: Arc<BTreeMap<String, Group>>,
    pub(super) writable: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self { events: Arc::default(), last: 0, places: Arc::default(), groups: Arc::default(), writable: true }
    }
}

/// How far a group has come: events up to `head` that are neither open nor buried are done.
#[derive(Debug, Clone, Default)]
struct Group {
    head: u64,
    open: BTreeMap<u64, Delivery>,
    /// What was put aside.
    buried: BTreeMap<u64, Delivery>,
}

/// An event that was given to a group and is not done.
#[derive(Debug, Clone)]
struct Delivery {
    fence: u64,
    attempts: u32,
    /// False once it was released.
    held: bool,
    /// End of the lease, or the time to try again.
    ready_at: Timestamp,
    /// Why it was given back or put aside last.
    reason: Option<String>,
}

impl Log {
    pub(super) fn append(
        &mut self,
        id: EventId,
        at: Timestamp,
        owner: Option<UserId>,
        event: &Event,
    ) -> Result<EventRecord> {
        writable(self.writable)?;
        if self.places.contains_key(&id) {
            return Err(Error::event_exists(id));
        }
        self.last += 1;
        let sequence = self.last;
        Arc::make_mut(&mut self.places).insert(id, sequence);
        let record = EventRecord { sequence, id, at, owner, event: event.clone() };
        Arc::make_mut(&mut self.events).push(Arc::new(record.clone()));
        Ok(record)
    }

    pub(super) fn last(&self) -> u64 {
        self.last
    }

    pub(super) fn sequence_of(&self, id: EventId) -> Option<u64> {
        self.places.get(&id).copied()
    }

    fn behind(&self, after: u64) -> impl Iterator<Item = &Arc<EventRecord>> {
        let from = self.events.partition_point(|record| record.sequence <= after);
        self.events.iter().skip(from)
    }

    pub(super) fn read(&self, after: u64, owner: Option<UserId>, limit: u32) -> Vec<EventRecord> {
        self.behind(after)
            .filter(|record| owner.is_none() || record.owner.is_none() || record.owner == owner)
            .take(limit as usize)
            .map(|record| EventRecord::clone(record))
            .collect()
    }

    fn record(&self, sequence: u64) -> Result<EventRecord> {
        self.behind(sequence - 1)
            .next()
            .filter(|record| record.sequence == sequence)
            .map(|record| EventRecord::clone(record))
            .ok_or_else(|| Error::unexpected("the log has lost an event").with_context("sequence", sequence))
    }

    pub(super) fn claim(&mut self, group: &str, now: Timestamp, lease: Duration, limit: u32) -> Result<Vec<Claim>> {
        writable(self.writable)?;
        let limit = limit as usize;
        let head = self.groups.get(group).map_or(0, |state| state.head);
        let fresh: Vec<u64> = self.behind(head).map(|record| record.sequence).take(limit).collect();
        let groups = Arc::make_mut(&mut self.groups);
        let state = groups.entry(group.to_owned()).or_default();
        // What comes back is older than what was never given, so the result ascends.
        let again = state.open.iter().filter(|(_, delivery)| delivery.ready_at <= now).map(|(sequence, _)| *sequence);
        let mut taken: Vec<u64> = again.take(limit).collect();
        let room = limit - taken.len();
        for sequence in fresh.into_iter().take(room) {
            state.head = sequence;
            taken.push(sequence);
        }
        let lease_until = now.after(lease);
        let mut numbers = Vec::with_capacity(taken.len());
        for sequence in taken {
            let fresh = Delivery { fence: 0, attempts: 0, held: true, ready_at: lease_until, reason: None };
            let delivery = state.open.entry(sequence).or_insert(fresh);
            delivery.fence += 1;
            delivery.attempts += 1;
            (delivery.held, delivery.ready_at) = (true, lease_until);
            numbers.push((sequence, delivery.fence, delivery.attempts));
        }
        numbers
            .into_iter()
            .map(|(sequence, fence, attempts)| {
                Ok(Claim { group: group.to_owned(), record: self.record(sequence)?, fence, attempts, lease_until })
            })
            .collect()
    }

    /// The group of a claim, once the claim has been found to hold.
    fn held(&mut self, claim: &Claim) -> Result<(&mut Group, u64)> {
        writable(self.writable)?;
        let sequence = claim.record.sequence;
        let group = Arc::make_mut(&mut self.groups).get_mut(&claim.group);
        group
            .filter(|group| {
                group.open.get(&sequence).is_some_and(|delivery| delivery.held && delivery.fence == claim.fence)
            })
            .map(|group| (group, sequence))
            .ok_or_else(|| Error::lost_claim(claim))
    }

    pub(super) fn extend(&mut self, claim: &Claim, now: Timestamp, lease: Duration) -> Result<()> {
        let (group, sequence) = self.held(claim)?;
        if let Some(delivery) = group.open.get_mut(&sequence) {
            delivery.ready_at = now.after(lease);
        }
        Ok(())
    }

    pub(super) fn acknowledge(&mut self, claim: &Claim) -> Result<()> {
        let (group, sequence) = self.held(claim)?;
        group.open.remove(&sequence);
        Ok(())
    }

    pub(super) fn release(&mut self, claim: &Claim, retry_at: Timestamp, reason: &str) -> Result<()> {
        let (group, sequence) = self.held(claim)?;
        if let Some(delivery) = group.open.get_mut(&sequence) {
            delivery.held = false;
            delivery.ready_at = retry_at;
            delivery.reason = Some(reason.to_owned());
        }
        Ok(())
    }

    pub(super) fn bury(&mut self, claim: &Claim, reason: &str) -> Result<()> {
        let (group, sequence) = self.held(claim)?;
        if let Some(mut delivery) = group.open.remove(&sequence) {
            delivery.reason = Some(reason.to_owned());
            group.buried.insert(sequence, delivery);
        }
        Ok(())
    }

    pub(super) fn exhume(&mut self, group: &str, sequence: u64, retry_at: Timestamp) -> Result<()> {
        writable(self.writable)?;
        let state = Arc::make_mut(&mut self.groups).get_mut(group);
        let (state, mut delivery) = state
            .and_then(|state| state.buried.remove(&sequence).map(|buried| (state, buried)))
            .ok_or_else(|| Error::not_buried(group, sequence))?;
        (delivery.attempts, delivery.held, delivery.ready_at) = (0, false, retry_at);
        state.open.insert(sequence, delivery);
        Ok(())
    }

    pub(super) fn buried(&self, group: &str, after: u64, limit: u32) -> Result<Vec<(EventRecord, String)>> {
        let buried = self.groups.get(group).into_iter().flat_map(|group| &group.buried);
        buried
            .filter(|(sequence, _)| **sequence > after)
            .take(limit as usize)
            .map(|(sequence, buried)| Ok((self.record(*sequence)?, buried.reason.clone().unwrap_or_default())))
            .collect()
    }

    pub(super) fn groups(&self) -> Vec<String> {
        self.groups.keys().cloned().collect()
    }

    pub(super) fn forget(&mut self, before: Timestamp, limit: u32) -> Result<u64> {
        writable(self.writable)?;
        let given = self.groups.values().map(|group| group.head).min().unwrap_or(u64::MAX);
        let is_done = |sequence: u64| {
            sequence <= given
                && self
                    .groups
                    .values()
                    .all(|group| !group.open.contains_key(&sequence) && !group.buried.contains_key(&sequence))
        };
        let gone = self.events.iter().filter(|record| record.at < before && is_done(record.sequence));
        let gone: HashMap<u64, EventId> =
            gone.take(limit as usize).map(|record| (record.sequence, record.id)).collect();
        Arc::make_mut(&mut self.events).retain(|record| !gone.contains_key(&record.sequence));
        let places = Arc::make_mut(&mut self.places);
        for id in gone.values() {
            places.remove(id);
        }
        Ok(gone.len() as u64)
    }

    /// Entries of a part of the log, counted from `first`; see [`Archive::walk`](crate::port::Archive::walk).
    pub(super) fn walk(&self, first: usize, from: &Place, most: u32) -> Result<(Vec<Entry>, Option<Place>)> {
        let numbered = |sequence: u64| format!("{sequence:020}");
        let keyed: Vec<(String, Entry)> = match from.part.saturating_sub(first) {
            0 => self
                .behind(from.after.parse().unwrap_or_default())
                .take(most as usize)
                .map(|record| {
                    let EventRecord { sequence, id, at, owner, ref event } = **record;
                    let event = serde_json::to_string(event)?;
                    Ok((numbered(sequence), Entry::Event { sequence, id, at, owner, event }))
                })
                .collect::<Result<_>>()?,
            1 => {
                let groups = self.groups.iter().filter(|(name, _)| **name > from.after);
                let entry = |(name, group): (&String, &Group)| Entry::Group { name: name.clone(), head: group.head };
                groups.take(most as usize).map(|pair| (pair.0.clone(), entry(pair))).collect()
            }
            2 => {
                let given = self.groups.iter().flat_map(|(name, group)| {
                    let all = group.open.iter().map(|(sequence, given)| (*sequence, given, false));
                    let mut all: Vec<_> =
                        all.chain(group.buried.iter().map(|(sequence, given)| (*sequence, given, true))).collect();
                    all.sort_unstable_by_key(|(sequence, ..)| *sequence);
                    all.into_iter().map(move |(sequence, given, buried)| {
                        (format!("{name}\0{}", numbered(sequence)), given.entry(name, sequence, buried))
                    })
                });
                given.filter(|(key, _)| *key > from.after).take(most as usize).collect()
            }
            _ => return Ok((vec![Entry::Last { sequence: self.last }], None)),
        };
        Ok(from.page(most, keyed))
    }

    /// Puts an entry of the log back.
    pub(super) fn put_back(&mut self, entry: &Entry) -> Result<()> {
        writable(self.writable)?;
        match entry {
            Entry::Row { .. } => {
                return Err(Error::new(ErrorKind::Unsupported, "a row is no entry of the log"));
            }
            Entry::Event { sequence, id, at, owner, event } => {
                let record = EventRecord {
                    sequence: *sequence,
                    id: *id,
                    at: *at,
                    owner: *owner,
                    event: serde_json::from_str(event)?,
                };
                let place = self.events.partition_point(|other| other.sequence < *sequence);
                let taken = self.events.get(place).is_some_and(|other| other.sequence == *sequence);
                if taken || self.places.contains_key(id) {
                    return Err(Error::entry_exists(entry));
                }
                Arc::make_mut(&mut self.places).insert(*id, *sequence);
                Arc::make_mut(&mut self.events).insert(place, Arc::new(record));
                self.last = self.last.max(*sequence);
            }
            Entry::Group { name, head } => {
                if self.groups.contains_key(name) {
                    return Err(Error::entry_exists(entry));
                }
                let group = Group { head: *head, ..Group::default() };
                Arc::make_mut(&mut self.groups).insert(name.clone(), group);
            }
            Entry::Delivery { group, sequence, state, fence, attempts, ready_at, reason } => {
                let known = self.record(*sequence).is_ok();
                let there = Arc::make_mut(&mut self.groups).get_mut(group).filter(|_| known);
                let there = there.ok_or_else(|| Error::entry_of_nothing(entry))?;
                if there.open.contains_key(sequence) || there.buried.contains_key(sequence) {
                    return Err(Error::entry_exists(entry));
                }
                let (fence, attempts, ready_at, reason) = (*fence, *attempts, *ready_at, reason.clone());
                let held = *state != Handed::Released;
                let delivery = Delivery { fence, attempts, held, ready_at, reason };
                match state {
                    Handed::Buried => there.buried.insert(*sequence, delivery),
                    _ => there.open.insert(*sequence, delivery),
                };
            }
            Entry::Last { sequence } => self.last = self.last.max(*sequence),
        }
        Ok(())
    }

    pub(super) fn clear(&mut self) -> Result<()> {
        writable(self.writable)?;
        *self = Self::default();
        Ok(())
    }
}

impl Delivery {
    fn entry(&self, group: &str, sequence: u64, buried: bool) -> Entry {
        let state = match (buried, self.held) {
            (true, _) => Handed::Buried,
            (false, true) => Handed::Held,
            (false, false) => Handed::Released,
        };
        let Self { fence, attempts, ready_at, .. } = *self;
        Entry::Delivery {
            group: group.to_owned(),
            sequence,
            state,
            fence,
            attempts,
            ready_at,
            reason: self.reason.clone(),
        }
    }
}
