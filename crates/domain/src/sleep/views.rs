//! Views of sleep: a day with its hours, a week, a month, statistics. Each takes two statements, and one more for who
//! stayed in bed for days.

use std::collections::BTreeMap;

use super::clock::ClockTime;
use super::nights::{Night, night_of_each_date, nights, read_around};
use super::stats::{Naps, NightSummary, SleepStats, needed, stats};
use super::{Sleep, SleepKind, SleepLog, SleepSlice};
use crate::civil::{Date, DateRange, DayClock, DayStart, Instant, Span, Zone};
use crate::error::{Error, StoreError};
use crate::ids::UserId;
use crate::unit_of_work::Store;
use crate::users::{self, SleepGoal};
use crate::violation::Violations;

/// A date with its sleep.
#[derive(Debug, Clone, PartialEq)]
pub struct SleepDay {
    /// The date of waking.
    pub date: Date,
    /// Its night, of two the longer one; none without.
    pub night: Option<Night>,
    /// Its naps.
    pub naps: Naps,
    /// The logs of its nights and its naps, by start.
    pub logs: Vec<SleepLog>,
}

/// An hour of the clock on a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HourBlock {
    /// When it begins.
    pub start: Instant,
    /// What the clock shows then.
    pub time: ClockTime,
    /// How long it is: 3,600 seconds, but where clocks change by half an hour.
    pub seconds: u32,
    /// How many seconds of it lie within logs.
    pub asleep_seconds: u32,
}

/// The screen of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct SleepDayView {
    /// The date with the sleep that one wakes from on it.
    pub day: SleepDay,
    /// The zone of the hours.
    pub zone: Zone,
    /// What the user wants of a night.
    pub goal: SleepGoal,
    /// The hours of the civil day from midnight to midnight: 24, or 23 or 25 as clocks change. They show what lies in
    /// the day: of a night the part after midnight, and in the evening the beginning of the next one.
    pub hours: Vec<HourBlock>,
}

/// The screen of a week or a month.
#[derive(Debug, Clone, PartialEq)]
pub struct SleepPeriodView {
    /// Its dates.
    pub range: DateRange,
    /// Each of its dates.
    pub days: Vec<SleepDay>,
    /// What its nights have in common.
    pub summary: NightSummary,
    /// Its naps.
    pub naps: Naps,
    /// What the user wants of a night.
    pub goal: SleepGoal,
}

/// The hours of a civil day in a zone, midnight to midnight, and how much of each lies within sleeps.
pub fn hours(zone: Zone, date: Date, sleeps: &[Sleep]) -> Vec<HourBlock> {
    let clock = DayClock { zone, day_start: DayStart::MIDNIGHT };
    let mut at = clock.start_of(date);
    let end = date.succ().map_or(at.plus_seconds(86_400), |next| clock.start_of(next));
    let mut blocks = Vec::with_capacity(25);
    while at < end {
        let time = ClockTime::at(at, zone);
        let to = at.plus_seconds(3_600 - whole_seconds(time) % 3_600).min(end);
        let asleep: i64 =
            sleeps.iter().map(|sleep| (sleep.end.min(to).micros() - sleep.start.max(at).micros()).max(0)).sum();
        let seconds = |micros: i64| u32::try_from(micros / 1_000_000).unwrap_or(0);
        blocks.push(HourBlock {
            start: at,
            time,
            seconds: seconds(to.micros() - at.micros()),
            asleep_seconds: seconds(asleep),
        });
        at = to;
    }
    blocks
}

fn whole_seconds(time: ClockTime) -> i64 {
    i64::from(crate::civil::num::nearest(time.seconds()))
}

/// When and how a user slept, as far as it bears on the nights of some dates; by start.
pub(crate) fn sleeps_around(store: &mut dyn Store, user: UserId, dates: DateRange) -> Result<Vec<Sleep>, StoreError> {
    read_around(dates, |sleep| *sleep, |dates| store.sleeps(user, dates))
}

