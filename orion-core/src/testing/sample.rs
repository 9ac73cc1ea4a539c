//! Rows and events to test with: complete, valid, and different for every number.

use crate::domain::*;
use crate::event::Event;
use crate::id::*;
use crate::port::{Attempt, Provider};
use crate::{MediaTime, Timestamp};
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

/// A time: so many seconds after the start of 2026.
pub fn time(seconds: u64) -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000).after(Duration::from_secs(seconds))
}

/// A UUID from a number.
pub fn uuid(n: u64) -> Uuid {
    Uuid::from_u128(0x0a11_0000_0000_4000_8000_0000_0000_0000 | u128::from(n))
}

/// An item of a feed.
pub fn feed_item(n: u64) -> FeedItem {
    FeedItem {
        title: format!("Headline {n}"),
        url: Some(format!("https://news.example/{n}")),
        summary: "A teaser.".to_owned(),
        content: "First paragraph.\n\nSecond paragraph.".to_owned(),
        author: Some("A. Writer".to_owned()),
        published_at: Some(time(n)),
        picture: Some(Picture {
            url: format!("https://news.example/{n}.jpg"),
            credit: Some("Photograph: J. Doe".to_owned()),
            caption: None,
            width: Some(1200),
            height: Some(800),
        }),
        categories: vec!["Science".to_owned()],
        feed_title: "Example News".to_owned(),
        language: Some("en".to_owned()),
        rank: n as u32,
    }
}

/// A trend.
pub fn trend(n: u64) -> Trend {
    Trend {
        id: TrendId(uuid(n)),
        topic: format!("Topic {n}"),
        sources: vec!["rss:Example News".to_owned()],
        score: (n % 101) as f64,
        niche: Some("science".to_owned()),
        keywords: vec!["topic".to_owned(), n.to_string()],
        items: vec![feed_item(n)],
        signals: [("hacker_news".to_owned(), json!({"points": n, "comments": 3}))].into(),
        detected_at: time(n),
        expired_at: None,
        status: TrendStatus::Active,
        version: 0,
    }
}

/// A script of three lines.
pub fn script() -> Script {
    let line = |role, text: &str, sources: &[u32]| Line {
        role,
        text: text.to_owned(),
        sources: sources.to_vec(),
        visual_cue: "a wide shot".to_owned(),
    };
    Script {
        title: "A title".to_owned(),
        language: "en".to_owned(),
        lines: vec![
            line(LineRole::Hook, "Did you see this?", &[]),
            line(LineRole::Body, "It happened on Monday.", &[1]),
            line(LineRole::CallToAction, "Follow for more.", &[]),
        ],
        author: "extractive".to_owned(),
    }
}

/// The look of a video.
pub fn look() -> Look {
    let palette = Palette {
        name: "night".to_owned(),
        background: 0x0B_10_20,
        glows: [0x2B_4C_7E, 0x56_3D_7C, 0x1F_6F_5C],
        accent: 0xFF_D1_66,
        text: 0xFF_FF_FF,
    };
    Look::new(palette, 7)
}

/// A plan of one scene.
pub fn scene_plan() -> ScenePlan {
    ScenePlan {
        style_guide: "calm and clear".to_owned(),
        look: look(),
        prompts: vec![VisualPrompt {
            scene_number: 1,
            description: "a city at dawn".to_owned(),
            style: "cinematic".to_owned(),
            camera_angle: "wide".to_owned(),
            mood: "hopeful".to_owned(),
            negative_prompt: String::new(),
            card: Card::Headline { label: "NEWS".to_owned(), headline: "Did you see this?".to_owned() },
            picture_source: Some(1),
            staging: Staging::default(),
        }],
    }
}

/// A piece of content.
pub fn content(n: u64) -> Content {
    Content {
        id: ContentId(uuid(n)),
        trend_id: Some(TrendId(uuid(n))),
        owner: UserId(uuid(n % 3)),
        title: format!("Content {n}"),
        status: ContentStatus::Generating,
        script: Some(script()),
        scenes: Some(scene_plan()),
        critique: Some(Critique { hook: 0.8, value: 0.7, call_to_action: 0.5, feedback: "tighter".to_owned() }),
        niche: None,
        platform: Platform::YoutubeShorts,
        regeneration_count: 0,
        feedback: Vec::new(),
        created_at: time(n),
        updated_at: time(n + 1),
        published_at: None,
        version: 0,
    }
}

