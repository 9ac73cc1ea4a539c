//! The few messages of Milvus that are needed, by hand.
//!
//! Names, numbers and types are those of `milvus.proto`, `schema.proto` and `common.proto` of
//! <https://github.com/milvus-io/milvus-proto>, as pymilvus 3.0.2 carries them. Fields that are not named here are
//! skipped when they are read, and left at their defaults when they are sent.

use prost::{Enumeration, Message, Oneof};

/// `common.KeyValuePair`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeyValuePair {
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    #[prost(string, tag = "2")]
    pub(crate) value: String,
}

/// `common.Status`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Status {
    /// `common.ErrorCode`, of servers before 2.3.
    #[prost(int32, tag = "1")]
    pub(crate) error_code: i32,
    #[prost(string, tag = "2")]
    pub(crate) reason: String,
    #[prost(int32, tag = "3")]
    pub(crate) code: i32,
    #[prost(bool, tag = "4")]
    pub(crate) retriable: bool,
}

/// `schema.DataType`, those of them that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub(crate) enum DataType {
    None = 0,
    Int64 = 5,
    Float = 10,
    VarChar = 21,
    FloatVector = 101,
}

/// `schema.FieldSchema`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct FieldSchema {
    #[prost(string, tag = "2")]
    pub(crate) name: String,
    #[prost(bool, tag = "3")]
    pub(crate) is_primary_key: bool,
    #[prost(enumeration = "DataType", tag = "5")]
    pub(crate) data_type: i32,
    #[prost(message, repeated, tag = "6")]
    pub(crate) type_params: Vec<KeyValuePair>,
    #[prost(bool, tag = "8")]
    pub(crate) auto_id: bool,
}

/// `schema.CollectionSchema`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct CollectionSchema {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) description: String,
    #[prost(bool, tag = "3")]
    pub(crate) auto_id: bool,
    #[prost(message, repeated, tag = "4")]
    pub(crate) fields: Vec<FieldSchema>,
}

/// `milvus.CreateCollectionRequest`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct CreateCollectionRequest {
    #[prost(string, tag = "2")]
    pub(crate) db_name: String,
    #[prost(string, tag = "3")]
    pub(crate) collection_name: String,
    /// An encoded [`CollectionSchema`].
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) schema: Vec<u8>,
    #[prost(int32, tag = "5")]
    pub(crate) shards_num: i32,
}

/// `milvus.DescribeCollectionRequest`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct DescribeCollectionRequest {
    #[prost(string, tag = "2")]
    pub(crate) db_name: String,
    #[prost(string, tag = "3")]
    pub(crate) collection_name: String,
}

/// `milvus.DescribeCollectionResponse`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct DescribeCollectionResponse {
    #[prost(message, optional, tag = "1")]
    pub(crate) status: Option<Status>,
    #[prost(message, optional, tag = "2")]
    pub(crate) schema: Option<CollectionSchema>,
}

/// `milvus.CreateIndexRequest`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct CreateIndexRequest {
    #[prost(string, tag = "2")]
    pub(crate) db_name: String,
    #[prost(string, tag = "3")]
    pub(crate) collection_name: String,
    #[prost(string, tag = "4")]
    pub(crate) field_name: String,
    #[prost(message, repeated, tag = "5")]
    pub(crate) extra_params: Vec<KeyValuePair>,
}

/// `milvus.LoadCollectionRequest`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct LoadCollectionRequest {
    #[prost(string, tag = "2")]
    pub(crate) db_name: String,
    #[prost(string, tag = "3")]
    pub(crate) collection_name: String,
    #[prost(int32, tag = "4")]
    pub(crate) replica_number: i32,
}

/// `milvus.GetLoadStateRequest`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct GetLoadStateRequest {
    #[prost(string, tag = "2")]
    pub(crate) collection_name: String,
    #[prost(string, tag = "4")]
    pub(crate) db_name: String,
}

/// `milvus.GetLoadStateResponse`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct GetLoadStateResponse {
    #[prost(message, optional, tag = "1")]
    pub(crate) status: Option<Status>,
    /// `common.LoadState`; 3 is loaded.
    #[prost(int32, tag = "2")]
    pub(crate) state: i32,
}

/// `schema.FloatArray`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct FloatArray {
    #[prost(float, repeated, tag = "1")]
    pub(crate) data: Vec<f32>,
}

