//! Live events over real sockets.

use super::bed::Bed;
use axum::response::IntoResponse;
use futures_util::{SinkExt, StreamExt};
use orion_core::domain::{ContentStatus, Notification, NotificationKind, Role, User};
use orion_core::event::{Event, EventRecord};
use orion_core::id::{ContentId, EventId, NotificationId, TrendId, UserId};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Nothing takes longer.
const SOON: Duration = Duration::from_secs(10);

struct Served {
    bed: Bed,
    address: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl Served {
    async fn new(bed: Bed) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let platform = bed.platform.clone();
        let serving = tokio::spawn(super::super::serve(platform.clone(), listener, std::future::pending()));
        let sockets = platform.clone();
        let sockets = tokio::spawn(async move { sockets.run_sockets().await });
        let following = tokio::spawn(async move {
            loop {
                platform.follow_revocations().await.unwrap();
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        Self { bed, address, tasks: vec![serving, sockets, following] }
    }

    async fn connect(&self, path_and_query: &str, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
        let mut request = format!("ws://{}{path_and_query}", self.address).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(socket),
            Err(WsError::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    async fn open(&self, user: &User, more: &str) -> Socket {
        let token = self.bed.token(user, 900);
        self.connect(&format!("/ws?token={token}{more}"), &[]).await.unwrap()
    }

    /// Appends an event as a use case does, and announces it.
    async fn happen(&self, owner: Option<UserId>, event: Event) -> EventRecord {
        let production = self.bed.platform.orion.production();
        let mut tx = production.store.begin().await.unwrap();
        let id = EventId::random(&*production.entropy);
        let record = tx.append(id, production.clock.now(), owner, &event).await.unwrap();
        tx.commit().await.unwrap();
        production.wire.announce(&record).await.unwrap();
        record
    }

    async fn update(&self, owner: &User, number: u128) -> EventRecord {
        self.happen(Some(owner.id), updated(number)).await
    }
}

fn updated(number: u128) -> Event {
    Event::ContentUpdated {
        content_id: ContentId(uuid::Uuid::from_u128(number)),
        status: ContentStatus::Review,
        stage: None,
        pipeline_run_id: None,
        validation_passed: None,
        validation_score: None,
    }
}

/// The next frame, leaving pings aside.
async fn next(socket: &mut Socket) -> Option<Value> {
    loop {
        match tokio::time::timeout(SOON, socket.next()).await.expect("a frame in time")? {
            Ok(Message::Text(text)) => return Some(serde_json::from_str(text.as_str()).unwrap()),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

async fn id(socket: &mut Socket) -> String {
    next(socket).await.expect("a frame")["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_socket_opens_by_ticket_cookie_or_token_and_not_otherwise() {
    let served = Served::new(Bed::new().await).await;
    let bed = &served.bed;
    let token = bed.signed_in("ann", Role::Viewer).await;
    let cookie = format!("orion_token={token}");
    let ticket = || async {
        let answer = bed.call(axum::http::Method::POST, "/api/v1/ws/ticket", Some(&token), None).await.json();
        assert_eq!(answer["expires_in"], 30);
        answer["ticket"].as_str().unwrap().to_owned()
    };
    let first = ticket().await;
    assert!(served.connect(&format!("/ws?ticket={first}"), &[]).await.is_ok());
    assert_eq!(served.connect(&format!("/ws?ticket={first}"), &[]).await.err(), Some(401), "a ticket is good once");
    assert_eq!(served.connect("/ws?ticket=made-up", &[]).await.err(), Some(401));
    assert_eq!(served.connect("/ws", &[]).await.err(), Some(401));
    assert_eq!(served.connect("/ws?token=made-up", &[]).await.err(), Some(401));
    assert!(served.connect(&format!("/ws?token={token}"), &[]).await.is_ok());
    assert!(served.connect("/ws/progress", &[("cookie", &cookie)]).await.is_ok());
    let local = [("cookie", cookie.as_str()), ("origin", "http://localhost:3000")];
    assert!(served.connect("/ws", &local).await.is_ok());
    let foreign = [("cookie", cookie.as_str()), ("origin", "https://evil.example")];
    assert_eq!(served.connect("/ws", &foreign).await.err(), Some(403));
    let from_evil = [("origin", "https://evil.example")];
    assert_eq!(served.connect(&format!("/ws?ticket={}", ticket().await), &from_evil).await.err(), Some(403));
    let unknown = format!("/ws?token={token}&last_event_id={}", uuid::Uuid::from_u128(9));
    assert_eq!(served.connect(&unknown, &[]).await.err(), Some(422));

    let any = |config: &mut crate::Config| {
        config.env = "production".to_owned();
        config.allowed_origins = vec!["*".to_owned()];
    };
    let served = Served::new(Bed::with(any).await).await;
    let token = served.bed.token(&served.bed.user("ann", Role::Viewer).await, 900);
    assert_eq!(served.connect(&format!("/ws?token={token}"), &[]).await.err(), Some(401), "not outside development");
    let cookie = format!("orion_token={token}");
    let foreign = [("cookie", cookie.as_str()), ("origin", "https://evil.example")];
    assert_eq!(served.connect("/ws", &foreign).await.err(), Some(403), "everybody is welcome, but not with cookies");
    assert!(served.connect("/ws", &[("cookie", &cookie)]).await.is_ok());
}

/// Where it cannot be read who was signed out, nobody hears anything, and nobody's session is over for it.
#[tokio::test]
async fn a_socket_whose_session_cannot_be_checked_is_told_to_come_back() {
    let served = Served::new(Bed::new().await).await;
    let ann = served.bed.user("ann", Role::Editor).await;
    let mut socket = served.open(&ann, "").await;
    let event = served.update(&ann, 1).await.id.to_string();
    assert_eq!(id(&mut socket).await, event);
    let platform = &served.bed.platform;
    // Nothing awaits in between, so that nobody reads them meanwhile.
    *platform.followed.lock().unwrap() = None;
    let refused = platform.authenticate(&served.bed.token(&ann, 900)).unwrap_err();
    let forged = platform.authenticate("made-up").unwrap_err();
    platform.hub.close_where(|caller| platform.unwelcome(caller));
    let refused = refused.into_response();
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (503, "1"));
    assert_eq!(forged.status().as_u16(), 401);
    let code = loop {
        match tokio::time::timeout(SOON, socket.next()).await.expect("an end in time") {
            Some(Ok(Message::Close(frame))) => break frame.expect("a reason").code,
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, CloseCode::Again);
    platform.follow_revocations().await.unwrap();
    let later = served.update(&ann, 2).await.id.to_string();
    let mut socket = served.open(&ann, &format!("&last_event_id={event}")).await;
    assert_eq!(id(&mut socket).await, later, "and misses nothing");
}

#[tokio::test]
async fn everybody_hears_what_is_theirs_and_nothing_else() {
    let served = Served::new(Bed::new().await).await;
    let (ann, bob) = (served.bed.user("ann", Role::Editor).await, served.bed.user("bob", Role::Editor).await);
    let root = served.bed.user("root", Role::Admin).await;
    let mut sockets = Vec::new();
    for user in [&ann, &bob, &root] {
        sockets.push(served.open(user, "").await);
    }
    let [hers, his, roots] = &mut sockets[..] else { unreachable!() };
    tokio::time::sleep(Duration::from_millis(300)).await;
    let of_ann = served.update(&ann, 1).await.id.to_string();
    let production = served.bed.platform.orion.production();
    let notification = Notification {
        id: NotificationId::random(&*production.entropy),
        user_id: bob.id,
        kind: NotificationKind::TrendDetected,
        title: "for bob".to_owned(),
        body: None,
        metadata: Value::Null,
        is_read: false,
        read_at: None,
        created_at: production.clock.now(),
        version: 0,
    };
    let of_bob = served.happen(Some(bob.id), Event::NotificationCreated { notification }).await.id.to_string();
    let trend_id = TrendId(uuid::Uuid::from_u128(3));
    let of_all = served.happen(None, Event::TrendExpired { trend_id, source: None }).await.id.to_string();
    let frame = next(hers).await.unwrap();
    assert_eq!((&frame["id"], &frame["type"]), (&Value::from(of_ann.as_str()), &"orion.content.updated".into()));
    assert_eq!((&frame["channel"], &frame["payload"]["status"]), (&frame["type"], &"review".into()));
    assert!(frame["timestamp"].as_str().unwrap().len() == "2026-01-01T00:00:00Z".len(), "{frame}");
    assert_eq!(id(hers).await, of_all);
    let frame = next(his).await.unwrap();
    assert_eq!((&frame["id"], &frame["type"]), (&Value::from(of_bob), &"notification".into()));
    assert_eq!(
        (&frame["payload"]["title"], &frame["payload"]["user_id"]),
        (&"for bob".into(), &bob.id.to_string().into())
    );
    assert_eq!(id(his).await, of_all);
    assert_eq!(id(roots).await, of_ann, "administrators see everybody's content");
    assert_eq!(id(roots).await, of_all, "but not what others are told");
}

#[tokio::test]
async fn progress_has_the_form_that_bars_read() {
    let served = Served::new(Bed::new().await).await;
    let ann = served.bed.user("ann", Role::Editor).await;
    let token = served.bed.token(&ann, 900);
    let mut socket = served.connect(&format!("/ws/progress?token={token}"), &[]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let content_id = ContentId(uuid::Uuid::from_u128(1));
    let (stage, status) = (orion_core::domain::Stage::Render, orion_core::StageStatus::Running);
    let (progress, pipeline_run_id, cost, provider) = (Some(40), None, None, None);
    served
        .happen(
            Some(ann.id),
            Event::StageChanged {
                content_id,
                stage,
                status,
                progress,
                pipeline_run_id,
                cost,
                provider,
                failed_before: Vec::new(),
            },
        )
        .await;
    let frame = next(&mut socket).await.unwrap();
    assert_eq!((&frame["type"], &frame["payload"]["stage"]), (&"pipeline.progress".into(), &"render".into()));
    assert_eq!((&frame["payload"]["status"], &frame["payload"]["progress"]), (&"running".into(), &40.into()));
    let event = Event::MediaFailed { content_id, error: "no".to_owned(), errors: vec![], pipeline_run_id: None };
    served.happen(Some(ann.id), event).await;
    let frame = next(&mut socket).await.unwrap();
    assert_eq!((&frame["type"], &frame["payload"]["message"]), (&"pipeline.error".into(), &"no".into()));
}

/// Whoever comes back gets exactly what they missed: in order, once, and nobody else's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cuts_lose_and_repeat_nothing() {
    const EVENTS: usize = 1500;
    let served = std::sync::Arc::new(Served::new(Bed::new().await).await);
    let (ann, bob) = (served.bed.user("ann", Role::Editor).await, served.bed.user("bob", Role::Editor).await);
    let before = served.update(&ann, 0).await;
    let writing = {
        let (served, ann, bob) = (served.clone(), ann.clone(), bob.clone());
        tokio::spawn(async move {
            let mut hers = Vec::new();
            for number in 0..EVENTS {
                match number % 3 {
                    0 => drop(served.update(&bob, 1).await),
                    _ => hers.push(served.update(&ann, number as u128).await.id.to_string()),
                }
            }
            hers
        })
    };
    let mut seen: Vec<String> = Vec::new();
    let (mut last, mut cuts) = (before.id.to_string(), 0_u32);
    let wanted = EVENTS - EVENTS.div_ceil(3);
    while seen.len() < wanted {
        let mut socket = served.open(&ann, &format!("&last_event_id={last}")).await;
        // Cut after a number of frames that is different each time, also after none.
        for _ in 0..(cuts * 7) % 61 {
            if seen.len() == wanted {
                break;
            }
            last = id(&mut socket).await;
            seen.push(last.clone());
        }
        cuts += 1;
    }
    assert_eq!(seen, writing.await.unwrap());
    println!("{wanted} frames over {cuts} cuts: no gap, no repetition, nobody else's");
    let sequence = before.sequence.to_string();
    let mut socket = served.open(&ann, &format!("&last_event_id={sequence}")).await;
    for expected in &seen {
        assert_eq!(&id(&mut socket).await, expected, "by its number too");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_client_is_closed_and_holds_up_nobody() {
    let served = Served::new(Bed::new().await).await;
    let ann = served.bed.user("ann", Role::Editor).await;
    let slow = served.open(&ann, "").await;
    let mut quick = served.open(&ann, "").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let big = "x".repeat(16 * 1024);
    let content_id = ContentId(uuid::Uuid::from_u128(1));
    let mut ids = Vec::new();
    // More than the queue and what lies on the wire can hold.
    for _ in 0..900 {
        let event = Event::MediaFailed { content_id, error: big.clone(), errors: vec![], pipeline_run_id: None };
        ids.push(served.happen(Some(ann.id), event).await.id.to_string());
        assert_eq!(&id(&mut quick).await, ids.last().unwrap());
    }
    let mut slow = slow;
    let mut got = 0;
    while next(&mut slow).await.is_some() {
        got += 1;
    }
    assert!(got < ids.len(), "it was closed before the end");
    println!("closed after {got} of {} frames", ids.len());
}

#[tokio::test]
async fn what_clients_say_is_bounded() {
    let served = Served::new(Bed::new().await).await;
    let ann = served.bed.user("ann", Role::Editor).await;
    let mut socket = served.open(&ann, "").await;
    socket.send(Message::text("x".repeat(500))).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let event = served.update(&ann, 1).await.id.to_string();
    assert_eq!(id(&mut socket).await, event, "what is short enough is not listened to");
    socket.send(Message::text("x".repeat(513))).await.unwrap();
    assert_eq!(next(&mut socket).await, None);
}

/// The end of a session closes its sockets. How soon is printed; the goal is 200 ms.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_session_closes_its_sockets() {
    let served = Served::new(Bed::new().await).await;
    let bed = &served.bed;
    let admin = bed.token(&bed.user("root", Role::Admin).await, 900);
    let password = "correct horse battery";
    let mut times = Vec::new();
    for round in 0..5 {
        let email = format!("ann{round}@example.org");
        let create = serde_json::json!({ "email": email, "password": password, "name": "Ann", "role": "editor" });
        let users = "/api/v1/identity/users";
        let ann = bed.call(axum::http::Method::POST, users, Some(&admin), Some(create)).await.json();
        let login = serde_json::json!({ "email": email, "password": password });
        let login = bed.call(axum::http::Method::POST, "/api/v1/auth/login", None, Some(login)).await.json();
        let access = login["access_token"].as_str().unwrap();
        let ticket = bed.call(axum::http::Method::POST, "/api/v1/ws/ticket", Some(access), None).await.json();
        let mut socket =
            served.connect(&format!("/ws?ticket={}", ticket["ticket"].as_str().unwrap()), &[]).await.unwrap();
        let begun = Instant::now();
        match round % 2 {
            0 => drop(bed.call(axum::http::Method::POST, "/api/v1/auth/logout", Some(access), None).await),
            _ => {
                let path = format!("{users}/{}/status", ann["id"].as_str().unwrap());
                let off = serde_json::json!({ "is_active": false });
                bed.call(axum::http::Method::PUT, &path, Some(&admin), Some(off)).await;
            }
        }
        assert_eq!(next(&mut socket).await, None, "the socket is closed");
        times.push(begun.elapsed());
    }
    println!("from the call that ends a session to its socket's end: {times:?}");
}
