//! The timer: one at most runs for a user, and becomes time entries when it is stopped.

mod repository;
mod service;
mod split;

pub use repository::TimerRepository;
pub use service::{MAX_DAYS_BACK, StartTimer, StopTimer, discard, find, start, stop};
pub use split::{Piece, pieces};

use crate::civil::Instant;
use crate::ids::{HabitId, TaskId};
use crate::revision::Revision;
use crate::time_entries::TimeNote;

/// A timer that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// The habit that the time is spent on.
    pub habit: Option<HabitId>,
    /// The task that the time is spent on.
    pub task: Option<TaskId>,
    /// A note, for the time entry.
    pub note: Option<TimeNote>,
    /// Since when it runs.
    pub started_at: Instant,
    /// The revision it was last touched in.
    pub rev: Revision,
}
