//! Scout: what trends.
