//! Tasks, time entries and the timer.

use circadia_domain::ids::{TaskId, TimeEntryId};
use circadia_domain::import::digest_of;
use circadia_domain::tasks::Task;
use circadia_domain::time_entries::{MAX_ENTRY_MINUTES, TimeEntry};
use circadia_domain::timer::Timer;

use super::UNSTAMPED;
use crate::http::input::{Decode, Fields, between};

impl Decode for Task {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id: Option<TaskId> = fields.required("id");
        let title = fields.required("title");
        let description = fields.optional("description");
        let priority = fields.required("priority");
        let status = fields.required("status");
        let due_on = fields.optional("due_on");
        let theme = fields.optional("theme_id");
        let completed_at = fields.optional("completed_at");
        let created_at = fields.required("created_at");
        let updated_at = fields.required("updated_at");
        Some(Self {
            id: id?,
            title: title?,
            description,
            priority: priority?,
            status: status?,
            due_on,
            theme,
            completed_at,
            created_at: created_at?,
            updated_at: updated_at?,
            rev: UNSTAMPED,
            request_digest: digest_of(id?.as_uuid()),
        })
    }
}

impl Decode for TimeEntry {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id: Option<TimeEntryId> = fields.required("id");
        let habit = fields.optional("habit_id");
        let task = fields.optional("task_id");
        let date = fields.required("date");
        let minutes = fields.required_with("minutes", between(1, MAX_ENTRY_MINUTES));
        let started_at = fields.optional("started_at");
        let ended_at = fields.optional("ended_at");
        let zone = fields.required("timezone");
        let note = fields.optional("note");
        let created_at = fields.required("created_at");
        let updated_at = fields.required("updated_at");
        Some(Self {
            id: id?,
            habit,
            task,
            date: date?,
            minutes: minutes?,
            started_at,
            ended_at,
            zone: zone?,
            note,
            created_at: created_at?,
            updated_at: updated_at?,
            rev: UNSTAMPED,
            request_digest: digest_of(id?.as_uuid()),
        })
    }
}

impl Decode for Timer {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let habit = fields.optional("habit_id");
        let task = fields.optional("task_id");
        let note = fields.optional("note");
        let started_at = fields.required("started_at");
        let zone = fields.required("timezone");
        Some(Self { habit, task, note, started_at: started_at?, zone: zone?, rev: UNSTAMPED })
    }
}
