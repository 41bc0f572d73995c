//! The habit: a name on a timeline.

use super::Timeline;
use crate::civil::{Date, DayClock, Instant};
use crate::ids::{HabitId, ThemeId};
use crate::revision::Revision;
use crate::text::{Color, Line, Prose};

/// A habit's name: 1–100 characters.
pub type HabitName = Line<100>;
/// A habit's description: at most 2,000 characters.
pub type HabitDescription = Prose<2000>;

/// The most habits a user may have, archived ones included.
pub const MAX_HABITS: i64 = 5_000;

/// A habit as stored: one row, its plans and pauses with it, because they are always read and written together.
#[derive(Debug, Clone)]
pub struct Habit {
    /// Which.
    pub id: HabitId,
    /// What it is called.
    pub name: HabitName,
    /// What it is about.
    pub description: Option<HabitDescription>,
    /// The theme it belongs to.
    pub theme: Option<ThemeId>,
    /// Its own colour.
    pub color: Option<Color>,
    /// When it is due: window, plan versions, pauses.
    pub timeline: Timeline,
    /// When its user put it away.
    pub archived_at: Option<Instant>,
    /// Where it stands in the user's own order; ascending, not necessarily without gaps.
    pub position: i32,
    /// When it was made.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
    /// The revision it was last touched in.
    pub rev: Revision,
    /// A hash of the request that made it, to recognise its repetition.
    pub request_digest: [u8; 32],
}

/// Whether a habit is still kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It is.
    Active,
    /// Its user put it away.
    ArchivedByUser,
    /// Its last day is past. Nobody has to do anything for this, and moving the last day undoes it.
    Ended,
}

impl Habit {
    /// Whether the habit was, or is, kept on `date`: it had begun, hadn't ended, and wasn't put away yet.
    pub fn was_kept_on(&self, date: Date, clock: DayClock) -> bool {
        self.timeline.window().contains(date) && self.archived_at.is_none_or(|at| date < clock.date_at(at))
    }

    /// Whether the habit is still kept on `today`.
    pub fn status(&self, today: Date) -> Status {
        if self.archived_at.is_some() {
            Status::ArchivedByUser
        } else if self.timeline.is_over(today) {
            Status::Ended
        } else {
            Status::Active
        }
    }
}
