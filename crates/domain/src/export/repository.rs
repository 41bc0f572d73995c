//! What exports need of a store: whole tables, page by page.

use crate::civil::Date;
use crate::error::StoreError;
use crate::habits::Entry;
use crate::ids::{HabitId, MoodMomentId, SleepLogId, TaskId, TimeEntryId, UserId};
use crate::moods::{Mood, MoodMoment};
use crate::sleep::SleepLog;
use crate::tasks::Task;
use crate::time_entries::TimeEntry;

/// Pages in the order of the primary keys. Each function gives at most `limit` items that come after a key, by one
/// statement.
pub trait ExportRepository {
    /// Entries, by habit and date.
    fn entry_page(
        &mut self,
        user: UserId,
        after: Option<(HabitId, Date)>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;

    /// Tasks, by id.
    fn task_page(&mut self, user: UserId, after: Option<TaskId>, limit: usize) -> Result<Vec<Task>, StoreError>;

    /// Time entries, by id.
    fn time_entry_page(
        &mut self,
        user: UserId,
        after: Option<TimeEntryId>,
        limit: usize,
    ) -> Result<Vec<TimeEntry>, StoreError>;

    /// Sleep logs, by id.
    fn sleep_log_page(
        &mut self,
        user: UserId,
        after: Option<SleepLogId>,
        limit: usize,
    ) -> Result<Vec<SleepLog>, StoreError>;

    /// Moods of days, by date.
    fn mood_page(&mut self, user: UserId, after: Option<Date>, limit: usize) -> Result<Vec<Mood>, StoreError>;

    /// Moods of moments, by id.
    fn moment_page(
        &mut self,
        user: UserId,
        after: Option<MoodMomentId>,
        limit: usize,
    ) -> Result<Vec<MoodMoment>, StoreError>;
}
