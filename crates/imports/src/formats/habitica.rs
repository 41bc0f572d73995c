//! Habitica: the user data (*Settings → Site data → Export JSON*), <https://github.com/HabitRPG/habitica>.
//!
//! `{"tasks": {"habits": [], "dailys": [], "todos": [], "rewards": []}, "tags": [{"id", "name"}]}`; also a list of tasks, as
//! `/api/v3/tasks/user` gives it. Dailies have `frequency` (`daily`, `weekly`, `monthly`, `yearly`), `everyX`, `repeat` (the
//! weekdays), `startDate`, and `history` (`{"date": milliseconds, "value", "completed", "isDue"}`); habits have `up`,
//! `down`, and a history with `scoredUp` and `scoredDown`; to-dos `completed`, `date`, `dateCompleted`, `checklist`.

use std::collections::BTreeMap;

use chrono::DateTime;
use circadia_domain::civil::{Date, Instant, Weekday, Weekdays};
use circadia_domain::habits::{Direction, EntryState, Kind, Overflow, Schedule};
use circadia_domain::imports::{ItemKind, Line};
use circadia_domain::quantity::Quantity;
use circadia_domain::tasks::{Priority, TaskStatus};
use circadia_domain::violation::Violations;
use serde::Deserialize;

use crate::context::{DAILY, HabitDraft, TaskDraft, count};
use crate::out::Out;
use crate::values::iso_date;
use crate::{Context, ReadError, Source, json};

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Document {
    User {
        tasks: Tasks,
        #[serde(default)]
        tags: Vec<Tag>,
    },
    Answer {
        data: Vec<Task>,
    },
    List(Vec<Task>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tasks {
    habits: Vec<Task>,
    dailys: Vec<Task>,
    todos: Vec<Task>,
    rewards: Vec<Task>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tag {
    id: String,
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Task {
    #[serde(alias = "_id")]
    id: String,
    r#type: String,
    text: String,
    notes: Option<String>,
    tags: Vec<String>,
    priority: Option<f64>,
    created_at: Option<String>,
    completed: Option<bool>,
    date: Option<serde_json::Value>,
    date_completed: Option<String>,
    checklist: Vec<Item>,
    frequency: Option<String>,
    every_x: Option<u32>,
    repeat: Option<Repeat>,
    days_of_month: Vec<i64>,
    start_date: Option<serde_json::Value>,
    history: Vec<Step>,
    up: Option<bool>,
    down: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Item {
    text: String,
    completed: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "a week has seven days")]
struct Repeat {
    m: bool,
    t: bool,
    w: bool,
    th: bool,
    f: bool,
    s: bool,
    su: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Step {
    date: Option<serde_json::Value>,
    value: Option<f64>,
    completed: Option<bool>,
    is_due: Option<bool>,
    scored_up: Option<u32>,
    scored_down: Option<u32>,
}

pub(crate) fn read(file: &mut dyn Source, max: u64, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    let (tasks, tags) = match json::document(file, max, "Habitica")? {
        Document::User { tasks, tags } => {
            let lists =
                [(tasks.habits, "habit"), (tasks.dailys, "daily"), (tasks.todos, "todo"), (tasks.rewards, "reward")];
            let all = lists
                .into_iter()
                .flat_map(|(list, kind)| list.into_iter().map(move |task| Task { r#type: kind.to_owned(), ..task }));
            (all.collect::<Vec<_>>(), tags)
        }
        Document::Answer { data } | Document::List(data) => (data, Vec::new()),
    };
    let names: BTreeMap<String, String> = tags.into_iter().map(|tag| (tag.id, tag.name)).collect();
    let mut themes: Vec<&str> = Vec::new();
    for (line, task) in (1..).zip(&tasks) {
        if let Some(name) = theme_of(task, &names).filter(|name| !themes.contains(name)) {
            out.item_or_skip(line, ItemKind::Theme, context.theme(name))?;
            themes.push(name);
        }
    }
    for (line, task) in (1..).zip(&tasks) {
        let theme = theme_of(task, &names).map(|name| context.theme_id(name));
        match task.r#type.as_str() {
            "daily" => daily(line, task, theme, context, out)?,
            "habit" => habit(line, task, theme, context, out)?,
            "todo" => todo(line, task, theme, context, out)?,
            other => {
                let detail = format!("“{}” is a {other}: there is no such thing here", task.text);
                out.skip(line, None, "not_supported", detail)?;
            }
        }
    }
    Ok(())
}

fn theme_of<'n>(task: &Task, names: &'n BTreeMap<String, String>) -> Option<&'n str> {
    task.tags.iter().find_map(|tag| names.get(tag)).map(|name| name.trim()).filter(|name| !name.is_empty())
}

/// A time as milliseconds or as a text.
fn at(value: Option<&serde_json::Value>) -> Option<Instant> {
    match value? {
        serde_json::Value::Number(millis) => Some(Instant::from_micros(millis.as_i64()?.saturating_mul(1_000))),
        serde_json::Value::String(text) => at_text(text),
        _ => None,
    }
}

fn at_text(text: &str) -> Option<Instant> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| Instant::from(at.to_utc()))
}

fn date(value: Option<&serde_json::Value>, context: &Context) -> Option<Date> {
    let by_instant = at(value).map(|at| context.settings.day_clock().date_at(at));
    by_instant.or_else(|| value?.as_str().and_then(iso_date))
}

fn weekdays(repeat: Option<&Repeat>) -> Weekdays {
    let Some(repeat) = repeat else { return Weekdays::default() };
    let week = [repeat.m, repeat.t, repeat.w, repeat.th, repeat.f, repeat.s, repeat.su];
    let days: Vec<Weekday> =
        (0..).zip(week).filter(|(_, is_on)| *is_on).map(|(day, _)| Weekday::from_number(day)).collect();
    Weekdays::of(&days)
}

/// The schedule of a daily, and why it differs, if it does.
fn schedule(task: &Task, starts_on: Date) -> (Schedule, Option<&'static str>) {
    let every = task.every_x.unwrap_or(1);
    if every == 0 {
        return (DAILY, Some("it is never due there; here it is due daily"));
    }
    let every = every.min(circadia_domain::habits::MAX_EVERY);
    let (year, month, day) = starts_on.year_month_day();
    let _ = year;
    match task.frequency.as_deref() {
        Some("weekly") => match weekdays(task.repeat.as_ref()) {
            days if days.is_empty() => (DAILY, Some("it has no weekdays there; here it is due daily")),
            days if days.len() == 7 && every == 1 => (DAILY, None),
            weekdays => (Schedule::Weekly { weekdays, every }, None),
        },
        Some("monthly") => {
            let mut days: Vec<i16> = task
                .days_of_month
                .iter()
                .filter_map(|day| i16::try_from(*day).ok())
                .filter(|day| (1..=31).contains(day))
                .collect();
            let is_by_week = days.is_empty();
            if is_by_week {
                days = i16::try_from(day).into_iter().collect();
            }
            days.sort_unstable();
            days.dedup();
            let note = is_by_week.then_some("it may be due on weekdays of the month there; here it is due by the day");
            (Schedule::MonthlyDays { days, every, overflow: Overflow::Clamp }, note)
        }
        Some("yearly") => {
            let dates = vec![circadia_domain::habits::MonthDay { month, day }];
            (Schedule::Yearly { dates, every, overflow: Overflow::Clamp }, None)
        }
        _ => (Schedule::Daily { every }, None),
    }
}

/// The days of a habit's history, each with its steps.
fn days<'t>(task: &'t Task, context: &Context) -> BTreeMap<Date, Vec<&'t Step>> {
    let mut days: BTreeMap<Date, Vec<&Step>> = BTreeMap::new();
    for step in &task.history {
        if let Some(date) = date(step.date.as_ref(), context) {
            days.entry(date).or_default().push(step);
        }
    }
    days
}

struct Shape {
    schedule: Schedule,
    kind: Result<Kind, Violations>,
    starts_on: Date,
}

fn write_habit(
    line: Line,
    task: &Task,
    theme: Option<circadia_domain::ids::ThemeId>,
    shape: Shape,
    context: &Context,
    out: &mut Out<'_>,
) -> Result<(), ReadError> {
    let item = shape.kind.and_then(|kind| {
        context.habit(HabitDraft {
            key: &task.id,
            name: &task.text,
            description: task.notes.as_deref().unwrap_or_default().into(),
            question: "",
            color: None,
            theme,
            schedule: shape.schedule,
            kind,
            starts_on: shape.starts_on,
            ends_on: None,
            is_archived: false,
            created_at: task.created_at.as_deref().and_then(at_text),
        })
    });
    out.item_or_skip(line, ItemKind::Habit, item)
}

fn daily(
    line: Line,
    task: &Task,
    theme: Option<circadia_domain::ids::ThemeId>,
    context: &Context,
    out: &mut Out<'_>,
) -> Result<(), ReadError> {
    let days = daily_days(task, context);
    let first = days.keys().next().copied();
    let begun = date(task.start_date.as_ref(), context).or(first).unwrap_or_else(|| context.today());
    let starts_on = first.map_or(begun, |first| first.min(begun));
    let (schedule, note) = schedule(task, begun);
    if let Some(note) = note {
        out.changed(line, ItemKind::Habit, "schedule_differs", note)?;
    }
    write_habit(line, task, theme, Shape { schedule, kind: Ok(Kind::Check), starts_on }, context, out)?;
    let id = context.habit_id(&task.id);
    for (date, state) in days {
        out.item(line, context.entry(id, date, state, None, ""))?;
    }
    Ok(())
}

/// What became of the days of a daily. That it was done is noted at once; that it wasn't, when the next day begins.
fn daily_days(task: &Task, context: &Context) -> BTreeMap<Date, EntryState> {
    let (mut days, mut before) = (BTreeMap::new(), 0.0);
    for step in &task.history {
        // Older histories say only how the value went, and that when the next day began: up when it was done.
        let is_done = step.completed.unwrap_or(step.value.is_some_and(|value| value > before));
        before = step.value.unwrap_or(before);
        let Some(noted_on) = date(step.date.as_ref(), context) else { continue };
        let on = if step.completed == Some(true) { Some(noted_on) } else { noted_on.pred() };
        let Some(on) = on else { continue };
        if is_done {
            days.insert(on, EntryState::Done);
        } else if step.is_due == Some(true) {
            days.entry(on).or_insert(EntryState::Missed);
        }
    }
    days
}

fn habit(
    line: Line,
    task: &Task,
    theme: Option<circadia_domain::ids::ThemeId>,
    context: &Context,
    out: &mut Out<'_>,
) -> Result<(), ReadError> {
    let days = days(task, context);
    let starts_on = days.keys().next().copied();
    let created = task.created_at.as_deref().and_then(at_text).map(|at| context.settings.day_clock().date_at(at));
    let is_bad = task.up == Some(false) && task.down == Some(true);
    let kind = if is_bad {
        count(Quantity::ZERO, "times", Direction::AtMost)
    } else {
        count(Quantity::whole(1), "times", Direction::AtLeast)
    };
    if task.up == Some(true) && task.down == Some(true) {
        let detail = "it counts up and down there; here only up is taken over";
        out.changed(line, ItemKind::Habit, "one_direction", detail)?;
    }
    let starts_on = starts_on.or(created).unwrap_or_else(|| context.today());
    write_habit(line, task, theme, Shape { schedule: DAILY, kind, starts_on }, context, out)?;
    let id = context.habit_id(&task.id);
    let mut before: Option<f64> = None;
    for (date, steps) in days {
        let mut times = 0_u32;
        for step in steps {
            let scored = if is_bad { step.scored_down } else { step.scored_up };
            let went = step.value.unwrap_or(0.0) - before.unwrap_or(0.0);
            before = step.value.or(before);
            let moved = if is_bad { went < 0.0 } else { went > 0.0 };
            let has_scores = step.scored_up.is_some() || step.scored_down.is_some();
            times = times.saturating_add(if has_scores { scored.unwrap_or(0) } else { u32::from(moved) });
        }
        if times > 0 {
            let state = if is_bad { EntryState::Missed } else { EntryState::Done };
            out.item(line, context.entry(id, date, state, Some(Quantity::whole(times.min(1_000_000))), ""))?;
        }
    }
    Ok(())
}

fn todo(
    line: Line,
    task: &Task,
    theme: Option<circadia_domain::ids::ThemeId>,
    context: &Context,
    out: &mut Out<'_>,
) -> Result<(), ReadError> {
    let mut description = task.notes.clone().unwrap_or_default();
    for item in task.checklist.iter().take(200) {
        description.push_str(if item.completed { "\n[x] " } else { "\n[ ] " });
        description.push_str(&item.text);
    }
    let item = context.task(&TaskDraft {
        key: &task.id,
        title: &task.text,
        description: description.into(),
        priority: match task.priority {
            Some(priority) if priority >= 2.0 => Priority::High,
            Some(priority) if priority < 1.0 => Priority::Low,
            _ => Priority::Medium,
        },
        status: if task.completed == Some(true) { TaskStatus::Done } else { TaskStatus::Todo },
        due_on: date(task.date.as_ref(), context),
        theme,
        created_at: task.created_at.as_deref().and_then(at_text),
        completed_at: task.date_completed.as_deref().and_then(at_text),
    });
    out.item_or_skip(line, ItemKind::Task, item)
}
