//! Sleep and mood in an overview; unrecorded days are unknown, not 0.

use super::input::InputData;
use crate::civil::{Date, DateRange};
use crate::sleep::{Night, NightSummary};
use crate::stats::period::{Mean, Pieces};

/// Nights in an overview: main sleep, of several logs in a row their sum; naps are left out.
#[derive(Debug, Clone, PartialEq)]
pub struct SleepPart {
    /// Nights that were recorded.
    pub nights: u32,
    /// Seconds slept a night, on average over the recorded ones.
    pub mean_seconds: Option<f64>,
    /// Quality, 1–5, on average over the nights that have one.
    pub mean_quality: Option<f64>,
    /// Seconds slept a night of each piece; null where none was recorded.
    pub duration: Vec<Option<f64>>,
    /// The quality of each piece; null where none was recorded.
    pub quality: Vec<Option<f64>>,
}

/// Moods in an overview.
#[derive(Debug, Clone, PartialEq)]
pub struct MoodPart {
    /// Days that were recorded.
    pub days: u32,
    /// The mean of their values, 0–10.
    pub mean: Option<f64>,
    /// The mean of each piece; null where none was recorded.
    pub trend: Vec<Option<f64>>,
}

fn means(pieces: &Pieces, values: impl IntoIterator<Item = (Date, f64)>) -> Vec<Option<f64>> {
    let means = pieces.collect(values, |mean: &mut Mean, value| mean.add(value));
    means.into_iter().map(Mean::value).collect()
}

/// The nights of a range as of `today`, all of them together.
fn summary(nights: &[Night], range: DateRange, today: Date) -> NightSummary {
    let own: Vec<Night> = nights.iter().filter(|night| range.contains(night.date)).copied().collect();
    NightSummary::of(&own, range, today)
}

pub(super) fn sleep(nights: &[Night], range: DateRange, pieces: &Pieces, today: Date) -> SleepPart {
    let summary = summary(nights, range, today);
    let durations = nights.iter().map(|night| (night.date, f64::from(night.asleep_seconds)));
    let qualities = nights.iter().filter_map(|night| Some((night.date, night.mean_quality()?)));
    SleepPart {
        nights: summary.nights,
        mean_seconds: summary.asleep.map(|spread| spread.mean),
        mean_quality: summary.quality,
        duration: means(pieces, durations),
        quality: means(pieces, qualities),
    }
}

/// Seconds slept and quality, on average.
pub(super) fn sleep_means(nights: &[Night], range: DateRange, today: Date) -> (Option<f64>, Option<f64>) {
    let summary = summary(nights, range, today);
    (summary.asleep.map(|spread| spread.mean), summary.quality)
}

pub(super) fn mood(data: &InputData, range: DateRange, pieces: &Pieces) -> MoodPart {
    let mean = mood_mean(data, range);
    let days = data.moods.iter().map(|day| (day.date, day.value));
    MoodPart { days: mean.count(), mean: mean.value(), trend: means(pieces, days) }
}

pub(super) fn mood_mean(data: &InputData, range: DateRange) -> Mean {
    Mean::of(data.moods.iter().filter(|day| range.contains(day.date)).map(|day| day.value))
}
