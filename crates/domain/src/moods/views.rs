//! Views of moods: a day, a week, a month, a trend. Each takes at most two statements.

use std::collections::BTreeMap;

use super::trend::{Trend, needed, trend as trend_of};
use super::{DayValue, MoodDay};
use crate::civil::num::len32;
use crate::civil::{Date, DateRange, Instant, Span, TEN_YEARS};
use crate::error::Error;
use crate::ids::UserId;
use crate::summary_stats::SummaryStats;
use crate::unit_of_work::Store;
use crate::users;

const MAX_TREND_DAYS: i32 = TEN_YEARS.cast_signed();

/// The screen of a week or a month.
#[derive(Debug, Clone, PartialEq)]
pub struct MoodPeriodView {
    /// Its days.
    pub range: DateRange,
    /// Each of its days, including those without moods.
    pub days: Vec<MoodDay>,
    /// Mean, median and standard deviation of the values of its days.
    pub values: Option<SummaryStats>,
    /// How many of its days have a value.
    pub n: u32,
}

/// Which days a trend shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrendRange {
    /// The last days, up to today.
    Last(u32),
    /// From the first day with a value to today, at most ten years.
    All,
}

/// The screen of a day; of the user's today if absent.
pub fn day(store: &mut dyn Store, user: UserId, now: Instant, date: Option<Date>) -> Result<MoodDay, Error> {
    let date = match date {
        Some(date) => date,
        None => users::find(store, user)?.today(now),
    };
    let found = store.mood_days(user, DateRange::day(date))?.pop();
    Ok(found.unwrap_or(MoodDay { date, mood: None, moments: Vec::new() }))
}

/// The screen of the week or month, as the user's weeks begin, that a date is in; of today's if absent. One statement for
/// the month of a date, two else.
pub fn period(
    store: &mut dyn Store,
    user: UserId,
    now: Instant,
    span: Span,
    date: Option<Date>,
) -> Result<MoodPeriodView, Error> {
    let range = if let (Span::Month, Some(date)) = (span, date) {
        // When weeks begin needn't be known.
        DateRange::month_of(date)
    } else {
        let user = users::find(store, user)?;
        span.containing(date.unwrap_or_else(|| user.today(now)), user.settings.week_start)
    };
    let mut found: BTreeMap<Date, MoodDay> =
        store.mood_days(user, range)?.into_iter().map(|day| (day.date, day)).collect();
    let days: Vec<MoodDay> = range
        .iter()
        .map(|date| found.remove(&date).unwrap_or(MoodDay { date, mood: None, moments: Vec::new() }))
        .collect();
    let values: Vec<f64> = days.iter().filter_map(MoodDay::value).map(|day: DayValue| day.value).collect();
    Ok(MoodPeriodView { range, days, n: len32(values.len()), values: SummaryStats::of(values) })
}

/// How moods go up to today.
pub fn trend(
    store: &mut dyn Store,
    user: UserId,
    now: Instant,
    range: TrendRange,
    window: u32,
) -> Result<Trend, Error> {
    let today = users::find(store, user)?.today(now);
    let last = |days: i32| DateRange::new(today.saturating_add_days(1 - days), today).unwrap_or(DateRange::day(today));
    let longest = match range {
        TrendRange::Last(days) => last(i32::try_from(days).unwrap_or(MAX_TREND_DAYS).clamp(1, MAX_TREND_DAYS)),
        TrendRange::All => last(MAX_TREND_DAYS),
    };
    let values = store.mood_values(user, needed(longest, window))?;
    let shown = match range {
        TrendRange::Last(_) => longest,
        TrendRange::All => {
            let first = values.iter().map(|day| day.date).find(|date| longest.contains(*date)).unwrap_or(today);
            DateRange::new(first, today).unwrap_or(longest)
        }
    };
    Ok(trend_of(&values, shown, window))
}
