//! What calendar feeds need of a store.

use super::Calendar;
use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::UserId;
use crate::tasks::Task;
use crate::users::Settings;

/// A calendar feed together with what is true of its user now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarState {
    /// The feed.
    pub calendar: Calendar,
    /// The user's preferences.
    pub settings: Settings,
    /// Whether the user may sign in.
    pub active: bool,
}

/// Calendar feeds in a store: at most one a user.
pub trait CalendarRepository {
    /// The user's feed, with the user's state, in one statement.
    fn find_calendar(&mut self, user: UserId) -> Result<Option<CalendarState>, StoreError>;

    /// Stores a feed, in the place of the one that the user has.
    fn put_calendar(&mut self, calendar: &Calendar) -> Result<(), StoreError>;

    /// Removes the user's feed. Whether there was one.
    fn delete_calendar(&mut self, user: UserId) -> Result<bool, StoreError>;

    /// The user's open tasks, and those that were changed at an instant or later, by id, in one statement.
    fn tasks_open_or_changed(&mut self, user: UserId, since: Instant) -> Result<Vec<Task>, StoreError>;
}
