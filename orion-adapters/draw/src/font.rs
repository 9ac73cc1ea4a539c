//! The fonts: Inter is built in and comes first; the system's fonts are read only when a text needs them.

use crate::clean::{Cleaned, Glyph, clean, is_right_to_left};
use crate::fallback::{Catalogue, Han, Wanted, is_invisible, script};
use crate::layout::Weight;
use cosmic_text::fontdb::{self, Family};
use cosmic_text::{Attrs, Buffer, CacheKey, CacheKeyFlags, Fallback, FontSystem, Metrics, Shaping, SwashCache};
use orion_core::{Error, Result};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use unicode_script::Script;
use unicode_segmentation::UnicodeSegmentation;
use zeno::Command;

/// Inter 4 (SIL Open Font License 1.1, `fonts/OFL.txt`): three cuts of the variable font, Latin, Greek, Cyrillic and
/// Vietnamese.
const FONTS: [(&[u8], u16); 3] = [
    (include_bytes!("../fonts/inter-medium.ttf"), 500),
    (include_bytes!("../fonts/inter-bold.ttf"), 700),
    (include_bytes!("../fonts/inter-black.ttf"), 900),
];

/// Fonts and shaping, shared by all who draw text. Cheap to clone; one caller shapes at a time.
#[derive(Clone)]
pub struct FontKit {
    shaper: Arc<Mutex<Shaper>>,
    han: Han,
}

impl FontKit {
    /// The built-in fonts, with the system's as a fallback for other scripts and emoji.
    pub fn new() -> Self {
        Self::of(Shaper::new(true))
    }

    /// The built-in fonts alone: the same pixels on every machine.
    pub fn embedded() -> Self {
        Self::of(Shaper::new(false))
    }

    /// Other fonts, OpenType files of one family, in the place of the built-in ones: each weight is set in the file whose
    /// weight is nearest. What they lack is set in the built-in fonts, and then in the system's.
    ///
    /// # Errors
    /// `Invalid` without a file, or for one that is no font or has no letters.
    pub fn with_files(files: &[impl AsRef<[u8]>]) -> Result<Self> {
        Ok(Self::of(Shaper::with_files(files)?))
    }

    fn of(shaper: Shaper) -> Self {
        Self { shaper: Arc::new(Mutex::new(shaper)), han: Han::default() }
    }

    /// One kit for the whole process.
    pub fn shared() -> &'static Self {
        static KIT: OnceLock<FontKit> = OnceLock::new();
        KIT.get_or_init(Self::new)
    }

    /// The same fonts for texts that belong together: Han characters get their Japanese or Korean shapes throughout if
    /// any part of `sample` is written in kana or Hangul, and the Chinese ones otherwise.
    #[must_use]
    pub fn reading(&self, sample: &str) -> Self {
        Self { shaper: self.shaper.clone(), han: Han::of(sample).unwrap_or(self.han) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Shaper> {
        // A panic of another thread leaves caches behind, never half a font.
        let mut shaper = self.shaper.lock().unwrap_or_else(PoisonError::into_inner);
        shaper.han = self.han;
        shaper
    }
}

impl Default for FontKit {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FontKit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FontKit").field("han", &self.han).finish_non_exhaustive()
    }
}

/// One glyph to be drawn.
#[derive(Debug, Clone)]
pub(crate) enum GlyphShape {
    /// An outline in pixels, y upwards, relative to the pen.
    Outline(Arc<[Command]>),
    /// A picture, as emoji fonts have them.
    Picture(Arc<GlyphPicture>),
    /// Nothing to see: a space.
    Blank,
}

/// A coloured glyph: straight RGBA.
#[derive(Debug)]
pub(crate) struct GlyphPicture {
    pub(crate) left: i32,
    pub(crate) top: i32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) pixels: Vec<u8>,
}

/// A mark that takes the direction of what stands beside it.
fn is_mark(cluster: &str) -> bool {
    cluster.chars().all(|part| !part.is_alphanumeric() && !part.is_whitespace() && !"%#$€£+-".contains(part))
}

/// Glyph shapes are kept up to this many; then the cache begins anew.
const MOST_SHAPES: usize = 4096;

pub(crate) struct Shaper {
    pub(crate) fonts: FontSystem,
    swash: SwashCache,
    shapes: HashMap<CacheKey, GlyphShape>,
    /// What the family that comes first has.
    embedded: HashSet<char>,
    /// What the built-in fonts have, where other fonts come first.
    second: HashSet<char>,
    system: SystemFonts,
    /// Families of the system that can be shaped with, by the weight they stand for.
    loaded: HashSet<(String, u16)>,
    /// Whose shapes Han characters get for who holds the lock.
    han: Han,
}

