//! Other names of variables, as earlier set-ups have them (contract, section 8). Orion's own name of a setting wins over
//! them. Most mean the same as a setting; some are parts of one, and are put together here.

use std::borrow::Cow;

/// Variables that mean what a setting means.
const SAME: &[(&str, &str)] = &[
    ("APP_ENV", "ORION_ENV"),
    ("COMFYUI_HOST", "ORION_COMFYUI_URL"),
    ("COMFYUI_URL", "ORION_COMFYUI_URL"),
    ("DASHBOARD_URL", "ORION_URLS_DASHBOARD"),
    ("DIRECTOR_CLOUD_API_KEY", "ORION_OPENAI_KEY"),
    ("DIRECTOR_CLOUD_BASE_URL", "ORION_OPENAI_URL"),
    ("ELEVENLABS_API_KEY", "ORION_ELEVENLABS_KEY"),
    ("FAL_API_KEY", "ORION_FAL_KEY"),
    ("FAL_KEY", "ORION_FAL_KEY"),
    ("FAL_URL", "ORION_FAL_URL"),
    ("FISH_SPEECH_URL", "ORION_FISH_URL"),
    ("GITHUB_CLIENT_ID", "ORION_OAUTH_GITHUB_ID"),
    ("GITHUB_CLIENT_SECRET", "ORION_OAUTH_GITHUB_SECRET"),
    ("GOOGLE_CLIENT_ID", "ORION_OAUTH_GOOGLE_ID"),
    ("GOOGLE_CLIENT_SECRET", "ORION_OAUTH_GOOGLE_SECRET"),
    ("LLM_BASE_URL", "ORION_OPENAI_URL"),
    ("OAUTH_REDIRECT_BASE", "ORION_URLS_GATEWAY"),
    ("OLLAMA_HOST", "ORION_OLLAMA_URL"),
    ("OLLAMA_URL", "ORION_OLLAMA_URL"),
    ("OPENAI_API_KEY", "ORION_OPENAI_KEY"),
    ("ORION_ALLOWED_ORIGINS", "ORION_HTTP_ALLOWED_ORIGINS"),
    ("ORION_CORS_ORIGINS", "ORION_HTTP_ALLOWED_ORIGINS"),
    ("ORION_ENCRYPTION_KEY", "ORION_AUTH_ENCRYPTION_KEY"),
    ("ORION_INTERNAL_TOKEN", "ORION_AUTH_INTERNAL_TOKEN"),
    ("ORION_JWT_SECRET", "ORION_AUTH_JWT_SECRET"),
    ("ORION_TRUSTED_PROXIES", "ORION_HTTP_TRUSTED_PROXIES"),
    ("REDIS_URL", "ORION_REDIS"),
    ("SCOUT_SCAN_INTERVAL", "ORION_SCOUT_INTERVAL"),
    ("SMTP_FROM", "ORION_SMTP_FROM"),
    ("SMTP_HOST", "ORION_SMTP_HOST"),
    ("SMTP_PASS", "ORION_SMTP_PASS"),
    ("SMTP_PORT", "ORION_SMTP_PORT"),
    ("SMTP_USER", "ORION_SMTP_USER"),
    ("TTS_URL", "ORION_ELEVENLABS_URL"),
    ("TWITTER_API_URL", "ORION_X_URL"),
    ("TWITTER_BEARER_TOKEN", "ORION_X_TOKEN"),
];

/// Variables whose prefix is Orion's, and that need not be set any more: the version is that of the program, and the
/// administrator has no password but the one that they choose.
pub(super) const DROPPED: &[&str] = &["ORION_VERSION", "ORION_ADMIN_USER", "ORION_ADMIN_PASS"];

/// Services that are found by a variable each.
const SERVICES: [&str; 7] = ["scout", "director", "media", "editor", "pulse", "publisher", "identity"];

/// The setting that a variable means, if it is an alias of one.
pub(super) fn own(name: &str) -> Option<&'static str> {
    SAME.iter().find(|(alias, _)| *alias == name).map(|(_, own)| *own)
}

