//! What becomes of time entries, of entries and histories, whose minutes are sums of those, and of the timer.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{Fate, Planner, by_key, fate};
use crate::habits::Entry;
use crate::ids::HabitId;
use crate::import::check;
use crate::import::days::{self, Days};
use crate::time_entries::TimeEntry;
use crate::timer::Timer;

impl Planner<'_> {
    /// Time entries, then entries, whose tracked minutes are sums of those; then the habits' histories.
    pub(super) fn time_entries_and_entries(&mut self) {
        let tasks = self.known_tasks();
        let stored = by_key(&self.contents.time_entries, |entry| entry.id);
        let mut spent: BTreeMap<_, TimeEntry> = BTreeMap::new();
        let mut seen = HashSet::new();
        let mut timed: BTreeSet<HabitId> = BTreeSet::new();
        for (at, entry) in self.document.time_entries.iter().enumerate() {
            let pointer = format!("/time_entries/{at}");
            self.refuse(&pointer, check::time_entry(entry, self.now));
            let (habit, task) = self.spent_on((entry.habit, entry.task), &tasks, &pointer);
            if !self.is_first(&mut seen, entry.id, &format!("{pointer}/id")) {
                continue;
            }
            let before = stored.get(&entry.id);
            let fate = fate(before.map(|stored| stored.updated_at), entry.updated_at);
            self.plan.report.time_entries.count(fate);
            if fate != Fate::Unchanged {
                timed.extend(before.and_then(|before| before.habit));
                timed.extend(habit);
                let entry = TimeEntry { habit, task, rev: self.rev, ..entry.clone() };
                spent.insert(entry.id, entry.clone());
                self.plan.time_entries.push(entry);
            }
        }
        let unchanged = self.contents.time_entries.iter().filter(|entry| !spent.contains_key(&entry.id));
        let Some(minutes) = self.wrong.take("/time_entries", days::minutes(unchanged.chain(spent.values()))) else {
            return;
        };
        let mut days = Days::new(&self.contents.entries, minutes, self.now, self.rev);
        self.entries(&mut days);
        if !self.wrong.is_empty() {
            return;
        }
        let realigned: BTreeSet<HabitId> = self.touched.iter().copied().chain(timed).collect();
        for habit in realigned.iter().filter_map(|id| self.habits.get(id)) {
            days.realign(habit);
        }
        self.touched.extend(days.changed());
        let histories = self.touched.iter().filter_map(|id| self.habits.get(id));
        self.plan.histories = histories.map(|habit| (habit.clone(), days.history(habit))).collect();
        (self.plan.entries, self.plan.removed_entries) = days.into_changes();
    }

    fn entries(&mut self, days: &mut Days<'_>) {
        let mut seen = HashSet::new();
        for (at, entry) in self.document.entries.iter().enumerate() {
            let pointer = format!("/entries/{at}");
            self.refuse(&pointer, check::entry(entry, self.now));
            let is_known = self.knows_habit(entry.habit, &pointer);
            if !self.is_first(&mut seen, (entry.habit, entry.date), &pointer) || !is_known {
                continue;
            }
            let Some(habit) = self.habits.get(&entry.habit) else {
                self.plan.report.entries.skipped += 1;
                self.plan.report.note(pointer, "habit_skipped", "its habit was left out");
                continue;
            };
            let fate = fate(days.said_at(entry.habit, entry.date), entry.updated_at);
            self.plan.report.entries.count(fate);
            if fate != Fate::Unchanged {
                days.put(habit, Entry { rev: self.rev, ..entry.clone() });
            }
        }
    }

    pub(super) fn timer(&mut self) {
        let Some(timer) = &self.document.timer else { return };
        self.refuse("/timer", check::timer(timer, self.now));
        let tasks = self.known_tasks();
        let (habit, task) = self.spent_on((timer.habit, timer.task), &tasks, "/timer");
        let timer = Timer { habit, task, rev: self.rev, ..timer.clone() };
        match &self.contents.timer {
            None => {
                self.plan.report.timer.created = 1;
                self.plan.timer = Some(timer);
            }
            Some(running) if Timer { rev: self.rev, ..running.clone() } == timer => {
                self.plan.report.timer.unchanged = 1;
            }
            Some(running) => {
                self.plan.report.timer.skipped = 1;
                let detail = format!("a timer runs since {}", running.started_at);
                self.plan.report.note("/timer".to_owned(), "timer_running", detail);
            }
        }
    }
}
