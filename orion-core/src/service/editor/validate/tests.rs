use super::*;
use crate::MediaTime;
use crate::domain::timeline::*;
use crate::domain::{BlobRef, Platform, SafeArea, Sha256};
use crate::port::{ColourTags, MediaContent, MediaInfo, Stretch};

fn millis(millis: i64) -> MediaTime {
    MediaTime::from_millis(millis)
}

fn stretch(start: i64, end: i64) -> Stretch {
    Stretch { start: millis(start), end: millis(end) }
}

/// A minute of vertical video as it should be.
fn good() -> MediaInfo {
    MediaInfo {
        container: "mp4".to_owned(),
        duration: millis(60_000),
        length: 9_000_000,
        video_codec: Some("h264".to_owned()),
        profile: Some("High".to_owned()),
        level: Some(40),
        key_frames: Some(millis(2000)),
        pixel_format: Some("yuv420p".to_owned()),
        width: 1080,
        height: 1920,
        frames_per_second: 30.0,
        frames: Some(1800),
        video_duration: Some(millis(60_000)),
        audio_codec: Some("aac".to_owned()),
        sample_rate: Some(48_000),
        channels: Some(2),
        audio_duration: Some(millis(60_010)),
        fast_start: true,
        edited: false,
        colour: Some(ColourTags::bt709()),
        loudness: Some(-14.2),
        true_peak: Some(-1.1),
        content: Some(MediaContent::default()),
    }
}

fn failed(validation: &Validation) -> Vec<&str> {
    validation.checks.iter().filter(|check| !check.passed).map(|check| check.name.as_str()).collect()
}

/// Two scenes of four seconds, the first moving and the second still, spoken over from half a second on.
fn timeline() -> Timeline {
    let blob = |name: &str| BlobRef { sha256: Sha256::of(name.as_bytes()), length: 1, media_type: "x/y".to_owned() };
    let zoom = Motion { from: View::WHOLE, to: View { zoom: 1.1, ..View::WHOLE } };
    let scene = |id, motion| Scene {
        id,
        duration: millis(4000),
        layers: vec![Layer { picture: blob("picture"), motion, entrance: Entrance::None }],
        transition: Transition { kind: TransitionKind::Cut, duration: MediaTime::ZERO },
        locked: false,
    };
    let track = |start| AudioTrack {
        source: blob("voice"),
        start: millis(start),
        duration: millis(3000),
        role: AudioRole::Narration,
        gain_db: 0.0,
    };
    let words = vec![TimedWord { text: "Word".to_owned(), start: millis(500), end: millis(900) }];
    Timeline {
        version: Timeline::VERSION,
        canvas: Canvas::VERTICAL,
        scenes: vec![scene(0, zoom), scene(1, Motion::STILL)],
        captions: Captions {
            style: CaptionStyle::tiktok(),
            cues: vec![Cue { start: millis(500), end: millis(900), words }],
        },
        audio: vec![track(500), track(4500)],
        loudness: Loudness::PLATFORM,
    }
}

fn of_timeline(timeline: &Timeline) -> MediaInfo {
    let length = timeline.duration();
    MediaInfo {
        duration: length,
        video_duration: Some(length),
        audio_duration: Some(length),
        frames: Some(timeline.frames()),
        ..good()
    }
}

/// What fails of a render in which this is seen and heard.
fn fails(change: impl FnOnce(&mut MediaContent)) -> Vec<String> {
    let timeline = timeline();
    let mut info = of_timeline(&timeline);
    change(info.content.get_or_insert_default());
    failed(&validate(&info, &timeline, &Expectations::default())).into_iter().map(str::to_owned).collect()
}

#[test]
fn a_longer_video_may_be_larger() {
    let mut timeline = timeline();
    let size = |timeline: &Timeline, length: u64| {
        let validation = validate(&MediaInfo { length, ..good() }, timeline, &Expectations::default());
        validation.checks.iter().find(|check| check.name == "size").unwrap().passed
    };
    assert!(size(&timeline, 300_000_000) && !size(&timeline, 300_000_001));
    timeline.scenes[0].duration = millis(1_800_000);
    assert!(size(&timeline, 600_000_000) && !size(&timeline, 700_000_000));
}

