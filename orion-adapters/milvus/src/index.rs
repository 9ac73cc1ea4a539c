//! Vectors in collections: made when the first vector comes, loaded when they are first asked.

use crate::MilvusOptions;
use crate::client::{Client, check};
use crate::layout::{self, Layout, Row, VECTOR};
use crate::proto::{
    CreateCollectionRequest, CreateIndexRequest, DeleteRequest, DescribeCollectionRequest, DescribeCollectionResponse,
    GetLoadStateRequest, GetLoadStateResponse, InsertRequest, KeyValuePair, LoadCollectionRequest, MutationResult,
    PlaceholderGroup, PlaceholderValue, SearchRequest, SearchResults, Status,
};
use async_trait::async_trait;
use orion_core::memory::unit;
use orion_core::port::{VectorIndex, VectorMatch};
use orion_core::{Error, ErrorKind, Result};
use prost::Message;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Lists of the index, and how many of them a search looks into (contract, section 5.5).
const NLIST: u32 = 128;
const NPROBE: u32 = 16;
/// Most neighbours of one search; Milvus allows 16,384.
const MOST: usize = 1000;
/// Vectors of one request of many: with 1536 numbers each it has 1.6 MB, below the 4 MB that gRPC servers take unasked.
const BATCH: usize = 256;
/// A loaded collection: `common.LoadState`.
const LOADED: i32 = 3;
/// Looks until a collection is loaded, and the pause between them.
const LOOKS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);
/// Lengths of vectors that Milvus takes.
const DIMENSIONS: std::ops::RangeInclusive<usize> = 2..=32_768;

/// A [`VectorIndex`] in Milvus. Clones share the connection.
#[derive(Debug, Clone)]
pub struct MilvusVectors {
    client: Client,
    /// Length of the vectors of each collection that is known to be there and loaded.
    known: Arc<Mutex<HashMap<String, usize>>>,
}

impl MilvusVectors {
    /// An index on this server. Nothing is contacted yet.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for an address or a token that cannot be used.
    pub fn new(options: MilvusOptions) -> Result<Self> {
        Ok(Self { client: Client::new(&options)?, known: Arc::default() })
    }

