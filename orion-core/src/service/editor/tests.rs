use super::*;
use crate::domain::timeline::{CaptionPosition, CaptionStyle, Motion, TransitionKind};
use crate::domain::{BlobRef, CostCategory, Line, LineRole, Money, Script, Sha256};
use crate::memory::{ManualClock, MemoryBlobs, MemoryStore, SeededEntropy};
use crate::port::{
    ColourTags, MediaContent, MediaInfo, Provider, Side, Speech, SpeechRequest, SpokenWord, Store, Thumbnail,
    ThumbnailMarks, ThumbnailRequest, Usage, WordTimes,
};
use crate::service::media::{PictureLayer, ScenePicture};
use crate::testing::sample;
use crate::{Cancellation, Error, MediaTime, RecordedProgress};
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

fn blob(name: &str) -> BlobRef {
    BlobRef { sha256: Sha256::of(name.as_bytes()), length: 1, media_type: "image/png".to_owned() }
}

fn narration(texts: &[&str]) -> Narration {
    let lines = texts.iter().map(|text| {
        let words: Vec<SpokenWord> = (0..)
            .zip(text.split_whitespace())
            .map(|(n, text)| SpokenWord {
                text: text.to_owned(),
                start: MediaTime::from_millis(n * 310),
                end: MediaTime::from_millis(n * 310 + 290),
            })
            .collect();
        let duration = words.last().map_or(MediaTime::ZERO, |word| word.end + MediaTime(12_345));
        SpokenLine { audio: Some(blob(text)), duration, words, times: WordTimes::Voice }
    });
    Narration { lines: lines.collect(), provider: "test".to_owned(), reused: false }
}

fn scene_picture(layers: Vec<PictureLayer>) -> ScenePicture {
    ScenePicture { scene_number: 1, provider: "test".to_owned(), credit: None, layers }
}

fn card(name: &str) -> ScenePicture {
    let layer = |moves: bool, width, height| PictureLayer { blob: blob(name), width, height, moves };
    scene_picture(vec![layer(true, 270, 480), layer(false, 1080, 1920)])
}

const TEXTS: [&str; 6] = [
    "SQLite just got twice as fast.",
    "The new engine replaces the old tree.",
    "Bulk inserts run 2.1 times faster, the team said.",
    "Point reads were eight percent slower.",
    "The file format is new, too.",
    "Follow for more.",
];

fn assembled() -> Timeline {
    let pictures: Vec<ScenePicture> = TEXTS.iter().map(|text| card(text)).collect();
    assemble(&narration(&TEXTS), &pictures, &CaptionStyle::tiktok(), Canvas::VERTICAL).unwrap()
}

#[test]
fn scenes_are_whole_frames_and_hold_their_line() {
    let timeline = assembled();
    let narration = narration(&TEXTS);
    let mut start = MediaTime::ZERO;
    let mut frames = 0;
    for ((scene, track), line) in timeline.scenes.iter().zip(&timeline.audio).zip(&narration.lines) {
        assert_eq!(start, timeline.canvas.time_of(frames));
        assert!(track.start > start && track.start + line.duration < start + scene.duration);
        start = start + scene.duration;
        frames = timeline.canvas.frame_at(start);
    }
    assert_eq!(timeline.frames(), frames);
}

#[test]
fn a_silent_line_takes_its_time_and_has_no_sound() {
    let pictures: Vec<ScenePicture> = TEXTS.iter().map(|text| card(text)).collect();
    let mut silent = narration(&TEXTS);
    silent.lines[2].audio = None;
    let timeline = assemble(&silent, &pictures, &CaptionStyle::tiktok(), Canvas::VERTICAL).unwrap();
    assert_eq!(timeline.audio.len(), TEXTS.len() - 1);
    assert_eq!((timeline.scenes, timeline.captions), (assembled().scenes, assembled().captions));
}

#[test]
fn neither_motion_nor_transition_repeats() {
    let timeline = assembled();
    assert_eq!(timeline.scenes[0].transition.kind, TransitionKind::Cut);
    for pair in timeline.scenes.windows(2) {
        assert_ne!(pair[0].transition.kind, pair[1].transition.kind);
        let zoom = |scene: usize| pair[scene].layers[0].motion.to.zoom - pair[scene].layers[0].motion.from.zoom;
        assert!(zoom(0) * zoom(1) < 0.0, "zoom in and out take turns");
        assert_eq!(pair[0].layers[1].motion, Motion::STILL);
    }
}

