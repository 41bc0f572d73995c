//! Themes, as charts show them.

use circadia_domain::ids::ThemeId;
use circadia_domain::text::Color;
use circadia_domain::themes::{ThemeLabel, ThemeName};
use serde::Serialize;
use utoipa::ToSchema;

/// A theme, as charts show it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChartTheme)]
pub(super) struct ThemeBody {
    /// Its id.
    id: ThemeId,
    /// Its name.
    name: ThemeName,
    /// Its colour.
    color: Color,
}

impl From<ThemeLabel> for ThemeBody {
    fn from(theme: ThemeLabel) -> Self {
        Self { id: theme.id, name: theme.name, color: theme.color }
    }
}
