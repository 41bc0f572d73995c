//! Entries: what was done, skipped or missed on a day.

use std::collections::{BTreeMap, BTreeSet};

use circadia_domain::civil::{Date, DateRange, Instant};
use circadia_domain::habits::{
    DayRecord, Entry, EntryFilter, EntryNote, EntryRepository, EntrySeek, EntryState, Habit, History, day_total,
};
use circadia_domain::ids::{HabitId, UserId};
use circadia_domain::quantity::Quantity;
use circadia_domain::revision::Revision;
use circadia_domain::tombstones::ItemKey;
use diesel::prelude::*;

use crate::convert::{number, sql_limit};
use crate::dialect::{HabitDayIn, insert_rows, upsert_two};
use crate::habits::HistoryRow;
use crate::row::{Stored, load_rows, row};
use crate::schema::{entries, habit_histories};
use crate::seek::seek_by_date;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = entries, primary_key(user_id, habit_id, date))]
    pub(crate) struct EntryRow of Entry {
        #[diesel(column_name = habit_id)]
        habit: Sql<HabitId>,
        date: Sql<Date>,
        state: Sql<EntryState>,
        #[diesel(embed)]
        value: ValueColumns,
        tracked_minutes: i32,
        settled: bool,
        note: Option<Sql<EntryNote>>,
        created_at: Sql<Instant>,
        updated_at: Sql<Instant>,
        rev: i64,
    }
}

/// The value entered by hand: whole units, and the thousandths beyond them.
#[derive(Debug, Clone, Copy, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = entries, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct ValueColumns {
    value: Option<i32>,
    value_thousandths: i32,
}

impl Stored<Option<Quantity>> for ValueColumns {
    fn from_domain(value: &Option<Quantity>) -> Result<Self> {
        let thousandths = value.unwrap_or_default().thousandths();
        let whole = number(thousandths / 1_000)?;
        Ok(Self { value: value.map(|_| whole), value_thousandths: number(thousandths % 1_000)? })
    }

    fn into_domain(self) -> Result<Option<Quantity>> {
        let thousandths: u64 = number(self.value_thousandths)?;
        let whole: Option<u32> = self.value.map(number).transpose()?;
        Ok(whole.map(|whole| Quantity::whole(whole).plus(Quantity::from_thousandths(thousandths))))
    }
}

/// The day's value.
fn total(value: ValueColumns, tracked_minutes: i32) -> Result<Option<Quantity>> {
    Ok(day_total(value.into_domain()?, number(tracked_minutes)?))
}

/// Entries that one statement deletes at most.
const KEYS_PER_STATEMENT: usize = 10_000;

impl EntryRepository for Transaction {
    fn find_entries(&mut self, user: UserId, keys: &[(HabitId, Date)]) -> Result<Vec<Entry>> {
        let dates = || keys.iter().map(|(_, date)| *date);
        let (Some(earliest), Some(latest)) = (dates().min(), dates().max()) else {
            return Ok(Vec::new());
        };
        let habits: BTreeSet<HabitId> = keys.iter().map(|(habit, _)| *habit).collect();
        let among_them = HabitDayIn::new(self.connection(), keys);
        load_rows!(
            self,
            entries::table
                .filter(entries::user_id.eq(Sql(user)))
                // The next two are redundant, but SQLite uses indexes for columns only, not for pairs.
                .filter(entries::habit_id.eq_any(habits.into_iter().map(Sql)))
                .filter(entries::date.between(Sql(earliest), Sql(latest)))
                .filter(among_them)
                .order((entries::habit_id, entries::date)),
            EntryRow
        )
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
            .select(EntryRow::as_select())
            .limit(sql_limit(limit));
        let rows: Vec<EntryRow> = if backwards {
            in_range.order(entries::date.desc()).load(self.connection())
        } else {
            in_range.order(entries::date.asc()).load(self.connection())
        }
        .classified()?;
        rows.into_iter().map(EntryRow::into_domain).collect()
    }

