//! Entries: what was done, skipped or missed on a day.

use std::collections::{BTreeMap, BTreeSet};

use circadia_domain::civil::{Date, DateRange, Instant};
use circadia_domain::error::StoreError;
use circadia_domain::habits::{DayRecord, Entry, EntryNote, EntryRepository, EntryState};
use circadia_domain::ids::{HabitId, UserId};
use circadia_domain::revision::Revision;
use diesel::prelude::*;

use crate::convert::number;
use crate::dialect::{Bind, RowsIn, Upsert};
use crate::schema::entries;
use crate::sql_types::Sql;
use crate::tombstones::Item;
use crate::transaction::{Classify as _, Result, Transaction};

#[derive(Queryable, Selectable)]
#[diesel(table_name = entries)]
struct Row {
    habit_id: HabitId,
    date: Date,
    state: EntryState,
    value: Option<i32>,
    tracked_minutes: i32,
    note: Option<EntryNote>,
    created_at: Instant,
    updated_at: Instant,
    rev: i64,
}

impl Row {
    fn read(self) -> Result<Entry> {
        Ok(Entry {
            habit: self.habit_id,
            date: self.date,
            state: self.state,
            value: self.value.map(number).transpose()?,
            tracked_minutes: number(self.tracked_minutes)?,
            note: self.note,
            created_at: self.created_at,
            updated_at: self.updated_at,
            rev: Revision(self.rev),
        })
    }
}

/// The day's value as [`Entry::total`] has it.
fn total(value: Option<i32>, tracked_minutes: i32) -> Result<Option<u32>> {
    let tracked: u32 = number(tracked_minutes)?;
    let value: Option<u32> = value.map(number).transpose()?;
    Ok(match (value, tracked) {
        (None, 0) => None,
        (value, tracked) => Some(value.unwrap_or(0).saturating_add(tracked)),
    })
}

/// A value on its way into a column.
fn column(value: u32) -> Result<i32> {
    i32::try_from(value).map_err(|_| StoreError::Defect(format!("{value} is too large to be stored")))
}

/// The columns of a row, in the order of [`COLUMNS`].
fn binds(user: UserId, entry: &Entry) -> Result<[Bind<'_>; 10]> {
    Ok([
        Bind::User(user),
        Bind::Habit(entry.habit),
        Bind::Day(entry.date),
        Bind::State(entry.state),
        Bind::MaybeInteger(entry.value.map(column).transpose()?),
        Bind::Integer(column(entry.tracked_minutes)?),
        Bind::MaybeText(entry.note.as_ref().map(EntryNote::as_str)),
        Bind::Instant(entry.created_at),
        Bind::Instant(entry.updated_at),
        Bind::BigInt(entry.rev.0),
    ])
}

const COLUMNS: [&str; 10] =
    ["user_id", "habit_id", "date", "state", "value", "tracked_minutes", "note", "created_at", "updated_at", "rev"];

/// Entries removed by one statement at most.
const KEYS_PER_STATEMENT: usize = 10_000;

impl EntryRepository for Transaction {
    fn find_entry(&mut self, user: UserId, habit: HabitId, date: Date) -> Result<Option<Entry>> {
        let found: Option<Row> = entries::table
            .find((Sql(user), Sql(habit), Sql(date)))
            .select(Row::as_select())
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(Row::read).transpose()
    }

    fn find_entries(&mut self, user: UserId, keys: &[(HabitId, Date)]) -> Result<Vec<Entry>> {
        let dates = || keys.iter().map(|(_, date)| *date);
        let (Some(earliest), Some(latest)) = (dates().min(), dates().max()) else {
            return Ok(Vec::new());
        };
        let habits: BTreeSet<HabitId> = keys.iter().map(|(habit, _)| *habit).collect();
        let keys = keys.iter().map(|(habit, date)| [Bind::Habit(*habit), Bind::Day(*date)]).collect();
        let among_them = RowsIn::new(self.connection(), ["habit_id", "date"], keys);
        let rows: Vec<Row> = entries::table
            .filter(entries::user_id.eq(Sql(user)))
            // The next two say nothing new; but SQLite looks pairs up in no index, only columns.
            .filter(entries::habit_id.eq_any(habits.into_iter().map(Sql)))
            .filter(entries::date.between(Sql(earliest), Sql(latest)))
            .filter(among_them)
            .order((entries::habit_id, entries::date))
            .select(Row::as_select())
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(Row::read).collect()
    }

