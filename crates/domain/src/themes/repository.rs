//! What themes need of a store.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Theme, ThemeName};
use crate::civil::Instant;
use crate::color::Color;
use crate::error::StoreError;
use crate::ids::{ThemeId, UserId};
use crate::revision::Revision;

/// What belongs to a theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ThemeCounts {
    /// Habits that carry it, archived ones included.
    pub habits: i64,
    /// Tasks that carry it and are still to be done: `todo` or `in_progress`.
    pub tasks_open: i64,
    /// Tasks that carry it and are done.
    pub tasks_done: i64,
    /// Minutes of the time entries of its habits and tasks. An entry of a habit and a task counts for the habit's theme,
    /// and for the task's if the habit has none.
    pub minutes: i64,
}

/// A theme, as charts show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ChartTheme))]
pub struct ThemeLabel {
    /// Its id.
    pub id: ThemeId,
    /// Its name.
    pub name: ThemeName,
    /// Its colour.
    pub color: Color,
}

impl From<Theme> for ThemeLabel {
    fn from(theme: Theme) -> Self {
        Self { id: theme.id, name: theme.name, color: theme.color }
    }
}

/// Themes in a store.
pub trait ThemeRepository {
    /// All themes of a user, by id.
    fn themes(&mut self, user: UserId) -> Result<Vec<Theme>, StoreError>;

    /// One theme.
    fn find_theme(&mut self, user: UserId, id: ThemeId) -> Result<Option<Theme>, StoreError>;

    /// What belongs to each of a user's themes, in one statement. A theme that nothing
    /// belongs to may be absent.
    fn theme_counts(&mut self, user: UserId) -> Result<BTreeMap<ThemeId, ThemeCounts>, StoreError>;

    /// Stores a new theme.
    fn insert_theme(&mut self, user: UserId, theme: &Theme) -> Result<(), StoreError>;

    /// Stores a theme's name, colour, `updated_at` and revision.
    fn update_theme(&mut self, user: UserId, theme: &Theme) -> Result<(), StoreError>;

    /// Takes the theme off everything that carries it (stamping those rows), removes it and leaves a tombstone.
    /// Whether there was one.
    fn delete_theme(&mut self, user: UserId, id: ThemeId, rev: Revision, now: Instant) -> Result<bool, StoreError>;
}
