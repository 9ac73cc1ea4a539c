//! The forms in which data leaves the program, on record in `snapshots/`: rows, events, step results, names.
//!
//! What a store or a client holds today must be read by the next version, so each form on record is read back here,
//! and a form that changes fails until somebody has looked at it. CONTRIBUTING.md tells how to accept a change.

#![expect(clippy::panic, reason = "tests fail by panicking")]

use crate::Result;
use crate::domain::*;
use crate::event::{Event, EventRecord, PostStatus, RejectAction};
use crate::id::{EventId, UserId};
use crate::memory::TABLES;
use crate::port::Entity;
use crate::testing::sample;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// Forms of one subject by their names.
#[derive(Default)]
pub(crate) struct Forms(BTreeMap<String, Form>);

struct Form {
    present: Value,
    /// Reads a form on record and tells whether it is the value that the present form was written from.
    read: Box<dyn Fn(Value) -> Result<bool>>,
}

impl Forms {
    /// Adds a value that is kept as its JSON.
    pub(crate) fn with<T>(self, name: &str, value: T) -> Self
    where
        T: Serialize + DeserializeOwned + PartialEq + Debug + 'static,
    {
        let present = serde_json::to_value(&value).unwrap();
        self.add(name, present, move |recorded| Ok(serde_json::from_value::<T>(recorded)? == value))
    }

    fn add(mut self, name: &str, present: Value, read: impl Fn(Value) -> Result<bool> + 'static) -> Self {
        let earlier = self.0.insert(name.to_owned(), Form { present, read: Box::new(read) });
        assert!(earlier.is_none(), "two forms are named {name}");
        self
    }

    /// Holds the forms against the snapshot `subject`: what is on record can be read, is what is written now, and
    /// says the same.
    #[track_caller]
    pub(crate) fn check(self, subject: &'static str) {
        let recorded = recorded(subject);
        for (name, form) in &self.0 {
            if let Some(Err(error)) = recorded.get(name).map(|recorded| (form.read)(recorded.clone())) {
                panic!("{subject} on record can no longer be read: {name}: {error:?}\nhint: new fields are optional");
            }
        }
        let present: BTreeMap<&String, &Value> = self.0.iter().map(|(name, form)| (name, &form.present)).collect();
        // Keys are sorted, as the order of `serde_json` depends on the features of other crates.
        insta::with_settings!({ sort_maps => true, omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_json_snapshot!(subject, present);
        });
        for (name, form) in &self.0 {
            assert!((form.read)(form.present.clone()).unwrap(), "{name} is read as something else");
            let bare = without_nulls(form.present.clone());
            assert!((form.read)(bare).unwrap(), "{name}: a key that is null may as well be missing");
        }
    }
}

fn recorded(subject: &str) -> BTreeMap<String, Value> {
    let file = format!("{}/src/snapshots/{subject}.snap", env!("CARGO_MANIFEST_DIR"));
    let Ok(snapshot) = insta::Snapshot::from_file(file.as_ref()) else { return BTreeMap::new() };
    serde_json::from_str(&snapshot.as_text().unwrap().to_string()).unwrap()
}

/// The form as a version would have written it that did not know the keys that are null.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(keys) => {
            keys.into_iter().filter(|(_, value)| !value.is_null()).map(|(key, v)| (key, without_nulls(v))).collect()
        }
        other => other,
    }
}

/// Adds a row: its document, and the columns that its table keeps beside it.
fn row<T: Entity + PartialEq>(forms: Forms, row: T) -> Forms {
    let index = row.index();
    let columns = json!({
        "unique": index.unique, "owner": index.owner, "parent": index.parent,
        "state": index.state, "rank": index.rank, "at": index.at,
    });
    let present = json!({ "columns": columns, "document": row });
    forms.add(T::TABLE, present, move |recorded| Ok(T::deserialize(&recorded["document"])? == row))
}

