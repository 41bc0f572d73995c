//! What becomes of habits, and of the shared pauses that they have copies of.

use std::collections::{BTreeMap, HashSet};

use super::{Fate, Planner, by_key, fate, full, is_full};
use crate::habits::{Habit, MAX_HABITS};
use crate::ids::HabitId;
use crate::import::check;
use crate::shared_pauses::{MAX_SHARED_PAUSES, SharedPause};
use crate::violation::Violations;

impl Planner<'_> {
    pub(super) fn habits(&mut self) {
        let stored = by_key(&self.contents.habits, |habit| habit.id);
        let mut seen = HashSet::new();
        for (at, habit) in self.document.habits.iter().enumerate() {
            let pointer = format!("/habits/{at}");
            self.refuse(&pointer, check::times(habit.created_at, habit.updated_at, self.now));
            let theme = self.theme(habit.theme, &pointer);
            if !self.is_first(&mut seen, habit.id, &format!("{pointer}/id")) {
                continue;
            }
            let fate = fate(stored.get(&habit.id).map(|stored| stored.updated_at), habit.updated_at);
            if fate == Fate::Created && is_full(self.habits.len(), MAX_HABITS) {
                self.skipped_habits.insert(habit.id);
                self.plan.report.habits.skipped += 1;
                self.plan.report.note(pointer, "limit_reached", full(MAX_HABITS, "habits"));
                continue;
            }
            self.plan.report.habits.count(fate);
            if fate != Fate::Unchanged {
                self.habits.insert(habit.id, Habit { theme, rev: self.rev, ..habit.clone() });
                self.touched.insert(habit.id);
            }
        }
    }

    /// Shared pauses, and the habits' copies of them.
    pub(super) fn shared_pauses(&mut self) {
        let stored = by_key(&self.contents.shared_pauses, |pause| pause.id);
        let mut pauses: BTreeMap<_, SharedPause> = stored.iter().map(|(id, pause)| (*id, (*pause).clone())).collect();
        let mut seen = HashSet::new();
        for (at, pause) in self.document.shared_pauses.iter().enumerate() {
            let pointer = format!("/shared_pauses/{at}");
            self.refuse(&pointer, check::times(pause.created_at, pause.updated_at, self.now));
            if !self.is_first(&mut seen, pause.id, &format!("{pointer}/id")) {
                continue;
            }
            let fate = fate(stored.get(&pause.id).map(|stored| stored.updated_at), pause.updated_at);
            if fate == Fate::Created && pauses.len() >= MAX_SHARED_PAUSES {
                self.plan.report.shared_pauses.skipped += 1;
                self.plan.report.note(pointer, "limit_reached", full(MAX_SHARED_PAUSES, "pauses of all habits"));
                continue;
            }
            self.plan.report.shared_pauses.count(fate);
            if fate != Fate::Unchanged {
                let pause = SharedPause { rev: self.rev, ..pause.clone() };
                pauses.insert(pause.id, pause.clone());
                self.plan.shared_pauses.push(pause);
            }
        }
        let mut pauses: Vec<SharedPause> = pauses.into_values().collect();
        pauses.sort_by_key(|pause| (pause.from, pause.id));
        for habit in self.habits.values_mut() {
            let timeline = crate::shared_pauses::with_copies(&habit.timeline, habit.id, &pauses);
            match self.wrong.take("/shared_pauses", timeline) {
                Some(timeline) if timeline != habit.timeline => {
                    if self.touched.insert(habit.id) {
                        (habit.updated_at, habit.rev) = (self.now, self.rev);
                    }
                    habit.timeline = timeline;
                }
                _ => {}
            }
        }
        self.plan.habits = self.touched.iter().filter_map(|id| self.habits.get(id)).cloned().collect();
    }

    /// What an item that refers to a habit finds: that it is known, or will be left out.
    pub(super) fn knows_habit(&mut self, habit: HabitId, pointer: &str) -> bool {
        let is_known = self.habits.contains_key(&habit) || self.skipped_habits.contains(&habit);
        if !is_known {
            let detail = "there is no such habit, neither in the document nor in the account";
            self.refuse(&format!("{pointer}/habit_id"), Err(Violations::of("habit_not_found", detail)));
        }
        is_known
    }
}