/// A run.
pub fn run(n: u64) -> Run {
    Run {
        id: RunId(uuid(n)),
        content_id: ContentId(uuid(n)),
        owner: UserId(uuid(n % 3)),
        gates: vec![Gate::Script, Gate::Review],
        state: RunState::Failed {
            stage: Stage::Images,
            reason: "no room".to_owned(),
            next_step: Some("make room".to_owned()),
        },
        feedback: vec!["shorter".to_owned()],
        request: serde_json::json!({"feed": "https://news.example/rss", "seed": 7}),
        attempts: 1,
        cut_off: 0,
        created_at: time(n),
        started_at: Some(time(n + 1)),
        finished_at: Some(time(n + 2)),
        version: 0,
    }
}

/// A blob that nothing stores.
pub fn blob(n: u64) -> BlobRef {
    BlobRef { sha256: Sha256::of(&n.to_le_bytes()), length: 8, media_type: "image/png".to_owned() }
}

/// A finished step.
pub fn step(n: u64) -> Step {
    Step {
        id: StepId(uuid(n)),
        run_id: RunId(uuid(n % 5)),
        key: format!("images/{n}"),
        input: Sha256::of(b"input"),
        state: StepState::Finished,
        provider: Some("scene-graphics".to_owned()),
        served_by: Some(Provider::local("scene-graphics", "cards-1")),
        after: vec![Attempt { provider: Provider::cloud("fal", "flux"), error: "out of credit".to_owned() }],
        handle: Some("handle-1".to_owned()),
        output: Some(serde_json::json!({"width": 1080, "layers": [1, 2]})),
        blobs: vec![blob(n)],
        cost: Money(20_000),
        attempts: 1,
        error: None,
        started_at: time(n),
        finished_at: Some(time(n + 1)),
        version: 0,
    }
}

/// An asset.
pub fn asset(n: u64) -> Asset {
    Asset {
        id: AssetId(uuid(n)),
        content_id: ContentId(uuid(n % 3)),
        kind: if n.is_multiple_of(2) { AssetKind::Image } else { AssetKind::Thumbnail },
        provider: "scene-graphics".to_owned(),
        position: (n / 2) as u32,
        blob: blob(n),
        metadata: serde_json::json!({"credit": "Photograph: J. Doe", "duration": MediaTime::from_millis(1500)}),
        created_at: time(n / 2),
        version: 0,
    }
}

/// An open approval.
pub fn approval(n: u64) -> Approval {
    Approval {
        id: ApprovalId(uuid(n)),
        run_id: RunId(uuid(n)),
        content_id: ContentId(uuid(n)),
        gate: Gate::Review,
        subject: Sha256::of(b"video"),
        state: ApprovalState::Open,
        decision: None,
        created_at: time(n),
        expires_at: time(n + 3600),
        version: 0,
    }
}

/// A prepared publication.
pub fn publication(n: u64) -> Publication {
    Publication {
        id: PublicationId(uuid(n)),
        content_id: ContentId(uuid(n)),
        owner: UserId(uuid(n % 3)),
        destination: Destination::Tiktok,
        account_id: Some(SocialAccountId(uuid(n))),
        file: Sha256::of(b"video"),
        batch: uuid(n),
        title: "A title".to_owned(),
        description: "Did you see this?\n\n#topic".to_owned(),
        state: PublicationState::Prepared,
        handle: None,
        error: None,
        sends: 0,
        doubted: false,
        held_until: None,
        created_at: time(n),
        published_at: None,
        version: 0,
    }
}

