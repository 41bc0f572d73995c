//! The timers that run.

use circadia_domain::civil::Instant;
use circadia_domain::ids::{HabitId, TaskId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::time_entries::TimeNote;
use circadia_domain::timer::{Timer, TimerRepository};
use diesel::prelude::*;

use crate::schema::timers;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = timers, treat_none_as_default_value = false)]
struct TimerRow {
    habit_id: Option<Sql<HabitId>>,
    task_id: Option<Sql<TaskId>>,
    note: Option<Sql<TimeNote>>,
    started_at: Sql<Instant>,
    rev: i64,
}

impl From<&Timer> for TimerRow {
    fn from(timer: &Timer) -> Self {
        Self {
            habit_id: timer.habit.map(Sql),
            task_id: timer.task.map(Sql),
            note: timer.note.clone().map(Sql),
            started_at: Sql(timer.started_at),
            rev: timer.rev.0,
        }
    }
}

impl From<TimerRow> for Timer {
    fn from(row: TimerRow) -> Self {
        Self {
            habit: row.habit_id.map(Sql::into_inner),
            task: row.task_id.map(Sql::into_inner),
            note: row.note.map(Sql::into_inner),
            started_at: row.started_at.0,
            rev: Revision(row.rev),
        }
    }
}

impl TimerRepository for Transaction {
    fn find_timer(&mut self, user: UserId) -> Result<Option<Timer>> {
        let found: Option<TimerRow> = timers::table
            .find(Sql(user))
            .select(TimerRow::as_select())
            .first(self.connection())
            .optional()
            .classified()?;
        Ok(found.map(Timer::from))
    }

    fn insert_timer(&mut self, user: UserId, timer: &Timer) -> Result<()> {
        diesel::insert_into(timers::table)
            .values((timers::user_id.eq(Sql(user)), TimerRow::from(timer)))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn delete_timer(&mut self, user: UserId) -> Result<bool> {
        let removed = diesel::delete(timers::table.find(Sql(user))).execute(self.connection()).classified()?;
        Ok(removed > 0)
    }
}
