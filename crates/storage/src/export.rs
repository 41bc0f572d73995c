//! Exports: whole tables, page by page.
//!
//! Every table that has a column `user_id` is named by [`EXPORTED`] or [`NOT_EXPORTED`]. A contract test compares them
//! with the databases' own catalogues, and fails for a table that is missing.

use circadia_domain::civil::Date;
use circadia_domain::export::ExportRepository;
use circadia_domain::habits::Entry;
use circadia_domain::ids::{HabitId, MoodMomentId, SleepLogId, TaskId, TimeEntryId, UserId};
use circadia_domain::moods::{Mood, MoodMoment};
use circadia_domain::sleep::SleepLog;
use circadia_domain::tasks::Task;
use circadia_domain::time_entries::TimeEntry;
use diesel::prelude::*;

use crate::convert::sql_limit;
use crate::entries::EntryRow;
use crate::moods::{MomentRow, MoodRow};
use crate::row::{Stored as _, load_rows};
use crate::schema::{entries, mood_moments, moods, sleep_logs, tasks, time_entries};
use crate::sleep::SleepLogRow;
use crate::sql_types::Sql;
use crate::tasks::TaskRow;
use crate::time_entries::TimeEntryRow;
use crate::transaction::{Classify as _, Result, Transaction};

/// Tables of users, each with the JSON pointer of what an export has of it. (Of `users`, it has `/account` and `/settings`;
/// of `audit_events`, which has no owner, `/activity/audit_events`.)
pub const EXPORTED: &[(&str, &str)] = &[
    ("themes", "/themes"),
    ("habits", "/habits"),
    ("shared_pauses", "/shared_pauses"),
    ("entries", "/entries"),
    ("tasks", "/tasks"),
    ("time_entries", "/time_entries"),
    ("timers", "/timer"),
    ("reminders", "/reminders"),
    ("sleep_logs", "/sleep_logs"),
    ("moods", "/moods"),
    ("mood_moments", "/mood_moments"),
    ("identities", "/account/linked_providers"),
    ("push_subscriptions", "/account/push_subscriptions"),
    ("login_attempts", "/activity/sign_ins"),
    ("security_events", "/activity/security_events"),
];

/// Tables of users that no export has, each with the reason.
pub const NOT_EXPORTED: &[(&str, &str)] = &[
    ("habit_histories", "computed from the entries"),
    ("login_rollups", "sums of the sign-ins"),
    ("tombstones", "what was deleted, for devices that synchronise with this server"),
    ("sync_commands", "which changes of devices were carried out on this server"),
    ("idempotency_keys", "which requests were carried out on this server, and their answers"),
    ("user_revisions", "counts the changes of this account on this server"),
    ("imports", "how imports from other apps went; what they made is in the lists"),
    ("import_items", "what imports can take back on this server"),
    ("jobs", "work of the server"),
    ("revocations", "tells replicas which sessions have ended"),
    ("username_reservations", "somebody else's attempt to register, with a password hash"),
    ("sessions", "a secret"),
    ("personal_tokens", "a secret"),
    ("calendar_feeds", "a secret"),
    ("passkeys", "a credential, bound to this server"),
    ("totp_factors", "a secret"),
    ("recovery_codes", "a secret"),
    ("one_time_tokens", "a secret"),
    ("webhooks", "a secret, and where this server sends what changes"),
    ("webhook_deliveries", "copies of what changed, for 30 days"),
];

/// A page of a table whose key is the user and one more column.
macro_rules! page {
    ($transaction:ident, $table:ident, $key:ident, $row:ident, ($user:ident, $after:ident, $limit:ident)) => {{
        let mut query = $table::table.into_boxed().filter($table::user_id.eq(Sql($user)));
        if let Some(after) = $after {
            query = query.filter($table::$key.gt(Sql(after)));
        }
        load_rows!($transaction, query.order($table::$key).limit(sql_limit($limit)), $row)
    }};
}

impl ExportRepository for Transaction {
    fn entry_page(&mut self, user: UserId, after: Option<(HabitId, Date)>, most: usize) -> Result<Vec<Entry>> {
        let mut query = entries::table.into_boxed().filter(entries::user_id.eq(Sql(user)));
        if let Some((habit, date)) = after {
            let of_same = entries::habit_id.eq(Sql(habit)).and(entries::date.gt(Sql(date)));
            query = query
                // Redundant, but it bounds the range of the index.
                .filter(entries::habit_id.ge(Sql(habit)))
                .filter(entries::habit_id.gt(Sql(habit)).or(of_same));
        }
        load_rows!(self, query.order((entries::habit_id, entries::date)).limit(sql_limit(most)), EntryRow)
    }

    fn task_page(&mut self, user: UserId, after: Option<TaskId>, most: usize) -> Result<Vec<Task>> {
        page!(self, tasks, id, TaskRow, (user, after, most))
    }

    fn time_entry_page(&mut self, user: UserId, after: Option<TimeEntryId>, most: usize) -> Result<Vec<TimeEntry>> {
        page!(self, time_entries, id, TimeEntryRow, (user, after, most))
    }

    fn sleep_log_page(&mut self, user: UserId, after: Option<SleepLogId>, most: usize) -> Result<Vec<SleepLog>> {
        page!(self, sleep_logs, id, SleepLogRow, (user, after, most))
    }

    fn mood_page(&mut self, user: UserId, after: Option<Date>, most: usize) -> Result<Vec<Mood>> {
        page!(self, moods, date, MoodRow, (user, after, most))
    }

    fn moment_page(&mut self, user: UserId, after: Option<MoodMomentId>, most: usize) -> Result<Vec<MoodMoment>> {
        page!(self, mood_moments, id, MomentRow, (user, after, most))
    }
}
