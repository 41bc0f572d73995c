//! The backup, which is a database of SQLite.

use std::collections::HashMap;

use circadia_domain::civil::Date;
use circadia_domain::color::Color;

use super::{Frequency, LoopHabit, Mark, YES_MANUAL, key_of, write};
use crate::out::Out;
use crate::sqlite::{Database, Value};
use crate::{Context, ReadError};

/// The colours of the app, by their number.
const PALETTE: [&str; 20] = [
    "#D32F2F", "#E64A19", "#F57C00", "#FF8F00", "#F9A825", "#AFB42B", "#7CB342", "#388E3C", "#00897B", "#00ACC1",
    "#039BE5", "#1976D2", "#303F9F", "#5E35B1", "#8E24AA", "#D81B60", "#5D4037", "#303030", "#757575", "#AAAAAA",
];

/// The places in it of the thirteen colours that backups of the versions 14 to 20 number.
const EARLIER_PALETTE: [i64; 13] = [0, 1, 4, 5, 7, 8, 9, 10, 13, 14, 15, 17, 19];

/// A colour by its number in the palette; before there was one, as alpha, red, green and blue.
fn color_of(number: i64, version: u32) -> Option<Color> {
    let earlier = if (14..21).contains(&version) { usize::try_from(number).ok() } else { None };
    let number = earlier.map_or(Some(number), |at| EARLIER_PALETTE.get(at).copied())?;
    match usize::try_from(number) {
        Ok(at) => PALETTE.get(at).and_then(|color| Color::parse(color).ok()),
        Err(_) => Color::parse(&format!("#{:06X}", number & 0xff_ffff)).ok(),
    }
}

fn text(value: &Value) -> String {
    value.text().unwrap_or_default().to_owned()
}

fn unsigned(value: &Value) -> Option<u32> {
    value.integer().and_then(|number| u32::try_from(number).ok())
}

pub(super) fn read(database: &Database<'_>, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    let (table, marks) = (database.table("habits")?, database.table("repetitions")?);
    // Before there were descriptions, what is asked was called so.
    let has_question = table.has("question");
    let (mut habits, mut seen): (Vec<(i64, LoopHabit)>, _) = (Vec::new(), HashMap::new());
    database.rows(&table, &mut |row| {
        let name = text(&row.get("name"));
        let described = text(&row.get("description"));
        let (question, description) =
            if has_question { (text(&row.get("question")), described) } else { (described, String::new()) };
        let uuid = text(&row.get("uuid"));
        let color = row.get("color").integer().and_then(|number| color_of(number, database.user_version()));
        let key = if uuid.is_empty() { key_of(&name, &mut seen) } else { format!("uuid:{uuid}") };
        let habit = LoopHabit {
            line: u64::try_from(row.id).unwrap_or(0),
            position: unsigned(&row.get("position")).unwrap_or(u32::MAX),
            key,
            name,
            question,
            description,
            numerator: unsigned(&row.get("freq_num")).unwrap_or(1),
            denominator: unsigned(&row.get("freq_den")).unwrap_or(1),
            frequency: match row.get("freq_mode").integer() {
                Some(1) => Frequency::Weekly,
                _ => Frequency::Rolling,
            },
            color,
            is_numerical: row.get("type").integer() == Some(1),
            is_at_most: row.get("target_type").integer() == Some(1),
            target: row.get("target_value").real().unwrap_or(0.0),
            unit: text(&row.get("unit")),
            is_archived: row.get("archived").integer().is_some_and(|archived| archived != 0),
        };
        habits.push((row.id, habit));
        Ok(())
    })?;
    habits.sort_by_key(|(id, habit)| (habit.position, *id));
    let mut by_habit: HashMap<i64, Vec<Mark>> = HashMap::new();
    database.rows(&marks, &mut |row| {
        let (habit, millis) = (row.get("habit").integer(), row.get("timestamp").integer());
        let days = millis.and_then(|millis| i32::try_from(millis.div_euclid(86_400_000)).ok());
        let (Some(habit), Some(date)) = (habit, days.and_then(Date::from_days_since_epoch)) else { return Ok(()) };
        by_habit.entry(habit).or_default().push(Mark {
            line: u64::try_from(row.id).unwrap_or(0),
            date,
            // Before there were other values, a row meant that it was done.
            value: Some(row.get("value").integer().unwrap_or(YES_MANUAL)),
            written: String::new(),
            note: text(&row.get("notes")),
        });
        Ok(())
    })?;
    for (id, habit) in habits {
        write(&habit, by_habit.remove(&id).unwrap_or_default(), context, out)?;
    }
    Ok(())
}
