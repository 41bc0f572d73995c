//! What imports need of a store: many rows at a time.

use crate::error::StoreError;
use crate::habits::Habit;
use crate::ids::UserId;
use crate::moods::{Mood, MoodMoment};
use crate::reminders::Reminder;
use crate::shared_pauses::SharedPause;
use crate::sleep::SleepLog;
use crate::tasks::Task;
use crate::themes::Theme;
use crate::time_entries::TimeEntry;

/// Stores items, each with its revision, replacing those of the same key (whose `created_at` and request digest stay); in a
/// bounded number of statements.
pub trait ImportRepository {
    /// Themes, one after the other: none may have the name that another one has when it is written.
    fn put_themes(&mut self, user: UserId, themes: &[Theme]) -> Result<(), StoreError>;

    /// Habits, without their histories.
    fn put_habits(&mut self, user: UserId, habits: &[Habit]) -> Result<(), StoreError>;

    /// Pauses of all habits, without the habits' copies.
    fn put_shared_pauses(&mut self, user: UserId, pauses: &[SharedPause]) -> Result<(), StoreError>;

    /// Tasks.
    fn put_tasks(&mut self, user: UserId, tasks: &[Task]) -> Result<(), StoreError>;

    /// Time entries, without the habits' tracked minutes.
    fn put_time_entries(&mut self, user: UserId, entries: &[TimeEntry]) -> Result<(), StoreError>;

    /// Reminders.
    fn put_reminders(&mut self, user: UserId, reminders: &[Reminder]) -> Result<(), StoreError>;

    /// Sleep logs, one after the other: none may begin when another one does that is there when it is written.
    fn put_sleep_logs(&mut self, user: UserId, logs: &[SleepLog]) -> Result<(), StoreError>;

    /// Moods of days.
    fn put_moods(&mut self, user: UserId, moods: &[Mood]) -> Result<(), StoreError>;

    /// Moods of moments.
    fn put_moments(&mut self, user: UserId, moments: &[MoodMoment]) -> Result<(), StoreError>;
}