/// The logs that bear on the nights of dates, and their nights.
fn logs_around(
    store: &mut dyn Store,
    user: UserId,
    dates: DateRange,
) -> Result<(Vec<SleepLog>, Vec<Night>), StoreError> {
    let slice = |dates| SleepSlice { dates, after: None, before: None, limit: usize::MAX, backwards: false };
    logs_and_nights(dates, |dates| store.sleep_logs(user, &slice(dates)))
}

/// The logs that bear on the nights of dates, and their nights; `read` gives the logs of dates, by start.
fn logs_and_nights(
    dates: DateRange,
    read: impl FnMut(DateRange) -> Result<Vec<SleepLog>, StoreError>,
) -> Result<(Vec<SleepLog>, Vec<Night>), StoreError> {
    let logs = read_around(dates, |log: &SleepLog| log.sleep, read)?;
    let mut nights = nights(&sleeps_of(&logs));
    nights.retain(|night| dates.contains(night.date));
    Ok((logs, nights))
}

fn sleeps_of(logs: &[SleepLog]) -> Vec<Sleep> {
    logs.iter().map(|log| log.sleep).collect()
}

/// The days of dates, of the logs around them and their nights.
fn days_of(dates: DateRange, logs: Vec<SleepLog>, nights: &[Night]) -> Vec<SleepDay> {
    let mut by_date: BTreeMap<Date, Vec<SleepLog>> = BTreeMap::new();
    for log in logs {
        let date = match log.sleep.kind {
            SleepKind::Nap => Some(log.sleep.date),
            SleepKind::Main => nights.iter().find(|night| night.contains(&log.sleep)).map(|night| night.date),
        };
        if let Some(date) = date {
            by_date.entry(date).or_default().push(log);
        }
    }
    let mut night_of = night_of_each_date(nights);
    dates
        .iter()
        .map(|date| {
            let logs = by_date.remove(&date).unwrap_or_default();
            let naps = Naps::of(logs.iter().map(|log| &log.sleep));
            SleepDay { date, night: night_of.remove(&date), naps, logs }
        })
        .collect()
}

fn day_of(date: Date, logs: Vec<SleepLog>, nights: &[Night]) -> SleepDay {
    let day = days_of(DateRange::day(date), logs, nights).pop();
    day.unwrap_or_else(|| SleepDay { date, night: None, naps: Naps::default(), logs: Vec::new() })
}

/// The sleep that ends on a date; `read` gives the logs of dates, by start, and is called again for who stayed in bed
/// for days.
pub(crate) fn day_with(
    date: Date,
    read: impl FnMut(DateRange) -> Result<Vec<SleepLog>, StoreError>,
) -> Result<SleepDay, StoreError> {
    let (logs, nights) = logs_and_nights(DateRange::day(date), read)?;
    Ok(day_of(date, logs, &nights))
}

/// The screen of a day; of the user's today if absent.
pub fn day(store: &mut dyn Store, user: UserId, now: Instant, date: Option<Date>) -> Result<SleepDayView, Error> {
    let user = users::find(store, user)?;
    let date = date.unwrap_or_else(|| user.today(now));
    let (logs, nights) = logs_around(store, user.id, DateRange::day(date))?;
    let zone = user.settings.timezone;
    let hours = hours(zone, date, &sleeps_of(&logs));
    let day = day_of(date, logs, &nights);
    Ok(SleepDayView { day, zone, goal: user.settings.sleep_goal, hours })
}

/// The screen of the week or month, as the user's weeks begin, that a date is in; of today's if absent.
pub fn period(
    store: &mut dyn Store,
    user: UserId,
    now: Instant,
    span: Span,
    date: Option<Date>,
) -> Result<SleepPeriodView, Error> {
    let user = users::find(store, user)?;
    let range = span.containing(date.unwrap_or_else(|| user.today(now)), user.settings.week_start);
    let (logs, nights) = logs_around(store, user.id, range)?;
    let naps = Naps::of(logs.iter().map(|log| &log.sleep).filter(|sleep| range.contains(sleep.date)));
    Ok(SleepPeriodView {
        range,
        days: days_of(range, logs, &nights),
        summary: NightSummary::of(&nights, range, user.today(now)),
        naps,
        goal: user.settings.sleep_goal,
    })
}

