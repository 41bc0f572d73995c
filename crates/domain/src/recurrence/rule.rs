//! The validated recurrence rule: RFC 5545 §3.3.10 at the level of dates, with the `SKIP` of RFC 7529.
//!
//! Defines the parts and their valid combinations. See [`super::parse`] for the text form and [`super::Occurrences`]
//! for computing the days.

use crate::civil::{Date, Instant, Weekday, Weekdays, Zone};

/// How long the periods are that a rule's days are chosen from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Frequency {
    /// Single days.
    Daily,
    /// Weeks, which begin on the rule's week start.
    Weekly,
    /// Calendar months.
    Monthly,
    /// Calendar years.
    Yearly,
}

/// What becomes of a date that the calendar doesn't have, such as 30 February (RFC 7529 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Skip {
    /// It is left out.
    #[default]
    Omit,
    /// The day before it is taken: 30 February becomes the last day of February.
    Backward,
    /// The day after it is taken: 30 February becomes 1 March.
    Forward,
}

/// When a rule ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Limit {
    /// It doesn't.
    #[default]
    Never,
    /// After that many occurrences.
    Count(u32),
    /// After that date, which may be an occurrence itself.
    Until(Date),
    /// After the date of that instant, which is one once a zone is known: see [`Rule::in_zone`]. Without one it is that
    /// of UTC.
    UntilInstant(Instant),
}

/// A weekday's n-th occurrence in the month or year; counted from the end if negative, never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NthWeekday {
    /// Which occurrence: ±1 … ±53.
    pub nth: i16,
    /// Of which weekday.
    pub weekday: Weekday,
}

/// A recurrence rule that was found valid. Lists are sorted and without repetitions, so that equal rules compare equal.
///
/// Where the RFC leaves room, the semantics are those of python-dateutil: a start that the rule doesn't match is no
/// occurrence and doesn't use up `COUNT`; `BYWEEKNO` takes the days of the calendar year that lie in those weeks, and
/// `INTERVAL` counts calendar years; `BYDAY` with plain *and* numbered weekdays wants both to hold; the positions of
/// `BYSETPOS` in a first week that is begun in its middle count from the start.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rule {
    pub(crate) frequency: Frequency,
    pub(crate) interval: u32,
    pub(crate) limit: Limit,
    /// Bit n is month n, 1–12.
    pub(crate) months: u16,
    /// ±1 … ±31.
    pub(crate) month_days: Vec<i16>,
    /// ±1 … ±366.
    pub(crate) year_days: Vec<i16>,
    /// ±1 … ±53.
    pub(crate) week_numbers: Vec<i16>,
    pub(crate) weekdays: Weekdays,
    pub(crate) nth_weekdays: Vec<NthWeekday>,
    /// ±1 … ±366.
    pub(crate) positions: Vec<i16>,
    pub(crate) week_start: Weekday,
    pub(crate) skip: Skip,
}

impl Rule {
    /// Every `interval`-th period of that length, on the days that follow from the start.
    pub(crate) fn every(frequency: Frequency, interval: u32) -> Self {
        Self {
            frequency,
            interval: interval.max(1),
            limit: Limit::Never,
            months: 0,
            month_days: Vec::new(),
            year_days: Vec::new(),
            week_numbers: Vec::new(),
            weekdays: Weekdays::NONE,
            nth_weekdays: Vec::new(),
            positions: Vec::new(),
            week_start: Weekday::Mo,
            skip: Skip::Omit,
        }
    }

    /// The length of the periods.
    pub const fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// Every how many of them, at least 1.
    pub const fn interval(&self) -> u32 {
        self.interval
    }

    /// This rule in a zone: an end given as an instant becomes the date it has there.
    #[must_use]
    pub fn in_zone(mut self, zone: &Zone) -> Self {
        if let Limit::UntilInstant(instant) = self.limit {
            self.limit = Limit::Until(zone.date_of(instant));
        }
        self
    }

    /// When it ends.
    pub const fn limit(&self) -> Limit {
        self.limit
    }

    /// The first day of its weeks.
    pub const fn week_start(&self) -> Weekday {
        self.week_start
    }

    /// What becomes of dates that the calendar doesn't have.
    pub const fn skip(&self) -> Skip {
        self.skip
    }

    /// The months it is limited to, 1–12; none if it isn't.
    pub fn months(&self) -> impl Iterator<Item = u32> + '_ {
        (1..=12).filter(|month| self.months & (1 << month) != 0)
    }

    /// The mean number of occurrences per day, as a fraction: how many come in how many days. The denominator is the
    /// length of a period in days, a month taken as 30 and a year as 365 (as Loop Habit Tracker does).
    pub(crate) fn period_days(&self) -> u32 {
        let period = match self.frequency {
            Frequency::Daily | Frequency::Weekly if self.months != 0 => return 365,
            Frequency::Daily if !self.month_days.is_empty() => return 30,
            Frequency::Daily if !self.weekdays.is_empty() => 7,
            Frequency::Daily => 1,
            Frequency::Weekly => 7,
            Frequency::Monthly => 30,
            Frequency::Yearly => 365,
        };
        self.interval.saturating_mul(period).min(84_006)
    }

    /// This rule without its end.
    #[must_use]
    pub(crate) fn endless(&self) -> Self {
        Self { limit: Limit::Never, ..self.clone() }
    }

    /// Whether any part but the frequency chooses days.
    pub(super) fn chooses_days(&self) -> bool {
        !(self.month_days.is_empty()
            && self.year_days.is_empty()
            && self.week_numbers.is_empty()
            && self.weekdays.is_empty()
            && self.nth_weekdays.is_empty())
    }
}