    fn entries_across(&mut self, user: UserId, filter: &EntryFilter, seek: &EntrySeek) -> Result<Vec<Entry>> {
        let mut query = entries::table
            .into_boxed()
            .filter(entries::user_id.eq(Sql(user)))
            .filter(entries::date.between(Sql(filter.range.from()), Sql(filter.range.to())));
        if let Some(habits) = &filter.habits {
            query = query.filter(entries::habit_id.eq_any(habits.iter().copied().map(Sql)));
        }
        load_rows!(self, seek_by_date!(query, (entries::date, entries::habit_id), seek), EntryRow)
    }

    fn day_records(&mut self, user: UserId, habit: HabitId) -> Result<Vec<(Date, DayRecord)>> {
        type Row = (Sql<Date>, Sql<EntryState>, ValueColumns, i32, bool);
        let rows: Vec<Row> = entries::table
            .filter(entries::user_id.eq(Sql(user)))
            .filter(entries::habit_id.eq(Sql(habit)))
            .order(entries::date)
            .select((
                entries::date,
                entries::state,
                ValueColumns::as_select(),
                entries::tracked_minutes,
                entries::settled,
            ))
            .load(self.connection())
            .classified()?;
        rows.into_iter()
            .map(|(Sql(date), Sql(state), value, tracked, settled)| {
                Ok((date, DayRecord { state, value: total(value, tracked)?, settled }))
            })
            .collect()
    }

    fn amounts(&mut self, user: UserId, range: DateRange) -> Result<Vec<(HabitId, Date, Quantity)>> {
        type Row = (Sql<HabitId>, Sql<Date>, ValueColumns, i32);
        // Not ordered by the database: MariaDB would read all of the user's entries in the order of the key.
        let rows: Vec<Row> = entries::table
            .filter(entries::user_id.eq(Sql(user)))
            .filter(entries::date.between(Sql(range.from()), Sql(range.to())))
            .filter(entries::value.is_not_null().or(entries::tracked_minutes.gt(0)))
            .select((entries::habit_id, entries::date, ValueColumns::as_select(), entries::tracked_minutes))
            .load(self.connection())
            .classified()?;
        let amount =
            |(Sql(habit), Sql(date), value, tracked)| Ok((habit, date, total(value, tracked)?.unwrap_or_default()));
        let mut amounts: Vec<(HabitId, Date, Quantity)> = rows.into_iter().map(amount).collect::<Result<_>>()?;
        amounts.sort_unstable_by_key(|(habit, date, _)| (*habit, *date));
        Ok(amounts)
    }

    fn put_entry_and_history(&mut self, user: UserId, entry: &Entry, habit: &Habit, history: &History) -> Result<()> {
        upsert_two!(
            self.connection(),
            entries, (entries::user_id.eq(Sql(user)), EntryRow::from_domain(entry)?),
            on (user_id, habit_id, date) replace (state, value, value_thousandths, tracked_minutes, settled, note, updated_at, rev);
            habit_histories, HistoryRow::new(user, habit, history),
            on (user_id, habit_id) replace (recent, history);
        )
        .classified()
    }

    fn put_entries(&mut self, user: UserId, put: &[Entry]) -> Result<()> {
        // PostgreSQL refuses two rows with one key in a statement: the last one wins.
        let last: BTreeMap<(HabitId, Date), &Entry> =
            put.iter().map(|entry| ((entry.habit, entry.date), entry)).collect();
        let rows = last
            .into_values()
            .map(|entry| Ok((entries::user_id.eq(Sql(user)), EntryRow::from_domain(entry)?)))
            .collect::<Result<Vec<_>>>()?;
        insert_rows!(
            self.connection(),
            entries,
            rows,
            on (user_id, habit_id, date) replace (state, value, value_thousandths, tracked_minutes, settled, note, updated_at, rev)
        )
        .classified()
    }

    fn delete_entries(&mut self, user: UserId, keys: &[(HabitId, Date)], rev: Revision, now: Instant) -> Result<usize> {
        let mut removed = 0;
        for keys in keys.chunks(KEYS_PER_STATEMENT) {
            let there: Vec<ItemKey> =
                self.find_entries(user, keys)?.iter().map(|entry| ItemKey::entry(entry.habit, entry.date)).collect();
            if there.is_empty() {
                continue;
            }
            let habits: BTreeSet<HabitId> = keys.iter().map(|(habit, _)| *habit).collect();
            let among_them = HabitDayIn::new(self.connection(), keys);
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
