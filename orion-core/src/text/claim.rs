//! Numbers, names, dates and quotes in running text.
