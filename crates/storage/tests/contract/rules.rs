//! The rules that stand in the database itself, under those of the domain.

use circadia_domain::civil::{WallTime, Weekdays, ZoneOrOffset};
use circadia_domain::error::StoreError;
use circadia_domain::habits::Habit;
use circadia_domain::ids::{HabitId, TaskId};
use circadia_domain::reminders::ReminderRule;
use circadia_domain::revision::Revision;
use circadia_domain::sleep::SleepKind;
use circadia_domain::tasks::Task;
use circadia_domain::time_entries::TimeEntry;
use circadia_domain::timer::Timer;
use circadia_domain::unit_of_work::{WriteTransaction, write, write_unowned};
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW};

/// A reminder of each kind.
fn insert_reminders(tx: &mut WriteTransaction<'_>, habit: HabitId, task: TaskId) -> Result<(), StoreError> {
    let time = WallTime::NOON;
    let of_habit = ReminderRule::Habit { habit, time, weekdays: Weekdays::ALL };
    let of_task = ReminderRule::Task { task, time, days_before: 1 };
    for rule in [of_habit, of_task, samples::bedtime()] {
        tx.store.insert_reminder(tx.user, &samples::reminder(rule))?;
    }
    Ok(())
}

/// A row in every table.
fn filled(backend: Backend) -> TestDatabase {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let theme = samples::theme("Theme");
    let habit = Habit { theme: Some(theme.id), ..samples::habit("Habit") };
    let history = samples::history(&["2026-01-01"]);
    let task = Task { theme: Some(theme.id), ..samples::task("Task") };
    let spent = TimeEntry {
        habit: Some(habit.id),
        task: Some(task.id),
        ..samples::time_entry(samples::date("2026-01-01"), 30)
    };
    let timer = Timer {
        habit: Some(habit.id),
        task: Some(task.id),
        note: None,
        started_at: NOW,
        zone: ZoneOrOffset::UTC,
        rev: Revision(1),
    };
    let buried = samples::theme("Buried");
    let import = samples::import();
    test.write(user, |tx| {
        tx.store.insert_theme(user, &theme)?;
        tx.store.insert_theme(user, &buried)?;
        tx.store.delete_theme(user, buried.id, tx.rev, tx.now)?;
        tx.store.insert_habit(user, &habit)?;
        tx.store.put_entries(user, &[samples::entry(habit.id, samples::date("2026-01-01"))])?;
        tx.store.put_histories(user, &[(&habit, &history)])?;
        tx.store.insert_import(user, &import)?;
        tx.store.insert_made_items(user, import.id, &[samples::made_item()])?;
        tx.store.insert_shared_pause(user, &samples::shared_pause("1970-01-01", None))?;
        tx.store.insert_identity(&samples::identity(user))?;
        tx.store.insert_sleep_log(user, &samples::sleep_log(NOW, 7_200))?;
        tx.store.put_mood(user, &samples::mood(samples::date("2026-01-01"), 5))?;
        tx.store.insert_moment(user, &samples::moment(samples::date("2026-01-01"), 5))?;
        tx.store.insert_task(user, &task)?;
        tx.store.insert_time_entries(user, std::slice::from_ref(&spent))?;
        tx.store.insert_timer(user, &timer)?;
        insert_reminders(tx, habit.id, task.id)?;
        tx.store.insert_personal_token(&samples::personal_token(user))?;
        tx.store.put_calendar(&samples::calendar(user))?;
        tx.store.insert_push_subscription(&samples::push_subscription(user))?;
        tx.store.put_totp(&samples::totp(user))?;
        tx.store.insert_passkey(&samples::passkey(user))?;
        let webhook = samples::webhook(user);
        tx.store.insert_webhook(&webhook)?;
        tx.store.insert_webhook_deliveries(user, webhook.id, &[samples::delivery(webhook.id)], NOW)?;
        tx.store.replace_recovery_codes(user, &[[1; 32]], NOW)?;
        tx.store.insert_session(&samples::session(user))
    });
    write_unowned(&test.database, |store| {
        store.insert_audit_event(&samples::audit_event(user))?;
        store.insert_idempotency_key(user, &samples::idempotency_key())?;
        store.insert_key(&circadia_domain::keys::StoredKey {
            kid: "k".to_owned(),
            purpose: circadia_domain::keys::KeyPurpose::Login,
            sealed: vec![1],
            created_at: NOW,
            retires_at: None,
        })?;
        store.add_schedule(circadia_domain::jobs::JobKind::Purge, NOW)?;
        store.put_ephemeron(circadia_domain::ephemera::EphemeronKind::new("cookie"), &[1; 32], b"a", NOW)
    })
    .unwrap();
    test
}

