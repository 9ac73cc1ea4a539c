//! Against real servers on the loopback: mocked ones for what HTTP says, hand-made ones for what it must not say.

use crate::HttpFetcher;
use bytes::Bytes;
use orion_core::port::{FetchLimits, Fetched, Fetcher};
use orion_core::{Error, ErrorKind, Result, Retry};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wiremock::matchers::{header, header_regex, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const LIMITS: FetchLimits = FetchLimits { bytes: 64 * 1024, time: Duration::from_secs(20) };

fn fetcher() -> HttpFetcher {
    HttpFetcher::builder().allow_private(["127.0.0.1"]).pause(Duration::ZERO).build().unwrap()
}

async fn get(url: &str) -> Result<Fetched> {
    fetcher().get(url, None, None, LIMITS).await
}

fn kind(outcome: Result<Fetched>) -> ErrorKind {
    outcome.map(|fetched| fetched.status).map_err(|error| error.kind()).unwrap_err()
}

/// A server that reads a request and then does as told, for every connection.
async fn raw<F>(serve: impl Fn(TcpStream) -> F + Send + Sync + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            if stream.read(&mut request).await.is_ok() {
                tokio::spawn(serve(stream));
            }
        }
    });
    address
}

#[tokio::test]
async fn answers_come_with_their_validators() -> Result<()> {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200)
        .insert_header("etag", "\"1\"")
        .insert_header("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")
        .insert_header("cache-control", "max-age=60")
        .set_body_raw("<rss/>", "text/xml; charset=utf-8");
    Mock::given(header("if-none-match", "\"1\""))
        .respond_with(ResponseTemplate::new(304))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path("/feed"))
        .and(header_regex("user-agent", "^Orion/"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let url = format!("{}/feed#part", server.uri());
    let fetched = get(&url).await?;
    assert_eq!(
        (fetched.status, fetched.body.as_ref(), fetched.content_type.as_deref()),
        (200, b"<rss/>".as_ref(), Some("text/xml; charset=utf-8"))
    );
    assert_eq!((fetched.etag.as_deref(), fetched.fresh_for), (Some("\"1\""), Some(Duration::from_secs(60))));
    assert_eq!(fetched.url, format!("{}/feed", server.uri()));
    let again = fetcher().get(&url, Some("\"1\""), fetched.last_modified.as_deref(), LIMITS).await?;
    assert_eq!((again.status, again.body.len()), (304, 0));
    Ok(())
}

#[tokio::test]
async fn statuses_have_kinds() {
    let server = MockServer::start().await;
    let statuses = [
        (404, ErrorKind::NotFound),
        (410, ErrorKind::NotFound),
        (401, ErrorKind::Forbidden),
        (403, ErrorKind::Forbidden),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Unavailable),
        (502, ErrorKind::Unavailable),
        (503, ErrorKind::Unavailable),
        (400, ErrorKind::Invalid),
        (304, ErrorKind::Invalid),
        (302, ErrorKind::Invalid),
    ];
    for (status, expected) in statuses {
        Mock::given(path(format!("/{status}"))).respond_with(ResponseTemplate::new(status)).mount(&server).await;
        assert_eq!(kind(get(&format!("{}/{status}", server.uri())).await), expected, "{status}");
    }
    Mock::given(path("/wait"))
        .respond_with(ResponseTemplate::new(503).insert_header("retry-after", "7"))
        .mount(&server)
        .await;
    let error = get(&format!("{}/wait", server.uri())).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::RateLimited, Retry::Later(Some(Duration::from_secs(7)))));
}

#[tokio::test]
async fn redirects_are_followed_by_hand() -> Result<()> {
    let server = MockServer::start().await;
    let to = |location: &str| ResponseTemplate::new(302).insert_header("location", location);
    for (from, location) in [
        ("/a", "/b"),
        ("/b", "c?x=1"),
        ("/loop", "/loop"),
        ("/meta", "http://169.254.169.254/latest/"),
        ("/file", "file:///etc/passwd"),
        ("/mapped", "http://[::ffff:127.0.0.1]:80/"),
        ("/login", "http://u:p@127.0.0.1/"),
    ] {
        Mock::given(path(from)).respond_with(to(location)).mount(&server).await;
    }
    Mock::given(path("/c")).respond_with(ResponseTemplate::new(200).set_body_string("end")).mount(&server).await;
    let fetched = get(&format!("{}/a", server.uri())).await?;
    assert_eq!((fetched.url, fetched.body.as_ref()), (format!("{}/c?x=1", server.uri()), b"end".as_ref()));
    for (from, expected) in [
        ("/loop", ErrorKind::Invalid),
        ("/meta", ErrorKind::Forbidden),
        ("/file", ErrorKind::Invalid),
        ("/mapped", ErrorKind::Forbidden),
        ("/login", ErrorKind::Invalid),
    ] {
        assert_eq!(kind(get(&format!("{}{from}", server.uri())).await), expected, "{from}");
    }
    let loops = server
        .received_requests()
        .await
        .unwrap_or_default()
        .iter()
        .filter(|request| request.url.path() == "/loop")
        .count();
    assert_eq!(loops, 6, "the first request and five redirects");
    Ok(())
}

