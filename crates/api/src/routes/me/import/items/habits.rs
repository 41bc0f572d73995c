//! Habits with their plans, pauses and archives, pauses of all habits, and entries.

use circadia_domain::civil::{Date, Weekday};
use circadia_domain::habits::{
    Archive, Entry, Habit, MAX_VALUE, MAX_VERSIONS, Pause, PauseSource, Plan, Timeline, Window,
};
use circadia_domain::ids::{HabitId, PauseId, SharedPauseId};
use circadia_domain::import::digest_of;
use circadia_domain::shared_pauses::SharedPause;
use circadia_domain::violation::Violations;

use super::UNSTAMPED;
use crate::http::input::{Decode, Fields, integer, list, quantity};
use crate::routes::schedules::{kind, schedule};

/// A plan of a habit.
struct PlanItem(Plan);

impl Decode for PlanItem {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let effective_from = fields.required("effective_from");
        let anchor = fields.required("anchor");
        let week_start: Option<Weekday> = fields.required("week_start");
        let schedule = fields.required_with("schedule", schedule);
        let kind = fields.required_with("kind", kind);
        Some(Self(Plan {
            effective_from: effective_from?,
            anchor: anchor?,
            week_start: week_start?,
            schedule: schedule?,
            kind: kind?,
        }))
    }
}

/// A pause of a habit's own.
struct PauseItem(Pause);

impl Decode for PauseItem {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id: Option<PauseId> = fields.required("id");
        let from = fields.required("from");
        let to = fields.optional("to");
        fields.note_reversed(from, to);
        Some(Self(Pause { id: id?, from: from?, to, source: PauseSource::Own }))
    }
}

/// Days on which a habit was archived.
struct ArchiveItem(Archive);

impl Decode for ArchiveItem {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let from = fields.required("from");
        let until = fields.optional("until");
        Some(Self(Archive { from: from?, until }))
    }
}

/// When a habit is kept.
fn timeline(fields: &mut Fields<'_>) -> Option<Timeline> {
    let starts_on: Option<Date> = fields.required("starts_on");
    let ends_on = fields.optional("ends_on");
    let plans = fields.required_with("plans", list(MAX_VERSIONS, Fields::object::<PlanItem>));
    let pauses = fields.optional_with("pauses", list(MAX_VERSIONS, Fields::object::<PauseItem>));
    let archives = fields.optional_with("archives", list(MAX_VERSIONS, Fields::object::<ArchiveItem>));
    let plans = plans?.into_iter().map(|PlanItem(plan)| plan).collect();
    let pauses: Vec<Pause> = pauses.unwrap_or_default().into_iter().map(|PauseItem(pause)| pause).collect();
    let archives = archives.unwrap_or_default().into_iter().map(|ArchiveItem(archive)| archive).collect();
    let mut ids: Vec<PauseId> = pauses.iter().map(|pause| pause.id).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        fields.note("pauses", "duplicate", "has two pauses of one id");
    }
    let window = Window { starts_on: starts_on?, ends_on };
    fields.take(Timeline::with_archives(window, plans, pauses, archives))
}

impl Decode for Habit {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id: Option<HabitId> = fields.required("id");
        let name = fields.required("name");
        let description = fields.optional("description");
        let theme = fields.optional("theme_id");
        let color = fields.optional("color");
        let icon = fields.optional("icon");
        let question = fields.optional("question");
        let time_of_day = fields.required("time_of_day");
        let timeline = timeline(fields);
        let archived_at = fields.optional("archived_at");
        let position = fields.required_with(
            "position",
            integer(|number| {
                i32::try_from(number).map_err(|_| Violations::of("out_of_range", "must fit into 32 bits"))
            }),
        );
        let created_at = fields.required("created_at");
        let updated_at = fields.required("updated_at");
        Some(Self {
            id: id?,
            name: name?,
            description,
            theme,
            color,
            icon,
            question,
            time_of_day: time_of_day?,
            timeline: timeline?,
            archived_at,
            position: position?,
            created_at: created_at?,
            updated_at: updated_at?,
            rev: UNSTAMPED,
            request_digest: digest_of(id?.as_uuid()),
        })
    }
}

impl Decode for SharedPause {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id: Option<SharedPauseId> = fields.required("id");
        let from = fields.required("from");
        let to = fields.optional("to");
        fields.note_reversed(from, to);
        let note = fields.optional("note");
        let except_habits = fields.optional("except_habits");
        let source = fields.required("source");
        let created_at = fields.required("created_at");
        let updated_at = fields.required("updated_at");
        Some(Self {
            id: id?,
            from: from?,
            to,
            note,
            except_habits: except_habits.unwrap_or_default(),
            source: source?,
            created_at: created_at?,
            updated_at: updated_at?,
            rev: UNSTAMPED,
            request_digest: digest_of(id?.as_uuid()),
        })
    }
}

impl Decode for Entry {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let habit = fields.required("habit_id");
        let date = fields.required("date");
        let state = fields.required("state");
        let value = fields.optional_with("value", quantity(MAX_VALUE));
        let settled = fields.optional("settled");
        let note = fields.optional("note");
        let created_at = fields.required("created_at");
        let updated_at = fields.required("updated_at");
        Some(Self {
            habit: habit?,
            date: date?,
            state: state?,
            value,
            tracked_minutes: 0,
            settled: settled.unwrap_or(false),
            note,
            created_at: created_at?,
            updated_at: updated_at?,
            rev: UNSTAMPED,
        })
    }
}
