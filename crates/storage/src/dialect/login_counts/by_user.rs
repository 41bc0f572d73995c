//! Sums by the user, of a span and of the one before it.

use circadia_domain::ids::UserId;
use circadia_domain::logins::QuarterSpan;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Integer};
use diesel::{QueryResult, RunQueryDsl};

use super::super::wide;
use super::{Bounds, Pass, Whose, push_sums};
use crate::connection::{AnyConnection, MultiBackend};
use crate::sql_types::{Sql, Uuid};

/// Selects, of each user with attempts, the id, and the number of successes and of failures in a span and in the one right
/// before it.
pub(crate) struct LoginsByUser {
    whose: Whose,
    all: Bounds,
    current: i32,
    wide: &'static str,
}

impl LoginsByUser {
    pub(crate) fn new(
        connection: &AnyConnection,
        users: &[UserId],
        current: QuarterSpan,
        previous: QuarterSpan,
    ) -> Self {
        let from = if previous.is_empty() { current.from } else { previous.from };
        Self {
            whose: Whose::Users(users.iter().copied().map(Sql).collect()),
            all: Bounds::new(QuarterSpan { from, until: current.until }),
            current: current.from.number(),
            wide: wide(connection),
        }
    }
}

impl QueryFragment<MultiBackend> for LoginsByUser {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        out.push_sql("SELECT user_id");
        push_sums(&mut out, self.wide, &["own_successes", "own_failures", "earlier_successes", "earlier_failures"]);
        out.push_sql(" FROM (SELECT user_id");
        for (is, column, name) in [
            (">=", "successes", "own_successes"),
            (">=", "failures", "own_failures"),
            ("<", "successes", "earlier_successes"),
            ("<", "failures", "earlier_failures"),
        ] {
            out.push_sql(", CASE WHEN quarter ");
            out.push_sql(is);
            out.push_sql(" ");
            out.push_bind_param::<Integer, _>(&self.current)?;
            out.push_sql(" THEN ");
            out.push_sql(column);
            out.push_sql(" ELSE 0 END AS ");
            out.push_sql(name);
        }
        out.push_sql(
            " FROM (SELECT user_id, quarter, successes, failures, 0 AS unknown_failures FROM login_rollups WHERE 1 = 0",
        );
        self.whose.push_own(&mut out, "user_id, quarter", &self.all)?;
        out.push_sql(") counted) split GROUP BY user_id");
        Ok(())
    }
}

impl QueryId for LoginsByUser {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for LoginsByUser {
    type SqlType = (Uuid, BigInt, BigInt, BigInt, BigInt);
}

impl RunQueryDsl<AnyConnection> for LoginsByUser {}
