//! Habits, their plans, pauses and archived days, and their histories.

use std::collections::BTreeMap;

use circadia_domain::civil::{Date, Instant};
use circadia_domain::color::Color;
use circadia_domain::error::StoreError;
use circadia_domain::habits::{
    DayToWrite, Entry, Habit, HabitDescription, HabitIcon, HabitName, HabitQuestion, HabitRepository, HabitTotals,
    HabitWithHistory, HabitWithRecent, History, HistoryPart, Recent, TimeOfDay, Timeline, Window, WithSettings,
};
use circadia_domain::ids::{HabitId, ThemeId, UserId};
use circadia_domain::revision::Revision;
use diesel::dsl::{count_star, max};
use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::convert::corrupt;
use crate::dialect::{CaseOf, insert_rows};
use crate::entries::EntryRow;
use crate::row::{Stored, delete_row, execute, first_row, load_rows, row};
use crate::schema::{entries, habit_histories, habits, reminders, time_entries, timers, users};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};
use crate::users::SettingsRow;

row! {
    #[diesel(table_name = habits, primary_key(user_id, id))]
    pub(crate) struct HabitRow of Habit {
        id: Sql<HabitId>,
        name: Sql<HabitName>,
        description: Option<Sql<HabitDescription>>,
        #[diesel(column_name = theme_id)]
        theme: Option<Sql<ThemeId>>,
        color: Option<Sql<Color>>,
        icon: Option<Sql<HabitIcon>>,
        question: Option<Sql<HabitQuestion>>,
        time_of_day: Sql<TimeOfDay>,
        #[diesel(embed)]
        timeline: TimelineRow,
        archived_at: Option<Sql<Instant>>,
        position: i32,
        #[diesel(skip_update)]
        created_at: Sql<Instant>,
        updated_at: Sql<Instant>,
        rev: i64,
        #[diesel(skip_update)]
        request_digest: Vec<u8>,
    }
}

/// When a habit is due: its window in columns of their own, since queries ask for it.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = habits, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct TimelineRow {
    starts_on: Sql<Date>,
    ends_on: Option<Sql<Date>>,
    plans: String,
    pauses: String,
    archives: String,
}

impl Stored<Timeline> for TimelineRow {
    fn from_domain(timeline: &Timeline) -> Result<Self> {
        let window = timeline.window();
        Ok(Self {
            starts_on: Sql(window.starts_on),
            ends_on: window.ends_on.map(Sql),
            plans: to_json(timeline.plans())?,
            pauses: to_json(timeline.pauses())?,
            archives: to_json(timeline.archives())?,
        })
    }

    fn into_domain(self) -> Result<Timeline> {
        let window = Window { starts_on: self.starts_on.0, ends_on: self.ends_on.map(Sql::into_inner) };
        let (plans, pauses, archives) = (from_json(&self.plans)?, from_json(&self.pauses)?, from_json(&self.archives)?);
        Timeline::with_archives(window, plans, pauses, archives).map_err(corrupt)
    }
}

/// A habit and its history, or an empty one if there is none.
pub(crate) fn with_history((row, history): (HabitRow, Option<Vec<u8>>)) -> Result<(Habit, History)> {
    let history = history.map(|bytes| History::decode(&bytes).map_err(corrupt)).transpose()?;
    Ok((row.into_domain()?, history.unwrap_or_default()))
}

/// A habit and the recent part of its history, or an empty one if there is none.
pub(crate) fn with_recent((row, recent): (HabitRow, Option<Vec<u8>>)) -> Result<(Habit, Recent)> {
    let recent = recent.map(|bytes| Recent::decode(&bytes).map_err(corrupt)).transpose()?;
    Ok((row.into_domain()?, recent.unwrap_or_default()))
}

fn from_json<T: DeserializeOwned>(document: &str) -> Result<T> {
    serde_json::from_str(document).map_err(corrupt)
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Defect(error.to_string()))
}

