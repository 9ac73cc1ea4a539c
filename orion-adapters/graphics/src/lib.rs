//! Built-in scene graphics: typographic cards drawn from words, numbers and the article's picture.
