//! Hardware encoders, played by a stand-in for ffmpeg that has one.

use super::*;
use crate::{EncodedBy, Hardware};
use orion_core::Operation;
use orion_core::service::editor::{Expectations, validate};

/// An ffmpeg that has a hardware encoder, which is x264 behind it; one that `breaks` passes its test, and no render.
fn with_chip(bench: &Bench, folder: &Path, breaks: bool) -> Tools {
    let script = format!(
        "call=(); for word in \"$@\"; do case $word in h264_nvenc) word=libx264; chip=1;; esac; call+=(\"$word\"); done\n\
         [ -n \"$chip\" ] || exec {ffmpeg} \"$@\"\n\
         if {breaks} && [[ $* != *testsrc2* ]]; then echo 'No capable devices found' >&2; exit 1; fi\n\
         out=(); skip=; for word in \"${{call[@]}}\"; do [ -z \"$skip\" ] || {{ skip=; continue; }}\n\
         case $word in -preset|-tune|-rc|-cq|-b:v|-forced-idr) skip=1;; *) out+=(\"$word\");; esac; done\n\
         exec {ffmpeg} \"${{out[@]}}\"\n",
        ffmpeg = bench.tools.ffmpeg().unwrap().display(),
    );
    let place = folder.join("ffmpeg");
    stand_in(&place, &script);
    Tools::at(place)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chip_encodes_where_it_works_and_x264_where_it_does_not() {
    let Some(bench) = Bench::new() else { return };
    let timeline = bench.timeline().await;
    let render = async |tools: Tools| {
        let work = bench.work.path();
        let renderer = FfmpegRenderer::new(tools, bench.blobs.clone(), FontKit::shared().clone(), work);
        renderer.render(&timeline, &settings(), &Operation::detached()).await.unwrap()
    };
    let expectations = Expectations::default();
    let folder = tempfile::tempdir().unwrap();
    let chip = with_chip(&bench, folder.path(), false);
    let made = render(chip.clone().with_encoder(EncodedBy::Auto)).await;
    assert_eq!(made.encoder, "h264_nvenc quality 23");
    assert!(validate(&made.info, &timeline, &expectations).passed(), "{:#?}", made.info);
    // Nobody who did not ask for it gets it.
    assert!(render(chip).await.encoder.starts_with("libx264 veryfast"));
    // One that is not there, as on most machines; `libx264` is what is left of its command otherwise.
    let nothing = render(bench.tools.clone().with_encoder(EncodedBy::Only(Hardware::Videotoolbox))).await;
    let told = &nothing.encoder;
    assert!(told.starts_with("libx264") && told.contains("h264_videotoolbox: "), "{told}");
    assert!(validate(&nothing.info, &timeline, &expectations).passed());
    // One that passes its test and breaks off later.
    let broken = with_chip(&bench, folder.path(), true).with_encoder(EncodedBy::Only(Hardware::Nvenc));
    let made = render(broken).await;
    let told = &made.encoder;
    assert!(told.starts_with("libx264") && told.contains("h264_nvenc: No capable devices found"), "{told}");
    assert_eq!((made.frames, bench.left_over()), (90, 0));
}
