//! The timer: one at most runs for a user, and becomes time entries when it is stopped.

mod repository;
mod service;

pub use repository::TimerRepository;
pub use service::{MAX_DAYS_BACK, MAX_UNASKED_SECONDS, StartTimer, StopTimer, discard, find, start, stop};

use serde::Serialize;

use crate::civil::{Instant, ZoneOrOffset};
use crate::ids::{HabitId, TaskId};
use crate::revision::Revision;
use crate::time_entries::TimeNote;

/// A timer that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RunningTimer))]
pub struct Timer {
    /// The habit that the time is spent on.
    #[serde(rename = "habit_id")]
    pub habit: Option<HabitId>,
    /// The task that the time is spent on.
    #[serde(rename = "task_id")]
    pub task: Option<TaskId>,
    /// A note, for the time entry.
    pub note: Option<TimeNote>,
    /// Since when it runs.
    pub started_at: Instant,
    /// Where it was started: a time zone, or an offset from UTC such as `+05:30`. The days of its time entries are
    /// those of the clock there.
    #[serde(rename = "timezone")]
    pub zone: ZoneOrOffset,
    /// The revision it was last touched in.
    #[serde(skip)]
    pub rev: Revision,
}
