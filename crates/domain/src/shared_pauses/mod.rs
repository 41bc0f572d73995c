//! Pauses of all of a user's habits: holidays, illness, and days that were lost at the date line.
//!
//! Each habit that a shared pause touches carries a copy of it in its timeline (`copies`), so that reading habits costs
//! nothing more.

mod copies;
mod date_line;
mod repository;
mod service;

pub use copies::{of_habit, with_copies};
pub use date_line::lost_days;
pub use repository::SharedPauseRepository;
pub use service::{NewSharedPause, SharedPausePatch, create, delete, find, list, pause_lost_days, update};

use serde::Serialize;

use crate::civil::{Date, Instant};
use crate::habits::{MAX_HABITS, MAX_VERSIONS, Pause, PauseSource};
use crate::ids::{HabitId, PauseId, SharedPauseId};
use crate::json::List;
use crate::revision::Revision;
use crate::text::Prose;
use crate::violation::Violations;

/// The note of a shared pause: at most 200 characters.
pub type SharedPauseNote = Prose<200>;

/// The most shared pauses that a user may have.
pub const MAX_SHARED_PAUSES: usize = MAX_VERSIONS;

/// The most habits that a shared pause may leave out: as many as there can be.
pub const MAX_EXCEPT_HABITS: usize = 5_000;
const _: () = assert!(MAX_HABITS == 5_000, "as many as there can be");

words! {
    /// Who made a shared pause.
    pub enum SharedPauseSource {
        /// Its user.
        User = "user",
        /// The days were lost at the date line. What is done on them counts.
        DateLine = "date_line",
    }
}

impl From<SharedPauseSource> for PauseSource {
    fn from(source: SharedPauseSource) -> Self {
        match source {
            SharedPauseSource::User => Self::Shared,
            SharedPauseSource::DateLine => Self::DateLine,
        }
    }
}

/// Habits that a shared pause leaves out, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ExceptHabits(Vec<HabitId>);

json_value!(ExceptHabits: List<HabitId, MAX_EXCEPT_HABITS> => |List(ids)| Self::new(ids.clone());
    "ExceptHabits", schema::list(HabitId::schema()).unique_items(true).max_items(Some(MAX_EXCEPT_HABITS)));

impl ExceptHabits {
    /// Checks ids.
    ///
    /// # Errors
    /// `duplicate` at `/n` for one that is listed twice.
    pub fn new(ids: Vec<HabitId>) -> Result<Self, Violations> {
        let mut wrong = Violations::new();
        let mut seen = std::collections::HashSet::new();
        for (at, id) in ids.iter().enumerate() {
            if !seen.insert(*id) {
                wrong.add(format!("/{at}"), "duplicate", "is listed twice");
            }
        }
        if wrong.is_empty() { Ok(Self(ids)) } else { Err(wrong) }
    }

    /// The ids, as they were sent.
    pub fn as_slice(&self) -> &[HabitId] {
        &self.0
    }

    /// As a column holds them: a JSON list of ids.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// Reads back what was stored; `None` if it can't have been.
    pub fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok().map(Self)
    }
}

/// A pause of all habits, but for those that it leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SharedPause {
    /// The pause's id.
    pub id: SharedPauseId,
    /// The first day.
    pub from: Date,
    /// The last day; null without an end.
    pub to: Option<Date>,
    /// A note. Example: `Holiday`
    pub note: Option<SharedPauseNote>,
    /// The habits that it doesn't hold for. Some may have been deleted since.
    pub except_habits: ExceptHabits,
    /// Who made it.
    pub source: SharedPauseSource,
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

impl SharedPause {
    /// What a habit's timeline has of it.
    fn copy(&self) -> Pause {
        Pause { id: PauseId::from_uuid(self.id.as_uuid()), from: self.from, to: self.to, source: self.source.into() }
    }

    /// Whether it holds for a habit.
    fn holds_for(&self, habit: HabitId) -> bool {
        !self.except_habits.as_slice().contains(&habit)
    }
}
