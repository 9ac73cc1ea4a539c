//! The tree itself: the map is true, the core is pure, files stay small.

use crate::program::root;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn tracked() -> Vec<PathBuf> {
    // Whoever owns the checkout, listing it harms nobody.
    let list = ["-c", "safe.directory=*", "ls-files", "-z"];
    let listed = Command::new("git").args(list).current_dir(root()).output().unwrap();
    let names = String::from_utf8(listed.stdout).unwrap();
    names.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect()
}

#[test]
fn every_path_that_the_map_names_exists() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let quoted = map.split('`').skip(1).step_by(2);
    let paths: Vec<&str> = quoted
        .filter(|text| !text.contains([' ', '(', ':', '<', '*', '{']))
        .filter(|text| text.contains('/') || Path::new(text).extension().is_some_and(|e| e == "md" || e == "toml"))
        .collect();
    assert!(paths.len() > 10, "the map names hardly anything: {paths:?}");
    let missing: Vec<&&str> = paths.iter().filter(|path| !root().join(path).exists()).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md names what is not there: {missing:?}");
}

#[test]
fn the_core_has_few_dependencies_and_none_that_does_io() {
    let tree = Command::new("cargo")
        .args([
            "tree",
            "--offline",
            "--package",
            "orion-core",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).unwrap();
    let mut names: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| *name != "orion-core");
    assert!(names.len() <= 40, "{} dependencies: {names:?}", names.len());
    let forbidden =
        ["tokio", "async-std", "smol", "sqlx", "rusqlite", "reqwest", "hyper", "axum", "mio", "rand", "getrandom"];
    let found: Vec<&&str> = names.iter().filter(|name| forbidden.contains(name)).collect();
    assert!(found.is_empty(), "the core must do no I/O: {found:?}");
}

#[test]
fn files_have_one_subject() {
    let long: Vec<(PathBuf, usize)> = tracked()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| fs::read_to_string(root().join(&path)).ok().map(|text| (path, text.lines().count())))
        .filter(|(_, lines)| *lines > 700)
        .collect();
    assert!(long.is_empty(), "too long: {long:?}");
}

#[test]
fn the_tree_speaks_of_itself_only() {
    let hosts = ["crates", "pypi", "registry.npmjs", "pythonhosted"].map(|name| match name {
        "crates" => ["crates", "io"].join("."),
        "registry.npmjs" | "pythonhosted" | "pypi" => format!("{name}.org"),
        other => other.to_owned(),
    });
    let readable = tracked().into_iter().filter(|path| path.file_name().is_some_and(|name| name != "Cargo.lock"));
    let mut found = Vec::new();
    for path in readable {
        let Ok(text) = fs::read_to_string(root().join(&path)) else { continue };
        found.extend(
            hosts
                .iter()
                .filter(|host| text.contains(host.as_str()) && !path.ends_with("tests/it/tidy.rs"))
                .map(|host| (path.clone(), host.clone())),
        );
    }
    assert!(found.is_empty(), "names of package registries: {found:?}");
}
