//! Habits, their plans and pauses, and the bits of their histories.

use std::collections::BTreeMap;

use circadia_domain::civil::{Date, Instant};
use circadia_domain::error::StoreError;
use circadia_domain::habits::{
    Habit, HabitDescription, HabitName, HabitRepository, HabitTotals, History, Recent, Timeline, Window,
};
use circadia_domain::ids::{HabitId, ThemeId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::text::Color;
use diesel::dsl::{case_when, count_star, max};
use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::convert::{corrupt, digest};
use crate::dialect::{Bind, CaseOf, Upsert};
use crate::schema::{entries, habit_histories, habits, time_entries, timers};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

#[derive(Queryable, Selectable)]
#[diesel(table_name = habits)]
struct Row {
    id: HabitId,
    name: HabitName,
    description: Option<HabitDescription>,
    theme_id: Option<ThemeId>,
    color: Option<Color>,
    starts_on: Date,
    ends_on: Option<Date>,
    plans: String,
    pauses: String,
    archived_at: Option<Instant>,
    position: i32,
    created_at: Instant,
    updated_at: Instant,
    rev: i64,
    request_digest: Vec<u8>,
}

impl Row {
    fn read(self) -> Result<Habit> {
        let window = Window { starts_on: self.starts_on, ends_on: self.ends_on };
        let timeline = Timeline::new(window, from_json(&self.plans)?, from_json(&self.pauses)?).map_err(corrupt)?;
        Ok(Habit {
            id: self.id,
            name: self.name,
            description: self.description,
            theme: self.theme_id,
            color: self.color,
            timeline,
            archived_at: self.archived_at,
            position: self.position,
            created_at: self.created_at,
            updated_at: self.updated_at,
            rev: Revision(self.rev),
            request_digest: digest(&self.request_digest)?,
        })
    }

    fn read_with_history((row, bits): (Self, Option<Vec<u8>>)) -> Result<(Habit, History)> {
        let history = match bits {
            Some(bits) => History::decode(&bits).map_err(corrupt)?,
            None => History::default(),
        };
        Ok((row.read()?, history))
    }

    fn read_with_recent((row, bits): (Self, Option<Vec<u8>>)) -> Result<(Habit, Recent)> {
        let recent = match bits {
            Some(bits) => Recent::decode(&bits).map_err(corrupt)?,
            None => Recent::default(),
        };
        Ok((row.read()?, recent))
    }
}

fn from_json<T: DeserializeOwned>(document: &str) -> Result<T> {
    serde_json::from_str(document).map_err(corrupt)
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Defect(error.to_string()))
}

/// A habit's history, or another `$part` of its row, if it has one: `habits LEFT JOIN habit_histories`.
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
            .select((Row::as_select(), $part))
    };
}

/// The recent part of a history; of a row that wasn't written since there are recent parts, the whole.
macro_rules! recent_part {
    () => {
        case_when(habit_histories::recent.nullable().is_null(), habit_histories::history.nullable())
            .otherwise(habit_histories::recent.nullable())
    };
}

/// Positions set by one statement at most: it compares each row with each of them.
const MOVES_PER_STATEMENT: usize = 500;

impl HabitRepository for Transaction {
    fn habits(&mut self, user: UserId) -> Result<Vec<Habit>> {
        let rows: Vec<Row> = habits::table
            .filter(habits::user_id.eq(Sql(user)))
            .order((habits::position, habits::id))
            .select(Row::as_select())
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(Row::read).collect()
    }

    fn habits_with_history(&mut self, user: UserId) -> Result<Vec<(Habit, History)>> {
        let rows: Vec<(Row, Option<Vec<u8>>)> = with_history!()
            .filter(habits::user_id.eq(Sql(user)))
            .order((habits::position, habits::id))
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(Row::read_with_history).collect()
    }

    fn habits_with_recent(&mut self, user: UserId) -> Result<Vec<(Habit, Recent)>> {
        let rows: Vec<(Row, Option<Vec<u8>>)> = with_history!(recent_part!())
            .filter(habits::user_id.eq(Sql(user)))
            .order((habits::position, habits::id))
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(Row::read_with_recent).collect()
    }

