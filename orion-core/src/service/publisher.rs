//! Publisher: its use cases come with the publishing adapters; the state machine is [`crate::domain::Publication`].