#[test]
fn captions_hold_every_word_and_stand_clear_of_the_cards() {
    let timeline = assembled();
    assert_eq!(timeline.captions.style.position, CaptionPosition::LowerThird);
    let words: Vec<String> =
        timeline.captions.cues.iter().flat_map(|cue| &cue.words).map(|word| word.text.clone()).collect();
    assert_eq!(words.join(" "), TEXTS.join(" "));
    let files = CaptionFiles::of(&timeline.captions, &timeline.canvas);
    assert_eq!(files.srt.matches(" --> ").count(), timeline.captions.cues.len());
    assert_eq!(files.vtt.matches(" --> ").count(), timeline.captions.cues.len());
    assert_eq!(files.ass.matches("Dialogue:").count(), timeline.captions.cues.len());
}

#[test]
fn a_line_needs_its_picture() {
    let missing = assemble(&narration(&TEXTS), &[card("one")], &CaptionStyle::tiktok(), Canvas::VERTICAL);
    assert_eq!(missing.unwrap_err().kind(), crate::ErrorKind::Invalid);
}

#[test]
fn wide_pictures_are_panned_inside_their_edges() {
    let wide = PictureLayer { blob: blob("photo"), width: 1920, height: 1080, moves: true };
    let pictures = vec![scene_picture(vec![wide]); TEXTS.len()];
    let timeline = assemble(&narration(&TEXTS), &pictures, &CaptionStyle::tiktok(), Canvas::VERTICAL).unwrap();
    assert_eq!(timeline.captions.style.position, CaptionPosition::Centre);
    for scene in &timeline.scenes {
        let motion = scene.layers[0].motion;
        let from = motion.from.rectangle((1920, 1080), &timeline.canvas);
        let to = motion.to.rectangle((1920, 1080), &timeline.canvas);
        assert!((from.x - to.x).abs() > 50.0);
        assert!(from.x > 0.0 && to.x > 0.0 && from.x + from.width < 1920.0 && to.x + to.width < 1920.0);
    }
}

#[test]
fn samples_become_a_wav_file() {
    let wav = encode_wav(&[0.0, 1.0, -1.0, 2.0, f32::NAN], 22_050);
    assert_eq!(wav.len(), 54);
    assert_eq!(&wav[0..4], b"RIFF");
    assert_eq!(wav[24..28], 22_050_u32.to_le_bytes());
    let samples: Vec<i16> = wav[44..].chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    assert_eq!(samples, [0, 32_767, -32_767, 32_767, 0]);
}

fn good(timeline: &Timeline) -> MediaInfo {
    MediaInfo {
        container: "mov,mp4".to_owned(),
        duration: timeline.duration(),
        length: 6_000_000,
        video_codec: Some("h264".to_owned()),
        profile: Some("High".to_owned()),
        level: Some(40),
        key_frames: Some(MediaTime::from_millis(2000)),
        pixel_format: Some("yuv420p".to_owned()),
        width: 1080,
        height: 1920,
        frames_per_second: 30.0,
        frames: Some(timeline.frames()),
        video_duration: Some(timeline.duration()),
        audio_codec: Some("aac".to_owned()),
        sample_rate: Some(48_000),
        channels: Some(2),
        audio_duration: Some(timeline.duration()),
        fast_start: true,
        edited: false,
        colour: Some(ColourTags::bt709()),
        loudness: Some(-14.1),
        true_peak: Some(-1.2),
        content: Some(MediaContent::default()),
    }
}

