//! Notifier: tells users what happened to what is theirs, once each, as they prefer.

use crate::domain::{Content, Notification, NotificationKind, Preferences, Role, User};
use crate::event::{Event, EventRecord, PostStatus};
use crate::id::{ContentId, EventId, NotificationId, UserId};
use crate::port::{Clock, Entropy, Filter, Order, Page, RepositoryExt, Store, Tx, Wire};
use crate::service::consumer::{Consumer, Handler};
use crate::{Error, Result};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::sync::Arc;

/// Name of the consumer group.
const GROUP: &str = "identity";
/// Longest list of one page.
const LONGEST_PAGE: u32 = 100;

/// The use case.
#[derive(Debug, Clone)]
pub struct Notifier {
    /// The record.
    pub store: Arc<dyn Store>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Announces committed events.
    pub wire: Arc<dyn Wire>,
}

/// One page of somebody's notifications.
#[derive(Debug, Clone, PartialEq)]
pub struct NotificationPage {
    /// Newest first.
    pub items: Vec<Notification>,
    /// How many the whole list has.
    pub total: u64,
    /// How many are unread, whatever the list shows.
    pub unread: u64,
}

/// What is to be said of an event, before it is known to whom.
struct Notice {
    kind: NotificationKind,
    title: String,
    body: Option<String>,
    metadata: Value,
}

impl Notifier {
    /// Turns the next events of the log into notifications: the rows, what sockets are told and the acknowledgement
    /// commit together. Gives how many events it took; zero when there is nothing to do.
    ///
    /// # Errors
    /// As [`Consumer::handle_next`].
    pub async fn handle_next(&self) -> Result<usize> {
        let (store, clock, wire) = (self.store.clone(), self.clock.clone(), self.wire.clone());
        Consumer { store, clock, wire, group: GROUP }.handle_next(self).await
    }

    /// A page of somebody's notifications, newest first; pages count from 1 and have at most 100 rows.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) for a page that cannot be; the store's own.
    pub async fn list(&self, user: UserId, unread: bool, page: u32, page_size: u32) -> Result<NotificationPage> {
        if page == 0 || page_size == 0 || page_size > LONGEST_PAGE {
            return Err(Error::invalid("pages count from 1 and have 1 to 100 rows")
                .with_context("page", page)
                .with_context("page_size", page_size));
        }
        let mut tx = self.store.read().await?;
        let filter = if unread { unread_of(user) } else { all_of(user) };
        let total = tx.notifications().count(&filter).await?;
        let unread = tx.notifications().count(&unread_of(user)).await?;
        let skip = u64::from(page - 1) * u64::from(page_size);
        // Beyond the end there is nothing to walk to.
        let items = match skip < total {
            true => tx.notifications().window(&filter, Order::Newest, skip, page_size).await?,
            false => Vec::new(),
        };
        Ok(NotificationPage { items, total, unread })
    }

    /// How many somebody has not read.
    ///
    /// # Errors
    /// The store's own.
    pub async fn unread_count(&self, user: UserId) -> Result<u64> {
        self.store.read().await?.notifications().count(&unread_of(user)).await
    }

    /// Marks one as read and gives it; a second time changes nothing.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is none, or it is somebody else's.
    pub async fn mark_read(&self, user: UserId, id: NotificationId) -> Result<Notification> {
        let mut tx = self.store.begin().await?;
        let found = tx.notifications().get(id).await?.filter(|found| found.user_id == user);
        let mut notification = found.ok_or_else(|| Error::no_row::<Notification>(id))?;
        if !notification.is_read {
            notification.mark_read(self.clock.now());
            tx.notifications().update(&mut notification).await?;
            tx.commit().await?;
        }
        Ok(notification)
    }

