//! What administrators see of all accounts.

use super::{
    AccountCounts, LocalQuarters, LoginDay, LoginPopulation, LoginRange, LoginSums, LoginUser, QuarterSpan,
    SecurityEventKind, UserGroup, UserLogins, login_days,
};
use crate::accounts::AccountFilter;
use crate::civil::{Date, DateRange, DayClock, DayStart, Instant, Zone};
use crate::error::Error;
use crate::ids::UserId;
use crate::unit_of_work::Store;
use crate::users::Role;
use crate::violation::Violations;

/// One user's figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserStats {
    /// The user.
    pub user: LoginUser,
    /// Their attempts.
    pub logins: UserLogins,
}

/// Figures of several users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchStats {
    /// The days.
    pub range: LoginRange,
    /// Of each user, in the order in which they were asked for.
    pub users: Vec<UserStats>,
}

/// Figures of several users, by two statements however many they are. `active` leaves out those who may not sign in
/// (`true`), or who may.
///
/// # Errors
/// `user_not_found` at the place of each id without a user; `insufficient_role` if one of them is a superuser's and the
/// caller is none; the store's.
pub fn batch_stats(
    store: &mut dyn Store,
    role: Role,
    ids: &[UserId],
    active: Option<bool>,
    range: LoginRange,
) -> Result<BatchStats, Error> {
    let found = ensure_known(store, role, ids)?;
    let current = QuarterSpan::of(range.zone, range.days);
    let previous = range.previous().map_or(QuarterSpan::default(), |days| QuarterSpan::of(range.zone, days));
    let logins = store.logins_by_user(ids, current, previous)?;
    let users = ids.iter().filter_map(|id| {
        let user = found.iter().find(|user| user.id == *id)?.clone();
        let own = logins.iter().find(|(of, _)| of == id).map(|(_, logins)| *logins).unwrap_or_default();
        active.is_none_or(|active| user.active == active).then_some(UserStats { user, logins: own })
    });
    Ok(BatchStats { range, users: users.collect() })
}

/// The users of these ids.
///
/// # Errors
/// `user_not_found` at the place of each id without a user; `insufficient_role` if one of them is a superuser's and the
/// caller is none; the store's.
fn ensure_known(store: &mut dyn Store, role: Role, ids: &[UserId]) -> Result<Vec<LoginUser>, Error> {
    let found = store.login_users(ids)?;
    let mut wrong = Violations::new();
    for (place, id) in ids.iter().enumerate() {
        if !found.iter().any(|user| user.id == *id) {
            wrong.add(format!("/user_ids[]/{place}"), "user_not_found", "no user has this id");
        }
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    if role < Role::Superuser && found.iter().any(|user| user.role == Role::Superuser) {
        return Err(super::analytics::superusers_only());
    }
    Ok(found)
}

/// Whose sign-ins are counted: those of the users who meet a filter, of the ones with these ids, or of all. A statement at
/// most.
///
/// # Errors
/// `user_not_found` at the place of each id without a user; `insufficient_role` if superusers are asked for, or one of the
/// users is one, and the caller is none; the store's.
pub fn population(
    store: &mut dyn Store,
    role: Role,
    ids: Option<&[UserId]>,
    filter: &AccountFilter,
) -> Result<LoginPopulation, Error> {
    let AccountFilter { roles, only, except, active, .. } = filter;
    if roles.as_deref() == Some(&[Role::Superuser]) && role < Role::Superuser {
        return Err(super::analytics::superusers_only());
    }
    let named = match (ids, only) {
        (Some(ids), _) => Some(ensure_known(store, role, ids)?),
        (None, Some(only)) => Some(store.login_users(&[*only])?),
        (None, None) => None,
    };
    if let Some(users) = named {
        let holds = |user: &&LoginUser| {
            roles.as_ref().is_none_or(|roles| roles.contains(&user.role))
                && only.is_none_or(|only| only == user.id)
                && except.is_none_or(|except| except != user.id)
                && active.is_none_or(|active| active == user.active)
        };
        return Ok(LoginPopulation::Users(users.iter().filter(holds).map(|user| user.id).collect()));
    }
    Ok(match roles {
        Some(roles) if roles.is_empty() => LoginPopulation::Users(Vec::new()),
        None if active.is_none() && except.is_none() => LoginPopulation::Everyone,
        roles => LoginPopulation::Group(UserGroup {
            roles: roles.clone().unwrap_or_default(),
            active: *active,
            except: *except,
        }),
    })
}

/// How many accounts there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UserTotals {
    /// All of them.
    pub total: i64,
    /// Those that may sign in.
    pub active: i64,
    /// Those whose address is verified.
    pub verified: i64,
    /// Those without a role.
    pub regular: i64,
    /// Staff.
    pub staff: i64,
    /// Superusers.
    pub superuser: i64,
}

