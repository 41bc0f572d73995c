//! Sums of time entries by theme. A subquery sums by habit and task, which are few compared to the entries, and only
//! its rows are joined. Diesel can't select from a subquery.

use circadia_domain::civil::{Date, DateRange};
use circadia_domain::ids::UserId;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Nullable};
use diesel::{QueryResult, RunQueryDsl};

use super::wide;
use crate::connection::{AnyConnection, MultiBackend};
use crate::sql_types::{CivilDate, Sql, Uuid};

/// Selects the theme of the habit (`of_habit`), that of the task (`of_task`), the sum of minutes (`minutes`) and the number
/// of entries (`entries`).
pub(crate) struct TimeByTheme {
    user: Sql<UserId>,
    from: Sql<Date>,
    to: Sql<Date>,
    wide: &'static str,
}

impl TimeByTheme {
    pub(crate) const fn new(connection: &AnyConnection, user: UserId, range: DateRange) -> Self {
        Self { user: Sql(user), from: Sql(range.from()), to: Sql(range.to()), wide: wide(connection) }
    }

    fn push_sum(&self, out: &mut AstPass<'_, '_, MultiBackend>, column: &str) {
        out.push_sql(", CAST(sum(spent.");
        out.push_sql(column);
        out.push_sql(") AS ");
        out.push_sql(self.wide);
        out.push_sql(") AS ");
        out.push_sql(column);
    }
}

impl QueryFragment<MultiBackend> for TimeByTheme {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("SELECT habits.theme_id AS of_habit, tasks.theme_id AS of_task");
        self.push_sum(&mut out, "minutes");
        self.push_sum(&mut out, "entries");
        out.push_sql(
            " FROM (SELECT user_id, habit_id, task_id, sum(minutes) AS minutes, count(*) AS entries FROM time_entries \
             WHERE user_id = ",
        );
        out.push_bind_param::<Uuid, _>(&self.user)?;
        // For all days, one index has the order of the groups; for a range, another one has just its rows.
        if (self.from.0, self.to.0) != (Date::MIN, Date::MAX) {
            out.push_sql(" AND date BETWEEN ");
            out.push_bind_param::<CivilDate, _>(&self.from)?;
            out.push_sql(" AND ");
            out.push_bind_param::<CivilDate, _>(&self.to)?;
        }
        out.push_sql(
            " GROUP BY user_id, task_id, habit_id) spent \
             LEFT JOIN habits ON habits.user_id = spent.user_id AND habits.id = spent.habit_id \
             LEFT JOIN tasks ON tasks.user_id = spent.user_id AND tasks.id = spent.task_id \
             GROUP BY habits.theme_id, tasks.theme_id",
        );
        Ok(())
    }
}

impl QueryId for TimeByTheme {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for TimeByTheme {
    type SqlType = (Nullable<Uuid>, Nullable<Uuid>, BigInt, BigInt);
}

impl RunQueryDsl<AnyConnection> for TimeByTheme {}