    /// Marks all as read, and gives how many were not.
    ///
    /// # Errors
    /// The store's own; those that were marked until then stay marked.
    pub async fn read_all(&self, user: UserId) -> Result<u64> {
        let mut marked = 0;
        loop {
            let mut tx = self.store.begin().await?;
            let page = Page::first(Order::Newest, Page::MOST);
            let rows = tx.notifications().list(&unread_of(user), &page).await?.items;
            if rows.is_empty() {
                return Ok(marked);
            }
            for mut notification in rows {
                notification.mark_read(self.clock.now());
                tx.notifications().update(&mut notification).await?;
                marked += 1;
            }
            tx.commit().await?;
        }
    }

    /// What somebody wants to be told of.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is no such user.
    pub async fn preferences(&self, user: UserId) -> Result<Preferences> {
        Ok(Preferences::of(&self.store.read().await?.users().require(user).await?.settings))
    }

    /// Changes what somebody wants to be told of, as [`Preferences::change`] does, and gives the whole.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) for an unknown type or value;
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is no such user.
    pub async fn set_preferences(&self, user: UserId, change: &Value) -> Result<Preferences> {
        let mut tx = self.store.begin().await?;
        let mut user = tx.users().require(user).await?;
        let mut preferences = Preferences::of(&user.settings);
        preferences.change(change)?;
        user.settings.insert(Preferences::KEY.to_owned(), serde_json::to_value(&preferences)?);
        user.updated_at = self.clock.now();
        tx.users().update(&mut user).await?;
        tx.commit().await?;
        Ok(preferences)
    }

    /// Tells one user, if they are to be told.
    async fn tell(
        &self,
        tx: &mut dyn Tx,
        user: &User,
        notice: &Notice,
        record: &EventRecord,
    ) -> Result<Option<EventRecord>> {
        // Nobody is told of what happened before they came.
        let preference = Preferences::of(&user.settings).get(notice.kind);
        if user.id == UserId::SYSTEM || !user.active || !preference.enabled || record.at < user.created_at {
            return Ok(None);
        }
        let now = self.clock.now();
        let mut notification = Notification {
            id: NotificationId::random(&*self.entropy),
            user_id: user.id,
            kind: notice.kind,
            title: Notification::title(&notice.title),
            body: notice.body.as_deref().map(Notification::body),
            metadata: notice.metadata.clone(),
            is_read: false,
            read_at: None,
            created_at: now,
            version: 0,
        };
        tx.notifications().insert(&mut notification).await?;
        if !preference.push {
            return Ok(None);
        }
        let event = Event::NotificationCreated { notification };
        tx.append(EventId::random(&*self.entropy), now, Some(user.id), &event).await.map(Some)
    }

    async fn tell_all(
        &self,
        tx: &mut dyn Tx,
        whom: &Filter,
        notice: &Notice,
        record: &EventRecord,
    ) -> Result<Vec<EventRecord>> {
        let mut told = Vec::new();
        let mut page = Page::first(Order::Oldest, Page::MOST);
        loop {
            let users = tx.users().list(whom, &page).await?;
            for user in &users.items {
                told.extend(self.tell(tx, user, notice, record).await?);
            }
            match users.next {
                Some(cursor) => page.after = Some(cursor),
                None => return Ok(told),
            }
        }
    }
}

#[async_trait]
impl Handler for Notifier {
    fn wants(&self, event: &Event) -> bool {
        matches!(event, Event::TrendDetected { .. } | Event::AlertRaised { .. }) || content_of(event).is_some()
    }

    async fn handle(&self, tx: &mut dyn Tx, record: &EventRecord) -> Result<Vec<EventRecord>> {
        let content = match content_of(&record.event) {
            Some(id) => tx.contents().get(id).await?,
            None => None,
        };
        let Some(notice) = notice(&record.event, content.as_ref()) else { return Ok(Vec::new()) };
        let owner = record.owner.or_else(|| content.map(|content| content.owner));
        let administrators = || Filter { states: vec![Role::Admin.as_str().to_owned()], ..Filter::default() };
        let many = match notice.kind {
            NotificationKind::TrendDetected => Some(Filter::default()),
            NotificationKind::SystemAlert => Some(administrators()),
            // What nobody asked for by name is the business of administrators.
            _ if owner == Some(UserId::SYSTEM) => Some(administrators()),
            _ => None,
        };
        if let Some(whom) = many {
            return self.tell_all(tx, &whom, &notice, record).await;
        }
        let Some(owner) = owner else { return Ok(Vec::new()) };
        let Some(user) = tx.users().get(owner).await? else { return Ok(Vec::new()) };
        Ok(self.tell(tx, &user, &notice, record).await?.into_iter().collect())
    }
}

