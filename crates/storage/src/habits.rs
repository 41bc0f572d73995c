//! Habits, their plans and pauses, and their histories.

use std::collections::BTreeMap;

use circadia_domain::civil::{Date, Instant};
use circadia_domain::error::StoreError;
use circadia_domain::habits::{
    Habit, HabitDescription, HabitName, HabitRepository, HabitTotals, History, Recent, Timeline, Window,
};
use circadia_domain::ids::{HabitId, ThemeId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::text::Color;
use diesel::dsl::{count_star, max};
use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::convert::corrupt;
use crate::dialect::{CaseOf, insert_rows};
use crate::row::{Stored, row};
use crate::schema::{entries, habit_histories, habits, time_entries, timers};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = habits, primary_key(user_id, id))]
    struct HabitRow of Habit {
        id: Sql<HabitId>,
        name: Sql<HabitName>,
        description: Option<Sql<HabitDescription>>,
        #[diesel(column_name = theme_id)]
        theme: Option<Sql<ThemeId>>,
        color: Option<Sql<Color>>,
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
struct TimelineRow {
    starts_on: Sql<Date>,
    ends_on: Option<Sql<Date>>,
    plans: String,
    pauses: String,
}

impl Stored<Timeline> for TimelineRow {
    fn from_domain(timeline: &Timeline) -> Result<Self> {
        let window = timeline.window();
        Ok(Self {
            starts_on: Sql(window.starts_on),
            ends_on: window.ends_on.map(Sql),
            plans: to_json(timeline.plans())?,
            pauses: to_json(timeline.pauses())?,
        })
    }

    fn into_domain(self) -> Result<Timeline> {
        let window = Window { starts_on: self.starts_on.0, ends_on: self.ends_on.map(Sql::into_inner) };
        Timeline::new(window, from_json(&self.plans)?, from_json(&self.pauses)?).map_err(corrupt)
    }
}

/// A habit and its history, or an empty one if there is none.
fn with_history((row, history): (HabitRow, Option<Vec<u8>>)) -> Result<(Habit, History)> {
    let history = history.map(|bytes| History::decode(&bytes).map_err(corrupt)).transpose()?;
    Ok((row.into_domain()?, history.unwrap_or_default()))
}

/// A habit and the recent part of its history, or an empty one if there is none.
fn with_recent((row, recent): (HabitRow, Option<Vec<u8>>)) -> Result<(Habit, Recent)> {
    let recent = recent.map(|bytes| Recent::decode(&bytes).map_err(corrupt)).transpose()?;
    Ok((row.into_domain()?, recent.unwrap_or_default()))
}

fn from_json<T: DeserializeOwned>(document: &str) -> Result<T> {
    serde_json::from_str(document).map_err(corrupt)
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Defect(error.to_string()))
}

/// `habits LEFT JOIN habit_histories`, with the history, or another `$part` of its row.
macro_rules! with_history {
    () => {
        with_history!(habit_histories::history.nullable())
    };
    ($part:expr) => {
        habits::table
            .left_join(
                habit_histories::table
                    .on(habit_histories::user_id.eq(habits::user_id).and(habit_histories::habit_id.eq(habits::id))),
            )
            .select((HabitRow::as_select(), $part))
    };
}

/// Positions that one statement sets at most: it compares each row with each of them.
const MOVES_PER_STATEMENT: usize = 500;

impl HabitRepository for Transaction {
    fn habits(&mut self, user: UserId) -> Result<Vec<Habit>> {
        let rows: Vec<HabitRow> = habits::table
            .filter(habits::user_id.eq(Sql(user)))
            .order((habits::position, habits::id))
            .select(HabitRow::as_select())
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(HabitRow::into_domain).collect()
    }

    fn habits_with_history(&mut self, user: UserId) -> Result<Vec<(Habit, History)>> {
        let rows: Vec<(HabitRow, Option<Vec<u8>>)> = with_history!()
            .filter(habits::user_id.eq(Sql(user)))
            .order((habits::position, habits::id))
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(with_history).collect()
    }

    fn habits_with_recent(&mut self, user: UserId) -> Result<Vec<(Habit, Recent)>> {
        let rows: Vec<(HabitRow, Option<Vec<u8>>)> = with_history!(habit_histories::recent.nullable())
            .filter(habits::user_id.eq(Sql(user)))
            .order((habits::position, habits::id))
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(with_recent).collect()
    }

    fn find_habit(&mut self, user: UserId, id: HabitId) -> Result<Option<Habit>> {
        let found: Option<HabitRow> = habits::table
            .find((Sql(user), Sql(id)))
            .select(HabitRow::as_select())
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(HabitRow::into_domain).transpose()
    }

    fn find_habits(&mut self, user: UserId, ids: &[HabitId]) -> Result<Vec<(Habit, History)>> {
        let rows: Vec<(HabitRow, Option<Vec<u8>>)> = with_history!()
            .filter(habits::user_id.eq(Sql(user)))
            .filter(habits::id.eq_any(ids.iter().copied().map(Sql)))
            .order(habits::id)
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(with_history).collect()
    }

    fn find_habit_with_history(&mut self, user: UserId, id: HabitId) -> Result<Option<(Habit, History)>> {
        let found: Option<(HabitRow, Option<Vec<u8>>)> = with_history!()
            .filter(habits::user_id.eq(Sql(user)))
            .filter(habits::id.eq(Sql(id)))
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(with_history).transpose()
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
        diesel::insert_into(habits::table)
            .values((habits::user_id.eq(Sql(user)), HabitRow::from_domain(habit)?))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn update_habit(&mut self, user: UserId, habit: &Habit) -> Result<()> {
        diesel::update(habits::table.find((Sql(user), Sql(habit.id))))
            .set(HabitRow::from_domain(habit)?)
            .execute(self.connection())
            .map(drop)
            .classified()
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
        diesel::delete(habit_histories::table.find((Sql(user), Sql(id)))).execute(self.connection()).classified()?;
        let removed =
            diesel::delete(habits::table.find((Sql(user), Sql(id)))).execute(self.connection()).classified()?;
        if removed == 0 {
            return Ok(false);
        }
        self.leave_tombstone(user, &id.into(), rev, now)?;
        Ok(true)
    }

    fn habit_was_deleted(&mut self, user: UserId, id: HabitId) -> Result<bool> {
        self.has_tombstone(user, &id.into())
    }

    fn put_histories(&mut self, user: UserId, histories: &[(&Habit, &History)]) -> Result<()> {
        // PostgreSQL refuses two rows with one key in a statement: the last one wins.
        let by_habit: BTreeMap<HabitId, (&Habit, &History)> =
            histories.iter().map(|(habit, history)| (habit.id, (*habit, *history))).collect();
        let rows = by_habit.into_values().map(|(habit, history)| {
            (
                habit_histories::user_id.eq(Sql(user)),
                habit_histories::habit_id.eq(Sql(habit.id)),
                habit_histories::recent.eq(Recent::of(&habit.timeline, history).encode()),
                habit_histories::history.eq(history.encode()),
            )
        });
        insert_rows!(self.connection(), habit_histories, rows, on (user_id, habit_id) replace (recent, history))
            .classified()
    }
}