#[test]
fn what_is_seen_and_heard_is_held_against_the_timeline() {
    assert!(fails(|_| ()).is_empty());
    assert_eq!(fails(|seen| seen.black = vec![stretch(1000, 1300)]), ["black"]);
    assert!(fails(|seen| seen.black = vec![stretch(1000, 1200)]).is_empty());
    // The first scene moves, the second stands still by design; over the border the scene changes.
    assert_eq!(fails(|seen| seen.frozen = vec![stretch(1000, 3500)]), ["frozen"]);
    assert!(fails(|seen| seen.frozen = vec![stretch(1000, 2900)]).is_empty());
    assert!(fails(|seen| seen.frozen = vec![stretch(4000, 8000)]).is_empty());
    assert_eq!(fails(|seen| seen.frozen = vec![stretch(3500, 6000)]), ["frozen"]);
    // Silence between the lines is none; within a line it is.
    assert!(fails(|seen| seen.silent = vec![stretch(0, 500), stretch(3400, 4600)]).is_empty());
    assert_eq!(fails(|seen| seen.silent = vec![stretch(1000, 2600)]), ["silence"]);
    assert_eq!(fails(|seen| seen.clipped = 0.01), ["clipping"]);
    assert_eq!(fails(|seen| seen.repeated = 0.2), ["repeated frames"]);
    assert_eq!(fails(|seen| seen.complaint = Some("damaged".to_owned())), ["decoding"]);
}

