//! One publication from `prepared` to its end, a committed state before every call.

use super::{Publisher, TRIES, accounts, approval, result_of};
use crate::domain::{AssetKind, ContentStatus, Publication, PublicationState};
use crate::event::{Event, EventRecord, PostStatus};
use crate::id::{EventId, PublicationId};
use crate::port::{Filter, Order, Page, PlatformPublisher, PublishRequest, PublishStatus, RepositoryExt, Tx};
use crate::{Error, ErrorKind, Operation, Result};
use futures_util::future::{Either, select};
use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a worker has a publication for itself; a dead one's are taken up after it.
pub(super) const HOLD: Duration = Duration::from_secs(15);
/// How often a worker that uploads says that it is alive: twice before others would take it for dead.
const BEAT: Duration = Duration::from_secs(5);
/// Pauses after the first, second, … send that stayed in doubt.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(30), Duration::from_secs(120), Duration::from_secs(600), Duration::from_secs(3600)];
/// The pause before a publication is tried again for which the machine had no room.
const ROOM: Duration = Duration::from_secs(2);
/// The last call is sent so often at most; then a person must look.
const MOST_SENDS: u32 = 5;
/// What is older is left to a person.
pub(super) const GIVE_UP: Duration = Duration::from_secs(3 * 24 * 3600);
/// How long a link to the file holds.
const LINK_HOLDS: Duration = Duration::from_secs(24 * 3600);

/// The publications that this process works on: two of its tasks never take the same. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct AtWork(Arc<Mutex<BTreeSet<PublicationId>>>);

/// A publication taken; others may take it once this is dropped.
struct Taken<'a>(&'a AtWork, PublicationId);

impl AtWork {
    fn take(&self, id: PublicationId) -> Option<Taken<'_>> {
        let mine = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        // Made only for who has it: dropping one gives the publication back.
        mine.then(|| Taken(self, id))
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

impl Publisher {
    /// Whether anything can be done for a publication now.
    pub(super) fn is_ready(&self, publication: &Publication) -> bool {
        !matches!(publication.state, PublicationState::Published | PublicationState::Failed)
            && publication.held_until.is_none_or(|until| until <= self.clock.now())
    }

    /// Goes on with a publication as far as it comes, and gives it as it then stands.
    pub(super) async fn drive(&self, publication: Publication, operation: &Operation) -> Result<Publication> {
        let id = publication.id;
        let Some(_taken) = self.at_work.take(id) else { return Ok(publication) };
        let Some(adapter) = self.adapter(publication.destination).cloned() else { return Ok(publication) };
        let outcome = match publication.state {
            PublicationState::Prepared | PublicationState::Uploading => {
                self.prepare(publication, &*adapter, operation).await
            }
            _ => self.read_back(publication, &*adapter, operation).await,
        };
        match outcome {
            // Another worker was faster: what it did is what counts.
            Err(error) if error.kind() == ErrorKind::Conflict => self.publication(id).await,
            outcome => outcome,
        }
    }

    /// Does everything but the last call. Nothing is visible yet, so it can be done again after a crash.
    async fn prepare(
        &self,
        mut publication: Publication,
        adapter: &dyn PlatformPublisher,
        operation: &Operation,
    ) -> Result<Publication> {
        let request = match self.request(&publication).await? {
            Ok(request) => request,
            Err(reason) => return self.settle(publication, PublicationState::Failed, Some(reason)).await,
        };
        publication.set_state(PublicationState::Uploading, self.clock.now())?;
        self.hold(&mut publication).await?;
        let prepared = self.holding(&mut publication, adapter.prepare(&request, operation)).await?;
        match prepared {
            Ok(handle) => {
                publication.handle = Some(handle);
                self.send(publication, &request, adapter, operation).await
            }
            Err(error) if error.kind() == ErrorKind::Cancelled => {
                publication.held_until = None;
                self.save(&mut publication).await?;
                Ok(publication)
            }
            Err(error) if error.is_starved() => {
                self.rest(publication, PublicationState::Uploading, Some(waits(&error)), ROOM).await
            }
            Err(error) => self.settle(publication, PublicationState::Failed, Some(error.to_string())).await,
        }
    }

