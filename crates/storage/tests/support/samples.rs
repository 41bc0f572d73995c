//! Things to put into a database; every column is filled, as oddly as it may be.

use std::sync::atomic::{AtomicU64, Ordering};

use circadia_domain::audit::{AuditAction, AuditDetail, AuditEvent};
use circadia_domain::calendar::{Calendar, CalendarPart, CalendarParts};
use circadia_domain::civil::{Date, DayStart, Instant, WallTime, Weekday, Weekdays, Zone, ZoneOrOffset};
use circadia_domain::color::Color;
use circadia_domain::habits::{
    Archive, DayRecord, Entry, EntryState, Habit, HabitDescription, HabitIcon, HabitName, HabitQuestion, History,
    Pause, PauseSource, Plan, TimeOfDay, Timeline, Window,
};
use circadia_domain::idempotency_keys::{AttemptId, StoredKey};
use circadia_domain::identities::{Identity, Issuer, ProviderName, Subject};
use circadia_domain::ids::{
    AuditEventId, HabitId, JobId, PauseId, PersonalTokenId, SessionId, SharedPauseId, ThemeId, UserId,
};
use circadia_domain::ids::{MoodMomentId, SleepLogId};
use circadia_domain::ids::{TaskId, TimeEntryId};
use circadia_domain::imports::{Import, ImportFormat, ImportReport, ImportState, ItemId, ItemKind, MadeItem};
use circadia_domain::jobs::{JobKind, NewJob};
use circadia_domain::moods::{Mood, MoodMoment, MoodNote, MoodValue, Tag, Tags};
use circadia_domain::one_time::{OneTimePurpose, StoredOneTimeToken};
use circadia_domain::outgoing::OutgoingUrl;
use circadia_domain::passkeys::{Passkey, PasskeyId, PasskeyName, Transport};
use circadia_domain::personal_tokens::{PersonalToken, Scopes, TokenName};
use circadia_domain::push_subscriptions::{PushSubscription, PushSubscriptionId, PushSubscriptionLabel, endpoint_hash};
use circadia_domain::reminders::{
    MAX_MINUTES_BEFORE, Occurrence, Reminder, ReminderChannel, ReminderChannels, ReminderId, ReminderRule,
};
use circadia_domain::revision::Revision;
use circadia_domain::sessions::{FirstFactor, Session, SessionKind};
use circadia_domain::shared_pauses::{ExceptHabits, SharedPause, SharedPauseNote, SharedPauseSource};
use circadia_domain::sleep::{Quality, Sleep, SleepKind, SleepLog, SleepNote};
use circadia_domain::sync::StoredCommand;
use circadia_domain::tasks::{Priority, Task, TaskDescription, TaskStatus, TaskTitle};
use circadia_domain::themes::Theme;
use circadia_domain::time_entries::{TimeEntry, TimeNote};
use circadia_domain::totp::TotpFactor;
use circadia_domain::users::{ColorScheme, Email, Locale, NewUser, Role, Settings, SleepGoal, Username};
use circadia_domain::webhooks::{
    Delivery, DeliveryId, DeliveryStatus, EventFilter, Webhook, WebhookDescription, WebhookEvent, WebhookId,
};
use serde_json::json;
use uuid::Uuid;

/// A moment with microseconds.
pub(crate) const NOW: Instant = Instant::from_micros(1_772_400_600_123_456);

/// A UUIDv7 that no other call gives.
pub(crate) fn id() -> Uuid {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut bytes = [0xAB; 16];
    bytes[..6].copy_from_slice(&[0x01, 0x9C, 0xA9, 0, 0, 0]);
    bytes[8..].copy_from_slice(&count.to_be_bytes());
    uuid::Builder::from_bytes(bytes)
        .with_version(uuid::Version::SortRand)
        .with_variant(uuid::Variant::RFC4122)
        .into_uuid()
}

pub(crate) fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

pub(crate) fn settings() -> Settings {
    Settings {
        timezone: Zone::parse("America/Argentina/ComodRivadavia").unwrap(),
        day_start: DayStart::from_minutes(1439).unwrap(),
        week_start: Weekday::Su,
        locale: Locale::parse("zh-Hant-TW-variant1").unwrap(),
        color_scheme: ColorScheme::Dark,
        sleep_goal: SleepGoal::from_minutes(960).unwrap(),
        free_days: Weekdays::of(&[Weekday::Mo, Weekday::Su]),
        allow_overlapping_time: true,
    }
}

