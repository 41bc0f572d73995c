//! Habits, and the entries of their days.

use super::{Fate, ItemKind, Merger, Refusal, first_of, full};
use crate::habits::{Entry, EntryState, Habit, MAX_HABITS};
use crate::import::check;
use crate::shared_pauses::with_copies;

impl Merger<'_> {
    pub(super) fn habit(&mut self, mut habit: Habit) -> Result<Fate, Refusal> {
        if self.present.habits.contains_key(&habit.id) {
            return Ok(Fate::Merged);
        }
        if self.present.habit_count >= MAX_HABITS {
            return Err(full(MAX_HABITS, "habits"));
        }
        habit.timeline =
            with_copies(&habit.timeline, habit.id, &self.present.pauses).map_err(|wrong| first_of(&wrong))?;
        habit.theme = self.standing_for(habit.theme);
        habit.rev = self.rev;
        self.present.habit_count += 1;
        self.present.last_position = self.present.last_position.saturating_add(1);
        habit.position = self.present.last_position;
        self.present.habits.insert(habit.id, habit.clone());
        let fate = self.made(ItemKind::Habit, habit.id.as_uuid(), None);
        self.merged.habits.push(habit);
        Ok(fate)
    }

    pub(super) fn entry(&mut self, entry: Entry) -> Result<Fate, Refusal> {
        let Some(habit) = self.present.habits.get(&entry.habit) else {
            return Err(("habit_skipped", "there is no such habit, or it was left out".to_owned()));
        };
        check::entry(&entry, self.now).map_err(|wrong| first_of(&wrong))?;
        let kind = &habit.timeline.plan_on(entry.date).kind;
        let mut entry = Entry { tracked_minutes: 0, rev: self.rev, ..entry };
        if kind.target().is_none() {
            entry.value = None;
        } else if entry.value.is_none() && entry.state == EntryState::Done {
            entry.value = kind.target();
        }
        let key = (entry.habit, entry.date);
        if let Some(stored) = self.present.entries.get(&key) {
            if !stored.is_tracked_only() {
                let said = |entry: &Entry| (entry.state, entry.value, entry.note.clone());
                if said(&stored.clone().reevaluated(&habit.timeline))
                    == said(&entry.clone().reevaluated(&habit.timeline))
                {
                    return Ok(Fate::Merged);
                }
                return Err(("differs", format!("something else is said of {} already, and stays", entry.date)));
            }
            entry.tracked_minutes = stored.tracked_minutes;
        }
        let entry = entry.reevaluated(&habit.timeline);
        self.present.entries.insert(key, entry.clone());
        let fate = self.made(ItemKind::Entry, entry.habit.as_uuid(), Some(entry.date));
        self.merged.entries.push(entry);
        Ok(fate)
    }
}
