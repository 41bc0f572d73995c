//! Putting, incrementing and deleting entries. [`projection`] writes them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::entry::verdict;
use super::views::{DayAfterWrite, WritableDay};
use super::{
    Entry, EntryFilter, EntryInput, EntryPatch, EntrySeek, EntryState, Habit, History, Kind, MAX_MINUTES, MAX_VALUE,
    projection,
};
use crate::civil::{Date, DateRange, latest_date_on_earth};
use crate::entity;
use crate::error::{Error, StoreError};
use crate::ids::{HabitId, UserId};
use crate::quantity::{Quantity, QuantityChange};
use crate::revision::Expected;
use crate::unit_of_work::{Store, WriteTransaction};
use crate::violation::Violations;

/// An entry to put.
#[derive(Debug, Clone)]
pub struct EntryPut {
    /// The habit it is about.
    pub habit: HabitId,
    /// The date it is about.
    pub date: Date,
    /// The entry's content.
    pub input: EntryInput,
}

/// An entry that was written, and what that changed.
#[derive(Debug, Clone)]
pub struct Written {
    /// The entry; `None` if none is left.
    pub entry: Option<Entry>,
    /// Whether there was none before.
    pub is_new: bool,
    /// The habit and the day.
    pub day: DayAfterWrite,
}

/// One entry. One statement.
pub fn find(store: &mut dyn Store, user: UserId, habit: HabitId, date: Date) -> Result<Entry, Error> {
    let (habit, _, entry) = store.find_habit_day(user, habit, date)?.ok_or(Error::not_found::<entity::Habit>())?;
    Ok(entry.ok_or(Error::not_found::<entity::Entry>())?.reevaluated(&habit.timeline))
}

/// A habit's entries in a range: see [`super::EntryRepository::entries`].
pub fn list(
    store: &mut dyn Store,
    user: UserId,
    habit: HabitId,
    range: Option<DateRange>,
    limit: usize,
    backwards: bool,
) -> Result<Vec<Entry>, Error> {
    let habit = store.find_habit(user, habit)?.ok_or(Error::not_found::<entity::Habit>())?;
    let Some(range) = range else { return Ok(Vec::new()) };
    let found = store.entries(user, habit.id, range, limit, backwards)?;
    Ok(found.into_iter().map(|entry| entry.reevaluated(&habit.timeline)).collect())
}

/// A part of the entries of all of a user's habits, by date and habit. Two statements.
pub fn list_across(
    store: &mut dyn Store,
    user: UserId,
    filter: &EntryFilter,
    seek: &EntrySeek,
) -> Result<Vec<Entry>, Error> {
    let found = store.entries_across(user, filter, seek)?;
    let habits = habits_of(store, user, found.iter().map(|entry| entry.habit))?;
    let reevaluated = |entry: Entry| match habits.get(&entry.habit) {
        Some(habit) => entry.reevaluated(&habit.timeline),
        None => entry,
    };
    Ok(found.into_iter().map(reevaluated).collect())
}

/// The habits of entries; an id may come more than once. One statement, if there are any entries.
pub(crate) fn habits_of(
    store: &mut dyn Store,
    user: UserId,
    ids: impl Iterator<Item = HabitId>,
) -> Result<HashMap<HabitId, Habit>, StoreError> {
    let ids: Vec<HabitId> = ids.collect::<BTreeSet<_>>().into_iter().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store.habits_with_ids(user, &ids)?.into_iter().map(|habit| (habit.id, habit)).collect())
}