/// A command of a device that was refused.
pub(crate) fn sync_command() -> StoredCommand {
    StoredCommand {
        id: id().into(),
        digest: [0xFF; 32],
        revision: Revision(1),
        refusal: Some("{\"detail\": \"é\"}".to_owned()),
    }
}

/// A user with a name and an address of their own.
pub(crate) fn user() -> NewUser {
    let id = id();
    let digits = &id.simple().to_string()[16..];
    NewUser {
        id: UserId::from_uuid(id),
        username: Username::parse(&format!("User.{digits}")).unwrap(),
        email: Email::parse(&format!("user-{digits}@example.org")).unwrap(),
        email_verified_at: Some(Instant::from_micros(1_772_400_000_000_001)),
        password_hash: Some("$argon2id$v=19$m=47104,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g".to_owned()),
        role: Role::Regular,
        settings: settings(),
        created_at: NOW,
    }
}

/// A token that may do a little.
pub(crate) fn calendar(user: UserId) -> Calendar {
    Calendar {
        user,
        secret_hash: [7; 32],
        include: CalendarParts::of(&[CalendarPart::Habits, CalendarPart::Sleep]).unwrap(),
        created_at: NOW,
        updated_at: NOW.plus_seconds(1),
        rev: Revision(i64::MAX),
    }
}

/// A browser's subscription, with an endpoint of its own.
pub(crate) fn push_subscription(user: UserId) -> PushSubscription {
    let id = id();
    let endpoint = OutgoingUrl::parse(&format!("https://push.example/{}/{id}", "é".repeat(300))).unwrap();
    PushSubscription {
        id: PushSubscriptionId::from_uuid(id),
        user,
        endpoint_hash: endpoint_hash(&endpoint),
        endpoint,
        p256dh: vec![0xFF; 65],
        auth: vec![0xFF; 255],
        label: Some(PushSubscriptionLabel::parse(&"é".repeat(100)).unwrap()),
        created_at: NOW,
        updated_at: NOW.plus_seconds(1),
        last_success_at: Some(NOW.plus_seconds(2)),
        failing_since: Some(NOW.plus_seconds(3)),
        rev: Revision(i64::MAX),
    }
}

pub(crate) fn personal_token(user: UserId) -> PersonalToken {
    PersonalToken {
        id: PersonalTokenId::from_uuid(id()),
        user,
        name: TokenName::parse(&"é".repeat(100)).unwrap(),
        scopes: Scopes::from_text("read habits:write").unwrap(),
        secret_hash: [0xA5; 32],
        created_at: NOW,
        expires_at: NOW.plus_seconds(86_400),
        last_used_at: None,
        rev: Revision(1),
    }
}

/// A second factor in force.
pub(crate) fn totp(user: UserId) -> TotpFactor {
    TotpFactor {
        user,
        sealed: vec![0xFF; 1024],
        created_at: NOW,
        confirmed_at: Some(NOW.plus_seconds(1)),
        last_step: Some(i64::MAX),
        guesses_until: Some(NOW.plus_seconds(2)),
    }
}

/// A passkey as long as one may be.
pub(crate) fn passkey(user: UserId) -> Passkey {
    let id = id();
    Passkey {
        id: PasskeyId::from_uuid(id),
        user,
        name: PasskeyName::parse(&"é".repeat(100)).unwrap(),
        credential_id: [id.as_bytes().as_slice(), &[0xFF; 1007]].concat(),
        public_key: vec![0xFF; 4096],
        sign_count: u32::MAX.into(),
        backup_eligible: true,
        backed_up: true,
        transports: Transport::ALL.into_iter().collect(),
        created_at: NOW,
        last_used_at: Some(NOW.plus_seconds(1)),
        rev: Revision(1),
    }
}

