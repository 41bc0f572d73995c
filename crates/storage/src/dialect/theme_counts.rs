//! What belongs to themes, by one union: Diesel can't build it for several backends at once.

use circadia_domain::civil::DateRange;
use circadia_domain::ids::UserId;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Integer, Nullable};
use diesel::{QueryResult, RunQueryDsl};

use super::TimeByTheme;
use crate::connection::{AnyConnection, MultiBackend};
use crate::sql_types::{Sql, TypedText, Uuid};

/// Selects what a row counts (minutes, habits, or else tasks), the status of tasks, the theme (of minutes
/// that of the habit), of minutes the theme of the task, and the number.
pub(crate) struct CountsByTheme {
    user: Sql<UserId>,
    time: TimeByTheme,
}

impl CountsByTheme {
    /// A row that counts minutes.
    pub(crate) const MINUTES: i32 = 0;
    /// A row that counts habits.
    pub(crate) const HABITS: i32 = 1;

    pub(crate) const fn new(connection: &AnyConnection, user: UserId) -> Self {
        Self { user: Sql(user), time: TimeByTheme::new(connection, user, DateRange::ALL) }
    }
}

impl QueryFragment<MultiBackend> for CountsByTheme {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("SELECT 0, NULL, of_habit, of_task, minutes FROM (");
        self.time.walk_ast(out.reborrow())?;
        out.push_sql(") by_theme UNION ALL SELECT 1, NULL, theme_id, NULL, count(*) FROM habits WHERE user_id = ");
        out.push_bind_param::<Uuid, _>(&self.user)?;
        out.push_sql(
            " AND theme_id IS NOT NULL GROUP BY theme_id \
             UNION ALL SELECT 2, status, theme_id, NULL, count(*) FROM tasks WHERE user_id = ",
        );
        out.push_bind_param::<Uuid, _>(&self.user)?;
        out.push_sql(" AND theme_id IS NOT NULL GROUP BY theme_id, status");
        Ok(())
    }
}

impl QueryId for CountsByTheme {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for CountsByTheme {
    type SqlType = (Integer, Nullable<TypedText>, Nullable<Uuid>, Nullable<Uuid>, BigInt);
}

impl RunQueryDsl<AnyConnection> for CountsByTheme {}
