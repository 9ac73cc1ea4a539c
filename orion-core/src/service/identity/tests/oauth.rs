//! Signing in with an account elsewhere.

use super::*;
use crate::domain::LoginKind;
use crate::port::{OauthProfile, OauthProvider, OauthStart};
use crate::testing::assert_fails;
use std::collections::HashMap;

/// A provider: whoever opens its page gets a code for the challenge in the address.
#[derive(Debug, Default)]
struct Elsewhere {
    codes: Mutex<HashMap<String, (String, OauthProfile)>>,
    count: AtomicUsize,
}

impl Elsewhere {
    /// What the browser does there: gives a code.
    fn consent(&self, url: &str, profile: OauthProfile) -> Secret {
        let code = format!("code {}", self.codes.lock().unwrap().len());
        let challenge = url.rsplit_once("challenge=").unwrap().1.to_owned();
        self.codes.lock().unwrap().insert(code.clone(), (challenge, profile));
        Secret::new(code)
    }
}

#[async_trait]
impl OauthProvider for Elsewhere {
    fn kind(&self) -> LoginKind {
        LoginKind::Github
    }

    fn begin(&self, redirect_uri: &str, state: &Secret) -> Result<OauthStart> {
        let verifier = Secret::new(format!("verifier {}", self.count.fetch_add(1, Ordering::SeqCst)));
        let challenge = Sha256::of(verifier.expose().as_bytes());
        let url =
            format!("https://elsewhere.example/?to={redirect_uri}&state={}&challenge={challenge}", state.expose());
        Ok(OauthStart { url, verifier })
    }

    async fn finish(&self, code: &Secret, verifier: &Secret, redirect_uri: &str) -> Result<OauthProfile> {
        assert_eq!(redirect_uri, "http://localhost:8000/api/v1/auth/oauth/github/callback");
        let found = self.codes.lock().unwrap().remove(code.expose());
        let (challenge, profile) = found.ok_or_else(|| refused("unknown code"))?;
        if Sha256::of(verifier.expose().as_bytes()).to_string() == challenge {
            Ok(profile)
        } else {
            Err(refused("wrong verifier"))
        }
    }
}

fn profile(subject: &str, email: &str, email_verified: bool) -> OauthProfile {
    OauthProfile {
        subject: subject.to_owned(),
        email: Some(email.to_owned()),
        email_verified,
        name: "Grace".to_owned(),
        avatar_url: Some("https://elsewhere.example/grace.png".to_owned()),
        tokens: secret("{\"access_token\":\"gho_secret\"}"),
    }
}

async fn go(kit: &Kit, provider: &Elsewhere, who: OauthProfile, link: Option<&Caller>) -> Result<SignedIn> {
    let (url, state) = kit.identity.oauth_begin(provider, "/profile", link).await?;
    let code = provider.consent(&url, who);
    let (signed_in, redirect) =
        kit.identity.oauth_finish(provider, &state, &state, &code, &client("192.0.2.9", None)).await?;
    assert_eq!(redirect, "http://localhost:3001/profile");
    Ok(signed_in)
}