#[test]
fn validation_passes_what_is_right_and_names_what_is_not() {
    type Breakage = fn(&mut MediaInfo);
    let timeline = assembled();
    let expectations = Expectations::default();
    let passed = validate(&good(&timeline), &timeline, &expectations);
    assert!(passed.passed(), "{passed:?}");
    assert_eq!(passed.score(), 1.0);
    let breakages: [(&str, Breakage); 12] = [
        ("resolution", |info| info.width = 720),
        ("codec", |info| info.video_codec = Some("hevc".to_owned())),
        ("fps", |info| info.frames_per_second = 25.0),
        ("duration", |info| info.duration = info.duration + MediaTime::from_millis(100)),
        ("size", |info| info.length = 400_000_000),
        ("pixel format", |info| info.pixel_format = Some("yuv444p".to_owned())),
        ("frames", |info| info.frames = Some(1)),
        ("audio codec", |info| info.audio_codec = None),
        ("synchrony", |info| info.audio_duration = Some(MediaTime::ZERO)),
        ("loudness", |info| info.loudness = Some(-16.0)),
        ("true peak", |info| info.true_peak = Some(0.3)),
        ("fast start", |info| info.fast_start = false),
    ];
    for (name, breakage) in breakages {
        let mut info = good(&timeline);
        breakage(&mut info);
        let validation = validate(&info, &timeline, &expectations);
        let failed: Vec<&str> =
            validation.checks.iter().filter(|check| !check.passed).map(|check| check.name.as_str()).collect();
        assert_eq!(failed, [name]);
        assert!(validation.score() < 1.0);
    }
}

/// Speaks a tenth of a second a word, and counts how often it was asked.
#[derive(Debug)]
struct Voice {
    provider: Provider,
    asked: AtomicU32,
}

#[async_trait]
impl SpeechModel for Voice {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn voices(&self) -> Result<Vec<crate::port::Voice>> {
        Ok(Vec::new())
    }

    async fn speak(&self, request: &SpeechRequest, _: &Operation) -> Result<Speech> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if request.text.contains("unspeakable") {
            return Err(Error::unavailable("lost its voice"));
        }
        let words: Vec<SpokenWord> = (0..)
            .zip(request.text.split_whitespace())
            .map(|(n, text)| SpokenWord {
                text: text.to_owned(),
                start: MediaTime::from_millis(n * 100),
                end: MediaTime::from_millis(n * 100 + 90),
            })
            .collect();
        let usage = Usage { category: CostCategory::TtsCharacters, units: 1.0, cost: Money::ZERO };
        Ok(Speech {
            samples: vec![0.1; 2205 * words.len()],
            sample_rate: 22_050,
            words,
            times: WordTimes::Voice,
            usage,
        })
    }
}

/// Neither renders nor probes: narration needs neither.
#[derive(Debug)]
struct Nothing;

#[async_trait]
impl Renderer for Nothing {
    async fn render(&self, _: &Timeline, _: &RenderSettings, _: &Operation) -> Result<Rendered> {
        Err(Error::unavailable("nothing is rendered here"))
    }
    async fn frame(&self, _: &Timeline, _: MediaTime) -> Result<BlobRef> {
        Err(Error::unavailable("nothing is rendered here"))
    }
    async fn thumbnail(&self, _: &ThumbnailRequest) -> Result<Thumbnail> {
        Err(Error::unavailable("nothing is rendered here"))
    }

    async fn repair(&self, _: &Rendered, _: &BTreeSet<Repair>, _: &Operation) -> Result<(BlobRef, MediaInfo)> {
        Err(Error::new(ErrorKind::Unsupported, "nothing is repaired here"))
    }
}

#[async_trait]
impl MediaProbe for Nothing {
    async fn probe(&self, _: &BlobRef, _: &Operation) -> Result<MediaInfo> {
        Err(Error::unavailable("nothing is probed here"))
    }
}

fn script(texts: &[&str]) -> Script {
    let lines = texts.iter().map(|text| Line {
        role: LineRole::Body,
        text: (*text).to_owned(),
        sources: Vec::new(),
        visual_cue: String::new(),
    });
    Script { title: "Title".to_owned(), language: "en".to_owned(), lines: lines.collect(), author: "user".to_owned() }
}