#[tokio::test]
async fn private_hosts_are_refused_without_being_asked() -> Result<()> {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let address = raw(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        async {}
    })
    .await;
    let strict = HttpFetcher::new()?;
    for host in ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "127.1", "0.0.0.0"] {
        let outcome = strict.get(&format!("http://{host}:{}/", address.port()), None, None, LIMITS).await;
        assert_eq!(kind(outcome), ErrorKind::Forbidden, "{host}");
    }
    // Only what is named is allowed: the loopback by its number is not the loopback by its name.
    assert_eq!(kind(get(&format!("http://localhost:{}/", address.port())).await), ErrorKind::Forbidden);
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    Ok(())
}

#[tokio::test]
async fn large_bodies_are_cut_short() {
    // An endless body without a length, a length that is too large, and one that lies.
    let endless = raw(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 8192]).await.is_ok() {}
    })
    .await;
    assert_eq!(kind(get(&format!("http://{endless}/")).await), ErrorKind::Exhausted);
    let announced = raw(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n").await;
        tokio::time::sleep(Duration::from_secs(3600)).await;
    })
    .await;
    assert_eq!(kind(get(&format!("http://{announced}/")).await), ErrorKind::Exhausted);
    let broken = raw(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nshort").await;
    })
    .await;
    assert_eq!(kind(get(&format!("http://{broken}/")).await), ErrorKind::Unavailable);
}

/// 64 MiB of zeros in a gzip of stored size 65 kB, built by hand: one fixed-Huffman block of long repeats.
fn gzip_bomb() -> Vec<u8> {
    let (mut bits, mut length) = (Vec::new(), 0_u32);
    let mut push = |value: u32, count: u32| {
        for bit in 0..count {
            if length % 8 == 0 {
                bits.push(0_u8);
            }
            if value >> bit & 1 == 1 {
                let last = bits.len() - 1;
                bits[last] |= 1 << (length % 8);
            }
            length += 1;
        }
    };
    push(0b011, 3); // last block, fixed codes
    push(0b0000_1100, 8); // literal 0 (code 00110000, most significant bit first)
    for _ in 0..260_000 {
        push(0b1010_0011, 8); // length 258 (code 11000101)
        push(0, 5); // distance 1
    }
    push(0, 7); // end of block
    [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], bits.as_slice(), &[0; 8]].concat()
}

