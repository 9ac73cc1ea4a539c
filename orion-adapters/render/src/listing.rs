//! What a file is, told by ffmpeg alone: for machines that have no ffprobe, as those where only a bundled ffmpeg is.
//!
//! The packets are copied into a listing (`framecrc`), which has the streams and the time of every packet in a form for
//! programs; what it leaves out (profile, pixel format, container) stands in the words for people on the error output.

use crate::fault;
use crate::probe::{Answer, Format, MOST_SECONDS, SideData, Stream, Tags, decoder_formats};
use crate::supervise::Watched;
use orion_core::{Error, Result};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

/// No line of a listing is longer; longer ones are cut.
const MOST_LINE: u64 = 4096;

/// Asks ffmpeg what ffprobe would tell.
pub(crate) fn ask(ffmpeg: &Path, input: &OsStr, watched: &Watched) -> Result<Answer> {
    let mut command = Command::new(ffmpeg);
    command.args(["-nostdin", "-hide_banner", "-nostats", "-v", "info"]).args(decoder_formats());
    command.args(["-t", MOST_SECONDS]).arg("-i").arg(input);
    // `V` leaves covers out.
    command.args(["-map", "0:V:0?", "-map", "0:a:0?", "-c", "copy", "-f", "framecrc", "pipe:1"]);
    let mut child = watched.child.start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let Some(stdout) = child.stdout.take() else {
        return Err(Error::unexpected("the video tool has no standard output"));
    };
    let mut listing = Listing::default();
    let mut lines = BufReader::new(stdout);
    loop {
        let mut line = Vec::new();
        if (&mut lines).take(MOST_LINE).read_until(b'\n', &mut line).map_err(fault::io)? == 0 {
            break;
        }
        listing.add(&String::from_utf8_lossy(&line));
        watched.moved.fetch_add(1, Ordering::Relaxed);
    }
    let said = watched.child.hear()?;
    Ok(listing.answer(&said))
}

/// One stream of a listing.
#[derive(Debug, Default, Clone)]
struct Track {
    kind: String,
    codec: String,
    size: Option<(u32, u32)>,
    sample_rate: Option<String>,
    /// Seconds of one unit of time.
    unit: f64,
    packets: u64,
    /// First and last moment, in units.
    span: Option<(i64, i64)>,
}

impl Track {
    /// From its first moment, or the beginning, to its end, in seconds.
    fn duration(&self) -> Option<f64> {
        self.span.map(|(start, end)| (end - start.max(0)) as f64 * self.unit)
    }
}

#[derive(Debug, Default)]
struct Listing {
    tracks: Vec<Track>,
}

impl Listing {
    fn track(&mut self, number: usize) -> Option<&mut Track> {
        // Two streams are listed at most.
        if number > 1 {
            return None;
        }
        while self.tracks.len() <= number {
            self.tracks.push(Track::default());
        }
        self.tracks.get_mut(number)
    }

    fn add(&mut self, line: &str) {
        let line = line.trim();
        match line.strip_prefix('#') {
            Some(note) => self.note(note),
            None => self.packet(line),
        }
    }

    /// `codec_id 0: h264`
    fn note(&mut self, note: &str) {
        let Some((name, value)) = note.split_once(':') else { return };
        let (Some((name, number)), value) = (name.rsplit_once(' '), value.trim()) else { return };
        let Some(track) = number.parse().ok().and_then(|number| self.track(number)) else { return };
        match name {
            "media_type" => value.clone_into(&mut track.kind),
            "codec_id" => value.clone_into(&mut track.codec),
            "sample_rate" => track.sample_rate = Some(value.to_owned()),
            "dimensions" => {
                track.size =
                    value.split_once('x').and_then(|(wide, high)| Some((wide.parse().ok()?, high.parse().ok()?)));
            }
            "tb" => {
                let unit = value.split_once('/').and_then(|(above, below)| {
                    let (above, below): (f64, f64) = (above.parse().ok()?, below.parse().ok()?);
                    (below > 0.0).then_some(above / below)
                });
                track.unit = unit.unwrap_or(0.0);
            }
            _ => {}
        }
    }

