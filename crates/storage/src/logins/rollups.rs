//! The background work on attempts to sign in: rollups, addresses that are truncated, and attempts that are removed.

use std::net::IpAddr;

use circadia_domain::error::StoreError;
use circadia_domain::logins::{
    LoginAttempt, LoginFailure, LoginRollupRepository, LoginSums, Quarter, QuarterSpan, RollupState,
};
use diesel::dsl::{case_when, count, count_star};
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::STATE_ID;
use crate::convert::corrupt;
use crate::dialect::{InsertRollup, Purpose, Rollup};
use crate::row::execute;
use crate::schema::{
    login_attempts, login_client_days, login_rollup_state, login_rollups, login_totals, security_events,
};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

impl LoginRollupRepository for Transaction {
    fn insert_past_logins(&mut self, attempts: &[LoginAttempt]) -> Result<()> {
        attempts.iter().try_for_each(|attempt| self.insert_login_in(attempt, Quarter::of(attempt.at)))
    }

    fn login_sums(&mut self, span: QuarterSpan) -> Result<[LoginSums; 2]> {
        let (from, until) = (span.from.number(), span.until.number());
        let one = || 1.into_sql::<Integer>();
        let counts = login_attempts::table
            .filter(login_attempts::quarter.ge(from))
            .filter(login_attempts::quarter.lt(until))
            .filter(
                login_attempts::failure
                    .is_null()
                    .or(login_attempts::failure.assume_not_null().ne(Sql(LoginFailure::SecondFactorRequired))),
            );
        let (successes, known, all): (i64, i64, i64) = counts
            .select((
                count(case_when(login_attempts::failure.is_null(), one())),
                count(login_attempts::user_id),
                count_star(),
            ))
            .first(self.connection())
            .classified()?;
        let counted = LoginSums { successes, failures: known - successes, unknown_failures: all - known };
        let totals: Vec<(i64, i64, i64)> = login_totals::table
            .filter(login_totals::quarter.ge(from))
            .filter(login_totals::quarter.lt(until))
            .select((login_totals::successes, login_totals::failures, login_totals::unknown_failures))
            .load(self.connection())
            .classified()?;
        let mut rolled_up = LoginSums::default();
        for (successes, failures, unknown_failures) in totals {
            rolled_up.add(LoginSums { successes, failures, unknown_failures });
        }
        Ok([counted, rolled_up])
    }

    fn rollup_state(&mut self) -> Result<RollupState> {
        if self.purpose() == Purpose::Writing {
            // Locks the row.
            diesel::update(login_rollup_state::table.find(STATE_ID))
                .set(login_rollup_state::rolled_up_until.eq(login_rollup_state::rolled_up_until))
                .execute(self.connection())
                .classified()?;
        }
        let found: Option<(i32, i32, i32)> = login_rollup_state::table
            .find(STATE_ID)
            .select((
                login_rollup_state::rolled_up_until,
                login_rollup_state::days_until,
                login_rollup_state::ips_truncated_until,
            ))
            .first(self.connection())
            .optional()
            .classified()?;
        let (rolled_up, days, addresses) =
            found.ok_or_else(|| StoreError::Corrupt("the row of login_rollup_state is missing".into()))?;
        Ok(RollupState {
            rolled_up_until: Quarter::at(rolled_up),
            days_until: Quarter::at(days),
            addresses_until: Quarter::at(addresses),
        })
    }

    fn set_rollup_state(&mut self, state: RollupState) -> Result<()> {
        execute!(
            self,
            diesel::update(login_rollup_state::table.find(STATE_ID)).set((
                login_rollup_state::rolled_up_until.eq(state.rolled_up_until.number()),
                login_rollup_state::days_until.eq(state.days_until.number()),
                login_rollup_state::ips_truncated_until.eq(state.addresses_until.number()),
            ))
        )
    }

    fn first_login_quarter(&mut self, from: Quarter) -> Result<Option<Quarter>> {
        let first: Option<i32> = login_attempts::table
            .filter(login_attempts::quarter.ge(from.number()))
            .order(login_attempts::quarter)
            .select(login_attempts::quarter)
            .first(self.connection())
            .optional()
            .classified()?;
        Ok(first.map(Quarter::at))
    }

    fn roll_up_logins(&mut self, span: QuarterSpan) -> Result<()> {
        // Of a user: an account that is deleted at the same moment makes this fail; the next run does it.
        InsertRollup::new(Rollup::Users, span).execute(self.connection()).map(drop).of_a_user()?;
        execute!(self, InsertRollup::new(Rollup::Totals, span))
    }

    fn sum_login_days(&mut self, span: QuarterSpan) -> Result<()> {
        execute!(self, InsertRollup::new(Rollup::ClientDays, span))
    }

    fn forget_rollups(&mut self, from: Quarter) -> Result<()> {
        let from = from.number();
        execute!(self, diesel::delete(login_rollups::table.filter(login_rollups::quarter.ge(from))))?;
        execute!(self, diesel::delete(login_totals::table.filter(login_totals::quarter.ge(from))))?;
        execute!(self, diesel::delete(login_client_days::table.filter(login_client_days::day_quarter.ge(from))))
    }

    fn truncate_login_addresses(&mut self, span: QuarterSpan, truncate: &dyn Fn(IpAddr) -> IpAddr) -> Result<()> {
        let (from, until) = (span.from.number(), span.until.number());
        let (begin, end) = (Sql(span.from.begin()), Sql(span.until.begin()));
        let attempts: Vec<Option<String>> = login_attempts::table
            .filter(login_attempts::quarter.ge(from))
            .filter(login_attempts::quarter.lt(until))
            .filter(login_attempts::ip.is_not_null())
            .select(login_attempts::ip)
            .distinct()
            .load(self.connection())
            .classified()?;
        for (address, network) in shortened(attempts, truncate)? {
            execute!(
                self,
                diesel::update(
                    login_attempts::table
                        .filter(login_attempts::quarter.ge(from))
                        .filter(login_attempts::quarter.lt(until))
                        .filter(login_attempts::ip.eq(Some(address)))
                )
                .set(login_attempts::ip.eq(Some(network)))
            )?;
        }
        let events: Vec<Option<String>> = security_events::table
            .filter(security_events::occurred_at.ge(begin))
            .filter(security_events::occurred_at.lt(end))
            .filter(security_events::ip.is_not_null())
            .select(security_events::ip)
            .distinct()
            .load(self.connection())
            .classified()?;
        for (address, network) in shortened(events, truncate)? {
            execute!(
                self,
                diesel::update(
                    security_events::table
                        .filter(security_events::occurred_at.ge(begin))
                        .filter(security_events::occurred_at.lt(end))
                        .filter(security_events::ip.eq(Some(address)))
                )
                .set(security_events::ip.eq(Some(network)))
            )?;
        }
        Ok(())
    }

    fn purge_logins(&mut self, span: QuarterSpan) -> Result<usize> {
        let old = login_attempts::table
            .filter(login_attempts::quarter.ge(span.from.number()))
            .filter(login_attempts::quarter.lt(span.until.number()));
        diesel::delete(old).execute(self.connection()).classified()
    }
}

/// Addresses with what is left of them, without those that are left as they are.
fn shortened(addresses: Vec<Option<String>>, truncate: &dyn Fn(IpAddr) -> IpAddr) -> Result<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    for address in addresses.into_iter().flatten() {
        let network = truncate(address.parse().map_err(corrupt)?).to_string();
        if network != address {
            pairs.push((address, network));
        }
    }
    Ok(pairs)
}
