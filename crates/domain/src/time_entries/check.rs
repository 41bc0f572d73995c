//! What a time entry must not be.

use std::collections::BTreeMap;

use super::TimeEntry;
use super::service::WrittenTime;
use super::times::{check_date, check_instants, minutes_of_day};
use crate::civil::{Date, DateRange, latest_date_on_earth};
use crate::error::Error;
use crate::ids::{HabitId, TaskId};
use crate::unit_of_work::WriteTransaction;
use crate::users::User;
use crate::violation::Violations;

/// Collects every violation of an entry. For a changed entry only the changed fields are checked; the others were valid
/// when they were written.
pub(super) fn check(
    tx: &mut WriteTransaction<'_>,
    user: &User,
    before: Option<&TimeEntry>,
    entry: &TimeEntry,
    wrong: &mut Violations,
) -> Result<(), Error> {
    let moved = before.is_none_or(|before| before.date != entry.date);
    let handed_over = before.is_none_or(|before| before.habit != entry.habit);
    let timed_anew =
        before.is_none_or(|before| (before.started_at, before.ended_at) != (entry.started_at, entry.ended_at));
    if moved && entry.date > latest_date_on_earth(tx.now) {
        wrong.add("/date", "in_future", "lies in the future, wherever on Earth one is");
    }
    if timed_anew {
        check_instants(tx.now, entry, wrong);
    }
    if moved || before.is_none_or(|before| (before.started_at, before.zone) != (entry.started_at, entry.zone)) {
        check_date(user.day_clock_in(entry.zone), entry, wrong);
    }
    if handed_over || moved {
        check_habit(tx, entry.habit, entry.date, "/date", wrong)?;
    }
    if before.is_none_or(|before| before.task != entry.task) {
        check_task(tx, entry.task, wrong)?;
    }
    Ok(())
}

/// Notes if there is no such habit, or if it hadn't begun on the day: at `path`.
pub(crate) fn check_habit(
    tx: &mut WriteTransaction<'_>,
    habit: Option<HabitId>,
    date: Date,
    path: &str,
    wrong: &mut Violations,
) -> Result<(), Error> {
    let Some(id) = habit else { return Ok(()) };
    match tx.store.find_habit(tx.user, id)? {
        None => wrong.add("/habit_id", "habit_not_found", "there is no such habit"),
        Some(habit) => {
            let starts_on = habit.timeline.window().starts_on;
            if date < starts_on {
                wrong.add(path, "before_start", format!("lies before the habit's first day, {starts_on}"));
            }
        }
    }
    Ok(())
}

/// Notes if there is no such task.
pub(crate) fn check_task(
    tx: &mut WriteTransaction<'_>,
    task: Option<TaskId>,
    wrong: &mut Violations,
) -> Result<(), Error> {
    if let Some(id) = task
        && tx.store.find_task(tx.user, id)?.is_none()
    {
        wrong.add("/task_id", "task_not_found", "there is no such task");
    }
    Ok(())
}

/// Notes if a day then had more minutes of time entries than it has, unless the user allows that they overlap.
pub(super) fn check_room(
    tx: &mut WriteTransaction<'_>,
    user: &User,
    before: Option<&TimeEntry>,
    written: &WrittenTime,
    wrong: &mut Violations,
) -> Result<(), Error> {
    if user.settings.allow_overlapping_time {
        return Ok(());
    }
    let mut days: BTreeMap<Date, u64> = BTreeMap::new();
    for entry in written.all() {
        *days.entry(entry.date).or_default() += u64::from(entry.minutes);
    }
    for (date, minutes) in days {
        let gone = before.filter(|before| before.date == date).map_or(0, |before| u64::from(before.minutes));
        if minutes <= gone {
            continue;
        }
        let stored = tx.store.time_by_day(tx.user, DateRange::day(date), None)?;
        let stored: u64 = stored.iter().map(|(_, spent)| spent.minutes).sum();
        let (all, most) =
            (stored.saturating_sub(gone) + minutes, minutes_of_day(user.day_clock_in(written.entry.zone), date));
        if all > most {
            let path = if written.entry.ended_at.is_some() { "/ended_at" } else { "/minutes" };
            let detail = format!(
                "would make {all} minutes on {date}, which has {most}: change the entries that overlap, or allow it with \
                 `allow_overlapping_time` in `/me`"
            );
            wrong.add(path, "day_full", detail);
        }
    }
    Ok(())
}