/// A user.
pub fn user(n: u64) -> User {
    User {
        id: UserId(uuid(n)),
        email: format!("user{n}@example.org"),
        name: format!("User {n}"),
        role: Role::Editor,
        active: true,
        username: Some(format!("user_{n}")),
        password: Some(Secret::new("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA")),
        first_name: Some("User".to_owned()),
        last_name: None,
        avatar_url: None,
        bio: Some("Makes videos.".to_owned()),
        timezone: "Europe/Berlin".to_owned(),
        email_verified: true,
        last_login_at: Some(time(n)),
        settings: serde_json::Map::from_iter([(
            "dashboard_preferences".to_owned(),
            serde_json::json!({"theme": "dark"}),
        )]),
        created_at: time(n),
        updated_at: time(n),
        version: 0,
    }
}

/// An unread notification.
pub fn notification(n: u64) -> Notification {
    Notification {
        id: NotificationId(uuid(n)),
        user_id: UserId(uuid(n % 3)),
        kind: NotificationKind::ContentCreated,
        title: "Content is ready".to_owned(),
        body: Some("Have a look.".to_owned()),
        metadata: serde_json::json!({"content_id": uuid(n)}),
        is_read: false,
        read_at: None,
        created_at: time(n),
        version: 0,
    }
}

/// A row of the cost ledger.
pub fn cost(n: u64) -> Cost {
    Cost {
        id: CostId(uuid(n)),
        content_id: Some(ContentId(uuid(n))),
        run_id: Some(RunId(uuid(n))),
        owner: UserId(uuid(n % 3)),
        provider: "fal".to_owned(),
        category: CostCategory::ImageGeneration,
        units: 1.0,
        amount: Money::from_dollars(0.02),
        recorded_at: time(n),
        version: 0,
    }
}

/// What is remembered of a feed.
pub fn feed_state(n: u64) -> FeedState {
    FeedState {
        id: FeedStateId(uuid(n)),
        url: format!("https://news.example/{n}/rss"),
        etag: Some("\"abc\"".to_owned()),
        last_modified: Some("Mon, 23 Nov 2026 10:00:00 GMT".to_owned()),
        body: Some(blob(n)),
        not_before: time(n + 600),
        failures: 0,
        problem: None,
        checked_at: time(n),
        version: 0,
    }
}

/// A username.
pub fn login(n: u64) -> Login {
    Login {
        id: LoginId(uuid(n)),
        user_id: UserId(uuid(n)),
        kind: LoginKind::Github,
        subject: n.to_string(),
        email: Some(format!("user{n}@example.org")),
        tokens: Some(Secret::new("sealed")),
        created_at: time(n),
        updated_at: time(n),
        version: 0,
    }
}

/// A session that was refreshed once.
pub fn session(n: u64) -> Session {
    Session {
        id: SessionId(uuid(n)),
        user_id: UserId(uuid(n % 3)),
        generation: 1,
        token: Sha256::of(b"token"),
        rotated_at: Some(time(n)),
        agent: "orion/0.1.0".to_owned(),
        address: "192.0.2.7".to_owned(),
        created_at: time(n),
        used_at: time(n),
        expires_at: time(n + 3600),
        ended_at: None,
        ended_for: None,
        version: 0,
    }
}

/// An unused ticket.
pub fn ticket(n: u64) -> Ticket {
    Ticket {
        id: TicketId(uuid(n)),
        kind: TicketKind::OauthState,
        hash: Sha256::of(&n.to_le_bytes()),
        user_id: Some(UserId(uuid(n))),
        data: serde_json::json!({"redirect": "/"}),
        created_at: time(n),
        expires_at: time(n + 600),
        used_at: None,
        mail_at: None,
        version: 0,
    }
}

/// A count of guesses.
pub fn guesses(n: u64) -> Guesses {
    Guesses { id: GuessesId(uuid(n)), key: Sha256::of(&n.to_le_bytes()), count: 3, last_at: time(n), version: 0 }
}

/// A revoked token.
pub fn revocation(n: u64) -> Revocation {
    Revocation { id: RevocationId(uuid(n)), expires_at: time(n + 900), created_at: time(n), version: 0 }
}

