//! Attempts to sign in, and their figures.

use std::net::IpAddr;

use circadia_domain::civil::{Date, Instant};
use circadia_domain::error::StoreError;
use circadia_domain::ids::{LoginId, UserId};
use circadia_domain::logins::{
    AccountCounts, Browser, DeviceKind, LocalQuarters, LoginAnalyticsRepository, LoginAttempt, LoginBucket,
    LoginBucketKind, LoginClient, LoginCounts, LoginFailure, LoginFilter, LoginMethod, LoginPopulation,
    LoginRepository, LoginSums, LoginUser, OperatingSystem, Quarter, QuarterSpan, RollupState, SeenBefore, UserLogins,
    local_date,
};
use circadia_domain::seek::NewestSeek;
use circadia_domain::users::{Locale, Role, Username};
use diesel::dsl::{case_when, count, count_star, exists};
use diesel::prelude::*;
use diesel::sql_types::Integer;

use crate::connection::MultiBackend;
use crate::convert::{corrupt, number};
use crate::dialect::{
    AccountsMade, InsertRollup, LoginBuckets, LoginClients, LoginCountsOf, LoginsByUser, Purpose, Rollup,
    SubtractRollups,
};
use crate::row::{Stored, execute, load_rows, row};
use crate::schema::{
    login_attempts, login_client_days, login_rollup_state, login_rollups, login_totals, security_events, users,
};
use crate::seek::seek_newest;
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

/// The attempts that meet a filter.
fn filtered(filter: &LoginFilter) -> login_attempts::BoxedQuery<'static, MultiBackend> {
    let mut query = login_attempts::table.into_boxed();
    if let Some(user) = filter.user {
        query = query.filter(login_attempts::user_id.eq(Some(Sql(user))));
    }
    if let Some(from) = filter.from {
        query = query.filter(login_attempts::attempted_at.ge(Sql(from)));
    }
    if let Some(until) = filter.until {
        query = query.filter(login_attempts::attempted_at.lt(Sql(until)));
    }
    match filter.success {
        None => query,
        Some(true) => query.filter(login_attempts::failure.is_null()),
        Some(false) => query.filter(login_attempts::failure.is_not_null()),
    }
}

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

impl LoginAnalyticsRepository for Transaction {
    fn last_login(&mut self, user: UserId) -> Result<Option<Instant>> {
        let found: Option<Option<Sql<Instant>>> = users::table
            .find(Sql(user))
            .select(users::last_login_at)
            .first(self.connection())
            .optional()
            .classified()?;
        Ok(found.flatten().map(Sql::into_inner))
    }

    fn logins(&mut self, filter: &LoginFilter, seek: &NewestSeek<LoginId>) -> Result<Vec<LoginAttempt>> {
        let query = seek_newest!(filtered(filter), (login_attempts::attempted_at, login_attempts::id), seek);
        load_rows!(self, query, LoginRow)
    }

    fn count_logins(&mut self, filter: &LoginFilter) -> Result<i64> {
        filtered(filter).select(count_star()).first(self.connection()).classified()
    }

    fn login_buckets(
        &mut self,
        of: &LoginPopulation,
        within: &LocalQuarters,
        kind: LoginBucketKind,
    ) -> Result<Vec<LoginBucket>> {
        if *of == LoginPopulation::Users(Vec::new()) {
            return Ok(Vec::new());
        }
        let query = LoginBuckets::new(self.connection(), of, within, kind);
        let rows: Vec<(i64, i64, i64, i64)> = query.load(self.connection()).classified()?;
        rows.into_iter()
            .map(|(local, successes, failures, unknown_failures)| {
                Ok(LoginBucket { local: number(local)?, sums: LoginSums { successes, failures, unknown_failures } })
            })
            .collect()
    }

    fn login_clients(&mut self, of: &LoginPopulation, within: QuarterSpan) -> Result<Vec<(LoginClient, LoginSums)>> {
        type Row = (Sql<Browser>, Sql<OperatingSystem>, Sql<DeviceKind>, i64, i64);
        if *of == LoginPopulation::Users(Vec::new()) {
            return Ok(Vec::new());
        }
        let query = LoginClients::new(self.connection(), of, within);
        let rows: Vec<Row> = query.load(self.connection()).classified()?;
        Ok(rows
            .into_iter()
            .map(|(Sql(browser), Sql(os), Sql(device), successes, failures)| {
                (LoginClient { browser, os, device }, LoginSums { successes, failures, unknown_failures: 0 })
            })
            .collect())
    }

