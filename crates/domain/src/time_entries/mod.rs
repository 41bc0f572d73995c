//! Time entries: minutes that were spent on a day, on a habit, a task, both or neither.
//!
//! The minutes of a habit that is measured in minutes flow into its entries: [`crate::habits::tracked`].

mod check;
mod input;
mod repository;
mod service;
mod split;
mod summary;
mod times;

pub(crate) use check::{check_habit, check_task};
pub use input::{NewTimeEntry, TimeEntryPatch};
pub use repository::{TimeEntryRepository, TimeFilter, TimeSeek, TimeSpent};
pub use service::{WrittenTime, create, delete, find, list, update};
pub use split::{Piece, pieces};
pub use summary::{
    GroupBy, HabitLabel, SpentOn, Week, by_period, summary_by_habit, summary_by_period, summary_by_theme, week,
};
pub(crate) use times::AHEAD;

use serde::Serialize;

use crate::civil::{Date, Instant, ZoneOrOffset};
use crate::ids::{HabitId, TaskId, TimeEntryId};
use crate::revision::Revision;
use crate::text::Prose;

/// A note on a time entry: at most 1,000 characters.
pub type TimeNote = Prose<1000>;

/// The most minutes an entry may have: a day's.
pub const MAX_ENTRY_MINUTES: u32 = 1_440;

/// Minutes that were spent on a day; there may be several entries a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimeEntry {
    /// The entry's id.
    pub id: TimeEntryId,
    /// The habit that the time was spent on.
    #[serde(rename = "habit_id")]
    pub habit: Option<HabitId>,
    /// The task that the time was spent on.
    #[serde(rename = "task_id")]
    pub task: Option<TaskId>,
    /// The date it counts for: if `started_at` is known, the one it lies on in `timezone`, by the user's start of the
    /// day.
    pub date: Date,
    /// How long: if `started_at` and `ended_at` are known, the time between them, to the minute.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1440, example = 25))]
    pub minutes: u32,
    /// When it began; null if that isn't known.
    pub started_at: Option<Instant>,
    /// When it ended; null if that isn't known.
    pub ended_at: Option<Instant>,
    /// Where it was spent: a time zone, or an offset from UTC such as `+05:30`.
    #[serde(rename = "timezone")]
    pub zone: ZoneOrOffset,
    /// A note.
    pub note: Option<TimeNote>,
    /// The time of creation.
    pub created_at: Instant,
    /// The time of the last change.
    pub updated_at: Instant,
    /// The revision it was last touched in.
    #[serde(skip)]
    pub rev: Revision,
    /// Hash of the request that created it, for idempotency.
    #[serde(skip)]
    pub request_digest: [u8; 32],
}

impl TimeEntry {
    /// The habit and day whose value it may be part of.
    pub fn habit_day(&self) -> Option<(HabitId, Date)> {
        self.habit.map(|habit| (habit, self.date))
    }
}