impl UserTotals {
    fn of(counts: &[AccountCounts]) -> Self {
        let mut totals = Self::default();
        for of_kind in counts {
            let count = of_kind.count;
            totals.total += count;
            totals.active += if of_kind.active { count } else { 0 };
            totals.verified += if of_kind.verified { count } else { 0 };
            match of_kind.role {
                Role::Regular => totals.regular += count,
                Role::Staff => totals.staff += count,
                Role::Superuser => totals.superuser += count,
            }
        }
        totals
    }
}

/// The state of an installation.
#[derive(Debug, Clone, PartialEq)]
pub struct AdminDashboard {
    /// The present day in the zone.
    pub today: Date,
    /// How many accounts there are.
    pub users: UserTotals,
    /// Who signed in today, in the last 7 days and in the last 30 days.
    pub active_users: [i64; 3],
    /// The attempts of today.
    pub logins_today: LoginSums,
    /// Of the last 7 days, today included.
    pub logins_7_days: LoginSums,
    /// Of the last 30 days, today included.
    pub logins_30_days: LoginSums,
    /// The last 30 days, one by one.
    pub days: Vec<LoginDay>,
    /// Security events of the last 7 days by kind.
    pub security_events: Vec<(SecurityEventKind, i64)>,
}

/// When the last so many days of a zone began.
fn beginning_of_last(zone: Zone, today: Date, days: i32) -> Instant {
    let clock = DayClock { zone, day_start: DayStart::MIDNIGHT };
    clock.start_of(today.saturating_add_days(1 - days))
}

/// The state of an installation, by four statements.
///
/// # Errors
/// The store's.
pub fn dashboard(store: &mut dyn Store, zone: Zone, today: Date) -> Result<AdminDashboard, Error> {
    let since = |days| beginning_of_last(zone, today, days);
    let range = DateRange::new(today.saturating_add_days(-29), today).unwrap_or(DateRange::day(today));
    let days = login_days(store, &LoginPopulation::Everyone, zone, range)?;
    let last = |count: usize| {
        let mut sums = LoginSums::default();
        days.iter().rev().take(count).for_each(|day| sums.add(day.sums));
        sums
    };
    Ok(AdminDashboard {
        today,
        users: UserTotals::of(&store.account_counts()?),
        active_users: store.active_users([since(1), since(7), since(30)])?,
        logins_today: last(1),
        logins_7_days: last(7),
        logins_30_days: last(30),
        security_events: store.security_event_counts(since(7))?,
        days,
    })
}

/// How many accounts were made on each day of a range, and how many there were at its end.
///
/// # Errors
/// The store's.
pub fn growth(store: &mut dyn Store, range: LoginRange) -> Result<Vec<(Date, i64, i64)>, Error> {
    let (mut total, made) = store.accounts_made(&LocalQuarters::of(range.zone, range.days))?;
    let mut made = made.into_iter().peekable();
    let mut days = Vec::new();
    for date in range.days {
        let mut new = 0;
        while let Some((_, count)) = made.next_if(|(day, _)| *day <= date) {
            new += count;
        }
        total += new;
        days.push((date, new, total));
    }
    Ok(days)
}