/// What variables come to that are parts of settings, by the settings' own variables.
pub(super) fn composed(environment: &[(String, String)]) -> Vec<(&'static str, String)> {
    let of = |name: &str| {
        let found = environment.iter().rev().find(|(other, _)| other == name);
        found.map(|(_, text)| text.trim()).filter(|text| !text.is_empty())
    };
    let mut all = Vec::new();
    let mut set = |name: &'static str, text: Option<String>| all.extend(text.map(|text| (name, text)));
    set("ORION_HTTP_LISTEN", of("GATEWAY_PORT").map(|port| format!("127.0.0.1:{port}")));
    let services = SERVICES.iter().filter_map(|service| {
        let url = of(&format!("{}_URL", service.to_uppercase()))?;
        Some(format!("{service}={url}"))
    });
    let services: Vec<String> = services.collect();
    set("ORION_SERVICES", (!services.is_empty()).then(|| services.join(",")));
    set(
        "ORION_STORE",
        of("DATABASE_URL").and_then(postgres).or_else(|| of("POSTGRES_HOST").map(|host| database(host, &of))),
    );
    set(
        "ORION_VECTORS",
        of("MILVUS_HOST").map(|host| format!("milvus://{}", at(host, of("MILVUS_PORT").unwrap_or("19530")))),
    );
    for (name, host, port, usual) in [
        ("ORION_STATUS_GRAFANA", "GRAFANA_HOST", "GRAFANA_PORT", "3003"),
        ("ORION_STATUS_PROMETHEUS", "PROMETHEUS_HOST", "PROMETHEUS_PORT", "9090"),
        ("ORION_STATUS_PGADMIN", "PGADMIN_HOST", "PGADMIN_PORT", "80"),
    ] {
        set(name, of(host).map(|host| format!("http://{}", at(host, of(port).unwrap_or(usual)))));
    }
    set("ORION_LOG", of("LOG_LEVEL").map(level));
    set("ORION_TRANSCRIBER", of("WHISPER_MODEL_SIZE").map(|size| format!("whisper:{size}")));
    all.extend(providers(&of));
    all
}

/// Who writes, draws, moves and speaks, and whether the cloud may. The cloud comes first if one of them asks for it.
fn providers<'e>(of: &impl Fn(&str) -> Option<&'e str>) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    let (mut cloud, mut first) = (false, false);
    let is_cloud = |name: &str| of(name).is_some_and(|side| side.eq_ignore_ascii_case("CLOUD"));
    if is_cloud("DIRECTOR_LLM_PROVIDER") {
        let model = of("DIRECTOR_CLOUD_MODEL").unwrap_or("deepseek-chat");
        all.push(("ORION_WRITER", format!("openai:{model}")));
        if of("DIRECTOR_CLOUD_BASE_URL").or(of("LLM_BASE_URL")).is_none() {
            all.push(("ORION_OPENAI_URL", "https://api.deepseek.com".to_owned()));
        }
        (cloud, first) = (true, true);
    } else if of("DIRECTOR_LLM_PROVIDER").or(of("DIRECTOR_OLLAMA_MODEL")).is_some() {
        let model = of("DIRECTOR_OLLAMA_MODEL").unwrap_or("deepseek-r1:8b");
        all.push(("ORION_WRITER", format!("ollama:{model}")));
    }
    let keyed = of("FAL_API_KEY").or(of("FAL_KEY")).or(of("ORION_FAL_KEY")).is_some();
    let fal = of("FAL_MODEL").unwrap_or("flux-schnell");
    for (variable, own, fal) in [
        ("MEDIA_PROVIDER_PRIORITY", "ORION_IMAGES", format!("fal:{fal}")),
        ("VIDEO_PROVIDER_PRIORITY", "ORION_CLIPS", "fal:kling".to_owned()),
    ] {
        let named = of(variable).unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
        let addresses: Vec<Cow<'_, str>> = named
            .filter_map(|name| match name {
                "comfyui" | "svd_comfyui" => Some("comfyui:".into()),
                // Without a key it was skipped.
                "fal_ai" => keyed.then(|| fal.clone().into()),
                other => Some(format!("{other}:").into()),
            })
            .collect();
        if !addresses.is_empty() {
            cloud |= addresses.iter().any(|address| address.starts_with("fal:"));
            first |= addresses[0].starts_with("fal:");
            all.push((own, addresses.join(",")));
        }
    }
    if is_cloud("EDITOR_TTS_PROVIDER") {
        all.push(("ORION_CREATE_VOICE", "elevenlabs:".to_owned()));
        (cloud, first) = (true, true);
    } else if of("EDITOR_TTS_PROVIDER").is_some() {
        all.push(("ORION_CREATE_VOICE", "fish:".to_owned()));
    }
    if cloud {
        all.push(("ORION_POLICY", if first { "prefer-cloud" } else { "prefer-local" }.to_owned()));
    }
    all
}