/// `schema.StringArray`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct StringArray {
    #[prost(string, repeated, tag = "1")]
    pub(crate) data: Vec<String>,
}

/// `schema.ScalarField`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ScalarField {
    #[prost(oneof = "Scalars", tags = "4, 6")]
    pub(crate) data: Option<Scalars>,
}

/// The kinds of scalars that are used.
#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Scalars {
    #[prost(message, tag = "4")]
    Float(FloatArray),
    #[prost(message, tag = "6")]
    Text(StringArray),
}

/// `schema.VectorField`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct VectorField {
    #[prost(int64, tag = "1")]
    pub(crate) dim: i64,
    #[prost(message, optional, tag = "2")]
    pub(crate) float_vector: Option<FloatArray>,
}

/// `schema.FieldData`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct FieldData {
    #[prost(enumeration = "DataType", tag = "1")]
    pub(crate) data_type: i32,
    #[prost(string, tag = "2")]
    pub(crate) field_name: String,
    #[prost(oneof = "FieldValues", tags = "3, 4")]
    pub(crate) values: Option<FieldValues>,
}

/// What stands in a field.
#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum FieldValues {
    #[prost(message, tag = "3")]
    Scalars(ScalarField),
    #[prost(message, tag = "4")]
    Vectors(VectorField),
}

/// `milvus.InsertRequest`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct InsertRequest {
    #[prost(string, tag = "2")]
    pub(crate) db_name: String,
    #[prost(string, tag = "3")]
    pub(crate) collection_name: String,
    #[prost(message, repeated, tag = "5")]
    pub(crate) fields_data: Vec<FieldData>,
    #[prost(uint32, tag = "7")]
    pub(crate) num_rows: u32,
}

/// `milvus.DeleteRequest`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct DeleteRequest {
    #[prost(string, tag = "2")]
    pub(crate) db_name: String,
    #[prost(string, tag = "3")]
    pub(crate) collection_name: String,
    #[prost(string, tag = "5")]
    pub(crate) expr: String,
}

/// `milvus.MutationResult`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct MutationResult {
    #[prost(message, optional, tag = "1")]
    pub(crate) status: Option<Status>,
}

/// `common.PlaceholderValue`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct PlaceholderValue {
    #[prost(string, tag = "1")]
    pub(crate) tag: String,
    /// `common.PlaceholderType`; 101 is a vector of floats.
    #[prost(int32, tag = "2")]
    pub(crate) kind: i32,
    /// Numbers in little-endian order.
    #[prost(bytes = "vec", repeated, tag = "3")]
    pub(crate) values: Vec<Vec<u8>>,
}

/// `common.PlaceholderGroup`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct PlaceholderGroup {
    #[prost(message, repeated, tag = "1")]
    pub(crate) placeholders: Vec<PlaceholderValue>,
}

/// `milvus.SearchRequest`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SearchRequest {
    #[prost(string, tag = "2")]
    pub(crate) db_name: String,
    #[prost(string, tag = "3")]
    pub(crate) collection_name: String,
    /// An encoded [`PlaceholderGroup`].
    #[prost(bytes = "vec", tag = "6")]
    pub(crate) placeholder_group: Vec<u8>,
    /// `common.DslType`; 1 is a boolean expression.
    #[prost(int32, tag = "7")]
    pub(crate) dsl_type: i32,
    #[prost(string, repeated, tag = "8")]
    pub(crate) output_fields: Vec<String>,
    #[prost(message, repeated, tag = "9")]
    pub(crate) search_params: Vec<KeyValuePair>,
    #[prost(int64, tag = "12")]
    pub(crate) nq: i64,
    /// `common.ConsistencyLevel`; 0 is strong: what was written before is seen.
    #[prost(int32, tag = "14")]
    pub(crate) consistency_level: i32,
}

/// `schema.SearchResultData`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SearchResultData {
    #[prost(message, repeated, tag = "3")]
    pub(crate) fields_data: Vec<FieldData>,
    #[prost(float, repeated, tag = "4")]
    pub(crate) scores: Vec<f32>,
}

/// `milvus.SearchResults`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SearchResults {
    #[prost(message, optional, tag = "1")]
    pub(crate) status: Option<Status>,
    #[prost(message, optional, tag = "2")]
    pub(crate) results: Option<SearchResultData>,
}
