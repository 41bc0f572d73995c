//! Reminders.

use circadia_domain::civil::{Date, Instant, WallTime, Weekdays};
use circadia_domain::ids::{HabitId, TaskId, UserId};
use circadia_domain::reminders::{
    Occurrence, Reminder, ReminderChannels, ReminderId, ReminderRepository, ReminderRule, ReminderSubject,
};
use circadia_domain::revision::Revision;
use circadia_domain::tasks::Task;
use diesel::dsl::min;
use diesel::prelude::*;

use crate::convert::{corrupt, number, sql_limit};
use crate::dialect;
use crate::row::{Stored, delete_row, execute, first_row, load_rows, row};
use crate::schema::{reminders, tasks};
use crate::sql_types::Sql;
use crate::tasks::TaskRow;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = reminders, primary_key(user_id, id))]
    pub(crate) struct ReminderRow of Reminder {
        id: Sql<ReminderId>,
        #[diesel(embed)]
        rule: RuleColumns,
        channels: i32,
        enabled: bool,
        handled_on: Option<Sql<Date>>,
        #[diesel(embed)]
        next: NextColumns,
        #[diesel(skip_update)]
        created_at: Sql<Instant>,
        updated_at: Sql<Instant>,
        rev: i64,
        #[diesel(skip_update)]
        request_digest: Vec<u8>,
    }
}

/// What a rule belongs to, and the columns that such a rule has.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = reminders, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct RuleColumns {
    habit_id: Option<Sql<HabitId>>,
    task_id: Option<Sql<TaskId>>,
    wall_minute: i32,
    weekdays: Option<i32>,
    days_before: Option<i32>,
    minutes_before: Option<i32>,
}

impl Stored<ReminderRule> for RuleColumns {
    fn from_domain(rule: &ReminderRule) -> Result<Self> {
        let subject = rule.subject();
        let (time, weekdays, days_before, minutes_before) = match *rule {
            ReminderRule::Habit { time, weekdays, .. } => (time, Some(weekdays), None, None),
            ReminderRule::Task { time, days_before, .. } => (time, None, Some(days_before), None),
            ReminderRule::Bedtime { wake_time, minutes_before, weekdays } => {
                (wake_time, Some(weekdays), None, Some(minutes_before))
            }
        };
        Ok(Self {
            habit_id: subject.habit().map(Sql),
            task_id: subject.task().map(Sql),
            wall_minute: i32::from_domain(&time)?,
            weekdays: Stored::from_domain(&weekdays)?,
            days_before: days_before.map(i32::from),
            minutes_before: minutes_before.map(i32::from),
        })
    }

    fn into_domain(self) -> Result<ReminderRule> {
        let time: WallTime = self.wall_minute.into_domain()?;
        let weekdays: Option<Weekdays> = self.weekdays.into_domain()?;
        match (self.habit_id, self.task_id, weekdays, self.days_before, self.minutes_before) {
            (Some(Sql(habit)), None, Some(weekdays), None, None) => Ok(ReminderRule::Habit { habit, time, weekdays }),
            (None, Some(Sql(task)), None, Some(days), None) => {
                Ok(ReminderRule::Task { task, time, days_before: number(days)? })
            }
            (None, None, Some(weekdays), None, Some(minutes)) => {
                Ok(ReminderRule::Bedtime { wake_time: time, minutes_before: number(minutes)?, weekdays })
            }
            _ => Err(corrupt("a reminder has columns of another kind of reminder")),
        }
    }
}

/// When a reminder falls next.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = reminders, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct NextColumns {
    next_on: Option<Sql<Date>>,
    next_at: Option<Sql<Instant>>,
}

impl Stored<Option<Occurrence>> for NextColumns {
    fn from_domain(next: &Option<Occurrence>) -> Result<Self> {
        Ok(Self { next_on: next.map(|next| Sql(next.day)), next_at: next.map(|next| Sql(next.at)) })
    }

    fn into_domain(self) -> Result<Option<Occurrence>> {
        match (self.next_on, self.next_at) {
            (None, None) => Ok(None),
            (Some(Sql(day)), Some(Sql(at))) => Ok(Some(Occurrence { day, at })),
            _ => Err(corrupt("a reminder falls on a day at no time, or at a time on no day")),
        }
    }
}

impl Stored<ReminderChannels> for i32 {
    fn from_domain(channels: &ReminderChannels) -> Result<Self> {
        Ok(channels.bits().into())
    }
    fn into_domain(self) -> Result<ReminderChannels> {
        Ok(ReminderChannels::from_bits(number(self)?))
    }
}

