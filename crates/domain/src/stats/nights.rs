//! Nights: the main sleep of one date together, as statistics across trackers need it.

use chrono::Timelike as _;

use super::period::Mean;
use crate::civil::Date;
use crate::sleep::{Sleep, SleepKind};

/// A night.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Night {
    /// The date of waking.
    pub date: Date,
    /// Seconds asleep.
    pub seconds: u32,
    /// The mean quality of its logs that have one.
    pub quality: Option<f64>,
    /// Its middle, from the first onset to the last waking, in hours of the clock from 0 to 24.
    pub mid_sleep: f64,
}

/// The nights of these logs, which are in order of their starts; naps are left out.
pub fn nights<'a>(sleeps: impl IntoIterator<Item = &'a Sleep>) -> Vec<Night> {
    let mut main: Vec<&Sleep> = sleeps.into_iter().filter(|sleep| sleep.kind == SleepKind::Main).collect();
    main.sort_by_key(|sleep| (sleep.date, sleep.start));
    main.chunk_by(|a, b| a.date == b.date)
        .filter_map(|logs| {
            let (first, last) = (logs.first()?, logs.last()?);
            let half = last.end.micros().saturating_sub(first.start.micros()) / 2_000_000;
            let middle = first.zone.wall_clock(first.start.plus_seconds(half));
            Some(Night {
                date: first.date,
                seconds: logs.iter().map(|sleep| sleep.asleep_seconds()).sum(),
                quality: Mean::of(logs.iter().filter_map(|log| log.quality).map(|quality| f64::from(quality.number())))
                    .value(),
                mid_sleep: f64::from(middle.num_seconds_from_midnight()) / 3600.0,
            })
        })
        .collect()
}

/// Times of day as numbers that can be compared: hours before or after their circular mean, so that midnight is no edge.
pub(super) fn unwrapped(hours: &[f64]) -> Vec<f64> {
    let turn = |hours: f64| hours / 24.0 * std::f64::consts::TAU;
    let (sin, cos) = hours.iter().fold((0.0, 0.0), |(sin, cos), at| (sin + turn(*at).sin(), cos + turn(*at).cos()));
    let middle = sin.atan2(cos) / std::f64::consts::TAU * 24.0;
    hours.iter().map(|at| (at - middle + 12.0).rem_euclid(24.0) - 12.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::civil::{Instant, Zone};

    fn log(zone: &str, start: &str, end: &str, date: &str) -> Sleep {
        Sleep {
            start: Instant::parse(start).unwrap(),
            end: Instant::parse(end).unwrap(),
            date: Date::parse(date).unwrap(),
            zone: Zone::parse(zone).unwrap(),
            kind: SleepKind::Main,
            quality: None,
            awake_seconds: None,
        }
    }

    #[test]
    fn the_middle_of_a_night_is_read_from_the_clock_on_the_wall() {
        // 23:00 EST to 07:00 EDT are seven hours; their middle is 02:30 EST, when the clock goes from 02:00 to 03:00.
        let night = nights(&[log("America/New_York", "2026-03-08T04:00:00Z", "2026-03-08T11:00:00Z", "2026-03-08")]);
        assert_eq!((night[0].seconds, night[0].mid_sleep), (7 * 3600, 3.5));
        let night = nights(&[log("Asia/Kolkata", "2026-03-10T18:00:00Z", "2026-03-11T01:40:00Z", "2026-03-11")]);
        assert_eq!(night[0].seconds, 7 * 3600 + 40 * 60);
        // 23:30 to 07:10: 03:20.
        assert!((night[0].mid_sleep - (3.0 + 20.0 / 60.0)).abs() < 1e-9);
    }

    #[test]
    fn midnight_is_no_edge() {
        let near = |found: Vec<f64>, expected: &[f64]| {
            assert_eq!(found.len(), expected.len());
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?}");
        };
        near(unwrapped(&[23.0, 1.0]), &[-1.0, 1.0]);
        near(unwrapped(&[3.0, 5.0]), &[-1.0, 1.0]);
        near(unwrapped(&[]), &[]);
    }
}