/// A webhook that was told of nothing, with its secret rotated.
pub(crate) fn webhook(user: UserId) -> Webhook {
    let url = format!("https://example.com/{}", "é".repeat(300));
    let events = EventFilter::of_words(WebhookEvent::choices().map(Some).collect()).unwrap();
    Webhook {
        id: WebhookId::from_uuid(id()),
        user,
        url: OutgoingUrl::parse(&url).unwrap(),
        description: Some(WebhookDescription::parse(&"é".repeat(200)).unwrap()),
        events,
        secret: vec![0xFF; 255],
        previous_secret: Some(vec![0; 255]),
        previous_secret_until: Some(NOW.plus_seconds(86_400)),
        disabled_at: None,
        disabled_reason: None,
        failing_since: None,
        seen_rev: Revision(1),
        seen_position: None,
        pending: 0,
        next_delivery_at: None,
        leased_until: None,
        created_at: NOW,
        updated_at: NOW.plus_seconds(1),
        rev: Revision(1),
    }
}

/// A delivery of a webhook, due now.
pub(crate) fn delivery(webhook: WebhookId) -> Delivery {
    Delivery {
        id: DeliveryId::from_uuid(id()),
        webhook,
        event: WebhookEvent::Ping,
        body: vec![0xFF; 70_000],
        status: DeliveryStatus::Waiting,
        attempts: 0,
        next_attempt_at: Some(NOW),
        last_attempt_at: None,
        response_status: None,
        duration_ms: None,
        error: None,
        created_at: NOW,
        finished_at: None,
    }
}

/// Something that a user did.
pub(crate) fn audit_event(user: UserId) -> AuditEvent {
    AuditEvent::by(AuditEventId::from_uuid(id()), AuditAction::RECOVERY_CODES_RENEWED, user, NOW)
        .in_session(SessionId::from_uuid(id()))
        .with("codes", AuditDetail::Number(i64::MAX))
        .with("of", AuditDetail::Id(id()))
        .with("kind", AuditDetail::Word("totp"))
        .with("planned", AuditDetail::Flag(true))
}

/// An identity with a subject of its own.
pub(crate) fn identity(user: UserId) -> Identity {
    Identity {
        user,
        issuer: Issuer::parse("https://accounts.google.com").unwrap(),
        subject: Subject::parse(&format!("Sub-{}", id().simple())).unwrap(),
        provider: ProviderName::parse("google").unwrap(),
        email: Email::parse("who+they.are@xn--bcher-kva.example").unwrap(),
        linked_at: NOW,
    }
}

pub(crate) fn session(user: UserId) -> Session {
    Session {
        id: SessionId::from_uuid(id()),
        user,
        kind: SessionKind::Token,
        first_factor: FirstFactor::Provider,
        secret_hash: [0xFF; 32],
        generation: 0,
        rotated_at: NOW,
        device: Some("📱 телефон".repeat(10)),
        user_agent: Some("a".repeat(400)),
        ip: Some("2001:db8:85a3:8d3:1319:8a2e:370:7348".to_owned()),
        created_at: NOW,
        last_used_at: NOW.plus_seconds(1),
        expires_at: NOW.plus_seconds(604_800),
        revoked_at: None,
    }
}

/// A job that is due now.
pub(crate) fn job(user: Option<UserId>) -> NewJob {
    NewJob {
        id: JobId::from_uuid(id()),
        kind: JobKind::Mail,
        user,
        payload: Some(vec![0, 0xFF, 0]),
        run_at: NOW,
        created_at: NOW.plus_seconds(-1),
    }
}

pub(crate) fn idempotency_key() -> StoredKey {
    StoredKey {
        key_hash: vec![1; 32],
        digest: vec![2; 32],
        attempt: AttemptId::from_uuid(id()),
        claimed_until: NOW,
        is_committed: true,
        answer: Some(vec![3]),
        expires_at: NOW.plus_seconds(86_400),
    }
}

pub(crate) fn one_time_token(user: UserId, purpose: OneTimePurpose) -> StoredOneTimeToken {
    StoredOneTimeToken {
        user,
        purpose,
        token_hash: [0xE7; 32],
        email: Email::from_stored(format!("{}@{}.example", "ä".repeat(40), "b".repeat(160))),
        created_at: NOW,
        expires_at: NOW.plus_seconds(purpose.life()),
    }
}

pub(crate) fn theme(name: &str) -> Theme {
    Theme {
        id: ThemeId::from_uuid(id()),
        name: circadia_domain::themes::ThemeName::parse(name).unwrap(),
        color: Color { rgb: [0x1E, 0x90, 0xFF] },
        created_at: NOW,
        updated_at: NOW,
        rev: Revision(1),
        request_digest: [0xA5; 32],
    }
}

