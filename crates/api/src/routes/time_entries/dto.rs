//! A time entry as the API reads it.

use circadia_domain::ids::TimeEntryId;
use circadia_domain::time_entries::{MAX_ENTRY_MINUTES, NewTimeEntry, TimeEntryPatch};

use crate::http::input::{Decode, Fields, between};

impl Decode for NewTimeEntry {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.new_id(TimeEntryId::parse);
        let habit = fields.optional("habit_id");
        let task = fields.optional("task_id");
        let date = fields.optional("date");
        let minutes = fields.optional_with("minutes", between(1, MAX_ENTRY_MINUTES));
        let started_at = fields.optional("started_at");
        let ended_at = fields.optional("ended_at");
        let timezone = fields.optional("timezone");
        let offset = fields.offset_of("started_at");
        let note = fields.optional("note");
        let request_digest = fields.request_digest();
        let id = id?;
        Some(Self { id, habit, task, date, minutes, started_at, ended_at, timezone, offset, note, request_digest })
    }
}

impl Decode for TimeEntryPatch {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            habit: fields.change_or_clear("habit_id"),
            task: fields.change_or_clear("task_id"),
            date: fields.change("date"),
            minutes: fields.change_with("minutes", between(1, MAX_ENTRY_MINUTES)),
            started_at: fields.change_or_clear("started_at"),
            ended_at: fields.change_or_clear("ended_at"),
            timezone: fields.change("timezone"),
            note: fields.change_or_clear("note"),
        })
    }
}
