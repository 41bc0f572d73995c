//! Figures and charts of attempts, over civil days of a time zone.

use super::{
    LocalQuarters, LoginAttempt, LoginBucketKind, LoginClient, LoginFilter, LoginPopulation, LoginSums, QuarterSpan,
    quarters::local_date,
};
use crate::civil::{Date, DateRange, Instant, Weekday, Zone};
use crate::error::Error;
use crate::ids::{LoginId, UserId};
use crate::seek::NewestSeek;
use crate::unit_of_work::Store;
use crate::users::{self, Role, User};

/// The days that are shown without a range: so many up to today.
const DEFAULT_DAYS: i32 = 30;

/// Civil days of a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LoginPeriod {
    /// The days; by default the last 30.
    pub days: Option<DateRange>,
    /// The zone; by default the caller's own.
    pub zone: Option<Zone>,
}

/// The days that figures are about, as the caller counts days and weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginRange {
    /// The days, the last one included.
    pub days: DateRange,
    /// The zone whose days they are.
    pub zone: Zone,
    /// The first day of the caller's weeks.
    pub week_start: Weekday,
    /// The present day in the zone.
    pub today: Date,
}

impl LoginPeriod {
    /// The range, for a caller.
    pub fn range(self, caller: &User, now: Instant) -> LoginRange {
        let zone = self.zone.unwrap_or(caller.settings.timezone);
        let today = zone.date_of(now);
        let last = DateRange::new(today.saturating_add_days(1 - DEFAULT_DAYS), today);
        let days = self.days.or(last).unwrap_or(DateRange::day(today));
        LoginRange { days, zone, week_start: caller.settings.week_start, today }
    }
}

/// The first instant of a period's days for a caller, and the first one after them; `None` if it names no days.
///
/// # Errors
/// `user_not_found` if the caller's account was deleted meanwhile; the store's.
pub fn instants_of(
    store: &mut dyn Store,
    caller: UserId,
    period: LoginPeriod,
    now: Instant,
) -> Result<Option<(Instant, Instant)>, Error> {
    if period.days.is_none() {
        return Ok(None);
    }
    let range = login_range(store, caller, period, now)?;
    let span = QuarterSpan::of(range.zone, range.days);
    Ok(Some((span.from.begin(), span.until.begin())))
}

impl LoginRange {
    /// As many days right before; `None` at the edge of the calendar.
    pub fn previous(self) -> Option<DateRange> {
        let length = self.days.len().cast_signed();
        DateRange::new(self.days.from().checked_add_days(-length)?, self.days.from().pred()?)
    }
}

/// The range of a period for a caller, who is read by one statement.
///
/// # Errors
/// `user_not_found` if the caller's account was deleted meanwhile; the store's.
pub fn login_range(
    store: &mut dyn Store,
    caller: UserId,
    period: LoginPeriod,
    now: Instant,
) -> Result<LoginRange, Error> {
    Ok(period.range(&users::find(store, caller)?, now))
}

/// Lets a caller see the sign-ins of a user: those of superusers are for superusers.
///
/// # Errors
/// `user_not_found`, `insufficient_role`; the store's.
pub fn ensure_may_see(store: &mut dyn Store, role: Role, user: UserId) -> Result<(), Error> {
    let is_superuser = users::find(store, user)?.role == Role::Superuser;
    if is_superuser && role < Role::Superuser { Err(superusers_only()) } else { Ok(()) }
}

/// The error for the sign-ins of superusers, where the caller is none.
pub(super) fn superusers_only() -> Error {
    Error::Forbidden("the sign-ins of superusers are for superusers".into())
}

/// A page of attempts, and how many there are on all pages.
///
/// # Errors
/// The store's.
pub fn activity(
    store: &mut dyn Store,
    filter: &LoginFilter,
    seek: &NewestSeek<LoginId>,
) -> Result<(Vec<LoginAttempt>, i64), Error> {
    Ok((store.logins(filter, seek)?, store.count_logins(filter)?))
}

/// A day's attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginDay {
    /// The day.
    pub date: Date,
    /// Its attempts.
    pub sums: LoginSums,
}

/// The attempts of each day of a range, those without any included.
///
/// # Errors
/// The store's.
pub fn login_days(
    store: &mut dyn Store,
    of: &LoginPopulation,
    zone: Zone,
    days: DateRange,
) -> Result<Vec<LoginDay>, Error> {
    let found = store.login_buckets(of, &LocalQuarters::of(zone, days), LoginBucketKind::Day)?;
    let mut filled: Vec<LoginDay> = days.iter().map(|date| LoginDay { date, sums: LoginSums::default() }).collect();
    for bucket in found {
        let place = local_date(bucket.local).and_then(|date| usize::try_from(days.from().days_until(date)).ok());
        if let Some(day) = place.and_then(|place| filled.get_mut(place)) {
            day.sums.add(bucket.sums);
        }
    }
    Ok(filled)
}

fn sum<'a>(days: impl IntoIterator<Item = &'a LoginDay>) -> LoginSums {
    let mut sums = LoginSums::default();
    days.into_iter().for_each(|day| sums.add(day.sums));
    sums
}

/// Where figures go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// More than before.
    Up,
    /// Fewer than before.
    Down,
    /// As many as before.
    Stable,
}