/// What sleep amounts to in a range that may depend on the user's today, and what they want of a night.
pub fn statistics(
    store: &mut dyn Store,
    user: UserId,
    now: Instant,
    range: impl FnOnce(Date) -> Result<DateRange, Violations>,
) -> Result<(SleepStats, SleepGoal), Error> {
    let user = users::find(store, user)?;
    let today = user.today(now);
    let range = range(today)?;
    let sleeps = sleeps_around(store, user.id, needed(range, today))?;
    let goal = user.settings.sleep_goal;
    Ok((stats(&sleeps, range, today, goal, user.settings.free_days), goal))
}

#[cfg(test)]
mod tests {
    use super::super::testing::log;
    use super::*;

    fn view(zone: &str, date: &str, sleeps: &[(&str, &str)]) -> Vec<(String, u32, u32)> {
        let sleeps: Vec<Sleep> = sleeps.iter().map(|(start, end)| log(start, end)).collect();
        hours(Zone::parse(zone).unwrap(), Date::parse(date).unwrap(), &sleeps)
            .iter()
            .map(|block| (block.time.to_string(), block.seconds / 60, block.asleep_seconds / 60))
            .collect()
    }

    fn asleep(blocks: &[(String, u32, u32)]) -> u32 {
        blocks.iter().map(|(.., asleep)| asleep).sum()
    }

    #[test]
    fn a_day_has_the_hours_after_midnight_and_the_evening() {
        let blocks = view(
            "Asia/Kolkata",
            "2026-03-11",
            &[
                ("2026-03-10T23:30:00+05:30", "2026-03-11T07:10:00+05:30"),
                ("2026-03-11T23:30:00+05:30", "2026-03-12T07:10:00+05:30"),
            ],
        );
        assert_eq!(blocks.len(), 24);
        assert_eq!(blocks[0], ("00:00".into(), 60, 60));
        assert_eq!(blocks[7], ("07:00".into(), 60, 10));
        assert_eq!(blocks[23], ("23:00".into(), 60, 30));
        assert_eq!(asleep(&blocks), 430 + 30);
    }

    #[test]
    fn days_on_which_clocks_change_have_the_hours_that_they_have() {
        let spring =
            view("America/New_York", "2026-03-08", &[("2026-03-07T23:30:00-05:00", "2026-03-08T07:10:00-04:00")]);
        let times: Vec<&str> = spring.iter().take(4).map(|(time, ..)| time.as_str()).collect();
        assert_eq!((spring.len(), times), (23, vec!["00:00", "01:00", "03:00", "04:00"]));
        assert_eq!(asleep(&spring), 6 * 60 + 10);
        let autumn =
            view("America/New_York", "2026-11-01", &[("2026-10-31T23:30:00-04:00", "2026-11-01T07:10:00-05:00")]);
        let times: Vec<&str> = autumn.iter().take(4).map(|(time, ..)| time.as_str()).collect();
        assert_eq!((autumn.len(), times), (25, vec!["00:00", "01:00", "01:00", "02:00"]));
        assert_eq!(asleep(&autumn), 8 * 60 + 10);
    }

    #[test]
    fn clocks_that_change_by_half_an_hour_leave_a_half_block() {
        let spring = view("Australia/Lord_Howe", "2026-10-04", &[]);
        assert_eq!(spring[2], ("02:30".into(), 30, 0));
        assert_eq!(spring.iter().map(|(_, minutes, _)| minutes).sum::<u32>(), 23 * 60 + 30);
        let autumn = view("Australia/Lord_Howe", "2026-04-05", &[]);
        assert_eq!((&autumn[1], &autumn[2]), (&("01:00".into(), 60, 0), &("01:30".into(), 30, 0)));
        assert_eq!(autumn.iter().map(|(_, minutes, _)| minutes).sum::<u32>(), 24 * 60 + 30);
    }

    #[test]
    fn days_end_with_the_calendar() {
        assert_eq!(hours(Zone::UTC, Date::MAX, &[]).len(), 24);
    }
}
