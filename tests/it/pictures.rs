//! Videos whose pictures are made elsewhere: by ComfyUI and by Fal, on good and on bad days.

use crate::program::{Program, told};
use orion_faithful::comfyui::Comfy;
use orion_faithful::fal::Fal;
use serde_json::Value;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const SCRIPT: &str = "This line is the first.\n\nAnd this one is the second.";

/// A command that makes a short video with pictures of these providers.
fn create(program: &Program, images: &str, more: &[(&str, &str)]) -> Command {
    let quick = ["create", "--silent", "--offline", "--quality", "draft", "--out", "video"];
    let mut command = program.command(quick);
    command.env("ORION_IMAGES", images).envs(more.iter().copied());
    command
}

#[track_caller]
fn report(program: &Program, output: &Output) -> Value {
    assert!(output.status.success(), "{}", told(output));
    serde_json::from_slice(&std::fs::read(program.path("video/run.json")).unwrap()).unwrap()
}

/// The steps that made pictures.
fn drawn(report: &Value) -> Vec<Value> {
    let steps = report["steps"].as_array().unwrap().iter();
    steps.filter(|step| step["key"].as_str().unwrap().starts_with("images/")).cloned().collect()
}

#[test]
fn comfyui_draws_and_is_named() {
    let Some(program) = Program::find() else { return };
    let comfy = Comfy::start();
    let url = comfy.url();
    let output =
        create(&program, "comfyui:, graphics:", &[("ORION_COMFYUI_URL", &url)]).args(["--script", SCRIPT]).output();
    let steps = drawn(&report(&program, &output.unwrap()));
    assert!(!steps.is_empty() && steps.len() == comfy.prompts().len());
    for step in &steps {
        assert_eq!(step["served_by"]["name"], "comfyui");
        assert_eq!(step["served_by"]["model"], "sd_xl_base_1.0");
        assert!(step["after"].as_array().is_none_or(Vec::is_empty));
    }
    assert!(comfy.heard().iter().all(|heard| *heard), "a socket was open before each prompt");
}

#[test]
fn the_graphics_draw_when_comfyui_cannot_and_both_are_named() {
    let Some(program) = Program::find() else { return };
    let comfy = Comfy::start();
    comfy.change(|manner| manner.lacks_models = true);
    let url = comfy.url();
    let output =
        create(&program, "comfyui:, graphics:", &[("ORION_COMFYUI_URL", &url)]).args(["--script", SCRIPT]).output();
    let steps = drawn(&report(&program, &output.unwrap()));
    for step in &steps {
        assert_eq!(step["served_by"]["name"], "scene-graphics");
        assert_eq!(step["after"][0]["provider"]["name"], "comfyui");
        assert!(step["after"][0]["error"].as_str().unwrap().contains("sd_xl_base_1.0.safetensors"), "{step}");
    }
    assert!(!steps.is_empty() && comfy.prompts().is_empty());
}

#[test]
fn a_prompt_that_outlives_a_killed_program_is_waited_for_and_not_queued_again() {
    let Some(program) = Program::find() else { return };
    let comfy = Comfy::start();
    comfy.change(|manner| manner.work = Duration::from_millis(1500));
    let url = comfy.url();
    let settings = [("ORION_COMFYUI_URL", url.as_str())];
    let mut child = create(&program, "comfyui:", &settings)
        .args(["--script", SCRIPT])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while comfy.prompts().len() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is queued");
        std::thread::sleep(Duration::from_millis(20));
    }
    // The handles are written down within moments.
    std::thread::sleep(Duration::from_millis(500));
    let before = comfy.prompts();
    child.kill().unwrap();
    child.wait().unwrap();
    comfy.change(|manner| manner.work = Duration::from_millis(100));
    let output = create(&program, "comfyui:", &settings).arg("--resume").output().unwrap();
    let steps = drawn(&report(&program, &output));
    let after = comfy.prompts();
    assert_eq!(after[..before.len()], before[..]);
    assert_eq!(after.len(), steps.len(), "each scene was queued once");
    assert!(steps.iter().all(|step| step["attempts"] == 1), "{steps:?}");
}

#[test]
fn fal_draws_and_what_it_costs_is_told() {
    let Some(program) = Program::find() else { return };
    let fal = Fal::start();
    let url = fal.url();
    let settings = [
        ("ORION_FAL_URL", url.as_str()),
        ("ORION_FAL_KEY", Fal::KEY),
        ("ORION_POLICY", "prefer-cloud"),
        ("ORION_FETCH_ALLOW_PRIVATE", "127.0.0.1"),
    ];
    let output = create(&program, "fal:flux-schnell, graphics:", &settings).args(["--script", SCRIPT]).output();
    let steps = drawn(&report(&program, &output.unwrap()));
    assert!(!steps.is_empty() && steps.len() == fal.taken().len());
    for step in &steps {
        assert_eq!(step["served_by"]["side"], "CLOUD");
        assert_eq!(step["served_by"]["name"], "fal_ai");
    }
    let shown = std::fs::read_to_string(program.path("video/run.json")).unwrap();
    assert!(!shown.contains("key-secret"));
}

#[test]
fn clips_of_comfyui_are_part_of_the_video() {
    let Some(program) = Program::find() else { return };
    let comfy = Comfy::start();
    let url = comfy.url();
    let settings = [("ORION_COMFYUI_URL", url.as_str()), ("ORION_CLIPS", "comfyui:")];
    let output = create(&program, "comfyui:", &settings).args(["--script", SCRIPT]).output();
    let report = report(&program, &output.unwrap());
    let steps = report["steps"].as_array().unwrap();
    let clips: Vec<&Value> = steps.iter().filter(|step| step["key"].as_str().unwrap().starts_with("clips/")).collect();
    assert_eq!(clips.len(), drawn(&report).len());
    for step in clips {
        assert_eq!(step["served_by"]["model"], "svd_xt_1_1");
        assert_eq!(step["attempts"], 1);
    }
    assert_eq!(comfy.uploads().len(), drawn(&report).len(), "each still was uploaded once");
    assert_eq!(report["video"]["width"], 1080);
}
