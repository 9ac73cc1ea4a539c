//! Domain types, ports, strategies, events and use cases of Orion. No I/O.
