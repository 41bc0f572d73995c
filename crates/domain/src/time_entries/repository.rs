//! What time entries need of a store.

use super::TimeEntry;
use crate::civil::{Date, DateRange, Instant};
use crate::error::StoreError;
use crate::ids::{HabitId, TaskId, ThemeId, TimeEntryId, UserId};
use crate::revision::Revision;
use crate::seek::DateSeek;

/// Which time entries are wanted: those that meet all of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeFilter {
    /// Of these days.
    pub range: DateRange,
    /// Spent on this habit.
    pub habit: Option<HabitId>,
    /// Spent on this task.
    pub task: Option<TaskId>,
}

/// Which part of a list of time entries, by date and id, is wanted.
pub type TimeSeek = DateSeek<TimeEntryId>;

/// Time added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeSpent {
    /// The minutes of all entries together.
    pub minutes: u64,
    /// How many entries.
    pub count: u64,
}

impl TimeSpent {
    /// The two together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { minutes: self.minutes.saturating_add(other.minutes), count: self.count.saturating_add(other.count) }
    }
}

/// Time entries in a store.
pub trait TimeEntryRepository {
    /// A part of the user's time entries, in one statement.
    fn time_entries(
        &mut self,
        user: UserId,
        filter: &TimeFilter,
        seek: &TimeSeek,
    ) -> Result<Vec<TimeEntry>, StoreError>;

    /// One time entry.
    fn find_time_entry(&mut self, user: UserId, id: TimeEntryId) -> Result<Option<TimeEntry>, StoreError>;

    /// The time entries that one request made, by date and id.
    fn time_entries_of_request(&mut self, user: UserId, digest: &[u8; 32]) -> Result<Vec<TimeEntry>, StoreError>;

    /// Stores new time entries, in a bounded number of statements.
    fn insert_time_entries(&mut self, user: UserId, entries: &[TimeEntry]) -> Result<(), StoreError>;

    /// Stores everything of a time entry but its id, `created_at` and request digest.
    fn update_time_entry(&mut self, user: UserId, entry: &TimeEntry) -> Result<(), StoreError>;

    /// Removes a time entry and leaves a tombstone. Whether there was one.
    fn delete_time_entry(
        &mut self,
        user: UserId,
        id: TimeEntryId,
        rev: Revision,
        now: Instant,
    ) -> Result<bool, StoreError>;

    /// The minutes spent on each of these habits and days, in a bounded number of statements; those without any are
    /// left out.
    fn minutes_of_days(
        &mut self,
        user: UserId,
        days: &[(HabitId, Date)],
    ) -> Result<Vec<(HabitId, Date, u64)>, StoreError>;

    /// The minutes spent on a habit, by date.
    fn minutes_of_habit(&mut self, user: UserId, habit: HabitId) -> Result<Vec<(Date, u64)>, StoreError>;

    /// What was spent on each day of a range, on one habit or on all together; days without any are left out.
    fn time_by_day(
        &mut self,
        user: UserId,
        range: DateRange,
        habit: Option<HabitId>,
    ) -> Result<Vec<(Date, TimeSpent)>, StoreError>;

    /// What was spent in a range by habit; `None` is what was spent on no habit.
    fn time_by_habit(
        &mut self,
        user: UserId,
        range: DateRange,
    ) -> Result<Vec<(Option<HabitId>, TimeSpent)>, StoreError>;

    /// What was spent in a range by theme: the habit's or, if that has none, the task's; `None` is what was spent on
    /// neither.
    fn time_by_theme(
        &mut self,
        user: UserId,
        range: DateRange,
    ) -> Result<Vec<(Option<ThemeId>, TimeSpent)>, StoreError>;
}
