//! Nights: runs of `main` logs, each of which begins at most three hours after the end of the one before.
//!
//! Who wakes at 23:50 and sleeps on from 00:40 has one night, whose date is that of the last waking. Naps belong to no
//! night. There may be two nights with one date: that from which one wakes in the morning, and one from which one wakes
//! in the evening and doesn't fall asleep again for more than three hours.

use std::collections::BTreeMap;

use super::clock::ClockTime;
use super::{Sleep, SleepKind};
use crate::civil::{Date, DateRange, Instant};

/// The longest time up within a night, in seconds: three hours.
pub const MAX_GAP_SECONDS: i64 = 10_800;

/// How far apart the dates of two logs of a night that follow each other can be, and of a night and a log within 12
/// hours of its middle: one sleeps 24 hours at most, and zones are up to 26 hours apart.
const MARGIN_DAYS: i32 = 3;

/// A night.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Night {
    /// The date of waking: that of its last log.
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
    /// The night of these `main` logs, by start; none without any.
    fn of(logs: &[Sleep]) -> Option<Self> {
        let (first, last) = (logs.first()?, logs.last()?);
        let half = (last.end.micros() - first.start.micros()) / 2;
        let middle = Instant::from_micros(first.start.micros() + half);
        Some(Self {
            date: last.date,
            bed: first.start,
            wake: last.end,
            bed_time: ClockTime::at(first.start, first.zone.zone()),
            wake_time: ClockTime::at(last.end, last.zone.zone()),
            mid_time: ClockTime::at(middle, last.zone.zone()),
            duration_seconds: logs.iter().map(Sleep::duration_seconds).sum(),
            asleep_seconds: logs.iter().map(Sleep::asleep_seconds).sum(),
            counted_awake: logs.iter().all(|log| log.awake_seconds.is_some()),
            quality: logs
                .iter()
                .filter_map(|log| log.quality)
                .fold((0, 0), |(sum, count), quality| (sum + u32::from(quality.number()), count + 1)),
        })
    }

    /// Halfway from `bed` to `wake`, in microseconds since 1970.
    pub(super) const fn middle(&self) -> i64 {
        self.bed.micros() + (self.wake.micros() - self.bed.micros()) / 2
    }

    /// Whether a `main` log is part of it.
    pub(super) fn contains(&self, sleep: &Sleep) -> bool {
        self.bed <= sleep.start && sleep.end <= self.wake
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

/// The nights of logs, by time. It doesn't matter in which order the logs come, which don't overlap.
pub fn nights(sleeps: &[Sleep]) -> Vec<Night> {
    let mains = mains(sleeps);
    mains.chunk_by(goes_on).filter_map(Night::of).collect()
}

/// The night of each date: of two the longer one. In the order of dates.
pub fn night_of_each_date(nights: &[Night]) -> BTreeMap<Date, Night> {
    let mut longest: BTreeMap<Date, Night> = BTreeMap::new();
    for night in nights {
        let known = longest.entry(night.date).or_insert(*night);
        if night.duration_seconds > known.duration_seconds {
            *known = *night;
        }
    }
    longest
}

fn mains(sleeps: &[Sleep]) -> Vec<Sleep> {
    let mut mains: Vec<Sleep> = sleeps.iter().filter(|sleep| sleep.kind == SleepKind::Main).copied().collect();
    mains.sort_unstable_by_key(|sleep| sleep.start);
    mains
}

/// Whether a night goes on with the next `main` log.
fn goes_on(one: &Sleep, next: &Sleep) -> bool {
    next.start <= one.end.plus_seconds(MAX_GAP_SECONDS)
}

/// Reads everything that bears on the nights of some dates: all of their logs, and what was slept within 12 hours of
/// their middles. `read` is called with the dates of the logs to read, and again with more of them if a night
/// may have begun before, which takes days in bed.
pub(super) fn read_around<T, E>(
    dates: DateRange,
    sleep: impl Fn(&T) -> Sleep,
    mut read: impl FnMut(DateRange) -> Result<Vec<T>, E>,
) -> Result<Vec<T>, E> {
    let mut back = 2 * MARGIN_DAYS;
    loop {
        let (from, to) = (dates.from().saturating_add_days(-back), dates.to().saturating_add_days(MARGIN_DAYS));
        let logs = read(DateRange::new(from, to).unwrap_or(dates))?;
        let certain = from.saturating_add_days(MARGIN_DAYS);
        let sleeps: Vec<Sleep> = logs.iter().map(&sleep).collect();
        let is_cut = |run: &[Sleep]| {
            run.last().is_some_and(|last| dates.contains(last.date)) && run.iter().any(|sleep| sleep.date < certain)
        };
        if from == Date::MIN || !mains(&sleeps).chunk_by(goes_on).any(is_cut) {
            return Ok(logs);
        }
        back = back.saturating_mul(4);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{log, nap};
    use super::*;

    #[test]
    fn main_logs_in_a_row_are_one_night() {
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

    fn spans(logs: &[Sleep]) -> Vec<String> {
        nights(logs).iter().map(|night| format!("{} {}–{}", night.date, night.bed_time, night.wake_time)).collect()
    }

    #[test]
    fn a_night_in_pieces_has_the_date_of_its_last_waking() {
        let mut logs = vec![
            log("2026-03-08T23:00:00Z", "2026-03-09T07:00:00Z"),
            log("2026-03-09T22:00:00Z", "2026-03-09T23:50:00Z"),
            log("2026-03-10T00:40:00Z", "2026-03-10T07:00:00Z"),
        ];
        assert_eq!(spans(&logs), ["2026-03-09 23:00–07:00", "2026-03-10 22:00–07:00"]);
        // Without the rest, it is a night of its own, and none makes another one longer.
        logs.pop();
        assert_eq!(spans(&logs), ["2026-03-09 23:00–07:00", "2026-03-09 22:00–23:50"]);
        let of_date = night_of_each_date(&nights(&logs));
        assert_eq!(of_date.into_values().map(|night| night.bed_time.to_string()).collect::<Vec<_>>(), ["23:00"]);
    }

    #[test]
    fn three_hours_up_are_within_a_night() {
        let first = log("2026-03-09T21:00:00Z", "2026-03-10T00:00:00Z");
        let after = |start: &str| nights(&[first, log(start, "2026-03-10T09:00:00Z")]).len();
        assert_eq!(after("2026-03-10T03:00:00Z"), 1);
        assert_eq!(after("2026-03-10T03:00:01Z"), 2);
        // Naps are no part of it: neither do they fill a gap.
        let doze = nap("2026-03-10T01:00:00Z", "2026-03-10T02:00:00Z");
        let second = log("2026-03-10T04:00:00Z", "2026-03-10T08:00:00Z");
        assert_eq!(spans(&[first, doze, second]), ["2026-03-10 21:00–00:00", "2026-03-10 04:00–08:00"]);
    }

    #[test]
    fn as_much_is_read_as_a_night_takes() {
        // Twelve days in bed, with an hour up each.
        let start = Instant::parse("2026-03-01T20:00:00Z").unwrap();
        let logs: Vec<Sleep> = (0..12)
            .map(|day| {
                let start = start.plus_seconds(day * 86_400);
                let end = start.plus_seconds(82_800);
                Sleep { start, end, date: super::super::waking_date(crate::civil::Zone::UTC, end), ..logs_like() }
            })
            .collect();
        let read = |date: &str| {
            let (mut times, date) = (0, Date::parse(date).unwrap());
            let found = read_around(
                DateRange::day(date),
                |sleep: &Sleep| *sleep,
                |dates| {
                    times += 1;
                    Ok::<_, ()>(logs.iter().filter(|log| dates.contains(log.date)).copied().collect())
                },
            );
            let night = nights(&found.unwrap()).into_iter().find(|night| night.date == date);
            (times, night.map(|night| night.bed))
        };
        assert_eq!(read("2026-03-13"), (2, Some(start)));
        assert_eq!(read("2026-03-10"), (1, None));
        assert_eq!(read("2026-02-01"), (1, None));
    }

    fn logs_like() -> Sleep {
        log("2026-03-09T21:00:00Z", "2026-03-10T00:00:00Z")
    }

    #[test]
    fn clock_times_are_those_of_the_zone_it_was_written_in() {
        let mut there = log("2026-03-07T23:30:00-05:00", "2026-03-08T07:10:00-04:00");
        there.zone = crate::civil::ZoneOrOffset::parse("America/New_York").unwrap();
        let night = nights(&[there])[0];
        assert_eq!((night.bed_time.to_string(), night.wake_time.to_string()), ("23:30".into(), "07:10".into()));
        // 6 h 40 min went by: half of them after 23:30 is 02:50 by the old clock, 03:50 by the new one.
        assert_eq!(night.mid_time.to_string(), "03:50");
    }
}
