//! What is swept when, and that nothing is lost however sweeps and writers meet.

use super::*;
use crate::domain::Asset;
use crate::memory::{ManualClock, MemoryBlobs, MemoryStore};
use crate::port::{BlobStoreExt, Filter, RepositoryExt};
use crate::testing::sample;
use bytes::Bytes;
use proptest::prelude::*;

const HOUR: Duration = Duration::from_secs(3600);

struct House {
    store: Arc<MemoryStore>,
    blobs: Arc<MemoryBlobs>,
    sweeper: Sweeper,
}

impl House {
    fn new() -> Self {
        let (store, blobs) = (Arc::new(MemoryStore::new()), Arc::new(MemoryBlobs::new()));
        let clock = Arc::new(ManualClock::at(sample::time(0)));
        let sweeper = Sweeper { store: store.clone(), blobs: blobs.clone(), clock };
        Self { store, blobs, sweeper }
    }

    /// Stores bytes and gives a row that points at them, not yet committed.
    async fn stored(&self, n: u64) -> Asset {
        let mut asset = sample::asset(n);
        asset.blob = self.blobs.put(bytes(n), "image/png").await.unwrap();
        asset
    }

    async fn commit(&self, mut asset: Asset) {
        let mut tx = self.store.begin().await.unwrap();
        tx.assets().insert(&mut asset).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn sweep(&self, dry_run: bool) -> Swept {
        self.sweeper.sweep(HOUR, dry_run, &Operation::detached()).await.unwrap()
    }
}

fn bytes(n: u64) -> Bytes {
    Bytes::from(format!("picture {n}"))
}

#[tokio::test]
async fn what_nothing_points_at_goes_in_two_sweeps_and_everything_else_stays() {
    let house = House::new();
    let (pointed_at, orphan) = (house.stored(1).await, house.stored(2).await);
    house.commit(pointed_at.clone()).await;
    // Something else that names it is enough, wherever it stands.
    let quoted = house.stored(3).await;
    let mut step = sample::step(1);
    step.output = Some(serde_json::json!({ "note": format!("see /files/{}.png", quoted.blob.sha256) }));
    let mut tx = house.store.begin().await.unwrap();
    tx.steps().insert(&mut step).await.unwrap();
    tx.commit().await.unwrap();

    let told = house.sweep(true).await;
    assert_eq!((told.looked_at.files, told.set_aside.files, told.set_aside.bytes), (3, 1, 9));
    assert_eq!(house.blobs.list(Shelf::Aside, None, 9).await.unwrap(), [], "a dry run does nothing");
    assert_eq!(house.sweep(false).await.set_aside.files, 1);
    assert!(house.blobs.contains(orphan.blob.sha256).await.unwrap(), "it is still read");
    let swept = house.sweep(false).await;
    assert_eq!((swept.discarded.files, swept.set_aside.files), (1, 0));
    assert!(!house.blobs.contains(orphan.blob.sha256).await.unwrap());
    assert_eq!(house.blobs.require(&pointed_at.blob).await.unwrap(), bytes(1));
    assert_eq!(house.blobs.require(&quoted.blob).await.unwrap(), bytes(3));
    assert_eq!(house.sweep(false).await, Swept { looked_at: Heap { files: 2, bytes: 18 }, ..Swept::default() });
}

#[tokio::test]
async fn a_row_that_comes_after_its_file_was_set_aside_takes_it_back() {
    let house = House::new();
    let late = house.stored(1).await;
    assert_eq!(house.sweep(false).await.set_aside.files, 1);
    house.commit(late.clone()).await;
    assert_eq!(house.blobs.require(&late.blob).await.unwrap(), bytes(1));
    assert_eq!(house.sweep(false).await.taken_back.files, 1);
    assert_eq!(house.sweep(false).await.discarded.files, 0);
    assert_eq!(house.blobs.require(&late.blob).await.unwrap(), bytes(1));
}

#[tokio::test]
async fn a_sweep_can_be_stopped() {
    let house = House::new();
    house.stored(1).await;
    let operation = Operation::detached();
    operation.cancellation.cancel();
    let stopped = house.sweeper.sweep(HOUR, false, &operation).await;
    crate::testing::assert_fails(stopped, crate::ErrorKind::Cancelled);
    assert_eq!(house.blobs.list(Shelf::Kept, None, 9).await.unwrap().len(), 1);
}

#[test]
fn digests_are_found_in_any_text() {
    let (one, two) = (Sha256::of(b"1"), Sha256::of(b"2"));
    let text =
        format!("{{\"a\":\"{one}\",\"b\":[\"x/{two}.png\"],\"c\":\"0{one}\",\"d\":\"{}\"}}", &one.to_string()[1..]);
    let mut found = Vec::new();
    each_digest(&text, |digest| found.push(digest));
    assert_eq!(found, [one, two]);
}

/// What writers and sweepers do, one after the other as a scheduler may have it.
#[derive(Debug, Clone, Copy)]
enum Move {
    /// Stores a file; its row comes later.
    Store(u64),
    /// Commits the row of the file that was stored the longest ago.
    Commit,
    /// Deletes the row of a file.
    Delete(u64),
    Sweep,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        4 => (0..6_u64).prop_map(Move::Store),
        4 => Just(Move::Commit),
        2 => (0..6_u64).prop_map(Move::Delete),
        2 => Just(Move::Sweep),
    ];
    proptest::collection::vec(one, 1..60)
}

