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

#[derive(Queryable, Selectable)]
#[diesel(table_name = timers)]
struct Row {
    habit_id: Option<HabitId>,
    task_id: Option<TaskId>,
    note: Option<TimeNote>,
    started_at: Instant,
    rev: i64,
}

impl From<Row> for Timer {
    fn from(row: Row) -> Self {
        Self {
            habit: row.habit_id,
            task: row.task_id,
            note: row.note,
            started_at: row.started_at,
            rev: Revision(row.rev),
        }
    }
}

impl TimerRepository for Transaction {
    fn find_timer(&mut self, user: UserId) -> Result<Option<Timer>> {
        let found: Option<Row> =
            timers::table.find(Sql(user)).select(Row::as_select()).first(self.connection()).optional().classified()?;
        Ok(found.map(Timer::from))
    }

    fn insert_timer(&mut self, user: UserId, timer: &Timer) -> Result<()> {
        diesel::insert_into(timers::table)
            .values((
                timers::user_id.eq(Sql(user)),
                timers::habit_id.eq(timer.habit.map(Sql)),
                timers::task_id.eq(timer.task.map(Sql)),
                timers::note.eq(timer.note.as_ref().map(Sql)),
                timers::started_at.eq(Sql(timer.started_at)),
                timers::rev.eq(timer.rev.0),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn delete_timer(&mut self, user: UserId) -> Result<bool> {
        let removed = diesel::delete(timers::table.find(Sql(user))).execute(self.connection()).classified()?;
        Ok(removed > 0)
    }
}
