//! What sleep needs of a store.

use super::{Sleep, SleepLog};
use crate::civil::{DateRange, Instant};
use crate::error::StoreError;
use crate::ids::{SleepLogId, UserId};
use crate::revision::Revision;

/// Part of a list of logs, which is in the order of their starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SleepSlice {
    /// Logs of these dates.
    pub dates: DateRange,
    /// Those that start after this.
    pub after: Option<Instant>,
    /// Those that start before this.
    pub before: Option<Instant>,
    /// The maximum number.
    pub limit: usize,
    /// Whether they are counted from the end; the latest comes first then.
    pub backwards: bool,
}

/// Repository of sleep logs. The logs of a user don't overlap: writers check [`Self::sleep_logs_between`] in the same
/// unit of work, and the writing units of work of a user are serialised.
pub trait SleepRepository {
    /// One log.
    fn find_sleep_log(&mut self, user: UserId, id: SleepLogId) -> Result<Option<SleepLog>, StoreError>;

    /// Part of the list of logs.
    fn sleep_logs(&mut self, user: UserId, slice: &SleepSlice) -> Result<Vec<SleepLog>, StoreError>;

    /// The logs that overlap the half-open interval from `from` to `to`, by start.
    fn sleep_logs_between(&mut self, user: UserId, from: Instant, to: Instant) -> Result<Vec<SleepLog>, StoreError>;

    /// When and how the user slept on these dates, by start; in one statement, without what statistics don't need.
    fn sleeps(&mut self, user: UserId, dates: DateRange) -> Result<Vec<Sleep>, StoreError>;

    /// Stores a new log.
    fn insert_sleep_log(&mut self, user: UserId, log: &SleepLog) -> Result<(), StoreError>;

    /// Stores everything of a log but its id, `created_at` and request digest.
    fn update_sleep_log(&mut self, user: UserId, log: &SleepLog) -> Result<(), StoreError>;

    /// Removes logs and leaves tombstones, in a bounded number of statements. How many there were.
    fn delete_sleep_logs(
        &mut self,
        user: UserId,
        ids: &[SleepLogId],
        rev: Revision,
        now: Instant,
    ) -> Result<usize, StoreError>;
}
