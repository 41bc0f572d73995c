//! Reads across features, for start screens.

use circadia_domain::civil::{Date, DateRange, Instant, ZoneOrOffset};
use circadia_domain::habits::{HabitWithHistory, HabitWithRecent};
use circadia_domain::home::{HomeRepository, SettingsAndTimer};
use circadia_domain::ids::{MoodMomentId, SleepLogId, UserId};
use circadia_domain::moods::MoodDay;
use circadia_domain::sleep::{SleepKind, SleepLog, SleepNote};
use diesel::prelude::*;

use crate::convert::corrupt;
use crate::dialect::SleepAndMood;
use crate::habits::{HabitRow, SettingsAndPart, settings_and, with_history, with_recent, with_settings};
use crate::moods::{MoodUnionRow, days_of};
use crate::row::Stored as _;
use crate::schema::{habit_histories, habits, timers, users};
use crate::sleep::{SleepLogRow, SleepRow};
use crate::sql_types::Sql;
use crate::timer::TimerRow;
use crate::transaction::{Classify as _, Result, Transaction};
use crate::users::SettingsRow;

/// A user's settings and timer, with a habit, if there is one, and a part of its history.
type TimerAndPart = (SettingsRow, Option<TimerRow>, Option<HabitRow>, Option<Vec<u8>>);

/// The settings and the timer, which stand in each row, and the habits; `None` without rows: then there is no such user.
fn with_timer<T>(
    rows: Vec<TimerAndPart>,
    read: impl Fn((HabitRow, Option<Vec<u8>>)) -> Result<T>,
) -> Result<Option<(SettingsAndTimer, Vec<T>)>> {
    let mut timer = None;
    let rows: Vec<SettingsAndPart> = rows
        .into_iter()
        .map(|(settings, running, habit, part)| {
            timer = running;
            (settings, habit, part)
        })
        .collect();
    let Some((settings, habits)) = with_settings(rows, read)? else { return Ok(None) };
    let timer = timer.map(TimerRow::into_domain).transpose()?;
    Ok(Some((SettingsAndTimer { settings, timer }, habits)))
}

/// The rows of [`settings_and!`] with the timer, and this column of the histories.
macro_rules! timer_and {
    ($part:ident of $user:ident in $transaction:ident) => {
        settings_and!(histories of $user)
            .left_join(timers::table.on(timers::user_id.eq(users::id)))
            .select((
                SettingsRow::as_select(),
                Option::<TimerRow>::as_select(),
                Option::<HabitRow>::as_select(),
                habit_histories::$part.nullable(),
            ))
            .load::<TimerAndPart>($transaction.connection())
            .classified()?
    };
}

/// A row of [`SleepAndMood`]: of `sleep_logs`, which has neither a value nor tags; of `mood_moments`, which has neither
/// an end, a kind, a quality nor seconds awake; or of `moods`, which has no id, time, digest and zone either.
#[derive(Queryable)]
struct SleepOrMoodRow {
    id: Option<Sql<SleepLogId>>,
    at: Option<Sql<Instant>>,
    end: Option<Sql<Instant>>,
    date: Sql<Date>,
    kind: Option<Sql<SleepKind>>,
    quality: Option<i32>,
    awake_seconds: Option<i32>,
    value: Option<i32>,
    note: Option<Sql<SleepNote>>,
    tags: Option<String>,
    created_at: Sql<Instant>,
    updated_at: Sql<Instant>,
    rev: i64,
    request_digest: Option<Vec<u8>>,
    zone: Option<Sql<ZoneOrOffset>>,
}

enum SleepOrMood {
    Sleep(SleepLogRow),
    Mood(MoodUnionRow),
}

impl SleepOrMoodRow {
    fn sorted(self) -> Result<SleepOrMood> {
        let Self { id, at, end, date, kind, quality, awake_seconds, value, note, tags, .. } = self;
        let Self { created_at, updated_at, rev, request_digest, zone, .. } = self;
        if let Some(end) = end {
            let incomplete = || corrupt("a log of sleep is incomplete");
            let sleep = SleepRow {
                start: at.ok_or_else(incomplete)?,
                end,
                date,
                zone: zone.ok_or_else(incomplete)?,
                kind: kind.ok_or_else(incomplete)?,
                quality,
                awake_seconds,
            };
            let (id, request_digest) = (id.ok_or_else(incomplete)?, request_digest.ok_or_else(incomplete)?);
            return Ok(SleepOrMood::Sleep(SleepLogRow {
                id,
                sleep,
                note,
                created_at,
                updated_at,
                rev,
                request_digest,
            }));
        }
        let incomplete = || corrupt("a mood is incomplete");
        let id = id.map(|Sql(id)| Sql(MoodMomentId::from_uuid(id.as_uuid())));
        let (value, tags) = (value.ok_or_else(incomplete)?, tags.ok_or_else(incomplete)?);
        let felt_at = at;
        let row =
            MoodUnionRow { id, felt_at, date, value, note, tags, created_at, updated_at, rev, request_digest, zone };
        Ok(SleepOrMood::Mood(row))
    }
}

impl HomeRepository for Transaction {
    fn timer_and_recent(&mut self, user: UserId) -> Result<Option<(SettingsAndTimer, Vec<HabitWithRecent>)>> {
        with_timer(timer_and!(recent of user in self), with_recent)
    }

    fn timer_and_habits(&mut self, user: UserId) -> Result<Option<(SettingsAndTimer, Vec<HabitWithHistory>)>> {
        with_timer(timer_and!(history of user in self), with_history)
    }

    fn sleep_and_mood(
        &mut self,
        user: UserId,
        sleep: DateRange,
        mood: Date,
    ) -> Result<(Vec<SleepLog>, Option<MoodDay>)> {
        let rows: Vec<SleepOrMoodRow> = SleepAndMood::new(user, sleep, mood).load(self.connection()).classified()?;
        let (mut logs, mut moods) = (Vec::new(), Vec::new());
        for row in rows {
            match row.sorted()? {
                SleepOrMood::Sleep(log) => logs.push(log.into_domain()?),
                SleepOrMood::Mood(mood) => moods.push(mood),
            }
        }
        logs.sort_unstable_by_key(|log: &SleepLog| log.sleep.start);
        Ok((logs, days_of(moods)?.pop()))
    }
}
