//! Schedules: on which days, or how often within a period, a habit is to be done.
//!
//! A [`Schedule`] is what the API and storage speak of; with an anchor and a week start it compiles to
//! [`Occurrences`](crate::recurrence::Occurrences). It doesn't know plans, windows or pauses.

mod compile;
mod describe;
mod input;
mod rolling;
mod rrule;
mod validate;

pub use input::{DaysInput, NumberedWeekdayInput, ScheduleInput, WeekdayInput};
pub use rolling::{MAX_ROLLING_DAYS, MIN_ROLLING_DAYS, Rolling};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Kind;
use crate::civil::{Date, DateRange, Weekday, Weekdays, Zone};
use crate::quantity::Quantity;
use crate::recurrence::Rule;
use crate::violation::Violations;

/// The largest `every`.
pub const MAX_EVERY: u32 = 1_000;
/// The most days, weekdays or dates that a schedule may list.
pub const MAX_LISTED: usize = 366;
/// The longest run of active days, and of rest, in a cycle.
pub const MAX_RUN: u32 = 366;
/// The largest amount of a quota.
pub const MAX_AMOUNT: u32 = 100_000_000;

words! {
    /// What becomes of a day that a month or year lacks.
    #[derive(Default)]
    pub enum Overflow {
        /// It is the last day of the shorter month (RFC 7529: `SKIP=BACKWARD`).
        #[default]
        Clamp = "clamp",
        /// It is left out.
        Skip = "skip",
    }
}

/// The n-th of a weekday in a month, from the end if negative: ±1 … ±5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NthWeekdayOfMonth {
    /// Which one.
    pub nth: i16,
    /// Of which weekday.
    pub weekday: Weekday,
}

/// A day of the year: month 1–12, day 1–31; 29 February among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonthDay {
    /// 1–12.
    pub month: u32,
    /// 1–31, as the month allows in a leap year.
    pub day: u32,
}

words! {
    /// The periods that quotas are counted in: calendar weeks (from the plan's week start), months, years.
    #[derive(PartialOrd, Ord)]
    pub enum Per {
        /// A calendar week.
        Week = "week",
        /// A calendar month.
        Month = "month",
        /// A calendar year.
        Year = "year",
    }
}

words! {
    /// What a quota is counted in: calendar periods, or any days in a row.
    pub(in crate::habits) enum QuotaPer {
        /// A calendar week.
        Week = "week",
        /// A calendar month.
        Month = "month",
        /// A calendar year.
        Year = "year",
        /// Any so many days in a row (`days`).
        Rolling = "rolling",
    }
}

impl QuotaPer {
    /// The calendar period; none of a rolling quota.
    const fn calendar(self) -> Option<Per> {
        match self {
            Self::Week => Some(Per::Week),
            Self::Month => Some(Per::Month),
            Self::Year => Some(Per::Year),
            Self::Rolling => None,
        }
    }
}

impl Per {
    /// The whole period that a day is in, its weeks beginning on `week_start`; cut at the ends of the calendar.
    pub const fn containing(self, date: Date, week_start: Weekday) -> DateRange {
        match self {
            Self::Week => DateRange::week_of(date, week_start),
            Self::Month => DateRange::month_of(date),
            Self::Year => DateRange::year_of(date),
        }
    }

    /// The length in days of the period containing `date`. A week has seven, even where the first and last date of the
    /// calendar cut it short.
    pub const fn days_of(self, date: Date) -> u32 {
        match self {
            Self::Week => 7,
            Self::Month => DateRange::month_of(date).len(),
            Self::Year => DateRange::year_of(date).len(),
        }
    }

    /// Its usual length in days, as scores take it (7, 30, 365).
    pub const fn usual_days(self) -> u32 {
        match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Year => 365,
        }
    }

    /// The length of the longest one (7, 31, 366).
    pub(in crate::habits) const fn most_days(self) -> i32 {
        match self {
            Self::Week => 7,
            Self::Month => 31,
            Self::Year => 366,
        }
    }

    /// The most days on which something can be done in every such period (7, 28, 365).
    pub const fn least_days(self) -> u32 {
        match self {
            Self::Week => 7,
            Self::Month => 28,
            Self::Year => 365,
        }
    }
}

/// How much a quota asks for in each period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quota {
    /// On that many days.
    Times(u32),
    /// That amount in all.
    Amount(Quantity),
}

impl Quota {
    /// The number.
    pub const fn number(self) -> Quantity {
        match self {
            Self::Times(days) => Quantity::whole(days),
            Self::Amount(amount) => amount,
        }
    }
}

