//! Publisher: puts an approved file out, once.
//!
//! A publication is written down before anything leaves; the last call is sent once; where it is in doubt what became
//! of it, the destination is read back before anything is sent again, and what cannot be decided waits for a person.

mod accounts;
mod approval;
mod drive;
mod safety;
#[cfg(test)]
mod tests;
mod text;

pub use drive::AtWork;

use crate::domain::{Content, ContentStatus, Destination, Publication, PublicationState, Role, SocialAccount};
use crate::event::{PostResult, PostStatus};
use crate::id::{ContentId, PublicationId, SocialAccountId};
use crate::port::{
    BlobStore, Clock, Entropy, FileLinks, Filter, Order, Page, PlatformPublisher, RepositoryExt, Sleeper, Store, Tx,
    Vault, Wire,
};
use crate::service::identity::Caller;
use crate::{Error, ErrorKind, Operation, Result, Timestamp};
use futures_util::future::join_all;
use std::sync::Arc;

/// How many destinations can be asked for at once.
const MOST_NAMES: usize = 20;
/// How often preparing is tried against others who prepare the same.
const TRIES: u32 = 8;

/// The use case.
#[derive(Debug, Clone)]
pub struct Publisher {
    /// The record.
    pub store: Arc<dyn Store>,
    /// Files.
    pub blobs: Arc<dyn BlobStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Lets time pass between two signs of life during an upload.
    pub sleeper: Arc<dyn Sleeper>,
    /// Announces committed events.
    pub wire: Arc<dyn Wire>,
    /// Seals credentials.
    pub vault: Arc<dyn Vault>,
    /// Where it can publish, one for each destination at most.
    pub destinations: Vec<Arc<dyn PlatformPublisher>>,
    /// Words that must not go out, in any case.
    pub blocklist: Vec<String>,
    /// How many characters a text may have at most, whatever the destination allows.
    pub text_limit: Option<usize>,
    /// Makes links to files for destinations that fetch; none where this installation serves no files.
    pub links: Option<Arc<dyn FileLinks>>,
    /// What this process works on; begin with `AtWork::default()`.
    pub at_work: AtWork,
}

/// What came of publishing.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishOutcome {
    /// The content.
    pub content_id: ContentId,
    /// What came of each destination, in the order asked for.
    pub results: Vec<PostResult>,
    /// When it went out last, if it did.
    pub published_at: Option<Timestamp>,
}

/// One destination of a request, before anything has been done.
enum Wanted {
    /// No destination has this name.
    Nameless(PostResult),
    /// A destination, and the account there or why there is none.
    Place(Destination, Result<SocialAccount, String>),
}

/// One destination of a request, written down.
enum Prepared {
    Nameless(PostResult),
    Row(PublicationId),
}

impl Publisher {
    /// Publishes content at destinations, by the names that clients have for them; `webhook:ID` names one of several
    /// accounts there.
    ///
    /// A destination that is unknown, or where no account is connected, gives a failed result and no error, also for
    /// content that is out already.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) for content that is not the caller's; [`Conflict`](ErrorKind::Conflict) for
    /// content that is not approved, whose very file nobody approved, or that is out already wherever it was asked for;
    /// [`Invalid`](ErrorKind::Invalid) for a text that must not go out; the store's own.
    pub async fn publish(
        &self,
        caller: &Caller,
        content: ContentId,
        names: Vec<String>,
        operation: &Operation,
    ) -> Result<PublishOutcome> {
        caller.require(Role::Editor)?;
        if names.is_empty() || names.len() > MOST_NAMES {
            return Err(Error::invalid("name 1 to 20 destinations").with_context("named", names.len()));
        }
        let prepared = self.prepare_all(caller, content, &names).await?;
        let driven = join_all(prepared.into_iter().map(async |one| match one {
            Prepared::Nameless(result) => Ok((result, None)),
            Prepared::Row(id) => {
                let publication = self.settle_as_far_as_possible(id, operation).await?;
                Ok((result_of(&publication), publication.published_at))
            }
        }));
        let driven = driven.await.into_iter().collect::<Result<Vec<_>>>()?;
        let published_at = driven.iter().filter_map(|(_, at)| *at).max();
        let results = driven.into_iter().map(|(result, _)| result).collect();
        Ok(PublishOutcome { content_id: content, results, published_at })
    }

