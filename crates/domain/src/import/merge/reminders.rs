//! What becomes of reminders, and when each of them falls next.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Fate, Planner, fate, full, is_full};
use crate::civil::Date;
use crate::ids::TaskId;
use crate::import::check;
use crate::reminders::{self, MAX_REMINDERS, MAX_REMINDERS_EACH, Reminder, ReminderId, ReminderSubject};
use crate::tasks::Task;

impl Planner<'_> {
    /// Reminders; then, when all of them fall by the settings and tasks that there will be.
    pub(super) fn reminders(&mut self) {
        let tasks = self.known_tasks();
        let mut all: BTreeMap<ReminderId, Reminder> =
            self.contents.reminders.iter().map(|reminder| (reminder.id, reminder.clone())).collect();
        let mut each: HashMap<ReminderSubject, usize> = HashMap::new();
        for reminder in &self.contents.reminders {
            *each.entry(reminder.rule.subject()).or_default() += 1;
        }
        let (mut seen, mut taken) = (HashSet::new(), HashSet::new());
        for (at, reminder) in self.document.reminders.iter().enumerate() {
            let pointer = format!("/reminders/{at}");
            self.refuse(&pointer, check::times(reminder.created_at, reminder.updated_at, self.now));
            let subject = reminder.rule.subject();
            let (habit, task) = self.spent_on((subject.habit(), subject.task()), &tasks, &pointer);
            if !self.is_first(&mut seen, reminder.id, &format!("{pointer}/id")) {
                continue;
            }
            let before = all.get(&reminder.id);
            let fate = fate(before.map(|stored| stored.updated_at), reminder.updated_at);
            let is_of_another = before.is_none_or(|before| before.rule.subject() != subject);
            let count = each.get(&subject).copied().unwrap_or_default();
            let skipped = if subject.habit() != habit {
                Some(("habit_skipped", "its habit was left out".to_owned()))
            } else if subject.task() != task {
                Some(("task_skipped", "its task was left out".to_owned()))
            } else if fate == Fate::Created && is_full(all.len(), MAX_REMINDERS) {
                Some(("limit_reached", full(MAX_REMINDERS, "reminders")))
            } else if fate != Fate::Unchanged && is_of_another && count >= MAX_REMINDERS_EACH {
                let detail = format!("a habit, a task or bedtime has at most {MAX_REMINDERS_EACH} reminders");
                Some(("limit_reached", detail))
            } else {
                None
            };
            if let Some((code, detail)) = skipped {
                self.plan.report.reminders.skipped += 1;
                self.plan.report.note(pointer, code, detail);
                continue;
            }
            self.plan.report.reminders.count(fate);
            if fate != Fate::Unchanged {
                if let Some(count) = before.and_then(|before| each.get_mut(&before.rule.subject())) {
                    *count -= 1;
                }
                *each.entry(subject).or_default() += 1;
                taken.insert(reminder.id);
                all.insert(reminder.id, Reminder { rev: self.rev, ..reminder.clone() });
            }
        }
        self.reckon_reminders(all, &taken);
    }

    /// Stores reminders that were taken, and those that fall at another time than before.
    fn reckon_reminders(&mut self, all: BTreeMap<ReminderId, Reminder>, taken: &HashSet<ReminderId>) {
        let settings = self.plan.settings.as_ref().unwrap_or(&self.contents.settings);
        let has_other_clock = reminders::moves_reminders(&self.contents.settings, settings);
        let due_on = |tasks: &[Task]| -> HashMap<TaskId, Option<Date>> {
            tasks.iter().map(|task| (task.id, task.due_on)).collect()
        };
        let (before, changed) = (due_on(&self.contents.tasks), due_on(&self.plan.tasks));
        for mut reminder in all.into_values() {
            let task = reminder.rule.subject().task();
            let due_before = task.and_then(|task| before.get(&task).copied().flatten());
            let due_on = task.map_or(due_before, |task| changed.get(&task).copied().unwrap_or(due_before));
            let is_taken = taken.contains(&reminder.id);
            let next = if is_taken || due_on != due_before {
                reminder.next_after(self.now, settings, due_on)
            } else if has_other_clock {
                reminder.next_on_clock(self.now, settings, due_on)
            } else {
                reminder.next
            };
            if is_taken || next != reminder.next {
                reminder.next = next;
                self.plan.reminders.push(reminder);
            }
        }
    }
}
