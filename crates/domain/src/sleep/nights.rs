//! Nights: the `main` logs of one date of waking together.

use super::clock::ClockTime;
use super::{Sleep, SleepKind};
use crate::civil::{Date, Instant};

/// The night that the user woke from on a date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Night {
    /// The date of waking.
    pub date: Date,
    /// When the first of its logs begins.
    pub bed: Instant,
    /// When the last of its logs ends.
    pub wake: Instant,
    /// What the clock showed at `bed`, in the zone of the log that begins then.
    pub bed_time: ClockTime,
    /// What the clock showed at `wake`, in the zone of the log that ends then.
    pub wake_time: ClockTime,
    /// What the clock showed halfway from `bed` to `wake`, in the zone of `wake`.
    pub mid_time: ClockTime,
    /// Seconds from start to end of its logs: the time in bed. Hours up between two logs aren't counted.
    pub duration_seconds: u32,
    /// Seconds asleep: those in bed without those awake, as far as these were counted.
    pub asleep_seconds: u32,
    /// Whether the seconds awake were counted in each of its logs.
    pub counted_awake: bool,
    /// The sum of the qualities of its logs, and how many have one.
    pub quality: (u32, u32),
}

impl Night {
    /// The night of these logs of one date, in any order; none without a `main` one.
    fn of(logs: &[Sleep]) -> Option<Self> {
        let mains = || logs.iter().filter(|log| log.kind == SleepKind::Main);
        let first = mains().min_by_key(|log| log.start)?;
        let last = mains().max_by_key(|log| log.end)?;
        let half = (last.end.micros() - first.start.micros()) / 2;
        let middle = Instant::from_micros(first.start.micros() + half);
        Some(Self {
            date: first.date,
            bed: first.start,
            wake: last.end,
            bed_time: ClockTime::at(first.start, first.zone),
            wake_time: ClockTime::at(last.end, last.zone),
            mid_time: ClockTime::at(middle, last.zone),
            duration_seconds: mains().map(Sleep::duration_seconds).sum(),
            asleep_seconds: mains().map(Sleep::asleep_seconds).sum(),
            counted_awake: mains().all(|log| log.awake_seconds.is_some()),
            quality: mains()
                .filter_map(|log| log.quality)
                .fold((0, 0), |(sum, count), quality| (sum + u32::from(quality.number()), count + 1)),
        })
    }

    /// Halfway from `bed` to `wake`, in microseconds since 1970.
    pub(super) const fn middle(&self) -> i64 {
        self.bed.micros() + (self.wake.micros() - self.bed.micros()) / 2
    }

    /// Time asleep ÷ time in bed, 0–1; none unless the seconds awake were counted.
    pub fn efficiency(&self) -> Option<f64> {
        (self.counted_awake && self.duration_seconds > 0)
            .then(|| f64::from(self.asleep_seconds) / f64::from(self.duration_seconds))
    }

    /// The mean quality of its logs, 1–5; none where none has one.
    pub fn mean_quality(&self) -> Option<f64> {
        let (sum, count) = self.quality;
        (count > 0).then(|| f64::from(sum) / f64::from(count))
    }
}

/// The nights of logs, by date. It doesn't matter in which order the logs come.
pub fn nights(sleeps: &[Sleep]) -> Vec<Night> {
    let mut sorted = sleeps.to_vec();
    sorted.sort_unstable_by_key(|sleep| (sleep.date, sleep.start));
    sorted.chunk_by(|one, next| one.date == next.date).filter_map(Night::of).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{log, nap};
    use super::*;

    #[test]
    fn the_main_logs_of_a_date_are_its_night() {
        let mut early = log("2026-03-09T23:00:00Z", "2026-03-10T02:00:00Z");
        early.awake_seconds = Some(600);
        let mut late = log("2026-03-10T03:00:00Z", "2026-03-10T07:00:00Z");
        let doze = nap("2026-03-10T14:00:00Z", "2026-03-10T14:30:00Z");
        let night = nights(&[doze, late, early])[0];
        assert_eq!(night.date.to_string(), "2026-03-10");
        assert_eq!((night.bed, night.wake), (early.start, late.end));
        assert_eq!(night.mid_time.to_string(), "03:00");
        assert_eq!((night.duration_seconds, night.asleep_seconds), (7 * 3_600, 7 * 3_600 - 600));
        assert_eq!(night.efficiency(), None, "one log doesn't say");
        late.awake_seconds = Some(300);
        let night = nights(&[early, late])[0];
        assert!((night.efficiency().unwrap() - (1.0 - 900.0 / 25_200.0)).abs() < 1e-12);
        assert_eq!(nights(&[doze]), []);
    }

    #[test]
    fn clock_times_are_those_of_the_zone_it_was_written_in() {
        let mut there = log("2026-03-07T23:30:00-05:00", "2026-03-08T07:10:00-04:00");
        there.zone = crate::civil::Zone::parse("America/New_York").unwrap();
        let night = nights(&[there])[0];
        assert_eq!((night.bed_time.to_string(), night.wake_time.to_string()), ("23:30".into(), "07:10".into()));
        // 6 h 40 min went by: half of them after 23:30 is 02:50 by the old clock, 03:50 by the new one.
        assert_eq!(night.mid_time.to_string(), "03:50");
    }
}
