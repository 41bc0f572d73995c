//! Sums by the client: of whole days of UTC, and of what lies before and after them.

use circadia_domain::logins::{LoginPopulation, Quarter, QuarterSpan};
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Integer};
use diesel::{QueryResult, RunQueryDsl};

use super::super::wide;
use super::{Bounds, Pass, Whose, push_all_attempts, push_rollups, push_sums};
use crate::connection::{AnyConnection, MultiBackend};
use crate::sql_types::TypedText;

/// Selects, of each client with attempts, its three words, the number of successes and of failures.
pub(crate) struct LoginClients {
    whose: Whose,
    all: Bounds,
    /// Before the first whole day of UTC.
    before: Bounds,
    /// The whole days of UTC.
    days: Bounds,
    wide: &'static str,
}

const CLIENT: &str = "browser, os, device";

impl LoginClients {
    pub(crate) fn new(connection: &AnyConnection, of: &LoginPopulation, within: QuarterSpan) -> Self {
        let (first_day, last_day) = (within.from.next_day_begin(), within.until.day_begin());
        // Without a whole day, everything lies before the first one.
        let (first_day, last_day) =
            if first_day < last_day { (first_day, last_day) } else { (within.until, within.until) };
        let bounds = |from: Quarter, until: Quarter| Bounds::new(QuarterSpan { from, until });
        Self {
            whose: Whose::new(of),
            all: Bounds::new(within),
            before: bounds(within.from, first_day),
            days: bounds(first_day, last_day),
            wide: wide(connection),
        }
    }
}

/// The first quarter hour that no sum of a day has.
fn push_days_end<'b>(out: &mut Pass<'_, 'b>, days: &'b Bounds) -> QueryResult<()> {
    const DAYS_UNTIL: &str = "(SELECT days_until FROM login_rollup_state WHERE id = 1)";
    out.push_sql("CASE WHEN ");
    out.push_sql(DAYS_UNTIL);
    out.push_sql(" < ");
    out.push_bind_param::<Integer, _>(&days.from)?;
    out.push_sql(" THEN ");
    out.push_bind_param::<Integer, _>(&days.from)?;
    out.push_sql(" WHEN ");
    out.push_sql(DAYS_UNTIL);
    out.push_sql(" < ");
    out.push_bind_param::<Integer, _>(&days.until)?;
    out.push_sql(" THEN ");
    out.push_sql(DAYS_UNTIL);
    out.push_sql(" ELSE ");
    out.push_bind_param::<Integer, _>(&days.until)?;
    out.push_sql(" END");
    Ok(())
}

impl QueryFragment<MultiBackend> for LoginClients {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        out.push_sql("SELECT browser, os, device");
        push_sums(&mut out, self.wide, &["successes", "failures"]);
        out.push_sql(
            " FROM (SELECT browser, os, device, successes, failures, 0 AS unknown_failures \
             FROM login_client_days WHERE ",
        );
        if self.whose.counts_everyone() {
            self.days.push(&mut out, "day_quarter")?;
            out.push_sql(" AND day_quarter < (SELECT days_until FROM login_rollup_state WHERE id = 1)");
            push_rollups(&mut out, CLIENT, "", &self.before, &Whose::Everyone)?;
            out.push_sql(
                " UNION ALL SELECT browser, os, device, successes, failures, 0 FROM login_rollups WHERE quarter >= ",
            );
            push_days_end(&mut out, &self.days)?;
            out.push_sql(" AND quarter < ");
            out.push_bind_param::<Integer, _>(&self.all.until)?;
            push_all_attempts(&mut out, CLIENT, &self.all)?;
        } else {
            out.push_sql("1 = 0");
        }
        self.whose.push_own(&mut out, CLIENT, &self.all)?;
        out.push_sql(") counted GROUP BY browser, os, device");
        Ok(())
    }
}

impl QueryId for LoginClients {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for LoginClients {
    type SqlType = (TypedText, TypedText, TypedText, BigInt, BigInt);
}

impl RunQueryDsl<AnyConnection> for LoginClients {}