#[expect(clippy::too_many_lines, reason = "a list")]
pub(crate) fn bad_rows_are_refused(backend: Backend) {
    let test = filled(backend);
    let mut raw = test.raw();
    // A date as the backend writes it, by its days since 1970.
    let day = |days: i64, date: &str| if backend == Backend::Sqlite { days.to_string() } else { format!("'{date}'") };
    let (before, first, last, after) =
        (day(-1, "1969-12-31"), day(0, "1970-01-01"), day(84_005, "2199-12-31"), day(84_006, "2200-01-01"));
    let (sealed, nothing) = if backend == Backend::Postgres { ("'a'::bytea", "''::bytea") } else { ("x'61'", "x''") };
    // Table, column, a value that is allowed, one that isn't.
    let cases: Vec<(&str, &str, String, String)> = [
        ("users", "username", "'abc'", "'ab'"),
        ("users", "email", "'a@b'", "'ab'"),
        ("users", "password_hash", "NULL", "''"),
        ("users", "role", "'staff'", "'root'"),
        ("users", "timezone", "'UTC'", "''"),
        ("users", "day_start_minutes", "1439", "1440"),
        ("users", "day_start_minutes", "0", "-1"),
        ("users", "week_start", "'su'", "'xx'"),
        ("users", "locale", "'en'", "'e'"),
        ("users", "color_scheme", "'light'", "'pink'"),
        ("users", "sleep_goal_minutes", "60", "59"),
        ("users", "sleep_goal_minutes", "960", "961"),
        ("users", "free_days", "127", "128"),
        ("users", "rev", "1", "0"),
        ("users", "avatar", "'01234567-89ab-4def-8123-456789abcdef.jpg'", "'me.jpg'"),
        ("user_revisions", "rev", "1", "0"),
        ("identities", "issuer", "'https://id.example.org'", "''"),
        ("identities", "provider", "'work'", "''"),
        ("identities", "subject", "'1'", "''"),
        ("identities", "email", "'a@b'", "'ab'"),
        ("sessions", "kind", "'cookie'", "'stamp'"),
        ("sessions", "first_factor", "'provider'", "'mirror'"),
        ("sessions", "generation", "0", "-1"),
        ("personal_tokens", "name", "'a'", "''"),
        ("personal_tokens", "scopes", "'read'", "''"),
        ("personal_tokens", "rev", "1", "0"),
        ("calendar_feeds", "include", "'habits'", "''"),
        ("calendar_feeds", "rev", "1", "0"),
        ("push_subscriptions", "endpoint", "'https://a/'", "''"),
        ("push_subscriptions", "p256dh", sealed, nothing),
        ("push_subscriptions", "auth", sealed, nothing),
        ("push_subscriptions", "label", "NULL", "''"),
        ("push_subscriptions", "rev", "1", "0"),
        ("idempotency_keys", "answer", sealed, nothing),
        ("totp_factors", "last_step", "0", "-1"),
        ("passkeys", "name", "'a'", "''"),
        ("passkeys", "credential_id", sealed, nothing),
        ("passkeys", "public_key", sealed, nothing),
        ("passkeys", "sign_count", "4294967295", "4294967296"),
        ("passkeys", "sign_count", "0", "-1"),
        ("passkeys", "rev", "1", "0"),
        ("webhooks", "url", "'https://a/'", "''"),
        ("webhooks", "description", "NULL", "''"),
        ("webhooks", "events", "'*'", "''"),
        ("webhooks", "secret", sealed, nothing),
        ("webhooks", "previous_secret", sealed, nothing),
        ("webhooks", "seen_rev", "0", "-1"),
        ("webhooks", "seen_position", "NULL", nothing),
        ("webhooks", "pending", "0", "-1"),
        ("webhooks", "rev", "1", "0"),
        ("webhook_deliveries", "event", "'ping'", "''"),
        ("webhook_deliveries", "body", sealed, nothing),
        ("webhook_deliveries", "attempts", "0", "-1"),
        ("webhook_deliveries", "response_status", "100", "99"),
        ("webhook_deliveries", "duration_ms", "0", "-1"),
        ("webhook_deliveries", "error", "NULL", "''"),
        ("audit_events", "outcome", "'refused'", "'maybe'"),
        ("audit_events", "action", "'a'", "''"),
        ("audit_events", "details", "'{}'", "''"),
        ("server_keys", "purpose", "'access_token'", "'door'"),
        ("server_keys", "purpose", "'web_push'", "''"),
        ("job_schedules", "kind", "'quotes'", "''"),
        ("ephemera", "kind", "'provider'", "''"),
        ("ephemera", "sealed", sealed, nothing),
        ("imports", "format", "'loop'", "''"),
        ("imports", "state", "'done'", "'over'"),
        ("imports", "bytes", "0", "-1"),
        ("imports", "handled", "0", "-1"),
        ("imports", "made", "0", "-1"),
        ("imports", "failure", "'a'", "''"),
        ("imports", "report", "'{}'", "''"),
        ("import_items", "position", "0", "-1"),
        ("import_items", "kind", "'task'", "''"),
        ("import_items", "date", &first, &before),
        ("import_items", "made_rev", "1", "0"),
        ("shared_pauses", "from_date", &first, &before),
        ("shared_pauses", "to_date", "NULL", &before),
        ("shared_pauses", "note", "'a'", "''"),
        ("shared_pauses", "except_habits", "'[]'", "''"),
        ("shared_pauses", "source", "'user'", "'moon'"),
        ("shared_pauses", "rev", "1", "0"),
        ("themes", "name", "'a'", "''"),
        ("themes", "color", "'#123456'", "'#12345'"),
        ("habits", "name", "'a'", "''"),
        ("habits", "description", "NULL", "''"),
        ("habits", "icon", "NULL", "''"),
        ("habits", "question", "NULL", "''"),
        ("habits", "time_of_day", "'evening'", "'noon'"),
        ("habits", "plans", "'[]'", "''"),
        ("habits", "starts_on", &first, &before),
        ("habits", "ends_on", &last, &after),
        ("entries", "date", &first, &before),
        ("entries", "date", &last, &after),
        ("entries", "state", "'missed'", "'maybe'"),
        ("entries", "value", "1000000", "1000001"),
        ("entries", "value", "0", "-1"),
        ("entries", "value_thousandths", "999", "1000"),
        ("entries", "value_thousandths", "0", "-1"),
        ("entries", "tracked_minutes", "0", "-1"),
        ("entries", "note", "NULL", "''"),
        ("sleep_logs", "date", &first, &before),
        ("sleep_logs", "timezone", "'UTC'", "''"),
        ("sleep_logs", "kind", "'main'", "'doze'"),
        ("sleep_logs", "quality", "1", "0"),
        ("sleep_logs", "quality", "5", "6"),
        ("sleep_logs", "awake_seconds", "0", "-1"),
        ("sleep_logs", "note", "NULL", "''"),
        ("moods", "date", &last, &after),
        ("moods", "value", "0", "-1"),
        ("moods", "value", "10", "11"),
        ("moods", "note", "NULL", "''"),
        ("moods", "tags", "'[]'", "''"),
        ("mood_moments", "date", &last, &after),
        ("mood_moments", "value", "0", "-1"),
        ("mood_moments", "value", "10", "11"),
        ("mood_moments", "tags", "'[]'", "''"),
        ("tasks", "title", "'a'", "''"),
        ("tasks", "description", "NULL", "''"),
        ("tasks", "priority", "1", "0"),
        ("tasks", "priority", "3", "4"),
        ("tasks", "due_on", &last, &after),
        ("tasks", "rev", "1", "0"),
        ("tasks", "keys_version", "0", "-1"),
        ("time_entries", "date", &first, &before),
        ("time_entries", "minutes", "1", "0"),
        ("time_entries", "minutes", "1440", "1441"),
        ("time_entries", "note", "NULL", "''"),
        ("time_entries", "rev", "1", "0"),
        ("timers", "note", "NULL", "''"),
        ("timers", "rev", "1", "0"),
        ("tombstones", "rev", "1", "0"),
        ("reminders", "wall_minute", "1439", "1440"),
        ("reminders", "wall_minute", "0", "-1"),
        ("reminders", "channels", "7", "8"),
        ("reminders", "channels", "0", "-1"),
        ("reminders", "rev", "1", "0"),
    ]
    .into_iter()
    .map(|(table, column, good, bad)| (table, column, good.to_owned(), bad.to_owned()))
    .collect();
    for (table, column, good, bad) in cases {
        raw.execute(&format!("UPDATE {table} SET {column} = {good}"))
            .unwrap_or_else(|error| panic!("{table}.{column} = {good}: {error}"));
        let refused = raw
            .execute(&format!("UPDATE {table} SET {column} = {bad}"))
            .expect_err(&format!("{table}.{column} = {bad}"));
        assert!(refused.contains(&format!("{table}_{column}_check")), "{table}.{column} = {bad}: {refused}");
    }
}

