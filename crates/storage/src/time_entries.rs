//! Time entries and their sums.

use std::collections::{BTreeMap, BTreeSet};

use circadia_domain::civil::{Date, DateRange, Instant, ZoneOrOffset};
use circadia_domain::ids::{HabitId, TaskId, ThemeId, TimeEntryId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::time_entries::{TimeEntry, TimeEntryRepository, TimeFilter, TimeNote, TimeSeek, TimeSpent};
use diesel::dsl::{count_star, sum};
use diesel::prelude::*;

use crate::convert::number;
use crate::dialect::{HabitDayIn, TimeByTheme, insert_rows};
use crate::row::{Stored as _, delete_row, execute, first_row, load_rows, row};
use crate::schema::time_entries;
use crate::seek::seek_by_date;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = time_entries, primary_key(user_id, id))]
    pub(crate) struct TimeEntryRow of TimeEntry {
        id: Sql<TimeEntryId>,
        #[diesel(column_name = habit_id)]
        habit: Option<Sql<HabitId>>,
        #[diesel(column_name = task_id)]
        task: Option<Sql<TaskId>>,
        date: Sql<Date>,
        minutes: i32,
        started_at: Option<Sql<Instant>>,
        ended_at: Option<Sql<Instant>>,
        note: Option<Sql<TimeNote>>,
        #[diesel(skip_update)]
        created_at: Sql<Instant>,
        updated_at: Sql<Instant>,
        rev: i64,
        #[diesel(skip_update)]
        request_digest: Vec<u8>,
        #[diesel(column_name = timezone)]
        zone: Sql<ZoneOrOffset>,
    }
}

/// The sum and the number of a group's entries.
fn spent(minutes: Option<i64>, count: i64) -> Result<TimeSpent> {
    Ok(TimeSpent { minutes: number(minutes.unwrap_or(0))?, count: number(count)? })
}

/// The theme that the time of a habit and a task counts for, of the theme of each.
pub(crate) fn theme_of_time(of_habit: Option<Sql<ThemeId>>, of_task: Option<Sql<ThemeId>>) -> Option<ThemeId> {
    of_habit.or(of_task).map(Sql::into_inner)
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
        load_rows!(self, seek_by_date!(query, (time_entries::date, time_entries::id), seek), TimeEntryRow)
    }

    fn find_time_entry(&mut self, user: UserId, id: TimeEntryId) -> Result<Option<TimeEntry>> {
        first_row!(self, time_entries::table.find((Sql(user), Sql(id))), TimeEntryRow)
    }

    fn time_entries_of_request(&mut self, user: UserId, digest: &[u8; 32]) -> Result<Vec<TimeEntry>> {
        load_rows!(
            self,
            time_entries::table
                .filter(time_entries::user_id.eq(Sql(user)))
                .filter(time_entries::request_digest.eq(digest.as_slice()))
                .order((time_entries::date, time_entries::id)),
            TimeEntryRow
        )
    }

    fn insert_time_entries(&mut self, user: UserId, entries: &[TimeEntry]) -> Result<()> {
        let rows = entries
            .iter()
            .map(|entry| Ok((time_entries::user_id.eq(Sql(user)), TimeEntryRow::from_domain(entry)?)))
            .collect::<Result<Vec<_>>>()?;
        insert_rows!(self.connection(), time_entries, rows).classified()
    }

    fn update_time_entry(&mut self, user: UserId, entry: &TimeEntry) -> Result<()> {
        execute!(
            self,
            diesel::update(time_entries::table.find((Sql(user), Sql(entry.id)))).set(TimeEntryRow::from_domain(entry)?)
        )
    }

    fn delete_time_entry(&mut self, user: UserId, id: TimeEntryId, rev: Revision, now: Instant) -> Result<bool> {
        delete_row!(self, time_entries, user, id, rev, now)
    }

    fn minutes_of_days(&mut self, user: UserId, days: &[(HabitId, Date)]) -> Result<Vec<(HabitId, Date, u64)>> {
        type Row = (Option<Sql<HabitId>>, Sql<Date>, Option<i64>);
        let dates = || days.iter().map(|(_, date)| *date);
        let (Some(earliest), Some(latest)) = (dates().min(), dates().max()) else {
            return Ok(Vec::new());
        };
        let habits: BTreeSet<HabitId> = days.iter().map(|(habit, _)| *habit).collect();
        let among_them = HabitDayIn::new(self.connection(), days);
        let rows: Vec<Row> = time_entries::table
            .filter(time_entries::user_id.eq(Sql(user)))
            // The next two are redundant, but SQLite uses indexes for columns only, not for pairs.
            .filter(time_entries::habit_id.eq_any(habits.into_iter().map(|habit| Some(Sql(habit)))))
            .filter(time_entries::date.between(Sql(earliest), Sql(latest)))
            .filter(among_them)
            .group_by((time_entries::habit_id, time_entries::date))
            .select((time_entries::habit_id, time_entries::date, sum(time_entries::minutes)))
            .load(self.connection())
            .classified()?;
        rows.into_iter()
            .filter_map(|(habit, Sql(date), minutes)| Some((habit?.0, date, minutes.unwrap_or(0))))
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
        let rows: Vec<(Sql<Date>, Option<i64>, i64)> = match habit {
            None => in_range.load(self.connection()),
            Some(habit) => in_range.filter(time_entries::habit_id.eq(Some(Sql(habit)))).load(self.connection()),
        }
        .classified()?;
        rows.into_iter().map(|(Sql(date), minutes, count)| Ok((date, spent(minutes, count)?))).collect()
    }

    fn time_by_habit(&mut self, user: UserId, range: DateRange) -> Result<Vec<(Option<HabitId>, TimeSpent)>> {
        let rows: Vec<(Option<Sql<HabitId>>, Option<i64>, i64)> = time_entries::table
            .filter(time_entries::user_id.eq(Sql(user)))
            .filter(time_entries::date.between(Sql(range.from()), Sql(range.to())))
            .group_by(time_entries::habit_id)
            .select((time_entries::habit_id, sum(time_entries::minutes), count_star()))
            .load(self.connection())
            .classified()?;
        rows.into_iter()
            .map(|(habit, minutes, count)| Ok((habit.map(Sql::into_inner), spent(minutes, count)?)))
            .collect()
    }

    fn time_by_theme(&mut self, user: UserId, range: DateRange) -> Result<Vec<(Option<ThemeId>, TimeSpent)>> {
        /// The theme of the habit, that of the task, the sum and the number.
        type Group = (Option<Sql<ThemeId>>, Option<Sql<ThemeId>>, i64, i64);
        let query = TimeByTheme::new(self.connection(), user, range);
        let rows: Vec<Group> = query.load(self.connection()).classified()?;
        let mut themes: BTreeMap<Option<ThemeId>, TimeSpent> = BTreeMap::new();
        for (of_habit, of_task, minutes, count) in rows {
            let theme = themes.entry(theme_of_time(of_habit, of_task)).or_default();
            *theme = theme.plus(spent(Some(minutes), count)?);
        }
        Ok(themes.into_iter().collect())
    }
}
