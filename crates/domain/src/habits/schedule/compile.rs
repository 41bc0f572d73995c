//! From a schedule, an anchor and a week start to days.

use super::{NthWeekdayOfMonth, Overflow, Schedule};
use crate::civil::{Date, Weekday};
use crate::recurrence::{Frequency, NthWeekday, Occurrences, Rule};

impl Schedule {
    /// The due days from `anchor` on, which `every`, `COUNT` and the phase of a cycle count from; weeks begin on
    /// `week_start` (a recurrence rule has its own week start). A quota may be done on any day.
    pub fn occurrences(&self, anchor: Date, week_start: Weekday) -> Occurrences {
        match self {
            Self::Daily { every } => Occurrences::cycle(anchor, 1, every - 1),
            Self::Weekly { weekdays, every } => {
                let mut rule = Rule::every(Frequency::Weekly, *every);
                rule.weekdays = *weekdays;
                rule.week_start = week_start;
                Occurrences::of(&rule, anchor)
            }
            Self::MonthlyDays { days, every, overflow } => {
                Occurrences::monthly(anchor, *every, |length| month_days(days, length, *overflow))
            }
            Self::MonthlyWeekdays { weekdays, every } => {
                let mut rule = Rule::every(Frequency::Monthly, *every);
                rule.nth_weekdays =
                    weekdays.iter().map(|&NthWeekdayOfMonth { nth, weekday }| NthWeekday { nth, weekday }).collect();
                Occurrences::of(&rule, anchor)
            }
            Self::Yearly { dates, every, overflow } => Occurrences::yearly(anchor, *every, |leap| {
                let in_year = dates.iter().map(|date| (date.month, date.day));
                match overflow {
                    _ if leap => in_year.collect(),
                    Overflow::Skip => in_year.filter(|date| *date != (2, 29)).collect(),
                    Overflow::Clamp => in_year.map(|date| if date == (2, 29) { (2, 28) } else { date }).collect(),
                }
            }),
            Self::Cycle { active_days, rest_days } => Occurrences::cycle(anchor, *active_days, *rest_days),
            Self::Quota { .. } | Self::Rolling(_) => Occurrences::daily(anchor),
            Self::Rrule(rule) => Occurrences::of(rule, anchor),
        }
    }

    /// How often it is due: that many days in so many. Months count 30 days and years 365, as in Loop Habit Tracker; an
    /// amount per period counts once per period.
    pub(crate) fn frequency(&self, occurrences: &Occurrences) -> (f64, u32) {
        let listed = |length: usize| f64::from(crate::civil::num::len32(length));
        match self {
            Self::MonthlyDays { days, every, .. } => (listed(days.len()), every * 30),
            Self::MonthlyWeekdays { weekdays, every } => (listed(weekdays.len()), every * 30),
            Self::Yearly { dates, every, .. } => (listed(dates.len()), every * 365),
            Self::Quota { quota: super::Quota::Times(times), per } => (f64::from(*times), per.usual_days()),
            Self::Quota { quota: super::Quota::Amount(_), per } => (1.0, per.usual_days()),
            Self::Rolling(rolling) => (f64::from(rolling.times), rolling.days),
            Self::Daily { .. } | Self::Weekly { .. } | Self::Cycle { .. } | Self::Rrule(_) => {
                match (occurrences.density(), self) {
                    (Some((due, days)), _) if due == days => (1.0, 1),
                    (Some((due, days)), _) => (f64::from(due), days),
                    (None, Self::Rrule(rule)) => {
                        let days = rule.period_days();
                        (mean_per_day(rule) * f64::from(days), days)
                    }
                    (None, _) => (1.0, 1),
                }
            }
        }
    }
}

/// The days of a month of `length` days: bit 0 is the first.
fn month_days(days: &[i16], length: u32, overflow: Overflow) -> u32 {
    let mut bits = 0;
    for day in days {
        let magnitude = u32::from(day.unsigned_abs());
        let at = match overflow {
            Overflow::Skip if magnitude > length => continue,
            _ if *day > 0 => magnitude.min(length) - 1,
            _ => length.saturating_sub(magnitude),
        };
        bits |= 1 << at;
    }
    bits
}

/// The mean number of occurrences per day over a cycle of 28 years, in which the shapes of years repeat.
fn mean_per_day(rule: &Rule) -> f64 {
    let (Some(from), Some(to)) = (Date::new(1972, 1, 1), Date::new(2083, 12, 31)) else { return 0.0 };
    let Some(range) = crate::civil::DateRange::new(from, to) else { return 0.0 };
    f64::from(Occurrences::of(&rule.endless(), from).count(range)) / f64::from(range.len())
}
