//! The habit: a name on a timeline.

use serde::Serialize;

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
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = HabitDetails))]
pub struct Habit {
    /// The habit's id.
    pub id: HabitId,
    /// What it is called.
    pub name: HabitName,
    /// What it is about.
    pub description: Option<HabitDescription>,
    /// The theme it belongs to.
    #[serde(rename = "theme_id")]
    pub theme: Option<ThemeId>,
    /// Its own colour.
    pub color: Option<Color>,
    /// When it is due: window, plan versions, pauses.
    #[serde(skip)]
    pub timeline: Timeline,
    /// When its user put it away.
    #[serde(skip)]
    pub archived_at: Option<Instant>,
    /// Where it stands in the user's own order.
    pub position: i32,
    /// When it was made.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
    /// The revision it was last touched in.
    #[serde(skip)]
    pub rev: Revision,
    /// A hash of the request that made it, to recognise its repetition.
    #[serde(skip)]
    pub request_digest: [u8; 32],
}

words! {
    /// Whether a habit is kept.
    pub enum HabitStatus {
        /// It is.
        Active = "active",
        /// It isn't any more.
        Archived = "archived",
    }
}

words! {
    /// Why a habit is archived.
    pub enum ArchivedBecause {
        /// Its user archived it.
        User = "user",
        /// Its last day is past. Moving that day restores the habit.
        Ended = "ended",
    }
}

impl Habit {
    /// Whether the habit was, or is, kept on `date`: it had begun, hadn't ended, and wasn't put away yet.
    pub fn was_kept_on(&self, date: Date, clock: DayClock) -> bool {
        self.timeline.window().contains(date) && self.archived_at.is_none_or(|at| date < clock.date_at(at))
    }

    /// Why the habit is archived on `today`; nothing if it isn't.
    pub fn archived_because(&self, today: Date) -> Option<ArchivedBecause> {
        if self.archived_at.is_some() {
            Some(ArchivedBecause::User)
        } else {
            self.timeline.is_over(today).then_some(ArchivedBecause::Ended)
        }
    }

    /// Whether the habit is kept on `today`.
    pub fn status(&self, today: Date) -> HabitStatus {
        if self.archived_because(today).is_some() { HabitStatus::Archived } else { HabitStatus::Active }
    }
}
