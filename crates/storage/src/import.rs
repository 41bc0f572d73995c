//! Imports: upserts of many rows.

use circadia_domain::habits::Habit;
use circadia_domain::ids::UserId;
use circadia_domain::import::ImportRepository;
use circadia_domain::moods::{Mood, MoodMoment};
use circadia_domain::reminders::Reminder;
use circadia_domain::shared_pauses::SharedPause;
use circadia_domain::sleep::SleepLog;
use circadia_domain::tasks::Task;
use circadia_domain::themes::Theme;
use circadia_domain::time_entries::TimeEntry;
use diesel::prelude::*;

use crate::dialect::insert_rows;
use crate::habits::HabitRow;
use crate::moods::{MomentRow, MoodRow};
use crate::reminders::ReminderRow;
use crate::row::Stored as _;
use crate::schema::{habits, mood_moments, moods, reminders, shared_pauses, sleep_logs, tasks, themes, time_entries};
use crate::shared_pauses::SharedPauseRow;
use crate::sleep::SleepLogRow;
use crate::sql_types::Sql;
use crate::task_keys::KeyColumns;
use crate::tasks::TaskRow;
use crate::themes::ThemeRow;
use crate::time_entries::TimeEntryRow;
use crate::transaction::{Classify as _, Result, Transaction};

/// Bytes that the long texts of one statement may have: MariaDB takes 16 MB at once.
const BYTES_PER_STATEMENT: usize = 4 * 1024 * 1024;

/// Rows, in parts whose long texts fit into a statement.
fn parts<T>(items: &[T], bytes: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let mut parts = Vec::new();
    let mut left = items;
    while !left.is_empty() {
        let mut sum = 0;
        let fitting = left.iter().take_while(|item| {
            sum += bytes(item);
            sum <= BYTES_PER_STATEMENT
        });
        let (part, rest) = left.split_at(fitting.count().max(1));
        parts.push(part);
        left = rest;
    }
    parts
}

/// Upserts rows of a table whose key is the user and one more column.
macro_rules! put {
    ($transaction:ident, $table:ident, $user:ident, $items:expr, $row:expr, on $key:ident replace ($($column:ident),+ $(,)?)) => {{
        let rows = $items.iter().map(|item| Ok(($table::user_id.eq(Sql($user)), $row(item)?)));
        let rows = rows.collect::<Result<Vec<_>>>()?;
        insert_rows!($transaction.connection(), $table, rows, on (user_id, $key) replace ($($column),+)).classified()
    }};
}

impl ImportRepository for Transaction {
    fn put_themes(&mut self, user: UserId, items: &[Theme]) -> Result<()> {
        let row = |theme: &Theme| {
            Ok::<_, circadia_domain::error::StoreError>((
                themes::name_key.eq(theme.name.key()),
                ThemeRow::from_domain(theme)?,
            ))
        };
        put!(self, themes, user, items, row, on id replace (name, name_key, color, updated_at, rev))
    }

    fn put_habits(&mut self, user: UserId, items: &[Habit]) -> Result<()> {
        // A plan is some 300 bytes, a pause 100.
        let bytes = |habit: &Habit| {
            let timeline = &habit.timeline;
            let plans: usize = timeline.plans().iter().map(plan_bytes).sum();
            8_000 + plans + 100 * (timeline.pauses().len() + timeline.archives().len())
        };
        for part in parts(items, bytes) {
            put!(self, habits, user, part, HabitRow::from_domain, on id replace (
                name, description, theme_id, color, icon, question, time_of_day, starts_on, ends_on, plans, pauses,
                archives, archived_at, position, updated_at, rev,
            ))?;
        }
        Ok(())
    }

    fn put_shared_pauses(&mut self, user: UserId, items: &[SharedPause]) -> Result<()> {
        for part in parts(items, |pause: &SharedPause| 1_000 + 40 * pause.except_habits.as_slice().len()) {
            put!(self, shared_pauses, user, part, SharedPauseRow::from_domain, on id replace (
                from_date, to_date, note, except_habits, source, updated_at, rev,
            ))?;
        }
        Ok(())
    }

    fn put_tasks(&mut self, user: UserId, items: &[Task]) -> Result<()> {
        let row = |task: &Task| {
            Ok::<_, circadia_domain::error::StoreError>((
                TaskRow::from_domain(task)?,
                KeyColumns::of(&task.title, task.description.as_ref()),
            ))
        };
        // Keys for searching can be longer than the texts that they are made of.
        let bytes =
            |task: &Task| 2_000 + 4 * task.description.as_ref().map_or(0, |description| description.as_str().len());
        for part in parts(items, bytes) {
            put!(self, tasks, user, part, row, on id replace (
                title, title_key, search_key, keys_version, description, priority, status, due_on, theme_id,
                completed_at, updated_at, rev,
            ))?;
        }
        Ok(())
    }

    fn put_time_entries(&mut self, user: UserId, items: &[TimeEntry]) -> Result<()> {
        put!(self, time_entries, user, items, TimeEntryRow::from_domain, on id replace (
            habit_id, task_id, date, minutes, started_at, ended_at, note, updated_at, rev, timezone,
        ))
    }

    fn put_reminders(&mut self, user: UserId, items: &[Reminder]) -> Result<()> {
        put!(self, reminders, user, items, ReminderRow::from_domain, on id replace (
            habit_id, task_id, wall_minute, weekdays, days_before, minutes_before, channels, enabled, handled_on,
            next_on, next_at, updated_at, rev,
        ))
    }

    fn put_sleep_logs(&mut self, user: UserId, items: &[SleepLog]) -> Result<()> {
        put!(self, sleep_logs, user, items, SleepLogRow::from_domain, on id replace (
            started_at, ended_at, date, timezone, kind, quality, awake_seconds, note, updated_at, rev,
        ))
    }

    fn put_moods(&mut self, user: UserId, items: &[Mood]) -> Result<()> {
        put!(self, moods, user, items, MoodRow::from_domain, on date replace (value, note, tags, updated_at, rev))
    }

    fn put_moments(&mut self, user: UserId, items: &[MoodMoment]) -> Result<()> {
        put!(self, mood_moments, user, items, MomentRow::from_domain, on id replace (
            felt_at, date, value, note, tags, updated_at, rev, timezone,
        ))
    }
}

/// About how many bytes of JSON a plan is at most.
fn plan_bytes(plan: &circadia_domain::habits::Plan) -> usize {
    serde_json::to_string(plan).map_or(0, |json| json.len())
}
