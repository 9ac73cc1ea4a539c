//! Against a faithful service: the suites of the ports, what is sent, and bad days.

use crate::{FalClips, FalImages, FalOptions};
use orion_core::domain::{Card, Money, Secret};
use orion_core::memory::MemoryBlobs;
use orion_core::port::{
    BlobStore, ClipModel, ClipRequest, Fetcher, GeneratedImage, ImageModel, ImageRequest, Side, Submission,
};
use orion_core::testing::generate::{Moving, STILL, still};
use orion_core::testing::sample;
use orion_core::{ErrorKind, Operation, Result, Retry};
use orion_faithful::fal::{Fal, Manner};
use orion_faithful::{Reply, Server, bad_days};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

fn options(service: &Fal) -> FalOptions {
    let options = FalOptions::at(&service.url(), Secret::new(Fal::KEY), Money::from_dollars(0.02)).unwrap();
    FalOptions { poll: Duration::from_millis(10), ..options }
}

/// Fetches from this machine too, where the files of the service are.
fn fetcher() -> Arc<dyn Fetcher> {
    let builder = orion_fetch::HttpFetcher::builder().pause(Duration::ZERO);
    Arc::new(builder.allow_private(["127.0.0.1"]).build().unwrap())
}

fn model(service: &Fal) -> FalImages {
    FalImages::new("flux-schnell", options(service), fetcher()).unwrap()
}

fn in_manner(change: impl FnOnce(&mut Manner)) -> Fal {
    let mut manner = Manner { questions: 2, ..Manner::default() };
    change(&mut manner);
    Fal::in_manner(manner)
}

async fn make() -> (Arc<dyn ImageModel>, Fal) {
    let service = in_manner(|_| {});
    (Arc::new(model(&service)), service)
}

orion_core::image_conformance!(make);

fn request() -> ImageRequest {
    ImageRequest {
        prompt: "a city at dawn".to_owned(),
        negative_prompt: "text".to_owned(),
        card: Card::Quote { quote: "words".to_owned(), attribution: String::new() },
        look: sample::look(),
        picture: None,
        width: 1080,
        height: 1920,
        seed: 7,
        scene_number: 1,
    }
}

async fn submit(model: &FalImages) -> Result<String> {
    match model.submit(&request(), &Operation::detached()).await? {
        Submission::Pending(handle) => Ok(handle),
        Submission::Done(_) => panic!("nothing is done at once"),
    }
}

async fn draw(service: &Fal) -> Result<GeneratedImage> {
    let model = model(service);
    model.wait(&submit(&model).await?, &Operation::detached()).await
}

#[tokio::test]
async fn the_request_is_what_the_model_takes_and_success_is_paid_for() {
    let service = in_manner(|_| {});
    let image = draw(&service).await.unwrap();
    assert_eq!((image.layers[0].width, image.layers[0].height), (736, 1312));
    assert_eq!((image.usage.units, image.usage.cost), (1.0, Money::from_dollars(0.02)));
    let taken = service.taken().remove(0);
    assert_eq!(taken.model, "fal-ai/flux/schnell");
    assert_eq!(
        taken.input,
        json!({"prompt": "a city at dawn", "image_size": {"width": 736, "height": 1312}, "num_images": 1, "seed": 7,
            "output_format": "jpeg"})
    );
    assert_eq!(taken.start_timeout.as_deref(), Some("300"));
    let provider = model(&service).provider().clone();
    assert_eq!((provider.to_string().as_str(), provider.side), ("fal_ai/flux-schnell", Side::Cloud));
}

#[tokio::test]
async fn any_process_waits_for_a_handle() {
    let service = in_manner(|_| {});
    let handle = submit(&model(&service)).await.unwrap();
    assert!(handle.starts_with("fal-ai/flux/requests/") && handle.ends_with("@736x1312"), "{handle}");
    model(&service).wait(&handle, &Operation::detached()).await.unwrap();
    assert_eq!(service.taken().len(), 1);
}

#[tokio::test]
async fn a_request_whose_answer_was_lost_is_not_sent_again() {
    for change in [(|manner: &mut Manner| manner.loses_answer = true) as fn(&mut Manner), |manner| manner.broken = 1] {
        let service = in_manner(change);
        let error = draw(&service).await.unwrap_err();
        assert_eq!(error.retry(), Retry::Never, "{error:?}");
        assert!(error.hint().unwrap().contains("may have been taken"));
    }
    // What cannot have arrived can be sent again.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = FalOptions::at(&format!("http://{free}"), Secret::new("key"), Money::ZERO).unwrap();
    let error = submit(&FalImages::new("flux-schnell", options, fetcher()).unwrap()).await.unwrap_err();
    assert!(error.is_temporary() && error.kind() == ErrorKind::Unavailable, "{error:?}");
}

