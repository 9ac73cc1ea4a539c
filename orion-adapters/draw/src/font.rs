//! The fonts: Inter is built in and comes first; the system's fonts are read only when a text needs them.

use crate::clean::{Cleaned, Glyph, clean};
use crate::layout::Weight;
use cosmic_text::{Attrs, Buffer, CacheKey, CacheKeyFlags, Family, FontSystem, Metrics, Shaping, SwashCache, fontdb};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use zeno::Command;

/// Inter 4 (SIL Open Font License 1.1, `fonts/OFL.txt`): three cuts of the variable font, Latin, Greek, Cyrillic and
/// Vietnamese. They declare the weights 400 and 700, because fallback fonts are searched by exactly the
/// declared weight, and those two are what other families have.
const FONTS: [&[u8]; 3] = [
    include_bytes!("../fonts/inter-medium.ttf"),
    include_bytes!("../fonts/inter-bold.ttf"),
    include_bytes!("../fonts/inter-black.ttf"),
];

/// Fonts and shaping, shared by all who draw text. Cheap to clone; one caller shapes at a time.
#[derive(Clone)]
pub struct FontKit(Arc<Mutex<Shaper>>);

impl FontKit {
    /// The built-in fonts, with the system's as a fallback for other scripts and emoji.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Shaper::new(true))))
    }

    /// The built-in fonts alone: the same pixels on every machine.
    pub fn embedded() -> Self {
        Self(Arc::new(Mutex::new(Shaper::new(false))))
    }

    /// One kit for the whole process.
    pub fn shared() -> &'static Self {
        static KIT: OnceLock<FontKit> = OnceLock::new();
        KIT.get_or_init(Self::new)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Shaper> {
        // A panic of another thread leaves caches behind, never half a font.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for FontKit {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FontKit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FontKit").finish_non_exhaustive()
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

/// Glyph shapes are kept up to this many; then the cache begins anew.
const MOST_SHAPES: usize = 4096;

pub(crate) struct Shaper {
    pub(crate) fonts: FontSystem,
    swash: SwashCache,
    shapes: HashMap<CacheKey, GlyphShape>,
    embedded: HashSet<char>,
    absent: HashSet<char>,
    system: SystemFonts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SystemFonts {
    Forbidden,
    NotYet,
    Loaded,
}

impl Shaper {
    fn new(system: bool) -> Self {
        let mut database = fontdb::Database::new();
        let mut faces = Vec::new();
        for font in FONTS {
            faces.extend(database.load_font_source(fontdb::Source::Binary(Arc::new(font))));
        }
        let mut fonts = FontSystem::new_with_locale_and_db("en".to_owned(), database);
        let font = faces.first().and_then(|face| fonts.get_font(*face, fontdb::Weight::NORMAL));
        let mut embedded = HashSet::new();
        if let Some(font) = font {
            font.as_swash().charmap().enumerate(|code, _| embedded.extend(char::from_u32(code)));
        }
        let system = if system { SystemFonts::NotYet } else { SystemFonts::Forbidden };
        Self { fonts, swash: SwashCache::new(), shapes: HashMap::new(), embedded, absent: HashSet::new(), system }
    }

    /// Cleans a text and finds out which of its characters no font has. May read the system's fonts, once.
    pub(crate) fn clean(&mut self, text: &str, weight: Weight) -> Cleaned {
        let embedded_only = |shaper: &Self, character| {
            if shaper.embedded.contains(&character) { Glyph::Present } else { Glyph::Missing }
        };
        let first = clean(text, |character| embedded_only(self, character));
        if first.missing == 0 || self.system == SystemFonts::Forbidden {
            return first;
        }
        if self.system == SystemFonts::NotYet {
            self.fonts.db_mut().load_system_fonts();
            self.system = SystemFonts::Loaded;
        }
        // Whatever a first shaping leaves without a glyph is absent for good.
        loop {
            let absent = &self.absent;
            let cleaned = clean(text, |character| {
                // Mathematical alphabets are plain letters in disguise, and are set as such.
                let disguised = matches!(character, '\u{1D400}'..='\u{1D7FF}');
                if disguised || absent.contains(&character) { Glyph::Missing } else { Glyph::Present }
            });
            let lacking = self.lacking(&cleaned.text, weight);
            let known = self.absent.len();
            self.absent.extend(lacking);
            if self.absent.len() == known {
                return cleaned;
            }
        }
    }

    /// Other scripts reach higher and lower than Latin: their lines stand further apart.
    pub(crate) fn least_line_height(&self, text: &str) -> f32 {
        let other = text.chars().any(|character| character.is_alphabetic() && !self.embedded.contains(&character));
        if other { 1.3 } else { 0.0 }
    }

    /// Characters of a text that end up without a glyph.
    fn lacking(&mut self, text: &str, weight: Weight) -> Vec<char> {
        let mut buffer = self.shape(text, weight, 0.0);
        let Some(lines) = buffer.line_layout(&mut self.fonts, 0) else { return Vec::new() };
        let lacking = lines.iter().flat_map(|line| &line.glyphs).filter(|glyph| glyph.glyph_id == 0);
        lacking
            .filter_map(|glyph| text.get(glyph.start..glyph.end))
            .flat_map(str::chars)
            .filter(|character| !self.embedded.contains(character))
            .collect()
    }

    /// Shapes one paragraph. Sizes and widths are set on the buffer afterwards, without shaping again.
    pub(crate) fn shape(&mut self, text: &str, weight: Weight, letter_spacing: f32) -> Buffer {
        let family = match weight {
            Weight::Medium | Weight::Bold => "Orion Inter",
            Weight::Black => "Orion Inter Display",
        };
        let declared = if weight == Weight::Medium { fontdb::Weight::NORMAL } else { fontdb::Weight::BOLD };
        let mut attributes =
            Attrs::new().family(Family::Name(family)).weight(declared).cache_key_flags(CacheKeyFlags::DISABLE_HINTING);
        if letter_spacing != 0.0 {
            attributes = attributes.letter_spacing(letter_spacing);
        }
        let mut buffer = Buffer::new_empty(Metrics::new(16.0, 16.0));
        buffer.set_text(text, &attributes, Shaping::Advanced, Some(cosmic_text::Align::Left));
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
