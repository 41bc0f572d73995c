//! What reminders need of a store.

use super::{Occurrence, Reminder, ReminderId, ReminderSubject};
use crate::civil::{Date, Instant};
use crate::error::StoreError;
use crate::ids::UserId;
use crate::revision::Revision;
use crate::tasks::Task;

/// Reminders in a store. What deletes a habit or a task deletes its reminders, without tombstones of their own.
pub trait ReminderRepository {
    /// A user's reminders, or those of one subject, in the order of creation (`created_at`, id).
    fn reminders(&mut self, user: UserId, of: Option<ReminderSubject>) -> Result<Vec<Reminder>, StoreError>;

    /// One reminder.
    fn find_reminder(&mut self, user: UserId, id: ReminderId) -> Result<Option<Reminder>, StoreError>;

    /// How many reminders a user has.
    fn reminder_total(&mut self, user: UserId) -> Result<i64, StoreError>;

    /// Inserts a reminder.
    fn insert_reminder(&mut self, user: UserId, reminder: &Reminder) -> Result<(), StoreError>;

    /// Replaces a reminder, but not when it was created, and by what.
    fn update_reminder(&mut self, user: UserId, reminder: &Reminder) -> Result<(), StoreError>;

    /// Deletes a reminder, and leaves a tombstone.
    fn delete_reminder(&mut self, user: UserId, id: ReminderId, rev: Revision, now: Instant) -> Result<(), StoreError>;

    /// Notes when a reminder falls next, and nothing else: its revision stays.
    fn set_next_occurrence(&mut self, user: UserId, id: ReminderId, next: Option<Occurrence>)
    -> Result<(), StoreError>;

    /// The tasks that have reminders.
    fn tasks_with_reminders(&mut self, user: UserId) -> Result<Vec<Task>, StoreError>;

    /// Up to `limit` users who have a reminder that falls at an instant or before, those who have waited longest first.
    fn users_to_remind(&mut self, now: Instant, limit: usize) -> Result<Vec<UserId>, StoreError>;

    /// A user's reminders that fall at an instant or before, up to `limit` of them, by that.
    fn reminders_to_send(&mut self, user: UserId, now: Instant, limit: usize) -> Result<Vec<Reminder>, StoreError>;

    /// Notes that an occurrence was dealt with, the last day that was, and when the next one is, unless another server has: whether
    /// it did. The revision stays. It is for a writing unit of work without an owner, and waits for the user's writers, as
    /// they do for it: what one of them has read of a reminder isn't passed before it has written.
    fn pass_occurrence(
        &mut self,
        user: UserId,
        id: ReminderId,
        passed: Occurrence,
        handled_on: Date,
        next: Option<Occurrence>,
    ) -> Result<bool, StoreError>;
}
