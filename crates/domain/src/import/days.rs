//! The days of habits as an import leaves them: what was said of them, and the minutes that were tracked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::civil::{Date, Instant};
use crate::habits::tracked::{self, TrackedDay};
use crate::habits::{Entry, Habit, History, MAX_VALUE};
use crate::ids::HabitId;
use crate::revision::Revision;
use crate::time_entries::TimeEntry;
use crate::violation::Violations;

/// Minutes by habit and date.
pub(super) type Minutes = HashMap<HabitId, BTreeMap<Date, u32>>;

/// Adds up the minutes of each habit and day.
///
/// # Errors
/// `out_of_range` if a day has more than a value can hold.
pub(super) fn minutes<'a>(entries: impl Iterator<Item = &'a TimeEntry>) -> Result<Minutes, Violations> {
    let mut sums = Minutes::new();
    for entry in entries {
        let Some(habit) = entry.habit else { continue };
        let sum = sums.entry(habit).or_default().entry(entry.date).or_default();
        *sum = sum.saturating_add(entry.minutes);
        if *sum > MAX_VALUE {
            let detail = format!("make more than {MAX_VALUE} minutes of one habit on {}", entry.date);
            return Err(Violations::of("out_of_range", detail));
        }
    }
    Ok(sums)
}

/// The days of habits.
pub(super) struct Days<'a> {
    stored: HashMap<HabitId, BTreeMap<Date, &'a Entry>>,
    minutes: Minutes,
    /// Entries that are new or differ from the stored ones; `None` are those to be removed.
    changed: HashMap<HabitId, BTreeMap<Date, Option<Entry>>>,
    now: Instant,
    rev: Revision,
}

impl<'a> Days<'a> {
    pub(super) fn new(stored: &'a [Entry], minutes: Minutes, now: Instant, rev: Revision) -> Self {
        let mut by_habit: HashMap<HabitId, BTreeMap<Date, &Entry>> = HashMap::new();
        for entry in stored {
            by_habit.entry(entry.habit).or_default().insert(entry.date, entry);
        }
        Self { stored: by_habit, minutes, changed: HashMap::new(), now, rev }
    }

    fn stored(&self, habit: HabitId, date: Date) -> Option<&'a Entry> {
        self.stored.get(&habit)?.get(&date).copied()
    }

    fn present(&self, habit: HabitId, date: Date) -> Option<&Entry> {
        match self.changed.get(&habit).and_then(|days| days.get(&date)) {
            Some(changed) => changed.as_ref(),
            None => self.stored(habit, date),
        }
    }

    /// When something was last said by hand of a day that is stored; `None` if nothing was.
    pub(super) fn said_at(&self, habit: HabitId, date: Date) -> Option<Instant> {
        self.stored(habit, date).filter(|entry| !entry.is_tracked_only()).map(|entry| entry.updated_at)
    }

    fn tracked(&self, habit: &Habit, date: Date) -> u32 {
        let minutes = self.minutes.get(&habit.id).and_then(|days| days.get(&date)).copied().unwrap_or(0);
        if tracked::measures_minutes(&habit.timeline, date) { minutes } else { 0 }
    }

    /// Puts what was said by hand of a day.
    pub(super) fn put(&mut self, habit: &Habit, entry: Entry) {
        let tracked_minutes = self.tracked(habit, entry.date);
        let mut entry = Entry { tracked_minutes, ..entry };
        if entry.is_tracked_only() {
            // It was said by hand, so it means that the target was reached.
            entry.value = habit.timeline.plan_on(entry.date).kind.target();
        }
        self.changed.entry(habit.id).or_default().insert(entry.date, Some(entry));
    }

    /// Brings the tracked minutes of a habit's entries in line with its time entries.
    pub(super) fn realign(&mut self, habit: &Habit) {
        let mut dates: BTreeSet<Date> = BTreeSet::new();
        dates.extend(self.stored.get(&habit.id).into_iter().flat_map(BTreeMap::keys));
        dates.extend(self.minutes.get(&habit.id).into_iter().flat_map(BTreeMap::keys));
        for date in dates {
            let minutes = self.tracked(habit, date);
            let made =
                tracked::day_with_minutes(habit, date, self.present(habit.id, date), minutes, self.now, self.rev);
            let change = match made {
                TrackedDay::Unchanged => continue,
                TrackedDay::Changed(entry) => Some(entry),
                TrackedDay::Removed => None,
            };
            self.changed.entry(habit.id).or_default().insert(date, change);
        }
    }

    /// The habits with changed entries.
    pub(super) fn changed(&self) -> Vec<HabitId> {
        self.changed.keys().copied().collect()
    }

    /// A habit's history as the import leaves it.
    pub(super) fn history(&self, habit: &Habit) -> History {
        let (stored, changed) = (self.stored.get(&habit.id), self.changed.get(&habit.id));
        let is_changed = |date: &Date| changed.is_some_and(|days| days.contains_key(date));
        let kept = stored.into_iter().flatten().filter(|(date, _)| !is_changed(date)).map(|(_, entry)| *entry);
        let new = changed.into_iter().flat_map(BTreeMap::values).flatten();
        History::rebuild(&habit.timeline, kept.chain(new).map(|entry| (entry.date, entry.record())))
    }

    /// The entries to store, and those to remove; by habit and date.
    pub(super) fn into_changes(self) -> (Vec<Entry>, Vec<(HabitId, Date)>) {
        let (mut puts, mut removed) = (Vec::new(), Vec::new());
        let by_habit: BTreeMap<HabitId, BTreeMap<Date, Option<Entry>>> = self.changed.into_iter().collect();
        for (habit, days) in by_habit {
            for (date, change) in days {
                match change {
                    Some(entry) => puts.push(entry),
                    None if self.stored.get(&habit).is_some_and(|days| days.contains_key(&date)) => {
                        removed.push((habit, date));
                    }
                    None => {}
                }
            }
        }
        (puts, removed)
    }
}