#[test]
fn profile_level_and_key_frames_of_a_render_are_those_that_were_asked_for() {
    let timeline = timeline();
    let fails = |change: fn(&mut MediaInfo)| {
        let mut info = of_timeline(&timeline);
        change(&mut info);
        let validation = validate(&info, &timeline, &Expectations::default());
        failed(&validation).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(fails(|_| ()).is_empty());
    assert_eq!(fails(|info| info.profile = Some("High 10".to_owned())), ["profile"]);
    assert_eq!(fails(|info| info.level = Some(42)), ["level"]);
    assert_eq!(fails(|info| info.key_frames = Some(millis(2100))), ["key frames"]);
    // What was probed before these were read has none of them.
    assert!(fails(|info| (info.level, info.key_frames) = (None, None)).is_empty());
}

#[test]
fn a_video_without_a_voice_may_be_silent() {
    let silent = Timeline { audio: Vec::new(), ..timeline() };
    let mut info = of_timeline(&silent);
    info.content.get_or_insert_default().silent = vec![stretch(0, 8000)];
    assert!(validate(&info, &silent, &Expectations::default()).passed());
}

#[test]
fn captions_are_drawn_in_the_area_that_is_free_everywhere() {
    let fails = |(width, height): (u32, u32), drawn: Option<SafeArea>| {
        let mut timeline = timeline();
        timeline.canvas = Canvas { width, height, ..Canvas::VERTICAL };
        let mut info = MediaInfo { width, height, ..of_timeline(&timeline) };
        seen(&mut info).captions = drawn;
        let validation = validate(&info, &timeline, &Expectations::default());
        failed(&validation).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let middle = SafeArea { top: 0.4, right: 0.2, bottom: 0.4, left: 0.2 };
    for shape in [(1080, 1920), (1920, 1080), (1080, 1080)] {
        assert!(fails(shape, None).is_empty());
        assert!(fails(shape, Some(middle)).is_empty());
        for beyond in [
            SafeArea { top: 0.04, ..middle },
            SafeArea { right: 0.04, ..middle },
            SafeArea { bottom: 0.04, ..middle },
            SafeArea { left: 0.0, ..middle },
        ] {
            assert_eq!(fails(shape, Some(beyond)), ["safe area"], "{beyond:?}");
        }
    }
    // An app covers more of a tall picture.
    let low = SafeArea { bottom: 0.2, ..middle };
    assert!(fails((1920, 1080), Some(low)).is_empty());
    assert_eq!(fails((1080, 1920), Some(low)), ["safe area"]);
    assert!(fails((1080, 1920), Some(SafeArea::of_all())).is_empty());
}

#[test]
fn a_caption_lasts_no_longer_than_the_file() {
    let timeline = timeline();
    let mut info = of_timeline(&timeline);
    (info.video_duration, info.duration) = (Some(millis(800)), millis(800));
    let validation = validate(&info, &timeline, &Expectations::default());
    let captions = validation.checks.iter().find(|check| check.name == "captions").unwrap();
    assert!(!captions.passed && captions.found.contains("longer than the video"), "{captions:?}");
}

#[test]
fn a_good_file_passes_where_its_shape_is_taken() {
    assert_eq!(failed(&check_file(&good(), None)), [""; 0]);
    for platform in Platform::ALL {
        let expected: &[&str] = if *platform == Platform::X { &["resolution"] } else { &[] };
        assert_eq!(failed(&check_file(&good(), Some(*platform))), expected, "{platform}");
    }
}

#[test]
fn every_fault_of_a_file_is_named_alone_with_the_next_step() {
    type Breakage = fn(&mut MediaInfo);
    let breakages: [(&str, Breakage); 25] = [
        ("container", |info| info.container = "avi".to_owned()),
        ("size", |info| info.length = 400_000_000),
        ("video codec", |info| info.video_codec = Some("prores".to_owned())),
        ("profile", |info| info.profile = Some("High 4:2:2".to_owned())),
        ("level", |info| info.level = Some(62)),
        ("key frames", |info| info.key_frames = Some(millis(8000))),
        ("chroma", |info| info.pixel_format = Some("yuv444p".to_owned())),
        ("resolution", |info| (info.width, info.height) = (270, 480)),
        ("aspect", |info| (info.width, info.height) = (400, 4000)),
        ("fps", |info| (info.frames_per_second, info.frames) = (12.0, Some(720))),
        ("complete", |info| info.frames = Some(900)),
        ("audio codec", |info| info.audio_codec = None),
        ("sample rate", |info| info.sample_rate = Some(8000)),
        ("synchrony", |info| info.audio_duration = Some(millis(50_000))),
        ("loudness", |info| info.loudness = Some(-23.0)),
        ("loudness", |info| info.loudness = None),
        ("true peak", |info| info.true_peak = Some(0.2)),
        ("fast start", |info| info.fast_start = false),
        ("colours", |info| info.colour = Some(ColourTags { matrix: None, ..ColourTags::bt709() })),
        ("black", |info| seen(info).black = vec![stretch(0, 2000)]),
        ("frozen", |info| seen(info).frozen = vec![stretch(5000, 16_000)]),
        ("repeated frames", |info| seen(info).repeated = 0.5),
        ("silence", |info| seen(info).silent = vec![stretch(5000, 11_000)]),
        ("clipping", |info| seen(info).clipped = 0.02),
        ("decoding", |info| seen(info).complaint = Some("invalid data".to_owned())),
    ];
    for (name, breakage) in breakages {
        let mut info = good();
        breakage(&mut info);
        let validation = check_file(&info, None);
        assert_eq!(failed(&validation), [name]);
        assert!(validation.checks.iter().all(|check| check.passed == check.advice.is_none()), "{name}");
    }
}

fn seen(info: &mut MediaInfo) -> &mut MediaContent {
    info.content.get_or_insert_default()
}

#[test]
fn platforms_differ() {
    let mut long = good();
    (long.duration, long.video_duration, long.audio_duration) =
        (millis(200_000), Some(millis(200_000)), Some(millis(200_000)));
    long.frames = Some(6000);
    let refused: Vec<&str> = Platform::ALL
        .iter()
        .filter(|platform| failed(&check_file(&long, Some(**platform))).contains(&"duration"))
        .map(|platform| platform.as_str())
        .collect();
    assert_eq!(refused, ["youtube_shorts", "x", "bluesky"]);
    let wide = MediaInfo { width: 1920, height: 1080, ..good() };
    assert_eq!(failed(&check_file(&wide, Some(Platform::YoutubeShorts))), ["aspect"]);
    assert!(check_file(&wide, Some(Platform::Youtube)).passed());
    let edited = MediaInfo { edited: true, ..good() };
    assert_eq!(failed(&check_file(&edited, Some(Platform::InstagramReels))), ["edit lists"]);
    let nothing = MediaInfo { video_codec: None, width: 0, height: 0, ..good() };
    assert_eq!(failed(&check_file(&nothing, None)), ["video codec"]);
}

#[test]
fn a_captioned_file_is_held_against_what_it_was() {
    type Breakage = fn(&mut MediaInfo);
    let (before, captions) = (good(), timeline().captions);
    let fails = |breakage: Breakage, loudness| {
        let mut info = good();
        breakage(&mut info);
        let (size, frames) = ((1080, 1920), 1800);
        let asked = Captioned { before: &before, size, frames, captions: &captions, loudness };
        failed(&check_captioned(&info, &asked)).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(fails(|_| (), None).is_empty());
    let breakages: [(&str, Breakage); 11] = [
        ("resolution", |info| info.width = 1078),
        ("codec", |info| info.video_codec = Some("hevc".to_owned())),
        ("pixel format", |info| info.pixel_format = Some("yuv444p".to_owned())),
        ("fps", |info| info.frames_per_second = 29.0),
        ("frames", |info| info.frames = Some(1799)),
        ("duration", |info| info.duration = millis(61_000)),
        ("sound", |info| info.audio_codec = None),
        ("loudness", |info| info.loudness = Some(-17.0)),
        ("fast start", |info| info.fast_start = false),
        ("decoding", |info| seen(info).complaint = Some("invalid data".to_owned())),
        ("black", |info| seen(info).black = vec![stretch(0, 900)]),
    ];
    for (name, breakage) in breakages {
        assert_eq!(fails(breakage, None), [name]);
    }
    assert_eq!(
        fails(|info| (info.duration, info.frames) = (millis(600), Some(18)), None),
        ["frames", "duration", "captions"]
    );
    assert_eq!(fails(|info| seen(info).captions = Some(SafeArea::WHOLE), None), ["safe area"]);
    let louder = Some(Loudness { integrated: -10.0, true_peak: -1.0 });
    assert_eq!(fails(|_| (), louder), ["loudness"]);
    assert_eq!(fails(|info| (info.loudness, info.true_peak) = (Some(-10.0), Some(-0.2)), louder), ["true peak"]);
}
