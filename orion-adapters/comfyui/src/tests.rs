//! Against a faithful server: the suites of the ports, what is sent, and bad days.

use crate::{ComfyClips, ComfyImages, ComfyOptions, Input, Workflow};
use orion_core::domain::Card;
use orion_core::memory::MemoryBlobs;
use orion_core::port::{BlobStore, ClipModel, ClipRequest, GeneratedImage, ImageModel, ImageRequest, Submission};
use orion_core::testing::generate::{Moving, STILL, still};
use orion_core::testing::sample;
use orion_core::{Cancellation, ErrorKind, Operation, RecordedProgress, Result, Retry};
use orion_faithful::comfyui::{Comfy, Manner};
use orion_faithful::{Reply, Server, bad_days};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

fn options(server: &Comfy) -> ComfyOptions {
    ComfyOptions { poll: Duration::from_millis(50), ..ComfyOptions::at(&server.url()).unwrap() }
}

fn model(server: &Comfy) -> ComfyImages {
    ComfyImages::new(options(server)).unwrap()
}

fn in_manner(change: impl FnOnce(&mut Manner)) -> Comfy {
    let mut manner = Manner::default();
    change(&mut manner);
    Comfy::in_manner(manner)
}

async fn make() -> (Arc<dyn ImageModel>, Comfy) {
    let server = Comfy::start();
    (Arc::new(model(&server)), server)
}

mod new_server {
    use super::make;
    orion_core::image_conformance!(make);
}

mod old_server {
    use super::*;

    async fn make() -> (Arc<dyn ImageModel>, Comfy) {
        // Long enough that what is stopped is still at work: such a server stops whatever is.
        let server = in_manner(|manner| {
            manner.old = true;
            manner.work = Duration::from_millis(100);
        });
        (Arc::new(model(&server)), server)
    }

    orion_core::image_conformance!(make);
}

fn request() -> ImageRequest {
    ImageRequest {
        prompt: "a \"city\" at dawn, ünïcode".to_owned(),
        negative_prompt: "text".to_owned(),
        card: Card::Quote { quote: "words".to_owned(), attribution: String::new() },
        look: sample::look(),
        picture: None,
        width: 1080,
        height: 1920,
        seed: 0x1_0000_0007,
        scene_number: 1,
    }
}

async fn submit(model: &ComfyImages) -> Result<String> {
    match model.submit(&request(), &Operation::detached()).await? {
        Submission::Pending(handle) => Ok(handle),
        Submission::Done(_) => panic!("nothing is done at once"),
    }
}

async fn draw(server: &Comfy) -> Result<GeneratedImage> {
    let model = model(server);
    model.wait(&submit(&model).await?, &Operation::detached()).await
}

#[tokio::test]
async fn the_graph_is_the_workflow_with_its_values_and_the_socket_is_open_before() {
    let server = Comfy::start();
    let image = draw(&server).await.unwrap();
    let layer = &image.layers[0];
    assert_eq!((layer.width, layer.height, layer.moves, image.layers.len()), (768, 1368, true, 1));
    assert_eq!(image.usage.cost, orion_core::domain::Money::ZERO);
    assert_eq!(server.heard(), [true]);
    let graph = &server.graphs()[0];
    assert_eq!(graph["1"]["inputs"]["ckpt_name"], "sd_xl_base_1.0.safetensors");
    assert_eq!(graph["2"]["inputs"]["text"], "a \"city\" at dawn, ünïcode");
    assert_eq!(graph["3"]["inputs"]["text"], "text");
    assert_eq!(graph["4"]["inputs"], json!({"width": 768, "height": 1368, "batch_size": 1}));
    let sampler = &graph["5"]["inputs"];
    let told =
        json!([sampler["seed"], sampler["steps"], sampler["cfg"], sampler["sampler_name"], sampler["scheduler"]]);
    assert_eq!(told, json!([7, 20, 7.0, "euler", "normal"]));
    assert_eq!(model(&server).provider().to_string(), "comfyui/sd_xl_base_1.0");
}

