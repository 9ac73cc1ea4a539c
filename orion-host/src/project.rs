//! A finished video as a project for an editing program: OpenTimelineIO, and the pictures and sounds it names.

use crate::delivery::{unwritable, write_file};
use orion_adapters::voice::wav;
use orion_core::domain::timeline::{AudioRole, ProjectFile, Timeline, to_otio};
use orion_core::domain::{BlobRef, Sha256};
use orion_core::port::{BlobStore, BlobStoreExt};
use orion_core::service::production::Product;
use orion_core::{MediaTime, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Writes `timeline.otio`, `timeline.json` (Orion's own form), `captions.srt` and the folder `media`; gives the files
/// written.
///
/// # Errors
/// As [`deliver`](crate::delivery::deliver).
pub async fn export(blobs: &dyn BlobStore, product: &Product, folder: &Path) -> Result<Vec<PathBuf>> {
    let media = folder.join("media");
    std::fs::create_dir_all(&media).map_err(|error| unwritable(&media, error))?;
    let names = names(&product.timeline);
    let mut files = Vec::with_capacity(names.len() + 3);
    for (blob, name) in names.values() {
        let path = folder.join(name);
        blobs.export(blob.sha256, &path).await?;
        files.push(path);
    }
    // Only of music it matters: it is repeated.
    let mut lengths = BTreeMap::new();
    for track in product.timeline.audio.iter().filter(|track| track.role == AudioRole::Music) {
        let sound = wav::read(&blobs.require(&track.source).await?)?;
        let length = MediaTime::from_units(sound.samples.len() as u64, sound.sample_rate);
        lengths.insert(track.source.sha256, length);
    }
    let file = |blob: &BlobRef| ProjectFile {
        url: names.get(&blob.sha256).map_or_else(String::new, |(_, name)| name.clone()),
        length: lengths.get(&blob.sha256).copied(),
    };
    let otio = serde_json::to_vec_pretty(&to_otio(&product.timeline, &product.title, file))?;
    let own = serde_json::to_vec_pretty(&product.timeline)?;
    let texts = [("captions.srt", product.captions.srt.as_bytes()), ("timeline.json", &own), ("timeline.otio", &otio)];
    for (name, text) in texts {
        let path = folder.join(name);
        write_file(&path, text)?;
        files.push(path);
    }
    Ok(files)
}

/// A name for every picture and sound, after where it is used first; by its hash.
fn names<'a>(timeline: &'a Timeline) -> BTreeMap<Sha256, (&'a BlobRef, String)> {
    let mut names = BTreeMap::new();
    let mut name = |blob: &'a BlobRef, name: String| {
        names.entry(blob.sha256).or_insert((blob, name));
    };
    for scene in &timeline.scenes {
        for (number, layer) in scene.layers.iter().enumerate() {
            name(&layer.picture, format!("media/scene-{}-{}.{}", scene.id, number + 1, ending(&layer.picture)));
        }
    }
    for (number, track) in timeline.audio.iter().enumerate() {
        let role = match track.role {
            AudioRole::Narration => "narration",
            AudioRole::Music => "music",
            AudioRole::Track => "track",
        };
        name(&track.source, format!("media/{role}-{}.{}", number + 1, ending(&track.source)));
    }
    names
}

/// The usual ending of a file of this type.
fn ending(blob: &BlobRef) -> &'static str {
    match blob.media_type.as_str() {
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/webp" => "webp",
        "image/gif" => "gif",
        "video/mp4" => "mp4",
        "video/webm" => "webm",
        "audio/wav" => "wav",
        "audio/flac" => "flac",
        "audio/mpeg" => "mp3",
        _ => "bin",
    }
}
