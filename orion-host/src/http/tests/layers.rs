//! What every request goes through.

use super::bed::Bed;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use orion_core::domain::Role;
use serde_json::json;

fn request(method: Method, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn every_answer_has_its_id_and_its_headers() {
    let bed = Bed::new().await;
    let kept = bed.send(request(Method::GET, "/health", &[("x-request-id", "a-B_c.9")])).await;
    assert_eq!(kept.header("x-request-id"), "a-B_c.9");
    for odd in ["", "two words", "a\u{e9}", &"x".repeat(65), "a/b"] {
        let made = bed.send(request(Method::GET, "/health", &[("x-request-id", odd)])).await;
        assert!(uuid::Uuid::parse_str(made.header("x-request-id")).is_ok(), "{odd:?}");
    }
    let nowhere = bed.send(request(Method::GET, "/nowhere", &[])).await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("x-xss-protection", "0"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
        ("strict-transport-security", ""),
        ("content-security-policy", ""),
    ] {
        assert_eq!(nowhere.header(name), value, "{name}");
    }
    let bed = Bed::with(|config| config.env = "production".to_owned()).await;
    let answer = bed.get("/health", None).await;
    assert_eq!(answer.header("strict-transport-security"), "max-age=63072000; includeSubDomains");
    assert_eq!(answer.header("content-security-policy"), "default-src 'self'");
    assert!(bed.get("/setup", None).await.header("content-security-policy").contains("nonce-"), "a page has its own");
}

#[tokio::test]
async fn cors_follows_the_table() {
    let listed = |config: &mut crate::Config| config.allowed_origins = vec!["https://a.example".to_owned()];
    let any = |config: &mut crate::Config| config.allowed_origins = vec!["*".to_owned()];
    let (listed, any) = (Bed::with(listed).await, Bed::with(any).await);
    let ask = |bed: &Bed, method: Method, origin: Option<&str>| {
        let headers: Vec<(&str, &str)> = origin.map(|origin| ("origin", origin)).into_iter().collect();
        let request = request(method, "/health", &headers);
        let bed = bed.platform.clone();
        async move {
            use tower::ServiceExt;
            let response = super::super::app(&bed).oneshot(request).await.unwrap();
            let header = |name: &str| response.headers().get(name).map_or("", |v| v.to_str().unwrap()).to_owned();
            let names = ["access-control-allow-origin", "access-control-allow-credentials", "vary"];
            let [origin, credentials, vary] = names.map(header);
            (response.status().as_u16(), origin, credentials, vary)
        }
    };
    let told = |status, origin: &str, credentials: &str, vary: &str| {
        (status, origin.to_owned(), credentials.to_owned(), vary.to_owned())
    };
    assert_eq!(ask(&any, Method::GET, Some("https://b.example")).await, told(200, "*", "", ""));
    assert_eq!(
        ask(&listed, Method::GET, Some("https://a.example")).await,
        told(200, "https://a.example", "true", "Origin")
    );
    assert_eq!(ask(&listed, Method::OPTIONS, Some("https://b.example")).await, told(204, "", "", "Origin"));
    assert_eq!(ask(&listed, Method::GET, Some("https://b.example")).await, told(403, "", "", "Origin"));
    assert_eq!(ask(&listed, Method::GET, None).await, told(200, "", "", "Origin"));
    assert_eq!(
        ask(&listed, Method::OPTIONS, Some("https://a.example")).await,
        told(204, "https://a.example", "true", "Origin")
    );
}

#[tokio::test]
async fn every_error_has_the_one_shape() {
    let bed = Bed::new().await;
    let viewer = bed.user("vera", Role::Viewer).await;
    let token = bed.token(&viewer, 900);
    let me = "/api/v1/identity/users/me";
    let sent = |method: Method, path: &str, kind: &str, body: Vec<u8>| {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        request.header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap()
    };
    let json = "application/json";
    let cases = [
        (sent(Method::GET, "/nowhere", json, vec![]), 404),
        (sent(Method::DELETE, me, json, vec![]), 405),
        (sent(Method::PATCH, me, json, b"{".to_vec()), 422),
        (sent(Method::PATCH, me, json, b"{\"name\": 3}".to_vec()), 422),
        (sent(Method::PATCH, me, json, b"{} trailing".to_vec()), 422),
        (sent(Method::PATCH, me, json, b"{\"name\": \"\xff\"}".to_vec()), 422),
        (sent(Method::PATCH, me, json, b"{}".to_vec()), 400),
        (sent(Method::PATCH, me, "text/plain", b"{}".to_vec()), 415),
        (sent(Method::PATCH, me, json, vec![b' '; 5 * 1024 * 1024 + 1]), 413),
        (sent(Method::PATCH, "/api/v1/identity/notifications/not-an-id/read", json, vec![]), 422),
        (sent(Method::GET, "/api/v1/identity/notifications?page=x", json, vec![]), 422),
        (sent(Method::GET, "/api/v1/identity/notifications?page=0", json, vec![]), 422),
        (sent(Method::GET, "/api/v1/identity/users", json, vec![]), 403),
        (sent(Method::POST, "/api/v1/auth/login", json, b"{".to_vec()), 400),
        (sent(Method::POST, "/api/v1/auth/login", json, vec![b' '; 1025]), 400),
        (sent(Method::POST, "/api/v1/auth/login", json, b"{}".to_vec()), 400),
        (sent(Method::GET, "/api/v1/auth/oauth/github", json, vec![]), 501),
        (sent(Method::GET, "/api/v1/auth/oauth/myspace", json, vec![]), 404),
        (sent(Method::GET, "/ws?ticket=x", json, vec![]), 400),
    ];
    for (request, status) in cases {
        let about = format!("{} {}", request.method(), request.uri());
        let answer = bed.send(request).await;
        assert_eq!(answer.status.as_u16(), status, "{about}: {}", answer.text);
        assert!(answer.header("content-type").starts_with("application/json"), "{about}");
        let body = answer.json();
        assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()), "{about}: {body}");
        assert!(body["detail"].is_string() || status == 422 && body["detail"].is_array(), "{about}: {body}");
    }
    let wrong = bed.call(Method::PATCH, me, Some(&token), Some(json!({ "name": 3 }))).await.json();
    assert_eq!(wrong["detail"][0]["loc"], json!(["body", "name"]));
}

