//! Themes, habits with their plans, pauses and archives, and entries.

use std::collections::HashMap;
use std::io::Read;

use circadia_domain::civil::{Date, Instant};
use circadia_domain::color::Color;
use circadia_domain::habits::{
    Archive, Entry, EntryState, Habit, Kind, MAX_VALUE, Pause, Plan, TimeOfDay, Timeline, Window,
};
use circadia_domain::ids::PauseId;
use circadia_domain::import::digest_of;
use circadia_domain::imports::Item;
use circadia_domain::quantity::Quantity;
use circadia_domain::themes::Theme;
use circadia_domain::violation::Violations;
use serde_json::{Value, json};

use super::cells::{Cells, wrong};
use super::{Reader, UNSTAMPED};
use crate::ReadError;
use crate::context::DAILY;
use crate::table::{Header, Rows};
use crate::values::{line, number, prose, quantity};

/// What a habit has several of, by its id.
#[derive(Debug, Default)]
pub(super) struct OfHabits {
    plans: HashMap<String, Vec<Plan>>,
    pauses: HashMap<String, Vec<Pause>>,
    archives: HashMap<String, Vec<Archive>>,
}

impl Reader<'_> {
    pub(super) fn part_of_habits(&mut self, table: &str, file: &mut dyn Read) -> Result<(), ReadError> {
        let mut rows = Rows::new(file);
        let header = Header::of(&rows.next()?.unwrap_or_default());
        while let Some(row) = rows.next()? {
            let cells = Cells { header: &header, row: &row };
            let habit = cells.get("habit_id").to_lowercase();
            let unreadable = |error: &dyn std::fmt::Display| {
                ReadError::Unreadable(format!("{table}.csv, line {}: {error}.", row.line))
            };
            let end = |name: &str| match cells.get(name) {
                "" => Value::Null,
                text => json!(text),
            };
            let nested =
                |name: &str| serde_json::from_str::<Value>(cells.get(name)).map_err(|error| unreadable(&error));
            match table {
                "habit_plans" => {
                    let plan = json!({
                        "effective_from": cells.get("effective_from"),
                        "anchor": cells.get("anchor"),
                        "week_start": cells.get("week_start"),
                        "schedule": nested("schedule")?,
                        "kind": nested("kind")?,
                    });
                    let plan = serde_json::from_value(plan).map_err(|error| unreadable(&error))?;
                    self.of_habits.plans.entry(habit).or_default().push(plan);
                }
                "habit_pauses" => {
                    let pause = json!({"id": cells.get("id"), "from": cells.get("from"), "to": end("to")});
                    let pause: Pause = serde_json::from_value(pause).map_err(|error| unreadable(&error))?;
                    let id: PauseId = pause.id;
                    let pauses = self.of_habits.pauses.entry(habit).or_default();
                    if pauses.iter().all(|other| other.id != id) {
                        pauses.push(pause);
                    }
                }
                _ => {
                    let archive = json!({"from": cells.get("from"), "until": end("until")});
                    let archive = serde_json::from_value(archive).map_err(|error| unreadable(&error))?;
                    self.of_habits.archives.entry(habit).or_default().push(archive);
                }
            }
        }
        Ok(())
    }

    pub(super) fn theme(&mut self, cells: &Cells<'_>) -> Result<Item, Violations> {
        let id = cells.id("id")?.unwrap_or_else(|| self.context.theme_id(cells.get("name")));
        let (created_at, updated_at) = self.times(cells);
        let color = cells.optional("color", Color::parse)?;
        let fallback =
            || Color::from_hue(id.as_uuid().as_bytes().iter().fold(0, |sum: u16, byte| (sum + u16::from(*byte)) % 360));
        Ok(Item::Theme(Theme {
            id,
            name: cells.required("name", line)?,
            color: color.unwrap_or_else(fallback),
            created_at,
            updated_at,
            rev: UNSTAMPED,
            request_digest: digest_of(id.as_uuid()),
        }))
    }

    pub(super) fn habit(&mut self, cells: &Cells<'_>) -> Result<Item, Violations> {
        let name = cells.get("name");
        let id = cells.id("id")?.unwrap_or_else(|| self.context.habit_id(&format!("name:{name}")));
        let key = id.to_string();
        let starts_on = cells.date("starts_on")?;
        let plans = match self.of_habits.plans.remove(&key) {
            Some(plans) => plans,
            None => vec![self.plan(cells, starts_on.unwrap_or_else(|| self.context.today()))?],
        };
        let first = plans.iter().map(|plan| plan.effective_from).min();
        let starts_on = starts_on.or(first).unwrap_or_else(|| self.context.today());
        let window = Window { starts_on, ends_on: cells.date("ends_on")? };
        let pauses = self.of_habits.pauses.remove(&key).unwrap_or_default();
        let mut archives = self.of_habits.archives.remove(&key).unwrap_or_default();
        let archived_at = cells.optional("archived_at", Instant::parse)?;
        if archived_at.is_some() && archives.iter().all(|archive| archive.until.is_some()) {
            archives.push(Archive { from: self.context.today(), until: None });
        }
        let (created_at, updated_at) = self.times(cells);
        Ok(Item::Habit(Box::new(Habit {
            id,
            name: cells.required("name", line)?,
            description: prose(cells.get("description")),
            theme: self.theme_id(cells)?,
            color: cells.optional("color", Color::parse)?,
            icon: cells.optional("icon", line)?,
            question: cells.optional("question", line)?,
            time_of_day: cells.optional("time_of_day", TimeOfDay::parse)?.unwrap_or_default(),
            timeline: Timeline::with_archives(window, plans, pauses, archives)?,
            archived_at,
            position: 0,
            created_at,
            updated_at,
            rev: UNSTAMPED,
            request_digest: digest_of(id.as_uuid()),
        })))
    }

    /// The plan of a habit that has `schedule` and `kind` in its own row.
    fn plan(&self, cells: &Cells<'_>, from: Date) -> Result<Plan, Violations> {
        fn nested<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Violations> {
            serde_json::from_str(text).map_err(|error| Violations::of("invalid", format!("can't be read: {error}")))
        }
        Ok(Plan {
            effective_from: from,
            anchor: from,
            week_start: self.context.week_start(),
            schedule: cells.optional("schedule", nested)?.unwrap_or(DAILY),
            kind: cells.optional("kind", nested)?.unwrap_or(Kind::Check),
        })
    }

    pub(super) fn entry(&mut self, cells: &Cells<'_>) -> Result<Item, Violations> {
        let habit = self.habit_id(cells)?.ok_or_else(|| wrong("habit_id", "required", "is required"))?;
        let date = cells.date("date")?.ok_or_else(|| wrong("date", "required", "is required"))?;
        let value = cells.optional("value", value)?;
        let (created_at, updated_at) = self.times(cells);
        Ok(Item::Entry(Entry {
            habit,
            date,
            state: cells.optional("state", EntryState::parse)?.unwrap_or(EntryState::Done),
            value,
            tracked_minutes: 0,
            settled: cells.get("settled") == "true",
            note: prose(cells.get("note")),
            created_at,
            updated_at,
            rev: UNSTAMPED,
        }))
    }
}

fn value(text: &str) -> Result<Quantity, Violations> {
    let found = number(text).and_then(quantity).filter(|value| *value <= Quantity::whole(MAX_VALUE));
    found.ok_or_else(|| Violations::of("out_of_range", format!("must be a number from 0 to {MAX_VALUE}")))
}
