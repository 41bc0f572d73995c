//! The items of a document, decoded into what is stored.

use circadia_domain::civil::{Date, Weekday};
use circadia_domain::habits::{
    Archive, Entry, Habit, MAX_VALUE, MAX_VERSIONS, Pause, PauseSource, Plan, Timeline, Window,
};
use circadia_domain::ids::{HabitId, MoodMomentId, PauseId, SharedPauseId, SleepLogId, TaskId, ThemeId, TimeEntryId};
use circadia_domain::import::digest_of;
use circadia_domain::moods::{Mood, MoodMoment};
use circadia_domain::reminders::{
    MAX_DAYS_BEFORE, MAX_MINUTES_BEFORE, Reminder, ReminderAbout, ReminderId, ReminderRule,
};
use circadia_domain::revision::Revision;
use circadia_domain::shared_pauses::SharedPause;
use circadia_domain::sleep::{Sleep, SleepLog};
use circadia_domain::tasks::Task;
use circadia_domain::themes::Theme;
use circadia_domain::time_entries::{MAX_ENTRY_MINUTES, TimeEntry};
use circadia_domain::timer::Timer;
use circadia_domain::users::Settings;
use circadia_domain::violation::Violations;

use crate::http::input::{Decode, Fields, Parsed, Raw, between, integer, list, quantity};
use crate::routes::schedules::{kind, schedule};

/// Stamped on when it is stored.
const UNSTAMPED: Revision = Revision(0);

impl Decode for Settings {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let timezone = fields.required("timezone");
        let day_start = fields.required("day_start");
        let week_start = fields.required("week_start");
        let locale = fields.required("locale");
        let color_scheme = fields.required("color_scheme");
        let sleep_goal = fields.required("sleep_goal_minutes");
        let free_days = fields.required("free_days");
        let allow_overlapping_time = fields.required("allow_overlapping_time");
        Some(Self {
            timezone: timezone?,
            day_start: day_start?,
            week_start: week_start?,
            locale: locale?,
            color_scheme: color_scheme?,
            sleep_goal: sleep_goal?,
            free_days: free_days?,
            allow_overlapping_time: allow_overlapping_time?,
        })
    }
}

impl Decode for Theme {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name");
        let id: Option<ThemeId> = fields.required("id");
        let color = fields.required("color");
        let created_at = fields.required("created_at");
        let updated_at = fields.required("updated_at");
        Some(Self {
            id: id?,
            name: name?,
            color: color?,
            created_at: created_at?,
            updated_at: updated_at?,
            rev: UNSTAMPED,
            request_digest: digest_of(id?.as_uuid()),
        })
    }
}

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

/// A whole number up to a small one.
fn up_to(max: u16) -> impl Fn(Raw<'_>) -> Parsed<u16> {
    move |raw| between(0, max.into())(raw).map(|number| u16::try_from(number).unwrap_or(max))
}

/// What is null in an export of such a reminder.
fn none_of(fields: &mut Fields<'_>, names: [&'static str; 4]) {
    for name in names {
        let unknown = || Violations::of("unknown_field", "isn't a field of a reminder about such a thing");
        let _: Option<()> = fields.optional_with(name, |_| Err(unknown()));
    }
}

/// When a reminder is sent.
fn reminder_rule(fields: &mut Fields<'_>, about: ReminderAbout) -> Option<ReminderRule> {
    match about {
        ReminderAbout::Habit => {
            none_of(fields, ["task_id", "days_before", "wake_time", "minutes_before"]);
            let (habit, time) = (fields.required("habit_id"), fields.required("time"));
            let weekdays = fields.required("weekdays");
            Some(ReminderRule::Habit { habit: habit?, time: time?, weekdays: weekdays? })
        }
        ReminderAbout::Task => {
            none_of(fields, ["habit_id", "weekdays", "wake_time", "minutes_before"]);
            let (task, time) = (fields.required("task_id"), fields.required("time"));
            let days_before = fields.required_with("days_before", up_to(MAX_DAYS_BEFORE));
            Some(ReminderRule::Task { task: task?, time: time?, days_before: days_before? })
        }
        ReminderAbout::Bedtime => {
            none_of(fields, ["habit_id", "task_id", "time", "days_before"]);
            let (wake_time, weekdays) = (fields.required("wake_time"), fields.required("weekdays"));
            let minutes_before = fields.required_with("minutes_before", up_to(MAX_MINUTES_BEFORE));
            Some(ReminderRule::Bedtime { wake_time: wake_time?, minutes_before: minutes_before?, weekdays: weekdays? })
        }
    }
}

impl Decode for Reminder {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id: Option<ReminderId> = fields.required("id");
        let channels = fields.required("channels");
        let enabled = fields.required("enabled");
        let created_at = fields.required("created_at");
        let updated_at = fields.required("updated_at");
        let Some(about) = fields.required("about") else {
            // What the others are can't be told.
            let others = ["habit_id", "task_id", "time", "weekdays", "days_before", "wake_time", "minutes_before"];
            for name in others {
                fields.optional_with(name, |_| Ok(()));
            }
            return None;
        };
        let rule = reminder_rule(fields, about)?;
        fields.take(rule.check())?;
        Some(Self {
            id: id?,
            rule,
            channels: channels?,
            enabled: enabled?,
            handled_on: None,
            next: None,
            created_at: created_at?,
            updated_at: updated_at?,
            rev: UNSTAMPED,
            request_digest: digest_of(id?.as_uuid()),
        })
    }
}

impl Decode for SleepLog {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id: Option<SleepLogId> = fields.required("id");
        let start = fields.required("start");
        let end = fields.required("end");
        let date = fields.required("date");
        let zone = fields.required("timezone");
        let kind = fields.required("kind");
        let quality = fields.optional("quality");
        let awake_seconds = fields.optional_with("awake_seconds", between(0, 86_399));
        let note = fields.optional("note");
        let created_at = fields.required("created_at");
        let updated_at = fields.required("updated_at");
        Some(Self {
            id: id?,
            sleep: Sleep { start: start?, end: end?, date: date?, zone: zone?, kind: kind?, quality, awake_seconds },
            note,
            created_at: created_at?,
            updated_at: updated_at?,
            rev: UNSTAMPED,
            request_digest: digest_of(id?.as_uuid()),
        })
    }
}

impl Decode for Mood {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let date = fields.required("date");
        let value = fields.required("value");
        let note = fields.optional("note");
        let tags = fields.optional("tags");
        let created_at = fields.required("created_at");
        let updated_at = fields.required("updated_at");
        Some(Self {
            date: date?,
            value: value?,
            note,
            tags: tags.unwrap_or_default(),
            created_at: created_at?,
            updated_at: updated_at?,
            rev: UNSTAMPED,
        })
    }
}

impl Decode for MoodMoment {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id: Option<MoodMomentId> = fields.required("id");
        let at = fields.required("at");
        let date = fields.required("date");
        let zone = fields.required("timezone");
        let value = fields.required("value");
        let note = fields.optional("note");
        let tags = fields.optional("tags");
        let created_at = fields.required("created_at");
        let updated_at = fields.required("updated_at");
        Some(Self {
            id: id?,
            at: at?,
            date: date?,
            zone: zone?,
            value: value?,
            note,
            tags: tags.unwrap_or_default(),
            created_at: created_at?,
            updated_at: updated_at?,
            rev: UNSTAMPED,
            request_digest: digest_of(id?.as_uuid()),
        })
    }
}
