//! Scenarios of [`Repository`](crate::port::Repository).

use super::{assert_fails, sample};
use crate::ErrorKind::{AlreadyExists, Conflict, Invalid, NotFound};
use crate::Timestamp;
use crate::domain::{Asset, AssetKind, ContentStatus, Notification};
use crate::id::{AssetId, ContentId, NotificationId, TrendId, UserId};
use crate::port::{Cursor, Entity, Filter, Order, Page, Repository, Store};
use std::collections::HashSet;
use std::sync::Arc;

/// One row of every kind, written and read in different transactions.
pub async fn every_kind_of_row_comes_back_as_it_went_in(store: Arc<dyn Store>) {
    macro_rules! round_trip {
        ($($table:ident: $sample:ident,)+) => {$({
            let mut row = sample::$sample(1);
            let mut tx = store.begin().await.unwrap();
            tx.$table().insert(&mut row).await.unwrap();
            assert_eq!(row.version(), 1, "an insert sets the version");
            assert_eq!(tx.$table().get(row.id()).await.unwrap().as_ref(), Some(&row));
            tx.commit().await.unwrap();

            let mut tx = store.read().await.unwrap();
            assert_eq!(tx.$table().get(row.id()).await.unwrap().as_ref(), Some(&row));
            if let Some(unique) = row.index().unique {
                assert_eq!(tx.$table().find(&unique).await.unwrap().as_ref(), Some(&row));
            }
            assert_eq!(tx.$table().list(&Filter::default(), &Page::default()).await.unwrap().items, [row.clone()]);
            drop(tx);

            let mut tx = store.begin().await.unwrap();
            tx.$table().update(&mut row).await.unwrap();
            assert_eq!(row.version(), 2, "an update adds one to the version");
            tx.commit().await.unwrap();
            let mut tx = store.read().await.unwrap();
            assert_eq!(tx.$table().get(row.id()).await.unwrap().as_ref(), Some(&row));
        })+};
    }
    round_trip! {
        trends: trend,
        contents: content,
        runs: run,
        steps: step,
        assets: asset,
        approvals: approval,
        publications: publication,
        users: user,
        notifications: notification,
        costs: cost,
        feeds: feed_state,
        logins: login,
        sessions: session,
        tickets: ticket,
        guesses: guesses,
        revocations: revocation,
        accounts: account,
        settings: setting,
    }
}

/// Looking for nothing gives nothing.
pub async fn a_missing_row_is_none(store: Arc<dyn Store>) {
    let mut tx = store.read().await.unwrap();
    assert_eq!(tx.trends().get(TrendId(sample::uuid(1))).await.unwrap(), None);
    assert_eq!(tx.users().find("nobody@example.org").await.unwrap(), None);
    assert_eq!(tx.users().find("").await.unwrap(), None);
    let nothing = tx.users().list(&Filter::default(), &Page::default()).await.unwrap();
    assert!(nothing.items.is_empty() && nothing.next.is_none());
    assert_eq!(tx.users().count(&Filter::default()).await.unwrap(), 0);
}

/// `A` is not `a`, and no letter stands for another.
pub async fn unique_keys_are_compared_byte_by_byte(store: Arc<dyn Store>) {
    let keys = [
        "https://a/X",
        "https://a/x",
        "https://a/x ",
        "https://a/%",
        "https://a/_",
        "https://a/é",
        "https://a/e\u{301}",
    ];
    let mut tx = store.begin().await.unwrap();
    for (n, key) in (1..).zip(keys) {
        let mut feed = sample::feed_state(n);
        feed.url = key.to_owned();
        tx.feeds().insert(&mut feed).await.unwrap();
    }
    for key in keys {
        assert_eq!(tx.feeds().find(key).await.unwrap().unwrap().url, key);
    }
    assert_eq!(tx.feeds().find("https://A/x").await.unwrap(), None);
}