/// A connected account.
pub fn account(n: u64) -> SocialAccount {
    SocialAccount {
        id: SocialAccountId(uuid(n)),
        user_id: UserId(uuid(n % 3)),
        destination: Destination::Webhook,
        display_name: "Our site".to_owned(),
        credentials: Secret::new("sealed"),
        active: true,
        created_at: time(n),
        version: 0,
    }
}

/// A stored setting.
pub fn setting(n: u64) -> Setting {
    Setting {
        id: SettingId(uuid(n)),
        name: format!("setting.{n}"),
        value: serde_json::json!({"niche": "tech"}),
        updated_at: time(n),
        version: 0,
    }
}

/// An event that names a number.
pub fn event(n: u64) -> Event {
    Event::TrendExpired { trend_id: TrendId(uuid(n)), source: Some(format!("rss:{n}")) }
}

/// One event of every kind, with all that it may carry.
pub fn events() -> Vec<Event> {
    use crate::StageStatus;
    use crate::event::{EventCost, PostResult, PostStatus, RejectAction};
    use crate::port::{Attempt, Provider, Side};
    let content_id = ContentId(uuid(2));
    let cost = Some(EventCost {
        units: 3.0,
        rate: Some(0.02),
        category: Some("image_generation".to_owned()),
        media_type: Some(AssetKind::Image),
    });
    let published = PostResult {
        platform: "tiktok".to_owned(),
        status: PostStatus::Published,
        platform_post_id: Some("7301".to_owned()),
        error: None,
    };
    let failed = PostResult {
        platform: "youtube".to_owned(),
        status: PostStatus::Failed,
        platform_post_id: None,
        error: Some("quota exceeded".to_owned()),
    };
    vec![
        Event::TrendDetected {
            trend_id: TrendId(uuid(1)),
            topic: "Topic 1".to_owned(),
            source: "rss:Example News".to_owned(),
            score: 71.25,
            detected_at: time(1),
            niche: Some("science".to_owned()),
        },
        event(1),
        Event::ContentCreated {
            content_id,
            trend_id: Some(TrendId(uuid(1))),
            title: "Content 2".to_owned(),
            status: ContentStatus::Generating,
            visual_prompts: vec!["a city at dawn".to_owned()],
            confidence_score: Some(0.85),
            niche: Some("science".to_owned()),
            source: Some("rss:Example News".to_owned()),
        },
        Event::ContentUpdated {
            content_id,
            status: ContentStatus::Review,
            stage: Some("render".to_owned()),
            pipeline_run_id: Some(RunId(uuid(3))),
            validation_passed: Some(true),
            validation_score: Some(0.925),
        },
        Event::ContentRejected {
            content_id,
            feedback: "shorter".to_owned(),
            action: RejectAction::Regenerate,
            trend_topic: Some("Topic 1".to_owned()),
            niche: Some("science".to_owned()),
        },
        Event::ContentPublished {
            content_id,
            platforms: vec!["tiktok".to_owned(), "youtube".to_owned()],
            results: vec![published, failed],
            published_at: time(9),
        },
        Event::MediaGenerated { content_id, asset_count: 3, providers: vec!["fal".to_owned()], cost: cost.clone() },
        Event::MediaFailed {
            content_id,
            error: "no room".to_owned(),
            errors: vec!["no room".to_owned(), "timeout".to_owned()],
            pipeline_run_id: Some(RunId(uuid(3))),
        },
        Event::StageChanged {
            content_id,
            stage: Stage::Images,
            status: StageStatus::Running,
            progress: Some(40),
            pipeline_run_id: Some(RunId(uuid(3))),
            cost,
            provider: Some("fal".to_owned()),
            failed_before: vec![Attempt { provider: Provider::local("comfyui", "sdxl"), error: "down".to_owned() }],
        },
        Event::ProviderSwitched {
            service: "image".to_owned(),
            mode: Some(Side::Cloud),
            provider: Some("fal/flux".to_owned()),
        },
        Event::AlertRaised {
            name: "OrionDown".to_owned(),
            severity: "critical".to_owned(),
            firing: true,
            summary: "no gateway answers".to_owned(),
        },
        Event::NotificationCreated { notification: notification(4) },
    ]
}
