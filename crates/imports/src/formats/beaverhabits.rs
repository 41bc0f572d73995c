//! Beaver Habits: JSON, <https://github.com/daya0576/beaverhabits>.
//!
//! `{"habits": [{"name", "id"?, "star"?, "status"?, "period"?: {"period_type": "D|W|M|Y", "period_count", "target_count"},
//! "tags"?, "weekly_goal"?, "records": [{"day": "2026-03-01", "done": true, "text"?}]}], "order"?: [ids]}`, where `done`
//! is `null` for a skipped day. Files of the server itself have that in a member `data`.

use std::collections::HashMap;

use circadia_domain::habits::{EntryState, Kind};
use circadia_domain::imports::{ItemKind, Line};
use serde::{Deserialize, Deserializer};

use super::frequency::{Mapped, times_in_days};
use crate::context::{DAILY, HabitDraft};
use crate::out::Out;
use crate::values::{date_in, iso_date};
use crate::{Context, ReadError, Source, json};

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Document {
    Export(Export),
    Stored { data: Export },
    List(Vec<Habit>),
}

#[derive(Debug, Deserialize)]
struct Export {
    habits: Vec<Habit>,
    #[serde(default)]
    order: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Habit {
    id: Option<String>,
    name: String,
    status: Option<String>,
    period: Option<Period>,
    weekly_goal: Option<u32>,
    tags: Option<Vec<String>>,
    records: Vec<Record>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Period {
    #[serde(rename = "period_type")]
    unit: String,
    #[serde(rename = "period_count")]
    units: Option<u32>,
    target_count: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Record {
    day: String,
    /// Absent is not done.
    #[serde(deserialize_with = "nullable")]
    done: Option<Option<bool>>,
    text: Option<String>,
}

/// Tells `null` from what is absent.
fn nullable<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<bool>>, D::Error> {
    Deserialize::deserialize(from).map(Some)
}

pub(crate) fn read(file: &mut dyn Source, max: u64, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    let (mut habits, order) = match json::document(file, max, "Beaver Habits")? {
        Document::Export(export) | Document::Stored { data: export } => (export.habits, export.order),
        Document::List(habits) => (habits, Vec::new()),
    };
    let places: HashMap<&str, usize> = order.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
    habits.sort_by_key(|habit| habit.id.as_deref().and_then(|id| places.get(id)).copied().unwrap_or(usize::MAX));
    let mut themes: Vec<String> = Vec::new();
    for (line, habit) in (1..).zip(&habits) {
        if let Some(tag) = first_tag(habit).filter(|tag| !themes.iter().any(|seen| seen == tag)) {
            out.item_or_skip(line, ItemKind::Theme, context.theme(tag))?;
            themes.push(tag.to_owned());
        }
    }
    let mut seen: HashMap<String, u32> = HashMap::new();
    for (line, habit) in (1..).zip(habits) {
        write(line, &habit, &mut seen, context, out)?;
    }
    Ok(())
}

fn first_tag(habit: &Habit) -> Option<&str> {
    habit.tags.as_ref()?.first().map(|tag| tag.trim()).filter(|tag| !tag.is_empty())
}

fn schedule(habit: &Habit) -> Mapped {
    if let Some(period) = &habit.period {
        let length = match period.unit.as_str() {
            "W" => 7,
            "M" => 30,
            "Y" => 365,
            _ => 1,
        };
        let days = period.units.unwrap_or(1).max(1).saturating_mul(length);
        return times_in_days(period.target_count.unwrap_or(1), days);
    }
    match habit.weekly_goal {
        Some(times @ 1..=6) => times_in_days(times, 7),
        _ => (DAILY, None),
    }
}

fn write(
    line: Line,
    habit: &Habit,
    seen: &mut HashMap<String, u32>,
    context: &Context,
    out: &mut Out<'_>,
) -> Result<(), ReadError> {
    let status = habit.status.as_deref().unwrap_or_default().to_lowercase();
    if status == "soft_delete" || status == "soft_deleted" || status == "deleted" {
        let detail = format!("“{}” was deleted there", habit.name);
        return out.skip(line, Some(ItemKind::Habit), "deleted", detail);
    }
    let count = seen.entry(habit.name.clone()).or_default();
    *count += 1;
    let key = match &habit.id {
        Some(id) => format!("id:{id}"),
        None => format!("name:{} {count}", habit.name),
    };
    let (schedule, note) = schedule(habit);
    if let Some(note) = note {
        out.changed(line, ItemKind::Habit, "schedule_differs", note)?;
    }
    let day = |record: &Record| iso_date(&record.day).or_else(|| date_in(&record.day, &["%Y/%m/%d"]));
    let first = habit.records.iter().filter_map(day).min();
    let item = context.habit(HabitDraft {
        key: &key,
        name: &habit.name,
        description: "".into(),
        question: "",
        color: None,
        theme: first_tag(habit).map(|tag| context.theme_id(tag)),
        schedule,
        kind: Kind::Check,
        starts_on: first.unwrap_or_else(|| context.today()),
        ends_on: None,
        is_archived: status == "archive" || status == "archived",
        created_at: None,
    });
    out.item_or_skip(line, ItemKind::Habit, item)?;
    let id = context.habit_id(&key);
    let mut records: Vec<_> = habit.records.iter().map(|record| (day(record), record)).collect();
    records.sort_by_key(|(day, _)| *day);
    for (day, record) in records {
        let text = record.text.as_deref().unwrap_or_default();
        match (day, record.done.unwrap_or(Some(false))) {
            (None, _) => {
                out.skip(line, Some(ItemKind::Entry), "unreadable", format!("“{}” is no date", record.day))?;
            }
            (Some(day), Some(true)) => out.item(line, context.entry(id, day, EntryState::Done, None, text))?,
            // A day that was ticked and unticked again.
            (Some(_), Some(false)) if text.trim().is_empty() => {}
            (Some(day), Some(false)) => out.item(line, context.entry(id, day, EntryState::Missed, None, text))?,
            (Some(day), None) => out.item(line, context.entry(id, day, EntryState::Skipped, None, text))?,
        }
    }
    Ok(())
}
