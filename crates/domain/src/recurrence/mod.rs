//! Recurrence rules at the level of dates: RFC 5545 with the `SKIP` of RFC 7529.
//!
//! A [`Rule`] is read, checked, printed and described here; compiled with its start into [`Occurrences`] it answers
//! *due on this day?*, *how many from here to there?*, *next?*, *previous?* in a time that doesn't depend on the
//! distance: a year looks like one of 21 shapes, a rule's days in a shape are a bit mask, and the occurrences before each
//! year are counted once. Rules that repeat after a fixed number of days need a division only.
//!
//! Nothing here knows habits, time of day, or zones.

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
