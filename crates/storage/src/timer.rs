//! Running timers.

use circadia_domain::civil::{Instant, ZoneOrOffset};
use circadia_domain::ids::{HabitId, TaskId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::time_entries::TimeNote;
use circadia_domain::timer::{Timer, TimerRepository};
use circadia_domain::tombstones::ItemKey;
use diesel::prelude::*;

use crate::row::{Stored as _, execute, first_row, row};
use crate::schema::timers;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = timers, primary_key(user_id))]
    pub(crate) struct TimerRow of Timer {
        #[diesel(column_name = habit_id)]
        habit: Option<Sql<HabitId>>,
        #[diesel(column_name = task_id)]
        task: Option<Sql<TaskId>>,
        note: Option<Sql<TimeNote>>,
        started_at: Sql<Instant>,
        rev: i64,
        #[diesel(column_name = timezone)]
        zone: Sql<ZoneOrOffset>,
    }
}

impl TimerRepository for Transaction {
    fn find_timer(&mut self, user: UserId) -> Result<Option<Timer>> {
        first_row!(self, timers::table.find(Sql(user)), TimerRow)
    }

    fn insert_timer(&mut self, user: UserId, timer: &Timer) -> Result<()> {
        execute!(
            self,
            diesel::insert_into(timers::table).values((timers::user_id.eq(Sql(user)), TimerRow::from_domain(timer)?))
        )
    }

    fn delete_timer(&mut self, user: UserId, rev: Revision, now: Instant) -> Result<bool> {
        let ran = diesel::delete(timers::table.find(Sql(user))).execute(self.connection()).classified()? > 0;
        if ran {
            self.leave_tombstone(user, &ItemKey::timer(user), rev, now)?;
        }
        Ok(ran)
    }
}