/// A host with a port, unless it names one.
fn at(host: &str, port: &str) -> String {
    let host = host.split_once("://").map_or(host, |(_, host)| host).trim_end_matches('/');
    let has_port = host.rsplit_once(':').is_some_and(|(before, port)| {
        !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && (!before.contains(':') || before.ends_with(']'))
    });
    if has_port { host.to_owned() } else { format!("{host}:{port}") }
}

/// The address of a PostgreSQL database, whose scheme may name a driver (`postgresql+asyncpg`); others are not ours.
fn postgres(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let scheme = scheme.split('+').next()?;
    matches!(scheme, "postgres" | "postgresql").then(|| format!("postgres://{rest}"))
}

/// The address of the database whose parts are variables.
fn database<'e>(host: &str, of: &impl Fn(&str) -> Option<&'e str>) -> String {
    let bare = format!("postgres://{}", at(host, of("POSTGRES_PORT").unwrap_or("5432")));
    let Ok(mut url) = url::Url::parse(&bare) else { return bare };
    // They fail only for addresses without a host; the store says what is wrong with those.
    let _ = url.set_username(of("POSTGRES_USER").unwrap_or("orion"));
    let _ = url.set_password(Some(of("POSTGRES_PASSWORD").unwrap_or("orion_dev")));
    url.set_path(of("POSTGRES_DB").unwrap_or("orion"));
    url.to_string()
}