/// A shared pause with every column filled.
pub(crate) fn shared_pause(from: &str, to: Option<&str>) -> SharedPause {
    SharedPause {
        id: SharedPauseId::from_uuid(id()),
        from: date(from),
        to: to.map(date),
        note: SharedPauseNote::parse("Zwei Wochen\nMeer 🌊").unwrap(),
        except_habits: ExceptHabits::new(vec![HabitId::from_uuid(id()), HabitId::from_uuid(id())]).unwrap(),
        source: SharedPauseSource::DateLine,
        created_at: NOW,
        updated_at: NOW,
        rev: Revision(1),
        request_digest: [0xA5; 32],
    }
}

/// A task with every column filled but its theme.
pub(crate) fn task(title: &str) -> Task {
    Task {
        id: TaskId::from_uuid(id()),
        title: TaskTitle::parse(title).unwrap(),
        description: TaskDescription::parse("Zwei Zeilen,\neine Tasse ☕").unwrap(),
        priority: Priority::High,
        status: TaskStatus::Done,
        due_on: Some(date("2026-03-31")),
        theme: None,
        completed_at: Some(NOW.plus_seconds(2)),
        created_at: NOW,
        updated_at: NOW.plus_seconds(2),
        rev: Revision(3),
        request_digest: [0x5A; 32],
    }
}

/// An enabled reminder with every column filled that its rule has.
pub(crate) fn reminder(rule: ReminderRule) -> Reminder {
    Reminder {
        id: ReminderId::from_uuid(id()),
        rule,
        channels: ReminderChannels::of(&[ReminderChannel::Email, ReminderChannel::Push]).unwrap(),
        enabled: true,
        handled_on: Some(date("2026-03-01")),
        next: Some(Occurrence { day: date("2026-03-02"), at: NOW }),
        created_at: NOW,
        updated_at: NOW.plus_seconds(1),
        rev: Revision(1),
        request_digest: [0x5A; 32],
    }
}

/// A rule about bedtime.
pub(crate) fn bedtime() -> ReminderRule {
    ReminderRule::Bedtime {
        wake_time: WallTime::from_minutes(1_439).unwrap(),
        minutes_before: MAX_MINUTES_BEFORE,
        weekdays: Weekdays::of(&[Weekday::Mo, Weekday::Su]),
    }
}

/// A time entry with every column filled but what it was spent on.
pub(crate) fn time_entry(date: Date, minutes: u32) -> TimeEntry {
    TimeEntry {
        id: TimeEntryId::from_uuid(id()),
        habit: None,
        task: None,
        date,
        minutes,
        started_at: Some(NOW),
        ended_at: Some(NOW.plus_seconds(1)),
        zone: ZoneOrOffset::parse("-03:30").unwrap(),
        note: TimeNote::parse("Kapitel 3 📖").unwrap(),
        created_at: NOW,
        updated_at: NOW.plus_seconds(4),
        rev: Revision(5),
        request_digest: [0xC3; 32],
    }
}

pub(crate) fn entry(habit: HabitId, date: Date) -> Entry {
    Entry {
        habit,
        date,
        state: EntryState::Done,
        value: Some(circadia_domain::quantity::Quantity::from_thousandths(3_250)),
        tracked_minutes: 0,
        settled: false,
        note: None,
        created_at: NOW,
        updated_at: NOW,
        rev: Revision(2),
    }
}

/// A log of so many seconds from an instant on, with every column filled.
pub(crate) fn sleep_log(start: Instant, seconds: i64) -> SleepLog {
    let zone = ZoneOrOffset::parse("America/Argentina/ComodRivadavia").unwrap();
    let end = start.plus_seconds(seconds);
    SleepLog {
        id: SleepLogId::from_uuid(id()),
        sleep: Sleep {
            start,
            end,
            date: circadia_domain::sleep::waking_date(zone.zone(), end),
            zone,
            kind: SleepKind::Nap,
            quality: Some(Quality::from_number(5).unwrap()),
            awake_seconds: Some(299),
        },
        note: SleepNote::parse("Zwei Träume,\neiner 🌙").unwrap(),
        created_at: NOW,
        updated_at: NOW,
        rev: Revision(2),
        request_digest: [0x5A; 32],
    }
}

fn tags() -> Tags {
    Tags::new(["späte arbeit", "\"zitat\"", "🏃"].map(|tag| Tag::parse(tag).unwrap()).to_vec()).unwrap()
}