#[tokio::test]
async fn a_new_person_becomes_an_editor_and_completes_the_account() {
    let (kit, provider) = (Kit::new().await, Elsewhere::default());
    let signed_in = go(&kit, &provider, profile("42", "Grace@example.org", true), None).await.unwrap();
    assert!(signed_in.onboarding);
    let user = &signed_in.user;
    assert_eq!((user.role, user.email.as_str(), user.email_verified), (Role::Editor, "grace@example.org", true));
    let caller = kit.caller(&signed_in);
    assert_fails(kit.identity.unlink(&caller, LoginKind::Github).await, ErrorKind::Conflict);
    assert!(kit.identity.username_free("grace").await.unwrap());
    let password = secret(PASSWORD);
    let onboard =
        |name: &'static str| kit.identity.onboard(&caller, name, &password, Some("Grace"), None, Some("Europe/Paris"));
    assert_fails(onboard("No!").await, ErrorKind::Invalid);
    let user = onboard("grace").await.unwrap();
    assert_eq!((user.username.as_deref(), user.timezone.as_str()), (Some("grace"), "Europe/Paris"));
    assert!(!kit.identity.username_free("grace").await.unwrap());
    assert_fails(onboard("hopper").await, ErrorKind::Conflict);
    // The username signs in, exactly as it is written; the name for people never does.
    assert!(!kit.login("grace").await.onboarding);
    for name in ["GRACE", "Grace", "%"] {
        let wrong = kit.identity.login(name, &secret(PASSWORD), &client("192.0.2.1", None)).await;
        assert_fails(wrong, ErrorKind::Unauthorized);
    }
    // The same account elsewhere is the same user, whatever its address is by now.
    let again = go(&kit, &provider, profile("42", "other@example.org", false), None).await.unwrap();
    assert_eq!(again.user.id, user.id);
    kit.identity.unlink(&caller, LoginKind::Github).await.unwrap();
    assert_fails(kit.identity.unlink(&caller, LoginKind::Github).await, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_taken_username_is_refused() {
    let (kit, provider) = (Kit::new().await, Elsewhere::default());
    let first = kit.caller(&go(&kit, &provider, profile("1", "a@example.org", true), None).await.unwrap());
    let second = kit.caller(&go(&kit, &provider, profile("2", "b@example.org", true), None).await.unwrap());
    kit.identity.onboard(&first, "grace", &secret(PASSWORD), None, None, None).await.unwrap();
    let taken = kit.identity.onboard(&second, "grace", &secret(PASSWORD), None, None, None).await.unwrap_err();
    assert_eq!((taken.kind(), taken.message()), (ErrorKind::AlreadyExists, "username taken"));
}

#[tokio::test]
async fn an_address_links_only_if_both_sides_have_verified_it() {
    let (kit, provider) = (Kit::new().await, Elsewhere::default());
    let user = kit.register("ada@example.org").await;
    let attacker = |verified| profile("666", "ada@example.org", verified);
    assert_fails(go(&kit, &provider, attacker(false), None).await, ErrorKind::Forbidden);
    assert_fails(go(&kit, &provider, attacker(true), None).await, ErrorKind::AlreadyExists);
    kit.identity.verify_email(&kit.last_token().await).await.unwrap();
    assert_fails(go(&kit, &provider, attacker(false), None).await, ErrorKind::Forbidden);
    let signed_in = go(&kit, &provider, profile("7", "ada@example.org", true), None).await.unwrap();
    assert_eq!(signed_in.user.id, user.id);
    let own = kit.identity.profile(user.id).await.unwrap();
    assert_eq!(own.oauth_providers, ["github"]);
    let nobody = OauthProfile { email: None, ..profile("8", "", true) };
    assert_fails(go(&kit, &provider, nobody, None).await, ErrorKind::Forbidden);
}

#[tokio::test]
async fn a_signed_in_user_links_an_account_of_any_address() {
    let (kit, provider) = (Kit::new().await, Elsewhere::default());
    let ada = kit.member("ada@example.org", Role::Viewer).await;
    let eve = kit.member("eve@example.org", Role::Viewer).await;
    let linked = go(&kit, &provider, profile("9", "private@example.org", false), Some(&ada)).await.unwrap();
    assert_eq!(linked.user.id, ada.user_id);
    assert_fails(go(&kit, &provider, profile("9", "x@example.org", true), Some(&eve)).await, ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn who_is_disabled_stays_out() {
    let (kit, provider) = (Kit::new().await, Elsewhere::default());
    let id = go(&kit, &provider, profile("42", "grace@example.org", true), None).await.unwrap().user.id;
    kit.identity
        .change_user(id, |user| {
            user.active = false;
            Ok(())
        })
        .await
        .unwrap();
    assert_fails(go(&kit, &provider, profile("42", "grace@example.org", true), None).await, ErrorKind::Forbidden);
    assert_fails(go(&kit, &provider, profile("43", "grace@example.org", true), None).await, ErrorKind::Forbidden);
}

#[tokio::test]
async fn a_state_belongs_to_one_browser_and_one_try() {
    let (kit, provider) = (Kit::new().await, Elsewhere::default());
    let here = client("192.0.2.9", None);
    let (url, state) = kit.identity.oauth_begin(&provider, "/", None).await.unwrap();
    let (_, other) = kit.identity.oauth_begin(&provider, "/", None).await.unwrap();
    let code = provider.consent(&url, profile("1", "a@example.org", true));
    for (state, browser) in [(&state, &other), (&other, &state), (&state, &secret("")), (&secret("x"), &secret("x"))] {
        let answer = kit.identity.oauth_finish(&provider, state, browser, &code, &here).await;
        assert_fails(answer, ErrorKind::Unauthorized);
    }
    // A code from another journey has another challenge; trying it uses the state up.
    assert_fails(kit.identity.oauth_finish(&provider, &other, &other, &code, &here).await, ErrorKind::Unauthorized);
    let code = provider.consent(&url, profile("1", "a@example.org", true));
    assert_fails(kit.identity.oauth_finish(&provider, &other, &other, &code, &here).await, ErrorKind::Unauthorized);
    kit.identity.oauth_finish(&provider, &state, &state, &code, &here).await.unwrap();
    assert_fails(kit.identity.oauth_finish(&provider, &state, &state, &code, &here).await, ErrorKind::Unauthorized);
    let (url, late) = kit.identity.oauth_begin(&provider, "/", None).await.unwrap();
    let code = provider.consent(&url, profile("1", "a@example.org", true));
    kit.clock.advance(Duration::from_secs(600));
    assert_fails(kit.identity.oauth_finish(&provider, &late, &late, &code, &here).await, ErrorKind::Unauthorized);
}

#[tokio::test]
async fn redirects_lead_to_the_dashboard_only() {
    let (kit, provider) = (Kit::new().await, Elsewhere::default());
    for good in ["", "/", "/profile?tab=1#x", "http://localhost:3001", "http://localhost:3001/profile"] {
        kit.identity.oauth_begin(&provider, good, None).await.unwrap();
    }
    for bad in [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "http://localhost:3001@evil.example",
        "http://localhost:30011/",
        "http://localhost:3001.evil.example",
        "javascript:alert(1)",
        "profile",
        "/a\r\nSet-Cookie: x",
        " /",
        "/\tx",
    ] {
        assert_fails(kit.identity.oauth_begin(&provider, bad, None).await, ErrorKind::Invalid);
    }
}

#[tokio::test]
async fn nothing_that_lets_anybody_in_is_stored() {
    let (kit, provider) = (Kit::new().await, Elsewhere::default());
    let signed_in = go(&kit, &provider, profile("42", "grace@example.org", true), None).await.unwrap();
    let caller = kit.caller(&signed_in);
    let socket = kit.identity.socket_ticket(&caller).await.unwrap();
    let (url, state) = kit.identity.oauth_begin(&provider, "/", None).await.unwrap();
    kit.register("ada@example.org").await;
    let mailed = kit.last_token().await;
    let mut tx = kit.identity.store.read().await.unwrap();
    use crate::port::{Filter, RepositoryExt};
    let all = Filter::default();
    let rows = [
        serde_json::to_string(&tx.tickets().all(&all).await.unwrap()).unwrap(),
        serde_json::to_string(&tx.sessions().all(&all).await.unwrap()).unwrap(),
        serde_json::to_string(&tx.logins().all(&all).await.unwrap()).unwrap(),
        serde_json::to_string(&tx.users().all(&all).await.unwrap()).unwrap(),
    ]
    .concat();
    let verifier = format!("verifier {}", provider.count.load(Ordering::SeqCst) - 1);
    assert!(url.contains(state.expose()));
    let secrets = [
        signed_in.refresh_token.expose(),
        signed_in.access_token.expose(),
        socket.expose(),
        state.expose(),
        mailed.expose(),
        "gho_secret",
        &verifier,
        PASSWORD,
        signed_in.device.expose(),
    ];
    for secret in secrets {
        assert!(!rows.contains(secret), "{secret} is stored");
    }
}