    fn find_habit(&mut self, user: UserId, id: HabitId) -> Result<Option<Habit>> {
        let found: Option<Row> = habits::table
            .find((Sql(user), Sql(id)))
            .select(Row::as_select())
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(Row::read).transpose()
    }

    fn find_habits(&mut self, user: UserId, ids: &[HabitId]) -> Result<Vec<(Habit, History)>> {
        let rows: Vec<(Row, Option<Vec<u8>>)> = with_history!()
            .filter(habits::user_id.eq(Sql(user)))
            .filter(habits::id.eq_any(ids.iter().map(Sql)))
            .order(habits::id)
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(Row::read_with_history).collect()
    }

    fn find_habit_with_history(&mut self, user: UserId, id: HabitId) -> Result<Option<(Habit, History)>> {
        let found: Option<(Row, Option<Vec<u8>>)> = with_history!()
            .filter(habits::user_id.eq(Sql(user)))
            .filter(habits::id.eq(Sql(id)))
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(Row::read_with_history).transpose()
    }

    fn find_recent(&mut self, user: UserId, id: HabitId) -> Result<Option<Recent>> {
        let found: Option<Option<Vec<u8>>> = habit_histories::table
            .find((Sql(user), Sql(id)))
            .select(recent_part!())
            .first(self.connection())
            .optional()
            .classified()?;
        found.flatten().map(|bits| Recent::decode(&bits).map_err(corrupt)).transpose()
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
            .values((
                habits::user_id.eq(Sql(user)),
                habits::id.eq(Sql(habit.id)),
                habits::name.eq(Sql(&habit.name)),
                habits::description.eq(habit.description.as_ref().map(Sql)),
                habits::theme_id.eq(habit.theme.map(Sql)),
                habits::color.eq(habit.color.map(Sql)),
                habits::starts_on.eq(Sql(habit.timeline.window().starts_on)),
                habits::ends_on.eq(habit.timeline.window().ends_on.map(Sql)),
                habits::plans.eq(to_json(habit.timeline.plans())?),
                habits::pauses.eq(to_json(habit.timeline.pauses())?),
                habits::archived_at.eq(habit.archived_at.map(Sql)),
                habits::position.eq(habit.position),
                habits::created_at.eq(Sql(habit.created_at)),
                habits::updated_at.eq(Sql(habit.updated_at)),
                habits::rev.eq(habit.rev.0),
                habits::request_digest.eq(habit.request_digest.as_slice()),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn update_habit(&mut self, user: UserId, habit: &Habit) -> Result<()> {
        diesel::update(habits::table.find((Sql(user), Sql(habit.id))))
            .set((
                habits::name.eq(Sql(&habit.name)),
                habits::description.eq(habit.description.as_ref().map(Sql)),
                habits::theme_id.eq(habit.theme.map(Sql)),
                habits::color.eq(habit.color.map(Sql)),
                habits::starts_on.eq(Sql(habit.timeline.window().starts_on)),
                habits::ends_on.eq(habit.timeline.window().ends_on.map(Sql)),
                habits::plans.eq(to_json(habit.timeline.plans())?),
                habits::pauses.eq(to_json(habit.timeline.pauses())?),
                habits::archived_at.eq(habit.archived_at.map(Sql)),
                habits::position.eq(habit.position),
                habits::updated_at.eq(Sql(habit.updated_at)),
                habits::rev.eq(habit.rev.0),
            ))
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
        // By habit: PostgreSQL takes one row of a key at most in a statement.
        let encoded: BTreeMap<HabitId, (Vec<u8>, Vec<u8>)> = histories
            .iter()
            .map(|(habit, history)| {
                let recent = Recent::of(&habit.timeline, history);
                (habit.id, (recent.encode(), history.encode()))
            })
            .collect();
        let upsert = Upsert {
            table: "habit_histories",
            columns: ["user_id", "habit_id", "recent", "history"],
            key: &["user_id", "habit_id"],
            replaced: &["recent", "history"],
            rows: encoded
                .iter()
                .map(|(id, (recent, bits))| {
                    [Bind::User(user), Bind::Habit(*id), Bind::Bytes(recent), Bind::Bytes(bits)]
                })
                .collect(),
        };
        upsert.run(self.connection()).classified()
    }
}
