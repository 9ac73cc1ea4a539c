//! What is wrong with a file and can be set right without encoding its picture anew, done into another file.

use crate::encode::{self, SOUND, VIDEO};
use crate::probe::{self, decoder_formats};
use crate::supervise::{Watched, supervise};
use crate::{Tools, fault, sound};
use orion_core::domain::timeline::Loudness;
use orion_core::port::{MediaInfo, Repair};
use orion_core::{Error, ErrorKind, Operation, Result};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;

/// From this height on what does not tell its colours has those of BT.709, below it those of BT.601, as players take it.
pub(crate) const HIGH_DEFINITION: u32 = 720;

/// A repaired file. It goes when this is dropped.
#[derive(Debug)]
pub struct Repaired {
    /// The file: MP4.
    pub file: PathBuf,
    _folder: TempDir,
}

/// Writes a repaired copy of a file into a folder under `work`; the file itself is only read. The picture is copied as
/// it is; the sound, too, unless its loudness, its form or its length is what is repaired.
///
/// # Errors
/// [`Invalid`](ErrorKind::Invalid) for a file that MP4 cannot hold; [`Unavailable`](ErrorKind::Unavailable) without
/// ffmpeg; [`Cancelled`](ErrorKind::Cancelled), and then nothing is left.
pub async fn repair(
    tools: &Tools,
    (file, info): (&Path, &MediaInfo),
    repairs: &BTreeSet<Repair>,
    work: &Path,
    operation: &Operation,
) -> Result<Repaired> {
    let (tools, path, info) = (tools.clone(), file.to_owned(), info.clone());
    let (repairs, work) = (repairs.clone(), work.to_owned());
    let repaired = supervise(operation, move |watched| run(&tools, (&path, &info), &repairs, &work, watched)).await;
    repaired.map_err(|error| error.with_context("file", file.display()))
}

fn run(
    tools: &Tools,
    (file, info): (&Path, &MediaInfo),
    repairs: &BTreeSet<Repair>,
    work: &Path,
    watched: &Watched,
) -> Result<Repaired> {
    let ffmpeg = tools.ffmpeg()?;
    let folder = fault::folder(work, "repair-")?;
    let mut input = OsString::from("file:");
    input.push(std::path::absolute(file).map_err(fault::io)?);
    let has = |repair| repairs.contains(&repair);
    let anew = has(Repair::Loudness) || has(Repair::Length) || has(Repair::Sound);
    let mut command = encode::call(ffmpeg, folder.path());
    command.args(decoder_formats()).args(["-t", probe::MOST_SECONDS, "-i"]).arg(&input);
    if anew {
        let loudness = has(Repair::Loudness).then_some(&Loudness::PLATFORM);
        let length = info.video_duration.filter(|_| has(Repair::Length));
        let wav = folder.path().join(SOUND);
        sound::relevel(ffmpeg, &input, (loudness, length), folder.path(), &wav, watched)?;
        encode::input(&mut command, "wav", SOUND);
    }
    command.args(["-map", "0:V:0", "-map", if anew { "1:a:0" } else { "0:a?" }]);
    command.args(["-map_metadata", "0", "-map_chapters", "0", "-sn", "-dn", "-c:v", "copy"]);
    if let Some(filter) = tags(info).filter(|_| has(Repair::Colour)) {
        command.args(["-bsf:v", &filter]);
    }
    command.args(if anew { encode::AAC } else { encode::KEPT_SOUND });
    encode::finish(&mut command);
    watched.child.start(command.stdin(Stdio::null()).stdout(Stdio::null()))?;
    watched.child.wrote().map_err(|error| match error.kind() {
        ErrorKind::Unexpected => Error::invalid("an MP4 file cannot hold what is in this one")
            .with_hint("encode it anew: ffmpeg -i FILE -c:v libx264 -pix_fmt yuv420p -c:a aac OUT.mp4")
            .with_source(error),
        _ => error,
    })?;
    Ok(Repaired { file: folder.path().join(VIDEO), _folder: folder })
}

/// The filter that writes what players take for granted into the picture's own head (ITU-T H.273, tables 2 to 4: 1 is
/// BT.709, 6 BT.601 with 525 lines); `None` for codecs that keep it elsewhere.
fn tags(info: &MediaInfo) -> Option<String> {
    let filter = match info.video_codec.as_deref()? {
        "h264" => "h264_metadata",
        "hevc" => "hevc_metadata",
        _ => return None,
    };
    let code = if info.width.min(info.height) >= HIGH_DEFINITION { 1 } else { 6 };
    Some(format!("{filter}=colour_primaries={code}:transfer_characteristics={code}:matrix_coefficients={code}"))
}
