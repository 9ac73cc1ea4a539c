//! Feeds and articles: RSS, RDF, Atom, JSON Feed, and readable text from web pages.
