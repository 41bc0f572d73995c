//! A habit as the API shows and reads it.

use circadia_domain::civil::Date;
use circadia_domain::habits::{ArchiveReason, Habit, HabitPatch, HabitStatus, Kind, NewHabit, Schedule};
use circadia_domain::ids::HabitId;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::schedules::{kind, schedule};
use crate::http::input::{Decode, Fields};

/// A habit.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Habit)]
pub(in crate::routes) struct HabitBody {
    #[serde(flatten)]
    pub habit: Habit,
    /// How a day is measured, by the plan that applies today.
    pub kind: Kind,
    /// When it is due, by the plan that applies today.
    pub schedule: Schedule,
    /// The schedule in words.
    #[schema(example = "every Monday, Wednesday and Friday")]
    pub schedule_description: String,
    /// Its first day.
    pub starts_on: Date,
    /// Its last day; null if there is no end.
    pub ends_on: Option<Date>,
    /// The status.
    pub status: HabitStatus,
    /// Why it is archived; null if it isn't.
    pub archived_because: Option<ArchiveReason>,
}

impl HabitBody {
    /// The habit as it is on `today`.
    pub(in crate::routes) fn new(habit: Habit, today: Date) -> Self {
        let window = habit.timeline.window();
        let plan = habit.timeline.plan_on(today);
        Self {
            kind: plan.kind.clone(),
            schedule: plan.schedule.clone(),
            schedule_description: plan.schedule.describe(),
            starts_on: window.starts_on,
            ends_on: window.ends_on,
            status: habit.status(today),
            archived_because: habit.archived_because(today),
            habit,
        }
    }
}

impl Decode for NewHabit {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.new_id(HabitId::parse);
        let name = fields.required("name");
        let kind = fields.optional_with("kind", kind);
        let schedule = fields.required_with("schedule", schedule);
        let starts_on: Option<Date> = fields.optional("starts_on");
        let ends_on = fields.optional("ends_on");
        if let (Some(schedule), Some(kind)) = (&schedule, &kind) {
            fields.note_all("schedule", schedule.fits(kind));
        }
        if starts_on.zip(ends_on).is_some_and(|(starts_on, ends_on)| ends_on < starts_on) {
            fields.note("ends_on", "before_start", "must not lie before `starts_on`");
        }
        // Every field is read before the first `?`, so that every error is collected.
        Some(Self {
            description: fields.optional("description"),
            theme: fields.optional("theme_id"),
            color: fields.optional("color"),
            icon: fields.optional("icon"),
            question: fields.optional("question"),
            time_of_day: fields.optional("time_of_day").unwrap_or_default(),
            kind: kind.unwrap_or(Kind::Check),
            starts_on,
            ends_on,
            request_digest: fields.request_digest(),
            id: id?,
            name: name?,
            schedule: schedule?,
        })
    }
}

impl Decode for HabitPatch {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            name: fields.change("name"),
            description: fields.change_or_clear("description"),
            theme: fields.change_or_clear("theme_id"),
            color: fields.change_or_clear("color"),
            icon: fields.change_or_clear("icon"),
            question: fields.change_or_clear("question"),
            time_of_day: fields.change("time_of_day"),
            kind: fields.change_with("kind", kind),
            schedule: fields.change_with("schedule", schedule),
            starts_on: fields.change("starts_on"),
            ends_on: fields.change_or_clear("ends_on"),
        })
    }
}
