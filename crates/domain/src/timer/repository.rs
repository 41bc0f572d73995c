//! What the timer needs of a store.

use super::Timer;
use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::UserId;
use crate::revision::Revision;

/// The timers that run in a store: at most one a user.
pub trait TimerRepository {
    /// The user's timer, if it runs.
    fn find_timer(&mut self, user: UserId) -> Result<Option<Timer>, StoreError>;

    /// Stores a timer that begins to run.
    fn insert_timer(&mut self, user: UserId, timer: &Timer) -> Result<(), StoreError>;

    /// Removes the timer and leaves a tombstone. Whether it ran.
    fn delete_timer(&mut self, user: UserId, rev: Revision, now: Instant) -> Result<bool, StoreError>;
}