    /// The length of a collection's vectors, which is loaded then; `None` if there is no such collection.
    async fn dimension(&self, collection: &str) -> Result<Option<usize>> {
        check_name(collection)?;
        if let Some(dimension) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(collection) {
            return Ok(Some(*dimension));
        }
        let request = DescribeCollectionRequest { db_name: self.database(), collection_name: collection.to_owned() };
        let answer: DescribeCollectionResponse = self.client.call("DescribeCollection", request).await?;
        match check("DescribeCollection", answer.status.as_ref()) {
            Err(error) if is_missing(&error) => return Ok(None),
            other => other?,
        }
        let dimension = answer.schema.as_ref().and_then(layout::dimension).ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, "a collection of Milvus has no vectors of ours")
                .with_context("collection", collection)
                .with_hint("another program made it; use another database")
        })?;
        self.load(collection).await?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(collection.to_owned(), dimension);
        Ok(Some(dimension))
    }

    /// As [`dimension`](Self::dimension), making the collection if it is not there.
    async fn made(&self, collection: &str, dimension: usize) -> Result<usize> {
        if let Some(dimension) = self.dimension(collection).await? {
            return Ok(dimension);
        }
        if !DIMENSIONS.contains(&dimension) {
            return Err(Error::invalid("Milvus takes vectors of 2 to 32768 numbers").with_context("numbers", dimension));
        }
        let (db_name, collection_name) = (self.database(), collection.to_owned());
        let schema = Layout::of(collection).schema(collection, dimension).encode_to_vec();
        let request = CreateCollectionRequest { db_name, collection_name, schema, shards_num: 1 };
        let status: Status = self.client.call("CreateCollection", request).await?;
        let created = check("CreateCollection", Some(&status));
        let pair = |key: &str, value: String| KeyValuePair { key: key.to_owned(), value };
        let request = CreateIndexRequest {
            db_name: self.database(),
            collection_name: collection.to_owned(),
            field_name: VECTOR.to_owned(),
            extra_params: vec![
                pair("index_type", "IVF_FLAT".to_owned()),
                pair("metric_type", "COSINE".to_owned()),
                pair("params", format!("{{\"nlist\":{NLIST}}}")),
            ],
        };
        if created.is_ok() {
            let status: Status = self.client.call("CreateIndex", request).await?;
            check("CreateIndex", Some(&status))?;
        }
        // Somebody else may have made it at the same moment; then it is there.
        match self.dimension(collection).await? {
            Some(dimension) => Ok(dimension),
            None => Err(created.err().unwrap_or_else(|| Error::unavailable("Milvus has made no collection"))),
        }
    }

    async fn load(&self, collection: &str) -> Result<()> {
        let (db_name, collection_name) = (self.database(), collection.to_owned());
        let request = LoadCollectionRequest { db_name, collection_name, replica_number: 1 };
        let status: Status = self.client.call("LoadCollection", request).await?;
        check("LoadCollection", Some(&status))?;
        for _ in 0..LOOKS {
            let request = GetLoadStateRequest { db_name: self.database(), collection_name: collection.to_owned() };
            let answer: GetLoadStateResponse = self.client.call("GetLoadState", request).await?;
            check("GetLoadState", answer.status.as_ref())?;
            if answer.state == LOADED {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Error::new(ErrorKind::Timeout, "Milvus does not load a collection").with_context("collection", collection))
    }

    /// What was known of a collection that turned out to be gone or no longer loaded.
    fn forget(&self, collection: &str) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(collection);
    }

    fn database(&self) -> String {
        self.client.database.clone()
    }

    /// Keeps many vectors, each with its key and payload, as [`upsert`](VectorIndex::upsert) keeps one: for who fills an
    /// index. Of a key that is there twice the last one stays. What was kept before an error stays.
    ///
    /// # Errors
    /// As [`upsert`](VectorIndex::upsert).
    pub async fn upsert_all(&self, collection: &str, rows: &[(String, Vec<f32>, serde_json::Value)]) -> Result<()> {
        for batch in rows.chunks(BATCH) {
            let last: HashMap<&str, usize> =
                batch.iter().enumerate().map(|(place, (key, ..))| (key.as_str(), place)).collect();
            let rows = batch.iter().enumerate().filter(|(place, (key, ..))| last.get(key.as_str()) == Some(place));
            let rows = rows.map(|(_, (key, vector, payload))| Ok(Row { key, vector: unit(vector)?, payload }));
            let rows: Vec<Row<'_>> = rows.collect::<Result<_>>()?;
            self.keep(collection, &rows).await?;
        }
        Ok(())
    }

    /// Inserts rows, looking the collection up anew if it turns out to be gone.
    async fn keep(&self, collection: &str, rows: &[Row<'_>]) -> Result<()> {
        match self.insert(collection, rows).await {
            Err(error) if is_missing(&error) => {
                self.forget(collection);
                self.insert(collection, rows).await
            }
            inserted => inserted,
        }
    }

    async fn insert(&self, collection: &str, rows: &[Row<'_>]) -> Result<()> {
        let Some(first) = rows.first() else { return Ok(()) };
        let layout = Layout::of(collection);
        let fields_data = layout.rows(rows)?;
        let expression = layout.are_keys(rows.iter().map(|row| row.key))?;
        let dimension = self.made(collection, first.vector.len()).await?;
        rows.iter().try_for_each(|row| same_length(collection, dimension, row.vector.len()))?;
        // Identities are Milvus' own, so a key is replaced by forgetting it first.
        self.remove(collection, expression).await?;
        let (db_name, collection_name) = (self.database(), collection.to_owned());
        let request = InsertRequest { db_name, collection_name, fields_data, num_rows: rows.len() as u32 };
        let answer: MutationResult = self.client.call("Insert", request).await?;
        check("Insert", answer.status.as_ref())
    }

    async fn remove(&self, collection: &str, expr: String) -> Result<()> {
        let request = DeleteRequest { db_name: self.database(), collection_name: collection.to_owned(), expr };
        let answer: MutationResult = self.client.call("Delete", request).await?;
        check("Delete", answer.status.as_ref())
    }

    async fn nearest(&self, collection: &str, vector: &[f32], limit: usize) -> Result<Vec<VectorMatch>> {
        let Some(dimension) = self.dimension(collection).await? else { return Ok(Vec::new()) };
        same_length(collection, dimension, vector.len())?;
        let layout = Layout::of(collection);
        let numbers = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
        let asked = PlaceholderValue { tag: "$0".to_owned(), kind: 101, values: vec![numbers] };
        let pair = |key: &str, value: String| KeyValuePair { key: key.to_owned(), value };
        let request = SearchRequest {
            db_name: self.database(),
            collection_name: collection.to_owned(),
            placeholder_group: PlaceholderGroup { placeholders: vec![asked] }.encode_to_vec(),
            dsl_type: 1,
            output_fields: layout.columns(),
            search_params: vec![
                pair("anns_field", VECTOR.to_owned()),
                pair("topk", limit.to_string()),
                pair("metric_type", "COSINE".to_owned()),
                pair("params", format!("{{\"nprobe\":{NPROBE}}}")),
                pair("round_decimal", "-1".to_owned()),
            ],
            nq: 1,
            consistency_level: 0,
        };
        let answer: SearchResults = self.client.call("Search", request).await?;
        check("Search", answer.status.as_ref())?;
        let Some(results) = answer.results.filter(|results| !results.scores.is_empty()) else { return Ok(Vec::new()) };
        let rows = layout.read(results.scores.len(), &results.fields_data)?;
        let found = rows.into_iter().zip(results.scores).map(|((key, payload), score)| VectorMatch {
            key,
            similarity: score.clamp(-1.0, 1.0),
            payload,
        });
        let mut found: Vec<VectorMatch> = found.collect();
        found.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then_with(|| a.key.cmp(&b.key)));
        Ok(found)
    }
}

