//! What the values of an item say of each other. (What each says for itself was checked when it was read.)

use crate::civil::{Date, DayClock, DayStart, Instant, ZoneOrOffset, latest_date_on_earth};
use crate::habits::Entry;
use crate::moods::{Mood, MoodMoment};
use crate::sleep::{SleepInput, SleepLog};
use crate::tasks::{Task, TaskStatus};
use crate::time_entries::{AHEAD, TimeEntry};
use crate::timer::Timer;
use crate::violation::Violations;

fn verdict(wrong: Violations) -> Result<(), Violations> {
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// Times of creation and of the last change.
pub(crate) fn times(created_at: Instant, updated_at: Instant, now: Instant) -> Result<(), Violations> {
    let mut wrong = Violations::new();
    wrong.take("", created_at.ensure_happened("/created_at", now));
    wrong.take("", updated_at.ensure_happened("/updated_at", now));
    verdict(wrong)
}

fn not_in_future(date: Date, now: Instant, wrong: &mut Violations) {
    if date > latest_date_on_earth(now) {
        wrong.add("/date", "in_future", "lies in the future, wherever on Earth one is");
    }
}

/// A date was computed by the rules that the zone, and the start of the day that the user, had at the time: it may differ
/// by a day from what they make of it now.
fn date_of(date: Date, at: Instant, zone: ZoneOrOffset, of: &str, wrong: &mut Violations) {
    let present = DayClock { zone: zone.zone(), day_start: DayStart::MIDNIGHT }.date_at(at);
    if date.days_until(present).abs() > 1 {
        wrong.add("/date", "contradiction", format!("contradicts {of}, which lies on {present} in `timezone`"));
    }
}

pub(crate) fn entry(entry: &Entry, now: Instant) -> Result<(), Violations> {
    let mut wrong = Violations::new();
    not_in_future(entry.date, now, &mut wrong);
    wrong.take("", times(entry.created_at, entry.updated_at, now));
    verdict(wrong)
}

pub(crate) fn task(task: &Task, now: Instant) -> Result<(), Violations> {
    let mut wrong = Violations::new();
    match (task.status, task.completed_at) {
        (TaskStatus::Done, None) => {
            wrong.add("/completed_at", "required", "is required of a task that is `done`");
        }
        (TaskStatus::Done, Some(at)) => drop(wrong.take("", at.ensure_happened("/completed_at", now))),
        (_, Some(_)) => wrong.add("/completed_at", "contradiction", "only tasks that are `done` have it"),
        (_, None) => {}
    }
    wrong.take("", times(task.created_at, task.updated_at, now));
    verdict(wrong)
}

pub(crate) fn time_entry(entry: &TimeEntry, now: Instant) -> Result<(), Violations> {
    let mut wrong = Violations::new();
    not_in_future(entry.date, now, &mut wrong);
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
    if let Some(at) = entry.started_at {
        date_of(entry.date, at, entry.zone, "`started_at`", &mut wrong);
    }
    wrong.take("", times(entry.created_at, entry.updated_at, now));
    verdict(wrong)
}

pub(crate) fn timer(timer: &Timer, now: Instant) -> Result<(), Violations> {
    let mut wrong = Violations::new();
    if timer.started_at > now.plus_seconds(AHEAD) {
        wrong.add("/started_at", "in_future", "lies in the future");
    }
    verdict(wrong)
}

pub(crate) fn sleep_log(log: &SleepLog, now: Instant) -> Result<(), Violations> {
    let mut wrong = Violations::new();
    let sleep = &log.sleep;
    let input = SleepInput {
        start: sleep.start,
        end: sleep.end,
        kind: sleep.kind,
        quality: sleep.quality,
        awake_seconds: sleep.awake_seconds,
        note: None,
    };
    wrong.take("", input.check(now));
    date_of(sleep.date, sleep.end, sleep.zone, "`end`", &mut wrong);
    wrong.take("", times(log.created_at, log.updated_at, now));
    verdict(wrong)
}

pub(crate) fn mood(mood: &Mood, now: Instant) -> Result<(), Violations> {
    let mut wrong = Violations::new();
    not_in_future(mood.date, now, &mut wrong);
    wrong.take("", times(mood.created_at, mood.updated_at, now));
    verdict(wrong)
}

pub(crate) fn moment(moment: &MoodMoment, now: Instant) -> Result<(), Violations> {
    let mut wrong = Violations::new();
    wrong.take("", moment.at.ensure_happened("/at", now));
    date_of(moment.date, moment.at, moment.zone, "`at`", &mut wrong);
    wrong.take("", times(moment.created_at, moment.updated_at, now));
    verdict(wrong)
}
