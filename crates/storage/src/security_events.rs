//! What is suspicious about sign-ins.

use std::net::IpAddr;

use circadia_domain::civil::Instant;
use circadia_domain::ids::{SecurityEventId, UserId};
use circadia_domain::logins::{
    Browser, DeviceKind, FailingAccount, LoginClient, LoginFailure, OperatingSystem, ProbingAddress, SecurityEvent,
    SecurityEventFilter, SecurityEventKind, SecurityRepository,
};
use circadia_domain::seek::NewestSeek;
use circadia_domain::users::Locale;
use diesel::dsl::{count, count_star};
use diesel::prelude::*;

use crate::connection::MultiBackend;
use crate::convert::{corrupt, number};
use crate::row::Stored as _;
use crate::schema::{login_attempts, security_events};
use crate::seek::seek_newest;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = security_events, treat_none_as_default_value = false)]
struct SecurityEventRow {
    id: Sql<SecurityEventId>,
    occurred_at: Sql<Instant>,
    kind: Sql<SecurityEventKind>,
    user_id: Option<Sql<UserId>>,
    ip: Option<String>,
    attempts: i32,
    accounts: i32,
    browser: Option<Sql<Browser>>,
    os: Option<Sql<OperatingSystem>>,
    device: Option<Sql<DeviceKind>>,
    language: Option<Sql<Locale>>,
}

impl SecurityEventRow {
    fn new(event: &SecurityEvent) -> Result<Self> {
        Ok(Self {
            id: Sql(event.id),
            occurred_at: Sql(event.at),
            kind: Sql(event.kind),
            user_id: event.user.map(Sql),
            ip: event.ip.map(|ip| ip.to_string()),
            attempts: number(event.attempts)?,
            accounts: number(event.accounts)?,
            browser: event.client.map(|client| Sql(client.browser)),
            os: event.client.map(|client| Sql(client.os)),
            device: event.client.map(|client| Sql(client.device)),
            language: event.language.clone().map(Sql),
        })
    }

    fn into_domain(self) -> Result<SecurityEvent> {
        let client = match (self.browser, self.os, self.device) {
            (Some(Sql(browser)), Some(Sql(os)), Some(Sql(device))) => Some(LoginClient { browser, os, device }),
            _ => None,
        };
        Ok(SecurityEvent {
            id: self.id.0,
            at: self.occurred_at.0,
            kind: self.kind.0,
            user: self.user_id.map(Sql::into_inner),
            ip: self.ip.into_domain()?,
            attempts: number(self.attempts)?,
            accounts: number(self.accounts)?,
            client,
            language: self.language.map(Sql::into_inner),
        })
    }
}

/// The most accounts and addresses that are noticed at once.
const MAX_NOTICED: i64 = 1_000;

fn filtered(filter: &SecurityEventFilter) -> security_events::BoxedQuery<'static, MultiBackend> {
    let mut query = security_events::table.into_boxed();
    if let Some(kind) = filter.kind {
        query = query.filter(security_events::kind.eq(Sql(kind)));
    }
    if let Some(user) = filter.user {
        query = query.filter(security_events::user_id.eq(Some(Sql(user))));
    }
    if let Some(from) = filter.from {
        query = query.filter(security_events::occurred_at.ge(Sql(from)));
    }
    if let Some(until) = filter.until {
        query = query.filter(security_events::occurred_at.lt(Sql(until)));
    }
    query
}

/// Attempts that failed since an instant, at whatever account.
macro_rules! failed_since {
    ($since:expr) => {
        login_attempts::table
            .filter(login_attempts::attempted_at.ge(Sql($since)))
            .filter(login_attempts::failure.is_not_null())
            .filter(login_attempts::failure.ne(Some(Sql(LoginFailure::SecondFactorRequired))))
    };
}

impl SecurityRepository for Transaction {
    fn insert_security_event(&mut self, event: &SecurityEvent) -> Result<()> {
        diesel::insert_into(security_events::table)
            .values(SecurityEventRow::new(event)?)
            .execute(self.connection())
            .map(drop)
            .of_a_user()
    }

    fn security_events(
        &mut self,
        filter: &SecurityEventFilter,
        seek: &NewestSeek<SecurityEventId>,
    ) -> Result<Vec<SecurityEvent>> {
        let query = seek_newest!(filtered(filter), (security_events::occurred_at, security_events::id), seek);
        let rows: Vec<SecurityEventRow> =
            query.select(SecurityEventRow::as_select()).load(self.connection()).classified()?;
        rows.into_iter().map(SecurityEventRow::into_domain).collect()
    }

    fn count_security_events(&mut self, filter: &SecurityEventFilter) -> Result<i64> {
        filtered(filter).select(count_star()).first(self.connection()).classified()
    }

    fn security_event_counts(&mut self, since: Instant) -> Result<Vec<(SecurityEventKind, i64)>> {
        let rows: Vec<(Sql<SecurityEventKind>, i64)> = security_events::table
            .filter(security_events::occurred_at.ge(Sql(since)))
            .group_by(security_events::kind)
            .select((security_events::kind, count_star()))
            .load(self.connection())
            .classified()?;
        Ok(rows.into_iter().map(|(Sql(kind), count)| (kind, count)).collect())
    }

    fn has_security_event(
        &mut self,
        kind: SecurityEventKind,
        user: Option<UserId>,
        ip: Option<IpAddr>,
        since: Instant,
    ) -> Result<bool> {
        let filter = SecurityEventFilter { kind: Some(kind), user, from: Some(since), until: None };
        let mut events = filtered(&filter);
        if let Some(ip) = ip {
            events = events.filter(security_events::ip.eq(Some(ip.to_string())));
        }
        let found: Option<Sql<SecurityEventId>> =
            events.select(security_events::id).limit(1).first(self.connection()).optional().classified()?;
        Ok(found.is_some())
    }

    fn failing_accounts(&mut self, since: Instant, min: i64) -> Result<Vec<FailingAccount>> {
        let rows: Vec<(Option<Sql<UserId>>, i64)> = failed_since!(since)
            .filter(login_attempts::user_id.is_not_null())
            .group_by(login_attempts::user_id)
            .having(count_star().ge(min))
            .select((login_attempts::user_id, count_star()))
            .limit(MAX_NOTICED)
            .load(self.connection())
            .classified()?;
        rows.into_iter()
            .filter_map(|(user, attempts)| {
                let user = user?.0;
                Some(number(attempts).map(|attempts| FailingAccount { user, attempts }))
            })
            .collect()
    }

    fn probing_addresses(&mut self, since: Instant, min: i64) -> Result<Vec<ProbingAddress>> {
        let accounts = || count(login_attempts::identifier_hash).aggregate_distinct();
        let rows: Vec<(Option<String>, i64, i64)> = failed_since!(since)
            .filter(login_attempts::ip.is_not_null())
            .group_by(login_attempts::ip)
            .having(accounts().ge(min))
            .select((login_attempts::ip, count_star(), accounts()))
            .limit(MAX_NOTICED)
            .load(self.connection())
            .classified()?;
        rows.into_iter()
            .filter_map(|(ip, attempts, accounts)| {
                let ip: Result<IpAddr> = ip?.parse().map_err(corrupt);
                let noticed =
                    move || Ok(ProbingAddress { ip: ip?, attempts: number(attempts)?, accounts: number(accounts)? });
                Some(noticed())
            })
            .collect()
    }
}