proptest! {
    /// Whatever the order, as long as each writer commits before the second sweep from then, no row is without its
    /// file; and at rest two sweeps leave nothing but what rows point at.
    #[test]
    fn no_row_loses_its_file(moves in moves()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let house = House::new();
            let mut rows = 0;
            // Rows to be committed, each with how many sweeps there were since its file was stored.
            let mut waiting: std::collections::VecDeque<(Asset, u32)> = Default::default();
            for one in moves {
                match one {
                    Move::Store(n) => {
                        rows += 1;
                        let mut asset = house.stored(n).await;
                        asset.id = sample::asset(1000 + rows).id;
                        waiting.push_back((asset, 0));
                    }
                    Move::Commit => {
                        if let Some((asset, _)) = waiting.pop_front() {
                            house.commit(asset).await;
                        }
                    }
                    Move::Delete(n) => {
                        let mut tx = house.store.begin().await.unwrap();
                        for asset in tx.assets().all(&Filter::default()).await.unwrap() {
                            if asset.blob.sha256 == Sha256::of(&bytes(n)) {
                                tx.assets().delete(asset.id).await.unwrap();
                            }
                        }
                        tx.commit().await.unwrap();
                    }
                    Move::Sweep => {
                        while waiting.front().is_some_and(|(_, sweeps)| *sweeps > 0) {
                            house.commit(waiting.pop_front().unwrap().0).await;
                        }
                        house.sweep(false).await;
                        waiting.iter_mut().for_each(|(_, sweeps)| *sweeps += 1);
                    }
                }
                for asset in house.store.read().await.unwrap().assets().all(&Filter::default()).await.unwrap() {
                    assert!(house.blobs.get(asset.blob.sha256).await.unwrap().is_some());
                }
            }
            for (asset, _) in waiting {
                house.commit(asset).await;
            }
            house.sweep(false).await;
            house.sweep(false).await;
            let rows = house.store.read().await.unwrap().assets().all(&Filter::default()).await.unwrap();
            let named: std::collections::BTreeSet<Sha256> = rows.iter().map(|asset| asset.blob.sha256).collect();
            let left = house.blobs.list(Shelf::Kept, None, 99).await.unwrap();
            assert_eq!(left.iter().map(|stored| stored.sha256).collect::<Vec<_>>(), named.into_iter().collect::<Vec<_>>());
            assert_eq!(house.blobs.list(Shelf::Aside, None, 99).await.unwrap(), []);
        });
    }
}

/// A record in which a row for stored bytes is committed just after a look at it has begun.
#[derive(Debug)]
struct Racing(Arc<MemoryStore>, Arc<MemoryBlobs>, u64);

#[async_trait::async_trait]
impl Store for Racing {
    async fn begin(&self) -> Result<Box<dyn crate::port::Tx>> {
        self.0.begin().await
    }

    async fn read(&self) -> Result<Box<dyn crate::port::Tx>> {
        let seen = self.0.read().await?;
        let mut asset = sample::asset(self.2);
        asset.blob = self.1.put(bytes(self.2), "image/png").await?;
        let mut tx = self.0.begin().await?;
        if tx.assets().get(asset.id).await?.is_none() {
            tx.assets().insert(&mut asset).await?;
        }
        tx.commit().await?;
        Ok(seen)
    }
}

/// The worst moment for a row to come: the sweeper has looked, does not see it, and acts.
#[tokio::test]
async fn a_row_that_is_committed_while_the_sweeper_walks_keeps_its_file() {
    for was_aside in [false, true] {
        let house = House::new();
        let orphan = house.stored(1).await;
        if was_aside {
            assert_eq!(house.sweep(false).await.set_aside.files, 1);
        }
        let store = Arc::new(Racing(house.store.clone(), house.blobs.clone(), 1));
        let racing = Sweeper { store, ..house.sweeper.clone() };
        let swept = racing.sweep(HOUR, false, &Operation::detached()).await.unwrap();
        assert_eq!(swept.discarded.files, u64::from(was_aside), "it did not see the row: {swept:?}");
        for _ in 0..3 {
            assert_eq!(house.blobs.require(&orphan.blob).await.unwrap(), bytes(1), "was aside: {was_aside}");
            assert_eq!(house.sweep(false).await.discarded.files, 0);
        }
        assert_eq!(house.store.read().await.unwrap().assets().all(&Filter::default()).await.unwrap().len(), 1);
    }
}
