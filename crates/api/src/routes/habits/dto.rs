//! A habit as the API shows and reads it.

use circadia_domain::civil::{Date, Instant};
use circadia_domain::habits::{Habit, HabitDescription, HabitName, HabitPatch, Kind, NewHabit, Schedule, Status};
use circadia_domain::ids::{HabitId, ThemeId};
use circadia_domain::text::Color;
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::schedules::{KindDoc, ScheduleDoc, kind, schedule};
use crate::http::input::{Decode, Fields, Parsed, date, text};

/// A habit.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Habit)]
pub(in crate::routes) struct HabitBody {
    /// The habit's id.
    #[schema(value_type = Uuid)]
    pub id: HabitId,
    /// What it is called.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "Read")]
    pub name: HabitName,
    /// What it is about.
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub description: Option<HabitDescription>,
    /// The theme it belongs to.
    #[schema(value_type = Option<Uuid>)]
    pub theme_id: Option<ThemeId>,
    /// Its own colour.
    #[schema(value_type = Option<String>, pattern = "^#[0-9A-F]{6}$")]
    pub color: Option<Color>,
    /// How a day is measured, by the plan in force today.
    #[schema(value_type = KindDoc)]
    pub kind: Kind,
    /// When it is due, by the plan in force today.
    #[schema(value_type = ScheduleDoc)]
    pub schedule: Schedule,
    /// The schedule in words.
    #[schema(example = "every Monday, Wednesday and Friday")]
    pub schedule_description: String,
    /// Its first day.
    #[schema(value_type = String, format = Date)]
    pub starts_on: Date,
    /// Its last day; null if there is no end.
    #[schema(value_type = Option<String>, format = Date)]
    pub ends_on: Option<Date>,
    /// Whether it is kept.
    pub status: StatusDoc,
    /// Why it is archived; null if it isn't.
    pub archived_because: Option<ArchivedBecauseDoc>,
    /// Where it stands in the user's own order.
    pub position: i32,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Instant,
}

/// Whether a habit is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = HabitStatus)]
#[serde(rename_all = "snake_case")]
pub(in crate::routes) enum StatusDoc {
    /// It is.
    Active,
    /// It isn't any more.
    Archived,
}

/// Why a habit is archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ArchivedBecause)]
#[serde(rename_all = "snake_case")]
pub(in crate::routes) enum ArchivedBecauseDoc {
    /// Its user put it away.
    User,
    /// Its last day is past; moving `ends_on` brings it back.
    Ended,
}

impl HabitBody {
    /// The habit as it is on `today`.
    pub(in crate::routes) fn new(habit: Habit, today: Date) -> Self {
        let (status, archived_because) = match habit.status(today) {
            Status::Active => (StatusDoc::Active, None),
            Status::ArchivedByUser => (StatusDoc::Archived, Some(ArchivedBecauseDoc::User)),
            Status::Ended => (StatusDoc::Archived, Some(ArchivedBecauseDoc::Ended)),
        };
        let window = habit.timeline.window();
        let plan = habit.timeline.plan_on(today);
        Self {
            kind: plan.kind.clone(),
            schedule: plan.schedule.clone(),
            schedule_description: plan.schedule.describe(),
            id: habit.id,
            name: habit.name,
            description: habit.description,
            theme_id: habit.theme,
            color: habit.color,
            starts_on: window.starts_on,
            ends_on: window.ends_on,
            status,
            archived_because,
            position: habit.position,
            created_at: habit.created_at,
            updated_at: habit.updated_at,
        }
    }
}

/// A habit to make.
#[derive(Debug, ToSchema)]
pub(in crate::routes) struct CreateHabitBody {
    /// Its id, if the client wants to choose it.
    #[schema(value_type = Option<Uuid>)]
    id: Option<HabitId>,
    /// What it is called.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "Read")]
    name: HabitName,
    /// What it is about.
    #[schema(value_type = Option<String>, max_length = 2000)]
    description: Option<HabitDescription>,
    /// The theme it belongs to.
    #[schema(value_type = Option<Uuid>)]
    theme_id: Option<ThemeId>,
    /// Its own colour.
    #[schema(value_type = Option<String>, pattern = "^#[0-9A-Fa-f]{6}$")]
    color: Option<Color>,
    /// How a day is measured; `{"type":"check"}` if absent.
    #[schema(value_type = Option<KindDoc>)]
    kind: Option<Kind>,
    /// When it is due.
    #[schema(value_type = ScheduleDoc)]
    schedule: Schedule,
    /// Its first day; the user's today if absent.
    #[schema(value_type = Option<String>, format = Date)]
    starts_on: Option<Date>,
    /// Its last day; no end if absent.
    #[schema(value_type = Option<String>, format = Date)]
    ends_on: Option<Date>,
}

