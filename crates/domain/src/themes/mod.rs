//! Themes: coloured groups of habits and tasks.

mod repository;
mod service;

pub use repository::{ThemeCounts, ThemeLabel, ThemeRepository};
pub use service::{NewTheme, ThemePatch, create, delete, find, list, update};

use std::collections::BTreeMap;

use serde::Serialize;

use crate::civil::Instant;
use crate::collation::sort_key;
use crate::color::Color;
use crate::ids::ThemeId;
use crate::revision::Revision;
use crate::text::Line;

/// A theme's name: 1–24 characters, unique per user, ignoring case.
pub type ThemeName = Line<24>;

/// The most themes a user may have.
pub const MAX_THEMES: usize = 200;

/// A theme as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ThemeDetails))]
pub struct Theme {
    /// The theme's id.
    pub id: ThemeId,
    /// Its name, unique per user, ignoring case. Example: `Health`
    pub name: ThemeName,
    /// Its colour, unique per user.
    pub color: Color,
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

/// A theme with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Theme))]
pub struct CountedTheme {
    /// The theme.
    #[serde(flatten)]
    pub theme: Theme,
    /// The number of items in it.
    pub counts: ThemeCounts,
}

impl Theme {
    /// What lists are sorted by: the name, as people sort names.
    pub fn place(&self) -> (String, ThemeId) {
        (sort_key(self.name.as_str()), self.id)
    }

    fn counted(self, counts: &BTreeMap<ThemeId, ThemeCounts>) -> CountedTheme {
        CountedTheme { counts: counts.get(&self.id).copied().unwrap_or_default(), theme: self }
    }
}
