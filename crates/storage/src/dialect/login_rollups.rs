//! Statements that make rollups of attempts: `INSERT … SELECT` with sums, which Diesel can't build for several backends at
//! once, and the number of accounts by day.

use circadia_domain::ids::UserId;
use circadia_domain::logins::{LocalQuarters, QuarterSpan};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Integer};
use diesel::{QueryResult, RunQueryDsl};

use super::local_quarters::{push_local_quarter, segments_of};
use super::wide;
use crate::connection::{AnyConnection, MultiBackend};
use crate::sql_types::{Sql, Uuid};

const SUCCESSES: &str = "sum(CASE WHEN failure IS NULL THEN 1 ELSE 0 END)";

/// What is summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rollup {
    /// Attempts by user, quarter hour and client.
    Users,
    /// Attempts of everyone by quarter hour.
    Totals,
    /// Rollups of users by client and day of UTC.
    ClientDays,
}

/// Inserts the sums of a span.
pub(crate) struct InsertRollup {
    rollup: Rollup,
    from: i32,
    until: i32,
}

impl InsertRollup {
    pub(crate) const fn new(rollup: Rollup, span: QuarterSpan) -> Self {
        Self { rollup, from: span.from.number(), until: span.until.number() }
    }
}

impl QueryFragment<MultiBackend> for InsertRollup {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let (head, tail) = match self.rollup {
            Rollup::Users => (
                format!(
                    "INSERT INTO login_rollups (user_id, quarter, browser, os, device, successes, failures) \
                     SELECT user_id, quarter, browser, os, device, {SUCCESSES}, count(*) - {SUCCESSES} \
                     FROM login_attempts WHERE user_id IS NOT NULL \
                     AND (failure IS NULL OR failure <> 'second_factor_required')"
                ),
                " GROUP BY user_id, quarter, browser, os, device",
            ),
            Rollup::Totals => (
                format!(
                    "INSERT INTO login_totals (quarter, successes, failures, unknown_failures) \
                     SELECT quarter, {SUCCESSES}, count(user_id) - {SUCCESSES}, count(*) - count(user_id) \
                     FROM login_attempts WHERE (failure IS NULL OR failure <> 'second_factor_required')"
                ),
                " GROUP BY quarter",
            ),
            Rollup::ClientDays => (
                "INSERT INTO login_client_days (day_quarter, browser, os, device, successes, failures) \
                 SELECT quarter - quarter % 96, browser, os, device, sum(successes), sum(failures) \
                 FROM login_rollups WHERE 1 = 1"
                    .to_owned(),
                " GROUP BY quarter - quarter % 96, browser, os, device",
            ),
        };
        out.push_sql(&head);
        out.push_sql(" AND quarter >= ");
        out.push_bind_param::<Integer, _>(&self.from)?;
        out.push_sql(" AND quarter < ");
        out.push_bind_param::<Integer, _>(&self.until)?;
        out.push_sql(tail);
        Ok(())
    }
}

impl QueryId for InsertRollup {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<AnyConnection> for InsertRollup {}

/// Takes a user's rollups away from the sums over all accounts.
pub(crate) struct SubtractRollups {
    user: Sql<UserId>,
    /// Whether from the days by client; else from the totals.
    client_days: bool,
}

impl SubtractRollups {
    pub(crate) const fn from_totals(user: UserId) -> Self {
        Self { user: Sql(user), client_days: false }
    }

    pub(crate) const fn from_client_days(user: UserId) -> Self {
        Self { user: Sql(user), client_days: true }
    }
}

impl QueryFragment<MultiBackend> for SubtractRollups {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let (table, same, days) = if self.client_days {
            (
                "login_client_days",
                "own.quarter - own.quarter % 96 = login_client_days.day_quarter \
                 AND own.browser = login_client_days.browser AND own.os = login_client_days.os \
                 AND own.device = login_client_days.device",
                "day_quarter IN (SELECT quarter - quarter % 96",
            )
        } else {
            ("login_totals", "own.quarter = login_totals.quarter", "quarter IN (SELECT quarter")
        };
        out.push_sql("UPDATE ");
        out.push_sql(table);
        out.push_sql(" SET ");
        for (place, column) in ["successes", "failures"].iter().enumerate() {
            if place > 0 {
                out.push_sql(", ");
            }
            out.push_sql(&format!(
                "{column} = {column} - (SELECT coalesce(sum(own.{column}), 0) FROM login_rollups own WHERE {same}"
            ));
            out.push_sql(" AND own.user_id = ");
            out.push_bind_param::<Uuid, _>(&self.user)?;
            out.push_sql(")");
        }
        out.push_sql(" WHERE ");
        out.push_sql(days);
        out.push_sql(" FROM login_rollups WHERE user_id = ");
        out.push_bind_param::<Uuid, _>(&self.user)?;
        out.push_sql(")");
        Ok(())
    }
}

impl QueryId for SubtractRollups {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<AnyConnection> for SubtractRollups {}

/// Selects the number of accounts that were made on each day of a zone, named by its first quarter hour on the zone's
/// clocks; those of before as -1.
pub(crate) struct AccountsMade {
    from: i32,
    until: i32,
    segments: Vec<(i32, i32)>,
    /// The quarter hour of `created_at`.
    quarter: &'static str,
    wide: &'static str,
}

impl AccountsMade {
    pub(crate) fn new(connection: &AnyConnection, within: &LocalQuarters) -> Self {
        let quarter = match connection {
            AnyConnection::Sqlite(_) => "created_at / 900000000",
            // Not `extract`, whose exact numerics cost ten times as much.
            #[cfg(feature = "postgres")]
            AnyConnection::Postgres(_) => "CAST(floor(date_part('epoch', created_at) / 900) AS integer)",
            #[cfg(feature = "mysql")]
            AnyConnection::Mysql(_) => "timestampdiff(SECOND, '1970-01-01', created_at) DIV 900",
        };
        let segments = segments_of(within);
        Self {
            from: within.span().from.number(),
            until: within.span().until.number(),
            segments,
            quarter,
            wide: wide(connection),
        }
    }
}

impl QueryFragment<MultiBackend> for AccountsMade {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("SELECT CAST(made_on AS ");
        out.push_sql(self.wide);
        out.push_sql("), count(*) FROM (SELECT CASE WHEN quarter < ");
        out.push_bind_param::<Integer, _>(&self.from)?;
        out.push_sql(" THEN -1 ELSE local_quarter - local_quarter % 96 END AS made_on FROM (SELECT quarter, ");
        push_local_quarter(&mut out, &self.segments)?;
        out.push_sql(" AS local_quarter FROM (SELECT ");
        out.push_sql(self.quarter);
        out.push_sql(" AS quarter FROM users) made) placed WHERE quarter < ");
        out.push_bind_param::<Integer, _>(&self.until)?;
        out.push_sql(") counted GROUP BY made_on");
        Ok(())
    }
}

impl QueryId for AccountsMade {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for AccountsMade {
    type SqlType = (BigInt, BigInt);
}

impl RunQueryDsl<AnyConnection> for AccountsMade {}