fn description(given: &str) -> Parsed<Option<HabitDescription>> {
    HabitDescription::parse(given)
}

impl Decode for CreateHabitBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.optional("id", text(HabitId::parse));
        let name = fields.required("name", text(HabitName::parse));
        let description = fields.optional("description", text(description)).flatten();
        let theme_id = fields.optional("theme_id", text(ThemeId::parse_reference));
        let color = fields.optional("color", text(Color::parse));
        let kind = fields.optional("kind", kind);
        let schedule = fields.required("schedule", schedule);
        let starts_on = fields.optional("starts_on", text(date));
        let ends_on = fields.optional("ends_on", text(date));
        if let (Some(schedule), Some(kind)) = (&schedule, &kind) {
            fields.note_all("schedule", schedule.fits(kind));
        }
        if starts_on.zip(ends_on).is_some_and(|(starts_on, ends_on)| ends_on < starts_on) {
            fields.note("ends_on", "before_start", "must not lie before `starts_on`");
        }
        Some(Self { id, name: name?, description, theme_id, color, kind, schedule: schedule?, starts_on, ends_on })
    }
}

impl CreateHabitBody {
    /// The habit that is asked for.
    pub(super) fn into_new(self, fresh: impl FnOnce() -> HabitId, request_digest: [u8; 32]) -> NewHabit {
        NewHabit {
            id: self.id.unwrap_or_else(fresh),
            name: self.name,
            description: self.description,
            theme: self.theme_id,
            color: self.color,
            kind: self.kind.unwrap_or(Kind::Check),
            schedule: self.schedule,
            starts_on: self.starts_on,
            ends_on: self.ends_on,
            request_digest,
        }
    }
}

/// A change of a habit (RFC 7396): what is absent stays, null clears.
///
/// A new `schedule` or `kind` holds from today on; what was before keeps its own. To have it begin on another day, put a
/// plan version instead.
#[derive(Debug, ToSchema)]
pub(in crate::routes) struct UpdateHabitBody {
    /// What it is called.
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 100)]
    name: Option<HabitName>,
    /// What it is about.
    #[schema(value_type = Option<String>, max_length = 2000)]
    description: Option<Option<HabitDescription>>,
    /// The theme it belongs to.
    #[schema(value_type = Option<Uuid>)]
    theme_id: Option<Option<ThemeId>>,
    /// Its own colour.
    #[schema(value_type = Option<String>, pattern = "^#[0-9A-Fa-f]{6}$")]
    color: Option<Option<Color>>,
    /// How a day is measured, from today on.
    #[schema(value_type = Option<KindDoc>, nullable = false)]
    kind: Option<Kind>,
    /// When it is due, from today on.
    #[schema(value_type = Option<ScheduleDoc>, nullable = false)]
    schedule: Option<Schedule>,
    /// Its first day.
    #[schema(value_type = Option<String>, nullable = false, format = Date)]
    starts_on: Option<Date>,
    /// Its last day.
    #[schema(value_type = Option<String>, format = Date)]
    ends_on: Option<Option<Date>>,
}

impl Decode for UpdateHabitBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            name: fields.change("name", text(HabitName::parse)),
            description: fields.change_or_clear("description", text(description)).map(Option::flatten),
            theme_id: fields.change_or_clear("theme_id", text(ThemeId::parse_reference)),
            color: fields.change_or_clear("color", text(Color::parse)),
            kind: fields.change("kind", kind),
            schedule: fields.change("schedule", schedule),
            starts_on: fields.change("starts_on", text(date)),
            ends_on: fields.change_or_clear("ends_on", text(date)),
        })
    }
}

impl From<UpdateHabitBody> for HabitPatch {
    fn from(body: UpdateHabitBody) -> Self {
        Self {
            name: body.name,
            description: body.description,
            theme: body.theme_id,
            color: body.color,
            kind: body.kind,
            schedule: body.schedule,
            starts_on: body.starts_on,
            ends_on: body.ends_on,
        }
    }
}

/// A range of dates, at most `max` days long.
pub(in crate::routes) fn range(from: Date, to: Date, max: u32) -> Parsed<circadia_domain::civil::DateRange> {
    let mut wrong = Violations::new();
    match circadia_domain::civil::DateRange::new(from, to) {
        Some(range) if range.len() <= max => return Ok(range),
        Some(range) => {
            wrong.add("/to", "too_many", format!("makes {} days; at most {max} can be asked for", range.len()));
        }
        None => wrong.add("/to", "before_start", "must not lie before `from`"),
    }
    Err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<CreateHabitBody>();
        assert_documented::<UpdateHabitBody>();
    }
}