#[derive(Insertable)]
#[diesel(table_name = habit_histories)]
pub(crate) struct HistoryRow {
    user_id: Sql<UserId>,
    habit_id: Sql<HabitId>,
    recent: Vec<u8>,
    history: Vec<u8>,
}

impl HistoryRow {
    pub(crate) fn new(user: UserId, habit: &Habit, history: &History) -> Self {
        Self {
            user_id: Sql(user),
            habit_id: Sql(habit.id),
            recent: Recent::of(&habit.timeline, history).encode(),
            history: history.encode(),
        }
    }
}

/// `users LEFT JOIN habits`: the settings, and each habit or, with `$id`, that one.
macro_rules! settings_and {
    (habits of $user:ident $(with id $id:ident)?) => {
        users::table
            .filter(users::id.eq(Sql($user)))
            .left_join(habits::table.on(habits::user_id.eq(users::id)$(.and(habits::id.eq(Sql($id))))?))
    };
    (histories of $user:ident $(with id $id:ident)?) => {
        settings_and!(habits of $user $(with id $id)?).left_join(
            habit_histories::table
                .on(habit_histories::user_id.eq(habits::user_id).and(habit_histories::habit_id.eq(habits::id))),
        )
    };
}
pub(crate) use settings_and;

/// A user's settings with a habit, if there is one, and a part of its history.
pub(crate) type SettingsAndPart = (SettingsRow, Option<HabitRow>, Option<Vec<u8>>);

/// The settings, which stand in each row, and the habits; `None` without rows: then there is no such user.
pub(crate) fn with_settings<T>(
    mut rows: Vec<SettingsAndPart>,
    read: impl Fn((HabitRow, Option<Vec<u8>>)) -> Result<T>,
) -> Result<Option<WithSettings<Vec<T>>>> {
    let mut settings = None;
    let mut habits = Vec::with_capacity(rows.len());
    // Sorted here: MariaDB would sort joined rows with their texts in a temporary table.
    rows.sort_unstable_by_key(|(_, habit, _)| habit.as_ref().map(|habit| (habit.position, habit.id.0)));
    for (row, habit, part) in rows {
        if settings.is_none() {
            settings = Some(row.into_domain()?);
        }
        if let Some(habit) = habit {
            habits.push(read((habit, part))?);
        }
    }
    Ok(settings.map(|settings| (settings, habits)))
}

/// `habits LEFT JOIN habit_histories`.
macro_rules! with_history {
    () => {
        habits::table.left_join(
            habit_histories::table
                .on(habit_histories::user_id.eq(habits::user_id).and(habit_histories::habit_id.eq(habits::id))),
        )
    };
}

/// Pauses that the habits of one statement have at most, which are some 100 bytes each; MariaDB takes 16 MB at once.
const PAUSES_PER_STATEMENT: usize = 20_000;

/// Positions that one statement sets at most: it compares each row with each of them.
const MOVES_PER_STATEMENT: usize = 500;

impl HabitRepository for Transaction {
    fn habits(&mut self, user: UserId) -> Result<Vec<Habit>> {
        load_rows!(
            self,
            habits::table.filter(habits::user_id.eq(Sql(user))).order((habits::position, habits::id)),
            HabitRow
        )
    }

    fn settings_and_habits(&mut self, user: UserId) -> Result<Option<WithSettings<Vec<HabitWithHistory>>>> {
        let rows: Vec<SettingsAndPart> = settings_and!(histories of user)
            .select((SettingsRow::as_select(), Option::<HabitRow>::as_select(), habit_histories::history.nullable()))
            .load(self.connection())
            .classified()?;
        with_settings(rows, with_history)
    }

    fn settings_and_recent(&mut self, user: UserId) -> Result<Option<WithSettings<Vec<HabitWithRecent>>>> {
        let rows: Vec<SettingsAndPart> = settings_and!(histories of user)
            .select((SettingsRow::as_select(), Option::<HabitRow>::as_select(), habit_histories::recent.nullable()))
            .load(self.connection())
            .classified()?;
        with_settings(rows, with_recent)
    }

