use super::caption::{JOINT, group, joined, timed, to_ass, to_srt, to_vtt, width, within as within_lines};
use super::*;
use crate::domain::Sha256;
use proptest::prelude::*;

pub(super) fn blob(name: &str) -> BlobRef {
    BlobRef { sha256: Sha256::of(name.as_bytes()), length: name.len() as u64, media_type: "image/png".to_owned() }
}

fn scene(id: u32, millis: i64, transition: Transition) -> Scene {
    let motion = Motion { from: View::WHOLE, to: View { x: 0.6, y: 0.5, zoom: 1.2 } };
    let rise = Entrance::Rise { duration: MediaTime::from_millis(200), distance: 0.02 };
    let layers = vec![
        Layer { picture: blob("ground"), motion, entrance: Entrance::None },
        Layer { picture: blob("type"), motion: Motion::STILL, entrance: rise },
    ];
    Scene { id, duration: MediaTime::from_millis(millis), layers, transition, locked: false }
}

const CUT: Transition = Transition { kind: TransitionKind::Cut, duration: MediaTime::ZERO };

fn over(kind: TransitionKind, millis: i64) -> Transition {
    Transition { kind, duration: MediaTime::from_millis(millis) }
}

fn word(text: &str, start: i64, end: i64) -> TimedWord {
    TimedWord { text: text.to_owned(), start: MediaTime::from_millis(start), end: MediaTime::from_millis(end) }
}

/// Words of a sentence, 300 ms each, without pauses.
fn spoken(text: &str) -> Vec<TimedWord> {
    (0..).zip(text.split_whitespace()).map(|(n, text)| word(text, n * 300, n * 300 + 300)).collect()
}

pub(super) fn timeline() -> Timeline {
    Timeline {
        version: Timeline::VERSION,
        canvas: Canvas::VERTICAL,
        scenes: vec![
            scene(1, 2000, CUT),
            scene(2, 2000, over(TransitionKind::Crossfade, 400)),
            scene(3, 2000, over(TransitionKind::PushLeft, 300)),
        ],
        captions: Captions { style: CaptionStyle::tiktok(), cues: group(&spoken("It writes twice as fast.")) },
        audio: Vec::new(),
        loudness: Loudness::PLATFORM,
    }
}

#[test]
fn a_good_timeline_passes_and_its_frames_add_up() {
    let timeline = timeline();
    timeline.check().unwrap();
    assert_eq!(timeline.frames(), 180);
    assert_eq!(timeline.frame(9999).number, 179);
    let json = serde_json::to_string(&timeline).unwrap();
    assert_eq!(serde_json::from_str::<Timeline>(&json).unwrap(), timeline);
}

#[test]
fn a_transition_is_centred_on_its_border() {
    let timeline = timeline();
    // The border is at frame 60, the crossfade has 12 frames.
    for number in 0..180 {
        let seen: Vec<usize> = timeline.frame(number).scenes.iter().map(|scene| scene.scene).collect();
        let expected = match number {
            0..54 => vec![0],
            54..66 => vec![0, 1],
            66..116 => vec![1],
            116..125 => vec![1, 2],
            _ => vec![2],
        };
        assert_eq!(seen, expected, "frame {number}");
    }
    let mixes: Vec<f64> = (54..66).map(|number| timeline.frame(number).scenes[1].opacity).collect();
    assert!(mixes[0] > 0.0 && mixes[11] < 1.0 && mixes.windows(2).all(|pair| pair[0] < pair[1]));
    assert!((mixes[5] + mixes[6] - 1.0).abs() < 1e-9);
}

#[test]
fn a_push_keeps_the_scenes_edge_to_edge() {
    let timeline = timeline();
    for number in 116..125 {
        let plan = timeline.frame(number);
        assert!((plan.scenes[1].offset_x - plan.scenes[0].offset_x - 1.0).abs() < 1e-9);
        assert!((0.0..1.0).contains(&plan.scenes[1].offset_x));
    }
}

#[test]
fn motion_is_even_over_all_frames_that_show_the_scene() {
    let timeline = timeline();
    let views: Vec<View> = (54..125)
        .map(|number| {
            let plan = timeline.frame(number);
            plan.scenes.iter().find(|scene| scene.scene == 1).unwrap().layers[0].view
        })
        .collect();
    assert_eq!(views[0], View::WHOLE);
    let last = views[views.len() - 1];
    assert!((last.x - 0.6).abs() < 1e-9 && (last.zoom - 1.2).abs() < 1e-9);
    for three in views.windows(3) {
        assert!((three[2].x - 2.0 * three[1].x + three[0].x).abs() < 1e-9);
        assert!((three[2].zoom / three[1].zoom - three[1].zoom / three[0].zoom).abs() < 1e-9);
    }
}