    /// What was published or tried, newest first; of everybody for administrators, else the caller's own.
    ///
    /// # Errors
    /// The store's own.
    pub async fn history(&self, caller: &Caller, content: Option<ContentId>, limit: u32) -> Result<Vec<Publication>> {
        let owner = caller.sees().map(|user| user.0);
        let filter = Filter { owner, parent: content.map(|content| content.0), ..Filter::default() };
        let mut tx = self.store.read().await?;
        Ok(tx.publications().list(&filter, &Page::first(Order::Newest, limit)).await?.items)
    }

    /// Writes down what a person has seen of a publication that nobody else can decide.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) for one that is not the caller's; [`Conflict`](ErrorKind::Conflict) for one
    /// that is not in doubt.
    pub async fn decide(&self, caller: &Caller, id: PublicationId, out: bool) -> Result<Publication> {
        caller.require(Role::Editor)?;
        let publication = self.store.read().await?.publications().require(id).await?;
        if caller.owns(publication.owner).is_err() {
            return Err(Error::no_row::<Publication>(id));
        }
        if publication.state != PublicationState::Unknown {
            return Err(Error::conflict("this publication is not in doubt").with_context("state", publication.state));
        }
        let next = if out { PublicationState::Published } else { PublicationState::Failed };
        let error = (!out).then(|| "a person found nothing of it".to_owned());
        self.settle(publication, next, error).await
    }

    /// Goes on with what a crash, a destination in doubt, or a full disk left unfinished, and gives how many it took up.
    /// What was sent is read back before anything is sent again. One that cannot be taken up holds up no other.
    ///
    /// # Errors
    /// The store's own, of the first that could not be taken up; [`Cancelled`](ErrorKind::Cancelled).
    pub async fn resume(&self, operation: &Operation) -> Result<usize> {
        use PublicationState::{Armed, Prepared, Processing, Unknown, Uploading};
        let states = [Prepared, Uploading, Processing, Armed, Unknown].map(|state| state.to_string()).to_vec();
        let filter = Filter { states, since: Some(self.clock.now().before(drive::GIVE_UP)), ..Filter::default() };
        let mut page = Page::first(Order::Oldest, Page::MOST);
        let (mut taken, mut failure) = (0, None);
        loop {
            let slice = self.store.read().await?.publications().list(&filter, &page).await?;
            for publication in slice.items {
                operation.cancellation.check()?;
                if self.is_ready(&publication) {
                    taken += 1;
                    if let Err(error) = self.drive(publication, operation).await {
                        failure.get_or_insert(error);
                    }
                }
            }
            match slice.next {
                Some(cursor) => page.after = Some(cursor),
                None => return failure.map_or(Ok(taken), Err),
            }
        }
    }

    /// Writes down everything that was asked for, in one transaction, before anything leaves.
    async fn prepare_all(&self, caller: &Caller, id: ContentId, names: &[String]) -> Result<Vec<Prepared>> {
        for _ in 1..TRIES {
            match self.try_prepare_all(caller, id, names).await {
                // Somebody prepared the same meanwhile: look again.
                Err(Lost::Race) => {}
                Err(Lost::For(error)) => return Err(error),
                Ok(prepared) => return Ok(prepared),
            }
        }
        self.try_prepare_all(caller, id, names).await.map_err(|lost| match lost {
            Lost::For(error) => error,
            Lost::Race => Error::conflict("others are publishing this at the same moment"),
        })
    }

