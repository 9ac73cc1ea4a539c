//! Brand files: logo, colours, fonts, intro, outro and lower third. Whatever a brand names lies beside its file.

use super::{Colours, Source, place_of};
use crate::Orion;
use crate::system::apart;
use orion_adapters::graphics::{Corner, FontKit, Logo, bumper, lower_third, mark};
use orion_core::domain::colour::{LEGIBLE, contrast, grounded, legible, luminance, written};
use orion_core::domain::timeline::Canvas;
use orion_core::domain::{BlobRef, Look, Palette};
use orion_core::port::{BlobStore, ImageLayer};
use orion_core::service::media::PictureLayer;
use orion_core::service::production::{Brand, Bumper, LowerThird};
use orion_core::{Error, ErrorKind, MediaTime, Result};
use serde::Deserialize;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// Largest logo file.
const MOST_LOGO: u64 = 8 << 20;
/// Largest font file.
const MOST_FONT: u64 = 16 << 20;
/// Most font files.
const MOST_FONTS: usize = 6;
/// Longest text of a brand, in characters.
const MOST_TEXT: usize = 120;
/// How long an intro or outro may last, in seconds.
const BUMPER: std::ops::RangeInclusive<f64> = 0.8..=6.0;
/// The lightest ground that is still made darker: a lighter one would become another colour.
const LIGHTEST: f64 = 0.18;

