//! Content-addressed blobs in a local folder.
