//! What is remembered of finished videos: their hooks and scripts as vectors (contract, section 5.5), so that hooks of
//! similar topics that did well can be shown to whoever writes the next one.

use crate::domain::{CostCategory, Critique, LineRole, Money, Script};
use crate::id::ContentId;
use crate::port::{Embedder, Provider, Served, VectorIndex};
use crate::strategy::{Strategy, Turn};
use crate::{Bill, Error, ErrorKind, Operation, Result, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// Examples shown to a writer.
const MOST_EXAMPLES: usize = 3;
/// Neighbours that are looked at for them: some are of the same content or did not do well.
const NEIGHBOURS: usize = 16;
/// Below this cosine a hook has nothing to do with the topic, whoever embeds.
const LEAST_LIKENESS: f32 = 0.15;
/// Longest hook and script that are kept, in bytes: the sizes of the contract's fields.
const LONGEST_HOOK: usize = 2048;
const LONGEST_SCRIPT: usize = 8192;

/// A hook of earlier content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastHook {
    /// The hook.
    pub hook: String,
    /// How it did, 0 to 1: the critique's confidence.
    pub score: f64,
}

/// What was remembered of a topic, or why nothing could be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Recalled {
    /// Hooks of similar topics, the most similar first.
    pub hooks: Vec<PastHook>,
    /// Why there are none, if the memory could not be asked.
    pub problem: Option<String>,
}

/// Remembers hooks and scripts. All vectors of a collection come from one embedder, so those of another one than the
/// built-in have collections of their own: where another embeds than before, it knows what it kept itself.
#[derive(Debug, Clone)]
pub struct VectorMemory {
    index: Arc<dyn VectorIndex>,
    embedders: Strategy<dyn Embedder>,
}

impl VectorMemory {
    /// A memory in this index, by the vectors of one of these embedders.
    pub fn new(index: Arc<dyn VectorIndex>, embedders: impl Into<Strategy<dyn Embedder>>) -> Self {
        Self { index, embedders: embedders.into() }
    }

    /// Who embeds.
    pub fn embedders(&self) -> &Strategy<dyn Embedder> {
        &self.embedders
    }

    /// Hooks of other content on similar topics that passed their critique, the most similar first.
    ///
    /// # Errors
    /// Those of the embedders and of the index.
    pub async fn recall(&self, topic: &str, own: ContentId, operation: &Operation) -> Result<Served<Vec<PastHook>>> {
        let Served { value: mut vectors, by, after } = self.embed([topic.to_owned()], operation).await?;
        let (hooks, vector) = (collection("hook_embeddings", &by), vectors.remove(0));
        let search = self.index.search(&hooks, &vector, NEIGHBOURS);
        let found = operation.cancellation.unless_cancelled(search).await?;
        let hooks = found.into_iter().filter(|near| near.key != own.to_string() && near.similarity >= LEAST_LIKENESS);
        let hooks = hooks.filter_map(|near| {
            let (hook, score) = (near.payload["hook_text"].as_str()?, near.payload["engagement_score"].as_f64()?);
            // Scores are kept in 32 bits.
            (score >= Critique::PASS - 1e-6).then(|| PastHook { hook: hook.to_owned(), score })
        });
        Ok(Served { value: hooks.take(MOST_EXAMPLES).collect(), by, after })
    }

    /// Keeps hook and script of content under its identity, in the place of earlier ones.
    ///
    /// # Errors
    /// Those of the embedders and of the index; what was kept by then is replaced when it is tried again.
    pub async fn keep(
        &self,
        id: ContentId,
        script: &Script,
        score: f64,
        now: Timestamp,
        operation: &Operation,
    ) -> Result<Served<()>> {
        let hook = cut(script.text_of(LineRole::Hook), LONGEST_HOOK);
        let text = cut(script.text(), LONGEST_SCRIPT);
        let Served { value: vectors, by, after } = self.embed([hook.clone(), text.clone()], operation).await?;
        let mut vectors = vectors.into_iter();
        let key = id.to_string();
        let of_hook = json!({"hook_text": hook, "engagement_score": score});
        let of_script = json!({"script_text": text, "created_at": now});
        for (name, payload) in [("hook_embeddings", of_hook), ("content_embeddings", of_script)] {
            if let Some(vector) = vectors.next() {
                let name = collection(name, &by);
                let upsert = self.index.upsert(&name, &key, &vector, payload);
                operation.cancellation.unless_cancelled(upsert).await?;
            }
        }
        Ok(Served { value: (), by, after })
    }