/// Figures of a user's attempts.
#[derive(Debug, Clone, PartialEq)]
pub struct LoginStats {
    /// The days.
    pub range: LoginRange,
    /// All attempts of these days.
    pub sums: LoginSums,
    /// The days to compare with, and their attempts.
    pub previous: Option<(DateRange, LoginSums)>,
    /// The last sign-in ever.
    pub last_login_at: Option<Instant>,
    /// By week, the first and the last cut off at the range.
    pub weeks: Vec<(DateRange, LoginSums)>,
    /// By month, the first and the last cut off at the range.
    pub months: Vec<(DateRange, LoginSums)>,
}

impl LoginStats {
    /// Whether there were more sign-ins than in the days before.
    pub fn trend(&self) -> Option<Trend> {
        let (_, previous) = self.previous?;
        Some(match self.sums.successes.cmp(&previous.successes) {
            std::cmp::Ordering::Greater => Trend::Up,
            std::cmp::Ordering::Less => Trend::Down,
            std::cmp::Ordering::Equal => Trend::Stable,
        })
    }
}

/// The pieces of a range, each cut off at its ends, with what they amount to.
fn pieces(days: &[LoginDay], piece_of: impl Fn(Date) -> DateRange) -> Vec<(DateRange, LoginSums)> {
    let mut pieces: Vec<(DateRange, LoginSums)> = Vec::new();
    let Some((first, last)) = days.first().zip(days.last()) else { return pieces };
    for day in days {
        match pieces.last_mut() {
            Some((piece, sums)) if piece.contains(day.date) => sums.add(day.sums),
            _ => {
                let piece = piece_of(day.date);
                let (from, to) = (piece.from().max(first.date), piece.to().min(last.date));
                pieces.push((DateRange::new(from, to).unwrap_or(DateRange::day(day.date)), day.sums));
            }
        }
    }
    pieces
}

/// Figures of a user's attempts, by two statements.
///
/// # Errors
/// The store's.
pub fn stats(store: &mut dyn Store, user: UserId, range: LoginRange) -> Result<LoginStats, Error> {
    let previous = range.previous();
    let whole = previous.and_then(|before| DateRange::new(before.from(), range.days.to())).unwrap_or(range.days);
    let all = login_days(store, &LoginPopulation::Users(vec![user]), range.zone, whole)?;
    let at = all.partition_point(|day| day.date < range.days.from());
    let (before, own) = all.split_at(at);
    Ok(LoginStats {
        range,
        sums: sum(own),
        previous: previous.map(|days| (days, sum(before))),
        last_login_at: store.last_login(user)?,
        weeks: pieces(own, |date| DateRange::week_of(date, range.week_start)),
        months: pieces(own, DateRange::month_of),
    })
}

/// Attempts by weeks (of up to 30 days), else by months.
///
/// # Errors
/// The store's.
pub fn comparison(
    store: &mut dyn Store,
    of: &LoginPopulation,
    range: LoginRange,
) -> Result<(bool, Vec<(DateRange, LoginSums)>), Error> {
    let days = login_days(store, of, range.zone, range.days)?;
    let by_week = range.days.len() <= 30;
    let cut = if by_week {
        pieces(&days, |date| DateRange::week_of(date, range.week_start))
    } else {
        pieces(&days, DateRange::month_of)
    };
    Ok((by_week, cut))
}

/// How attempts are distributed.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// All attempts.
    pub sums: LoginSums,
    /// By the hour of the day.
    pub hours: [LoginSums; 24],
    /// By the day of the week, which begins as the caller's does.
    pub weekdays: Vec<(Weekday, LoginSums)>,
    /// By client, most attempts first.
    pub clients: Vec<(LoginClient, LoginSums)>,
}

/// How attempts are distributed, by two statements.
///
/// # Errors
/// The store's.
pub fn distribution(store: &mut dyn Store, of: &LoginPopulation, range: LoginRange) -> Result<Distribution, Error> {
    let quarters = LocalQuarters::of(range.zone, range.days);
    let mut sums = LoginSums::default();
    let mut hours = [LoginSums::default(); 24];
    let weekdays = range.days.from().week_begin(range.week_start);
    let mut weekdays: Vec<(Weekday, LoginSums)> =
        (0..7).map(|day| (weekdays.saturating_add_days(day).weekday(), LoginSums::default())).collect();
    for bucket in store.login_buckets(of, &quarters, LoginBucketKind::HourOfWeek)? {
        sums.add(bucket.sums);
        if let Some(hour) = usize::try_from(bucket.local % 96 / 4).ok().and_then(|hour| hours.get_mut(hour)) {
            hour.add(bucket.sums);
        }
        let weekday = local_date(bucket.local).map(Date::weekday);
        if let Some((_, day)) = weekdays.iter_mut().find(|(own, _)| Some(*own) == weekday) {
            day.add(bucket.sums);
        }
    }
    let mut clients = store.login_clients(of, QuarterSpan::of(range.zone, range.days))?;
    clients.retain(|(_, sums)| sums.total() > 0);
    let rank = |(client, sums): &(LoginClient, LoginSums)| {
        (-sums.total(), client.browser.as_str(), client.os.as_str(), client.device.as_str())
    };
    clients.sort_by_key(rank);
    Ok(Distribution { sums, hours, weekdays, clients })
}
