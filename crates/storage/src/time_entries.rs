//! Time entries, and sums of them.

use std::collections::{BTreeMap, BTreeSet};

use circadia_domain::civil::{Date, DateRange, Instant};
use circadia_domain::ids::{HabitId, TaskId, ThemeId, TimeEntryId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::time_entries::{TimeEntry, TimeEntryRepository, TimeFilter, TimeNote, TimeSeek, TimeSpent};
use diesel::dsl::{count_star, sum};
use diesel::prelude::*;

use crate::convert::{digest, number};
use crate::dialect::{Bind, RowsIn, ThemeTime, Upsert};
use crate::schema::time_entries;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

#[derive(Queryable, Selectable)]
#[diesel(table_name = time_entries)]
struct Row {
    id: TimeEntryId,
    habit_id: Option<HabitId>,
    task_id: Option<TaskId>,
    date: Date,
    minutes: i32,
    started_at: Option<Instant>,
    ended_at: Option<Instant>,
    note: Option<TimeNote>,
    created_at: Instant,
    updated_at: Instant,
    rev: i64,
    request_digest: Vec<u8>,
}

impl Row {
    fn read(self) -> Result<TimeEntry> {
        Ok(TimeEntry {
            id: self.id,
            habit: self.habit_id,
            task: self.task_id,
            date: self.date,
            minutes: number(self.minutes)?,
            started_at: self.started_at,
            ended_at: self.ended_at,
            note: self.note,
            created_at: self.created_at,
            updated_at: self.updated_at,
            rev: Revision(self.rev),
            request_digest: digest(&self.request_digest)?,
        })
    }
}

/// The columns of a row, in the order of [`COLUMNS`].
fn binds(user: UserId, entry: &TimeEntry) -> Result<[Bind<'_>; 13]> {
    Ok([
        Bind::User(user),
        Bind::TimeEntry(entry.id),
        Bind::MaybeHabit(entry.habit),
        Bind::MaybeTask(entry.task),
        Bind::Day(entry.date),
        Bind::Integer(number(entry.minutes)?),
        Bind::MaybeInstant(entry.started_at),
        Bind::MaybeInstant(entry.ended_at),
        Bind::MaybeText(entry.note.as_ref().map(TimeNote::as_str)),
        Bind::Instant(entry.created_at),
        Bind::Instant(entry.updated_at),
        Bind::BigInt(entry.rev.0),
        Bind::Bytes(&entry.request_digest),
    ])
}

const COLUMNS: [&str; 13] = [
    "user_id",
    "id",
    "habit_id",
    "task_id",
    "date",
    "minutes",
    "started_at",
    "ended_at",
    "note",
    "created_at",
    "updated_at",
    "rev",
    "request_digest",
];

/// The sum and the number of a group's entries.
fn spent(minutes: Option<i64>, count: i64) -> Result<TimeSpent> {
    Ok(TimeSpent { minutes: number(minutes.unwrap_or(0))?, count: number(count)? })
}

impl TimeEntryRepository for Transaction {
    fn time_entries(&mut self, user: UserId, filter: &TimeFilter, seek: &TimeSeek) -> Result<Vec<TimeEntry>> {
        let mut query = time_entries::table
            .into_boxed()
            .filter(time_entries::user_id.eq(Sql(user)))
            .filter(time_entries::date.between(Sql(filter.range.from()), Sql(filter.range.to())));
        if let Some(habit) = filter.habit {
            query = query.filter(time_entries::habit_id.eq(Some(Sql(habit))));
        }
        if let Some(task) = filter.task {
            query = query.filter(time_entries::task_id.eq(Some(Sql(task))));
        }
        let (date, id) = (time_entries::date, time_entries::id);
        let ascending = seek.reversed == seek.backwards;
        query = match (seek.beyond, ascending) {
            (None, _) => query,
            (Some((day, last)), true) => query.filter(date.gt(Sql(day)).or(date.eq(Sql(day)).and(id.gt(Sql(last))))),
            (Some((day, last)), false) => query.filter(date.lt(Sql(day)).or(date.eq(Sql(day)).and(id.lt(Sql(last))))),
        };
        let query = if ascending { query.order((date.asc(), id.asc())) } else { query.order((date.desc(), id.desc())) };
        let rows: Vec<Row> = query
            .limit(i64::try_from(seek.limit).unwrap_or(i64::MAX))
            .select(Row::as_select())
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(Row::read).collect()
    }

    fn find_time_entry(&mut self, user: UserId, id: TimeEntryId) -> Result<Option<TimeEntry>> {
        let found: Option<Row> = time_entries::table
            .find((Sql(user), Sql(id)))
            .select(Row::as_select())
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(Row::read).transpose()
    }

    fn time_entries_of_request(&mut self, user: UserId, digest: &[u8; 32]) -> Result<Vec<TimeEntry>> {
        let rows: Vec<Row> = time_entries::table
            .filter(time_entries::user_id.eq(Sql(user)))
            .filter(time_entries::request_digest.eq(digest.as_slice()))
            .order((time_entries::date, time_entries::id))
            .select(Row::as_select())
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(Row::read).collect()
    }

    fn insert_time_entries(&mut self, user: UserId, entries: &[TimeEntry]) -> Result<()> {
        let insert = Upsert {
            table: "time_entries",
            columns: COLUMNS,
            key: &["user_id", "id"],
            // Ids are fresh or were looked up before; this is for those that aren't either.
            replaced: &["rev"],
            rows: entries.iter().map(|entry| binds(user, entry)).collect::<Result<_>>()?,
        };
        insert.run(self.connection()).classified()
    }

    fn update_time_entry(&mut self, user: UserId, entry: &TimeEntry) -> Result<()> {
        let minutes: i32 = number(entry.minutes)?;
        diesel::update(time_entries::table.find((Sql(user), Sql(entry.id))))
            .set((
                time_entries::habit_id.eq(entry.habit.map(Sql)),
                time_entries::task_id.eq(entry.task.map(Sql)),
                time_entries::date.eq(Sql(entry.date)),
                time_entries::minutes.eq(minutes),
                time_entries::started_at.eq(entry.started_at.map(Sql)),
                time_entries::ended_at.eq(entry.ended_at.map(Sql)),
                time_entries::note.eq(entry.note.as_ref().map(Sql)),
                time_entries::updated_at.eq(Sql(entry.updated_at)),
                time_entries::rev.eq(entry.rev.0),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn delete_time_entry(&mut self, user: UserId, id: TimeEntryId, rev: Revision, now: Instant) -> Result<bool> {
        let removed =
            diesel::delete(time_entries::table.find((Sql(user), Sql(id)))).execute(self.connection()).classified()?;
        if removed == 0 {
            return Ok(false);
        }
        self.leave_tombstone(user, &id.into(), rev, now)?;
        Ok(true)
    }

    fn time_entry_was_deleted(&mut self, user: UserId, id: TimeEntryId) -> Result<bool> {
        self.has_tombstone(user, &id.into())
    }

    fn minutes_of_days(&mut self, user: UserId, days: &[(HabitId, Date)]) -> Result<Vec<(HabitId, Date, u64)>> {
        let dates = || days.iter().map(|(_, date)| *date);
        let (Some(earliest), Some(latest)) = (dates().min(), dates().max()) else {
            return Ok(Vec::new());
        };
        let habits: BTreeSet<HabitId> = days.iter().map(|(habit, _)| *habit).collect();
        let keys = days.iter().map(|(habit, date)| [Bind::Habit(*habit), Bind::Day(*date)]).collect();
        let among_them = RowsIn::new(self.connection(), ["habit_id", "date"], keys);
        let rows: Vec<(Option<HabitId>, Date, Option<i64>)> = time_entries::table
            .filter(time_entries::user_id.eq(Sql(user)))
            // As with entries, the next two say nothing new, but are found in an index by SQLite.
            .filter(time_entries::habit_id.eq_any(habits.into_iter().map(|habit| Some(Sql(habit)))))
            .filter(time_entries::date.between(Sql(earliest), Sql(latest)))
            .filter(among_them)
            .group_by((time_entries::habit_id, time_entries::date))
            .select((time_entries::habit_id, time_entries::date, sum(time_entries::minutes)))
            .load(self.connection())
            .classified()?;
        rows.into_iter()
            .filter_map(|(habit, date, minutes)| Some((habit?, date, minutes.unwrap_or(0))))
            .map(|(habit, date, minutes)| Ok((habit, date, number(minutes)?)))
            .collect()
    }

    fn minutes_of_habit(&mut self, user: UserId, habit: HabitId) -> Result<Vec<(Date, u64)>> {
        let days = self.time_by_day(user, DateRange::ALL, Some(habit))?;
        Ok(days.into_iter().map(|(date, spent)| (date, spent.minutes)).collect())
    }

    fn time_by_day(
        &mut self,
        user: UserId,
        range: DateRange,
        habit: Option<HabitId>,
    ) -> Result<Vec<(Date, TimeSpent)>> {
        let in_range = time_entries::table
            .filter(time_entries::user_id.eq(Sql(user)))
            .filter(time_entries::date.between(Sql(range.from()), Sql(range.to())))
            .group_by(time_entries::date)
            .order(time_entries::date)
            .select((time_entries::date, sum(time_entries::minutes), count_star()));
        let rows: Vec<(Date, Option<i64>, i64)> = match habit {
            None => in_range.load(self.connection()),
            Some(habit) => in_range.filter(time_entries::habit_id.eq(Some(Sql(habit)))).load(self.connection()),
        }
        .classified()?;
        rows.into_iter().map(|(date, minutes, count)| Ok((date, spent(minutes, count)?))).collect()
    }

    fn time_by_habit(&mut self, user: UserId, range: DateRange) -> Result<Vec<(Option<HabitId>, TimeSpent)>> {
        let rows: Vec<(Option<HabitId>, Option<i64>, i64)> = time_entries::table
            .filter(time_entries::user_id.eq(Sql(user)))
            .filter(time_entries::date.between(Sql(range.from()), Sql(range.to())))
            .group_by(time_entries::habit_id)
            .select((time_entries::habit_id, sum(time_entries::minutes), count_star()))
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(|(habit, minutes, count)| Ok((habit, spent(minutes, count)?))).collect()
    }

    fn time_by_theme(&mut self, user: UserId, range: DateRange) -> Result<Vec<(Option<ThemeId>, TimeSpent)>> {
        /// The habit's theme, the task's, the sum and the number.
        type Group = (Option<ThemeId>, Option<ThemeId>, i64, i64);
        let query = ThemeTime::new(self.connection(), user, range);
        let rows: Vec<Group> = query.load(self.connection()).classified()?;
        let mut themes: BTreeMap<Option<ThemeId>, TimeSpent> = BTreeMap::new();
        for (of_habit, of_task, minutes, count) in rows {
            let theme = themes.entry(of_habit.or(of_task)).or_default();
            *theme = theme.plus(spent(Some(minutes), count)?);
        }
        Ok(themes.into_iter().collect())
    }
}