/// When a habit is due. Its JSON form is that of the API, defaults filled in.
///
/// ```
/// use circadia_domain::civil::Date;
/// use circadia_domain::habits::Schedule;
/// let schedule: Schedule = serde_json::from_str(r#"{"type":"monthly","days":[31]}"#).unwrap();
/// assert_eq!(serde_json::to_string(&schedule).unwrap(), r#"{"type":"monthly","days":[31],"every":1,"overflow":"clamp"}"#);
/// assert_eq!(schedule.to_rrule(Date::MIN).unwrap(), "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD");
/// assert_eq!(schedule.describe(), "on the 31st day of every month, or on its last day");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// Every n-th day from the anchor.
    Daily {
        /// n, 1 … [`MAX_EVERY`].
        every: u32,
    },
    /// Days of every n-th week, counted from the anchor's.
    Weekly {
        /// Which; at least one.
        weekdays: Weekdays,
        /// n, 1 … [`MAX_EVERY`].
        every: u32,
    },
    /// Days of every n-th month, counted from the anchor's.
    MonthlyDays {
        /// ±1 … ±31, negative ones from the end; at least one, in ascending order, from the front first.
        days: Vec<i16>,
        /// n, 1 … [`MAX_EVERY`].
        every: u32,
        /// What becomes of days that a month lacks.
        overflow: Overflow,
    },
    /// Weekdays of every n-th month, counted from the anchor's.
    MonthlyWeekdays {
        /// Which; at least one, sorted.
        weekdays: Vec<NthWeekdayOfMonth>,
        /// n, 1 … [`MAX_EVERY`].
        every: u32,
    },
    /// Days of every n-th year, counted from the anchor's.
    Yearly {
        /// Which; at least one, sorted.
        dates: Vec<MonthDay>,
        /// n, 1 … [`MAX_EVERY`].
        every: u32,
        /// What becomes of 29 February in common years.
        overflow: Overflow,
    },
    /// Active days and days of rest in turn, from the anchor.
    Cycle {
        /// 1 … [`MAX_RUN`].
        active_days: u32,
        /// 0 … [`MAX_RUN`].
        rest_days: u32,
    },
    /// Any days, so many (or so much in all) within each calendar period.
    Quota {
        /// How many, or how much.
        quota: Quota,
        /// The period.
        per: Per,
    },
    /// Any days, so many within any so many days.
    Rolling(Rolling),
    /// Any rule of RFC 5545 at the level of dates.
    Rrule(Box<Rule>),
}

impl Schedule {
    /// The API's word for it: `daily`, `weekly`, `monthly`, `yearly`, `cycle`, `quota`, `rrule`.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Daily { .. } => "daily",
            Self::Weekly { .. } => "weekly",
            Self::MonthlyDays { .. } | Self::MonthlyWeekdays { .. } => "monthly",
            Self::Yearly { .. } => "yearly",
            Self::Cycle { .. } => "cycle",
            Self::Quota { .. } | Self::Rolling(_) => "quota",
            Self::Rrule(_) => "rrule",
        }
    }

    /// The quota and its calendar period, if it is one.
    pub const fn quota(&self) -> Option<(Quota, Per)> {
        match self {
            Self::Quota { quota, per } => Some((*quota, *per)),
            _ => None,
        }
    }

    /// The rolling quota, if it is one.
    pub const fn rolling(&self) -> Option<Rolling> {
        match self {
            Self::Rolling(rolling) => Some(*rolling),
            _ => None,
        }
    }

    /// Whether any day may be the one on which something is done: it is a quota, of calendar periods or rolling.
    pub const fn is_quota(&self) -> bool {
        matches!(self, Self::Quota { .. } | Self::Rolling(_))
    }

    /// This schedule in a user's zone: the UNTIL of a rule that is an instant becomes the date it has there.
    #[must_use]
    pub fn in_zone(self, zone: &Zone) -> Self {
        match self {
            Self::Rrule(rule) => Self::Rrule(Box::new(rule.in_zone(zone))),
            other => other,
        }
    }

    /// Whether it goes together with a kind.
    ///
    /// # Errors
    /// `unexpected_amount` at `/amount` for an amount of a habit that is only checked.
    pub fn fits(&self, kind: &Kind) -> Result<(), Violations> {
        let mut wrong = Violations::new();
        if matches!((self, kind), (Self::Quota { quota: Quota::Amount(_), .. }, Kind::Check)) {
            wrong.add(
                "/amount",
                "unexpected_amount",
                "an amount needs a habit that counts or measures minutes; use `times`",
            );
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

impl TryFrom<ScheduleInput> for Schedule {
    type Error = Violations;
    fn try_from(input: ScheduleInput) -> Result<Self, Violations> {
        Self::validate(input)
    }
}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_input().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::validate(ScheduleInput::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
