//! Times of day averaged on the circle: 23:00 and 01:00 have their mean at midnight, not at noon.
//!
//! Mean direction and circular standard deviation as in Mardia & Jupp, *Directional Statistics* (2000), §2.2–2.3: with
//! the angles θ of n times, C = Σ cos θ / n, S = Σ sin θ / n and R = √(C² + S²), the mean is atan2(S, C), the standard
//! deviation √(−2 ln R).

use std::f64::consts::TAU;

use crate::civil::num::nearest;
use crate::civil::{Instant, Zone};

/// Seconds of a day on the clock.
const DAY: f64 = 86_400.0;

/// A time of day, in seconds after midnight: 0 up to, but not including, 86,400.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct ClockTime(f64);

impl ClockTime {
    /// 00:00.
    pub const MIDNIGHT: Self = Self(0.0);

    /// The time that many seconds after some midnight, or before it.
    pub fn from_seconds(seconds: f64) -> Self {
        let within = seconds.rem_euclid(DAY);
        // The remainder of a tiny negative number rounds up to the divisor itself.
        Self(if within < DAY { within } else { 0.0 })
    }

    /// What a wall clock in `zone` shows at an instant.
    pub fn at(instant: Instant, zone: Zone) -> Self {
        use chrono::Timelike as _;
        Self::from_seconds(f64::from(zone.wall_clock(instant).time().num_seconds_from_midnight()))
    }

    /// Seconds after midnight.
    pub const fn seconds(self) -> f64 {
        self.0
    }

    /// How far it is after another time on the shorter way round, in seconds: −43,200 up to, but not including, 43,200;
    /// negative if it is before.
    pub fn after(self, other: Self) -> f64 {
        (self.0 - other.0 + DAY / 2.0).rem_euclid(DAY) - DAY / 2.0
    }

    /// The shorter arc to another time, in seconds: 0 to 43,200.
    pub fn arc_to(self, other: Self) -> f64 {
        let apart = (self.0 - other.0).abs();
        apart.min(DAY - apart)
    }
}

impl std::fmt::Display for ClockTime {
    /// `HH:MM`, to the nearest minute.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let minutes = nearest(self.0 / 60.0) % 1_440;
        write!(f, "{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// The mean of times of day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockMean {
    /// The mean direction.
    pub time: ClockTime,
    /// The circular standard deviation, in seconds; none of a single time.
    pub sd: Option<f64>,
    /// How many times there are.
    pub n: u32,
}

/// The mean of times of day; none of no times, and none where they cancel out, as 00:00 and 12:00 do.
pub fn clock_mean(times: impl IntoIterator<Item = ClockTime>) -> Option<ClockMean> {
    let (mut cosines, mut sines, mut n) = (0.0, 0.0, 0_u32);
    for time in times {
        let (sine, cosine) = (time.0 / DAY * TAU).sin_cos();
        cosines += cosine;
        sines += sine;
        n += 1;
    }
    if n == 0 {
        return None;
    }
    let (cosine, sine) = (cosines / f64::from(n), sines / f64::from(n));
    // Rounding may carry it a little above 1, where the logarithm below would be positive.
    let length = cosine.hypot(sine).min(1.0);
    if length < 1e-9 {
        return None;
    }
    let time = ClockTime::from_seconds(sine.atan2(cosine) / TAU * DAY);
    let sd = (n > 1).then(|| (-2.0 * length.ln()).max(0.0).sqrt() / TAU * DAY);
    Some(ClockMean { time, sd, n })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(times: &[(u32, u32)]) -> Option<ClockMean> {
        clock_mean(times.iter().map(|(hour, minute)| ClockTime::from_seconds(f64::from(hour * 3_600 + minute * 60))))
    }

    #[test]
    fn means_lie_on_the_shorter_way_round() {
        let of = |times: &[(u32, u32)]| mean(times).unwrap().time.to_string();
        assert_eq!(of(&[(23, 0), (1, 0)]), "00:00");
        assert_eq!(of(&[(22, 30), (23, 30), (0, 30)]), "23:30");
        assert_eq!(of(&[(6, 50), (7, 10)]), "07:00");
        assert_eq!(of(&[(23, 59)]), "23:59");
        assert_eq!(mean(&[]), None);
    }

    #[test]
    fn times_that_cancel_out_have_no_mean() {
        assert_eq!(mean(&[(0, 0), (12, 0)]), None);
        assert_eq!(mean(&[(0, 0), (8, 0), (16, 0)]), None);
    }

    #[test]
    fn the_standard_deviation_is_that_of_the_circle() {
        // Two angles 15° either side of midnight: R = cos 15° = 0.965926, √(−2 ln R) = 0.263323 rad = 60.35 minutes.
        let two = mean(&[(23, 0), (1, 0)]).unwrap();
        assert!((two.sd.unwrap() / 60.0 - 60.35).abs() < 0.005, "{two:?}");
        // Ones that are close together have nearly that of the line: 10 minutes either side, of two, divided by n.
        let close = mean(&[(6, 50), (7, 10)]).unwrap();
        assert!((close.sd.unwrap() / 60.0 - 10.0).abs() < 0.01, "{close:?}");
        let same = mean(&[(7, 0), (7, 0), (7, 0)]).unwrap();
        assert!(same.sd.unwrap() < 0.01, "{same:?}");
        assert_eq!(mean(&[(7, 0)]).unwrap().sd, None);
    }

    #[test]
    fn midnight_is_no_edge_between_times() {
        let after = |one: f64, other: f64| {
            ClockTime::from_seconds(one * 3_600.0).after(ClockTime::from_seconds(other * 3_600.0)) / 3_600.0
        };
        assert!((after(23.0, 0.0) + 1.0).abs() < 1e-9 && (after(1.0, 0.0) - 1.0).abs() < 1e-9);
        assert!((after(1.0, 23.0) - 2.0).abs() < 1e-9 && (after(5.0, 4.0) - 1.0).abs() < 1e-9);
        assert!((after(12.0, 0.0) + 12.0).abs() < 1e-9);
    }

    #[test]
    fn arcs_are_never_longer_than_half_a_day() {
        let at = |hours: f64| ClockTime::from_seconds(hours * 3_600.0);
        assert!((at(23.0).arc_to(at(1.0)) - 7_200.0).abs() < 1e-9);
        assert!((at(1.0).arc_to(at(23.0)) - 7_200.0).abs() < 1e-9);
        assert!((at(0.0).arc_to(at(12.0)) - 43_200.0).abs() < 1e-9);
    }

    #[test]
    fn what_rounds_up_to_midnight_is_midnight() {
        assert_eq!(ClockTime::from_seconds(86_399.0).to_string(), "00:00");
        assert_eq!(ClockTime::from_seconds(-1e-18).to_string(), "00:00");
    }
}
