//! Sleep: when the user slept, how well, and what follows from it.
//!
//! A log is a half-open interval of the time line, and no two logs of a user overlap. Its civil date is that of waking,
//! midnight to midnight on the clock of the zone that the user had when they wrote it: it is stored, and moving to
//! another zone later moves nothing.

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
    CLOCK_SKEW_SECONDS, Conflict, MAX_SECONDS, MIN_NAP_SECONDS, MIN_SECONDS, Quality, Sleep, SleepInput, SleepKind,
    SleepLog, SleepNote, overlap, waking_date,
};
pub use nights::{Night, nights};
pub use regularity::{Regularity, regularity};
pub use repository::{SleepRepository, SleepSlice};
pub use service::{NewSleepLog, OnOverlap, SleepPatch, check, create, delete, delete_of_date, find, list, update};
pub use stats::{DEBT_NIGHTS, Debt, Naps, NightSummary, SleepStats, SocialJetLag, needed, stats};
pub use views::{HourBlock, SleepDay, SleepDayView, SleepPeriodView, day, hours, period, statistics};