    /// Reads back what became of a call that may have been sent.
    async fn read_back(
        &self,
        mut publication: Publication,
        adapter: &dyn PlatformPublisher,
        operation: &Operation,
    ) -> Result<Publication> {
        self.hold(&mut publication).await?;
        let status = match self.request(&publication).await? {
            Err(reason) => PublishStatus::Unknown(reason),
            Ok(request) => {
                let handle = publication.handle.clone().unwrap_or_default();
                match adapter.reconcile(&request, &handle).await {
                    Ok(PublishStatus::Absent) if publication.sends < MOST_SENDS => {
                        return self.send(publication, &request, adapter, operation).await;
                    }
                    Ok(status) => status,
                    Err(error) if error.is_starved() => {
                        return self.rest(publication, PublicationState::Unknown, Some(waits(&error)), ROOM).await;
                    }
                    Err(error) => PublishStatus::Unknown(error.to_string()),
                }
            }
        };
        self.take_over(publication, status).await
    }

    /// The last call, once it has been written down that it will be made.
    async fn send(
        &self,
        mut publication: Publication,
        request: &PublishRequest,
        adapter: &dyn PlatformPublisher,
        operation: &Operation,
    ) -> Result<Publication> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let content = tx.contents().require(publication.content_id).await?;
        let free = matches!(content.status, ContentStatus::Approved | ContentStatus::Published);
        let approved = approval::approved_file(&mut *tx, &content).await;
        if !free || approved.as_ref().is_ok_and(|file| file.sha256 != publication.file) || approved.is_err() {
            drop(tx);
            let reason = "the approval was withdrawn, or the video changed, before it went out".to_owned();
            return self.settle(publication, PublicationState::Failed, Some(reason)).await;
        }
        if publication.state != PublicationState::Armed {
            publication.set_state(PublicationState::Armed, now)?;
        }
        publication.sends = publication.sends.saturating_add(1);
        publication.held_until = Some(now.after(HOLD));
        publication.error = None;
        tx.publications().update(&mut publication).await?;
        tx.commit().await?;
        // A worker that was stopped between the commit and here must not send: another may have taken over.
        if publication.held_until.is_some_and(|until| until <= self.clock.now()) {
            return Ok(publication);
        }
        let handle = publication.handle.clone().unwrap_or_default();
        let status = match adapter.publish(request, &handle, operation).await {
            Ok(status) => status,
            Err(error) if error.is_starved() => {
                // Nothing was sent, so it does not count; the next look tells that for certain.
                publication.sends = publication.sends.saturating_sub(1);
                return self.rest(publication, PublicationState::Unknown, Some(waits(&error)), ROOM).await;
            }
            Err(error) => PublishStatus::Unknown(error.to_string()),
        };
        self.take_over(publication, status).await
    }

    /// Writes down what the destination said.
    async fn take_over(&self, mut publication: Publication, status: PublishStatus) -> Result<Publication> {
        use PublicationState::{Failed, Processing, Published, Unknown};
        let pause = PAUSES.get(publication.sends.saturating_sub(1) as usize).or(PAUSES.last()).copied();
        let pause = pause.unwrap_or(HOLD);
        match status {
            PublishStatus::Published(post) => {
                publication.handle = Some(post);
                self.settle(publication, Published, None).await
            }
            PublishStatus::Failed(reason) => self.settle(publication, Failed, Some(reason)).await,
            PublishStatus::Gone(reason) => {
                let account = publication.account_id;
                let publication = self.settle(publication, Failed, Some(reason)).await?;
                if let Some(account) = account {
                    let mut tx = self.store.begin().await?;
                    if let Some(account) = tx.accounts().get(account).await?.filter(|account| account.active) {
                        accounts::close(&mut *tx, account).await?;
                        tx.commit().await?;
                    }
                }
                Ok(publication)
            }
            PublishStatus::Processing => self.rest(publication, Processing, None, pause).await,
            PublishStatus::Absent => {
                let reason = "the destination has nothing of it yet".to_owned();
                self.rest(publication, Unknown, Some(reason), pause).await
            }
            PublishStatus::Unknown(reason) => self.rest(publication, Unknown, Some(reason), pause).await,
        }
    }

