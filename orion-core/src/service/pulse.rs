//! Pulse: what was done and what it cost. Its use cases come next; the ledger is [`crate::domain::Cost`].
