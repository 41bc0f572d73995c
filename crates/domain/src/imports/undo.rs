//! Taking an import back: what it made is removed, the latest first, but for what was changed since.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::report::{Fate, LineOutcome, MAX_NOTES};
use super::{Import, ImportId, ImportState, ItemKind, MadeItem};
use crate::civil::{Date, DateRange};
use crate::error::Error;
use crate::habits::{Entry, Habit, History, projection, tracked};
use crate::ids::{HabitId, MoodMomentId, SleepLogId, TaskId, ThemeId, TimeEntryId};
use crate::revision::Revision;
use crate::seek::DateSeek;
use crate::time_entries::TimeFilter;
use crate::unit_of_work::WriteTransaction;

/// The most things that are removed in one transaction.
pub const MAX_UNDONE_AT_ONCE: usize = 200;

/// Why something is kept.
type Kept = (&'static str, &'static str);

const CHANGED: Kept = ("changed_since", "it was changed after the import, and is kept");
const GONE: Option<Kept> = None;

/// Removes a part of what an import made. Whether there is more to remove.
///
/// # Errors
/// The store's.
pub fn undo_part(tx: &mut WriteTransaction<'_>, id: ImportId) -> Result<bool, Error> {
    let Some(mut import) = tx.store.find_import(tx.user, id)? else { return Ok(false) };
    if import.state != ImportState::Undoing {
        return Ok(false);
    }
    let made = tx.store.last_made_items(tx.user, id, MAX_UNDONE_AT_ONCE)?;
    let first = made.last().map(|item| item.position);
    let mut undo = Undo { tx, revisions: HashMap::new(), entries: HashMap::new() };
    undo.load(&made)?;
    let kept = undo.remove(&made)?;
    let count = u64::try_from(made.len()).unwrap_or(0);
    if let Some(first) = first {
        tx.store.forget_made_items(tx.user, id, first)?;
    }
    let is_over = made.len() < MAX_UNDONE_AT_ONCE;
    note(&mut import, kept);
    import.made = if is_over { 0 } else { import.made.saturating_sub(count) };
    import.state = if is_over { ImportState::Undone } else { ImportState::Undoing };
    import.updated_at = tx.now;
    tx.store.update_import(tx.user, &import)?;
    Ok(!is_over)
}

/// Lists what is kept, in place of what the import noted.
fn note(import: &mut Import, kept: Vec<(MadeItem, String, Kept)>) {
    for (item, label, (code, detail)) in kept {
        let line = u64::try_from(item.position).unwrap_or(0).saturating_add(1);
        let outcome = LineOutcome::noted(line, Some(item.kind), Fate::Kept, Some(label), code, detail);
        import.report.list(outcome, MAX_NOTES);
    }
}

struct Undo<'a, 'b> {
    tx: &'a mut WriteTransaction<'b>,
    revisions: HashMap<(ItemKind, Uuid), Revision>,
    entries: HashMap<(HabitId, Date), Entry>,
}

impl Undo<'_, '_> {
    fn load(&mut self, made: &[MadeItem]) -> Result<(), Error> {
        for kind in ItemKind::ALL {
            let ids: Vec<Uuid> = made.iter().filter(|item| item.kind == kind).map(|item| item.item.as_uuid()).collect();
            if ids.is_empty() || matches!(kind, ItemKind::Entry | ItemKind::Mood) {
                continue;
            }
            let found = self.tx.store.item_revisions(self.tx.user, kind, &ids)?;
            self.revisions.extend(found.into_iter().map(|(id, rev)| ((kind, id), rev)));
        }
        let keys: Vec<(HabitId, Date)> = made.iter().filter_map(entry_key).collect();
        if !keys.is_empty() {
            let found = self.tx.store.find_entries(self.tx.user, &keys)?;
            self.entries.extend(found.into_iter().map(|entry| ((entry.habit, entry.date), entry)));
        }
        Ok(())
    }

    /// Removes what may be; what is kept, and why.
    fn remove(&mut self, made: &[MadeItem]) -> Result<Vec<(MadeItem, String, Kept)>, Error> {
        let mut kept = Vec::new();
        self.remove_entries(made, &mut kept)?;
        for item in made {
            let why = match item.kind {
                ItemKind::Entry => continue,
                ItemKind::Mood => self.mood(item)?,
                kind => match self.revisions.get(&(kind, item.item.as_uuid())) {
                    None => GONE,
                    Some(rev) if *rev != item.rev => Some(CHANGED),
                    Some(_) => self.remove_one(item)?,
                },
            };
            if let Some(why) = why {
                kept.push((*item, item.date.map_or_else(|| item.item.to_string(), |date| date.to_string()), why));
            }
        }
        Ok(kept)
    }