    /// Leaves a publication undecided for a while.
    async fn rest(
        &self,
        mut publication: Publication,
        next: PublicationState,
        error: Option<String>,
        pause: Duration,
    ) -> Result<Publication> {
        publication.held_until = Some(self.clock.now().after(pause));
        if publication.state == next && publication.doubted {
            publication.error = error;
            self.save(&mut publication).await?;
            return Ok(publication);
        }
        self.settle(publication, next, error).await
    }

    /// Moves a publication to where others no longer wait for it, and tells what follows, in one transaction.
    pub(super) async fn settle(
        &self,
        publication: Publication,
        next: PublicationState,
        error: Option<String>,
    ) -> Result<Publication> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_settle(publication.clone(), next, error.clone()).await {
                // Only another publication of the same batch can be in the way: whoever has this very row is ahead.
                Err(Lost::Sibling) if tries < TRIES => {}
                Err(Lost::Sibling) => return Err(Error::conflict("too many publications of one content at once")),
                Err(Lost::For(error)) => return Err(error),
                Ok((publication, records)) => {
                    for record in &records {
                        // The wire may fail: the log is the record.
                        let _ = self.wire.announce(record).await;
                    }
                    return Ok(publication);
                }
            }
        }
    }

    async fn try_settle(
        &self,
        mut publication: Publication,
        next: PublicationState,
        error: Option<String>,
    ) -> Result<(Publication, Vec<EventRecord>), Lost> {
        let now = self.clock.now();
        let waited_for = !publication.doubted;
        publication.set_state(next, now)?;
        publication.error = error.map(|error| error.chars().take(2000).collect());
        // What rests is taken up later, and the others of its batch do not wait for it.
        let rests =
            matches!(next, PublicationState::Unknown | PublicationState::Processing | PublicationState::Uploading);
        publication.doubted |= rests;
        if !rests {
            publication.held_until = None;
        }
        let mut tx = self.store.begin().await?;
        tx.publications().update(&mut publication).await?;
        let mut content = tx.contents().require(publication.content_id).await?;
        let out = next == PublicationState::Published;
        if out && content.status == ContentStatus::Approved {
            content.set_status(ContentStatus::Published, now)?;
        }
        // Written in any case: of two that settle at once, the second must see the first, or nobody would tell.
        match tx.contents().update(&mut content).await {
            Err(error) if error.kind() == ErrorKind::Conflict => return Err(Lost::Sibling),
            outcome => outcome?,
        }
        let mut records = Vec::new();
        let batch = batch(&mut *tx, &publication).await?;
        let waiting = batch.iter().any(|sibling| !sibling.doubted && is_open(sibling.state));
        let closes = waited_for && !waiting;
        let results: Vec<_> = batch.iter().map(result_of).collect();
        let platforms: Vec<String> = results
            .iter()
            .filter(|result| result.status == PostStatus::Published)
            .map(|result| result.platform.clone())
            .collect();
        if (closes || out && !waiting) && !platforms.is_empty() {
            let event = Event::ContentPublished { content_id: content.id, platforms, results, published_at: now };
            let id = EventId::random(&*self.entropy);
            records.push(tx.append(id, now, Some(content.owner), &event).await?);
        }
        match tx.commit().await {
            Err(error) if error.kind() == ErrorKind::Conflict && self.is_unmoved(&publication).await? => {
                Err(Lost::Sibling)
            }
            outcome => Ok(outcome.map(|()| (publication, records))?),
        }
    }

    /// Whether the row is still the one that this worker read.
    async fn is_unmoved(&self, publication: &Publication) -> Result<bool> {
        Ok(self.publication(publication.id).await?.version + 1 == publication.version)
    }

    /// What the destination is to be given, or why it must not be given anything.
    async fn request(&self, publication: &Publication) -> Result<Result<PublishRequest, String>> {
        let mut tx = self.store.read().await?;
        let content = tx.contents().require(publication.content_id).await?;
        let video = approval::newest(&mut *tx, &content, AssetKind::Video).await?.map(|asset| asset.blob);
        let Some(video) = video.filter(|video| video.sha256 == publication.file) else {
            return Ok(Err("the video has changed since it was approved".to_owned()));
        };
        let thumbnail = approval::thumbnail(&mut *tx, &content).await?.map(|asset| asset.blob);
        let credentials = match self.open(&mut *tx, publication.account_id).await? {
            Ok(credentials) => credentials,
            Err(reason) => return Ok(Err(reason)),
        };
        let until = self.clock.now().after(LINK_HOLDS);
        let video_url = self.links.as_ref().map(|links| links.link(&video, until)).transpose()?;
        Ok(Ok(PublishRequest {
            id: publication.id,
            content_id: publication.content_id,
            video,
            thumbnail,
            video_url,
            title: publication.title.clone(),
            description: publication.description.clone(),
            credentials,
        }))
    }

    /// Takes a publication for this worker.
    async fn hold(&self, publication: &mut Publication) -> Result<()> {
        publication.held_until = Some(self.clock.now().after(HOLD));
        self.save(publication).await
    }

    /// Waits for a call that may take longer than a worker is waited for, and says meanwhile that this one is alive.
    ///
    /// # Errors
    /// `Conflict` if another worker has taken over, which ends the call.
    async fn holding<T>(
        &self,
        publication: &mut Publication,
        call: impl Future<Output = Result<T>>,
    ) -> Result<Result<T>> {
        let mut call = pin!(call);
        loop {
            match select(call.as_mut(), self.sleeper.sleep(BEAT)).await {
                Either::Left((outcome, _)) => return Ok(outcome),
                Either::Right(_) => match self.hold(publication).await {
                    Err(error) if error.kind() == ErrorKind::Conflict => return Err(error),
                    // A record that is away for a moment takes the next sign of life.
                    _ => {}
                },
            }
        }
    }

    async fn save(&self, publication: &mut Publication) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.publications().update(publication).await?;
        tx.commit().await
    }
}

