//! Operations on time entries. Every write updates the entries of the habit in the same transaction.

use super::check::{check, check_room};
use super::input::{NewTimeEntry, TimeEntryPatch};
use super::split::{Piece, pieces};
use super::times::minutes_of;
use super::{TimeEntry, TimeFilter, TimeSeek};
use crate::civil::{DateRange, DayClock, ZoneOrOffset};
use crate::entity;
use crate::error::Error;
use crate::habits::tracked;
use crate::idempotency::Creation;
use crate::ids::{IdSource, TimeEntryId, UserId};
use crate::revision::Expected;
use crate::unit_of_work::{Store, WriteTransaction};
use crate::users;
use crate::violation::Violations;

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

/// A time entry that was written, and those of the days after, if it went on over the beginning of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenTime {
    /// The entry, of the first day.
    pub entry: TimeEntry,
    /// Those of the days after.
    pub continued: Vec<TimeEntry>,
}

/// Creates a time entry, or returns the one that an earlier identical request created. One that goes on over the
/// beginning of a day becomes several, as the timer's do.
pub fn create(
    tx: &mut WriteTransaction<'_>,
    ids: &dyn IdSource,
    new: NewTimeEntry,
) -> Result<Creation<WrittenTime>, Error> {
    if let Some(entry) = tx.store.find_time_entry(tx.user, new.id)? {
        let digest = entry.request_digest;
        let mut continued = tx.store.time_entries_of_request(tx.user, &digest)?;
        continued.retain(|other| other.id != entry.id);
        return Creation::replay(&digest, &new.request_digest, WrittenTime { entry, continued });
    }
    tx.ensure_never_deleted(new.id)?;
    let user = users::find(tx.store, tx.user)?;
    let at = new.started_at.unwrap_or(tx.now);
    let zone = ZoneOrOffset::of_log(new.timezone, new.offset, user.settings.timezone, at);
    let clock = user.day_clock_in(zone);
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
        date: new.date.unwrap_or_else(|| clock.date_at(at)),
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
    let written = split(clock, entry, ids);
    check_room(tx, &user, None, &written, &mut wrong)?;
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    let all: Vec<TimeEntry> = written.all().cloned().collect();
    tx.store.insert_time_entries(tx.user, &all)?;
    tracked::follow(tx, all.iter().filter_map(TimeEntry::habit_day))?;
    Ok(Creation::Created(written))
}

impl WrittenTime {
    /// All of them, by date.
    pub(super) fn all(&self) -> impl Iterator<Item = &TimeEntry> {
        std::iter::once(&self.entry).chain(&self.continued)
    }
}

/// Cuts an entry where days begin.
fn split(clock: DayClock, entry: TimeEntry, ids: &dyn IdSource) -> WrittenTime {
    let ends = entry.started_at.zip(entry.ended_at);
    let pieces = ends.map_or(Vec::new(), |(from, to)| pieces(clock, from, to));
    match pieces.as_slice() {
        [first, rest @ ..] if !rest.is_empty() || ends != Some((first.from, first.to)) => {
            let of = |piece: &Piece, id| TimeEntry {
                id,
                date: piece.date,
                minutes: piece.minutes,
                started_at: Some(piece.from),
                ended_at: Some(piece.to),
                ..entry.clone()
            };
            let continued = rest.iter().map(|piece| of(piece, ids.fresh().into())).collect();
            WrittenTime { entry: of(first, entry.id), continued }
        }
        _ => WrittenTime { entry, continued: Vec::new() },
    }
}

/// Changes a time entry. Wherever the user is now, it stays in the zone that it was written in, unless another one is
/// named. Its minutes leave the day and habit they were part of, and join those they are part of now; where it now goes
/// on over the beginning of a day, it is split.
pub fn update(
    tx: &mut WriteTransaction<'_>,
    ids: &dyn IdSource,
    id: TimeEntryId,
    expected: &Expected,
    patch: TimeEntryPatch,
) -> Result<WrittenTime, Error> {
    let before = find(tx.store, tx.user, id)?;
    expected.check(before.rev)?;
    let user = users::find(tx.store, tx.user)?;
    let started_at = patch.started_at.unwrap_or(before.started_at);
    let ended_at = patch.ended_at.unwrap_or(before.ended_at);
    let zone = patch.timezone.unwrap_or(before.zone);
    let clock = user.day_clock_in(zone);
    let timed_anew = (started_at, ended_at) != (before.started_at, before.ended_at);
    let mut wrong = Violations::new();
    let minutes = match started_at.zip(ended_at) {
        Some((from, to)) if timed_anew || patch.minutes.is_some_and(|minutes| minutes != before.minutes) => {
            minutes_of(patch.minutes, from, to, &mut wrong)
        }
        _ => patch.minutes.unwrap_or(before.minutes),
    };
    let dated_anew = (started_at, zone) != (before.started_at, before.zone);
    let began_on = started_at.filter(|_| dated_anew).map(|at| clock.date_at(at));
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
    let mut written = if timed_anew || zone != before.zone {
        split(clock, changed, ids)
    } else {
        WrittenTime { entry: changed, continued: Vec::new() }
    };
    let made = made_of(tx, &mut written)?;
    check_room(
        tx,
        &user,
        Some(&before),
        &WrittenTime { entry: written.entry.clone(), continued: made.clone() },
        &mut wrong,
    )?;
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    tx.store.update_time_entry(tx.user, &written.entry)?;
    tx.store.insert_time_entries(tx.user, &made)?;
    tracked::follow(tx, [&before].into_iter().chain(written.all()).filter_map(TimeEntry::habit_day))?;
    Ok(written)
}

/// What a changed entry is continued by that has to be made: what an earlier, equal request made is there already, and
/// stands in its place.
fn made_of(tx: &mut WriteTransaction<'_>, written: &mut WrittenTime) -> Result<Vec<TimeEntry>, Error> {
    let (mut made, changed) = (Vec::new(), written.entry.id);
    for piece in &mut written.continued {
        *piece = TimeEntry { created_at: tx.now, request_digest: [0; 32], ..piece.clone() };
        let filter = TimeFilter { range: DateRange::day(piece.date), habit: piece.habit, task: piece.task };
        let seek = TimeSeek { reversed: false, beyond: None, backwards: false, limit: usize::MAX };
        let of = |entry: &TimeEntry| (entry.habit, entry.task, entry.started_at, entry.ended_at);
        match tx
            .store
            .time_entries(tx.user, &filter, &seek)?
            .into_iter()
            .find(|entry| entry.id != changed && of(entry) == of(piece))
        {
            Some(known) => *piece = known,
            None => made.push(piece.clone()),
        }
    }
    Ok(made)
}

/// Deletes a time entry; its minutes leave the day they were part of.
pub fn delete(tx: &mut WriteTransaction<'_>, id: TimeEntryId, expected: &Expected) -> Result<(), Error> {
    let entry = find(tx.store, tx.user, id)?;
    expected.check(entry.rev)?;
    tx.store.delete_time_entry(tx.user, id, tx.rev, tx.now)?;
    tracked::follow(tx, entry.habit_day())
}
