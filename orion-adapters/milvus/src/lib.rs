//! Milvus: nearest neighbours of many vectors.
