//! What is asked for when time entries are made and changed.

use super::TimeNote;
use crate::civil::{Date, Instant, ZoneOrOffset};
use crate::ids::{HabitId, TaskId, TimeEntryId};

/// A time entry to make.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CreateTimeEntryBody, example = json!({"date": "2026-03-09", "minutes": 25, "note": "Chapter 3"})))]
pub struct NewTimeEntry {
    /// Its id, if the client wants to choose it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<TimeEntryId>))]
    pub id: TimeEntryId,
    /// The habit that the time was spent on. If it is measured in minutes on that day, they become part of the day's
    /// value; otherwise they change nothing about it.
    #[cfg_attr(feature = "openapi", schema(rename = "habit_id"))]
    pub habit: Option<HabitId>,
    /// The task that the time was spent on.
    #[cfg_attr(feature = "openapi", schema(rename = "task_id"))]
    pub task: Option<TaskId>,
    /// The date it counts for: at most today in UTC+14, and not before the habit's first day. If absent, today; with
    /// `started_at`, it is always the date on which that lies in `timezone`, and another one is refused.
    pub date: Option<Date>,
    /// How long. With `started_at` and `ended_at`, it is always the time between them, rounded, and another one is
    /// refused.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1440, example = 25))]
    pub minutes: Option<u32>,
    /// When it began.
    pub started_at: Option<Instant>,
    /// When it ended: after `started_at`, which it needs.
    pub ended_at: Option<Instant>,
    /// Where it was spent: a time zone, or an offset from UTC such as `+05:30`. If absent, the offset that `started_at`
    /// was sent with, unless it is that of the user's zone; else the user's zone.
    pub timezone: Option<ZoneOrOffset>,
    /// The offset that `started_at` was sent with.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub offset: Option<ZoneOrOffset>,
    /// A note.
    pub note: Option<TimeNote>,
    /// A hash of the request, to recognise its repetition.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub request_digest: [u8; 32],
}

/// A change of a time entry (RFC 7396): what is absent stays, null clears.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = UpdateTimeEntryBody, example = json!({"minutes": 30})))]
pub struct TimeEntryPatch {
    /// The habit that the time was spent on.
    #[cfg_attr(feature = "openapi", schema(rename = "habit_id"))]
    pub habit: Option<Option<HabitId>>,
    /// The task that the time was spent on.
    #[cfg_attr(feature = "openapi", schema(rename = "task_id"))]
    pub task: Option<Option<TaskId>>,
    /// The date it counts for. Where `started_at` changes, it follows: only the date of that is accepted.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub date: Option<Date>,
    /// How long. Where `started_at` or `ended_at` changes and both are there, it follows: only the time between them
    /// is accepted.
    #[cfg_attr(feature = "openapi", schema(nullable = false, minimum = 1, maximum = 1440))]
    pub minutes: Option<u32>,
    /// When it began.
    pub started_at: Option<Option<Instant>>,
    /// When it ended.
    pub ended_at: Option<Option<Instant>>,
    /// Where it was spent. With `started_at`, `date` follows.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub timezone: Option<ZoneOrOffset>,
    /// A note.
    pub note: Option<Option<TimeNote>>,
}
