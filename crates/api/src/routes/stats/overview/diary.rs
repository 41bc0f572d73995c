//! Sleep and mood in the overview.

use circadia_domain::stats::Pieces;
use circadia_domain::stats::overview::{MoodPart, SleepPart};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::chart::{ChartBody, DatasetBody};
use crate::http::rounding::six_places;

/// Nights: main sleep, of several logs in a row together; naps are left out. Unrecorded values are unknown, not 0.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SleepOverview)]
pub(super) struct SleepBody {
    /// Nights that were recorded.
    nights: u32,
    /// Minutes slept a night, on average.
    avg_minutes: Option<f64>,
    /// Quality, 1–5, on average.
    avg_quality: Option<f64>,
    /// `minutes` and `quality` over time, means; null where nothing was recorded.
    trend: ChartBody,
}

impl SleepBody {
    pub(super) fn new(part: &SleepPart, pieces: &Pieces) -> Self {
        let minutes = |seconds: f64| seconds / 60.0;
        let trend = vec![
            DatasetBody::partial("minutes", "Minutes", part.duration.iter().map(|seconds| seconds.map(minutes))),
            DatasetBody::partial("quality", "Quality", part.quality.iter().copied()),
        ];
        Self {
            nights: part.nights,
            avg_minutes: part.mean_seconds.map(minutes).map(six_places),
            avg_quality: part.mean_quality.map(six_places),
            trend: ChartBody::over(pieces, trend),
        }
    }
}

/// Moods. Unrecorded values are unknown, not 0.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MoodOverview)]
pub(super) struct MoodBody {
    /// Days that were recorded.
    days: u32,
    /// The mean of their values, 0–10.
    avg: Option<f64>,
    /// `mood` over time, means of day values; null where nothing was recorded.
    trend: ChartBody,
}

impl MoodBody {
    pub(super) fn new(part: &MoodPart, pieces: &Pieces) -> Self {
        let mood = DatasetBody::partial("mood", "Mood", part.trend.iter().copied());
        Self { days: part.days, avg: part.mean.map(six_places), trend: ChartBody::over(pieces, vec![mood]) }
    }
}
