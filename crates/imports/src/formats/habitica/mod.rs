//! Habitica: the user data (*Settings → Site data → Export JSON*), <https://github.com/HabitRPG/habitica>.
//!
//! `{"tasks": {"habits": [], "dailys": [], "todos": [], "rewards": []}, "tags": [{"id", "name"}]}`; also a list of tasks, as
//! `/api/v3/tasks/user` gives it. Dailies have `frequency` (`daily`, `weekly`, `monthly`, `yearly`), `everyX`, `repeat` (the
//! weekdays), `startDate`, and `history` (`{"date": milliseconds, "value", "completed", "isDue"}`); habits have `up`,
//! `down`, and a history with `scoredUp` and `scoredDown`; to-dos `completed`, `date`, `dateCompleted`, `checklist`. Tasks
//! have an `_id`, an `id`, or both.
//!
//! `{"preferences": {"dayStart": 4, "timezoneOffset": -60}}` says when the user's days begin (hours) and where they are
//! (minutes west of UTC).

mod days;
mod document;
mod history;

use std::collections::BTreeMap;

use circadia_domain::civil::{Date, Weekday, Weekdays};
use circadia_domain::habits::{Direction, EntryState, Kind, Overflow, Schedule};
use circadia_domain::ids::ThemeId;
use circadia_domain::imports::{ItemKind, Line};
use circadia_domain::quantity::Quantity;
use circadia_domain::tasks::{Priority, TaskStatus};
use circadia_domain::violation::Violations;

use self::days::{Days, at_text};
use self::document::{Document, Preferences, Repeat, Step, Task};
use crate::context::{DAILY, HabitDraft, TaskDraft, count};
use crate::out::Out;
use crate::{Context, ReadError, Source, json};

pub(crate) fn read(file: &mut dyn Source, max: u64, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    let (values, tags, preferences) = match json::document(file, max, "Habitica")? {
        Document::User { tasks, tags, preferences } => {
            let lists =
                [(tasks.habits, "habit"), (tasks.dailys, "daily"), (tasks.todos, "todo"), (tasks.rewards, "reward")];
            let all = lists.into_iter().flat_map(|(list, kind)| list.into_iter().map(move |task| (task, Some(kind))));
            (all.collect::<Vec<_>>(), tags, preferences)
        }
        Document::Answer { data } | Document::List(data) => {
            (data.into_iter().map(|task| (task, None)).collect(), Vec::new(), Preferences::default())
        }
    };
    let mut tasks: Vec<(Line, Task)> = Vec::new();
    for (line, (value, kind)) in (1..).zip(values) {
        match serde_json::from_value::<Task>(value) {
            Ok(mut task) => {
                if let Some(kind) = kind {
                    kind.clone_into(&mut task.r#type);
                }
                tasks.push((line, task));
            }
            Err(error) => out.skip(line, None, "unreadable", format!("it isn't as Habitica writes tasks: {error}"))?,
        }
    }
    let reader = Reader { context, days: Days::of(&preferences, context) };
    let names: BTreeMap<String, String> = tags.into_iter().map(|tag| (tag.id, tag.name)).collect();
    let mut themes: Vec<&str> = Vec::new();
    for (line, task) in &tasks {
        if let Some(name) = theme_of(task, &names).filter(|name| !themes.contains(name)) {
            out.item_or_skip(*line, ItemKind::Theme, context.theme(name))?;
            themes.push(name);
        }
    }
    for (line, task) in &tasks {
        let (line, theme) = (*line, theme_of(task, &names).map(|name| context.theme_id(name)));
        match task.r#type.as_str() {
            "daily" => reader.daily(line, task, theme, out)?,
            "habit" => reader.habit(line, task, theme, out)?,
            "todo" => reader.todo(line, task, theme, out)?,
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
    let (_, month, day) = starts_on.year_month_day();
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

struct Shape {
    schedule: Schedule,
    kind: Result<Kind, Violations>,
    starts_on: Date,
}

struct Reader<'a> {
    context: &'a Context,
    days: Days,
}

impl Reader<'_> {
    fn steps<'t>(&self, line: Line, task: &'t Task, out: &mut Out<'_>) -> Result<Vec<(Date, &'t Step)>, ReadError> {
        let (steps, compacted) = history::steps(task, &self.days);
        if compacted > 0 {
            let detail = format!("of older days only {compacted} averages are left there");
            out.changed(line, ItemKind::Habit, "history_compacted", detail)?;
        }
        Ok(steps)
    }

    fn write_habit(
        &self,
        line: Line,
        task: &Task,
        theme: Option<ThemeId>,
        shape: Shape,
        out: &mut Out<'_>,
    ) -> Result<(), ReadError> {
        let item = shape.kind.and_then(|kind| {
            self.context.habit(HabitDraft {
                key: task.key(),
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

    fn daily(&self, line: Line, task: &Task, theme: Option<ThemeId>, out: &mut Out<'_>) -> Result<(), ReadError> {
        let days = history::daily_days(&self.steps(line, task, out)?);
        let first = days.keys().next().copied();
        let begun = self.days.of_date(task.start_date.as_ref()).or(first).unwrap_or_else(|| self.context.today());
        let starts_on = first.map_or(begun, |first| first.min(begun));
        let (schedule, note) = schedule(task, begun);
        if let Some(note) = note {
            out.changed(line, ItemKind::Habit, "schedule_differs", note)?;
        }
        self.write_habit(line, task, theme, Shape { schedule, kind: Ok(Kind::Check), starts_on }, out)?;
        let id = self.context.habit_id(task.key());
        for (date, state) in days {
            out.item(line, self.context.entry(id, date, state, None, ""))?;
        }
        Ok(())
    }

    fn habit(&self, line: Line, task: &Task, theme: Option<ThemeId>, out: &mut Out<'_>) -> Result<(), ReadError> {
        let steps = self.steps(line, task, out)?;
        let created = task.created_at.as_deref().and_then(at_text).map(|at| self.days.of_instant(at));
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
        let first = steps.iter().map(|(date, _)| *date).min();
        let starts_on = first.or(created).unwrap_or_else(|| self.context.today());
        self.write_habit(line, task, theme, Shape { schedule: DAILY, kind, starts_on }, out)?;
        let id = self.context.habit_id(task.key());
        for (date, times) in history::times_of_days(&steps, is_bad) {
            let state = if is_bad { EntryState::Missed } else { EntryState::Done };
            let value = Quantity::whole(times.min(1_000_000));
            out.item(line, self.context.entry(id, date, state, Some(value), ""))?;
        }
        Ok(())
    }

    fn todo(&self, line: Line, task: &Task, theme: Option<ThemeId>, out: &mut Out<'_>) -> Result<(), ReadError> {
        let mut description = task.notes.clone().unwrap_or_default();
        for item in task.checklist.iter().take(200) {
            description.push_str(if item.completed { "\n[x] " } else { "\n[ ] " });
            description.push_str(&item.text);
        }
        let item = self.context.task(&TaskDraft {
            key: task.key(),
            title: &task.text,
            description: description.into(),
            priority: match task.priority {
                Some(priority) if priority >= 2.0 => Priority::High,
                Some(priority) if priority < 1.0 => Priority::Low,
                _ => Priority::Medium,
            },
            status: if task.completed == Some(true) { TaskStatus::Done } else { TaskStatus::Todo },
            due_on: self.days.of_date(task.date.as_ref()),
            theme,
            created_at: task.created_at.as_deref().and_then(at_text),
            completed_at: task.date_completed.as_deref().and_then(at_text),
        });
        out.item_or_skip(line, ItemKind::Task, item)
    }
}
