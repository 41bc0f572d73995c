//! Tasks, and the time that was spent on them and on habits.

use super::{Fate, ItemKind, Merger, Refusal, first_of, full};
use crate::import::check;
use crate::tasks::{MAX_TASKS, Task};
use crate::time_entries::TimeEntry;

impl Merger<'_> {
    pub(super) fn task(&mut self, mut task: Task) -> Result<Fate, Refusal> {
        if self.present.tasks.contains(&task.id.as_uuid()) {
            return Ok(Fate::Merged);
        }
        check::task(&task, self.now).map_err(|wrong| first_of(&wrong))?;
        if self.present.task_count >= MAX_TASKS {
            return Err(full(MAX_TASKS, "tasks"));
        }
        task.theme = self.standing_for(task.theme);
        task.rev = self.rev;
        self.present.task_count += 1;
        self.present.tasks.insert(task.id.as_uuid());
        let fate = self.made(ItemKind::Task, task.id.as_uuid(), None);
        self.merged.tasks.push(task);
        Ok(fate)
    }

    pub(super) fn time_entry(&mut self, mut entry: TimeEntry) -> Result<Fate, Refusal> {
        if self.present.time_entries.contains(&entry.id.as_uuid()) {
            return Ok(Fate::Merged);
        }
        check::time_entry(&entry, self.now).map_err(|wrong| first_of(&wrong))?;
        entry.habit = entry.habit.filter(|habit| self.present.habits.contains_key(habit));
        entry.task = entry.task.filter(|task| self.present.tasks.contains(&task.as_uuid()));
        entry.rev = self.rev;
        self.present.time_entries.insert(entry.id.as_uuid());
        let fate = self.made(ItemKind::TimeEntry, entry.id.as_uuid(), None);
        self.merged.time_entries.push(entry);
        Ok(fate)
    }
}