    /// One vector for each text, all by the same embedder.
    async fn embed<const N: usize>(&self, texts: [String; N], operation: &Operation) -> Result<Served<Vec<Vec<f32>>>> {
        let texts = &texts;
        let most_tokens = texts.iter().map(|text| text.len().div_ceil(2)).sum::<usize>() as f64;
        let embed = |turn: Turn<dyn Embedder>| async move {
            // A bill of its own tells what this provider was paid.
            let bill = Bill::new();
            let ask = |embedder: Arc<dyn Embedder>| {
                let billed = operation.billed(&bill);
                async move {
                    let by = embedder.provider();
                    let taken = operation.afford(by, CostCategory::EmbeddingTokens, most_tokens).await?;
                    let vectors = embedder.embed(texts, &billed).await?;
                    let dimension = embedder.dimension();
                    if vectors.len() != N || vectors.iter().any(|vector| vector.len() != dimension) {
                        return Err(Error::new(ErrorKind::Corrupt, "the embedder gave other vectors than it promised")
                            .with_context("embedder", by)
                            .with_context("dimension", dimension));
                    }
                    Ok((vectors, taken))
                }
            };
            let asked = turn.ask(&operation.cancellation, ask).await;
            let charges = bill.settle();
            let cost: Money = charges.iter().map(|charge| charge.usage.cost).sum();
            charges.iter().for_each(|charge| operation.charge(&charge.by, charge.usage));
            turn.paid(cost);
            let (vectors, taken) = asked?;
            operation.settle(taken, cost).await;
            Ok(vectors)
        };
        self.embedders.in_turn(None, embed).await
    }
}

/// The contract's collection for the built-in embedder; others follow its name, as `hook_embeddings_ollama_bge_m3`.
fn collection(name: &str, by: &Provider) -> String {
    if by.name == crate::text::embedding::BUILT_IN {
        return name.to_owned();
    }
    let mut full = format!("{name}_{}_{}", by.name, by.model);
    full = full.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    full.truncate(200);
    full
}

fn cut(mut text: String, longest: usize) -> String {
    text.truncate(text.floor_char_boundary(longest));
    text
}

#[cfg(test)]
mod tests {
    use super::super::testing::script;
    use super::*;
    use crate::memory::MemoryVectors;
    use crate::port::Usage;
    use crate::strategy::Policy;
    use crate::testing::sample;
    use crate::text::embedding::HashedEmbedder;

    fn id(n: u64) -> ContentId {
        ContentId(sample::uuid(n))
    }

    #[tokio::test]
    async fn similar_hooks_that_did_well_come_back_with_their_scores() {
        let index = Arc::new(MemoryVectors::new());
        let memory = VectorMemory::new(index.clone(), Arc::new(HashedEmbedder::default()));
        let operation = &Operation::detached();
        let recall = async |topic: &str, own| memory.recall(topic, own, operation).await.unwrap().value;
        assert!(recall("The old bridge", id(1)).await.is_empty());
        let hooks = [
            ("The old bridge has 40 cracks.", 0.9),
            ("Who closed the old bridge?", 0.6),
            ("A bridge that is older than you.", 0.8),
            ("Nine phones nobody needs.", 0.95),
        ];
        for ((hook, score), n) in hooks.into_iter().zip(1..) {
            let script = script(&[("hook", hook), ("body", "It is closed."), ("cta", "Follow.")]);
            // Kept again after a crash, it is still one.
            for _ in 0..2 {
                memory.keep(id(n), &script, score, sample::time(n), operation).await.unwrap();
            }
        }
        let recalled = recall("The old bridge is closed", id(9)).await;
        let past = |hook: &str, score| PastHook { hook: hook.to_owned(), score };
        assert_eq!(
            recalled,
            [past("The old bridge has 40 cracks.", 0.9), past("A bridge that is older than you.", 0.8)]
        );
        let own = recall("The old bridge is closed", id(1)).await;
        assert_eq!(own, [past("A bridge that is older than you.", 0.8)], "one's own is no example");
        let vector = memory.embed(["anything".to_owned()], operation).await.unwrap().value.remove(0);
        let kept = index.search("content_embeddings", &vector, 9).await.unwrap();
        assert_eq!(kept.len(), 4);
        assert!(kept[0].payload["script_text"].is_string() && kept[0].payload["created_at"].is_string());
    }

