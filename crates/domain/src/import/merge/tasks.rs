//! What becomes of tasks.

use std::collections::HashSet;

use super::{Fate, Planner, by_key, fate, full, is_full};
use crate::ids::TaskId;
use crate::import::check;
use crate::tasks::{MAX_TASKS, Task};

impl Planner<'_> {
    pub(super) fn tasks(&mut self) {
        let stored = by_key(&self.contents.tasks, |task| task.id);
        let mut count = stored.len();
        let mut seen = HashSet::new();
        for (at, task) in self.document.tasks.iter().enumerate() {
            let pointer = format!("/tasks/{at}");
            self.refuse(&pointer, check::task(task, self.now));
            let theme = self.theme(task.theme, &pointer);
            if !self.is_first(&mut seen, task.id, &format!("{pointer}/id")) {
                continue;
            }
            let fate = fate(stored.get(&task.id).map(|stored| stored.updated_at), task.updated_at);
            if fate == Fate::Created {
                if is_full(count, MAX_TASKS) {
                    self.skipped_tasks.insert(task.id);
                    self.plan.report.tasks.skipped += 1;
                    self.plan.report.note(pointer, "limit_reached", full(MAX_TASKS, "tasks"));
                    continue;
                }
                count += 1;
            }
            self.plan.report.tasks.count(fate);
            if fate != Fate::Unchanged {
                self.plan.tasks.push(Task { theme, rev: self.rev, ..task.clone() });
            }
        }
    }

    /// The tasks that there will be.
    pub(super) fn known_tasks(&self) -> HashSet<TaskId> {
        let stored = self.contents.tasks.iter().map(|task| task.id);
        stored.chain(self.document.tasks.iter().map(|task| task.id)).collect()
    }
}
