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
    #[schema(value_type = Uuid)]
    id: ThemeId,
    /// Its name.
    #[schema(value_type = String)]
    name: ThemeName,
    /// Its colour.
    #[schema(value_type = String, example = "#1E90FF")]
    color: Color,
}

impl From<ThemeLabel> for ThemeBody {
    fn from(theme: ThemeLabel) -> Self {
        Self { id: theme.id, name: theme.name, color: theme.color }
    }
}