    fn settings_and_habit(&mut self, user: UserId, id: HabitId) -> Result<Option<WithSettings<Option<Habit>>>> {
        let found: Option<(SettingsRow, Option<HabitRow>)> = settings_and!(habits of user with id id)
            .select((SettingsRow::as_select(), Option::<HabitRow>::as_select()))
            .first(self.connection())
            .optional()
            .classified()?;
        found
            .map(|(settings, habit)| Ok((settings.into_domain()?, habit.map(HabitRow::into_domain).transpose()?)))
            .transpose()
    }

    fn settings_and_history(
        &mut self,
        user: UserId,
        id: HabitId,
    ) -> Result<Option<WithSettings<Option<HabitWithHistory>>>> {
        let found: Option<SettingsAndPart> = settings_and!(histories of user with id id)
            .select((SettingsRow::as_select(), Option::<HabitRow>::as_select(), habit_histories::history.nullable()))
            .first(self.connection())
            .optional()
            .classified()?;
        let found = with_settings(found.into_iter().collect(), with_history)?;
        Ok(found.map(|(settings, mut habits)| (settings, habits.pop())))
    }

    fn day_to_write(
        &mut self,
        user: UserId,
        id: HabitId,
        date: Date,
        others: HistoryPart,
    ) -> Result<Option<DayToWrite>> {
        crate::habit_days::day_to_write(self, user, id, date, others)
    }

    fn find_habit_day(
        &mut self,
        user: UserId,
        id: HabitId,
        date: Date,
    ) -> Result<Option<(Habit, History, Option<Entry>)>> {
        let entry_of_day =
            entries::user_id.eq(habits::user_id).and(entries::habit_id.eq(habits::id)).and(entries::date.eq(Sql(date)));
        let found: Option<(HabitRow, Option<Vec<u8>>, Option<EntryRow>)> = with_history!()
            .left_join(entries::table.on(entry_of_day))
            .filter(habits::user_id.eq(Sql(user)))
            .filter(habits::id.eq(Sql(id)))
            .select((HabitRow::as_select(), habit_histories::history.nullable(), Option::<EntryRow>::as_select()))
            .first(self.connection())
            .optional()
            .classified()?;
        let Some((habit, history, entry)) = found else { return Ok(None) };
        let (habit, history) = with_history((habit, history))?;
        Ok(Some((habit, history, entry.map(EntryRow::into_domain).transpose()?)))
    }

    fn find_habit(&mut self, user: UserId, id: HabitId) -> Result<Option<Habit>> {
        first_row!(self, habits::table.find((Sql(user), Sql(id))), HabitRow)
    }

    fn find_habits(&mut self, user: UserId, ids: &[HabitId]) -> Result<Vec<(Habit, History)>> {
        let rows: Vec<(HabitRow, Option<Vec<u8>>)> = with_history!()
            .filter(habits::user_id.eq(Sql(user)))
            .filter(habits::id.eq_any(ids.iter().copied().map(Sql)))
            .order(habits::id)
            .select((HabitRow::as_select(), habit_histories::history.nullable()))
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(with_history).collect()
    }

    fn habits_with_ids(&mut self, user: UserId, ids: &[HabitId]) -> Result<Vec<Habit>> {
        load_rows!(
            self,
            habits::table.filter(habits::user_id.eq(Sql(user))).filter(habits::id.eq_any(ids.iter().copied().map(Sql))),
            HabitRow
        )
    }

    fn find_recent(&mut self, user: UserId, id: HabitId) -> Result<Option<Recent>> {
        let found: Option<Vec<u8>> = habit_histories::table
            .find((Sql(user), Sql(id)))
            .select(habit_histories::recent)
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(|bits| Recent::decode(&bits).map_err(corrupt)).transpose()
    }

    fn habit_totals(&mut self, user: UserId) -> Result<HabitTotals> {
        let (count, last_position) = habits::table
            .filter(habits::user_id.eq(Sql(user)))
            .select((count_star(), max(habits::position)))
            .first(self.connection())
            .classified()?;
        Ok(HabitTotals { count, last_position })
    }

