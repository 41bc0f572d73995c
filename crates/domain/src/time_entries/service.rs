//! Operations on time entries. Every write updates the entries of the habit in the same transaction.

use super::times::{check_date, check_instants, minutes_of};
use super::{TimeEntry, TimeFilter, TimeNote, TimeSeek};
use crate::civil::{Date, Instant, ZoneOrOffset, latest_date_on_earth};
use crate::entity;
use crate::error::Error;
use crate::habits::tracked;
use crate::idempotency::Creation;
use crate::ids::{HabitId, TaskId, TimeEntryId, UserId};
use crate::revision::Expected;
use crate::unit_of_work::{Store, WriteTransaction};
use crate::users::{self, User};
use crate::violation::Violations;

/// A time entry to make.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CreateTimeEntryBody))]
pub struct NewTimeEntry {
    /// Its id, if the client wants to choose it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<TimeEntryId>))]
    pub id: TimeEntryId,
    /// The habit that the time was spent on. If it is measured in minutes on that day, they become part of the day's
    /// value; otherwise they change nothing about it.
    #[cfg_attr(feature = "openapi", schema(rename = "habit_id"))]
    pub habit: Option<HabitId>,
    /// The task that the time was spent on.
    #[cfg_attr(feature = "openapi", schema(rename = "task_id"))]
    pub task: Option<TaskId>,
    /// The date it counts for: at most today in UTC+14, and not before the habit's first day. If absent, today; with
    /// `started_at`, it is always the date on which that lies in `timezone`, and another one is refused.
    pub date: Option<Date>,
    /// How long. With `started_at` and `ended_at`, it is always the time between them, rounded, and another one is
    /// refused.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1440, example = 25))]
    pub minutes: Option<u32>,
    /// When it began.
    pub started_at: Option<Instant>,
    /// When it ended: after `started_at`, which it needs.
    pub ended_at: Option<Instant>,
    /// Where it was spent: a time zone, or an offset from UTC such as `+05:30`. If absent, the offset that `started_at`
    /// was sent with, unless it is that of the user's zone; else the user's zone.
    pub timezone: Option<ZoneOrOffset>,
    /// The offset that `started_at` was sent with.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub offset: Option<ZoneOrOffset>,
    /// A note.
    pub note: Option<TimeNote>,
    /// A hash of the request, to recognise its repetition.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub request_digest: [u8; 32],
}

/// A change of a time entry (RFC 7396): what is absent stays, null clears.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = UpdateTimeEntryBody))]
pub struct TimeEntryPatch {
    /// The habit that the time was spent on.
    #[cfg_attr(feature = "openapi", schema(rename = "habit_id"))]
    pub habit: Option<Option<HabitId>>,
    /// The task that the time was spent on.
    #[cfg_attr(feature = "openapi", schema(rename = "task_id"))]
    pub task: Option<Option<TaskId>>,
    /// The date it counts for. Where `started_at` changes, it follows: only the date of that is accepted.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub date: Option<Date>,
    /// How long. Where `started_at` or `ended_at` changes and both are there, it follows: only the time between them
    /// is accepted.
    #[cfg_attr(feature = "openapi", schema(nullable = false, minimum = 1, maximum = 1440))]
    pub minutes: Option<u32>,
    /// When it began.
    pub started_at: Option<Option<Instant>>,
    /// When it ended.
    pub ended_at: Option<Option<Instant>>,
    /// Where it was spent. With `started_at`, `date` follows.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub timezone: Option<ZoneOrOffset>,
    /// A note.
    pub note: Option<Option<TimeNote>>,
}

/// A part of a user's time entries.
pub fn list(
    store: &mut dyn Store,
    user: UserId,
    filter: &TimeFilter,
    seek: &TimeSeek,
) -> Result<Vec<TimeEntry>, Error> {
    Ok(store.time_entries(user, filter, seek)?)
}

/// One time entry.
pub fn find(store: &mut dyn Store, user: UserId, id: TimeEntryId) -> Result<TimeEntry, Error> {
    store.find_time_entry(user, id)?.ok_or(Error::not_found::<entity::TimeEntry>())
}

