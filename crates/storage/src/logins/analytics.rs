//! Figures of attempts to sign in, and what they tell of a user.

use circadia_domain::civil::{Date, Instant};
use circadia_domain::ids::{LoginId, UserId};
use circadia_domain::logins::{
    AccountCounts, Browser, DeviceKind, LocalQuarters, LoginAnalyticsRepository, LoginAttempt, LoginBucket,
    LoginBucketKind, LoginClient, LoginFilter, LoginPopulation, LoginSums, LoginUser, OperatingSystem, QuarterSpan,
    SeenBefore, UserLogins, local_date,
};
use circadia_domain::seek::NewestSeek;
use circadia_domain::users::{Locale, Role, Username};
use diesel::dsl::{case_when, count, count_star, exists};
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::LoginRow;
use crate::connection::MultiBackend;
use crate::convert::{corrupt, number};
use crate::dialect::{AccountsMade, LoginBuckets, LoginClients, LoginsByUser};
use crate::row::{Stored as _, load_rows};
use crate::schema::{login_attempts, users};
use crate::seek::seek_newest;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

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
}