#[tokio::test]
async fn progress_is_told() {
    let server = in_manner(|manner| manner.work = Duration::from_millis(200));
    let progress = Arc::new(RecordedProgress::default());
    let model = model(&server);
    let handle = submit(&model).await.unwrap();
    model.wait(&handle, &Operation::new(Cancellation::new(), progress.clone())).await.unwrap();
    let told: Vec<String> = progress.updates().into_iter().map(|update| update.message).collect();
    assert!(told.contains(&"ComfyUI: step 3 of 4".to_owned()), "{told:?}");
}

#[tokio::test]
async fn any_process_waits_for_a_handle() {
    let server = in_manner(|manner| manner.work = Duration::from_millis(150));
    let handle = submit(&model(&server)).await.unwrap();
    // Another client, with none of the first one's sockets.
    let image = model(&server).wait(&handle, &Operation::detached()).await.unwrap();
    assert_eq!((image.layers[0].width, server.prompts().len()), (768, 1));
}

#[tokio::test]
async fn sockets_that_fail_cost_only_time() {
    for change in [
        (|manner: &mut Manner| manner.silent_socket = true) as fn(&mut Manner),
        |manner| manner.closes_socket = true,
        |manner| manner.no_socket = true,
    ] {
        let server = in_manner(|manner| {
            manner.work = Duration::from_millis(100);
            change(manner);
        });
        assert_eq!(draw(&server).await.unwrap().layers.len(), 1);
        assert_eq!(server.prompts().len(), 1);
    }
}

#[tokio::test]
async fn what_is_forgotten_is_unknown_and_never_waited_for() {
    let server = in_manner(|manner| manner.history = Some(1));
    let model = model(&server);
    let operation = Operation::detached();
    let first = submit(&model).await.unwrap();
    model.wait(&first, &operation).await.unwrap();
    let second = submit(&model).await.unwrap();
    model.wait(&second, &operation).await.unwrap();
    assert_eq!(model.wait(&first, &operation).await.unwrap_err().kind(), ErrorKind::NotFound);
    server.change(|manner| manner.never_ends = true);
    let third = submit(&model).await.unwrap();
    server.restart();
    server.change(|_| {});
    let error = model.wait(&third, &operation).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict), "{error:?}");
}

#[tokio::test]
async fn a_prompt_whose_answer_was_lost_is_not_sent_again() {
    let server = in_manner(|manner| manner.loses_answer = true);
    assert_eq!(draw(&server).await.unwrap().layers.len(), 1);
    assert_eq!(server.prompts().len(), 1);
}

#[tokio::test]
async fn missing_nodes_and_models_are_named() {
    for old in [false, true] {
        let server = in_manner(|manner| {
            manner.old = old;
            manner.lacks_nodes = vec!["EmptyLatentImage".to_owned()];
        });
        let error = draw(&server).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Never));
        assert!(
            error.to_string().contains("EmptyLatentImage") && error.hint().unwrap().contains("custom node"),
            "{error:?}"
        );
    }
    let server = in_manner(|manner| manner.lacks_models = true);
    let error = draw(&server).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Never));
    let told = error.to_string();
    assert!(told.contains("sd_xl_base_1.0.safetensors (ckpt_name of CheckpointLoaderSimple)"), "{told}");
    assert!(error.hint().unwrap().contains("comfyui.checkpoint"));
    // Another file that is there.
    let server = Comfy::start();
    let options = ComfyOptions { checkpoint: Some("other.safetensors".to_owned()), ..options(&server) };
    let model = ComfyImages::new(options).unwrap();
    submit(&model).await.unwrap();
    assert_eq!(server.graphs()[0]["1"]["inputs"]["ckpt_name"], "other.safetensors");
    assert_eq!(model.provider().model, "other");
}

#[tokio::test]
async fn failures_name_their_node() {
    let server = in_manner(|manner| manner.fails = Some("mat1 and mat2 shapes\n cannot be multiplied".to_owned()));
    let error = draw(&server).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected);
    let told = error.to_string();
    assert!(
        told.contains("class: KSampler") && told.contains("node: 5") && told.contains("mat1 and mat2 shapes cannot"),
        "{told}"
    );
    let server = in_manner(|manner| manner.fails = Some("CUDA out of memory".to_owned()));
    assert_eq!(draw(&server).await.unwrap_err().kind(), ErrorKind::Exhausted);
}

