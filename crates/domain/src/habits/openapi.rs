//! Schedules and kinds in the OpenAPI document: what of each type its JSON holds.

use std::collections::BTreeSet;

use utoipa::ToSchema;

use super::kind::Unit;
use super::schedule::{Overflow, QuotaPer};
use super::{Direction, Kind, Schedule};
use crate::civil::Weekday;

/// When a habit is due.
#[derive(ToSchema)]
#[schema(as = Schedule, example = json!({"type": "weekly", "weekdays": ["mo", "we", "fr"], "every": 1}))]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum ScheduleJson {
    /// Every n-th day from the start.
    Daily {
        /// n; 1 if absent.
        #[schema(minimum = 1, maximum = 1000)]
        every: Option<u32>,
    },
    /// Days of every n-th week.
    Weekly {
        /// Which; at least one.
        #[schema(min_items = 1, max_items = 7)]
        weekdays: BTreeSet<Weekday>,
        /// n; 1 if absent.
        #[schema(minimum = 1, maximum = 1000)]
        every: Option<u32>,
    },
    /// Days of every n-th month: either `days` or `weekdays`.
    Monthly {
        /// Days of the month, 1–31, or from its end, −1 … −31.
        #[schema(max_items = 366)]
        days: Option<BTreeSet<DayOfMonth>>,
        /// Numbered weekdays of the month.
        #[schema(max_items = 366)]
        weekdays: Option<BTreeSet<NthWeekday>>,
        /// n; 1 if absent.
        #[schema(minimum = 1, maximum = 1000)]
        every: Option<u32>,
        /// What becomes of `days` that a month lacks; `clamp` if absent.
        overflow: Option<Overflow>,
    },
    /// Dates of every n-th year.
    Yearly {
        /// `MM-DD`.
        #[schema(min_items = 1, max_items = 366, example = json!(["02-29", "12-25"]))]
        dates: BTreeSet<DayOfYear>,
        /// n; 1 if absent.
        #[schema(minimum = 1, maximum = 1000)]
        every: Option<u32>,
        /// What becomes of 29 February in common years; `clamp` if absent.
        overflow: Option<Overflow>,
    },
    /// Some days on, some days off, in a fixed phase from the start.
    Cycle {
        /// Days on.
        #[schema(minimum = 1, maximum = 366)]
        active_days: u32,
        /// Days off.
        #[schema(minimum = 0, maximum = 366)]
        rest_days: u32,
    },
    /// Flexible: any days, that many (`times`), or that much in all (`amount`), in each calendar period, or that many in any
    /// `days` days in a row (`rolling`).
    ///
    /// Of a rolling quota, a day is *covered* if some window of `days` days in a row that holds it has `times` done ones;
    /// consecutive covered days are the streak. Windows run over days that are neither paused nor archived nor skipped. A day
    /// that isn't covered is missed once it can't be any more. It is due while the days before it have too few.
    Quota {
        /// On that many days; either this or `amount`.
        #[schema(minimum = 1, maximum = 366)]
        times: Option<u32>,
        /// That much in all, with up to three decimals; only for habits that count or measure minutes, and not `rolling`.
        #[schema(exclusive_minimum = 0, maximum = 100_000_000)]
        amount: Option<f64>,
        /// The period.
        per: QuotaPer,
        /// Of `rolling`, where it is required: how many days in a row; at least `times`.
        #[schema(minimum = 2, maximum = 366, example = 3)]
        days: Option<u32>,
    },
    /// Any RFC 5545 rule at the level of dates, with RFC 7529 `SKIP`.
    Rrule {
        /// The rule, without `RRULE:`.
        #[schema(example = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1")]
        rrule: String,
    },
}

/// A day of the month, counted from its beginning or its end.
struct DayOfMonth;

json_schema!(DayOfMonth: "DayOfMonth", schema::number(-31, 31));

/// A day of the year.
struct DayOfYear;

json_schema!(DayOfYear: "DayOfYear", schema::text().pattern(Some("^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")));

/// The n-th of a weekday in a month.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct NthWeekday {
    /// Which one, 1–5, or from the end, −1 … −5.
    #[schema(example = -1, minimum = -5, maximum = 5)]
    nth: i16,
    /// Of which weekday.
    weekday: Weekday,
}

/// How a day is measured.
#[derive(ToSchema)]
#[schema(as = Kind, example = json!({"type": "count", "target": 8, "unit": "glasses", "direction": "at_least"}))]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum KindJson {
    /// Done or not.
    Check {},
    /// A count.
    Count {
        /// How many, with up to three decimals; more than 0, or at least 0 of a limit.
        #[schema(minimum = 0, maximum = 1_000_000, example = 8)]
        target: f64,
        /// Of what. Example: `glasses`
        unit: Unit,
        /// `at_least` if absent.
        direction: Option<Direction>,
    },
    /// Minutes.
    Minutes {
        /// How many, with up to three decimals; more than 0, or at least 0 of a limit.
        #[schema(minimum = 0, maximum = 1440, example = 30)]
        target: f64,
        /// `at_least` if absent.
        direction: Option<Direction>,
    },
}

schema_of!(Schedule as ScheduleJson);
schema_of!(Kind as KindJson);