#[derive(Debug)]
enum SystemFonts {
    Forbidden,
    NotYet,
    Read(Box<Catalogue>),
}

/// Shaping never looks for a font of the system itself: every run names the one that has its letters, and what else
/// stands in it comes from the built-in fonts.
struct BuiltIn;

impl Fallback for BuiltIn {
    fn common_fallback(&self) -> &[&'static str] {
        &[BUILT_IN]
    }

    fn forbidden_fallback(&self) -> &[&'static str] {
        &[]
    }

    fn script_fallback(&self, _: Script, _: &str) -> &[&'static str] {
        &[]
    }
}

/// The name of the family that comes first: the built-in one, or that of files that were given.
const BUILT_IN: &str = "Orion Inter";
/// The name of the built-in family where other fonts come first.
const SECOND: &str = "Orion Inter Second";
/// The weights that type is set in.
const WEIGHTS: [u16; 3] = [500, 700, 900];

/// Reads the first face of a font file, and takes it out of the database again.
fn face(database: &mut fontdb::Database, file: Arc<dyn AsRef<[u8]> + Send + Sync>) -> Option<fontdb::FaceInfo> {
    let loaded = database.load_font_source(fontdb::Source::Binary(file));
    let face = loaded.first().and_then(|face| database.face(*face)).cloned();
    loaded.iter().for_each(|face| database.remove_face(*face));
    face
}

/// Puts a face into the database under a name and the weight that it stands for.
fn named(database: &mut fontdb::Database, mut face: fontdb::FaceInfo, family: &str, weight: u16) -> fontdb::ID {
    face.families = vec![(family.to_owned(), fontdb::Language::English_UnitedStates)];
    face.weight = fontdb::Weight(weight);
    // What is italic or narrow in its file is what was asked for.
    face.style = fontdb::Style::Normal;
    face.stretch = fontdb::Stretch::Normal;
    database.push_face_info(face)
}

/// The built-in fonts under one name; gives the lightest.
fn built_in(database: &mut fontdb::Database, family: &str) -> Option<fontdb::ID> {
    let faces = FONTS.map(|(font, weight)| {
        let face = face(database, Arc::new(font));
        face.map(|face| named(database, face, family, weight))
    });
    faces.into_iter().flatten().next()
}

impl Shaper {
    fn new(system: bool) -> Self {
        let mut database = fontdb::Database::new();
        let first = built_in(&mut database, BUILT_IN);
        Self::of(database, first, None, system)
    }

    fn with_files(files: &[impl AsRef<[u8]>]) -> Result<Self> {
        let mut database = fontdb::Database::new();
        let mut given = Vec::new();
        for (number, file) in files.iter().enumerate() {
            let face = face(&mut database, Arc::new(file.as_ref().to_vec()));
            given.push(face.ok_or_else(|| {
                Error::invalid("this is no font that can be read")
                    .with_context("number", number + 1)
                    .with_hint("use TrueType or OpenType files: .ttf, .otf")
            })?);
        }
        let mut first = None;
        for weight in WEIGHTS {
            let nearest = given.iter().min_by_key(|face| face.weight.0.abs_diff(weight));
            let nearest = nearest.ok_or_else(|| Error::invalid("there is no font among the files"))?;
            let id = named(&mut database, nearest.clone(), BUILT_IN, weight);
            first = first.or(Some(id));
        }
        let second = built_in(&mut database, SECOND);
        let shaper = Self::of(database, first, second, true);
        if !('a'..='z').all(|letter| shaper.embedded.contains(&letter)) {
            return Err(Error::invalid("a font of the brand has no Latin letters")
                .with_hint("other scripts are set in the fonts of the system; name a font that has a to z"));
        }
        Ok(shaper)
    }

    fn of(database: fontdb::Database, first: Option<fontdb::ID>, second: Option<fontdb::ID>, system: bool) -> Self {
        let mut fonts = FontSystem::new_with_locale_and_db_and_fallback("en".to_owned(), database, BuiltIn);
        let mut characters = |face: Option<fontdb::ID>| {
            let mut characters = HashSet::new();
            if let Some(font) = face.and_then(|face| fonts.get_font(face, fontdb::Weight::MEDIUM)) {
                font.as_swash().charmap().enumerate(|code, _| characters.extend(char::from_u32(code)));
            }
            characters
        };
        let (embedded, second) = (characters(first), characters(second));
        let system = if system { SystemFonts::NotYet } else { SystemFonts::Forbidden };
        let (swash, shapes) = (SwashCache::new(), HashMap::new());
        let loaded = WEIGHTS.iter().map(|weight| (SECOND.to_owned(), *weight)).collect();
        Self { fonts, swash, shapes, embedded, second, system, loaded, han: Han::default() }
    }