#[tokio::test]
async fn pictures_that_are_none_are_never_results() {
    let check = async |change: fn(&mut Manner), kind: ErrorKind| {
        let error = draw(&in_manner(change)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
    };
    check(|manner| manner.truncates = true, ErrorKind::Corrupt).await;
    check(|manner| manner.serves_pages = true, ErrorKind::Corrupt).await;
    check(|manner| manner.wrong_shape = true, ErrorKind::Unexpected).await;
}

#[tokio::test]
async fn a_busy_server_says_how_long_to_wait() {
    let server = in_manner(|manner| manner.busy = 100);
    let error = draw(&server).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::RateLimited, Retry::Later(Some(Duration::from_secs(1)))));
    assert!(server.prompts().is_empty());
}

#[tokio::test]
async fn work_that_never_ends_is_given_up_and_can_be_waited_for_again() {
    let server = in_manner(|manner| manner.never_ends = true);
    let options = ComfyOptions { deadline: Duration::from_millis(200), ..options(&server) };
    let model = ComfyImages::new(options).unwrap();
    let handle = submit(&model).await.unwrap();
    let error = model.wait(&handle, &Operation::detached()).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Timeout, Retry::Exhausted));
    assert_eq!(server.interrupts(), 0, "it goes on");
    model.cancel(&handle).await.unwrap();
    assert_eq!(server.interrupts(), 1);
}

