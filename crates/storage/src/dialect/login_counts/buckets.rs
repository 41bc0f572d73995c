//! Sums by what clocks show: by the day, and by the hour of the week.

use circadia_domain::logins::{LocalQuarters, LoginBucketKind, LoginPopulation};
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;
use diesel::{QueryResult, RunQueryDsl};

use super::super::local_quarters::{push_local_quarter, segments_of};
use super::super::wide;
use super::{Bounds, Pass, Whose, push_all_attempts, push_sums};
use crate::connection::{AnyConnection, MultiBackend};

/// A row without attempts, which gives the union's columns their types and names.
const NO_QUARTERS: &str = "SELECT 0 AS quarter, 0 AS successes, 0 AS failures, 0 AS unknown_failures \
                           FROM login_rollup_state WHERE 1 = 0";

/// Selects, of each day or hour of the week with attempts, its first quarter hour on the zone's clocks, the number of
/// successes, of failures, and of failures without an account.
pub(crate) struct LoginBuckets {
    whose: Whose,
    bounds: Bounds,
    segments: Vec<(i32, i32)>,
    kind: LoginBucketKind,
    wide: &'static str,
}

impl LoginBuckets {
    pub(crate) fn new(
        connection: &AnyConnection,
        of: &LoginPopulation,
        within: &LocalQuarters,
        kind: LoginBucketKind,
    ) -> Self {
        let segments = segments_of(within);
        Self { whose: Whose::new(of), bounds: Bounds::new(within.span()), segments, kind, wide: wide(connection) }
    }
}

impl QueryFragment<MultiBackend> for LoginBuckets {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        let bucket = match self.kind {
            LoginBucketKind::Day => "local_quarter - local_quarter % 96",
            LoginBucketKind::HourOfWeek => "local_quarter % 672 - local_quarter % 4",
        };
        out.push_sql("SELECT CAST(");
        out.push_sql(bucket);
        out.push_sql(" AS ");
        out.push_sql(self.wide);
        out.push_sql(")");
        push_sums(&mut out, self.wide, &["successes", "failures", "unknown_failures"]);
        out.push_sql(" FROM (SELECT ");
        push_local_quarter(&mut out, &self.segments)?;
        out.push_sql(" AS local_quarter, successes, failures, unknown_failures FROM (");
        out.push_sql(NO_QUARTERS);
        if self.whose.counts_everyone() {
            let unknown = if matches!(self.whose, Whose::Everyone) { "unknown_failures" } else { "0" };
            out.push_sql(" UNION ALL SELECT quarter, successes, failures, ");
            out.push_sql(unknown);
            out.push_sql(" FROM login_totals WHERE ");
            self.bounds.push(&mut out, "quarter")?;
            push_all_attempts(&mut out, "quarter", &self.bounds)?;
            if unknown == "0" {
                // Those without an account belong to no user who could be asked for.
                out.push_sql(" AND user_id IS NOT NULL");
            }
        }
        self.whose.push_own(&mut out, "quarter", &self.bounds)?;
        out.push_sql(") counted) placed GROUP BY ");
        out.push_sql(bucket);
        Ok(())
    }
}

impl QueryId for LoginBuckets {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for LoginBuckets {
    type SqlType = (BigInt, BigInt, BigInt, BigInt);
}

impl RunQueryDsl<AnyConnection> for LoginBuckets {}