/// A refused insert leaves everything as it was, and the transaction can still be committed.
pub async fn a_taken_identity_or_key_is_refused_and_the_transaction_goes_on(store: Arc<dyn Store>) {
    let mut first = sample::user(1);
    let mut tx = store.begin().await.unwrap();
    tx.users().insert(&mut first).await.unwrap();
    let mut same_key = sample::user(2);
    same_key.email = first.email.clone();
    assert_fails(tx.users().insert(&mut same_key).await, AlreadyExists);
    assert_eq!(same_key.version, 0, "a refused row keeps its version");
    let mut same_id = sample::user(3);
    same_id.id = first.id;
    assert_fails(tx.users().insert(&mut same_id).await, AlreadyExists);
    let mut other = sample::user(4);
    tx.users().insert(&mut other).await.unwrap();
    let mut renamed = other.clone();
    renamed.email = first.email.clone();
    assert_fails(tx.users().update(&mut renamed).await, AlreadyExists);
    assert_eq!(renamed.version, 1, "a refused row keeps its version");
    tx.users().insert(&mut sample::user(5)).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = store.begin().await.unwrap();
    assert_fails(tx.users().insert(&mut sample::user(1)).await, AlreadyExists);
    assert_eq!(tx.users().count(&Filter::default()).await.unwrap(), 3);
    assert_eq!(tx.users().get(first.id).await.unwrap(), Some(first));
    assert_eq!(tx.users().get(other.id).await.unwrap(), Some(other));
}

/// Who changes an old copy is told so, and the row stays as the faster one left it.
pub async fn an_update_counts_and_a_stale_one_is_refused(store: Arc<dyn Store>) {
    let mut content = sample::content(1);
    let mut tx = store.begin().await.unwrap();
    assert_fails(tx.contents().update(&mut content).await, NotFound);
    assert_eq!(content.version, 0);
    tx.contents().insert(&mut content).await.unwrap();
    tx.commit().await.unwrap();

    let mut slow = content.clone();
    content.set_status(ContentStatus::Review, sample::time(5)).unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.contents().update(&mut content).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(content.version, 2);

    slow.title = "slow".to_owned();
    let mut tx = store.begin().await.unwrap();
    assert_fails(tx.contents().update(&mut slow).await, Conflict);
    assert_eq!(slow.version, 1, "a refused row keeps its version");
    let mut early = content.clone();
    early.version = 9;
    assert_fails(tx.contents().update(&mut early).await, Conflict);
    assert_eq!(tx.contents().get(content.id).await.unwrap().as_ref(), Some(&content));
    // The transaction is still good for the present row.
    tx.contents().update(&mut content).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(content.version, 3);
}

/// An update moves the unique key with the row.
pub async fn a_changed_key_frees_the_old_one(store: Arc<dyn Store>) {
    let mut user = sample::user(1);
    let mut tx = store.begin().await.unwrap();
    tx.users().insert(&mut user).await.unwrap();
    user.email = "new@example.org".to_owned();
    tx.users().update(&mut user).await.unwrap();
    assert_eq!(tx.users().find("user1@example.org").await.unwrap(), None);
    assert_eq!(tx.users().find("new@example.org").await.unwrap().as_ref(), Some(&user));
    let mut next = sample::user(2);
    next.email = "user1@example.org".to_owned();
    tx.users().insert(&mut next).await.unwrap();
    tx.commit().await.unwrap();
}

/// What is deleted is gone, and its key can be used again.
pub async fn deleting_twice_succeeds_and_frees_the_key(store: Arc<dyn Store>) {
    let mut user = sample::user(1);
    let mut tx = store.begin().await.unwrap();
    tx.users().delete(user.id).await.unwrap();
    tx.users().insert(&mut user).await.unwrap();
    tx.users().delete(user.id).await.unwrap();
    tx.users().delete(user.id).await.unwrap();
    assert_eq!(tx.users().get(user.id).await.unwrap(), None);
    assert_eq!(tx.users().find(&user.email).await.unwrap(), None);
    assert_fails(tx.users().update(&mut user).await, NotFound);
    let mut again = sample::user(2);
    again.email = user.email.clone();
    tx.users().insert(&mut again).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.read().await.unwrap();
    assert_eq!(tx.users().count(&Filter::default()).await.unwrap(), 1);
}