#[tokio::test]
async fn a_body_without_a_length_is_cut_off_all_the_same() {
    let bed = Bed::new().await;
    let token = bed.token(&bed.user("vera", Role::Viewer).await, 900);
    let chunks = (0..6).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1024 * 1024]));
    let body = Body::from_stream(futures_util::stream::iter(chunks));
    let request = Request::builder().method(Method::PATCH).uri("/api/v1/identity/users/me");
    let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    let answer = bed.send(request.header(header::CONTENT_TYPE, "application/json").body(body).unwrap()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.json()["message"], "request body too large");
}

#[tokio::test]
async fn limits_are_told_and_count_users_apart() {
    let bed = Bed::limited(1, |_| ()).await;
    let (ann, bob) = (bed.user("ann", Role::Viewer).await, bed.user("bob", Role::Viewer).await);
    let (ann, bob) = (bed.token(&ann, 900), bed.token(&bob, 900));
    let me = "/api/v1/identity/users/me";
    let mut refused = None;
    for _ in 0..130 {
        let answer = bed.get(me, Some(&ann)).await;
        assert_eq!(answer.header("x-ratelimit-limit"), "60");
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("sixty a minute are not a hundred and thirty");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    let body = refused.json();
    assert_eq!(body["error"]["code"], "RATE_LIMIT_EXCEEDED");
    assert!(body["message"].as_str().unwrap().contains("system"), "{body}");
    assert_eq!(bed.get(me, Some(&bob)).await.status, StatusCode::OK, "others are not held up");
    for _ in 0..100 {
        assert_eq!(bed.get(me, None).await.status, StatusCode::UNAUTHORIZED, "strangers use up nobody's share");
    }
}

#[tokio::test]
async fn guesses_at_one_account_do_not_hold_up_another() {
    let bed = Bed::limited(1, |_| ()).await;
    let login = |email: &str| {
        bed.call(Method::POST, "/api/v1/auth/login", None, Some(json!({ "email": email, "password": "" })))
    };
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(login("Ann@Example.org").await.status.as_u16());
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(login("ann@example.org ").await.status.as_u16(), 429, "the same address however it is written");
    assert_eq!(login("bob@example.org").await.status.as_u16(), 400);
}

#[tokio::test]
async fn nobody_is_redirected_for_a_slash_or_a_long_spelling() {
    let bed = Bed::new().await;
    let token = bed.token(&bed.user("vera", Role::Viewer).await, 900);
    let short = bed.get("/api/v1/identity/users/me", Some(&token)).await;
    for spelling in
        ["/api/v1/identity/users/me/", "/api/v1/identity/api/v1/users/me", "/api/v1/identity/api/v1/users/me/"]
    {
        let answer = bed.get(spelling, Some(&token)).await;
        assert_eq!((answer.status, &answer.text), (StatusCode::OK, &short.text), "{spelling}");
    }
}

#[tokio::test]
async fn metrics_know_patterns_and_never_addresses() {
    let bed = Bed::new().await;
    let token = bed.token(&bed.user("vera", Role::Viewer).await, 900);
    let id = uuid::Uuid::from_u128(7);
    bed.call(Method::PATCH, &format!("/api/v1/identity/notifications/{id}/read"), Some(&token), None).await;
    bed.get("/secret-path-nobody-has", None).await;
    let text = bed.get("/metrics", None).await.text;
    let line = "orion_gateway_requests_total{method=\"PATCH\",path=\"/api/v1/identity/notifications/{id}/read\",status_code=\"404\"} 1";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("path=\"unmatched\"") && !text.contains("secret-path"), "{text}");
    assert!(text.contains("orion_gateway_request_duration_seconds_bucket"), "{text}");
    assert!(!text.contains(&id.to_string()), "{text}");
    let bed = Bed::with(|config| config.env = "staging".to_owned()).await;
    assert_eq!(bed.get("/metrics", None).await.status, StatusCode::UNAUTHORIZED);
}