#[tokio::test]
async fn a_line_is_spoken_once_and_again_only_when_it_changes() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let blobs = Arc::new(MemoryBlobs::new());
    let run = sample::run(1);
    let clock = Arc::new(ManualClock::at(sample::time(0)));
    let journal = Journal::new(store, blobs.clone(), clock, Arc::new(SeededEntropy::new(1)), &run);
    let provider = Provider { name: "voice".to_owned(), model: "test".to_owned(), side: Side::Local };
    let voice = Arc::new(Voice { provider, asked: AtomicU32::new(0) });
    let editor = Editor { speech: voice.clone().into(), blobs, renderer: Arc::new(Nothing), probe: Arc::new(Nothing) };
    let progress = Arc::new(RecordedProgress::default());
    let operation = Operation::new(Cancellation::new(), progress.clone());
    let speak = async |texts: &[&str]| editor.narrate(&journal, &script(texts), &[], 1.0, &operation).await;

    let error = speak(&["It works.", "This is unspeakable."]).await.unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Unavailable);
    assert!(error.context().contains(&("line", "2".to_owned())));
    assert_eq!(voice.asked.load(Ordering::SeqCst), 2);

    let narration = speak(&["It works.", "This does, too."]).await.unwrap();
    assert_eq!(voice.asked.load(Ordering::SeqCst), 3, "the first line was there");
    assert_eq!(narration.lines[1].duration, MediaTime::from_millis(300));
    assert_eq!(narration.lines[1].audio.as_ref().map(|audio| audio.media_type.as_str()), Some("audio/wav"));
    assert!(!narration.reused);

    let again = speak(&["It works.", "This does, too."]).await.unwrap();
    assert_eq!(voice.asked.load(Ordering::SeqCst), 3);
    assert!(again.reused);
    assert_eq!(again.lines, narration.lines);
    let last = progress.updates().pop().unwrap();
    assert_eq!((last.done, last.total, last.unit.as_str(), last.reused), (2, 2, "sentences", true));
    assert_eq!(speak(&[]).await.unwrap_err().kind(), crate::ErrorKind::Invalid);
}

#[test]
fn a_sound_track_is_followed_without_a_pause_of_ours() {
    let narration = narration(&["It rained all day.", "Then the sun came out.", "Nobody had expected it to."]);
    let pictures = [card("a"), card("b"), card("c")];
    let canvas = Canvas { frames_per_second: 25, ..Canvas::VERTICAL };
    let direction = Direction { unbroken: true, ..Direction::default() };
    let timeline = assemble_directed(&narration, &pictures, &CaptionStyle::tiktok(), canvas, direction).unwrap();
    let total: MediaTime = narration.lines.iter().map(|line| line.duration).sum();
    let over = timeline.duration() - total;
    assert!(over >= MediaTime::ZERO && over < canvas.time_of(1), "{over:?}");
    // The words of the last line are where they are in the sound, however the scenes were rounded.
    let before: MediaTime = narration.lines[..2].iter().map(|line| line.duration).sum();
    let said = timeline.captions.cues.iter().flat_map(|cue| &cue.words).find(|word| word.text == "Nobody").unwrap();
    assert_eq!(said.start, before);
}

/// Renders too softly and with its index last; makes another file in which `good` is so.
#[derive(Debug)]
struct Careless {
    loudness: f64,
    fails: bool,
    asked: std::sync::Mutex<Vec<Repair>>,
}

#[async_trait]
impl Renderer for Careless {
    async fn render(&self, timeline: &Timeline, _: &RenderSettings, _: &Operation) -> Result<Rendered> {
        let length = timeline.duration();
        let info = MediaInfo {
            container: "mp4".to_owned(),
            duration: length,
            length: 1_000_000,
            video_codec: Some("h264".to_owned()),
            profile: Some("High".to_owned()),
            level: None,
            key_frames: None,
            pixel_format: Some("yuv420p".to_owned()),
            width: timeline.canvas.width,
            height: timeline.canvas.height,
            frames_per_second: f64::from(timeline.canvas.frames_per_second),
            frames: Some(timeline.frames()),
            video_duration: Some(length),
            audio_codec: Some("aac".to_owned()),
            sample_rate: Some(48_000),
            channels: Some(2),
            audio_duration: Some(length),
            fast_start: false,
            edited: false,
            colour: Some(ColourTags::bt709()),
            loudness: Some(-20.0),
            true_peak: Some(-3.0),
            content: Some(MediaContent::default()),
        };
        Ok(Rendered { video: blob("first"), info, frames: 1, encoder: "test".to_owned(), repaired: BTreeSet::new() })
    }

    async fn frame(&self, _: &Timeline, _: MediaTime) -> Result<BlobRef> {
        Err(Error::unavailable("nothing is drawn here"))
    }

    async fn thumbnail(&self, _: &ThumbnailRequest) -> Result<Thumbnail> {
        Err(Error::unavailable("nothing is drawn here"))
    }