#[test]
fn every_kind_of_row_is_on_record() {
    let decision = Decision {
        verdict: Verdict::Reject,
        feedback: Some("shorter".to_owned()),
        by: UserId(sample::uuid(2)),
        at: sample::time(9),
    };
    let approval = Approval { state: ApprovalState::Rejected, decision: Some(decision), ..sample::approval(1) };
    let content = Content {
        status: ContentStatus::Published,
        niche: Some("science".to_owned()),
        published_at: Some(sample::time(9)),
        ..sample::content(1)
    };
    let publication = Publication {
        state: PublicationState::Unknown,
        handle: Some("7301".to_owned()),
        error: Some("the connection broke".to_owned()),
        published_at: Some(sample::time(9)),
        ..sample::publication(1)
    };
    let mut notification = sample::notification(1);
    notification.mark_read(sample::time(9));
    let trend = Trend { status: TrendStatus::Expired, expired_at: Some(sample::time(9)), ..sample::trend(1) };
    let forms = row(Forms::default(), trend);
    let forms = row(forms, content);
    let forms = row(forms, sample::run(1));
    let forms = row(forms, Step { error: Some("no room".to_owned()), ..sample::step(1) });
    let forms = row(forms, sample::asset(1));
    let forms = row(forms, approval);
    let forms = row(forms, publication);
    let forms = row(forms, sample::user(1));
    let forms = row(forms, notification);
    let forms = row(forms, sample::cost(1));
    let forms = row(forms, sample::feed_state(1));
    let forms = row(forms, sample::login(1));
    let ended = (Some(sample::time(9)), Some(SessionEnd::Reuse));
    let forms = row(forms, Session { ended_at: ended.0, ended_for: ended.1, ..sample::session(1) });
    let forms = row(forms, Ticket { used_at: Some(sample::time(9)), ..sample::ticket(1) });
    let forms = row(forms, sample::guesses(1));
    let forms = row(forms, sample::revocation(1));
    let forms = row(forms, sample::account(1));
    let forms = row(forms, sample::setting(1));
    let mut tables = TABLES.to_vec();
    tables.sort_unstable();
    assert_eq!(forms.0.keys().collect::<Vec<_>>(), tables, "every table has a row here");
    forms.check("rows");
}

fn records() -> Vec<EventRecord> {
    let record = |(n, event)| EventRecord {
        sequence: n,
        id: EventId(sample::uuid(100 + n)),
        at: sample::time(n),
        owner: Some(match &event {
            Event::NotificationCreated { notification } => notification.user_id,
            _ => UserId(sample::uuid(7)),
        }),
        event,
    };
    (1..).zip(sample::events()).map(record).collect()
}

fn assert_every_channel(forms: &Forms) {
    let mut channels = Event::CHANNELS.to_vec();
    channels.sort_unstable();
    assert_eq!(forms.0.keys().collect::<Vec<_>>(), channels, "every event is in `sample::events`");
}

#[test]
fn what_scout_keeps_among_the_settings_is_on_record() {
    use crate::service::scout::{LastScan, Schedule, SourceHealth};
    let last = LastScan {
        due_at: sample::time(1),
        at: sample::time(2),
        found: 7,
        saved: 3,
        problem: Some("one source is down".to_owned()),
    };
    let schedule = Schedule {
        niche: Some("tech".to_owned()),
        minutes: Some(60),
        region: Some("DE".to_owned()),
        limit: Some(20),
        next_at: sample::time(3600),
        last: Some(last),
        running: false,
    };
    let health = SourceHealth {
        asked_at: sample::time(9),
        answered_at: Some(sample::time(5)),
        items: 20,
        failures: 2,
        problem: Some("the server asks to slow down".to_owned()),
        next_try: Some(sample::time(600)),
    };
    Forms::default().with("scout.schedule", schedule).with("scout.source", health).check("settings");
}

#[test]
fn the_wire_form_of_every_event_is_on_record() {
    let forms = records().into_iter().fold(Forms::default(), |forms, record| {
        let (channel, present) = (record.event.channel(), record.to_wire().unwrap());
        assert!(present.as_object().unwrap().values().all(|value| value != &json!({})), "the object is flat");
        forms.add(channel, present, move |recorded| Ok(EventRecord::from_wire(record.sequence, recorded)? == record))
    });
    assert_every_channel(&forms);
    forms.check("events_on_the_wire");
}

