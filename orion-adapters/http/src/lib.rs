//! What adapters that speak HTTP share: one client, translated errors, bounded bodies, streams of lines.
