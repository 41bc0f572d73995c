//! Sleep: logs, and the statistics computed from them.
//!
//! A log is a half-open interval, and the logs of a user don't overlap. Its civil date is that of waking, midnight to
//! midnight where one woke: in the zone that was named, at the offset that was sent, or else in the user's zone at the
//! time of writing. Both are stored, so neither moving nor an edit after having moved changes them.

mod clock;
mod log;
mod nights;
mod regularity;
mod repository;
mod service;
mod stats;
#[cfg(test)]
mod testing;
mod views;

pub use clock::{ClockMean, ClockTime, clock_mean};
pub use log::{
    Conflict, MAX_SECONDS, MIN_NAP_SECONDS, MIN_SECONDS, Quality, Sleep, SleepInput, SleepKind, SleepLog, SleepNote,
    overlap, waking_date,
};
pub use nights::{MAX_GAP_SECONDS, Night, night_of_each_date, nights};
pub use regularity::{Regularity, regularity};
pub use repository::{SleepRepository, SleepSlice};
pub use service::{NewSleepLog, OnOverlap, SleepPatch, check, create, delete, delete_of_date, find, list, update};
pub use stats::{DEBT_NIGHTS, Debt, Naps, NightSummary, SleepStats, SocialJetLag, needed, stats};
pub use views::{HourBlock, SleepDay, SleepDayView, SleepPeriodView, day, hours, period, statistics};
pub(crate) use views::{day_with, sleeps_around};