#[test]
fn layers_enter_at_the_start_of_their_own_scene() {
    let timeline = timeline();
    let entered = |number: u64, scene: usize| {
        let plan = timeline.frame(number);
        let layers = plan.scenes.iter().find(|planned| planned.scene == scene).unwrap().layers.clone();
        layers.iter().find(|layer| layer.layer == 1).map(|layer| (layer.opacity, layer.offset_y))
    };
    assert!(entered(0, 0).unwrap().0 > 0.3, "the first frame of a video shows its words");
    assert_eq!(entered(5, 0), Some((1.0, 0.0)));
    assert_eq!(entered(59, 1), None);
    assert!(entered(60, 1).unwrap().1 > 0.0);
    assert_eq!(entered(65, 1), Some((1.0, 0.0)));
}

#[test]
fn a_view_stays_inside_its_picture_and_keeps_the_shape() {
    let canvas = Canvas::VERTICAL;
    for (view, picture) in [
        (View { x: 0.0, y: 1.0, zoom: 1.0 }, (1920, 1080)),
        (View { x: 1.0, y: 0.0, zoom: 3.0 }, (270, 480)),
        (View::WHOLE, (1080, 1920)),
    ] {
        let seen = view.rectangle(picture, &canvas);
        assert!(seen.x >= 0.0 && seen.y >= 0.0);
        assert!(seen.x + seen.width <= f64::from(picture.0) + 1e-9);
        assert!(seen.y + seen.height <= f64::from(picture.1) + 1e-9);
        assert!((seen.width / seen.height - 1080.0 / 1920.0).abs() < 1e-9);
    }
}

#[test]
fn the_caption_follows_the_words() {
    let mut timeline = timeline();
    timeline.captions.cues = vec![
        Cue {
            start: MediaTime::from_millis(100),
            end: MediaTime::from_millis(600),
            words: vec![word("one", 100, 300), word("two", 400, 600)],
        },
        Cue {
            start: MediaTime::from_millis(900),
            end: MediaTime::from_millis(1200),
            words: vec![word("three", 1000, 1200)],
        },
    ];
    timeline.check().unwrap();
    let seen = |number| timeline.frame(number).caption.map(|caption| (caption.cue, caption.word));
    assert_eq!(seen(2), None);
    assert_eq!(seen(3), Some((0, Some(0))));
    assert_eq!(seen(11), Some((0, Some(0))));
    assert_eq!(seen(12), Some((0, Some(1))));
    assert_eq!(seen(17), Some((0, Some(1))));
    assert_eq!(seen(18), None);
    assert_eq!(seen(27), Some((1, None)));
    assert_eq!(seen(30), Some((1, Some(0))));
    assert_eq!(seen(36), None);
}

#[test]
fn what_cannot_be_rendered_is_refused() {
    type Breakage = fn(&mut Timeline);
    let breakages: [(&str, Breakage); 14] = [
        ("version", |timeline| timeline.version = 2),
        ("width", |timeline| timeline.canvas.width = 1081),
        ("frames_per_second", |timeline| timeline.canvas.frames_per_second = 0),
        ("scenes", |timeline| timeline.scenes.clear()),
        ("duration", |timeline| timeline.scenes[1].duration = MediaTime::ZERO),
        ("duration", |timeline| timeline.scenes[1].duration = MediaTime(i64::MAX)),
        ("layers", |timeline| timeline.scenes[1].layers.clear()),
        ("layer", |timeline| timeline.scenes[1].layers[0].motion.to.zoom = f64::NAN),
        ("layer", |timeline| timeline.scenes[1].layers[0].motion.to.x = 1.5),
        ("transition", |timeline| timeline.scenes[0].transition = over(TransitionKind::PushUp, 100)),
        ("transition", |timeline| timeline.scenes[1].transition.duration = MediaTime::ZERO),
        ("transitions", |timeline| timeline.scenes[1].transition.duration = MediaTime::from_millis(5000)),
        ("cue", |timeline| timeline.captions.cues[0].end = MediaTime::from_millis(60_000)),
        ("integrated", |timeline| timeline.loudness.integrated = f64::INFINITY),
    ];
    for (key, breakage) in breakages {
        let mut timeline = timeline();
        breakage(&mut timeline);
        let error = timeline.check().expect_err(key);
        assert_eq!(error.kind(), crate::ErrorKind::Invalid);
        assert!(error.context().iter().any(|(name, _)| *name == key), "{key}: {error}");
    }
}

