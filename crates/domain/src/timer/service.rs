//! Starting, stopping and discarding the timer.

use super::Timer;
use crate::civil::{Instant, ZoneOrOffset};
use crate::code::Code;
use crate::entity;
use crate::error::Error;
use crate::habits::tracked;
use crate::idempotency::Creation;
use crate::ids::{HabitId, IdSource, TaskId, TimeEntryId, UserId};
use crate::time_entries::{AHEAD, TimeEntry, TimeNote, check_habit, check_task, pieces};
use crate::unit_of_work::{Store, WriteTransaction};
use crate::users;
use crate::violation::Violations;

/// How far back a timer may be said to have begun, in days.
pub const MAX_DAYS_BACK: i64 = 31;

/// How long a timer may have run without being asked back whether that is meant, in seconds: 24 hours.
pub const MAX_UNASKED_SECONDS: i64 = 86_400;

/// A timer to start.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = StartTimerBody, example = json!({"note": "Chapter 3"})))]
pub struct StartTimer {
    /// The habit that the time is spent on.
    #[cfg_attr(feature = "openapi", schema(rename = "habit_id"))]
    pub habit: Option<HabitId>,
    /// The task that the time is spent on.
    #[cfg_attr(feature = "openapi", schema(rename = "task_id"))]
    pub task: Option<TaskId>,
    /// A note, for the time entry.
    pub note: Option<TimeNote>,
    /// Since when it runs, at most 31 days back; now if absent.
    pub started_at: Option<Instant>,
    /// Where it is started: a time zone, or an offset from UTC such as `+05:30`. If absent, the offset that `started_at`
    /// was sent with, unless it is that of the user's zone; else the user's zone.
    pub timezone: Option<ZoneOrOffset>,
    /// The offset that `started_at` was sent with.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub offset: Option<ZoneOrOffset>,
}

/// How the timer is to be stopped.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = StopTimerBody, example = json!({"note": "Chapter 3"})))]
pub struct StopTimer {
    /// The id of the time entry that becomes of it (of the first, if there are several), if the client wants to choose
    /// it: then the same request again answers like the first time.
    pub id: Option<TimeEntryId>,
    /// Until when it ran, after its beginning and not in the future; now if absent.
    pub ended_at: Option<Instant>,
    /// The note of the time entry; the timer's own if absent.
    pub note: Option<TimeNote>,
    /// A hash of the request, to recognise its repetition.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub request_digest: [u8; 32],
}

/// The timer that runs, if one does.
pub fn find(store: &mut dyn Store, user: UserId) -> Result<Option<Timer>, Error> {
    Ok(store.find_timer(user)?)
}

/// Starts the timer.
///
/// # Errors
/// The conflict `timer_running` if one runs.
pub fn start(tx: &mut WriteTransaction<'_>, new: StartTimer) -> Result<Timer, Error> {
    if let Some(timer) = tx.store.find_timer(tx.user)? {
        let detail = format!("a timer runs since {}: stop or discard it first", timer.started_at);
        return Err(Error::conflict(Code::TimerRunning, detail));
    }
    let user = users::find(tx.store, tx.user)?;
    let started_at = new.started_at.unwrap_or(tx.now);
    let mut wrong = Violations::new();
    if started_at > tx.now.plus_seconds(AHEAD) {
        wrong.add("/started_at", "in_future", "lies in the future");
    } else if started_at < tx.now.plus_seconds(-MAX_DAYS_BACK * 86_400) {
        let detail = format!("must lie within the last {MAX_DAYS_BACK} days: make a time entry of what is longer ago");
        wrong.add("/started_at", "out_of_range", detail);
    }
    let zone = ZoneOrOffset::of_log(new.timezone, new.offset, user.settings.timezone, started_at);
    let path = if new.started_at.is_some() { "/started_at" } else { "/habit_id" };
    check_habit(tx, new.habit, user.day_clock_in(zone).date_at(started_at), path, &mut wrong)?;
    check_task(tx, new.task, &mut wrong)?;
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    let timer = Timer { habit: new.habit, task: new.task, note: new.note, started_at, zone, rev: tx.rev };
    tx.store.insert_timer(tx.user, &timer)?;
    Ok(timer)
}

/// Stops the timer and creates a time entry for each day it ran on, or returns those that an earlier identical request
/// created.
///
/// # Errors
/// - Conflict `timer_not_running` if none runs;
/// - [`Error::LongTimer`] if it ran for more than [`MAX_UNASKED_SECONDS`] and that isn't confirmed.
pub fn stop(
    tx: &mut WriteTransaction<'_>,
    ids: &dyn IdSource,
    stop: &StopTimer,
    confirmed: bool,
) -> Result<Creation<Vec<TimeEntry>>, Error> {
    if let Some(id) = stop.id {
        if let Some(entry) = tx.store.find_time_entry(tx.user, id)? {
            let all = tx.store.time_entries_of_request(tx.user, &entry.request_digest)?;
            return Creation::replay(&entry.request_digest, &stop.request_digest, all);
        }
        tx.ensure_never_deleted(id)?;
    }
    let timer = tx
        .store
        .find_timer(tx.user)?
        .ok_or_else(|| Error::conflict(Code::TimerNotRunning, "no timer runs: there is nothing to stop"))?;
    let user = users::find(tx.store, tx.user)?;
    if let Some(ended_at) = stop.ended_at {
        if ended_at <= timer.started_at {
            let detail = format!("must lie after {}, since when the timer runs", timer.started_at);
            return Err(Error::field("/ended_at", "before_start", detail));
        }
        if ended_at > tx.now.plus_seconds(AHEAD) {
            return Err(Error::field("/ended_at", "in_future", "lies in the future"));
        }
    }
    // One that was started by a clock ahead of ours has run for a moment at least.
    let ended_at = stop.ended_at.unwrap_or_else(|| tx.now.max(timer.started_at.plus_seconds(1)));
    let pieces = pieces(user.day_clock_in(timer.zone), timer.started_at, ended_at);
    if !confirmed && ended_at > timer.started_at.plus_seconds(MAX_UNASKED_SECONDS) {
        return Err(Error::LongTimer { started_at: timer.started_at, pieces });
    }
    let mut first = stop.id;
    let entries: Vec<TimeEntry> = pieces
        .into_iter()
        .map(|piece| TimeEntry {
            id: first.take().unwrap_or_else(|| ids.fresh().into()),
            habit: timer.habit,
            task: timer.task,
            date: piece.date,
            minutes: piece.minutes,
            started_at: Some(piece.from),
            ended_at: Some(piece.to),
            zone: timer.zone,
            note: stop.note.clone().or_else(|| timer.note.clone()),
            created_at: tx.now,
            updated_at: tx.now,
            rev: tx.rev,
            request_digest: stop.request_digest,
        })
        .collect();
    tx.store.delete_timer(tx.user, tx.rev, tx.now)?;
    tx.store.insert_time_entries(tx.user, &entries)?;
    tracked::follow(tx, entries.iter().filter_map(TimeEntry::habit_day))?;
    Ok(Creation::Created(entries))
}

/// Discards the timer without creating time entries.
pub fn discard(tx: &mut WriteTransaction<'_>) -> Result<(), Error> {
    if tx.store.delete_timer(tx.user, tx.rev, tx.now)? { Ok(()) } else { Err(Error::not_found::<entity::Timer>()) }
}