pub(crate) fn columns_that_contradict_each_other_are_refused(backend: Backend) {
    let test = filled(backend);
    let mut raw = test.raw();
    let (first, last) = if backend == Backend::Sqlite { ("0", "84005") } else { ("'1970-01-01'", "'2199-12-31'") };
    let window = format!("UPDATE habits SET starts_on = {last}, ends_on = {first}");
    let refused = raw.execute(&window).expect_err("an end before the start");
    assert!(refused.contains("habits_window_check"), "{refused}");
    for (wrong, rule) in [
        ("UPDATE tasks SET completed_at = NULL", "tasks_completed_at_check"),
        ("UPDATE tasks SET status = 'todo'", "tasks_completed_at_check"),
        ("UPDATE tasks SET status = 'maybe', completed_at = NULL", "tasks_status_check"),
        ("UPDATE passkeys SET backup_eligible = FALSE", "passkeys_backed_up_check"),
        ("UPDATE webhooks SET previous_secret = NULL", "webhooks_previous_check"),
        ("UPDATE webhooks SET disabled_reason = 'gone'", "webhooks_disabled_check"),
        ("UPDATE webhooks SET disabled_at = created_at", "webhooks_disabled_check"),
        ("UPDATE webhooks SET disabled_at = created_at, disabled_reason = 'bored'", "webhooks_disabled_reason_check"),
        ("UPDATE webhook_deliveries SET next_attempt_at = NULL", "webhook_deliveries_next_attempt_at_check"),
        ("UPDATE webhook_deliveries SET finished_at = created_at", "webhook_deliveries_finished_at_check"),
        ("UPDATE time_entries SET ended_at = started_at", "time_entries_ended_at_check"),
        ("UPDATE time_entries SET started_at = NULL", "time_entries_ended_at_check"),
        ("UPDATE reminders SET habit_id = NULL WHERE habit_id IS NOT NULL", "reminders_subject_check"),
        ("UPDATE reminders SET task_id = NULL WHERE task_id IS NOT NULL", "reminders_subject_check"),
        ("UPDATE reminders SET days_before = 0 WHERE task_id IS NULL", "reminders_subject_check"),
        ("UPDATE reminders SET days_before = NULL WHERE task_id IS NOT NULL", "reminders_subject_check"),
        ("UPDATE reminders SET days_before = 366 WHERE task_id IS NOT NULL", "reminders_days_before_check"),
        ("UPDATE reminders SET weekdays = NULL WHERE task_id IS NULL", "reminders_subject_check"),
        ("UPDATE reminders SET weekdays = 1 WHERE task_id IS NOT NULL", "reminders_subject_check"),
        ("UPDATE reminders SET weekdays = 0 WHERE task_id IS NULL", "reminders_weekdays_check"),
        ("UPDATE reminders SET weekdays = 128 WHERE task_id IS NULL", "reminders_weekdays_check"),
        ("UPDATE reminders SET minutes_before = NULL WHERE minutes_before IS NOT NULL", "reminders_subject_check"),
        ("UPDATE reminders SET minutes_before = 0 WHERE habit_id IS NOT NULL", "reminders_subject_check"),
        (
            "UPDATE reminders SET minutes_before = 241 WHERE minutes_before IS NOT NULL",
            "reminders_minutes_before_check",
        ),
        ("UPDATE reminders SET next_on = NULL", "reminders_next_check"),
        ("UPDATE reminders SET next_at = NULL", "reminders_next_check"),
        ("UPDATE reminders SET enabled = FALSE", "reminders_enabled_check"),
    ] {
        let refused = raw.execute(wrong).expect_err(wrong);
        assert!(refused.contains(rule), "{wrong}: {refused}");
    }
}

