//! Whole sign-ins: the browser's part is played by a client that follows no redirect, the provider's by a server that
//! checks everything a provider checks.

mod mock_server;
mod provider;

use crate::{GithubOauth, GoogleEndpoints, GoogleOauth};
use orion_core::domain::{LoginKind, Secret};
use orion_core::port::{OauthProvider, OauthStart};
use orion_core::{ErrorKind, Retry};
use provider::{Kind, Provider};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use url::Url;

const BACK: &str = "http://localhost:8000/api/v1/auth/oauth/callback";

fn github(base: &str, secret: &str) -> GithubOauth {
    GithubOauth::at(base, &format!("{base}/api/v3"), "orion", Secret::new(secret)).unwrap()
}

fn google(base: &str, secret: &str) -> GoogleOauth {
    let at = |path: &str| format!("{base}/{path}");
    let endpoints = GoogleEndpoints { authorize: at("authorize"), token: at("token"), userinfo: at("userinfo") };
    GoogleOauth::at(&endpoints, "orion", Secret::new(secret)).unwrap()
}

fn query(url: &str) -> BTreeMap<String, String> {
    Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

/// What a browser brings back from the provider's page.
async fn consent(start: &OauthStart) -> BTreeMap<String, String> {
    let policy = reqwest::redirect::Policy::none();
    let browser = reqwest::Client::builder().redirect(policy).no_proxy().build().unwrap();
    let response = browser.get(&start.url).send().await.unwrap();
    let location = response.headers().get("location").map(|location| location.to_str().unwrap().to_owned());
    let location = location.unwrap_or_default();
    assert!(location.starts_with(BACK), "{} {location}", response.status());
    query(&location)
}

async fn sign_in(provider: &dyn OauthProvider) -> (OauthStart, Secret) {
    let state = Secret::new("state-of-this-browser");
    let start = provider.begin(BACK, &state).unwrap();
    let back = consent(&start).await;
    assert_eq!(back["state"], "state-of-this-browser");
    (start, Secret::new(back["code"].clone()))
}

#[test]
fn the_way_to_the_provider_is_that_of_the_contract() {
    let state = Secret::new("s t&ate");
    let secret = || Secret::new("secret");
    let start = GithubOauth::new("abc", secret()).unwrap().begin(BACK, &state).unwrap();
    assert!(start.url.starts_with("https://github.com/login/oauth/authorize?"), "{}", start.url);
    let asked = query(&start.url);
    assert_eq!((asked["client_id"].as_str(), asked["redirect_uri"].as_str()), ("abc", BACK));
    assert_eq!((asked["scope"].as_str(), asked["state"].as_str()), ("user:email", "s t&ate"));
    assert_eq!((asked["code_challenge_method"].as_str(), asked["response_type"].as_str()), ("S256", "code"));
    assert!(!start.url.contains(start.verifier.expose()) && !start.url.contains("secret"));
    assert!(!format!("{start:?}").contains(start.verifier.expose()));

    let provider = GoogleOauth::new("abc", secret()).unwrap();
    let (first, second) = (provider.begin(BACK, &state).unwrap(), provider.begin(BACK, &state).unwrap());
    assert!(first.url.starts_with("https://accounts.google.com/o/oauth2/v2/auth?"), "{}", first.url);
    assert_eq!(query(&first.url)["scope"], "openid email profile");
    assert_ne!(first.verifier, second.verifier, "each start has a verifier of its own");
    assert_ne!(query(&first.url)["code_challenge"], query(&second.url)["code_challenge"]);
    assert_eq!(
        (provider.kind(), GithubOauth::new("a", secret()).unwrap().kind()),
        (LoginKind::Google, LoginKind::Github)
    );
}

#[test]
fn wrong_settings_are_refused() {
    let secret = || Secret::new("secret");
    assert!(GithubOauth::new(" ", secret()).is_err() && GoogleOauth::new("a", Secret::new("")).is_err());
    for wrong in ["github.com", "ftp://github.com", "https://github.com/?a=b", ""] {
        assert_eq!(GithubOauth::at(wrong, wrong, "a", secret()).unwrap_err().kind(), ErrorKind::Invalid, "{wrong}");
    }
    let provider = GithubOauth::new("a", secret()).unwrap();
    assert_eq!(provider.begin("/callback", &secret()).unwrap_err().kind(), ErrorKind::Invalid);
    assert!(!format!("{provider:?}").contains("secret\""));
}

#[tokio::test]
async fn github_says_who_it_is() {
    let server = Provider::start(Kind::Github).await;
    let provider = github(&server.base, "right");
    let (start, code) = sign_in(&provider).await;
    let profile = provider.finish(&code, &start.verifier, BACK).await.unwrap();
    assert_eq!((profile.subject.as_str(), profile.name.as_str()), ("583231", "Octo Cat"));
    assert_eq!((profile.email.as_deref(), profile.email_verified), (Some("octo@example.org"), true));
    assert_eq!(profile.avatar_url.as_deref(), Some("https://pictures.example/1"));
    let tokens: Value = serde_json::from_str(profile.tokens.expose()).unwrap();
    assert!(tokens["access_token"].as_str().unwrap().starts_with("token-"));
    assert!(!format!("{profile:?}").contains("token-"));
}

#[tokio::test]
async fn an_address_counts_only_if_the_provider_verified_it() {
    for (emails, email, verified) in [
        (json!([{"email": "a@example.org", "primary": true, "verified": false}]), Some("public@example.org"), false),
        (json!([{"email": "a@example.org", "primary": false, "verified": true}]), Some("public@example.org"), false),
        (json!([{"email": "a@example.org", "primary": true, "verified": "yes"}]), Some("public@example.org"), false),
        (json!([]), Some("public@example.org"), false),
        (json!(null), Some("public@example.org"), false),
    ] {
        let server = Provider::start(Kind::Github).await;
        server.answers("user", json!({"id": 7, "login": "octo", "email": "public@example.org", "name": null}));
        server.answers("emails", emails.clone());
        let provider = github(&server.base, "right");
        let (start, code) = sign_in(&provider).await;
        let profile = provider.finish(&code, &start.verifier, BACK).await.unwrap();
        assert_eq!((profile.email.as_deref(), profile.email_verified), (email, verified), "{emails}");
        assert_eq!(profile.name, "octo", "without a name it is the login");
    }
    for (info, email, verified) in [
        (json!({"sub": "1", "email": "a@example.org", "email_verified": true}), Some("a@example.org"), true),
        (json!({"sub": "1", "email": "a@example.org", "email_verified": "true"}), Some("a@example.org"), true),
        (json!({"sub": "1", "email": "a@example.org", "email_verified": false}), Some("a@example.org"), false),
        (json!({"sub": "1", "email": "a@example.org"}), Some("a@example.org"), false),
        (json!({"sub": "1", "email": "", "email_verified": true}), None, false),
    ] {
        let server = Provider::start(Kind::Google).await;
        server.answers("user", info.clone());
        let provider = google(&server.base, "right");
        let (start, code) = sign_in(&provider).await;
        let profile = provider.finish(&code, &start.verifier, BACK).await.unwrap();
        assert_eq!((profile.email.as_deref(), profile.email_verified), (email, verified), "{info}");
    }
}

#[tokio::test]
async fn a_code_is_good_once_for_its_verifier_and_its_way_back() {
    for kind in [Kind::Github, Kind::Google] {
        let server = Provider::start(kind).await;
        let provider: Box<dyn OauthProvider> = match kind {
            Kind::Github => Box::new(github(&server.base, "right")),
            Kind::Google => Box::new(google(&server.base, "right")),
        };
        let refused = async |code: &Secret, verifier: &Secret, back: &str| {
            let error = provider.finish(code, verifier, back).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthorized, "{kind:?} {error:?}");
        };
        let (start, code) = sign_in(&*provider).await;
        let (other, _) = sign_in(&*provider).await;
        refused(&code, &other.verifier, BACK).await;
        let (start2, code2) = sign_in(&*provider).await;
        refused(&code2, &start2.verifier, "http://localhost:8000/elsewhere").await;
        refused(&Secret::new("made-up"), &start.verifier, BACK).await;
        let (start, code) = sign_in(&*provider).await;
        provider.finish(&code, &start.verifier, BACK).await.unwrap();
        refused(&code, &start.verifier, BACK).await;
    }
}

