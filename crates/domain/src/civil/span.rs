//! Days, weeks and months: the periods of views and sums.

use super::{Date, DateRange, Weekday};

/// How much a screen shows, or a sum adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// A day.
    Day,
    /// A week, from the user's first day of it.
    Week,
    /// A month.
    Month,
}

impl Span {
    /// The days of the one that a date is in.
    pub const fn containing(self, date: Date, week_start: Weekday) -> DateRange {
        match self {
            Self::Day => DateRange::day(date),
            Self::Week => DateRange::week_of(date, week_start),
            Self::Month => DateRange::month_of(date),
        }
    }

    /// A range cut into them; those at its ends may be shorter.
    pub fn periods(self, range: DateRange, week_start: Weekday) -> Vec<DateRange> {
        let mut periods = Vec::new();
        let mut next = Some(range.from());
        while let Some(from) = next.filter(|from| *from <= range.to()) {
            let to = self.containing(from, week_start).to().min(range.to());
            periods.push(DateRange::new(from, to).unwrap_or(DateRange::day(from)));
            next = to.succ();
        }
        periods
    }
}
