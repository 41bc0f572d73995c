//! `HabitBull`: CSV with `HabitName,HabitDescription,HabitCategory,CalendarDate,Value,CommentText`, a row per habit and day.
//!
//! Values are 1 (done), 0 (not done), a number of a habit that counts, or a large negative number (skipped). Neither
//! targets nor schedules are in it: habits are daily, the target is the number that occurs most.

use std::collections::{BTreeMap, HashMap};
use std::io::BufReader;

use circadia_domain::civil::Date;
use circadia_domain::habits::{Direction, EntryState, Kind};
use circadia_domain::imports::{ItemKind, Line};
use circadia_domain::quantity::Quantity;

use super::frequency::is_met;
use crate::archive::Bounded;
use crate::context::{DAILY, HabitDraft, count};
use crate::out::{Out, reason};
use crate::table::{Header, Rows};
use crate::values::{date_in, iso_date, number, quantity};
use crate::{Context, ReadError, Source};

/// The most rows: all are in memory, because those of a habit may lie apart.
const MAX_ROWS: u32 = 1_000_000;

#[derive(Debug, Default)]
struct Found {
    line: Line,
    description: String,
    category: String,
    days: Vec<(Line, Date, f64, String)>,
}

pub(crate) fn read(file: &mut dyn Source, max: u64, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    file.rewind()?;
    let mut rows = Rows::new(BufReader::new(Bounded::new(file, max)));
    let first = rows.next()?.unwrap_or_default();
    let header = Header::of(&first);
    if !header.has(&["habitname", "calendardate", "value"]) {
        return Err(ReadError::unreadable(
            "The file isn't of HabitBull: its first line must be `HabitName,HabitDescription,HabitCategory,CalendarDate,…`.",
        ));
    }
    let (mut order, mut habits): (Vec<String>, HashMap<String, Found>) = (Vec::new(), HashMap::new());
    let mut count = 0;
    while let Some(row) = rows.next()? {
        count += 1;
        if count > MAX_ROWS {
            return Err(ReadError::unreadable(format!("The file has more than {MAX_ROWS} rows.")));
        }
        let get = |name: &str| header.get(&row, name);
        let date = iso_date(get("calendardate")).or_else(|| date_in(get("calendardate"), &["%m/%d/%Y", "%m/%d/%y"]));
        let (Some(date), Some(value)) = (date, number(get("value"))) else {
            out.skip(row.line, Some(ItemKind::Entry), "unreadable", "it has no date, or no number")?;
            continue;
        };
        let name = get("habitname").to_owned();
        let found = habits.entry(name.clone()).or_insert_with(|| {
            order.push(name);
            Found {
                line: row.line,
                description: get("habitdescription").to_owned(),
                category: get("habitcategory").to_owned(),
                days: Vec::new(),
            }
        });
        found.days.push((row.line, date, value, get("commenttext").to_owned()));
    }
    let mut themes = Vec::new();
    for found in order.iter().filter_map(|name| habits.get(name)) {
        if !found.category.is_empty() && !themes.contains(&found.category) {
            out.item_or_skip(found.line, ItemKind::Theme, context.theme(&found.category))?;
            themes.push(found.category.clone());
        }
    }
    for name in order {
        if let Some(found) = habits.remove(&name) {
            write(&name, found, context, out)?;
        }
    }
    Ok(())
}

/// The number above 0 that occurs most; of equally frequent ones the smallest.
fn usual(days: &[(Line, Date, f64, String)]) -> Quantity {
    let mut counts: BTreeMap<Quantity, u32> = BTreeMap::new();
    for value in days.iter().filter_map(|(_, _, value, _)| quantity(*value)).filter(|value| *value > Quantity::ZERO) {
        *counts.entry(value).or_default() += 1;
    }
    let most = counts.values().copied().max();
    counts.iter().find(|(_, count)| Some(**count) == most).map_or(Quantity::whole(1), |(value, _)| *value)
}

fn write(name: &str, mut found: Found, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    found.days.sort_by_key(|(line, date, ..)| (*date, *line));
    let counts = found.days.iter().any(|(_, _, value, _)| *value > 1.0 || value.fract() != 0.0);
    let kind = if counts { count(usual(&found.days), "", Direction::AtLeast) } else { Ok(Kind::Check) };
    let kind = match kind {
        Ok(kind) => kind,
        Err(wrong) => {
            let (code, detail) = reason(&wrong);
            return out.skip(found.line, Some(ItemKind::Habit), code, detail);
        }
    };
    if let Some(target) = kind.target() {
        let detail = format!("the file doesn't say the target: it is {target}, the number that occurs most");
        out.changed(found.line, ItemKind::Habit, "target_unknown", detail)?;
    }
    let item = context.habit(HabitDraft {
        key: name,
        name,
        description: found.description.as_str().into(),
        question: "",
        color: None,
        theme: (!found.category.is_empty()).then(|| context.theme_id(&found.category)),
        schedule: DAILY,
        kind: kind.clone(),
        starts_on: found.days.first().map_or_else(|| context.today(), |(_, date, ..)| *date),
        ends_on: None,
        is_archived: false,
        created_at: None,
    });
    out.item_or_skip(found.line, ItemKind::Habit, item)?;
    let id = context.habit_id(name);
    for (line, date, value, note) in found.days {
        let (state, value) = match quantity(value) {
            None if value < 0.0 => (EntryState::Skipped, None),
            None => {
                out.skip(line, Some(ItemKind::Entry), "out_of_range", "the number is too large")?;
                continue;
            }
            Some(value) if counts => {
                (if is_met(&kind, value) { EntryState::Done } else { EntryState::Missed }, Some(value))
            }
            Some(Quantity::ZERO) => (EntryState::Missed, None),
            Some(_) => (EntryState::Done, None),
        };
        out.item(line, context.entry(id, date, state, value, &note))?;
    }
    Ok(())
}