pub(crate) fn sleep_is_as_long_as_it_may_be(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let insert = |kind, seconds: i64, micros: i64| {
        let mut log = samples::sleep_log(NOW, seconds);
        log.sleep.end = circadia_domain::civil::Instant::from_micros(log.sleep.end.micros() + micros);
        log.sleep.kind = kind;
        let stored: Result<(), StoreError> = write(&test.database, user, NOW, |tx| {
            tx.store.insert_sleep_log(user, &log)?;
            tx.store.delete_sleep_logs(user, &[log.id], tx.rev, NOW).map(drop)
        });
        stored.map_err(|error| error.to_string())
    };
    for (kind, seconds) in [(SleepKind::Main, 1_800), (SleepKind::Nap, 300), (SleepKind::Main, 86_400)] {
        insert(kind, seconds, 0).unwrap();
    }
    for (kind, seconds, micros) in [
        (SleepKind::Main, 1_800, -1),
        (SleepKind::Nap, 300, -1),
        (SleepKind::Main, 86_400, 1),
        (SleepKind::Nap, -600, 0),
    ] {
        let refused = insert(kind, seconds, micros).unwrap_err();
        // One that ends before it begins is also less long than it was awake: either rule may be named.
        assert!(
            refused.contains("sleep_logs_duration_check") || refused.contains("sleep_logs_awake_check"),
            "{refused}"
        );
    }
    let mut raw = test.raw();
    test.write(user, |tx| tx.store.insert_sleep_log(user, &samples::sleep_log(NOW, 600)));
    raw.execute("UPDATE sleep_logs SET awake_seconds = 599").unwrap();
    let refused = raw.execute("UPDATE sleep_logs SET awake_seconds = 600").unwrap_err();
    assert!(refused.contains("sleep_logs_awake_check"), "{refused}");
}

pub(crate) fn rows_that_others_refer_to_stay(backend: Backend) {
    let test = filled(backend);
    let mut raw = test.raw();
    for table in ["users", "themes", "habits", "tasks"] {
        let rows = raw.number(&format!("SELECT count(*) FROM {table}"));
        assert!(raw.execute(&format!("DELETE FROM {table}")).is_err(), "{table}");
        assert_eq!(raw.number(&format!("SELECT count(*) FROM {table}")), rows);
    }
    assert!(raw.execute("UPDATE habits SET theme_id = user_id").is_err(), "a theme that doesn't exist");
}