#[tokio::test]
async fn a_wrong_secret_is_the_operators_fault_not_the_users() {
    for kind in [Kind::Github, Kind::Google] {
        let server = Provider::start(kind).await;
        let provider: Box<dyn OauthProvider> = match kind {
            Kind::Github => Box::new(github(&server.base, "wr0ng")),
            Kind::Google => Box::new(google(&server.base, "wr0ng")),
        };
        let (start, code) = sign_in(&*provider).await;
        let error = provider.finish(&code, &start.verifier, BACK).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Never), "{kind:?} {error:?}");
        assert!(error.hint().unwrap().contains("client secret"));
        let told = format!("{error:?}");
        assert!(!told.contains("wr0ng") && !told.contains(code.expose()), "{told}");
    }
}

#[tokio::test]
async fn a_provider_that_talks_nonsense_or_nothing_is_unavailable() {
    for (part, answer) in [
        ("token", json!({"token": "x"})),
        ("token", json!("hello")),
        ("user", json!({"name": "nobody"})),
        ("user", json!({"id": "7", "login": "octo"})),
        ("user", json!({"id": 7})),
    ] {
        let server = Provider::start(Kind::Github).await;
        server.answers(part, answer.clone());
        let provider = github(&server.base, "right");
        let (start, code) = sign_in(&provider).await;
        let error = provider.finish(&code, &start.verifier, BACK).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{part} {answer} {error:?}");
    }
    let server = Provider::start(Kind::Github).await;
    server.stays_silent();
    let provider = github(&server.base, "right").hurried();
    let (start, code) = sign_in(&provider).await;
    let error = provider.finish(&code, &start.verifier, BACK).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");

    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let provider = google(&format!("http://{gone}"), "right");
    let error = provider.finish(&Secret::new("code"), &start.verifier, BACK).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
}
