//! A part of a file is held against what the account has: what is new is made, what is there stays as it is.

mod habits;
mod moods;
mod present;
mod sleep;
mod tasks;
mod themes;

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use self::present::Present;
use super::report::{Fate, LineOutcome};
use super::{Event, Item, ItemId, ItemKind, Line, MadeItem};
use crate::civil::{Date, Instant};
use crate::error::Error;
use crate::habits::{Entry, Habit, History, projection, tracked};
use crate::ids::{HabitId, ThemeId, UserId};
use crate::moods::{Mood, MoodMoment};
use crate::revision::Revision;
use crate::sleep::SleepLog;
use crate::tasks::Task;
use crate::themes::Theme;
use crate::time_entries::TimeEntry;
use crate::unit_of_work::{Store, WriteTransaction};
use crate::violation::Violations;

/// Themes that a file has named, by id.
pub type NamedThemes = BTreeMap<ThemeId, Theme>;

/// What becomes of a part of a file.
#[derive(Debug, Default)]
pub struct Merged {
    /// What became of its lines, in their order.
    pub outcomes: Vec<LineOutcome>,
    /// What is new, in the order in which it can be written.
    made: Vec<(ItemKind, Uuid, Option<Date>)>,
    themes: Vec<Theme>,
    habits: Vec<Habit>,
    entries: Vec<Entry>,
    tasks: Vec<Task>,
    time_entries: Vec<TimeEntry>,
    sleep_logs: Vec<SleepLog>,
    moods: Vec<Mood>,
    moments: Vec<MoodMoment>,
}

impl Merged {
    /// What it makes, at places from `first` on.
    pub(super) fn made_items(&self, first: i64, rev: Revision) -> Vec<MadeItem> {
        (first..)
            .zip(&self.made)
            .map(|(position, (kind, item, date))| MadeItem {
                position,
                kind: *kind,
                item: ItemId::from_uuid(*item),
                date: *date,
                rev,
            })
            .collect()
    }
}

/// Why something is left out.
type Refusal = (&'static str, String);

/// Holds a part of a file against what the account has. `themes` are those that the file has named so far. Reads in a
/// bounded number of statements.
///
/// # Errors
/// The store's.
pub fn merge(
    store: &mut dyn Store,
    user: UserId,
    events: Vec<Event>,
    themes: &NamedThemes,
    now: Instant,
    rev: Revision,
) -> Result<Merged, Error> {
    let present = Present::load(store, user, &events)?;
    let mut merger = Merger { present, named: themes, now, rev, merged: Merged::default() };
    for event in events {
        merger.event(event);
    }
    Ok(merger.merged)
}

/// Writes what is new, in a bounded number of statements.
///
/// # Errors
/// The store's.
pub fn write(tx: &mut WriteTransaction<'_>, merged: &Merged) -> Result<(), Error> {
    let user = tx.user;
    if !merged.themes.is_empty() {
        tx.store.put_themes(user, &merged.themes)?;
    }
    if !merged.habits.is_empty() {
        tx.store.put_habits(user, &merged.habits)?;
        let empty = History::default();
        let histories: Vec<(&Habit, &History)> = merged.habits.iter().map(|habit| (habit, &empty)).collect();
        tx.store.put_histories(user, &histories)?;
    }
    if !merged.tasks.is_empty() {
        tx.store.put_tasks(user, &merged.tasks)?;
    }
    if !merged.time_entries.is_empty() {
        tx.store.put_time_entries(user, &merged.time_entries)?;
        tracked::follow(tx, merged.time_entries.iter().filter_map(TimeEntry::habit_day))?;
    }
    if !merged.entries.is_empty() {
        let ids: BTreeSet<HabitId> = merged.entries.iter().map(|entry| entry.habit).collect();
        let found = tx.store.find_habits(user, &ids.into_iter().collect::<Vec<_>>())?;
        let mut habits: BTreeMap<HabitId, (Habit, History)> =
            found.into_iter().map(|(habit, history)| (habit.id, (habit, history))).collect();
        projection::store_changes(tx, &mut habits, &merged.entries, &[])?;
    }
    if !merged.sleep_logs.is_empty() {
        tx.store.put_sleep_logs(user, &merged.sleep_logs)?;
    }
    if !merged.moods.is_empty() {
        tx.store.put_moods(user, &merged.moods)?;
    }
    if !merged.moments.is_empty() {
        tx.store.put_moments(user, &merged.moments)?;
    }
    Ok(())
}

struct Merger<'a> {
    present: Present,
    /// Themes that the file has named so far.
    named: &'a NamedThemes,
    now: Instant,
    rev: Revision,
    merged: Merged,
}

fn first_of(wrong: &Violations) -> Refusal {
    match wrong.iter().next() {
        Some(violation) => (violation.code, format!("{} {}", violation.path.trim_start_matches('/'), violation.detail)),
        None => ("invalid", "is not valid".to_owned()),
    }
}

fn full(max: impl std::fmt::Display, items: &str) -> Refusal {
    ("limit_reached", format!("an account holds at most {max} {items}"))
}

impl Merger<'_> {
    fn event(&mut self, event: Event) {
        match event {
            Event::Note { line, kind, is_skipped, code, detail } => {
                let fate = if is_skipped { Fate::Skipped } else { Fate::Changed };
                self.merged.outcomes.push(LineOutcome::noted(line, kind, fate, None, code, &detail));
            }
            Event::Item { line, mut item } => {
                item.stamp(self.now);
                let (kind, label) = (item.kind(), item.label());
                let outcome = match self.item(line, item) {
                    Ok(fate) => LineOutcome::plain(line, kind, fate, label),
                    Err((code, detail)) => {
                        LineOutcome::noted(line, Some(kind), Fate::Skipped, Some(label), code, &detail)
                    }
                };
                self.merged.outcomes.push(outcome);
            }
        }
    }

    fn item(&mut self, line: Line, item: Item) -> Result<Fate, Refusal> {
        match item {
            Item::Theme(theme) => self.theme(line, theme),
            Item::Habit(habit) => self.habit(*habit),
            Item::Entry(entry) => self.entry(entry),
            Item::Task(task) => self.task(*task),
            Item::TimeEntry(entry) => self.time_entry(*entry),
            Item::SleepLog(log) => self.sleep_log(*log),
            Item::Mood(mood) => self.mood(mood),
            Item::MoodMoment(moment) => self.moment(*moment),
        }
    }

    fn made(&mut self, kind: ItemKind, item: Uuid, date: Option<Date>) -> Fate {
        self.merged.made.push((kind, item, date));
        Fate::Made
    }
}