    /// The system's fonts; read by the first call.
    fn catalogue(&mut self) -> Option<&mut Catalogue> {
        if matches!(self.system, SystemFonts::NotYet) {
            self.system = SystemFonts::Read(Box::new(Catalogue::read()));
        }
        match &mut self.system {
            SystemFonts::Read(catalogue) => Some(catalogue),
            _ => None,
        }
    }

    /// The family of the system for a cluster that the built-in fonts lack.
    pub(crate) fn family(&mut self, cluster: &str) -> Option<String> {
        let han = self.han;
        self.catalogue()?.family(cluster, han)
    }

    /// Cleans a text and finds out which of its characters no font has. May read the system's fonts, once.
    pub(crate) fn clean(&mut self, text: &str) -> Cleaned {
        let mut known: HashMap<char, Glyph> = HashMap::new();
        clean(text, |character| {
            if self.embedded.contains(&character) || self.second.contains(&character) {
                return Glyph::Present;
            }
            *known.entry(character).or_insert_with(|| {
                // Mathematical alphabets are plain letters in disguise, and are set as such.
                let disguised = matches!(character, '\u{1D400}'..='\u{1D7FF}');
                let found = !disguised && self.family(character.encode_utf8(&mut [0; 4])).is_some();
                if found { Glyph::Present } else { Glyph::Missing }
            })
        })
    }

    /// Characters of a text that no font has, each once, in order of code.
    pub(crate) fn unshown(&mut self, text: &str) -> BTreeSet<char> {
        let seen: BTreeSet<char> = text.chars().collect();
        let harmless = |character: char| {
            character.is_whitespace() || is_invisible(character) || crate::clean::is_dropped(character)
        };
        let seen = seen.into_iter().filter(|&character| !harmless(character) && !self.embedded.contains(&character));
        let seen: Vec<char> = seen.collect();
        seen.into_iter().filter(|&character| self.clean(&character.to_string()).missing > 0).collect()
    }

    /// Other scripts reach higher and lower than Latin: their lines stand further apart.
    pub(crate) fn least_line_height(&self, text: &str) -> f32 {
        let others = text.chars().filter(|character| character.is_alphabetic() && !self.embedded.contains(character));
        let height = |character: char| match script(character) {
            Script::Han | Script::Hiragana | Script::Katakana | Script::Hangul | Script::Bopomofo => 1.2,
            Script::Khmer | Script::Myanmar | Script::Tibetan => 1.6,
            Script::Thai | Script::Lao => 1.45,
            _ => 1.35,
        };
        others.map(height).fold(0.0, f32::max)
    }

    /// The family of the system that sets a cluster, or none if the built-in fonts do. Marks that many scripts share
    /// are set in the font of the letters `before` them.
    fn family_of(&mut self, cluster: &str, before: Option<&str>) -> Option<String> {
        if cluster.chars().all(is_invisible) {
            return before.map(str::to_owned);
        }
        let wanted = Wanted::of(cluster);
        let built_in = |part: char| is_invisible(part) || part.is_whitespace() || self.embedded.contains(&part);
        if wanted != Wanted::Emoji && cluster.chars().all(built_in) {
            return None;
        }
        let second = |part: char| is_invisible(part) || part.is_whitespace() || self.second.contains(&part);
        if wanted != Wanted::Emoji && cluster.chars().all(second) {
            return Some(SECOND.to_owned());
        }
        if let Some(before) = before.filter(|_| wanted == Wanted::Shared)
            && self.catalogue().is_some_and(|catalogue| catalogue.covers(before, cluster))
        {
            return Some(before.to_owned());
        }
        self.family(cluster).or_else(|| {
            let base = cluster.chars().next().filter(|base| !self.embedded.contains(base))?;
            self.family(base.encode_utf8(&mut [0; 4]))
        })
    }

