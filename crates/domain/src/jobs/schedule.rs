//! Schedules: work that recurs, enqueued once per period.
//!
//! A schedule is a row with the time of its next turn. Every replica looks; the one that moves that time on enqueues the job,
//! in the same transaction. A turn is skipped while the job of an earlier one isn't done: there is never a second one.
//! What was missed isn't made up for.
//!
//! A clock that is set forward brings the next turn early, once. One that is set back leaves a time behind that lies
//! farther ahead than the interval: then the turn comes at once.

use super::{JobKind, JobRepository, KindName, LEASE_SECONDS, NewJob, Recurrence};
use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::JobId;

/// By how much the clocks of replicas may differ, in seconds, before one is taken to have been set.
const CLOCK_TOLERANCE: i64 = 60;

/// When work of a kind is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    pub kind: JobKind,
    /// Seconds from one turn to the next.
    pub interval: i64,
    /// For what is done once a day: at which second of the day of UTC. Otherwise the first turn is at once.
    pub daily_at: Option<i64>,
}

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A schedule as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleOverview {
    /// The kind of work; replicas of other versions may have others.
    pub kind: KindName,
    /// When the next job is enqueued.
    pub next_at: Instant,
}

/// The schedules of a replica: those of a fixed interval, and those of which the configuration says one.
pub fn schedules(configured: &[Schedule]) -> Vec<Schedule> {
    let schedules = JobKind::ALL.iter().filter_map(|kind| match kind.recurrence() {
        Recurrence::OnDemand => None,
        Recurrence::Every(interval) => Some(Schedule { kind: *kind, interval, daily_at: None }),
        Recurrence::Configured => configured.iter().copied().find(|schedule| schedule.kind == *kind),
    });
    schedules.collect()
}

impl Schedule {
    /// Whether its turn has come. `next_at` is when it is due, `None` if it was never looked at.
    pub fn is_due(&self, next_at: Option<Instant>, now: Instant) -> bool {
        next_at.is_none_or(|next_at| next_at <= now || next_at > self.latest(now))
    }

    /// Times that are set now lie no farther ahead, unless the clock was set back, or the interval was longer.
    fn latest(&self, now: Instant) -> Instant {
        now.plus_seconds(self.interval.saturating_add(CLOCK_TOLERANCE))
    }

    /// The first turn of all.
    fn first(&self, now: Instant) -> Instant {
        self.daily_at.map_or(now, |second| next_daily(second, now))
    }

    /// The turn after this one: an interval after it, or after now if it was late by more than that.
    fn after(&self, next_at: Instant, now: Instant) -> Instant {
        if let Some(second) = self.daily_at {
            return next_daily(second, now);
        }
        let following = next_at.plus_seconds(self.interval);
        let earliest_now = now < next_at || following <= now;
        if earliest_now { now.plus_seconds(self.interval) } else { following }
    }
}

/// The next time after now that is so many seconds into a day of UTC.
fn next_daily(second: i64, now: Instant) -> Instant {
    let day = now.micros().div_euclid(1_000_000).div_euclid(DAY);
    let today = Instant::from_seconds(day * DAY + second);
    if today > now { today } else { today.plus_seconds(DAY) }
}

