//! Stored files in S3 and what speaks its protocol.
