//! Looks at the servers around the platform, for `/status` (contract, section 1.10): which are set up, and whether they
//! answer. All at the same moment, each within two seconds.

use crate::config::{Config, KEYS};
use futures_util::future::join_all;
use orion_core::{Error, Result};
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use url::Url;

/// A server that has not answered by then is taken to be away.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// The servers of the settings, whichever setting names them: by the scheme of their address, with its usual port.
const BY_SCHEME: [(&str, &[&str], u16); 3] = [
    ("postgres", &["postgres", "postgresql"], 5432),
    ("redis", &["redis", "rediss"], 6379),
    ("milvus", &["milvus"], 19530),
];

#[derive(Debug)]
enum Probe {
    /// Nobody has set it up.
    None,
    /// Takes connections.
    Tcp(String),
    /// Answers a question about its health.
    Http(Url),
}

/// The servers to look at.
#[derive(Debug)]
pub(super) struct Probes {
    client: reqwest::Client,
    probes: Vec<(&'static str, Probe)>,
}

impl Probes {
    /// Those that the settings name.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an address under `status` that is none.
    pub(super) fn new(config: &Config) -> Result<Self> {
        let client = orion_adapters::http::client()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| Error::unexpected("the HTTP client could not be made").with_source(error))?;
        let mut probes: Vec<(&'static str, Probe)> = BY_SCHEME
            .into_iter()
            .map(|(name, schemes, port)| (name, server(config, schemes, port).map_or(Probe::None, Probe::Tcp)))
            .collect();
        for (name, setting, address, path) in [
            ("grafana", "status.grafana", &config.grafana_url, "api/health"),
            ("prometheus", "status.prometheus", &config.prometheus_url, "-/healthy"),
            ("pgadmin", "status.pgadmin", &config.pgadmin_url, "misc/ping"),
        ] {
            let probe = if address.is_empty() { Probe::None } else { Probe::Http(page(setting, address, path)?) };
            probes.push((name, probe));
        }
        Ok(Self { client, probes })
    }

    /// How each is: `{"status": "connected|disconnected|not_configured", "host": …}` by its name.
    pub(super) async fn look(&self) -> Map<String, Value> {
        let looks = self.probes.iter().map(|(name, probe)| async move {
            let (host, well) = match probe {
                Probe::None => return ((*name).to_owned(), json!({ "status": "not_configured" })),
                Probe::Tcp(host) => {
                    let connected = tokio::time::timeout(PATIENCE, TcpStream::connect(host)).await;
                    (host.clone(), matches!(connected, Ok(Ok(_))))
                }
                Probe::Http(url) => {
                    let answer = self.client.get(url.clone()).send().await;
                    let well = answer.is_ok_and(|answer| answer.status().as_u16() < 400);
                    (host_of(url, 80), well)
                }
            };
            let status = if well { "connected" } else { "disconnected" };
            ((*name).to_owned(), json!({ "status": status, "host": host }))
        });
        join_all(looks).await.into_iter().collect()
    }
}

/// Host and port of the first setting whose address has one of these schemes.
fn server(config: &Config, schemes: &[&str], port: u16) -> Option<String> {
    let addresses = KEYS.iter().flat_map(|key| match key.show(config) {
        toml::Value::String(text) => vec![text],
        toml::Value::Array(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    });
    let mut urls = addresses.filter_map(|address| Url::parse(&address).ok());
    let url = urls.find(|url| schemes.contains(&url.scheme()) && url.has_host())?;
    Some(host_of(&url, port))
}

fn host_of(url: &Url, port: u16) -> String {
    let port = url.port_or_known_default().unwrap_or(port);
    format!("{}:{port}", url.host_str().unwrap_or_default())
}

fn page(setting: &str, address: &str, path: &str) -> Result<Url> {
    let wrong = || {
        Error::invalid("a setting is no address of a web server")
            .with_context("setting", setting)
            .with_context("value", address)
            .with_hint(format!("write {setting} like http://host:3000"))
    };
    let url = Url::parse(&format!("{}/{path}", address.trim_end_matches('/'))).map_err(|_| wrong())?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() { Ok(url) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Answers every request with a status.
    async fn answering(status: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = [0; 1024];
                let read = stream.read(&mut asked).await.unwrap_or_default();
                assert!(asked[..read].starts_with(b"GET /") || read == 0);
                let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        address.to_string()
    }

    #[tokio::test]
    async fn servers_are_found_in_the_settings_and_asked() {
        let (well, ill) = (answering("302 Found").await, answering("500 Internal Server Error").await);
        let gone = {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            listener.local_addr().unwrap().to_string()
        };
        let config = Config {
            store: format!("postgres://orion:secret@{well}/orion"),
            grafana_url: format!("http://{well}/"),
            prometheus_url: format!("http://{ill}"),
            pgadmin_url: format!("http://{gone}"),
            ..Config::default()
        };
        let found = Probes::new(&config).unwrap().look().await;
        let status = |name: &str| found[name]["status"].as_str().unwrap().to_owned();
        assert_eq!(found["postgres"], json!({ "status": "connected", "host": well }), "and no password");
        assert_eq!((status("grafana"), status("prometheus")), ("connected".to_owned(), "disconnected".to_owned()));
        assert_eq!((status("pgadmin"), status("redis")), ("disconnected".to_owned(), "not_configured".to_owned()));
        let wrong = Config { grafana_url: "grafana".to_owned(), ..Config::default() };
        assert!(Probes::new(&wrong).unwrap_err().hint().unwrap().contains("status.grafana"));
    }
}