#[tokio::test]
async fn refusals_keep_their_meaning_and_cost_nothing() {
    let policy = json!({"detail": [{"loc": ["body", "prompt"], "msg": "flagged", "type": "content_policy_violation"}]});
    let late = json!({"detail": "Request timed out", "error_type": "request_timeout"});
    let check = async |change: &dyn Fn(&mut Manner), kind: ErrorKind, retry: Retry, words: &str| {
        let error = draw(&in_manner(change)).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (kind, retry), "{error:?}");
        assert!(format!("{error:?}").contains(words), "{error:?}");
        assert!(!format!("{error:?}").contains("key-secret"));
    };
    let second = Retry::Later(Some(Duration::from_secs(1)));
    check(&|manner| manner.busy = 1, ErrorKind::RateLimited, second, "slow down").await;
    check(&|manner| manner.poor = true, ErrorKind::Exhausted, Retry::Never, "billing").await;
    check(&|manner| manner.fails = Some((422, policy.clone())), ErrorKind::Forbidden, Retry::Never, "flagged").await;
    check(&|manner| manner.fails = Some((504, late.clone())), ErrorKind::Timeout, Retry::Never, "request_timeout")
        .await;
    check(&|manner| manner.fails = Some((500, json!({}))), ErrorKind::Unavailable, Retry::Never, "failed at Fal").await;
    check(&|manner| manner.filtered = true, ErrorKind::Forbidden, Retry::Never, "blackened").await;
    check(&|manner| manner.truncates = true, ErrorKind::Corrupt, Retry::Never, "").await;
    check(&|manner| manner.serves_pages = true, ErrorKind::Corrupt, Retry::Never, "").await;
    let service = in_manner(|_| {});
    let wrong = FalOptions { key: Secret::new("wrong-key"), ..options(&service) };
    let error = submit(&FalImages::new("flux-schnell", wrong, fetcher()).unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    let unknown = FalImages::new("fal-ai/no-such", options(&service), fetcher()).unwrap();
    assert_eq!(submit(&unknown).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_request_is_asked_about_at_the_service_and_nowhere_else() {
    let elsewhere = Fal::start();
    for place in [
        format!("{}/fal-ai/flux/requests/00000000-0000-4000-8000-000000000000", elsewhere.url()),
        "http://169.254.169.254/latest/requests/00000000-0000-4000-8000-000000000000".to_owned(),
        "not an address".to_owned(),
        String::new(),
    ] {
        let service = in_manner(|manner| manner.request_at = Some(place.clone()));
        assert_eq!(draw(&service).await.unwrap_err().kind(), ErrorKind::Corrupt, "{place}");
    }
    for handle in ["http://a/requests/b@1x1", "../../x/requests/b@1x1", "a/b/requests/../c@1x1", "a/b/requests/c"] {
        let service = in_manner(|_| {});
        let error = model(&service).wait(handle, &Operation::detached()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{handle}");
    }
}

#[tokio::test]
async fn files_are_fetched_from_public_addresses_only() {
    let guarded: Arc<dyn Fetcher> = Arc::new(orion_fetch::HttpFetcher::builder().build().unwrap());
    for place in
        ["http://169.254.169.254/latest/meta-data", "http://127.0.0.1:1/x.jpg", "file:///etc/passwd", "http://[::1]/"]
    {
        let service = in_manner(|manner| manner.file_at = Some(place.to_owned()));
        let model = FalImages::new("flux-schnell", options(&service), guarded.clone()).unwrap();
        let handle = submit(&model).await.unwrap();
        let error = model.wait(&handle, &Operation::detached()).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::Corrupt), "{place}: {error:?}");
    }
    let service = in_manner(|manner| manner.file_at = Some("http://127.0.0.1:1/gone.jpg".to_owned()));
    let error = draw(&service).await.unwrap_err();
    assert_ne!(error.kind(), ErrorKind::NotFound, "a file that is gone is not drawn again");
}

#[tokio::test]
async fn work_that_never_ends_is_given_up_and_can_be_waited_for_again() {
    let service = in_manner(|manner| manner.never_ends = true);
    let options = FalOptions { deadline: Duration::from_millis(150), ..options(&service) };
    let model = FalImages::new("flux-schnell", options, fetcher()).unwrap();
    let handle = submit(&model).await.unwrap();
    let error = model.wait(&handle, &Operation::detached()).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Timeout, Retry::Exhausted));
    service.change(|manner| manner.never_ends = false);
    self::model(&service).wait(&handle, &Operation::detached()).await.unwrap();
    assert_eq!(service.taken().len(), 1);
}