#[test]
fn cues_break_where_the_sentence_breathes() {
    let text = "The new engine, built in Rust, writes twice as fast. Nobody expected the old file format to survive.";
    let cues: Vec<String> = group(&spoken(text)).iter().map(|cue| joined(&cue.words)).collect();
    assert_eq!(
        cues,
        [
            "The new engine,",
            "built in Rust,",
            "writes twice as fast.",
            "Nobody expected",
            "the old file",
            "format to survive."
        ]
    );
}

#[test]
fn a_long_pause_breaks_and_a_short_one_closes() {
    let words = [word("one", 0, 200), word("two", 700, 900), word("three", 1000, 1200)];
    let cues = group(&words);
    assert_eq!(cues.len(), 2);
    assert_eq!(cues[0].end, MediaTime::from_millis(700));
    assert_eq!(cues[1].words.len(), 2);
    let apart = group(&[word("one.", 0, 300), word("two.", 3000, 3300)]);
    assert_eq!(apart[0].end, MediaTime::from_millis(550));
}

#[test]
fn a_sentence_without_spaces_is_parted() {
    let cues = group(&[word("新しいエンジンは以前の二倍の速さで書き込みます。", 0, 4000), word("次", 4000, 4500)]);
    assert!(cues.len() > 2);
    for cue in &cues {
        assert!(!joined(&cue.words).starts_with('。'));
    }
    let whole: String = cues.iter().map(|cue| joined(&cue.words)).collect();
    assert_eq!(whole, "新しいエンジンは以前の二倍の速さで書き込みます。次");
}

#[test]
fn pieces_of_a_word_begin_and_end_where_they_may() {
    let text = "「これはとても長いチャットの文章ですよね」と、彼はゆっくり言っていたのかもしれなかった（おそらく）。";
    let cues = group(&[word(text, 0, 9000)]);
    let pieces: Vec<&str> = cues.iter().flat_map(|cue| &cue.words).map(|word| word.text.as_str()).collect();
    for piece in &pieces {
        assert!(!piece.starts_with(['、', '。', '」', '）', 'っ', 'ゃ', 'ッ', 'ー']), "{pieces:?}");
        assert!(!piece.trim_end_matches(JOINT).ends_with(['「', '（']), "{pieces:?}");
        assert!(width(piece) <= 20, "{pieces:?}");
    }
    assert_eq!(cues.iter().map(|cue| joined(&cue.words)).collect::<String>(), text);
}

#[test]
fn marked_words_come_apart_at_their_joints_and_real_spaces_stay() {
    let cues = group(&[word("รัฐบาล\u{200B}ประกาศ\u{200B}งบ", 0, 1500), word("เริ่ม\u{200B}ปี", 1500, 2000)]);
    let words: usize = cues.iter().map(|cue| cue.words.len()).sum();
    assert_eq!(words, 5);
    let text: Vec<String> = cues.iter().map(|cue| joined(&cue.words)).collect();
    assert_eq!(text.join("|"), "รัฐบาลประกาศ|งบ เริ่มปี");
    assert_eq!(joined(&group(&[word("ไป\u{200B}กิน", 0, 500), word("ข้าว", 500, 900)])[0].words), "ไปกิน ข้าว");
}

#[test]
fn no_caption_has_words_of_two_lines() {
    let lines =
        [vec![word("งบ\u{200B}ประมาณ", 0, 900)], vec![word("กฎ", 900, 1200), word("ใหม่", 800, 1500)], Vec::new()];
    let cues = within_lines(&lines, MediaTime::from_millis(1400));
    let texts: Vec<String> = cues.iter().map(|cue| joined(&cue.words)).collect();
    assert_eq!(texts, ["งบประมาณ", "กฎ ใหม่"]);
    assert!(cues[0].end <= cues[1].start && cues[1].end.millis() == 1400, "{cues:?}");
}

#[test]
fn a_long_phrase_comes_apart_once_more() {
    let phrase = "東京都議会議員選挙管理委員会".repeat(2);
    let cues = group(&[word(&format!("{phrase}は\u{200B}今日"), 0, 6000)]);
    assert!(cues.iter().all(|cue| width(&joined(&cue.words)) <= 22), "{cues:?}");
    assert_eq!(cues.iter().map(|cue| joined(&cue.words)).collect::<String>(), format!("{phrase}は今日"));
}