fn all_of(user: UserId) -> Filter {
    Filter { owner: Some(user.0), ..Filter::default() }
}

fn unread_of(user: UserId) -> Filter {
    Filter { states: vec!["unread".to_owned()], ..all_of(user) }
}

/// The content that an event is about, if its owner may be told of it.
fn content_of(event: &Event) -> Option<ContentId> {
    match event {
        Event::ContentPublished { content_id, .. }
        | Event::ContentRejected { content_id, .. }
        | Event::MediaFailed { content_id, .. }
        | Event::StageChanged { content_id, .. }
        | Event::ContentCreated { content_id, .. } => Some(*content_id),
        _ => None,
    }
}

/// What is to be said of an event; `None` for one that nobody is told of.
fn notice(event: &Event, content: Option<&Content>) -> Option<Notice> {
    let of = |what: &str| match content {
        Some(content) => format!("{what}: {}", content.title),
        None => what.to_owned(),
    };
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.trim().is_empty());
    let (kind, title, body, metadata) = match event {
        Event::TrendDetected { trend_id, topic, source, score, .. } => (
            NotificationKind::TrendDetected,
            format!("New trend detected: {topic}"),
            Some(format!("Score {score} from {source}")),
            json!({"trend_id": trend_id, "topic": topic, "source": source, "score": score}),
        ),
        Event::ContentPublished { content_id, platforms, results, .. } => {
            let with = |status: PostStatus| {
                let names =
                    results.iter().filter(|result| result.status == status).map(|result| result.platform.as_str());
                names.collect::<Vec<_>>().join(", ")
            };
            let (out, failed) = (with(PostStatus::Published), with(PostStatus::Failed));
            let body =
                if failed.is_empty() { format!("Out on {out}") } else { format!("Out on {out}; failed on {failed}") };
            let metadata = json!({"content_id": content_id, "platforms": platforms, "results": results});
            (NotificationKind::ContentPublished, of("Published"), Some(body), metadata)
        }
        Event::ContentRejected { content_id, feedback, .. } => (
            NotificationKind::ContentRejected,
            of("Rejected"),
            text(feedback),
            json!({"content_id": content_id, "feedback": Notification::body(feedback)}),
        ),
        Event::MediaFailed { content_id, error, errors, .. } => (
            NotificationKind::MediaFailed,
            of("Media could not be made"),
            text(error),
            json!({"content_id": content_id, "error": error, "errors": errors}),
        ),
        Event::StageChanged { content_id, stage, status, .. } => {
            let status = json!(status);
            let words = format!("{stage} {}", status.as_str().unwrap_or_default());
            let metadata = json!({"content_id": content_id, "stage": stage, "status": status});
            (NotificationKind::PipelineStageChanged, of(&words), None, metadata)
        }
        Event::ContentCreated { content_id, trend_id, title, .. } => (
            NotificationKind::ContentCreated,
            format!("Content created: {title}"),
            None,
            json!({"content_id": content_id, "trend_id": trend_id, "title": title}),
        ),
        Event::AlertRaised { name, severity, firing, summary } => {
            let title = if *firing { format!("Alert: {name}") } else { format!("Well again: {name}") };
            let metadata = json!({"name": name, "severity": severity, "firing": firing});
            (NotificationKind::SystemAlert, title, text(summary), metadata)
        }
        _ => return None,
    };
    Some(Notice { kind, title, body, metadata })
}

#[cfg(test)]
#[path = "notifier_tests.rs"]
mod tests;