async fn insert_assets(store: &Arc<dyn Store>, count: u64) -> Vec<Asset> {
    let mut tx = store.begin().await.unwrap();
    let mut assets: Vec<Asset> = (0..count).map(sample::asset).collect();
    for asset in &mut assets {
        tx.assets().insert(asset).await.unwrap();
    }
    tx.commit().await.unwrap();
    assets
}

/// Filters hold alone and together, and counting agrees with listing.
pub async fn filters_narrow_lists_and_counts(store: Arc<dyn Store>) {
    let assets = insert_assets(&store, 30).await;
    let mut tx = store.begin().await.unwrap();
    for n in 0..9 {
        let mut notification = sample::notification(n);
        if n < 2 {
            notification.mark_read(sample::time(99));
        }
        tx.notifications().insert(&mut notification).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut tx = store.read().await.unwrap();

    type Keep = fn(&Asset) -> bool;
    let parent = sample::uuid(1);
    let cases: [(Filter, Keep); 7] = [
        (Filter::default(), |_| true),
        (Filter { parent: Some(parent), ..Filter::default() }, |a| a.content_id == ContentId(sample::uuid(1))),
        (Filter { states: vec!["image".to_owned()], ..Filter::default() }, |a| a.kind == AssetKind::Image),
        (Filter { states: vec!["image".to_owned(), "thumbnail".to_owned()], ..Filter::default() }, |_| true),
        (Filter { states: vec!["IMAGE".to_owned(), "' or 1=1 --".to_owned()], ..Filter::default() }, |_| false),
        (Filter { since: Some(sample::time(3)), until: Some(sample::time(7)), ..Filter::default() }, |a| {
            a.created_at >= sample::time(3) && a.created_at < sample::time(7)
        }),
        (
            Filter {
                parent: Some(parent),
                states: vec!["thumbnail".to_owned()],
                since: Some(sample::time(2)),
                ..Filter::default()
            },
            |a| {
                a.content_id == ContentId(sample::uuid(1))
                    && a.kind == AssetKind::Thumbnail
                    && a.created_at >= sample::time(2)
            },
        ),
    ];
    for (filter, keep) in cases {
        let listed = tx.assets().list(&filter, &Page::first(Order::Oldest, 100)).await.unwrap().items;
        let listed: HashSet<AssetId> = listed.iter().map(|asset| asset.id).collect();
        let kept: HashSet<AssetId> = assets.iter().filter(|asset| keep(asset)).map(|asset| asset.id).collect();
        assert_eq!(listed, kept, "{filter:?}");
        assert_eq!(tx.assets().count(&filter).await.unwrap(), kept.len() as u64, "{filter:?}");
    }

    let mine = Filter { owner: Some(sample::uuid(1)), ..Filter::default() };
    let notifications = tx.notifications().list(&mine, &Page::default()).await.unwrap().items;
    assert_eq!(notifications.len(), 3);
    assert!(notifications.iter().all(|notification| notification.user_id == UserId(sample::uuid(1))));
    let unread = Filter { states: vec!["unread".to_owned()], ..mine };
    assert_eq!(tx.notifications().count(&unread).await.unwrap(), 2);
    // A row without an owner is nobody's.
    assert_eq!(tx.assets().count(&Filter { owner: Some(sample::uuid(1)), ..Filter::default() }).await.unwrap(), 0);
}

/// Reads all pages and asserts that no page but the last is short.
async fn all_pages<T: Entity>(rows: &mut dyn Repository<T>, order: Order, limit: u32) -> Vec<T> {
    let mut page = Page::first(order, limit);
    let mut items = Vec::new();
    for _ in 0..10_000 {
        let slice = rows.list(&Filter::default(), &page).await.unwrap();
        items.extend(slice.items.iter().cloned());
        let Some(next) = slice.next else { return items };
        assert_eq!(slice.items.len(), limit as usize, "only the last page is short");
        page.after = Some(next);
    }
    panic!("the pages do not end");
}

/// All four orders, also where many rows tie.
pub async fn lists_run_in_every_order(store: Arc<dyn Store>) {
    let assets = insert_assets(&store, 23).await;
    let mut tx = store.read().await.unwrap();
    for limit in [1, 2, 5, 22, 23, 24, 200] {
        for order in [Order::Newest, Order::Oldest, Order::RankDown, Order::RankUp] {
            let listed = all_pages(tx.assets(), order, limit).await;
            let ids: HashSet<AssetId> = listed.iter().map(|asset| asset.id).collect();
            assert_eq!((ids.len(), listed.len()), (assets.len(), assets.len()), "every row once");
            let in_order = listed.windows(2).all(|pair| match order {
                Order::Newest => pair[0].created_at >= pair[1].created_at,
                Order::Oldest => pair[0].created_at <= pair[1].created_at,
                Order::RankDown => pair[0].position >= pair[1].position,
                Order::RankUp => pair[0].position <= pair[1].position,
            });
            assert!(in_order, "{order:?}");
        }
    }
    // Ranks below zero and between whole numbers, and times before 1970.
    drop(tx);
    let mut tx = store.begin().await.unwrap();
    let scores = [-1.5, -0.0, 0.0, 0.1, 0.1 + 0.2, 1e-300, 1e300, -1e300];
    for (n, score) in (0..).zip(scores) {
        let mut trend = sample::trend(n);
        trend.score = score;
        trend.detected_at = Timestamp::from_micros((n as i64 - 4) * 86_400_000_001);
        tx.trends().insert(&mut trend).await.unwrap();
    }
    let ranked: Vec<f64> = all_pages(tx.trends(), Order::RankUp, 1).await.iter().map(|trend| trend.score).collect();
    assert_eq!(ranked.len(), scores.len());
    assert!(ranked.is_sorted(), "{ranked:?}");
    let times: Vec<_> = all_pages(tx.trends(), Order::Oldest, 3).await.iter().map(|trend| trend.detected_at).collect();
    assert!(times.len() == scores.len() && times.is_sorted(), "{times:?}");
}

/// A page is never longer than asked and never longer than allowed.
pub async fn pages_have_bounds(store: Arc<dyn Store>) {
    insert_assets(&store, 205).await;
    let mut tx = store.read().await.unwrap();
    let everything = Filter::default();
    assert!(tx.assets().list(&everything, &Page::first(Order::Newest, 0)).await.unwrap().items.is_empty());
    let most = tx.assets().list(&everything, &Page::first(Order::Newest, u32::MAX)).await.unwrap();
    assert_eq!(most.items.len(), Page::MOST as usize);
    let rest = Page { order: Order::Newest, after: most.next, limit: 5 };
    let rest = tx.assets().list(&everything, &rest).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (5, None), "a full last page is the last");
    // A cursor from nowhere is a place like any other.
    let nowhere = Cursor { key: 0.0, id: uuid::Uuid::nil() };
    let page = Page { order: Order::Newest, after: Some(nowhere), limit: 5 };
    assert!(tx.assets().list(&everything, &page).await.unwrap().items.is_empty());
}