    fn entries(
        &mut self,
        user: UserId,
        habit: HabitId,
        range: DateRange,
        limit: usize,
        backwards: bool,
    ) -> Result<Vec<Entry>> {
        let in_range = entries::table
            .filter(entries::user_id.eq(Sql(user)))
            .filter(entries::habit_id.eq(Sql(habit)))
            .filter(entries::date.between(Sql(range.from()), Sql(range.to())))
            .select(Row::as_select())
            .limit(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows: Vec<Row> = if backwards {
            in_range.order(entries::date.desc()).load(self.connection())
        } else {
            in_range.order(entries::date.asc()).load(self.connection())
        }
        .classified()?;
        rows.into_iter().map(Row::read).collect()
    }

    fn day_records(&mut self, user: UserId, habit: HabitId) -> Result<Vec<(Date, DayRecord)>> {
        let rows: Vec<(Date, EntryState, Option<i32>, i32)> = entries::table
            .filter(entries::user_id.eq(Sql(user)))
            .filter(entries::habit_id.eq(Sql(habit)))
            .order(entries::date)
            .select((entries::date, entries::state, entries::value, entries::tracked_minutes))
            .load(self.connection())
            .classified()?;
        rows.into_iter()
            .map(|(date, state, value, tracked)| Ok((date, DayRecord { state, value: total(value, tracked)? })))
            .collect()
    }

    fn amounts(&mut self, user: UserId, range: DateRange) -> Result<Vec<(HabitId, Date, u32)>> {
        // Sorted here: asked for this order, MariaDB reads all the user's entries by the key, which has it.
        let mut rows: Vec<(HabitId, Date, Option<i32>, i32)> = entries::table
            .filter(entries::user_id.eq(Sql(user)))
            .filter(entries::date.between(Sql(range.from()), Sql(range.to())))
            .filter(entries::value.is_not_null().or(entries::tracked_minutes.gt(0)))
            .select((entries::habit_id, entries::date, entries::value, entries::tracked_minutes))
            .load(self.connection())
            .classified()?;
        rows.sort_unstable_by_key(|(habit, date, ..)| (*habit, *date));
        rows.into_iter()
            .map(|(habit, date, value, tracked)| Ok((habit, date, total(value, tracked)?.unwrap_or(0))))
            .collect()
    }

    fn put_entries(&mut self, user: UserId, entries: &[Entry]) -> Result<()> {
        // One row of a key at most is what PostgreSQL takes in a statement: the last one says how it ends up.
        let last: BTreeMap<(HabitId, Date), &Entry> =
            entries.iter().map(|entry| ((entry.habit, entry.date), entry)).collect();
        let upsert = Upsert {
            table: "entries",
            columns: COLUMNS,
            key: &["user_id", "habit_id", "date"],
            replaced: &["state", "value", "tracked_minutes", "note", "updated_at", "rev"],
            rows: last.into_values().map(|entry| binds(user, entry)).collect::<Result<_>>()?,
        };
        upsert.run(self.connection()).classified()
    }

    fn delete_entries(&mut self, user: UserId, keys: &[(HabitId, Date)], rev: Revision, now: Instant) -> Result<usize> {
        let mut removed = 0;
        for keys in keys.chunks(KEYS_PER_STATEMENT) {
            let there: Vec<Item> =
                self.find_entries(user, keys)?.iter().map(|entry| Item::entry(entry.habit, entry.date)).collect();
            if there.is_empty() {
                continue;
            }
            let habits: BTreeSet<HabitId> = keys.iter().map(|(habit, _)| *habit).collect();
            let rows = keys.iter().map(|(habit, date)| [Bind::Habit(*habit), Bind::Day(*date)]).collect();
            let among_them = RowsIn::new(self.connection(), ["habit_id", "date"], rows);
            let gone = entries::table
                .filter(entries::user_id.eq(Sql(user)))
                .filter(entries::habit_id.eq_any(habits.into_iter().map(Sql)))
                .filter(among_them);
            removed += diesel::delete(gone).execute(self.connection()).classified()?;
            self.leave_tombstones(user, &there, rev, now)?;
        }
        Ok(removed)
    }
}