/// Why a move could not be written.
enum Lost {
    Sibling,
    For(Error),
}

impl From<Error> for Lost {
    fn from(error: Error) -> Self {
        Self::For(error)
    }
}

/// What is told of a publication that waits for room on the machine.
fn waits(error: &Error) -> String {
    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("waits for room, and then goes on: {error}{hint}")
}

/// Whether the outcome is still to come.
fn is_open(state: PublicationState) -> bool {
    use PublicationState::{Armed, Prepared, Uploading};
    matches!(state, Prepared | Uploading | Armed)
}

/// Everything that was asked for together with this, itself included.
async fn batch(tx: &mut dyn Tx, publication: &Publication) -> Result<Vec<Publication>> {
    let filter = Filter { parent: Some(publication.content_id.0), ..Filter::default() };
    let mut page = Page::first(Order::Oldest, Page::MOST);
    let mut batch = Vec::new();
    loop {
        let slice = tx.publications().list(&filter, &page).await?;
        batch.extend(slice.items.into_iter().filter(|sibling| sibling.batch == publication.batch));
        match slice.next {
            Some(cursor) => page.after = Some(cursor),
            None => return Ok(batch),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sample;

    #[test]
    fn a_publication_is_taken_once_until_it_is_given_back() {
        let at_work = AtWork::default();
        let id = PublicationId(sample::uuid(1));
        let taken = at_work.take(id).unwrap();
        for _ in 0..2 {
            assert!(at_work.take(id).is_none(), "who comes second takes nothing, and gives nothing back");
        }
        drop(taken);
        assert!(at_work.take(id).is_some());
    }
}