    fn remove_entries(&mut self, made: &[MadeItem], kept: &mut Vec<(MadeItem, String, Kept)>) -> Result<(), Error> {
        let (mut removed, mut tracked_days) = (Vec::new(), Vec::new());
        for item in made {
            let Some(key) = entry_key(item) else { continue };
            match self.entries.get(&key) {
                None => {}
                Some(entry) if entry.rev != item.rev => kept.push((*item, key.1.to_string(), CHANGED)),
                Some(entry) => {
                    removed.push(key);
                    if entry.tracked_minutes > 0 {
                        tracked_days.push(key);
                    }
                }
            }
        }
        if removed.is_empty() {
            return Ok(());
        }
        let mut ids: Vec<HabitId> = removed.iter().map(|(habit, _)| *habit).collect();
        ids.sort_unstable();
        ids.dedup();
        let found = self.tx.store.find_habits(self.tx.user, &ids)?;
        let mut habits: BTreeMap<HabitId, (Habit, History)> =
            found.into_iter().map(|(habit, history)| (habit.id, (habit, history))).collect();
        projection::store_changes(self.tx, &mut habits, &[], &removed)?;
        tracked::follow(self.tx, tracked_days)
    }

    fn mood(&mut self, item: &MadeItem) -> Result<Option<Kept>, Error> {
        let Some(date) = item.date else { return Ok(GONE) };
        match self.tx.store.find_mood(self.tx.user, date)? {
            None => Ok(GONE),
            Some(mood) if mood.rev != item.rev => Ok(Some(CHANGED)),
            Some(_) => {
                self.tx.store.delete_mood(self.tx.user, date, self.tx.rev, self.tx.now)?;
                Ok(GONE)
            }
        }
    }

    fn remove_one(&mut self, item: &MadeItem) -> Result<Option<Kept>, Error> {
        let (user, rev, now) = (self.tx.user, self.tx.rev, self.tx.now);
        let store = &mut *self.tx.store;
        match item.kind {
            ItemKind::Theme => {
                let id = ThemeId::from_uuid(item.item.as_uuid());
                let counts = store.theme_counts(user)?.get(&id).copied().unwrap_or_default();
                if counts != crate::themes::ThemeCounts::default() {
                    return Ok(Some(("in_use", "something belongs to it, so it is kept")));
                }
                store.delete_theme(user, id, rev, now)?;
            }
            ItemKind::Habit => {
                let id = HabitId::from_uuid(item.item.as_uuid());
                if !store.entries(user, id, DateRange::ALL, 1, false)?.is_empty() {
                    return Ok(Some(("in_use", "it has entries that this import didn't make, or that were changed")));
                }
                let filter = TimeFilter { range: DateRange::ALL, habit: Some(id), task: None };
                if !store.time_entries(user, &filter, &any())?.is_empty() {
                    return Ok(Some(("in_use", "time was spent on it, so it is kept")));
                }
                store.delete_habit(user, id, rev, now)?;
            }
            ItemKind::Task => {
                let id = TaskId::from_uuid(item.item.as_uuid());
                let filter = TimeFilter { range: DateRange::ALL, habit: None, task: Some(id) };
                if !store.time_entries(user, &filter, &any())?.is_empty() {
                    return Ok(Some(("in_use", "time was spent on it, so it is kept")));
                }
                store.delete_task(user, id, rev, now)?;
            }
            ItemKind::TimeEntry => {
                let id = TimeEntryId::from_uuid(item.item.as_uuid());
                let day = store.find_time_entry(user, id)?.and_then(|entry| entry.habit_day());
                store.delete_time_entry(user, id, rev, now)?;
                tracked::follow(self.tx, day)?;
            }
            ItemKind::SleepLog => {
                store.delete_sleep_logs(user, &[SleepLogId::from_uuid(item.item.as_uuid())], rev, now)?;
            }
            ItemKind::MoodMoment => {
                store.delete_moment(user, MoodMomentId::from_uuid(item.item.as_uuid()), rev, now)?;
            }
            ItemKind::Entry | ItemKind::Mood => {}
        }
        Ok(GONE)
    }
}

fn entry_key(item: &MadeItem) -> Option<(HabitId, Date)> {
    let date = item.date.filter(|_| item.kind == ItemKind::Entry)?;
    Some((HabitId::from_uuid(item.item.as_uuid()), date))
}

/// Any one.
fn any() -> DateSeek<TimeEntryId> {
    DateSeek { reversed: false, beyond: None, backwards: false, limit: 1 }
}
