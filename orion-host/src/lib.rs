//! The thin shell: configuration, command line, and the engine with batteries.