pub(crate) fn mood(date: Date, value: i64) -> Mood {
    Mood {
        date,
        value: MoodValue::from_number(value).unwrap(),
        note: MoodNote::parse("Sonne ☀️").unwrap(),
        tags: tags(),
        created_at: NOW,
        updated_at: NOW,
        rev: Revision(2),
    }
}

pub(crate) fn moment(date: Date, value: i64) -> MoodMoment {
    MoodMoment {
        id: MoodMomentId::from_uuid(id()),
        at: NOW,
        date,
        zone: ZoneOrOffset::parse("+05:45").unwrap(),
        value: MoodValue::from_number(value).unwrap(),
        note: MoodNote::parse("Regen 🌧").unwrap(),
        tags: tags(),
        created_at: NOW,
        updated_at: NOW,
        rev: Revision(2),
        request_digest: [0xC3; 32],
    }
}

/// A habit with every column filled.
pub(crate) fn habit(name: &str) -> Habit {
    Habit {
        id: HabitId::from_uuid(id()),
        name: HabitName::parse(name).unwrap(),
        description: HabitDescription::parse("Zwei Zeilen,\neine Tasse ☕").unwrap(),
        theme: None,
        color: Some(Color { rgb: [0, 0x7F, 0xFF] }),
        icon: Some(HabitIcon::parse("🏊").unwrap()),
        question: Some(HabitQuestion::parse("Heute schon geschwommen?").unwrap()),
        time_of_day: TimeOfDay::Evening,
        timeline: timeline(),
        archived_at: Some(NOW.plus_seconds(3)),
        position: i32::MAX,
        created_at: NOW,
        updated_at: NOW,
        rev: Revision(2),
        request_digest: [0x3C; 32],
    }
}

/// Two plans and two pauses, one of them without an end.
pub(crate) fn timeline() -> Timeline {
    timeline_from(&json!([
        {
            "effective_from": "1970-01-01",
            "anchor": "1970-01-01",
            "week_start": "su",
            "schedule": {"type": "weekly", "weekdays": ["mo", "fr"], "every": 2},
            "kind": {"type": "count", "target": 8, "unit": "Gläser 🥛", "direction": "at_least"},
        },
        {
            "effective_from": "2026-03-01",
            "anchor": "2026-03-01",
            "week_start": "mo",
            "schedule": {"type": "daily", "every": 1},
            "kind": {"type": "check"},
        },
    ]))
}

/// Every day of the calendar, with these plans, pauses and archives.
pub(crate) fn timeline_from(plans: &serde_json::Value) -> Timeline {
    let pause = |from: &str, to: Option<&str>, source| Pause {
        id: PauseId::from_uuid(id()),
        from: date(from),
        to: to.map(date),
        source,
    };
    Timeline::with_archives(
        Window { starts_on: Date::MIN, ends_on: Some(Date::MAX) },
        serde_json::from_value::<Vec<Plan>>(plans.clone()).unwrap(),
        vec![
            pause("2026-02-01", Some("2026-02-28"), PauseSource::Own),
            pause("2026-03-01", Some("2026-03-01"), PauseSource::DateLine),
            pause("2199-01-01", None, PauseSource::Shared),
        ],
        vec![
            Archive { from: date("1999-12-31"), until: Some(date("2000-02-29")) },
            Archive { from: date("2198-01-01"), until: None },
        ],
    )
    .unwrap()
}

/// A history with these days done.
pub(crate) fn history(days: &[&str]) -> History {
    let done = DayRecord { state: EntryState::Done, value: None, settled: false };
    History::rebuild(&timeline(), days.iter().map(|day| (date(day), done)))
}

/// An import that waits.
pub(crate) fn import() -> Import {
    Import {
        id: id().into(),
        format: ImportFormat::Loop,
        state: ImportState::Waiting,
        bytes: 1_234,
        handled: 0,
        made: 0,
        failure: None,
        report: ImportReport::default(),
        created_at: NOW,
        updated_at: NOW,
    }
}

/// Something that an import made.
pub(crate) fn made_item() -> MadeItem {
    MadeItem {
        position: 0,
        kind: ItemKind::Task,
        item: ItemId::from_uuid(id()),
        date: Some(date("2026-01-01")),
        rev: Revision(1),
    }
}