#[test]
fn a_monster_is_cut_over_cues() {
    let cues = group(&[word(&"x".repeat(10_000), 0, 300_000), word("end", 300_000, 300_400)]);
    assert!(cues.len() > 400);
    assert!(cues.iter().all(|cue| width(&joined(&cue.words)) <= 22 && cue.start < cue.end));
    let flood = group(&[word(&"x".repeat(10_000), 0, 1000)]);
    assert!(flood.len() <= 64 && flood.last().unwrap().words[0].text.ends_with('…'));
}

#[test]
fn marks_of_direction_do_not_reach_over_a_word() {
    let cues = group(&[word("a\u{202E}b\u{2067}", 0, 500)]);
    assert_eq!(cues[0].words[0].text, "ab");
}

#[test]
fn words_without_times_are_spread_over_their_sound() {
    let words = timed("a longer word", MediaTime::from_millis(1000), MediaTime::from_millis(2400));
    assert_eq!(words[0].start, MediaTime::from_millis(1000));
    assert_eq!(words[2].end, MediaTime::from_millis(2400));
    assert!(words[1].end - words[1].start > words[0].end - words[0].start);
}

/// Text that tries to leave its caption in every format.
const HOSTILE: &str = r"{\an8\p1}m <b>0</b> --> \N\h &amp; C:\x %{n} 'q'";

#[test]
fn formats_are_exact_and_keep_hostile_text_as_text() {
    let cue = Cue {
        start: MediaTime::from_millis(3_723_004),
        end: MediaTime::from_millis(3_724_500),
        words: vec![word("Hi", 3_723_004, 3_723_500), word(HOSTILE, 3_723_500, 3_724_300)],
    };
    let srt = to_srt(std::slice::from_ref(&cue));
    assert!(srt.starts_with("1\n01:02:03,004 --> 01:02:04,500\nHi "));
    assert_eq!(srt.matches("-->").count(), 1);
    assert!(!srt.contains("<b>") && !srt.contains("{\\"));
    let vtt = to_vtt(std::slice::from_ref(&cue));
    assert!(vtt.starts_with("WEBVTT\n\n1\n01:02:03.004 --> 01:02:04.500\nHi "));
    assert!(vtt.contains("&lt;b&gt;") && vtt.contains("&amp;amp;") && vtt.matches("-->").count() == 1);
    let captions = Captions { style: CaptionStyle::youtube(), cues: vec![cue] };
    let ass = to_ass(&captions, &Canvas::VERTICAL);
    let dialogue = ass.lines().last().unwrap();
    assert!(
        dialogue.starts_with("Dialogue: 0,1:02:03.00,1:02:04.50,Default,,0,0,0,,{\\kf50}Hi {\\kf80}\\{"),
        "{dialogue}"
    );
    assert!(ass.contains(",&H0042D4FF,&H00FFFFFF,"));
    // What is left of braces that are not escaped are our own karaoke tags, and no backslash starts a command.
    let text = dialogue.replace("\\{", "").replace("\\}", "");
    let tags: Vec<&str> = text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
    assert_eq!(tags, ["\\kf50", "\\kf80"]);
    assert!(!dialogue.contains("\\N") && !dialogue.contains("\\h") && !dialogue.contains("\\p1"));
}

#[test]
fn karaoke_times_add_up_to_the_cue() {
    let words: Vec<TimedWord> = (0..3).map(|n| word("word", n * 333, n * 333 + 250)).collect();
    let cue = Cue { start: MediaTime::ZERO, end: MediaTime::from_millis(916), words };
    let ass = to_ass(&Captions { style: CaptionStyle::tiktok(), cues: vec![cue] }, &Canvas::VERTICAL);
    let sum: i64 = ass
        .lines()
        .last()
        .unwrap()
        .split("\\k")
        .skip(1)
        .map(|tag| tag.trim_start_matches('f').split('}').next().unwrap().parse::<i64>().unwrap())
        .sum();
    assert_eq!(sum, 92);
}

#[test]
fn an_unknown_style_is_tiktok() {
    assert_eq!(CaptionStyle::named("nobody knows"), CaptionStyle::tiktok());
    assert_eq!(CaptionStyle::named("Minimal").name, "minimal");
}