    async fn repair(&self, made: &Rendered, repairs: &BTreeSet<Repair>, _: &Operation) -> Result<(BlobRef, MediaInfo)> {
        self.asked.lock().unwrap().extend(repairs);
        if self.fails {
            return Err(Error::unexpected("the tool broke off"));
        }
        let info = MediaInfo { loudness: Some(self.loudness), fast_start: self.loudness > -15.0, ..made.info.clone() };
        Ok((blob("second"), info))
    }
}

#[tokio::test]
async fn what_a_render_left_wrong_is_set_right_where_it_helps() {
    let timeline =
        assemble(&narration(&["It rained."]), &[card("a")], &CaptionStyle::tiktok(), Canvas::VERTICAL).unwrap();
    let settings = RenderSettings { encoder: crate::port::Encoder::Draft, title: String::new() };
    for (loudness, fails, file) in [(-14.0, false, "second"), (-20.0, false, "first"), (-14.0, true, "first")] {
        let careless = Arc::new(Careless { loudness, fails, asked: std::sync::Mutex::default() });
        let provider = Provider { name: "voice".to_owned(), model: "test".to_owned(), side: Side::Local };
        let voice = Arc::new(Voice { provider, asked: AtomicU32::new(0) });
        let blobs = Arc::new(MemoryBlobs::new());
        let editor = Editor { speech: voice.into(), blobs, renderer: careless.clone(), probe: Arc::new(Nothing) };
        let operation = Operation::detached();
        let rendered = careless.render(&timeline, &settings, &operation).await.unwrap();
        let made = editor.set_right(&timeline, rendered, &operation).await.unwrap();
        assert_eq!(*careless.asked.lock().unwrap(), [Repair::Index, Repair::Loudness]);
        assert_eq!(made.video, blob(file), "{loudness} {fails}");
        assert_eq!(made.repaired.is_empty(), file == "first");
    }
}

/// Draws thumbnails, and is stopped while it draws one of them.
#[derive(Debug)]
struct Stopped {
    drawn: AtomicU32,
    at: u32,
    stop: Cancellation,
}

#[async_trait]
impl Renderer for Stopped {
    async fn render(&self, _: &Timeline, _: &RenderSettings, _: &Operation) -> Result<Rendered> {
        Err(Error::unavailable("nothing is rendered here"))
    }

    async fn frame(&self, _: &Timeline, _: MediaTime) -> Result<BlobRef> {
        Err(Error::unavailable("nothing is drawn here"))
    }

    async fn thumbnail(&self, _: &ThumbnailRequest) -> Result<Thumbnail> {
        if self.drawn.fetch_add(1, Ordering::SeqCst) + 1 == self.at {
            self.stop.cancel();
        }
        Ok(Thumbnail { picture: blob("thumbnail"), marks: ThumbnailMarks::default() })
    }

    async fn repair(&self, _: &Rendered, _: &BTreeSet<Repair>, _: &Operation) -> Result<(BlobRef, MediaInfo)> {
        Err(Error::unavailable("nothing is repaired here"))
    }
}

#[tokio::test]
async fn a_stop_between_thumbnails_draws_no_more_of_them() {
    let timeline = assembled();
    let source = |(scene, name): (u32, &str)| CoverSource { scene, ground: blob(name) };
    let sources = [(1, "a"), (2, "b"), (3, "c")].map(source).into();
    let request = CoverRequest { title: "Title".to_owned(), accent: 0, canvas: Canvas::VERTICAL, sources };
    for at in 1..=5 {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let blobs = Arc::new(MemoryBlobs::new());
        let clock = Arc::new(ManualClock::at(sample::time(0)));
        let journal = Journal::new(store, blobs.clone(), clock, Arc::new(SeededEntropy::new(1)), &sample::run(1));
        let provider = Provider { name: "voice".to_owned(), model: "test".to_owned(), side: Side::Local };
        let voice = Arc::new(Voice { provider, asked: AtomicU32::new(0) });
        let stop = Cancellation::new();
        let renderer = Arc::new(Stopped { drawn: AtomicU32::new(0), at, stop: stop.clone() });
        let editor = Editor { speech: voice.into(), blobs, renderer: renderer.clone(), probe: Arc::new(Nothing) };
        let operation = Operation::new(stop, Arc::new(RecordedProgress::default()));
        let error = editor.covers(&journal, &timeline, &request, &operation).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        // Two are drawn at once, of the six that there would be.
        assert!((at..=at + 1).contains(&renderer.drawn.load(Ordering::SeqCst)), "{at} {renderer:?}");
    }
}
