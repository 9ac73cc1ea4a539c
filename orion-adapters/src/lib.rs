//! Every adapter behind one registry: a URI in, a port out.
