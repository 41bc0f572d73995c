//! mhabit (Table Habit): JSON, <https://github.com/FriesI23/mhabit>.
//!
//! `{"habits": [{name, desc, type, status, color, daily_goal, daily_goal_unit, daily_goal_extra, freq_type, freq_custom,
//! start_date, target_days, create_t, records: [{record_date, record_type, record_value, reason}]}]}`. Dates are days since
//! 1970-01-01. A type is 1 (to be reached) or 2 (to be kept below), a status 1 (active), 2 (deleted) or 3 (archived), a
//! record 1 (done with a value) or 2 (skipped), a frequency 1 (weekly), 2 (monthly) or 3 (so many times in so many days),
//! with its numbers as JSON in a text: `"[2, 3]"`.

use std::collections::HashMap;

use circadia_domain::civil::{Date, Instant};
use circadia_domain::habits::{Direction, EntryState, Kind, MAX_VALUE};
use circadia_domain::imports::{ItemKind, Line};
use circadia_domain::quantity::Quantity;
use serde::Deserialize;

use super::frequency::{Mapped, is_met, times_in_days};
use crate::context::{DAILY, HabitDraft, count};
use crate::out::{Out, reason};
use crate::values::quantity;
use crate::{Context, ReadError, Source, json};

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Document {
    Export { habits: Vec<Habit> },
    List(Vec<Habit>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Habit {
    create_t: Option<i64>,
    uuid: Option<String>,
    r#type: Option<i64>,
    status: Option<i64>,
    name: Option<String>,
    desc: Option<String>,
    daily_goal: Option<f64>,
    daily_goal_unit: Option<String>,
    daily_goal_extra: Option<f64>,
    freq_type: Option<i64>,
    freq_custom: Option<serde_json::Value>,
    reminder_quest: Option<String>,
    start_date: Option<i32>,
    records: Vec<Record>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Record {
    #[serde(rename = "record_date")]
    date: Option<i32>,
    #[serde(rename = "record_type")]
    status: Option<i64>,
    #[serde(rename = "record_value")]
    value: Option<f64>,
    reason: Option<String>,
}

pub(crate) fn read(file: &mut dyn Source, max: u64, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    let habits = match json::document(file, max, "mhabit")? {
        Document::Export { habits } | Document::List(habits) => habits,
    };
    let mut seen: HashMap<String, u32> = HashMap::new();
    for (line, habit) in (1..).zip(habits) {
        write(line, habit, &mut seen, context, out)?;
    }
    Ok(())
}

/// The numbers of a frequency, which are JSON in a text.
fn numbers(custom: Option<&serde_json::Value>) -> Vec<u32> {
    let value = match custom {
        Some(serde_json::Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(value) => value.clone(),
        None => serde_json::Value::Null,
    };
    serde_json::from_value(value).unwrap_or_default()
}

fn schedule(habit: &Habit) -> Mapped {
    let numbers = numbers(habit.freq_custom.as_ref());
    let times = numbers.first().copied().unwrap_or(1);
    match (habit.freq_type, numbers.get(1)) {
        (Some(1), _) => times_in_days(times, 7),
        (Some(2), _) => times_in_days(times, 30),
        (Some(3), Some(days)) => times_in_days(times.min(*days), times.max(*days)),
        _ => (DAILY, None),
    }
}

fn write(
    line: Line,
    habit: Habit,
    seen: &mut HashMap<String, u32>,
    context: &Context,
    out: &mut Out<'_>,
) -> Result<(), ReadError> {
    let name = habit.name.as_deref().unwrap_or_default();
    if habit.status == Some(2) {
        return out.skip(line, Some(ItemKind::Habit), "deleted", format!("“{name}” was deleted there"));
    }
    let created = habit.create_t.map(|seconds| seconds.to_string()).unwrap_or_default();
    let count_of = seen.entry(format!("{created} {name}")).or_default();
    *count_of += 1;
    let key = habit.uuid.clone().unwrap_or_else(|| format!("{created} {name} {count_of}"));
    let is_limit = habit.r#type == Some(2);
    let goal = quantity(habit.daily_goal.unwrap_or(1.0)).unwrap_or(Quantity::whole(1));
    let unit = habit.daily_goal_unit.as_deref().unwrap_or_default();
    let kind = if is_limit {
        let most = habit.daily_goal_extra.and_then(quantity).unwrap_or(goal);
        count(most, unit, Direction::AtMost)
    } else if goal == Quantity::whole(1) && unit.trim().is_empty() {
        Ok(Kind::Check)
    } else {
        count(goal, unit, Direction::AtLeast)
    };
    let kind = match kind {
        Ok(kind) => kind,
        Err(wrong) => {
            let (code, detail) = reason(&wrong);
            return out.skip(line, Some(ItemKind::Habit), code, detail);
        }
    };
    let (schedule, note) = if is_limit { (DAILY, None) } else { schedule(&habit) };
    if let Some(note) = note {
        out.changed(line, ItemKind::Habit, "schedule_differs", note)?;
    }
    let date = |days: Option<i32>| days.and_then(Date::from_days_since_epoch);
    let first = habit.records.iter().filter_map(|record| date(record.date)).min();
    let starts_on = date(habit.start_date).or(first).unwrap_or_else(|| context.today());
    let item = context.habit(HabitDraft {
        key: &key,
        name,
        description: habit.desc.as_deref().unwrap_or_default().into(),
        question: habit.reminder_quest.as_deref().unwrap_or_default(),
        color: None,
        theme: None,
        schedule,
        kind: kind.clone(),
        starts_on: first.map_or(starts_on, |first| first.min(starts_on)),
        ends_on: None,
        is_archived: habit.status == Some(3),
        created_at: habit.create_t.map(Instant::from_seconds),
    });
    out.item_or_skip(line, ItemKind::Habit, item)?;
    let id = context.habit_id(&key);
    let mut records = habit.records;
    records.sort_by_key(|record| record.date);
    for record in records {
        let Some(day) = date(record.date) else {
            out.skip(line, Some(ItemKind::Entry), "unreadable", "a record has no date")?;
            continue;
        };
        let value = record.value.and_then(quantity).filter(|value| *value <= Quantity::whole(MAX_VALUE));
        let (state, value) = match (record.status, &kind) {
            (Some(2), _) => (EntryState::Skipped, None),
            (Some(1), Kind::Check) => {
                let is_done = value.is_none_or(|value| value >= goal);
                (if is_done { EntryState::Done } else { EntryState::Missed }, None)
            }
            (Some(1), kind) => {
                let value = value.unwrap_or_default();
                (if is_met(kind, value) { EntryState::Done } else { EntryState::Missed }, Some(value))
            }
            _ => continue,
        };
        out.item(line, context.entry(id, day, state, value, record.reason.as_deref().unwrap_or_default()))?;
    }
    Ok(())
}