#[tokio::test]
async fn a_stop_is_heard_at_once() {
    let server = in_manner(|manner| manner.never_ends = true);
    let model = model(&server);
    let handle = submit(&model).await.unwrap();
    let operation = Operation::detached();
    let cancellation = operation.cancellation.clone();
    let task = tokio::spawn(async move { model.wait(&handle, &operation).await.map(drop) });
    while server.running().is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    cancellation.cancel();
    assert_eq!(task.await.unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
}

/// The work of another client stands between ours.
#[tokio::test]
async fn only_what_is_ours_is_stopped() {
    for old in [false, true] {
        let server = in_manner(|manner| {
            manner.old = old;
            manner.never_ends = true;
        });
        let (ours, theirs) = (model(&server), model(&server));
        let running = submit(&theirs).await.unwrap();
        while server.running().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let waiting = submit(&ours).await.unwrap();
        ours.cancel(&waiting).await.unwrap();
        assert!(server.pending().is_empty());
        assert_eq!(server.interrupts(), 0, "work of others goes on");
        assert!(running.starts_with(&server.running().unwrap()));
        for harmless in ["no-such-handle", &waiting, "../../x@1x1"] {
            ours.cancel(harmless).await.unwrap();
        }
        assert_eq!(server.interrupts(), 0);
    }
}

#[tokio::test]
async fn a_workflow_of_ones_own_is_sent_instead() {
    let server = Comfy::start();
    let file = include_str!("../workflows/txt2img.json")
        .replace("orion: ckpt_name=checkpoint", "Load Checkpoint")
        .replace("sd_xl_base_1.0", "other")
        .replace("orion: seed, steps, cfg", "orion: seed");
    let workflow = Workflow::parse(&file).unwrap();
    assert!(!workflow.takes(Input::Steps));
    let model = ComfyImages::new(ComfyOptions { workflow: Some(workflow), ..options(&server) }).unwrap();
    model.wait(&submit(&model).await.unwrap(), &Operation::detached()).await.unwrap();
    assert_eq!(model.provider().model, "workflow");
    let graph: Value = server.graphs().remove(0);
    assert_eq!(graph["1"]["inputs"]["ckpt_name"], "other.safetensors");
    let without_prompt = Workflow::parse(&file.replace("orion: text=prompt", "Prompt")).unwrap();
    let error = ComfyImages::new(ComfyOptions { workflow: Some(without_prompt), ..options(&server) }).unwrap_err();
    assert!(error.to_string().contains("missing: prompt"), "{error:?}");
}

#[tokio::test]
async fn every_bad_day_is_told_as_what_it_is() {
    let server = Comfy::start();
    let front = Server::before(&server.url()).await;
    let model = |deadline| {
        let at = ComfyOptions::at(&front.url()).unwrap();
        ComfyImages::new(ComfyOptions { deadline, poll: Duration::from_millis(50), ..at }).unwrap()
    };
    let (patient, hasty) = (model(Duration::from_secs(60)), model(Duration::from_millis(300)));
    let handle = submit(&patient).await.unwrap();
    let wait = async |model: &ComfyImages| model.wait(&handle, &Operation::detached()).await.map(drop);
    wait(&patient).await.unwrap();
    let ended = |entry: Value| json!({ server.prompts()[0].as_str(): entry });
    let wrong = [ended(json!(7)), ended(json!({"outputs": 7})), ended(json!({"outputs": {"6": {"images": "none"}}}))];
    bad_days(&front, &wrong, async || wait(&patient).await, async || wait(&hasty).await).await;
    // A queue that makes no sense is no proof that the prompt is unknown: it would be drawn again.
    for queue in [json!(7), json!({}), json!({"queue_running": 7, "queue_pending": []})] {
        front.next(Reply::json(200, &json!({})));
        front.next(Reply::json(200, &queue));
        assert_eq!(wait(&patient).await.unwrap_err().kind(), ErrorKind::Corrupt, "{queue}");
    }
    assert_eq!(server.prompts().len(), 1);
}

#[test]
fn addresses_are_checked_at_once() {
    for wrong in ["", "127.0.0.1:8188", "ftp://a", "file:///etc"] {
        assert_eq!(ComfyOptions::at(wrong).unwrap_err().kind(), ErrorKind::Invalid, "{wrong}");
    }
}

mod clips {
    use super::*;

    async fn clips(server: &Comfy) -> ComfyClips {
        let blobs = MemoryBlobs::new();
        blobs.put(STILL.into(), "image/png").await.unwrap();
        ComfyClips::new(options(server), Arc::new(blobs)).unwrap()
    }

    /// Whether the server can make clips: it needs ffmpeg.
    #[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
    fn ffmpeg() -> bool {
        let there = std::process::Command::new("ffmpeg").arg("-version").output().is_ok();
        let required = std::env::var("ORION_REQUIRE").unwrap_or_default();
        assert!(there || !required.split(',').any(|name| name == "ffmpeg"), "ffmpeg is required and not there");
        if !there {
            eprintln!("SKIPPED: needs ffmpeg");
        }
        there
    }

    async fn make() -> Option<(Moving, Arc<Comfy>)> {
        if !ffmpeg() {
            return None;
        }
        let server = Arc::new(Comfy::start());
        let held = server.clone();
        let hold = Arc::new(move |hold| held.change(|manner| manner.never_ends = hold));
        let (model, elsewhere) = (Arc::new(clips(&server).await), Arc::new(clips(&server).await));
        Some((Moving { model, elsewhere, hold }, server))
    }

    orion_core::clip_conformance!(make);

    fn request() -> ClipRequest {
        ClipRequest { picture: still(), prompt: "closer".to_owned(), seconds: 2, width: 1080, height: 1920 }
    }

    #[tokio::test]
    async fn the_still_is_uploaded_and_the_graph_takes_it() {
        let server = Comfy::start();
        clips(&server).await.submit(&request(), &Operation::detached()).await.unwrap();
        let name = format!("orion/{}.png", still().sha256);
        assert_eq!(server.uploads()[&name], STILL);
        let graph = &server.graphs()[0];
        assert_eq!(graph["2"]["inputs"]["image"], name.as_str());
        let told = &graph["3"]["inputs"];
        let told = json!([told["width"], told["height"], told["video_frames"], told["fps"], told["motion_bucket_id"]]);
        assert_eq!(told, json!([576, 1024, 16, 8, 127]));
        assert_eq!(graph["5"]["inputs"]["scheduler"], "karras");
    }

    #[tokio::test]
    async fn too_little_memory_is_said_before_anything_is_sent() {
        let server = in_manner(|manner| manner.memory = 6 << 30);
        let error = clips(&server).await.submit(&request(), &Operation::detached()).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Never));
        assert!(error.to_string().contains("gigabytes: 6.4"), "{error}");
        assert!(server.uploads().is_empty() && server.prompts().is_empty());
    }
}
