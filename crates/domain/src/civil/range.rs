//! Inclusive ranges of civil dates, among them the weeks, months and years of the calendar.

use std::iter::FusedIterator;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::Date;
use super::date::{days_in_month, year_start};
use super::num::index_of_day;
use super::weekday::Weekday;

/// The most days of a range that is looked at as a whole: ten years.
pub const TEN_YEARS: u32 = 3_653;

/// The days from `from` to `to`, both of them included; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DateRange {
    /// The first day.
    from: Date,
    /// The last day.
    to: Date,
}

impl DateRange {
    /// Every date there is.
    pub const ALL: Self = Self { from: Date::MIN, to: Date::MAX };

    /// The days from `from` to `to`; `None` if `to` is before `from`.
    pub const fn new(from: Date, to: Date) -> Option<Self> {
        if from.days_since_epoch() <= to.days_since_epoch() { Some(Self { from, to }) } else { None }
    }

    /// One day.
    pub const fn day(date: Date) -> Self {
        Self { from: date, to: date }
    }

    /// The week, as weeks begin on `week_start`, that a date is in; cut at the ends of the calendar.
    pub const fn week_of(date: Date, week_start: Weekday) -> Self {
        let into = date.weekday().days_since(week_start).cast_signed();
        Self { from: date.week_begin(week_start), to: date.saturating_add_days(6 - into) }
    }

    /// The month that a date is in.
    pub const fn month_of(date: Date) -> Self {
        let (year, month, day) = date.year_month_day();
        let left = days_in_month(year, month).cast_signed() - day.cast_signed();
        Self { from: date.month_begin(), to: date.saturating_add_days(left) }
    }

    /// The year that a date is in.
    pub const fn year_of(date: Date) -> Self {
        let next = year_start(date.year() + 1);
        Self { from: date.year_begin(), to: Date::at(next - 1) }
    }

    /// 1 January to 31 December of `year`, if in range.
    pub const fn year(year: i32) -> Option<Self> {
        match (Date::new(year, 1, 1), Date::new(year, 12, 31)) {
            (Some(from), Some(to)) => Some(Self { from, to }),
            _ => None,
        }
    }

    /// The first day.
    pub const fn from(self) -> Date {
        self.from
    }

    /// The last day.
    pub const fn to(self) -> Date {
        self.to
    }

    /// The number of days, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "a range is never empty")]
    pub const fn len(self) -> u32 {
        self.from.days_until(self.to).cast_unsigned() + 1
    }

    /// Whether `date` is one of the days.
    pub const fn contains(self, date: Date) -> bool {
        self.from.days_since_epoch() <= date.days_since_epoch() && date.days_since_epoch() <= self.to.days_since_epoch()
    }

    /// The days that are in both; `None` if there are none.
    pub fn intersect(self, other: Self) -> Option<Self> {
        Self::new(self.from.max(other.from), self.to.min(other.to))
    }

    /// The days, first to last.
    pub fn iter(self) -> Days {
        Days { next: self.from.days_since_epoch(), last: self.to.days_since_epoch() }
    }
}

impl IntoIterator for DateRange {
    type Item = Date;
    type IntoIter = Days;
    fn into_iter(self) -> Days {
        self.iter()
    }
}

impl<'de> Deserialize<'de> for DateRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Raw {
            from: Date,
            to: Date,
        }
        let Raw { from, to } = Raw::deserialize(deserializer)?;
        Self::new(from, to).ok_or_else(|| D::Error::custom("`to` lies before `from`"))
    }
}

/// The days of a [`DateRange`].
#[derive(Debug, Clone)]
pub struct Days {
    next: i32,
    last: i32,
}

impl Iterator for Days {
    type Item = Date;
    fn next(&mut self) -> Option<Date> {
        (self.next <= self.last).then(|| {
            self.next += 1;
            Date::at(self.next - 1)
        })
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = index_of_day(self.last - self.next + 1);
        (left, Some(left))
    }
}

impl DoubleEndedIterator for Days {
    fn next_back(&mut self) -> Option<Date> {
        (self.next <= self.last).then(|| {
            self.last -= 1;
            Date::at(self.last + 1)
        })
    }
}

impl ExactSizeIterator for Days {}
impl FusedIterator for Days {}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn a_range_never_ends_before_it_begins() {
        assert_eq!(DateRange::new(date("2024-01-02"), date("2024-01-01")), None);
        assert!(serde_json::from_str::<DateRange>(r#"{"from":"2024-01-02","to":"2024-01-01"}"#).is_err());
    }

    #[test]
    fn calendar_periods_hold_every_date_once_and_end_with_the_calendar() {
        let weeks = Weekday::ALL.map(|start| move |date| DateRange::week_of(date, start));
        for date in DateRange::ALL {
            for week in weeks.iter().map(|week| week(date)) {
                assert!(week.contains(date) && (week.len() == 7 || week.from() == Date::MIN || week.to() == Date::MAX));
            }
            for period in [DateRange::month_of(date), DateRange::year_of(date)] {
                assert!(period.contains(date), "{date} is not in {period:?}");
            }
        }
        type PeriodOf = fn(Date) -> DateRange;
        let periods: [PeriodOf; 3] =
            [|date| DateRange::week_of(date, Weekday::We), DateRange::month_of, DateRange::year_of];
        for period_of in periods {
            let mut next = Some(Date::MIN);
            while let Some(first) = next {
                let period = period_of(first);
                assert_eq!((period.from(), period_of(period.to())), (first, period));
                next = period.to().succ();
            }
        }
    }

    #[test]
    fn weeks_begin_on_the_users_day_and_months_know_leap_years() {
        // 2026-03-01 is a Sunday.
        let sunday = date("2026-03-01");
        let week = |start| {
            let week = DateRange::week_of(sunday, start);
            (week.from().to_string(), week.to().to_string())
        };
        assert_eq!(week(Weekday::Mo), ("2026-02-23".into(), "2026-03-01".into()));
        assert_eq!(week(Weekday::Su), ("2026-03-01".into(), "2026-03-07".into()));
        assert_eq!(
            DateRange::month_of(date("2024-02-10")),
            DateRange::new(date("2024-02-01"), date("2024-02-29")).unwrap()
        );
        assert_eq!(DateRange::month_of(date("2100-02-28")).len(), 28);
        assert_eq!(Some(DateRange::year_of(date("2026-07-01"))), DateRange::year(2026));
        // The calendar begins on a Thursday and ends on a Tuesday.
        assert_eq!(DateRange::week_of(Date::MIN, Weekday::Mo).len(), 4);
        assert_eq!(DateRange::week_of(Date::MAX, Weekday::Mo).len(), 2);
    }
}
