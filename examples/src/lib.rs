//! Programs that embed Orion.
