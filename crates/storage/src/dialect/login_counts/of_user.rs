//! How often one user signed in, as the user is told.

use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;
use diesel::{QueryResult, RunQueryDsl};

use super::super::wide;
use super::Pass;
use crate::connection::{AnyConnection, MultiBackend};
use crate::sql_types::{Sql, UtcTimestamp, Uuid};

/// Selects how often a user signed in: rolled up, since then, and at or after each of two instants.
pub(crate) struct LoginCountsOf {
    user: Sql<UserId>,
    since: [Sql<Instant>; 2],
    wide: &'static str,
}

impl LoginCountsOf {
    pub(crate) const fn new(connection: &AnyConnection, user: UserId, since: [Instant; 2]) -> Self {
        let [first, second] = since;
        Self { user: Sql(user), since: [Sql(first), Sql(second)], wide: wide(connection) }
    }
}

impl QueryFragment<MultiBackend> for LoginCountsOf {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        out.push_sql("SELECT CAST((SELECT coalesce(sum(successes), 0) FROM login_rollups WHERE user_id = ");
        out.push_bind_param::<Uuid, _>(&self.user)?;
        out.push_sql(") AS ");
        out.push_sql(self.wide);
        out.push_sql(
            "), count(CASE WHEN quarter >= (SELECT rolled_up_until FROM login_rollup_state WHERE id = 1) THEN 1 END)",
        );
        for instant in &self.since {
            out.push_sql(", count(CASE WHEN attempted_at >= ");
            out.push_bind_param::<UtcTimestamp, _>(instant)?;
            out.push_sql(" THEN 1 END)");
        }
        out.push_sql(" FROM login_attempts WHERE failure IS NULL AND user_id = ");
        out.push_bind_param::<Uuid, _>(&self.user)
    }
}

impl QueryId for LoginCountsOf {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for LoginCountsOf {
    type SqlType = (BigInt, BigInt, BigInt, BigInt);
}

impl RunQueryDsl<AnyConnection> for LoginCountsOf {}