#[test]
fn the_stored_form_of_every_event_is_on_record() {
    let events = sample::events().into_iter();
    let forms = events.fold(Forms::default(), |forms, event| forms.with(event.channel(), event));
    assert_every_channel(&forms);
    forms.check("events_in_the_log");
}

/// The keys that the contract demands and no others; and keys that nobody knows do no harm.
#[test]
fn the_least_of_every_event_is_read() {
    let id = "00000000-0000-4000-8000-000000000001";
    let least = [
        json!({"_channel": "orion.trend.detected", "trend_id": id, "topic": "T", "source": "rss", "score": 1,
            "detected_at": "2026-01-01T00:00:00Z"}),
        json!({"_channel": "orion.trend.expired", "trend_id": id}),
        json!({"_channel": "orion.content.created", "content_id": id, "trend_id": id, "title": "T",
            "status": "review", "visual_prompts": []}),
        json!({"_channel": "orion.content.updated", "content_id": id, "status": "approved"}),
        json!({"_channel": "orion.content.rejected", "content_id": id, "feedback": "", "action": "discard"}),
        json!({"_channel": "orion.content.published", "content_id": id, "platforms": [], "results": [],
            "published_at": "2026-01-01T00:00:00Z"}),
        json!({"_channel": "orion.media.generated", "content_id": id, "asset_count": 0, "providers": []}),
        json!({"_channel": "orion.media.failed", "content_id": id, "error": "", "errors": []}),
        json!({"_channel": "orion.pipeline.stage_changed", "content_id": id, "stage": "video", "status": "failed"}),
        json!({"_channel": "orion.provider.switched", "service": "llm"}),
        json!({"_channel": "orion.alert.raised", "name": "A", "severity": "", "firing": false, "summary": ""}),
        json!({"_channel": "orion.notification.created", "id": id, "user_id": id, "type": "media_failed",
            "title": "T", "body": null, "metadata": null, "is_read": false, "read_at": null,
            "created_at": "2026-01-01T00:00:00Z"}),
    ];
    let mut read = Vec::new();
    for mut wire in least {
        wire["_event_id"] = json!(id);
        wire["timestamp"] = json!("2026-01-01T00:00:00.5+01:00");
        wire["what_nobody_knows"] = json!({"deep": [1]});
        let record = EventRecord::from_wire(1, wire.clone()).map_err(|error| error.with_context("wire", &wire));
        read.push(record.unwrap().event.channel());
    }
    assert_eq!(read, Event::CHANNELS);
}

#[test]
fn what_is_no_event_is_refused() {
    let wire = records()[1].to_wire().unwrap();
    for (key, value) in [
        ("_channel", json!("orion.trend.unheard")),
        ("_channel", json!(7)),
        ("_event_id", json!("not a uuid")),
        ("timestamp", json!("yesterday")),
        ("trend_id", json!(null)),
        ("user_id", json!("nobody")),
    ] {
        let mut wire = wire.clone();
        wire[key] = value;
        let error = EventRecord::from_wire(1, wire).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Corrupt, "{key}: {error}");
    }
    assert!(EventRecord::from_wire(1, json!([])).is_err());
}

#[test]
fn a_notification_goes_to_its_user_only() {
    let mut record = records().pop().unwrap();
    let user = record.owner.unwrap();
    for owner in [None, Some(UserId(sample::uuid(99)))] {
        record.owner = owner;
        let wire = record.to_wire().unwrap();
        assert_eq!(wire["user_id"], json!(user));
        assert_eq!(EventRecord::from_wire(1, wire).unwrap().owner, Some(user));
    }
}

