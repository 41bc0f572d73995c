//! A time entry as the API shows and reads it.

use circadia_domain::civil::{Date, Instant};
use circadia_domain::ids::{HabitId, TaskId, TimeEntryId};
use circadia_domain::time_entries::{MAX_ENTRY_MINUTES, NewTimeEntry, TimeEntry, TimeEntryPatch, TimeNote};
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::input::{Decode, Fields, Parsed, date, integer, text};

/// Minutes that were spent on a day; there may be several entries a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TimeEntry)]
pub(in crate::routes) struct TimeEntryBody {
    /// The entry's id.
    #[schema(value_type = Uuid)]
    pub id: TimeEntryId,
    /// The habit that the time was spent on.
    #[schema(value_type = Option<Uuid>)]
    habit_id: Option<HabitId>,
    /// The task that the time was spent on.
    #[schema(value_type = Option<Uuid>)]
    task_id: Option<TaskId>,
    /// The date it counts for, in the user's own calendar.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// How long.
    #[schema(minimum = 1, maximum = 1440, example = 25)]
    minutes: u32,
    /// When it began; null if that isn't known.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Instant>,
    /// When it ended; null if that isn't known.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Instant>,
    /// A note.
    #[schema(value_type = Option<String>, max_length = 1000)]
    note: Option<TimeNote>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

impl From<TimeEntry> for TimeEntryBody {
    fn from(entry: TimeEntry) -> Self {
        Self {
            id: entry.id,
            habit_id: entry.habit,
            task_id: entry.task,
            date: entry.date,
            minutes: entry.minutes,
            started_at: entry.started_at,
            ended_at: entry.ended_at,
            note: entry.note,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
        }
    }
}

fn minutes(given: i64) -> Parsed<u32> {
    match u32::try_from(given) {
        Ok(minutes @ 1..=MAX_ENTRY_MINUTES) => Ok(minutes),
        _ => Err(Violations::of("out_of_range", format!("must be between 1 and {MAX_ENTRY_MINUTES}"))),
    }
}

/// A time entry to make.
#[derive(Debug, ToSchema)]
pub(super) struct CreateTimeEntryBody {
    /// Its id, if the client wants to choose it.
    #[schema(value_type = Option<Uuid>)]
    id: Option<TimeEntryId>,
    /// The habit that the time was spent on. If it is measured in minutes on that day, they become part of the day's
    /// value; otherwise they change nothing about it.
    #[schema(value_type = Option<Uuid>)]
    habit_id: Option<HabitId>,
    /// The task that the time was spent on.
    #[schema(value_type = Option<Uuid>)]
    task_id: Option<TaskId>,
    /// The date it counts for: at most today in UTC+14, not before the habit's first day, and not more than a day from
    /// the one of `started_at`. If absent, the date of `started_at` in the user's calendar, or today.
    #[schema(value_type = Option<String>, format = Date)]
    date: Option<Date>,
    /// How long: not longer than from `started_at` to `ended_at`. If absent, that time, rounded.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1440, example = 25)]
    minutes: Option<u32>,
    /// When it began.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Instant>,
    /// When it ended: after `started_at`, which it needs.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Instant>,
    /// A note.
    #[schema(value_type = Option<String>, max_length = 1000)]
    note: Option<TimeNote>,
}

impl Decode for CreateTimeEntryBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            id: fields.optional("id", text(TimeEntryId::parse)),
            habit_id: fields.optional("habit_id", text(HabitId::parse_reference)),
            task_id: fields.optional("task_id", text(TaskId::parse_reference)),
            date: fields.optional("date", text(date)),
            minutes: fields.optional("minutes", integer(minutes)),
            started_at: fields.optional("started_at", text(Instant::parse)),
            ended_at: fields.optional("ended_at", text(Instant::parse)),
            note: fields.optional("note", text(TimeNote::parse)).flatten(),
        })
    }
}

impl CreateTimeEntryBody {
    /// The entry to make, with a fresh id unless the client chose one.
    pub(super) fn into_new(self, fresh: impl FnOnce() -> TimeEntryId, request_digest: [u8; 32]) -> NewTimeEntry {
        NewTimeEntry {
            id: self.id.unwrap_or_else(fresh),
            habit: self.habit_id,
            task: self.task_id,
            date: self.date,
            minutes: self.minutes,
            started_at: self.started_at,
            ended_at: self.ended_at,
            note: self.note,
            request_digest,
        }
    }
}

/// A change of a time entry (RFC 7396): what is absent stays, null clears.
#[derive(Debug, ToSchema)]
pub(super) struct UpdateTimeEntryBody {
    /// The habit that the time was spent on.
    #[schema(value_type = Option<Uuid>)]
    habit_id: Option<Option<HabitId>>,
    /// The task that the time was spent on.
    #[schema(value_type = Option<Uuid>)]
    task_id: Option<Option<TaskId>>,
    /// The date it counts for.
    #[schema(value_type = Option<String>, nullable = false, format = Date)]
    date: Option<Date>,
    /// How long.
    #[schema(value_type = Option<u32>, nullable = false, minimum = 1, maximum = 1440)]
    minutes: Option<u32>,
    /// When it began.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Option<Instant>>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Option<Instant>>,
    /// A note.
    #[schema(value_type = Option<String>, max_length = 1000)]
    note: Option<Option<TimeNote>>,
}

impl Decode for UpdateTimeEntryBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            habit_id: fields.change_or_clear("habit_id", text(HabitId::parse_reference)),
            task_id: fields.change_or_clear("task_id", text(TaskId::parse_reference)),
            date: fields.change("date", text(date)),
            minutes: fields.change("minutes", integer(minutes)),
            started_at: fields.change_or_clear("started_at", text(Instant::parse)),
            ended_at: fields.change_or_clear("ended_at", text(Instant::parse)),
            note: fields.change_or_clear("note", text(TimeNote::parse)).map(Option::flatten),
        })
    }
}

impl From<UpdateTimeEntryBody> for TimeEntryPatch {
    fn from(body: UpdateTimeEntryBody) -> Self {
        Self {
            habit: body.habit_id,
            task: body.task_id,
            date: body.date,
            minutes: body.minutes,
            started_at: body.started_at,
            ended_at: body.ended_at,
            note: body.note,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<CreateTimeEntryBody>();
        assert_documented::<UpdateTimeEntryBody>();
    }
}