#[tokio::test]
async fn a_stop_is_heard_at_once_and_told_to_the_service() {
    let service = in_manner(|manner| manner.never_ends = true);
    let model = Arc::new(model(&service));
    let handle = submit(&model).await.unwrap();
    let operation = Operation::detached();
    let task = tokio::spawn({
        let (model, handle, operation) = (model.clone(), handle.clone(), operation.clone());
        async move { model.wait(&handle, &operation).await.map(drop) }
    });
    operation.cancellation.cancel();
    assert_eq!(task.await.unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
    model.cancel(&handle).await.unwrap();
    assert_eq!(service.cancels(), 1);
    let error = model.wait(&handle, &Operation::detached()).await.unwrap_err();
    assert_eq!(error.retry(), Retry::Never, "{error:?}");
}

#[tokio::test]
async fn every_bad_day_is_told_as_what_it_is() {
    let service = in_manner(|_| {});
    let handle = submit(&model(&service)).await.unwrap();
    let front = Server::before(&service.url()).await;
    let model = |deadline| {
        let options = FalOptions::at(&front.url(), Secret::new(Fal::KEY), Money::from_dollars(0.02)).unwrap();
        FalImages::new("flux-schnell", FalOptions { poll: Duration::from_millis(10), deadline, ..options }, fetcher())
            .unwrap()
    };
    let (patient, hasty) = (model(Duration::from_secs(60)), model(Duration::from_millis(300)));
    let wait = async |model: &FalImages| model.wait(&handle, &Operation::detached()).await.map(drop);
    let wrong = [json!({}), json!({"status": 7}), json!({"status": "SOMEHOW"})];
    bad_days(&front, &wrong, async || wait(&patient).await, async || wait(&hasty).await).await;
    // The state is right, and the result is not.
    for result in [json!(7), json!({"images": 7}), json!({"images": [{"url": 7}]}), json!({"images": []})] {
        front.next(Reply::json(200, &json!({"status": "COMPLETED"})));
        front.next(Reply::json(200, &result));
        assert_eq!(wait(&patient).await.unwrap_err().kind(), ErrorKind::Corrupt, "{result}");
    }
    assert_eq!(service.taken().len(), 1, "nothing is asked for twice");
}

#[test]
fn settings_are_checked_at_once_and_the_key_is_hidden() {
    let at = |address: &str, key: &str| FalOptions::at(address, Secret::new(key), Money::ZERO);
    assert_eq!(at("queue.fal.run", "key").unwrap_err().kind(), ErrorKind::Invalid);
    let error = at(FalOptions::QUEUE, " ").unwrap_err();
    assert!(error.hint().unwrap().contains("fal.key"));
    let options = at(FalOptions::QUEUE, "hidden").unwrap();
    for wrong in ["", "flux", "fal-ai/../x", "fal-ai/flux?x", "http://a/b"] {
        let refused = FalImages::new(wrong, options.clone(), fetcher());
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Invalid, "{wrong}");
    }
    let model = FalImages::new("flux-pro", options, fetcher()).unwrap();
    assert!(!format!("{model:?}").contains("hidden"));
}

mod clips {
    use super::*;

    async fn clips(service: &Fal) -> FalClips {
        let blobs = MemoryBlobs::new();
        blobs.put(STILL.into(), "image/png").await.unwrap();
        let options = FalOptions { rate: Money::from_dollars(0.10), ..options(service) };
        FalClips::new("kling", options, fetcher(), Arc::new(blobs)).unwrap()
    }

    /// Whether the service can make clips: it needs ffmpeg.
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

    async fn make() -> Option<(Moving, Arc<Fal>)> {
        if !ffmpeg() {
            return None;
        }
        let service = Arc::new(in_manner(|_| {}));
        let held = service.clone();
        let hold = Arc::new(move |hold| held.change(|manner| manner.never_ends = hold));
        let (model, elsewhere) = (Arc::new(clips(&service).await), Arc::new(clips(&service).await));
        Some((Moving { model, elsewhere, hold }, service))
    }

    orion_core::clip_conformance!(make);

    #[tokio::test]
    async fn the_still_goes_along_and_the_shape_is_one_that_kling_knows() {
        let service = in_manner(|_| {});
        let model = clips(&service).await;
        let request =
            ClipRequest { picture: still(), prompt: "closer".to_owned(), seconds: 7, width: 1080, height: 1920 };
        model.submit(&request, &Operation::detached()).await.unwrap();
        model
            .submit(&ClipRequest { seconds: 2, width: 1080, height: 1080, ..request }, &Operation::detached())
            .await
            .unwrap();
        let taken = service.taken();
        assert_eq!(taken[0].model, "fal-ai/kling-video/v1.5/standard/image-to-video");
        let told = |index: usize| {
            json!([taken[index].input["duration"], taken[index].input["aspect_ratio"], taken[index].input["prompt"]])
        };
        assert_eq!(told(0), json!(["10", "9:16", "closer"]));
        assert_eq!(told(1), json!(["5", "1:1", "closer"]));
    }
}