/// Words of Latin, Cyrillic, Greek, Arabic, Hebrew, Thai with and without its joints, Chinese and Japanese, Devanagari, emoji,
/// and whatever else there is.
const WORDS: &str = "[a-z]{1,9}[.,!?]?|[а-я]{1,9}|[α-ω]{1,9}|[ء-ي]{1,9}[؟،]?|[א-ת]{1,9}|[ก-๛]{1,20}|([ก-ฮ]{1,6}\u{200B}){1,4}|\
    [一-龯ぁ-ゖァ-ヺ]{1,30}[。、」]?|([一-龯]{1,12}\u{200B}){1,4}|[अ-हा-्]{1,9}।?|[\u{1F300}-\u{1F64F}\u{200D}\u{FE0F}]{1,4}|\\PC{0,12}";

proptest! {
    #[test]
    fn cues_of_any_words_can_be_shown(
        input in prop::collection::vec(("\\PC{0,12}|[a-z]{1,9}[.,!]?|[一-龯]{1,30}", -2000_i64..20_000, -2000_i64..20_000), 0..60),
    ) {
        let mut words: Vec<TimedWord> = input.iter().map(|(text, start, end)| word(text, *start, *end)).collect();
        words.sort_by_key(|word| word.start);
        let cues = group(&words);
        let captions = Captions { style: CaptionStyle::tiktok(), cues };
        prop_assert!(captions.check(MediaTime(i64::MAX)).is_ok());
        for cue in &captions.cues {
            prop_assert!(cue.words.len() <= 4);
            prop_assert!(cue.words.len() == 1 || width(&joined(&cue.words)) <= 22);
        }
        let bare = |text: &str| text.chars().filter(|c| !c.is_control() && !c.is_whitespace() && *c != JOINT).collect::<String>();
        let before: String = words.iter().map(|word| bare(&word.text)).collect();
        let after: String = captions.cues.iter().flat_map(|cue| &cue.words).map(|word| bare(&word.text)).collect();
        prop_assert_eq!(before, after);
    }

    #[test]
    fn captions_of_every_script_have_a_length_and_stay_inside_in_order(
        lines in prop::collection::vec(prop::collection::vec((WORDS, -300_i64..900, -300_i64..900), 0..12), 0..5),
        length in 1_i64..6000,
    ) {
        let mut at = 0;
        let mut timed = |(text, gap, long): &(String, i64, i64)| {
            let start = at + gap;
            at = (start + long).max(0);
            word(text, start, start + long)
        };
        let lines: Vec<Vec<TimedWord>> = lines.iter().map(|line| line.iter().map(&mut timed).collect()).collect();
        let end = MediaTime::from_millis(length);
        let cues = within_lines(&lines, end);
        for cue in &cues {
            prop_assert!(cue.start < cue.end && cue.end <= end && !cue.words.is_empty(), "{cue:?}");
            prop_assert!(cue.words.iter().all(|word| word.start < word.end && word.end <= end), "{cue:?}");
            prop_assert!(cue.words.windows(2).all(|pair| pair[0].end <= pair[1].start), "{cue:?}");
        }
        prop_assert!(cues.windows(2).all(|pair| pair[0].end <= pair[1].start), "{cues:?}");
        let captions = Captions { style: CaptionStyle::tiktok(), cues };
        prop_assert!(captions.check(end).is_ok());
    }

    #[test]
    fn every_frame_of_any_timeline_shows_something(
        lengths in prop::collection::vec(34_i64..3000, 1..6),
        share in 0.0_f64..=1.0,
        kind in 0_usize..TransitionKind::ALL.len(),
        rate in 1_u32..=60,
    ) {
        let mut timeline = timeline();
        timeline.captions.cues.clear();
        timeline.canvas.frames_per_second = rate;
        timeline.scenes = (0..).zip(&lengths).map(|(id, millis)| scene(id, *millis, CUT)).collect();
        for scene in &mut timeline.scenes {
            scene.layers.truncate(1);
        }
        for index in 1..lengths.len() {
            let most = lengths[index].min(lengths[index - 1]) as f64 * share;
            let kind = TransitionKind::ALL[kind];
            if kind != TransitionKind::Cut && most >= 1.0 {
                timeline.scenes[index].transition = over(kind, most as i64);
            }
        }
        if timeline.check().is_ok() {
            for number in 0..timeline.frames() {
                let plan = timeline.frame(number);
                prop_assert!((1..=2).contains(&plan.scenes.len()));
                for scene in &plan.scenes {
                    prop_assert!(scene.opacity > 0.0 && scene.opacity <= 1.0);
                    prop_assert!(scene.layers.iter().all(|layer| layer.view.zoom.is_finite()));
                }
            }
        }
    }
}
