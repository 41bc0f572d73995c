//! The only writer of entries and of the histories that are projected from them: both change in one transaction.
//!
//! A history can always be rebuilt from its entries ([`rebuild`]); `circadia doctor` compares the two.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, Habit, History};
use crate::civil::Date;
use crate::error::{Error, StoreError};
use crate::ids::{HabitId, UserId};
use crate::unit_of_work::{Store, WriteTransaction};

/// The history of a habit, rebuilt from its entries.
pub fn rebuild(store: &mut dyn Store, user: UserId, habit: &Habit) -> Result<History, Error> {
    Ok(History::rebuild(&habit.timeline, store.day_records(user, habit.id)?))
}

/// Rebuilds a history and stores it. Required after the timeline changed, because entries are evaluated by it.
pub fn store_rebuilt(tx: &mut WriteTransaction<'_>, habit: &Habit) -> Result<(), Error> {
    let history = rebuild(tx.store, tx.user, habit)?;
    Ok(tx.store.put_histories(tx.user, &[(habit, &history)])?)
}

/// Stores the empty history of a new habit.
pub(super) fn store_empty(tx: &mut WriteTransaction<'_>, habit: &Habit) -> Result<(), Error> {
    Ok(tx.store.put_histories(tx.user, &[(habit, &History::default())])?)
}

/// Stores an entry.
pub(super) fn put_entry(
    tx: &mut WriteTransaction<'_>,
    habit: &Habit,
    history: &mut History,
    entry: &Entry,
) -> Result<(), Error> {
    history.record(&habit.timeline, entry.date, Some(&entry.record()));
    Ok(tx.store.put_entry_and_history(tx.user, entry, habit, history)?)
}

/// Removes an entry.
pub(super) fn delete_entry(
    tx: &mut WriteTransaction<'_>,
    habit: &Habit,
    history: &mut History,
    date: Date,
) -> Result<(), Error> {
    tx.store.delete_entries(tx.user, &[(habit.id, date)], tx.rev, tx.now)?;
    history.record(&habit.timeline, date, None);
    Ok(tx.store.put_histories(tx.user, &[(habit, history)])?)
}

/// Stores and removes entries in a bounded number of statements. The caller rebuilds the histories.
pub(crate) fn store_entries(
    tx: &mut WriteTransaction<'_>,
    puts: &[Entry],
    removed: &[(HabitId, Date)],
) -> Result<(), Error> {
    if !puts.is_empty() {
        tx.store.put_entries(tx.user, puts)?;
    }
    if !removed.is_empty() {
        tx.store.delete_entries(tx.user, removed, tx.rev, tx.now)?;
    }
    Ok(())
}

/// Stores and removes entries of several habits, and updates their histories, in a bounded number of statements.
///
/// # Errors
/// [`StoreError::Defect`] if the habit of an entry isn't given.
pub(crate) fn store_changes(
    tx: &mut WriteTransaction<'_>,
    habits: &mut BTreeMap<HabitId, (Habit, History)>,
    puts: &[Entry],
    removed: &[(HabitId, Date)],
) -> Result<(), Error> {
    store_entries(tx, puts, removed)?;
    let changed = puts
        .iter()
        .map(|entry| (entry.habit, entry.date, Some(entry.record())))
        .chain(removed.iter().map(|(habit, date)| (*habit, *date, None)));
    let mut touched = BTreeSet::new();
    for (id, date, record) in changed {
        let missing = || StoreError::Defect(format!("an entry changed without the history of its habit {id}"));
        let (habit, history) = habits.get_mut(&id).ok_or_else(missing)?;
        history.record(&habit.timeline, date, record.as_ref());
        touched.insert(id);
    }
    let touched: Vec<(&Habit, &History)> =
        habits.iter().filter(|(id, _)| touched.contains(id)).map(|(_, (habit, history))| (habit, history)).collect();
    if touched.is_empty() { Ok(()) } else { Ok(tx.store.put_histories(tx.user, &touched)?) }
}
