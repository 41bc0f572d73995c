//! Tracked time in an overview.

use super::input::InputData;
use crate::civil::DateRange;
use crate::stats::period::Pieces;
use crate::themes::ThemeLabel;

/// Tracked time in an overview.
#[derive(Debug, Clone, PartialEq)]
pub struct TimePart {
    /// Minutes in all.
    pub minutes: u64,
    /// Days with any.
    pub days: u32,
    /// The minutes of each piece.
    pub trend: Vec<u64>,
    /// The minutes of each theme that has any, by name; those of no theme come last.
    pub by_theme: Vec<ThemeTime>,
}

/// A theme with its minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThemeTime {
    /// The theme; null for time of no theme.
    pub theme: Option<ThemeLabel>,
    /// Its minutes.
    pub minutes: u64,
}

pub(super) fn part(data: &InputData, range: DateRange, pieces: &Pieces) -> TimePart {
    let days = || data.minutes.iter().filter(|(date, _)| range.contains(*date)).copied();
    let by_theme = data.themes_and_none().filter_map(|theme| {
        let (_, minutes) = data.minutes_by_theme.iter().find(|(of, _)| *of == theme.map(|theme| theme.id))?;
        Some(ThemeTime { theme: theme.cloned(), minutes: *minutes })
    });
    TimePart {
        minutes: minutes(data, range),
        days: crate::civil::num::len32(days().count()),
        trend: pieces.collect(days(), |sum: &mut u64, minutes| *sum += minutes),
        by_theme: by_theme.collect(),
    }
}

/// The minutes of a range.
pub(super) fn minutes(data: &InputData, range: DateRange) -> u64 {
    data.minutes.iter().filter(|(date, _)| range.contains(*date)).map(|(_, minutes)| minutes).sum()
}
