use super::*;
use crate::ErrorKind;
use crate::memory::{ManualClock, MemoryStore, MemoryWire, SeededEntropy};
use crate::testing::{assert_fails, sample};
use std::time::Duration;

#[tokio::test]
async fn alerts_reach_administrators_only() {
    let world = World::new();
    let admin = world.user(1, |user| user.role = Role::Admin).await;
    let editor = world.user(2, |user| user.role = Role::Editor).await;
    for firing in [true, false] {
        let (name, severity) = ("DiskFull".to_owned(), "critical".to_owned());
        let summary = "no room on /data".to_owned();
        world.happens(Some(UserId::SYSTEM), &Event::AlertRaised { name, severity, firing, summary }).await;
    }
    world.settle().await;
    let mut titles: Vec<String> = world.told(admin).await.into_iter().map(|told| told.title).collect();
    titles.sort_unstable();
    assert_eq!(titles, ["Alert: DiskFull", "Well again: DiskFull"]);
    assert!(world.told(editor).await.is_empty());
}

struct World {
    notifier: Notifier,
    clock: Arc<ManualClock>,
    appended: std::cell::Cell<u64>,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(sample::time(1000)));
        let notifier = Notifier {
            store: Arc::new(MemoryStore::new()),
            clock: clock.clone(),
            entropy: Arc::new(SeededEntropy::new(1)),
            wire: Arc::new(MemoryWire::new()),
        };
        Self { notifier, clock, appended: std::cell::Cell::new(0) }
    }

    async fn user(&self, n: u64, change: impl FnOnce(&mut User)) -> UserId {
        let mut user = sample::user(n);
        change(&mut user);
        let mut tx = self.notifier.store.begin().await.unwrap();
        tx.users().insert(&mut user).await.unwrap();
        tx.commit().await.unwrap();
        user.id
    }

    async fn happens(&self, owner: Option<UserId>, event: &Event) {
        self.appended.set(self.appended.get() + 1);
        let id = EventId(sample::uuid(self.appended.get()));
        let mut tx = self.notifier.store.begin().await.unwrap();
        tx.append(id, self.clock.now(), owner, event).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn settle(&self) {
        while self.notifier.handle_next().await.unwrap() > 0 {}
    }

    async fn told(&self, user: UserId) -> Vec<Notification> {
        self.notifier.list(user, false, 1, 100).await.unwrap().items
    }

    /// Whom sockets were told of.
    async fn pushed(&self) -> Vec<(Option<UserId>, NotificationKind)> {
        let log = self.notifier.store.read().await.unwrap().read(0, None, 10_000).await.unwrap();
        let of = |record: EventRecord| match record.event {
            Event::NotificationCreated { notification } => Some((record.owner, notification.kind)),
            _ => None,
        };
        log.into_iter().filter_map(of).collect()
    }
}

fn trend(topic: &str) -> Event {
    let (trend_id, detected_at) = (crate::id::TrendId(sample::uuid(1)), sample::time(1));
    Event::TrendDetected {
        trend_id,
        topic: topic.to_owned(),
        source: "rss:Example".to_owned(),
        score: 71.25,
        detected_at,
        niche: None,
    }
}

#[tokio::test]
async fn everybody_active_is_told_of_a_trend_once() {
    let world = World::new();
    let mut users = Vec::new();
    // More than one page of them.
    for n in 1..=250 {
        users.push(world.user(n, |_| ()).await);
    }
    let disabled = world.user(300, |user| user.active = false).await;
    let system = world.user(301, |user| user.id = UserId::SYSTEM).await;
    let later = world.user(302, |user| user.created_at = sample::time(5000)).await;
    world.happens(None, &trend(&"x".repeat(600))).await;
    world.settle().await;
    for user in &users {
        let told = world.told(*user).await;
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].kind, told[0].title.chars().count()), (NotificationKind::TrendDetected, 512));
        assert!(told[0].title.starts_with("New trend detected: xxx"));
        assert_eq!(told[0].metadata["score"], 71.25);
    }
    for nobody in [disabled, system, later] {
        assert!(world.told(nobody).await.is_empty());
    }
    assert_eq!(world.pushed().await.len(), 250);
    // A second worker, hours later, finds nothing to do: not even its own events.
    world.clock.advance(Duration::from_secs(36_000));
    world.settle().await;
    assert_eq!(world.told(users[0]).await.len(), 1);
}

