//! A stop, at whatever moment, leaves no file and no child.

use super::*;
use orion_core::{Cancellation, ErrorKind, Operation, ProgressUpdate};
use std::sync::Mutex;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_at_any_frame_leaves_no_file_and_no_child() {
    let Some(bench) = Bench::new() else { return };
    let mut timeline = bench.timeline().await;
    timeline.scenes[2].duration = MediaTime::from_seconds(600.0);
    let before = bench.stored().await;
    // The very first, and any others of the first half minute.
    let mut at = 7_u64;
    let frames = (0..8).map(|number| {
        at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if number == 0 { 1 } else { (at >> 33) % 900 }
    });
    for wanted in frames {
        let stop = Cancellation::new();
        let (begun, stopper) = (Arc::new(Mutex::new(0)), stop.clone());
        let seen = begun.clone();
        let progress = move |update: ProgressUpdate| {
            *seen.lock().unwrap() = update.done;
            if update.done >= wanted {
                stopper.cancel();
            }
        };
        let operation = Operation::new(stop, Arc::new(progress));
        let error = bench.renderer().render(&timeline, &settings(), &operation).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled, "at {wanted}: {error:?}");
        assert!((wanted..timeline.frames()).contains(&*begun.lock().unwrap()));
        assert_eq!((bench.left_over(), children_in(bench.work.path())), (0, 0), "at {wanted}");
    }
    assert_eq!(bench.stored().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_at_any_moment_leaves_nothing_half() {
    let Some(bench) = Bench::new() else { return };
    let timeline = bench.timeline().await;
    let mut stopped = 0;
    // Spread over the whole: sound, the first frame, the last, and the look at what was made.
    for pause in (0..24).map(|step| Duration::from_millis(step * step * 4)) {
        let stop = Cancellation::new();
        let (renderer, settings) = (bench.renderer(), settings());
        let operation = Operation::new(stop.clone(), Arc::new(|_: ProgressUpdate| {}));
        let render = renderer.render(&timeline, &settings, &operation);
        let stopper = async {
            tokio::time::sleep(pause).await;
            stop.cancel();
        };
        match tokio::join!(render, stopper).0 {
            Ok(rendered) => assert_eq!(rendered.frames, 90),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Cancelled, "after {pause:?}: {error:?}");
                stopped += 1;
            }
        }
        assert_eq!((bench.left_over(), children_in(bench.work.path())), (0, 0), "after {pause:?}");
    }
    assert!(stopped > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_render_ends_too() {
    let Some(bench) = Bench::new() else { return };
    let mut timeline = bench.timeline().await;
    timeline.scenes[2].duration = MediaTime::from_seconds(600.0);
    let (sender, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let operation = Operation::new(
        Cancellation::new(),
        Arc::new(move |_: ProgressUpdate| {
            let _ = sender.send(());
        }),
    );
    let (renderer, settings) = (bench.renderer(), settings());
    tokio::select! {
        _ = renderer.render(&timeline, &settings, &operation) => panic!("ten minutes cannot be done yet"),
        _ = begun.recv() => {}
    }
    for _ in 0..500 {
        if bench.left_over() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((bench.left_over(), children_in(bench.work.path())), (0, 0));
}
