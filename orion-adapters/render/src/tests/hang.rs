//! A stop while a tool hangs, in every part of the work: the work ends as stopped, and the tool with it.

use super::*;
use crate::{Burn, Transcoder, burn};
use orion_core::{Cancellation, ErrorKind, Operation, ProgressUpdate};
use std::collections::BTreeSet;
use std::time::Duration;

/// ffmpeg and ffprobe that hang, once what they are told to do has all these words in it. Which process hangs is written
/// into a file.
struct Hanging {
    folder: TempDir,
}

impl Hanging {
    fn at(bench: &Bench, words: &[&str]) -> (Self, Tools) {
        let folder = tempfile::tempdir().unwrap();
        let tests: Vec<String> = words.iter().map(|word| format!("[[ \" $* \" = *\" {word} \"* ]]")).collect();
        let pid = folder.path().join("pid");
        for (name, real) in [("ffmpeg", bench.tools.ffmpeg().unwrap()), ("ffprobe", bench.tools.ffprobe().unwrap())] {
            let script = format!(
                "if {}; then echo $$ >{}.part; mv {}.part {}; exec sleep 600; fi\nexec {} \"$@\"\n",
                tests.join(" && "),
                pid.display(),
                pid.display(),
                pid.display(),
                real.display()
            );
            stand_in(&folder.path().join(name), &script);
        }
        let tools = Tools::at(folder.path().join("ffmpeg"));
        (Self { folder }, tools)
    }

    /// The process that hangs, as soon as it does.
    async fn begun(&self) -> String {
        loop {
            if let Ok(pid) = std::fs::read_to_string(self.folder.path().join("pid")) {
                return pid.trim().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Stops some work as soon as its tool hangs: it must end as stopped, and the tool with it.
async fn stopped<T: std::fmt::Debug>(
    bench: &Bench,
    (what, hanging): (&str, &Hanging),
    work: impl AsyncFnOnce(Operation) -> orion_core::Result<T>,
) {
    let stop = Cancellation::new();
    let operation = Operation::new(stop.clone(), Arc::new(|_: ProgressUpdate| {}));
    let stopper = async {
        let pid = hanging.begun().await;
        assert!(Path::new("/proc").join(&pid).exists(), "{what}: it hangs");
        stop.cancel();
        pid
    };
    // A tool that is not ended would sleep for ten minutes.
    let both = async { tokio::join!(work(operation), stopper) };
    let ended = tokio::time::timeout(Duration::from_secs(120), both).await;
    if ended.is_err() {
        let _ = std::process::Command::new("kill").args(["-9", &hanging.begun().await]).status();
    }
    assert!(ended.is_ok(), "{what} does not end");
    let (outcome, pid) = ended.unwrap();
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled, "{what}");
    assert!(!Path::new("/proc").join(&pid).exists(), "{what}: the tool is gone");
    assert_eq!((bench.left_over(), children_in(bench.work.path())), (0, 0), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_in_every_part_of_the_work_ends_the_tool_that_does_it() {
    let Some(bench) = Bench::new() else { return };
    let mut timeline = bench.timeline().await;
    let good = bench.renderer().render(&timeline, &settings(), &Operation::detached()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("video.mp4");
    bench.blobs.export(good.video.sha256, &file).await.unwrap();
    // One of its pictures is a clip.
    timeline.scenes[1].layers[0].picture = good.video.clone();
    let before = bench.stored().await;
    for (what, words) in [
        ("playing a clip", &["-an", "-sn", "rawvideo"][..]),
        ("encoding", &["pipe:0"]),
        ("asking what the file is", &["-count_packets"]),
        ("comparing its key frames", &["nokey"]),
        ("listening to it", &["f32le"]),
    ] {
        let (hanging, tools) = Hanging::at(&bench, words);
        let renderer = FfmpegRenderer::new(tools, bench.blobs.clone(), FontKit::shared().clone(), bench.work.path());
        let render = async |operation: Operation| renderer.render(&timeline, &settings(), &operation).await;
        stopped(&bench, (what, &hanging), render).await;
    }
    let repairs: BTreeSet<Repair> = [Repair::Index, Repair::Loudness].into();
    for (what, words) in [("decoding sound anew", &["f32le"][..]), ("copying the picture", &["-map_chapters", "copy"])]
    {
        let (hanging, tools) = Hanging::at(&bench, words);
        let renderer = FfmpegRenderer::new(tools, bench.blobs.clone(), FontKit::shared().clone(), bench.work.path());
        stopped(&bench, (what, &hanging), async |operation: Operation| {
            renderer.repair(&good, &repairs, &operation).await
        })
        .await;
    }
    for (what, words) in [("decoding somebody's video", &["yuv4mpegpipe", "pipe:1"][..]), ("encoding it", &["pipe:0"])]
    {
        let (hanging, tools) = Hanging::at(&bench, words);
        let job = Burn { captions: timeline.captions.clone(), encoder: Encoder::Draft, loudness: None };
        let (fonts, work) = (FontKit::shared(), bench.work.path());
        let laid = async |operation: Operation| {
            burn(&tools, (&file, &good.info), job.clone(), fonts, work, &operation).await.map(drop)
        };
        stopped(&bench, (what, &hanging), laid).await;
    }
    let (hanging, tools) = Hanging::at(&bench, &["pcm_s16le"]);
    let transcoder = Transcoder::new(tools, bench.work.path());
    stopped(&bench, ("reading a sound", &hanging), async |operation: Operation| {
        transcoder.read(&file, 2, 600, &operation).await
    })
    .await;
    assert_eq!(bench.stored().await, before, "nothing was kept");
}