#[tokio::test]
async fn compressed_bodies_are_counted_after_decompression() -> Result<()> {
    let bomb = gzip_bomb();
    assert!(bomb.len() < 512 * 1024);
    let server = MockServer::start().await;
    let packed =
        |body: Vec<u8>| ResponseTemplate::new(200).insert_header("content-encoding", "gzip").set_body_bytes(body);
    Mock::given(path("/bomb")).respond_with(packed(bomb)).mount(&server).await;
    Mock::given(path("/broken"))
        .respond_with(packed(b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x07 no such block".to_vec()))
        .mount(&server)
        .await;
    let limits = FetchLimits { bytes: 1 << 20, ..LIMITS };
    let outcome = fetcher().get(&format!("{}/bomb", server.uri()), None, None, limits).await;
    assert_eq!(kind(outcome), ErrorKind::Exhausted);
    assert_eq!(kind(get(&format!("{}/broken", server.uri())).await), ErrorKind::Corrupt);
    Ok(())
}

#[tokio::test]
async fn slow_servers_meet_the_deadline() {
    let limits = FetchLimits { time: Duration::from_millis(300), ..LIMITS };
    let silent = raw(|stream| async move {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        drop(stream);
    })
    .await;
    let dripping = raw(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let redirecting = raw(|mut stream| async move {
        tokio::time::sleep(Duration::from_millis(150)).await;
        let _ = stream
            .write_all(b"HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .await;
    })
    .await;
    for address in [silent, dripping, redirecting] {
        let outcome = fetcher().get(&format!("http://{address}/"), None, None, limits).await;
        assert_eq!(kind(outcome), ErrorKind::Timeout);
    }
}

#[tokio::test]
async fn servers_that_speak_nonsense() {
    for nonsense in
        [&b""[..], b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n", b"\0\0\0\0"]
    {
        let address = raw(move |mut stream| async move {
            let _ = stream.write_all(nonsense).await;
        })
        .await;
        assert_eq!(kind(get(&format!("http://{address}/")).await), ErrorKind::Unavailable);
    }
    let closed = TcpListener::bind("127.0.0.1:0").await.and_then(|listener| listener.local_addr()).unwrap();
    assert_eq!(kind(get(&format!("http://{closed}/")).await), ErrorKind::Unavailable);
    assert_eq!(kind(get("http://no-such-host.invalid/").await), ErrorKind::Unavailable);
}

#[tokio::test]
async fn one_host_is_asked_for_one_thing_at_a_time() -> Result<()> {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, highest) = (Arc::clone(&now), Arc::clone(&most));
    let address = raw(move |mut stream| {
        let (now, most) = (Arc::clone(&counted), Arc::clone(&highest));
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok").await;
        }
    })
    .await;
    let fetcher = fetcher();
    let url = format!("http://{address}/");
    let gets = (0..5).map(|_| fetcher.get(&url, None, None, LIMITS));
    for outcome in futures_util::future::join_all(gets).await {
        assert_eq!(outcome?.body.as_ref(), b"ok");
    }
    assert_eq!(most.load(Ordering::SeqCst), 1);
    Ok(())
}

#[test]
fn settings_are_checked() {
    let outcome = HttpFetcher::builder().user_agent("two\nlines").build();
    assert_eq!(outcome.map(|_| ()).map_err(|error: Error| error.kind()), Err(ErrorKind::Invalid));
}

#[tokio::test]
async fn a_body_is_sent_once_to_where_it_may_go() -> Result<()> {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(429).insert_header("retry-after", "7");
    Mock::given(method("POST"))
        .and(path("/hook"))
        .and(header("webhook-id", "1"))
        .and(wiremock::matchers::body_string("{}"))
        .respond_with(answer)
        .expect(1)
        .mount(&server)
        .await;
    let away = ResponseTemplate::new(307).insert_header("location", "/hook");
    Mock::given(path("/away")).respond_with(away).mount(&server).await;
    let send =
        async |url: String| fetcher().post(&url, &[("webhook-id", "1")], "{}".into(), Duration::from_secs(5)).await;
    let posted = send(format!("{}/hook", server.uri())).await?;
    assert_eq!((posted.status, posted.retry_after), (429, Some(Duration::from_secs(7))));
    assert_eq!(send(format!("{}/away", server.uri())).await?.status, 307, "a redirect is not followed");
    for (url, kind) in [
        ("http://localhost:1/", ErrorKind::Forbidden),
        ("http://example.org/", ErrorKind::Invalid),
        ("https://10.0.0.1/", ErrorKind::Forbidden),
        ("https://localhost:8443/", ErrorKind::Forbidden),
        ("https://u:p@example.org/", ErrorKind::Invalid),
        ("file:///etc/passwd", ErrorKind::Invalid),
    ] {
        assert_eq!(send(url.to_owned()).await.unwrap_err().kind(), kind, "{url}");
    }
    let silent = raw(|stream| async move {
        tokio::time::sleep(Duration::from_secs(20)).await;
        drop(stream);
    })
    .await;
    let late = fetcher().post(&format!("http://{silent}/"), &[], Bytes::new(), Duration::from_millis(50)).await;
    assert_eq!(late.unwrap_err().kind(), ErrorKind::Timeout);
    let wrong = fetcher().post(&server.uri(), &[("x", "a\nb")], Bytes::new(), Duration::from_secs(1)).await;
    assert_eq!(wrong.unwrap_err().kind(), ErrorKind::Invalid);
    Ok(())
}

#[tokio::test]
async fn a_secret_is_shown_to_its_origin_only() {
    use orion_core::domain::Secret;
    let (here, elsewhere) = (MockServer::start().await, MockServer::start().await);
    let away = ResponseTemplate::new(302).insert_header("location", format!("{}/there", elsewhere.uri()));
    Mock::given(path("/away")).respond_with(away).mount(&here).await;
    Mock::given(path("/here")).respond_with(ResponseTemplate::new(200)).mount(&here).await;
    Mock::given(path("/there")).respond_with(ResponseTemplate::new(200)).mount(&elsewhere).await;
    let builder = HttpFetcher::builder().allow_private(["127.0.0.1"]).pause(Duration::ZERO);
    let builder = builder.credential(&here.uri(), "authorization", &Secret::new("Bearer geheim")).unwrap();
    assert!(!format!("{builder:?}").contains("geheim"));
    let fetcher = builder.build().unwrap();
    for place in ["/here", "/away"] {
        fetcher.get(&format!("{}{place}", here.uri()), None, None, LIMITS).await.unwrap();
    }
    let shown = here.received_requests().await.unwrap();
    assert!(shown.iter().all(|request| request.headers["authorization"] == "Bearer geheim"));
    let told = elsewhere.received_requests().await.unwrap();
    assert_eq!(told.len(), 1);
    assert!(!told[0].headers.contains_key("authorization"));
    let wrong = HttpFetcher::builder().credential("ftp://x", "authorization", &Secret::new("a")).unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Invalid);
    let wrong = HttpFetcher::builder().credential("https://x.example", "authorization", &Secret::new("gehe\nim"));
    assert!(!format!("{:?}", wrong.unwrap_err()).contains("gehe"));
}

#[tokio::test]
async fn a_quota_that_is_used_up_says_when_it_begins_anew() {
    let server = MockServer::start().await;
    let refusal =
        ResponseTemplate::new(403).insert_header("x-ratelimit-remaining", "0").insert_header("x-ratelimit-reset", "30");
    Mock::given(path("/search")).respond_with(refusal).mount(&server).await;
    let error = get(&format!("{}/search", server.uri())).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::RateLimited, Retry::Later(Some(Duration::from_secs(30)))));
}
