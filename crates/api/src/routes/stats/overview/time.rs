//! Tracked time in the overview.

use circadia_domain::stats::Pieces;
use circadia_domain::stats::overview::{ThemeTime, TimePart};
use circadia_domain::themes::ThemeLabel;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::chart::{ChartBody, DatasetBody};

/// Tracked time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TimeOverview)]
pub(super) struct TimeBody {
    /// Minutes in all.
    total_minutes: u64,
    /// Days with any.
    days: u32,
    /// `minutes` over time.
    trend: ChartBody,
    /// Themes that have any, by name; last, under null, time of no theme.
    by_theme: Vec<ThemeTimeBody>,
}

/// The time of a theme.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ThemeTime)]
struct ThemeTimeBody {
    /// The theme; null for time without one.
    theme: Option<ThemeLabel>,
    /// Its minutes.
    minutes: u64,
}

impl TimeBody {
    pub(super) fn new(part: TimePart, pieces: &Pieces) -> Self {
        let minutes = DatasetBody::known("minutes", "Minutes", &part.trend, |minutes| *minutes);
        let of_theme = |of: ThemeTime| ThemeTimeBody { theme: of.theme, minutes: of.minutes };
        Self {
            total_minutes: part.minutes,
            days: part.days,
            trend: ChartBody::over(pieces, vec![minutes]),
            by_theme: part.by_theme.into_iter().map(of_theme).collect(),
        }
    }
}
