//! The routes of every service, by their canonical paths.
