//! Recurrence rules at the level of dates: RFC 5545 with the `SKIP` of RFC 7529.
//!
//! A [`Rule`] is parsed, validated, printed and described here. Compiled with its start into [`Occurrences`], it
//! answers *is this day due?*, *how many in this range?*, *next?*, *previous?* in a time that doesn't depend on the
//! distance: every year has one of 21 shapes, the days of a rule in a shape are a bit mask, and the occurrences before
//! each year are counted once. Rules that repeat after a fixed number of days need a division only.
//!
//! This module is independent of habits, time of day, and zones.

mod compile;
mod cyclic;
mod describe;
mod filter;
mod occurrences;
mod parse;
mod print;
mod rule;
mod shape;
mod years;

pub(crate) use describe::{and_list, month_name, ordinal};
pub(crate) use occurrences::keep;
pub use occurrences::{Dates, Occurrences};
pub use parse::{MAX_COUNT, MAX_INTERVAL, MAX_RULE_LENGTH, UnvalidatedRule};
pub use rule::{Frequency, Limit, NthWeekday, Rule, Skip};
