//! Tasks, and the time that was spent on them and on habits.

use circadia_domain::civil::Instant;
use circadia_domain::ids::Id;
use circadia_domain::import::digest_of;
use circadia_domain::imports::{Item, ItemKind};
use circadia_domain::tasks::{Priority, Task, TaskStatus};
use circadia_domain::time_entries::{MAX_ENTRY_MINUTES, TimeEntry};
use circadia_domain::violation::Violations;

use super::cells::{Cells, wrong};
use super::{Reader, UNSTAMPED};
use crate::values::{line, prose};

impl Reader<'_> {
    pub(super) fn task(&mut self, cells: &Cells<'_>) -> Result<Item, Violations> {
        let id: Id<_> = self.id(ItemKind::Task, cells)?;
        let status = cells.optional("status", TaskStatus::parse)?.unwrap_or(TaskStatus::Todo);
        let completed_at = cells.optional("completed_at", Instant::parse)?;
        let (created_at, updated_at) = self.times(cells);
        Ok(Item::Task(Box::new(Task {
            id,
            title: cells.required("title", line)?,
            description: prose(cells.get("description")),
            priority: cells.optional("priority", Priority::parse)?.unwrap_or_default(),
            status,
            due_on: cells.date("due_on")?,
            theme: self.theme_id(cells)?,
            completed_at: (status == TaskStatus::Done).then(|| completed_at.unwrap_or(self.context.now)),
            created_at,
            updated_at,
            rev: UNSTAMPED,
            request_digest: digest_of(id.as_uuid()),
        })))
    }

    pub(super) fn time_entry(&mut self, cells: &Cells<'_>) -> Result<Item, Violations> {
        let id: Id<_> = self.id(ItemKind::TimeEntry, cells)?;
        let minutes = cells.whole("minutes", MAX_ENTRY_MINUTES)?.filter(|minutes| *minutes > 0);
        let (created_at, updated_at) = self.times(cells);
        Ok(Item::TimeEntry(Box::new(TimeEntry {
            id,
            habit: self.habit_id(cells)?,
            task: cells.id("task_id")?,
            date: cells.date("date")?.ok_or_else(|| wrong("date", "required", "is required"))?,
            minutes: minutes.ok_or_else(|| wrong("minutes", "required", "is required, and more than 0"))?,
            started_at: cells.optional("started_at", Instant::parse)?,
            ended_at: cells.optional("ended_at", Instant::parse)?,
            zone: self.zone(cells)?,
            note: prose(cells.get("note")),
            created_at,
            updated_at,
            rev: UNSTAMPED,
            request_digest: digest_of(id.as_uuid()),
        })))
    }
}