impl ReminderRepository for Transaction {
    fn reminders(&mut self, user: UserId, of: Option<ReminderSubject>) -> Result<Vec<Reminder>> {
        let mut query = reminders::table.into_boxed().filter(reminders::user_id.eq(Sql(user)));
        query = match of {
            None => query,
            Some(ReminderSubject::Habit(habit)) => query.filter(reminders::habit_id.eq(Some(Sql(habit)))),
            Some(ReminderSubject::Task(task)) => query.filter(reminders::task_id.eq(Some(Sql(task)))),
            Some(ReminderSubject::Bedtime) => {
                query.filter(reminders::habit_id.is_null()).filter(reminders::task_id.is_null())
            }
        };
        load_rows!(self, query.order((reminders::created_at, reminders::id)), ReminderRow)
    }

    fn find_reminder(&mut self, user: UserId, id: ReminderId) -> Result<Option<Reminder>> {
        first_row!(self, reminders::table.find((Sql(user), Sql(id))), ReminderRow)
    }

    fn reminder_total(&mut self, user: UserId) -> Result<i64> {
        reminders::table.filter(reminders::user_id.eq(Sql(user))).count().get_result(self.connection()).classified()
    }

    fn insert_reminder(&mut self, user: UserId, reminder: &Reminder) -> Result<()> {
        execute!(
            self,
            diesel::insert_into(reminders::table)
                .values((reminders::user_id.eq(Sql(user)), ReminderRow::from_domain(reminder)?))
        )
    }

    fn update_reminder(&mut self, user: UserId, reminder: &Reminder) -> Result<()> {
        execute!(
            self,
            diesel::update(reminders::table.find((Sql(user), Sql(reminder.id))))
                .set(ReminderRow::from_domain(reminder)?)
        )
    }

    fn delete_reminder(&mut self, user: UserId, id: ReminderId, rev: Revision, now: Instant) -> Result<()> {
        delete_row!(self, reminders, user, id, rev, now).map(|_: bool| ())
    }

    fn set_next_occurrence(&mut self, user: UserId, id: ReminderId, next: Option<Occurrence>) -> Result<()> {
        execute!(
            self,
            diesel::update(reminders::table.find((Sql(user), Sql(id)))).set(NextColumns::from_domain(&next)?)
        )
    }

    fn tasks_with_reminders(&mut self, user: UserId) -> Result<Vec<Task>> {
        let reminded_of = reminders::table
            .filter(reminders::user_id.eq(Sql(user)))
            .filter(reminders::task_id.is_not_null())
            .select(reminders::task_id.assume_not_null());
        load_rows!(
            self,
            tasks::table.filter(tasks::user_id.eq(Sql(user))).filter(tasks::id.eq_any(reminded_of)).order(tasks::id),
            TaskRow
        )
    }

    fn users_to_remind(&mut self, now: Instant, limit: usize) -> Result<Vec<UserId>> {
        let rows: Vec<(Sql<UserId>, Option<Sql<Instant>>)> = reminders::table
            .filter(reminders::next_at.le(Some(Sql(now))))
            .group_by(reminders::user_id)
            .select((reminders::user_id, min(reminders::next_at)))
            .order((min(reminders::next_at), reminders::user_id))
            .limit(sql_limit(limit))
            .load(self.connection())
            .classified()?;
        Ok(rows.into_iter().map(|(Sql(user), _)| user).collect())
    }

    fn reminders_to_send(&mut self, user: UserId, now: Instant, limit: usize) -> Result<Vec<Reminder>> {
        load_rows!(
            self,
            reminders::table
                .filter(reminders::user_id.eq(Sql(user)))
                .filter(reminders::next_at.le(Some(Sql(now))))
                .order((reminders::next_at, reminders::id))
                .limit(sql_limit(limit)),
            ReminderRow
        )
    }

    fn pass_occurrence(
        &mut self,
        user: UserId,
        id: ReminderId,
        passed: Occurrence,
        handled_on: Date,
        next: Option<Occurrence>,
    ) -> Result<bool> {
        match dialect::lock_revision(self.connection(), user) {
            Err(diesel::NotFound) => return Ok(false),
            locked => locked.classified()?,
        }
        let unpassed = reminders::table
            .find((Sql(user), Sql(id)))
            .filter(reminders::next_on.eq(Some(Sql(passed.day))))
            .filter(reminders::next_at.eq(Some(Sql(passed.at))));
        let moved = diesel::update(unpassed)
            .set((reminders::handled_on.eq(Some(Sql(handled_on))), NextColumns::from_domain(&next)?))
            .execute(self.connection())
            .classified()?;
        Ok(moved == 1)
    }
}