#[tokio::test]
async fn owners_are_told_of_what_is_theirs_as_they_prefer() {
    let world = World::new();
    let on = |user: &mut User| {
        let all: Value = NotificationKind::ALL
            .iter()
            .map(|kind| (kind.to_string(), json!({"enabled": true, "push": true})))
            .collect::<serde_json::Map<_, _>>()
            .into();
        user.settings.insert(Preferences::KEY.to_owned(), all);
    };
    let owner = world.user(1, on).await;
    let (other, by_default) = (world.user(2, on).await, world.user(3, |_| ()).await);
    for event in sample::events() {
        world.happens(Some(owner), &event).await;
        world.happens(Some(by_default), &event).await;
    }
    world.settle().await;
    let kinds = |rows: Vec<Notification>| {
        let mut kinds: Vec<_> = rows.into_iter().map(|row| row.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    };
    let told = world.told(owner).await;
    assert!(told.iter().all(|row| !row.title.is_empty() && row.metadata.is_object()), "{told:?}");
    let mut of_owners = NotificationKind::ALL.to_vec();
    of_owners.retain(|kind| *kind != NotificationKind::SystemAlert);
    assert_eq!(kinds(told), of_owners);
    use NotificationKind::{ContentPublished, ContentRejected, MediaFailed, TrendDetected};
    assert_eq!(kinds(world.told(other).await), [TrendDetected]);
    assert_eq!(
        kinds(world.told(by_default).await),
        [TrendDetected, ContentPublished, ContentRejected, MediaFailed],
        "the other two are off unless they are asked for"
    );
}

#[tokio::test]
async fn who_wants_no_push_gets_a_row_and_who_wants_nothing_gets_nothing() {
    let world = World::new();
    let (quiet, deaf) = (world.user(1, |_| ()).await, world.user(2, |_| ()).await);
    let notifier = &world.notifier;
    notifier.set_preferences(quiet, &json!({"trend_detected": {"push": false}})).await.unwrap();
    notifier.set_preferences(deaf, &json!({"preferences": {"trend_detected": {"enabled": false}}})).await.unwrap();
    world.happens(None, &trend("Comet")).await;
    world.settle().await;
    assert_eq!((world.told(quiet).await.len(), world.told(deaf).await.len()), (1, 0));
    assert!(world.pushed().await.is_empty());
    let preferences = notifier.preferences(deaf).await.unwrap();
    assert!(!preferences.get(NotificationKind::TrendDetected).enabled);
    assert_fails(notifier.set_preferences(deaf, &json!({"gossip": {}})).await, ErrorKind::Invalid);
    assert_fails(notifier.preferences(UserId(sample::uuid(99))).await, ErrorKind::NotFound);
}

#[tokio::test]
async fn titles_name_the_content_and_what_became_of_it() {
    let world = World::new();
    let owner = world.user(1, |_| ()).await;
    let mut content = sample::content(2);
    content.owner = owner;
    let mut tx = world.notifier.store.begin().await.unwrap();
    tx.contents().insert(&mut content).await.unwrap();
    tx.commit().await.unwrap();
    // Nobody wrote down whose event it is: the content's owner is told.
    world.happens(None, &sample::events()[5]).await;
    world.settle().await;
    let told = world.told(owner).await;
    assert_eq!(told[0].title, "Published: Content 2");
    assert_eq!(told[0].body.as_deref(), Some("Out on tiktok; failed on youtube"));
}

#[tokio::test]
async fn lists_are_paged_and_read_marks_are_their_owners() {
    let world = World::new();
    let (owner, other) = (world.user(1, |_| ()).await, world.user(2, |_| ()).await);
    for n in 0..25 {
        world.happens(None, &trend(&format!("Topic {n}"))).await;
        world.settle().await;
        world.clock.advance(Duration::from_secs(1));
    }
    let notifier = &world.notifier;
    let mut seen = Vec::new();
    for page in 1..=3 {
        let page = notifier.list(owner, false, page, 10).await.unwrap();
        assert_eq!((page.total, page.unread), (25, 25));
        seen.extend(page.items.into_iter().map(|row| row.title));
    }
    assert_eq!(seen.len(), 25);
    assert_eq!((seen[0].as_str(), seen[24].as_str()), ("New trend detected: Topic 24", "New trend detected: Topic 0"));
    assert!(notifier.list(owner, false, 4, 10).await.unwrap().items.is_empty());
    for (page, size) in [(0, 10), (1, 0), (1, 101)] {
        assert_fails(notifier.list(owner, false, page, size).await, ErrorKind::Invalid);
    }

    let first = world.told(owner).await.remove(0);
    assert_fails(notifier.mark_read(other, first.id).await, ErrorKind::NotFound);
    assert_fails(notifier.mark_read(owner, NotificationId(sample::uuid(9))).await, ErrorKind::NotFound);
    let read = notifier.mark_read(owner, first.id).await.unwrap();
    assert!(read.is_read && read.read_at == Some(world.clock.now()));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(notifier.mark_read(owner, first.id).await.unwrap(), read, "a second time changes nothing");
    assert_eq!(notifier.unread_count(owner).await.unwrap(), 24);
    assert_eq!(notifier.list(owner, true, 1, 100).await.unwrap().items.len(), 24);
    assert_eq!(notifier.read_all(owner).await.unwrap(), 24);
    assert_eq!(notifier.read_all(owner).await.unwrap(), 0);
    assert_eq!((notifier.unread_count(owner).await.unwrap(), notifier.unread_count(other).await.unwrap()), (0, 25));
}

#[tokio::test]
async fn administrators_are_told_of_what_the_system_made() {
    use crate::domain::Role;
    let world = World::new();
    let admin = world.user(1, |user| user.role = Role::Admin).await;
    let editor = world.user(2, |user| user.role = Role::Editor).await;
    let failed = Event::MediaFailed {
        content_id: ContentId(sample::uuid(1)),
        error: "no room".to_owned(),
        errors: vec!["no room".to_owned()],
        pipeline_run_id: None,
    };
    world.happens(Some(UserId::SYSTEM), &failed).await;
    world.settle().await;
    assert_eq!((world.told(admin).await.len(), world.told(editor).await.len()), (1, 0));
}