    fn insert_habit(&mut self, user: UserId, habit: &Habit) -> Result<()> {
        execute!(
            self,
            diesel::insert_into(habits::table).values((habits::user_id.eq(Sql(user)), HabitRow::from_domain(habit)?))
        )
    }

    fn update_habit(&mut self, user: UserId, habit: &Habit) -> Result<()> {
        execute!(
            self,
            diesel::update(habits::table.find((Sql(user), Sql(habit.id)))).set(HabitRow::from_domain(habit)?)
        )
    }

    fn put_pauses(&mut self, user: UserId, habits: &[&Habit]) -> Result<()> {
        let mut left = habits;
        while !left.is_empty() {
            let mut pauses = 0;
            let fits = |habit: &&&Habit| {
                pauses += habit.timeline.pauses().len();
                pauses <= PAUSES_PER_STATEMENT
            };
            let (chunk, rest) = left.split_at(left.iter().take_while(fits).count().max(1));
            left = rest;
            let rows = chunk.iter().map(|habit| Ok((habits::user_id.eq(Sql(user)), HabitRow::from_domain(habit)?)));
            let rows = rows.collect::<Result<Vec<_>>>()?;
            // They are stored already, so the rest of the rows is left aside.
            insert_rows!(self.connection(), habits, rows, on (user_id, id) replace (pauses, updated_at, rev))
                .classified()?;
        }
        Ok(())
    }

    fn move_habits(&mut self, user: UserId, positions: &[(HabitId, i32)], rev: Revision, now: Instant) -> Result<()> {
        for moves in positions.chunks(MOVES_PER_STATEMENT) {
            let ids = moves.iter().map(|(id, _)| Sql(*id));
            diesel::update(habits::table.filter(habits::user_id.eq(Sql(user))).filter(habits::id.eq_any(ids)))
                .set((
                    habits::position.eq(CaseOf::new("id", moves)),
                    habits::updated_at.eq(Sql(now)),
                    habits::rev.eq(rev.0),
                ))
                .execute(self.connection())
                .classified()?;
        }
        Ok(())
    }

    fn delete_habit(&mut self, user: UserId, id: HabitId, rev: Revision, now: Instant) -> Result<bool> {
        let spent = time_entries::table
            .filter(time_entries::user_id.eq(Sql(user)))
            .filter(time_entries::habit_id.eq(Some(Sql(id))));
        diesel::update(spent)
            .set((
                time_entries::habit_id.eq(None::<Sql<HabitId>>),
                time_entries::updated_at.eq(Sql(now)),
                time_entries::rev.eq(rev.0),
            ))
            .execute(self.connection())
            .classified()?;
        diesel::update(timers::table.find(Sql(user)).filter(timers::habit_id.eq(Some(Sql(id)))))
            .set((timers::habit_id.eq(None::<Sql<HabitId>>), timers::rev.eq(rev.0)))
            .execute(self.connection())
            .classified()?;
        diesel::delete(entries::table.filter(entries::user_id.eq(Sql(user))).filter(entries::habit_id.eq(Sql(id))))
            .execute(self.connection())
            .classified()?;
        diesel::delete(
            reminders::table.filter(reminders::user_id.eq(Sql(user))).filter(reminders::habit_id.eq(Some(Sql(id)))),
        )
        .execute(self.connection())
        .classified()?;
        diesel::delete(habit_histories::table.find((Sql(user), Sql(id)))).execute(self.connection()).classified()?;
        delete_row!(self, habits, user, id, rev, now)
    }

    fn put_histories(&mut self, user: UserId, histories: &[(&Habit, &History)]) -> Result<()> {
        // PostgreSQL refuses two rows with one key in a statement: the last one wins.
        let by_habit: BTreeMap<HabitId, (&Habit, &History)> =
            histories.iter().map(|(habit, history)| (habit.id, (*habit, *history))).collect();
        let rows = by_habit.into_values().map(|(habit, history)| HistoryRow::new(user, habit, history));
        insert_rows!(self.connection(), habit_histories, rows, on (user_id, habit_id) replace (recent, history))
            .classified()
    }
}