/// Creates a time entry, or returns the one that an earlier identical request created.
pub fn create(tx: &mut WriteTransaction<'_>, new: NewTimeEntry) -> Result<Creation<TimeEntry>, Error> {
    if let Some(entry) = tx.store.find_time_entry(tx.user, new.id)? {
        let digest = entry.request_digest;
        return Creation::replay(&digest, &new.request_digest, entry);
    }
    if tx.store.time_entry_was_deleted(tx.user, new.id)? {
        return Err(Creation::<TimeEntry>::deleted_before());
    }
    let user = users::find(tx.store, tx.user)?;
    let at = new.started_at.unwrap_or(tx.now);
    let zone = ZoneOrOffset::of_log(new.timezone, new.offset, user.settings.timezone, at);
    let date = new.date.unwrap_or_else(|| user.day_clock_in(zone).date_at(at));
    let mut wrong = Violations::new();
    let minutes = match (new.started_at.zip(new.ended_at), new.minutes) {
        (Some((from, to)), given) => minutes_of(given, from, to, &mut wrong),
        (None, Some(minutes)) => minutes,
        (None, None) => {
            wrong.add("/minutes", "required", "is required, unless `started_at` and `ended_at` are given");
            1
        }
    };
    let entry = TimeEntry {
        id: new.id,
        habit: new.habit,
        task: new.task,
        date,
        minutes,
        started_at: new.started_at,
        ended_at: new.ended_at,
        zone,
        note: new.note,
        created_at: tx.now,
        updated_at: tx.now,
        rev: tx.rev,
        request_digest: new.request_digest,
    };
    check(tx, &user, None, &entry, &mut wrong)?;
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    tx.store.insert_time_entries(tx.user, std::slice::from_ref(&entry))?;
    tracked::follow(tx, entry.habit_day())?;
    Ok(Creation::Created(entry))
}

/// Collects every violation of an entry. For a changed entry only the changed fields are checked; the others were valid
/// when they were written.
fn check(
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

/// Changes a time entry. Wherever the user is now, it stays in the zone that it was written in, unless another one is
/// named. Its minutes leave the day and habit they were part of, and join those they are part of now.
pub fn update(
    tx: &mut WriteTransaction<'_>,
    id: TimeEntryId,
    expected: &Expected,
    patch: TimeEntryPatch,
) -> Result<TimeEntry, Error> {
    let before = find(tx.store, tx.user, id)?;
    expected.check(before.rev)?;
    let user = users::find(tx.store, tx.user)?;
    let started_at = patch.started_at.unwrap_or(before.started_at);
    let ended_at = patch.ended_at.unwrap_or(before.ended_at);
    let (begins_anew, ends_anew) = (started_at != before.started_at, ended_at != before.ended_at);
    let mut wrong = Violations::new();
    let minutes = match started_at.zip(ended_at) {
        Some((from, to)) if begins_anew || ends_anew => minutes_of(patch.minutes, from, to, &mut wrong),
        Some((from, to)) if patch.minutes.is_some_and(|minutes| minutes != before.minutes) => {
            minutes_of(patch.minutes, from, to, &mut wrong)
        }
        _ => patch.minutes.unwrap_or(before.minutes),
    };
    let zone = patch.timezone.unwrap_or(before.zone);
    let dates_anew = begins_anew || zone != before.zone;
    let began_on = started_at.filter(|_| dates_anew).map(|at| user.day_clock_in(zone).date_at(at));
    let changed = TimeEntry {
        habit: patch.habit.unwrap_or(before.habit),
        task: patch.task.unwrap_or(before.task),
        date: patch.date.or(began_on).unwrap_or(before.date),
        minutes,
        started_at,
        ended_at,
        zone,
        note: patch.note.unwrap_or_else(|| before.note.clone()),
        updated_at: tx.now,
        rev: tx.rev,
        ..before.clone()
    };
    check(tx, &user, Some(&before), &changed, &mut wrong)?;
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    tx.store.update_time_entry(tx.user, &changed)?;
    tracked::follow(tx, before.habit_day().into_iter().chain(changed.habit_day()))?;
    Ok(changed)
}

/// Deletes a time entry; its minutes leave the day they were part of.
pub fn delete(tx: &mut WriteTransaction<'_>, id: TimeEntryId, expected: &Expected) -> Result<(), Error> {
    let entry = find(tx.store, tx.user, id)?;
    expected.check(entry.rev)?;
    tx.store.delete_time_entry(tx.user, id, tx.rev, tx.now)?;
    tracked::follow(tx, entry.habit_day())
}
