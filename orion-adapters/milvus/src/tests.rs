//! Against Milvus Lite, a Milvus that others wrote and that speaks the same gRPC. Without it these tests are skipped
//! loudly, unless `ORION_REQUIRE` names `milvus`. `TEST_PYTHON` names a Python whose environment has it.

use crate::{MilvusOptions, MilvusVectors};
use orion_core::ErrorKind;
use orion_core::domain::Secret;
use orion_core::port::VectorIndex;
use serde_json::json;
use std::path::PathBuf;
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
