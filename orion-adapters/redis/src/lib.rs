//! Redis: the live wire, wake-ups, shared rate limits, tickets and revocations. Never the record.