    /// Parts of a text with the family of the system that sets each; `None` for the built-in one.
    fn runs(&mut self, text: &str) -> Vec<(Range<usize>, Option<String>)> {
        let mut clusters: Vec<(&str, Option<String>)> = Vec::new();
        for cluster in text.graphemes(true) {
            let before = clusters.last().and_then(|(_, family)| family.clone());
            let family = self.family_of(cluster, before.as_deref());
            clusters.push((cluster, family));
        }
        // The shaper puts the runs of a word that runs to the left in the wrong order: such a word must be one, with
        // the marks at its ends.
        for (at, other) in
            (1..clusters.len()).map(|at| (at, at - 1)).chain((1..clusters.len()).rev().map(|at| (at - 1, at)))
        {
            let (neighbour, family) = &clusters[other];
            let attached = is_mark(clusters[at].0) && (neighbour.contains(is_right_to_left) || is_mark(neighbour));
            if let Some(family) = family.clone().filter(|_| attached) {
                clusters[at].1.get_or_insert(family);
            }
        }
        let mut runs: Vec<(Range<usize>, Option<String>)> = Vec::new();
        let mut start = 0;
        for (cluster, family) in clusters {
            let end = start + cluster.len();
            match runs.last_mut() {
                Some((range, last)) if *last == family => range.end = end,
                _ => runs.push((start..end, family)),
            }
            start = end;
        }
        runs
    }

    /// Makes a family of the system known to the shaper.
    fn load(&mut self, family: &str, weight: u16) {
        if self.loaded.contains(&(family.to_owned(), weight)) {
            return;
        }
        let face = self.catalogue().and_then(|catalogue| catalogue.face(family, weight));
        if let Some(face) = face {
            self.fonts.db_mut().push_face_info(face);
        }
        self.loaded.insert((family.to_owned(), weight));
    }

    /// Shapes one paragraph. Sizes and widths are set on the buffer afterwards, without shaping again.
    pub(crate) fn shape(&mut self, text: &str, weight: Weight, letter_spacing: f32) -> Buffer {
        let declared = match weight {
            Weight::Medium => 500,
            Weight::Bold => 700,
            Weight::Black => 900,
        };
        let own = Attrs::new().family(Family::Name(BUILT_IN)).weight(fontdb::Weight(declared));
        let own = own.cache_key_flags(CacheKeyFlags::DISABLE_HINTING);
        let spaced = if letter_spacing == 0.0 { own.clone() } else { own.clone().letter_spacing(letter_spacing) };
        let runs = self.runs(text);
        for family in runs.iter().filter_map(|(_, family)| family.as_deref()) {
            self.load(family, declared);
        }
        let spans = runs.iter().filter_map(|(range, family)| {
            let attributes = match family {
                // Letters that are joined must not be spaced apart.
                Some(family) => own.clone().family(Family::Name(family)),
                None => spaced.clone(),
            };
            Some((text.get(range.clone())?, attributes))
        });
        let mut buffer = Buffer::new_empty(Metrics::new(16.0, 16.0));
        buffer.set_rich_text(spans, &spaced, Shaping::Advanced, Some(cosmic_text::Align::Left));
        buffer
    }

    /// The shape of a glyph at a size.
    pub(crate) fn glyph(&mut self, glyph: &cosmic_text::LayoutGlyph) -> GlyphShape {
        let (key, _, _) = CacheKey::new(
            glyph.font_id,
            glyph.glyph_id,
            glyph.font_size,
            (0.0, 0.0),
            glyph.font_weight,
            glyph.cache_key_flags,
        );
        if let Some(shape) = self.shapes.get(&key) {
            return shape.clone();
        }
        let shape = self.draw_glyph(key);
        if self.shapes.len() >= MOST_SHAPES {
            self.shapes.clear();
        }
        self.shapes.insert(key, shape.clone());
        shape
    }

    fn draw_glyph(&mut self, key: CacheKey) -> GlyphShape {
        let face = self.fonts.db().face(key.font_id);
        let emoji = face.is_some_and(|face| face.post_script_name.contains("Emoji"));
        if !emoji && let Some(path) = self.swash.get_outline_commands_uncached(&mut self.fonts, key) {
            return if path.is_empty() { GlyphShape::Blank } else { GlyphShape::Outline(path.into()) };
        }
        let Some(image) = self.swash.get_image_uncached(&mut self.fonts, key) else { return GlyphShape::Blank };
        let (width, height) = (image.placement.width, image.placement.height);
        let picture = image.content == cosmic_text::SwashContent::Color;
        if picture && image.data.len() == width as usize * height as usize * 4 && width > 0 && height > 0 {
            let (left, top) = (image.placement.left, image.placement.top);
            return GlyphShape::Picture(Arc::new(GlyphPicture { left, top, width, height, pixels: image.data }));
        }
        match self.swash.get_outline_commands_uncached(&mut self.fonts, key) {
            Some(path) if !path.is_empty() => GlyphShape::Outline(path.into()),
            _ => GlyphShape::Blank,
        }
    }
}