    async fn try_prepare_all(&self, caller: &Caller, id: ContentId, names: &[String]) -> Result<Vec<Prepared>, Lost> {
        let mut tx = self.store.begin().await?;
        let found = tx.contents().get(id).await?.filter(|content| caller.owns(content.owner).is_ok());
        let content = found.ok_or_else(|| Error::no_row::<Content>(id))?;
        if !matches!(content.status, ContentStatus::Approved | ContentStatus::Published) {
            return Err(Error::conflict("only approved content can be published")
                .with_context("status", content.status)
                .with_hint("approve it at its review first")
                .into());
        }
        let file = approval::approved_file(&mut *tx, &content).await?.sha256;
        if !self.blobs.contains(file).await? {
            return Err(Error::not_found("the approved file is gone").with_context("sha256", file).into());
        }
        let trend = match content.trend_id {
            Some(trend) => tx.trends().get(trend).await?,
            None => None,
        };
        let post = text::Post::of(&content, trend.as_ref());
        safety::check(&post.safety_text(), &self.blocklist, self.text_limit)?;
        let (batch, now) = (self.entropy.uuid(), self.clock.now());
        let (mut prepared, mut seen, mut news) = (Vec::new(), Vec::new(), false);
        for name in names {
            let (destination, account) = match self.wanted(&mut *tx, caller, name).await? {
                Wanted::Nameless(result) => {
                    news = true;
                    prepared.push(Prepared::Nameless(result));
                    continue;
                }
                Wanted::Place(destination, account) => (destination, account),
            };
            let account_id = account.as_ref().ok().map(|account| account.id);
            if seen.contains(&(destination, account_id)) {
                continue;
            }
            seen.push((destination, account_id));
            if account_id.is_some()
                && let Some(live) =
                    tx.publications().find(&Publication::key(content.id, destination, account_id)).await?
            {
                news |= live.state != PublicationState::Published;
                prepared.push(Prepared::Row(live.id));
                continue;
            }
            news = true;
            let limit = self.adapter(destination).and_then(|adapter| adapter.text_limit());
            let mut publication = Publication {
                id: PublicationId::random(&*self.entropy),
                content_id: content.id,
                owner: content.owner,
                destination,
                account_id,
                file,
                batch,
                title: post.title.clone(),
                description: post.caption(limit),
                state: if account.is_ok() { PublicationState::Prepared } else { PublicationState::Failed },
                handle: None,
                error: account.err(),
                sends: 0,
                doubted: false,
                held_until: None,
                created_at: now,
                published_at: None,
                version: 0,
            };
            match tx.publications().insert(&mut publication).await {
                Ok(()) => prepared.push(Prepared::Row(publication.id)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(Lost::Race),
                Err(error) => return Err(error.into()),
            }
        }
        if content.status == ContentStatus::Published && !news {
            return Err(Error::conflict("this is published there already")
                .with_context("content", content.id)
                .with_hint("see the history of publications")
                .into());
        }
        match tx.commit().await {
            Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::AlreadyExists) => Err(Lost::Race),
            outcome => Ok(outcome.map(|()| prepared)?),
        }
    }

    /// What a name means, and which account of the caller it is to be.
    async fn wanted(&self, tx: &mut dyn Tx, caller: &Caller, name: &str) -> Result<Wanted> {
        let (place, account) = match name.split_once(':') {
            Some((place, account)) => (place, Some(account)),
            None => (name, None),
        };
        let account = account.map(|account| account.trim().parse::<SocialAccountId>());
        let (Some(destination), None | Some(Ok(_))) = (Destination::named(place), &account) else {
            let platform = name.chars().take(64).collect();
            let error = Some("no platform has this name".to_owned());
            let status = PostStatus::Failed;
            return Ok(Wanted::Nameless(PostResult { platform, status, platform_post_id: None, error }));
        };
        if self.adapter(destination).is_none() {
            let reason = format!("this installation cannot publish to {destination}");
            return Ok(Wanted::Place(destination, Err(reason)));
        }
        let found = match account {
            Some(Ok(id)) => tx.accounts().get(id).await?,
            _ => accounts::newest(tx, caller.user_id, destination).await?,
        };
        let found =
            found.filter(|found| found.active && found.user_id == caller.user_id && found.destination == destination);
        Ok(Wanted::Place(destination, found.ok_or_else(|| format!("no account at {destination} is connected"))))
    }

    /// Works on a publication if nobody else does, and gives it as it then stands.
    async fn settle_as_far_as_possible(&self, id: PublicationId, operation: &Operation) -> Result<Publication> {
        let publication = self.publication(id).await?;
        if !self.is_ready(&publication) {
            return Ok(publication);
        }
        self.drive(publication, operation).await
    }

    async fn publication(&self, id: PublicationId) -> Result<Publication> {
        self.store.read().await?.publications().require(id).await
    }

    fn adapter(&self, destination: Destination) -> Option<&Arc<dyn PlatformPublisher>> {
        self.destinations.iter().find(|adapter| adapter.destination() == destination)
    }
}

/// Why a preparation came to nothing.
enum Lost {
    Race,
    For(Error),
}

impl From<Error> for Lost {
    fn from(error: Error) -> Self {
        Self::For(error)
    }
}

/// A publication as clients see it.
pub fn result_of(publication: &Publication) -> PostResult {
    let (status, post) = match publication.state {
        PublicationState::Published => (PostStatus::Published, publication.handle.clone()),
        PublicationState::Failed => (PostStatus::Failed, None),
        _ => (PostStatus::Pending, None),
    };
    let platform = publication.destination.to_string();
    PostResult { platform, status, platform_post_id: post, error: publication.error.clone() }
}