/// A brand as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    logo: Option<PathBuf>,
    logo_corner: Option<LogoCorner>,
    colours: Option<Colours>,
    fonts: Option<Fonts>,
    intro: Option<WrittenBumper>,
    outro: Option<WrittenBumper>,
    lower_third: Option<WrittenThird>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LogoCorner {
    TopLeft,
    TopRight,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fonts {
    files: Vec<PathBuf>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenBumper {
    #[serde(default)]
    title: String,
    #[serde(default)]
    line: String,
    /// Whether the logo is shown; it is if there is one.
    logo: Option<bool>,
    seconds: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenThird {
    name: String,
    #[serde(default)]
    role: String,
    /// Over which scene, from one.
    scene: Option<u32>,
}

/// A brand that was read and found good, with the files that it names.
#[derive(Debug, Clone)]
pub struct BrandFile {
    written: Written,
    palette: Option<Palette>,
    logo: Option<Logo>,
    fonts: Vec<Vec<u8>>,
    /// What was changed of it so that type can be read, for people.
    pub notes: Vec<String>,
}

impl BrandFile {
    /// Reads a brand and the files that it names.
    ///
    /// A colour that is not read well enough is made lighter or darker, by as little as will do, and
    /// [`notes`](Self::notes) tell so.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) for a file that is not there; [`Invalid`](ErrorKind::Invalid) for what is no
    /// brand, with the line; [`Exhausted`](ErrorKind::Exhausted) for a file that is too large.
    pub fn read(path: &Path) -> Result<Self> {
        let source = Source::of_file(path)?;
        let written: Written = source.read()?;
        let folder = path.parent().unwrap_or(Path::new(""));
        check(&written).map_err(|error| match place_of(&error) {
            Some(place) => source.at(&place, error),
            None => error,
        })?;
        let mut notes = Vec::new();
        let palette = match &written.colours {
            Some(colours) => {
                let palette = colours.palette(&written.name).and_then(|palette| safe(palette, &mut notes));
                Some(palette.map_err(|error| source.at("colours.background", error))?)
            }
            None => None,
        };
        let logo = match &written.logo {
            Some(name) => {
                let read = beside(folder, name, MOST_LOGO).and_then(|bytes| Logo::read(&bytes));
                Some(read.map_err(|error| source.at("logo", error.with_context("logo", name.display())))?)
            }
            None => None,
        };
        let mut fonts = Vec::new();
        for name in written.fonts.iter().flat_map(|fonts| &fonts.files) {
            let read = beside(folder, name, MOST_FONT);
            let read = read.map_err(|error| source.at("fonts.files", error.with_context("font", name.display())));
            fonts.push(read?);
        }
        if !fonts.is_empty() {
            FontKit::with_files(&fonts).map_err(|error| source.at("fonts.files", error))?;
        }
        Ok(Self { written, palette, logo, fonts, notes })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.written.name
    }

    /// Draws what it lays over a video.
    fn draw(&self, (width, height): (u32, u32), usual: &Palette) -> Result<Drawn> {
        let size = (width, height);
        let kit = if self.fonts.is_empty() { FontKit::shared().clone() } else { FontKit::with_files(&self.fonts)? };
        let look = Look::new(self.palette.clone().unwrap_or_else(|| usual.clone()), 7);
        let written = &self.written;
        let corner = match written.logo_corner {
            Some(LogoCorner::TopLeft) => Corner::TopLeft,
            _ => Corner::TopRight,
        };
        let bump = |written: &WrittenBumper, seed: u64| {
            let logo = self.logo.as_ref().filter(|_| written.logo.unwrap_or(true));
            let look = Look { seed: look.seed + seed, ..look.clone() };
            let layers = bumper(&kit, &look, logo, [&written.title, &written.line], size)?;
            Ok::<_, Error>((layers, MediaTime::from_seconds(written.seconds.unwrap_or(1.8))))
        };
        Ok(Drawn {
            mark: self.logo.as_ref().map(|logo| mark(logo, &look, corner, size)).transpose()?,
            third: written
                .lower_third
                .as_ref()
                .map(|third| lower_third(&kit, &look, [&third.name, &third.role], size))
                .transpose()?,
            intro: written.intro.as_ref().map(|intro| bump(intro, 0)).transpose()?,
            outro: written.outro.as_ref().map(|outro| bump(outro, 1)).transpose()?,
        })
    }
}

/// What a brand lays over a video, drawn.
struct Drawn {
    mark: Option<ImageLayer>,
    third: Option<ImageLayer>,
    intro: Option<(Vec<ImageLayer>, MediaTime)>,
    outro: Option<(Vec<ImageLayer>, MediaTime)>,
}

impl Orion {
    /// Draws a brand for a canvas and stores what it lays over videos.
    ///
    /// # Errors
    /// What drawing and the store say.
    pub async fn brand(&self, file: &BrandFile, canvas: Canvas) -> Result<Brand> {
        let (file, orion) = (file.clone(), self.clone());
        apart(move || async move {
            let blobs = orion.blobs();
            let usual = crate::picture::usual_palette();
            let drawing = file.clone();
            let size = (canvas.width, canvas.height);
            let drawn = tokio::task::spawn_blocking(move || drawing.draw(size, &usual)).await;
            let drawn =
                drawn.map_err(|error| Error::unexpected("drawing the brand broke off").with_source(error))??;
            let keep = |layer: ImageLayer| keep(blobs, layer);
            let mut fonts = Vec::with_capacity(file.fonts.len());
            for font in &file.fonts {
                fonts.push(blobs.put(font.clone().into(), "font/otf").await?);
            }
            let mut brand =
                Brand { name: file.written.name.clone(), palette: file.palette.clone(), fonts, ..Brand::default() };
            if let Some(layer) = drawn.mark {
                brand.mark = Some(keep(layer).await?.blob);
            }
            if let Some(layer) = drawn.third {
                let scene = file.written.lower_third.as_ref().and_then(|third| third.scene).unwrap_or(2);
                brand.lower_third = Some(LowerThird { layer: keep(layer).await?.blob, scene });
            }
            for (drawn, place) in [(drawn.intro, &mut brand.intro), (drawn.outro, &mut brand.outro)] {
                let Some((drawn, duration)) = drawn else { continue };
                let mut layers = Vec::with_capacity(drawn.len());
                for layer in drawn {
                    layers.push(keep(layer).await?);
                }
                *place = Some(Bumper { layers, duration });
            }
            Ok(brand)
        })
        .await
    }
}

async fn keep(blobs: &dyn BlobStore, layer: ImageLayer) -> Result<PictureLayer> {
    let blob: BlobRef = blobs.put(layer.bytes, &layer.media_type).await?;
    Ok(PictureLayer { blob, width: layer.width, height: layer.height, moves: layer.moves })
}

/// Checks what can be wrong although every name is known.
fn check(written: &Written) -> Result<()> {
    let wrong = |place: &str, message: &'static str, hint: &'static str| {
        Err(Error::invalid(message).with_context("place", place).with_hint(hint))
    };
    let long = |text: &str| text.chars().count() > MOST_TEXT;
    if written.name.trim().is_empty() || written.name.chars().count() > 60 {
        return wrong("name", "a brand has a name of 1 to 60 characters", "write name = \"…\"");
    }
    for (place, bumper) in [("intro", &written.intro), ("outro", &written.outro)] {
        let Some(bumper) = bumper else { continue };
        if long(&bumper.title) || long(&bumper.line) {
            return wrong(place, "a text of a brand has 120 characters at most", "say it shorter");
        }
        if bumper.seconds.is_some_and(|seconds| !BUMPER.contains(&seconds)) {
            let place = format!("{place}.seconds");
            return wrong(&place, "an intro or outro lasts 0.8 to 6 seconds", "write seconds = 1.8");
        }
        let logo = written.logo.is_some() && bumper.logo.unwrap_or(true);
        if !logo && bumper.title.trim().is_empty() {
            return wrong(place, "an intro or outro shows a logo or a title", "write title = \"…\"");
        }
    }
    if let Some(third) = &written.lower_third {
        if third.name.trim().is_empty() || long(&third.name) || long(&third.role) {
            return wrong("lower_third.name", "a lower third has a name of 1 to 120 characters", "write name = \"…\"");
        }
        if third.scene == Some(0) {
            return wrong("lower_third.scene", "scenes are counted from one", "write scene = 2");
        }
    }
    let fonts = written.fonts.as_ref().map(|fonts| fonts.files.len());
    if fonts.is_some_and(|count| !(1..=MOST_FONTS).contains(&count)) {
        return wrong("fonts.files", "a brand has one to six font files", "name .ttf or .otf files");
    }
    Ok(())
}

/// Colours that are read well on one another, and a note about each that was changed for it.
fn safe(mut palette: Palette, notes: &mut Vec<String>) -> Result<Palette> {
    let given = palette.background;
    if luminance(given) > LIGHTEST {
        return Err(Error::invalid("the ground of a card is dark, and this colour is light")
            .with_context("background", written(given))
            .with_hint("use it as accent or as a glow, and a dark colour of the brand as background"));
    }
    palette.background = grounded(given);
    if palette.background != given {
        notes.push(format!(
            "the background {} is too light for type of 7:1 over glows; {} is used",
            written(given),
            written(palette.background)
        ));
    }
    for (name, part) in [("accent", &mut palette.accent), ("text", &mut palette.text)] {
        let found = contrast(*part, palette.background);
        if found < LEGIBLE {
            let better = legible(*part, palette.background, LEGIBLE);
            notes.push(format!(
                "the {name} {} has a contrast of {found:.1}:1 to the background, less than {LEGIBLE}:1; {} is used",
                written(*part),
                written(better)
            ));
            *part = better;
        }
    }
    palette.check()?;
    Ok(palette)
}

/// Reads a file that lies beside the brand's, or below.
fn beside(folder: &Path, name: &Path, most: u64) -> Result<Vec<u8>> {
    let inner = name.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !inner || name.as_os_str().is_empty() {
        return Err(Error::invalid("a brand names files in its own folder")
            .with_hint("copy the file beside the brand's, and name it without a path that leads out"));
    }
    let path = folder.join(name);
    let fail = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::not_found("there is no such file").with_hint("check the name"),
        _ => Error::invalid("the file cannot be read").with_source(error),
    };
    if !std::fs::metadata(&path).map_err(fail)?.is_file() {
        return Err(Error::invalid("this is not a file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(&path).map_err(fail)?.take(most + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > most {
        return Err(Error::new(ErrorKind::Exhausted, "the file is too large").with_context("most", most));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<BrandFile> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("brand.toml");
        std::fs::write(&file, text).unwrap();
        std::fs::write(folder.path().join("logo.txt"), "no picture").unwrap();
        BrandFile::read(&file)
    }

    #[test]
    fn colours_that_are_not_read_well_are_changed_aloud() {
        let brand = read("name = \"A\"\n[colours]\nbackground = \"#0B102A\"\naccent = \"#FFCF5C\"\n").unwrap();
        assert!(brand.notes.is_empty());
        assert_eq!(brand.palette.unwrap().accent, 0xFF_CF_5C);
        let brand = read("name = \"A\"\n[colours]\nbackground = \"#1A3B9C\"\naccent = \"#C02030\"\n").unwrap();
        assert_eq!(brand.notes.len(), 2, "{:?}", brand.notes);
        let palette = brand.palette.unwrap();
        assert!(contrast(palette.accent, palette.background) >= LEGIBLE);
        let error = read("name = \"A\"\n[colours]\nbackground = \"#F0E0D0\"\naccent = \"#C02030\"\n").unwrap_err();
        assert!(error.to_string().contains("line: 3") && error.hint().is_some(), "{error}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line) in [
            ("name = \"\"\n", 1),
            ("name = \"A\"\nlogo = \"../secret.png\"\n", 2),
            ("name = \"A\"\nlogo = \"/etc/passwd\"\n", 2),
            ("name = \"A\"\nlogo = \"missing.png\"\n", 2),
            ("name = \"A\"\nlogo = \"logo.txt\"\n", 2),
            ("name = \"A\"\n[fonts]\nfiles = []\n", 3),
            ("name = \"A\"\n[fonts]\nfiles = [\"logo.txt\"]\n", 3),
            ("name = \"A\"\n[intro]\nseconds = 2\n", 2),
            ("name = \"A\"\n[intro]\ntitle = \"A\"\nseconds = 60\n", 4),
            ("name = \"A\"\n[lower_third]\nname = \"Ann\"\nscene = 0\n", 4),
            ("name = \"A\"\n[lower_third]\nname = \"Ann\"\nposition = \"left\"\n", 4),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.to_string().contains(&format!("line: {line}")), "{text}: {error}");
        }
    }
}
