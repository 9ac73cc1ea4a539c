use super::*;
use orion_core::ErrorKind;
use std::path::PathBuf;

fn load(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> orion_core::Result<Config> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orion.toml");
    std::fs::write(&path, file).unwrap();
    let owned = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    Layers { file: Some(path), environment: owned(environment), flags: owned(flags) }.load().map(|(config, _)| config)
}

#[test]
fn later_sources_win() {
    let file = "feeds = ['a.xml']\n[create]\nseconds = 20\nspeed = 1\nquality = 'draft'";
    let config = load(
        file,
        &[("ORION_CREATE_SECONDS", "25"), ("ORION_CREATE_QUALITY", "premium"), ("HOME", "/x")],
        &[("create.seconds", "30")],
    )
    .unwrap();
    assert_eq!((config.seconds, config.quality.as_str(), config.speed), (30, "premium", 1.0));
    assert_eq!(config.feeds, ["a.xml"]);
    assert_eq!(config.platform, Config::default().platform);
}

#[test]
fn budgets_are_dollars() {
    let budget = |day: &str| load("", &[("ORION_BUDGET_RUN", "1.5"), ("ORION_BUDGET_DAY", day)], &[]).unwrap().budget();
    let read = budget("0").unwrap();
    assert_eq!((read.run.map(|cap| cap.0), read.day), (Some(1_500_000), None));
    for wrong in ["-1", "nan", "inf"] {
        let refused = load("", &[("ORION_BUDGET_DAY", wrong)], &[]).and_then(|config| config.budget());
        assert!(refused.is_err(), "{wrong}");
    }
}

#[test]
fn secrets_are_read_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, "s3cret with spaces \n").unwrap();
    let path = path.display().to_string();
    let config = load("", &[("ORION_AUTH_JWT_SECRET_FILE", &path)], &[]).unwrap();
    assert_eq!(config.jwt_secret.expose(), "s3cret with spaces");
    let refused = |environment: &[(&str, &str)], told: &str| {
        let error = load("", environment, &[]).unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    };
    refused(&[("ORION_AUTH_JWT_SECRET_FILE", &path), ("ORION_AUTH_JWT_SECRET", "x")], "both");
    refused(&[("ORION_AUTH_JWT_SECRET_FILE", "/nonexistent/secret")], "/nonexistent/secret");
    refused(&[("ORION_AUTH_JWT_SECRETS_FILE", &path)], "unknown variable");
}

/// Every file below a folder of the project.
fn files(folder: &std::path::Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    entries.flat_map(below).collect()
}

#[test]
fn deployments_set_only_what_there_is() {
    let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy"));
    let mut found = 0;
    for path in files(folder) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        for (at, _) in text.match_indices("ORION_") {
            let name: String = text[at..].chars().take_while(|c| is_name(*c)).collect();
            // `ORION_[A-Z0-9_]+` of the schema, and the like.
            let Some(name) = Some(name.strip_suffix("_FILE").unwrap_or(&name)).filter(|name| name.len() > 6) else {
                continue;
            };
            // The last is of the check of these files, not of the program.
            let others = ["ORION_CONFIG", "ORION_GATEWAY_URL", "ORION_REQUIRE"];
            let known = KEYS.iter().any(|key| key.env == name) || others.contains(&name);
            assert!(known, "{}: there is no setting {name}", path.display());
            found += 1;
        }
    }
    assert!(found > 30, "{found}");
}

#[test]
fn unknown_keys_name_the_nearest() {
    let check = |result: orion_core::Result<Config>, key: &str, nearest: &str| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(key), "{error}");
        assert!(error.hint().unwrap().contains(nearest), "{:?}", error.hint());
    };
    check(load("[create]\nsecnods = 3", &[], &[]), "create.secnods", "`create.seconds`");
    check(load("[craete]\nseconds = 3", &[], &[]), "craete.seconds", "`create.seconds`");
    check(load("seconds = 3", &[], &[]), "seconds", "`create.seconds`");
    check(load("", &[("ORION_CREATE_SECONDZ", "3")], &[]), "ORION_CREATE_SECONDZ", "`ORION_CREATE_SECONDS`");
    check(load("", &[], &[("create.voicee", "x")]), "create.voicee", "`create.voice`");
}

#[test]
fn values_that_do_not_fit_say_what_would() {
    let error = load("[create]\nseconds = 'long'", &[], &[]).unwrap_err();
    assert!(error.hint().unwrap().contains("create.seconds must be a whole number"), "{error:?}");
    let error = load("", &[("ORION_OFFLINE", "perhaps")], &[]).unwrap_err();
    assert!(error.to_string().contains("ORION_OFFLINE"), "{error}");
    let error = load("feeds = [1]", &[], &[]).unwrap_err();
    assert!(error.hint().unwrap().contains("list of texts"), "{error:?}");
    let error = load("feeds = [\n'a'\n'b']", &[], &[]).unwrap_err();
    assert!(error.to_string().contains("line: 3"), "{error}");
}

#[test]
fn a_missing_file_is_an_error_only_if_it_was_named() {
    let missing = Layers { file: Some(PathBuf::from("no-such-file.toml")), ..Layers::default() };
    assert_eq!(missing.load().unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn secrets_show_nowhere() {
    let config = load(
        "store = 'postgres://orion:hunter2@db/orion'\nwire = 'postgres://db/orion?user=orion&password=hunter2'\nfeeds = ['https://me:hunter2@example.org/feed']\n[ollama]\nurl = 'http://me:hunter2@gpu:11434'",
        &[],
        &[],
    )
    .unwrap();
    assert!(config.ollama_url.contains("hunter2"));
    assert!(!format!("{config:?}").contains("hunter2"));
    for key in KEYS {
        assert!(!key.show(&config).to_string().contains("hunter2"), "{} shows a secret", key.name);
    }
}

#[test]
fn keys_and_passwords_show_nowhere_and_are_in_no_error() {
    let config = load("[auth]\njwt_secret = 'hunter2'", &[("SMTP_PASS", "hunter2")], &[]).unwrap();
    assert_eq!(config.jwt_secret.expose(), "hunter2");
    assert_eq!(config.smtp_pass.expose(), "hunter2");
    assert!(!format!("{config:?}").contains("hunter2"));
    for key in KEYS {
        assert!(!key.show(&config).to_string().contains("hunter2"), "{} shows a secret", key.name);
    }
    let error = load("[auth]\njwt_secret = ['hunter2']", &[], &[]).unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

#[test]
fn earlier_names_of_variables_are_understood_and_give_way() {
    let config = load("", &[("APP_ENV", "staging"), ("ORION_CORS_ORIGINS", "https://a.example")], &[]).unwrap();
    assert_eq!(
        (config.env.as_str(), config.allowed_origins.as_slice()),
        ("staging", &["https://a.example".to_owned()][..])
    );
    let config = load("", &[("ORION_ENV", "production"), ("APP_ENV", "staging")], &[]).unwrap();
    assert_eq!(config.env, "production");
}

#[test]
fn names_follow_one_rule() {
    for key in KEYS {
        assert_eq!(key.env, format!("ORION_{}", key.name.replace('.', "_").to_uppercase()));
        assert!(key.doc.ends_with('.'), "{}", key.name);
    }
}