/// Following the pages finds every row that was there all the time exactly once, while others come and go.
pub async fn pages_are_stable_while_rows_come_and_go(store: Arc<dyn Store>) {
    for order in [Order::Newest, Order::Oldest, Order::RankDown, Order::RankUp] {
        let base = 1000 * (order as u64 + 1);
        let mut tx = store.begin().await.unwrap();
        let parent = ContentId(sample::uuid(base));
        let asset = |n: u64| Asset { content_id: parent, ..sample::asset(base + n) };
        for n in (0..60).step_by(2) {
            tx.assets().insert(&mut asset(n)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let staying: HashSet<AssetId> = (0..60).step_by(2).filter(|n| n % 10 != 0).map(|n| asset(n).id).collect();

        let filter = Filter { parent: Some(parent.0), ..Filter::default() };
        let (mut page, mut seen, mut round) = (Page::first(order, 4), Vec::new(), 0);
        loop {
            let slice = store.read().await.unwrap().assets().list(&filter, &page).await.unwrap();
            seen.extend(slice.items.iter().map(|asset| asset.id));
            page.after = slice.next;
            if page.after.is_none() {
                break;
            }
            let mut tx = store.begin().await.unwrap();
            for n in [2 * round + 1, 59_u64.saturating_sub(2 * round)] {
                if tx.assets().get(asset(n).id).await.unwrap().is_none() {
                    tx.assets().insert(&mut asset(n)).await.unwrap();
                }
            }
            tx.assets().delete(asset(10 * (round % 6)).id).await.unwrap();
            tx.commit().await.unwrap();
            round += 1;
        }
        let once: HashSet<AssetId> = seen.iter().copied().collect();
        assert_eq!(once.len(), seen.len(), "{order:?}: no row twice");
        assert!(staying.is_subset(&once), "{order:?}: no staying row missed");
    }
}

/// Text of every kind, and rows of megabytes.
pub async fn hostile_text_and_large_rows_come_back(store: Arc<dyn Store>) {
    let texts = [
        String::new(),
        "a\0b\0".to_owned(),
        "'; drop table trends; --".to_owned(),
        "\"\\/\u{8}\u{c}\n\r\t\u{1b}\u{7f}".to_owned(),
        "日本語 العربية עברית 👩‍👩‍👧‍👦 e\u{301}\u{202e}\u{feff}\u{10ffff}".to_owned(),
        "%_?$1:name@x".to_owned(),
        "x".repeat(3 << 20),
    ];
    for (n, text) in (1..).zip(&texts) {
        let mut notification = Notification { title: text.clone(), ..sample::notification(n) };
        notification.metadata = serde_json::json!({text.as_str(): [text, i64::MIN, i64::MAX, u64::MAX, 1e300, null]});
        let mut feed = sample::feed_state(n);
        feed.url = format!("https://a/{}", text.chars().filter(|c| *c != '\0').take(500).collect::<String>());
        let mut tx = store.begin().await.unwrap();
        tx.notifications().insert(&mut notification).await.unwrap();
        tx.feeds().insert(&mut feed).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.read().await.unwrap();
        let stored = tx.notifications().get(NotificationId(sample::uuid(n))).await.unwrap().unwrap();
        assert!(stored == notification, "text {n} came back changed");
        assert_eq!(tx.feeds().find(&feed.url).await.unwrap().as_ref(), Some(&feed));
    }
}

/// No row that would break the order of a list gets in.
pub async fn what_cannot_be_ordered_is_refused(store: Arc<dyn Store>) {
    let mut tx = store.begin().await.unwrap();
    for score in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut trend = sample::trend(1);
        trend.score = score;
        assert_fails(tx.trends().insert(&mut trend).await, Invalid);
        assert_eq!(trend.version, 0);
    }
    let mut trend = sample::trend(1);
    trend.detected_at = Timestamp::from_micros(i64::MAX);
    assert_fails(tx.trends().insert(&mut trend).await, Invalid);
    let mut trend = sample::trend(1);
    tx.trends().insert(&mut trend).await.unwrap();
    trend.score = f64::NAN;
    assert_fails(tx.trends().update(&mut trend).await, Invalid);
    assert_eq!(trend.version, 1);
    assert_eq!(tx.trends().count(&Filter::default()).await.unwrap(), 1);
}