fn ensure_date_fits(tx: &WriteTransaction<'_>, habit: &Habit, date: Date) -> Result<(), Violations> {
    let mut wrong = Violations::new();
    if date > latest_date_on_earth(tx.now) {
        wrong.add("/date", "in_future", "lies in the future, wherever on Earth one is");
    }
    if date < habit.timeline.window().starts_on {
        let starts_on = habit.timeline.window().starts_on;
        wrong.add("/date", "before_start", format!("lies before the habit's first day, {starts_on}"));
    }
    if let Some(ends_on) = habit.timeline.window().ends_on.filter(|ends_on| date > *ends_on) {
        wrong.add("/date", "after_end", format!("lies after the habit's last day, {ends_on}"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn ensure_value_fits(kind: &Kind, value: Option<Quantity>) -> Result<(), Violations> {
    let most = if matches!(kind, Kind::Minutes { .. }) { MAX_MINUTES } else { MAX_VALUE };
    match value {
        Some(value) if value > Quantity::whole(most) => {
            let mut wrong = Violations::new();
            wrong.add("/value", "out_of_range", format!("must be at most {most}"));
            Err(wrong)
        }
        _ => Ok(()),
    }
}

/// The entry that putting makes of what is stored.
fn made(
    tx: &WriteTransaction<'_>,
    habit: &Habit,
    existing: Option<&Entry>,
    put: &EntryPut,
) -> Result<Entry, Violations> {
    let mut wrong = Violations::new();
    wrong.take("", ensure_date_fits(tx, habit, put.date));
    let kind = &habit.timeline.plan_on(put.date).kind;
    let tracked_minutes = existing.map_or(0, |entry| entry.tracked_minutes);
    wrong.take("", ensure_value_fits(kind, put.input.value));
    let resolved = wrong.take("", put.input.resolve(kind, existing.and_then(|entry| entry.value), tracked_minutes));
    match resolved {
        Some((state, value)) if wrong.is_empty() => Ok(Entry {
            habit: habit.id,
            date: put.date,
            state,
            value,
            tracked_minutes,
            settled: put.input.settles(kind),
            note: put.input.note.clone(),
            created_at: existing.map_or(tx.now, |entry| entry.created_at),
            updated_at: tx.now,
            rev: tx.rev,
        }),
        _ => Err(wrong),
    }
}

fn ensure_expected(existing: Option<&Entry>, expected: &Expected) -> Result<(), Error> {
    match (existing, expected) {
        (Some(entry), _) => expected.check(entry.rev),
        (None, Expected::Anything) => Ok(()),
        // What isn't there has no revision that anybody could expect.
        (None, Expected::Existing | Expected::OneOf(_)) => Err(Error::Stale { current: None }),
    }
}

/// Stores an entry of a day.
fn store(
    tx: &mut WriteTransaction<'_>,
    mut day: WritableDay,
    (entry, is_new): (Entry, bool),
    on: Option<Date>,
) -> Result<Written, Error> {
    projection::put_entry(tx, &day.habit, &mut day.history, &entry)?;
    Ok(Written { entry: Some(entry.reevaluated(&day.habit.timeline)), is_new, day: day.after_write(tx.now, on) })
}

/// Puts an entry. Putting the same twice is putting it once. What changed is told as of `on`, the user's today if
/// absent.
pub fn put(
    tx: &mut WriteTransaction<'_>,
    put: &EntryPut,
    expected: &Expected,
    on: Option<Date>,
) -> Result<Written, Error> {
    let (day, existing) = WritableDay::read(tx, put.habit, put.date)?;
    ensure_expected(existing.as_ref(), expected)?;
    let entry = made(tx, &day.habit, existing.as_ref(), put)?;
    store(tx, day, (entry, existing.is_none()), on)
}

/// Changes a part of an entry.
///
/// # Errors
/// [`Error::NotFound`] where there is no entry.
pub fn patch(
    tx: &mut WriteTransaction<'_>,
    habit: HabitId,
    date: Date,
    patch: EntryPatch,
    expected: &Expected,
    on: Option<Date>,
) -> Result<Written, Error> {
    let (day, existing) = WritableDay::read(tx, habit, date)?;
    let existing = existing.ok_or(Error::not_found::<entity::Entry>())?;
    ensure_expected(Some(&existing), expected)?;
    let mut wrong = Violations::new();
    if patch.judges(&existing) {
        wrong.take("", ensure_date_fits(tx, &day.habit, date));
        wrong.take("", ensure_value_fits(&day.habit.timeline.plan_on(date).kind, patch.value.flatten()));
    }
    let merged = wrong.take("", patch.merged(&existing, &day.habit.timeline));
    let Some(merged) = merged.filter(|_| wrong.is_empty()) else { return Err(wrong.into()) };
    let entry = Entry { updated_at: tx.now, rev: tx.rev, ..merged };
    store(tx, day, (entry, false), on)
}

/// Adds to a day's value; what isn't there counts as 0. Atomic: parallel increments add up.
///
/// # Errors
/// `not_countable` for a habit that is only checked, `out_of_range` if the value would leave its range.
pub fn increment(
    tx: &mut WriteTransaction<'_>,
    habit: HabitId,
    date: Date,
    by: QuantityChange,
    on: Option<Date>,
) -> Result<Written, Error> {
    let (day, existing) = WritableDay::read(tx, habit, date)?;
    ensure_date_fits(tx, &day.habit, date)?;
    let kind = &day.habit.timeline.plan_on(date).kind;
    if kind.target().is_none() {
        return Err(Error::field("/by", "not_countable", "this habit is only checked: it has nothing to add to"));
    }
    let before = existing.as_ref().and_then(|entry| entry.value).unwrap_or_default();
    let value = by.applied_to(before).map_err(|after| {
        Error::field("/by", "out_of_range", format!("would make the value {after}, which is below 0"))
    })?;
    ensure_value_fits(kind, Some(value)).map_err(|_| {
        Error::field("/by", "out_of_range", format!("would make the value {value}, which is more than a day can have"))
    })?;
    let tracked_minutes = existing.as_ref().map_or(0, |entry| entry.tracked_minutes);
    let state = verdict(kind, value.plus(Quantity::whole(tracked_minutes)));
    let entry = Entry {
        habit,
        date,
        state,
        value: Some(value),
        tracked_minutes,
        settled: existing.as_ref().is_some_and(|entry| entry.settled) && state == EntryState::Done,
        note: existing.as_ref().and_then(|entry| entry.note.clone()),
        created_at: existing.as_ref().map_or(tx.now, |entry| entry.created_at),
        updated_at: tx.now,
        rev: tx.rev,
    };
    store(tx, day, (entry, existing.is_none()), on)
}

/// Deletes an entry: what was said by hand. If time was tracked on the day, an entry of that alone goes on.
pub fn delete(
    tx: &mut WriteTransaction<'_>,
    habit: HabitId,
    date: Date,
    expected: &Expected,
    on: Option<Date>,
) -> Result<Written, Error> {
    let (mut day, existing) = WritableDay::read(tx, habit, date)?;
    let existing = existing.ok_or(Error::not_found::<entity::Entry>())?;
    ensure_expected(Some(&existing), expected)?;
    if existing.tracked_minutes > 0 {
        let tracked = Entry {
            state: EntryState::Done,
            value: None,
            settled: false,
            note: None,
            updated_at: tx.now,
            rev: tx.rev,
            ..existing
        };
        return store(tx, day, (tracked, false), on);
    }
    projection::delete_entry(tx, &day.habit, &mut day.history, date)?;
    Ok(Written { entry: None, is_new: false, day: day.after_write(tx.now, on) })
}

/// Puts many entries in a constant number of statements. Returns the outcome of each, in order; of two for the same
/// habit and date, the later one is stored. With `atomic`, nothing is stored unless all are valid.
///
/// # Errors
/// With `atomic`, every violation, at `/items/n/…`.
pub fn put_many(
    tx: &mut WriteTransaction<'_>,
    puts: &[EntryPut],
    atomic: bool,
) -> Result<Vec<Result<Entry, Error>>, Error> {
    let mut ids: Vec<HabitId> = puts.iter().map(|put| put.habit).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut habits: BTreeMap<HabitId, (Habit, History)> =
        tx.store.find_habits(tx.user, &ids)?.into_iter().map(|(habit, history)| (habit.id, (habit, history))).collect();
    let keys: Vec<(HabitId, Date)> =
        puts.iter().filter(|put| habits.contains_key(&put.habit)).map(|put| (put.habit, put.date)).collect();
    let mut entries: HashMap<(HabitId, Date), Entry> =
        tx.store.find_entries(tx.user, &keys)?.into_iter().map(|entry| ((entry.habit, entry.date), entry)).collect();
    let mut written: BTreeMap<(HabitId, Date), Entry> = BTreeMap::new();
    let mut results = Vec::with_capacity(puts.len());
    let mut wrong = Violations::new();
    for (index, put) in puts.iter().enumerate() {
        let key = (put.habit, put.date);
        let result = match habits.get(&put.habit) {
            None => Err(Error::not_found::<entity::Habit>()),
            Some((habit, _)) => made(tx, habit, entries.get(&key), put).map_err(Error::from),
        };
        match &result {
            Ok(entry) => {
                entries.insert(key, entry.clone());
                written.insert(key, entry.clone());
            }
            Err(Error::Invalid(nested)) => wrong.nest(&format!("/items/{index}"), nested.clone()),
            Err(_) => wrong.add(format!("/items/{index}/habit_id"), "habit_not_found", "there is no such habit"),
        }
        results.push(result);
    }
    if atomic && !wrong.is_empty() {
        return Err(wrong.into());
    }
    let stored: Vec<Entry> = written.into_values().collect();
    projection::store_changes(tx, &mut habits, &stored, &[])?;
    Ok(results)
}
