//! Attempts to sign in.

mod analytics;
mod rollups;

use std::net::IpAddr;

use circadia_domain::civil::Instant;
use circadia_domain::ids::{LoginId, UserId};
use circadia_domain::logins::{
    Browser, DeviceKind, LoginAttempt, LoginClient, LoginCounts, LoginFailure, LoginMethod, LoginRepository,
    OperatingSystem, Quarter,
};
use circadia_domain::users::Locale;
use diesel::prelude::*;

use crate::convert::corrupt;
use crate::dialect::{LoginCountsOf, SubtractRollups};
use crate::row::{Stored, execute, row};
use crate::schema::{login_attempts, login_rollup_state, users};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = login_attempts, primary_key(id))]
    struct ClientRow of LoginClient {
        browser: Sql<Browser>,
        os: Sql<OperatingSystem>,
        device: Sql<DeviceKind>,
    }
}

row! {
    #[diesel(table_name = login_attempts, primary_key(id))]
    struct LoginRow of LoginAttempt {
        id: Sql<LoginId>,
        #[diesel(column_name = user_id)]
        user: Option<Sql<UserId>>,
        identifier_hash: Vec<u8>,
        #[diesel(column_name = attempted_at)]
        at: Sql<Instant>,
        ip: Option<String>,
        user_agent: Option<String>,
        #[diesel(embed)]
        client: ClientRow,
        language: Option<Sql<Locale>>,
        method: Sql<LoginMethod>,
        failure: Option<Sql<LoginFailure>>,
    }
}

impl Stored<IpAddr> for String {
    fn from_domain(address: &IpAddr) -> Result<Self> {
        Ok(address.to_string())
    }
    fn into_domain(self) -> Result<IpAddr> {
        self.parse().map_err(corrupt)
    }
}

/// The id of the only row of `login_rollup_state`.
const STATE_ID: i32 = 1;

impl Transaction {
    /// The quarter hour that an attempt is counted in: its own, unless that has been rolled up already.
    fn quarter_of(&mut self, at: Instant) -> Result<Quarter> {
        let until: i32 = login_rollup_state::table
            .find(STATE_ID)
            .select(login_rollup_state::rolled_up_until)
            .first(self.connection())
            .classified()?;
        Ok(Quarter::of(at).max(Quarter::at(until)))
    }

    /// Stores an attempt that is counted in a quarter hour.
    fn insert_login_in(&mut self, attempt: &LoginAttempt, quarter: Quarter) -> Result<()> {
        let row = LoginRow::from_domain(attempt)?;
        diesel::insert_into(login_attempts::table)
            .values((row, login_attempts::quarter.eq(quarter.number())))
            .execute(self.connection())
            .map(drop)
            .of_a_user()?;
        let (Some(user), None) = (attempt.user, attempt.failure) else { return Ok(()) };
        let earlier = users::last_login_at.is_null().or(users::last_login_at.lt(Some(Sql(attempt.at))));
        execute!(
            self,
            diesel::update(users::table.find(Sql(user)).filter(earlier.assume_not_null()))
                .set(users::last_login_at.eq(Some(Sql(attempt.at))))
        )
    }

    /// Takes a user's attempts away from the sums over all accounts, before they are deleted.
    pub(crate) fn subtract_logins(&mut self, user: UserId) -> Result<()> {
        execute!(self, SubtractRollups::from_totals(user))?;
        execute!(self, SubtractRollups::from_client_days(user))
    }
}

impl LoginRepository for Transaction {
    fn insert_login(&mut self, attempt: &LoginAttempt) -> Result<()> {
        let quarter = self.quarter_of(attempt.at)?;
        self.insert_login_in(attempt, quarter)
    }

    fn login_counts(&mut self, user: UserId, week: Instant, month: Instant) -> Result<LoginCounts> {
        // Attempts of a week or a month are there one by one; earlier ones may be in the rollups alone.
        let query = LoginCountsOf::new(self.connection(), user, [week, month]);
        let (rolled_up, latest, this_week, this_month): (i64, i64, i64, i64) =
            query.get_result(self.connection()).classified()?;
        Ok(LoginCounts { total: rolled_up.saturating_add(latest), this_week, this_month })
    }
}