    /// `0,  512,  512,  512,  18672, 0xc61b2b9e`: stream, decoding time, time, length, bytes, checksum.
    fn packet(&mut self, line: &str) {
        let mut parts = line.split(',').map(str::trim);
        let Some(track) = parts.next().and_then(|number| self.track(number.parse().ok()?)) else { return };
        let mut number = || parts.next().and_then(|part| part.parse::<i64>().ok());
        let (Some(_), Some(at), Some(length)) = (number(), number(), number()) else { return };
        let end = at.saturating_add(length);
        track.packets += 1;
        track.span = Some(track.span.map_or((at, end), |(first, last)| (first.min(at), last.max(end))));
    }

    fn answer(&self, said: &str) -> Answer {
        let said = said.split("\nOutput #0").next().unwrap_or_default();
        let stream = |track: &Track| {
            let words = words_of(said, if track.kind == "video" { "Video" } else { "Audio" });
            let duration = track.duration();
            let rate = duration.filter(|seconds| *seconds > 0.0).map(|seconds| track.packets as f64 / seconds);
            let (width, height) = track.size.unzip();
            let video = track.kind == "video";
            let [color_space, color_primaries, color_transfer] = if video { words.colours } else { Default::default() };
            let rotation = between(said, "displaymatrix: rotation of ", " degrees").filter(|_| video);
            Stream {
                codec_type: Some(track.kind.clone()),
                codec_name: Some(track.codec.clone()),
                profile: words.profile,
                pix_fmt: words.second.clone().filter(|_| video),
                width,
                height,
                // In thousandths, as rates such as 30000/1001 are written.
                avg_frame_rate: rate.map(|rate| format!("{}/1000", (rate * 1000.0).round())),
                nb_read_packets: Some(track.packets.to_string()),
                duration: duration.map(|seconds| seconds.to_string()),
                sample_rate: track.sample_rate.clone(),
                channels: words.third.as_deref().and_then(channels),
                color_space,
                color_primaries,
                color_transfer,
                side_data_list: vec![SideData { rotation: rotation.and_then(|degrees| degrees.parse().ok()) }],
                ..Stream::default()
            }
        };
        let ends = self.tracks.iter().filter_map(|track| track.span.map(|(_, end)| end as f64 * track.unit));
        let format = Format {
            format_name: between(said, "Input #0, ", ", from ").unwrap_or_default().to_owned(),
            duration: ends.reduce(f64::max).map(|seconds| seconds.to_string()),
            tags: Tags { major_brand: between(said, "major_brand     : ", "\n").map(|brand| brand.trim().to_owned()) },
        };
        let known = self.tracks.iter().filter(|track| !track.kind.is_empty());
        Answer { streams: known.map(stream).collect(), format }
    }
}

/// What the words for people say of a stream: `h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709), 1080x1920, …`.
#[derive(Debug, Default, PartialEq)]
struct Words {
    profile: Option<String>,
    second: Option<String>,
    third: Option<String>,
    /// Matrix, primaries and transfer.
    colours: [Option<String>; 3],
}

fn words_of(said: &str, kind: &str) -> Words {
    let mark = format!(": {kind}: ");
    let stream = |line: &&str| line.trim_start().starts_with("Stream #0:") && !line.contains("(attached pic)");
    let Some((_, words)) = said.lines().filter(stream).find_map(|line| line.split_once(&mark)) else {
        return Words::default();
    };
    // Commas within brackets belong to their part.
    let (mut parts, mut depth) = (vec![String::new()], 0_u32);
    for letter in words.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match (letter, parts.last_mut()) {
            (',', _) if depth == 0 => parts.push(String::new()),
            (letter, Some(part)) => part.push(letter),
            _ => {}
        }
    }
    let plain = |part: Option<&String>| {
        part.map(|part| part.trim().split('(').next().unwrap_or_default().to_owned()).filter(|part| !part.is_empty())
    };
    let profile = parts.first().and_then(|part| between(part, "(", ")")).filter(|profile| !profile.contains(" / 0x"));
    let colours = parts.get(1).and_then(|part| between(part, "(", ")")).and_then(colours).unwrap_or_default();
    Words { profile: profile.map(str::to_owned), second: plain(parts.get(1)), third: plain(parts.get(2)), colours }
}