/// Enqueues the job of a schedule whose turn has come: it was seen to be due at `seen`, `None` if it was never looked
/// at. Of several replicas, one does. Returns whether a job was enqueued. Runs in a writing unit of work without an owner.
///
/// # Errors
/// `StoreError` of the store.
pub fn enqueue_scheduled<S: JobRepository + ?Sized>(
    store: &mut S,
    schedule: &Schedule,
    seen: Option<Instant>,
    id: JobId,
    now: Instant,
) -> Result<bool, StoreError> {
    let kind = schedule.kind;
    let seen = if let Some(seen) = seen {
        seen
    } else {
        let first = schedule.first(now);
        store.add_schedule(kind, first)?;
        if first > now {
            return Ok(false);
        }
        first
    };
    if !store.move_schedule(kind, seen, schedule.after(seen, now))? {
        return Ok(false);
    }
    // A pause is at most the interval and a fifth; what is to wait for longer waits because the clock was set back.
    let latest_run = now.plus_seconds(schedule.interval.saturating_mul(2).saturating_add(CLOCK_TOLERANCE));
    let latest_lease = now.plus_seconds(LEASE_SECONDS + CLOCK_TOLERANCE);
    store.bring_forward(kind, latest_run, latest_lease, now)?;
    if store.job_waits(kind)? {
        return Ok(false);
    }
    store.enqueue_job(&NewJob { id, kind, user: None, payload: None, run_at: now, created_at: now })?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTELY: Schedule = Schedule { kind: JobKind::Purge, interval: 60, daily_at: None };

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(1_000_000 + seconds)
    }

    /// The turns of a schedule that is looked at once a second, by clocks that show so much from second to second.
    fn turns(schedule: Schedule, clock: impl Fn(i64) -> i64, seconds: i64) -> Vec<i64> {
        let mut next_at = None;
        let mut turns = Vec::new();
        for second in 0..seconds {
            let now = at(clock(second));
            if schedule.is_due(next_at, now) {
                turns.push(second);
                next_at = Some(schedule.after(next_at.unwrap_or(now), now));
            }
        }
        turns
    }

    #[test]
    fn turns_come_at_the_interval_without_drift() {
        assert_eq!(turns(MINUTELY, |second| second, 200), [0, 60, 120, 180]);
        // Looked at seven seconds apart, they are late by up to that, and no later each time.
        let late = turns(MINUTELY, |second| second - second % 7, 604);
        assert_eq!(late.len(), 11, "{late:?}");
    }

    #[test]
    fn a_clock_that_is_set_forward_brings_one_turn() {
        let forward = |second: i64| if second < 90 { second } else { second + 3_600 };
        assert_eq!(turns(MINUTELY, forward, 300), [0, 60, 90, 150, 210, 270]);
    }

    #[test]
    fn a_clock_that_is_set_back_stops_nothing() {
        let back = |second: i64| if second < 90 { second } else { second - 3_600 };
        assert_eq!(turns(MINUTELY, back, 300), [0, 60, 90, 150, 210, 270]);
        let hourly = Schedule { interval: 3_600, ..MINUTELY };
        assert_eq!(turns(hourly, back, 8_000), [0, 90, 3_690, 7_290]);
        // By less than replicas may differ: no turn of its own.
        let slightly = |second: i64| if second < 90 { second } else { second - 30 };
        assert_eq!(turns(MINUTELY, slightly, 300), [0, 60, 150, 210, 270]);
    }

    #[test]
    fn what_is_done_daily_is_done_at_its_time_of_the_day() {
        let backups = Schedule { kind: JobKind::Backup, interval: DAY, daily_at: Some(3 * 3_600) };
        let now = Instant::parse("2026-03-11T12:00:00Z").unwrap();
        let next = Instant::parse("2026-03-12T03:00:00Z").unwrap();
        assert_eq!(backups.first(now), next);
        assert!(!backups.is_due(Some(next), now) && backups.is_due(Some(next), next));
        // Late or not, the turn after it is at the time of the day.
        for late in [0, 1, 7_200] {
            assert_eq!(backups.after(next, next.plus_seconds(late)), next.plus_seconds(DAY), "{late}");
        }
        assert_eq!(backups.after(next, next.plus_seconds(5 * DAY + 1)), next.plus_seconds(6 * DAY));
        let midnight = Schedule { daily_at: Some(0), ..backups };
        assert_eq!(midnight.first(now), Instant::parse("2026-03-12T00:00:00Z").unwrap());
        assert_eq!(Schedule { daily_at: None, ..backups }.first(now), now);
    }

    #[test]
    fn what_was_missed_is_not_made_up_for() {
        let asleep = |second: i64| if second < 90 { second } else { second + 86_400 * 30 };
        assert_eq!(turns(MINUTELY, asleep, 200), [0, 60, 90, 150]);
    }

    #[test]
    fn a_shorter_interval_holds_at_once() {
        let daily = Schedule { interval: 86_400, ..MINUTELY };
        let next_at = daily.after(at(0), at(0));
        assert!(!daily.is_due(Some(next_at), at(1)) && MINUTELY.is_due(Some(next_at), at(1)));
    }

    #[test]
    fn kinds_without_configuration_have_no_schedule() {
        let kinds =
            |configured: &[Schedule]| schedules(configured).iter().map(|schedule| schedule.kind).collect::<Vec<_>>();
        let quotes = Schedule { kind: JobKind::Quotes, interval: 86_400, daily_at: None };
        assert!(!kinds(&[]).contains(&JobKind::Quotes) && kinds(&[]).contains(&JobKind::Purge));
        assert!(kinds(&[quotes]).contains(&JobKind::Quotes) && !kinds(&[quotes]).contains(&JobKind::Mail));
    }
}
