//! Who is let in: passwords, users with few rights, TLS, databases.

use super::client;
use crate::Redis;
use orion_core::ErrorKind;
use orion_core::port::{RateLimiter, Wire};
use orion_core::testing::sample;
use orion_private_redis::Server;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// What the crate's documentation says that a user needs.
const RIGHTS: &str = "resetchannels ~ratelimit:* &orion.* &orion:woken -@all +ping +publish +subscribe +get +incr +expire \
                      +evalsha +script|load +select";

/// Whether everything works that this crate does.
async fn works(redis: &Redis) {
    redis.ping().await.unwrap();
    let (here, there) = (redis.wire(), redis.wire());
    let woken = async {
        tokio::time::timeout(Duration::from_secs(20), there.woken()).await.unwrap().unwrap();
    };
    let waking = async {
        loop {
            here.wake().await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = woken => {}
        () = waking => {}
    }
    let events: Vec<_> = sample::events().into_iter().map(|event| super::bad_days::record(1, event)).collect();
    orion_core::port::Broadcast::show(&redis.broadcast(), &events).await.unwrap();
    let limiter = redis.limiter();
    for n in 0..3 {
        assert_eq!(limiter.hit("auth", 2, "a", sample::time(0)).await.unwrap().allowed, n < 2);
    }
}

#[tokio::test]
async fn a_password_lets_in_and_a_wrong_one_does_not() {
    let Some(server) = Server::start(&["--requirepass", "correct horse/battery"]) else { return };
    let at =
        |who: &str, database| Redis::open(&format!("redis://{who}127.0.0.1:{}/{database}", server.port())).unwrap();
    works(&at(":correct%20horse%2Fbattery@", 2)).await;
    works(&at("default:correct%20horse%2Fbattery@", 3)).await;
    for wrong in ["", ":hunter2@", "nobody:hunter2@"] {
        let error = at(wrong, 0).ping().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{wrong}: {error:?}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        assert!(error.hint().is_some() && error.to_string().contains(&server.port().to_string()));
    }
}

#[tokio::test]
async fn a_user_with_the_documented_rights_and_no_others_is_enough() {
    let user = format!("orion on >hunter2 {RIGHTS}");
    let mut options = vec!["--user"];
    options.extend(user.split(' '));
    let Some(server) = Server::start(&options) else { return };
    let redis = Redis::open(&format!("redis://orion:hunter2@127.0.0.1:{}/1", server.port())).unwrap();
    works(&redis).await;
    let mut connection = redis.connection();
    let refused = redis
        .within(Duration::from_secs(5), async move { redis::cmd("KEYS").arg("*").exec_async(&mut connection).await });
    let error = refused.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden, "{error:?}");
}

#[tokio::test]
async fn databases_count_apart() {
    let Some(server) = Server::start(&[]) else { return };
    for database in 0..3 {
        let redis = Redis::open(&format!("{}/{database}", server.address())).unwrap();
        assert!(redis.limiter().hit("auth", 1, "a", sample::time(0)).await.unwrap().allowed);
        assert!(!redis.limiter().hit("auth", 1, "a", sample::time(0)).await.unwrap().allowed);
    }
}

#[tokio::test]
async fn keys_are_those_of_the_contract_and_go_by_themselves() {
    let Some(server) = Server::start(&[]) else { return };
    let redis = client(&server);
    redis.limiter().hit("auth", 5, "ann@example.org 10.0.0.7", sample::time(90)).await.unwrap();
    let mut connection = redis.client().get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
    let begin = sample::time(60).as_micros() / 1_000_000;
    assert_eq!(keys, [format!("ratelimit:auth:ann@example.org 10.0.0.7:{begin}")]);
    let life: i64 = redis::cmd("TTL").arg(&keys[0]).query_async(&mut connection).await.unwrap();
    assert!((110..=120).contains(&life), "{life}");
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn tls_trusts_the_named_authority_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    let authority = [&new[..], &["-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem"]].concat();
    openssl(folder.path(), &authority);
    let names = "subjectAltName=IP:127.0.0.1";
    let leaf = ["-subj", "/CN=redis", "-addext", names, "-addext", "basicConstraints=critical,CA:FALSE"];
    let signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "redis.key", "-out", "redis.pem"];
    openssl(folder.path(), &[&new[..], &leaf, &signed].concat());
    let (certificate, key, ca) = (path("redis.pem"), path("redis.key"), path("ca.pem"));
    let options = ["--tls-port", "PORT", "--tls-cert-file", &certificate, "--tls-key-file", &key];
    let options = [&options[..], &["--tls-ca-cert-file", &ca, "--tls-auth-clients", "no"]].concat();
    let Some(server) = Server::start(&options) else { return };
    let at = |rest: &str| Redis::open(&format!("rediss://127.0.0.1:{}/{rest}", server.port())).unwrap();
    works(&at(&format!("1?ca={ca}"))).await;
    let error = at("").ping().await.unwrap_err();
    assert!(format!("{error:?}").to_lowercase().contains("certificate"), "{error:?}");
    let plain = client(&server).ping().await;
    assert!(plain.is_err(), "without TLS nobody answers");
}