    fn login_users(&mut self, ids: &[UserId]) -> Result<Vec<LoginUser>> {
        type Row = (Sql<UserId>, Sql<Username>, Sql<Role>, bool, Option<Sql<Instant>>);
        let rows: Vec<Row> = users::table
            .filter(users::id.eq_any(ids.iter().copied().map(Sql).collect::<Vec<_>>()))
            .order(users::id)
            .select((users::id, users::username, users::role, users::active, users::last_login_at))
            .load(self.connection())
            .classified()?;
        Ok(rows
            .into_iter()
            .map(|(Sql(id), Sql(username), Sql(role), active, last_login_at)| LoginUser {
                id,
                username,
                role,
                active,
                last_login_at: last_login_at.map(Sql::into_inner),
            })
            .collect())
    }

    fn logins_by_user(
        &mut self,
        users: &[UserId],
        current: QuarterSpan,
        previous: QuarterSpan,
    ) -> Result<Vec<(UserId, UserLogins)>> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let query = LoginsByUser::new(self.connection(), users, current, previous);
        let rows: Vec<(Sql<UserId>, i64, i64, i64, i64)> = query.load(self.connection()).classified()?;
        let sums = |successes, failures| LoginSums { successes, failures, unknown_failures: 0 };
        Ok(rows
            .into_iter()
            .map(|(Sql(user), own, own_failed, earlier, earlier_failed)| {
                (user, UserLogins { current: sums(own, own_failed), previous: sums(earlier, earlier_failed) })
            })
            .collect())
    }

    fn account_counts(&mut self) -> Result<Vec<AccountCounts>> {
        let rows: Vec<(Sql<Role>, bool, i64, i64)> = users::table
            .group_by((users::role, users::active))
            .select((users::role, users::active, count_star(), count(users::email_verified_at)))
            .load(self.connection())
            .classified()?;
        Ok(rows
            .into_iter()
            .flat_map(|(Sql(role), active, all, verified)| {
                [(true, verified), (false, all - verified)].map(|(verified, count)| AccountCounts {
                    role,
                    active,
                    verified,
                    count,
                })
            })
            .collect())
    }

    fn active_users(&mut self, [first, second, third]: [Instant; 3]) -> Result<[i64; 3]> {
        let since =
            |start: Instant| count(case_when(users::last_login_at.ge(Some(Sql(start))), 1.into_sql::<Integer>()));
        let earliest = first.min(second).min(third);
        let (first, second, third) = users::table
            .filter(users::last_login_at.ge(Some(Sql(earliest))))
            .select((since(first), since(second), since(third)))
            .first(self.connection())
            .classified()?;
        Ok([first, second, third])
    }

    fn accounts_made(&mut self, within: &LocalQuarters) -> Result<(i64, Vec<(Date, i64)>)> {
        let query = AccountsMade::new(self.connection(), within);
        let rows: Vec<(i64, i64)> = query.load(self.connection()).classified()?;
        let (mut before, mut days) = (0, Vec::new());
        for (local, count) in rows {
            if local < 0 {
                before = count;
            } else {
                let date = local_date(number(local)?).ok_or_else(|| corrupt("an account was made on no date"))?;
                days.push((date, count));
            }
        }
        days.sort_unstable();
        Ok((before, days))
    }

    fn seen_before(
        &mut self,
        user: UserId,
        before: Instant,
        client: LoginClient,
        language: Option<&Locale>,
    ) -> Result<SeenBefore> {
        let own = || {
            login_attempts::table
                .filter(login_attempts::user_id.eq(Some(Sql(user))))
                .filter(login_attempts::attempted_at.lt(Sql(before)))
                .filter(login_attempts::failure.is_null())
        };
        let same = own()
            .filter(login_attempts::browser.eq(Sql(client.browser)))
            .filter(login_attempts::os.eq(Sql(client.os)))
            .filter(login_attempts::device.eq(Sql(client.device)));
        let (any, client): (bool, bool) =
            diesel::select((exists(own()), exists(same))).get_result(self.connection()).classified()?;
        let Some(country) = language.and_then(Locale::country).filter(|_| any) else {
            return Ok(SeenBefore { any, client, country: true });
        };
        let languages: Vec<Option<Sql<Locale>>> =
            own().select(login_attempts::language).distinct().load(self.connection()).classified()?;
        let mut countries = languages.iter().flatten().filter_map(|Sql(locale)| locale.country()).peekable();
        // Where no country is known, none is new.
        let country = countries.peek().is_none() || countries.any(|known| known == country);
        Ok(SeenBefore { any, client, country })
    }

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