/// Enums that carry data. The matches have no wildcard: a new variant must be added here.
#[test]
fn every_variant_is_on_record() {
    use crate::service::production::Subject;
    use timeline::Entrance;
    let mut forms = Forms::default();
    let (stage, gate, words) = (Stage::Images, Gate::Prompts, || "words".to_owned());
    for state in [
        RunState::Pending,
        RunState::Running { stage },
        RunState::Waiting { gate },
        RunState::Completed,
        RunState::Failed { stage, reason: words(), next_step: Some(words()) },
        RunState::Rejected { gate },
        RunState::Cancelled { stage },
    ] {
        let name = format!("run state {}", state.as_str());
        assert_eq!(serde_json::to_value(&state).unwrap()["state"], state.as_str());
        forms = forms.with(&name, state);
    }
    for card in [
        Card::Headline { label: words(), headline: words() },
        Card::Number { label: words(), headline: words(), value: words(), caption: words() },
        Card::Quote { quote: words(), attribution: words() },
        Card::List { label: words(), headline: words(), items: vec![words()] },
        Card::Comparison { label: words(), headline: words(), left: (words(), words()), right: (words(), words()) },
        Card::Closing { headline: words(), credits: vec![words()] },
        Card::Statement { words: words(), marked: vec![words()] },
        Card::Chart {
            label: words(),
            headline: words(),
            bars: vec![Bar { title: words(), value: words(), amount: 2.5 }],
        },
        Card::Timeline { label: words(), headline: words(), moments: vec![(words(), words())] },
        Card::Change { label: words(), headline: words(), before: (words(), words()), after: (words(), words()) },
        Card::Place { label: words(), name: words(), region: words(), headline: words() },
    ] {
        let name = format!("card {}", card.layout());
        forms = forms.with(&name, card);
    }
    for subject in [
        Subject::Feed { location: words() },
        Subject::Trend { id: crate::id::TrendId(sample::uuid(1)) },
        Subject::Url { url: words() },
        Subject::Topic { topic: words() },
        Subject::Text { text: words() },
        Subject::Script { script: words() },
    ] {
        let name = match &subject {
            Subject::Feed { .. } => "subject feed",
            Subject::Trend { .. } => "subject trend",
            Subject::Url { .. } => "subject url",
            Subject::Topic { .. } => "subject topic",
            Subject::Text { .. } => "subject text",
            Subject::Script { .. } => "subject script",
        };
        forms = forms.with(name, subject);
    }
    let duration = crate::MediaTime::from_millis(250);
    for entrance in [
        Entrance::None,
        Entrance::Fade { duration },
        Entrance::Rise { duration, distance: 0.02 },
        Entrance::Later { delay: duration, duration, distance: 0.02 },
    ] {
        let name = match entrance {
            Entrance::None => "entrance none",
            Entrance::Fade { .. } => "entrance fade",
            Entrance::Rise { .. } => "entrance rise",
            Entrance::Later { .. } => "entrance later",
        };
        forms = forms.with(name, entrance);
    }
    forms.check("variants");
}

/// Adds the names of an enum, which are the same in JSON, in columns and in text.
macro_rules! names {
    ($forms:expr, $($name:ty),+ $(,)?) => {{
        let mut forms = $forms;
        $(
            for value in <$name>::ALL {
                assert_eq!(value.as_str().parse::<$name>().unwrap(), *value);
                assert_eq!(value.to_string(), value.as_str());
                assert_eq!(json!(value), value.as_str());
            }
            assert_eq!("nothing of the kind".parse::<$name>().map_err(|error| error.kind()), Err(crate::ErrorKind::Invalid));
            forms = forms.with(stringify!($name), <$name>::ALL.to_vec());
        )+
        forms
    }};
}

#[test]
fn every_name_is_on_record() {
    use timeline::TransitionKind;
    let forms = names!(
        Forms::default(),
        ApprovalState,
        AssetKind,
        ClaimKind,
        ContentStatus,
        CostCategory,
        Destination,
        EntranceKind,
        Gate,
        GroundingAction,
        Layout,
        LineRole,
        LoginKind,
        MotionKind,
        NotificationKind,
        Ornament,
        Platform,
        PostStatus,
        PublicationState,
        RejectAction,
        Role,
        SessionEnd,
        Stage,
        StepState,
        TicketKind,
        TransitionKind,
        TrendStatus,
        Verdict,
    );
    forms.check("names");
}
