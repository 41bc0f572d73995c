//! The calendar feed: a user's habits, tasks and sleep as iCalendar (RFC 5545, RFC 7986), for programs that subscribe to
//! an address with a secret in it.
//!
//! Only a hash of the secret is stored. The `auth` crate makes and reads the addresses.

mod css_colors;
mod entries;
mod feed;
mod ical;
mod recurrence;
mod repository;
mod service;

pub use feed::{DAYS_AHEAD, DAYS_BACK, FeedContent, MAX_STRETCHES, render};
pub use repository::{CalendarRepository, CalendarState};
pub use service::{CalendarPatch, content, create, delete, find, update};

use crate::civil::Instant;
use crate::code::Code;
use crate::entity::Entity;
use crate::ids::UserId;
use crate::revision::Revision;
use crate::violation::Violations;

/// A user's calendar feed; it has no id.
#[derive(Debug)]
pub enum CalendarEntity {}
impl Entity for CalendarEntity {
    const NAME: &'static str = "calendar";
    const LABEL: &'static str = "calendar feed";
    const NOT_FOUND: Code = Code::CalendarNotFound;
}

words! {
    /// What a calendar can show.
    pub enum CalendarPart {
        /// Due days of habits, as events of whole days. Quotas aren't shown: they have no days of their own.
        Habits = "habits",
        /// Tasks, as to-dos.
        Tasks = "tasks",
        /// Sleep, as events.
        Sleep = "sleep",
    }
}

impl CalendarPart {
    const fn bit(self) -> u8 {
        match self {
            Self::Habits => 1,
            Self::Tasks => 2,
            Self::Sleep => 4,
        }
    }
}

/// What a calendar shows: at least one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarParts(u8);

impl CalendarParts {
    /// Some parts.
    ///
    /// # Errors
    /// `required` if there are none.
    pub fn of(parts: &[CalendarPart]) -> Result<Self, Violations> {
        let bits = parts.iter().fold(0, |bits, part| bits | part.bit());
        if bits == 0 {
            return Err(Violations::of("required", "must name at least one of `habits`, `tasks` and `sleep`"));
        }
        Ok(Self(bits))
    }

    /// Whether a part is shown.
    pub const fn contain(self, part: CalendarPart) -> bool {
        self.0 & part.bit() != 0
    }

    /// The parts, in the order in which they are documented.
    pub fn iter(self) -> impl Iterator<Item = CalendarPart> {
        CalendarPart::ALL.into_iter().filter(move |part| self.contain(*part))
    }

    /// The text that is stored: the words, with a blank between.
    pub fn to_text(self) -> String {
        self.iter().map(CalendarPart::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Reads what was stored.
    pub fn from_text(text: &str) -> Option<Self> {
        let parts: Option<Vec<CalendarPart>> = text.split(' ').map(|word| CalendarPart::parse(word).ok()).collect();
        Self::of(&parts?).ok()
    }
}

impl Default for CalendarParts {
    /// Habits and tasks.
    fn default() -> Self {
        Self(CalendarPart::Habits.bit() | CalendarPart::Tasks.bit())
    }
}

/// A user's calendar feed as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// The user.
    pub user: UserId,
    /// SHA-256 of the secret of its address.
    pub secret_hash: [u8; 32],
    /// What it shows.
    pub include: CalendarParts,
    /// When the present address was made.
    pub created_at: Instant,
    /// When what it shows was changed last.
    pub updated_at: Instant,
    /// The revision it was last touched in.
    pub rev: Revision,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_read_and_print() {
        for bits in 1..8 {
            let parts = CalendarParts(bits);
            assert_eq!(CalendarParts::from_text(&parts.to_text()), Some(parts));
            assert_eq!(CalendarParts::of(&parts.iter().collect::<Vec<_>>()), Ok(parts));
        }
        assert_eq!(CalendarParts::default().to_text(), "habits tasks");
        for wrong in ["", "habits ", "moods", "Habits"] {
            assert_eq!(CalendarParts::from_text(wrong), None, "{wrong}");
        }
        assert!(CalendarParts::of(&[]).is_err());
    }
}