/// Whether a collection is gone, or no longer loaded: then it is looked up anew, once.
fn is_missing(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict)
}

/// Names of Milvus: letters, digits and underscores, no digit first.
fn check_name(collection: &str) -> Result<()> {
    let first = collection.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if first && collection.len() <= 255 && collection.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Ok(());
    }
    Err(Error::invalid("Milvus takes no collection of this name").with_context("collection", collection))
}

fn same_length(collection: &str, expected: usize, actual: usize) -> Result<()> {
    if expected == actual {
        return Ok(());
    }
    Err(Error::invalid("a collection of Milvus has vectors of another length")
        .with_context("collection", collection)
        .with_context("expected", expected)
        .with_context("actual", actual)
        .with_hint("the embedding model has changed: use another database, or drop the collection"))
}

#[async_trait]
impl VectorIndex for MilvusVectors {
    async fn upsert(&self, collection: &str, key: &str, vector: &[f32], payload: serde_json::Value) -> Result<()> {
        self.keep(collection, &[Row { key, vector: unit(vector)?, payload: &payload }]).await
    }

    async fn search(&self, collection: &str, vector: &[f32], limit: usize) -> Result<Vec<VectorMatch>> {
        let unit = unit(vector)?;
        let limit = limit.min(MOST);
        if limit == 0 {
            return Ok(Vec::new());
        }
        match self.nearest(collection, &unit, limit).await {
            Err(error) if is_missing(&error) => {
                self.forget(collection);
                self.nearest(collection, &unit, limit).await
            }
            found => found,
        }
    }

    async fn delete(&self, collection: &str, key: &str) -> Result<()> {
        let expression = Layout::of(collection).are_keys(std::iter::once(key))?;
        if self.dimension(collection).await?.is_none() {
            return Ok(());
        }
        match self.remove(collection, expression).await {
            Err(error) if is_missing(&error) => {
                self.forget(collection);
                Ok(())
            }
            removed => removed,
        }
    }
}
