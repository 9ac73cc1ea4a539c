//! Against Milvus Lite, a Milvus that others wrote and that speaks the same gRPC. Without it these tests are skipped
//! loudly, unless `ORION_REQUIRE` names `milvus`. `TEST_PYTHON` names a Python whose environment has it.

use crate::{MilvusOptions, MilvusVectors};
use orion_core::ErrorKind;
use orion_core::domain::Secret;
use orion_core::port::VectorIndex;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// A server of its own; dropping it ends it.
struct Lite {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Lite {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, beside the Python of the tests or in the `PATH`.
fn program() -> PathBuf {
    let beside =
        std::env::var_os("TEST_PYTHON").and_then(|python| Some(PathBuf::from(python).parent()?.join("milvus-lite")));
    beside.filter(|path| path.is_file()).unwrap_or_else(|| PathBuf::from("milvus-lite"))
}

/// The Python that Milvus Lite is installed in.
fn python() -> PathBuf {
    program().parent().map_or_else(|| PathBuf::from("python3"), |folder| folder.join("python"))
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests").join(name)
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Lite {
    /// A server, or `None`, said aloud, where there is none.
    #[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let child = Command::new(program())
            .args(["server", "--host", "127.0.0.1", "--port", &port.to_string(), "--data-dir"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            let required = std::env::var("ORION_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|name| name == "milvus"), "Milvus Lite is required and not there");
            eprintln!("SKIPPED: needs milvus-lite (pip install milvus-lite pymilvus)");
            return None;
        };
        Some(Self { child, port, folder })
    }

    fn index(&self) -> MilvusVectors {
        MilvusVectors::new(MilvusOptions::parse(&format!("milvus://127.0.0.1:{}", self.port)).unwrap()).unwrap()
    }

    /// An index, once the server answers.
    async fn ready(&self) -> MilvusVectors {
        let index = self.index();
        for _ in 0..600 {
            if index.search("unknown", &[1.0, 0.0], 1).await.is_ok() {
                return index;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        index
    }
}

/// The scenarios of every index; each takes seconds to start, so all are one test with collections of their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_milvus_does_what_every_index_does() {
    use orion_core::testing::vector;
    type Scenario = fn(Arc<dyn VectorIndex>) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
    let scenarios: [Scenario; 5] = [
        |index| Box::pin(vector::the_nearest_come_first(index)),
        |index| Box::pin(vector::a_later_vector_replaces(index)),
        |index| Box::pin(vector::useless_vectors_are_refused(index)),
        |index| Box::pin(vector::forgetting_a_key_twice_succeeds(index)),
        |index| Box::pin(vector::collections_are_apart(index)),
    ];
    for scenario in scenarios {
        let Some(lite) = Lite::start() else { return };
        scenario(Arc::new(lite.ready().await)).await;
    }
}

#[tokio::test]
async fn the_collections_of_the_contract_have_its_columns_and_survive_a_restart() {
    let Some(mut lite) = Lite::start() else { return };
    let index = lite.ready().await;
    let long = "日本".repeat(2000);
    let hook = json!({"hook_text": long, "engagement_score": 0.75});
    index.upsert("hook_embeddings", "content \"1\" \\", &[3.0, 0.0], hook).await.unwrap();
    let script = json!({"script_text": "A script.", "created_at": "2026-11-27T12:00:00Z"});
    index.upsert("content_embeddings_ollama_m", "1", &[0.0, 1.0, 0.0], script.clone()).await.unwrap();
    for _ in 0..2 {
        let found = index.search("hook_embeddings", &[1.0, 0.0], 3).await.unwrap();
        assert_eq!((found.len(), found[0].key.as_str()), (1, "content \"1\" \\"));
        assert_eq!(found[0].payload["engagement_score"], 0.75);
        let kept = found[0].payload["hook_text"].as_str().unwrap();
        assert!(long.starts_with(kept) && (2040..=2048).contains(&kept.len()), "{}", kept.len());
        let found = index.search("content_embeddings_ollama_m", &[0.0, 2.0, 0.0], 3).await.unwrap();
        assert_eq!(found[0].payload, script);
        // The same folder under another server, as after a restart.
        let _ = lite.child.kill();
        let _ = lite.child.wait();
        let away = index.search("hook_embeddings", &[1.0, 0.0], 3).await.unwrap_err();
        assert_eq!(away.kind(), ErrorKind::Unavailable, "{away:?}");
        lite.child = Command::new(program())
            .args(["server", "--host", "127.0.0.1", "--port", &lite.port.to_string(), "--data-dir"])
            .arg(lite.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        lite.ready().await;
    }
    let other = index.upsert("hook_embeddings", "2", &[1.0, 0.0, 0.0], json!({})).await.unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Invalid);
    assert!(other.hint().unwrap().contains("embedding model has changed"), "{other:?}");
}

#[tokio::test]
async fn a_server_that_is_away_is_an_error_of_the_call() {
    let address = format!("milvus://127.0.0.1:{}/videos", free_port());
    let options = MilvusOptions::parse(&address).unwrap().with_token(&Secret::new("root:geheim"));
    let index = MilvusVectors::new(options.with_deadline(Duration::from_secs(2))).unwrap();
    for _ in 0..2 {
        let error = index.search("c", &[1.0, 0.0], 3).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout), "{error:?}");
        assert!(!format!("{error:?} {index:?}").contains("geheim"));
    }
    for name in ["", "1a", "a-b", "a b; drop"] {
        assert_eq!(index.search(name, &[1.0, 0.0], 3).await.unwrap_err().kind(), ErrorKind::Invalid, "{name}");
    }
}

/// What Milvus' own client reads of the contract's collections: columns, sizes, index, and as many numbers as the vectors
/// of the embedding model have (contract, section 5.5).
#[tokio::test]
async fn collections_are_as_the_contract_has_them_to_other_programs_too() {
    let Some(lite) = Lite::start() else { return };
    let index = lite.ready().await;
    let text = |size: u32| json!({"type": "VARCHAR", "primary": false, "auto_id": false, "max_length": size});
    let number = json!({"type": "FLOAT", "primary": false, "auto_id": false});
    let identity = json!({"type": "INT64", "primary": true, "auto_id": true});
    for (name, dimension, columns) in [
        ("hook_embeddings", 1536, [("hook_text", text(2048)), ("engagement_score", number.clone())]),
        ("content_embeddings", 1536, [("script_text", text(8192)), ("created_at", text(64))]),
        ("hook_embeddings_ollama_nomic_embed_text", 768, [("hook_text", text(2048)), ("engagement_score", number)]),
    ] {
        let mut vector = vec![0.0; dimension];
        vector[3] = 2.0;
        index.upsert(name, "content-1", &vector, json!({"hook_text": "A hook."})).await.unwrap();
        let address = format!("http://127.0.0.1:{}", lite.port);
        let output = Command::new(python()).arg(script("describe.py")).args([&address, name]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut fields = json!({
            "id": identity, "content_id": text(64),
            "embedding": {"type": "FLOAT_VECTOR", "primary": false, "auto_id": false, "dim": dimension},
        });
        for (column, is) in columns {
            fields[column] = is;
        }
        assert_eq!(told["fields"], fields, "{name}");
        assert_eq!(told["index"], json!({"index_type": "IVF_FLAT", "metric_type": "COSINE", "nlist": "128"}), "{name}");
        let other = index.search(name, &[1.0, 0.0], 1).await.unwrap_err();
        assert_eq!(other.kind(), ErrorKind::Invalid, "vectors of another length are refused");
    }
}

#[tokio::test]
async fn many_vectors_are_kept_at_once_and_each_key_once() {
    let Some(lite) = Lite::start() else { return };
    let index = lite.ready().await;
    let row = |n: usize, turn: f32| (format!("{}", n % 500), vec![turn, n as f32, 1.0], json!({"n": n}));
    let rows: Vec<_> = (0..600).map(|n| row(n, 1.0)).collect();
    index.upsert_all("many", &rows).await.unwrap();
    index.upsert_all("many", &rows[..10]).await.unwrap();
    let found = index.search("many", &[1.0, 5.0, 1.0], 1000).await.unwrap();
    let keys: std::collections::HashSet<&str> = found.iter().map(|near| near.key.as_str()).collect();
    assert_eq!((found.len(), keys.len()), (500, 500), "a key that is kept again takes the place of the earlier one");
    assert_eq!(found[0].payload, json!({"n": 5}));
    index.upsert_all("many", &[]).await.unwrap();
    let mixed = [row(1, 1.0), ("odd".to_owned(), vec![1.0], json!(null))];
    assert_eq!(index.upsert_all("many", &mixed).await.unwrap_err().kind(), ErrorKind::Invalid);
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Before Milvus Lite, which has neither, stands a front that has both: gRPC over TLS with a certificate of one's own,
/// and no call without the right name and password.
#[tokio::test]
async fn who_is_known_gets_in_over_tls_and_nobody_else() {
    let Some(lite) = Lite::start() else { return };
    lite.ready().await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    openssl(folder.path(), &[&new[..], &["-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem"]].concat());
    let names = "subjectAltName=IP:127.0.0.1";
    let leaf = ["-subj", "/CN=milvus", "-addext", names, "-addext", "basicConstraints=critical,CA:FALSE"];
    let signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "milvus.key", "-out", "milvus.pem"];
    openssl(folder.path(), &[&new[..], &leaf, &signed].concat());
    let mut front = Command::new(python())
        .arg(script("front.py"))
        .args([format!("127.0.0.1:{}", lite.port), path("milvus.pem"), path("milvus.key"), "orion:ge:heim".to_owned()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(front.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port: u16 = line.trim().parse().unwrap();
    let ca = path("ca.pem");
    let at = |who: &str, rest: &str| {
        let options = MilvusOptions::parse(&format!("milvus+tls://{who}127.0.0.1:{port}/{rest}")).unwrap();
        options.with_deadline(Duration::from_secs(20))
    };
    let open = |options: MilvusOptions| MilvusVectors::new(options).unwrap();
    // By the address, or by the setting `milvus.token`.
    let known = open(at("orion:ge%3Aheim@", &format!("?ca={ca}")));
    let again = open(at("", &format!("?ca={ca}")).with_token(&Secret::new("orion:ge:heim")));
    known.upsert("guarded", "a", &[3.0, 4.0], json!({"n": 1})).await.unwrap();
    let found = again.search("guarded", &[3.0, 4.0], 1).await.unwrap();
    assert_eq!((found[0].key.as_str(), &found[0].payload), ("a", &json!({"n": 1})));
    for wrong in ["orion:falsch@", ""] {
        let stranger = open(at(wrong, &format!("?ca={ca}")));
        let error = stranger.search("guarded", &[3.0, 4.0], 1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error:?}");
        assert!(error.hint().unwrap().contains("milvus.token"));
        assert!(!format!("{error:?} {stranger:?}").contains("falsch"), "{error:?}");
    }
    // An authority that nobody named is not trusted, and without TLS nobody answers.
    let distrusted = open(at("orion:ge%3Aheim@", "")).search("guarded", &[3.0, 4.0], 1).await.unwrap_err();
    assert!(matches!(distrusted.kind(), ErrorKind::Unavailable | ErrorKind::Timeout), "{distrusted:?}");
    let plain = MilvusOptions::parse(&format!("milvus://orion:geheim@127.0.0.1:{port}")).unwrap();
    let plain = open(plain.with_deadline(Duration::from_secs(5))).search("guarded", &[3.0, 4.0], 1).await;
    assert!(matches!(plain.unwrap_err().kind(), ErrorKind::Unavailable | ErrorKind::Timeout));
    let missing = MilvusVectors::new(at("", "?ca=/nonexistent/ca.pem")).unwrap_err();
    assert!(missing.hint().unwrap().contains("`ca`"), "{missing:?}");
    drop(front.stdin.take());
    front.wait().unwrap();
}