/// The colours among what stands in the brackets of a pixel format (`tv, bt709, progressive`): one name for all three,
/// or `matrix/primaries/transfer`.
fn colours(inside: &str) -> Option<[Option<String>; 3]> {
    const OTHERS: [&str; 7] = ["tv", "pc", "progressive", "top", "bottom", "left", "center"];
    let told = inside.split(',').map(str::trim).find(|word| {
        word.contains('/') || !(OTHERS.iter().any(|other| word.starts_with(other)) || word.ends_with("bpc"))
    })?;
    let mut parts = told.split('/').map(|part| Some(part.to_owned()));
    let first = parts.next()?;
    Some(match (parts.next(), parts.next()) {
        (Some(primaries), Some(transfer)) => [first, primaries, transfer],
        _ => [first.clone(), first.clone(), first],
    })
}

/// How many channels a layout has: `mono`, `stereo`, `5.1`, `3 channels`.
fn channels(layout: &str) -> Option<u32> {
    Some(match layout {
        "mono" => 1,
        "stereo" | "downmix" => 2,
        "quad" => 4,
        "hexagonal" => 6,
        "octagonal" => 8,
        other => match other.strip_suffix(" channels") {
            Some(number) => number.parse().ok()?,
            None => other.split('.').map(|part| part.parse::<u32>().ok()).sum::<Option<u32>>()?,
        },
    })
}

fn between<'a>(text: &'a str, before: &str, behind: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(behind).map(|(inside, _)| inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:/v.mp4':\n  Metadata:\n    major_brand     : isom\n  \
        Stream #0:0: Video: mjpeg (Baseline), yuvj444p(pc), 100x100 (attached pic)\n  \
        Stream #0:1[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709, progressive), 1080x1920, 30 fps\n  \
        Stream #0:2[0x2](und): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, 5.1(side), fltp, 2 kb/s (default)\n\
        Output #0, framecrc, to 'pipe:1':\n    major_brand     : wrong\n";

    #[test]
    fn a_listing_and_its_words_say_what_ffprobe_would() {
        let mut listing = Listing::default();
        let lines = "#extradata 0: 42, 0x01\n#tb 0: 1/15360\n#media_type 0: video\n#codec_id 0: h264\n#dimensions 0: 1080x1920\n\
            #tb 1: 1/48000\n#media_type 1: audio\n#codec_id 1: aac\n#sample_rate 1: 48000\n1, -1024, -1024, 1024, 23, 0x4a\n\
            0, 0, 0, 512, 63019, 0x48\n1, 0, 0, 1024, 6, 0x03\n0, 512, 512, 512, 18672, 0xc6, F=0x0\n\nnonsense\n7, 1, 1, 1, 1\n";
        lines.lines().for_each(|line| listing.add(line));
        let answer = listing.answer(SAID);
        assert_eq!(answer.format.format_name, "mov,mp4,m4a,3gp,3g2,mj2");
        assert_eq!(answer.format.tags.major_brand.as_deref(), Some("isom"));
        assert_eq!(answer.streams.len(), 2, "{listing:?}");
        let (video, audio) = (&answer.streams[0], &answer.streams[1]);
        assert_eq!((video.width, video.height), (Some(1080), Some(1920)));
        assert_eq!((video.profile.as_deref(), video.pix_fmt.as_deref()), (Some("High"), Some("yuv420p")));
        assert_eq!(
            (video.avg_frame_rate.as_deref(), video.nb_read_packets.as_deref()),
            (Some("30000/1000"), Some("2"))
        );
        assert_eq!((video.color_space.as_deref(), video.color_transfer.as_deref()), (Some("bt709"), Some("bt709")));
        assert_eq!((audio.codec_name.as_deref(), audio.channels), (Some("aac"), Some(6)));
        assert_eq!(audio.duration.as_deref().map(|text| text.parse::<f64>().unwrap() * 48_000.0), Some(1024.0));
    }

    #[test]
    fn layouts_have_channels() {
        for (layout, count) in [("mono", 1), ("stereo", 2), ("5.1", 6), ("7.1", 8), ("3 channels", 3), ("4.0", 4)] {
            assert_eq!(channels(layout), Some(count), "{layout}");
        }
        assert_eq!(channels("ambisonic 1"), None);
        assert_eq!(colours("tv, progressive"), None);
        assert_eq!(
            colours("tv, bt470bg/unknown/smpte170m"),
            Some(["bt470bg", "unknown", "smpte170m"].map(|name| Some(name.to_owned())))
        );
        assert_eq!(words_of("nothing", "Video"), Words::default());
    }
}
