//! Calendar feeds.

use circadia_domain::calendar::{Calendar, CalendarParts, CalendarRepository, CalendarState};
use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::tasks::{Task, TaskStatus};
use diesel::prelude::*;

use crate::row::{Stored as _, execute, load_rows, row};
use crate::schema::{calendar_feeds, tasks, users};
use crate::sql_types::Sql;
use crate::tasks::TaskRow;
use crate::transaction::{Classify as _, Result, Transaction};
use crate::users::SettingsRow;

row! {
    #[diesel(table_name = calendar_feeds, primary_key(user_id))]
    struct CalendarRow of Calendar {
        #[diesel(column_name = user_id)]
        user: Sql<UserId>,
        secret_hash: Vec<u8>,
        include: Sql<CalendarParts>,
        created_at: Sql<Instant>,
        updated_at: Sql<Instant>,
        rev: i64,
    }
}

impl CalendarRepository for Transaction {
    fn find_calendar(&mut self, user: UserId) -> Result<Option<CalendarState>> {
        let found: Option<(CalendarRow, SettingsRow, bool)> = calendar_feeds::table
            .find(Sql(user))
            .inner_join(users::table.on(users::id.eq(calendar_feeds::user_id)))
            .select((CalendarRow::as_select(), SettingsRow::as_select(), users::active))
            .first(self.connection())
            .optional()
            .classified()?;
        let state = |(calendar, settings, active): (CalendarRow, SettingsRow, bool)| {
            Ok(CalendarState { calendar: calendar.into_domain()?, settings: settings.into_domain()?, active })
        };
        found.map(state).transpose()
    }

    fn put_calendar(&mut self, calendar: &Calendar) -> Result<()> {
        let row = CalendarRow::from_domain(calendar)?;
        let known = calendar_feeds::table.find(Sql(calendar.user));
        let updated = diesel::update(known).set(&row).execute(self.connection()).classified()?;
        if updated > 0 {
            return Ok(());
        }
        execute!(self, diesel::insert_into(calendar_feeds::table).values(row))
    }

    fn delete_calendar(&mut self, user: UserId) -> Result<bool> {
        let removed = diesel::delete(calendar_feeds::table.find(Sql(user))).execute(self.connection()).classified()?;
        Ok(removed > 0)
    }

    fn tasks_open_or_changed(&mut self, user: UserId, since: Instant) -> Result<Vec<Task>> {
        let open: Vec<_> = TaskStatus::ALL.into_iter().filter(|status| status.is_open()).map(Sql).collect();
        load_rows!(
            self,
            tasks::table
                .filter(tasks::user_id.eq(Sql(user)))
                .filter(tasks::status.eq_any(open).or(tasks::updated_at.ge(Sql(since))))
                .order(tasks::id),
            TaskRow
        )
    }
}
