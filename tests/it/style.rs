//! Templates and brands from outside: listed, previewed, used, and refused with the line of what is wrong.

use crate::program::{Program, root, told};
use serde_json::Value;
use std::fs;

fn sample(name: &str) -> String {
    root().join("samples").join(name).canonicalize().unwrap().display().to_string()
}

#[test]
fn a_video_has_the_template_and_the_brand_that_were_asked_for() {
    let Some(program) = Program::find() else { return };
    let (template, brand) = (sample("template.toml"), sample("brand/brand.toml"));
    let script = "The toll rises from £2 to £5.\n\nIt cost 12 million euros.\n\nFollow for more.";
    let arguments = [
        "create",
        "--silent",
        "--offline",
        "--quality",
        "draft",
        "--out",
        "video",
        "--script",
        script,
        "--template",
        &template,
        "--brand",
        &brand,
    ];
    let output = program.command(arguments).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let folder = program.path("video");
    let report: Value = serde_json::from_slice(&fs::read(folder.join("run.json")).unwrap()).unwrap();
    assert_eq!(report["request"]["template"]["name"], "Evening");
    assert_eq!(report["request"]["brand"]["name"], "Harbour News");
    let failed: Vec<&Value> =
        report["validation"]["checks"].as_array().unwrap().iter().filter(|check| check["passed"] != true).collect();
    assert!(failed.is_empty(), "{failed:?}");
    // The intro has 1.6 s, and nothing is said in it.
    let srt = fs::read_to_string(folder.join("captions.srt")).unwrap();
    assert!(srt.contains("00:00:01,7"), "{srt}");
}

#[test]
fn templates_are_listed_and_previewed() {
    let Some(program) = Program::find() else { return };
    let listed = program.command(["template", "list", "--json"]).output().unwrap();
    let listed: Vec<Value> = serde_json::from_slice(&listed.stdout).unwrap();
    assert!(listed.iter().any(|one| one["name"] == "quiet"), "{listed:?}");
    let template = sample("template.toml");
    let output = program.command(["template", "preview", &template, "--out", "sheet.png"]).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    assert!(fs::read(program.path("sheet.png")).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn what_is_wrong_is_told_with_its_line_before_any_work() {
    let Some(program) = Program::find() else { return };
    fs::write(program.path("mine.toml"), "name = \"Mine\"\n[body]\nlayouts = [\"chart\"]\n").unwrap();
    fs::write(program.path("brand.toml"), "name = \"Mine\"\nlogo = \"../../etc/passwd\"\n").unwrap();
    let create = ["create", "--silent", "--out", "video", "--script", "One line to say here."];
    for (arguments, line) in [
        (vec!["template", "preview", "mine.toml"], "line: 3"),
        (create.iter().copied().chain(["--template", "mine.toml"]).collect(), "line: 3"),
        (create.iter().copied().chain(["--brand", "brand.toml"]).collect(), "line: 2"),
    ] {
        let output = program.command(arguments.iter().copied()).output().unwrap();
        let told = told(&output);
        assert!(!output.status.success() && told.contains(line) && told.contains("hint:"), "{told}");
    }
    assert!(!program.path("video").exists() && !program.path("template.png").exists());
}
