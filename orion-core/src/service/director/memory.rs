//! What is remembered of finished videos: their hooks and scripts as vectors (contract, section 5.5), so that hooks of
//! similar topics that did well can be shown to whoever writes the next one.

use crate::domain::{Critique, LineRole, Script};
use crate::id::ContentId;
use crate::port::{Embedder, VectorIndex};
use crate::{Error, ErrorKind, Result, Timestamp};
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
/// built-in have collections of their own.
#[derive(Debug, Clone)]
pub struct VectorMemory {
    index: Arc<dyn VectorIndex>,
    embedder: Arc<dyn Embedder>,
}

impl VectorMemory {
    /// A memory in this index, by the vectors of this embedder.
    pub fn new(index: Arc<dyn VectorIndex>, embedder: Arc<dyn Embedder>) -> Self {
        Self { index, embedder }
    }

    /// Who embeds.
    pub fn embedder(&self) -> &dyn Embedder {
        &*self.embedder
    }

    /// Hooks of other content on similar topics that passed their critique, the most similar first.
    ///
    /// # Errors
    /// Those of the embedder and of the index.
    pub async fn recall(&self, topic: &str, own: ContentId) -> Result<Vec<PastHook>> {
        let vector = self.embed([topic.to_owned()]).await?.remove(0);
        let found = self.index.search(&self.collection("hook_embeddings"), &vector, NEIGHBOURS).await?;
        let hooks = found.into_iter().filter(|near| near.key != own.to_string() && near.similarity >= LEAST_LIKENESS);
        let hooks = hooks.filter_map(|near| {
            let (hook, score) = (near.payload["hook_text"].as_str()?, near.payload["engagement_score"].as_f64()?);
            // Scores are kept in 32 bits.
            (score >= Critique::PASS - 1e-6).then(|| PastHook { hook: hook.to_owned(), score })
        });
        Ok(hooks.take(MOST_EXAMPLES).collect())
    }

    /// Keeps hook and script of content under its identity, in the place of earlier ones.
    ///
    /// # Errors
    /// Those of the embedder and of the index; what was kept by then is replaced when it is tried again.
    pub async fn keep(&self, id: ContentId, script: &Script, score: f64, now: Timestamp) -> Result<()> {
        let hook = cut(script.text_of(LineRole::Hook), LONGEST_HOOK);
        let text = cut(script.text(), LONGEST_SCRIPT);
        let mut vectors = self.embed([hook.clone(), text.clone()]).await?.into_iter();
        let key = id.to_string();
        let of_hook = json!({"hook_text": hook, "engagement_score": score});
        let of_script = json!({"script_text": text, "created_at": now});
        for (collection, payload) in [("hook_embeddings", of_hook), ("content_embeddings", of_script)] {
            if let Some(vector) = vectors.next() {
                self.index.upsert(&self.collection(collection), &key, &vector, payload).await?;
            }
        }
        Ok(())
    }

    async fn embed<const N: usize>(&self, texts: [String; N]) -> Result<Vec<Vec<f32>>> {
        let vectors = self.embedder.embed(&texts).await?;
        let dimension = self.embedder.dimension();
        if vectors.len() != N || vectors.iter().any(|vector| vector.len() != dimension) {
            return Err(Error::new(ErrorKind::Corrupt, "the embedder gave other vectors than it promised")
                .with_context("embedder", self.embedder.provider())
                .with_context("dimension", dimension));
        }
        Ok(vectors)
    }

    /// The contract's collection for the built-in embedder; others follow its name, as `hook_embeddings_ollama_bge_m3`.
    fn collection(&self, name: &str) -> String {
        let provider = self.embedder.provider();
        if provider.name == crate::text::embedding::BUILT_IN {
            return name.to_owned();
        }
        let mut full = format!("{name}_{}_{}", provider.name, provider.model);
        full = full.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
        full.truncate(200);
        full
    }
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
    use crate::testing::sample;
    use crate::text::embedding::HashedEmbedder;

    fn id(n: u64) -> ContentId {
        ContentId(sample::uuid(n))
    }

    #[tokio::test]
    async fn similar_hooks_that_did_well_come_back_with_their_scores() {
        let index = Arc::new(MemoryVectors::new());
        let memory = VectorMemory::new(index.clone(), Arc::new(HashedEmbedder::default()));
        assert!(memory.recall("The old bridge", id(1)).await.unwrap().is_empty());
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
                memory.keep(id(n), &script, score, sample::time(n)).await.unwrap();
            }
        }
        let recalled = memory.recall("The old bridge is closed", id(9)).await.unwrap();
        let past = |hook: &str, score| PastHook { hook: hook.to_owned(), score };
        assert_eq!(
            recalled,
            [past("The old bridge has 40 cracks.", 0.9), past("A bridge that is older than you.", 0.8)]
        );
        let own = memory.recall("The old bridge is closed", id(1)).await.unwrap();
        assert_eq!(own, [past("A bridge that is older than you.", 0.8)], "one's own is no example");
        let vector = memory.embed(["anything".to_owned()]).await.unwrap().remove(0);
        let kept = index.search("content_embeddings", &vector, 9).await.unwrap();
        assert_eq!(kept.len(), 4);
        assert!(kept[0].payload["script_text"].is_string() && kept[0].payload["created_at"].is_string());
    }

    #[test]
    fn text_is_cut_to_the_size_of_its_field() {
        assert_eq!(cut("日本".repeat(1000), LONGEST_HOOK).len(), 2046);
    }
}