/// A level by the names that Python has for them, too.
fn level(text: &str) -> String {
    match text.to_ascii_lowercase().as_str() {
        "warning" => "warn".to_owned(),
        "critical" | "fatal" => "error".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, KEYS, Layers};
    use super::*;
    use std::path::PathBuf;

    fn load(environment: &[(&str, &str)]) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let file: PathBuf = folder.path().join("orion.toml");
        std::fs::write(&file, "").unwrap();
        let environment = environment.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Layers { file: Some(file), environment, flags: Vec::new() }.load().unwrap().0
    }

    #[test]
    fn every_alias_is_of_a_setting() {
        for (alias, own) in SAME {
            assert!(KEYS.iter().any(|key| key.env == *own), "{alias}: there is no {own}");
            assert!(KEYS.iter().all(|key| key.env != *alias), "{alias} is a setting itself");
        }
        assert!(SAME.is_sorted_by_key(|(alias, _)| alias));
    }

    #[test]
    fn services_are_found_by_a_variable_each() {
        let config = load(&[
            ("SCOUT_URL", "http://scout:8001"),
            ("PUBLISHER_URL", "http://publisher:8006"),
            ("IDENTITY_URL", "http://identity:8007"),
            ("MEDIA_URL", ""),
            ("GATEWAY_PORT", "9000"),
        ]);
        let services = ["scout=http://scout:8001", "publisher=http://publisher:8006", "identity=http://identity:8007"];
        assert_eq!(config.services, services);
        assert_eq!(config.http_listen, "127.0.0.1:9000");
        let own = load(&[("SCOUT_URL", "http://scout:8001"), ("ORION_SERVICES", "scout=http://other:1")]);
        assert_eq!(own.services, ["scout=http://other:1"], "Orion's own name wins");
    }

    #[test]
    fn servers_are_named_by_their_parts() {
        let config = load(&[
            ("POSTGRES_HOST", "db"),
            ("POSTGRES_PASSWORD", "p@ss/w"),
            ("MILVUS_HOST", "vectors"),
            ("GRAFANA_HOST", "grafana"),
            ("PROMETHEUS_HOST", "prometheus:9999"),
            ("LOG_LEVEL", "WARNING"),
            ("TWITTER_BEARER_TOKEN", "t"),
            ("TWITTER_API_URL", "http://127.0.0.1:9005"),
            ("SCOUT_SCAN_INTERVAL", "45"),
            ("ORION_VERSION", "0.1.0"),
            ("ORION_ADMIN_USER", "admin"),
            ("ORION_ADMIN_PASS", ""),
        ]);
        assert_eq!(config.store, "postgres://orion:p%40ss%2Fw@db:5432/orion");
        assert_eq!((config.vectors.as_str(), config.log.as_str()), ("milvus://vectors:19530", "warn"));
        assert_eq!(
            (config.grafana_url.as_str(), config.prometheus_url.as_str()),
            ("http://grafana:3003", "http://prometheus:9999")
        );
        assert_eq!(
            (config.x_token.expose(), config.x_url.as_str(), config.scan_interval),
            ("t", "http://127.0.0.1:9005", 45)
        );
        assert!(crate::sources::addresses(&config).contains(&"x:http://127.0.0.1:9005".to_owned()));
        let whole = load(&[("POSTGRES_HOST", "db"), ("DATABASE_URL", "postgresql+asyncpg://a:b@c/d")]);
        assert_eq!(whole.store, "postgres://a:b@c/d");
        let other = load(&[("DATABASE_URL", "mysql://a:b@c/d")]);
        assert_eq!(other.store, Config::default().store, "another program's database is left alone");
    }

    #[test]
    fn providers_are_named_by_their_sides() {
        let local = load(&[
            ("DIRECTOR_LLM_PROVIDER", "LOCAL"),
            ("MEDIA_PROVIDER_PRIORITY", "comfyui,fal_ai"),
            ("EDITOR_TTS_PROVIDER", "LOCAL"),
            ("WHISPER_MODEL_SIZE", "base"),
        ]);
        assert_eq!((local.writer.as_str(), local.policy.as_str()), ("ollama:deepseek-r1:8b", "local"));
        assert_eq!(
            (local.images.as_str(), local.voice.as_str()),
            ("comfyui:", "fish:"),
            "without a key Fal is skipped"
        );
        assert_eq!(local.transcriber, "whisper:base");
        let cloud = load(&[
            ("DIRECTOR_LLM_PROVIDER", "CLOUD"),
            ("DIRECTOR_CLOUD_API_KEY", "k"),
            ("MEDIA_PROVIDER_PRIORITY", "comfyui, fal_ai"),
            ("VIDEO_PROVIDER_PRIORITY", "svd_comfyui,fal_ai"),
            ("FAL_API_KEY", "f"),
            ("FAL_MODEL", "flux-pro"),
            ("EDITOR_TTS_PROVIDER", "CLOUD"),
            ("COMFYUI_HOST", "http://gpu:8188"),
        ]);
        assert_eq!((cloud.writer.as_str(), cloud.policy.as_str()), ("openai:deepseek-chat", "prefer-cloud"));
        assert_eq!((cloud.openai_url.as_str(), cloud.openai_key.expose()), ("https://api.deepseek.com", "k"));
        assert_eq!((cloud.images.as_str(), cloud.clips.as_str()), ("comfyui:,fal:flux-pro", "comfyui:,fal:kling"));
        assert_eq!((cloud.voice.as_str(), cloud.comfyui_url.as_str()), ("elevenlabs:", "http://gpu:8188"));
        let pictures = load(&[("MEDIA_PROVIDER_PRIORITY", "comfyui,fal_ai"), ("FAL_KEY", "f")]);
        assert_eq!(pictures.policy, "prefer-local");
    }
}