    /// Gives vectors of two numbers for money, while it is not told to fail.
    #[derive(Debug)]
    struct Paid {
        provider: Provider,
        fails: std::sync::atomic::AtomicBool,
    }

    #[async_trait::async_trait]
    impl Embedder for Paid {
        fn provider(&self) -> &Provider {
            &self.provider
        }

        fn dimension(&self) -> usize {
            2
        }

        async fn embed(&self, texts: &[String], operation: &Operation) -> Result<Vec<Vec<f32>>> {
            if self.fails.load(std::sync::atomic::Ordering::SeqCst) {
                return Err(Error::unavailable("it is away"));
            }
            let usage = Usage { category: CostCategory::EmbeddingTokens, units: 5.0, cost: Money(7) };
            operation.charge(&self.provider, usage);
            Ok(vec![vec![0.6, 0.8]; texts.len()])
        }
    }

    #[tokio::test]
    async fn whoever_embeds_is_paid_and_keeps_to_collections_of_its_own() {
        let index = Arc::new(MemoryVectors::new());
        let paid = Arc::new(Paid { provider: Provider::cloud("there", "E-1"), fails: false.into() });
        let members: Vec<Arc<dyn Embedder>> = vec![paid.clone(), Arc::new(HashedEmbedder::default())];
        let embedders = Strategy::new(Policy::PreferCloud, members).unwrap();
        let memory = VectorMemory::new(index.clone(), embedders.clone());
        let bill = Bill::new();
        let operation = &Operation::detached().billed(&bill);
        let script = script(&[("hook", "The old bridge has 40 cracks."), ("body", "It is closed."), ("cta", "Go.")]);
        let kept = memory.keep(id(1), &script, 0.9, sample::time(1), operation).await.unwrap();
        assert_eq!((kept.by.name.as_str(), kept.after.len()), ("there", 0));
        assert_eq!(bill.settle().iter().map(|charge| charge.usage.cost).collect::<Vec<_>>(), [Money(7)]);
        assert_eq!(embedders.standings()[0].tally.paid, Money(7));
        assert_eq!(index.search("hook_embeddings_there_e_1", &[0.6, 0.8], 9).await.unwrap().len(), 1);
        assert_eq!(memory.recall("bridge", id(2), operation).await.unwrap().value.len(), 1);
        // Another embeds in its place, finds nothing of it, and says who failed.
        paid.fails.store(true, std::sync::atomic::Ordering::SeqCst);
        let recalled = memory.recall("bridge", id(2), operation).await.unwrap();
        assert_eq!((recalled.value.len(), recalled.by.name.as_str()), (0, crate::text::embedding::BUILT_IN));
        assert!(recalled.after[0].error.contains("it is away"), "{:?}", recalled.after);
        // No budget, no call.
        paid.fails.store(false, std::sync::atomic::Ordering::SeqCst);
        let purse = Arc::new(Empty);
        let poor = &Operation::detached().paid_from(purse);
        let recalled = memory.recall("bridge", id(2), poor).await.unwrap();
        assert!(recalled.after[0].error.contains("no money"), "{:?}", recalled.after);
    }

    /// Allows nothing that costs.
    #[derive(Debug)]
    struct Empty;

    #[async_trait::async_trait]
    impl crate::service::budget::Purse for Empty {
        fn price(&self, _: &Provider, _: CostCategory, units: f64) -> Money {
            Money(units as i64)
        }

        async fn take(&self, amount: Money, by: &Provider) -> Result<()> {
            match (amount, by.side) {
                (Money(1..), crate::port::Side::Cloud) => Err(Error::new(ErrorKind::Exhausted, "no money")),
                _ => Ok(()),
            }
        }

        async fn settle(&self, _: Money, _: Money) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn text_is_cut_to_the_size_of_its_field() {
        assert_eq!(cut("日本".repeat(1000), LONGEST_HOOK).len(), 2046);
    }
}
