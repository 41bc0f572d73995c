//! What the instants of a time entry say of its minutes and its date.

use super::{MAX_ENTRY_MINUTES, TimeEntry};
use crate::civil::{Date, DayClock, Instant};
use crate::violation::Violations;

/// How far the clock of a device may be ahead, in seconds.
pub(crate) const AHEAD: i64 = 300;

/// Seconds from one instant to another; none if the other comes first.
fn seconds_between(from: Instant, to: Instant) -> u64 {
    u64::try_from(to.micros().saturating_sub(from.micros())).unwrap_or(0) / 1_000_000
}

/// Minutes from one instant to another, rounded, and at least 1.
pub(super) fn minutes_between(from: Instant, to: Instant) -> u64 {
    ((seconds_between(from, to) + 30) / 60).max(1)
}

/// Whether so many minutes may be said of the time from one instant to another: those that went by, rounded down, up or
/// to the nearest, and at least 1.
fn agrees(minutes: u32, from: Instant, to: Instant) -> bool {
    let seconds = seconds_between(from, to);
    (seconds / 60..=seconds.div_ceil(60)).contains(&minutes.into()) || minutes == 1 && seconds < 60
}

/// The minutes of an entry from `from` to `to`; what is given must agree with them.
pub(super) fn minutes_of(given: Option<u32>, from: Instant, to: Instant, wrong: &mut Violations) -> u32 {
    let between = minutes_between(from, to);
    let Some(minutes) = u32::try_from(between).ok().filter(|minutes| *minutes <= MAX_ENTRY_MINUTES) else {
        let detail = format!("lies {between} minutes after `started_at`: an entry has at most a day's 1440");
        wrong.add("/ended_at", "out_of_range", detail);
        return given.unwrap_or(MAX_ENTRY_MINUTES);
    };
    match given {
        // An end that isn't after the beginning is told of elsewhere.
        Some(given) if to > from && !agrees(given, from, to) => {
            let detail = format!(
                "contradicts the {minutes} minutes from `started_at` to `ended_at`: leave it out, and it follows from them"
            );
            wrong.add("/minutes", "contradiction", detail);
            given
        }
        _ => given.unwrap_or(minutes),
    }
}

/// Notes a date other than that on which the entry began.
pub(super) fn check_date(clock: DayClock, entry: &TimeEntry, wrong: &mut Violations) {
    let Some(started_at) = entry.started_at else { return };
    let began_on = clock.date_at(started_at);
    if entry.date != began_on {
        let detail =
            format!("contradicts `started_at`, which lies on {began_on}: leave it out, and it follows from it");
        wrong.add("/date", "contradiction", detail);
    }
}

/// Notes instants that lie in the future, or not one after the other.
pub(super) fn check_instants(now: Instant, entry: &TimeEntry, wrong: &mut Violations) {
    let latest = now.plus_seconds(AHEAD);
    for (path, at) in [("/started_at", entry.started_at), ("/ended_at", entry.ended_at)] {
        if at.is_some_and(|at| at > latest) {
            wrong.add(path, "in_future", "lies in the future");
        }
    }
    match (entry.started_at, entry.ended_at) {
        (None, Some(_)) => wrong.add("/started_at", "required", "is required where `ended_at` is given"),
        (Some(from), Some(to)) if to <= from => {
            wrong.add("/ended_at", "before_start", "must lie after `started_at`");
        }
        _ => {}
    }
}

/// The minutes that a day has: 1,440, or more where clocks are put back.
pub(super) fn minutes_of_day(clock: DayClock, date: Date) -> u64 {
    let next = date.succ().map_or(0, |next| seconds_between(clock.start_of(date), clock.start_of(next)) / 60);
    next.max(u64::from(MAX_ENTRY_MINUTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: Instant = Instant::from_seconds(1_000_000);

    #[test]
    fn minutes_are_rounded_and_never_none() {
        for (seconds, minutes) in [(0, 1), (29, 1), (89, 1), (90, 2), (3_600, 60), (86_400, 1_440), (-5, 1)] {
            assert_eq!(minutes_between(BEGIN, BEGIN.plus_seconds(seconds)), minutes, "{seconds} s");
        }
    }

    #[test]
    fn minutes_may_be_rounded_either_way_but_not_differ() {
        let ok = |minutes: u32, seconds: i64| agrees(minutes, BEGIN, BEGIN.plus_seconds(seconds));
        for (minutes, seconds) in [(30, 1_800), (30, 1_801), (31, 1_801), (30, 1_859), (31, 1_859), (1, 1), (1, 59)] {
            assert!(ok(minutes, seconds), "{minutes} min of {seconds} s");
        }
        for (minutes, seconds) in [(29, 1_800), (31, 1_800), (29, 1_801), (32, 1_859), (2, 59), (1, 120)] {
            assert!(!ok(minutes, seconds), "{minutes} min of {seconds} s");
        }
    }
}
